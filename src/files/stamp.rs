//! By what a folder is known to be as it was.

use std::ffi::OsString;
use std::path::Path;
use std::time::SystemTime;

/// Name, size and time of every file of a folder, by which a changed one is known.
pub type Stamp = Vec<(OsString, u64, Option<SystemTime>)>;

pub fn stamp(dir: &Path) -> Stamp {
    let mut stamp: Stamp = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            // Through links, which is what the files of a cache are.
            let file = std::fs::metadata(entry.path()).ok()?;
            Some((entry.file_name(), file.len(), file.modified().ok()))
        })
        .collect();
    stamp.sort();
    stamp
}
