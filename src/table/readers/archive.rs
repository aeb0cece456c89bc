//! Zip archives of data files: which of them are meant is decided by their names, as in a folder, and each is read as if it
//! lay on the disk. What an archive says of its sizes is not believed; what comes out is counted.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zip::ZipArchive;
use zip::result::ZipError;

use super::unpack::{Counted, Limits, Packing, Unpacked, data_error, size};
use crate::guard::guarded;
use crate::stop::{Heeded, heed};
use crate::table::ReadError;
use crate::table::find::{Chosen, Part, choose, listed};

type Zip = ZipArchive<Counted<Heeded<File>>>;

/// An archive of files that may be data, neither a workbook nor a file of a program.
pub(super) struct Archive {
    path: PathBuf,
    zip: Zip,
    /// Its files by their names, each with its place in the archive.
    names: Vec<(String, usize)>,
    /// The first place of each name: an archive may have a file for each of many thousand texts.
    places: HashMap<String, usize>,
    /// Bytes that were read of the archive, and that came out of it.
    taken: Arc<AtomicU64>,
    given: u64,
    limits: Limits,
}

impl Archive {
    /// Opens a zip archive; none where it is the file of a program, which is called so by its own reader.
    pub fn open(path: &Path, file: &File) -> io::Result<Option<Self>> {
        let mut file = file.try_clone()?;
        file.rewind()?;
        let taken = Arc::new(AtomicU64::new(0));
        let counted = Counted { inner: Heeded(file), taken: taken.clone() };
        let Ok(Ok(zip)) = guarded(|| ZipArchive::new(counted)) else { return Ok(None) };
        // The list of its files is none of their content.
        taken.store(0, Ordering::Relaxed);
        // Some programs of Windows write `\` between folders.
        let name = |index: usize| Some((zip.name_for_index(index)?.ok()?.replace('\\', "/"), index));
        let names: Vec<(String, usize)> = (0..zip.len()).filter_map(name).collect();
        let is_of_program = |(name, _): &(String, usize)| {
            matches!(name.as_str(), "[Content_Types].xml" | "mimetype")
                || name.ends_with("data.pkl")
                || Path::new(name).extension().is_some_and(|ending| ending == "npy")
        };
        if names.iter().any(is_of_program) {
            return Ok(None);
        }
        let places = names.iter().rev().cloned().collect();
        Ok(Some(Self { path: path.to_owned(), zip, names, places, taken, given: 0, limits: Limits::default() }))
    }

    /// The files that are meant, by their names.
    pub fn choose(&self, part: Part) -> Result<(Chosen, Vec<String>), ReadError> {
        let names = self.names.iter().map(|(name, _)| name);
        let files: Vec<String> = names.filter(|name| !name.ends_with('/')).cloned().collect();
        match choose(&files, part) {
            Ok(chosen) => Ok((chosen, files)),
            Err(reason) => Err(ReadError::Folder { path: self.path.clone(), reason }),
        }
    }

    /// The whole name of the file that is named, by its end where that is no other's.
    pub fn named(&self, name: &str) -> Result<String, ReadError> {
        let names = self.names.iter().map(|(name, _)| name).filter(|name| !name.ends_with('/'));
        if let Some(whole) = names.clone().find(|own| *own == name) {
            return Ok(whole.clone());
        }
        let mut ends = names.clone().filter(|own| own.strip_suffix(name).is_some_and(|before| before.ends_with('/')));
        if let (Some(one), None) = (ends.next(), ends.next()) {
            return Ok(one.clone());
        }
        let reason = format!("holds no file {name:?}, expected one of {}", listed(names.map(String::as_str)));
        Err(ReadError::Folder { path: self.path.clone(), reason })
    }

