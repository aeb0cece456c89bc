//! A "?" that says how what stands beside it is computed, and which paper it is from.

use egui::{Popup, PopupCloseBehavior, Ui};
use egui_material_icons::icons::ICON_HELP;

use super::{Button, text};
use crate::ui::theme::Palette;

const WIDTH: f32 = 360.0;

/// What is said: paragraphs, and the papers.
#[derive(Clone, Copy, Debug)]
pub struct Help<'a> {
    pub title: &'a str,
    pub paragraphs: &'a [&'a str],
    /// Authors, year and title; and where it can be read.
    pub papers: &'a [(&'a str, &'a str)],
}

/// Draws the button, and what it says once it was pressed.
pub fn help(ui: &mut Ui, help: &Help<'_>, palette: &Palette) {
    let button = Button::icon_only(ICON_HELP, format!("How it is computed: {}", help.title)).small().show(ui, palette);
    Popup::from_toggle_button_response(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        ui.set_width(WIDTH);
        ui.spacing_mut().item_spacing.y = 8.0;
        ui.label(text::strong(help.title, palette));
        for paragraph in help.paragraphs {
            ui.add(egui::Label::new(text::dim(*paragraph, palette)).wrap());
        }
        for (paper, link) in help.papers {
            ui.hyperlink_to(text::small(*paper, palette).color(palette.accent), *link);
        }
    });
}
