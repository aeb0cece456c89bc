//! Runs set side by side.

use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::train::run::{Comparison, compare};
use crate::worker::work::{Failure, Tell, Work};

/// Reads the histories of runs and what differs between them.
#[derive(Debug)]
pub struct CompareRuns {
    pub dirs: Vec<PathBuf>,
}

impl Work for CompareRuns {
    type Answer = Comparison;

    fn title(&self) -> String {
        format!("Comparing {} runs", self.dirs.len())
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Comparison>, Failure> {
        let total = self.dirs.len() as u64;
        let mut go_on = |place: usize| -> ControlFlow<()> { tell("reading runs", place as u64, total) };
        Ok(compare(&self.dirs, &mut go_on))
    }
}
