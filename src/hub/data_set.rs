//! Data sets of the hub, by way of their Parquet files.
//!
//! The hub keeps most data sets as Parquet under a revision of its own, one folder for each configuration and split,
//! whatever format their owners wrote. Where it has none, the Parquet files that the owner wrote are taken.

use std::path::PathBuf;

use serde_json::Value;

use super::about::string;
use super::fetch::Job;
use super::listing::{Listing, RemoteFile, list};
use super::name::{Repo, RepoKind};
use super::progress::Progress;
use super::record::{DataSetPart, Record, records};
use super::search::FoundDataSet;
use super::wire::Wire;
use super::{Hub, HubError, MAIN};

/// Where the hub keeps what it made of a data set.
const CONVERTED: &str = "refs/convert/parquet";

/// A data set on the hub.
#[derive(Clone, Debug)]
pub struct DataSetDetails {
    pub found: FoundDataSet,
    pub parts: Vec<PartDetails>,
}

/// A split of a configuration, and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartDetails {
    pub part: DataSetPart,
    pub files: usize,
    pub bytes: u64,
    /// Rows and columns, where the owner has written them down.
    pub rows: Option<u64>,
    pub columns: Vec<String>,
    /// The hub made Parquet of only its beginning, because it is very large.
    pub is_cut: bool,
}

/// A part of a data set that is in the cache as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedDataSet {
    pub name: String,
    pub part: DataSetPart,
    /// In order; together they are one table.
    pub files: Vec<PathBuf>,
}

/// Which part, and the files it is made of, in order.
type Files = (DataSetPart, bool, Vec<RemoteFile>);

impl Hub {
    /// The parts of a data set, with their sizes.
    pub fn data_set(&self, name: &str) -> Result<DataSetDetails, HubError> {
        let repo = Repo::new(RepoKind::DataSet, name)?;
        let wire = Wire::new(self, name)?;
        // What the owner tells stands at the main branch.
        let told = wire.patiently(|| list(&wire, &repo, MAIN))?;
        let (_, listing) = converted(|revision| wire.patiently(|| list(&wire, &repo, revision)))?;
        let parts = parts_of(&listing).into_iter().map(|files| details(&told.told, &files)).collect();
        let mut found = FoundDataSet::read(&told.told);
        repo.name.clone_into(&mut found.about.name);
        Ok(DataSetDetails { found, parts })
    }

    /// Fetches a part of a data set, verified, and returns its files in order. What is not named is the only one there
    /// is. It is paused, stopped and gone on with like [`Hub::download`]; offline, what the cache has whole is returned.
    pub fn download_data_set(
        &self,
        name: &str,
        config: Option<&str>,
        split: Option<&str>,
        on_progress: &mut dyn FnMut(&Progress),
    ) -> Result<CachedDataSet, HubError> {
        let repo = Repo::new(RepoKind::DataSet, name)?;
        if self.offline {
            let mut cached =
                self.cached_data_sets().into_iter().filter(|cached| cached.name == name).collect::<Vec<_>>();
            if cached.is_empty() {
                return Err(HubError::Offline { name: name.to_owned() });
            }
            let at = chosen(name, cached.iter().map(|cached| &cached.part), config, split)?;
            return Ok(cached.swap_remove(at));
        }
        let mut job = Job::new(self, &repo, on_progress)?;
        let (revision, listing) = converted(|revision| job.list(revision))?;
        job.commit.clone_from(&listing.commit);
        let mut parts = parts_of(&listing);
        if parts.is_empty() {
            return Err(HubError::NoParquet { name: name.to_owned() });
        }
        let at = chosen(name, parts.iter().map(|(part, ..)| part), config, split)?;
        let (part, _, files) = parts.swap_remove(at);
        let fetched = job.part(revision, &part, &files);
        let commit = job.ended(revision, Some(&part), fetched)?;
        let snapshot = job.folder.snapshot(&commit);
        let files = files.iter().map(|file| snapshot.join(&file.name)).collect();
        Ok(CachedDataSet { name: name.to_owned(), part, files })
    }

    /// The parts of data sets that are in the cache as a whole, by name.
    pub fn cached_data_sets(&self) -> Vec<CachedDataSet> {
        let cached = records(&self.cache).into_iter().filter_map(|(folder, record)| {
            let Record { repo, commit, part, files, is_finished, .. } = record;
            let files: Vec<PathBuf> = files.iter().map(|file| folder.snapshot(&commit).join(&file.name)).collect();
            let is_there = is_finished && files.iter().all(|file| file.is_file());
            Some(CachedDataSet { name: repo.name, part: part.filter(|_| is_there)?, files })
        });
        cached.collect()
    }
}

impl Job<'_> {
    fn part(&mut self, revision: &str, part: &DataSetPart, files: &[RemoteFile]) -> Result<String, HubError> {
        self.expect(files.iter());
        self.weigh(revision, Some(part.clone()), files.to_vec())?;
        for file in files {
            self.fetch(file)?;
        }
        Ok(self.commit.clone())
    }
}

