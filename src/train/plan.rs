//! What a configuration comes to for this model and this dataset, before anything is computed.

use serde::Serialize;

/// The estimate at the foot of the form, and the freeze map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanSummary {
    pub steps: u64,
    pub steps_per_epoch: u64,
    pub train_examples: usize,
    pub eval_examples: usize,
    pub parameters: u64,
    pub trainable: u64,
    /// `embeddings`, `layers.0` …, `head`, from the bottom up.
    pub blocks: Vec<PlannedBlock>,
    /// Examples whose text is longer than the limit.
    pub truncated: usize,
    pub tokens_per_epoch: u64,
    pub memory: MemoryEstimate,
    /// Seconds for the whole run on this machine.
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedBlock {
    pub name: String,
    pub parameters: u64,
    pub trainable: bool,
    /// Highest rate the block reaches.
    pub lr: f64,
}

/// Bytes, by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MemoryEstimate {
    pub weights: u64,
    pub gradients: u64,
    pub optimizer: u64,
    pub activations: u64,
    /// Physical memory of this machine that is free now.
    pub available: u64,
}

impl MemoryEstimate {
    pub fn total(&self) -> u64 {
        self.weights + self.gradients + self.optimizer + self.activations
    }
}
