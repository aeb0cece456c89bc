//! The states of a run's course, each asked the same, or each judged by the rows that the run held out.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::inspect::{AnyInquiry, GoOn, OpenModel, Reply};
use crate::metrics::Measure;
use crate::model::{Decisions, Precision};
use crate::stop::heed;
use crate::train::assess::assess_held_out;
use crate::worker::work::{Failure, Queue, Tell, Work};

/// Asks every state of a course, one after the other.
#[derive(Clone, Debug)]
pub struct AskStates {
    /// Of which run, for people.
    pub run: String,
    /// Each by its step and its folder.
    pub states: Vec<(u64, PathBuf)>,
    pub precision: Precision,
    pub inquiry: AnyInquiry,
}

/// What a state said, or why it said nothing.
#[derive(Clone, Debug)]
pub struct Said {
    pub step: u64,
    pub dir: PathBuf,
    pub reply: Result<Arc<Reply>, String>,
}

impl Work for AskStates {
    type Answer = Vec<Said>;

    fn title(&self) -> String {
        format!("Asking every state of {}", self.run)
    }

    fn queue(&self) -> Queue {
        Queue::Files
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Vec<Said>>, Failure> {
        let total = self.states.len() as u64;
        let mut said = Vec::with_capacity(self.states.len());
        for (done, (step, dir)) in (0..).zip(&self.states) {
            heed();
            if tell("asking the states", done, total).is_break() {
                return Ok(None);
            }
            let mut go_on = |_: usize, _: usize| tell("asking the states", done, total);
            let reply = match self.ask(dir, &mut go_on) {
                Ok(Some(reply)) => Ok(Arc::new(reply)),
                Ok(None) => return Ok(None),
                // One that is gone does not take the others with it.
                Err(failure) => Err(failure.to_string()),
            };
            said.push(Said { step: *step, dir: dir.clone(), reply });
        }
        Ok(Some(said))
    }
}

impl AskStates {
    fn ask(&self, dir: &Path, go_on: GoOn<'_>) -> Result<Option<Reply>, Failure> {
        let begun = Instant::now();
        let mut model = OpenModel::open_whole(dir)?.asked_in(self.precision)?;
        model.decisions = Decisions::read(dir)?;
        Ok(self.inquiry.put_to(&mut model, begun, go_on)?)
    }
}

/// Evaluates every state of a course over the rows that its run held out, one after the other.
#[derive(Clone, Debug)]
pub struct MeasureStates {
    /// Of which run, for people.
    pub run: String,
    /// Each by its step and its folder.
    pub states: Vec<(u64, PathBuf)>,
    pub precision: Precision,
}

/// How good a state is, or why that is not known.
#[derive(Clone, Debug)]
pub struct Measured {
    pub step: u64,
    pub dir: PathBuf,
    /// The metric by which the task is judged first, with its name.
    pub metric: Result<(&'static str, f64), String>,
}

impl Work for MeasureStates {
    type Answer = Vec<Measured>;

    fn title(&self) -> String {
        format!("Evaluating every state of {}", self.run)
    }

    fn queue(&self) -> Queue {
        Queue::Compute
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Vec<Measured>>, Failure> {
        let total = self.states.len() as u64;
        let mut measured = Vec::with_capacity(self.states.len());
        for (done, (step, dir)) in (0..).zip(&self.states) {
            let mut on_progress = |_: &str, _: u64, _: u64| tell("evaluating the states", done, total);
            let metric = match assess_held_out(dir, self.precision, &mut on_progress) {
                Ok(Some((assessment, config))) => {
                    let key = Measure::main(config.task);
                    let value = assessment.evaluation.metrics.get(key).copied();
                    value.map(|value| (key, value)).ok_or_else(|| format!("it has no {key}"))
                }
                Ok(None) => return Ok(None),
                Err(error) => Err(error.to_string()),
            };
            measured.push(Measured { step: *step, dir: dir.clone(), metric });
        }
        Ok(Some(measured))
    }
}
