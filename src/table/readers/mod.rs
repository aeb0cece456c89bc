//! One file → [`Table`], recognised by its content: the encoding, the format, the delimiter, and whether the first row
//! names the columns. A row that cannot be read is listed with its line and the reason; none is dropped in silence.
//!
//! A file is read into memory once. Delimited text is then cut into cells in place, so that a table costs what its file
//! does.

mod builder;
mod classes;
mod columnar;
mod conll;
mod counting;
mod cut;
mod delimited;
mod documents;
mod elements;
mod encoding;
mod finish;
mod head;
mod html;
mod json;
mod label_studio;
mod lines;
mod lists;
mod marks;
mod names;
mod objects;
mod prose;
mod sentences;
mod settled;
mod sheet;
mod sniff;
mod spacy;
mod span_cells;
mod spans;
mod squad;
mod token_spans;
mod tree;
mod unpack;

use std::borrow::Cow;
use std::io::{Read, Seek};
use std::path::Path;

pub use lines::{Lines, lines};
pub use names::{is_number, plain_name};

use self::unpack::Packing;
use super::{ReadError, Table};
use crate::files;
use crate::json::without_nan;
use crate::stop::Heeded;
use crate::table::Format;

impl Table {
    /// Reads a file, recognising format, delimiter and encoding by content.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        read(path)
    }

    /// Reads a file that is in memory already, such as one inside the program; the path is its name in messages.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, ReadError> {
        read_bytes(path, bytes)
    }
}

/// Reads a file as a table.
pub fn read(path: &Path) -> Result<Table, ReadError> {
    if path.is_dir() {
        return Err(ReadError::Folder { path: path.to_path_buf() });
    }
    let cannot_read = |source| ReadError::Read { path: path.to_path_buf(), source };
    let length = files::length(path).map_err(cannot_read)?;
    let mut file = std::fs::File::open(path).map_err(cannot_read)?;
    if length > unpack::SIZE_LIMIT {
        return Err(ReadError::TooLarge { path: path.to_path_buf(), limit: unpack::size(unpack::SIZE_LIMIT) });
    }
    let mut head = [0; 8];
    let filled = file.read(&mut head).map_err(cannot_read)?;
    file.rewind().map_err(cannot_read)?;
    if columnar::is_parquet(&head) {
        return columnar::open(path, &file);
    }
    if sheet::is_container(&head) {
        return sheet::read(path, file);
    }
    if let Some(packing) = Packing::of(&head[..filled]) {
        return read_unpacked(path, unpack::all(path, packing, file)?);
    }
    let mut bytes = Vec::with_capacity(length as usize);
    Heeded(file).take(unpack::SIZE_LIMIT).read_to_end(&mut bytes).map_err(cannot_read)?;
    read_unpacked(path, bytes)
}

/// Reads a file that is in memory already. The path is only for messages, and where prose could be a table for the name.
pub fn read_bytes(path: &Path, bytes: Vec<u8>) -> Result<Table, ReadError> {
    match Packing::of(&bytes) {
        Some(packing) => read_unpacked(path, unpack::all(path, packing, std::io::Cursor::new(bytes))?),
        None => read_unpacked(path, bytes),
    }
}

/// What is packed twice is not unpacked twice: such a file may have no end.
fn read_unpacked(path: &Path, bytes: Vec<u8>) -> Result<Table, ReadError> {
    if columnar::is_parquet(&bytes) {
        return columnar::read_bytes(path, &bytes);
    }
    if sheet::is_container(&bytes) {
        return sheet::read(path, std::io::Cursor::new(bytes));
    }
    if let Some((what, advice)) = encoding::not_text(&bytes) {
        return Err(ReadError::NotText { path: path.to_path_buf(), what, advice });
    }
    let mut decoded = encoding::decode(bytes);
    if decoded.text.iter().all(u8::is_ascii_whitespace) {
        return Err(ReadError::Empty { path: path.to_path_buf() });
    }
    if decoded.text.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"{[(".contains(byte)) {
        // A gap in a table costs one cell and not its row.
        if let Cow::Owned(filled) = without_nan(&decoded.text) {
            decoded.text = filled;
        }
    }
    if json::is_json(&decoded.text) {
        return json::read(path, &decoded);
    }
    let layout = match std::str::from_utf8(&decoded.text) {
        Ok(text) => {
            // A table of lists of words and tags looks like one long sentence, but is called a table.
            let one_block = !text.contains("\n\n") && !text.contains("\n\r\n");
            let shape = conll::shape(text).filter(|_| !(one_block && prose::is_called_a_table(path)));
            if let Some(shape) = shape {
                return conll::read(path, &decoded, text, &shape);
            }
            let layout = sniff::layout(&decoded.text);
            if prose::is_prose(path, &decoded.text, &layout) {
                return prose::read(path, &decoded, text);
            }
            layout
        }
        // Unreachable: what was decoded is UTF-8.
        Err(_) => sniff::layout(&decoded.text),
    };
    delimited::read(path, decoded, &layout)
}

/// As much of a file as tells whether it is prose.
const HEAD: usize = 1 << 20;

/// Whether reading it whole would take a file for plain text, by its beginning alone, so that a text of any size can
/// be streamed and is never in memory as a whole.
pub fn is_plain_text(path: &Path) -> Result<bool, ReadError> {
    if path.is_dir() {
        return Err(ReadError::Folder { path: path.to_path_buf() });
    }
    let mut head = String::new();
    for line in lines(path)? {
        // What cannot be read as lines is not plain text; reading it as a table says what it is.
        let Ok((_, line)) = line else { return Ok(false) };
        head.push_str(&line);
        head.push('\n');
        if head.len() >= HEAD {
            break;
        }
    }
    Ok(read_bytes(path, head.into_bytes()).is_ok_and(|table| table.format == Format::PlainText))
}

#[cfg(test)]
mod tests;
