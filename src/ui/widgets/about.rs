//! A "?" that says how something is computed, and by which paper.

use egui::{Popup, PopupCloseBehavior, Response, Ui};
use egui_material_icons::icons::ICON_HELP;

use super::{Button, text};
use crate::ui::theme::Palette;

/// What is told: paragraphs, and where they come from.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// What is explained, as the button is called aloud: "How … is computed".
    pub name: &'a str,
    pub words: &'a [&'a str],
    pub sources: &'a [&'a str],
}

pub fn about(ui: &mut Ui, about: &About<'_>, palette: &Palette) -> Response {
    let response = Button::icon_only(ICON_HELP, about.name).small().show(ui, palette);
    Popup::from_toggle_button_response(&response)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .width(380.0)
        .show(|ui| {
            ui.set_max_width(380.0);
            ui.spacing_mut().item_spacing.y = 8.0;
            ui.label(text::strong(about.name, palette));
            for words in about.words {
                ui.add(egui::Label::new(text::body(*words, palette)).wrap());
            }
            for source in about.sources {
                ui.add(egui::Label::new(text::small(*source, palette)).wrap());
            }
        });
    response
}
