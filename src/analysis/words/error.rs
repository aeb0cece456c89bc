//! Why the words of a data set cannot be weighed.

use crate::inspect::InspectError;
use crate::task::Task;

#[derive(Debug, thiserror::Error)]
pub enum WordsError {
    #[error(
        "{task} has no classes, labels, tags or numbers that words push to, expected classify, multilabel, regress or ner"
    )]
    NotOfWords { task: Task },
    #[error(transparent)]
    Inspect(#[from] InspectError),
}
