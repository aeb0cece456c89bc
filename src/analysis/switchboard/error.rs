//! Why it cannot be told what the heads of a model matter for.

use std::path::PathBuf;

use crate::corpus::CorpusError;
use crate::inspect::InspectError;
use crate::task::Task;
use crate::text::TextError;

#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    #[error(
        "what heads matter for {task} cannot be measured, expected classify, multilabel, regress, ner, qa, mlm, nsp or sop"
    )]
    Unmeasured { task: Task },
    #[error("no row of {path:?} has a label, expected some to measure by what is lost without a head")]
    NoLabels { path: PathBuf },
    #[error("no row of {path:?} has a label that the model knows; it knows {}", known.join(", "))]
    OtherLabels { path: PathBuf, known: Vec<String> },
    #[error("the draw hides no word of the texts of {path:?}, expected more or longer texts")]
    NothingHidden { path: PathBuf },
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    #[error(transparent)]
    Inspect(#[from] InspectError),
}
