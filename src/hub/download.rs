//! A model fetched into the cache: which files, in which order, and whether there is room for them.
//!
//! What says whether the model can be used here comes first, so that nobody waits for weights in vain.

use std::fs;
use std::path::PathBuf;

use super::cache::shards;
use super::fetch::Job;
use super::fit::{Known, Usable, WEIGHTS};
use super::listing::{Listing, RemoteFile, list};
use super::name::{Repo, RepoKind, check_revision};
use super::progress::Doing;
use super::record::{DataSetPart, Record};
use super::wire::Tries;
use super::{Halt, Hub, HubError, Progress};
use crate::text::tokenizer::COMPANIONS;

const INDEX: &str = ".index.json";

/// What stays free on a disk beside what is fetched.
const SPARE_BYTES: u64 = 64 << 20;

impl Hub {
    /// Fetches what is missing of a model, verified, and returns its folder. The [`Switch`](super::Switch) ends it; what
    /// was paused, or cut off by whatever, goes on where it was the next time. A model that cannot be used here is refused
    /// before its weights are fetched. Offline, only what the cache has is returned.
    pub fn download(
        &self,
        name: &str,
        revision: &str,
        on_progress: &mut dyn FnMut(&Progress),
    ) -> Result<PathBuf, HubError> {
        let repo = Repo::new(RepoKind::Model, name)?;
        check_revision(revision)?;
        if self.offline {
            return self.find_cached(name, revision).ok_or_else(|| HubError::Offline { name: name.to_owned() });
        }
        let mut job = Job::new(self, &repo, on_progress)?;
        let fetched = job.model(revision);
        let commit = job.ended(revision, None, fetched)?;
        Ok(job.folder.snapshot(&commit))
    }
}

/// The files of a model that are fetched.
pub(super) struct Wanted {
    /// The configuration, the tokenizer, and the index of the shards where there are some.
    pub small: Vec<RemoteFile>,
    /// The weights, of one kind; of shards what the list lets expect.
    pub large: Vec<RemoteFile>,
}

impl Wanted {
    pub fn of(listing: &Listing) -> Self {
        let find = |name: &str| listing.find(name).cloned();
        let small = ["config.json", "tokenizer.json"].into_iter().chain(COMPANIONS);
        let mut small: Vec<RemoteFile> = small.filter_map(find).collect();
        let mut large: Vec<RemoteFile> = WEIGHTS.into_iter().find_map(find).into_iter().collect();
        // An index says which shards there are; by their names alone it can be seen before it was read.
        if let Some((stem, ending)) = large.first().and_then(|file| file.name.strip_suffix(INDEX)?.rsplit_once('.')) {
            let is_shard = |name: &str| name.starts_with(&format!("{stem}-")) && name.ends_with(&format!(".{ending}"));
            let shards = listing.files.iter().filter(|file| is_shard(&file.name)).cloned().collect();
            small.append(&mut std::mem::replace(&mut large, shards));
        }
        Self { small, large }
    }
}

