//! A model fetched into the cache: which files, one after another, each verified before it is given its name.
//!
//! What has arrived of a file stands under its checksum with an ending of our own, locked while it grows. A download
//! that is stopped or breaks off goes on from there, in this run of the program or in another.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::cache::{Folder, shards};
use super::checksum::checksum_of;
use super::name::{check_name, check_revision, is_file_name};
use super::remote::{Content, Listing, Remote, RemoteFile};
use super::{Hub, HubError, Progress};

/// How often a file is asked for until it is there.
const ATTEMPTS: u32 = 5;
const REPORT_EVERY: Duration = Duration::from_millis(50);

const TOKENIZER_FILES: [&str; 8] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
];

type OnProgress<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// A download in progress.
struct Download<'a, 'b> {
    hub: &'a Hub,
    remote: Remote,
    folder: Folder,
    commit: String,
    progress: Progress,
    on_progress: OnProgress<'b>,
    reported: Instant,
}

impl Hub {
    /// Fetches what is missing of a model, verified, and returns its folder. `on_progress` may stop it; what has
    /// arrived is kept and continued the next time. Offline, only what the cache has is returned.
    pub fn download(&self, name: &str, revision: &str, on_progress: OnProgress<'_>) -> Result<PathBuf, HubError> {
        check_name(name)?;
        check_revision(revision)?;
        if self.offline {
            return self.find_cached(name, revision).ok_or_else(|| HubError::Offline { name: name.to_owned() });
        }
        fetch_missing(self, name, revision, on_progress)
    }
}

/// Fetches what is missing of a model, and returns its snapshot.
fn fetch_missing(hub: &Hub, name: &str, revision: &str, on_progress: OnProgress<'_>) -> Result<PathBuf, HubError> {
    let remote = Remote::new(hub, name, revision)?;
    let folder = Folder::of(&hub.cache, name);
    let start = Progress::default();
    let mut download =
        Download { hub, remote, folder, commit: String::new(), progress: start, on_progress, reported: Instant::now() };
    let listing = download.persist(|download| download.remote.list())?;
    let Listing { commit, files } = listing;
    download.commit = commit;
    let mut wanted = wanted(name, &files)?;
    download.expect(&wanted);
    let mut done = 0;
    while done < wanted.len() {
        let file = wanted[done].clone();
        download.progress.file.clone_from(&file.name);
        let blob = download.fetch(&file)?;
        if file.name.ends_with(".index.json") {
            let index = fs::read(&blob).map_err(|source| HubError::Disk { path: blob, source })?;
            wanted.extend(listed_shards(&file.name, &index, &files)?);
            download.expect(&wanted);
        }
        done += 1;
        download.progress.files_done = done;
    }
    let Download { folder, commit, .. } = download;
    let failed = |source| HubError::Disk { path: folder.path.clone(), source };
    folder.set_commit(revision, &commit).map_err(failed)?;
    Ok(folder.snapshot(&commit))
}

/// The files that are needed: the configuration, the tokenizer's, and one kind of weights, safetensors before torch's.
fn wanted(name: &str, files: &[RemoteFile]) -> Result<Vec<RemoteFile>, HubError> {
    let find = |wanted: &str| files.iter().find(|file| file.name == wanted).cloned();
    let lacks = |missing| {
        let others = ["tf_model.h5", "flax_model.msgpack", "rust_model.ot", "model.onnx"];
        let other = others.into_iter().find(|other| find(other).is_some()).map(str::to_owned);
        HubError::Incomplete { name: name.to_owned(), missing, other }
    };
    let mut wanted = vec![find("config.json").ok_or_else(|| lacks("config.json"))?];
    wanted.extend(TOKENIZER_FILES.into_iter().filter_map(find));
    let weights =
        ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];
    wanted.push(weights.into_iter().find_map(find).ok_or_else(|| lacks("model.safetensors or pytorch_model.bin"))?);
    Ok(wanted)
}

