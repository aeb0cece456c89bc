//! What of a run is not learned from labels by gradients: outputs that are fitted, and what is learned from pairs.
//!
//! Outputs that are fitted hang on nothing but the weights below them and the texts that are learned from. So they are
//! fitted whenever somebody looks at the model (an evaluation, a pinned text, a state that is kept, the end), as often as
//! that may be, and it changes no bit of what is learned; a run that goes on comes to the same outputs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use candle_core::Tensor;

use super::Trainer;
use crate::analysis::probe::linear::Matrix;
use crate::data::folds::groups;
use crate::inspect::predictor::{TOKENS_AT_ONCE, in_batches};
use crate::model::{HeadKind, Param, Pass};
use crate::stop;
use crate::text::{Batch, Features};
use crate::train::TrainError;
use crate::train::contrast;
use crate::train::event::{Step, TrainEvent};
use crate::train::logistic::{self, Fitted, Lesson};
use crate::train::objective::{Work, evaluation_chance};
use crate::train::prefix::last_states;
use crate::train::states::Part;

impl<'a> Trainer<'a> {
    /// The sequences of an update, with those that they are compared with.
    pub(super) fn with_partners<'u>(&self, update: &'u [u32], epoch: u64) -> Cow<'u, [u32]> {
        match &self.pairs {
            Some(pairs) => pairs.with_partners(update, epoch).into(),
            None => update.into(),
        }
    }

    /// Sequences computed at once: a text is never parted from its partners.
    pub(super) fn micro_batch_size(&self) -> Option<usize> {
        self.config.run.micro_batch.map(|size| size * self.config.strategy.fit.texts())
    }

    /// What the loss of an update is divided by.
    pub(super) fn denominator(&self, drawn: &[Cow<'a, Features>]) -> f64 {
        match &self.pairs {
            Some(_) => contrast::denominator(drawn.len()),
            None => self.objective.denominator(drawn.iter().map(AsRef::as_ref)),
        }
    }

    /// The parts of the loss of a batch, of the states that its head reads.
    pub(super) fn own_losses(
        &self,
        last: &Tensor,
        work: &Work,
        denominator: f64,
        pass: &Pass,
    ) -> Result<Vec<Part>, TrainError> {
        let task = self.config.task;
        if self.pairs.is_some() {
            let states = self.model.before_outputs(task, last, &work.input, pass)?;
            return Ok(vec![("pairs", contrast::loss(&states, denominator)?)]);
        }
        let logits = self.model.logits(task, last, &work.input, pass)?;
        self.objective.losses(&logits, work, denominator)
    }

    /// Whether a weight has no gradient because it is fitted.
    pub(super) fn is_fitted(&self, param: &Param) -> bool {
        let output = || self.model.heads.get(HeadKind::for_task(self.config.task)).map(|head| &head.output);
        self.config.strategy.fit.fits_outputs()
            && output().is_some_and(|output| output.params().any(|own| std::ptr::eq(&raw const **own, param)))
    }

    /// Fits the outputs where somebody looks at a model that learns from pairs.
    pub(super) fn fit_outputs(&mut self) -> Result<(), TrainError> {
        if self.is_fit_due() {
            let fitted = self.fitted()?;
            self.put(&fitted)?;
        }
        Ok(())
    }

    /// The same where the run may be held or stopped meanwhile; it is then begun anew or left.
    pub(super) fn fit_outputs_heeding(&mut self) -> Result<ControlFlow<()>, TrainError> {
        if !self.is_fit_due() {
            return Ok(ControlFlow::Continue(()));
        }
        Ok(match self.fitted_heeding()? {
            ControlFlow::Continue(fitted) => {
                self.put(&fitted)?;
                ControlFlow::Continue(())
            }
            ControlFlow::Break(()) => ControlFlow::Break(()),
        })
    }

    fn is_fit_due(&self) -> bool {
        self.pairs.is_some() && self.fitted_at != Some(self.step)
    }

    /// The one update of a run of which nothing but the outputs is trained.
    pub(super) fn fitting(&mut self, epoch: u64, at: f64) -> Result<ControlFlow<()>, TrainError> {
        let begun = Instant::now();
        let held_before = self.held;
        if self.go_on().is_break() || self.follow_orders(epoch)?.is_some() {
            return Ok(ControlFlow::Break(()));
        }
        let ControlFlow::Continue(fitted) = self.fitted_heeding()? else { return Ok(ControlFlow::Break(())) };
        self.put(&fitted)?;
        self.step += 1;
        let tokens = self.lengths.iter().map(|tokens| *tokens as usize).sum();
        let seconds = begun.elapsed().saturating_sub(self.held.saturating_sub(held_before)).as_secs_f64();
        self.listener.hear(TrainEvent::Step(Step {
            step: self.step,
            epoch: at,
            loss: fitted.loss,
            parts: BTreeMap::new(),
            lr: 0.0,
            lrs: self.rates(0.0),
            grad_norm: 0.0,
            tokens,
            tokens_per_sec: tokens as f64 / seconds.max(1e-9),
            skipped: false,
        }));
        Ok(ControlFlow::Continue(()))
    }

    fn fitted_heeding(&mut self) -> Result<ControlFlow<(), Fitted>, TrainError> {
        loop {
            let interrupt = self.listener.interrupt();
            if let Ok(fitted) = interrupt.heeding(|| self.fitted()) {
                return Ok(ControlFlow::Continue(fitted?));
            }
            if self.go_on().is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }

    /// The outputs for what the head makes of the texts now.
    fn fitted(&mut self) -> Result<Fitted, TrainError> {
        let Taught { examples, classes, states } = self.read()?;
        let groups = match self.data.train_data.as_deref() {
            Some(data) => groups(data, &examples),
            None => (0..examples.len()).collect(),
        };
        let outputs = self.data.labels.len().max(1);
        let lesson = Lesson { states, classes, outputs, groups, seed: self.config.run.seed };
        Ok(logistic::fit(&lesson, &stop::here()))
    }

    /// Every text that is learned from, whole and without dropout.
    fn read(&mut self) -> Result<Taught, TrainError> {
        let (task, model, data) = (self.config.task, self.model, self.data);
        let (objective, mut cache) = (self.objective.for_evaluation(), self.train_prefix.as_mut());
        let all = (0..data.train.len()).map(|index| {
            let features = data.train.get(index, evaluation_chance(index))?;
            Ok::<_, TrainError>(features.into_owned())
        });
        let tokens = |one: &Features| one.tokens.len();
        let go_on = &mut |_| ControlFlow::Continue(());
        let states = in_batches(TOKENS_AT_ONCE, all, tokens, go_on, |first, batch: &[Features]| {
            let work = objective.work(Batch::pack(batch, first as u32));
            let pass = Pass { rows: work.rows.clone(), ..Pass::default() };
            let which: Vec<u32> = (first as u32..).take(batch.len()).collect();
            let last = last_states(model, task, cache.as_deref_mut(), &which, batch, &work.input, &pass)?;
            Ok::<_, TrainError>(model.before_outputs(task, &last, &work.input, &pass)?.to_vec2::<f32>()?)
        })?;
        let states = states.unwrap_or_default();
        let cols = states.first().map_or(0, Vec::len);
        let example = |index| Ok(data.train.get(index, evaluation_chance(index))?.example);
        Ok(Taught {
            examples: (0..data.train.len()).map(example).collect::<Result<_, TrainError>>()?,
            classes: contrast::classes(&data.train)?,
            states: Matrix { rows: states.len(), cols, values: states.concat() },
        })
    }

    fn put(&mut self, fitted: &Fitted) -> Result<(), TrainError> {
        let output = &self.model.head(self.config.task)?.output;
        let set = |param: &Arc<Param>, values: &[f32]| -> Result<(), TrainError> {
            Ok(param.set(&Tensor::from_slice(values, param.shape(), self.model.device())?)?)
        };
        set(&output.weight, &fitted.weights)?;
        set(&output.bias, &fitted.biases)?;
        self.fitted_at = Some(self.step);
        Ok(())
    }
}

/// The texts that are learned from: their places in the data, their classes, and what their outputs are computed of.
struct Taught {
    examples: Vec<usize>,
    classes: Vec<u32>,
    states: Matrix,
}

#[cfg(test)]
mod tests;
