//! How long runs would take on this machine, by the plan that each would begin with.

use std::path::PathBuf;

use crate::samples;
use crate::stop::heed;
use crate::train::config::RunConfig;
use crate::train::prepare::open_model;
use crate::train::{plan, prepare};
use crate::worker::work::{Failure, Tell, Work};
use candle_core::Device;

/// A run on a sample, which is written to its place first where it is not there.
#[derive(Debug)]
pub struct SampleRun {
    pub sample: &'static str,
    pub path: PathBuf,
    pub config: RunConfig,
}

/// Plans runs, one after the other.
#[derive(Debug)]
pub struct TimeRuns {
    /// What they are timed for, for whoever asked.
    pub of: String,
    pub runs: Vec<SampleRun>,
}

impl Work for TimeRuns {
    /// Seconds of each.
    type Answer = Vec<f64>;

    fn title(&self) -> String {
        "Estimating times".to_owned()
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Vec<f64>>, Failure> {
        let mut seconds = Vec::new();
        for run in &self.runs {
            heed();
            samples::write(run.sample, &run.path)?;
            let Some(data) = prepare(&run.config, tell)? else { return Ok(None) };
            let config = data.settled(&run.config)?;
            let (model, _) = open_model(&config, &data.labels, &Device::Cpu)?;
            seconds.push(plan::of_prepared(&config, &data, &model)?.seconds);
        }
        Ok(Some(seconds))
    }
}
