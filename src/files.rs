//! Files that survive a crash: everything Attune must find again after one is written here.
//!
//! A file is written beside its place under another name, brought to the disk and only then renamed, so that a reader
//! finds the old content or the new and never half of one. A log is appended to with one write a line.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes a file whole or not at all. The folder is created if need be.
pub fn write_atomically(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = folder_of(path);
    fs::create_dir_all(&folder)?;
    // Dropping the temporary file removes it, so a failure leaves nothing behind.
    let temporary = tempfile::Builder::new().prefix(".attune-").suffix(".tmp").tempfile_in(&folder)?;
    let mut buffer = BufWriter::with_capacity(1 << 20, temporary);
    write(&mut buffer)?;
    let temporary = buffer.into_inner().map_err(io::IntoInnerError::into_error)?;
    ordinary_mode(temporary.as_file(), path)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|failed| failed.error)?;
    sync_folder(&folder)
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
    File::open(folder)?.sync_all()
}

/// Windows keeps the list of names with the file.
#[cfg(not(unix))]
pub fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// A log of lines. Each line is one write, so that a crash loses at most the line being written.
#[derive(Debug)]
pub struct LineLog {
    file: File,
    path: PathBuf,
}

impl LineLog {
    /// Opens a log to append to, and first removes half a line that a crash left at its end.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder_of(path))?;
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let content = fs::read(path)?;
        let whole = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < content.len() {
            file.set_len(whole as u64)?;
        }
        Ok(Self { file, path: path.to_owned() })
    }

    /// Appends a line; a line break inside it would make two and is refused.
    pub fn append(&mut self, line: &str) -> io::Result<()> {
        if line.contains('\n') {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a line of a log contains a line break"));
        }
        self.file.write_all(format!("{line}\n").as_bytes())
    }

    /// Where the log ends now, to come back to with [`Self::truncate`].
    pub fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Forgets everything after a length. A log that is shorter stays as it is.
    pub fn truncate(&mut self, length: u64) -> io::Result<()> {
        if length < self.length()? { self.file.set_len(length) } else { Ok(()) }
    }

    /// Brings the log to the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The bytes of all files in a folder and the folders in it. A linked file counts, as in a download cache, and a linked
/// folder does not; what cannot be read counts nothing.
pub fn folder_bytes(folder: &Path) -> u64 {
    let mut total = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
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
    let open = |path: &Path| match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        file => file.map(Some),
    };
    let (Some(one), Some(other)) = (open(one)?, open(other)?) else { return Ok(false) };
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

    #[test]
    fn a_log_goes_on_after_a_torn_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let mut log = LineLog::open(&path).unwrap();
        log.append("{\"step\":1}").unwrap();
        let first = log.length().unwrap();
        log.append("{\"step\":2}").unwrap();
        assert!(log.append("a\nb").is_err());
        drop(log);
        let mut torn = fs::read(&path).unwrap();
        torn.extend(b"{\"st");
        fs::write(&path, torn).unwrap();

        let mut log = LineLog::open(&path).unwrap();
        log.append("{\"step\":3}").unwrap();
        log.sync().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n");
        log.truncate(first).unwrap();
        log.append("{\"step\":9}").unwrap();
        log.truncate(1000).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"step\":1}\n{\"step\":9}\n");
    }
}
