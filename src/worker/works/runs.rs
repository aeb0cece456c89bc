//! What is done to the folders of runs.

use std::path::PathBuf;

use crate::files;
use crate::train::run;
use crate::worker::work::{Failure, Tell, Work};

/// Deletes a run's folder.
#[derive(Debug)]
pub struct DeleteRun {
    pub dir: PathBuf,
}

impl Work for DeleteRun {
    type Answer = ();

    fn title(&self) -> String {
        files::name(&self.dir).into_owned()
    }

    fn only_reads(&self) -> bool {
        false
    }

    fn perform(&self, _: Tell<'_>) -> Result<Option<()>, Failure> {
        run::delete(&self.dir)?;
        Ok(Some(()))
    }

    fn done(&self) -> Option<&'static str> {
        Some("Run deleted")
    }
}
