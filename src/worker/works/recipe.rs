//! The runs of a recipe, planned before the first of them is started.

use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::recipes::{Form, Planned, Planner};
use crate::samples;
use crate::stop::heed;
use crate::train;
use crate::worker::work::{Failure, Tell, Work};

/// Plans the runs of a recipe, and makes what they need of what is inside the program.
#[derive(Debug)]
pub struct PlanRecipe {
    /// By which whoever asked knows the answer.
    pub number: u64,
    pub recipe: &'static str,
    pub forms: Vec<Form>,
    /// What is trained of the recommended epochs.
    pub share: f64,
    /// A sample and where it is written, where the runs are on one.
    pub sample: Option<(&'static str, PathBuf)>,
    /// An encoder, and where one with half of its layers is written, where the runs have that one.
    pub half: Option<(PathBuf, PathBuf)>,
}

impl Work for PlanRecipe {
    /// Of each run, or why it cannot be one: that is shown where it was asked.
    type Answer = Vec<Result<Planned, String>>;

    fn title(&self) -> String {
        "Planning the runs".to_owned()
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        if let Some((name, path)) = &self.sample {
            samples::write(name, path)?;
        }
        if let Some((whole, half)) = &self.half {
            train::halve(whole, half)?;
        }
        let mut planner = Planner::default();
        let mut found: Self::Answer = Vec::new();
        for form in &self.forms {
            heed();
            let mut on_progress = |what: &str, done: u64, total: u64| -> ControlFlow<()> { tell(what, done, total) };
            let earlier: Vec<Option<&Planned>> = found.iter().map(|one| one.as_ref().ok()).collect();
            match planner.plan(form, self.share, &earlier, &mut on_progress) {
                Ok(None) => return Ok(None),
                Ok(Some(planned)) => found.push(Ok(planned)),
                Err(error) => found.push(Err(error.to_string())),
            }
        }
        Ok(Some(found))
    }
}
