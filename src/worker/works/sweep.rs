//! The folder of a sweep, as it stands now.

use std::path::PathBuf;

use crate::files;
use crate::sweep::Study;
use crate::worker::work::{Failure, Tell, Work};

/// Reads what came of a sweep so far, and how much each setting matters.
#[derive(Debug)]
pub struct ReadSweep {
    pub dir: PathBuf,
}

impl Work for ReadSweep {
    /// Or why it cannot be read: that is shown where it was asked.
    type Answer = Result<Study, String>;

    fn title(&self) -> String {
        format!("Reading {}", files::name(&self.dir))
    }

    fn perform(&self, _: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        Ok(Some(Study::read(&self.dir).map_err(|error| error.to_string())))
    }
}
