//! Why a table has no meaning for a task. What is odd but not fatal (a label that is not a number) is a
//! [`crate::table::RowProblem`] instead.

use std::path::PathBuf;

use crate::table::{ReadError, no_row};
use crate::task::Task;

/// A number that may mean two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenNumber {
    /// As the file has it.
    pub written: String,
    pub whole: String,
    pub fraction: String,
}

#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{path:?} has no column {name:?} for the {role}, expected one of {columns}")]
    NoColumn { path: PathBuf, role: &'static str, name: String, columns: String },
    #[error("no column of {path:?} is chosen as the {role}, expected one of {columns}")]
    NoRole { path: PathBuf, role: &'static str, columns: String },
    #[error("column {name:?} of {path:?} is chosen as the {first} and the {second}, expected two columns")]
    SameColumn { path: PathBuf, name: String, first: &'static str, second: &'static str },
    #[error("{} be used for {task}: line {line} {reason}", no_row(*rows, path))]
    NoExamples { path: PathBuf, rows: usize, task: Task, line: usize, reason: String },
    #[error(
        "column {column:?} of {path:?} has numbers such as {}, which may mean {} or {}, because all its \
         marked numbers have three digits behind their only mark; expected {} where it is thousands, \
         and where it is decimals one number with more or fewer digits behind its mark, such as 1.5 or 1.5000",
        open.written, open.whole, open.fraction, open.whole
    )]
    OpenNumbers { path: PathBuf, column: String, open: Box<OpenNumber> },
    #[error(
        "column {column:?} of {path:?} says of no row that it is to learn from: it holds {holds}; expected train (or \
         training) there, with dev, validation or test in the other rows, or no column of parts"
    )]
    NoParts { path: PathBuf, column: String, holds: String },
    #[error("no row of {path:?} has a label, expected rows that can be held out")]
    NoLabels { path: PathBuf },
    #[error(
        "{path:?} has {apart} texts or groups of rows that can be held apart, too few for {folds} folds; expected at most \
         {apart} folds"
    )]
    FewApart { path: PathBuf, apart: usize, folds: usize },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::name_list;

    #[test]
    fn messages_say_what_would_be_right() {
        let columns = name_list(&["text".into(), "label".into()]);
        let path = PathBuf::from("train.csv");
        let error = DataError::NoColumn { path, role: "label", name: "class".into(), columns };
        let expected = r#""train.csv" has no column "class" for the label, expected one of text, label"#;
        assert_eq!(error.to_string(), expected);
    }
}
