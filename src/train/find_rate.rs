//! Which learning rate a run wants, found by trying: the rate rises from update to update, far too low at first and far too
//! high at last, and the loss tells between which it learns (Smith, 2017, "Cyclical learning rates for training neural
//! networks"). When the sweep ends and both rules by which a rate is read from it are those of fastai (Howard and Gugger,
//! 2020): where the loss falls fastest, and a tenth of the rate at which it is lowest. On the samples they lie on either
//! side of the best rate and up to four times apart, so what is suggested lies midway.
//!
//! The updates are those that the run would begin with, in all its groups and with all their factors: one scale for all.
//! The weights are put back as they were.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::config::{Optim, RunConfig, RunOptions};
use super::open::Open;
use super::prepare::{device, open_model};
use super::prepared::Watch;
use super::{Prepared, TrainError, limits, precision, prepare_watched, recommend, sweep};
use crate::model::Model;

/// The lowest and the highest rate that are tried.
pub const FROM: f64 = 1e-7;
pub const TO: f64 = 1.0;
/// Rates that are tried.
pub const TRIALS: usize = 100;
/// How much of the smoothed loss is of what was before.
const MEMORY: f64 = 0.9;
/// The sweep ends when the smoothed loss is so many times the lowest.
const DIVERGED: f64 = 4.0;
/// The first trials, whose loss is smoothed over too few, have no say.
const BURN_IN: usize = TRIALS / 10;
/// A fall of less than this share of the first loss is no learning.
const FALL: f64 = 0.02;

/// One trial.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    pub lr: f64,
    /// The loss of the update before it changed anything.
    pub loss: f64,
    pub smoothed: f64,
}

/// What a sweep has found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundRate {
    /// What to train with, where the loss fell at all: midway between the two below, by their ratio.
    pub suggested: Option<f64>,
    /// Where the loss falls fastest.
    pub steepest: Option<f64>,
    /// A tenth of the rate at which the loss is lowest.
    pub tenth_of_lowest: Option<f64>,
    /// What the rule says that asks no run.
    pub recommended: f64,
    /// The rate at which the loss had risen beyond bounds, where it has.
    pub diverged: Option<f64>,
    pub trials: Vec<Trial>,
}

/// Tries rates on a run whose data are prepared and whose model is open; nothing where it was told to stop.
pub fn find_rate(
    model: &Model,
    data: &Prepared,
    config: &RunConfig,
    watch: &mut dyn Watch,
) -> Result<Option<FoundRate>, TrainError> {
    let mut found = Sweep::default();
    let (mut stopped, mut done) = (false, 0);
    let mut on_update = |loss: Option<f64>| {
        done += u64::from(loss.is_some());
        if watch.progress("trying rates", done, TRIALS as u64).is_break() {
            stopped = true;
            return ControlFlow::Break(());
        }
        loss.map_or(ControlFlow::Continue(()), |loss| found.take(loss))
    };
    let factors = (0..TRIALS).map(|trial| rate(trial) / config.optim.lr);
    sweep(model, data, config, factors, &mut on_update)?;
    let recommended = recommend::settings(config, data.train.len(), model.config.hidden_size).lr;
    Ok((!stopped).then(|| found.read(recommended)))
}

/// The same from a configuration on, as a run would be prepared.
pub fn find_rate_of(config: &RunConfig, watch: &mut dyn Watch) -> Result<Option<FoundRate>, TrainError> {
    precision::check(config)?;
    let fit = config.strategy.fit;
    if !fit.has_rate() {
        let expected = "gradient or contrastive, as outputs that are fitted have no rate to be found";
        return Err(TrainError::setting("strategy.fit", fit.name().to_owned(), expected));
    }
    let Some(data) = prepare_watched(config, watch)? else { return Ok(None) };
    let config = data.settled(config)?;
    if watch.progress("opening the model", 0, 0).is_break() {
        return Ok(None);
    }
    let (model, _) = open_model(&config, &data.labels, &device(config.run.device)?)?;
    precision::check_model(&config, &model)?;
    find_rate(&model, &data, &config, watch)
}

