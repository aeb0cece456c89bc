//! Whether so many trials at once fit the memory, by the plan of a run.

use super::file::Sweep;
use super::trial::Trial;
use crate::train::prepare::{device, open_model};
use crate::train::prepared::Known;
use crate::train::{Prepared, TrainError, plan, prepare_watched};

/// Bytes.
pub struct Need {
    /// Of the trial that takes the most.
    pub trial: u64,
    pub free: u64,
}

impl Need {
    /// Of the trial with the most tokens at once, which is prepared for it as it would be to train.
    pub fn of(sweep: &Sweep) -> Result<Option<Self>, TrainError> {
        let Some(trial) = sweep.trials.iter().max_by_key(|trial| tokens_at_once(trial)) else { return Ok(None) };
        let Some(prepared) = prepare_watched(&trial.config, &mut Silent)? else { return Ok(None) };
        Self::of_trial(trial, &prepared).map(Some)
    }

    fn of_trial(trial: &Trial, prepared: &Prepared) -> Result<Self, TrainError> {
        let config = prepared.settled(&trial.config)?;
        let (model, _) = open_model(&config, &prepared.labels, &device(config.run.device)?)?;
        let plan = plan::of_prepared(&config, prepared, &model)?;
        Ok(Self { trial: plan.memory.total(), free: plan.memory.available + crate::memory::resident() })
    }

    /// How many trials fit.
    pub fn fits(&self) -> usize {
        (self.free / self.trial.max(1)) as usize
    }
}

fn tokens_at_once(trial: &Trial) -> usize {
    let run = &trial.config.run;
    run.batch_tokens.unwrap_or(run.micro_batch.unwrap_or(run.batch) * trial.config.data.max_tokens)
}

struct Silent;

impl crate::train::prepared::Watch for Silent {
    fn progress(&mut self, _what: &str, _done: u64, _total: u64) -> std::ops::ControlFlow<()> {
        std::ops::ControlFlow::Continue(())
    }

    fn learn(&mut self, _known: Known<'_>) {}
}
