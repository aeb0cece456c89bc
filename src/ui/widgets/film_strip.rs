//! The answers to one text over the steps of a run, as a film: a band for each output as high as it is probable, or a block
//! for each answer, with a mark where the answer turned and a line where one looks.

use egui::{Color32, CornerRadius, Painter, Pos2, Rect, Shape, Stroke, pos2};

use crate::ui::theme::Palette;

/// One answer.
#[derive(Clone, Copy, Debug)]
pub struct Shot<'a> {
    pub step: u64,
    pub answer: &'a str,
    /// How probable, or the number; none where it is made of several.
    pub score: Option<f32>,
    /// The likeliest outputs.
    pub scores: &'a [(String, f32)],
    pub turned: bool,
}

/// What is drawn, in the order of the steps.
pub struct Film<'a> {
    pub shots: &'a [Shot<'a>],
    /// Outputs and answers that have a colour, in its order.
    pub names: &'a [String],
    /// The last step of the run.
    pub steps: u64,
    /// How far the run is; what comes after is left empty.
    pub until: u64,
    /// The scores are numbers and not probabilities.
    pub are_numbers: bool,
}

impl Film<'_> {
    /// Where a step stands in a rectangle.
    pub fn x(&self, rect: Rect, step: u64) -> f32 {
        rect.left() + rect.width() * (step as f32 / self.steps.max(1) as f32).min(1.0)
    }

    /// How far the last answer holds, which begins at `left`: to where the run is, and a sliver where that is there.
    fn end(&self, rect: Rect, left: f32) -> f32 {
        self.x(rect, self.until).max(left + 3.0).min(rect.right().max(left))
    }

    pub fn paint(&self, painter: &Painter, rect: Rect, looked_at: Option<u64>, palette: &Palette) {
        painter.rect_filled(rect, CornerRadius::same(4), palette.raised);
        let inner = rect.shrink2(egui::vec2(0.0, 1.0));
        if self.are_numbers {
            self.line(painter, inner, palette);
        } else {
            self.bands(painter, inner, palette);
        }
        let mut last = f32::NEG_INFINITY;
        for shot in self.shots.iter().filter(|shot| shot.turned) {
            let x = self.x(rect, shot.step);
            // More marks than can be told apart are one.
            if x - last >= 5.0 {
                mark(painter, pos2(x, rect.top()), palette.text);
                last = x;
            }
        }
        if let Some(step) = looked_at {
            painter.vline(self.x(rect, step), rect.y_range(), Stroke::new(1.5, palette.text));
        }
    }

    /// Each answer holds until the next; those that share a point of the screen are drawn once.
    fn bands(&self, painter: &Painter, rect: Rect, palette: &Palette) {
        for (place, shot) in self.shots.iter().enumerate() {
            let left = self.x(rect, shot.step);
            let right = self.shots.get(place + 1).map_or_else(|| self.end(rect, left), |next| self.x(rect, next.step));
            if right - left < 0.2 && place + 1 < self.shots.len() {
                continue;
            }
            let across = left..=right;
            if shot.scores.is_empty() {
                let share = shot.score.map_or(1.0, |score| score.clamp(0.06, 1.0));
                let top = rect.bottom() - rect.height() * share;
                let block = Rect::from_x_y_ranges(across, top..=rect.bottom());
                painter.rect_filled(block, 0.0, self.color(shot.answer, palette));
                continue;
            }
            let sum = shot.scores.iter().map(|(_, score)| score).sum::<f32>().max(1.0);
            let mut bottom = rect.bottom();
            // In the order of the names, so that a band stays where it is.
            for name in self.names {
                let Some((_, score)) = shot.scores.iter().find(|(known, _)| known == name) else { continue };
                let top = bottom - rect.height() * (score / sum);
                let block = Rect::from_x_y_ranges(across.clone(), top..=bottom);
                let color = self.color(name, palette);
                painter.rect_filled(block, 0.0, if *name == shot.answer { color } else { color.gamma_multiply(0.45) });
                bottom = top;
            }
        }
    }

    fn line(&self, painter: &Painter, rect: Rect, palette: &Palette) {
        let values: Vec<f32> =
            self.shots.iter().filter_map(|shot| shot.score).filter(|score| score.is_finite()).collect();
        let low = values.iter().copied().fold(f32::INFINITY, f32::min);
        let room = (values.iter().copied().fold(f32::NEG_INFINITY, f32::max) - low).max(1e-9);
        let rect = rect.shrink2(egui::vec2(0.0, 4.0));
        let at = |shot: &Shot<'_>| {
            let share = (shot.score.filter(|score| score.is_finite())? - low) / room;
            Some(pos2(self.x(rect, shot.step), rect.bottom() - rect.height() * share))
        };
        let points: Vec<Pos2> = self.shots.iter().filter_map(at).collect();
        painter.add(Shape::line(points, Stroke::new(1.75, palette.series[0])));
    }

    pub fn color(&self, name: &str, palette: &Palette) -> Color32 {
        let place = self.names.iter().position(|known| known == name);
        place.map_or(palette.text_faint, |place| palette.label(place))
    }
}

/// A small flag.
fn mark(painter: &Painter, at: Pos2, color: Color32) {
    let points = vec![at + egui::vec2(-4.0, -1.0), at + egui::vec2(4.0, -1.0), at + egui::vec2(0.0, 6.0)];
    painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_to_come_are_left_empty() {
        let rect = Rect::from_min_size(pos2(10.0, 0.0), egui::vec2(300.0, 20.0));
        let film = |until| Film { shots: &[], names: &[], steps: 3, until, are_numbers: false };
        let left = film(1).x(rect, 1);
        assert!((film(1).end(rect, left) - 113.0).abs() < 1e-3, "the newest answer is a sliver");
        assert!((film(2).end(rect, left) - 210.0).abs() < 1e-3, "it holds until where the run is");
        assert!((film(3).end(rect, left) - 310.0).abs() < 1e-3);
    }
}
