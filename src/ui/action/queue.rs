//! What a person can do about runs that wait, and about recipes, whose runs wait too.

use std::path::PathBuf;

use crate::recipes::Recipe;
use crate::train::config::ModelChoice;

#[derive(Clone, Debug, PartialEq)]
pub enum QueueAction {
    /// Puts the run that the form describes behind those that wait.
    Add,
    /// Repeats a run whose configuration was read, so that it is there with so many seeds.
    Again {
        dir: PathBuf,
        seeds: usize,
    },
    /// Puts a run before the one that it stands behind.
    Rise(u64),
    Remove(u64),
    Clear,
    /// Goes on with a queue that is held.
    GoOn,
    /// Shows or hides the queue.
    Toggle,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RecipeAction {
    /// Shows what a recipe would run.
    Show(&'static str),
    /// What its runs come to.
    Plan(Box<Wish>),
    /// Puts its runs, as they were planned under this number, into the queue, each with so many seeds.
    Start { number: u64, seeds: usize },
    /// Shows what came of it.
    Compare(&'static str),
}

/// A recipe as a person wants it.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    pub number: u64,
    pub recipe: &'static Recipe,
    /// On the data that are open and not on the sample.
    pub on_open_data: bool,
    /// One for each of its slots.
    pub encoders: Vec<Picked>,
    /// What is trained of the recommended epochs.
    pub share: f64,
}

/// An encoder for a recipe.
#[derive(Clone, Debug, PartialEq)]
pub enum Picked {
    Of(ModelChoice),
    /// Half of the layers of the encoder inside the program.
    Half,
}

impl QueueAction {
    pub fn title(&self) -> &'static str {
        match self {
            Self::Add => "Add the next run to the queue",
            Self::Again { .. } => "Repeat with other seeds",
            Self::Rise(_) => "Move up in the queue",
            Self::Remove(_) => "Take out of the queue",
            Self::Clear => "Empty the queue",
            Self::GoOn => "Go on with the queue",
            Self::Toggle => "Show the queue",
        }
    }
}

impl RecipeAction {
    pub fn title(&self) -> String {
        match self {
            Self::Show(name) => {
                let title = crate::recipes::find(name).map_or(*name, |recipe| recipe.title.as_str());
                format!("Compare: {title}")
            }
            Self::Plan(_) => "Plan the runs".into(),
            Self::Start { .. } => "Start the runs".into(),
            Self::Compare(_) => "Show what came of it".into(),
        }
    }
}
