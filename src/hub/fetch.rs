//! One file on its way into the cache: its bytes, verified before they are given a name.
//!
//! What has arrived stands under the file's checksum with an ending of our own. It grows only under the lock that
//! Python's tools hold too while they write the same file, and what an earlier one of them left half done is gone on
//! with. A part that does not turn out to be the file is fetched once more from its beginning.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::cache::Folder;
use super::checksum::checksum_of;
use super::listing::RemoteFile;
use super::name::{Repo, encoded_path};
use super::progress::{Doing, Watch};
use super::record::gone;
use super::settings::Patience;
use super::wire::{Answer, Rest, Subject, Tries, Wire, is_web_page, number, text};
use super::{Hub, HubError};

/// How often it is looked whether another program is done.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Where files come from and go to.
pub(super) struct Job<'a> {
    pub wire: Wire,
    pub repo: Repo,
    pub folder: Folder,
    pub commit: String,
    pub patience: Patience,
    /// The adapter that this is fetched for.
    pub of: Option<OfAdapter>,
    pub watch: Watch<'a>,
}

/// The adapter that a base is fetched for.
pub(super) struct OfAdapter {
    pub repo: Repo,
    pub has_tokenizer: bool,
    /// What is still to come of it.
    pub bytes: u64,
}

/// A file whose checksum and size are known.
struct Wanted<'a> {
    name: &'a str,
    checksum: String,
    size: u64,
}

/// What is known of a file's attempts.
#[derive(Default)]
struct Attempts {
    tries: Tries,
    /// What the server called the version of the bytes that are there.
    tag: Option<String>,
    /// Bytes that the last attempt brought.
    brought: u64,
    began_again: bool,
}

/// The beginning of a file's content, or of its rest.
struct Content {
    /// Where the body begins in the file.
    start: u64,
    /// The size of the whole file, where the server tells it.
    size: Option<u64>,
    tag: Option<String>,
    body: Box<dyn Read>,
}

impl<'a> Job<'a> {
    pub fn new(hub: &Hub, repo: &Repo, on_progress: &'a mut dyn FnMut(&super::Progress)) -> Result<Self, HubError> {
        Ok(Self {
            wire: Wire::new(hub, &repo.name)?,
            repo: repo.clone(),
            folder: Folder::of(&hub.cache, repo),
            commit: String::new(),
            patience: hub.patience,
            of: None,
            watch: Watch::new(hub.switch.clone(), on_progress),
        })
    }

    /// Has a file in the cache, verified and with its name in the snapshot, and returns its blob.
    pub fn fetch(&mut self, file: &RemoteFile) -> Result<PathBuf, HubError> {
        self.watch.progress.file.clone_from(&file.name);
        let before = self.watch.progress.bytes_done;
        let mut attempts = Attempts::default();
        loop {
            self.watch.progress.bytes_done = before;
            attempts.brought = 0;
            let error = match self.attempt(file, &mut attempts) {
                Ok(blob) => {
                    self.watch.progress.files_done += 1;
                    return Ok(blob);
                }
                Err(HubError::Damaged { .. }) if !attempts.began_again => {
                    attempts.began_again = true;
                    attempts.tag = None;
                    continue;
                }
                Err(error) => error,
            };
            let (wait, error) = attempts.tries.after(error, attempts.brought, &self.patience)?;
            let doing = Doing::WaitingToRetry { secs: wait.as_secs(), reason: error.to_string() };
            self.watch.wait(wait, doing)?;
        }
    }

    fn attempt(&mut self, file: &RemoteFile, attempts: &mut Attempts) -> Result<PathBuf, HubError> {
        let wanted = self.identify(file)?;
        let blob = self.folder.blob(&wanted.checksum);
        let _lock = self.lock(&wanted.checksum)?;
        // Another program may have been faster, and its file may have been kept from long ago.
        if !self.is_verified(&blob, &wanted)? {
            self.complete(&wanted, attempts)?;
        }
        self.folder.link(&self.commit, wanted.name, &wanted.checksum).map_err(HubError::disk(&self.folder.path))?;
        Ok(blob)
    }

