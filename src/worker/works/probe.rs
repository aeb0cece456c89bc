//! Layers that are probed for what they know of a task.

use crate::analysis::pooled::StatesKept;
use crate::analysis::probe::{Probed, Question};
use crate::train::learned::{LearnedKept, probe};
use crate::train::run::model_title;
use crate::worker::work::{Failure, Queue, Tell, Work};

/// Probes all layers. The states are computed only where they are not kept from the time before.
#[derive(Debug)]
pub struct ProbeLayers {
    pub question: Question,
    pub kept: StatesKept,
    pub learned: LearnedKept,
}

impl Work for ProbeLayers {
    /// Why there is nothing to see is shown where it was asked.
    type Answer = Result<Probed, String>;

    fn title(&self) -> String {
        format!("Probing the layers of {}", model_title(&self.question.wanted.model))
    }

    fn queue(&self) -> Queue {
        Queue::Compute
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        Ok(probe(&self.question, &self.kept, &self.learned, tell).map_err(|error| error.to_string()).transpose())
    }
}
