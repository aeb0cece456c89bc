//! The files that a run's data were read from, with the sum of each: kept with the run, and asked for again where it goes
//! on. Where files lie and what they are called may change; a run goes on with what it began with, which its examples
//! say, and these sums say which file is another.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::{self, Sum};
use crate::table::{Inputs, ReadError, Table};

/// Raised when the record changes its meaning.
const FORMAT: u32 = 1;
/// Files beyond which one sum stands for all.
const MOST: usize = 1000;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFiles {
    format: u32,
    pub train: Vec<DataFile>,
    /// Those of data of its own that are evaluated on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eval: Vec<DataFile>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// The file, or the folder of so many files that one sum stands for all.
    pub path: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<usize>,
    #[serde(flatten)]
    pub sum: Sum,
}

impl DataFiles {
    pub fn of(train: &[PathBuf], eval: &[PathBuf]) -> Result<Self, ReadError> {
        Ok(Self { format: FORMAT, train: sums(train)?, eval: sums(eval)? })
    }

    /// What an earlier record says that is other now, by the names of the files.
    pub fn changes(&self, now: &Self) -> Vec<String> {
        let part = |then: &[DataFile], now: &[DataFile]| {
            let mut told = Vec::new();
            for (place, was) in then.iter().enumerate() {
                let name = files::name(&was.path);
                match now.get(place) {
                    None => told.push(format!("{name} is not among them any more")),
                    Some(is) if is.sum != was.sum => told.push(format!("{name} is another file")),
                    Some(_) => {}
                }
            }
            told.extend(now.iter().skip(then.len()).map(|new| format!("{} is new", files::name(&new.path))));
            told
        };
        [part(&self.train, &now.train), part(&self.eval, &now.eval)].concat()
    }

    pub(super) fn read(path: &Path) -> Option<Self> {
        let read: Self = serde_json::from_slice(&files::read_note(path).ok()?).ok()?;
        (read.format == FORMAT).then_some(read)
    }

    pub(super) fn write(&self, path: &Path) -> std::io::Result<()> {
        files::write_atomically(path, |file| serde_json::to_writer_pretty(file, self).map_err(Into::into))
    }
}

/// The files of a table, each once: of an archive several may have been read.
pub(super) fn of_table(table: &Table) -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    table.origins.files.iter().map(|file| file.path.clone()).filter(|path| seen.insert(path.clone())).collect()
}

fn sums(paths: &[PathBuf]) -> Result<Vec<DataFile>, ReadError> {
    let one = |path: &PathBuf| {
        let cannot_read = |source| ReadError::Read { path: path.clone(), source };
        let sum = if path.is_dir() { folder_sum(path) } else { files::sum_of(path) };
        Ok(DataFile { path: path.clone(), files: None, sum: sum.map_err(cannot_read)? })
    };
    let all: Vec<DataFile> = paths.iter().map(one).collect::<Result<_, _>>()?;
    if all.len() <= MOST {
        return Ok(all);
    }
    let path = paths.iter().cloned().collect::<Inputs>().place().into_owned();
    let text: String = all.iter().map(|file| format!("{}\n", file.sum.sha256)).collect();
    let sum = Sum { bytes: all.iter().map(|file| file.sum.bytes).sum(), sha256: files::sha256(text.as_bytes()) };
    Ok(vec![DataFile { path, files: Some(all.len()), sum }])
}

/// One sum for all files of a folder.
fn folder_sum(folder: &Path) -> std::io::Result<Sum> {
    let sums = files::Sums::of(folder)?;
    let text: String = sums.0.iter().map(|(name, sum)| format!("{name}\t{}\n", sum.sha256)).collect();
    Ok(Sum { bytes: sums.0.values().map(|sum| sum.bytes).sum(), sha256: files::sha256(text.as_bytes()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_another_is_told_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let (a, b) = (write("a.csv", "text\na\n"), write("b.csv", "text\nb\n"));
        let then = DataFiles::of(&[a.clone(), b.clone()], &[]).unwrap();
        let kept = dir.path().join("data.json");
        then.write(&kept).unwrap();
        assert_eq!(DataFiles::read(&kept).as_ref(), Some(&then));
        let moved = write("c.csv", "text\nb\n");
        assert_eq!(then.changes(&DataFiles::of(&[a.clone(), moved], &[]).unwrap()), Vec::<String>::new());
        write("b.csv", "text\nc\n");
        let now = DataFiles::of(&[a.clone(), b, a.clone()], &[]).unwrap();
        assert_eq!(then.changes(&now), ["b.csv is another file", "a.csv is new"]);
        let fewer = DataFiles::of(&[a], &[]).unwrap();
        assert_eq!(then.changes(&fewer), ["b.csv is not among them any more"]);
    }
}
