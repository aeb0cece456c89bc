//! A line of one height with something at its right end and something at its left.

use egui::{Align, Layout, Ui, vec2};

/// Draws from the right end on; what belongs to the left end is drawn by [`left`] into the room that remains.
pub fn line<R>(ui: &mut Ui, height: f32, draw: impl FnOnce(&mut Ui) -> R) -> R {
    let size = vec2(ui.available_width(), height);
    let line = ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_height(height);
        draw(ui)
    });
    line.inner
}

/// Draws from the left end of what remains of a line.
pub fn left<R>(ui: &mut Ui, draw: impl FnOnce(&mut Ui) -> R) -> R {
    ui.with_layout(Layout::left_to_right(Align::Center), draw).inner
}

/// Draws from the right end of what remains of a line.
pub fn right<R>(ui: &mut Ui, draw: impl FnOnce(&mut Ui) -> R) -> R {
    ui.with_layout(Layout::right_to_left(Align::Center), draw).inner
}
