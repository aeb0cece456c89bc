//! Arguments that say how a file is read: what for, and which column plays which part.

use std::path::Path;
use std::sync::Arc;

use clap::Args;

use crate::data::{Dataset, Roles, guess_task};
use crate::table::Table;
use crate::task::Task;
use crate::train::rows::fill_roles;

/// A task by its name.
pub fn task(name: &str) -> Result<Task, String> {
    Task::from_name(name).ok_or_else(|| format!("expected {}", Task::ALL.map(Task::name).join(", ")))
}

/// Which column holds what; those not named are guessed.
#[derive(Debug, Default, Args)]
pub struct Columns {
    /// The column with the text
    #[arg(long, value_name = "NAME")]
    text: Option<String>,
    /// The column with the second text
    #[arg(long, value_name = "NAME")]
    pair: Option<String>,
    /// The column with the label
    #[arg(long, value_name = "NAME")]
    label: Option<String>,
    /// The column with lists of words
    #[arg(long, value_name = "NAME")]
    tokens: Option<String>,
    /// The column with lists of tags
    #[arg(long, value_name = "NAME")]
    tags: Option<String>,
    /// The column with labelled spans of characters
    #[arg(long, value_name = "NAME")]
    spans: Option<String>,
    /// The column with the question
    #[arg(long, value_name = "NAME")]
    question: Option<String>,
    /// The column with the context
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// The column with the answers
    #[arg(long, value_name = "NAME")]
    answers: Option<String>,
}

impl Columns {
    pub fn roles(&self) -> Roles {
        Roles {
            text: self.text.clone(),
            pair: self.pair.clone(),
            label: self.label.clone(),
            tokens: self.tokens.clone(),
            tags: self.tags.clone(),
            spans: self.spans.clone(),
            question: self.question.clone(),
            context: self.context.clone(),
            answers: self.answers.clone(),
            group: None,
            split: None,
        }
    }

    /// The rows of a file, for a task or for what they seem to be for.
    pub fn dataset(&self, file: &Path, task: Option<Task>) -> anyhow::Result<Dataset> {
        self.dataset_of(Arc::new(Table::open(file)?), task)
    }

    /// The rows of a table, for a task or for what they seem to be for.
    pub fn dataset_of(&self, table: Arc<Table>, task: Option<Task>) -> anyhow::Result<Dataset> {
        let given = self.roles();
        let task = task.unwrap_or_else(|| guess_task(&table, &fill_roles(&given, &table, Task::Classify)));
        let roles = fill_roles(&given, &table, task);
        Ok(Dataset::new(table, task, &roles, None)?)
    }
}

/// Says what a person should know of how the rows were read, and which of them cannot be used.
pub fn warn_of_rows(data: &Dataset) {
    for remark in data.remarks().into_iter().chain(data.unusable_words()) {
        eprintln!("attune: warning: {remark}");
    }
}
