//! What is ordered of a run in mid-run, as it was taken from a run that is repeated. It can be left out here; it is given
//! while a run trains, or written into its file.

use egui::{Label, Ui};
use egui_material_icons::icons::ICON_CLOSE;

use crate::train::config::RunConfig;
use crate::ui::format;
use crate::ui::theme::Palette;
use crate::ui::widgets::form::heading;
use crate::ui::widgets::line::{left, line};
use crate::ui::widgets::{Button, text};

pub fn ui(ui: &mut Ui, draft: &mut RunConfig, is_own: bool, palette: &Palette) {
    if draft.run.orders.is_empty() {
        return;
    }
    heading(ui, "Ordered in mid-run", palette, |_| {});
    let mut gone = None;
    for (place, order) in draft.run.orders.iter().enumerate() {
        let words = format!("Step {}: {}", format::count(order.step), order.what.words());
        line(ui, 24.0, |ui| {
            let close = Button::icon_only(ICON_CLOSE, format!("Leave out {words}")).small();
            if is_own && close.show(ui, palette).clicked() {
                gone = Some(place);
            }
            left(ui, |ui| {
                ui.add(Label::new(text::body(&words, palette)).truncate()).on_hover_text(&words);
            });
        });
    }
    if let Some(place) = gone {
        draft.run.orders.remove(place);
    }
}
