//! Delimited bytes → rows, and where in the bytes each of their cells lies.
//!
//! A quoted field ends unread where it grows past a limit or runs into the opening quote of a later field; its row has a
//! fault, and reading goes on at the line after.

use std::ops::Range;

use crate::stop::heed;

/// What separates the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// A line feed stands for one column: every line is a cell.
    pub delimiter: u8,
    /// A field may be put in double quotes.
    pub quoted: bool,
    /// Blanks may stand before these quotes, as in `a, "b, c"`.
    pub indented: bool,
}

/// Bytes a field may have.
pub(super) const FIELD_LIMIT: usize = 16 << 20;
/// Bytes a row may have.
const ROW_LIMIT: usize = 64 << 20;

/// Where a cell lies in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub content: Range<usize>,
    /// Doubled quotes inside stand for one.
    pub doubled: bool,
    pub quoted: bool,
}

/// What one row turned out to be, besides its pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Where the next row begins.
    pub next: usize,
    /// Line ends up to there.
    pub line_ends: usize,
    pub fault: Option<Fault>,
}

/// Why a row has no cells; `line_ends` are those between the start of the row and the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Unclosed { line_ends: usize },
    TooLong,
}

/// The length of a line end at a place: 2 for CR LF, 1 for either alone, 0 for none.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => 2,
        Some(b'\n' | b'\r') => 1,
        _ => 0,
    }
}

/// The lines with their numbers from 1, without line ends.
pub(super) fn lines_of(bytes: &[u8]) -> impl Iterator<Item = (usize, Range<usize>)> + Clone {
    let (mut at, mut line) = (0, 0);
    std::iter::from_fn(move || {
        heed();
        if at >= bytes.len() {
            return None;
        }
        let length = bytes[at..].iter().position(|&byte| byte == b'\n' || byte == b'\r');
        let range = at..length.map_or(bytes.len(), |length| at + length);
        at = range.end + line_end(bytes, range.end);
        line += 1;
        Some((line, range))
    })
}

/// Reads rows one after the other. The budget bounds the work on files whose quotes are broken throughout: each
/// unclosed quote may have been followed for megabytes in vain. When it is spent, quoted fields end with their line.
pub(super) struct Rows {
    dialect: Dialect,
    budget: usize,
}

impl Rows {
    pub fn new(dialect: Dialect, file_size: usize) -> Self {
        Self { dialect, budget: (4 * file_size).max(FIELD_LIMIT) }
    }

    /// Finds the pieces of the row that begins at `start`.
    pub fn row(&mut self, bytes: &[u8], start: usize, pieces: &mut Vec<Piece>) -> Row {
        heed();
        pieces.clear();
        let mut at = start;
        let mut line_ends = 0;
        loop {
            let open = at + if self.dialect.indented { blanks(&bytes[at..], self.dialect.delimiter) } else { 0 };
            let field = if self.dialect.quoted && bytes.get(open) == Some(&b'"') {
                quoted(bytes, open, self.dialect.delimiter, self.budget.min(FIELD_LIMIT))
            } else {
                plain(bytes, at, self.dialect.delimiter)
            };
            let (piece, end) = match field {
                Field::Whole { piece, end, line_ends: inside } => {
                    line_ends += inside;
                    (piece, end)
                }
                Field::Unclosed { looked_at } => {
                    self.budget = self.budget.saturating_sub(looked_at);
                    let fault = Some(Fault::Unclosed { line_ends });
                    return Row { next: next_line(bytes, at), line_ends: line_ends + 1, fault };
                }
            };
            if piece.content.len() > FIELD_LIMIT || end - start > ROW_LIMIT {
                return Row { next: next_line(bytes, end), line_ends: line_ends + 1, fault: Some(Fault::TooLong) };
            }
            pieces.push(piece);
            let width = line_end(bytes, end);
            if width > 0 {
                return Row { next: end + width, line_ends: line_ends + 1, fault: None };
            }
            if end >= bytes.len() {
                return Row { next: end, line_ends, fault: None };
            }
            at = end + 1;
        }
    }
}

enum Field {
    /// `end` is the place of the delimiter, the line end or the end of the file.
    Whole {
        piece: Piece,
        end: usize,
        line_ends: usize,
    },
    Unclosed {
        looked_at: usize,
    },
}

/// Blanks at the start of a field.
fn blanks(field: &[u8], delimiter: u8) -> usize {
    field.iter().take_while(|byte| matches!(byte, b' ' | b'\t') && **byte != delimiter).count()
}

fn plain(bytes: &[u8], start: usize, delimiter: u8) -> Field {
    let end = bytes[start..]
        .iter()
        .position(|&byte| byte == b'\n' || byte == b'\r' || byte == delimiter)
        .map_or(bytes.len(), |length| start + length);
    Field::Whole { piece: Piece { content: start..end, doubled: false, quoted: false }, end, line_ends: 0 }
}

/// A field that begins with a quote at `open`.
fn quoted(bytes: &[u8], open: usize, delimiter: u8, limit: usize) -> Field {
    let ends_field = |byte: Option<&u8>| byte.is_none_or(|&byte| matches!(byte, b'\n' | b'\r') || byte == delimiter);
    let mut at = open + 1;
    let (mut line_ends, mut quotes, mut doubled, mut stray) = (0, 1, false, false);
    let mut delimiter_on_first_line = false;
    while at < bytes.len() && (at - open <= limit || line_ends == 0) {
        let byte = bytes[at];
        if byte == b'"' {
            quotes += 1;
            let next = bytes.get(at + 1);
            if next == Some(&b'"') {
                quotes += 1;
                doubled = true;
                at += 2;
                continue;
            }
            if ends_field(next) {
                let piece = Piece { content: open + 1..at, doubled, quoted: true };
                return Field::Whole { piece, end: at + 1, line_ends };
            }
            // A quote on a later line that neither closes the field nor is doubled was not meant for it: ours was never
            // closed. Only a text that goes on over lines, without a delimiter on the first, may have one inside.
            if line_ends > 0 && (delimiter_on_first_line || ends_field(bytes.get(at - 1))) {
                break;
            }
            stray = true;
        } else if byte == b'\n' || byte == b'\r' {
            // All quotes of the line come in pairs, but none closes the field: they are part of a text that only
            // happens to begin with one.
            if line_ends == 0 && stray && quotes % 2 == 0 {
                return plain(bytes, open, delimiter);
            }
            line_ends += 1;
            at += line_end(bytes, at) - 1;
        } else if byte == delimiter && line_ends == 0 {
            delimiter_on_first_line = true;
        }
        at += 1;
    }
    if at >= bytes.len() && line_ends == 0 && stray && quotes % 2 == 0 {
        return plain(bytes, open, delimiter);
    }
    Field::Unclosed { looked_at: at - open }
}

fn next_line(bytes: &[u8], at: usize) -> usize {
    let end = bytes[at..].iter().position(|&byte| byte == b'\n' || byte == b'\r').map_or(bytes.len(), |n| at + n);
    end + line_end(bytes, end)
}

/// A line without anything on it is no row.
pub(super) fn is_blank(pieces: &[Piece]) -> bool {
    matches!(pieces, [only] if only.content.is_empty() && !only.quoted)
}
