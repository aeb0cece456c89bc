//! Where a person draws the line: from which probability on a label applies, and when a question has no answer. Kept as
//! `decisions.json` beside the weights it was found for; transformers passes it over.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ModelError;
use super::config::MAX_CONFIG_BYTES;
use crate::files;
use crate::task::THRESHOLD;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Decisions {
    /// For labels that are independent of each other: the probability from which on a label applies.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub thresholds: BTreeMap<String, f32>,
    /// For questions: by how much the score of "no answer" (a sum of two logits) must be above that of the best span, as
    /// the evaluation of SQuAD 2.0 has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_answer: Option<f64>,
}

impl Decisions {
    pub const FILE: &str = "decisions.json";

    /// What was decided for the model in a folder; nothing where there is no such file.
    pub fn read(dir: &Path) -> Result<Self, ModelError> {
        let path = dir.join(Self::FILE);
        let text = match files::read_whole(&path, MAX_CONFIG_BYTES) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            text => text.map_err(|source| ModelError::Unreadable { path: path.clone(), source })?,
        };
        let wrong = |reason: String| ModelError::Decisions { path: path.clone(), reason };
        let decisions: Self = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        let beyond = decisions.thresholds.iter().find(|(_, threshold)| !(0.0..=1.0).contains(*threshold));
        match beyond {
            Some((label, threshold)) => {
                Err(wrong(format!("the threshold of \"{label}\" is {threshold}, expected 0 to 1")))
            }
            None => Ok(decisions),
        }
    }

    /// Writes the file, or removes it where nothing is decided.
    pub fn write(&self, dir: &Path) -> Result<(), ModelError> {
        let path = dir.join(Self::FILE);
        let unwritable = |source| ModelError::Unwritable { path: path.clone(), source };
        if *self == Self::default() {
            return files::remove_file(&path).map_err(unwritable);
        }
        files::write_atomically(&path, |file| serde_json::to_writer_pretty(file, self).map_err(Into::into))
            .map_err(unwritable)
    }

    /// The thresholds of labels; those that are as everywhere need not be kept.
    pub fn set_thresholds<'a>(&mut self, thresholds: impl IntoIterator<Item = (&'a String, f32)>) {
        let decided = thresholds.into_iter().filter(|(_, threshold)| (threshold - THRESHOLD).abs() > 1e-6);
        self.thresholds = decided.map(|(label, threshold)| (label.clone(), threshold)).collect();
    }

    /// The threshold of a label.
    pub fn threshold(&self, label: &str) -> f32 {
        self.thresholds.get(label).copied().unwrap_or(THRESHOLD)
    }

    /// The threshold of each of some labels.
    pub fn thresholds(&self, labels: &[String]) -> Vec<f32> {
        labels.iter().map(|label| self.threshold(label)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    #[test]
    fn decisions_come_back_as_they_were_and_nothing_decided_is_no_file() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Decisions::read(dir.path()).unwrap(), Decisions::default());
        let decisions = Decisions { thresholds: [("a".to_owned(), 0.37)].into(), no_answer: Some(-1.25) };
        decisions.write(dir.path()).unwrap();
        let read = Decisions::read(dir.path()).unwrap();
        assert_eq!(read, decisions);
        assert_eq!(read.thresholds(&["b".to_owned(), "a".to_owned()]), [0.5, 0.37]);
        Decisions::default().write(dir.path()).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        Decisions::default().write(dir.path()).unwrap();
    }

    #[test]
    fn what_was_decided_comes_back_to_the_last_bit() {
        let dir = tempfile::tempdir().unwrap();
        let mut chance = Stream::new(7);
        for _ in 0..300 {
            let decided = 40.0 * chance.unit() - 20.0;
            let decisions = Decisions { no_answer: Some(decided), ..Decisions::default() };
            decisions.write(dir.path()).unwrap();
            assert_eq!(Decisions::read(dir.path()).unwrap().no_answer, Some(decided));
        }
    }

    #[test]
    fn what_is_no_threshold_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = |text: &str| {
            std::fs::write(dir.path().join(Decisions::FILE), text).unwrap();
            Decisions::read(dir.path()).unwrap_err().to_string()
        };
        let told = error(r#"{"thresholds": {"angry": 1.5}}"#);
        assert!(told.contains("\"angry\" is 1.5, expected 0 to 1") && told.contains(Decisions::FILE), "{told}");
        assert!(error("{").contains(Decisions::FILE));
    }
}
