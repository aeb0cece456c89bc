//! When what is held out is judged, and which weights are the best by it.

use std::ops::ControlFlow;

use super::{End, Trainer};
use crate::metrics::{Evaluation, Measure};
use crate::model::Decisions;
use crate::train::TrainError;
use crate::train::checkpoint::Best;
use crate::train::config::Every;
use crate::train::evaluate::{Judge, Scores, evaluation, score_all};
use crate::train::event::TrainEvent;

impl Trainer<'_> {
    /// Whether it is time to judge. A fold is judged by the last weights alone: whoever is judged by its rows must not have
    /// been chosen by them.
    pub(super) fn is_evaluation_due(&self, epoch_ends: bool) -> bool {
        let due = match self.config.run.eval_every {
            Every::Epoch => epoch_ends,
            Every::Steps(steps) => self.step.is_multiple_of(steps),
        };
        due && self.config.data.fold.is_none()
    }

    /// Asks the probes, where it is their turn.
    pub(super) fn probe_if_due(&mut self) -> Result<(), TrainError> {
        if self.probes.as_ref().is_none_or(|probes| !probes.are_due(self.step, self.steps.total)) {
            return Ok(());
        }
        // A run that goes on was asked before the checkpoint that it goes on from.
        if self.probed_at.replace(self.step) == Some(self.step) {
            return Ok(());
        }
        self.fit_outputs()?;
        let Some(probes) = &self.probes else { return Ok(()) };
        let said = probes.said(self.config.task, self.model, self.data)?;
        self.listener.hear(TrainEvent::Probe { step: self.step, said });
        Ok(())
    }

    pub(super) fn evaluate(&mut self) -> Result<Option<End>, TrainError> {
        if self.data.eval.is_empty() {
            return Ok(None);
        }
        if self.fit_outputs_heeding()?.is_break() {
            return Ok(Some(End::Stopped));
        }
        let Some(evaluation) = self.judge(true)? else {
            return Ok(Some(End::Stopped));
        };
        self.evaluated_at = Some(self.step);
        let measure = Measure::find(&self.config.run.keep_best);
        let value = evaluation.metrics.get(&self.config.run.keep_best).copied().unwrap_or(f64::NAN);
        let better = self.best.as_ref().is_none_or(|best| {
            if measure.is_some_and(|measure| measure.higher_is_better) {
                value > best.value
            } else {
                value < best.value
            }
        }) && value.is_finite()
            || self.config.data.fold.is_some();
        self.listener.hear(TrainEvent::Eval {
            step: self.step,
            metrics: evaluation.metrics.clone(),
            baseline: evaluation.baseline.clone(),
            best: better,
        });
        if better {
            self.best = Some(Best { step: self.step, value, weights: self.snapshot()?, evaluation, report: None });
            self.keep_or_tell();
            self.without_gain = 0;
            return Ok(None);
        }
        self.without_gain += 1;
        let patience = self.config.run.patience;
        Ok((patience > 0 && self.without_gain >= patience).then_some(End::Patience { evaluations: self.without_gain }))
    }

    /// What is held out, judged with the weights of now; nothing if the run is to stop, where that is heeded.
    pub(super) fn judge(&mut self, heed: bool) -> Result<Option<Evaluation>, TrainError> {
        let objective = self.objective.for_evaluation();
        let judge = Judge { model: self.model, objective: &objective, companion: self.companion.as_deref() };
        let listener = &mut *self.listener;
        let mut go_on = |_| if heed { listener.go_on() } else { ControlFlow::Continue(()) };
        let scored = score_all(judge, &self.data.eval, self.eval_prefix.as_mut(), &mut go_on)?;
        let of = Scores {
            task: self.config.task,
            labels: &self.data.labels,
            data: self.data.eval_data.as_deref(),
            examples: &self.data.eval,
            tokenizer: &self.data.tokenizer,
            decisions: &Decisions::default(),
        };
        Ok(scored.map(|scored| evaluation(of, scored)))
    }
}
