//! What can be wrong with a model folder.

use std::path::{Path, PathBuf};

use super::adapter::AdapterError;
use super::family::Family;
use super::files::ModelFilesError;

#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("cannot read {path}: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("cannot write {path}: {source}")]
    Unwritable { path: PathBuf, source: std::io::Error },
    #[error("{path} does not hold thresholds: {reason}")]
    Decisions { path: PathBuf, reason: String },
    #[error("{}", no_config(path))]
    NoConfig { path: PathBuf },
    /// A folder above several models.
    #[error("{path:?} is no model folder but holds {}: {}; name one of them", names.len(), listed(names))]
    SeveralBelow { path: PathBuf, names: Vec<String> },
    #[error("\"{}@\" names no step of the run after the @, expected {}", run.display(), steps(kept))]
    NoStep { run: PathBuf, kept: Vec<u64> },
    #[error("the run {run:?} keeps no state of step {step}, expected {}", steps(kept))]
    NoSuchState { run: PathBuf, step: String, kept: Vec<u64> },
    #[error("{path} does not say where the rest of the model is: {reason}")]
    StateSettings { path: PathBuf, reason: String },
    #[error("{path:?} holds only what was trained, and the whole model that it belongs to is not in {rest:?}")]
    RestMissing { path: PathBuf, rest: PathBuf },
    #[error(
        "{path:?} belongs to another model than the one beside it: \"{name}\" is missing there or has another shape"
    )]
    OtherRest { path: PathBuf, name: String },
    #[error("\"{}\" cannot be opened as a model: {source}", path.display())]
    Adapter { path: PathBuf, source: Box<AdapterError> },
    #[error("{path}: {source}")]
    In { path: PathBuf, source: Box<Self> },
    #[error("config.json is not valid JSON: {source}")]
    ConfigSyntax { source: serde_json::Error },
    #[error(
        "config.json has model_type \"{model_type}\"; Attune reads {}",
        Family::ALL.map(Family::model_type).join(", ")
    )]
    UnknownFamily { model_type: String },
    #[error("config.json lacks {}", keys.join(", "))]
    MissingKeys { keys: Vec<String> },
    #[error("config.json asks for the activation \"{name}\", which Attune does not support")]
    UnknownActivation { name: String },
    #[error("config.json has {key} = {value}, which Attune does not compute for this family; expected {expected}")]
    NotComputed { key: &'static str, value: String, expected: String },
    #[error("a {family} encoder is used as it is here, without {what}")]
    UsedAsItIs { family: &'static str, what: &'static str },
    #[error("config.json asks for position embeddings \"{kind}\"; Attune has absolute ones")]
    UnknownPositions { kind: String },
    #[error("config.json has {key} = {value}, expected 1 to {limit}")]
    SizeOutOfRange { key: &'static str, value: usize, limit: usize },
    #[error("config.json has {key} = {value}, which is out of range")]
    NumberOutOfRange { key: &'static str, value: f64 },
    #[error(
        "the model is too large for this machine: a weight of shape {shape:?} needs {} MB, and {} MB of memory are free \
         for it",
        bytes.div_ceil(1 << 20), free >> 20
    )]
    NoMemory { free: u64, shape: Vec<usize>, bytes: u64 },
    #[error("hidden_size {hidden} cannot be divided among {heads} attention heads")]
    HeadsDoNotDivide { hidden: usize, heads: usize },
    #[error("tensor \"{name}\" has shape {found:?}, but config.json implies {expected:?}")]
    Shape { name: String, found: Vec<usize>, expected: Vec<usize> },
    #[error(
        "the head's tensor \"{name}\" has shape {found:?}, but config.json implies {expected:?}; its id2label must name \
         each output of the head"
    )]
    HeadShape { name: String, found: Vec<usize>, expected: Vec<usize> },
    #[error(
        "the head for {task} lacks {missing}, so that its answers would be chance; train it first, or choose a model \
         that has it"
    )]
    HeadUntrained { task: crate::task::Task, missing: String },
    #[error(
        "the head for {task} was never trained and is there only because the model's class has it, so that its answers \
         would be chance; train it first, or choose a model that has it"
    )]
    HeadNeverTrained { task: crate::task::Task },
    #[error("{key} {problem}, expected {expected}")]
    Classes { key: &'static str, problem: String, expected: String },
    #[error(
        "the weights lack {} of the encoder's tensors, among them \"{}\"; is this the encoder that config.json describes?",
        names.len(), names.first().map_or("", String::as_str)
    )]
    EncoderIncomplete { names: Vec<String> },
    #[error("tensor \"{name}\" holds a value that is not a finite number")]
    NotFinite { name: String },
    #[error("{family} models have no head for {task}")]
    NoSuchHead { family: &'static str, task: crate::task::Task },
    #[error("this model has no head for {task}; its architectures are: {}", architectures.join(", "))]
    HeadMissing { task: crate::task::Task, architectures: Vec<String> },
    #[error("this model's head has {outputs} outputs, which are classes; a number needs a head with one")]
    NotOneOutput { outputs: usize },
    #[error("the generator knows {found} tokens and the model {expected}; both must have the same vocabulary")]
    OtherVocabulary { found: usize, expected: usize },
    #[error("token id {id} at position {position} is not below the vocabulary size {vocab_size} of the model")]
    TokenOutOfRange { id: u32, position: usize, vocab_size: usize },
    #[error(
        "what {tokens} tokens attend to takes {} MB a layer, and {} MB of memory are free; expected a shorter text",
        bytes.div_ceil(1 << 20), free >> 20
    )]
    AttentionTooLarge { tokens: usize, bytes: u64, free: u64 },
    #[error("a sequence of {tokens} tokens does not fit the model, which takes {limit}")]
    TooLong { tokens: usize, limit: usize },
    #[error("position {position} is not below the {limit} positions of the model")]
    PositionOutOfRange { position: u32, limit: usize },
    #[error("{positions} positions were given for {tokens} tokens, expected one each")]
    PositionsMissing { positions: usize, tokens: usize },
    #[error("segment {segment} is not below the model's {count} segments")]
    SegmentOutOfRange { segment: u32, count: usize },
    #[error("eight bits are for models on the CPU; on another device a model is asked in f32")]
    RoundedElsewhere,
    #[error(transparent)]
    Files(#[from] ModelFilesError),
    #[error("computation failed: {0}")]
    Compute(#[from] candle_core::Error),
}

impl ModelError {
    /// The same of a folder, where it does not name it yet.
    #[must_use]
    pub fn within(self, dir: &Path) -> Self {
        let is_named = self.to_string().contains(&*dir.to_string_lossy());
        if is_named { self } else { Self::In { path: dir.to_owned(), source: Box::new(self) } }
    }
}

fn no_config(path: &Path) -> String {
    if path.exists() {
        format!("{} is not a model folder: it has no config.json and no adapter_config.json", path.display())
    } else {
        format!("there is no model folder {}", path.display())
    }
}

/// The steps of which a run keeps states.
fn steps(kept: &[u64]) -> String {
    if kept.is_empty() { "a run with run.keep_checkpoints".to_owned() } else { format!("one of {}", listed(kept)) }
}

/// The first few names.
fn listed(names: &[impl ToString]) -> String {
    const SHOWN: usize = 8;
    let mut list = names.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        list.push_str(", …");
    }
    list
}
