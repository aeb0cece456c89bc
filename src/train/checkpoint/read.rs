//! A checkpoint read back, if it adds up.
//!
//! All that a run goes on from must be as it was written. The report of the best weights alone may be damaged: it follows
//! from them, and is made again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::Tensor;
use serde::Deserialize;

use super::earlier::{self, Earlier};
use super::{BEST, DataSums, EVALUATION, FORMAT, Fingerprint, MANIFEST, Part, Progress, STATE, State, TENSORS};
use super::{Named, Weights, named, steps};
use crate::files::{Sums, read_note, read_note_text};
use crate::metrics::Evaluation;
use crate::model::files::TensorFiles;
use crate::model::{Model, ModelError, Param, Params};
use crate::train::config::RunConfig;
use crate::train::kept::KeptEvaluation;
use crate::train::optimizer::Optimizer;
use crate::train::{Prepared, TrainError};

/// A checkpoint that was read and adds up.
pub struct Checkpoint {
    pub(super) dir: PathBuf,
    pub(super) state: State,
    pub(super) tensors: TensorFiles,
    pub(super) best: Option<KeptBest>,
    /// What an earlier version wrote, and says in another way.
    pub(super) earlier: Option<Earlier>,
    /// Newer checkpoints that are damaged, and how.
    pub damaged: Vec<(PathBuf, String)>,
}

/// The best weights as they lie in a checkpoint.
pub(super) struct KeptBest {
    pub files: TensorFiles,
    pub report: Report,
}

/// What was told of the best weights, as it was written, or what is wrong with it.
pub(super) type Report = Result<Vec<u8>, String>;

/// What is told of the best weights.
pub enum Told {
    /// As it was written.
    Whole { evaluation: Box<Evaluation>, report: Vec<u8> },
    /// It has to be found out again, for this reason.
    Damaged(String),
}

/// The best weights of a checkpoint.
pub struct ReadBest {
    pub step: u64,
    pub value: f64,
    pub weights: Weights,
    pub told: Told,
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

#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl Checkpoint {
    fn open(dir: &Path) -> Result<Self, String> {
        let text = read_note_text(&dir.join(STATE)).map_err(|error| format!("{STATE}: {error}"))?;
        let first = text.lines().next().unwrap_or_default();
        let Version { format } = serde_json::from_str(first).map_err(|error| format!("{STATE}: {error}"))?;
        match format {
            FORMAT => Self::open_this(dir, &text),
            earlier::FORMAT => earlier::open(dir, &text),
            _ => Err(format!("it has format {format}, and this Attune reads {} to {FORMAT}", earlier::FORMAT)),
        }
    }

    fn open_this(dir: &Path, state: &str) -> Result<Self, String> {
        let manifest = read_note(&dir.join(MANIFEST)).map_err(|error| format!("{MANIFEST}: {error}"))?;
        let sums: Sums = serde_json::from_slice(&manifest).map_err(|error| format!("{MANIFEST}: {error}"))?;
        let mut damaged = sums.differences(dir);
        let report = damaged.remove(EVALUATION);
        if let Some((name, reason)) = damaged.into_iter().next() {
            return Err(format!("{name} {reason}"));
        }
        let state: State = serde_json::from_str(state).map_err(|error| format!("{STATE}: {error}"))?;
        let needed = if state.best.is_some() { &[STATE, TENSORS, BEST, EVALUATION][..] } else { &[STATE, TENSORS] };
        if let Some(name) = needed.iter().find(|name| !sums.0.contains_key(**name)) {
            return Err(format!("{MANIFEST} does not name {name}"));
        }
        let open = |name: &str| TensorFiles::open_file(&dir.join(name)).map_err(|error| error.to_string());
        let read = || read_note(&dir.join(EVALUATION)).map_err(|error| format!("cannot be read ({error})"));
        let best = match &state.best {
            Some(_) => Some(KeptBest { files: open(BEST)?, report: report.map_or_else(read, Err) }),
            None => None,
        };
        let tensors = open(TENSORS)?;
        Ok(Self { dir: dir.to_owned(), state, tensors, best, earlier: None, damaged: Vec::new() })
    }

    pub fn progress(&self) -> &Progress {
        &self.state.progress
    }

    pub fn step(&self) -> u64 {
        self.state.progress.step
    }

    pub fn log_bytes(&self) -> u64 {
        self.state.log_bytes
    }

    /// The configuration of the run when this was written; an earlier version did not keep it here.
    pub fn config(&self) -> Option<RunConfig> {
        toml::from_str(&self.state.config).ok()
    }

