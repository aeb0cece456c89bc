//! The gradients of one update: sequences as they are asked this time, micro-batches of them, and the parts of their loss.

use std::borrow::Cow;

use super::Trainer;
use super::losses::{Denominators, Learned, Losses};
use crate::model::{Pass, PassDropout};
use crate::random::{Purpose, key};
use crate::text::{Batch, Features, sampler};
use crate::train::companion::Divisors;
use crate::train::objective::{Work, chance};
use crate::train::prefix::last_states;
use crate::train::states::{Compared, Part, sum};
use crate::train::{TrainError, audit};

impl<'a> Trainer<'a> {
    /// The gradients of one update, added up with the weights; nothing where the run is to stop.
    pub(super) fn gradients(&mut self, update: &[u32], epoch: u64) -> Result<Option<Learned>, TrainError> {
        let update = &*self.with_partners(update, epoch);
        let drawn = self.draw(update, epoch)?;
        let tokens: usize = drawn.iter().map(|features| features.tokens.len()).sum();
        let asked = self.companion.as_ref().map_or(0.0, |one| drawn.iter().map(|drawn| one.asked(drawn)).sum());
        let parts =
            Denominators { own: self.denominator(&drawn), companion: Divisors { asked, tokens: tokens as f64 } };
        let Some(losses) = self.added_up(update, &drawn, parts, epoch)? else { return Ok(None) };
        let norm = self.optimizer.gradient_norm()?;
        // A head learns nothing from an update in which it was asked nothing.
        if losses.sum.is_finite() && norm.is_finite() && !self.audited && norm > 0.0 && parts.own > 0.0 {
            // And a companion nothing from one in which it was not.
            let params = if asked > 0.0 { &self.params } else { &self.model.params };
            self.audited = audit::audit(params, &|param| self.is_fitted(param))?;
        }
        Ok(Some(Learned { losses, norm, tokens }))
    }

    /// The sequences of an update as they are asked this time.
    fn draw(&self, update: &[u32], epoch: u64) -> Result<Vec<Cow<'a, Features>>, TrainError> {
        let one = |index: &u32| {
            let chance = chance(self.config.run.seed, epoch, *index as usize);
            Ok(self.objective.draw(self.data.train.get(*index as usize, chance)?, chance))
        };
        update.iter().map(one).collect()
    }

    /// Adds the gradients of an update up; returns its loss. An update that was left in its middle begins anew and comes to
    /// the same numbers, because chance is a function of the place in it.
    fn added_up(
        &mut self,
        update: &[u32],
        drawn: &[Cow<'a, Features>],
        parts: Denominators,
        epoch: u64,
    ) -> Result<Option<Losses>, TrainError> {
        let micro_batches: Vec<&[u32]> = sampler::micro_batches(update, self.micro_batch_size()).collect();
        let (mut losses, mut slot, mut next) = (Losses::default(), 0, 0);
        while let Some(which) = micro_batches.get(next) {
            // What was ordered while the run was held need not wait for the end of an update that has not begun.
            if self.go_on().is_break() || next == 0 && self.follow_orders(epoch)?.is_some() {
                self.params.clear_gradients();
                return Ok(None);
            }
            let features = &drawn[slot..][..which.len()];
            let interrupt = self.listener.interrupt();
            let added = interrupt.heeding(|| self.micro_batch(which, features, slot as u32, parts));
            if let Ok(share) = added {
                losses.add(share?);
                slot += which.len();
                next += 1;
            } else {
                self.params.clear_gradients();
                (losses, slot, next) = (Losses::default(), 0, 0);
            }
        }
        Ok(Some(losses))
    }

    /// Adds the gradients of some sequences; returns their share of the update's loss.
    fn micro_batch(
        &mut self,
        which: &[u32],
        features: &[Cow<'a, Features>],
        first_slot: u32,
        parts: Denominators,
    ) -> Result<Losses, TrainError> {
        let features: Vec<&Features> = features.iter().map(AsRef::as_ref).collect();
        let mut work = self.objective.work(Batch::pack(features.iter().copied(), first_slot));
        let mut losses = Losses::default();
        let mut own = parts.own;
        if let Some(companion) = &self.companion {
            let joined = companion.join(&mut work, &features, self.dropout(), parts.companion)?;
            losses.sum += joined.loss;
            own /= joined.model_weight;
        }
        let each = self.losses(which, &features, &work, own)?;
        let Some(total) = sum(each.iter().map(|(_, loss)| loss))? else { return Ok(losses) };
        losses.sum += f64::from(total.to_scalar::<f32>()?);
        for (name, loss) in &each {
            losses.parts.insert(name, f64::from(loss.to_scalar::<f32>()?));
        }
        if losses.sum.is_finite() {
            let store = total.backward()?;
            for param in self.params.iter() {
                param.collect(&store)?;
            }
        }
        Ok(losses)
    }

    /// The parts of the model's loss of a batch, with their graph; none where nothing is asked.
    fn losses(
        &mut self,
        which: &[u32],
        features: &[&Features],
        work: &Work,
        own: f64,
    ) -> Result<Vec<Part>, TrainError> {
        let (task, compared) = (self.config.task, work.compared.as_ref());
        let is_asked = !work.is_empty();
        let pass = Pass {
            graph: true,
            products: self.config.run.precision,
            dropout: Some(self.dropout()),
            rows: work.rows.clone().filter(|_| is_asked),
            keep_hidden: compared.is_some_and(Compared::wants_states),
            keep_scores: compared.is_some_and(Compared::wants_scores),
            ..Pass::default()
        };
        let mut losses = Vec::new();
        match compared {
            Some(compared) => {
                let encoded = self.model.encode(&work.input, &pass)?;
                if is_asked {
                    losses = self.own_losses(&encoded.last, work, own, &pass)?;
                }
                losses.extend(compared.losses(self.model, &work.input, &encoded)?);
            }
            None if is_asked => {
                let cache = self.train_prefix.as_mut();
                let last = last_states(self.model, task, cache, which, features, &work.input, &pass)?;
                losses = self.own_losses(&last, work, own, &pass)?;
            }
            None => {}
        }
        Ok(losses)
    }

    fn dropout(&self) -> PassDropout {
        let key = key(self.config.run.seed, Purpose::Dropout, &[self.step]);
        PassDropout { key, rate: self.config.dropout_rate() }
    }
}
