//! Scores as they would be at each threshold, with the threshold as a line that can be dragged or moved with the arrow
//! keys.

use egui::{Align2, Color32, CursorIcon, Key, Modifiers, Rect, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::curve::Axis;
use crate::ui::format;
use crate::ui::theme::{self, Palette, size};

pub struct Curve<'a> {
    pub name: &'a str,
    pub color: Color32,
    pub strong: bool,
    /// From 0 to 1, one for each of [`Thresholds::places`].
    pub values: &'a [f64],
}

pub struct Thresholds<'a> {
    pub name: &'a str,
    /// Rising.
    pub places: &'a [f64],
    pub curves: &'a [Curve<'a>],
    pub chosen: f64,
    /// Where the main curve is highest.
    pub best: Option<f64>,
}

/// Returns the threshold that was chosen.
pub fn threshold_curve(ui: &mut Ui, size: Vec2, spec: &Thresholds<'_>, palette: &Palette) -> Option<f64> {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), spec.chosen, spec.name));
    let (Some(&low), Some(&high)) = (spec.places.first(), spec.places.last()) else { return None };
    let plot = Rect::from_min_max(rect.min + vec2(40.0, 22.0), rect.max - vec2(8.0, 20.0));
    if plot.width() < 20.0 || plot.height() < 20.0 {
        return None;
    }
    let span = (high - low).max(1e-9);
    let axis = Axis::exact(low - span * 0.02, high + span * 0.02, (plot.width() / 70.0).max(2.0) as usize);
    let x_of = |value: f64| plot.left() + axis.share(value).clamp(0.0, 1.0) as f32 * plot.width();
    let y_of = |value: f64| plot.bottom() - value.clamp(0.0, 1.0) as f32 * plot.height();
    let painter = ui.painter();
    for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
        painter.hline(plot.x_range(), y_of(tick), Stroke::new(1.0, palette.line.gamma_multiply(0.6)));
        let at = pos2(plot.left() - 6.0, y_of(tick));
        let words = format!("{:.0} %", tick * 100.0);
        painter.text(at, Align2::RIGHT_CENTER, words, theme::number(10.5), palette.text_faint);
    }
    for tick in &axis.ticks {
        let at = pos2(x_of(*tick), plot.bottom() + 4.0);
        painter.text(at, Align2::CENTER_TOP, axis.label(*tick), theme::number(10.5), palette.text_faint);
    }
    for curve in spec.curves {
        let points = steps(spec.places, curve.values, plot, &x_of, &y_of);
        painter.add(Shape::line(points, Stroke::new(if curve.strong { 2.0 } else { 1.25 }, curve.color)));
    }
    if let Some(best) = spec.best {
        let at = pos2(x_of(best), plot.bottom());
        painter.circle(at, 3.5, palette.panel, Stroke::new(1.5, palette.good));
    }
    legend(ui, rect, spec, palette);
    let x = x_of(spec.chosen);
    let lively = response.hovered() || response.dragged() || response.has_focus();
    let line = if lively { palette.accent } else { palette.text_dim };
    painter.vline(x, plot.y_range(), Stroke::new(if lively { 2.0 } else { 1.0 }, line));
    painter.circle_filled(pos2(x, plot.top()), 4.0, line);
    let pointer = response.interact_pointer_pos().filter(|_| response.dragged() || response.clicked());
    let keyed = keyed(ui, &response, spec.chosen, span / 50.0);
    response.on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
    let pointed = pointer.map(|at| axis.value(f64::from((at.x - plot.left()) / plot.width()).clamp(0.0, 1.0)));
    keyed.or(pointed).map(|value| value.clamp(low, high))
}

/// The value holds from its place up to the next. Places closer than a pixel are one.
fn steps(
    places: &[f64],
    values: &[f64],
    plot: Rect,
    x_of: &impl Fn(f64) -> f32,
    y_of: &impl Fn(f64) -> f32,
) -> Vec<egui::Pos2> {
    let mut points: Vec<egui::Pos2> = Vec::new();
    for (&place, &value) in places.iter().zip(values) {
        let (x, y) = (x_of(place), y_of(value));
        match points.last_mut() {
            Some(last) if x - last.x < 0.5 => last.y = y,
            Some(last) => {
                let before = last.y;
                points.push(pos2(x, before));
                points.push(pos2(x, y));
            }
            None => points.push(pos2(x, y)),
        }
    }
    if let Some(last) = points.last().copied() {
        points.push(pos2(plot.right(), last.y));
    }
    points
}

fn legend(ui: &Ui, rect: Rect, spec: &Thresholds<'_>, palette: &Palette) {
    let place = spec.places.partition_point(|place| *place <= spec.chosen).saturating_sub(1);
    let mut left = rect.left();
    for curve in spec.curves {
        let value = curve.values.get(place).copied().map_or_else(String::new, format::percent);
        let painter = ui.painter();
        let name = painter.layout_no_wrap(curve.name.to_owned(), theme::regular(size::SMALL), palette.text_dim);
        let value = painter.layout_no_wrap(value, theme::number_medium(size::SMALL), palette.text);
        let width = 14.0 + name.size().x + 6.0 + value.size().x;
        if left + width > rect.right() {
            break;
        }
        painter.circle_filled(pos2(left + 4.0, rect.top() + 8.0), 3.5, curve.color);
        let after = left + 14.0 + name.size().x + 6.0;
        painter.galley(pos2(left + 14.0, rect.top() + 1.0), name, palette.text_dim);
        painter.galley(pos2(after, rect.top() + 1.0), value, palette.text);
        left += width + 16.0;
    }
}

fn keyed(ui: &Ui, response: &egui::Response, chosen: f64, step: f64) -> Option<f64> {
    if !response.has_focus() {
        return None;
    }
    // The arrow keys move the threshold, not the focus.
    let arrows = egui::EventFilter { horizontal_arrows: true, ..egui::EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if pressed(Key::ArrowLeft) {
        Some(chosen - step)
    } else if pressed(Key::ArrowRight) {
        Some(chosen + step)
    } else {
        None
    }
}
