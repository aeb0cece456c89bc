//! A model fetched into the cache: which files, in which order, and whether there is room for them.
//!
//! What says whether the model can be used here comes first, so that nobody waits for weights in vain.

use std::fs;
use std::path::PathBuf;

use super::adapter::{Base, told};
use super::cache::shards;
use super::fetch::{Job, OfAdapter};
use super::fit::{Known, Obstacle, Usable, WEIGHTS, is_adapter};
use super::listing::{Listing, RemoteFile, list};
use super::name::{Repo, RepoKind, check_revision};
use super::progress::Doing;
use super::record::{DataSetPart, Record};
use super::wire::Tries;
use super::{Halt, Hub, HubError, Progress};
use crate::files::read_note;
use crate::model::adapter::{self, Told};
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
            let offline = |name: &str| HubError::Offline { name: name.to_owned() };
            let dir = self.find_cached(name, revision).ok_or_else(|| offline(name))?;
            return self.missing_base(&dir).map_or(Ok(dir), |base| Err(offline(&base)));
        }
        let mut job = Job::new(self, &repo, on_progress)?;
        let fetched = self.fetch_model(&mut job, revision);
        let commit = job.ended(revision, None, fetched)?;
        Ok(job.folder.snapshot(&commit))
    }

    /// Fetches a model, and returns its commit. The base of an adapter comes before the adapter's weights, so that what is
    /// here can be opened.
    fn fetch_model(&self, job: &mut Job<'_>, revision: &str) -> Result<String, HubError> {
        let begun = job.begin(revision)?;
        if let Some(told) = &begun.adapter {
            job.note(revision, None, begun.files())?;
            self.fetch_base(job, told, &begun)?;
        }
        job.weights(revision, &begun)?;
        Ok(job.commit.clone())
    }

    /// Has the model here that an adapter belongs to.
    fn fetch_base(&self, job: &mut Job<'_>, told: &Told, begun: &Begun) -> Result<(), HubError> {
        let base = self.base_of(told).map_err(|obstacle| job.unusable(vec![obstacle]))?;
        let Base::Hub(repo, revision) = base else { return Ok(()) };
        let bytes = begun.files().iter().map(|file| job.missing(file)).sum();
        let of = OfAdapter { repo: job.repo.clone(), has_tokenizer: begun.has_tokenizer, bytes };
        let mut tell = |progress: &Progress| job.watch.pass_on(progress);
        let mut base_job = Job { of: Some(of), ..Job::new(self, &repo, &mut tell)? };
        let begun = base_job.begin(&revision);
        let fetched = begun.and_then(|begun| base_job.weights(&revision, &begun));
        let fetched = fetched.map(|()| base_job.commit.clone());
        let ended = base_job.ended(&revision, None, fetched);
        let done = base_job.watch.progress.clone();
        job.watch.before = done;
        match ended {
            Ok(_) => Ok(()),
            Err(HubError::Unusable { obstacles, .. }) => {
                Err(job.unusable(vec![Obstacle::of_base(&repo.name, &obstacles)]))
            }
            Err(error) => Err(error.of_base(&repo.name)),
        }
    }
}

/// A model whose small files are here and speak for it.
struct Begun {
    wanted: Wanted,
    /// Of an adapter.
    adapter: Option<Told>,
    has_tokenizer: bool,
}

impl Begun {
    fn files(&self) -> Vec<RemoteFile> {
        self.wanted.small.iter().chain(&self.wanted.large).cloned().collect()
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
        let is_adapter = is_adapter(&|name| listing.has(name));
        let settings = is_adapter.then_some(adapter::CONFIG);
        let small = settings.into_iter().chain(["config.json", "tokenizer.json"]).chain(COMPANIONS);
        let mut small: Vec<RemoteFile> = small.filter_map(find).collect();
        let weights: &[&str] = if is_adapter { &adapter::WEIGHTS } else { &WEIGHTS };
        let mut large: Vec<RemoteFile> = weights.iter().copied().find_map(find).into_iter().collect();
        // An index says which shards there are; by their names alone it can be seen before it was read.
        if let Some((stem, ending)) = large.first().and_then(|file| file.name.strip_suffix(INDEX)?.rsplit_once('.')) {
            let is_shard = |name: &str| name.starts_with(&format!("{stem}-")) && name.ends_with(&format!(".{ending}"));
            let shards = listing.files.iter().filter(|file| is_shard(&file.name)).cloned().collect();
            small.append(&mut std::mem::replace(&mut large, shards));
        }
        Self { small, large }
    }

