//! The models on this machine, as they are found, and which of them Explore asks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::explore::ExploreState;
use super::{Level, Workspace};
use crate::hub::embedded::Shipped;
use crate::ui::format;
use crate::worker::protocol::{ModelEntry, Origin};

impl Workspace {
    pub fn explore_with(&mut self, model: PathBuf) {
        if self.explore.model.as_ref() != Some(&model) && !self.refuses(&model) {
            self.explore = ExploreState { model: Some(model), ..ExploreState::default() };
            self.wants.subject = true;
        }
    }

    /// Asks a state of the course of the run whose model is asked. It can be asked the same, so that nothing has to be told
    /// of it first.
    pub fn look_at_state(&mut self, dir: PathBuf) {
        let Some(subject) = self.explore.subject.as_ref().map(|subject| subject.in_state(&dir)) else { return };
        self.explore = ExploreState { model: Some(dir), subject: Some(Arc::new(subject)), ..ExploreState::default() };
    }

    /// The folder of a model inside the program, where it was written without trouble.
    pub fn shipped(&self, which: Shipped) -> Option<&Path> {
        let is_it = |entry: &&ModelEntry| entry.origin == Origin::Embedded(which) && entry.problem.is_none();
        self.models.iter().find(is_it).map(|entry| entry.dir.as_path())
    }

    /// Which model inside the program lies in a folder.
    pub fn shipped_in(&self, dir: &Path) -> Option<Shipped> {
        self.models.iter().filter(|entry| entry.dir == dir).find_map(|entry| match entry.origin {
            Origin::Embedded(shipped) => Some(shipped),
            Origin::Folder | Origin::Cache | Origin::Run => None,
        })
    }

    pub(super) fn take_models(&mut self, models: &[ModelEntry]) {
        // Said when it is news; after each run the same models are looked for again.
        if models.len() != self.models.len() {
            let words = format::plural(models.len() as u64, "model", "models");
            self.say(Level::Info, format!("{words} found"), None);
        }
        self.models = models.to_vec();
        let Some(folder) = self.added_folder.take() else { return };
        let mut inside = self.models.iter().filter(|entry| entry.dir.starts_with(&folder));
        match (inside.next(), inside.next()) {
            // Whoever adds a folder with one model in it wants to see that one.
            (Some(only), None) => self.wants.view_model = Some(only.dir.clone()),
            (Some(_), Some(_)) => {}
            (None, _) => {
                let words = format!(
                    "{} has no config.json or adapter_config.json, nor has any of its folders; expected a folder saved by \
                     transformers or PEFT",
                    format::path(&folder)
                );
                self.toast(Level::Warning, "No model was found there", words);
            }
        }
    }
}
