//! Which rows of the data a model has not learned from.

use std::path::PathBuf;
use std::sync::Arc;

use crate::data::Dataset;
use crate::files;
use crate::train::learned::LearnedKept;
use crate::worker::work::{Failure, Tell, Work};

/// Looks up which examples the run of a model did not learn from.
#[derive(Debug)]
pub struct FindUnseen {
    pub model: PathBuf,
    pub data: Arc<Dataset>,
    pub learned: LearnedKept,
}

impl Work for FindUnseen {
    /// Places of examples; nothing where the model is of no run, or where it cannot be told.
    type Answer = Option<Vec<usize>>;

    fn title(&self) -> String {
        format!("Looking up which rows of {} were learned from", files::name(&self.data.table.path))
    }

    fn perform(&self, _: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        let training = self.learned.training_set(&self.model, &self.data);
        let learned = training.and_then(|training| training.rows.ok());
        Ok(Some(learned.map(|learned| (0..learned.len()).filter(|example| !learned[*example]).collect())))
    }
}