    /// The step of the best weights.
    pub fn best_step(&self) -> Option<u64> {
        self.state.best.as_ref().map(|best| best.step)
    }

    /// Refuses data or a model other than those the run began with. `companion` is what stands beside the model.
    pub fn check(
        &self,
        data: &Prepared,
        sums: &DataSums,
        model: &Model,
        companion: Option<Named>,
    ) -> Result<(), TrainError> {
        let mut now = Fingerprint::of(data, sums, model, companion, &self.state.updates);
        let then = &self.state.fingerprint;
        if self.earlier.is_some() {
            // What was not written down then cannot be asked for.
            let [tokenizer, config] = [then.tokenizer.clone(), then.config.clone()];
            now = Fingerprint {
                data: earlier::fingerprint(data)?,
                tokenizer,
                config,
                companions: BTreeMap::new(),
                ..now
            };
        }
        let changed = |what: String| Err(TrainError::DataChanged { path: self.dir.clone(), reason: what });
        if (then.train, then.eval) != (now.train, now.eval) {
            return changed(format!(
                "{} training examples and {} held out then, {} and {} now",
                then.train, then.eval, now.train, now.eval
            ));
        }
        if then.data != now.data {
            return changed("as many examples, but other texts, labels or tokens".to_owned());
        }
        let reason = match &now {
            now if now.frozen != then.frozen => "weights that are not trained are others".to_owned(),
            now if now.config != then.config => "its config.json is another".to_owned(),
            now if now.tokenizer != then.tokenizer => "its tokenizer is another".to_owned(),
            now if now.companions != then.companions => {
                let name =
                    now.companions.keys().chain(then.companions.keys()).next().map_or("companion", String::as_str);
                format!("its {name} is another")
            }
            _ => return Ok(()),
        };
        Err(TrainError::ModelChanged { path: self.dir.clone(), reason })
    }

    /// Puts weights, moments and counts back.
    pub fn restore(&self, optimizer: &mut Optimizer) -> Result<(), TrainError> {
        let read = |name: &str| self.tensors.read_f32(name).map_err(ModelError::from);
        for (index, (name, param)) in named(optimizer).iter().enumerate() {
            let Some(updates) = self.state.updates.get(name) else { continue };
            param.set(&self.tensor(param, read(&Part::Weights.name(name))?)?)?;
            let moments = match updates {
                0 => None,
                _ => Some([read(&Part::First.name(name))?, read(&Part::Second.name(name))?]),
            };
            optimizer.set_moments(index, *updates, moments)?;
        }
        Ok(())
    }

    /// The best weights so far, of all that is trained.
    pub fn best(&self, params: &Params) -> Result<Option<ReadBest>, TrainError> {
        let (Some(state), Some(kept)) = (&self.state.best, &self.best) else { return Ok(None) };
        let mut weights = Weights::new();
        for param in params.iter() {
            let values = match &self.earlier {
                None if kept.files.find(&param.name).is_some() => Some(kept.files.read_f32(&param.name)),
                None => None,
                Some(earlier) => earlier.best_of(param, &kept.files),
            };
            if let Some(values) = values {
                weights.insert(param.name.clone(), self.tensor(param, values.map_err(ModelError::from)?)?);
            }
        }
        let metrics = state.metrics.iter().map(|(key, bits)| (key.clone(), f64::from_bits(*bits))).collect();
        let told = match &kept.report {
            Err(reason) => Told::Damaged(self.damaged_report(reason)),
            Ok(bytes) => match serde_json::from_slice::<KeptEvaluation>(bytes) {
                Err(error) => Told::Damaged(self.damaged_report(&format!("is no report ({error})"))),
                Ok(read) => {
                    let evaluation = Box::new(Evaluation { metrics, ..read.evaluation });
                    Told::Whole { evaluation, report: bytes.clone() }
                }
            },
        };
        Ok(Some(ReadBest { step: state.step, value: f64::from_bits(state.value), weights, told }))
    }

    fn damaged_report(&self, reason: &str) -> String {
        format!("{} {reason}", self.dir.join(EVALUATION).display())
    }

    /// A weight's numbers where its parameter lies.
    fn tensor(&self, param: &Param, values: Vec<f32>) -> Result<Tensor, TrainError> {
        if values.len() != param.count() {
            return Err(TrainError::ModelChanged {
                path: self.dir.clone(),
                reason: "a weight has another shape".to_owned(),
            });
        }
        Ok(Tensor::from_vec(values, param.shape(), param.var().device())?)
    }
}
