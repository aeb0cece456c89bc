//! The parts of a form: a name to the left, a control to the right, and headings between.

use egui::{Align, Layout, RichText, Sense, Ui, vec2};

use super::text::elided;
use crate::ui::theme::{self, Palette, size};

/// Height of a line of a form.
pub const LINE: f32 = 30.0;

/// A name to the left and a control at the right edge, of which the name takes what is left.
pub fn row<R>(ui: &mut Ui, name: &str, hint: &str, palette: &Palette, control: impl FnOnce(&mut Ui) -> R) -> R {
    let width = ui.available_width();
    ui.allocate_ui_with_layout(vec2(width, LINE), Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_height(LINE);
        ui.spacing_mut().item_spacing.x = 6.0;
        let result = control(ui);
        let left = ui.available_width() - 6.0;
        if left > 8.0 {
            let (rect, response) = ui.allocate_exact_size(vec2(left, LINE), Sense::hover());
            let color = if ui.is_enabled() { palette.text_dim } else { palette.text_faint };
            let galley = elided(ui.painter(), name, theme::regular(size::BODY), color, left);
            let rect = egui::Rect::from_min_max(rect.min - vec2(6.0, 0.0), rect.max);
            ui.painter().galley(rect.left_center() - vec2(0.0, galley.size().y / 2.0), galley, color);
            if !hint.is_empty() {
                response.on_hover_text(hint);
            }
        }
        result
    })
    .inner
}

/// A heading between groups of lines, with something at its right edge.
pub fn heading<R>(ui: &mut Ui, name: &str, palette: &Palette, aside: impl FnOnce(&mut Ui) -> R) -> R {
    ui.add_space(10.0);
    let width = ui.available_width();
    let result = ui
        .allocate_ui_with_layout(vec2(width, 24.0), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_height(24.0);
            ui.label(RichText::new(name).font(theme::semibold(size::BODY)).color(palette.text));
            ui.with_layout(Layout::right_to_left(Align::Center), aside).inner
        })
        .inner;
    ui.add_space(2.0);
    result
}
