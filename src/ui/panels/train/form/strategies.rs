//! The strategies that the form offers, and what each is.

use crate::train::config::StrategyKind;
use crate::ui::widgets::help::Help;

/// Choices of blocks, and below them choices of single weights.
pub const OFFERED: [&[StrategyKind]; 2] = [
    &[StrategyKind::Full, StrategyKind::Head, StrategyKind::Top, StrategyKind::Gradual],
    &[StrategyKind::Lora, StrategyKind::BitFit, StrategyKind::Custom],
];

/// What a strategy is, for whoever asks.
pub fn explained(kind: StrategyKind) -> Help<'static> {
    let of = |paragraphs: &'static [&'static str], papers: &'static [(&'static str, &'static str)]| Help {
        title: kind.title(),
        paragraphs,
        papers,
    };
    match kind {
        StrategyKind::Full => {
            of(&["Every weight of the model is trained. It learns most, and costs most time and memory."], &[])
        }
        StrategyKind::Head => of(
            &[
                "The encoder stays as it is, and what sits on it learns to read its states. These are computed once, so that \
               all further epochs cost next to nothing.",
            ],
            &[],
        ),
        StrategyKind::Top => of(&["The uppermost layers and the head are trained, and all below stays as it is."], &[]),
        StrategyKind::Gradual => of(
            &[
                "The head learns first; then one layer after the other joins, from the top down, so that a new head does not \
               disturb what the layers know.",
            ],
            &[("Howard and Ruder, 2018: Universal language model fine-tuning", "https://arxiv.org/abs/1801.06146")],
        ),
        StrategyKind::BitFit => of(
            &["Only the biases and the head are trained, about one weight in a thousand."],
            &[("Ben Zaken et al., 2022: BitFit", "https://arxiv.org/abs/2106.10199")],
        ),
        StrategyKind::Lora => of(&LORA, &LORA_PAPERS),
        StrategyKind::Custom => of(&["What you click in the map of layers is trained or stays as it is."], &[]),
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
