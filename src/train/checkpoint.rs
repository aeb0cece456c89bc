//! Everything a run needs to go on as if it had never stopped: the weights it trains, both moments of each, how often
//! each was updated, and the best so far.
//!
//! What a step draws from chance, its rate and its place in the data are functions of the step and are not kept. A
//! checkpoint is a folder `step-000000120`, written under another name, brought to the disk and renamed, so that it is
//! whole or absent; the two newest stay. It shares no file with anything else, and a manifest has the size and the SHA-256
//! of each: a checkpoint that does not add up is passed over for the one before it. Weights that are never trained are not
//! in it; a sum tells whether the model still has them.

mod earlier;
mod read;
mod sum;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use read::{Checkpoint, ReadBest, Told, newest};

use super::companion::Companion;
use super::kept::KeptEvaluation;
use super::optimizer::Optimizer;
use super::orders::Followed;
use super::{Prepared, TrainError};
use crate::files::{self, Sums};
use crate::metrics::Evaluation;
use crate::model::files::write_safetensors;
use crate::model::{Model, ModelError, Param};

/// Raised when what is written changes its meaning; then `earlier.rs` learns to read what was written until now.
const FORMAT: u32 = 2;
/// Checkpoints that stay: the newest, and one more in case the disk damages it.
const KEPT: usize = 2;
const STATE: &str = "state.json";
const TENSORS: &str = "state.safetensors";
const BEST: &str = "best.safetensors";
const EVALUATION: &str = "evaluation.json";
const MANIFEST: &str = "manifest.json";
/// A folder that is being written.
const UNFINISHED: &str = ".unfinished";
const PREFIX: &str = "step-";

/// Weights by their names.
pub type Weights = BTreeMap<String, Tensor>;

/// The best weights so far: those of all that training can change, a companion's with them.
pub struct Best {
    pub step: u64,
    pub value: f64,
    pub weights: Weights,
    pub evaluation: Evaluation,
    /// The report as it was written, where it comes from a checkpoint: numbers that are read from JSON and written again
    /// may end in another digit.
    pub report: Option<Vec<u8>>,
}

/// Where a run is, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Updates done.
    pub step: u64,
    pub audited: bool,
    /// Updates in a row that were not finite.
    pub not_finite: u32,
    /// Evaluations since the best.
    pub without_gain: u32,
    pub evaluated_at: Option<u64>,
    /// Blocks that were frozen at first and are trained now.
    pub thawed: usize,
    /// How far what was ordered was followed.
    #[serde(default)]
    pub orders: Followed,
    /// Seconds that the run has taken.
    pub seconds: f64,
    pub peak_memory_bytes: u64,
}

/// A run between two updates, as it is written. Nothing in it is a copy.
pub struct Snapshot<'a> {
    pub progress: Progress,
    pub model: &'a Model,
    pub companion: Option<&'a dyn Companion>,
    pub optimizer: &'a Optimizer,
    pub best: Option<&'a Best>,
    pub data: &'a Prepared,
    pub sums: &'a DataSums,
}

/// What a checkpoint is told by the folder it is written for.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// The text of the run's configuration.
    pub config: &'a str,
    /// Length of the log up to here.
    pub log_bytes: u64,
}

/// What tells data and tokenizer from others.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSums {
    examples: u64,
    tokenizer: String,
}

impl DataSums {
    pub fn of(data: &Prepared) -> Result<Self, TrainError> {
        let parts =
            data.tokenizer.files().into_iter().map(|(name, bytes)| format!("{name} {}\n", files::sha256(&bytes)));
        let tokenizer = files::sha256(parts.collect::<String>().as_bytes());
        Ok(Self { examples: sum::fingerprint(data)?, tokenizer })
    }
}

/// What must be the same for a run to go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Fingerprint {
    train: usize,
    eval: usize,
    data: u64,
    /// The weights that are not trained.
    frozen: u64,
    /// SHA-256 of what the tokenizer writes, and of the model's configuration.
    tokenizer: String,
    config: String,
    /// What tells what stands beside the model from others, by name.
    #[serde(flatten)]
    companions: BTreeMap<String, String>,
}

