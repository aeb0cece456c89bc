//! Two curves over the tokens of a document, such as where an answer may start and where it may end, and below them the
//! windows that were read. The highest value of each pixel column is drawn, so that no peak is lost.

use egui::{Align2, Color32, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, lerp, pos2, vec2};

use crate::ui::theme::{self, Palette, size};

/// What is drawn. Shares are from 0 to 1, one for each token.
pub struct Curves<'a> {
    pub name: &'a str,
    pub starts: &'a dyn Fn(usize) -> f32,
    pub ends: &'a dyn Fn(usize) -> f32,
    pub count: usize,
    /// Tokens to be pointed out: from and to.
    pub picked: Option<(usize, usize)>,
}

/// One window of the ribbon: its tokens, a share that says how sure it is, and whether it is pointed out.
#[derive(Clone, Debug, PartialEq)]
pub struct RibbonPart {
    pub first: usize,
    pub last: usize,
    pub share: f32,
    pub picked: bool,
    /// What is read aloud and shown under the pointer.
    pub name: String,
}

pub struct Seen {
    /// The token under the pointer, and whether it was pressed.
    pub token: Option<(usize, bool)>,
}

/// Draws the curves over the whole width.
pub fn curves(ui: &mut Ui, height: f32, what: &Curves<'_>, palette: &Palette) -> Seen {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::GraphicsDocument, true, what.name));
    let plot = Rect::from_min_max(rect.min + vec2(34.0, 6.0), rect.max - vec2(4.0, 4.0));
    if what.count == 0 || plot.width() < 20.0 {
        return Seen { token: None };
    }
    let painter = ui.painter();
    let columns = plot.width() as usize;
    let [starts, ends] = [what.starts, what.ends].map(|value| highest(value, what.count, columns));
    let top = starts.iter().chain(&ends).copied().fold(0.05_f32, f32::max);
    for (share, words) in [(0.0, "0".to_owned()), (1.0, percent(top))] {
        let y = lerp(plot.bottom()..=plot.top(), share);
        painter.hline(plot.x_range(), y, Stroke::new(1.0, palette.line));
        let font = theme::number(size::SMALL - 1.0);
        painter.text(pos2(plot.left() - 5.0, y), Align2::RIGHT_CENTER, words, font, palette.text_faint);
    }
    let x_of = |token: f32| lerp(plot.left()..=plot.right(), token / what.count.max(1) as f32);
    if let Some((from, to)) = what.picked {
        let band = Rect::from_min_max(
            pos2(x_of(from as f32) - 1.0, plot.top()),
            pos2(x_of(to as f32 + 1.0) + 1.0, plot.bottom()),
        );
        painter.rect_filled(band, 2.0, palette.accent_soft);
    }
    for (values, color, dashed) in [(&starts, palette.series[0], false), (&ends, palette.series[1], true)] {
        let points: Vec<egui::Pos2> = values
            .iter()
            .enumerate()
            .map(|(column, share)| {
                pos2(plot.left() + column as f32 + 0.5, lerp(plot.bottom()..=plot.top(), share / top))
            })
            .collect();
        line(ui, points, color, dashed);
    }
    let token = response.hover_pos().filter(|at| plot.contains(*at)).map(|at| {
        let share = (at.x - plot.left()) / plot.width();
        ((share * what.count as f32) as usize).min(what.count - 1)
    });
    if let Some(token) = token {
        painter.vline(x_of(token as f32 + 0.5), plot.y_range(), Stroke::new(1.0, palette.text_faint));
    }
    Seen { token: token.map(|token| (token, response.clicked())) }
}

fn line(ui: &Ui, points: Vec<egui::Pos2>, color: Color32, dashed: bool) {
    let stroke = Stroke::new(1.5, color);
    if dashed && points.len() < 2000 {
        ui.painter().extend(Shape::dashed_line(&points, stroke, 5.0, 2.5));
    } else {
        ui.painter().line(points, stroke);
    }
}

/// The highest value of each column.
fn highest(value: &dyn Fn(usize) -> f32, count: usize, columns: usize) -> Vec<f32> {
    let columns = columns.max(1);
    let mut found = vec![0.0_f32; columns];
    if count >= columns {
        for token in 0..count {
            let column = token * columns / count;
            found[column] = found[column].max(value(token));
        }
    } else {
        for (column, high) in found.iter_mut().enumerate() {
            *high = value(column * count / columns);
        }
    }
    found
}

fn percent(share: f32) -> String {
    if share >= 0.1 { format!("{:.0} %", share * 100.0) } else { format!("{:.1} %", share * 100.0) }
}

/// Draws the windows as overlapping bars in as few rows as they need. Returns the one that was pressed.
pub fn ribbon(ui: &mut Ui, parts: &[RibbonPart], count: usize, palette: &Palette) -> Option<usize> {
    let mut row_ends: Vec<usize> = Vec::new();
    let rows: Vec<usize> = parts
        .iter()
        .map(|part| {
            let row = row_ends.iter().position(|end| part.first > *end).unwrap_or(row_ends.len());
            if row == row_ends.len() {
                row_ends.push(part.last);
            } else {
                row_ends[row] = part.last;
            }
            row
        })
        .collect();
    let height = row_ends.len() as f32 * 16.0;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let (left, right) = (rect.left() + 34.0, rect.right() - 4.0);
    let x_of = |token: usize| lerp(left..=right, token as f32 / count.max(1) as f32);
    let mut pressed = None;
    for (index, (part, row)) in parts.iter().zip(rows).enumerate() {
        let top = rect.top() + row as f32 * 16.0;
        let bar = Rect::from_min_max(pos2(x_of(part.first), top), pos2(x_of(part.last + 1) - 1.0, top + 12.0));
        let response = ui.interact(bar, ui.scope_id().with(("window", index)), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, part.picked, &part.name));
        let line = if part.picked || response.has_focus() {
            Stroke::new(2.0, palette.accent)
        } else if response.hovered() {
            Stroke::new(1.0, palette.text_dim)
        } else {
            Stroke::new(1.0, palette.line)
        };
        ui.painter().rect(bar, 3.0, palette.heat(part.share), line, StrokeKind::Inside);
        if response.clicked() {
            pressed = Some(index);
        }
        response.on_hover_text(&part.name);
    }
    pressed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_peak_is_lost_however_narrow_the_curve() {
        let value = |token: usize| if token == 777 { 0.9 } else { 0.1 };
        let found = highest(&value, 10_000, 40);
        assert_eq!(found.len(), 40);
        assert_eq!(found[777 * 40 / 10_000], 0.9);
        assert_eq!(highest(&|token| token as f32, 2, 4), [0.0, 0.0, 1.0, 1.0]);
    }
}
