//! Everything a run needs to go on as if it had never stopped: the weights it trains, both moments of each, how often
//! each was updated, and the best so far.
//!
//! What a step draws from chance, its rate and its place in the data are functions of the step and are not kept. A
//! checkpoint is a folder `step-000000120`, written under another name, brought to the disk and renamed, so that it is
//! whole or absent; the two newest stay. Every tensor has a sum, and a checkpoint that does not add up is passed over for
//! the one before it. The best weights are a link to the model's file where that holds them, and cost nothing then.

mod sum;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

pub use sum::fingerprint;
use sum::{sum, sum_bytes};

use super::optimizer::Optimizer;
use super::run::KeptEvaluation;
use super::{Prepared, TrainError};
use crate::files;
use crate::metrics::Evaluation;
use crate::model::files::{TensorFiles, write_safetensors};
use crate::model::{Model, ModelError, Param, Params};
use crate::random::mix;

/// Raised when what is written changes its meaning.
const FORMAT: u32 = 1;
/// Checkpoints that stay: the newest, and one more in case the disk damages it.
const KEPT: usize = 2;
const STATE: &str = "state.json";
const TENSORS: &str = "state.safetensors";
const BEST: &str = "best.safetensors";
/// The generator that stood beside the best weights.
const GENERATOR: &str = "best-generator.safetensors";
const EVALUATION: &str = "evaluation.json";
/// A folder that is being written.
const UNFINISHED: &str = ".unfinished";
const PREFIX: &str = "step-";

/// The best weights so far: those of the parameters that training can change.
pub struct Best {
    pub step: u64,
    pub value: f64,
    pub weights: Vec<Option<Tensor>>,
    pub evaluation: Evaluation,
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
    /// Seconds that the run has taken.
    pub seconds: f64,
    pub peak_memory_bytes: u64,
}

/// A run between two updates, as it is written. Nothing in it is a copy.
pub struct Snapshot<'a> {
    pub progress: Progress,
    pub model: &'a Model,
    pub optimizer: &'a Optimizer,
    pub best: Option<&'a Best>,
    pub data: &'a Prepared,
    /// The sum of the data, from [`fingerprint`].
    pub fingerprint: u64,
}

/// What must be the same for a run to go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Fingerprint {
    train: usize,
    eval: usize,
    data: u64,
    /// The weights that are not trained.
    frozen: u64,
}

#[derive(Serialize, Deserialize)]
struct State {
    format: u32,
    progress: Progress,
    fingerprint: Fingerprint,
    /// Length of the log when this was written.
    log_bytes: u64,
    /// Updates of each weight.
    updates: BTreeMap<String, u64>,
    sums: BTreeMap<String, u64>,
    best: Option<BestState>,
}

/// Numbers as their bits, because JSON does not keep all of them.
#[derive(Serialize, Deserialize)]
struct BestState {
    step: u64,
    value: u64,
    metrics: BTreeMap<String, u64>,
    /// By the names of the model's file.
    sums: BTreeMap<String, u64>,
    evaluation: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generator: Option<u64>,
}

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

/// All that the optimizer updates, in its order; after the model come the weights of a generator that learns along, under
/// names of their own.
fn named(optimizer: &Optimizer) -> Vec<(String, Arc<Param>)> {
    optimizer.rules().map(|(param, _)| (param.name.clone(), param.clone())).collect()
}

