//! The rate that a run wants, found by trying.

use std::ops::ControlFlow;

use crate::train::config::RunConfig;
use crate::train::find_rate::{FoundRate, find_rate_of};
use crate::train::prepared::Progress;
use crate::worker::work::{Failure, Queue, Tell, Work};

/// Tries rates on the beginning of a run, with a model of its own.
#[derive(Debug)]
pub struct FindRate {
    pub config: RunConfig,
}

impl Work for FindRate {
    type Answer = FoundRate;

    fn title(&self) -> String {
        "Finding a learning rate".to_owned()
    }

    fn queue(&self) -> Queue {
        Queue::Compute
    }

    fn is_logged(&self) -> bool {
        true
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<FoundRate>, Failure> {
        let mut on_progress = |what: &str, done: u64, total: u64| -> ControlFlow<()> { tell(what, done, total) };
        Ok(find_rate_of(&self.config, &mut Progress(&mut on_progress))?)
    }
}