    /// Without a checksum in the list, the one that comes with the content is asked for first.
    fn identify<'f>(&self, file: &'f RemoteFile) -> Result<Wanted<'f>, HubError> {
        let name = file.name.as_str();
        if let (Some(checksum), Some(size)) = (&file.checksum, file.size) {
            return Ok(Wanted { name, checksum: checksum.clone(), size });
        }
        let answer = self.ask(name, Rest::default())?;
        let unverifiable = || HubError::Unverifiable { file: name.to_owned() };
        let checksum = file.checksum.clone().or(answer.checksum).ok_or_else(unverifiable)?;
        let size = file.size.or(answer.size).or(number(&answer.headers, "content-length"));
        Ok(Wanted { name, checksum, size: size.ok_or_else(unverifiable)? })
    }

    /// Waits until no other program writes the blob.
    fn lock(&mut self, checksum: &str) -> Result<File, HubError> {
        let path = self.folder.lock(checksum);
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder).map_err(HubError::disk(folder))?;
        let lock = crate::files::open_own(&path, OpenOptions::new().write(true)).map_err(HubError::disk(&path))?;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::WouldBlock) => self.watch.wait(LOOK_EVERY, Doing::WaitingForOther)?,
                // A disk that knows no locks: what two programs write into one part is found out by its checksum.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(lock),
                Err(TryLockError::Error(source)) => return Err(HubError::Disk { path, source }),
            }
        }
    }

    /// Whether a blob is there and is what it should be.
    fn is_verified(&mut self, blob: &Path, wanted: &Wanted<'_>) -> Result<bool, HubError> {
        let Ok(file) = crate::files::open(blob) else { return Ok(false) };
        if file.metadata().map_or(0, |metadata| metadata.len()) != wanted.size {
            return Ok(false);
        }
        let is_whole = self.sum(file, wanted)?.is_ok_and(|found| found == wanted.checksum);
        if is_whole {
            self.watch.progress.bytes_done += wanted.size;
            // A part of another's making goes with it.
            let part = self.folder.part(&wanted.checksum);
            fs::remove_file(&part).or_else(gone).map_err(HubError::disk(&part))?;
        }
        Ok(is_whole)
    }

    /// Fetches what is missing of a part, and gives it its name once it is the file.
    fn complete(&mut self, wanted: &Wanted<'_>, attempts: &mut Attempts) -> Result<(), HubError> {
        let (part, blob) = (self.folder.part(&wanted.checksum), self.folder.blob(&wanted.checksum));
        let blobs = blob.parent().unwrap_or(&blob);
        fs::create_dir_all(blobs).map_err(HubError::disk(blobs))?;
        self.take_over(&wanted.checksum, &part)?;
        let mut growing =
            crate::files::open_own(&part, OpenOptions::new().read(true).write(true)).map_err(HubError::disk(&part))?;
        self.fill(wanted, &mut growing, &part, attempts)?;
        growing.seek(SeekFrom::Start(0)).map_err(HubError::disk(&part))?;
        let found = self.sum(&mut growing, wanted)?.map_err(HubError::disk(&part))?;
        if found != wanted.checksum {
            growing.set_len(0).map_err(HubError::disk(&part))?;
            return Err(HubError::Damaged { file: wanted.name.to_owned(), expected: wanted.checksum.clone(), found });
        }
        growing.sync_all().map_err(HubError::disk(&part))?;
        fs::rename(&part, &blob).map_err(HubError::disk(&blob))?;
        crate::files::sync_folder(blobs).map_err(HubError::disk(blobs))
    }

    /// Goes on with what Python's tools left half done, where it is more than there is.
    fn take_over(&self, checksum: &str, part: &Path) -> Result<(), HubError> {
        let theirs = self.folder.pythons_part(checksum);
        let length = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
        if length(&theirs) > length(part) {
            fs::rename(&theirs, part).map_err(HubError::disk(&theirs))?;
        }
        Ok(())
    }

    /// The checksum of a file's content, unless the work is ended.
    fn sum(&mut self, content: impl Read, wanted: &Wanted<'_>) -> Result<io::Result<String>, HubError> {
        self.watch.tell(Doing::Checking)?;
        let mut ended = None;
        let sum = checksum_of(content, wanted.size, &wanted.checksum, || {
            self.watch.tell_sometimes(Doing::Checking).map_err(|error| {
                ended = Some(error);
                io::ErrorKind::Interrupted.into()
            })
        });
        ended.map_or(Ok(sum), Err)
    }

    /// Fetches what is missing of a part.
    fn fill(
        &mut self,
        wanted: &Wanted<'_>,
        part: &mut File,
        path: &Path,
        attempts: &mut Attempts,
    ) -> Result<(), HubError> {
        let mut have = part.metadata().map_err(HubError::disk(path))?.len();
        if have > wanted.size {
            have = 0;
        }
        if have == wanted.size {
            self.watch.progress.bytes_done += have;
            return Ok(());
        }
        self.watch.tell(Doing::Fetching)?;
        let content = self.open(wanted, have, attempts)?;
        if content.start > 0 && attempts.tag.is_some() && attempts.tag != content.tag {
            part.set_len(0).map_err(HubError::disk(path))?;
            attempts.tag = None;
            return Err(interrupted(wanted, 0, "the server changed the file"));
        }
        attempts.tag.clone_from(&content.tag);
        // A server that cannot continue begins again.
        part.set_len(content.start).map_err(HubError::disk(path))?;
        part.seek(SeekFrom::Start(content.start)).map_err(HubError::disk(path))?;
        self.watch.progress.bytes_done += content.start;
        self.pour(content, wanted, part, path, &mut attempts.brought)
    }

    /// The rest of a file from a byte on, where the server can, or all of it.
    fn open(&self, wanted: &Wanted<'_>, have: u64, attempts: &Attempts) -> Result<Content, HubError> {
        let rest = Rest { start: have, tag: attempts.tag.as_deref() };
        let is_packed = |answer: &Answer| text(&answer.headers, "content-encoding").is_some_and(|it| it != "identity");
        let answer = match self.ask(wanted.name, rest) {
            // The server has less than we do: what we have is not of this file.
            Err(HubError::Status { status: 416, .. }) => self.ask(wanted.name, Rest::default())?,
            // A rest of something that was packed on the way is no rest of the file.
            Ok(answer) if answer.status == 206 && is_packed(&answer) => self.ask(wanted.name, Rest::default())?,
            answer => answer?,
        };
        let content = Content::read(answer, wanted.name)?;
        if let Some(told) = content.size.filter(|told| *told != wanted.size) {
            let reason = format!("it has {told} bytes, and {} were listed", wanted.size);
            return Err(HubError::answer(wanted.name, reason));
        }
        if content.start > have {
            return Err(HubError::answer(wanted.name, "it is not the part that was asked for"));
        }
        Ok(content)
    }

    fn ask(&self, file: &str, rest: Rest<'_>) -> Result<Answer, HubError> {
        let path = format!("{}/resolve/{}/{}", self.repo.page(), self.commit, encoded_path(file));
        let answer = self.wire.get(&path, rest, Subject::of(&self.repo, &self.commit, file))?;
        if is_web_page(&answer.headers) {
            return Err(HubError::WebPage { what: file.to_owned() });
        }
        Ok(answer)
    }

    /// Writes what arrives.
    fn pour(
        &mut self,
        mut content: Content,
        wanted: &Wanted<'_>,
        part: &mut File,
        path: &Path,
        brought: &mut u64,
    ) -> Result<(), HubError> {
        let mut received = content.start;
        let mut buffer = vec![0; 1 << 16];
        let mut pace = Pace::new(&self.patience);
        loop {
            self.watch.tell_sometimes(Doing::Fetching)?;
            let read = match content.body.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) => {
                    self.watch.tell(Doing::Fetching)?;
                    return Err(interrupted(wanted, received, why(&error)));
                }
            };
            received += read as u64;
            if received > wanted.size {
                part.set_len(0).map_err(HubError::disk(path))?;
                let (expected, found) = (format!("{} bytes", wanted.size), format!("more than {} bytes", wanted.size));
                return Err(HubError::Damaged { file: wanted.name.to_owned(), expected, found });
            }
            part.write_all(&buffer[..read]).map_err(HubError::disk(path))?;
            *brought += read as u64;
            self.watch.arrived(read as u64);
            if pace.is_too_slow(read as u64, Instant::now()) {
                return Err(interrupted(wanted, received, "the connection was too slow"));
            }
        }
        if received < wanted.size {
            return Err(interrupted(wanted, received, "the connection ended"));
        }
        self.watch.tell(Doing::Fetching)
    }
}