/// Writes a checkpoint into `folder` and returns where it is. `kept` is the model's folder if it has the best weights,
/// `evaluation` what is written of them otherwise, and `log_bytes` the length of the log up to here.
pub fn write(
    folder: &Path,
    snapshot: &Snapshot<'_>,
    log_bytes: u64,
    kept: Option<&KeptFiles>,
    evaluation: impl FnOnce(&Best) -> KeptEvaluation,
) -> Result<PathBuf, TrainError> {
    let unfinished = folder.join(UNFINISHED);
    let place = folder.join(name_of(snapshot.progress.step));
    let written = (|| {
        remove(&unfinished)?;
        fs::create_dir_all(&unfinished).map_err(at(&unfinished))?;
        let (updates, sums) = write_tensors(&unfinished.join(TENSORS), snapshot)?;
        let best =
            snapshot.best.map(|best| write_best(&unfinished, snapshot.model, best, kept, evaluation)).transpose()?;
        let state = State {
            format: FORMAT,
            progress: snapshot.progress.clone(),
            fingerprint: Fingerprint::of(snapshot.data, snapshot.fingerprint, snapshot.model, &updates),
            log_bytes,
            updates,
            sums,
            best,
        };
        let path = unfinished.join(STATE);
        let text = serde_json::to_string(&state).map_err(|error| at(&path)(error.into()))?;
        // The second line is the sum of the first, so that half a file or a changed letter is seen.
        let lines = format!("{text}\n{:016x}\n", sum_bytes(text.as_bytes()));
        files::write_atomically(&path, |file| file.write_all(lines.as_bytes())).map_err(at(&path))?;
        files::sync_folder(&unfinished).map_err(at(&unfinished))?;
        remove(&place)?;
        fs::rename(&unfinished, &place).map_err(at(&place))?;
        files::sync_folder(folder).map_err(at(folder))
    })();
    if let Err(error) = written {
        // What is half written only takes room; the checkpoint before it is untouched.
        remove(&unfinished).ok();
        return Err(error);
    }
    for (_, old) in steps(folder).into_iter().skip(KEPT) {
        remove(&old)?;
    }
    Ok(place)
}

/// The files of the best weights, where they are on the disk already.
pub struct KeptFiles {
    pub model: PathBuf,
    pub evaluation: PathBuf,
    /// Weights of the generator that was trained along, where there is one.
    pub generator: Option<PathBuf>,
}

type Updates = BTreeMap<String, u64>;
type Sums = BTreeMap<String, u64>;

fn write_tensors(path: &Path, snapshot: &Snapshot<'_>) -> Result<(Updates, Sums), TrainError> {
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
    let mut sums = Sums::new();
    write_safetensors(path, &list, |place| {
        let (index, part) = places[place];
        let values = match part {
            Part::Weights => params[index].1.var().flatten_all()?.to_vec1::<f32>()?,
            Part::First => snapshot.optimizer.moments(index)?.map(|[first, _]| first).unwrap_or_default(),
            Part::Second => snapshot.optimizer.moments(index)?.map(|[_, second]| second).unwrap_or_default(),
        };
        sums.insert(list[place].0.clone(), sum(&values));
        Ok(values)
    })
    .map_err(ModelError::from)?;
    Ok((updates, sums))
}

fn write_best(
    folder: &Path,
    model: &Model,
    best: &Best,
    kept: Option<&KeptFiles>,
    evaluation: impl FnOnce(&Best) -> KeptEvaluation,
) -> Result<BestState, TrainError> {
    let params: Vec<_> = model.params.iter().zip(&best.weights).collect();
    let mut sums = Sums::new();
    for (param, weights) in &params {
        if let Some(weights) = weights {
            sums.insert(param.stored_name.clone(), sum(&weights.flatten_all()?.to_vec1::<f32>()?));
        }
    }
    let (weights_path, evaluation_path) = (folder.join(BEST), folder.join(EVALUATION));
    let mut generator = None;
    if let Some(kept) = kept {
        if let Some(from) = &kept.generator {
            let path = folder.join(GENERATOR);
            link(from, &path)?;
            generator = Some(sum_bytes(&fs::read(&path).map_err(at(&path))?));
        }
        link(&kept.model, &weights_path)?;
        link(&kept.evaluation, &evaluation_path)?;
    } else {
        let list: Vec<_> =
            params.iter().map(|(param, _)| (param.stored_name.clone(), param.shape().to_vec())).collect();
        // Frozen weights, too: this file becomes the model's when the run goes on.
        write_safetensors(&weights_path, &list, |place| {
            let (param, weights) = params[place];
            let weights = weights.as_ref().unwrap_or_else(|| param.var().as_tensor());
            Ok(weights.flatten_all()?.to_vec1::<f32>()?)
        })
        .map_err(ModelError::from)?;
        let kept = evaluation(best);
        files::write_atomically(&evaluation_path, |file| serde_json::to_writer(file, &kept).map_err(Into::into))
            .map_err(at(&evaluation_path))?;
    }
    let bytes = fs::read(&evaluation_path).map_err(at(&evaluation_path))?;
    let metrics = best.evaluation.metrics.iter().map(|(key, value)| (key.clone(), value.to_bits())).collect();
    let evaluation = sum_bytes(&bytes);
    Ok(BestState { step: best.step, value: best.value.to_bits(), metrics, sums, evaluation, generator })
}

