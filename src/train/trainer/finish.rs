//! How a run ends, and the weights that it ends with.
//!
//! What a run says it learned is what its folder holds: before it says that it is done, the weights are read back. Keeping
//! them may fail while the run goes on, for they are in memory too; it is tried again with every checkpoint.

use super::end::End;
use super::{Models, Outcome, Trainer};
use crate::train::TrainError;
use crate::train::checkpoint::Weights;
use crate::train::event::{Ending, TeacherScore, TrainEvent};
use crate::words::plural;

/// How often the weights are written and read back at the end of a run.
const TRIES: u32 = 2;

impl Trainer<'_> {
    pub(super) fn snapshot(&self) -> Result<Weights, TrainError> {
        // What is to join later is as it was, and must be so again.
        let kept = self.params.iter().filter(|param| param.trainable() || self.joins(param));
        let copies = kept.map(|param| Ok((param.name.clone(), param.var().as_detached_tensor().copy()?)));
        Ok(copies.collect::<candle_core::Result<_>>()?)
    }

    pub(super) fn restore(&self, weights: &Weights) -> Result<(), TrainError> {
        for param in self.params.iter() {
            if let Some(weight) = weights.get(&param.name) {
                param.set(weight)?;
            }
        }
        Ok(())
    }

    /// The step whose weights the folder is to have: the best so far or, where nothing was judged, the last.
    fn step_to_keep(&self) -> u64 {
        self.best.as_ref().map_or(self.step, |best| best.step)
    }

    fn keep(&mut self) -> Result<(), TrainError> {
        let models = Models { model: self.model, companion: self.companion.as_deref() };
        let step = self.step_to_keep();
        self.listener.keep(models, step, self.best.as_ref())
    }

    pub(super) fn keep_or_tell(&mut self) {
        if let Err(error) = self.keep() {
            let message = format!(
                "could not save the weights: {error}; this is tried again with each checkpoint and when the run ends"
            );
            self.listener.hear(TrainEvent::Warning { step: self.step, message });
        }
    }

    /// Keeps the best weights if the folder does not have them, as after an error.
    pub(super) fn keep_if_missing(&mut self) {
        if let Some(step) = self.best.as_ref().map(|best| best.step)
            && !self.listener.has_kept(step)
        {
            self.keep_or_tell();
        }
    }

    /// Makes sure that the folder has the weights that the run ends with.
    fn settle(&mut self) -> Result<(), TrainError> {
        let step = self.step_to_keep();
        let mut once = || {
            if !self.listener.has_kept(step) {
                self.keep()?;
            }
            self.listener.read_back(step)
        };
        let mut settled = once();
        for _ in 1..TRIES {
            settled = settled.or_else(|_| once());
        }
        settled.map_err(|source| TrainError::NotKept { step, source: Box::new(source) })
    }

    pub(super) fn finish(&mut self, end: &End) -> Result<Outcome, TrainError> {
        self.refuse_orders("the run ended before it");
        let reason = match end {
            End::Done => "all steps done".to_owned(),
            End::Patience { evaluations } => {
                self.keep_last_state()?;
                let evaluations = plural(*evaluations as usize, "evaluation", "evaluations");
                format!("{evaluations} without improvement in {}", self.config.run.keep_best)
            }
            End::Ordered { epoch } => {
                self.keep_last_state()?;
                format!("stopped after epoch {epoch}, as ordered")
            }
            End::Stopped => {
                self.save();
                "stopped".to_owned()
            }
        };
        if self.best.is_none() {
            self.fit_outputs()?;
        }
        if let Err(error) = self.settle() {
            // So that nothing but the writing has to be done again.
            self.save();
            return Err(error);
        }
        if let Some(best) = &self.best {
            self.restore(&best.weights)?;
        }
        let stopped = matches!(end, End::Stopped);
        let mut ending = self.ending(reason);
        if !stopped {
            ending.teacher = self.score_of_teacher();
        }
        if stopped {
            self.listener.hear(TrainEvent::Stopped(ending.clone()));
        } else {
            self.listener.finish(TrainEvent::Finished(ending.clone()))?;
        }
        Ok(Outcome { ending, stopped, evaluation: self.best.take().map(|best| best.evaluation) })
    }

    /// What the teacher comes to. The run is done whether or not that can be said.
    fn score_of_teacher(&mut self) -> Option<TeacherScore> {
        match self.companion.as_ref()?.score(self.data) {
            Ok(score) => score,
            Err(error) => {
                let message = format!("the teacher could not be evaluated: {error}");
                self.listener.hear(TrainEvent::Warning { step: self.step, message });
                None
            }
        }
    }

    pub(super) fn fail(&mut self, error: TrainError) -> TrainError {
        let ending = self.ending(error.to_string());
        self.listener.hear(TrainEvent::Failed(ending));
        error
    }

    fn ending(&self, reason: String) -> Ending {
        let best = self.best.as_ref();
        Ending {
            reason,
            best_step: best.map(|best| best.step),
            metrics: best.map(|best| best.evaluation.metrics.clone()).unwrap_or_default(),
            seconds: self.seconds(),
            peak_memory_bytes: self.peak_memory(),
            step: self.step,
            caveats: self.data.caveats.clone(),
            teacher: None,
        }
    }
}