fn interrupted(wanted: &Wanted<'_>, received: u64, why: &'static str) -> HubError {
    HubError::Interrupted { file: wanted.name.to_owned(), received, size: wanted.size, why }
}

fn why(error: &io::Error) -> &'static str {
    let is_timeout = error.kind() == io::ErrorKind::TimedOut || error.to_string().contains("timeout");
    if is_timeout { "no more data arrived" } else { "the connection broke" }
}

impl Content {
    fn read(answer: Answer, file: &str) -> Result<Self, HubError> {
        let tag = text(&answer.headers, "etag").filter(|tag| !tag.starts_with("W/")).map(str::to_owned);
        if answer.status == 200 {
            let is_packed = text(&answer.headers, "content-encoding").is_some_and(|it| it != "identity");
            let length = number(&answer.headers, "content-length").filter(|_| !is_packed);
            return Ok(Self { start: 0, size: length, tag, body: answer.body });
        }
        let part = text(&answer.headers, "content-range").and_then(content_range);
        let (start, size) = part.ok_or_else(|| HubError::answer(file, "it does not say which part it is"))?;
        Ok(Self { start, size, tag, body: answer.body })
    }
}

/// Where a part begins, and how large the whole is: `bytes 100-199/200`.
fn content_range(range: &str) -> Option<(u64, Option<u64>)> {
    let (part, total) = range.strip_prefix("bytes ")?.split_once('/')?;
    let (from, _) = part.split_once('-')?;
    Some((from.trim().parse().ok()?, total.trim().parse().ok()))
}

