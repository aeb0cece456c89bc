//! Why a data set cannot be probed for.

use std::path::PathBuf;

use crate::inspect::InspectError;
use crate::task::Task;
use crate::words::plural;

#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    #[error("{task} gives no text and no word a label of its own, expected classify, multilabel, regress or ner")]
    NotOfTexts { task: Task },
    #[error("no row of {path:?} has a label, expected a column with the label of each text")]
    NoLabels { path: PathBuf },
    #[error("all {rows} rows of {path:?} have the label \"{label}\", expected two classes or more")]
    OneClass { path: PathBuf, rows: usize, label: String },
    #[error("all {rows} rows of {path:?} have the number {value}, expected different ones")]
    OneNumber { path: PathBuf, rows: usize, value: f32 },
    #[error("{} nothing out, expected 2 or more", plural(*folds, "fold holds", "folds hold"))]
    FewFolds { folds: usize },
    #[error(
        "no class of {path:?} has more than {} with a text of its own, too few for {folds} folds; expected {}",
        if *most == 1 { "one row".to_owned() } else { format!("{most} rows") },
        if *most < 2 { "two rows of a class or more".to_owned() } else { format!("at most {most} folds") }
    )]
    FewRows { path: PathBuf, most: usize, folds: usize },
    #[error(transparent)]
    Inspect(#[from] InspectError),
}
