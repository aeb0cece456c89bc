//! Which columns of a file a model reads: those that it learned from, where the file has them.
//!
//! A run keeps what it read (`[data] columns`), and its model is asked about other files by the same columns, whoever asks:
//! what a file guessed anew would take for the text may be another one, and answers to that look no worse. What a person
//! names goes before. A column that was learned from and is not there is told, with what is read in its place.

use std::path::{Path, PathBuf};

use super::config::RunConfig;
use super::rows::fill_roles;
use super::run;
use crate::data::{Roles, has_columns};
use crate::inspect::OpenModel;
use crate::model::kept;
use crate::table::Table;
use crate::task::{Reads, Task};

/// What a run's model learned from.
#[derive(Clone, Debug)]
pub struct Learned {
    task: Task,
    columns: Roles,
}

/// The columns of a table that are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    pub roles: Roles,
    /// Whether one that is asked about is known from the run.
    pub is_learned: bool,
    /// What was learned from and is not there, in words.
    pub missing: Vec<String>,
}

/// The folder of the run that a model is of: its model, its adapter, or one of the states that it kept.
pub(super) fn run_of(dir: &Path) -> Option<PathBuf> {
    let dir = dir.canonicalize().ok()?;
    if let Some((folder, _)) = kept::state_of(&dir) {
        return Some(folder.to_owned());
    }
    let own = [run::MODEL, run::ADAPTER];
    dir.parent().filter(|folder| own.iter().any(|name| folder.join(name) == dir)).map(Path::to_path_buf)
}

/// The configuration of the run that a model is of.
pub(super) fn trained_by(dir: &Path) -> Option<RunConfig> {
    run::kept_config(&run_of(dir)?).ok()
}

impl Learned {
    /// Of the run that a model is of; none where it is of no run, or of one that did not keep what it read.
    pub fn of(model: &Path) -> Option<Self> {
        let run = trained_by(model)?;
        let mut columns = run.data.columns.read_by(run.task);
        columns.split.take_if(|name| name.is_empty());
        (columns != Roles::default()).then_some(Self { task: run.task, columns })
    }

    /// Whether it learned from two texts.
    pub fn is_of_pairs(&self) -> bool {
        self.columns.pair.is_some()
    }

    /// Whether it learned a task from pairs of texts or from single ones, where it read texts.
    fn reads_pairs(&self, task: Task) -> Option<bool> {
        let is_it = self.task == task && task.reads() == Reads::Texts && self.columns.text.is_some();
        is_it.then(|| self.is_of_pairs())
    }

    /// The columns that say what is asked about.
    pub fn asked(&self) -> Roles {
        self.columns.asked()
    }

    /// What of it is of use for a task: what another is to be learned of is not what this one was.
    fn for_task(&self, task: Task) -> Roles {
        if self.task == task { self.columns.clone() } else { self.columns.asked() }
    }
}

/// A model that knows whether it learned from pairs of texts, where it is of a run that kept what it read.
pub fn informed(mut model: OpenModel) -> OpenModel {
    let learned = Learned::of(&model.dir).and_then(|learned| learned.reads_pairs(model.task));
    model.reads_pairs = learned.or(model.reads_pairs);
    model
}

/// The columns that a model reads of a table: those that a person gave, those that it learned from, and else what they seem
/// to be.
pub fn columns(learned: Option<&Learned>, given: &Roles, table: &Table, task: Task) -> Columns {
    let Some(learned) = learned else {
        return Columns { roles: fill_roles(given, table, task), ..Columns::default() };
    };
    let of_run = learned.for_task(task);
    let (mut wanted, mut lost) = (given.clone(), Vec::new());
    let is_free = |column: &str| given.named().all(|(_, used)| used != column);
    for ((part, column), place) in of_run.parts().into_iter().zip(wanted.columns_mut()) {
        let Some(column) = column.as_ref().filter(|column| place.is_none() && is_free(column)) else { continue };
        if has_columns(table, column) {
            *place = Some(column.clone());
        } else {
            lost.push((part, column.as_str()));
        }
    }
    // Words in a list and words in a text are two ways to say the same; the one that was named holds.
    if given.text.is_some() {
        wanted.tokens.clone_from(&given.tokens);
    } else if given.tokens.is_some() {
        (wanted.text, wanted.spans) = (None, None);
    }
    let mut roles = fill_roles(&wanted, table, task);
    if wanted.pair.is_none() && !learned.is_of_pairs() && learned.task.reads() == Reads::Texts {
        // What learned from single texts is not asked about two.
        roles.pair = None;
    }
    let of_text: Vec<&str> = asked_parts(&learned.columns);
    let lost = lost.into_iter().filter_map(|one| missing(one, of_text.contains(&one.0), &roles, table));
    let missing = lost.collect();
    let (asked, before) = (wanted.asked(), given.asked());
    Columns { is_learned: asked != before && asked != Roles::default(), roles, missing }
}

/// What those parts are called that say what is asked about.
fn asked_parts(roles: &Roles) -> Vec<&'static str> {
    roles
        .parts()
        .into_iter()
        .zip(roles.asked().parts())
        .filter(|(own, asked)| own == asked)
        .map(|((part, _), _)| part)
        .collect()
}

/// What is to be known of a column that was learned from and is not there.
fn missing((part, column): (&str, &str), is_asked: bool, roles: &Roles, table: &Table) -> Option<String> {
    let of = |wanted: &str| roles.named().find(|(name, _)| *name == wanted).map(|(_, column)| column);
    let instead = of(part).or_else(|| match part {
        "words" => of("text"),
        "text" => of("words"),
        _ => None,
    });
    let learned = format!("the model learned from the column \"{column}\" as its {part}, which is not there");
    match instead {
        // There is nothing else that could have been meant.
        Some(_) if table.columns.len() == 1 => None,
        Some(other) => Some(format!("{learned}; \"{other}\" is read in its place")),
        None => is_asked.then(|| format!("{learned}; nothing is read in its place")),
    }
}

impl Columns {
    /// In words.
    pub fn words(&self, task: Task) -> String {
        let roles = self.roles.read_by(task);
        let read: Vec<String> = roles.named().map(|(part, column)| format!("{part} \"{column}\"")).collect();
        let known = if self.is_learned { ", as the model's run read them" } else { "" };
        format!("the columns that are read: {}{known}", read.join(", "))
    }
}
