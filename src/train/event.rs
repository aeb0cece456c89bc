//! What the loop tells: the lines of `events.jsonl`, of `attune train --events`, and what the window draws. Events carry
//! numbers and words, never tensors.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::config::RunConfig;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum TrainEvent {
    Started {
        config: Box<RunConfig>,
        parameters: u64,
        trainable: u64,
        steps: u64,
        steps_per_epoch: u64,
        train_examples: usize,
        eval_examples: usize,
        /// Examples whose text was cut to the length limit.
        truncated: usize,
    },
    Step(Step),
    Eval {
        step: u64,
        metrics: BTreeMap<String, f64>,
        /// The same metrics of always saying the most frequent class (or the mean).
        baseline: BTreeMap<String, f64>,
        best: bool,
    },
    Checkpoint {
        step: u64,
        path: PathBuf,
    },
    Warning {
        step: u64,
        message: String,
    },
    Unfroze {
        step: u64,
        blocks: Vec<String>,
    },
    Finished(Ending),
    Stopped(Ending),
    Failed(Ending),
}

/// One optimizer update.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Updates done, this one included.
    pub step: u64,
    pub epoch: f64,
    /// Mean over the update's valid labels.
    pub loss: f64,
    /// The rate the update used; the head's where groups differ.
    pub lr: f64,
    /// The rate of each group.
    pub lrs: BTreeMap<String, f64>,
    /// Global norm before clipping.
    pub grad_norm: f64,
    /// Tokens of this update, without padding, as there is none.
    pub tokens: usize,
    pub tokens_per_sec: f64,
    /// The loss or gradient was not finite, and no weight was changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skipped: bool,
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    pub reason: String,
    pub best_step: Option<u64>,
    pub metrics: BTreeMap<String, f64>,
    pub seconds: f64,
    pub peak_memory_bytes: u64,
    /// Updates done.
    pub step: u64,
}