/// The same file under a second name. It is replaced by renaming and never written into, so the link keeps what it has;
/// where there are no links it is copied.
pub(super) fn link(from: &Path, to: &Path) -> Result<(), TrainError> {
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(|_| ())).map_err(at(to))
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> TrainError + use<> {
    let path = path.to_owned();
    move |source| TrainError::Unwritable { path: path.clone(), source }
}

fn remove(folder: &Path) -> Result<(), TrainError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(folder)(error)),
        _ => Ok(()),
    }
}

fn name_of(step: u64) -> String {
    format!("{PREFIX}{step:09}")
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

/// A checkpoint that was read and adds up.
pub struct Checkpoint {
    dir: PathBuf,
    state: State,
    tensors: TensorFiles,
    best: Option<(TensorFiles, KeptEvaluation)>,
    /// Newer checkpoints that are damaged, and how.
    pub damaged: Vec<(PathBuf, String)>,
}

impl std::fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checkpoint")
            .field("dir", &self.dir)
            .field("progress", &self.state.progress)
            .finish_non_exhaustive()
    }
}

/// The newest checkpoint that is whole; `None` where none was written. That all are damaged is an error, because going
/// on from nothing would throw away what a person may still save.
pub fn newest(folder: &Path) -> Result<Option<Checkpoint>, TrainError> {
    let mut damaged = Vec::new();
    for (_, dir) in steps(folder) {
        match Checkpoint::open(&dir) {
            Ok(checkpoint) => return Ok(Some(Checkpoint { damaged, ..checkpoint })),
            Err(reason) => damaged.push((dir, reason)),
        }
    }
    match damaged.into_iter().next() {
        None => Ok(None),
        Some((path, reason)) => Err(TrainError::Damaged { path, reason }),
    }
}

impl Checkpoint {
    fn open(dir: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(dir.join(STATE)).map_err(|error| format!("{STATE}: {error}"))?;
        let (first, rest) = text.split_once('\n').ok_or_else(|| format!("{STATE} is cut off"))?;
        if rest.trim_end() != format!("{:016x}", sum_bytes(first.as_bytes())) {
            return Err(format!("{STATE} has changed since it was written"));
        }
        let state: State = serde_json::from_str(first).map_err(|error| format!("{STATE}: {error}"))?;
        if state.format != FORMAT {
            return Err(format!("it has format {}, expected {FORMAT}", state.format));
        }
        let tensors = open_tensors(&dir.join(TENSORS), &state.sums)?;
        let best = match &state.best {
            None => None,
            Some(best) => {
                let bytes = read_unchanged(dir, EVALUATION, best.evaluation)?;
                if let Some(sum) = best.generator {
                    read_unchanged(dir, GENERATOR, sum)?;
                }
                let files = open_tensors(&dir.join(BEST), &best.sums)?;
                Some((files, read_evaluation(&bytes).map_err(|error| format!("{EVALUATION}: {error}"))?))
            }
        };
        Ok(Self { dir: dir.to_owned(), state, tensors, best, damaged: Vec::new() })
    }

    pub fn progress(&self) -> &Progress {
        &self.state.progress
    }

    pub fn log_bytes(&self) -> u64 {
        self.state.log_bytes
    }

    /// Files of the best weights and their evaluation, with the step they are of.
    pub fn best_files(&self) -> Option<(u64, KeptFiles)> {
        let best = self.state.best.as_ref()?;
        let files = KeptFiles {
            model: self.dir.join(BEST),
            evaluation: self.dir.join(EVALUATION),
            generator: best.generator.map(|_| self.dir.join(GENERATOR)),
        };
        Some((best.step, files))
    }

    /// Refuses data or a model other than those the run began with. `sum` is the data's, from [`fingerprint`].
    pub fn check(&self, data: &Prepared, sum: u64, model: &Model) -> Result<(), TrainError> {
        let (then, now) = (&self.state.fingerprint, Fingerprint::of(data, sum, model, &self.state.updates));
        let path = self.dir.clone();
        if (then.train, then.eval) != (now.train, now.eval) {
            let reason = format!(
                "{} examples to learn from and {} held out then, {} and {} now",
                then.train, then.eval, now.train, now.eval
            );
            return Err(TrainError::DataChanged { path, reason });
        }
        if then.data != now.data {
            let reason = "as many examples, but other texts, labels or tokens".to_owned();
            return Err(TrainError::DataChanged { path, reason });
        }
        if then.frozen != now.frozen {
            return Err(TrainError::ModelChanged { path });
        }
        Ok(())
    }

