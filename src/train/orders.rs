//! What is ordered of a run, by steps: how far it was followed, and what it has made of the rates.
//!
//! An order takes effect between two updates. Those that are given by hand are written into the run's configuration before
//! they do, so that a run stays a function of its configuration, its data and its seed: one that goes on, or is repeated,
//! follows the same orders after the same updates. What of them is done already is all that a checkpoint has to keep.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::TrainError;
use super::config::{Group, LastEpoch, Optim, Order, RunConfig, Strategy, StrategyKind, What};
use super::groups;
use super::limits;
use super::optimizer::Rule;
use super::steps::StepCount;
use super::strategy;
use crate::model::Param;
use crate::words::plural;

/// How far the orders of a run were followed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Followed {
    /// So many, in their order.
    pub count: usize,
    /// Those among them that could not be.
    pub refused: Vec<usize>,
}

/// The orders of a run, and what they have come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Orders {
    list: Vec<Order>,
    followed: Followed,
    rates: Rates,
    /// Blocks that were ordered to join.
    thaws: usize,
    /// The epoch, from 1, after which the run is done.
    last_epoch: Option<u64>,
}

impl Orders {
    /// Of a run that begins.
    pub fn of(config: &RunConfig) -> Self {
        Self { list: by_steps(&config.run.orders), ..Self::none(&config.optim) }
    }

    /// None, at these rates.
    pub fn none(optim: &Optim) -> Self {
        let (followed, rates) = (Followed::default(), Rates::of(optim));
        Self { list: Vec::new(), followed, rates, thaws: 0, last_epoch: None }
    }

    /// All of them, by their steps.
    pub fn all(&self) -> &[Order] {
        &self.list
    }

    pub fn followed(&self) -> &Followed {
        &self.followed
    }

    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    pub fn thaws(&self) -> usize {
        self.thaws
    }

    /// The next one, if it is to be followed after so many updates.
    pub fn due(&self, step: u64) -> Option<Order> {
        self.list.get(self.followed.count).copied().filter(|order| order.step <= step)
    }

    /// Counts the next one as followed. `epoch_of` says which epoch, from 1, is under way at a step.
    pub fn follow(&mut self, epoch_of: impl Fn(u64) -> u64) {
        let Some(Order { what, step }) = self.list.get(self.followed.count).copied() else { return };
        self.followed.count += 1;
        match what {
            What::Factor { .. } | What::Rate { .. } => self.rates.change(what),
            What::Thaw => self.thaws += 1,
            What::StopAfter(LastEpoch::AsConfigured) => self.last_epoch = None,
            What::StopAfter(LastEpoch::This) => self.last_epoch = Some(epoch_of(step)),
            What::StopAfter(LastEpoch::Number(number)) => self.last_epoch = Some(number.max(epoch_of(step))),
            What::Evaluate | What::Checkpoint => {}
        }
    }

    /// Counts the next one as one that cannot be followed.
    pub fn refuse(&mut self) {
        self.followed.refused.push(self.followed.count);
        self.followed.count += 1;
    }

    /// Comes to where a run that goes on was. `epoch_of` says which epoch, from 1, is under way at a step.
    pub fn go_on_from(&mut self, followed: &Followed, epoch_of: impl Fn(u64) -> u64) {
        while self.followed.count < followed.count.min(self.list.len()) {
            let next = self.followed.count;
            if followed.refused.contains(&next) {
                self.refuse();
            } else {
                self.follow(&epoch_of);
            }
        }
    }

    /// Adds one that is given by hand after so many updates, to be followed next.
    pub fn add(&mut self, order: Order) {
        self.list.insert(self.followed.count, order);
    }

    /// Takes back what was added last.
    pub fn take_back(&mut self) {
        self.list.remove(self.followed.count);
    }

    /// Whether a run is done after an epoch, from 1.
    pub fn end_after(&self, epoch: u64) -> bool {
        self.last_epoch.is_some_and(|last| epoch >= last)
    }
}

/// Orders as they are followed: those of one step as they stand.
fn by_steps(orders: &[Order]) -> Vec<Order> {
    let mut orders = orders.to_vec();
    orders.sort_by_key(|order| order.step);
    orders
}

/// Whether orders begin as others do, as far as those were followed.
pub fn agree(one: &[Order], two: &[Order], followed: &Followed) -> bool {
    let (one, two) = (by_steps(one), by_steps(two));
    let begin = |orders: &[Order]| orders.get(..followed.count).map(<[Order]>::to_vec);
    begin(&one).is_some_and(|begun| begin(&two) == Some(begun))
}

/// The rates of a run after what was ordered of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    optim: Optim,
    factors: BTreeMap<Group, f64>,
}

impl Rates {
    pub fn of(optim: &Optim) -> Self {
        Self { optim: optim.clone(), factors: BTreeMap::new() }
    }

    /// Another rate is in the place of what a group had, with all it was multiplied by; a weight that has one of its own by
    /// its name keeps that. What is no order of rates changes nothing.
    pub fn change(&mut self, what: What) {
        let groups = |group: Option<Group>| group.map_or(Group::ALL.to_vec(), |group| vec![group]);
        match what {
            What::Factor { factor, group } => {
                for group in groups(group) {
                    *self.factors.entry(group).or_insert(1.0) *= factor;
                }
            }
            What::Rate { lr, group } => {
                for group in groups(group) {
                    self.factors.remove(&group);
                    self.optim.lr_groups.insert(group.name().to_owned(), lr);
                }
            }
            What::Thaw | What::Evaluate | What::Checkpoint | What::StopAfter(_) => {}
        }
    }

