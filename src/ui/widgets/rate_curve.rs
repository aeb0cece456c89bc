//! The loss over the learning rate, on a logarithmic axis: each trial as a point, their smoothed course as a line, and the
//! rates that were read from it.

use egui::{Align2, Color32, Painter, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::ui::format;
use crate::ui::theme::{self, Palette};

/// A rate that is marked.
pub struct Mark {
    pub rate: f64,
    pub name: &'static str,
    pub color: Color32,
    pub is_dashed: bool,
}

pub struct RateCurve<'a> {
    /// Rate, loss and smoothed loss, by the rate.
    pub points: &'a [[f64; 3]],
    pub marks: &'a [Mark],
    /// The rate of the form.
    pub now: f64,
}

const HEIGHT: f32 = 160.0;

/// Where what is drawn stands.
struct Place {
    plot: Rect,
    decades: [f64; 2],
    losses: [f64; 2],
}

impl Place {
    fn new(plot: Rect, points: &[[f64; 3]]) -> Option<Self> {
        let (first, last) = (points.first()?, points.last()?);
        let smoothed = || points.iter().map(|point| point[2]);
        let lowest = smoothed().fold(f64::INFINITY, f64::min);
        let start = smoothed().take(points.len() / 4 + 1).fold(f64::NEG_INFINITY, f64::max);
        // What explodes leaves the picture at its top, so that what falls before is seen.
        let room = ((start - lowest) * 0.35).max(start.abs() * 0.03).max(1e-6);
        Some(Self { plot, decades: [first[0].log10(), last[0].log10()], losses: [lowest - room, start + room] })
    }

    fn x(&self, rate: f64) -> f32 {
        let [from, to] = self.decades;
        let share = (rate.log10() - from) / (to - from).max(1e-9);
        self.plot.left() + share as f32 * self.plot.width()
    }

    fn at(&self, rate: f64, loss: f64) -> Pos2 {
        let [from, to] = self.losses;
        let share = ((loss - from) / (to - from)).clamp(-0.5, 1.5);
        pos2(self.x(rate), self.plot.bottom() - share as f32 * self.plot.height())
    }

    fn rate(&self, x: f32) -> f64 {
        let [from, to] = self.decades;
        let share = f64::from((x - self.plot.left()) / self.plot.width()).clamp(0.0, 1.0);
        10_f64.powf(from + share * (to - from))
    }
}

/// Draws the curve; a press on it chooses a rate.
pub fn rate_curve(ui: &mut Ui, curve: &RateCurve<'_>, palette: &Palette) -> Option<f64> {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click());
    let marks: Vec<String> =
        curve.marks.iter().map(|mark| format!("{} {}", mark.name, format::rate(mark.rate))).collect();
    let label = format!("Loss over the learning rate, {}", marks.join(", "));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
    let plot = Rect::from_min_max(rect.min + vec2(10.0, 38.0), rect.max - vec2(10.0, 18.0));
    let place = Place::new(plot, curve.points)?;
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        painter.rect_filled(rect, 6.0, palette.background.lerp_to_gamma(palette.raised, 0.5));
        axis(painter, &place, palette);
        trials(&painter.with_clip_rect(plot), &place, curve.points, palette);
        marks_ui(painter, &place, curve, palette);
    }
    let pointer = response.hover_pos().filter(|pointer| plot.expand(6.0).contains(*pointer));
    let font = theme::number(10.5);
    let Some(pointer) = pointer else {
        let last = curve.points.last().map_or(0.0, |point| point[2]);
        let lowest = curve.points.iter().map(|point| point[2]).fold(last, f64::min);
        let words = format!("lowest loss {}", format::value(lowest));
        ui.painter().text(rect.min + vec2(10.0, 6.0), Align2::LEFT_TOP, words, font, palette.text_dim);
        return None;
    };
    let rate = two_digits(place.rate(pointer.x));
    let near = curve.points.iter().min_by(|a, b| (a[0] / rate).ln().abs().total_cmp(&(b[0] / rate).ln().abs()))?;
    let at = place.at(near[0], near[2]);
    ui.painter().vline(at.x, plot.y_range(), Stroke::new(1.0, palette.text_faint));
    ui.painter().circle(at, 3.0, palette.accent, Stroke::new(1.5, palette.panel));
    let words =
        format!("loss {} at {}; press to use {}", format::value(near[2]), format::rate(near[0]), format::rate(rate));
    ui.painter().text(rect.min + vec2(10.0, 6.0), Align2::LEFT_TOP, words, font, palette.text);
    response.clicked().then_some(rate)
}

