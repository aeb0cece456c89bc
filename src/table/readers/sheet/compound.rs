//! Compound files of Microsoft's (MS-CFB), in which workbooks before 2007 lie and documents with a password: what is in
//! one, and whether its workbook (MS-XLS) asks for no more memory than a sheet can need.
//!
//! The library trusts what these files say of themselves: a chain of sectors that never ends or one cell in the last
//! corner would take all memory there is, which no guard catches. So chains are followed and cells are counted here first.

use std::io::{Read, Seek};

use super::archive::Kind;
use super::fault::Fault;
use crate::stop::heed;

/// Bytes that are read of one.
const SIZE_LIMIT: u64 = 1 << 30;
/// Cells of a sheet: 65,536 rows of 256 columns.
const MOST_CELLS: u64 = 1 << 24;
const MOST_COLUMNS: u64 = 256;
const MOST_SHEETS: usize = 1000;

const SAVE_TEXT: &str = "; save it as text";

/// What a compound file is; one that is no workbook is refused by what it is.
pub(super) fn kind(source: &mut (impl Read + Seek)) -> Result<Kind, Fault> {
    let mut bytes = Vec::new();
    source.rewind()?;
    source.take(SIZE_LIMIT + 1).read_to_end(&mut bytes)?;
    source.rewind()?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(Fault::Size(SIZE_LIMIT));
    }
    let file = Compound::open(&bytes).ok_or_else(damaged)?;
    let others = [
        ("EncryptedPackage", "a document with a password", "; save it without one"),
        ("WordDocument", "an old Word document", SAVE_TEXT),
        ("PowerPoint Document", "an old PowerPoint presentation", SAVE_TEXT),
        ("__properties_version1.0", "an Outlook message", SAVE_TEXT),
    ];
    if let Some((_, what, advice)) = others.into_iter().find(|(name, ..)| file.find(name).is_some()) {
        return Err(Fault::Other(what, advice));
    }
    let Some(workbook) = file.find("Workbook").or_else(|| file.find("Book")) else {
        return Err(Fault::Other("an old Office file without a workbook", "; save its table as CSV or Excel"));
    };
    plausible(&file.stream(workbook).ok_or_else(damaged)?)?;
    Ok(Kind::Xls)
}

fn damaged() -> Fault {
    Fault::Damaged("its parts do not hang together; was it cut short?".to_owned())
}

/// A stream's first sector and its bytes.
#[derive(Clone, Copy)]
struct Entry {
    start: u32,
    length: usize,
}

struct Compound<'a> {
    bytes: &'a [u8],
    sector: usize,
    /// The sector after each.
    next: Vec<u32>,
    entries: Vec<(String, Entry)>,
    /// Small streams lie together in one, in pieces of 64 bytes.
    small: Vec<u8>,
    next_small: Vec<u32>,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().map(|four| u32::from_le_bytes(*four)).collect()
}

/// Sector numbers from here on are marks.
const MARKS: u32 = 0xFFFF_FFFA;
const LAST: u32 = 0xFFFF_FFFE;

/// The pieces of a chain one after the other, until there are enough bytes; nothing where it breaks off or never ends.
fn follow<'a>(start: u32, most: usize, next: &[u32], piece: impl Fn(u32) -> Option<&'a [u8]>) -> Option<Vec<u8>> {
    let mut chain = Vec::new();
    let (mut at, mut steps) = (start, 0);
    while at != LAST && chain.len() < most {
        heed();
        chain.extend_from_slice(piece(at)?);
        at = *next.get(at as usize)?;
        steps += 1;
        if steps > next.len() {
            return None;
        }
    }
    Some(chain)
}

