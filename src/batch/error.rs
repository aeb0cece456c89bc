//! Why predictions are not written.

use std::io;
use std::path::PathBuf;

use crate::inspect::InspectError;
use crate::inspect::json::NothingAsked;
use crate::table::ReadError;
use crate::task::Task;

#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    #[error("{path:?} has no known ending, expected .csv, .jsonl, .conll or .json")]
    Ending { path: PathBuf },
    #[error(".conll has a tag for each word, which {task} does not give; expected .csv or .jsonl")]
    NoTags { task: Task },
    #[error(".json has answers by the ids of questions, which {task} does not give; expected .csv or .jsonl")]
    NoAnswers { task: Task },
    #[error(".json has answers by the ids of questions, and there is no column \"id\"; expected one, or .jsonl")]
    NoIds,
    #[error("{task} has no label with a probability, expected a model that chooses among labels")]
    NoLabels { task: Task },
    #[error("probabilities have a column each in .csv, and .jsonl has those of all labels anyway; expected .csv")]
    NoColumns,
    #[error("probabilities are those of all labels, and only the {top} best are kept; expected either")]
    Fewer { top: usize },
    #[error("{path:?} is an input, expected another file to write to")]
    IsInput { path: PathBuf },
    #[error("cannot read {name}")]
    Read { name: String, source: io::Error },
    #[error("cannot read line {line} of {name}")]
    ReadLine { name: String, line: usize, source: io::Error },
    #[error("no column of {place:?} was recognised as the {what}; there are {columns}")]
    NotRecognised { place: PathBuf, what: &'static str, columns: String },
    #[error("there is no column \"{column}\" in {place:?}; there are {columns}")]
    NoColumn { place: PathBuf, column: String, columns: String },
    #[error("{task} reads two texts, expected the column of the second")]
    NoSecond { task: Task },
    #[error("{place} has the id {id:?}, which an earlier row has too; expected one for each question")]
    SameId { place: String, id: String },
    #[error("cannot write {path:?}")]
    Write { path: PathBuf, source: io::Error },
    #[error("{path:?} is being written by another prediction")]
    Busy { path: PathBuf },
    #[error(
        "{rows} rows of {path:?} are there from a prediction that was interrupted; go on with --resume, or remove {part:?}"
    )]
    Interrupted { path: PathBuf, part: PathBuf, rows: usize },
    #[error(
        "what is there of {path:?} was predicted with {what}, and cannot be gone on with; expected the same, or remove {part:?}"
    )]
    Another { path: PathBuf, part: PathBuf, what: &'static str },
    #[error("what is there of {path:?} cannot be gone on with: {reason}; remove {part:?} to begin anew")]
    Damaged { path: PathBuf, part: PathBuf, reason: String },
    #[error(transparent)]
    Table(#[from] ReadError),
    #[error(transparent)]
    Inspect(#[from] InspectError),
}

/// Why a line asks nothing.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    #[error("is not a JSON object, expected {{\"text\": …}}")]
    NotAnObject(#[source] serde_json::Error),
    #[error(transparent)]
    Nothing(#[from] NothingAsked),
}

/// Why a prediction is not written.
#[derive(Debug, thiserror::Error)]
pub(super) enum SheetError {
    #[error(transparent)]
    Write(#[from] io::Error),
    #[error("{place} has the id {id:?}, which an earlier row has too; expected one for each question")]
    SameId { place: String, id: String },
}
