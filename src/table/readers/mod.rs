//! Files → [`Table`], each recognised by its content: the encoding, the format, the delimiter, and whether the first row
//! names the columns. A row that cannot be read is listed with its line and the reason; none is dropped in silence.
//! Which files are meant was found before ([`crate::table::find`]); several become one at the end (`several.rs`).
//!
//! A file is read into memory once. Delimited text is then cut into cells in place, so that a table costs what its file
//! does.

mod above;
mod archive;
mod argilla;
mod arrow;
mod beside;
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
mod fasttext;
mod features;
mod finish;
mod foreign;
mod formulas;
mod head;
mod html;
mod inline_tags;
mod json;
mod label_studio;
mod lines;
mod lists;
mod marks;
mod moments;
mod names;
mod objects;
mod ontonotes;
mod printed;
mod prose;
mod rasa;
mod sentences;
mod settled;
mod several;
mod sheet;
mod sniff;
mod spacy;
mod span_cells;
mod spans;
mod squad;
mod tag_first;
mod texts;
mod tidied;
mod token_spans;
mod tree;
mod unpack;
mod webanno;

use std::borrow::Cow;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

pub use encoding::note_beside_choice;
pub use html::{has_entity, without_entities};
pub use lines::{Lines, lines};
pub use names::{is_number, plain_name};

use self::archive::Archive;
use self::several::Piece;
use self::unpack::Packing;
use super::find::{Layout, Part, Unit, find};
use super::{Charset, Format, Inputs, ReadError, Table};
use crate::files;
use crate::json::without_nan;
use crate::stop::Heeded;

