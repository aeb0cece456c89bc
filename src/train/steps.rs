//! How examples are grouped into updates, and how many updates a run has.

use super::config::RunConfig;
use crate::text::sampler;
use crate::text::sampler::{UpdateRule, UpdateSize};

/// Updates of the whole run and of one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepCount {
    pub total: u64,
    pub per_epoch: u64,
}

/// How examples are grouped into updates.
pub fn update_rule(config: &RunConfig, epoch: u64) -> UpdateRule {
    let run = &config.run;
    UpdateRule {
        size: run.batch_tokens.map_or(UpdateSize::Sequences(run.batch), UpdateSize::Tokens),
        bucket: run.bucket.then(|| sampler::bucket_key(run.seed, epoch)),
    }
}

/// The updates of an epoch, as places in the list of features.
pub fn epoch_updates(config: &RunConfig, lengths: &[u32], epoch: u64) -> Vec<Vec<u32>> {
    let order = sampler::epoch_order(lengths.len(), config.run.seed, epoch, config.run.shuffle);
    sampler::updates(lengths, &order, update_rule(config, epoch))
}

/// Counts updates. Where an update has a number of tokens, epochs differ a little, so each is counted.
pub fn count_steps(config: &RunConfig, lengths: &[u32]) -> StepCount {
    let per_epoch = epoch_updates(config, lengths, 0).len() as u64;
    if let Some(total) = config.run.max_steps {
        return StepCount { total, per_epoch };
    }
    let whole = config.run.epochs.floor() as u64;
    let counted: u64 = if config.run.batch_tokens.is_some() {
        (0..whole).map(|epoch| epoch_updates(config, lengths, epoch).len() as u64).sum()
    } else {
        whole * per_epoch
    };
    let part = ((config.run.epochs - whole as f64) * per_epoch as f64).ceil() as u64;
    StepCount { total: (counted + part).max(1), per_epoch }
}