/// The shards an index names, which must be listed.
fn listed_shards(index: &str, content: &[u8], files: &[RemoteFile]) -> Result<Vec<RemoteFile>, HubError> {
    let senseless = |reason: &str| HubError::Answer { what: index.to_owned(), reason: reason.to_owned() };
    let names = shards(content).ok_or_else(|| senseless("it is not a list of files beside it"))?;
    let find = |name: String| files.iter().find(|file| file.name == name).cloned();
    names.into_iter().map(|name| find(name).ok_or_else(|| senseless("it names a file that is not there"))).collect()
}

impl Download<'_, '_> {
    /// How much there is to do, as far as is known.
    fn expect(&mut self, wanted: &[RemoteFile]) {
        self.progress.files = wanted.len();
        self.progress.bytes = wanted.iter().filter_map(|file| file.size).sum();
    }

    /// Tells the caller, who may stop.
    fn report(&mut self) -> Result<(), HubError> {
        self.reported = Instant::now();
        match (self.on_progress)(self.progress.clone()) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(HubError::Stopped),
        }
    }

    /// The same, if the last time is long enough ago.
    fn report_sometimes(&mut self) -> Result<(), HubError> {
        if self.reported.elapsed() >= REPORT_EVERY { self.report() } else { Ok(()) }
    }

    /// Tries again what may work a little later.
    fn persist<T>(&mut self, mut attempt: impl FnMut(&mut Self) -> Result<T, HubError>) -> Result<T, HubError> {
        let mut failures = 0;
        loop {
            self.report()?;
            match attempt(self) {
                Err(error) if is_passing(&error) && failures + 1 < ATTEMPTS => {
                    self.wait(self.hub.retry_after * 2_u32.pow(failures))?;
                    failures += 1;
                }
                outcome => return outcome,
            }
        }
    }

    fn wait(&mut self, duration: Duration) -> Result<(), HubError> {
        let start = Instant::now();
        while let Some(rest) = duration.checked_sub(start.elapsed()).filter(|rest| !rest.is_zero()) {
            std::thread::sleep(rest.min(REPORT_EVERY));
            self.report()?;
        }
        Ok(())
    }

    /// Has a file in the cache, verified, and returns its blob.
    fn fetch(&mut self, file: &RemoteFile) -> Result<PathBuf, HubError> {
        let before = self.progress.bytes_done;
        let checksum = self.persist(|download| {
            download.progress.bytes_done = before;
            download.attempt(file, before)
        })?;
        let failed = |source| HubError::Disk { path: self.folder.path.clone(), source };
        self.folder.link(&self.commit, &file.name, &checksum).map_err(failed)?;
        Ok(self.folder.blob(&checksum))
    }

    /// One attempt; returns the checksum under which the file is kept.
    fn attempt(&mut self, file: &RemoteFile, before: u64) -> Result<String, HubError> {
        if !is_file_name(&file.name) {
            return Err(HubError::Answer {
                what: file.name.clone(),
                reason: "it is not the name of a file".to_owned(),
            });
        }
        // Without a checksum in the list, the one that comes with the content is asked for first.
        let (checksum, size) = if let (Some(checksum), Some(size)) = (&file.checksum, file.size) {
            (checksum.clone(), size)
        } else {
            let content = self.remote.open(&self.commit, &file.name, 0)?;
            let unverifiable = || HubError::Unverifiable { file: file.name.clone() };
            let checksum = file.checksum.clone().or(content.checksum).ok_or_else(unverifiable)?;
            (checksum, file.size.or(content.size).ok_or_else(unverifiable)?)
        };
        let disk = |path: &Path| {
            let path = path.to_owned();
            move |source| HubError::Disk { path, source }
        };
        let blob = self.folder.blob(&checksum);
        let part = blob.with_extension("attune-part");
        let blobs = self.folder.path.join("blobs");
        fs::create_dir_all(&blobs).map_err(disk(&blobs))?;
        let mut growing =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&part).map_err(disk(&part))?;
        self.lock(&growing, &part)?;
        // Another program may have been faster, and its file may have been kept from long ago.
        if self.is_verified(&blob, &checksum, size)? {
            self.progress.bytes_done = before + size;
            drop(growing);
            // A part of another's making is removed with it; that it is gone already is as good.
            fs::remove_file(&part).or_else(gone).map_err(disk(&part))?;
            return Ok(checksum);
        }
        self.fill(file, &mut growing, &part, before, size)?;
        growing.seek(SeekFrom::Start(0)).map_err(disk(&part))?;
        let found = self.sum(&mut growing, size, &checksum)?.map_err(disk(&part))?;
        if found != checksum {
            growing.set_len(0).map_err(disk(&part))?;
            return Err(HubError::Damaged { file: file.name.clone(), expected: checksum, found });
        }
        growing.sync_all().map_err(disk(&part))?;
        fs::rename(&part, &blob).map_err(disk(&blob))?;
        crate::files::sync_folder(&blobs).map_err(disk(&blobs))?;
        Ok(checksum)
    }

    /// Waits until no other program writes the part.
    fn lock(&mut self, part: &File, path: &Path) -> Result<(), HubError> {
        loop {
            match part.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => self.wait(REPORT_EVERY)?,
                Err(TryLockError::Error(source)) => return Err(HubError::Disk { path: path.to_owned(), source }),
            }
        }
    }

    /// Whether a blob is there and is what it should be.
    fn is_verified(&mut self, blob: &Path, checksum: &str, size: u64) -> Result<bool, HubError> {
        let Ok(file) = File::open(blob) else { return Ok(false) };
        if file.metadata().map_or(0, |metadata| metadata.len()) != size {
            return Ok(false);
        }
        Ok(self.sum(file, size, checksum)?.is_ok_and(|found| found == checksum))
    }

    /// The checksum of a file's content, unless the caller stops it.
    fn sum(&mut self, content: impl Read, size: u64, like: &str) -> Result<io::Result<String>, HubError> {
        let mut stopped = None;
        let sum = checksum_of(content, size, like, || {
            self.report_sometimes().map_err(|error| {
                stopped = Some(error);
                io::ErrorKind::Interrupted.into()
            })
        });
        stopped.map_or(Ok(sum), Err)
    }

    /// Fetches what is missing of a part.
    fn fill(
        &mut self,
        file: &RemoteFile,
        part: &mut File,
        path: &Path,
        before: u64,
        size: u64,
    ) -> Result<(), HubError> {
        let disk = |source| HubError::Disk { path: path.to_owned(), source };
        let mut have = part.metadata().map_err(disk)?.len();
        if have > size {
            part.set_len(0).map_err(disk)?;
            have = 0;
        }
        if have == size {
            return Ok(());
        }
        let Content { start, size: told, mut body, .. } = match self.remote.open(&self.commit, &file.name, have) {
            // The server has less than we do: what we have is not of this file.
            Err(HubError::Status { status: 416, .. }) => self.remote.open(&self.commit, &file.name, 0)?,
            content => content?,
        };
        if told.is_some_and(|told| told != size) || start > have {
            let reason = format!("it is not the part of {size} bytes that was asked for");
            return Err(HubError::Answer { what: file.name.clone(), reason });
        }
        // A server that cannot continue begins again.
        part.set_len(start).map_err(disk)?;
        part.seek(SeekFrom::Start(start)).map_err(disk)?;
        let mut received = start;
        let mut buffer = vec![0; 1 << 16];
        let interrupted = |received| HubError::Interrupted { file: file.name.clone(), received, size };
        loop {
            self.progress.bytes_done = before + received;
            self.report_sometimes()?;
            let read = body.read(&mut buffer).map_err(|_broken| interrupted(received))?;
            if read == 0 {
                break;
            }
            received += read as u64;
            if received > size {
                part.set_len(0).map_err(disk)?;
                let found = format!("more than {size} bytes");
                return Err(HubError::Damaged { file: file.name.clone(), expected: format!("{size} bytes"), found });
            }
            part.write_all(&buffer[..read]).map_err(disk)?;
        }
        if received < size {
            return Err(interrupted(received));
        }
        self.report()
    }
}

/// Whether it is worth trying again: the connection, an overloaded server, or a part that did not fit its rest.
fn is_passing(error: &HubError) -> bool {
    match error {
        HubError::Status { status, .. } => *status >= 500,
        HubError::Connection { .. } | HubError::Interrupted { .. } | HubError::TooManyRequests => true,
        _ => false,
    }
}

fn gone(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
