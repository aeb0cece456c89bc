//! Heads and feed-forwards that are measured by what a task loses without them.

use std::sync::Arc;

use crate::analysis::switchboard::{Board, Question, board};
use crate::train::run;
use crate::worker::work::{Failure, Queue, Tell, Work};

/// Measures all parts of a model.
#[derive(Debug)]
pub struct MeasureHeads {
    pub question: Question,
}

impl Work for MeasureHeads {
    /// Why there is nothing to see is shown where it was asked.
    type Answer = Result<Arc<Board>, String>;

    fn title(&self) -> String {
        format!("Measuring the heads of {}", run::model_title(&self.question.wanted.model))
    }

    fn queue(&self) -> Queue {
        Queue::Compute
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        let found = board(&self.question, tell);
        Ok(found.map(|found| found.map(Arc::new)).map_err(|error| error.to_string()).transpose())
    }
}
