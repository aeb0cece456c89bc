//! A row taken from the loaded data: the next, the one before, or any, with what the data says is right.

use std::sync::{Arc, Weak};

use egui::Ui;
use egui_material_icons::icons::{ICON_CHEVRON_LEFT, ICON_CHEVRON_RIGHT, ICON_SHUFFLE};

use crate::inspect::gold::{self, Row};
use crate::task::Task;
use crate::ui::widgets::{Button, text};
use crate::ui::{Cx, format};
use crate::worker::protocol::LoadedDataset;

#[derive(Debug, Default)]
pub struct DataRows {
    /// Place among the examples that are offered.
    at: Option<usize>,
    of: Weak<LoadedDataset>,
}

impl DataRows {
    /// Draws the buttons where data for this task is loaded. Returns the row that was taken.
    pub fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, task: Task) -> Option<Row> {
        let palette = cx.palette;
        let loaded = cx.workspace.data.loaded.as_ref().filter(|loaded| loaded.dataset.task == task)?;
        if Weak::as_ptr(&self.of) != Arc::as_ptr(loaded) {
            *self = Self { at: None, of: Arc::downgrade(loaded) };
        }
        // Held-out examples, where there are any: the model has not learned them.
        let data = loaded.eval.as_ref().unwrap_or(&loaded.dataset);
        let places = &loaded.split.eval;
        let count = if places.is_empty() { data.examples.len() } else { places.len() };
        if count == 0 {
            return None;
        }
        let mut next = None;
        let button = |icon, name: &str| Button::icon_only(icon, name).small();
        if button(ICON_CHEVRON_LEFT, "Previous row from the data").show(ui, palette).clicked() {
            next = Some(self.at.map_or(count - 1, |at| (at + count - 1) % count));
        }
        if button(ICON_CHEVRON_RIGHT, "Next row from the data").show(ui, palette).clicked() {
            next = Some(self.at.map_or(0, |at| (at + 1) % count));
        }
        if button(ICON_SHUFFLE, "Any row from the data").show(ui, palette).clicked() {
            // Steps of a large prime look mixed and need no generator.
            next = Some((self.at.unwrap_or(0) + 7919) % count);
        }
        let held_out = if places.is_empty() { "" } else { "held-out " };
        let words = match self.at {
            Some(at) => format!("{held_out}row {} of {}", format::count(at as u64 + 1), format::count(count as u64)),
            None if places.is_empty() => format!("{} in the data", format::plural(count as u64, "row", "rows")),
            None => format::plural(count as u64, "held-out row", "held-out rows"),
        };
        let words = text::number_dim(words, palette);
        // In a narrow window the buttons and what the data say have the room.
        if text::width(ui, words.clone()) <= ui.available_width() {
            ui.label(words);
        }
        let at = next?;
        self.at = Some(at);
        Some(gold::row(data, places.get(at).copied().unwrap_or(at)))
    }
}
