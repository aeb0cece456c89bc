//! The loop.
//!
//! A run is a function of its configuration, its data and its seed. The schedule counts updates, not micro-batches; no
//! gradient is left over at the end of an epoch. What is odd but not fatal is told as an event.

mod course;
mod end;
mod finish;
mod fit;
mod judge;
mod losses;
mod order;
mod resume;
mod sweep;
#[cfg(test)]
mod tests;
mod thaw;
mod update;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use self::end::End;
use self::losses::Learned;
use super::checkpoint::{Best, Checkpoint, Snapshot};
use super::companion::{Companion, all_params};
use super::config::{Order, RunConfig, What};
use super::contrast::Pairs;
use super::event::{Ending, Step, TrainEvent};
use super::objective::Objective;
use super::optimizer::{AdamW, Optimizer, clip_scale};
use super::orders::Orders;
use super::prefix::PrefixCache;
use super::probes::Probes;
use super::steps::{StepCount, count_steps, epoch_updates};
use super::{Prepared, TrainError, companions, groups, schedule};
use crate::metrics::Evaluation;
use crate::model::{Block, Model, Param, Params};
use crate::stop::Stop;

pub use sweep::sweep;

/// Updates in a row that may be skipped because they were not finite.
const PATIENCE_FOR_NOT_FINITE: u32 = 3;

/// Who hears what happens, and may stop or hold the run.
pub trait Listener {
    fn hear(&mut self, event: TrainEvent);

    /// Asked between micro-batches. To pause, it does not return until the run may go on.
    fn go_on(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Asked as soon as [`Self::go_on`] would hold or end the run, so that neither waits for the end of a long micro-batch:
    /// it is left between two layers, and its update begins anew if the run goes on.
    fn interrupt(&self) -> Stop {
        Stop::default()
    }

    /// What was ordered since this was asked last.
    fn orders(&mut self) -> Vec<What> {
        Vec::new()
    }

    /// Write down all that is ordered of the run, before what of it is new takes effect.
    fn record(&mut self, _orders: &[Order]) -> Result<(), TrainError> {
        Ok(())
    }

    /// Keep the best weights, of this step; where there are none, those that the models have now.
    fn keep(&mut self, _models: Models<'_>, _step: u64, _best: Option<&Best>) -> Result<(), TrainError> {
        Ok(())
    }

    /// Keep what of the model is trained, as it is after this step, to look back at.
    fn keep_state(&mut self, _model: &Model, _step: u64, _is_trained: &dyn Fn(&Param) -> bool) {}

    /// Put what has joined, which is as it was at first, beside what was kept of the states before this step.
    fn complete_states(&mut self, _model: &Model, _step: u64, _has_joined: &dyn Fn(&Param) -> bool) {}

    /// Whether the weights of a step are kept, as far as can be told without reading them.
    fn has_kept(&mut self, _step: u64) -> bool {
        true
    }

    /// Reads the kept weights of a step back, and fails if they are not what was written.
    fn read_back(&mut self, _step: u64) -> Result<(), TrainError> {
        Ok(())
    }

    /// Whether the next [`Self::go_on`] will hold the run, so that it is worth a checkpoint.
    fn holds(&mut self) -> bool {
        false
    }

    /// All that the run needs to go on from here: write it down, and say whether it is.
    fn checkpoint(&mut self, _snapshot: &Snapshot<'_>) -> bool {
        true
    }

    /// The last event of a run that did all it was to do. If it cannot be told, the run is not finished.
    fn finish(&mut self, event: TrainEvent) -> Result<(), TrainError> {
        self.hear(event);
        Ok(())
    }
}

/// What is trained: the model, and what stands beside it.
#[derive(Clone, Copy, Debug)]
pub struct Models<'a> {
    pub model: &'a Model,
    pub companion: Option<&'a dyn Companion>,
}

/// How a run ended, with the evaluation of the weights that the model has now.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub ending: Ending,
    pub stopped: bool,
    pub evaluation: Option<Evaluation>,
}

/// Trains until the last step, a stop, or the end of patience; then the model has its best weights.
pub fn train(
    model: &Model,
    data: &Prepared,
    config: &RunConfig,
    listener: &mut dyn Listener,
) -> Result<Outcome, TrainError> {
    train_from(None, model, data, config, listener)
}

