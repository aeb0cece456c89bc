//! What a run that is repeated starts from.

use std::path::PathBuf;

use crate::files;
use crate::train::config::RunConfig;
use crate::train::run;
use crate::worker::work::{Failure, Tell, Work};

/// Reads the configuration of a run as it began.
#[derive(Debug)]
pub struct Again {
    pub dir: PathBuf,
}

impl Work for Again {
    /// Or why it cannot be repeated.
    type Answer = Result<RunConfig, String>;

    fn title(&self) -> String {
        format!("Reading {}", files::name(&self.dir))
    }

    fn perform(&self, _: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        let began = run::kept_config(&self.dir).and_then(|kept| run::as_it_began(&kept));
        Ok(Some(began.map_err(|error| error.to_string())))
    }
}
