//! Whether a head that is asked was loaded whole.
//!
//! A head of which a weight is not in the files, or is there in another shape than the configuration implies, begins with
//! new numbers. That is right where it is trained next, and told there; what it answers before is chance that looks like an
//! answer, so that whoever asks it is refused.

use super::card::{LoadReport, Unfit};
use super::heads::Head;
use super::kinds::{HeadInput, HeadKind};
use super::ops::weights::{Dense, Norm};
use super::{Block, Model, ModelError};
use crate::task::Task;

impl LoadReport {
    /// Refuses to ask the head of a task that was not loaded whole, or that was never trained.
    pub fn check_asked(&self, model: &Model, task: Task) -> Result<(), ModelError> {
        let kind = HeadKind::for_task(task);
        let Some(head) = model.heads.get(kind) else { return Ok(()) };
        let names = names(head);
        if let Some(Unfit { name, found, expected }) = self.unfit.iter().find(|one| names.contains(&one.name)).cloned()
        {
            return Err(ModelError::HeadShape { name, found, expected });
        }
        if model.config.untrained_heads().contains(&kind) {
            return Err(ModelError::HeadNeverTrained { task });
        }
        let missing = self.missing(model, task);
        if missing.is_empty() { Ok(()) } else { Err(ModelError::HeadUntrained { task, missing: missing.join(", ") }) }
    }

    /// Refuses where a head is not whole, but for those of which the folder says itself that they were never trained.
    pub fn check_all(&self, model: &Model) -> Result<(), ModelError> {
        let (kinds, known) = (model.heads.kinds(), model.config.untrained_heads());
        let meant = |task: &Task| {
            let kind = HeadKind::for_task(*task);
            kinds.contains(&kind) && !known.contains(&kind)
        };
        Task::ALL.into_iter().filter(meant).try_for_each(|task| self.check_asked(model, task))
    }

    /// The weights of a task's head that are new.
    pub fn missing(&self, model: &Model, task: Task) -> Vec<String> {
        let names = model.heads.get(HeadKind::for_task(task)).map(names).unwrap_or_default();
        self.new.iter().filter(|name| names.contains(name)).cloned().collect()
    }

    /// Whether all of a head that the model has was loaded.
    pub fn is_whole(&self, model: &Model, kind: HeadKind) -> bool {
        model.heads.get(kind).is_some_and(|head| names(head).iter().all(|name| !self.new.contains(name)))
    }

    /// Counts what is a head's own for new, though the files have it: it was never trained.
    pub(super) fn count_as_new(&mut self, head: &Head) {
        let shares_dense = head.spec.kind.input() == HeadInput::FirstToken;
        let dense = head.dense.iter().filter(|_| !shares_dense).chain([&head.output]);
        let params = dense.flat_map(Dense::params).chain(head.norm.iter().flat_map(Norm::params));
        let own = params.filter(|param| param.block == Block::Head).map(|param| param.stored_name.clone());
        for name in own.filter(|name| self.loaded.contains(name)).collect::<Vec<_>>() {
            self.loaded.retain(|loaded| *loaded != name);
            self.new.push(name);
        }
    }
}

/// The names in the files of all weights of a head. A word table that serves as its outputs is the encoder's, and is there.
fn names(head: &Head) -> Vec<String> {
    let dense = head.dense.iter().chain([&head.output]).flat_map(|dense| [&dense.weight, &dense.bias]);
    let norm = head.norm.iter().flat_map(|norm| [&norm.weight, &norm.bias]);
    dense.chain(norm).map(|param| param.stored_name.clone()).collect()
}
