//! What a download left behind, so that it can be gone on with after a restart, and what a data set is made of.
//!
//! It is a small file in the repository's cache folder, which Python's tools pass over: `.attune-NAME.json`, one for
//! each thing that is fetched of a repository.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::cache::{Folder, repos};
use super::listing::RemoteFile;
use super::name::{Repo, is_checksum, is_commit, is_safe_path};
use super::{Hub, HubError};
use crate::files::{read_note, write_atomically};

/// A download that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub repo: Repo,
    pub revision: String,
    pub commit: String,
    pub part: Option<DataSetPart>,
    pub files: Vec<RemoteFile>,
    /// The adapter that it is fetched for, which goes on with it.
    #[serde(default)]
    pub of: Option<Repo>,
    /// A data set keeps its record, which says what it is made of; a model shows it by itself.
    pub is_finished: bool,
}

/// A part of a data set: one split of one configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DataSetPart {
    pub config: String,
    pub split: String,
}

impl std::fmt::Display for DataSetPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.config, self.split)
    }
}

/// A download that was paused or cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    pub repo: Repo,
    pub revision: String,
    /// Of a data set.
    pub part: Option<DataSetPart>,
    pub bytes_done: u64,
    pub bytes: u64,
}

impl Hub {
    /// Downloads that were paused or cut off, in this run of the program or an earlier one. Asked for again, they go on
    /// where they were.
    pub fn unfinished(&self) -> Vec<Unfinished> {
        let records: Vec<(Folder, Record)> =
            records(&self.cache).into_iter().filter(|(_, record)| !record.is_finished).collect();
        let is_there = |repo: &Repo| records.iter().any(|(_, record)| record.repo == *repo);
        let own = records.iter().filter(|(_, record)| !record.of.as_ref().is_some_and(is_there));
        own.map(|(folder, record)| {
            // What is fetched for it counts with it.
            let of_it = records.iter().filter(|(_, other)| other.of.as_ref() == Some(&record.repo));
            of_it.fold(record.unfinished(folder), |sum, (folder, other)| {
                let other = other.unfinished(folder);
                let (bytes_done, bytes) = (sum.bytes_done + other.bytes_done, sum.bytes + other.bytes);
                Unfinished { bytes_done, bytes, ..sum }
            })
        })
        .collect()
    }

    /// Throws away what arrived of a download that is not to be gone on with. Files that are whole stay: others use them.
    pub fn discard(&self, unfinished: &Unfinished) -> Result<(), HubError> {
        let Unfinished { repo, revision, part, .. } = unfinished;
        let folder = Folder::of(&self.cache, repo);
        let record = Record::read(&Record::path(&folder, revision, part.as_ref()));
        record
            .map_or(Ok(()), |record| record.remove_parts(&folder))
            .and_then(|()| Record::remove(&folder, revision, part.as_ref()))
            .map_err(HubError::disk(&folder.path))?;
        let of_it = records(&self.cache).into_iter().filter(|(_, record)| record.of.as_ref() == Some(repo));
        of_it.into_iter().try_for_each(|(folder, record)| {
            record
                .remove_parts(&folder)
                .and_then(|()| Record::remove(&folder, &record.revision, None))
                .map_err(HubError::disk(&folder.path))
        })
    }
}

impl Record {
    /// Where the record of such a download lies.
    pub fn path(folder: &Folder, revision: &str, part: Option<&DataSetPart>) -> PathBuf {
        let part = part.map_or(String::new(), |part| format!("--{part}"));
        let name: String = format!("{revision}{part}").replace('/', "--");
        folder.path.join(format!(".attune-{name}.json"))
    }

    pub fn write(&self, folder: &Folder) -> io::Result<()> {
        let text = serde_json::to_vec(self)?;
        write_atomically(&Self::path(folder, &self.revision, self.part.as_ref()), |file| file.write_all(&text))
    }

    /// A record that makes sense; anyone may have written it.
    pub fn read(path: &Path) -> Option<Self> {
        let record: Self = serde_json::from_slice(&read_note(path).ok()?).ok()?;
        let is_plain = |file: &RemoteFile| is_safe_path(&file.name) && file.checksum.as_deref().is_none_or(is_checksum);
        (is_commit(&record.commit) && record.files.iter().all(is_plain)).then_some(record)
    }

    /// Forgets a download. That it is forgotten already is as good.
    pub fn remove(folder: &Folder, revision: &str, part: Option<&DataSetPart>) -> io::Result<()> {
        fs::remove_file(Self::path(folder, revision, part)).or_else(gone)
    }

    /// Throws away what arrived of files that are not whole.
    pub fn remove_parts(&self, folder: &Folder) -> io::Result<()> {
        let mut sums = self.files.iter().filter_map(|file| file.checksum.as_deref());
        sums.try_for_each(|sum| fs::remove_file(folder.part(sum)).or_else(gone))
    }

    fn unfinished(&self, folder: &Folder) -> Unfinished {
        let length = |path: PathBuf| fs::metadata(path).map_or(0, |file| file.len());
        let done = |file: &RemoteFile| {
            let sum = file.checksum.as_deref()?;
            Some(length(folder.blob(sum)).max(length(folder.part(sum))).min(file.size.unwrap_or(u64::MAX)))
        };
        Unfinished {
            repo: self.repo.clone(),
            revision: self.revision.clone(),
            part: self.part.clone(),
            bytes_done: self.files.iter().filter_map(done).sum(),
            bytes: self.files.iter().filter_map(|file| file.size).sum(),
        }
    }
}

/// All records of a cache, with the folders they lie in.
pub(super) fn records(cache: &Path) -> Vec<(Folder, Record)> {
    let mut found = Vec::new();
    for repo in repos(cache) {
        let folder = Folder::of(cache, &repo);
        for entry in fs::read_dir(&folder.path).into_iter().flatten().flatten() {
            let name = entry.file_name().into_string().unwrap_or_default();
            if name.strip_prefix(".attune-").is_some_and(|name| name.strip_suffix(".json").is_some()) {
                let record = Record::read(&entry.path()).filter(|record| record.repo == repo);
                found.extend(record.map(|record| (Folder::of(cache, &repo), record)));
            }
        }
    }
    found.sort_by(|(_, a), (_, b)| (&a.repo.name, &a.revision).cmp(&(&b.repo.name, &b.revision)));
    found
}

pub(super) fn gone(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
