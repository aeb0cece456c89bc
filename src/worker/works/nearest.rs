//! Training rows that are read to be held beside a text.

use std::sync::Arc;

use crate::analysis::nearest::{Rows, rows};
use crate::analysis::pooled::StatesKept;
use crate::analysis::sample::Sampling;
use crate::files;
use crate::train::learned::LearnedKept;
use crate::worker::work::{Failure, Queue, Tell, Work};

/// Reads rows. Their states are computed only where they are not kept from the time before.
#[derive(Debug)]
pub struct ReadRows {
    pub wanted: Sampling,
    pub kept: StatesKept,
    pub learned: LearnedKept,
}

impl Work for ReadRows {
    /// Why there is nothing to see is shown where it was asked.
    type Answer = Result<Arc<Rows>, String>;

    fn title(&self) -> String {
        format!("Reading the rows of {}", files::name(&self.wanted.data.table.path))
    }

    fn queue(&self) -> Queue {
        Queue::Compute
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        let found = match rows(&self.wanted, &self.kept, tell) {
            Ok(Some(rows)) => rows,
            Ok(None) => return Ok(None),
            Err(error) => return Ok(Some(Err(error.to_string()))),
        };
        let training = self.learned.training_set(&self.wanted.model, &self.wanted.data);
        Ok(Some(Ok(Arc::new(Rows { training, ..found }))))
    }
}
