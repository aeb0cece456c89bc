//! What the server knows of a repository: the commit a revision stands for, its files, and what is told about it.

use hf_hub::api::RepoInfo;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::HubError;
use super::name::{Repo, is_checksum, is_commit, is_safe_path};
use super::wire::{Subject, Wire};

/// A repository at a revision.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    pub commit: String,
    pub files: Vec<RemoteFile>,
    /// The whole answer, which says what the repository is.
    pub told: Value,
}

/// A file of a repository; size and checksum where the list has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RemoteFile {
    pub name: String,
    pub size: Option<u64>,
    pub checksum: Option<String>,
}

impl Listing {
    pub fn find(&self, name: &str) -> Option<&RemoteFile> {
        self.files.iter().find(|file| file.name == name)
    }

    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }
}

/// Asks for the files of a repository, once.
pub(super) fn list(wire: &Wire, repo: &Repo, revision: &str) -> Result<Listing, HubError> {
    let path = format!("{}?blobs=true", repo.api(revision));
    let (told, _) = wire.json(&path, Subject::of(repo, revision, &repo.name))?;
    let senseless = |reason: &str| HubError::answer(&repo.name, reason);
    let RepoInfo { sha: commit, .. } = RepoInfo::deserialize(&told).map_err(|error| senseless(&error.to_string()))?;
    if !is_commit(&commit) {
        return Err(senseless("it names no commit"));
    }
    // Sizes and checksums stand beside the names, which is all that `hf-hub` reads.
    let files = told.get("siblings").and_then(Value::as_array).into_iter().flatten();
    // What is no plain path is no file that could be wanted.
    let files = files.filter_map(remote_file).filter(|file| is_safe_path(&file.name)).collect();
    Ok(Listing { commit, files, told })
}

/// An entry of the list: large files have their checksum under `lfs`, small ones are known by git's.
fn remote_file(entry: &Value) -> Option<RemoteFile> {
    let name = entry.get("rfilename")?.as_str()?.to_owned();
    let lfs = entry.get("lfs").filter(|lfs| lfs.is_object());
    let checksum = match lfs {
        Some(lfs) => lfs.get("sha256"),
        None => entry.get("blobId"),
    };
    let size = lfs.and_then(|lfs| lfs.get("size")).or_else(|| entry.get("size"));
    Some(RemoteFile {
        name,
        size: size.and_then(Value::as_u64),
        checksum: checksum.and_then(Value::as_str).filter(|sum| is_checksum(sum)).map(str::to_owned),
    })
}
