//! The parts of a form: a name to the left, a control to the right, and headings between.

use egui::{Align, Layout, Response, RichText, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::number;
use super::text::in_two_lines;
use crate::ui::theme::{self, Palette, size};

/// Height of a line of a form.
pub const LINE: f32 = 30.0;

/// A name to the left and a control at the right edge, of which the name takes what is left, in two lines where one is too
/// narrow. What is wrong with a number in it is said below.
pub fn row<R>(ui: &mut Ui, name: &str, hint: &str, palette: &Palette, control: impl FnOnce(&mut Ui) -> R) -> R {
    let width = ui.available_width();
    let line = ui.allocate_ui_with_layout(vec2(width, LINE), Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_height(LINE);
        ui.spacing_mut().item_spacing.x = 6.0;
        let result = control(ui);
        let left = ui.available_width() - 6.0;
        if left > 8.0 {
            let (rect, response) = ui.allocate_exact_size(vec2(left, LINE), Sense::hover());
            let color = if ui.is_enabled() { palette.text_dim } else { palette.text_faint };
            let galley = in_two_lines(ui.painter(), name, color, left);
            let rect = egui::Rect::from_min_max(rect.min - vec2(6.0, 0.0), rect.max);
            // A name that is cut is told whole.
            let whole = if galley.elided { name } else { "" };
            let words = [whole, hint].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join("\n");
            ui.painter().galley(rect.left_center() - vec2(0.0, galley.size().y / 2.0), galley, color);
            if !words.is_empty() {
                response.on_hover_text(words);
            }
        }
        result
    });
    number::said_ui(ui, palette);
    line.inner
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

/// On or off.
pub fn toggle(ui: &mut Ui, name: &str, on: &mut bool, palette: &Palette) -> Response {
    let (rect, mut response) = ui.allocate_exact_size(vec2(30.0, 18.0), Sense::click());
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), *on, name));
    let share = ui.ctx().animate_bool_with_time(response.id, *on, 0.1);
    let off = palette.hover.lerp_to_gamma(palette.text_faint, 0.25);
    let mut fill = off.lerp_to_gamma(palette.accent, share);
    if response.hovered() {
        fill = fill.lerp_to_gamma(palette.text, 0.12);
    }
    let painter = ui.painter();
    painter.rect_filled(rect, 9.0, fill);
    if response.has_focus() {
        painter.rect_stroke(rect.expand(2.0), 11.0, Stroke::new(1.5, palette.accent), StrokeKind::Inside);
    }
    let x = egui::lerp(rect.left() + 9.0..=rect.right() - 9.0, share);
    let knob = palette.text.lerp_to_gamma(palette.on_accent, share);
    let knob = if palette.dark { knob } else { palette.panel };
    painter.circle_filled(pos2(x, rect.center().y), 6.5, knob);
    response
}
