//! Gradual unfreezing (Howard and Ruder, 2018): the head learns first, then the layers below it join from the top down.
//!
//! How many blocks are trained is a function of the step. A block that joins begins with no moments and a bias
//! correction of its own, at the rate the schedule has then.

use super::Trainer;
use crate::train::TrainError;
use crate::train::config::Every;
use crate::train::event::TrainEvent;
use crate::train::prefix::PrefixCache;

impl Trainer<'_> {
    /// Unfreezes what is due before the next update, which is of an epoch, from 0.
    pub(super) fn thaw(&mut self, epoch: u64) -> Result<(), TrainError> {
        let due = match self.config.strategy.unfreeze_every {
            Every::Epoch => epoch,
            Every::Steps(steps) => self.step / steps.max(1),
        };
        let before = self.thawed;
        self.thaw_to(due as usize);
        if self.thawed > before {
            let blocks = self.thaw_order[before..self.thawed].iter().map(ToString::to_string).collect();
            self.listener.hear(TrainEvent::Unfroze { step: self.step, blocks });
        }
        Ok(())
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
        // The audit looks at the first update of whatever is newly trained.
        self.audited = false;
        (self.train_prefix, self.eval_prefix) = PrefixCache::pair(self.model, self.config, self.data);
    }
}
