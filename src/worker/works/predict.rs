//! A file that is predicted: what it is, what lies where it is to be written, and the writing.

use std::path::PathBuf;

use crate::batch::{self, Chosen, Outcome, Place, Plan, Survey, Written};
use crate::hub::embedded;
use crate::inspect::OpenModel;
use crate::table::Inputs;
use crate::task::Task;
use crate::train::columns::informed;
use crate::worker::work::{Failure, Queue, Tell, Work};

/// Finds out how a file is read, and which of its columns are asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyFile {
    /// The model that is to be asked.
    pub model: PathBuf,
    pub inputs: Inputs,
    pub task: Task,
    pub chosen: Option<Chosen>,
}

impl Work for SurveyFile {
    /// Why it cannot be read is shown where it was asked.
    type Answer = Result<Survey, String>;

    fn title(&self) -> String {
        format!("Reading {}", self.inputs.title())
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        if tell("", 0, 0).is_break() {
            return Ok(None);
        }
        let survey = batch::survey(&embedded::resolve(&self.model)?, &self.inputs, self.task, self.chosen.as_ref());
        Ok(Some(survey.map_err(|error| words(&error))))
    }
}

/// Finds out what lies where predictions are to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct LookAtPlace {
    pub plan: Plan,
}

impl Work for LookAtPlace {
    type Answer = Place;

    fn title(&self) -> String {
        format!("Looking at {}", crate::files::name(&self.plan.out))
    }

    fn perform(&self, _: Tell<'_>) -> Result<Option<Place>, Failure> {
        Ok(Some(batch::look_at(&self.plan, &embedded::resolve(&self.plan.model)?)))
    }
}

/// Writes what a model says to every row.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictFile {
    pub plan: Plan,
}

impl Work for PredictFile {
    type Answer = Written;

    fn title(&self) -> String {
        let name = self.plan.input.as_ref().map(Inputs::title).unwrap_or_default();
        format!("Predictions of {name}")
    }

    fn queue(&self) -> Queue {
        Queue::Compute
    }

    fn only_reads(&self) -> bool {
        false
    }

    /// Who waits for hours is elsewhere by then.
    fn done(&self) -> Option<&'static str> {
        Some("Written")
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        if tell("opening the model", 0, 0).is_break() {
            return Ok(None);
        }
        let model = OpenModel::open(&embedded::resolve(&self.plan.model)?, Some(self.plan.task))?;
        let model = informed(model.asked_in(self.plan.precision)?);
        if tell("reading the rows", 0, 0).is_break() {
            return Ok(None);
        }
        let watch = &mut |progress: batch::Progress| {
            let pace = progress.pace().map(|pace| format!("{pace}, ")).unwrap_or_default();
            match progress.total {
                Some(total) => tell(&format!("{pace}row"), progress.done as u64, total as u64),
                None => tell(&format!("{pace}{} rows", progress.done), progress.done as u64, 0),
            }
        };
        match batch::write(&model, &self.plan, watch).map_err(|error| words(&error))? {
            Some(Outcome::Written(written)) => Ok(Some(written)),
            // What is kept is found where it lies.
            Some(Outcome::Stopped { .. }) | None => Ok(None),
        }
    }
}

/// Throws away what was interrupted.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscardPart {
    pub out: PathBuf,
}

impl Work for DiscardPart {
    type Answer = Result<(), String>;

    fn title(&self) -> String {
        format!("Removing the part of {}", crate::files::name(&self.out))
    }

    fn only_reads(&self) -> bool {
        false
    }

    fn perform(&self, _: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        Ok(Some(batch::discard(&self.out).map_err(|error| words(&error))))
    }
}

/// An error with what lies behind it.
fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        source = cause.source();
    }
    words
}
