//! What kind of file a zip archive is, told by what lies in it, and whether all of it can be unpacked within the limits of
//! every other reader.
//!
//! The sizes that an archive tells of itself are not believed: every part that a workbook is read from is unpacked once
//! and counted before the library may unpack it again.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use zip::ZipArchive;

use super::super::unpack::Limits;
use super::fault::Fault;
use super::hidden::{Hidden, parts};
use crate::stop::heed;

/// What a workbook is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Xlsx,
    Xlsb,
    Xls,
    Ods,
}

const UNPACK: &str = "; unpack it first";
const SAVE_TEXT: &str = "; save it as text";
const NO_TABLE: &str = "; save its table as CSV or Excel";

/// What an archive is, with what is hidden in its sheets; one that is no workbook is refused by what it is.
pub(super) fn kind(source: &mut (impl Read + Seek)) -> Result<(Kind, BTreeMap<String, Hidden>), Fault> {
    within(source, Limits::default())
}

fn within(source: &mut (impl Read + Seek), limits: Limits) -> Result<(Kind, BTreeMap<String, Hidden>), Fault> {
    let packed = source.seek(SeekFrom::End(0))?;
    source.rewind()?;
    let mut archive = ZipArchive::new(&mut *source)?;
    let kind = match (part(&mut archive, "[Content_Types].xml")?, part(&mut archive, "mimetype")?) {
        (Some(types), _) => office(&types)?,
        (None, Some(kind)) => open_document(&kind)?,
        (None, None) => return Err(other(&archive)),
    };
    let mut hidden = measure(&mut archive, kind, packed, limits)?;
    let names = match (part(&mut archive, "xl/workbook.xml")?, part(&mut archive, "xl/_rels/workbook.xml.rels")?) {
        (Some(workbook), Some(relations)) => parts(&workbook, &relations),
        _ => BTreeMap::new(),
    };
    let of_sheets = names.into_iter().filter_map(|(name, part)| Some((name, hidden.remove(&part)?))).collect();
    source.rewind()?;
    Ok((kind, of_sheets))
}

