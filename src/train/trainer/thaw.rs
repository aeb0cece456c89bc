//! Gradual unfreezing (Howard and Ruder, 2018): the head learns first, then the layers below it join from the top down.
//!
//! How many blocks are trained is a function of the step and of what was ordered. A block that joins begins with no moments
//! and a bias correction of its own, at the rate the schedule has then. Under other strategies blocks join by order alone.

use std::sync::Arc;

use super::Trainer;
use crate::memory;
use crate::model::{Block, Model, Param};
use crate::task::Reads;
use crate::train::config::{RunConfig, StrategyKind};
use crate::train::event::TrainEvent;
use crate::train::prefix::PrefixCache;
use crate::train::{Prepared, TrainError, orders, strategy};

/// The blocks that can join, from the top down: none of an encoder that is used as it is.
pub(super) fn order(model: &Model, config: &RunConfig) -> Vec<Block> {
    let is_as_it_is = model.config.frozen.is_some();
    if is_as_it_is { Vec::new() } else { strategy::frozen_from_top(&config.strategy, model.config.stored_layers()) }
}

impl Trainer<'_> {
    /// Unfreezes what is due before the next update, which is of an epoch, from 0.
    pub(super) fn thaw(&mut self, epoch: u64) -> Result<(), TrainError> {
        let count = strategy::thawed(&self.config.strategy, self.step, epoch).saturating_add(self.orders.thaws());
        self.thaw_and_tell(count)
    }

    /// Unfreezes the next block, if there is one.
    pub(super) fn thaw_next(&mut self) -> Result<(), TrainError> {
        let before = self.thawed;
        self.thaw_and_tell(before + 1)?;
        if self.is_gradual() {
            return Ok(());
        }
        // Nobody knew that it would join.
        let joined = self.thaw_order[before..self.thawed].to_vec();
        let has_joined = |param: &Param| param.trainable() && joined.contains(&param.block);
        self.listener.complete_states(self.model, self.step, &has_joined);
        Ok(())
    }

    fn thaw_and_tell(&mut self, count: usize) -> Result<(), TrainError> {
        let before = self.thawed;
        self.thaw_to(count)?;
        if self.thawed > before {
            let blocks = self.thaw_order[before..self.thawed].iter().map(ToString::to_string).collect();
            let trainable = self.model.params.trainable_count();
            self.listener.hear(TrainEvent::Unfroze { step: self.step, blocks, trainable });
        }
        Ok(())
    }

    /// Whether blocks join by themselves.
    fn is_gradual(&self) -> bool {
        self.config.strategy.kind == StrategyKind::Gradual
    }

    /// The blocks that are still to join by themselves.
    pub(super) fn joining(&self) -> &[Block] {
        if self.is_gradual() { &self.thaw_order[self.thawed..] } else { &[] }
    }

    /// Whether a weight is known to be trained later.
    pub(super) fn joins(&self, param: &Param) -> bool {
        !param.fixed && self.joining().contains(&param.block)
    }

    /// The weights that are trained when the run ends, if it runs to its end.
    pub(super) fn trained_in_all(&self) -> u64 {
        let joined = orders::joined_at_end(self.config, self.steps).min(self.thaw_order.len());
        let joins = &self.thaw_order[..joined];
        let rule = strategy::unfrozen(&self.config.strategy);
        let learns = |param: &Param| !param.fixed && rule.contains(&param.name);
        let is_trained = |param: &Param| param.trainable() || joins.contains(&param.block) && learns(param);
        self.model.params.iter().filter(|param| is_trained(param)).map(|param| param.count() as u64).sum()
    }

    /// Makes the first `count` blocks that can join trained, and forgets what was computed below them.
    pub(super) fn thaw_to(&mut self, count: usize) -> Result<(), TrainError> {
        let count = count.min(self.thaw_order.len());
        if count <= self.thawed {
            return Ok(());
        }
        let joined = &self.thaw_order[self.thawed..count];
        let rule = strategy::unfrozen(&self.config.strategy);
        let joins = |param: &&Arc<Param>| joined.contains(&param.block) && !param.fixed && rule.contains(&param.name);
        let joining: Vec<Arc<Param>> = self.model.params.iter().filter(joins).cloned().collect();
        for param in joining {
            param.set_trainable(true);
            // The best weights so far are of before, and are put back as a whole.
            if let Some(best) = self.best.as_mut().filter(|best| !best.weights.contains_key(&param.name)) {
                best.weights.insert(param.name.clone(), param.var().as_detached_tensor().copy()?);
            }
        }
        self.thawed = count;
        // Whatever is newly trained is looked at in its first update.
        self.audited = false;
        (self.train_prefix, self.eval_prefix) = prefix_caches(self.model, self.data, self.config);
        Ok(())
    }
}

/// Room for what the frozen prefix computes of the examples learned from and of those held out, where it never changes.
pub(super) fn prefix_caches(
    model: &Model,
    data: &Prepared,
    config: &RunConfig,
) -> (Option<PrefixCache>, Option<PrefixCache>) {
    let keeps = config.strategy.cache && data.train.is_fixed() && config.task.reads() != Reads::Running;
    let prefix = model.frozen_prefix().filter(|steps| *steps > 0 && keeps);
    let share = (memory::available() / 4) as usize;
    let cache = |examples| prefix.map(|steps| PrefixCache::new(model, steps, config.task, examples, share));
    // Texts with other words hidden each time are other texts; those that are evaluated are whole. Where layers are compared
    // with a teacher's, those of the prefix are too.
    let is_anew = config.data.hide_words > 0.0 || config.compares_layers();
    let train = if is_anew { None } else { cache(data.train.len()) };
    (train, cache(data.eval.len()))
}