impl Job<'_> {
    /// What a repository has, patiently.
    pub fn list(&mut self, revision: &str) -> Result<Listing, HubError> {
        let mut tries = Tries::default();
        loop {
            self.watch.tell(Doing::Listing)?;
            let error = match list(&self.wire, &self.repo, revision) {
                Err(error) => error,
                listing => return listing,
            };
            let (wait, error) = tries.after(error, 0, &self.patience)?;
            self.watch.wait(wait, Doing::WaitingToRetry { secs: wait.as_secs(), reason: error.to_string() })?;
        }
    }

    /// Fetches a model, and returns its commit.
    fn model(&mut self, revision: &str) -> Result<String, HubError> {
        let listing = self.list(revision)?;
        self.commit.clone_from(&listing.commit);
        let names: Vec<&str> = listing.files.iter().map(|file| file.name.as_str()).collect();
        let known = Known { files: &names, ..Known::of(&listing.told) };
        self.refuse_unless_usable(known)?;
        let Wanted { small, mut large } = Wanted::of(&listing);
        self.expect(small.iter().chain(&large));
        for file in &small {
            let blob = self.fetch(file)?;
            let read = || fs::read(&blob).map_err(HubError::disk(&blob));
            if file.name == "config.json" {
                self.refuse_unless_usable(Known { config: Some(&String::from_utf8_lossy(&read()?)), ..known })?;
            } else if file.name.ends_with(INDEX) {
                large = listed_shards(&file.name, &read()?, &listing)?;
                self.expect(small.iter().chain(&large));
            }
        }
        self.weigh(revision, None, small.into_iter().chain(large.iter().cloned()).collect())?;
        for file in &large {
            self.fetch(file)?;
        }
        Ok(listing.commit)
    }

    fn refuse_unless_usable(&self, known: Known<'_>) -> Result<(), HubError> {
        match known.usable() {
            Usable::No(obstacles) => Err(HubError::Unusable { name: self.repo.name.clone(), obstacles }),
            Usable::Yes | Usable::Perhaps => Ok(()),
        }
    }

    /// How much there is to do, as far as is known.
    pub fn expect<'f>(&mut self, files: impl Iterator<Item = &'f RemoteFile> + Clone) {
        self.watch.progress.files = files.clone().count();
        self.watch.progress.bytes = files.filter_map(|file| file.size).sum();
    }

    /// Holds what is still to come against the disk, and notes what was begun.
    pub fn weigh(&self, revision: &str, part: Option<DataSetPart>, files: Vec<RemoteFile>) -> Result<(), HubError> {
        let length = |path: PathBuf| fs::metadata(path).map_or(0, |file| file.len());
        let missing = |file: &RemoteFile| {
            let size = file.size.unwrap_or_default();
            let there =
                file.checksum.as_deref().map(|sum| length(self.folder.blob(sum)).max(length(self.folder.part(sum))));
            size.saturating_sub(there.unwrap_or_default())
        };
        let needed: u64 = files.iter().map(missing).sum();
        let (path, repo) = (self.folder.path.clone(), self.repo.clone());
        let needed_free = if needed == 0 { 0 } else { needed + needed / 20 + SPARE_BYTES };
        if let Some(free) = (self.patience.free)(&path).filter(|free| *free < needed_free) {
            return Err(HubError::NoRoom { path, needed: needed_free, free });
        }
        let (revision, commit) = (revision.to_owned(), self.commit.clone());
        let record = Record { repo, revision, commit, part, files, is_finished: false };
        record.write(&self.folder).map_err(HubError::disk(path))
    }

    /// Puts the cache in order after a download came to its end, good or bad.
    pub fn ended(
        &self,
        revision: &str,
        part: Option<&DataSetPart>,
        outcome: Result<String, HubError>,
    ) -> Result<String, HubError> {
        if let Ok(commit) = &outcome {
            self.folder.set_commit(revision, commit).map_err(HubError::disk(&self.folder.path))?;
        }
        let path = Record::path(&self.folder, revision, part);
        let forget = || Record::remove(&self.folder, revision, part);
        let tidied = match (&outcome, Record::read(&path)) {
            (Ok(_), Some(record)) if part.is_some() => Record { is_finished: true, ..record }.write(&self.folder),
            (Ok(_), _) => forget(),
            (Err(HubError::Halted { halt: Halt::Cancel }), Some(record)) => {
                record.remove_parts(&self.folder).and_then(|()| forget())
            }
            (Err(_), _) => return outcome,
        };
        tidied.map_err(HubError::disk(&path))?;
        outcome
    }
}

/// The shards an index names, which must be listed.
fn listed_shards(index: &str, content: &[u8], listing: &Listing) -> Result<Vec<RemoteFile>, HubError> {
    let names = shards(content).ok_or_else(|| HubError::answer(index, "it is not a list of files beside it"))?;
    let find = |name: String| listing.find(&name).cloned();
    let missing = || HubError::answer(index, "it names a file that is not there");
    names.into_iter().map(|name| find(name).ok_or_else(missing)).collect()
}
