//! Where files of a person's own lie when nothing else is said. A test hands the window other places.

use std::path::{Path, PathBuf};

use crate::hub::embedded;
use crate::samples;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Where runs are written, until the person chooses another folder.
    pub runs: PathBuf,
    /// Where samples are written when they are opened.
    pub samples: PathBuf,
    /// Where the model inside the program is written.
    pub model: PathBuf,
}

impl Places {
    /// The places of the person who starts the program: runs in `Attune/runs` under the documents, or under the data
    /// folder where there are no documents.
    pub fn usual() -> Self {
        let documents = directories::UserDirs::new().and_then(|dirs| dirs.document_dir().map(Path::to_path_buf));
        let data = || directories::BaseDirs::new().map(|dirs| dirs.data_dir().to_path_buf());
        let home = documents.or_else(data).unwrap_or_default();
        Self { runs: home.join("Attune").join("runs"), samples: samples::folder(), model: embedded::folder() }
    }
}
