//! The states that are kept of a run's course, to look back at.
//!
//! A state is written right after its update and before any checkpoint of it, so that a run that goes on has all those it
//! passed. What is written is what training can change, also where some of it joins later.

use super::Trainer;
use crate::model::Param;
use crate::train::{TrainError, steps};

impl Trainer<'_> {
    /// Keeps the state of now, where it is one of those that are to be kept.
    pub(super) fn keep_state_if_due(&mut self) -> Result<(), TrainError> {
        if steps::is_kept(self.config, self.steps.total, self.step) { self.keep_state() } else { Ok(()) }
    }

    /// Keeps the state of a run that ends before its last step: it is the last there is.
    pub(super) fn keep_last_state(&mut self) -> Result<(), TrainError> {
        if self.config.run.keep_checkpoints > 0 { self.keep_state() } else { Ok(()) }
    }

    fn keep_state(&mut self) -> Result<(), TrainError> {
        self.fit_outputs()?;
        let joining = self.joining().to_vec();
        let is_trained = |param: &Param| param.trainable() || joining.contains(&param.block) && !param.fixed;
        self.listener.keep_state(self.model, self.step, &is_trained);
        Ok(())
    }
}
