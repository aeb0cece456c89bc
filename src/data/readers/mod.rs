//! One file → [`Table`], recognised by its content: the encoding, the format, the delimiter, and whether the first row
//! names the columns. A row that cannot be read is listed with its line and the reason; none is dropped in silence.
//!
//! A file is read into memory once. Delimited text is then cut into cells in place, so that a table costs what its file
//! does.

mod delimited;
mod encoding;
mod json;
mod objects;
mod sniff;

use std::path::Path;

pub(super) use sniff::{is_number, plain_name};

use super::error::name_list;
use super::{DataError, Table};

/// Reads a file as a table.
pub fn read(path: &Path) -> Result<Table, DataError> {
    if path.is_dir() {
        return Err(DataError::Folder { path: path.to_path_buf() });
    }
    let bytes = std::fs::read(path).map_err(|source| DataError::Read { path: path.to_path_buf(), source })?;
    read_bytes(path, bytes)
}

/// Reads a file that is in memory already. The path is only for messages.
pub fn read_bytes(path: &Path, bytes: Vec<u8>) -> Result<Table, DataError> {
    if let Some((what, advice)) = encoding::not_text(&bytes) {
        return Err(DataError::NotText { path: path.to_path_buf(), what, advice });
    }
    let decoded = encoding::decode(bytes);
    if decoded.text.iter().all(u8::is_ascii_whitespace) {
        return Err(DataError::Empty { path: path.to_path_buf() });
    }
    if json::is_json(&decoded.text) { json::read(path, &decoded) } else { delimited::read(path, decoded) }
}

/// A table without rows is an error that says why.
fn finish(table: Table) -> Result<Table, DataError> {
    if table.rows() > 0 && !table.columns.is_empty() {
        return Ok(table);
    }
    Err(match table.problems.first() {
        Some(first) => DataError::AllRowsBad {
            count: table.problems.len(),
            line: first.line,
            reason: first.reason.clone(),
            path: table.path,
        },
        None if table.columns.is_empty() => DataError::Empty { path: table.path },
        None => DataError::NoRows { columns: name_list(&table.columns), path: table.path },
    })
}