impl Table {
    /// Reads what a path names to learn from: a file, a folder or a pattern.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        Self::open_inputs(&path.into(), Part::Learn)
    }

    /// Reads all that is named as one table, recognising format, delimiter and encoding of each file by content.
    pub fn open_inputs(inputs: &Inputs, part: Part) -> Result<Self, ReadError> {
        let found = find(inputs, part)?;
        let mut notes = found.notes;
        let mut pieces: Vec<Piece> = Vec::new();
        let mut empty = None;
        for unit in &found.units {
            match read_unit(unit, part, inputs.charset(), pieces.first().map(|first| &first.table), &mut notes) {
                Ok(more) => pieces.extend(more),
                Err(error) if is_nothing(&error) => {
                    notes.push(error.to_string());
                    empty.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(error) = empty.filter(|_| pieces.is_empty()) {
            return Err(error);
        }
        let mut table = several::join(inputs, pieces, notes)?;
        let names = inputs.one().map(|path| beside::heed(&mut table, path)).unwrap_or_default();
        table.notes.extend(names);
        if let Some(held_out) = found.held_out {
            propose(&mut table, held_out.read_as(inputs.charset()));
        }
        Ok(table)
    }

    /// Reads a file that is in memory already, such as one inside the program; the path is its name in messages.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, ReadError> {
        read_bytes(path, bytes)
    }
}

/// Whether a file has no rows, as one of several may.
fn is_nothing(error: &ReadError) -> bool {
    matches!(error, ReadError::Empty { .. } | ReadError::NoRows { .. })
}

/// What lies beside to evaluate on, if it can be used for that.
fn propose(table: &mut Table, held_out: Inputs) {
    let reason = match Table::open_inputs(&held_out, Part::All) {
        Ok(judged) => several::can_judge(table, &judged).err().map(|reason| format!("which {reason}")),
        Err(error) => Some(format!("which cannot be read: {error}")),
    };
    match reason {
        Some(reason) => table.notes.push(format!("it is not evaluated on {:?}, {reason}", held_out.title())),
        None => table.origins.held_out = Some(held_out),
    }
}

fn read_unit(
    unit: &Unit,
    part: Part,
    told: Option<Charset>,
    first: Option<&Table>,
    notes: &mut Vec<String>,
) -> Result<Vec<Piece>, ReadError> {
    match unit {
        Unit::File(path) => {
            if let Some(archive) = archive_at(path)? {
                return read_archive(path, archive, part, told, notes);
            }
            let table = like(first, read(path, told), || headless(path, texts::content(path)?, told))?;
            Ok(vec![Piece { table, path: path.clone(), inside: None }])
        }
        Unit::Part { path, name } => Ok(vec![read_part(path, name, told)?]),
        Unit::Texts { root, layout, names } => {
            let fetch = &mut |name: &str| texts::content(&root.join(name));
            let mut table = read_texts(root, *layout, names, told, fetch)?;
            table.origins.files = texts::origins(root, &table);
            Ok(vec![Piece { table, path: root.clone(), inside: None }])
        }
        Unit::Saved { root, names } => {
            let piece = |name: &String| {
                let path = root.join(name);
                Ok(Piece { table: read(&path, told)?, path, inside: None })
            };
            names.iter().map(piece).collect()
        }
    }
}

fn read_texts(
    root: &Path,
    layout: Layout,
    names: &[String],
    told: Option<Charset>,
    fetch: texts::Fetch<'_>,
) -> Result<Table, ReadError> {
    if layout == Layout::Notes {
        texts::read_brat(root, names, told, fetch)
    } else {
        texts::read_classes(root, names, told, fetch)
    }
}

/// Reads a sheet of a workbook or a file in an archive.
fn read_part(path: &Path, name: &str, told: Option<Charset>) -> Result<Piece, ReadError> {
    let path = path.to_owned();
    if let Some(mut archive) = archive_at(&path)? {
        let name = archive.named(name)?;
        let table = read_unpacked(&path.join(&name), archive.content(&name)?, told)?;
        return Ok(Piece { table, path, inside: Some(name) });
    }
    let cannot_read = |source| ReadError::Read { path: path.clone(), source };
    let mut file = files::open(&path).map_err(cannot_read)?;
    let mut head = [0; 8];
    let filled = file.read(&mut head).map_err(cannot_read)?;
    file.rewind().map_err(cannot_read)?;
    if !sheet::is_container(&head[..filled]) {
        let reason =
            format!("has no part {name:?}, as it is neither a workbook nor a zip archive; name the file alone");
        return Err(ReadError::Folder { path, reason });
    }
    Ok(Piece { table: sheet::read(&path, file, Some(name))?, path, inside: None })
}

/// A zip archive of data files, where the file is one.
fn archive_at(path: &Path) -> Result<Option<Archive>, ReadError> {
    let cannot_read = |source| ReadError::Read { path: path.to_path_buf(), source };
    let mut file = files::open(path).map_err(cannot_read)?;
    let mut head = [0; 8];
    let filled = file.read(&mut head).map_err(cannot_read)?;
    if !head[..filled].starts_with(b"PK\x03\x04") {
        return Ok(None);
    }
    Archive::open(path, &file).map_err(cannot_read)
}

fn read_archive(
    path: &Path,
    mut archive: Archive,
    part: Part,
    told: Option<Charset>,
    notes: &mut Vec<String>,
) -> Result<Vec<Piece>, ReadError> {
    let (chosen, names) = archive.choose(part)?;
    notes.extend(chosen.notes);
    if !chosen.held_out.is_empty() {
        notes.push("what is to evaluate on lies in the same file; unpack the archive to use it".to_owned());
    }
    let read: Vec<String> = chosen.read.iter().map(|place| names[*place].clone()).collect();
    if chosen.layout != Layout::Rows {
        let table = read_texts(path, chosen.layout, &read, told, &mut |name| archive.content(name))?;
        return Ok(vec![Piece { table, path: path.to_owned(), inside: None }]);
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for name in read {
        let place = path.join(&name);
        let bytes = archive.content(&name)?;
        let first = pieces.first().map(|first| &first.table);
        match like(first, read_unpacked(&place, bytes, told), || headless(&place, archive.content(&name)?, told)) {
            Ok(table) => pieces.push(Piece { table, path: path.to_owned(), inside: Some(name) }),
            Err(error) if is_nothing(&error) && chosen.read.len() > 1 => notes.push(error.to_string()),
            Err(error) => return Err(error),
        }
    }
    if pieces.is_empty() { Err(ReadError::Empty { path: path.to_path_buf() }) } else { Ok(pieces) }
}

/// A table of several, of which the first alone may have a head: where another seems to have one of its own, with as many
/// columns, none of the names, and a value in it that the first has in its rows, that is a row of data.
fn like(
    first: Option<&Table>,
    read: Result<Table, ReadError>,
    headless: impl FnOnce() -> Result<Table, ReadError>,
) -> Result<Table, ReadError> {
    let Some(first) = first.filter(|first| matches!(first.format, Format::Delimited { .. })) else { return read };
    let is_strange = match &read {
        Ok(table) => {
            matches!(table.format, Format::Delimited { .. })
                && table.columns.len() == first.columns.len()
                && !several::is_unnamed(&table.columns)
                && !table.columns.iter().any(|column| first.columns.contains(column))
        }
        Err(error) => matches!(error, ReadError::NoRows { .. }),
    };
    if !is_strange {
        return read;
    }
    // A value that stands in the same column of the first file is none of a head.
    let comes_again = |table: &Table, place: usize| {
        let value = table.cell(0, place);
        !value.trim().is_empty() && (0..first.rows()).any(|row| first.cell(row, place) == value)
    };
    match headless() {
        Ok(table)
            if table.columns.len() == first.columns.len()
                && (0..table.columns.len()).any(|place| comes_again(&table, place)) =>
        {
            Ok(table)
        }
        _ => read,
    }
}

/// Reads delimited text of which every row is one of data.
fn headless(path: &Path, bytes: Vec<u8>, told: Option<Charset>) -> Result<Table, ReadError> {
    let decoded = encoding::decode(bytes, told);
    let layout = sniff::layout_without_head(&decoded.text);
    delimited::read(path, decoded, &layout)
}

/// Reads a file as a table, in the encoding that is told or in the one that is recognised.
fn read(path: &Path, told: Option<Charset>) -> Result<Table, ReadError> {
    let cannot_read = |source| ReadError::Read { path: path.to_path_buf(), source };
    let length = files::length(path).map_err(cannot_read)?;
    let mut file = files::open(path).map_err(cannot_read)?;
    if length > unpack::SIZE_LIMIT {
        return Err(ReadError::TooLarge { path: path.to_path_buf(), limit: unpack::size(unpack::SIZE_LIMIT) });
    }
    let mut head = [0; 8];
    let filled = file.read(&mut head).map_err(cannot_read)?;
    file.rewind().map_err(cannot_read)?;
    if columnar::is_parquet(&head) {
        return columnar::read(path, &file);
    }
    if sheet::is_container(&head) {
        return sheet::read(path, file, None);
    }
    if let Some(packing) = Packing::of(&head[..filled]) {
        return read_unpacked(path, unpack::all(path, packing, file)?, told);
    }
    let mut bytes = Vec::with_capacity(length as usize);
    Heeded(file).take(unpack::SIZE_LIMIT).read_to_end(&mut bytes).map_err(cannot_read)?;
    read_unpacked(path, bytes, told)
}

/// Reads a file that is in memory already. The path is only for messages, and where prose could be a table for the name.
pub fn read_bytes(path: &Path, bytes: Vec<u8>) -> Result<Table, ReadError> {
    match Packing::of(&bytes) {
        Some(packing) => read_unpacked(path, unpack::all(path, packing, std::io::Cursor::new(bytes))?, None),
        None => read_unpacked(path, bytes, None),
    }
}

/// What is packed twice is not unpacked twice: such a file may have no end.
fn read_unpacked(path: &Path, bytes: Vec<u8>, told: Option<Charset>) -> Result<Table, ReadError> {
    if columnar::is_parquet(&bytes) {
        return columnar::read_bytes(path, &bytes);
    }
    if sheet::is_container(&bytes) {
        return sheet::read(path, std::io::Cursor::new(bytes), None);
    }
    if arrow::is_arrow(&bytes) {
        return arrow::read(path, &bytes);
    }
    if let Some((what, advice)) = encoding::not_text(&bytes) {
        return Err(ReadError::NotText { path: path.to_path_buf(), what, advice });
    }
    let mut decoded = encoding::decode(bytes, told);
    if decoded.text.iter().all(u8::is_ascii_whitespace) {
        return Err(ReadError::Empty { path: path.to_path_buf() });
    }
    match std::str::from_utf8(&decoded.text).ok().and_then(printed::table) {
        Some(Err((what, advice))) => return Err(ReadError::NotText { path: path.to_path_buf(), what, advice }),
        Some(Ok(table)) => {
            decoded.text = table.text.into_bytes();
            decoded.notes.extend(table.note);
            let layout = sniff::layout_under_head(&decoded.text);
            return delimited::read(path, decoded, &layout);
        }
        None => {}
    }
    if let Some(tidied) = std::str::from_utf8(&decoded.text).ok().and_then(tidied::tidied) {
        decoded.text = tidied.text.into_bytes();
        decoded.notes.extend(tidied.note);
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
    decoded.notes.extend(foreign::source(path));
    let layout = match std::str::from_utf8(&decoded.text) {
        Ok(text) => {
            if let Some(table) = of_its_own_kind(path, &decoded, text) {
                return table;
            }
            if let Some((what, advice)) = foreign::known(path, text) {
                return Err(ReadError::NotText { path: path.to_path_buf(), what, advice });
            }
            if let Some(order) = tag_first::order(text) {
                let text = tag_first::rewritten(text, order);
                if let Some(shape) = conll::shape(&text) {
                    let mut table = conll::read(path, &decoded, &text, &shape)?;
                    table.notes.extend(order.note());
                    return Ok(table);
                }
            }
            // A table of lists of words and tags looks like one long sentence, but is called a table.
            let one_block = !text.contains("\n\n") && !text.contains("\n\r\n");
            let shape = conll::shape(text).filter(|_| !(one_block && prose::is_called_a_table(path)));
            if let Some(shape) = shape {
                return conll::read(path, &decoded, text, &shape);
            }
            let layout = sniff::layout(&decoded.text);
            let is_prose = prose::is_prose(path, &decoded.text, &layout);
            if (is_prose || layout.dialect.delimiter == b'\n')
                && let Some((what, advice)) = printed::aligned(text)
            {
                return Err(ReadError::NotText { path: path.to_path_buf(), what, advice });
            }
            if is_prose {
                return prose::read(path, &decoded, text);
            }
            layout
        }
        // Unreachable: what was decoded is UTF-8.
        Err(_) => sniff::layout(&decoded.text),
    };
    delimited::read(path, decoded, &layout)
}

/// Reads a text of a kind that its own lines name.
fn of_its_own_kind(path: &Path, decoded: &encoding::Decoded, text: &str) -> Option<Result<Table, ReadError>> {
    if rasa::is_one(text) {
        return Some(rasa::read(path, decoded, text));
    }
    if webanno::is_one(text) {
        return Some(webanno::read(path, decoded, text));
    }
    if ontonotes::is_one(text) {
        return Some(ontonotes::read(path, decoded, text));
    }
    if fasttext::is_labelled(text) {
        return Some(fasttext::read(path, decoded, text));
    }
    let text = if prose::is_called_a_table(path) { inline_tags::unquoted(text) } else { Cow::Borrowed(text) };
    let shape = inline_tags::shape(&text)?;
    Some(inline_tags::read(path, decoded, &text, shape))
}

/// Plain text, which is streamed and never in memory as a whole.
#[derive(Clone, Debug)]
pub struct PlainText {
    pub files: Vec<PathBuf>,
    pub notes: Vec<String>,
    pub held_out: Option<Inputs>,
    /// The encoding of all files, where it is named.
    told: Option<Charset>,
}

impl PlainText {
    /// What was named, where all of it is plain text.
    pub fn of(inputs: &Inputs) -> Result<Option<Self>, ReadError> {
        // Who names thousands of files means the same with each.
        const ASKED: usize = 16;
        let found = find(inputs, Part::Learn)?;
        let (mut files, told) = (Vec::new(), inputs.charset());
        let mut notes = found.notes;
        for unit in found.units {
            match unit {
                Unit::File(path) if files.len() >= ASKED => files.push(path),
                Unit::File(path) => match plain_text(&path, told)? {
                    Some(prose) => {
                        let name = files::name(&path);
                        notes.extend(prose.0.map(|note| format!("{name}: {note}")));
                        files.push(path);
                    }
                    None => return Ok(None),
                },
                _ => return Ok(None),
            }
        }
        if files.len() > 1 {
            notes.push(format!("{} files are read as one text, one after the other", files.len()));
        }
        let held_out = found.held_out.map(|held_out| held_out.read_as(told));
        Ok(Some(Self { files, notes, held_out, told }))
    }

    /// The lines of all files, with an empty one between two of them.
    pub fn lines(&self) -> impl Iterator<Item = Result<(usize, String), ReadError>> + use<'_> {
        self.files.iter().enumerate().flat_map(|(place, path)| {
            let between = (place > 0).then(|| Ok((0, String::new())));
            let (lines, error) = match lines(path, self.told) {
                Ok(lines) => (Some(lines), None),
                Err(error) => (None, Some(Err(error))),
            };
            between.into_iter().chain(error).chain(lines.into_iter().flatten())
        })
    }
}

/// A file of plain text, with what is to be told of its encoding.
struct Prose(Option<String>);

/// Whether a file is plain text, by its beginning alone, so that a text of any size is never in memory as a whole.
fn plain_text(path: &Path, told: Option<Charset>) -> Result<Option<Prose>, ReadError> {
    const HEAD: usize = 1 << 20;
    let mut head = String::new();
    let mut lines = match lines(path, told) {
        Ok(lines) => lines,
        Err(ReadError::NotText { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    for line in lines.by_ref() {
        // What cannot be read as lines is not plain text; reading it as a table says what it is.
        let Ok((_, line)) = line else { return Ok(None) };
        head.push_str(&line);
        head.push('\n');
        if head.len() >= HEAD {
            break;
        }
    }
    let is_one = read_bytes(path, head.into_bytes()).is_ok_and(|table| table.format == Format::PlainText);
    Ok(is_one.then(|| Prose(lines.note().map(str::to_owned))))
}

#[cfg(test)]
mod tests;
