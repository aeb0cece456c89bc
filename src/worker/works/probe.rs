//! Layers that are probed for what they know of a task.

use crate::analysis::pooled::StatesKept;
use crate::analysis::probe::{Probed, Question, probe};
use crate::train::run;
use crate::worker::work::{Failure, Queue, Tell, Work};

/// Probes all layers. The states are computed only where they are not kept from the time before.
#[derive(Debug)]
pub struct ProbeLayers {
    pub question: Question,
    pub kept: StatesKept,
}

impl Work for ProbeLayers {
    /// Why there is nothing to see is shown where it was asked.
    type Answer = Result<Probed, String>;

    fn title(&self) -> String {
        format!("Probing the layers of {}", run::model_title(&self.question.wanted.model))
    }

    fn queue(&self) -> Queue {
        Queue::Compute
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        Ok(probe(&self.question, &self.kept, tell).map_err(|error| error.to_string()).transpose())
    }
}
