//! A table with a meaning: which column is the text, which the label, and what each row teaches.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{DataError, RowProblem, Table};
use crate::task::Task;

/// Which column plays which part, by column name. Also the `columns` table of `RUN.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Roles {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
}

/// The names of the classes, in the order of their indices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelSet {
    pub names: Vec<String>,
}

impl LabelSet {
    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub fn index(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}

/// What a row teaches.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Nothing: the row is only to be predicted.
    None,
    /// One class.
    Class(u32),
    /// Any number of classes, as sorted indices.
    Classes(Vec<u32>),
    Value(f32),
    /// One class for each token of the features; `None` is ignored by the loss.
    Tokens(Vec<Option<u32>>),
    /// First and last token of the answer.
    Span { start: u32, end: u32 },
}

/// A row as the task sees it. Its texts stay in the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Row in the table, from 0.
    pub row: usize,
    pub target: Target,
}

/// A table read for one task.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub table: Arc<Table>,
    pub task: Task,
    pub roles: Roles,
    pub labels: LabelSet,
    pub examples: Vec<Example>,
    /// Rows of the table that are no examples (no text, no label, label not a number …), with the reason.
    pub excluded: Vec<RowProblem>,
    pub(super) text_column: usize,
    pub(super) pair_column: Option<usize>,
}

impl Dataset {
    /// Reads the table for a task. `labels` fixes the class order (an evaluation file must use the training file's);
    /// without it classes are sorted by name, numerically where all are numbers.
    pub fn new(table: Arc<Table>, task: Task, roles: &Roles, labels: Option<&LabelSet>) -> Result<Self, DataError> {
        super::readers::todo_dataset(table, task, roles, labels)
    }

    pub fn text(&self, example: usize) -> &str {
        self.table.cell(self.examples[example].row, self.text_column)
    }

    pub fn pair(&self, example: usize) -> Option<&str> {
        self.pair_column.map(|column| self.table.cell(self.examples[example].row, column))
    }
}
