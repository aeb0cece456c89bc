//! What is ordered in mid-run: taken in and followed between two updates.
//!
//! An order that is given by hand is written down before it has any effect, so that a run that is killed at any moment goes
//! on to the same bits: either nobody knows of the order, or it is followed again after the same update. An evaluation on
//! order tells and decides nothing, neither which weights are the best nor when patience ends, and so changes no bit.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::{End, Trainer};
use crate::train::config::{Order, What};
use crate::train::event::TrainEvent;
use crate::train::orders::{self, JUDGED_ONCE};
use crate::train::{TrainError, steps};

impl Trainer<'_> {
    /// Does what is ordered for now: what the configuration says, and what is asked by hand. `epoch` is the one under way,
    /// from 0. Says how the run ends, if it is to.
    pub(super) fn follow_orders(&mut self, epoch: u64) -> Result<Option<End>, TrainError> {
        if self.step >= self.steps.total {
            self.refuse_orders("the run has done its last update");
            return Ok(None);
        }
        if self.follow_due()?.is_break() {
            return Ok(Some(End::Stopped));
        }
        let mut asked = self.listener.orders().into_iter();
        while let Some(what) = asked.next() {
            self.take_in(what.in_epoch(epoch + 1));
            if self.follow_due()?.is_break() {
                // They are gone from where they were left, and nobody else would tell of them.
                asked.for_each(|what| self.tell_order(what, Some("the run ended before it".to_owned())));
                return Ok(Some(End::Stopped));
            }
        }
        Ok(None)
    }

    /// Ends the run with an epoch, from 0, as one ends that has done all its updates.
    pub(super) fn end_as_ordered(&mut self, epoch: u64) -> Result<End, TrainError> {
        Ok(match self.last_evaluation()? {
            End::Done => End::Ordered { epoch: epoch + 1 },
            other => other,
        })
    }

    /// Tells that what is still ordered is not done.
    pub(super) fn refuse_orders(&mut self, why: &str) {
        for what in self.listener.orders() {
            self.tell_order(what, Some(why.to_owned()));
        }
    }

    /// Writes an order down, or tells why it is not followed.
    fn take_in(&mut self, what: What) {
        let order = Order { step: self.step, what };
        let mut refused = self.why_not(what);
        if refused.is_none() {
            self.orders.add(order);
            if let Err(error) = self.listener.record(self.orders.all()) {
                self.orders.take_back();
                refused = Some(format!("it could not be written down: {error}"));
            }
        }
        if refused.is_some() {
            self.tell_order(what, refused);
        }
    }

    fn follow_due(&mut self) -> Result<ControlFlow<()>, TrainError> {
        while let Some(Order { what, .. }) = self.orders.due(self.step) {
            if let Some(why) = self.why_not(what) {
                self.orders.refuse();
                self.tell_order(what, Some(why));
                continue;
            }
            // An evaluation that is stopped is an order that is not followed yet.
            if what == What::Evaluate && self.evaluate_alone()?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.orders.follow(|step| steps::epoch_of(self.config, &self.lengths, step));
            self.tell_order(what, None);
            match what {
                What::Factor { .. } | What::Rate { .. } => self.take_rates(),
                What::Thaw => self.thaw_next()?,
                What::Checkpoint => self.save_now(),
                What::Evaluate | What::StopAfter(_) => {}
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn tell_order(&mut self, order: What, refused: Option<String>) {
        self.listener.hear(TrainEvent::Order { step: self.step, order, refused });
    }

    /// Why something cannot be done, where it cannot.
    fn why_not(&self, what: What) -> Option<String> {
        let strategy = &self.config.strategy;
        match what {
            What::Factor { .. } | What::Rate { .. } => {
                self.orders.rates().why_not(what, strategy, Some(self.model.config.stored_layers()))
            }
            What::Thaw if self.model.config.frozen.is_some() => {
                Some("this encoder is used as it is, and only a head can be trained on it".to_owned())
            }
            What::Thaw if self.thawed >= self.thaw_order.len() => {
                let why = orders::why_no_thaw(strategy).unwrap_or("nothing is frozen any more");
                Some(why.to_owned())
            }
            What::Evaluate if self.config.data.fold.is_some() => Some(JUDGED_ONCE.to_owned()),
            What::Evaluate if self.data.eval.is_empty() => Some("nothing is held out to evaluate on".to_owned()),
            What::Thaw | What::Evaluate | What::Checkpoint | What::StopAfter(_) => None,
        }
    }

    /// Puts the rates that were ordered in force.
    pub(super) fn take_rates(&mut self) {
        let (rates, layers) = (self.orders.rates(), self.model.config.stored_layers());
        self.optimizer.set_rules(|param| rates.rule(param, layers));
    }

    /// The highest rate of each group that is trained.
    pub(super) fn rates(&self, factor: f64) -> BTreeMap<String, f64> {
        let mut rates = BTreeMap::new();
        for (_, rule) in self.optimizer.rules().filter(|(param, _)| param.trainable()) {
            let rate: &mut f64 = rates.entry(rule.group.name().to_owned()).or_insert(0.0);
            *rate = rate.max(rule.lr * factor);
        }
        rates
    }

    /// Judges the weights of now and tells it, unless that was just done.
    fn evaluate_alone(&mut self) -> Result<ControlFlow<()>, TrainError> {
        if self.evaluated_at == Some(self.step) {
            return Ok(ControlFlow::Continue(()));
        }
        if self.fit_outputs_heeding()?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let Some(evaluation) = self.judge(true)? else { return Ok(ControlFlow::Break(())) };
        let (metrics, baseline) = (evaluation.metrics, evaluation.baseline);
        self.listener.hear(TrainEvent::Eval { step: self.step, metrics, baseline, best: false });
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests;