/// A short part of an archive that says what the others are.
fn part(archive: &mut ZipArchive<impl Read + Seek>, name: &str) -> Result<Option<String>, Fault> {
    const LONGEST: u64 = 1 << 20;
    if archive.index_for_name(name).is_none() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    archive.by_name(name)?.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// An Office document, by the types of its parts.
fn office(types: &str) -> Result<Kind, Fault> {
    let has = |name: &str| types.contains(name);
    if has("ms-excel.sheet.binary") {
        Ok(Kind::Xlsb)
    } else if has("spreadsheetml.sheet.main") || has("spreadsheetml.template.main") || has("ms-excel.") {
        Ok(Kind::Xlsx)
    } else if has("wordprocessingml") || has("ms-word.") {
        Err(Fault::Other("a Word document", SAVE_TEXT))
    } else if has("presentationml") || has("ms-powerpoint.") {
        Err(Fault::Other("a PowerPoint presentation", SAVE_TEXT))
    } else {
        Err(Fault::Other("an Office document without a sheet", NO_TABLE))
    }
}

/// A document of `LibreOffice` or a book, by what it calls itself.
fn open_document(kind: &str) -> Result<Kind, Fault> {
    let kind = kind.trim();
    if kind.starts_with("application/vnd.oasis.opendocument.spreadsheet") {
        return Ok(Kind::Ods);
    }
    Err(if kind.starts_with("application/vnd.oasis.opendocument.text") {
        Fault::Other("an OpenDocument text", SAVE_TEXT)
    } else if kind.starts_with("application/epub") {
        Fault::Other("an e-book (EPUB)", SAVE_TEXT)
    } else {
        Fault::Other("an OpenDocument file without a sheet", NO_TABLE)
    })
}

fn other(archive: &ZipArchive<impl Read + Seek>) -> Fault {
    let mut names = (0..archive.len()).filter_map(|index| archive.name_for_index(index)?.ok());
    let first = names.next().unwrap_or_default().into_owned();
    if Path::new(&first).extension().is_some_and(|ending| ending == "npy") {
        return Fault::Other("a file of NumPy arrays", "; save the table as CSV");
    }
    let is_weights = first.ends_with("/data.pkl") || names.any(|name| name.ends_with("/data.pkl"));
    if is_weights {
        return Fault::Other("a file of model weights (PyTorch)", "");
    }
    Fault::Other("a zip archive", UNPACK)
}

/// Counts what comes out of an archive, and stops where it is too much or out of all proportion. Says what is hidden in the
/// parts of sheets.
fn measure(
    archive: &mut ZipArchive<impl Read + Seek>,
    kind: Kind,
    packed: u64,
    limits: Limits,
) -> Result<BTreeMap<String, Hidden>, Fault> {
    let mut all = BTreeMap::new();
    let mut total = 0_u64;
    let mut buffer = vec![0; 1 << 16];
    for index in 0..archive.len() {
        let mut part = archive.by_index(index)?;
        let name = part.name()?.to_lowercase();
        // Pictures and the like are never unpacked.
        if ![".xml", ".rels", ".bin"].iter().any(|ending| name.ends_with(ending)) {
            continue;
        }
        let is_sheet = kind == Kind::Xlsx && name.contains("sheets/");
        let mut hidden = is_sheet.then(Hidden::default);
        let mut repeats = (kind == Kind::Ods && name == "content.xml").then(Repeats::default);
        loop {
            heed();
            let count = part.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            total += count as u64;
            if total > limits.bytes {
                return Err(Fault::Size(limits.bytes));
            }
            if limits.is_out_of_proportion(total, packed) {
                return Err(Fault::Ratio(limits.ratio));
            }
            if let Some(repeats) = &mut repeats {
                repeats.take(&buffer[..count])?;
            }
            if let Some(hidden) = &mut hidden {
                hidden.take(&buffer[..count]);
            }
        }
        all.extend(hidden.map(|hidden| (name, hidden)));
    }
    Ok(all)
}

/// Hands on what stands between `<` and `>`; what is not closed yet is kept for the next piece.
pub(super) fn each_tag(kept: &mut Vec<u8>, piece: &[u8], mut take: impl FnMut(&[u8])) {
    kept.extend_from_slice(piece);
    let bytes = std::mem::take(kept);
    let mut at = 0;
    while let Some(start) = bytes[at..].iter().position(|&byte| byte == b'<').map(|place| at + place) {
        let Some(end) = bytes[start..].iter().position(|&byte| byte == b'>').map(|place| start + place) else {
            *kept = bytes[start..].to_vec();
            break;
        };
        take(&bytes[start + 1..end]);
        at = end + 1;
    }
}

/// Cells of a sheet of `LibreOffice`, where one element may stand for thousands: the library writes each of them out.
#[derive(Default)]
struct Repeats {
    /// What may belong to an element that is not closed yet.
    tail: Vec<u8>,
    cells: u64,
    pending: u64,
}

impl Repeats {
    const MOST_CELLS: u64 = 1 << 24;
    const MOST_COLUMNS: u64 = 1 << 14;
    const LONGEST_TAG: usize = 1 << 16;

    fn take(&mut self, piece: &[u8]) -> Result<(), Fault> {
        let mut kept = std::mem::take(&mut self.tail);
        each_tag(&mut kept, piece, |tag| self.tag(tag));
        if self.cells > Self::MOST_CELLS {
            return Err(Fault::Cells(Self::MOST_CELLS));
        }
        if kept.len() > Self::LONGEST_TAG {
            return Err(Fault::Damaged("an element of it has no end".into()));
        }
        self.tail = kept;
        Ok(())
    }

    fn tag(&mut self, tag: &[u8]) {
        if tag.starts_with(b"table:table-row") {
            self.pending = 0;
            return;
        }
        if !tag.starts_with(b"table:table-cell") && !tag.starts_with(b"table:covered-table-cell") {
            return;
        }
        let tag = String::from_utf8_lossy(tag);
        let repeated = tag.split("table:number-columns-repeated=").nth(1);
        let number = repeated.and_then(|rest| rest.get(1..)?.split(['"', '\'']).next()?.parse::<u64>().ok());
        let count = number.unwrap_or(1).min(Self::MOST_COLUMNS);
        // Empty cells are written out when something follows them in their row.
        self.cells += self.pending;
        self.pending = 0;
        if tag.ends_with('/') && !tag.contains("office:") && !tag.contains("table:formula") {
            self.pending = count;
        } else {
            self.cells += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    fn zip(parts: &[(&str, &[u8])]) -> Cursor<Vec<u8>> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in parts {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap()
    }

    #[test]
    fn an_archive_is_called_what_it_is() {
        let check = |parts: &[(&str, &[u8])], expected: &str| match kind(&mut zip(parts)) {
            Err(Fault::Other(what, _)) => assert_eq!(what, expected),
            other => panic!("{expected}: {other:?}"),
        };
        let types = |main: &str| format!("<Types><Override ContentType=\"application/{main}+xml\"/></Types>");
        let word = types("vnd.openxmlformats-officedocument.wordprocessingml.document.main");
        check(&[("[Content_Types].xml", word.as_bytes())], "a Word document");
        let slides = types("vnd.openxmlformats-officedocument.presentationml.presentation.main");
        check(&[("[Content_Types].xml", slides.as_bytes())], "a PowerPoint presentation");
        check(&[("mimetype", b"application/vnd.oasis.opendocument.text")], "an OpenDocument text");
        check(&[("mimetype", b"application/epub+zip")], "an e-book (EPUB)");
        check(&[("arr_0.npy", b"\x93NUMPY")], "a file of NumPy arrays");
        check(&[("archive/data.pkl", b"")], "a file of model weights (PyTorch)");
        check(&[("train.csv", b"text,label\na,b\n")], "a zip archive");
    }

    #[test]
    fn what_unpacks_beyond_measure_is_refused() {
        let sheet = vec![b' '; 12 << 20];
        let types = b"<Types>vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml</Types>".as_slice();
        let parts = [("[Content_Types].xml", types), ("xl/worksheets/sheet1.xml", &sheet)];
        assert!(matches!(kind(&mut zip(&parts)), Err(Fault::Ratio(200))));
        let small = Limits { bytes: 1 << 20, ..Limits::default() };
        assert!(matches!(within(&mut zip(&parts), small), Err(Fault::Size(_))));
        // Pictures are not looked at.
        let picture = [("[Content_Types].xml", types), ("xl/media/image1.png", sheet.as_slice())];
        assert_eq!(kind(&mut zip(&picture)).unwrap().0, Kind::Xlsx);
    }

    #[test]
    fn one_element_that_stands_for_too_many_cells_is_refused() {
        let mimetype = b"application/vnd.oasis.opendocument.spreadsheet".as_slice();
        let check = |row: &str, count: usize| {
            let content = format!("<table:table>{}</table:table>", row.repeat(count));
            kind(&mut zip(&[("mimetype", mimetype), ("content.xml", content.as_bytes())]))
        };
        let cell = "<table:table-cell office:value=\"1\" table:number-columns-repeated=\"16384\"/>";
        let row = format!("<table:table-row>{cell}</table:table-row>");
        assert!(matches!(check(&row, 2000), Err(Fault::Cells(_))));
        assert_eq!(check(&row, 20).unwrap().0, Kind::Ods);
        // The rest of a row is empty in every sheet.
        let rest = "<table:table-row><table:table-cell office:value=\"1\"/>\
            <table:table-cell table:number-columns-repeated=\"16383\"/></table:table-row>";
        assert_eq!(check(rest, 2000).unwrap().0, Kind::Ods);
    }
}