impl<'a> Compound<'a> {
    fn open(bytes: &'a [u8]) -> Option<Self> {
        const HEADER: usize = 512;
        const ENTRY: usize = 128;
        let sector = match u16_at(bytes, 30)? {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let mut file =
            Self { bytes, sector, next: Vec::new(), entries: Vec::new(), small: Vec::new(), next_small: Vec::new() };
        file.next = file.table(numbers(bytes.get(76..HEADER)?), u32_at(bytes, 68)?)?;
        let directory = file.chain(u32_at(bytes, 48)?, usize::MAX)?;
        file.entries = directory.chunks_exact(ENTRY).filter_map(entry).collect();
        let root = file.entries.first()?.1;
        if u32_at(bytes, 64)? > 0 {
            file.small = file.chain(root.start, root.length)?;
            file.next_small = numbers(&file.chain(u32_at(bytes, 60)?, usize::MAX)?);
        }
        Some(file)
    }

    /// What comes after each sector, from the sectors that hold it: the first of them are named in the header, more in
    /// sectors of which each names the next in its last number.
    fn table(&self, mut holders: Vec<u32>, mut more: u32) -> Option<Vec<u32>> {
        while more < MARKS {
            if holders.len() > self.bytes.len() / self.sector {
                return None;
            }
            holders.extend(numbers(self.piece(more)?));
            more = holders.pop()?;
        }
        let mut next = Vec::new();
        for holder in holders.into_iter().filter(|holder| *holder < MARKS) {
            next.extend(numbers(self.piece(holder)?));
        }
        Some(next)
    }

    fn piece(&self, number: u32) -> Option<&'a [u8]> {
        let start = (number as usize).checked_add(1)?.checked_mul(self.sector)?;
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
        Some(&rest[..rest.len().min(self.sector)])
    }

    fn chain(&self, start: u32, most: usize) -> Option<Vec<u8>> {
        follow(start, most, &self.next, |number| self.piece(number))
    }

    fn find(&self, name: &str) -> Option<Entry> {
        self.entries.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, entry)| *entry)
    }

    fn stream(&self, entry: Entry) -> Option<Vec<u8>> {
        const SMALL: usize = 4096;
        const PIECE: usize = 64;
        let mut stream = if entry.length < SMALL {
            follow(entry.start, entry.length, &self.next_small, |number| {
                let start = number as usize * PIECE;
                self.small.get(start..).filter(|rest| !rest.is_empty()).map(|rest| &rest[..rest.len().min(PIECE)])
            })?
        } else {
            self.chain(entry.start, entry.length)?
        };
        stream.truncate(entry.length);
        Some(stream)
    }
}

fn entry(bytes: &[u8]) -> Option<(String, Entry)> {
    let length = usize::from(u16_at(bytes, 64)?).saturating_sub(2).min(64);
    let units: Vec<u16> = bytes[..length].as_chunks().0.iter().map(|two| u16::from_le_bytes(*two)).collect();
    let entry = Entry { start: u32_at(bytes, 116)?, length: u32_at(bytes, 120)? as usize };
    Some((String::from_utf16_lossy(&units), entry))
}

/// A record's kind, what it holds, and what follows it.
fn record(stream: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let length = usize::from(u16_at(stream, 2)?);
    let (data, rest) = stream.get(4..)?.split_at_checked(length)?;
    Some((u16_at(stream, 0)?, data, rest))
}

/// Refuses a workbook whose sheets would take up more than there can be of them.
fn plausible(stream: &[u8]) -> Result<(), Fault> {
    const SHEET: u16 = 0x85;
    const END: u16 = 0x0A;
    let (mut sheets, mut rest) = (Vec::new(), stream);
    while let Some((kind, data, after)) = record(rest) {
        if kind == SHEET {
            sheets.extend(u32_at(data, 0));
        }
        if kind == END {
            break;
        }
        rest = after;
    }
    if sheets.len() > MOST_SHEETS {
        return Err(Fault::Damaged(format!("it names {} sheets, expected at most {MOST_SHEETS}", sheets.len())));
    }
    let mut cells = 0;
    for start in sheets {
        cells += area(stream.get(start as usize..).unwrap_or_default())?;
        if cells > 2 * MOST_CELLS {
            return Err(Fault::Cells(2 * MOST_CELLS));
        }
    }
    Ok(())
}

