//! Files that survive a crash: everything Attune must find again after one is written here.
//!
//! A file is written beside its place under another name, brought to the disk and only then renamed, so that a reader
//! finds the old content or the new and never half of one. A log is appended to with one write a line. Everything that a
//! run writes goes through here, so that a test can let any of it fail.

pub mod csv;
mod fault;
mod log;
mod partial;
pub mod shared_cache;
mod space;
mod stamp;
mod sums;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fault::Operation;
pub use log::LineLog;
pub use partial::Partial;
pub use shared_cache::cached_snapshot;
pub use space::free_disk;
pub use stamp::{Stamp, stamp};
pub use sums::{Sum, Sums, sha256, sum_of};

use crate::stop::heed;

#[cfg(test)]
pub use fault::{Operation as FailingOperation, plan as with_failing};

/// How a file is called before it is whole.
const BEGUN: (&str, &str) = (".attune-", ".tmp");
/// After such a time without a change nobody writes it any more.
const GIVEN_UP: Duration = Duration::from_hours(1);

/// Whether a file is one that was begun and never became whole.
pub fn is_begun(name: &OsStr) -> bool {
    let (before, after) = BEGUN;
    name.to_str().is_some_and(|name| name.starts_with(before) && name.ends_with(after))
}

/// Removes from a folder what processes that were killed had begun to write there.
pub fn remove_begun(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = || fs::symlink_metadata(entry.path()).ok()?.modified().ok()?.elapsed().ok();
        if is_begun(&entry.file_name()) && age().is_some_and(|age| age > GIVEN_UP) {
            // What cannot be removed is in nobody's way.
            fs::remove_file(entry.path()).ok();
        }
    }
}

/// Writes a file whole or not at all. The folder is created if need be.
pub fn write_atomically(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = folder_of(path);
    create_folders(&folder)?;
    fault::ask(Operation::Create)?;
    // Dropping the temporary file removes it, so a failure leaves nothing behind.
    let (before, after) = BEGUN;
    let temporary = tempfile::Builder::new().prefix(before).suffix(after).tempfile_in(&folder)?;
    let mut buffer = BufWriter::with_capacity(1 << 20, Checked(temporary.as_file()));
    write(&mut buffer)?;
    buffer.into_inner().map_err(io::IntoInnerError::into_error)?;
    ordinary_mode(temporary.as_file(), path)?;
    fault::sync(temporary.as_file())?;
    fault::ask(Operation::Rename)?;
    temporary.persist(path).map_err(|failed| failed.error)?;
    sync_folder(&folder)
}

/// A file's bytes, if it is a file and no larger than what such a file can be: a pipe never ends, and a device neither.
pub fn read_whole(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let length = length(path)?;
    if length > limit {
        let message = format!("it has {length} bytes, expected {limit} at most");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    fs::read(path)
}

/// The largest of what programs note beside data and weights.
const LARGEST_NOTE: u64 = 1 << 30;

/// What a program noted beside data, weights or a run, which anybody may have put there.
pub fn read_note(path: &Path) -> io::Result<Vec<u8>> {
    read_whole(path, LARGEST_NOTE)
}

/// The same as text.
pub fn read_note_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read_note(path)?).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Opens a file to be read, if it is one.
pub fn open(path: &Path) -> io::Result<File> {
    length(path)?;
    File::open(path)
}

/// Opens a file that only this program writes, or makes it. A link in its place would lead to a file of somebody else,
/// and a pipe never ends: both are refused.
pub fn open_own(path: &Path, options: &OpenOptions) -> io::Result<File> {
    if fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        match options.clone().create_new(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made,
        }
    }
    let refused = || io::Error::new(io::ErrorKind::InvalidInput, "it is a link, a pipe or a device, expected a file");
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(refused());
    }
    let file = options.open(path)?;
    // It may have become a link in between.
    if number(&file.metadata()?) == number(&fs::symlink_metadata(path)?) { Ok(file) } else { Err(refused()) }
}

