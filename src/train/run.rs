//! A run's folder: `run.toml`, `events.jsonl`, `summary.json`, `evaluation.json`, `model/`, which transformers opens,
//! `adapter/` where adapters were trained,
//! `kept/` with the states that were kept of its course, `orders/` for what is ordered while it trains, `manifest.json` with the sums of what was kept, and `checkpoint/` while the run is not finished.

mod adapter;
mod compare;
mod elsewhere;
mod folder;
mod history;
mod inbox;
mod lock;
mod log;
pub(in crate::train) mod names;
mod record;
mod reopen;
mod scalars;
mod settings;
mod states;
mod summary;
mod ways;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use compare::{Compared, Comparison, Difference, Pair, PairContest, SEED as RESAMPLING_SEED, compare};
pub use elsewhere::{Followed, settle};
pub use folder::{RunFolder, damage};
pub use history::{History, Point};
pub use inbox::{Told, leave};
pub use record::Recorder;
pub use reopen::{Opened, as_it_began, check_folder, kept_config, open};
pub use summary::{RunStatus, RunSummary, model_title, title};
pub use ways::{Between, Said, Way, alike, between, seeds, way};

use super::TrainError;
use super::checkpoint;
use super::config::RunConfig;
use super::event::TrainEvent;
use super::kept::KeptEvaluation;
use crate::files;
use crate::model::kept;
pub use lock::is_held;
use lock::{LOCK, lock};
use log::Log;
pub(super) use names::{ADAPTER, MODEL};
/// What became of the runs of a sweep, in the folder that holds theirs.
pub const TRIALS: &str = names::TRIALS;
use names::{CHECKPOINT, CONFIG, DATA, EVALUATION, EVENTS, MANIFEST, ORDERS};
pub use names::{fold_folder, fold_in};
use summary::SUMMARY;

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
            | Self::Unfroze { step, .. }
            | Self::Order { step, .. }
            | Self::Probe { step, .. } => *step,
            Self::Finished(ending) | Self::Stopped(ending) | Self::Failed(ending) => ending.step,
        }
    }
}

/// The step that a run can be resumed from once it has told this.
pub fn goes_on_from(event: &TrainEvent) -> Option<u64> {
    match event {
        TrainEvent::Checkpoint { step, path } if checkpoint::is_one(path) => Some(*step),
        TrainEvent::Resumed { step, .. } => Some(*step),
        _ => None,
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
    let evaluation = kept_evaluation(dir).unwrap_or_else(|reason| {
        problems.push(format!("{} cannot be read: {reason}", dir.join(EVALUATION).display()));
        None
    });
    let summary = with_checkpoint(RunSummary::of(dir, &config, &log.events));
    Ok(ReadRun { summary, config, events: log.events, evaluation, problems })
}

/// The evaluation that is kept with a run, where there is one; or why it cannot be read.
pub fn kept_evaluation(dir: &Path) -> Result<Option<Arc<KeptEvaluation>>, String> {
    match files::read_note(&dir.join(EVALUATION)) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Arc::new).map(Some).map_err(|error| error.to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// The runs in a folder, newest first, and those of its sweeps. What is no run is passed over.
pub fn find(folder: &Path) -> Vec<RunSummary> {
    find_with(folder, &[])
}

/// The same with those of sweeps that lie elsewhere.
pub fn find_with(folder: &Path, sweeps: &[PathBuf]) -> Vec<RunSummary> {
    let all: BTreeSet<PathBuf> =
        entries(folder).into_iter().chain(sweeps.iter().cloned()).flat_map(with_trials).collect();
    let dirs = all.into_iter().filter(|dir| dir.join(CONFIG).is_file());
    let mut runs: Vec<RunSummary> = dirs.filter_map(|dir| RunSummary::read(&dir).ok().map(with_checkpoint)).collect();
    runs.sort_by(|a, b| b.started.cmp(&a.started).then_with(|| b.name.cmp(&a.name)));
    runs
}

/// How the run in a folder stands; `None` where there is none.
pub fn status(dir: &Path) -> Option<RunStatus> {
    dir.join(CONFIG).is_file().then(|| RunSummary::read(dir).ok().map(|run| run.status))?
}

/// A folder with those of the trials below it. A trial may be a run in folds, which has its own.
fn with_trials(dir: PathBuf) -> Vec<PathBuf> {
    let trials = if dir.join(TRIALS).is_file() { entries(&dir) } else { Vec::new() };
    std::iter::once(dir).chain(trials.into_iter().flat_map(with_trials)).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn with_checkpoint(run: RunSummary) -> RunSummary {
    let states = kept::states(&run.dir);
    RunSummary { checkpoint: checkpoint::newest_step(&run.dir.join(CHECKPOINT)), states, ..run }
}

/// The model folder that is meant by a folder: of a run that of its model, of any other itself.
pub fn model_folder(dir: &Path) -> PathBuf {
    if dir.join(CONFIG).is_file() { dir.join(MODEL) } else { dir.to_owned() }
}

/// Removes a run's folder; anything that is not one is left alone.
pub fn delete(dir: &Path) -> Result<(), TrainError> {
    let unwritable = |source| TrainError::Unwritable { path: dir.to_owned(), source };
    let folds = kept_config(dir).map_or(0, |config| config.run.folds);
    if !dir.join(CONFIG).is_file() || !(dir.join(EVENTS).is_file() || folds > 0) {
        return Err(unwritable(std::io::Error::other("this folder holds no run, so nothing was deleted")));
    }
    drop(lock(dir)?);
    if folds > 0 {
        delete_folds(dir, folds)?;
    }
    for name in [CONFIG, EVENTS, DATA, SUMMARY, EVALUATION, MANIFEST, LOCK] {
        if dir.join(name).exists() {
            std::fs::remove_file(dir.join(name)).map_err(unwritable)?;
        }
    }
    let begun = entries(dir).into_iter().filter(|path| path.file_name().is_some_and(files::is_begun));
    for path in scalars::files(dir).into_iter().chain(begun) {
        std::fs::remove_file(path).map_err(unwritable)?;
    }
    for name in [MODEL, ADAPTER, CHECKPOINT, ORDERS, folder::STAGE] {
        if dir.join(name).exists() {
            std::fs::remove_dir_all(dir.join(name)).map_err(unwritable)?;
        }
    }
    let states = kept::states_folder(dir);
    if states.exists() {
        std::fs::remove_dir_all(states).map_err(unwritable)?;
    }
    // What a person put beside the run stays, and then so does the folder.
    match std::fs::remove_dir(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::DirectoryNotEmpty => Err(unwritable(error)),
        _ => Ok(()),
    }
}

/// Removes the runs of the folds, and what they were started from.
fn delete_folds(dir: &Path, folds: u32) -> Result<(), TrainError> {
    let unwritable = |source| TrainError::Unwritable { path: dir.to_owned(), source };
    for fold in (1..=folds).map(|number| dir.join(fold_folder(number))).filter(|fold| fold.exists()) {
        delete(&fold)?;
    }
    for name in [names::HELD_OUT_LINES, names::HELD_OUT_TABLE, TRIALS] {
        files::remove_file(&dir.join(name)).map_err(unwritable)?;
    }
    files::remove_folder(&dir.join(names::STARTED_FROM)).map_err(unwritable)
}

#[cfg(test)]
mod tests;
