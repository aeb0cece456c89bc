//! A choice of one of many, opened by a press.

use egui::{Align, ComboBox, Layout, Rect, Response, Stroke, Ui, pos2, vec2};

use super::text;

/// Letters of a name that can be chosen: a list is no wider than that, however long its names are.
const MOST: usize = 44;

/// One that can be chosen, under its name; returns whether it was. A name without its middle is whole under the pointer.
pub fn named(ui: &mut Ui, chosen: bool, name: &str) -> bool {
    let shown = text::short_name(name, MOST);
    let is_whole = shown == name;
    let response = ui.selectable_label(chosen, shown);
    if is_whole { response.clicked() } else { response.accessible_name(name).on_hover_text(name).clicked() }
}

/// Draws the chosen words in a field of the given width; `options` draws what can be chosen once it is open.
pub fn choice(ui: &mut Ui, name: &str, width: f32, shown: &str, options: impl FnOnce(&mut Ui)) -> Response {
    // The field itself would grow with what it shows.
    let size = vec2(width, ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_max_width(width);
        field(ui, name, width, shown, options)
    })
    .inner
}

fn field(ui: &mut Ui, name: &str, width: f32, shown: &str, options: impl FnOnce(&mut Ui)) -> Response {
    ComboBox::from_id_salt(name)
        .width(width)
        .truncate()
        .selected_text(shown)
        .icon(|ui, rect, visuals, _open| chevron(ui, rect, visuals.fg_stroke.color))
        .show_ui(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            options(ui);
        })
        .response
        .accessible_name(name)
}

fn chevron(ui: &Ui, rect: Rect, color: egui::Color32) {
    let (at, half) = (rect.center(), 3.5);
    let points =
        vec![pos2(at.x - half, at.y - half / 2.0), pos2(at.x, at.y + half / 2.0), pos2(at.x + half, at.y - half / 2.0)];
    ui.painter().line(points, Stroke::new(1.5, color.gamma_multiply(0.8)));
}
