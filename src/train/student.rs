//! A student that is cut from its teacher: a model folder in the run's, with some of the teacher's layers.
//!
//! It is an ordinary folder, so that all that follows (the plan, the run, what fine-tuning changed) sees a model like any
//! other. A record beside the weights says what it was cut from; one of something else is made anew.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::TrainError;
use super::config::{Distill, RunConfig};
use crate::files::{self, Sums};
use crate::hub::embedded;
use crate::model::{self, EncoderConfig, Family, Want};
use crate::text::Tokenizer;
use crate::words::noun;

/// The folder in a run's that holds the student.
const FOLDER: &str = "student";
const RECORD: &str = "cut.json";

/// What a student was cut from.
#[derive(PartialEq, Serialize, Deserialize)]
struct Record {
    layers: Vec<usize>,
    teacher: Sums,
}

/// The folder of a teacher.
pub(super) fn teacher_dir(distill: &Distill) -> Result<PathBuf, TrainError> {
    Ok(embedded::resolve(&distill.teacher)?)
}

/// Where the student of a run is, where it is cut from its teacher.
pub(super) fn dir(config: &RunConfig) -> Option<PathBuf> {
    config.distill.as_ref()?.layers.map(|_| config.run.out.join(FOLDER))
}

/// Cuts the student of a run, if that is asked for, and says which layers it has.
pub(super) fn make(config: &RunConfig) -> Result<Option<String>, TrainError> {
    let (Some(distill), Some(dir)) = (&config.distill, dir(config)) else { return Ok(None) };
    let teacher = teacher_dir(distill)?;
    let encoder = model::read_config(&teacher)?;
    let (all, count) = (encoder.num_hidden_layers, distill.layers.unwrap_or_default());
    check(&encoder, count)?;
    let layers = model::spaced(all, count);
    let words = told(&encoder, &layers);
    let names = encoder.output_names(config.task);
    ensure(&dir, &teacher, layers, Want::Head { task: config.task, labels: &names })?;
    Ok(Some(words))
}

/// Cuts an encoder to half of its layers, with the heads it has, into a folder of its own, where it is not there yet.
pub fn halve(whole: &Path, dir: &Path) -> Result<(), TrainError> {
    let encoder = model::read_config(whole)?;
    let (all, count) = (encoder.num_hidden_layers, encoder.num_hidden_layers / 2);
    check(&encoder, count)?;
    ensure(dir, whole, model::spaced(all, count), Want::AsSaved)
}

/// Cuts layers from a model into a folder, where they are not there yet.
fn ensure(dir: &Path, whole: &Path, layers: Vec<usize>, want: Want<'_>) -> Result<(), TrainError> {
    let unreadable = |source| TrainError::Unreadable { path: whole.to_owned(), source };
    let record = Record { layers, teacher: Sums::of(whole).map_err(unreadable)? };
    if is_there(dir, &record) { Ok(()) } else { write(dir, whole, want, &record) }
}

/// The shape of the student of a run before it is cut, where it is.
pub fn shape(config: &RunConfig) -> Result<Option<EncoderConfig>, TrainError> {
    let Some((distill, layers)) = config.distill.as_ref().and_then(|distill| Some((distill, distill.layers?))) else {
        return Ok(None);
    };
    let encoder = model::read_config(&teacher_dir(distill)?)?;
    check(&encoder, layers)?;
    Ok(Some(with_layers(encoder, layers)))
}

/// An encoder with so many of its layers.
pub fn with_layers(encoder: EncoderConfig, layers: usize) -> EncoderConfig {
    let num_hidden_groups = layers.min(encoder.num_hidden_groups);
    EncoderConfig { num_hidden_layers: layers, num_hidden_groups, ..encoder }
}

/// To how many layers a student may be cut at most.
pub(super) fn most(encoder: &EncoderConfig) -> Result<usize, TrainError> {
    let most = encoder.num_hidden_layers.saturating_sub(1);
    check(encoder, most).map(|()| most)
}

fn check(encoder: &EncoderConfig, count: usize) -> Result<(), TrainError> {
    let all = encoder.num_hidden_layers;
    let wrong = |expected: &str| Err(TrainError::setting("distill.layers", count.to_string(), expected));
    if encoder.frozen.is_some() {
        return wrong("not set, as the teacher's encoder is used as it is here and its layers would not be trained");
    }
    if encoder.family == Family::Albert && encoder.stored_layers() > 1 {
        return wrong("not set, as the teacher's layers share their weights in groups");
    }
    match count {
        _ if all < 2 => wrong("not set, as the teacher has one layer"),
        1.. if count < all => Ok(()),
        _ => wrong(&format!("1 to {}, as the teacher has {all} layers", all - 1)),
    }
}

fn told(encoder: &EncoderConfig, layers: &[usize]) -> String {
    let all = encoder.num_hidden_layers;
    if encoder.family == Family::Albert {
        return format!("the student is cut from the teacher: {} of its {all} layers, which are all one", layers.len());
    }
    let names: Vec<String> = layers.iter().map(|place| (place + 1).to_string()).collect();
    let noun = noun(layers.len(), "layer", "layers");
    format!("the student is cut from the teacher: {noun} {} of its {all}, counted from 1", names.join(", "))
}

fn is_there(dir: &Path, record: &Record) -> bool {
    let read = files::read_note(&dir.join(RECORD)).ok().and_then(|bytes| serde_json::from_slice::<Record>(&bytes).ok());
    read.is_some_and(|read| read == *record) && model::is_model_folder(dir)
}

/// Writes the student; the record comes last, so that one that is half written is made anew.
fn write(dir: &Path, teacher: &Path, want: Want<'_>, record: &Record) -> Result<(), TrainError> {
    let unwritable = |source| TrainError::Unwritable { path: dir.to_owned(), source };
    files::remove_folder(dir).map_err(unwritable)?;
    files::create_folders(dir).map_err(unwritable)?;
    model::cut(teacher, &record.layers, want)?.save(dir)?;
    Tokenizer::open(&model::tokenizer_folder(teacher))?.save(dir)?;
    files::write_atomically(&dir.join(RECORD), |file| serde_json::to_writer(file, record).map_err(Into::into))
        .map_err(unwritable)
}
