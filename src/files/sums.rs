//! Size and SHA-256 of the files in a folder, by which every later change of any of them is seen.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::fault::{self, Operation};

/// Files by their paths in a folder, with `/` between the parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sums(pub BTreeMap<String, Sum>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    pub bytes: u64,
    pub sha256: String,
}

impl Sums {
    /// All files of a folder and the folders in it, as they are now.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let mut sums = BTreeMap::new();
        for name in names(folder)? {
            let sum = sum_of(&folder.join(&name))?;
            sums.insert(name, sum);
        }
        Ok(Self(sums))
    }

    /// The files that are not as they were, and what is wrong with each.
    pub fn differences(&self, folder: &Path) -> BTreeMap<String, String> {
        let wrong = self.0.iter().filter_map(|(name, was)| {
            let reason = match sum_of(&folder.join(name)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => "is missing".to_owned(),
                Err(error) => format!("cannot be read ({error})"),
                Ok(now) if now.bytes != was.bytes => format!("has {} bytes, expected {}", now.bytes, was.bytes),
                Ok(now) if now.sha256 != was.sha256 => "has changed since it was written".to_owned(),
                Ok(_) => return None,
            };
            Some((name.clone(), reason))
        });
        wrong.collect()
    }

    /// Whether all files are there in their sizes, which takes no reading.
    pub fn are_there(&self, folder: &Path) -> bool {
        let is_there =
            |(name, sum): (&String, &Sum)| fs::metadata(folder.join(name)).is_ok_and(|file| file.len() == sum.bytes);
        self.0.iter().all(is_there)
    }
}

/// The sum of some bytes.
pub fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// The size and sum of a file.
pub fn sum_of(path: &Path) -> io::Result<Sum> {
    fault::ask(Operation::Read)?;
    let mut file = super::open(path)?;
    let (mut hasher, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 18];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(Sum { bytes, sha256: format!("{:x}", hasher.finalize()) });
        }
        hasher.update(&buffer[..read]);
        bytes += read as u64;
    }
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(folder.join(&inner))? {
            let entry = entry?;
            let path = inner.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if !super::is_begun(&entry.file_name()) {
                let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
                found.push(parts.join("/"));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_a_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir(path("inner")).unwrap();
        for name in ["changed", "cut", "inner/missing", "whole"] {
            fs::write(path(name), name.repeat(100_000)).unwrap();
        }
        let sums = Sums::of(dir.path()).unwrap();
        assert!(sums.differences(dir.path()).is_empty() && sums.are_there(dir.path()));
        assert_eq!(sums.0["whole"].sha256, sha256("whole".repeat(100_000).as_bytes()));
        let mut bytes = fs::read(path("changed")).unwrap();
        bytes[650_000] ^= 4;
        fs::write(path("changed"), bytes).unwrap();
        assert!(sums.are_there(dir.path()));
        fs::write(path("cut"), "cut").unwrap();
        fs::remove_file(path("inner/missing")).unwrap();
        fs::write(path("new"), "").unwrap();
        assert!(!sums.are_there(dir.path()));
        let found: Vec<String> =
            sums.differences(dir.path()).into_iter().map(|(name, reason)| format!("{name} {reason}")).collect();
        let expected = [
            "changed has changed since it was written",
            "cut has 3 bytes, expected 300000",
            "inner/missing is missing",
        ];
        assert_eq!(found, expected);
    }
}
