//! Why it cannot be told what the heads of a model matter for.

use std::path::PathBuf;

use crate::inspect::InspectError;
use crate::task::Task;

#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    #[error("what heads matter for {task} cannot be measured, expected classify, multilabel, regress or ner")]
    NotOfWords { task: Task },
    #[error("no row of {path:?} has a label, expected some to measure by what is lost without a head")]
    NoLabels { path: PathBuf },
    #[error("no row of {path:?} has a label that the model knows; it knows {}", known.join(", "))]
    OtherLabels { path: PathBuf, known: Vec<String> },
    #[error(transparent)]
    Inspect(#[from] InspectError),
}
