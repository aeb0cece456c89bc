//! Where the cache lies that Python's tools share, as the environment says, and what of it can be opened.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// What the environment says of a variable.
pub type Get<'a> = &'a dyn Fn(&str) -> Option<OsString>;

pub fn path(get: Get<'_>, name: &str) -> Option<PathBuf> {
    get(name).filter(|value| !value.is_empty()).map(|value| expanded(PathBuf::from(value)))
}

/// The shared cache of models and data sets.
pub fn cache_dir() -> PathBuf {
    let get = |name: &str| std::env::var_os(name);
    cache_in(&get, &home(&get))
}

/// The folder of all that Python's tools keep.
pub fn home(get: Get<'_>) -> PathBuf {
    path(get, "HF_HOME").unwrap_or_else(|| {
        let cache = path(get, "XDG_CACHE_HOME").unwrap_or_else(|| user_home().join(".cache"));
        cache.join("huggingface")
    })
}

/// The variables that name the cache itself.
pub const CACHES: [&str; 2] = ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"];

pub fn cache_in(get: Get<'_>, home: &Path) -> PathBuf {
    CACHES.into_iter().find_map(|name| path(get, name)).unwrap_or_else(|| home.join("hub"))
}

/// A path with the user's folder in place of a leading `~`.
fn expanded(path: PathBuf) -> PathBuf {
    match path.strip_prefix("~") {
        Ok(rest) => user_home().join(rest),
        Err(_) => path,
    }
}

pub fn user_home() -> PathBuf {
    directories::BaseDirs::new().map_or_else(|| PathBuf::from("."), |dirs| dirs.home_dir().to_owned())
}

/// The folder of a model of this name that is in the cache which `beside` lies in, or else in the shared one, as the
/// revision was when it was fetched, the main branch where none is given. Only what lies within the model's own folder is
/// followed.
pub fn cached_snapshot(name: &str, revision: Option<&str>, beside: &Path) -> Option<PathBuf> {
    let own = cache_around(beside).and_then(|cache| snapshot_in(&cache, name, revision));
    own.or_else(|| snapshot_in(&cache_dir(), name, revision))
}

/// The cache that a snapshot lies in: `CACHE/models--NAME/snapshots/COMMIT`.
fn cache_around(snapshot: &Path) -> Option<PathBuf> {
    let snapshots = snapshot.parent().filter(|folder| folder.ends_with("snapshots"))?;
    snapshots.parent()?.parent().map(Path::to_owned)
}

fn snapshot_in(cache: &Path, name: &str, revision: Option<&str>) -> Option<PathBuf> {
    let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':', '\0']);
    if name.split('/').count() > 2 || !name.split('/').all(is_part) {
        return None;
    }
    let folder = cache.join(format!("models--{}", name.replace('/', "--")));
    let revision = revision.unwrap_or("main");
    if !revision.split('/').all(is_part) {
        return None;
    }
    // A revision that no branch or tag has is a commit.
    let commit = super::read_note_text(&folder.join("refs").join(revision)).unwrap_or_else(|_| revision.to_owned());
    let commit = Some(commit.trim()).filter(|commit| commit.chars().all(|c| c.is_ascii_alphanumeric()))?;
    let snapshot = folder.join("snapshots").join(commit);
    (snapshot.join("config.json").is_file() && stays_inside(&folder, &snapshot)).then_some(snapshot)
}

/// Whether all that a snapshot lists lies within the folder of its repository.
pub fn stays_inside(folder: &Path, snapshot: &Path) -> bool {
    let (Ok(root), Ok(entries)) = (fs::canonicalize(folder), fs::read_dir(snapshot)) else { return false };
    let is_inside = |path: &Path| fs::canonicalize(path).is_ok_and(|target| target.starts_with(&root));
    entries.flatten().all(|entry| is_inside(&entry.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_found_by_its_name_and_not_by_a_path() {
        let cache = tempfile::tempdir().unwrap();
        let folder = cache.path().join("models--owner--tiny");
        let snapshot = folder.join("snapshots/0a1b");
        fs::create_dir_all(&snapshot).unwrap();
        fs::create_dir_all(folder.join("refs")).unwrap();
        fs::write(folder.join("refs/main"), "0a1b\n").unwrap();
        let found = |name: &str, revision| snapshot_in(cache.path(), name, revision);
        assert_eq!(found("owner/tiny", None), None, "it has no configuration yet");
        fs::write(snapshot.join("config.json"), "{}").unwrap();
        for revision in [None, Some("main"), Some("0a1b")] {
            assert_eq!(found("owner/tiny", revision), Some(snapshot.clone()));
        }
        for name in ["tiny", "owner/../tiny", "a/owner/tiny", "", "/owner/tiny"] {
            assert_eq!(found(name, None), None, "{name}");
        }
        for revision in ["v2", "../refs/main", "", "/main"] {
            assert_eq!(found("owner/tiny", Some(revision)), None, "{revision}");
        }
        let beside = cache.path().join("models--owner--adapter/snapshots/2c3d");
        assert_eq!(cached_snapshot("owner/tiny", None, &beside), Some(snapshot));
    }
}
