//! Arguments that say how a file is read: what for, and which column plays which part.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::analysis::sample::Sampling;
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

/// How rows are drawn where all are too many, and how much of a text is read.
#[derive(Debug, Args)]
pub struct Drawn {
    /// Draws the rows
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub seed: u64,
    /// Maximum tokens of a text, special ones included; longer texts are cut. Default: as many as the model takes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(3..))]
    max_tokens: Option<u64>,
}

impl Drawn {
    /// So many rows at most, among all of a data set.
    pub fn of(&self, rows: u64, model: PathBuf, data: Arc<Dataset>) -> Sampling {
        let max_tokens = self.max_tokens.map_or(usize::MAX, |tokens| tokens as usize);
        Sampling { rows: rows as usize, seed: self.seed, max_tokens, ..Sampling::all(model, data) }
    }
}

/// Says what a person should know of how the rows were read, and which of them cannot be used.
pub fn warn_of_rows(data: &Dataset) {
    for remark in data.remarks().into_iter().chain(data.unusable_words()) {
        eprintln!("attune: warning: {remark}");
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use crate::analysis::{probe, switchboard, words};
    use crate::cli::Arguments;

    #[test]
    fn each_command_looks_at_rows_of_its_own_where_nothing_else_is_said() {
        let all = Arguments::command();
        let check = |name: &str, rows: usize, seed: &str| {
            let command = all.find_subcommand(name).unwrap();
            let argument = |id: &str| command.get_arguments().find(|one| one.get_id().as_str() == id).unwrap();
            assert_eq!(argument("rows").get_default_values()[0].to_str(), Some(rows.to_string().as_str()), "{name}");
            assert_eq!(argument("seed").get_help().unwrap().to_string(), seed, "{name}");
        };
        check("heads", switchboard::ROWS, "Draws the rows");
        check("words", words::ROWS, "Draws the rows");
        check("probe", probe::ROWS, "Draws the rows and the folds");
    }
}