/// What the hub made of a data set, or what its owner wrote.
fn converted(
    mut list: impl FnMut(&'static str) -> Result<Listing, HubError>,
) -> Result<(&'static str, Listing), HubError> {
    match list(CONVERTED) {
        Ok(listing) if !parts_of(&listing).is_empty() => Ok((CONVERTED, listing)),
        Ok(_) | Err(HubError::NoRevision { .. }) => Ok((MAIN, list(MAIN)?)),
        Err(error) => Err(error),
    }
}

/// The parts that a list of files has, each with its files in order.
fn parts_of(listing: &Listing) -> Vec<Files> {
    let mut parts: Vec<Files> = Vec::new();
    let mut files: Vec<&RemoteFile> = listing.files.iter().collect();
    files.sort_by_key(|file| (file.name.len(), &file.name));
    for file in files {
        let Some((part, is_cut)) = part_of(&file.name) else { continue };
        match parts.iter_mut().find(|(known, ..)| *known == part) {
            Some((.., files)) => files.push(file.clone()),
            None => parts.push((part, is_cut, vec![file.clone()])),
        }
    }
    // As they are used: what is learned from first.
    let rank = |part: &DataSetPart| (part.split != "train", part.config.clone(), part.split.clone());
    parts.sort_by_key(|(part, ..)| rank(part));
    parts
}

/// Which part a file belongs to, `default/partial-train/0000.parquet` or `data/train-00000-of-00002.parquet`, and whether
/// it is only the beginning.
pub(super) fn part_of(path: &str) -> Option<(DataSetPart, bool)> {
    let stem = path.strip_suffix(".parquet")?;
    let mut folders: Vec<&str> = stem.split('/').collect();
    let file = folders.pop()?;
    let is_numbered = !file.is_empty() && file.bytes().all(|byte| byte.is_ascii_digit());
    let split = if is_numbered { folders.pop()? } else { file.split("-0").next()? };
    let (split, is_cut) = split.strip_prefix("partial-").map_or((split, false), |split| (split, true));
    let config = folders.last().filter(|folder| **folder != "data").map_or("default", |folder| folder);
    Some((DataSetPart { config: config.to_owned(), split: split.to_owned() }, is_cut))
}

/// The part that is meant.
fn chosen<'a>(
    name: &str,
    parts: impl Iterator<Item = &'a DataSetPart>,
    config: Option<&str>,
    split: Option<&str>,
) -> Result<usize, HubError> {
    let parts: Vec<&DataSetPart> = parts.collect();
    let fits = |part: &DataSetPart| {
        config.is_none_or(|config| config == part.config) && split.is_none_or(|split| split == part.split)
    };
    let mut fitting = parts.iter().enumerate().filter(|(_, part)| fits(part)).map(|(at, _)| at);
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(HubError::NoPart {
            name: name.to_owned(),
            wanted: [config, split].into_iter().flatten().collect::<Vec<_>>().join("/"),
            parts: parts.iter().map(ToString::to_string).collect(),
        }),
    }
}

/// What the owner has written down of a part, beside what its files say.
fn details(told: &Value, (part, is_cut, files): &Files) -> PartDetails {
    let infos = &told["cardData"]["dataset_info"];
    let infos = infos.as_array().map_or(std::slice::from_ref(infos), Vec::as_slice);
    let is_it = |info: &&Value| string(info, "config_name").is_none_or(|name| name == part.config);
    let info = infos.iter().find(is_it).unwrap_or(&Value::Null);
    let list = |key: &str| info[key].as_array().into_iter().flatten();
    let split = list("splits").find(|split| split["name"] == part.split.as_str());
    PartDetails {
        part: part.clone(),
        files: files.len(),
        bytes: files.iter().filter_map(|file| file.size).sum(),
        rows: split.and_then(|split| split["num_examples"].as_u64()),
        columns: list("features").filter_map(|feature| string(feature, "name")).collect(),
        is_cut: *is_cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_which_part_it_belongs_to() {
        for (path, config, split, is_cut) in [
            ("default/train/0000.parquet", "default", "train", false),
            ("en-de/partial-train/0012.parquet", "en-de", "train", true),
            ("data/train-00000-of-00002.parquet", "default", "train", false),
            ("plain_text/test-00000-of-00001-abc.parquet", "plain_text", "test", false),
            ("dev.parquet", "default", "dev", false),
        ] {
            let part = DataSetPart { config: config.to_owned(), split: split.to_owned() };
            assert_eq!(part_of(path), Some((part, is_cut)), "{path}");
        }
        for path in ["README.md", "data/train.csv", "0000.parquet"] {
            assert_eq!(part_of(path), None, "{path}");
        }
    }

    #[test]
    fn a_part_is_chosen_where_only_one_fits() {
        let part = |config: &str, split: &str| DataSetPart { config: config.to_owned(), split: split.to_owned() };
        let parts = [part("a", "train"), part("a", "test"), part("b", "train")];
        let choose = |config, split| chosen("x", parts.iter(), config, split);
        assert_eq!(choose(Some("b"), None).unwrap(), 2);
        assert_eq!(choose(Some("a"), Some("test")).unwrap(), 1);
        assert_eq!(choose(None, Some("test")).unwrap(), 1);
        let message = choose(None, Some("train")).unwrap_err().to_string();
        assert!(message.contains("\"train\"") && message.contains("a/train, a/test, b/train"), "{message}");
        assert!(choose(Some("c"), None).is_err());
    }
}
