//! A run as a line in a list. What its configuration and its log tell is kept beside them in `summary.json`, so that a
//! list of a thousand runs reads no log.
//!
//! The run writes it when it ends. Where it is missing, of another version, or of a log that has grown since, it is made
//! from the log by whoever reads it first.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize};

use super::lock::is_held;
use super::log::Log;
use super::names::{CONFIG, EVENTS, MODEL, TRIALS, fold_folder, fold_in};
use crate::files;
use crate::metrics::Measure;
use crate::model::kept::{State, state_of};
use crate::stop::heed;
use crate::task::Task;
use crate::train::TrainError;
use crate::train::config::{RunConfig, StrategyKind};
use crate::train::event::TrainEvent;

pub(super) const SUMMARY: &str = "summary.json";
/// Raised when what is kept changes its meaning.
const FORMAT: u32 = 2;
/// Points of the curve in a list of runs.
const SPARKLINE: usize = 60;

/// A run as a line in a list. What is skipped is told by the folder itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    #[serde(skip)]
    pub dir: PathBuf,
    #[serde(skip)]
    pub name: String,
    pub task: Task,
    pub model: String,
    pub data: String,
    pub strategy: StrategyKind,
    /// How many runs it is, in each of which other rows are held out; 0 of one run.
    #[serde(default)]
    pub folds: u32,
    pub status: RunStatus,
    /// The folder of the sweep that it is a trial of.
    #[serde(skip)]
    pub sweep: Option<PathBuf>,
    /// A process writes the folder.
    #[serde(skip)]
    pub held: bool,
    pub step: u64,
    pub steps: u64,
    pub trainable: u64,
    pub parameters: u64,
    /// Key and value of the main metric at the best evaluation.
    #[serde(deserialize_with = "metric")]
    pub metric: Option<(String, f64)>,
    /// Of a run without an ending, those of its steps alone.
    pub seconds: f64,
    #[serde(skip)]
    pub bytes_on_disk: u64,
    /// Seconds since 1970 of the start.
    #[serde(skip)]
    pub started: u64,
    /// Some loss values over the run, for a sparkline.
    #[serde(deserialize_with = "losses")]
    pub losses: Vec<f32>,
    /// The step that the run can go on from.
    #[serde(skip)]
    pub checkpoint: Option<u64>,
    /// The states that it keeps of its course.
    #[serde(skip)]
    pub states: Vec<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// The log has no ending: still running, or cut off.
    Open,
    Finished,
    Stopped,
    Failed,
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    format: u32,
    /// Of the log that it was made from.
    log_bytes: u64,
    run: RunSummary,
}

/// What was kept, if it is of the log as it is now, or if there is none any more.
fn kept(dir: &Path) -> Option<RunSummary> {
    let kept: Kept = serde_json::from_slice(&files::read_note(&dir.join(SUMMARY)).ok()?).ok()?;
    let is_current = log_bytes(dir).is_none_or(|bytes| bytes == kept.log_bytes);
    (kept.format == FORMAT && is_current).then(|| kept.run.seen_in(dir))
}

/// Makes the summary from the log, and keeps it where that can be done: nothing else depends on it.
pub(super) fn make(dir: &Path) -> Result<RunSummary, TrainError> {
    let config = RunConfig::read(&dir.join(CONFIG))?;
    let log_bytes = log_bytes(dir);
    let run = RunSummary::of(dir, &config, &Log::read(dir).unwrap_or_default().events);
    let Some(log_bytes) = log_bytes else { return Ok(run) };
    let kept = Kept { format: FORMAT, log_bytes, run };
    files::write_atomically(&dir.join(SUMMARY), |file| serde_json::to_writer(file, &kept).map_err(Into::into)).ok();
    Ok(kept.run)
}

fn log_bytes(dir: &Path) -> Option<u64> {
    std::fs::metadata(dir.join(EVENTS)).ok().map(|log| log.len())
}

impl RunSummary {
    /// The share of the weights that is trained.
    pub fn trained_share(&self) -> f64 {
        self.trainable as f64 / self.parameters.max(1) as f64
    }

    /// The run in a folder, by what was kept or else by its log. What it can go on from is for the caller to add.
    pub(super) fn read(dir: &Path) -> Result<Self, TrainError> {
        heed();
        kept(dir).map_or_else(|| make(dir), Ok)
    }

    /// A run that has only begun.
    #[cfg(test)]
    pub fn begun(dir: &Path, config: &RunConfig) -> Self {
        Self::of(dir, config, &[])
    }

