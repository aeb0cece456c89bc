//! Where the model lies that an adapter belongs to.

use std::path::{Path, PathBuf};

use super::error::AdapterError;
use super::folder::is_one;
use crate::files::{cached_snapshot, data_folder};

/// The folder of a base that an adapter in `dir` calls so: a path from the adapter or from here, a folder of that name
/// beside the adapter or above it, a model in the cache where the adapter lies or in the shared one, or one that Attune
/// brings along.
pub fn find(dir: &Path, name: Option<&str>, revision: Option<&str>) -> Result<PathBuf, AdapterError> {
    let name = name.map(str::trim).filter(|name| !name.is_empty()).ok_or(AdapterError::NoBase)?;
    let last = last(name);
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let beside = absolute.ancestors().take(3).map(|folder| folder.join(last));
    let places = [absolute.join(name), PathBuf::from(name)].into_iter().chain(beside);
    // A folder may be called as its base is, and is not its own.
    let is_there = |place: &PathBuf| place.join("config.json").is_file() && !is_same(place, &absolute);
    let found = places.into_iter().find(is_there);
    let found = found.or_else(|| cached_snapshot(name, revision, &absolute)).or_else(|| brought_along(name));
    let found = found.ok_or_else(|| AdapterError::BaseMissing { name: name.to_owned() })?;
    if is_one(&found) { Err(AdapterError::BaseIsAdapter { name: name.to_owned() }) } else { Ok(found) }
}

/// The folder of a base that Attune brings along, by its name or a path to it on any machine.
pub fn brought_along(name: &str) -> Option<PathBuf> {
    let folder = data_folder().join("models").join(last(name));
    folder.join("config.json").is_file().then_some(folder)
}

fn last(name: &str) -> &str {
    name.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or(name)
}

fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    real(one).is_some_and(|one| real(other) == Some(one))
}
