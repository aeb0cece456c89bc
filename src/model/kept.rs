//! Folders that hold of a model only what was trained of it: the states that a run passed through, beside its whole model.
//!
//! Such a folder opens as a model: what is not in it is read from the whole model beside it, which is never copied. A weight
//! that is never trained is the same in every state of a run, so the whole model may be of any of its steps.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::files::{TensorFiles, write_safetensors};
use super::open::Folder;
use super::save::write_json;
use super::{Model, ModelError, Param, Source};
use crate::files::read_whole;

/// What says in a folder that it holds only what was trained.
const SETTINGS: &str = "trained.json";
const WEIGHTS: &str = "trained.safetensors";
/// What a whole model does not have.
pub const FILES: [&str; 2] = [SETTINGS, WEIGHTS];
/// Raised when what is written changes its meaning.
const FORMAT: u32 = 1;
/// No such file is longer.
const MAX_BYTES: u64 = 1 << 16;
/// Where the states of a run lie in its folder.
const STATES: &str = "kept";
/// Bytes of a weight's number.
const NUMBER: u64 = 4;

#[derive(Serialize, Deserialize)]
struct Settings {
    format: u32,
    /// From the folder to that of the whole model.
    rest: PathBuf,
}

/// A state that a run passed through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Updates that were done.
    pub step: u64,
    pub dir: PathBuf,
    pub bytes: u64,
}

/// The course of a run: its states, and where its whole model lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    pub whole: PathBuf,
    pub states: Vec<State>,
    /// The step of the state that is looked at; none where it is the whole model.
    pub at: Option<u64>,
}

impl Course {
    /// The course that a model is of: that of the run whose model or state it is, where the run kept any.
    pub fn of(dir: &Path) -> Option<Self> {
        let of_whole = || dir.parent().filter(|run| dir.ends_with("model") && run.join("run.toml").is_file());
        let (run, at) = match state_of(dir) {
            Some((run, step)) => (run, Some(step)),
            None => (of_whole()?, None),
        };
        let states = states(run);
        (!states.is_empty()).then(|| Self { whole: run.join("model"), states, at })
    }
}

/// The states that a run's folder holds, from the first on. One that is half written has another name.
pub fn states(run: &Path) -> Vec<State> {
    let entries = std::fs::read_dir(run.join(STATES)).into_iter().flatten().flatten();
    let state = |entry: std::fs::DirEntry| {
        let step = entry.file_name().to_str()?.parse().ok()?;
        Some(State { step, bytes: crate::files::folder_bytes(&entry.path()), dir: entry.path() })
    };
    let mut states: Vec<State> = entries.filter_map(state).collect();
    states.sort_by_key(|state| state.step);
    states
}

/// The folder of all states of a run.
pub fn states_folder(run: &Path) -> PathBuf {
    run.join(STATES)
}

/// The folder of the state after so many updates.
pub fn state_folder(run: &Path, step: u64) -> PathBuf {
    run.join(STATES).join(format!("{step:09}"))
}

/// The run and the step that a folder is the state of.
pub fn state_of(dir: &Path) -> Option<(&Path, u64)> {
    let (folder, step) = (dir.parent()?, dir.file_name()?.to_str()?.parse().ok()?);
    let run = folder.parent().filter(|_| folder.ends_with(STATES))?;
    Some((run, step))
}

/// The folder that is meant by a run and a step after an @, as in `runs/first@120`; none where that is not what is named.
pub(super) fn named(path: &Path) -> Option<Result<PathBuf, ModelError>> {
    let (run, step) = path.file_name()?.to_str()?.rsplit_once('@')?;
    let run = path.with_file_name(run);
    if path.exists() || !run.join("run.toml").is_file() {
        return None;
    }
    let kept = || states(&run).into_iter().map(|state| state.step).collect();
    if step.is_empty() {
        return Some(Err(ModelError::NoStep { kept: kept(), run: run.clone() }));
    }
    let place = step.parse().ok().map(|step| state_folder(&run, step)).filter(|place| place.is_dir());
    Some(place.ok_or_else(|| ModelError::NoSuchState { step: step.to_owned(), kept: kept(), run: run.clone() }))
}

pub fn is_one(dir: &Path) -> bool {
    dir.join(SETTINGS).is_file()
}

