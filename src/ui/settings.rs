//! What is remembered between launches, and nothing else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::action::ThemeChoice;
use super::guide::Guide;
use super::tiles::Tree;

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
    pub last_model: Option<PathBuf>,
    /// Bytes that a run may take at most, where not all that is free.
    pub memory_limit: Option<u64>,
    /// Nothing is asked of the hub.
    pub offline: bool,
    /// The guided path: whether it is shown, and what of it was done.
    pub guide: Guide,
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
            last_model: None,
            memory_limit: None,
            offline: false,
            guide: Guide::default(),
            layouts: BTreeMap::new(),
        }
    }
}

impl Settings {
    pub const TEXT_SIZES: [f32; 5] = [0.9, 1.0, 1.1, 1.25, 1.5];

    /// The factor on all sizes: whatever a file says, one of those that can be chosen.
    pub fn text_size(&self) -> f32 {
        let off = |size: &f32| (size - self.text_size).abs();
        let sizes = Self::TEXT_SIZES.into_iter().filter(|size| off(size).is_finite());
        sizes.min_by(|one, other| off(one).total_cmp(&off(other))).unwrap_or(1.0)
    }

    pub fn add_model_folder(&mut self, folder: &Path) {
        if !self.model_folders.iter().any(|known| known == folder) {
            self.model_folders.push(folder.to_path_buf());
        }
    }
}