    pub fn bytes(&self) -> u64 {
        self.small.iter().chain(&self.large).filter_map(|file| file.size).sum()
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

    /// Fetches what says whether a model can be used, and refuses one that cannot.
    fn begin(&mut self, revision: &str) -> Result<Begun, HubError> {
        let listing = self.list(revision)?;
        self.commit.clone_from(&listing.commit);
        let names: Vec<&str> = listing.files.iter().map(|file| file.name.as_str()).collect();
        let (is_base, has_tokenizer) = (self.of.is_some(), self.of.as_ref().is_some_and(|of| of.has_tokenizer));
        let known = Known { files: &names, is_base, has_tokenizer, ..Known::of(&listing.told) };
        self.refuse_unless_usable(known)?;
        let mut wanted = Wanted::of(&listing);
        let mut adapter = None;
        self.expect(wanted.small.iter().chain(&wanted.large));
        for file in &wanted.small {
            let blob = self.fetch(file)?;
            let read = || read_note(&blob).map_err(HubError::disk(&blob));
            if file.name == "config.json" {
                self.refuse_unless_usable(Known { config: Some(&String::from_utf8_lossy(&read()?)), ..known })?;
            } else if file.name == adapter::CONFIG && known.is_adapter() {
                let told = told(&String::from_utf8_lossy(&read()?));
                adapter = Some(told.map_err(|obstacle| self.unusable(vec![obstacle]))?);
            } else if file.name.ends_with(INDEX) {
                wanted.large = listed_shards(&file.name, &read()?, &listing)?;
                self.expect(wanted.small.iter().chain(&wanted.large));
            }
        }
        Ok(Begun { wanted, adapter, has_tokenizer: known.brings_tokenizer() })
    }

    /// Fetches the weights of a model, once there is room for them.
    fn weights(&mut self, revision: &str, begun: &Begun) -> Result<(), HubError> {
        self.weigh(revision, None, begun.files())?;
        begun.wanted.large.iter().try_for_each(|file| self.fetch(file).map(drop))
    }

    fn refuse_unless_usable(&self, known: Known<'_>) -> Result<(), HubError> {
        match known.usable() {
            Usable::No(obstacles) => Err(self.unusable(obstacles)),
            Usable::Yes | Usable::Perhaps => Ok(()),
        }
    }

    fn unusable(&self, obstacles: Vec<Obstacle>) -> HubError {
        HubError::Unusable { name: self.repo.name.clone(), obstacles }
    }

    /// How much there is to do, as far as is known.
    pub fn expect<'f>(&mut self, files: impl Iterator<Item = &'f RemoteFile> + Clone) {
        self.watch.progress.files = files.clone().count();
        self.watch.progress.bytes = files.filter_map(|file| file.size).sum();
    }

    /// Bytes of a file that are still to come.
    fn missing(&self, file: &RemoteFile) -> u64 {
        let length = |path: PathBuf| fs::metadata(path).map_or(0, |file| file.len());
        let there =
            file.checksum.as_deref().map(|sum| length(self.folder.blob(sum)).max(length(self.folder.part(sum))));
        file.size.unwrap_or_default().saturating_sub(there.unwrap_or_default())
    }

    /// Holds what is still to come against the disk, and notes what was begun.
    pub fn weigh(&self, revision: &str, part: Option<DataSetPart>, files: Vec<RemoteFile>) -> Result<(), HubError> {
        let path = self.folder.path.clone();
        let of_adapter = self.of.as_ref().map_or(0, |of| of.bytes);
        let needed = of_adapter + files.iter().map(|file| self.missing(file)).sum::<u64>();
        let needed_free = if needed == 0 { 0 } else { needed + needed / 20 + SPARE_BYTES };
        if let Some(free) = (self.patience.free)(&path).filter(|free| *free < needed_free) {
            return Err(HubError::NoRoom { path, needed: needed_free, free });
        }
        self.note(revision, part, files)
    }

    /// Notes what was begun, so that it is gone on with after a restart.
    fn note(&self, revision: &str, part: Option<DataSetPart>, files: Vec<RemoteFile>) -> Result<(), HubError> {
        let (repo, commit) = (self.repo.clone(), self.commit.clone());
        // What a person began by itself stays a download of its own.
        let begun = Record::read(&Record::path(&self.folder, revision, part.as_ref()));
        let of = begun.map_or_else(|| self.of.as_ref().map(|of| of.repo.clone()), |record| record.of);
        let record = Record { repo, revision: revision.to_owned(), commit, part, files, of, is_finished: false };
        record.write(&self.folder).map_err(HubError::disk(&self.folder.path))
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