    /// The content of a file in it, also where that is packed itself.
    pub fn content(&mut self, name: &str) -> Result<Vec<u8>, ReadError> {
        let place = self.path.join(name);
        let bytes = self.unpacked(name)?;
        match Packing::of(&bytes) {
            Some(packing) => {
                let mut all = Vec::new();
                let read = Unpacked::new(packing, io::Cursor::new(bytes), self.limits)
                    .and_then(|mut unpacked| unpacked.read_to_end(&mut all));
                read.map_err(|error| data_error(&place, error))?;
                Ok(all)
            }
            None => Ok(bytes),
        }
    }

    fn unpacked(&mut self, name: &str) -> Result<Vec<u8>, ReadError> {
        let refused = |reason: String, advice| ReadError::Packed { path: self.path.clone(), reason, advice };
        let damaged =
            |error: String| refused(format!("is not a complete zip archive: {error}"), "fetch or pack it again");
        let mut bytes = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        let mut given = self.given;
        let place = self.places.get(name).copied();
        let place = place.ok_or_else(|| damaged(format!("{name:?} is not in it")))?;
        let mut part = match guarded(|| self.zip.by_index(place)) {
            Ok(Ok(part)) => part,
            Ok(Err(ZipError::UnsupportedArchive(what))) if what.contains("assword") => {
                return Err(refused("is an archive with a password".to_owned(), "unpack it first"));
            }
            Ok(Err(ZipError::UnsupportedArchive(what))) => {
                return Err(refused(format!("is packed in a way that is not read here ({what})"), "unpack it first"));
            }
            Ok(Err(error)) => return Err(damaged(error.to_string())),
            Err(panic) => return Err(damaged(panic)),
        };
        loop {
            heed();
            let count = match guarded(|| part.read(&mut buffer)) {
                Ok(Ok(count)) => count,
                Ok(Err(error)) => return Err(damaged(error.to_string())),
                Err(panic) => return Err(damaged(panic)),
            };
            if count == 0 {
                break;
            }
            given += count as u64;
            if given > self.limits.bytes {
                let reason = format!("holds more than {} when unpacked", size(self.limits.bytes));
                return Err(refused(reason, "split it into smaller files"));
            }
            if self.limits.is_out_of_proportion(given, self.taken.load(Ordering::Relaxed)) {
                let reason = format!("unpacks to more than {} times its size, which no text does", self.limits.ratio);
                return Err(refused(reason, "split it into smaller files"));
            }
            bytes.extend_from_slice(&buffer[..count]);
        }
        drop(part);
        self.given = given;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::table::Table;

    fn zip(files: &[(&str, &[u8])]) -> tempfile::NamedTempFile {
        let mut writer = zip::ZipWriter::new(tempfile::NamedTempFile::with_suffix(".zip").unwrap());
        for (name, content) in files {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap()
    }

    const ROWS: &[u8] = b"text,label\na b,x\nc d,y\n";

    #[test]
    fn the_file_in_an_archive_is_read() {
        let file = zip(&[("reviews.csv", ROWS), ("__MACOSX/._reviews.csv", b"\0\x05\x16\x07")]);
        let table = Table::open(file.path()).unwrap();
        assert_eq!((table.rows(), table.cell(1, 0)), (2, "c d"));
        assert_eq!(table.path, file.path().join("reviews.csv"));
        assert_eq!(table.origins.inputs, file.path().into());
        assert_eq!(table.notes, ["\"reviews.csv\" in the archive is read"]);
        let packed = super::super::unpack::tests::gzip(ROWS);
        let table = Table::open(zip(&[("a/reviews.csv.gz", &packed)]).path()).unwrap();
        assert_eq!(table.cell(1, 1), "y");
    }

    #[test]
    fn a_file_in_an_archive_can_be_named() {
        let file = zip(&[("d/train.csv", ROWS), ("d/test.csv", b"text,label\ne f,x\n"), ("notes.jsonl", b"{}")]);
        let named = |name: &str| Table::open(Path::new(&format!("{}#{name}", file.path().display())));
        for name in ["d/test.csv", "test.csv"] {
            let table = named(name).unwrap();
            assert_eq!((table.rows(), table.cell(0, 0)), (1, "e f"), "{name}");
            assert_eq!(table.path, file.path().join("d/test.csv"));
            assert_eq!(table.origins.files[0].path, file.path());
        }
        let error = named("dev.csv").unwrap_err().to_string();
        assert!(
            error.contains(r#"holds no file "dev.csv", expected one of "#) && error.contains("d/train.csv"),
            "{error}"
        );
        let plain = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
        std::fs::write(plain.path(), ROWS).unwrap();
        let error = Table::open(Path::new(&format!("{}#x", plain.path().display()))).unwrap_err().to_string();
        assert!(error.contains("neither a workbook nor a zip archive"), "{error}");
    }

    #[test]
    fn names_with_backslashes_are_those_of_folders() {
        let file = zip(&[("d\\train.csv", ROWS), ("d\\test.csv", ROWS)]);
        let table = Table::open(file.path()).unwrap();
        assert_eq!((table.rows(), table.path.as_path()), (2, file.path().join("d/train.csv").as_path()));
        let texts = zip(&[("t\\pos\\1.txt", b"good"), ("t\\pos\\2.txt", b"fine"), ("t\\neg\\1.txt", b"bad")]);
        let table = Table::open(texts.path()).unwrap();
        assert_eq!((table.rows(), table.cell(0, 0), table.cell(0, 1)), (3, "bad", "neg"));
    }

    #[test]
    fn several_files_in_an_archive_are_read_as_in_a_folder() {
        let file =
            zip(&[("d/train-1.csv", ROWS), ("d/train-2.csv", ROWS), ("d/test.csv", ROWS), ("d/README.md", b"x")]);
        let table = Table::open(file.path()).unwrap();
        assert_eq!((table.rows(), table.place(3).as_str()), (4, "line 3 of d/train-2.csv"));
        let notes = table.notes.join("\n");
        assert!(notes.contains("2 files are read as one: d/train-1.csv (2 rows), d/train-2.csv (2 rows)"), "{notes}");
        assert!(
            notes.contains(r#""d/test.csv" proposed to evaluate on"#) && notes.contains("unpack the archive"),
            "{notes}"
        );
        let texts = zip(&[("t/pos/1.txt", b"good"), ("t/pos/2.txt", b"fine"), ("t/neg/1.txt", b"bad")]);
        let table = Table::open(texts.path()).unwrap();
        assert_eq!((table.rows(), table.cell(0, 1)), (3, "neg"));
        let error = Table::open(zip(&[("a.csv", ROWS), ("b.jsonl", b"{}")]).path()).unwrap_err().to_string();
        assert!(error.contains("holds files of several kinds"), "{error}");
        let error = Table::open(zip(&[("a.png", b"x")]).path()).unwrap_err().to_string();
        assert!(error.contains(r#"holds no data, but "a.png""#), "{error}");
    }

    #[test]
    fn an_archive_that_unpacks_beyond_measure_is_refused() {
        let file = zip(&[("a.csv", &vec![b'a'; 40 << 20])]);
        let error = Table::open(file.path()).unwrap_err().to_string();
        assert!(error.contains("unpacks to more than 200 times its size"), "{error}");
        let mut archive = Archive::open(file.path(), &File::open(file.path()).unwrap()).unwrap().unwrap();
        archive.limits.bytes = 1 << 20;
        let error = archive.content("a.csv").unwrap_err().to_string();
        assert!(error.contains("holds more than 1 MiB when unpacked; split it"), "{error}");
        let mut bytes = std::fs::read(zip(&[("a.csv", ROWS)]).path()).unwrap();
        bytes[40] ^= 0x55;
        let broken = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(broken.path(), bytes).unwrap();
        let error = Table::open(broken.path()).unwrap_err().to_string();
        assert!(error.contains("is not a complete zip archive"), "{error}");
    }
}
