//! Whether a head that is asked was loaded whole.
//!
//! A head of which a weight is not in the files, or is there in another shape than the configuration implies, begins with
//! new numbers. That is right where it is trained next, and told there; what it answers before is chance that looks like an
//! answer, so that whoever asks it is refused.

use super::card::{LoadReport, Unfit};
use super::heads::Head;
use super::kinds::HeadKind;
use super::{Model, ModelError};
use crate::task::Task;

impl LoadReport {
    /// Refuses heads that do not fit their configuration.
    pub fn check_fit(&self) -> Result<(), ModelError> {
        let Some(Unfit { name, found, expected }) = self.unfit.first().cloned() else { return Ok(()) };
        Err(ModelError::HeadShape { name, found, expected })
    }

    /// Refuses to ask the head of a task that was not loaded whole.
    pub fn check_asked(&self, model: &Model, task: Task) -> Result<(), ModelError> {
        let Some(head) = model.heads.get(HeadKind::for_task(task)) else { return Ok(()) };
        let names = names(head);
        if let Some(Unfit { name, found, expected }) = self.unfit.iter().find(|one| names.contains(&one.name)).cloned()
        {
            return Err(ModelError::HeadShape { name, found, expected });
        }
        let missing: Vec<String> = self.new.iter().filter(|name| names.contains(name)).cloned().collect();
        if missing.is_empty() { Ok(()) } else { Err(ModelError::HeadUntrained { task, missing: missing.join(", ") }) }
    }

    /// Refuses where any head is not whole.
    pub fn check_all(&self, model: &Model) -> Result<(), ModelError> {
        let kinds = model.heads.kinds();
        let has = |task: &Task| kinds.contains(&HeadKind::for_task(*task));
        Task::ALL.into_iter().filter(has).try_for_each(|task| self.check_asked(model, task))
    }
}

/// The names in the files of all weights of a head. A word table that serves as its outputs is the encoder's, and is there.
fn names(head: &Head) -> Vec<String> {
    let dense = head.dense.iter().chain([&head.output]).flat_map(|dense| [&dense.weight, &dense.bias]);
    let norm = head.norm.iter().flat_map(|norm| [&norm.weight, &norm.bias]);
    dense.chain(norm).map(|param| param.stored_name.clone()).collect()
}
