//! The models on this machine, as they are found.

use super::{Level, Workspace};
use crate::ui::format;
use crate::worker::protocol::ModelEntry;

impl Workspace {
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
