//! Arguments that say how a file is read: what for, and which column plays which part.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::analysis::sample::Sampling;
use crate::data::{Dataset, Roles, guess_task};
use crate::table::{Charset, Inputs, Part, ReadError, Table};
use crate::task::Task;
use crate::train::columns::{Learned, columns};

/// A task by its name.
pub fn task(name: &str) -> Result<Task, String> {
    Task::from_name(name).ok_or_else(|| format!("expected {}", Task::ALL.map(Task::name).join(", ")))
}

/// A file that is written as CSV, which its name says.
pub fn csv_file(name: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(name);
    let is_csv = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    if is_csv { Ok(path) } else { Err("expected a name that ends in .csv".to_owned()) }
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
    /// The encoding of the file, such as windows-1250, macintosh or cp850; default: recognised
    #[arg(long, value_name = "NAME")]
    encoding: Option<Charset>,
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

    /// A file with how it is to be read.
    pub fn inputs(&self, file: &Path) -> Inputs {
        Inputs::from(file).read_as(self.encoding)
    }

    /// The rows of a file, whatever they are for.
    pub fn table(&self, file: &Path) -> Result<Table, ReadError> {
        Table::open_inputs(&self.inputs(file), Part::Learn)
    }

    /// The rows of a file, for a task or for what they seem to be for.
    pub fn dataset(&self, file: &Path, task: Option<Task>, model: Option<&Path>) -> anyhow::Result<(Dataset, Told)> {
        self.dataset_of(Arc::new(self.table(file)?), task, model)
    }

    /// The rows of a table, for a task or for what they seem to be for. A model is asked about the columns that it learned
    /// from.
    pub fn dataset_of(
        &self,
        table: Arc<Table>,
        task: Option<Task>,
        model: Option<&Path>,
    ) -> anyhow::Result<(Dataset, Told)> {
        let guessed = || guess_task(&table, &self.read(&table, Task::Classify, model).0);
        let task = task.unwrap_or_else(guessed);
        let (roles, told) = self.read(&table, task, model);
        Ok((Dataset::new(table, task, &roles, None)?, told))
    }

    /// The columns of a table that are read.
    pub fn read(&self, table: &Table, task: Task, model: Option<&Path>) -> (Roles, Told) {
        let learned = model.and_then(Learned::of);
        let read = columns(learned.as_ref(), &self.roles(), table, task);
        let told = Told { columns: read.words(task), missing: read.missing };
        (read.roles, told)
    }
}

/// Which columns a model read, which is told with what it says of them.
pub struct Told {
    columns: String,
    missing: Vec<String>,
}

impl Told {
    pub fn tell(&self) {
        eprintln!("attune: {}", self.columns);
        for missing in &self.missing {
            eprintln!("attune: warning: {missing}");
        }
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
        let mut all = Arguments::command();
        all.build();
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
