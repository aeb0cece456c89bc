//! What is written for other programs.

use std::path::PathBuf;

use crate::export::{self, Offer, Plan, Written};
use crate::files;
use crate::worker::work::{Failure, Tell, Work};

/// Finds out what can be written of a run. Why nothing can is an answer too, and told where it was asked.
#[derive(Debug)]
pub struct OfferExport {
    pub from: PathBuf,
}

impl Work for OfferExport {
    type Answer = Result<Offer, String>;

    fn title(&self) -> String {
        format!("Looking at {}", files::name(&self.from))
    }

    fn perform(&self, _: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        Ok(Some(export::offered(&self.from).map_err(|error| error.to_string())))
    }
}

/// Writes an export.
#[derive(Debug)]
pub struct WriteExport {
    pub plan: Plan,
}

impl Work for WriteExport {
    type Answer = Result<Written, String>;

    fn title(&self) -> String {
        format!("Exporting {}", files::name(&self.plan.from))
    }

    fn only_reads(&self) -> bool {
        false
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        let told = &mut |what: &'static str, done: usize, total: usize| tell(what, done as u64, total as u64);
        Ok(export::export(&self.plan, told).map_err(|error| error.to_string()).transpose())
    }
}
