//! Training rows that are read to be held beside a text.

use std::sync::Arc;

use crate::analysis::nearest::Rows;
use crate::analysis::pooled::StatesKept;
use crate::analysis::sample::Sampling;
use crate::files;
use crate::train::learned::{self, LearnedKept};
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
        let found = learned::rows(&self.wanted, &self.kept, &self.learned, tell);
        Ok(found.map(|found| found.map(Arc::new)).map_err(|error| error.to_string()).transpose())
    }
}