/// The folder of the whole model that a state belongs to.
pub fn rest_of(dir: &Path) -> Result<PathBuf, ModelError> {
    let path = dir.join(SETTINGS);
    let text = read_whole(&path, MAX_BYTES).map_err(|source| ModelError::Unreadable { path: path.clone(), source })?;
    let wrong = |reason: String| ModelError::StateSettings { path: path.clone(), reason };
    let settings: Settings = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
    if settings.format != FORMAT {
        return Err(wrong(format!("it has format {}, and this Attune reads {FORMAT}", settings.format)));
    }
    let rest = dir.join(&settings.rest);
    let is_whole = rest.join("config.json").is_file() && !is_one(&rest);
    if is_whole { Ok(rest) } else { Err(ModelError::RestMissing { path: dir.to_owned(), rest }) }
}

/// Bytes that a state takes for so many trained numbers, without the names that stand before them.
pub fn bytes_of(trained: u64) -> u64 {
    trained * NUMBER
}

impl Model {
    /// Writes the weights for which `is_trained` says so into a folder, which must exist; all others will be read from `rest`,
    /// a path from the folder to that of the whole model.
    pub fn save_trained(&self, dir: &Path, rest: &str, is_trained: &dyn Fn(&Param) -> bool) -> Result<(), ModelError> {
        let params: Vec<&Param> = self.params.iter().map(AsRef::as_ref).filter(|param| is_trained(param)).collect();
        let tensors: Vec<_> = params.iter().map(|param| (param.stored_name.clone(), param.shape().to_vec())).collect();
        write_safetensors(&dir.join(WEIGHTS), &tensors, |index| {
            Ok(params[index].var().flatten_all()?.to_vec1::<f32>()?)
        })?;
        write_json(&dir.join("config.json"), &Value::Object(self.saved_config()))?;
        write_json(&dir.join(SETTINGS), &json!(Settings { format: FORMAT, rest: rest.into() }))
    }
}

impl Model {
    /// Writes more weights, as they are now, beside those that a folder of [`Self::save_trained`] has.
    pub fn add_to_saved(&self, dir: &Path, is_added: &dyn Fn(&Param) -> bool) -> Result<(), ModelError> {
        let path = dir.join(WEIGHTS);
        let mut all = Vec::new();
        {
            // It is closed again before it is replaced.
            let own = TensorFiles::open_file(&path)?;
            let params: Vec<&Param> = self.params.iter().map(AsRef::as_ref).collect();
            let added = params.into_iter().filter(|param| is_added(param) && own.find(&param.stored_name).is_none());
            for param in added {
                all.push(((param.stored_name.clone(), param.shape().to_vec()), param.var().flatten_all()?.to_vec1()?));
            }
            if all.is_empty() {
                return Ok(());
            }
            for tensor in own.tensors() {
                all.push(((tensor.name.clone(), tensor.shape.clone()), own.read_f32(&tensor.name)?));
            }
        }
        let (tensors, values): (Vec<_>, Vec<Vec<f32>>) = all.into_iter().unzip();
        Ok(write_safetensors(&path, &tensors, |index| Ok(values[index].clone()))?)
    }
}

/// The weights of a state: those that were trained from its own file, all others from the whole model.
struct Overlaid {
    rest: Box<dyn Source>,
    own: TensorFiles,
}

/// What a state's weights are read from, and the kind of number that the whole model is stored in.
pub(super) fn open(dir: &Path) -> Result<(Box<dyn Source>, String), ModelError> {
    let Folder { source: rest, dtype, .. } = Folder::open(&rest_of(dir)?)?;
    let own = TensorFiles::open_file(&dir.join(WEIGHTS))?;
    for tensor in own.tensors() {
        if rest.shape(&tensor.name).as_ref() != Some(&tensor.shape) {
            return Err(ModelError::OtherRest { path: dir.to_owned(), name: tensor.name.clone() });
        }
    }
    Ok((Box::new(Overlaid { rest, own }), dtype))
}

impl Source for Overlaid {
    fn names(&self) -> Vec<String> {
        self.rest.names()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.rest.shape(name)
    }

    fn read(&self, name: &str) -> Result<Vec<f32>, ModelError> {
        if self.own.find(name).is_some() { Ok(self.own.read_f32(name)?) } else { self.rest.read(name) }
    }
}
