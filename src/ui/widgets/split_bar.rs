//! How a table is divided, as a bar with a boundary that can be dragged or moved with the arrow keys.

use egui::{CursorIcon, Key, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::ui::theme::Palette;

/// The largest share that may be held out.
const MOST: f64 = 0.9;
const STEP: f64 = 0.05;

/// Draws the bar for the share that is held out, and returns the share it is moved to, with whether it was let go there.
pub fn split_bar(ui: &mut Ui, held_out: f64, palette: &Palette) -> Option<(f64, bool)> {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::click_and_drag());
    let percent = held_out * 100.0;
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Slider, ui.is_enabled(), "Share held out for evaluation");
        info.value = Some(percent);
        info
    });
    let bar = Rect::from_center_size(rect.center(), vec2(rect.width(), 10.0));
    let boundary = bar.right() - bar.width() * held_out as f32;
    let (learned, kept) = (palette.series[0], palette.series[1]);
    let left = Rect::from_min_max(bar.min, pos2(boundary - 1.5, bar.bottom()));
    let right = Rect::from_min_max(pos2(boundary + 1.5, bar.top()), bar.max);
    ui.painter().rect_filled(left, 3.0, learned);
    ui.painter().rect_filled(right, 3.0, kept);
    let lively = response.hovered() || response.dragged() || response.has_focus();
    let handle = Rect::from_center_size(pos2(boundary, bar.center().y), vec2(6.0, 20.0));
    let line = Stroke::new(1.5, if lively { palette.accent } else { palette.text_faint });
    ui.painter().rect(handle, 3.0, palette.panel, line, egui::StrokeKind::Inside);
    let pointer = response.interact_pointer_pos();
    let moved = keyed(ui, &response, held_out);
    let (dragged, let_go) = (response.dragged() || response.clicked(), response.drag_stopped() || response.clicked());
    response.on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
    if moved.is_some() {
        return moved.map(|share| (share, true));
    }
    let share = pointer.map(|at| f64::from((bar.right() - at.x) / bar.width()));
    let share = share.map_or(held_out, |share| (share * 100.0).round() / 100.0).clamp(0.0, MOST);
    (dragged || let_go).then_some((share, let_go))
}

fn keyed(ui: &Ui, response: &egui::Response, held_out: f64) -> Option<f64> {
    if !response.has_focus() {
        return None;
    }
    let pressed = |key| ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key));
    let by = if pressed(Key::ArrowLeft) {
        STEP
    } else if pressed(Key::ArrowRight) {
        -STEP
    } else {
        return None;
    };
    Some(((held_out + by).clamp(0.0, MOST) * 100.0).round() / 100.0)
}