/// Whether what was found for one configuration holds for another: only what a rate does not hang on may differ.
pub fn holds_for(found: &RunConfig, config: &RunConfig) -> bool {
    ground(found) == ground(config)
}

/// A configuration without what a rate does not hang on, and its rates as proportions.
fn ground(config: &RunConfig) -> RunConfig {
    let mut ground = config.clone();
    let (run, optim) = (&config.run, Optim::default());
    ground.run =
        RunOptions { batch: run.batch, batch_tokens: run.batch_tokens, dropout: run.dropout, ..RunOptions::default() };
    for_own_rates(&mut ground.optim, |rate| {
        *rate = format!("{:.5e}", *rate / config.optim.lr).parse().unwrap_or(*rate);
    });
    (ground.optim.lr, ground.optim.warmup, ground.optim.schedule) = (1.0, optim.warmup, optim.schedule);
    ground.open = Open::default();
    ground
}

/// Takes a rate over into a configuration: all rates of its own change by the same factor.
pub fn take_over(config: &mut RunConfig, lr: f64) {
    let factor = lr / config.optim.lr;
    for_own_rates(&mut config.optim, |rate| {
        let scaled = *rate * factor;
        *rate = limits::end(limits::LEARNING_RATE, scaled).unwrap_or(scaled);
    });
    config.optim.lr = lr;
    config.open.lr = false;
}

fn for_own_rates(optim: &mut Optim, change: impl Fn(&mut f64)) {
    optim.lr_groups.values_mut().for_each(&change);
    optim.rates.iter_mut().filter_map(|own| own.lr.as_mut()).for_each(&change);
}

/// The rate of a trial: each is the same factor above the last.
fn rate(trial: usize) -> f64 {
    FROM * (TO / FROM).powf(trial as f64 / (TRIALS - 1) as f64)
}

/// A sweep under way.
#[derive(Default)]
struct Sweep {
    trials: Vec<Trial>,
    mean: f64,
    lowest: f64,
    diverged: Option<f64>,
}

