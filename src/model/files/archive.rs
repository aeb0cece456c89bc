//! The directory of a zip archive, as torch writes them: members stored as they are, one after another.
//!
//! Only the directory is read, to find where members lie in the file; compressed members are refused, because torch
//! never writes them and a small one can unfold into a huge one. Every length is held against the file's.

use std::fs::File;

use super::tensor::{MAX_LIST_BYTES, read_at};

const MAX_MEMBERS: u64 = 65_536;
/// The end record with the longest comment there can be.
const MAX_TAIL: u64 = 22 + 65_535;

/// A member of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub name: String,
    pub size: u64,
    header: u64,
    is_plain: bool,
}

/// Lists the members.
pub(super) fn members(file: &File, length: u64) -> Result<Vec<Member>, String> {
    let (count, start, size) = directory(file, length)?;
    if count > MAX_MEMBERS || size > MAX_LIST_BYTES {
        return Err(format!("its directory claims {count} members in {size} bytes, which is too much"));
    }
    let bytes = read(file, length, start, size)?;
    let mut rest = Bytes(&bytes);
    let mut members = Vec::new();
    for _ in 0..count {
        members.push(member(&mut rest).ok_or("its directory is damaged")?);
    }
    Ok(members)
}

/// The first byte of a member's content, which lies in the file whole.
pub(super) fn start_of(file: &File, length: u64, member: &Member) -> Result<u64, String> {
    let damaged = || format!("the member {:?} is damaged", member.name);
    if !member.is_plain {
        return Err(format!("the member {:?} is compressed or encrypted, which torch never does", member.name));
    }
    let header = read(file, length, member.header, 30)?;
    let mut rest = Bytes(&header);
    let signature = rest.number(4);
    rest.skip(22);
    let (name, extra) = (rest.number(2), rest.number(2));
    let start = member.header + 30 + name.ok_or_else(damaged)? + extra.ok_or_else(damaged)?;
    let fits = start.checked_add(member.size).is_some_and(|end| end <= length);
    (signature == Some(0x0403_4b50) && fits).then_some(start).ok_or_else(damaged)
}

/// The content of a member, if it is not larger than a limit.
pub(super) fn content(file: &File, length: u64, member: &Member, limit: u64) -> Result<Vec<u8>, String> {
    if member.size > limit {
        return Err(format!("the member {:?} has {} bytes, at most {limit} are read", member.name, member.size));
    }
    read(file, length, start_of(file, length, member)?, member.size)
}

/// How many members there are, and where their list starts and how long it is.
fn directory(file: &File, length: u64) -> Result<(u64, u64, u64), String> {
    let tail_size = length.min(MAX_TAIL);
    let tail = read(file, length, length - tail_size, tail_size)?;
    let is_end = |at: &usize| {
        let comment = tail.len() - at - 22;
        tail[*at..].starts_with(b"PK\x05\x06")
            && usize::from(u16::from_le_bytes([tail[at + 20], tail[at + 21]])) == comment
    };
    let last = tail.len().checked_sub(22).ok_or("it is too short for a zip archive")?;
    let end = (0..=last).rev().find(is_end).ok_or("its end is missing; was it cut short?")?;
    let mut rest = Bytes(&tail[end + 10..]);
    let found = (rest.number(2), rest.number(4), rest.number(4));
    let (Some(count), Some(size), Some(start)) = found else { return Err("its end is damaged".to_owned()) };
    if count != 0xffff && size != 0xffff_ffff && start != 0xffff_ffff {
        return Ok((count, start, size));
    }
    large_directory(file, length, &tail[..end]).ok_or_else(|| "the end of the large archive is damaged".to_owned())
}

/// The same from the records large archives have before the end.
fn large_directory(file: &File, length: u64, before_end: &[u8]) -> Option<(u64, u64, u64)> {
    let locator = before_end.len().checked_sub(20)?;
    let mut locator = Bytes(&before_end[locator..]);
    (locator.number(4)? == 0x0706_4b50).then_some(())?;
    locator.skip(4);
    let record = read(file, length, locator.number(8)?, 56).ok()?;
    let mut record = Bytes(&record);
    (record.number(4)? == 0x0606_4b50).then_some(())?;
    record.skip(28);
    let (count, size, start) = (record.number(8)?, record.number(8)?, record.number(8)?);
    Some((count, start, size))
}

fn member(rest: &mut Bytes<'_>) -> Option<Member> {
    (rest.number(4)? == 0x0201_4b50).then_some(())?;
    rest.skip(4);
    let (flags, method) = (rest.number(2)?, rest.number(2)?);
    rest.skip(8);
    let (mut packed, mut size) = (rest.number(4)?, rest.number(4)?);
    let (name, extra, comment) = (rest.number(2)?, rest.number(2)?, rest.number(2)?);
    rest.skip(8);
    let mut header = rest.number(4)?;
    let name = String::from_utf8_lossy(rest.take(name)?).into_owned();
    let mut extra = Bytes(rest.take(extra)?);
    rest.take(comment)?;
    // What does not fit four bytes stands in an extra field, in this order.
    while let (Some(kind), Some(length)) = (extra.number(2), extra.number(2)) {
        let mut field = Bytes(extra.take(length)?);
        for value in [&mut size, &mut packed, &mut header] {
            if kind == 1 && *value == 0xffff_ffff {
                *value = field.number(8)?;
            }
        }
    }
    Some(Member { name, size, header, is_plain: method == 0 && flags & 1 == 0 && packed == size })
}

fn read(file: &File, length: u64, start: u64, size: u64) -> Result<Vec<u8>, String> {
    if start.checked_add(size).is_none_or(|end| end > length) {
        return Err("it points behind its own end; was it cut short?".to_owned());
    }
    let mut bytes = vec![0; size as usize];
    read_at(file, start, &mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Little-endian numbers and runs, one after another.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    /// Steps over bytes; past the end, the next number is missing.
    fn skip(&mut self, length: usize) {
        self.0 = self.0.get(length..).unwrap_or_default();
    }

    fn number(&mut self, bytes: u64) -> Option<u64> {
        Some(self.take(bytes)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}