/// What a file is known by under all its names.
#[cfg(unix)]
pub fn number(file: &fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((file.dev(), file.ino()))
}

/// There it is known by its path.
#[cfg(not(unix))]
pub fn number(_file: &fs::Metadata) -> Option<(u64, u64)> {
    None
}

/// The bytes of a file; an error for what is none and may never end. Asked before it is opened, which would wait for a
/// pipe's other end.
pub fn length(path: &Path) -> io::Result<u64> {
    let found = fs::metadata(path)?;
    if found.is_file() {
        return Ok(found.len());
    }
    let kind = if found.is_dir() { "it is a folder" } else { "it is a pipe or a device" };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{kind}, expected a file")))
}

/// Writes a file unless it holds these bytes already.
pub fn write_where_other(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let length = fs::metadata(path).map(|file| file.len());
    if length.is_ok_and(|length| length == bytes.len() as u64) && fs::read(path)? == bytes {
        return Ok(());
    }
    write_atomically(path, |file| file.write_all(bytes))
}

/// Where the program keeps what it brings along, once it was unpacked.
pub fn data_folder() -> PathBuf {
    let dirs = directories::ProjectDirs::from("", "", "Attune");
    dirs.map_or_else(std::env::temp_dir, |dirs| dirs.data_dir().to_owned())
}

/// A file whose writes can be made to fail.
struct Checked<'a>(&'a File);

impl Write for Checked<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        fault::write(&mut self.0, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Creates a file, or empties it, unless a link stands in its place.
pub fn create(path: &Path) -> io::Result<File> {
    fault::ask(Operation::Create)?;
    let file = open_own(path, OpenOptions::new().write(true))?;
    file.set_len(0)?;
    Ok(file)
}

/// Gives a file the time of another change than its last.
pub fn set_modified(path: &Path, time: SystemTime) -> io::Result<()> {
    open_own(path, OpenOptions::new().append(true))?.set_modified(time)
}

/// Writes bytes at the end of an open file.
pub fn append(file: &File, bytes: &[u8]) -> io::Result<()> {
    Checked(file).write_all(bytes)
}

/// Creates a folder, and those it is in.
pub fn create_folders(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fault::ask(Operation::Create)?;
    fs::create_dir_all(folder)
}

/// Gives a file or a folder another name. What has that name is replaced, if it is a file.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fault::ask(Operation::Rename)?;
    fs::rename(from, to)
}

/// Removes a file, if there is one.
pub fn remove_file(path: &Path) -> io::Result<()> {
    fault::ask(Operation::Remove)?;
    unless_missing(fs::remove_file(path))
}

/// Removes a folder and all that is in it, if there is one.
pub fn remove_folder(folder: &Path) -> io::Result<()> {
    fault::ask(Operation::Remove)?;
    unless_missing(fs::remove_dir_all(folder))
}

fn unless_missing(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Temporary files are private to the user; what replaces a file has its mode, and a new one has the usual.
#[cfg(unix)]
fn ordinary_mode(file: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).map_or(0o644, |old| old.permissions().mode());
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn ordinary_mode(_file: &File, _path: &Path) -> io::Result<()> {
    Ok(())
}

/// Brings a folder's list of names to the disk, without which a renamed file may be gone after a power cut.
#[cfg(unix)]
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    fault::sync(&File::open(folder)?)
}

/// Windows keeps the list of names with the file.
#[cfg(not(unix))]
pub fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// The bytes of all files in a folder and the folders in it. A linked file counts, as in a download cache, and a linked
/// folder does not; what cannot be read counts nothing.
pub fn folder_bytes(folder: &Path) -> u64 {
    let mut total = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        heed();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match (entry.file_type(), fs::metadata(entry.path())) {
                (Ok(kind), _) if kind.is_dir() => folders.push(entry.path()),
                (Ok(_), Ok(file)) if file.is_file() => total += file.len(),
                _ => {}
            }
        }
    }
    total
}

