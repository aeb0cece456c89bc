//! A model's name → files on disk.

use std::path::PathBuf;

pub fn find_cached(_name: &str, _revision: Option<&str>) -> Option<PathBuf> {
    None
}
