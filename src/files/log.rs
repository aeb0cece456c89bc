//! A log of lines. Each line is one write, so that a crash loses at most the line being written.
//!
//! A line that could not be written is not lost: it waits in memory, what was written of it is taken back, and it goes
//! before the next one. Nothing is ever written after half a line.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::fault::{self, Operation};
use super::{Checked, create_folders, folder_of, open_own, write_atomically};

#[derive(Debug)]
pub struct LineLog {
    file: File,
    path: PathBuf,
    /// Bytes of the whole lines in the file.
    end: u64,
    /// Lines that are not in the file yet.
    waiting: String,
}

impl LineLog {
    /// Opens a log to append to, and first removes half a line that a crash left at its end.
    pub fn open(path: &Path) -> io::Result<Self> {
        create_folders(&folder_of(path))?;
        fault::ask(Operation::Create)?;
        let file = open_own(path, OpenOptions::new().read(true).append(true))?;
        let mut log = Self { file, path: path.to_owned(), end: 0, waiting: String::new() };
        log.truncate(u64::MAX)?;
        Ok(log)
    }

    /// Appends a line; a line break inside it would make two and is refused.
    pub fn append(&mut self, line: &str) -> io::Result<()> {
        if line.contains('\n') {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a line of a log contains a line break"));
        }
        self.waiting.push_str(line);
        self.waiting.push('\n');
        self.flush()
    }

    /// Writes what waits.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        if self.file.metadata()?.len() > self.end {
            fault::ask(Operation::Cut)?;
            self.file.set_len(self.end)?;
        }
        io::Write::write_all(&mut Checked(&self.file), self.waiting.as_bytes())?;
        self.end += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }

    /// Forgets the last line, if it still waits.
    pub fn take_back(&mut self) {
        let rest = self.waiting.trim_end_matches('\n');
        self.waiting.truncate(rest.rfind('\n').map_or(0, |end| end + 1));
    }

    /// Where the log ends now, to come back to with [`Self::truncate`].
    pub fn length(&self) -> u64 {
        self.end
    }

    /// Forgets everything after a length, and a line that would be cut by it. A log that is shorter stays as it is.
    pub fn truncate(&mut self, length: u64) -> io::Result<()> {
        let content = self.content(u64::MAX)?;
        let kept = content.len().min(usize::try_from(length).unwrap_or(usize::MAX));
        let whole = content[..kept].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < content.len() {
            fault::ask(Operation::Cut)?;
            self.file.set_len(whole as u64)?;
        }
        self.end = whole as u64;
        Ok(())
    }

    /// Brings the log to the disk.
    pub fn sync(&self) -> io::Result<()> {
        fault::sync(&self.file)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file has its name and all its lines.
    pub fn is_in_place(&self) -> bool {
        self.file.metadata().is_ok_and(|file| file.len() >= self.end) && same_file(&self.file, &self.path)
    }

    /// Writes the log again where it was removed; what it told is still behind the open file, as far as that was not
    /// cut.
    pub fn put_back(&mut self) -> io::Result<()> {
        let content = self.content(self.end)?;
        let waiting = std::mem::take(&mut self.waiting);
        let put_back = || {
            write_atomically(&self.path, |file| file.write_all(&content))?;
            Self::open(&self.path)
        };
        match put_back() {
            Ok(log) => *self = Self { waiting, ..log },
            Err(error) => {
                self.waiting = waiting;
                return Err(error);
            }
        }
        self.flush()
    }

    fn content(&self, length: u64) -> io::Result<Vec<u8>> {
        fault::ask(Operation::Read)?;
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        let mut content = Vec::new();
        file.take(length).read_to_end(&mut content)?;
        Ok(content)
    }
}

/// Where file systems number their files anew, as some across a network do, the same length is believed: another file
/// would not grow with this one.
#[cfg(unix)]
fn same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let of = |file: &fs::Metadata| (file.dev(), file.ino());
    let (Ok(open), Ok(named)) = (file.metadata(), fs::metadata(path)) else { return false };
    of(&open) == of(&named) || open.len() == named.len()
}

/// An open file cannot be removed there.
#[cfg(not(unix))]
fn same_file(_file: &File, path: &Path) -> bool {
    fs::metadata(path).is_ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::files::fault::plan;

    fn text(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_log_goes_on_after_a_torn_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let mut log = LineLog::open(&path).unwrap();
        log.append("{\"step\":1}").unwrap();
        let first = log.length();
        log.append("{\"step\":2}").unwrap();
        assert!(log.append("a\nb").is_err());
        drop(log);
        let mut torn = fs::read(&path).unwrap();
        torn.extend(b"{\"st");
        fs::write(&path, torn).unwrap();

        let mut log = LineLog::open(&path).unwrap();
        log.append("{\"step\":3}").unwrap();
        log.sync().unwrap();
        assert_eq!(text(&path), "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n");
        // Within a line, which then would be half a one.
        log.truncate(first + 3).unwrap();
        log.append("{\"step\":9}").unwrap();
        log.truncate(1000).unwrap();
        assert_eq!(text(&path), "{\"step\":1}\n{\"step\":9}\n");
        assert_eq!(log.length(), text(&path).len() as u64);
    }

    #[test]
    fn a_line_that_could_not_be_written_goes_before_the_next_and_swallows_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let mut log = LineLog::open(&path).unwrap();
        log.append("first").unwrap();
        let (failed, _) = plan(Some(0), true, || [log.append("second"), log.append("third")]);
        assert!(failed.iter().all(Result::is_err));
        assert_ne!(text(&path), "first\n", "a part was written");
        log.take_back();
        log.append("fourth").unwrap();
        assert_eq!(text(&path), "first\nsecond\nfourth\n");
        log.take_back();
        log.flush().unwrap();
        assert_eq!(text(&path), "first\nsecond\nfourth\n", "nothing waits any more");
    }

    #[test]
    fn a_log_that_was_removed_while_it_is_open_is_written_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run/events.jsonl");
        let mut log = LineLog::open(&path).unwrap();
        log.append("first").unwrap();
        assert!(log.is_in_place());
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
        assert!(!log.is_in_place());
        log.append("second").unwrap();
        log.put_back().unwrap();
        assert!(log.is_in_place());
        log.append("third").unwrap();
        assert_eq!(text(&path), "first\nsecond\nthird\n");
        // Another file of this name is not it.
        fs::remove_file(&path).unwrap();
        fs::write(&path, "another, and longer than the log is\n").unwrap();
        assert!(!log.is_in_place());
        log.put_back().unwrap();
        assert_eq!(text(&path), "first\nsecond\nthird\n");
    }
}
