//! The models on this machine, as they are found, and which of them Explore asks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::explore::ExploreState;
use super::{JobKind, Level, Workspace};
use crate::hub::embedded::Shipped;
use crate::ui::format;
use crate::worker::protocol::{ModelEntry, Origin};

impl Workspace {
    pub fn explore_with(&mut self, model: PathBuf) {
        if self.explore.model.as_ref() != Some(&model) && !self.refuses(&model) {
            self.drop_jobs(|kind| *kind == JobKind::Ask);
            self.explore = ExploreState { model: Some(model), ..ExploreState::default() };
            self.wants.subject = true;
        }
    }

    /// Puts the model of a run that has just ended into Explore, or offers it where a person is at another one.
    pub(super) fn offer_trained(&mut self, model: PathBuf) {
        let Some(used) = self.explore.model.clone().filter(|used| self.explore.is_used && *used != model) else {
            return self.explore_with(model);
        };
        let words = format!("Explore stays with {}", self.model_name(&used));
        self.toast(Level::Info, format!("{} is ready to be tried", self.model_name(&model)), words);
        if let Some(toast) = self.toasts.last_mut() {
            toast.offers = Some(model);
        }
    }

    /// The name of the model that is being opened for the next run, while there is none yet.
    pub fn opening(&self) -> Option<String> {
        let dir = self.jobs.iter().find_map(|job| match &job.kind {
            JobKind::OpenModel { dir, choose: true } => Some(dir),
            _ => None,
        });
        dir.filter(|_| self.model.is_none()).map(|dir| self.model_name(dir))
    }

    /// Asks a state of the course of the run whose model is asked. It can be asked the same, so that nothing has to be told
    /// of it first.
    pub fn look_at_state(&mut self, dir: PathBuf) {
        let Some(subject) = self.explore.subject.as_ref().map(|subject| subject.in_state(&dir)) else { return };
        self.drop_jobs(|kind| *kind == JobKind::Ask);
        self.explore = ExploreState {
            model: Some(dir),
            subject: Some(Arc::new(subject)),
            is_used: true,
            ..ExploreState::default()
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_is_being_opened_is_named_until_it_is_there() {
        let mut workspace = Workspace::new(Vec::new(), "/runs".into());
        assert_eq!(workspace.opening(), None);
        workspace.follow(JobKind::OpenModel { dir: "/models/other".into(), choose: false }, "Opening other");
        assert_eq!(workspace.opening(), None, "it is only looked at");
        workspace.follow(JobKind::OpenModel { dir: "/models/mine".into(), choose: true }, "Opening mine");
        assert_eq!(workspace.opening().as_deref(), Some("mine"));
        workspace.drop_jobs(|_| true);
        assert_eq!(workspace.opening(), None);
    }

    #[test]
    fn a_run_that_ends_takes_explore_from_nobody() {
        let mut workspace = Workspace::new(Vec::new(), "/runs".into());
        let [first, second] = ["/runs/first/model", "/runs/second/model"].map(PathBuf::from);
        workspace.offer_trained(first.clone());
        assert_eq!(workspace.explore.model.as_ref(), Some(&first), "nobody was at another");
        workspace.explore.is_used = true;
        workspace.wants.subject = false;
        workspace.offer_trained(second.clone());
        assert_eq!(workspace.explore.model.as_ref(), Some(&first));
        assert!(!workspace.wants.subject, "nothing is opened");
        let toast = workspace.toasts.last().unwrap();
        assert_eq!((toast.title.as_str(), toast.offers.as_ref()), ("second is ready to be tried", Some(&second)));
        assert_eq!(toast.text, "Explore stays with first");
        // A run that went on has the same folder, and nothing to offer.
        workspace.toasts.clear();
        workspace.offer_trained(first.clone());
        assert!(workspace.toasts.is_empty());
    }
}
