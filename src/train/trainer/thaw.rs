//! Gradual unfreezing (Howard and Ruder, 2018): the head learns first, then the layers below it join from the top down.
//!
//! How many blocks are trained is a function of the step. A block that joins begins with no moments and a bias
//! correction of its own, at the rate the schedule has then.

use super::Trainer;
use crate::memory;
use crate::model::Model;
use crate::task::Reads;
use crate::train::config::RunConfig;
use crate::train::event::TrainEvent;
use crate::train::prefix::PrefixCache;
use crate::train::{Prepared, strategy};

impl Trainer<'_> {
    /// Unfreezes what is due before the next update, which is of an epoch, from 0.
    pub(super) fn thaw(&mut self, epoch: u64) {
        let before = self.thawed;
        self.thaw_to(strategy::thawed(&self.config.strategy, self.step, epoch));
        if self.thawed > before {
            let blocks = self.thaw_order[before..self.thawed].iter().map(ToString::to_string).collect();
            self.listener.hear(TrainEvent::Unfroze { step: self.step, blocks });
        }
    }

    /// The weights that are trained when the run ends, if it runs to its end.
    pub(super) fn trained_in_all(&self) -> u64 {
        let joined = strategy::joined_at_end(&self.config.strategy, self.steps).min(self.thaw_order.len());
        let joins = &self.thaw_order[..joined];
        let params = self.model.params.iter();
        let trained = params.filter(|param| param.trainable() || joins.contains(&param.block) && !param.fixed);
        trained.map(|param| param.count() as u64).sum()
    }

    /// Makes the first `count` blocks that are to join trained, and forgets what was computed below them.
    pub(super) fn thaw_to(&mut self, count: usize) {
        let count = count.min(self.thaw_order.len());
        if count <= self.thawed {
            return;
        }
        let joined = &self.thaw_order[self.thawed..count];
        for param in self.model.params.iter().filter(|param| joined.contains(&param.block)) {
            param.set_trainable(true);
        }
        self.thawed = count;
        // Whatever is newly trained is looked at in its first update.
        self.audited = false;
        (self.train_prefix, self.eval_prefix) = prefix_caches(self.model, self.data, self.config);
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
    // Texts with other words hidden each time are other texts; those that are evaluated are whole.
    let train = if config.data.hide_words > 0.0 { None } else { cache(data.train.len()) };
    (train, cache(data.eval.len()))
}
