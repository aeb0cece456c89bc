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

/// The updates of an epoch, as places in the list of features; one of all where outputs alone are fitted.
pub fn epoch_updates(config: &RunConfig, lengths: &[u32], epoch: u64) -> Vec<Vec<u32>> {
    if !config.strategy.fit.has_rate() {
        return vec![(0..lengths.len() as u32).collect()];
    }
    let order = sampler::epoch_order(lengths.len(), config.run.seed, epoch, config.run.shuffle);
    sampler::updates(lengths, &order, update_rule(config, epoch))
}

/// The epoch, from 1, that an update belongs to, which is counted from 1; what is before the first update is of the first.
pub fn epoch_of(config: &RunConfig, lengths: &[u32], update: u64) -> u64 {
    let (mut epoch, mut done) = (0, 0);
    loop {
        let updates = epoch_updates(config, lengths, epoch).len() as u64;
        epoch += 1;
        done += updates;
        if update <= done || updates == 0 {
            return epoch;
        }
    }
}

/// Whether the state after so many updates is one of those that are kept: evenly spaced from before the first update to
/// after the last, so that equal ways on a slider are equal parts of the run. A run with fewer updates keeps each once.
pub fn is_kept(config: &RunConfig, total: u64, step: u64) -> bool {
    kept_steps(config.run.keep_checkpoints, total).any(|kept| kept == step)
}

/// How many states a run of so many updates keeps.
pub fn kept_count(config: &RunConfig, total: u64) -> u64 {
    u64::from(config.run.keep_checkpoints).min(total + 1)
}

fn kept_steps(count: u32, total: u64) -> impl Iterator<Item = u64> {
    let (gaps, count) = (u128::from(count.saturating_sub(1).max(1)), u128::from(count));
    (0..count).map(move |place| ((place * u128::from(total) + gaps / 2) / gaps) as u64)
}

/// Counts updates. Where an update has a number of tokens, epochs differ a little, so each is counted.
pub fn count_steps(config: &RunConfig, lengths: &[u32]) -> StepCount {
    let per_epoch = epoch_updates(config, lengths, 0).len() as u64;
    if !config.strategy.fit.has_rate() {
        return StepCount { total: 1, per_epoch };
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_kept_evenly_from_before_the_first_update_to_after_the_last() {
        let of = |count: u32, total: u64| {
            let mut steps: Vec<u64> = kept_steps(count, total).collect();
            steps.dedup();
            steps
        };
        assert_eq!(of(0, 100), [0_u64; 0]);
        assert_eq!(of(2, 100), [0, 100]);
        assert_eq!(of(5, 100), [0, 25, 50, 75, 100]);
        assert_eq!(of(4, 10), [0, 3, 7, 10]);
        assert_eq!(of(9, 3), [0, 1, 2, 3], "no state twice");
        assert_eq!(of(100, u64::MAX).len(), 100);
    }
}
