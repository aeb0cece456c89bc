//! Words of a data set that are weighed by what they add to what a model says.

use std::sync::Arc;

use crate::analysis::words::{Question, Words, words};
use crate::files;
use crate::train::learned::LearnedKept;
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
        let found = match words(&self.question, tell) {
            Ok(Some(words)) => words,
            Ok(None) => return Ok(None),
            Err(error) => return Ok(Some(Err(error.to_string()))),
        };
        let wanted = &self.question.wanted;
        let training = self.learned.training_set(&wanted.model, &wanted.data);
        let training = training.map(|training| training.among(wanted.examples().into_iter()));
        Ok(Some(Ok(Arc::new(Words { training, ..found }))))
    }
}