/// The same from a checkpoint on, as if the run had never stopped; what came before it is not told again.
pub fn train_from(
    checkpoint: Option<&Checkpoint>,
    model: &Model,
    data: &Prepared,
    config: &RunConfig,
    listener: &mut dyn Listener,
) -> Result<Outcome, TrainError> {
    let mut trainer = Trainer::new(model, data, config, listener)?;
    match checkpoint {
        None => {
            trainer.listener.hear(trainer.started());
            for message in &data.warnings {
                trainer.listener.hear(TrainEvent::Warning { step: 0, message: message.clone() });
            }
        }
        Some(checkpoint) => trainer.go_on_from(checkpoint)?,
    }
    let finished = trainer.run().and_then(|end| trainer.finish(&end));
    let finished = finished.map_err(|error| trainer.fail(error));
    model.params.forget_rounded();
    crate::model::ops::buffer::release();
    finished
}

struct Trainer<'a> {
    model: &'a Model,
    data: &'a Prepared,
    config: &'a RunConfig,
    listener: &'a mut dyn Listener,
    objective: Objective,
    /// The texts that those of an update are compared with, where they are.
    pairs: Option<Pairs>,
    companion: Option<Box<dyn Companion>>,
    /// Every weight, the companion's with them.
    params: Params,
    optimizer: Optimizer,
    lengths: Vec<u32>,
    steps: StepCount,
    warmup: u64,
    train_prefix: Option<PrefixCache>,
    eval_prefix: Option<PrefixCache>,
    /// Blocks that can join one after the other, and how many have.
    thaw_order: Vec<Block>,
    thawed: usize,
    orders: Orders,
    step: u64,
    audited: bool,
    not_finite: u32,
    best: Option<Best>,
    without_gain: u32,
    evaluated_at: Option<u64>,
    started: Instant,
    /// Time that the listener held the run, which is not the run's.
    held: Duration,
    saving: resume::Saving,
    probes: Option<Probes>,
    /// After which step they were asked last.
    probed_at: Option<u64>,
    /// After which step the outputs were fitted last.
    fitted_at: Option<u64>,
}

impl<'a> Trainer<'a> {
    fn new(
        model: &'a Model,
        data: &'a Prepared,
        config: &'a RunConfig,
        listener: &'a mut dyn Listener,
    ) -> Result<Self, TrainError> {
        let lengths = data.train.lengths();
        let steps = count_steps(config, &lengths);
        let adam = AdamW { betas: config.optim.betas, eps: config.optim.eps };
        let layers = model.config.stored_layers();
        let companion = companions::of_run(config, model, data)?;
        let params = all_params(model, companion.as_deref())?;
        let optimizer = Optimizer::new(adam, &params, |param| groups::rule(param, &config.optim, layers));
        let (train_prefix, eval_prefix) = thaw::prefix_caches(model, data, config);
        Ok(Self {
            objective: Objective::new(config, data.labels.len().max(1), &data.counts, &data.tokenizer)?,
            pairs: Pairs::of_run(config, &data.train)?,
            companion,
            params,
            train_prefix,
            eval_prefix,
            warmup: schedule::warmup_steps(config.optim.warmup, steps.total),
            model,
            data,
            config,
            listener,
            optimizer,
            lengths,
            steps,
            thaw_order: thaw::order(model, config),
            thawed: 0,
            orders: Orders::of(config),
            step: 0,
            audited: false,
            not_finite: 0,
            best: None,
            without_gain: 0,
            evaluated_at: None,
            started: Instant::now(),
            held: Duration::ZERO,
            saving: resume::Saving::new(config),
            probes: Probes::of_run(config, model, data, steps.total)?,
            probed_at: None,
            fitted_at: None,
        })
    }

    fn started(&self) -> TrainEvent {
        TrainEvent::Started {
            config: Box::new(self.config.clone()),
            parameters: self.model.params.count(),
            trainable: self.trained_in_all(),
            steps: self.steps.total,
            steps_per_epoch: self.steps.per_epoch,
            train_examples: self.data.train.len(),
            eval_examples: self.data.eval.len(),
            truncated: self.data.truncated(),
            frozen: self.thaw_order.iter().map(ToString::to_string).collect(),
        }
    }

