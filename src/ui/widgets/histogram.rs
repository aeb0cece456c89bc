//! How often values of a range occur, with a limit that can be dragged.

use egui::{Align2, CursorIcon, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::curve::Axis;
use crate::ui::format;
use crate::ui::theme::{self, Palette};

pub struct Histogram<'a> {
    pub name: &'a str,
    /// What is counted, as in `12 texts`.
    pub unit: &'a str,
    /// Bin `i` holds values from `from + i * width` to below `from + (i + 1) * width`.
    pub bins: &'a [u64],
    pub from: f64,
    pub width: f64,
    /// Values above it are painted as cut.
    pub limit: Option<f64>,
    /// Whether the limit can be dragged.
    pub can_move: bool,
}

/// Values sorted into at most `most` bins of a round width from 0.
pub fn bin(values: impl Iterator<Item = f64> + Clone, most: usize) -> (Vec<u64>, f64) {
    let highest = values.clone().filter(|value| value.is_finite()).fold(0.0, f64::max);
    let axis = Axis::exact(0.0, if highest > 0.0 { highest } else { 1.0 }, most);
    let width = axis.ticks.get(1).copied().unwrap_or(1.0);
    let mut bins = vec![0; (highest / width) as usize + 1];
    for value in values.filter(|value| value.is_finite() && *value >= 0.0) {
        if let Some(bin) = bins.get_mut((value / width) as usize) {
            *bin += 1;
        }
    }
    (bins, width)
}

/// Returns the limit where it was dragged to.
pub fn histogram(ui: &mut Ui, size: Vec2, spec: &Histogram<'_>, palette: &Palette) -> Option<f64> {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let total: u64 = spec.bins.iter().sum();
    let label = format!("{} histogram of {} {}", spec.name, format::count(total), spec.unit);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
    if spec.bins.is_empty() || !ui.is_rect_visible(rect) {
        return None;
    }
    let plot = Rect::from_min_max(rect.min + vec2(2.0, 6.0), rect.max - vec2(2.0, 18.0));
    let end = spec.from + spec.width * spec.bins.len() as f64;
    let axis = Axis::exact(spec.from, end, (plot.width() / 60.0).max(2.0) as usize);
    let x_of = |value: f64| plot.left() + axis.share(value) as f32 * plot.width();
    let highest = spec.bins.iter().copied().max().unwrap_or(1).max(1);
    let painter = ui.painter();
    painter.hline(plot.x_range(), plot.bottom(), Stroke::new(1.0, palette.line));
    for tick in &axis.ticks {
        let at = pos2(x_of(*tick).clamp(plot.left() + 4.0, plot.right() - 8.0), plot.bottom() + 4.0);
        painter.text(at, Align2::CENTER_TOP, axis.label(*tick), theme::number(10.5), palette.text_faint);
    }
    let pointer = response.hover_pos();
    for (place, count) in spec.bins.iter().enumerate() {
        let low = spec.from + place as f64 * spec.width;
        let (left, right) = (x_of(low), x_of(low + spec.width));
        let gap = if right - left > 4.0 { 1.0 } else { 0.0 };
        let height = (*count as f32 / highest as f32 * plot.height()).max(if *count > 0 { 1.5 } else { 0.0 });
        let bar = Rect::from_min_max(pos2(left, plot.bottom() - height), pos2(right - gap, plot.bottom()));
        let cut = spec.limit.is_some_and(|limit| low + spec.width > limit);
        let hovered = pointer.is_some_and(|pointer| (left..right).contains(&pointer.x));
        let color = if cut { palette.warn } else { palette.series[0] };
        painter.rect_filled(bar, 1.0, color.gamma_multiply(if hovered { 1.0 } else { 0.75 }));
        if hovered {
            let text = format!(
                "{} to {}: {} {}",
                format::compact(low),
                format::compact(low + spec.width),
                format::count(*count),
                spec.unit
            );
            response.clone().on_hover_text_at_pointer(text);
        }
    }
    limit_ui(ui, spec, plot, &axis, palette)
}

fn limit_ui(ui: &Ui, spec: &Histogram<'_>, plot: Rect, axis: &Axis, palette: &Palette) -> Option<f64> {
    let limit = spec.limit?;
    let x = (plot.left() + axis.share(limit) as f32 * plot.width()).clamp(plot.left(), plot.right());
    let grip = Rect::from_center_size(pos2(x, plot.center().y), vec2(12.0, plot.height() + 8.0));
    let sense = if spec.can_move { Sense::DRAG } else { Sense::hover() };
    let response = ui.interact(grip, ui.scope_id().with(("limit", spec.name)), sense);
    response.widget_info(|| WidgetInfo::slider(spec.can_move, limit, format!("{} limit", spec.name)));
    let lively = spec.can_move && (response.hovered() || response.dragged() || response.has_focus());
    let color = if lively { palette.accent } else { palette.text_dim };
    ui.painter().vline(x, plot.y_range(), Stroke::new(if lively { 2.0 } else { 1.0 }, color));
    ui.painter().circle_filled(pos2(x, plot.top()), 3.5, color);
    let pointer = response.interact_pointer_pos();
    let moved = response.dragged();
    if spec.can_move {
        response.on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
    }
    moved
        .then_some(pointer)
        .flatten()
        .map(|pointer| axis.value(f64::from((pointer.x - plot.left()) / plot.width()).clamp(0.0, 1.0)).round())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_falls_into_one_bin_of_round_width() {
        let values = (0..1000).map(f64::from);
        let (bins, width) = bin(values, 25);
        assert_eq!(bins.iter().sum::<u64>(), 1000);
        assert!((width - 50.0).abs() < 1e-12);
        let (bins, _) = bin([0.0, f64::NAN, -3.0].into_iter(), 25);
        assert_eq!(bins.iter().sum::<u64>(), 1);
    }
}
