//! Which of the models that are there could teach the next run.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use crate::model;
use crate::text::Tokenizer;
use crate::train::config::{Distill, RunConfig};
use crate::train::prepare::output_names;
use crate::train::teacher::{self, Facts, Wanted};
use crate::worker::protocol::LoadedDataset;
use crate::worker::work::{Failure, Tell, Work};

/// Asks each model whether it fits task, labels and tokenizer.
#[derive(Debug)]
pub struct FindTeachers {
    /// Of the run that is to learn.
    pub config: RunConfig,
    /// The folder of the student, where one is chosen.
    pub student: Option<PathBuf>,
    pub loaded: Arc<LoadedDataset>,
    pub candidates: Vec<PathBuf>,
}

impl Work for FindTeachers {
    /// Of each candidate what is known, or why it does not fit.
    type Answer = Vec<(PathBuf, Result<Facts, String>)>;

    fn title(&self) -> String {
        "Looking for teachers".to_owned()
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        let open = |dir: &PathBuf| Tokenizer::open(&model::tokenizer_folder(dir));
        let student = self.student.as_ref().map(open).transpose()?;
        let shape = self.student.as_ref().map(|dir| model::read_config(dir)).transpose()?;
        let labels = output_names(self.config.task, &self.loaded.dataset.labels);
        let wanted = Wanted {
            labels: &labels,
            student: student.as_ref().zip(shape.as_ref()),
            has_pairs: self.loaded.dataset.roles.pair.is_some(),
        };
        let mut found = Vec::new();
        for (place, dir) in self.candidates.iter().enumerate() {
            if let ControlFlow::Break(()) = tell("looking for teachers", place as u64, self.candidates.len() as u64) {
                return Ok(None);
            }
            let distill = Distill { teacher: dir.clone(), ..Distill::default() };
            let facts = teacher::facts(&self.config, &distill, wanted).map_err(|error| error.expected());
            found.push((dir.clone(), facts));
        }
        Ok(Some(found))
    }
}
