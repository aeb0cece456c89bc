//! A run's folder: `run.toml`, `events.jsonl`, `evaluation.json`, `model/`, which transformers opens, and `checkpoint/`
//! while the run is not finished.

mod reopen;

use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

pub use reopen::{Opened, check_folder, kept_config, open, with_kept_columns};

use super::assess::texts;
use super::checkpoint::{self, Best, KeptFiles, Snapshot};
use super::config::RunConfig;
use super::event::TrainEvent;
use super::trainer::{Listener, Models};
use super::{Prepared, TrainError, generator};
use crate::files::{self, LineLog};
use crate::metrics::{Evaluation, Measure};
use crate::model::Decisions;
use crate::task::Task;

const CONFIG: &str = "run.toml";
const EVENTS: &str = "events.jsonl";
const EVALUATION: &str = "evaluation.json";
pub(super) const MODEL: &str = "model";
const WEIGHTS: &str = "model.safetensors";
const CHECKPOINT: &str = "checkpoint";
/// Held by the process that writes the folder, and let go by the system when it dies.
const LOCK: &str = ".lock";
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

/// The evaluation kept with a run, with the texts it speaks of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptEvaluation {
    pub step: u64,
    pub evaluation: Evaluation,
    /// First text and pair of every evaluated example, in the order of the predictions.
    pub texts: Vec<(String, Option<String>)>,
}

/// A folder being written by a run.
pub struct RunFolder {
    dir: PathBuf,
    log: LineLog,
    /// The step whose weights and evaluation the folder has.
    kept: Option<u64>,
    _lock: Option<Lock>,
}

impl RunFolder {
    /// Makes the folder; one that already holds a run is refused.
    pub fn create(config: &RunConfig) -> Result<Self, TrainError> {
        let dir = config.run.out.clone();
        if is_taken(&dir) {
            return Err(TrainError::FolderTaken { path: dir });
        }
        let unwritable = |source| TrainError::Unwritable { path: dir.clone(), source };
        std::fs::create_dir_all(dir.join(MODEL)).map_err(unwritable)?;
        let lock = lock(&dir)?;
        let mut kept = config.clone();
        absolute(&mut kept);
        let text = toml::to_string_pretty(&kept)
            .map_err(|error| TrainError::ConfigSyntax { path: dir.join(CONFIG), reason: error.to_string() })?;
        files::write_atomically(&dir.join(CONFIG), |file| file.write_all(text.as_bytes())).map_err(unwritable)?;
        let log = LineLog::open(&dir.join(EVENTS)).map_err(unwritable)?;
        Ok(Self { dir, log, kept: None, _lock: lock })
    }

    pub fn model_dir(&self) -> PathBuf {
        self.dir.join(MODEL)
    }

    fn generator_weights(&self) -> PathBuf {
        self.model_dir().join(generator::FOLDER).join(WEIGHTS)
    }

    /// Appends an event; a full disk must not end a run, so the caller tells the person and goes on.
    pub fn append(&mut self, event: &TrainEvent) -> Result<(), TrainError> {
        let unwritable = |source| TrainError::Unwritable { path: self.dir.join(EVENTS), source };
        let line = serde_json::to_string(event).map_err(|error| unwritable(error.into()))?;
        self.log.append(&line).map_err(unwritable)
    }

    /// Writes weights, configuration and tokenizer, and the evaluation that made them the best.
    pub fn keep(
        &mut self,
        models: Models<'_>,
        data: &Prepared,
        step: u64,
        evaluation: Option<&Evaluation>,
    ) -> Result<(), TrainError> {
        let dir = self.model_dir();
        self.kept = None;
        // What was decided for other weights says nothing of these.
        Decisions::default().write(&dir)?;
        models.model.save(&dir)?;
        data.tokenizer.save(&dir)?;
        if let Some(generator) = models.generator {
            data.tokenizer.save(&generator.save(&dir)?)?;
        }
        let Some(evaluation) = evaluation else {
            return Ok(());
        };
        let kept = kept_evaluation(data, step, evaluation);
        let path = self.dir.join(EVALUATION);
        files::write_atomically(&path, |file| serde_json::to_writer(file, &kept).map_err(Into::into))
            .map_err(|source| TrainError::Unwritable { path, source })?;
        self.kept = Some(step);
        Ok(())
    }

    /// Writes all that the run needs to go on from here.
    pub fn save(&self, snapshot: &Snapshot<'_>) -> Result<PathBuf, TrainError> {
        let unwritable = |source| TrainError::Unwritable { path: self.dir.join(EVENTS), source };
        self.log.sync().map_err(unwritable)?;
        let log_bytes = self.log.length().map_err(unwritable)?;
        let generator = self.generator_weights();
        let files = KeptFiles {
            model: self.model_dir().join(WEIGHTS),
            evaluation: self.dir.join(EVALUATION),
            generator: generator.is_file().then_some(generator),
        };
        let is_kept = |best: &&Best| self.kept == Some(best.step);
        let kept = snapshot.best.filter(is_kept).map(|_| &files);
        checkpoint::write(&self.dir.join(CHECKPOINT), snapshot, log_bytes, kept, |best| {
            kept_evaluation(snapshot.data, best.step, &best.evaluation)
        })
    }

    /// A finished run needs no checkpoint.
    fn discard_checkpoints(&self) -> Result<(), TrainError> {
        let path = self.dir.join(CHECKPOINT);
        self.log.sync().map_err(|source| TrainError::Unwritable { path: self.dir.join(EVENTS), source })?;
        match std::fs::remove_dir_all(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(TrainError::Unwritable { path, source })
            }
            _ => Ok(()),
        }
    }
}

fn is_taken(dir: &Path) -> bool {
    dir.join(EVENTS).exists() || dir.join(CONFIG).exists()
}

