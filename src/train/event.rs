//! What the loop tells: the lines of `events.jsonl`, of `attune train --events`, and what the window draws. Events carry
//! numbers and words, never tensors.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};

use super::config::{RunConfig, What};
use super::probes::ProbeSaid;

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
        /// Blocks that are frozen at first and can be thawed, from the top down.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        frozen: Vec<String>,
    },
    Step(Step),
    Eval {
        step: u64,
        #[serde(deserialize_with = "numbers")]
        metrics: BTreeMap<String, f64>,
        /// The same metrics of always saying the most frequent class (or the mean).
        #[serde(deserialize_with = "numbers")]
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
    /// The run was cut off, and goes on from here as if it had not been.
    Resumed {
        step: u64,
        /// What it had taken until then.
        seconds: f64,
    },
    Unfroze {
        step: u64,
        blocks: Vec<String>,
        /// Weights that are trained from there on; an earlier version did not tell.
        #[serde(default)]
        trainable: u64,
    },
    /// What was ordered in mid-run, after so many updates.
    Order {
        step: u64,
        order: What,
        /// Why it was not followed, where it was not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
    },
    /// What the model says of the run's probes, in their order.
    Probe {
        step: u64,
        said: Vec<ProbeSaid>,
    },
    Finished(Ending),
    Stopped(Ending),
    Failed(Ending),
}

/// What was said before the first update, each once.
pub fn first_warnings(events: &[TrainEvent]) -> Vec<String> {
    let mut first: Vec<String> = Vec::new();
    for event in events {
        if let TrainEvent::Warning { step: 0, message } = event
            && !first.contains(message)
        {
            first.push(message.clone());
        }
    }
    first
}

/// One optimizer update.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Updates done, this one included.
    pub step: u64,
    pub epoch: f64,
    /// Mean over the update's valid labels.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
    /// What it is made of, where it has several parts: `labels` and what is learned from a teacher (`soft`, `hidden`,
    /// `attention`, `cosine`), each times what it counts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "numbers")]
    pub parts: BTreeMap<String, f64>,
    /// The rate the update used; the head's where groups differ.
    pub lr: f64,
    /// The rate of each group.
    pub lrs: BTreeMap<String, f64>,
    /// Global norm before clipping.
    #[serde(deserialize_with = "number")]
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
    #[serde(deserialize_with = "numbers")]
    pub metrics: BTreeMap<String, f64>,
    pub seconds: f64,
    pub peak_memory_bytes: u64,
    /// Updates done.
    pub step: u64,
    /// What must be known of the data to read the metrics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caveats: Vec<String>,
    /// What the teacher of the run comes to on the same examples, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher: Option<TeacherScore>,
}

/// A teacher beside its student.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TeacherScore {
    pub parameters: u64,
    #[serde(deserialize_with = "numbers")]
    pub metrics: BTreeMap<String, f64>,
}

/// JSON has no word for a number that is none, so it is written as `null`.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, f64>, D::Error> {
    let read = BTreeMap::<String, Option<f64>>::deserialize(deserializer)?;
    Ok(read.into_iter().map(|(key, value)| (key, value.unwrap_or(f64::NAN))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_whose_loss_is_no_number_is_read_back() {
        let step = Step {
            step: 3,
            epoch: 0.5,
            loss: f64::NAN,
            parts: BTreeMap::new(),
            lr: 1e-5,
            lrs: BTreeMap::new(),
            grad_norm: f64::INFINITY,
            tokens: 4,
            tokens_per_sec: 2.0,
            skipped: true,
        };
        let line = serde_json::to_string(&TrainEvent::Step(step)).unwrap();
        let Ok(TrainEvent::Step(read)) = serde_json::from_str(&line) else { panic!("{line}") };
        assert!(read.loss.is_nan() && read.grad_norm.is_nan() && read.skipped);
        let metrics = BTreeMap::from([("pearson".to_owned(), f64::NAN)]);
        let eval = TrainEvent::Eval { step: 1, metrics, baseline: BTreeMap::new(), best: false };
        let line = serde_json::to_string(&eval).unwrap();
        assert!(matches!(serde_json::from_str(&line), Ok(TrainEvent::Eval { .. })), "{line}");
    }

    #[test]
    fn what_was_said_before_the_first_update_is_told_once() {
        let said = |step: u64, message: &str| TrainEvent::Warning { step, message: message.into() };
        let events = [said(0, "a row has no text"), said(0, "13 rows of test left out"), said(0, "a row has no text")];
        let events = [&events[..], &[said(4, "no checkpoint")]].concat();
        assert_eq!(first_warnings(&events), ["a row has no text", "13 rows of test left out"]);
    }
}
