//! What a person orders of a run while it trains.

use std::mem::discriminant;

use super::Workspace;
use super::run::Status;
use crate::train::config::{LastEpoch, What};
use crate::train::orders::{JUDGED_ONCE, why_no_thaw};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Orders {
    /// Blocks that are frozen and can be thawed, the next one first.
    pub frozen: Vec<String>,
    /// The epoch, from 1, after which the run is done, where that was ordered.
    pub last_epoch: Option<u64>,
    /// What was ordered and not told of yet.
    pub waiting: Vec<What>,
}

impl Orders {
    /// The run has told of an order.
    pub fn told(&mut self, what: What, is_refused: bool) {
        // An order is told as it is kept, with the number of its epoch.
        let is_it = |waiting: &What| discriminant(waiting) == discriminant(&what);
        if let Some(place) = self.waiting.iter().position(is_it) {
            self.waiting.remove(place);
        }
        match what {
            What::StopAfter(LastEpoch::Number(number)) if !is_refused => self.last_epoch = Some(number),
            What::StopAfter(_) if !is_refused => self.last_epoch = None,
            _ => {}
        }
    }
}

impl Workspace {
    /// Why something cannot be ordered of the run that trains, where it cannot.
    pub fn why_not_order(&self, what: What) -> Option<&'static str> {
        let run = match (self.training_job(), &self.run) {
            (Some(job), Some(run)) if !job.stopping && run.status != Status::Starting => run,
            (Some(_), Some(_)) => return Some("The run has not begun, or is about to end"),
            _ => return Some("No run is in progress"),
        };
        let last = run.orders.last_epoch;
        match what {
            What::Thaw if run.orders.frozen.is_empty() => {
                Some(why_no_thaw(run.config.strategy.kind).unwrap_or("Nothing is frozen any more"))
            }
            What::Evaluate if run.config.data.fold.is_some() => Some(JUDGED_ONCE),
            What::Evaluate if run.eval_examples == 0 => Some("Nothing is held out to evaluate on"),
            What::StopAfter(LastEpoch::AsConfigured) if last.is_none() => Some("The run does not stop early"),
            What::StopAfter(LastEpoch::This) if last.is_some() => Some("The run stops early already"),
            _ => None,
        }
    }
}
