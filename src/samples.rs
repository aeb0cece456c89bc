//! The sample data that ships inside the program, so that a first run needs no file and no network.

use std::io;
use std::path::{Path, PathBuf};

use crate::files::write_atomically;

const REVIEWS: &str = include_str!("../assets/samples/reviews.csv");

/// Where the sample of product reviews lies once it was opened.
pub fn reviews_path() -> PathBuf {
    let dirs = directories::ProjectDirs::from("", "", "Attune");
    let data = dirs.map_or_else(std::env::temp_dir, |dirs| dirs.data_dir().to_owned());
    data.join("samples").join("reviews.csv")
}

/// Writes the sample if this is its path and it is not there, or is not this version's.
pub fn ensure(path: &Path) -> io::Result<()> {
    if path != reviews_path() || std::fs::read(path).is_ok_and(|there| there == REVIEWS.as_bytes()) {
        return Ok(());
    }
    write_atomically(path, |file| file.write_all(REVIEWS.as_bytes()))
}
