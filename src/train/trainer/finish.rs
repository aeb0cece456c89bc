//! How a run ends, and the weights that it ends with.

use candle_core::Tensor;

use super::{End, Models, Outcome, Trainer};
use crate::model::Param;
use crate::train::TrainError;
use crate::train::checkpoint::Best;
use crate::train::event::{Ending, TrainEvent};

impl Trainer<'_> {
    pub(super) fn snapshot(&self) -> Result<Vec<Option<Tensor>>, TrainError> {
        let params = self.model.params.iter();
        // What is to join later is as it was, and must be so again.
        let joins = |param: &Param| self.thaw_order[self.thawed..].contains(&param.block) && !param.fixed;
        let copies = params.map(|param| {
            (param.trainable() || joins(param)).then(|| param.var().as_detached_tensor().copy()).transpose()
        });
        Ok(copies.collect::<candle_core::Result<_>>()?)
    }

    pub(super) fn restore(&self, best: &Best) -> Result<(), TrainError> {
        for (param, weights) in self.model.params.iter().zip(&best.weights) {
            if let Some(weights) = weights {
                param.var().set(weights)?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(&mut self, end: &End) -> Result<Outcome, TrainError> {
        let reason = match end {
            End::Done => "all steps done".to_owned(),
            End::Patience { evaluations } => {
                format!("{evaluations} evaluations without a gain in {}", self.config.run.keep_best)
            }
            End::Stopped => {
                self.save();
                "stopped".to_owned()
            }
        };
        let best = self.best.take();
        let models = Models { model: self.model, generator: self.generator.as_ref() };
        match &best {
            Some(best) if best.step != self.step => self.restore(best)?,
            Some(_) => {}
            // Nothing was evaluated: the last weights are all there is.
            None => self.listener.keep(models, self.step, None)?,
        }
        let ending = self.ending(reason, best.as_ref());
        let stopped = matches!(end, End::Stopped);
        let event = if stopped { TrainEvent::Stopped(ending.clone()) } else { TrainEvent::Finished(ending.clone()) };
        self.listener.hear(event);
        Ok(Outcome { ending, stopped, evaluation: best.map(|best| best.evaluation) })
    }

    pub(super) fn fail(&mut self, error: TrainError) -> TrainError {
        let best = self.best.take();
        let ending = self.ending(error.to_string(), best.as_ref());
        self.listener.hear(TrainEvent::Failed(ending));
        error
    }

    pub(super) fn ending(&self, reason: String, best: Option<&Best>) -> Ending {
        Ending {
            reason,
            best_step: best.map(|best| best.step),
            metrics: best.map(|best| best.evaluation.metrics.clone()).unwrap_or_default(),
            seconds: self.seconds(),
            peak_memory_bytes: self.peak_memory(),
            step: self.step,
            caveats: self.data.caveats.clone(),
        }
    }
}
