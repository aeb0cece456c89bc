//! What can stop a run before or while it trains.

use std::path::{Path, PathBuf};

use crate::corpus::CorpusError;
use crate::data::DataError;
use crate::hub::HubError;
use crate::inspect::InspectError;
use crate::model::ModelError;
use crate::table::ReadError;
use crate::task::Task;
use crate::text::TextError;
use crate::text::tokenizer::TokenizerError;

#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error("cannot read {path}: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("cannot write {path}: {source}")]
    Unwritable { path: PathBuf, source: std::io::Error },
    #[error("{path} is not a run's configuration: {}", one_line(reason))]
    ConfigSyntax { path: PathBuf, reason: String },
    #[error("{key} is {value}, expected {expected}")]
    Setting { key: &'static str, value: String, expected: String },
    #[error("[model] needs a path to a folder, the name of a downloaded model, or embedded = true")]
    NoModel,
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error("the model \"{name}\" is not in the Hugging Face cache; download it first, or give [model] a path")]
    NotDownloaded { name: String },
    #[error("{dir} does not say what it was trained for; name a task: {}", Task::ALL.map(Task::name).join(", "))]
    NoTask { dir: PathBuf },
    #[error("{dir} has no trained head for {task} ({missing} is missing), so its predictions would be random")]
    Untrained { dir: PathBuf, task: Task, missing: String },
    #[error("replaced tokens are made by a generator, and {dir} has none; expected a folder \"generator\" in it")]
    NoGenerator { dir: PathBuf },
    #[error("the tokenizer has no mask token, which the task needs; choose a model that was trained with masked words")]
    NoMaskToken,
    #[error(
        "the tokenizer puts texts into the segment {segment}, and the model has embeddings of {count} (type_vocab_size); \
         this is the tokenizer of another model"
    )]
    NoSegment { segment: u32, count: usize },
    #[error("\"{}\" is an adapter itself, expected a whole model; `attune export` writes it merged", path.display())]
    AdapterOnAdapter { path: PathBuf },
    #[error(
        "strategy.frozen names \"{name}\", expected embeddings, head, layers.0 to layers.{last}, or a range such as layers.0-{last}"
    )]
    UnknownBlock { name: String, last: usize },
    #[error(
        "{key} names \"{name}\", and no weight of the model has such a name; expected names such as {known}, with * for any \
         letters, or the name of a block"
    )]
    UnknownWeight { key: &'static str, name: String, known: String },
    #[error("everything is frozen; train at least the head")]
    NothingToTrain,
    #[error("{path} has no training examples: {reason}")]
    NoExamples { path: PathBuf, reason: String },
    #[error(
        "all training examples are of one class, expected two classes or more, as texts of one are told from those of another"
    )]
    NothingToPair,
    #[error("{path} has no evaluation examples: {reason}")]
    NothingToJudge { path: PathBuf, reason: String },
    #[error("the run's folder {path} already holds a run; choose another [run] out")]
    FolderTaken { path: PathBuf },
    #[error("the run in {path} is finished, and nothing is left to do; start another with another [run] out")]
    AlreadyFinished { path: PathBuf },
    #[error("the disk of the run's folder {path} {reason}")]
    NoRoomOnDisk { path: PathBuf, reason: String },
    #[error("another Attune is writing the run in {path}; stop it there first")]
    Busy { path: PathBuf },
    #[error(
        "no process is training the run in {path}, so nothing can be ordered; resume it first, or name the order with its step in \
         run.orders of its run.toml"
    )]
    NotTraining { path: PathBuf },
    #[error(
        "{key} is {now} but was {was} when the run in {path} started, and a run is resumed with the settings that it started with; set it back, or start another with another [run] out"
    )]
    SettingChanged { path: PathBuf, key: String, was: String, now: String },
    #[error(
        "the data are not those that the run in {path} started with ({reason}); put them back, or start another run with another [run] out"
    )]
    DataChanged { path: PathBuf, reason: String },
    #[error(
        "the model is not the one that the run in {path} started with ({reason}); put it back, or start another run with another [run] out"
    )]
    ModelChanged { path: PathBuf, reason: String },
    #[error(
        "the checkpoint {path} is damaged ({reason}), and there is no other; start another run with another [run] out"
    )]
    Damaged { path: PathBuf, reason: String },
    #[error(
        "the checkpoints of the run in {path} are missing, though its log mentions one and step {step}; put the folder \
         \"checkpoint\" back, or remove events.jsonl there to start again, or start another run with another [run] out"
    )]
    CheckpointsGone { path: PathBuf, step: u64 },
    #[error(
        "the weights of step {step} could not be saved ({source}); the run is not finished, so resume it once that is fixed"
    )]
    NotKept { step: u64, source: Box<Self> },
    #[error("{dir} is of no run that held rows out; name data to evaluate it on")]
    NoRun { dir: PathBuf },
    #[error("the fold in {path} is not finished, so there is no result over all rows yet; resume it first")]
    FoldUnfinished { path: PathBuf },
    #[error("the folds in {path} do not belong together: {reason}; start them again with another [run] out")]
    FoldsApart { path: PathBuf, reason: String },
    #[error("{path} is not what was written there: {name} {reason}")]
    KeptChanged { path: PathBuf, name: String, reason: String },
    #[error("the gradient audit found that {name} {problem}; this is a bug in Attune, please report it")]
    Audit { name: String, problem: &'static str },
    #[error(
        "the loss or gradient was not finite in {count} updates in a row, up to step {step}; try a lower learning rate"
    )]
    NotFinite { count: u32, step: u64 },
    #[error("this build of Attune has no {device}; build it with the feature \"{device}\" or choose cpu")]
    NoDevice { device: &'static str },
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("a probe could not be asked: {0}")]
    Probe(#[from] InspectError),
    #[error("computation failed: {0}")]
    Compute(#[from] candle_core::Error),
}

impl TrainError {
    /// Why the head of a model is not asked.
    pub(super) fn unasked(dir: &Path, error: ModelError) -> Self {
        match error {
            ModelError::HeadUntrained { task, missing } => Self::Untrained { dir: dir.to_owned(), task, missing },
            error => error.into(),
        }
    }

    pub(super) fn setting(key: &'static str, value: String, expected: &str) -> Self {
        Self::Setting { key, value, expected: expected.to_owned() }
    }

    /// What would be right, where a setting is wrong; else all that is known.
    pub fn expected(&self) -> String {
        match self {
            Self::Setting { expected, .. } => format!("expected {expected}"),
            other => other.to_string(),
        }
    }
}

pub(in crate::train) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
