//! Rows of one height that scroll, of which only those in sight are drawn, and what lies behind one that can be pressed.

use egui::{CornerRadius, Rect, Response, ScrollArea, Ui};

use crate::ui::theme::Palette;

/// Fills what is left with `count` rows. Returns the one that `draw` says was pressed.
pub fn rows(
    ui: &mut Ui,
    name: &str,
    height: f32,
    count: usize,
    mut draw: impl FnMut(&mut Ui, usize) -> bool,
) -> Option<usize> {
    let mut pressed = None;
    ScrollArea::vertical().id_salt(name).auto_shrink(false).show_rows(ui, height, count, |ui, shown| {
        for row in shown {
            if draw(ui, row) {
                pressed = Some(row);
            }
        }
    });
    pressed
}

/// Marks a row that is chosen, or that a press would choose.
pub fn lit(ui: &Ui, rect: Rect, radius: u8, is_chosen: bool, response: &Response, palette: &Palette) {
    let fill = match (is_chosen, response.hovered() || response.has_focus()) {
        (true, _) => palette.accent_soft,
        (false, true) => palette.hover.gamma_multiply(0.6),
        (false, false) => return,
    };
    ui.painter().rect_filled(rect, CornerRadius::same(radius), fill);
}