    /// What the configuration and the events of a run in a folder come to.
    pub(super) fn of(dir: &Path, config: &RunConfig, events: &[TrainEvent]) -> Self {
        let mut run = Self {
            dir: PathBuf::new(),
            name: String::new(),
            task: config.task,
            model: config.model_title(),
            data: config.data.train.title(),
            strategy: config.strategy.kind,
            folds: config.run.folds,
            status: RunStatus::Open,
            sweep: None,
            held: false,
            step: 0,
            steps: 0,
            trainable: 0,
            parameters: 0,
            metric: None,
            seconds: 0.0,
            bytes_on_disk: 0,
            started: 0,
            losses: Vec::new(),
            checkpoint: None,
            states: Vec::new(),
        };
        for event in events {
            run.add(event);
        }
        run.losses = thin(&run.losses);
        run.seen_in(dir)
    }

    /// With what the folder tells by itself, wherever it was moved.
    fn seen_in(self, dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            name: name(dir),
            bytes_on_disk: files::folder_bytes(dir),
            started: started(dir, self.folds),
            sweep: sweep_of(dir).map(Path::to_owned),
            // A run that has ended is not asked: its lock might be wanted at this moment.
            held: self.status == RunStatus::Open && is_held(dir),
            ..self
        }
    }

    fn add(&mut self, event: &TrainEvent) {
        self.step = self.step.max(event.step());
        let (status, ending) = match event {
            TrainEvent::Started { steps, trainable, parameters, .. } => {
                (self.steps, self.trainable, self.parameters) = (*steps, *trainable, *parameters);
                return;
            }
            TrainEvent::Step(one) => {
                self.losses.push(one.loss as f32);
                // A run without an ending has not said how long it took.
                if self.status == RunStatus::Open {
                    self.seconds += one.tokens as f64 / one.tokens_per_sec.max(1.0);
                }
                return;
            }
            TrainEvent::Eval { metrics, best: true, .. } => {
                let main = Measure::main(self.task);
                self.metric = metrics.get(main).map(|value| (main.to_owned(), *value));
                return;
            }
            TrainEvent::Unfroze { trainable, .. } => {
                self.trainable = self.trainable.max(*trainable);
                return;
            }
            TrainEvent::Finished(ending) => (RunStatus::Finished, ending),
            TrainEvent::Stopped(ending) => (RunStatus::Stopped, ending),
            TrainEvent::Failed(ending) => (RunStatus::Failed, ending),
            _ => return,
        };
        (self.status, self.seconds) = (status, ending.seconds);
    }
}

/// The folder of the sweep that a run is a trial of. The folder of a run in folds has trials as well, and is a run itself.
fn sweep_of(dir: &Path) -> Option<&Path> {
    dir.parent().filter(|folder| folder.join(TRIALS).is_file() && !folder.join(CONFIG).is_file())
}

/// A run of a sweep is called by the sweep too, as others have trials and seeds of the same names.
fn name(dir: &Path) -> String {
    let sweep = dir.parent().filter(|folder| folder.join(TRIALS).is_file());
    let sweep = sweep.map(|folder| format!("{}/", files::name(folder))).unwrap_or_default();
    sweep + &files::name(dir)
}

/// What the model of a run is called among those of others.
pub fn title(dir: &Path) -> String {
    match fold_in(dir).filter(|(whole, _)| whole.join(TRIALS).is_file()) {
        Some((whole, number)) => format!("{} · fold {number}", files::name(whole)),
        None => name(dir),
    }
}

/// A model as a person knows it: that of a run by the name of its run.
pub fn model_title(dir: &Path) -> String {
    if let Some((run, step)) = state_of(dir) {
        return format!("{} at step {step}", files::name(run));
    }
    match dir.parent().filter(|_| dir.ends_with(MODEL)) {
        Some(run) => title(run),
        None => files::name(dir).into_owned(),
    }
}

/// The configuration of a run in folds is written once more at its end, that of its first fold is not.
fn started(dir: &Path, folds: u32) -> u64 {
    let own = written(&dir.join(CONFIG));
    let first = if folds > 0 { written(&dir.join(fold_folder(1)).join(CONFIG)) } else { 0 };
    if first > 0 { own.min(first) } else { own }
}

fn written(path: &Path) -> u64 {
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

/// JSON has no word for a number that is none, so it is written as `null`.
fn metric<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<(String, f64)>, D::Error> {
    let read = Option::<(String, Option<f64>)>::deserialize(deserializer)?;
    Ok(read.map(|(key, value)| (key, value.unwrap_or(f64::NAN))))
}

fn losses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
    let read = Vec::<Option<f32>>::deserialize(deserializer)?;
    Ok(read.into_iter().map(|loss| loss.unwrap_or(f32::NAN)).collect())
}

#[cfg(test)]
mod tests;
