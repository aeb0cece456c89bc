//! How a probability falls while words are deleted in some orders, or how it rises while they come back: one line for each
//! order, chance as a broken one.

use egui::{Align2, Color32, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, lerp, pos2, vec2};

use crate::ui::theme::{self, Palette, size};

pub struct Line<'a> {
    pub color: Color32,
    /// One for each of [`Deletion::counts`].
    pub values: &'a [f64],
    pub broken: bool,
    pub strong: bool,
}

pub struct Deletion<'a> {
    /// What is read aloud.
    pub name: &'a str,
    /// How many words are deleted at each point, rising to all of them.
    pub counts: &'a [usize],
    pub lines: &'a [Line<'a>],
    /// What stands below and at the left.
    pub across: &'a str,
    /// Whether values are shares, or numbers of any size.
    pub shares: bool,
}

/// Draws the lines, the last on top; returns the point under the pointer.
pub fn deletion_curve(ui: &mut Ui, size: Vec2, what: &Deletion<'_>, palette: &Palette) -> Option<usize> {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::GraphicsDocument, true, what.name));
    let plot = Rect::from_min_max(rect.min + vec2(42.0, 8.0), rect.max - vec2(8.0, 34.0));
    let all = what.counts.last().copied().unwrap_or(0);
    if plot.width() < 20.0 || plot.height() < 20.0 || all == 0 {
        return None;
    }
    let painter = ui.painter();
    let (low, high) = bounds(what);
    let y_of = |value: f64| lerp(plot.bottom()..=plot.top(), ((value - low) / (high - low).max(1e-12)) as f32);
    let x_of = |count: usize| lerp(plot.left()..=plot.right(), count as f32 / all as f32);
    for step in 0..=2 {
        let value = lerp(low..=high, f64::from(step) / 2.0);
        painter.hline(plot.x_range(), y_of(value), Stroke::new(1.0, palette.line));
        let words = if what.shares { format!("{:.0} %", value * 100.0) } else { format!("{value:.2}") };
        let at = pos2(plot.left() - 6.0, y_of(value));
        painter.text(at, Align2::RIGHT_CENTER, words, theme::number(10.5), palette.text_faint);
    }
    for share in [0.0, 0.5, 1.0] {
        let at = pos2(lerp(plot.left()..=plot.right(), share), plot.bottom() + 4.0);
        let anchor = [Align2::LEFT_TOP, Align2::CENTER_TOP, Align2::RIGHT_TOP][(share * 2.0) as usize];
        painter.text(at, anchor, format!("{:.0} %", share * 100.0), theme::number(10.5), palette.text_faint);
    }
    let at = pos2(plot.center().x, rect.bottom());
    painter.text(at, Align2::CENTER_BOTTOM, what.across, theme::regular(size::SMALL), palette.text_dim);
    for line in what.lines {
        let points: Vec<Pos2> =
            what.counts.iter().zip(line.values).map(|(count, value)| pos2(x_of(*count), y_of(*value))).collect();
        let stroke = Stroke::new(if line.strong { 2.25 } else { 1.25 }, line.color);
        if line.broken {
            painter.extend(Shape::dashed_line(&points, stroke, 5.0, 3.0));
        } else {
            painter.line(points, stroke);
        }
    }
    let near = |at: &Pos2| {
        let far = |point: &usize| (x_of(what.counts[*point]) - at.x).abs();
        (0..what.counts.len()).min_by(|a, b| far(a).total_cmp(&far(b)))
    };
    let point = response.hover_pos().filter(|at| plot.expand(6.0).contains(*at)).and_then(|at| near(&at));
    if let Some(point) = point {
        let x = x_of(what.counts[point]);
        painter.vline(x, plot.y_range(), Stroke::new(1.0, palette.text_faint));
        for line in what.lines {
            if let Some(value) = line.values.get(point) {
                painter.circle_filled(pos2(x, y_of(*value)), 3.0, line.color);
            }
        }
    }
    point
}

/// The range of the values; of shares from nothing up to ten percent more than the highest needs.
fn bounds(what: &Deletion<'_>) -> (f64, f64) {
    let values = || what.lines.iter().flat_map(|line| line.values.iter().copied());
    if what.shares {
        let highest = values().fold(0.0, f64::max);
        return (0.0, ((highest * 10.0).ceil() / 10.0).clamp(0.1, 1.0));
    }
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    if low.is_finite() && high > low { (low, high) } else { (low.min(0.0), low.max(0.0) + 1.0) }
}
