//! The model that ships inside the program, so that every task can be tried without a network.
//!
//! It is written to a folder before it is opened: from there on it is a model folder like any other, read by the same
//! code and open to other programs. What lies there is held against the program's copy each time it is asked for, so a
//! damaged or changed folder is never trained from.

use std::path::{Path, PathBuf};

use super::HubError;
use crate::files::{data_folder, write_where_other};
use crate::model;

/// What the model is called.
pub const NAME: &str = "attune-mini";

/// What stands for its folder on the command line.
pub const WORD: &str = "embedded";

const FILES: [(&str, &[u8]); 8] = [
    ("config.json", include_bytes!("../../assets/attune-mini/config.json")),
    ("model.safetensors", include_bytes!("../../assets/attune-mini/model.safetensors")),
    ("tokenizer.json", include_bytes!("../../assets/attune-mini/tokenizer.json")),
    ("tokenizer_config.json", include_bytes!("../../assets/attune-mini/tokenizer_config.json")),
    ("special_tokens_map.json", include_bytes!("../../assets/attune-mini/special_tokens_map.json")),
    ("vocab.txt", include_bytes!("../../assets/attune-mini/vocab.txt")),
    ("README.md", include_bytes!("../../assets/attune-mini/README.md")),
    ("NOTICE", include_bytes!("../../assets/attune-mini/NOTICE")),
];

/// Where it lies once it was asked for.
pub fn folder() -> PathBuf {
    data_folder().join("models").join(NAME)
}

/// The model's folder, written where it is not there or not what this program carries.
pub fn unpacked() -> Result<PathBuf, HubError> {
    let dir = folder();
    unpack_to(&dir)?;
    Ok(dir)
}

/// Writes what is missing of the model's folder or differs from this program's copy.
pub fn unpack_to(dir: &Path) -> Result<(), HubError> {
    for (name, bytes) in FILES {
        let path = dir.join(name);
        write_where_other(&path, bytes).map_err(|source| HubError::Disk { path, source })?;
    }
    Ok(())
}

/// A model folder as a person names it: the word `embedded` stands for the model inside the program.
pub fn resolve(named: &Path) -> Result<PathBuf, HubError> {
    if named == Path::new(WORD) { unpacked() } else { Ok(model::locate(named)?) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_inside_the_program_is_written_whole_and_mended_where_it_was_changed() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join(NAME);
        unpack_to(&dir).unwrap();
        let weights = dir.join("model.safetensors");
        let written = std::fs::metadata(&weights).unwrap().modified().unwrap();
        unpack_to(&dir).unwrap();
        assert_eq!(std::fs::metadata(&weights).unwrap().modified().unwrap(), written, "what is right stays untouched");
        let mut bytes = std::fs::read(&weights).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&weights, &bytes).unwrap();
        std::fs::remove_file(dir.join("vocab.txt")).unwrap();
        unpack_to(&dir).unwrap();
        for (name, bytes) in FILES {
            assert!(std::fs::read(dir.join(name)).unwrap() == bytes, "{name} differs");
        }
    }

    #[test]
    fn only_the_bare_word_means_the_model_inside_the_program() {
        for path in ["./embedded", "models/embedded", "embedded/model", "Embedded"] {
            assert_eq!(resolve(Path::new(path)).unwrap(), PathBuf::from(path));
        }
    }
}
