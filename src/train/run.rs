//! A run's folder: `run.toml`, `events.jsonl`, `evaluation.json`, `model/`, which transformers opens, `manifest.json` with
//! the sums of what was kept, and `checkpoint/` while the run is not finished.

mod folder;
mod lock;
mod log;
mod names;
mod record;
mod reopen;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

pub use folder::{RunFolder, damage};
pub use record::Recorder;
pub use reopen::{Opened, as_it_began, check_folder, kept_config, open};

use super::TrainError;
use super::checkpoint;
use super::config::RunConfig;
use super::event::TrainEvent;
use super::kept::KeptEvaluation;
use crate::files;
use crate::metrics::Measure;
use crate::task::Task;
use lock::{LOCK, lock};
use log::Log;
pub(super) use names::MODEL;
use names::{CHECKPOINT, CONFIG, EVALUATION, EVENTS, MANIFEST};

/// Points of the curve in a list of runs.
const SPARKLINE: usize = 60;

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
    /// Of a run without an ending, those of its steps alone.
    pub seconds: f64,
    pub bytes_on_disk: u64,
    /// Seconds since 1970 of the start.
    pub started: u64,
    /// Some loss values over the run, for a sparkline.
    pub losses: Vec<f32>,
    /// The step that the run can go on from.
    pub checkpoint: Option<u64>,
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

impl TrainEvent {
    /// The step an event belongs to.
    pub fn step(&self) -> u64 {
        match self {
            Self::Started { .. } => 0,
            Self::Step(step) => step.step,
            Self::Eval { step, .. }
            | Self::Checkpoint { step, .. }
            | Self::Warning { step, .. }
            | Self::Resumed { step, .. }
            | Self::Unfroze { step, .. } => *step,
            Self::Finished(ending) | Self::Stopped(ending) | Self::Failed(ending) => ending.step,
        }
    }
}

/// A run's folder, read.
pub struct ReadRun {
    pub summary: RunSummary,
    pub config: RunConfig,
    pub events: Vec<TrainEvent>,
    pub evaluation: Option<Arc<KeptEvaluation>>,
    /// What in the folder is not as it was written.
    pub problems: Vec<String>,
}

/// Reads a run's folder. A last line that was cut off is left out.
pub fn read(dir: &Path) -> Result<ReadRun, TrainError> {
    let config = RunConfig::read(&dir.join(CONFIG))?;
    let log = Log::read(dir)?;
    let mut problems: Vec<String> = log.problem().into_iter().collect();
    let path = dir.join(EVALUATION);
    let evaluation = match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Arc::new).map_err(|error| error.to_string()).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    };
    let evaluation = evaluation.unwrap_or_else(|reason| {
        problems.push(format!("{} cannot be read: {reason}", path.display()));
        None
    });
    Ok(ReadRun { summary: summary(dir, &config, &log.events), config, events: log.events, evaluation, problems })
}

/// The runs in a folder, newest first. What is no run is passed over.
pub fn find(folder: &Path) -> Vec<RunSummary> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut runs: Vec<RunSummary> = entries
        .filter(|entry| entry.path().join(CONFIG).is_file())
        .filter_map(|entry| {
            let dir = entry.path();
            let config = RunConfig::read(&dir.join(CONFIG)).ok()?;
            let events = Log::read(&dir).map(|log| log.events).unwrap_or_default();
            Some(summary(&dir, &config, &events))
        })
        .collect();
    runs.sort_by(|a, b| b.started.cmp(&a.started).then_with(|| b.name.cmp(&a.name)));
    runs
}

/// Removes a run's folder; anything that is not one is left alone.
pub fn delete(dir: &Path) -> Result<(), TrainError> {
    let unwritable = |source| TrainError::Unwritable { path: dir.to_owned(), source };
    if !dir.join(CONFIG).is_file() || !dir.join(EVENTS).is_file() {
        return Err(unwritable(std::io::Error::other("this folder holds no run, so nothing was deleted")));
    }
    drop(lock(dir)?);
    for name in [CONFIG, EVENTS, EVALUATION, MANIFEST, LOCK] {
        if dir.join(name).exists() {
            std::fs::remove_file(dir.join(name)).map_err(unwritable)?;
        }
    }
    for name in [MODEL, CHECKPOINT, folder::STAGE] {
        if dir.join(name).exists() {
            std::fs::remove_dir_all(dir.join(name)).map_err(unwritable)?;
        }
    }
    // What a person put beside the run stays, and then so does the folder.
    match std::fs::remove_dir(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::DirectoryNotEmpty => Err(unwritable(error)),
        _ => Ok(()),
    }
}

fn summary(dir: &Path, config: &RunConfig, events: &[TrainEvent]) -> RunSummary {
    let (mut steps, mut trainable, mut parameters, mut step, mut seconds) = (0, 0, 0, 0, 0.0);
    let mut status = RunStatus::Open;
    let mut best: Option<(String, f64)> = None;
    let mut losses = Vec::new();
    // A run without an ending has not said how long it took.
    let mut in_steps = 0.0;
    let main = Measure::main(config.task);
    for event in events {
        step = step.max(event.step());
        match event {
            TrainEvent::Started { steps: all, trainable: some, parameters: count, .. } => {
                (steps, trainable, parameters) = (*all, *some, *count);
            }
            TrainEvent::Step(one) => {
                losses.push(one.loss as f32);
                in_steps += one.tokens as f64 / one.tokens_per_sec.max(1.0);
            }
            TrainEvent::Eval { metrics, best: true, .. } => {
                best = metrics.get(main).map(|value| (main.to_owned(), *value));
            }
            TrainEvent::Finished(ending) => (status, seconds) = (RunStatus::Finished, ending.seconds),
            TrainEvent::Stopped(ending) => (status, seconds) = (RunStatus::Stopped, ending.seconds),
            TrainEvent::Failed(ending) => (status, seconds) = (RunStatus::Failed, ending.seconds),
            _ => {}
        }
    }
    if status == RunStatus::Open {
        seconds = in_steps;
    }
    let name = |path: &Path| files::name(path).into_owned();
    RunSummary {
        name: name(dir),
        task: config.task,
        model: config.model.title(),
        data: name(&config.data.train),
        status,
        step,
        steps,
        trainable,
        parameters,
        metric: best,
        seconds,
        bytes_on_disk: files::folder_bytes(dir),
        started: created(&dir.join(CONFIG)),
        losses: thin(&losses),
        checkpoint: checkpoint::newest_step(&dir.join(CHECKPOINT)),
        dir: dir.to_owned(),
    }
}

fn created(path: &Path) -> u64 {
    let written = std::fs::metadata(path).and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    written.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Means of equal parts.
fn thin(values: &[f32]) -> Vec<f32> {
    if values.len() <= SPARKLINE {
        return values.to_vec();
    }
    let part = |i: usize| &values[i * values.len() / SPARKLINE..(i + 1) * values.len() / SPARKLINE];
    (0..SPARKLINE).map(|i| part(i).iter().sum::<f32>() / part(i).len() as f32).collect()
}

#[cfg(test)]
mod tests;