    /// What the optimizer does with a weight.
    pub fn rule(&self, param: &Param, layers: usize) -> Rule {
        let rule = groups::rule(param, &self.optim, layers);
        Rule { lr: rule.lr * self.factor(rule.group).unwrap_or(1.0), ..rule }
    }

    fn factor(&self, group: Group) -> Option<f64> {
        self.factors.get(&group).copied()
    }

    /// The highest peak rate of what is trained at any time.
    fn highest(&self, strategy: &Strategy, stored_layers: Option<usize>) -> f64 {
        let peaks = groups::peaks_by_group(&self.optim, strategy, stored_layers);
        peaks.into_iter().map(|(group, peak)| peak * self.factor(group).unwrap_or(1.0)).fold(0.0, f64::max)
    }

    /// Why rates must not be changed so, where they must not.
    pub fn why_not(&self, what: What, strategy: &Strategy, stored_layers: Option<usize>) -> Option<String> {
        if let What::Factor { factor, .. } = what
            && !limits::contains(limits::RATE_FACTOR, factor)
        {
            return Some(format!("a factor is expected from {}", limits::words(limits::RATE_FACTOR)));
        }
        let mut changed = self.clone();
        changed.change(what);
        let lr = if let What::Rate { lr, .. } = what { lr } else { changed.highest(strategy, stored_layers) };
        let limit = limits::LEARNING_RATE;
        (!limits::contains(limit, lr))
            .then(|| format!("the learning rate would be {lr:e}, expected {}", limits::words(limit)))
    }
}

/// The highest peak rate of a run from which step on, as its orders have it.
pub fn peaks(config: &RunConfig, stored_layers: Option<usize>) -> Vec<(u64, f64)> {
    let mut rates = Rates::of(&config.optim);
    let mut peaks = vec![(0, rates.highest(&config.strategy, stored_layers))];
    for Order { step, what } in by_steps(&config.run.orders) {
        if matches!(what, What::Factor { .. } | What::Rate { .. }) {
            rates.change(what);
            peaks.push((step, rates.highest(&config.strategy, stored_layers)));
        }
    }
    peaks
}

/// How many blocks have joined before the last update of a run, by themselves and by its orders.
pub fn joined_at_end(config: &RunConfig, steps: StepCount) -> usize {
    let is_thaw = |order: &&Order| order.what == What::Thaw && order.step < steps.total;
    strategy::joined_at_end(&config.strategy, steps) + config.run.orders.iter().filter(is_thaw).count()
}

/// Why no layer of a strategy can be thawed, where none can.
pub fn why_no_thaw(strategy: &Strategy) -> Option<&'static str> {
    if !strategy.fit.has_rate() {
        return Some("only outputs are fitted, and no layer would learn");
    }
    match strategy.kind {
        StrategyKind::Full => Some("all layers are trained from the start"),
        StrategyKind::BitFit => Some("biases are trained in all layers, and no layer is frozen"),
        StrategyKind::Lora => Some("adapters are trained beside the layers, which stay as they are"),
        StrategyKind::Head | StrategyKind::Top | StrategyKind::Gradual | StrategyKind::Custom => None,
    }
}

/// Why rows are not judged on order in a fold.
pub const JUDGED_ONCE: &str = "the rows that are held out in a fold are predicted once, by its last weights";

impl RunConfig {
    /// Refuses orders that no run of this kind can follow.
    pub(super) fn check_orders(&self) -> Result<(), TrainError> {
        let mut rates = Rates::of(&self.optim);
        for order in by_steps(&self.run.orders) {
            let wrong = |expected: &str| {
                let value = format!("\"{}\" at step {}", order.what.words(), order.step);
                Err(TrainError::setting("run.orders", value, expected))
            };
            match order.what {
                What::Factor { .. } | What::Rate { .. } => {
                    if let Some(why) = rates.why_not(order.what, &self.strategy, None) {
                        return wrong(&format!("another rate, as {why}"));
                    }
                    rates.change(order.what);
                }
                What::Thaw => {
                    if let Some(why) = why_no_thaw(&self.strategy) {
                        return wrong(&format!("none for strategy.kind {}: {why}", self.strategy.kind.name()));
                    }
                }
                What::Evaluate if self.run.folds > 0 || self.data.fold.is_some() => {
                    return wrong(&format!("none, as {JUDGED_ONCE}"));
                }
                What::Evaluate | What::Checkpoint | What::StopAfter(_) => {}
            }
        }
        Ok(())
    }
}

/// Refuses to thaw more than a model has, whose encoder may be used as it is.
pub fn check(config: &RunConfig, layers: usize, is_as_it_is: bool) -> Result<(), TrainError> {
    let most = if is_as_it_is { 0 } else { strategy::frozen_from_top(&config.strategy, layers).len() };
    let orders = by_steps(&config.run.orders);
    let Some(order) = orders.iter().filter(|order| order.what == What::Thaw).nth(most) else { return Ok(()) };
    let expected = match most {
        0 => "none, as nothing that is frozen can be trained".to_owned(),
        _ => format!("at most {}, as no more are frozen", plural(most, "block to thaw", "blocks to thaw")),
    };
    let value = format!("\"{}\" at step {}", order.what.words(), order.step);
    Err(TrainError::setting("run.orders", value, &expected))
}

/// Orders that a run of so many steps does not come to, in words.
pub fn beyond(config: &RunConfig, steps: u64) -> Option<String> {
    let late: Vec<String> = by_steps(&config.run.orders)
        .into_iter()
        .filter(|order| order.step >= steps)
        .map(|order| format!("\"{}\" at step {}", order.what.words(), order.step))
        .collect();
    (!late.is_empty()).then(|| {
        format!("run.orders has {}, and the last update is step {steps}; that will not be done", late.join(", "))
    })
}

#[cfg(test)]
mod tests;
