//! A compared run as it is shown, and what its values stand over.

use crate::train::run::{Compared, History, Point, RunStatus};
use crate::ui::workspace::RunView;

/// What the values stand over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Over {
    #[default]
    Steps,
    /// Of training alone, so that an evaluation or a pause moves no curve.
    Seconds,
}

pub fn at(point: &Point, over: Over) -> f64 {
    if over == Over::Steps { point.step } else { point.seconds }
}

/// A run as it is shown.
pub struct Shown<'a> {
    /// Its place among the chosen, which gives it its colour.
    pub place: usize,
    pub run: &'a Compared,
    /// Of the run that trains, as far as it is now.
    pub history: &'a History,
    pub live: Option<&'a RunView>,
    pub running: bool,
}

impl Shown<'_> {
    pub fn name(&self) -> &str {
        &self.run.summary.name
    }

    /// Many runs, of which only the result of all is compared.
    pub fn is_in_folds(&self) -> bool {
        self.run.summary.folds > 0
    }

    pub fn status(&self) -> RunStatus {
        if self.live.is_some() { RunStatus::Open } else { self.run.summary.status }
    }
}
