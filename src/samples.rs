//! The sample data that ships inside the program, so that a first run needs no file and no network.

use std::io;
use std::path::{Path, PathBuf};

use crate::files::write_atomically;

/// The file's name of the product reviews.
pub const REVIEWS: &str = "reviews.csv";

/// Every sample by its file's name.
const ALL: [(&str, &str); 1] = [(REVIEWS, include_str!("../assets/samples/reviews.csv"))];

/// Where samples lie once they were opened.
pub fn folder() -> PathBuf {
    let dirs = directories::ProjectDirs::from("", "", "Attune");
    let data = dirs.map_or_else(std::env::temp_dir, |dirs| dirs.data_dir().to_owned());
    data.join("samples")
}

/// Writes a sample if this is its path and it is not there, or is not this version's.
pub fn ensure(path: &Path) -> io::Result<()> {
    match ALL.iter().find(|(name, _)| path == folder().join(name)) {
        Some((name, _)) => write(name, path),
        None => Ok(()),
    }
}

/// Writes a sample to a path, unless it is there as this version has it.
pub fn write(name: &str, path: &Path) -> io::Result<()> {
    let Some((_, text)) = ALL.iter().find(|(known, _)| *known == name) else {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no sample \"{name}\"")));
    };
    if std::fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    write_atomically(path, |file| file.write_all(text.as_bytes()))
}
