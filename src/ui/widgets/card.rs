//! A card: a quiet frame with an optional head, and the two smaller parts a card is divided by.

use egui::{CornerRadius, Frame, InnerResponse, Margin, Stroke, Ui};

use super::text;
use crate::ui::theme::{Palette, space};

#[derive(Clone, Debug, Default)]
#[must_use = "a card is drawn by `show`"]
pub struct Card {
    title: Option<String>,
    note: Option<String>,
    margin: Option<f32>,
}

impl Card {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn titled(title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..Self::default() }
    }

    /// A few words beside the title.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    pub fn margin(mut self, margin: f32) -> Self {
        self.margin = Some(margin);
        self
    }

    pub fn frame(palette: &Palette) -> Frame {
        Frame::new()
            .fill(palette.panel)
            .stroke(Stroke::new(1.0, palette.line))
            .corner_radius(CornerRadius::same(8))
            .inner_margin(Margin::same(space::M as i8))
    }

    pub fn show<R>(self, ui: &mut Ui, palette: &Palette, content: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
        let margin = self.margin.unwrap_or(space::M);
        Self::frame(palette).inner_margin(Margin::same(margin as i8)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            if let Some(title) = self.title {
                title_ui(ui, title, self.note, palette);
            }
            content(ui)
        })
    }
}

/// The title with its note beside it, or below it where there is no room.
fn title_ui(ui: &mut Ui, title: String, note: Option<String>, palette: &Palette) {
    let title = text::strong(title, palette);
    let note = note.map(|note| text::small(note, palette));
    let width = |words: &Option<egui::RichText>| words.clone().map_or(0.0, |words| text::width(ui, words));
    let is_beside = text::width(ui, title.clone()) + ui.spacing().item_spacing.x + width(&note) <= ui.available_width();
    let line = egui::vec2(ui.available_width(), 18.0);
    let mut note = note;
    ui.allocate_ui_with_layout(line, egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.add(egui::Label::new(title).truncate());
        if let Some(note) = note.take_if(|_| is_beside) {
            ui.label(note);
        }
    });
    if let Some(note) = note {
        ui.add(egui::Label::new(note).wrap());
    }
}

/// A head inside a card.
pub fn section(ui: &mut Ui, palette: &Palette, title: &str) {
    ui.add_space(space::XS);
    ui.label(text::label(title, palette));
}

/// A thin line from edge to edge.
pub fn divider(ui: &mut Ui, palette: &Palette) {
    let width = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(egui::vec2(width, 1.0), egui::Sense::hover());
    ui.painter().hline(rect.x_range(), rect.center().y, Stroke::new(1.0, palette.line));
}
