//! Where files of a person's own lie when nothing else is said. A test hands the window other places.

use std::path::{Path, PathBuf};

use crate::files::data_folder;
use crate::hub::embedded::Shipped;
use crate::samples;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Where runs are written, until the person chooses another folder.
    pub runs: PathBuf,
    /// Where samples are written when they are opened.
    pub samples: PathBuf,
    /// Where the encoder inside the program is written; its adapters lie beside it.
    pub model: PathBuf,
}

impl Places {
    /// The places of the person who starts the program: runs in `Attune/runs` under the documents, or beside models and
    /// samples where there are no documents.
    pub fn usual() -> Self {
        let documents = directories::UserDirs::new().and_then(|dirs| dirs.document_dir().map(Path::to_path_buf));
        let earlier = directories::BaseDirs::new().map(|dirs| dirs.data_dir().join("Attune").join("runs"));
        let runs = documents.map_or_else(
            || without_documents(data_folder().join("runs"), earlier),
            |documents| documents.join("Attune").join("runs"),
        );
        Self { runs, samples: samples::folder(), model: Shipped::Mini.folder() }
    }
}

/// Earlier versions wrote runs to a folder of their own; what was begun there goes on there.
fn without_documents(usual: PathBuf, earlier: Option<PathBuf>) -> PathBuf {
    earlier.filter(|earlier| earlier.is_dir() && !usual.is_dir()).unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_an_earlier_version_are_still_found() {
        let dir = tempfile::tempdir().unwrap();
        let [usual, earlier] = ["attune/runs", "Earlier/runs"].map(|name| dir.path().join(name));
        assert_eq!(without_documents(usual.clone(), Some(earlier.clone())), usual);
        std::fs::create_dir_all(&earlier).unwrap();
        assert_eq!(without_documents(usual.clone(), Some(earlier.clone())), earlier);
        std::fs::create_dir_all(&usual).unwrap();
        assert_eq!(without_documents(usual.clone(), Some(earlier)), usual);
        assert_eq!(without_documents(usual.clone(), None), usual);
    }
}
