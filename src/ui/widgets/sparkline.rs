//! A small curve without axes, for a line in a list.

use egui::{Color32, Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2};

/// Draws the values from left to right; `name` says in words what they are.
pub fn sparkline(ui: &mut Ui, values: &[f32], size: Vec2, color: Color32, name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = finite.clone().fold((f32::MAX, f32::MIN), |(low, high), value| (low.min(value), high.max(value)));
    if !ui.is_rect_visible(rect) || finite.count() < 2 {
        return response;
    }
    let span = (high - low).max(f32::EPSILON);
    let last = (values.len() - 1) as f32;
    let inner = rect.shrink2(egui::vec2(2.0, 3.0));
    let points: Vec<_> = values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_finite())
        .map(|(place, value)| {
            pos2(
                inner.left() + inner.width() * place as f32 / last,
                inner.bottom() - inner.height() * (value - low) / span,
            )
        })
        .collect();
    if let Some(end) = points.last().copied() {
        ui.painter().circle_filled(end, 2.0, color);
    }
    ui.painter().line(points, Stroke::new(1.5, color));
    response
}