impl Sweep {
    fn take(&mut self, loss: f64) -> ControlFlow<()> {
        let (trial, lr) = (self.trials.len(), rate(self.trials.len()));
        if !loss.is_finite() {
            self.diverged = Some(lr);
            return ControlFlow::Break(());
        }
        self.mean = MEMORY * self.mean + (1.0 - MEMORY) * loss;
        let smoothed = self.mean / (1.0 - MEMORY.powi(trial as i32 + 1));
        self.trials.push(Trial { lr, loss, smoothed });
        self.lowest = if trial == 0 { smoothed } else { self.lowest.min(smoothed) };
        if trial >= BURN_IN && smoothed > DIVERGED * self.lowest {
            self.diverged = Some(lr);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn read(self, recommended: f64) -> FoundRate {
        let told = &self.trials[BURN_IN.min(self.trials.len())..];
        let lowest = told.iter().min_by(|a, b| a.smoothed.total_cmp(&b.smoothed));
        let first = told.first().map_or(0.0, |trial| trial.smoothed);
        let lowest = lowest.filter(|lowest| first - lowest.smoothed > FALL * first.abs());
        // Beyond the lowest it only rises.
        let falls = told.windows(2).filter(|two| lowest.is_some_and(|lowest| two[1].lr <= lowest.lr));
        let fall = |two: &[Trial]| two[1].smoothed - two[0].smoothed;
        let steepest = falls.min_by(|a, b| fall(a).total_cmp(&fall(b))).map(|two| two_digits(two[0].lr));
        let tenth_of_lowest = lowest.map(|lowest| two_digits(lowest.lr / 10.0));
        let suggested = steepest.zip(tenth_of_lowest).map(|(steepest, tenth)| two_digits((steepest * tenth).sqrt()));
        FoundRate { suggested, steepest, tenth_of_lowest, recommended, diverged: self.diverged, trials: self.trials }
    }
}

/// A rate as a person would type it.
fn two_digits(rate: f64) -> f64 {
    format!("{rate:.1e}").parse().unwrap_or(rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::config::WeightRate;

    /// What is found where the loss is a function of the rate.
    fn swept(loss: impl Fn(f64) -> f64) -> FoundRate {
        let mut sweep = Sweep::default();
        for trial in 0..TRIALS {
            if sweep.take(loss(rate(trial))).is_break() {
                break;
            }
        }
        sweep.read(2e-4)
    }

    /// Falls around a rate, is lowest two decades above it, and then explodes.
    fn usual(rate: f64) -> f64 {
        let decade = rate.log10();
        let fallen = 1.0 / (1.0 + (-4.0 * (decade + 3.5)).exp());
        1.1 - fallen + if decade > -1.5 { (decade + 1.5).exp2() * 3.0 } else { 0.0 }
    }

    #[test]
    fn the_rates_are_tried_from_the_lowest_to_the_highest_by_one_factor() {
        assert_eq!((rate(0), rate(TRIALS - 1)), (FROM, TO));
        assert!((rate(50) / rate(49) - rate(1) / rate(0)).abs() < 1e-12);
    }

    #[test]
    fn the_fall_and_the_lowest_are_found_and_the_sweep_ends_when_it_explodes() {
        let found = swept(usual);
        let (steepest, tenth) = (found.steepest.unwrap(), found.tenth_of_lowest.unwrap());
        assert!((1e-4..3e-3).contains(&steepest), "{found:?}");
        assert!((3e-4..6e-3).contains(&tenth), "{found:?}");
        let suggested = found.suggested.unwrap();
        assert!(steepest.min(tenth) <= suggested && suggested <= steepest.max(tenth), "{suggested}");
        assert!(found.diverged.is_some_and(|rate| (1e-2..1.0).contains(&rate)));
        assert!(found.trials.len() < TRIALS);
        let lost = swept(|rate| if rate > 1e-3 { f64::NAN } else { usual(rate) });
        assert!(
            lost.diverged.is_some_and(|rate| rate < 1.3e-3) && lost.trials.iter().all(|trial| trial.loss.is_finite())
        );
    }

    #[test]
    fn no_rate_is_suggested_where_the_loss_does_not_fall() {
        let flat = swept(|rate| 1.0 + 0.005 * (rate.log10() * 40.0).sin());
        assert_eq!((flat.suggested, flat.steepest, flat.tenth_of_lowest), (None, None, None));
        assert_eq!((flat.trials.len(), flat.diverged), (TRIALS, None));
        let rising = swept(|rate| 1.0 + rate.log10().exp2());
        assert_eq!(rising.suggested, None, "{rising:?}");
    }

    #[test]
    fn a_rate_is_taken_over_with_all_that_stand_in_proportion_to_it() {
        let mut config: RunConfig =
            toml::from_str("task = \"classify\"\n[model]\npath = \"m\"\n[data]\ntrain = \"a.csv\"\n").unwrap();
        config.optim.lr = 1e-4;
        config.optim.lr_groups.insert("head".to_owned(), 1e-3);
        let own = |lr, factor| WeightRate { pattern: "*.bias".to_owned(), lr, factor };
        config.optim.rates = vec![own(Some(2e-4), None), own(None, Some(0.5))];
        config.open.lr = true;
        let before = config.clone();
        take_over(&mut config, 2e-4);
        assert_eq!((config.optim.lr, config.optim.lr_groups["head"], config.open.lr), (2e-4, 2e-3, false));
        assert_eq!(config.optim.rates, [own(Some(4e-4), None), own(None, Some(0.5))]);
        assert!(holds_for(&before, &config), "another rate of the same run");
        config.run.epochs = 9.0;
        assert!(holds_for(&before, &config));
        config.optim.lr_groups.insert("head".to_owned(), 1.0);
        assert!(!holds_for(&before, &config), "the groups stand in another proportion");
        take_over(&mut config, 1e-2);
        assert_eq!(config.optim.lr_groups["head"], 1.0, "no rate is beyond what may be typed");
        let mut other = before.clone();
        other.run.batch = 64;
        assert!(!holds_for(&before, &other));
    }
}
