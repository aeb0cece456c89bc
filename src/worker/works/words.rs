//! Words of a data set that are weighed by what they add to what a model says.

use std::sync::Arc;

use crate::analysis::words::{Question, Words};
use crate::files;
use crate::train::learned::{self, LearnedKept};
use crate::worker::work::{Failure, Queue, Tell, Work};

/// Weighs the words of a data set.
#[derive(Debug)]
pub struct WeighWords {
    pub question: Question,
    pub learned: LearnedKept,
}

impl Work for WeighWords {
    /// Why there is nothing to see is shown where it was asked.
    type Answer = Result<Arc<Words>, String>;

    fn title(&self) -> String {
        format!("Weighing the words of {}", files::name(&self.question.wanted.data.table.path))
    }

    fn queue(&self) -> Queue {
        Queue::Compute
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        let found = learned::words(&self.question, &self.learned, tell);
        Ok(found.map(|found| found.map(Arc::new)).map_err(|error| error.to_string()).transpose())
    }
}
