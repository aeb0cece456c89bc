//! What the cache holds, as a person keeps order in it: every model and data set with what it takes, and how one is
//! thrown away.

use std::fs;
use std::path::{Path, PathBuf};

use super::cache::{Folder, repos};
use super::{CachedDataSet, Hub, HubError, Repo, RepoKind, Unfinished};
use crate::files::{free_disk, remove_folder};

/// A repository that the cache has something of, whoever fetched it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedRepo {
    pub repo: Repo,
    /// All that goes when it is removed.
    pub bytes: u64,
}

/// All that is in the cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shelf {
    /// The largest first.
    pub repos: Vec<CachedRepo>,
    /// The parts of data sets that are there as a whole.
    pub data_sets: Vec<CachedDataSet>,
    /// Downloads that were paused or cut off.
    pub unfinished: Vec<Unfinished>,
    /// What is free on the disk it lies on.
    pub free_bytes: Option<u64>,
}

impl Hub {
    /// What is in the cache. Only the disk is asked.
    pub fn shelf(&self) -> Shelf {
        let sized = |repo: Repo| CachedRepo { bytes: own_bytes(&Folder::of(&self.cache, &repo).path), repo };
        let mut repos: Vec<CachedRepo> = repos(&self.cache).into_iter().map(sized).collect();
        repos.sort_by(|a, b| (b.bytes, &a.repo.name).cmp(&(a.bytes, &b.repo.name)));
        Shelf {
            repos,
            data_sets: self.cached_data_sets(),
            unfinished: self.unfinished(),
            free_bytes: free_disk(&self.cache),
        }
    }

    /// Where the cache keeps a repository.
    pub fn cache_folder(&self, repo: &Repo) -> PathBuf {
        Folder::of(&self.cache, repo).path
    }

    /// Removes all that the cache has of a repository, for every program that uses it.
    pub fn remove(&self, repo: &Repo) -> Result<(), HubError> {
        let path = self.cache_folder(repo);
        remove_folder(&path).map_err(HubError::disk(path))
    }
}

/// Bytes of all files below a path that are no links: what is linked is counted where it lies.
fn own_bytes(path: &Path) -> u64 {
    match fs::symlink_metadata(path) {
        Ok(entry) if entry.is_dir() => {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            entries.map(|entry| own_bytes(&entry.path())).sum()
        }
        Ok(entry) if entry.is_file() => entry.len(),
        _ => 0,
    }
}

/// What a person calls a place in a cache: the folder of a model, or a file of a data set, whose own names are sums and
/// numbers. `None` for any other path.
pub fn title_of(path: &Path) -> Option<String> {
    let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
    let at = parts.iter().rposition(|part| *part == "snapshots").filter(|at| *at > 0)?;
    let repo = Repo::of_folder(parts[at - 1])?;
    let inside: PathBuf = parts.get(at + 2..)?.iter().collect();
    Some(match repo.kind {
        RepoKind::Model if inside.as_os_str().is_empty() => repo.name,
        RepoKind::Model => return None,
        RepoKind::DataSet => {
            let split = super::data_set::part_of(&inside.to_string_lossy())?.0.split;
            format!("{} {split}", repo.name)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_a_cache_are_called_by_what_lies_there() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for (path, title) in [
            (format!("/c/models--owner--tiny/snapshots/{commit}"), Some("owner/tiny")),
            (format!("/c/models--tiny/snapshots/{commit}"), Some("tiny")),
            (format!("/c/datasets--owner--data/snapshots/{commit}/plain/train/0000.parquet"), Some("owner/data train")),
            (
                format!("/c/datasets--owner--data/snapshots/{commit}/data/test-00000-of-00002.parquet"),
                Some("owner/data test"),
            ),
            (format!("/c/models--owner--tiny/snapshots/{commit}/config.json"), None),
            ("/home/x/snapshots/a/b".to_owned(), None),
            ("/home/x/reviews.csv".to_owned(), None),
        ] {
            assert_eq!(title_of(Path::new(&path)).as_deref(), title, "{path}");
        }
    }

    #[test]
    fn what_is_linked_is_counted_once_and_goes_as_a_whole() {
        let cache = tempfile::tempdir().unwrap();
        let hub = Hub::at("http://nowhere", cache.path());
        let repo = Repo::new(RepoKind::Model, "owner/tiny").unwrap();
        let folder = Folder::of(cache.path(), &repo);
        let commit = "0123456789abcdef0123456789abcdef01234567";
        fs::create_dir_all(folder.path.join("blobs")).unwrap();
        fs::write(folder.blob("a"), vec![0; 1000]).unwrap();
        folder.link(commit, "model.safetensors", "a").unwrap();
        folder.set_commit("main", commit).unwrap();
        let shelf = hub.shelf();
        assert_eq!(shelf.repos, [CachedRepo { repo: repo.clone(), bytes: 1040 }]);
        assert!(shelf.free_bytes.is_some());
        hub.remove(&repo).unwrap();
        assert_eq!(hub.shelf().repos, []);
        hub.remove(&repo).unwrap();
    }
}
