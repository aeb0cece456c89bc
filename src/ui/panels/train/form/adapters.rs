//! The adapters of a run: which layers get one, and how large they are.

use egui::Ui;

use super::fields::{real, share, whole};
use crate::model::Slot;
use crate::train::config::{Lora, StrategyKind};
use crate::train::limits;
use crate::ui::Palette;
use crate::ui::widgets::form::{row, toggle};
use crate::ui::widgets::help::Help;
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

/// What a strategy is, for whoever asks.
pub fn explained(kind: StrategyKind) -> Help<'static> {
    let of = |title, paragraphs, papers| Help { title, paragraphs, papers };
    match kind {
        StrategyKind::Full => {
            of("Full", &["Every weight of the model is trained. It learns most, and costs most time and memory."], &[])
        }
        StrategyKind::Head => of(
            "Head only",
            &[
                "The encoder stays as it is, and what sits on it learns to read its states. These are computed once, so that \
               all further epochs cost next to nothing.",
            ],
            &[],
        ),
        StrategyKind::Top => {
            of("Top layers", &["The uppermost layers and the head are trained, and all below stays as it is."], &[])
        }
        StrategyKind::Gradual => of(
            "Gradual",
            &[
                "The head learns first; then one layer after the other joins, from the top down, so that a new head does not \
               disturb what the layers know.",
            ],
            &[("Howard and Ruder, 2018: Universal language model fine-tuning", "https://arxiv.org/abs/1801.06146")],
        ),
        StrategyKind::BitFit => of(
            "Biases",
            &["Only the biases and the head are trained, about one weight in a thousand."],
            &[("Ben Zaken et al., 2022: BitFit", "https://arxiv.org/abs/2106.10199")],
        ),
        StrategyKind::Lora => of("LoRA", &LORA, &LORA_PAPERS),
        StrategyKind::Custom => {
            of("Custom", &["What you click in the map of layers is trained or stays as it is."], &[])
        }
    }
}

const LORA: [&str; 3] = [
    "The model's weights stay as they are. Beside each chosen matrix two narrow ones are trained, whose product is added to \
     it, and the head with them.",
    "It needs little memory, and what was learned is a small file. The rank is the width of the narrow matrices; their \
     product counts alpha divided by the rank, or by its root.",
    "The run's folder has a whole model with the product added, and an adapter for PEFT beside it.",
];
const LORA_PAPERS: [(&str, &str); 2] = [
    ("Hu et al., 2021: LoRA", "https://arxiv.org/abs/2106.09685"),
    ("Kalajdzievski, 2023: A rank stabilization scaling factor", "https://arxiv.org/abs/2312.03732"),
];