/// Whether enough arrives over a while.
struct Pace {
    over: Duration,
    least: u64,
    since: Instant,
    bytes: u64,
}

impl Pace {
    fn new(patience: &Patience) -> Self {
        let least = (patience.least_speed as f64 * patience.stall.as_secs_f64()) as u64;
        Self { over: patience.stall, least, since: Instant::now(), bytes: 0 }
    }

    fn is_too_slow(&mut self, bytes: u64, now: Instant) -> bool {
        self.bytes += bytes;
        if now.duration_since(self.since) < self.over {
            return false;
        }
        let is_slow = self.bytes < self.least;
        (self.since, self.bytes) = (now, 0);
        is_slow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_says_where_it_begins() {
        assert_eq!(content_range("bytes 100-199/200"), Some((100, Some(200))));
        assert_eq!(content_range("bytes 0-0/*"), Some((0, None)));
        for range in ["", "bytes", "bytes x-1/2", "items 0-1/2"] {
            assert_eq!(content_range(range), None);
        }
    }

    #[test]
    fn a_trickle_is_too_slow() {
        let mut pace = Pace::new(&Patience::default());
        let start = pace.since;
        let at = |secs| start + Duration::from_secs(secs);
        assert!(!pace.is_too_slow(1, at(29)), "it is too early to say");
        assert!(pace.is_too_slow(1, at(30)));
        assert!(!pace.is_too_slow(30 << 10, at(61)));
    }
}
