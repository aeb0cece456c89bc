//! The adapters of a run: which layers get one, and how large they are.

use egui::Ui;

use super::fields::{real, share, whole};
use crate::model::Slot;
use crate::train::config::Lora;
use crate::train::limits;
use crate::ui::Palette;
use crate::ui::widgets::form::{row, toggle};
use crate::ui::widgets::{Chip, text};

pub fn ui(ui: &mut Ui, lora: &mut Lora, expert: bool, palette: &Palette) {
    ui.add_space(4.0);
    targets_ui(ui, lora, palette);
    row(ui, "Rank", "How wide an adapter is inside; a wider one learns more and is larger", palette, |ui| {
        whole(ui, "Rank", &mut lora.rank, limits::LORA_RANK);
    });
    row(ui, "Alpha", "How much an adapter counts beside the weight it belongs to", palette, |ui| {
        real(ui, "Alpha", &mut lora.alpha, limits::LORA_ALPHA);
    });
    row(ui, "Adapter dropout", "Share of an adapter's input that is dropped in training", palette, |ui| {
        share(ui, "Adapter dropout", &mut lora.dropout, limits::DROPOUT);
    });
    if !expert {
        return;
    }
    let name = "Scale by the root of the rank";
    row(
        ui,
        name,
        "Alpha is divided by the root of the rank, so that high ranks learn as fast as low ones",
        palette,
        |ui| {
            toggle(ui, name, &mut lora.rank_stabilized, palette);
        },
    );
    let name = "Keep a whole model too";
    row(ui, name, "The adapters are merged into a whole model; otherwise the adapter alone is kept", palette, |ui| {
        toggle(ui, name, &mut lora.merged, palette);
    });
}

/// A chip for each kind of layer, pressed where it gets an adapter.
fn targets_ui(ui: &mut Ui, lora: &mut Lora, palette: &Palette) {
    let chosen = lora.slots();
    ui.label(text::small("Adapters on", palette));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        // Lines of chips stand as close as chips.
        ui.spacing_mut().interact_size.y = 20.0;
        for slot in Slot::ALL {
            let is_on = chosen.contains(&slot);
            let words = title(slot);
            let chip = if is_on { Chip::accent(words, palette) } else { Chip::neutral(words, palette) };
            let chip = chip.name(format!("Adapters on {}", words.to_lowercase())).clickable().selected(is_on);
            if chip.show(ui).clicked() {
                let is_kept = |other: &Slot| chosen.contains(other) != (*other == slot);
                lora.targets = Slot::ALL.into_iter().filter(is_kept).map(|slot| slot.word().to_owned()).collect();
            }
        }
    });
    ui.add_space(2.0);
}

fn title(slot: Slot) -> &'static str {
    match slot {
        Slot::Query => "Query",
        Slot::Key => "Key",
        Slot::Value => "Value",
        Slot::Output => "Attention output",
        Slot::Inner => "Feed-forward in",
        Slot::Outer => "Feed-forward out",
    }
}
