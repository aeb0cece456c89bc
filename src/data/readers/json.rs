//! JSON objects → table: one object a line, or the elements of an array. The columns are the keys in the order in which
//! they first appear; an absent key and `null` are empty cells; an array or object inside a cell is kept as compact
//! JSON. An object that cannot be read is listed with its line.

use std::path::Path;

use serde_json::Value;

use super::delimited::line_end;
use super::encoding::Decoded;
use super::objects::Rows;
use crate::data::error::shorten;
use crate::data::{DataError, RowProblem, Table};

/// Whether a file is JSON: it begins with an object or an array, and not only with a bracket.
pub(super) fn is_json(text: &[u8]) -> bool {
    let start = text.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(text.len());
    let text = &text[start..];
    let after = text.iter().skip(1).find(|byte| !byte.is_ascii_whitespace());
    match text.first() {
        Some(b'{') => matches!(after, Some(b'"' | b'}')),
        Some(b'[') => matches!(after, Some(b'{' | b']')),
        _ => false,
    }
}

pub(super) fn read(path: &Path, decoded: &Decoded) -> Result<Table, DataError> {
    let text = std::str::from_utf8(&decoded.text).map_err(|source| DataError::Read {
        path: path.to_path_buf(),
        source: std::io::Error::new(std::io::ErrorKind::InvalidData, source),
    })?;
    let mut rows = Rows::default();
    if text.trim_start().starts_with('[') {
        elements(text, &mut rows);
    } else {
        if let Some(reason) = one_document(text) {
            return Err(DataError::JsonShape { path: path.to_path_buf(), reason });
        }
        lines(text, &mut rows);
    }
    super::finish(rows.into_table(path, decoded))
}

/// One object a line.
fn lines(text: &str, rows: &mut Rows) {
    let bytes = text.as_bytes();
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let end = bytes[at..].iter().position(|&byte| matches!(byte, b'\n' | b'\r')).map_or(bytes.len(), |n| at + n);
        rows.add(&text[at..end], line);
        at = end + line_end(bytes, end);
        line += 1;
    }
}

/// A single object over several lines is a document of another kind; says which keys it has.
fn one_document(text: &str) -> Option<String> {
    let first_line = text.trim_start().lines().next().unwrap_or_default();
    if serde_json::from_str::<Value>(first_line).is_ok_and(|value| !value.get("data").is_some_and(Value::is_array)) {
        return None;
    }
    let Ok(Value::Object(object)) = serde_json::from_str(text) else { return None };
    let keys: Vec<&str> = object.keys().take(5).map(String::as_str).collect();
    Some(format!("its keys are {}", shorten(&keys.join(", "), 80)))
}

/// The elements of a top-level array. Their ends are found by counting brackets outside strings, so that one broken
/// element does not take the others with it.
fn elements(text: &str, rows: &mut Rows) {
    let bytes = text.as_bytes();
    let (mut line, mut start_line) = (1, 1);
    let (mut depth, mut start) = (0_usize, None);
    let mut in_string = false;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let width = line_end(bytes, at);
        if width > 0 {
            line += 1;
            at += width;
            continue;
        }
        if start.is_none() && depth == 1 && !matches!(byte, b' ' | b'\t' | b',' | b']') {
            (start, start_line) = (Some(at), line);
        }
        match byte {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        let closes = depth == 1 && matches!(byte, b'}' | b']') && !in_string;
        let separates = depth == 1 && byte == b',' && !in_string;
        let ends = depth == 0;
        if let Some(from) = start.filter(|_| closes || separates || ends) {
            let to = if closes { at + 1 } else { at };
            rows.add(&text[from..to], start_line);
            start = None;
        }
        if ends {
            break;
        }
        at += 1;
    }
    if let Some(from) = start {
        rows.problems.push(RowProblem {
            line: start_line,
            reason: format!("begins an object that is never closed: {}", shorten(&text[from..], 40)),
        });
    }
}
