//! Why a model cannot answer.

use std::path::PathBuf;

use crate::hub::HubError;
use crate::model::ModelError;
use crate::task::Task;
use crate::text::windows::NoRoom;
use crate::text::{CutSide, TextError, TokenizerError};

#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    #[error(
        "{dir:?} does not say what it was trained for (its architectures are {}); name a task: {}",
        if architectures.is_empty() { "not given".to_owned() } else { architectures.join(", ") },
        Task::ALL.map(Task::name).join(", ")
    )]
    NoTask { dir: PathBuf, architectures: Vec<String> },
    #[error("{dir:?} is a model for {task}, expected one for classify, multilabel or regress")]
    NotOfTexts { dir: PathBuf, task: Task },
    #[error("{dir:?}: {reason}")]
    Refused { dir: PathBuf, reason: String },
    #[error("{} takes two texts, expected a second one", task.title().to_lowercase())]
    NoPair { task: Task },
    #[error("a question needs a context, a text in which its answer is looked for")]
    NoContext,
    #[error("the text has no mask, expected at least one {token}")]
    NoMask { token: String },
    #[error(
        "only the {} {limit} tokens of the text are read, and they have no mask; move it there or shorten the text",
        side.kept_word()
    )]
    MaskCutOff { limit: usize, side: CutSide },
    #[error("the tokenizer in {dir:?} has no mask token")]
    NoMaskToken { dir: PathBuf },
    #[error("there is no \"{target}\" to explain, expected {}", known.join(", "))]
    NoTarget { target: String, known: Vec<String> },
    #[error("no word of the text stands at characters {start} to {end}")]
    NoWordThere { start: usize, end: usize },
    #[error("the text has no word to explain the answer by")]
    NoWords,
    #[error("the tokenizer in {dir:?} has no padding token; take the mask or nothing as baseline")]
    NoPadToken { dir: PathBuf },
    #[error("a number has no other answer that words could turn it to")]
    NothingToTurn,
    #[error("the text is read in several windows; words can be taken out or changed where it fits one")]
    InWindows,
    #[error("the model that proposes words cannot be opened: {0}")]
    Proposer(#[from] HubError),
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    #[error("windows of {max_tokens} tokens cannot share {stride}, expected fewer")]
    Stride { stride: usize, max_tokens: usize },
    #[error("{name} is 0, expected 1 or more")]
    Zero { name: &'static str },
    #[error("max-tokens is {max_tokens}, expected {} or more: {special} special tokens stand around a text", special + 1)]
    NoTokens { max_tokens: usize, special: usize },
    #[error("{} are found in one text, expected no second one", task.title().to_lowercase())]
    OneText { task: Task },
    #[error(
        "attention flow is computed of at most {most} tokens, and this text has {tokens}; rollout takes any length"
    )]
    TooLongForFlow { tokens: usize, most: usize },
    #[error("cannot write {path:?}: {source}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("computation failed: {0}")]
    Compute(#[from] candle_core::Error),
}