impl Fingerprint {
    /// `trained` names the weights that a checkpoint holds; all others must be as they were.
    fn of(data: &Prepared, sums: &DataSums, model: &Model, companion: Option<Named>, trained: &Updates) -> Self {
        Self {
            train: data.train.len(),
            eval: data.eval.len(),
            data: sums.examples,
            frozen: sum::of_frozen(model, |param| trained.contains_key(&param.name)),
            tokenizer: sums.tokenizer.clone(),
            config: sum_of_config(&model.config.raw),
            companions: companion.into_iter().map(|(name, sum)| (name.to_owned(), sum)).collect(),
        }
    }
}

/// A companion's name and sum.
type Named = (&'static str, String);

/// Tells a model from others by its configuration and all its weights.
pub(super) fn sum_of_model(model: &Model) -> String {
    format!("{} {:016x}", sum_of_config(&model.config.raw), sum::of_frozen(model, |_| false))
}

pub(super) fn sum_of_config(raw: &Map<String, Value>) -> String {
    files::sha256(Value::Object(raw.clone()).to_string().as_bytes())
}

#[derive(Serialize, Deserialize)]
struct State {
    format: u32,
    progress: Progress,
    /// As in `run.toml`, which a person may change.
    config: String,
    fingerprint: Fingerprint,
    /// Length of the log when this was written.
    log_bytes: u64,
    /// Updates of each weight.
    updates: Updates,
    best: Option<BestState>,
}

/// Numbers as their bits, because JSON does not keep all of them.
#[derive(Serialize, Deserialize)]
struct BestState {
    step: u64,
    value: u64,
    metrics: BTreeMap<String, u64>,
}

type Updates = BTreeMap<String, u64>;

/// Numbers of a weight that a checkpoint holds.
#[derive(Clone, Copy)]
enum Part {
    Weights,
    First,
    Second,
}

impl Part {
    fn name(self, weight: &str) -> String {
        match self {
            Self::Weights => weight.to_owned(),
            Self::First => format!("{weight}.exp_avg"),
            Self::Second => format!("{weight}.exp_avg_sq"),
        }
    }
}

/// All that the optimizer updates, in its order; after the model come the weights of what learns along, under names of
/// their own.
fn named(optimizer: &Optimizer) -> Vec<(String, Arc<Param>)> {
    optimizer.rules().map(|(param, _)| (param.name.clone(), param.clone())).collect()
}

/// Writes a checkpoint into `folder` and returns where it is. `report` is what is told of the best weights.
pub fn write(
    folder: &Path,
    snapshot: &Snapshot<'_>,
    beside: Beside<'_>,
    report: impl FnOnce(&Best) -> KeptEvaluation,
) -> Result<PathBuf, TrainError> {
    let unfinished = folder.join(UNFINISHED);
    let place = folder.join(name_of(snapshot.progress.step));
    let written = write_files(&unfinished, snapshot, beside, report).and_then(|()| {
        files::remove_folder(&place).map_err(at(&place))?;
        files::rename(&unfinished, &place).map_err(at(&place))?;
        files::sync_folder(folder).map_err(at(folder))
    });
    if let Err(error) = written {
        // What is half written only takes room; the checkpoint before it is untouched.
        files::remove_folder(&unfinished).ok();
        return Err(error);
    }
    for (_, old) in steps(folder).into_iter().skip(KEPT) {
        // One that stays takes room as well, until the next checkpoint.
        files::remove_folder(&old).ok();
    }
    Ok(place)
}

fn write_files(
    folder: &Path,
    snapshot: &Snapshot<'_>,
    beside: Beside<'_>,
    report: impl FnOnce(&Best) -> KeptEvaluation,
) -> Result<(), TrainError> {
    files::remove_folder(folder).map_err(at(folder))?;
    files::create_folders(folder).map_err(at(folder))?;
    let updates = write_tensors(&folder.join(TENSORS), snapshot)?;
    if let Some(best) = snapshot.best {
        write_weights(&folder.join(BEST), &best.weights)?;
        write_report(&folder.join(EVALUATION), best, report)?;
    }
    let companion = snapshot.companion.map(|companion| (companion.name(), companion.sum()));
    let state = State {
        format: FORMAT,
        progress: snapshot.progress.clone(),
        config: beside.config.to_owned(),
        fingerprint: Fingerprint::of(snapshot.data, snapshot.sums, snapshot.model, companion, &updates),
        log_bytes: beside.log_bytes,
        updates,
        best: snapshot.best.map(|best| BestState {
            step: best.step,
            value: best.value.to_bits(),
            metrics: best.evaluation.metrics.iter().map(|(key, value)| (key.clone(), value.to_bits())).collect(),
        }),
    };
    write_json(&folder.join(STATE), &state)?;
    let sums = Sums::of(folder).map_err(|source| TrainError::Unreadable { path: folder.to_owned(), source })?;
    write_json(&folder.join(MANIFEST), &sums)?;
    files::sync_folder(folder).map_err(at(folder))
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), TrainError> {
    files::write_atomically(path, |file| serde_json::to_writer(file, value).map_err(Into::into)).map_err(at(path))
}

/// Writes what is told of the best weights: again as it was read, where it was.
pub(super) fn write_report(
    path: &Path,
    best: &Best,
    report: impl FnOnce(&Best) -> KeptEvaluation,
) -> Result<(), TrainError> {
    match &best.report {
        Some(bytes) => files::write_atomically(path, |file| file.write_all(bytes)).map_err(at(path)),
        None => write_json(path, &report(best)),
    }
}

fn write_tensors(path: &Path, snapshot: &Snapshot<'_>) -> Result<Updates, TrainError> {
    let mut list = Vec::new();
    let mut places = Vec::new();
    let mut updates = Updates::new();
    let params = named(snapshot.optimizer);
    for (index, (name, param)) in params.iter().enumerate().filter(|(_, (_, param))| param.trainable()) {
        let count = snapshot.optimizer.updates(index);
        updates.insert(name.clone(), count);
        let parts: &[Part] = if count > 0 { &[Part::Weights, Part::First, Part::Second] } else { &[Part::Weights] };
        for part in parts {
            list.push((part.name(name), param.shape().to_vec()));
            places.push((index, *part));
        }
    }
    write_safetensors(path, &list, |place| {
        let (index, part) = places[place];
        Ok(match part {
            Part::Weights => params[index].1.var().flatten_all()?.to_vec1::<f32>()?,
            Part::First => snapshot.optimizer.moments(index)?.map(|[first, _]| first).unwrap_or_default(),
            Part::Second => snapshot.optimizer.moments(index)?.map(|[_, second]| second).unwrap_or_default(),
        })
    })
    .map_err(ModelError::from)?;
    Ok(updates)
}

fn write_weights(path: &Path, weights: &Weights) -> Result<(), TrainError> {
    let (tensors, list): (Vec<_>, Vec<_>) =
        weights.iter().map(|(name, tensor)| (tensor, (name.clone(), tensor.dims().to_vec()))).unzip();
    write_safetensors(path, &list, |place| Ok(tensors[place].flatten_all()?.to_vec1::<f32>()?))
        .map_err(|error| ModelError::from(error).into())
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> TrainError + use<> {
    let path = path.to_owned();
    move |source| TrainError::Unwritable { path: path.clone(), source }
}

fn name_of(step: u64) -> String {
    format!("{PREFIX}{step:09}")
}

/// Whether a path is that of a checkpoint.
pub(super) fn is_one(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX))
}

/// The checkpoints in a folder, newest first, whole or not.
fn steps(folder: &Path) -> Vec<(u64, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<(u64, PathBuf)> = entries
        .filter_map(|entry| {
            let step = entry.file_name().to_str()?.strip_prefix(PREFIX)?.parse().ok()?;
            Some((step, entry.path()))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found
}

/// The step of the newest checkpoint, by its name alone.
pub fn newest_step(folder: &Path) -> Option<u64> {
    steps(folder).first().map(|(step, _)| *step)
}
