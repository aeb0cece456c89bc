//! What a person chooses of how weights are changed: rates, their schedule, and what an example counts.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::is_nothing;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Optim {
    /// Learning rate of the head, and of all that `lr_groups` does not name.
    pub lr: f64,
    /// Learning rates of `embeddings`, `encoder` and `head`.
    pub lr_groups: BTreeMap<String, f64>,
    /// Learning rates of single weights. Of several that name a weight the last one counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<WeightRate>,
    /// Factor on the rate for each layer from the top down.
    pub layer_decay: f64,
    pub weight_decay: f64,
    #[serde(deserialize_with = "two")]
    pub betas: [f64; 2],
    pub eps: f64,
    /// Largest global gradient norm; 0 never clips.
    pub clip: f64,
    pub schedule: ScheduleKind,
    /// Below 1 a share of the steps, from 1 a number of steps.
    pub warmup: f64,
    pub label_smoothing: f64,
    pub class_weights: ClassWeights,
    /// How much less an example counts the surer the model is of its class (Lin et al., 2017); 0 counts all alike.
    #[serde(skip_serializing_if = "is_nothing")]
    pub focal: f64,
}

impl Default for Optim {
    fn default() -> Self {
        Self {
            lr: 2e-5,
            lr_groups: BTreeMap::new(),
            rates: Vec::new(),
            layer_decay: 1.0,
            weight_decay: 0.01,
            betas: [0.9, 0.999],
            eps: 1e-8,
            clip: 1.0,
            schedule: ScheduleKind::Linear,
            warmup: 0.1,
            label_smoothing: 0.0,
            class_weights: ClassWeights::None,
            focal: 0.0,
        }
    }
}

/// Exactly two numbers: of a longer list the rest would be dropped without a word.
fn two<'de, D: Deserializer<'de>>(from: D) -> Result<[f64; 2], D::Error> {
    let numbers = Vec::<f64>::deserialize(from)?;
    let expected = "two numbers, the decay of the mean and of the variance of gradients";
    numbers.try_into().map_err(|numbers: Vec<f64>| D::Error::invalid_length(numbers.len(), &expected))
}

impl Optim {
    /// The patterns of the weights that have rates of their own.
    pub fn patterns(&self) -> impl Iterator<Item = &String> {
        self.rates.iter().map(|own| &own.pattern)
    }
}

/// A rate for the weights that a pattern names: one of its own, or their rate times a factor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightRate {
    /// Such as `*.attention.*`, `layers.8-11`, `*.bias`.
    pub pattern: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
}

impl WeightRate {
    /// What it gives, in words.
    pub fn told(&self) -> String {
        let lr = self.lr.map(|lr| format!("lr {lr}"));
        let factor = self.factor.map(|factor| format!("factor {factor}"));
        let both: Vec<String> = lr.into_iter().chain(factor).collect();
        if both.is_empty() { "no rate".to_owned() } else { both.join(" and ") }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleKind {
    Linear,
    Cosine,
    Constant,
    /// From a twenty-fifth of the rate up to it and down to next to nothing.
    OneCycle,
}

impl ScheduleKind {
    /// The name in sentences.
    pub fn words(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Cosine => "cosine",
            Self::Constant => "constant",
            Self::OneCycle => "one cycle",
        }
    }

    /// What transformers calls it; its Trainer has no one cycle.
    pub fn in_transformers(self) -> Option<&'static str> {
        match self {
            Self::Linear | Self::Cosine => Some(self.words()),
            // Its "constant" has no warm-up.
            Self::Constant => Some("constant_with_warmup"),
            Self::OneCycle => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassWeights {
    None,
    Balanced,
}
