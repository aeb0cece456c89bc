//! The download cache that Python's tools use too: `blobs` by checksum, `snapshots` of links by commit, `refs` by name.
//!
//! A link in a snapshot is followed only inside its model's folder, so a cache someone prepared cannot have another
//! file read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hf_hub::{Cache, CacheRepo};
use serde_json::Value;

use super::name::{Repo, RepoKind, check_revision, is_commit, is_file_name};
use super::{Hub, MAIN};
use crate::files::shared_cache::stays_inside;
use crate::files::{folder_bytes, read_note, read_note_text, sync_folder, write_atomically};
use crate::model::adapter;

/// A model that can be opened without a download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedModel {
    pub name: String,
    /// A branch or tag where one points to it, else the commit.
    pub revision: String,
    /// A model folder like any other.
    pub dir: PathBuf,
    pub bytes: u64,
}

impl Hub {
    /// Models that can be opened without a download, by name.
    pub fn cached_models(&self) -> Vec<CachedModel> {
        models(&self.cache)
    }

    /// The folder of a model that can be opened without a download.
    pub fn find_cached(&self, name: &str, revision: &str) -> Option<PathBuf> {
        find(&self.cache, name, revision)
    }
}

/// The cache folder of one repository.
pub(super) struct Folder {
    pub path: PathBuf,
    places: CacheRepo,
    /// Where whoever writes a blob holds a lock, Python's tools too.
    locks: PathBuf,
}

impl Folder {
    pub fn of(cache: &Path, repo: &Repo) -> Self {
        let repo = repo.at(MAIN);
        let folder = repo.folder_name();
        let (path, locks) = (cache.join(&folder), cache.join(".locks").join(folder));
        Self { path, places: Cache::new(cache.to_owned()).repo(repo), locks }
    }

    pub fn lock(&self, checksum: &str) -> PathBuf {
        self.locks.join(format!("{checksum}.lock"))
    }

    /// What has arrived of a blob.
    pub fn part(&self, checksum: &str) -> PathBuf {
        self.blob(checksum).with_extension("attune-part")
    }

    /// What Python's tools have of a blob; only earlier ones go on from it.
    pub fn pythons_part(&self, checksum: &str) -> PathBuf {
        self.blob(checksum).with_extension("incomplete")
    }

    pub fn blob(&self, checksum: &str) -> PathBuf {
        self.places.blob_path(checksum)
    }

    pub fn snapshot(&self, commit: &str) -> PathBuf {
        self.places.pointer_path(commit)
    }

    /// The commit a revision stands for, as far as is known without asking.
    pub fn commit(&self, revision: &str) -> Option<String> {
        if is_commit(revision) {
            return Some(revision.to_owned());
        }
        check_revision(revision).ok()?;
        let commit = read_note_text(&self.path.join("refs").join(revision)).ok()?;
        Some(commit.trim().to_owned()).filter(|commit| is_commit(commit))
    }

    pub fn set_commit(&self, revision: &str, commit: &str) -> io::Result<()> {
        if revision == commit {
            return Ok(());
        }
        write_atomically(&self.path.join("refs").join(revision), |file| file.write_all(commit.as_bytes()))
    }

    /// Makes a file of a snapshot a link to a blob.
    pub fn link(&self, commit: &str, file: &str, checksum: &str) -> io::Result<()> {
        let link = self.snapshot(commit).join(file);
        let folder = link.parent().unwrap_or(&link).to_owned();
        fs::create_dir_all(&folder)?;
        if fs::canonicalize(&link)
            .is_ok_and(|target| fs::canonicalize(self.blob(checksum)).is_ok_and(|blob| blob == target))
        {
            return Ok(());
        }
        // Made under another name and renamed, so that no reader finds the file missing.
        let fresh = folder.join(format!(".attune-{checksum}"));
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let up = "../".repeat(2 + file.matches('/').count());
        symlink(&Path::new(&up).join("blobs").join(checksum), &self.blob(checksum), &fresh)?;
        fs::rename(&fresh, &link)?;
        sync_folder(&folder)
    }

    /// Whether a snapshot has all that is needed to open it, and leads nowhere else.
    pub fn is_complete(&self, commit: &str) -> bool {
        let snapshot = self.snapshot(commit);
        if !stays_inside(&self.path, &snapshot) {
            return false;
        }
        let has = |name: &str| snapshot.join(name).is_file();
        let has_weights = ["model.safetensors", "pytorch_model.bin"].into_iter().any(|name| {
            let shards = || read_note(&snapshot.join(format!("{name}.index.json"))).ok().and_then(|text| shards(&text));
            has(name) || shards().is_some_and(|shards| !shards.is_empty() && shards.iter().all(|shard| has(shard)))
        });
        let has_adapter = || adapter::WEIGHTS.into_iter().any(has);
        has("config.json") && has_weights || has(adapter::CONFIG) && has_adapter()
    }
}

/// The files that an index of shards names, if they are files beside it.
pub(super) fn shards(index: &[u8]) -> Option<Vec<String>> {
    let index: Value = serde_json::from_slice(index).ok()?;
    let mut shards = Vec::new();
    for shard in index.get("weight_map")?.as_object()?.values() {
        let shard = shard.as_str().filter(|name| is_file_name(name))?;
        if !shards.iter().any(|known| known == shard) {
            shards.push(shard.to_owned());
        }
    }
    Some(shards)
}

/// The repositories that a cache has a folder of.
pub(super) fn repos(cache: &Path) -> Vec<Repo> {
    let folders = fs::read_dir(cache).into_iter().flatten().flatten();
    folders.filter_map(|entry| Repo::of_folder(entry.file_name().to_str()?)).collect()
}

