//! Ways to damage a file, drawn by chance that can be asked for again.

use std::io::{Cursor, Read, Write};

use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Chance as a function of what it is asked for (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(name: &str, round: u64) -> Self {
        // FNV-1a, so that a name of a sample says the same everywhere.
        let of_name = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(of_name ^ round.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// How the bytes of a file hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    Bytes,
    Json,
    /// A header in JSON behind its length.
    Safetensors,
    /// An archive whose members are damaged, so that its sums are right and what is in it is not.
    Zip,
}

/// Numbers that a program has to think about.
const NUMBERS: [&str; 12] = [
    "0",
    "-1",
    "2147483648",
    "4294967295",
    "9223372036854775808",
    "18446744073709551615",
    "99999999999999999999999",
    "NaN",
    "1e400",
    "-1e400",
    "1e-400",
    "0.5",
];

/// What is nested deeply.
const OPENINGS: [&[u8]; 5] = [b"[", b"{\"a\":", b"(", b"<a>", b"((("];

/// Pieces that open something, end something or mean something else than they look like.
const PIECES: [&[u8]; 20] = [
    b"\0",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\\ud800",
    "\u{202e}".as_bytes(),
    "\u{10ffff}".as_bytes(),
    b"\r",
    b"\n\n",
    b"\"",
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\t\t",
    b",,",
    b"\xc3",
    b"\x1b[2J",
    b"..",
    b"<x:",
];

/// A damaged copy, one to three times over.
pub fn damage(whole: &[u8], build: Build, dice: &mut Dice) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..=dice.below(3) {
        // Whatever it hangs together by is torn now and then.
        bytes = match (build, dice.below(4)) {
            (Build::Bytes, _) | (_, 0) => once(bytes, dice),
            (Build::Json, _) => in_json(&bytes, dice).unwrap_or_else(|| once(bytes, dice)),
            (Build::Safetensors, _) => in_header(&bytes, dice).unwrap_or_else(|| once(bytes, dice)),
            (Build::Zip, _) => in_member(&bytes, dice).unwrap_or_else(|| once(bytes, dice)),
        };
    }
    bytes
}

fn once(mut bytes: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    let (from, to) = range(&bytes, dice);
    match dice.below(11) {
        0 | 1 => (0..=dice.below(8)).for_each(|_| {
            let place = dice.below(bytes.len());
            if let Some(byte) = bytes.get_mut(place) {
                *byte ^= 1 << dice.below(8);
            }
        }),
        2 => bytes.truncate(from),
        3 => drop(bytes.drain(from..to)),
        4 => {
            let part = bytes[from..to].repeat(1 + dice.below(20));
            bytes.splice(from..from, part);
        }
        5 => number(&mut bytes, dice),
        6 => bytes = lines_swapped(&bytes, dice),
        7 => {
            let depth = *dice.of(&[3, 130, 2_000, 30_000]);
            bytes.splice(from..from, dice.of(&OPENINGS).repeat(depth));
        }
        8 => {
            let long = *dice.of(&[300, 5_000, 70_000]);
            let letter = *dice.of(b"a \",1");
            bytes.splice(from..from, vec![letter; long]);
        }
        9 => drop(bytes.splice(from..from, dice.of(&PIECES).iter().copied()).collect::<Vec<_>>()),
        _ => word(&mut bytes, dice),
    }
    bytes
}

/// A short stretch somewhere.
fn range(bytes: &[u8], dice: &mut Dice) -> (usize, usize) {
    let from = dice.below(bytes.len() + 1);
    let most = *dice.of(&[4, 40, 400, usize::MAX]);
    let length = dice.below((bytes.len() - from).min(most) + 1);
    (from, from + length)
}

/// Another number in the place of one that is written in digits.
fn number(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let is_digit = |place: &usize| bytes[*place].is_ascii_digit();
    let begins: Vec<usize> =
        (0..bytes.len()).filter(|place| is_digit(place) && (*place == 0 || !is_digit(&(place - 1)))).collect();
    if begins.is_empty() {
        return;
    }
    let from = *dice.of(&begins);
    let digits = bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    bytes.splice(from..from + digits, dice.of(&NUMBERS).bytes());
}

/// Another number in the place of one that is written in bytes.
fn word(bytes: &mut [u8], dice: &mut Dice) {
    let value = *dice.of(&[0, 1, 0x7f, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1 << 63, u64::MAX]);
    let width = *dice.of(&[1, 2, 4, 8]);
    let place = dice.below(bytes.len());
    let little = value.to_le_bytes();
    for (byte, new) in bytes.iter_mut().skip(place).zip(&little[..width]) {
        *byte = *new;
    }
}

fn lines_swapped(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
    if !lines.is_empty() {
        lines.swap(one, other);
    }
    lines.concat()
}

/// A value of a document is another, has another key, or is gone. Lines that are documents count as one each.
fn in_json(bytes: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    if let Ok(mut value) = serde_json::from_str::<Value>(text) {
        change(&mut value, dice, 0);
        return Some(value.to_string().into_bytes());
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let place = dice.below(lines.len());
    let line = lines.get_mut(place)?;
    let mut value: Value = serde_json::from_str(line).ok()?;
    change(&mut value, dice, 0);
    *line = value.to_string();
    Some(lines.join("\n").into_bytes())
}

fn change(value: &mut Value, dice: &mut Dice, depth: usize) {
    let goes_on = depth < 12 && dice.below(5) > 0;
    match value {
        Value::Object(object) if goes_on && !object.is_empty() => {
            let key = object.keys().nth(dice.below(object.len())).cloned().unwrap_or_default();
            match dice.below(6) {
                0 => drop(object.remove(&key)),
                1 => {
                    let moved = object.remove(&key).unwrap_or_default();
                    let name =
                        dice.of(&[String::new(), "x".repeat(3_000), format!("{key}\u{0}"), "type".into()]).clone();
                    object.insert(name, moved);
                }
                _ => change(&mut object[&key], dice, depth + 1),
            }
        }
        Value::Array(list) if goes_on && !list.is_empty() => {
            let place = dice.below(list.len());
            match dice.below(6) {
                0 => drop(list.remove(place)),
                1 => {
                    let again = vec![list[place].clone(); 1 + dice.below(50)];
                    list.splice(place..place, again);
                }
                _ => change(&mut list[place], dice, depth + 1),
            }
        }
        _ => *value = strange(dice),
    }
}

fn strange(dice: &mut Dice) -> Value {
    let nested = |depth: usize| (0..depth).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    match dice.below(12) {
        0 => Value::Null,
        1 => Value::from(0),
        2 => Value::from(-1),
        3 => Value::from(1_u64 << 31),
        4 => Value::from(u64::MAX),
        5 => Value::from(1e300),
        6 => Value::from(0.5),
        7 => Value::from(""),
        8 => Value::from("\u{0}é\u{202e}".repeat(1 + dice.below(2_000))),
        9 => Value::Array(Vec::new()),
        10 => Value::from(true),
        _ => nested(1 + dice.below(100)),
    }
}

fn in_header(bytes: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let length = u64::from_le_bytes(bytes.first_chunk::<8>().copied()?) as usize;
    let header = bytes.get(8..)?.get(..length)?;
    let changed = in_json(header.trim_ascii_end(), dice)?;
    let mut all = (changed.len() as u64).to_le_bytes().to_vec();
    all.extend(changed);
    all.extend(&bytes[8 + length..]);
    Some(all)
}

/// One member of an archive is damaged, and the archive written anew.
fn in_member(bytes: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let chosen = dice.below(archive.len());
    let mut written = ZipWriter::new(Cursor::new(Vec::new()));
    // Those of torch are not packed, and are read where they lie.
    let method = if archive.by_index(0).ok()?.compression() == CompressionMethod::Stored {
        CompressionMethod::Stored
    } else {
        CompressionMethod::Deflated
    };
    for place in 0..archive.len() {
        let mut member = archive.by_index(place).ok()?;
        let mut content = Vec::new();
        member.by_ref().take(1 << 24).read_to_end(&mut content).ok()?;
        if place == chosen {
            content = once(content, dice);
        }
        let name = member.name().ok()?.into_owned();
        written.start_file(name, SimpleFileOptions::default().compression_method(method)).ok()?;
        written.write_all(&content).ok()?;
    }
    Some(written.finish().ok()?.into_inner())
}