/// Whether two files hold the same bytes; a missing one holds nothing that another does.
pub fn hold_the_same(one: &Path, other: &Path) -> io::Result<bool> {
    let opened = |path: &Path| match open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        file => file.map(Some),
    };
    let (Some(one), Some(other)) = (opened(one)?, opened(other)?) else { return Ok(false) };
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut one, mut other) = (BufReader::with_capacity(1 << 16, one), BufReader::with_capacity(1 << 16, other));
    loop {
        let (left, right) = (one.fill_buf()?, other.fill_buf()?);
        let length = left.len().min(right.len());
        if length == 0 {
            return Ok(left.is_empty() && right.is_empty());
        }
        if left[..length] != right[..length] {
            return Ok(false);
        }
        one.consume(length);
        other.consume(length);
    }
}

/// What a file or folder is called, without the folders it is in.
pub fn name(path: &Path) -> Cow<'_, str> {
    path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy())
}

/// The folder a file is in; the current one for a bare name.
fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A folder of its own for a test, with these files.
#[cfg(test)]
pub fn folder_with<B: AsRef<[u8]> + ?Sized>(files: &[(&str, &B)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    dir
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/run.toml");
        write_atomically(&path, |file| file.write_all(b"first")).unwrap();
        let failed = write_atomically(&path, |file| {
            file.write_all(b"second, which is never finished")?;
            Err(io::Error::other("the disk is full"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "the disk is full");
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        write_atomically(&path, |file| file.write_all(b"third")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"third");
        assert_eq!(folder_bytes(dir.path()), 5);
    }

    #[test]
    fn what_was_begun_and_given_up_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - GIVEN_UP - Duration::from_mins(1);
        for (name, is_old) in
            [(".attune-a.tmp", true), (".attune-b.tmp", false), (".attune-main.json", true), ("a.tmp", true)]
        {
            let file = File::create(dir.path().join(name)).unwrap();
            if is_old {
                file.set_modified(old).unwrap();
            }
        }
        remove_begun(dir.path());
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".attune-b.tmp", ".attune-main.json", "a.tmp"]);
    }

    #[test]
    fn files_hold_the_same_to_the_last_byte() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (dir.path().join("one"), dir.path().join("other"));
        let long: Vec<u8> = (0..200_000_u32).map(|at| (at % 251) as u8).collect();
        let check = |left: &[u8], right: &[u8]| {
            fs::write(&one, left).unwrap();
            fs::write(&other, right).unwrap();
            hold_the_same(&one, &other).unwrap()
        };
        assert!(check(&long, &long) && check(b"", b""));
        assert!(!check(&long, &long[..199_999]));
        let mut changed = long.clone();
        changed[199_999] ^= 1;
        assert!(!check(&long, &changed));
        fs::remove_file(&other).unwrap();
        assert!(!hold_the_same(&one, &other).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_place_of_an_own_file_is_not_followed_and_a_pipe_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("theirs"), b"precious").unwrap();
        std::os::unix::fs::symlink(at("theirs"), at("link")).unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("dangling")).unwrap();
        std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        for name in ["link", "dangling", "socket", "pipe"] {
            let message = create(&at(name)).unwrap_err().to_string();
            assert!(message.contains("expected a file"), "{name}: {message}");
            assert!(LineLog::open(&at(name)).is_err(), "{name}");
        }
        for name in ["socket", "pipe", "."] {
            assert!(open(&at(name)).is_err() && read_note(&at(name)).is_err() && sum_of(&at(name)).is_err(), "{name}");
        }
        assert!(!at("nowhere").exists() && fs::read(at("theirs")).unwrap() == b"precious");
        create(&at("own")).unwrap().write_all(b"first").unwrap();
        create(&at("own")).unwrap();
        assert_eq!(fs::read(at("own")).unwrap(), b"");
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_what_is_written() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model");
        write_atomically(&path, |file| file.write_all(b"x")).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        write_atomically(&path, |file| file.write_all(b"y")).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