/// A lock on a folder. It is let go by name: a process that is being started elsewhere in this program holds copies of all
/// open files for a moment, and with them a lock that was only closed.
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.unlock().ok();
    }
}

/// Two processes must not write one run. Where the file system knows no locks there is none.
fn lock(dir: &Path) -> Result<Option<Lock>, TrainError> {
    let path = dir.join(LOCK);
    let file = File::create(&path).map_err(|source| TrainError::Unwritable { path, source })?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(std::fs::TryLockError::WouldBlock) => Err(TrainError::Busy { path: dir.to_owned() }),
        Err(std::fs::TryLockError::Error(_)) => Ok(None),
    }
}

fn kept_evaluation(data: &Prepared, step: u64, evaluation: &Evaluation) -> KeptEvaluation {
    let texts = data.eval_data.as_deref().map_or_else(Vec::new, |data| texts(data, evaluation));
    KeptEvaluation { step, evaluation: evaluation.clone(), texts }
}

/// Paths in the kept configuration mean the same from everywhere.
fn absolute(config: &mut RunConfig) {
    let fix = |path: &mut PathBuf| {
        if let Ok(whole) = std::path::absolute(&*path) {
            *path = whole;
        }
    };
    fix(&mut config.data.train);
    config.data.eval.iter_mut().for_each(fix);
    config.model.path.iter_mut().for_each(fix);
    fix(&mut config.run.out);
}

/// A listener that writes the run's folder and passes everything on.
pub struct Recorder<'a> {
    pub folder: RunFolder,
    pub data: &'a Prepared,
    pub on_event: &'a mut dyn FnMut(TrainEvent),
    pub on_pause: &'a mut dyn FnMut() -> ControlFlow<()>,
    /// Whether `on_pause` will wait.
    pub is_paused: &'a dyn Fn() -> bool,
}

impl Listener for Recorder<'_> {
    fn hear(&mut self, event: TrainEvent) {
        let step = event.step();
        let finished = matches!(event, TrainEvent::Finished(_));
        let failed = self.folder.append(&event).err();
        (self.on_event)(event);
        let discarded = if finished && failed.is_none() { self.folder.discard_checkpoints() } else { Ok(()) };
        if let Some(error) = failed.or(discarded.err()) {
            (self.on_event)(TrainEvent::Warning { step, message: error.to_string() });
        }
    }

    fn go_on(&mut self) -> ControlFlow<()> {
        (self.on_pause)()
    }

    fn holds(&mut self) -> bool {
        (self.is_paused)()
    }

    fn checkpoint(&mut self, snapshot: &Snapshot<'_>) {
        let step = snapshot.progress.step;
        match self.folder.save(snapshot) {
            Ok(path) => self.hear(TrainEvent::Checkpoint { step, path }),
            // The run is not worse off than before; it is tried again when the next one is due.
            Err(error) => {
                self.hear(TrainEvent::Warning { step, message: format!("could not write a checkpoint: {error}") });
            }
        }
    }

    fn keep(&mut self, models: Models<'_>, step: u64, evaluation: Option<&Evaluation>) -> Result<(), TrainError> {
        match self.folder.keep(models, self.data, step, evaluation) {
            Ok(()) => self.hear(TrainEvent::Checkpoint { step, path: self.folder.model_dir() }),
            // The weights are still in memory, so the run goes on; the person is told at once.
            Err(error) => {
                self.hear(TrainEvent::Warning { step, message: format!("could not keep the weights: {error}") });
            }
        }
        Ok(())
    }
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
}

/// Reads a run's folder. A last line that was cut off is left out.
pub fn read(dir: &Path) -> Result<ReadRun, TrainError> {
    let config = RunConfig::read(&dir.join(CONFIG))?;
    let events = read_events(dir)?;
    let evaluation = std::fs::read(dir.join(EVALUATION)).ok();
    let evaluation = evaluation.and_then(|bytes| serde_json::from_slice(&bytes).ok()).map(Arc::new);
    Ok(ReadRun { summary: summary(dir, &config, &events), config, events, evaluation })
}

fn read_events(dir: &Path) -> Result<Vec<TrainEvent>, TrainError> {
    let path = dir.join(EVENTS);
    let text = std::fs::read_to_string(&path).map_err(|source| TrainError::Unreadable { path, source })?;
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// The runs in a folder, newest first. What is no run is passed over.
pub fn find(folder: &Path) -> Vec<RunSummary> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut runs: Vec<RunSummary> = entries
        .filter(|entry| entry.path().join(CONFIG).is_file())
        .filter_map(|entry| {
            let dir = entry.path();
            let config = RunConfig::read(&dir.join(CONFIG)).ok()?;
            Some(summary(&dir, &config, &read_events(&dir).unwrap_or_default()))
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
    for name in [CONFIG, EVENTS, EVALUATION, LOCK] {
        if dir.join(name).exists() {
            std::fs::remove_file(dir.join(name)).map_err(unwritable)?;
        }
    }
    for name in [MODEL, CHECKPOINT] {
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
    let name = |path: &Path| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let model = config.model.name.clone().or_else(|| config.model.path.as_deref().map(name)).unwrap_or_default();
    RunSummary {
        name: name(dir),
        task: config.task,
        model,
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
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_let_go_is_free_though_a_copy_of_its_file_is_open() {
        let dir = tempfile::tempdir().unwrap();
        let held = lock(dir.path()).unwrap().expect("this file system knows locks");
        let copy = held.0.try_clone().unwrap();
        assert!(matches!(lock(dir.path()), Err(TrainError::Busy { .. })));
        drop(held);
        assert!(lock(dir.path()).unwrap().is_some());
        drop(copy);
    }
}
