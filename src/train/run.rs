//! A run's folder: `run.toml`, `events.jsonl`, `summary.json`, `evaluation.json`, `model/`, which transformers opens,
//! `adapter/` where adapters were trained,
//! `manifest.json` with the sums of what was kept, and `checkpoint/` while the run is not finished.

mod adapter;
mod compare;
mod folder;
mod history;
mod lock;
mod log;
mod names;
mod record;
mod reopen;
mod scalars;
mod settings;
mod summary;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use compare::{Compared, Comparison, Difference, Pair, SEED as RESAMPLING_SEED, compare};
pub use folder::{RunFolder, damage};
pub use history::{History, Point};
pub use record::Recorder;
pub use reopen::{Opened, as_it_began, check_folder, kept_config, open};
pub use summary::{RunStatus, RunSummary};

use super::TrainError;
use super::checkpoint;
use super::config::RunConfig;
use super::event::TrainEvent;
use super::kept::KeptEvaluation;
pub use lock::is_held;
use lock::{LOCK, lock};
use log::Log;
pub(super) use names::MODEL;
/// What became of the runs of a sweep, in the folder that holds theirs.
pub const TRIALS: &str = names::TRIALS;
use names::{ADAPTER, CHECKPOINT, CONFIG, DATA, EVALUATION, EVENTS, MANIFEST};
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
    let evaluation = match crate::files::read_note(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Arc::new).map_err(|error| error.to_string()).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    };
    let evaluation = evaluation.unwrap_or_else(|reason| {
        problems.push(format!("{} cannot be read: {reason}", path.display()));
        None
    });
    let summary = with_checkpoint(RunSummary::of(dir, &config, &log.events));
    Ok(ReadRun { summary, config, events: log.events, evaluation, problems })
}

/// The runs in a folder, newest first, and those of its sweeps. What is no run is passed over.
pub fn find(folder: &Path) -> Vec<RunSummary> {
    let of_sweep = |dir: PathBuf| if dir.join(TRIALS).is_file() { entries(&dir) } else { vec![dir] };
    let dirs = entries(folder).into_iter().flat_map(of_sweep).filter(|dir| dir.join(CONFIG).is_file());
    let mut runs: Vec<RunSummary> = dirs.filter_map(|dir| RunSummary::read(&dir).ok().map(with_checkpoint)).collect();
    runs.sort_by(|a, b| b.started.cmp(&a.started).then_with(|| b.name.cmp(&a.name)));
    runs
}

/// How the run in a folder stands; `None` where there is none.
pub fn status(dir: &Path) -> Option<RunStatus> {
    dir.join(CONFIG).is_file().then(|| RunSummary::read(dir).ok().map(|run| run.status))?
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn with_checkpoint(run: RunSummary) -> RunSummary {
    RunSummary { checkpoint: checkpoint::newest_step(&run.dir.join(CHECKPOINT)), ..run }
}

/// The model folder that is meant by a folder: of a run that of its model, of any other itself.
pub fn model_folder(dir: &Path) -> PathBuf {
    if dir.join(CONFIG).is_file() { dir.join(MODEL) } else { dir.to_owned() }
}

/// Removes a run's folder; anything that is not one is left alone.
pub fn delete(dir: &Path) -> Result<(), TrainError> {
    let unwritable = |source| TrainError::Unwritable { path: dir.to_owned(), source };
    if !dir.join(CONFIG).is_file() || !dir.join(EVENTS).is_file() {
        return Err(unwritable(std::io::Error::other("this folder holds no run, so nothing was deleted")));
    }
    drop(lock(dir)?);
    for name in [CONFIG, EVENTS, DATA, SUMMARY, EVALUATION, MANIFEST, LOCK] {
        if dir.join(name).exists() {
            std::fs::remove_file(dir.join(name)).map_err(unwritable)?;
        }
    }
    let begun = entries(dir).into_iter().filter(|path| path.file_name().is_some_and(crate::files::is_begun));
    for path in scalars::files(dir).into_iter().chain(begun) {
        std::fs::remove_file(path).map_err(unwritable)?;
    }
    for name in [MODEL, ADAPTER, CHECKPOINT, folder::STAGE] {
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

#[cfg(test)]
mod tests;