/// The models in a cache that can be opened, by name.
fn models(cache: &Path) -> Vec<CachedModel> {
    let mut models: Vec<CachedModel> = repos(cache)
        .into_iter()
        .filter(|repo| repo.kind == RepoKind::Model)
        .flat_map(|repo| {
            let folder = Folder::of(cache, &repo);
            let name = repo.name;
            let refs = refs(&folder.path.join("refs"), "");
            let snapshots = fs::read_dir(folder.path.join("snapshots")).into_iter().flatten().flatten();
            let commits = snapshots.filter_map(|entry| entry.file_name().into_string().ok());
            let complete: Vec<String> =
                commits.filter(|commit| is_commit(commit) && folder.is_complete(commit)).collect();
            complete.into_iter().map(move |commit| {
                let revision = refs.iter().find(|(_, target)| *target == commit).map(|(name, _)| name.clone());
                let dir = folder.snapshot(&commit);
                CachedModel { name: name.clone(), revision: revision.unwrap_or(commit), bytes: folder_bytes(&dir), dir }
            })
        })
        .collect();
    models.sort_by(|a, b| (&a.name, &a.revision).cmp(&(&b.name, &b.revision)));
    models
}

/// The snapshot of a model, if it is complete.
fn find(cache: &Path, name: &str, revision: &str) -> Option<PathBuf> {
    let folder = Folder::of(cache, &Repo::new(RepoKind::Model, name).ok()?);
    let commit = folder.commit(revision)?;
    folder.is_complete(&commit).then(|| folder.snapshot(&commit))
}

/// Branches and tags with their commits, `main` first. They may stand in folders, as `pr/1`.
fn refs(dir: &Path, prefix: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let name = format!("{prefix}{name}");
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) && prefix.matches('/').count() < 4 {
            found.extend(refs(&entry.path(), &format!("{name}/")));
        } else if let Ok(commit) = read_note_text(&entry.path()) {
            found.push((name, commit.trim().to_owned()));
        }
    }
    found.sort_by_key(|(name, _)| (name != "main", name.clone()));
    found
}

#[cfg(unix)]
fn symlink(target: &Path, _file: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Windows allows links to few; a second name for the file, or a copy, does as well.
#[cfg(windows)]
fn symlink(target: &Path, file: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, link)
        .or_else(|_| fs::hard_link(file, link))
        .or_else(|_| fs::copy(file, link).map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn folder_of(cache: &tempfile::TempDir, name: &str) -> Folder {
        Folder::of(cache.path(), &Repo::new(RepoKind::Model, name).unwrap())
    }

    fn fill(folder: &Folder, commit: &str, files: &[(&str, &str)]) {
        fs::create_dir_all(folder.path.join("blobs")).unwrap();
        for (name, content) in files {
            fs::write(folder.blob(name), content).unwrap();
            folder.link(commit, name, name).unwrap();
        }
    }

    #[test]
    fn complete_snapshots_are_found_by_any_of_their_names() {
        let cache = tempfile::tempdir().unwrap();
        let folder = folder_of(&cache, "owner/tiny");
        fill(&folder, COMMIT, &[("config.json", "{}")]);
        folder.set_commit("main", COMMIT).unwrap();
        folder.set_commit("refs/pr/1", COMMIT).unwrap();
        assert_eq!(find(cache.path(), "owner/tiny", "main"), None, "it has no weights yet");
        fill(&folder, COMMIT, &[("pytorch_model.bin", "weights")]);
        for revision in ["main", "refs/pr/1", COMMIT] {
            assert_eq!(find(cache.path(), "owner/tiny", revision), Some(folder.snapshot(COMMIT)));
        }
        for (name, revision) in
            [("owner/other", "main"), ("owner/tiny", "v2"), ("../tiny", "main"), ("owner/tiny", "../main")]
        {
            assert_eq!(find(cache.path(), name, revision), None);
        }
        let models = models(cache.path());
        assert_eq!(models.len(), 1);
        assert_eq!((models[0].name.as_str(), models[0].revision.as_str(), models[0].bytes), ("owner/tiny", "main", 9));
    }

    #[test]
    fn shards_must_all_be_there() {
        let cache = tempfile::tempdir().unwrap();
        let folder = folder_of(&cache, "tiny");
        let index = r#"{"weight_map": {"a": "one.safetensors", "b": "two.safetensors", "c": "one.safetensors"}}"#;
        fill(
            &folder,
            COMMIT,
            &[("config.json", "{}"), ("model.safetensors.index.json", index), ("one.safetensors", "1")],
        );
        assert!(!folder.is_complete(COMMIT));
        fill(&folder, COMMIT, &[("two.safetensors", "2")]);
        assert!(folder.is_complete(COMMIT));
        assert_eq!(shards(br#"{"weight_map": {"a": "../one"}}"#), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_snapshot_that_leads_elsewhere_is_not_used() {
        let cache = tempfile::tempdir().unwrap();
        let secret = cache.path().join("secret");
        fs::write(&secret, "{}").unwrap();
        let folder = folder_of(&cache, "tiny");
        fill(&folder, COMMIT, &[("config.json", "{}"), ("model.safetensors", "x")]);
        assert!(folder.is_complete(COMMIT));
        std::os::unix::fs::symlink(&secret, folder.snapshot(COMMIT).join("tokenizer.json")).unwrap();
        assert!(!folder.is_complete(COMMIT));
    }
}
