//! The states that a run keeps of its course: of each what was trained, in a folder that is whole or absent.

use std::path::PathBuf;

use super::adapter;
use super::folder::RunFolder;
use super::names::MODEL;
use crate::files;
use crate::model::{Model, Param, kept};
use crate::train::TrainError;

/// A state that is being written.
const UNFINISHED: &str = ".unfinished";

impl RunFolder {
    /// Writes a state, unless it is there: a run that goes on passes the one it goes on from again. Where adapters are trained
    /// it is an adapter of the base model; otherwise what it lacks is in the run's whole model.
    pub(super) fn keep_state(
        &self,
        model: &Model,
        step: u64,
        is_trained: &dyn Fn(&Param) -> bool,
    ) -> Result<PathBuf, TrainError> {
        let place = kept::state_folder(&self.dir, step);
        if place.is_dir() {
            return Ok(place);
        }
        let folder = kept::states_folder(&self.dir);
        let stage = folder.join(UNFINISHED);
        let at = |source| TrainError::Unwritable { path: place.clone(), source };
        let written = || -> Result<(), TrainError> {
            files::remove_folder(&stage).map_err(at)?;
            files::create_folders(&stage).map_err(at)?;
            match &self.adapter {
                Some(adapter) => adapter::write_alone(&stage, model, adapter)?,
                None => model.save_trained(&stage, &format!("../../{MODEL}"), is_trained)?,
            }
            files::sync_folder(&stage).map_err(at)?;
            files::rename(&stage, &place).map_err(at)?;
            files::sync_folder(&folder).map_err(at)
        };
        if let Err(error) = written() {
            // What is half written only takes room.
            files::remove_folder(&stage).ok();
            return Err(error);
        }
        Ok(place)
    }

    /// Puts into the states what has joined since, with the numbers that it has had until now: a state is read over the run's
    /// whole model, in which it will have others. One that cannot be completed would show another model, and is removed.
    pub(super) fn complete_states(&self, model: &Model, has_joined: &dyn Fn(&Param) -> bool) -> Vec<String> {
        let mut told = Vec::new();
        for state in kept::states(&self.dir) {
            let Err(error) = model.add_to_saved(&state.dir, has_joined) else { continue };
            let removed = match files::remove_folder(&state.dir) {
                Ok(()) => "it was removed".to_owned(),
                Err(error) => format!("it could not be removed either ({error}), so what it shows is not what was"),
            };
            told.push(format!(
                "the state of step {} could not be completed with the layers that have joined ({error}); {removed}",
                state.step
            ));
        }
        told
    }

    /// Removes the states after a step, which a run that goes on from there comes to again.
    pub(super) fn forget_states_after(&self, step: Option<u64>) -> Result<(), TrainError> {
        let later = kept::states(&self.dir).into_iter().filter(|state| step.is_none_or(|step| state.step > step));
        for state in later {
            let unwritable = |source| TrainError::Unwritable { path: state.dir.clone(), source };
            files::remove_folder(&state.dir).map_err(unwritable)?;
        }
        Ok(())
    }
}
