//! A file that takes long to write. It grows beside its place under another name, with a note of how far it is, and gets
//! its own name when it is whole. What was interrupted is gone on with where the note says it is whole: behind that may
//! be half of something, which is cut off.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::fault::{self, Operation};
use super::{Checked, create_folders, folder_of, ordinary_mode, remove_file, rename, sync_folder, write_atomically};

#[derive(Debug)]
pub struct Partial {
    file: File,
    out: PathBuf,
    bytes: u64,
}

impl Partial {
    /// Where the part of a file lies that is there.
    pub fn path(out: &Path) -> PathBuf {
        beside(out, ".attune-part")
    }

    /// The note on it.
    fn note_path(out: &Path) -> PathBuf {
        beside(out, ".attune-part.json")
    }

    /// What was noted last of a part that is there.
    pub fn note(out: &Path) -> io::Result<Option<String>> {
        if !Self::path(out).is_file() {
            return Ok(None);
        }
        match fs::read_to_string(Self::note_path(out)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            note => note.map(Some),
        }
    }

    /// Begins a file anew. Nobody else may be writing it: that is an error of the kind [`io::ErrorKind::ResourceBusy`].
    pub fn begin(out: &Path) -> io::Result<Self> {
        create_folders(&folder_of(out))?;
        fault::ask(Operation::Create)?;
        let file = OpenOptions::new().create(true).write(true).truncate(false).open(Self::path(out))?;
        lock(&file)?;
        // An old note would speak of what is no longer there.
        remove_file(&Self::note_path(out))?;
        fault::ask(Operation::Cut)?;
        file.set_len(0)?;
        Ok(Self { file, out: out.to_owned(), bytes: 0 })
    }

    /// Goes on behind the bytes that were noted.
    pub fn go_on(out: &Path, bytes: u64) -> io::Result<Self> {
        fault::ask(Operation::Create)?;
        let mut file = OpenOptions::new().write(true).open(Self::path(out))?;
        lock(&file)?;
        let there = file.metadata()?.len();
        if there < bytes {
            let message = format!("it has {there} bytes, expected {bytes} or more");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        fault::ask(Operation::Cut)?;
        file.set_len(bytes)?;
        file.seek(SeekFrom::Start(bytes))?;
        Ok(Self { file, out: out.to_owned(), bytes })
    }

    /// Bytes that are written.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Brings what is written to the disk, and then the note on it.
    pub fn keep(&self, note: &str) -> io::Result<()> {
        fault::sync(&self.file)?;
        write_atomically(&Self::note_path(&self.out), |file| file.write_all(note.as_bytes()))
    }

    /// Gives the file its name: it is whole.
    pub fn finish(self) -> io::Result<()> {
        let Self { file, out, .. } = self;
        ordinary_mode(&file, &out)?;
        fault::sync(&file)?;
        drop(file);
        rename(&Self::path(&out), &out)?;
        sync_folder(&folder_of(&out))?;
        remove_file(&Self::note_path(&out))
    }

    /// Throws away what is there of a file, unless somebody writes it.
    pub fn discard(out: &Path) -> io::Result<()> {
        let path = Self::path(out);
        match OpenOptions::new().write(true).open(&path) {
            Ok(file) => lock(&file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // In this order: a note without its part is passed over.
        remove_file(&path)?;
        remove_file(&Self::note_path(out))
    }
}

impl Write for Partial {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = Checked(&self.file).write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Where a file system knows no locks, who writes two at once is believed to know what they do.
fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::ResourceBusy.into()),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

fn beside(out: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(out.as_os_str());
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::fault::plan;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_interrupted_goes_on_where_it_was_whole() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("said.csv");
        fs::write(&out, "old").unwrap();
        let mut part = Partial::begin(&out).unwrap();
        part.write_all(b"one\n").unwrap();
        part.keep("one").unwrap();
        part.write_all(b"tw").unwrap();
        assert_eq!(Partial::begin(&out).unwrap_err().kind(), io::ErrorKind::ResourceBusy, "two would mix their rows");
        assert_eq!(Partial::discard(&out).unwrap_err().kind(), io::ErrorKind::ResourceBusy);
        drop(part);
        assert_eq!(Partial::note(&out).unwrap().as_deref(), Some("one"));
        let mut part = Partial::go_on(&out, 4).unwrap();
        part.write_all(b"two\n").unwrap();
        assert_eq!((part.bytes(), fs::read(&out).unwrap()), (8, b"old".to_vec()));
        part.finish().unwrap();
        assert_eq!((fs::read(&out).unwrap(), names(dir.path())), (b"one\ntwo\n".to_vec(), vec!["said.csv".to_owned()]));
        assert_eq!(Partial::note(&out).unwrap(), None);
    }

    #[test]
    fn a_note_never_speaks_of_what_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("said.csv");
        let write = || -> io::Result<()> {
            let mut part = Partial::begin(&out)?;
            part.write_all(b"new one\n")?;
            part.keep("8")?;
            part.write_all(b"new two\n")?;
            part.keep("16")?;
            part.finish()
        };
        let begin = || {
            let mut part = Partial::begin(&out).unwrap();
            part.write_all(b"of another time\n").unwrap();
            part.keep("16").unwrap();
        };
        begin();
        let (done, operations) = plan(None, false, write);
        done.unwrap();
        for at in 0..operations.len() {
            begin();
            let (done, _) = plan(Some(at), true, write);
            assert!(done.is_err(), "{at}");
            if let Some(note) = Partial::note(&out).unwrap() {
                let content = fs::read_to_string(Partial::path(&out)).unwrap();
                let whole = note.parse::<usize>().unwrap();
                assert!(content.len() >= whole, "{at}: {note}, {content:?}");
                let is_old = content == "of another time\n";
                assert!(is_old || content[..whole] == "new one\nnew two\n"[..whole], "{at}: {note}, {content:?}");
            }
            Partial::discard(&out).unwrap();
            fs::remove_file(&out).ok();
            assert!(names(dir.path()).is_empty(), "{at}: {:?}", names(dir.path()));
        }
    }
}