    /// Puts weights, moments and counts back.
    pub fn restore(&self, optimizer: &mut Optimizer) -> Result<(), TrainError> {
        let read = |name: &str| self.tensors.read_f32(name).map_err(ModelError::from);
        for (index, (name, param)) in named(optimizer).iter().enumerate() {
            let Some(updates) = self.state.updates.get(name) else { continue };
            param.var().set(&tensor(param, read(&Part::Weights.name(name))?, &self.dir)?)?;
            let moments = match updates {
                0 => None,
                _ => Some([read(&Part::First.name(name))?, read(&Part::Second.name(name))?]),
            };
            optimizer.set_moments(index, *updates, moments)?;
        }
        Ok(())
    }

    /// The best weights so far.
    pub fn best(&self, params: &Params) -> Result<Option<Best>, TrainError> {
        let (Some(state), Some((files, kept))) = (&self.state.best, &self.best) else { return Ok(None) };
        let mut weights = Vec::new();
        for param in params.iter() {
            weights.push(if state.sums.contains_key(&param.stored_name) {
                let values = files.read_f32(&param.stored_name).map_err(ModelError::from)?;
                Some(tensor(param, values, &self.dir)?)
            } else {
                None
            });
        }
        let metrics = state.metrics.iter().map(|(key, bits)| (key.clone(), f64::from_bits(*bits))).collect();
        let evaluation = Evaluation { metrics, ..kept.evaluation.clone() };
        Ok(Some(Best { step: state.step, value: f64::from_bits(state.value), weights, evaluation }))
    }
}

/// A file that adds up to what it did when it was written.
fn read_unchanged(dir: &Path, name: &str, sum: u64) -> Result<Vec<u8>, String> {
    let bytes = fs::read(dir.join(name)).map_err(|error| format!("{name}: {error}"))?;
    if sum_bytes(&bytes) == sum { Ok(bytes) } else { Err(format!("{name} has changed since it was written")) }
}

/// Tensors that add up to what they did when they were written.
fn open_tensors(path: &Path, sums: &Sums) -> Result<TensorFiles, String> {
    let tensors = TensorFiles::open_file(path).map_err(|error| error.to_string())?;
    for (name, expected) in sums {
        if sum(&tensors.read_f32(name).map_err(|error| error.to_string())?) != *expected {
            return Err(format!("{name} has changed since it was written"));
        }
    }
    Ok(tensors)
}

/// JSON has no word for a number that is none and writes `null`; the metrics, where it matters, are kept as bits.
fn read_evaluation(bytes: &[u8]) -> serde_json::Result<KeptEvaluation> {
    serde_json::from_slice(bytes).or_else(|_| {
        let mut value = serde_json::from_slice(bytes)?;
        nulls_to_zero(&mut value);
        serde_json::from_value(value)
    })
}

fn nulls_to_zero(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Null => *value = 0.0.into(),
        serde_json::Value::Array(list) => list.iter_mut().for_each(nulls_to_zero),
        serde_json::Value::Object(map) => map.values_mut().for_each(nulls_to_zero),
        _ => {}
    }
}

/// A weight's numbers where its parameter lies.
fn tensor(param: &Param, values: Vec<f32>, dir: &Path) -> Result<Tensor, TrainError> {
    if values.len() != param.count() {
        return Err(TrainError::ModelChanged { path: dir.to_owned() });
    }
    Ok(Tensor::from_vec(values, param.shape(), param.var().device())?)
}

impl Fingerprint {
    /// `trained` names the weights that a checkpoint holds; all others must be as they were.
    fn of(data: &Prepared, sum_of_data: u64, model: &Model, trained: &Updates) -> Self {
        let frozen = model.params.iter().filter(|param| !trained.contains_key(&param.name));
        let frozen = frozen.fold(0, |total, param| {
            let values = param.var().flatten_all().and_then(|flat| flat.to_vec1::<f32>());
            mix(total ^ sum_bytes(param.name.as_bytes())) ^ sum(&values.unwrap_or_default())
        });
        Self { train: data.train.len(), eval: data.eval.len(), data: sum_of_data, frozen }
    }
}
