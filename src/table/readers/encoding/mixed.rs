//! UTF-8 with lines in it that are none: files of two encodings that were put together, and texts that were cut within a
//! character. Each line is for itself what it is. In a line with more whole characters than broken ones the broken ones are
//! damage and become U+FFFD; the other lines are in another encoding, which is guessed for all of them.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::decoded::{Decoded, SAMPLE, lost};
use super::guess::guess;
use crate::table::charset::Charset;
use crate::table::readers::cut::lines_of;
use crate::words::{noun, plural};

/// What a line with bytes beyond ASCII is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Ascii,
    /// UTF-8, with so many characters beyond ASCII.
    Whole(usize),
    /// UTF-8 in which some characters are broken.
    Damaged,
    Strange,
}

/// Whether bytes are UTF-8 but for some lines. A line of another encoding is UTF-8 by chance where it has a character or
/// two beyond ASCII, and hardly ever where it has three.
pub(super) fn is_utf_8(bytes: &[u8]) -> bool {
    let (mut whole, mut plainly, mut strange) = (0_usize, 0_usize, 0_usize);
    let leads = leads(bytes);
    for (_, line) in lines_of(bytes) {
        match what_is(&bytes[line], &leads) {
            Line::Ascii => {}
            Line::Whole(characters) => {
                whole += 1;
                plainly += usize::from(characters > 2);
            }
            Line::Damaged => {
                whole += 1;
                plainly += 1;
            }
            Line::Strange => strange += 1,
        }
    }
    let all = whole + strange;
    whole > 0 && (plainly * 50 >= all.max(1) && plainly > 0 || whole * 5 >= all)
}

/// Decodes UTF-8 with lines that are none.
pub(super) fn decode(bytes: &[u8]) -> Decoded {
    let leads = leads(bytes);
    let mut sample = Vec::new();
    let mut strange = Vec::new();
    let mut all = 0;
    for (number, line) in lines_of(bytes) {
        all = number;
        if what_is(&bytes[line.clone()], &leads) == Line::Strange {
            strange.push(number);
            if sample.len() < SAMPLE {
                sample.extend_from_slice(&bytes[line]);
                sample.push(b'\n');
            }
        }
    }
    let found = (!strange.is_empty()).then(|| guess(&sample, 0)).filter(|found| shows(found.charset, &sample));
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 16);
    let (mut replaced, mut at, mut next) = (0, 0, strange.iter().peekable());
    for (number, line) in lines_of(bytes) {
        let charset = match (next.next_if(|strange| **strange == number), &found) {
            (Some(_), Some(found)) => found.charset,
            _ => continue,
        };
        replaced += Charset::UTF_8.decoder().decode(&bytes[at..line.start], true, &mut text);
        replaced += charset.decoder().decode(&bytes[line.clone()], true, &mut text);
        at = line.end;
    }
    replaced += Charset::UTF_8.decoder().decode(&bytes[at..], true, &mut text);
    let encoding = found.as_ref().map_or(Charset::UTF_8.name(), |found| beside_utf_8(found.charset.name()));
    let mut notes = Vec::new();
    if let Some(found) = found {
        let (of, are) = (plural(all, "line", "lines"), noun(strange.len(), "is", "are"));
        let which = named(&strange);
        notes.push(format!(
            "{} of {of} ({which}) {are} not UTF-8 as the others are, and {are} read as {}",
            strange.len(),
            found.words()
        ));
    }
    notes.extend(lost(&text, Charset::UTF_8, replaced));
    Decoded { text: text.into_bytes(), encoding, replaced, notes }
}

