//! What comes of decoding a file, and what is told of it.

use crate::table::charset::Charset;
use crate::table::readers::cut::line_end;
use crate::words::plural;

/// The text of a file, without a byte order mark. The bytes are always valid UTF-8; they are no `String` because cells
/// are cut out of them in place.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Decoded {
    pub text: Vec<u8>,
    pub encoding: &'static str,
    /// Bytes or sequences that were replaced by U+FFFD.
    pub replaced: usize,
    /// What is to be told of how it was read.
    pub notes: Vec<String>,
}

impl Decoded {
    /// What is told of a file whose cells are in UTF-8 and lie elsewhere.
    pub fn nothing() -> Self {
        Self::sure(Vec::new())
    }

    /// What was UTF-8.
    pub(super) fn sure(text: Vec<u8>) -> Self {
        Self { text, encoding: Charset::UTF_8.name(), replaced: 0, notes: Vec::new() }
    }
}

/// Bytes that `chardetng` looks at.
pub(super) const SAMPLE: usize = 1 << 20;

/// What is told of control characters that come out where an encoding is not the right one.
pub(super) fn controls(text: &str, charset: Charset) -> Option<String> {
    let is_control = |character: char| ('\u{80}'..'\u{a0}').contains(&character);
    let count = text.chars().filter(|&character| is_control(character)).count();
    let line = || line_of(text, text.find(is_control));
    (count > 0).then(|| {
        let characters = plural(count, "control character", "control characters");
        let name = charset.name();
        format!(
            "read as {name} it has {characters} that texts do not have, the first in line {}: a sign of another encoding",
            line()
        )
    })
}

/// What is told of bytes that mean nothing.
pub(super) fn lost(text: &str, charset: Charset, replaced: usize) -> Option<String> {
    let line = || line_of(text, text.find('\u{fffd}'));
    (replaced > 0).then(|| {
        let characters = plural(replaced, "character", "characters");
        let name = charset.name();
        format!("{characters} could not be decoded as {name}, the first in line {}; \u{fffd} is in their place", line())
    })
}

/// The line of a place in a text, from 1.
fn line_of(text: &str, place: Option<usize>) -> usize {
    let before = &text.as_bytes()[..place.unwrap_or(0)];
    let (mut at, mut line) = (0, 1);
    while let Some(end) = before[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
        at += end;
        at += line_end(before, at);
        line += 1;
    }
    line
}