/// The cells of the smallest area that holds all of a sheet.
fn area(mut rest: &[u8]) -> Result<u64, Fault> {
    const DIMENSIONS: u16 = 0x200;
    const BEGIN: u16 = 0x809;
    const END: u16 = 0x0A;
    const MANY: u16 = 0xBD;
    /// The records of single cells: a formula, a number in two forms, a text in three, a truth or an error.
    const CELLS: [u16; 7] = [0x06, 0x203, 0x204, 0x205, 0x27E, 0xFD, 0xD6];
    let (mut rows, mut columns) = (None, None);
    let span = |ends: Option<(u64, u64)>| ends.map_or(0, |(first, last)| last - first + 1);
    let mut depth = 0;
    while let Some((kind, data, after)) = record(rest) {
        heed();
        match kind {
            BEGIN => depth += 1,
            END if depth <= 1 => break,
            END => depth -= 1,
            DIMENSIONS => told(data)?,
            kind if kind == MANY || CELLS.contains(&kind) => {
                let (Some(row), Some(first)) = (u16_at(data, 0), u16_at(data, 2)) else { return Err(damaged()) };
                let last = if kind == MANY { u16_at(data, data.len().saturating_sub(2)) } else { None };
                widen(&mut rows, u64::from(row));
                widen(&mut columns, u64::from(first));
                widen(&mut columns, u64::from(last.unwrap_or(first)));
            }
            _ => {}
        }
        rest = after;
    }
    if columns.is_some_and(|(_, last)| last >= MOST_COLUMNS) {
        return Err(Fault::Damaged(format!("it has a cell beyond column {MOST_COLUMNS}")));
    }
    Ok(span(rows) * span(columns))
}

/// Keeps the lowest and the highest.
fn widen(ends: &mut Option<(u64, u64)>, value: u64) {
    let (low, high) = ends.unwrap_or((value, value));
    *ends = Some((low.min(value), high.max(value)));
}

/// Refuses an account of a sheet's size that no sheet can have.
fn told(data: &[u8]) -> Result<(), Fault> {
    let wide = data.len() > 10;
    let number = |place: usize| {
        let number = match (wide, place) {
            (true, 0 | 1) => u32_at(data, place * 4).map(u64::from),
            (true, _) => u16_at(data, 4 + place * 2).map(u64::from),
            (false, _) => u16_at(data, place * 2).map(u64::from),
        };
        number.ok_or_else(damaged)
    };
    let (first_row, rows, first_column, columns) = (number(0)?, number(1)?, number(2)?, number(3)?);
    let is_empty = rows == 0 || columns == 0;
    if !is_empty
        && (first_row > rows || rows * columns > MOST_CELLS || (first_column > columns && columns > MOST_COLUMNS))
    {
        return Err(Fault::Damaged(format!("it says that its sheet has {rows} rows and {columns} columns")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::path::Path;

    use super::*;

    fn reviews() -> Vec<u8> {
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sheets/reviews.xls")).unwrap()
    }

    fn told_of(bytes: Vec<u8>) -> String {
        match kind(&mut Cursor::new(bytes)) {
            Ok(kind) => format!("{kind:?}"),
            Err(fault) => format!("{fault:?}"),
        }
    }

    fn place(bytes: &[u8], wanted: &[u8]) -> usize {
        bytes.windows(wanted.len()).position(|window| window == wanted).unwrap()
    }

    #[test]
    fn sheets_that_claim_more_than_a_sheet_can_have_are_refused() {
        assert_eq!(told_of(reviews()), "Xls");
        let mut large = reviews();
        let dimensions = place(&large, b"\x00\x02\x0E\x00");
        large[dimensions + 8..dimensions + 12].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(told_of(large).contains("4294967295 rows"));
        let mut far = reviews();
        let text = place(&far, b"\xFD\x00\x0A\x00");
        far[text + 6..text + 8].copy_from_slice(&[0xFF, 0xFF]);
        assert!(told_of(far).contains("a cell beyond column 256"));
    }

    #[test]
    fn chains_that_break_off_or_never_end_are_refused() {
        let whole = reviews();
        assert!(told_of(whole[..1000].to_vec()).contains("do not hang together"));
        let mut endless = whole.clone();
        let directory = u32_at(&whole, 48).unwrap();
        let table = (u32_at(&whole, 76).unwrap() as usize + 1) * 512;
        endless[table + directory as usize * 4..][..4].copy_from_slice(&directory.to_le_bytes());
        assert!(told_of(endless).contains("do not hang together"));
    }

    #[test]
    fn other_documents_are_called_what_they_are() {
        let mut word = reviews();
        let name: Vec<u8> = "Workbook".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let at = place(&word, &name);
        let other: Vec<u8> = "WordDocument".encode_utf16().flat_map(u16::to_le_bytes).collect();
        word[at..at + other.len()].copy_from_slice(&other);
        word[at + 64] = other.len() as u8 + 2;
        assert!(told_of(word).contains("an old Word document"));
    }
}
