//! The keys of low-rank adapters.

use serde::{Deserialize, Serialize};

use crate::model::{LoraSpec, Slot};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lora {
    pub rank: usize,
    pub alpha: f64,
    pub dropout: f64,
    /// The dense layers that get an adapter: `query`, `key`, `value`, `attention_output`, `feed_forward_inner`,
    /// `feed_forward_output`; `all` stands for all of them.
    pub targets: Vec<String>,
    /// Whether the scale is alpha divided by the root of the rank (Kalajdzievski, 2023).
    #[serde(alias = "rslora")]
    pub rank_stabilized: bool,
    /// Whether what is kept is a whole model with the adapter merged into it, and the adapter beside, or the adapter alone.
    pub merged: bool,
}

/// The word for all dense layers.
pub const ALL_TARGETS: &str = "all";

impl Lora {
    /// The dense layers that are named, in order and each once. What names none is refused by the check of a run.
    pub fn slots(&self) -> Vec<Slot> {
        let is_named =
            |slot: &Slot| self.targets.iter().any(|word| word == ALL_TARGETS || Slot::named(word) == Some(*slot));
        Slot::ALL.into_iter().filter(is_named).collect()
    }

    pub fn spec(&self) -> LoraSpec {
        LoraSpec {
            rank: self.rank,
            alpha: self.alpha,
            dropout: self.dropout,
            rank_stabilized: self.rank_stabilized,
            slots: self.slots(),
        }
    }
}

impl Default for Lora {
    fn default() -> Self {
        Self {
            rank: 8,
            alpha: 16.0,
            dropout: 0.0,
            targets: vec!["query".into(), "value".into()],
            rank_stabilized: false,
            merged: true,
        }
    }
}
