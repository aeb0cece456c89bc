//! Folders that hold no model but what was learned beside one: adapters as PEFT writes them.
//!
//! Such a folder opens as a model: its base is found, and what it changes is put into the base's weights as these are read.
//! Everything above sees a model like any other. What of PEFT is not a low-rank product that can be merged, or a module that
//! is stored whole, is refused by its name.

mod base;
mod error;
mod folder;
mod settings;
mod source;
mod write;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::config::EncoderConfig;
use super::family::{Family, Naming};
use super::files::TensorFiles;
use super::kinds::HeadKind;
use super::{ModelError, Outputs};
pub use base::brought_along;
pub use error::AdapterError;
pub use folder::{CONFIG, WEIGHTS, is_model_folder, is_one};
use settings::Settings;
pub use settings::check_task;
pub(super) use source::Adapted;
pub use write::Beside;

/// What an adapter says of itself, without its tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it calls its base, and the revision of it that is meant.
    pub base: String,
    pub revision: Option<String>,
    pub rank: Option<usize>,
}

/// Reads the text of an adapter's settings. One that cannot be merged into a base is refused.
pub fn told(text: &[u8]) -> Result<Told, AdapterError> {
    let Settings { base, revision, r: rank, .. } = Settings::parse(text)?;
    let base = base.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).ok_or(AdapterError::NoBase)?;
    Ok(Told { base, revision: revision.filter(|revision| !revision.is_empty()), rank })
}

/// The folder of a model's tokenizer, which an adapter may leave to its base.
pub(super) fn tokenizer_folder(dir: &Path) -> PathBuf {
    if !is_one(dir) || folder::has_tokenizer(dir) {
        return dir.to_owned();
    }
    base_of(dir).unwrap_or_else(|_| dir.to_owned())
}

/// The folder of the model that an adapter belongs to.
pub fn base_of(dir: &Path) -> Result<PathBuf, ModelError> {
    settled(dir).map(|(_, base)| base)
}

/// An adapter's settings, and the folder of the model that it belongs to.
fn settled(dir: &Path) -> Result<(Settings, PathBuf), ModelError> {
    let settings = Settings::read(dir).map_err(at(dir))?;
    let base = base::find(dir, settings.base.as_deref(), settings.revision.as_deref()).map_err(at(dir))?;
    Ok((settings, base))
}

/// An adapter that was opened: the configuration of the model that it makes of its base, and the weights.
pub(super) struct Opened {
    pub config: EncoderConfig,
    pub source: Adapted,
}

pub(super) fn open(dir: &Path) -> Result<Opened, ModelError> {
    let (settings, base) = settled(dir)?;
    let files = tensors(dir)?;
    let config = configuration(dir, &base, &settings, &files)?;
    let source = Adapted::new(TensorFiles::open(&base)?, files, &settings, config.family);
    let source = source.map_err(at(dir))?;
    let is_tied = config.named_heads().iter().any(|kind| kind.spec(&config).is_tied(&config));
    if is_tied && source.changes_table() {
        return Err(at(dir)(AdapterError::TiedTable));
    }
    Ok(Opened { config, source })
}

/// The configuration of the model that an adapter makes of its base.
pub(super) fn config(dir: &Path) -> Result<EncoderConfig, ModelError> {
    let (settings, base) = settled(dir)?;
    configuration(dir, &base, &settings, &tensors(dir)?)
}

fn at(dir: &Path) -> impl Fn(AdapterError) -> ModelError + use<> {
    let path = dir.to_owned();
    move |source| ModelError::Adapter { path: path.clone(), source: Box::new(source) }
}

fn tensors(dir: &Path) -> Result<TensorFiles, ModelError> {
    let path = folder::weights(dir).ok_or_else(|| at(dir)(AdapterError::NoWeights))?;
    Ok(TensorFiles::open_file(&path)?)
}

fn configuration(
    dir: &Path,
    base: &Path,
    settings: &Settings,
    files: &TensorFiles,
) -> Result<EncoderConfig, ModelError> {
    // Attune writes the whole of it beside, which PEFT does not.
    let own = dir.join("config.json");
    if own.is_file() {
        return mergeable(EncoderConfig::read(&own)?);
    }
    let of_base = mergeable(EncoderConfig::read(&base.join("config.json"))?)?;
    let Some(architecture) = settings.architecture(of_base.family) else { return Ok(of_base) };
    let mut raw = of_base.raw.clone();
    raw.insert("architectures".to_owned(), json!([architecture]));
    if let Some(classes) = classes(of_base.family, &architecture, files, &of_base)
        && of_base.labels.len() != classes
    {
        name_classes(&mut raw, classes);
    }
    let text = Value::Object(raw).to_string();
    EncoderConfig::parse(&text).map_err(|source| ModelError::In { path: base.to_owned(), source: Box::new(source) })
}

/// Refuses an encoder that is used as it is.
fn mergeable(config: EncoderConfig) -> Result<EncoderConfig, ModelError> {
    let family = config.family.model_type();
    if config.frozen.is_none() { Ok(config) } else { Err(ModelError::UsedAsItIs { family, what: "adapters" }) }
}

/// How many outputs the head that is stored whole has.
fn classes(family: Family, architecture: &str, files: &TensorFiles, config: &EncoderConfig) -> Option<usize> {
    let kinds = family.heads_of(architecture);
    let kind = kinds.iter().copied().find(|kind: &HeadKind| kind.outputs() == Outputs::Labels)?;
    let naming = Naming { family, inner_group_num: config.inner_group_num };
    let name = naming.head(kind.spec(config).stored, "weight").name;
    let found = files.tensors().iter().find(|tensor| source::plain_name(&tensor.name) == name)?;
    found.shape.first().copied()
}

/// The names that transformers gives to classes of which it is told the number alone.
fn name_classes(raw: &mut Map<String, Value>, classes: usize) {
    let names: Vec<String> = (0..classes).map(|class| format!("LABEL_{class}")).collect();
    let by_index: Map<String, Value> =
        names.iter().enumerate().map(|(class, name)| (class.to_string(), json!(name))).collect();
    let by_name: Map<String, Value> =
        names.iter().enumerate().map(|(class, name)| (name.clone(), json!(class))).collect();
    raw.insert("id2label".to_owned(), Value::Object(by_index));
    raw.insert("label2id".to_owned(), Value::Object(by_name));
    raw.remove("num_labels");
}