/// The name of an encoding beside UTF-8. There are few encodings, and the name of each is made once.
fn beside_utf_8(name: &'static str) -> &'static str {
    static NAMES: Mutex<BTreeMap<&str, &str>> = Mutex::new(BTreeMap::new());
    let Ok(mut names) = NAMES.lock() else { return Charset::UTF_8.name() };
    names.entry(name).or_insert_with(|| format!("{} + {name}", Charset::UTF_8.name()).leak())
}

/// Whether anything beyond ASCII can be seen of a text in an encoding: what cannot is damage in any.
fn shows(charset: Charset, sample: &[u8]) -> bool {
    let mut text = String::new();
    charset.decoder().decode(sample, true, &mut text);
    text.chars().any(|character| {
        !character.is_ascii()
            && !character.is_whitespace()
            && !character.is_control()
            && character != char::REPLACEMENT_CHARACTER
    })
}

/// The first of some lines by their numbers.
fn named(lines: &[usize]) -> String {
    const NAMED: usize = 5;
    let mut named: Vec<String> = lines.iter().take(NAMED).map(ToString::to_string).collect();
    if lines.len() > NAMED {
        named.push(format!("{} more", lines.len() - NAMED));
    }
    let last = named.pop().unwrap_or_default();
    if named.is_empty() { last } else { format!("{} and {last}", named.join(", ")) }
}

/// The bytes that begin the whole characters of the text.
fn leads(bytes: &[u8]) -> [bool; 256] {
    let mut leads = [false; 256];
    for chunk in bytes.utf8_chunks() {
        chunk.valid().bytes().filter(|byte| *byte >= 0xC2).for_each(|byte| leads[usize::from(byte)] = true);
    }
    leads
}

fn what_is(line: &[u8], leads: &[bool; 256]) -> Line {
    if line.is_ascii() {
        return Line::Ascii;
    }
    let (mut characters, mut broken, mut cut) = (0, 0, 0);
    let mut chunks = line.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        characters += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        let Some(lead) = chunk.invalid().first() else { continue };
        broken += 1;
        // A text that ends within a character has the first of its bytes, and no word goes on behind it.
        let behind = chunks.peek().and_then(|next| next.valid().chars().next());
        let ends = behind.is_none_or(|behind| !behind.is_alphanumeric());
        cut += usize::from(leads[usize::from(*lead)] && ends);
    }
    if broken == 0 {
        Line::Whole(characters)
    } else if characters > broken || cut == broken {
        Line::Damaged
    } else {
        Line::Strange
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode;
    use encoding_rs::{GBK, WINDOWS_1251, WINDOWS_1252};

    fn check(bytes: Vec<u8>, expected: &str, note: &str) {
        let decoded = decode(bytes, None);
        assert_eq!(String::from_utf8(decoded.text).unwrap(), expected);
        let notes = decoded.notes.join("\n");
        assert!(notes.contains(note), "{notes}");
        assert_eq!(decoded.notes.is_empty(), note.is_empty(), "{notes}");
    }

    #[test]
    fn files_of_two_encodings_are_read_line_by_line() {
        let head = "text,label\nLe café était très agréable,gut\nplain\n";
        let more = "déjà vu à côté,gut\nplain\nsœur et naïveté,gut\n";
        let (western, ..) = WINDOWS_1252.encode(more);
        let bytes = [head.as_bytes(), &western].concat();
        assert_eq!(decode(bytes.clone(), None).encoding, "UTF-8 + windows-1252");
        check(
            bytes,
            &format!("{head}{more}"),
            "2 of 6 lines (4 and 6) are not UTF-8 as the others are, and are read as windows-1252",
        );
        let russian = "Этот фильм понравился всей семье\n".repeat(9);
        let (old, ..) = WINDOWS_1251.encode(&russian);
        let bytes = ["Очень хорошо\n".repeat(5).as_bytes(), &old].concat();
        let expected = format!("{}{russian}", "Очень хорошо\n".repeat(5));
        check(bytes, &expected, "9 of 14 lines (6, 7, 8, 9, 10 and 4 more) are not UTF-8");
        // A mark says what the file is, whatever stands in it.
        let bytes = [b"\xEF\xBB\xBFa,b\n".as_slice(), &western].concat();
        check(bytes, &format!("a,b\n{more}"), "2 of 4 lines (2 and 4)");
    }

    #[test]
    fn characters_that_were_cut_are_damage() {
        let text = "Le café était très agréable\n".repeat(3);
        let bytes = [text.as_bytes(), b"Le march\xC3\n", text.as_bytes(), b"fini\xE2\x80"].concat();
        let text = format!("{text}Le march\u{fffd}\n{text}fini\u{fffd}");
        // The lead of three bytes stands nowhere else, but two of them are no letters.
        let decoded = decode(bytes, None);
        assert!(String::from_utf8(decoded.text).unwrap().starts_with(&text[..text.len() - 3]));
    }

    #[test]
    fn chance_makes_no_utf_8() {
        // Two characters of GBK that are one or two of UTF-8.
        let text = "联通\n我在北京大学读书，觉得很有意思\n今天天气很好，我们去公园\n他说没有问题\n".repeat(3);
        let (bytes, ..) = GBK.encode(&text);
        assert_eq!(decode(bytes.to_vec(), None).encoding, "GBK");
    }
}
