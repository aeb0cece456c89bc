//! What is remembered between launches, and nothing else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::action::ThemeChoice;
use super::guide::Guide;
use super::link::KeptView;
use super::tiles::Tree;
use crate::inspect::why::Ways;
use crate::table::Inputs;

/// The key under which the settings are stored.
pub const KEY: &str = "attune";

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub theme: ThemeChoice,
    /// Factor on all sizes.
    pub text_size: f32,
    pub model_folders: Vec<PathBuf>,
    /// Where runs are written, where it is not the usual place.
    pub runs_folder: Option<PathBuf>,
    /// Of sweeps that lie elsewhere and are listed as well.
    pub sweep_folders: Vec<PathBuf>,
    pub last_model: Option<PathBuf>,
    /// The data that were opened last, the newest first, each with all its paths.
    pub recent_data: Vec<Vec<PathBuf>>,
    /// Bytes that a run may take at most, where not all that is free.
    pub memory_limit: Option<u64>,
    /// Runs have a process of their own.
    pub trains_apart: bool,
    /// Nothing is asked of the hub.
    pub offline: bool,
    /// The token of the hub lies in the system's keyring.
    pub token_in_keyring: bool,
    /// The guided path: whether it is shown, and what of it was done.
    pub guide: Guide,
    /// The runs that wait, as the queue writes them.
    pub queue: String,
    /// Views of Explore that were kept, the oldest first.
    pub kept_views: Vec<KeptView>,
    /// How the maps of Why are made.
    pub ways: Ways,
    /// Where the parts of a screen stand, by screen.
    pub layouts: BTreeMap<String, Tree>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::System,
            text_size: 1.0,
            model_folders: Vec::new(),
            runs_folder: None,
            sweep_folders: Vec::new(),
            last_model: None,
            recent_data: Vec::new(),
            memory_limit: None,
            trains_apart: true,
            offline: false,
            token_in_keyring: false,
            guide: Guide::default(),
            queue: String::new(),
            kept_views: Vec::new(),
            ways: Ways::default(),
            layouts: BTreeMap::new(),
        }
    }
}

impl Settings {
    const RECENT: usize = 6;
    pub const TEXT_SIZES: [f32; 5] = [0.9, 1.0, 1.1, 1.25, 1.5];

    /// Remembers data that could be read, in the place of those that were opened longest ago.
    pub fn add_data(&mut self, data: &Inputs) {
        let paths = data.paths().to_vec();
        self.recent_data.retain(|known| *known != paths);
        self.recent_data.insert(0, paths);
        self.recent_data.truncate(Self::RECENT);
    }

    pub fn recent_data(&self) -> Vec<Inputs> {
        self.recent_data.iter().filter(|paths| !paths.is_empty()).map(|paths| paths.iter().cloned().collect()).collect()
    }

    /// The factor on all sizes: whatever a file or the keyboard says, no more and no less than can be chosen.
    pub fn text_size(&self) -> f32 {
        let [least, .., most] = Self::TEXT_SIZES;
        if self.text_size.is_finite() { self.text_size.clamp(least, most) } else { 1.0 }
    }

    pub fn add_model_folder(&mut self, folder: &Path) {
        if !self.model_folders.iter().any(|known| known == folder) {
            self.model_folders.push(folder.to_path_buf());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_says_of_sizes_is_never_more_than_can_be_chosen() {
        for (written, expected) in
            [(1.1, 1.1), (0.0, 0.9), (-3.0, 0.9), (7.0, 1.5), (f32::NAN, 1.0), (f32::INFINITY, 1.0)]
        {
            let settings = Settings { text_size: written, ..Settings::default() };
            assert_eq!(settings.text_size(), expected, "{written}");
        }
    }

    #[test]
    fn the_data_that_were_opened_last_stand_first_and_once() {
        let mut settings = Settings::default();
        for name in ["a", "b", "a", "c", "d", "e", "f", "g"] {
            settings.add_data(&name.into());
        }
        let names: Vec<String> = settings.recent_data().iter().map(Inputs::title).collect();
        assert_eq!(names, ["g", "f", "e", "d", "c", "a"]);
    }
}
