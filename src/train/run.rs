//! A run's folder: `run.toml`, `events.jsonl`, `evaluation.json` and `model/`, which transformers opens.

use std::path::PathBuf;

use serde::Serialize;

use crate::task::Task;

/// A run as a line in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunSummary {
    pub dir: PathBuf,
    pub name: String,
    pub task: Task,
    pub model: String,
    pub data: String,
    pub status: RunStatus,
    pub step: u64,
    pub steps: u64,
    pub trainable: u64,
    pub parameters: u64,
    /// Key and value of the main metric at the best evaluation.
    pub metric: Option<(String, f64)>,
    pub seconds: f64,
    pub bytes_on_disk: u64,
    /// Seconds since 1970 of the start.
    pub started: u64,
    /// Some loss values over the run, for a sparkline.
    pub losses: Vec<f32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// The log has no ending: still running, or cut off.
    Open,
    Finished,
    Stopped,
    Failed,
}