fn axis(painter: &Painter, place: &Place, palette: &Palette) {
    let plot = place.plot;
    painter.hline(plot.x_range(), plot.bottom(), Stroke::new(1.0, palette.line));
    let (from, to) = (place.decades[0].ceil() as i32, place.decades[1].floor() as i32);
    // Each second decade has a name.
    for decade in from..=to {
        let x = place.x(10_f64.powi(decade));
        painter.vline(x, plot.y_range(), Stroke::new(0.5, palette.line.gamma_multiply(0.7)));
        if (decade - from) % 2 == 0 {
            let words = format::rate(10_f64.powi(decade));
            let anchor = if decade == from { Align2::LEFT_TOP } else { Align2::CENTER_TOP };
            painter.text(pos2(x, plot.bottom() + 4.0), anchor, words, theme::number(10.5), palette.text_faint);
        }
    }
}

fn trials(painter: &Painter, place: &Place, points: &[[f64; 3]], palette: &Palette) {
    for [rate, loss, _] in points {
        painter.circle_filled(place.at(*rate, *loss), 1.5, palette.text_faint.gamma_multiply(0.6));
    }
    let line: Vec<Pos2> = points.iter().map(|[rate, _, smoothed]| place.at(*rate, *smoothed)).collect();
    painter.add(Shape::line(line, Stroke::new(1.75, palette.series[0])));
}

fn marks_ui(painter: &Painter, place: &Place, curve: &RateCurve<'_>, palette: &Palette) {
    let plot = place.plot;
    let inside = |rate: f64| (plot.left() - 1.0..=plot.right() + 1.0).contains(&place.x(rate));
    for (line, mark) in curve.marks.iter().enumerate().filter(|(_, mark)| inside(mark.rate)) {
        let x = place.x(mark.rate);
        let stroke = Stroke::new(1.25, mark.color);
        if mark.is_dashed {
            painter.extend(Shape::dashed_line(&[pos2(x, plot.top()), pos2(x, plot.bottom())], stroke, 4.0, 3.0));
        } else {
            painter.vline(x, plot.y_range(), stroke);
        }
        // Names on both sides of lines that may lie close together.
        let first_is_left = curve.marks.first().is_some_and(|first| first.rate <= mark.rate);
        let is_left =
            line == 0 && curve.marks.get(1).is_none_or(|other| other.rate >= mark.rate) || line > 0 && !first_is_left;
        let anchor = if is_left { Align2::RIGHT_BOTTOM } else { Align2::LEFT_BOTTOM };
        let gap = if is_left { -2.0 } else { 2.0 };
        painter.text(pos2(x + gap, plot.top() - 1.0), anchor, mark.name, theme::regular(10.5), mark.color);
    }
    if inside(curve.now) {
        let x = place.x(curve.now);
        let tip = pos2(x, plot.bottom() - 1.0);
        let sides = [tip, tip + vec2(-4.5, 7.0), tip + vec2(4.5, 7.0)];
        painter.add(Shape::convex_polygon(sides.to_vec(), palette.text, Stroke::NONE));
    }
}

/// A rate as a person would type it.
fn two_digits(rate: f64) -> f64 {
    format!("{rate:.1e}").parse().unwrap_or(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_on_the_axis_and_its_rate_are_each_others() {
        let points = [[1e-7, 1.0, 1.0], [1e-3, 0.5, 0.6], [1.0, 9.0, 8.0]];
        let place = Place::new(Rect::from_min_size(pos2(10.0, 0.0), vec2(280.0, 100.0)), &points).unwrap();
        for rate in [1e-7, 2e-5, 1e-3, 1.0] {
            assert!((place.rate(place.x(rate)) / rate - 1.0).abs() < 1e-3);
        }
        assert!(place.at(1e-3, 0.6).y > place.at(1e-7, 1.0).y, "what falls goes down");
        assert!(Place::new(place.plot, &[]).is_none());
        assert_eq!(two_digits(0.000_123_4), 1.2e-4);
    }
}