    fn run(&mut self) -> Result<End, TrainError> {
        let (mut epoch, mut before) = (0, 0);
        self.keep_state_if_due()?;
        self.probe_if_due()?;
        if self.step == 0
            && let Some(end) = self.follow_orders(0)?
        {
            return Ok(end);
        }
        loop {
            let updates = epoch_updates(self.config, &self.lengths, epoch);
            let count = updates.len();
            for (index, update) in updates.iter().enumerate() {
                let number = before + index as u64 + 1;
                // What a run that goes on had done already; its last update may still have to be evaluated.
                if number < self.step {
                    continue;
                }
                if number > self.step {
                    if self.step >= self.steps.total {
                        return self.last_evaluation();
                    }
                    self.save_if_due();
                    self.thaw(epoch)?;
                    let at = epoch as f64 + (index + 1) as f64 / count as f64;
                    if self.update(update, epoch, at)?.is_break() {
                        return Ok(End::Stopped);
                    }
                    self.keep_state_if_due()?;
                    self.probe_if_due()?;
                }
                if self.is_evaluation_due(index + 1 == count)
                    && self.evaluated_at != Some(self.step)
                    && let Some(end) = self.evaluate()?
                {
                    return Ok(end);
                }
                if let Some(end) = self.follow_orders(epoch)? {
                    return Ok(end);
                }
                if index + 1 == count && self.orders.end_after(epoch + 1) {
                    return self.end_as_ordered(epoch);
                }
            }
            epoch += 1;
            before += count as u64;
        }
    }

    fn last_evaluation(&mut self) -> Result<End, TrainError> {
        if self.evaluated_at == Some(self.step) {
            return Ok(End::Done);
        }
        Ok(self.evaluate()?.unwrap_or(End::Done))
    }

    /// One optimizer update.
    fn update(&mut self, update: &[u32], epoch: u64, at: f64) -> Result<ControlFlow<()>, TrainError> {
        if !self.config.strategy.fit.has_rate() {
            return self.fitting(epoch, at);
        }
        let begun = Instant::now();
        let held_before = self.held;
        let Some(Learned { losses, norm, tokens }) = self.gradients(update, epoch)? else {
            return Ok(ControlFlow::Break(()));
        };
        let (loss, parts) = (losses.sum, losses.told());
        let finite = loss.is_finite() && norm.is_finite();
        let factor = schedule::factor(self.config.optim.schedule, self.warmup, self.step, self.steps.total);
        if finite {
            self.optimizer.step(factor, clip_scale(norm, self.config.optim.clip))?;
            self.not_finite = 0;
        }
        self.params.clear_gradients();
        self.step += 1;
        let seconds = begun.elapsed().saturating_sub(self.held.saturating_sub(held_before)).as_secs_f64();
        let lrs = self.rates(factor);
        if !finite || self.step.is_multiple_of(self.config.run.log_every) || self.step == self.steps.total {
            self.listener.hear(TrainEvent::Step(Step {
                step: self.step,
                epoch: at,
                loss,
                parts,
                lr: lrs.get("head").or_else(|| lrs.values().next()).copied().unwrap_or(0.0),
                lrs,
                grad_norm: norm,
                tokens,
                tokens_per_sec: tokens as f64 / seconds.max(1e-9),
                skipped: !finite,
            }));
        }
        if !finite {
            self.skipped(loss, norm)?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn skipped(&mut self, loss: f64, norm: f64) -> Result<(), TrainError> {
        self.not_finite += 1;
        let message = format!("the loss ({loss}) or gradient norm ({norm}) is not finite; this update changed nothing");
        self.listener.hear(TrainEvent::Warning { step: self.step, message });
        if self.not_finite >= PATIENCE_FOR_NOT_FINITE {
            return Err(TrainError::NotFinite { count: self.not_finite, step: self.step });
        }
        Ok(())
    }

    fn go_on(&mut self) -> ControlFlow<()> {
        if self.listener.holds() {
            self.save();
        }
        let asked = Instant::now();
        let answer = self.listener.go_on();
        self.held += asked.elapsed();
        answer
    }
}
