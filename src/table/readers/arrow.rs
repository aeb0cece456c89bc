//! Arrow's record batches → table: streams, as `save_to_disk` of the datasets library writes them, and files, which Feather
//! is too (`ARROW1`); their batches plain or packed with LZ4 or zstd. Scalars become text, lists and structs JSON, and
//! the numbers of class labels their names, as from Parquet.
//!
//! The reader is our own: what data sets use of the format (Apache Arrow columnar format 1.4, IPC) is a few hundred lines,
//! and the crates that read all of it would double the build. A length or an offset of the file is never believed; each
//! read is checked against the bytes that are there. A column of a type that data sets of texts do not use (unions, intervals, list views) is left out and
//! told.

mod array;
mod fault;
mod flat;
mod schema;
mod write;

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use self::array::{Array, Body};
use self::fault::Fault;
use self::flat::Flat;
use self::schema::{Column, Kind, Schema};
use super::builder::Builder;
use super::encoding::Decoded;
use super::features::Feature;
use super::names::unique_names;
use super::unpack::{SIZE_LIMIT, size};
use crate::stop::heed;
use crate::table::{Format, ReadError, Table};

const FILE: &[u8] = b"ARROW1\0\0";
const GOES_ON: [u8; 4] = [0xFF; 4];
const MOST_COLUMNS: usize = 32_768;
const MOST_ROWS: usize = 100_000_000;

/// Whether a file is one of these.
pub(super) fn is_arrow(head: &[u8]) -> bool {
    head.starts_with(FILE) || head.starts_with(&GOES_ON)
}

pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Table, ReadError> {
    let (rows, notes) = decode(bytes).map_err(|fault| match fault {
        Fault::TooLarge => ReadError::TooLarge { path: path.to_path_buf(), limit: size(SIZE_LIMIT) },
        Fault::Damaged(reason) => ReadError::Arrow { path: path.to_path_buf(), reason },
        Fault::Kind(reason) => ReadError::ArrowKind { path: path.to_path_buf(), reason },
    })?;
    let mut table = rows.finish(path, Format::Arrow, &Decoded::nothing())?;
    table.notes.splice(0..0, notes);
    Ok(table)
}

/// The columns of a schema alone that say how long something lasts, with how many of their units are a second.
pub(super) fn durations(message: &[u8]) -> Vec<(String, i64)> {
    let mut messages = Messages { bytes: message };
    let Ok(Some(Message::Schema(header))) = messages.next() else { return Vec::new() };
    let columns = Schema::read(&header).map(|schema| schema.columns).unwrap_or_default();
    let duration = |column: Column| match column.kind {
        Kind::Duration { per_second } => Some((column.name, per_second)),
        _ => None,
    };
    columns.into_iter().filter_map(duration).collect()
}

/// What one message of a stream holds.
enum Message<'a> {
    Schema(Flat<'a>),
    Dictionary(Flat<'a>, &'a [u8]),
    Batch(Flat<'a>, &'a [u8]),
    Other,
}

/// The messages of a stream one after the other.
struct Messages<'a> {
    bytes: &'a [u8],
}

impl<'a> Messages<'a> {
    fn next(&mut self) -> Result<Option<Message<'a>>, Fault> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let cut = "it breaks off within a message";
        let mut rest = self.bytes;
        if rest.starts_with(&GOES_ON) {
            rest = &rest[4..];
        }
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(cut)?;
        let length = usize::try_from(i32::from_le_bytes(*length)).map_err(|_negative| cut)?;
        if length == 0 {
            return Ok(None);
        }
        let (head, rest) = rest.split_at_checked(length).ok_or(cut)?;
        let message = Flat::root(head)?;
        let body = usize::try_from(message.i64(3)?).map_err(|_negative| cut)?;
        let (body, rest) = rest.split_at_checked(body).ok_or(cut)?;
        self.bytes = rest;
        let Some(header) = message.table(2)? else { return Ok(Some(Message::Other)) };
        Ok(Some(match message.u8(1)? {
            1 => Message::Schema(header),
            2 => Message::Dictionary(header, body),
            3 => Message::Batch(header, body),
            _ => Message::Other,
        }))
    }
}

fn decode(bytes: &[u8]) -> Result<(Builder, Vec<String>), Fault> {
    let mut messages = Messages { bytes: bytes.strip_prefix(FILE).unwrap_or(bytes) };
    let Some(Message::Schema(header)) = messages.next()? else { return Err("it does not begin with a schema".into()) };
    let schema = Schema::read(&header)?;
    if schema.columns.is_empty() || schema.columns.len() > MOST_COLUMNS {
        return Err(format!("it has {} columns, expected 1 to {MOST_COLUMNS}", schema.columns.len()).into());
    }
    let is_read: Vec<bool> = schema.columns.iter().map(|column| column.unread().is_none()).collect();
    let left = |column: &Column| {
        let (name, what) = (&column.name, column.unread()?);
        Some(format!("the column {name:?} is of the type {what}, which is not read here, and is left out"))
    };
    let notes: Vec<String> = schema.columns.iter().filter_map(left).collect();
    if !is_read.contains(&true) {
        return Err(Fault::Kind("none of its columns is of a type that is read here".to_owned()));
    }
    let names: Vec<String> =
        schema.columns.iter().filter(|column| column.unread().is_none()).map(|column| column.name.clone()).collect();
    let features = Feature::of_file(schema.features.as_deref(), &names);
    let mut rows = Builder::new(unique_names(&names));
    let mut dictionaries = Dictionaries::default();
    let mut count = 0;
    while let Some(message) = messages.next()? {
        heed();
        match message {
            Message::Batch(header, body) => {
                let arrays = arrays(&schema.columns, &header, body, &dictionaries)?;
                let arrays: Vec<Array<'_>> =
                    arrays.into_iter().zip(&is_read).filter(|(_, is_read)| **is_read).map(|(array, _)| array).collect();
                add(&mut rows, &arrays, &names, &features, &mut count)?;
            }
            Message::Dictionary(header, body) => dictionaries.take(&schema, &header, body)?,
            Message::Schema(_) | Message::Other => {}
        }
    }
    Ok((rows, notes))
}

/// Values that columns refer to by their places.
#[derive(Default)]
struct Dictionaries<'a> {
    by_id: BTreeMap<i64, Rc<Vec<Array<'a>>>>,
}

impl<'a> Dictionaries<'a> {
    fn take(&mut self, schema: &Schema, header: &Flat<'a>, body: &'a [u8]) -> Result<(), Fault> {
        let id = header.i64(0)?;
        let column = schema.dictionary(id).ok_or("it has a dictionary that no column refers to")?;
        let batch = header.table(1)?.ok_or("it has a dictionary without values")?;
        let values = arrays(std::slice::from_ref(&column), &batch, body, self)?;
        let is_more = header.u8(2)? != 0;
        let mut all =
            if is_more { self.by_id.get(&id).map(|known| known.to_vec()).unwrap_or_default() } else { Vec::new() };
        all.extend(values);
        self.by_id.insert(id, Rc::new(all));
        Ok(())
    }
}

/// The columns of a batch.
fn arrays<'a>(
    columns: &[Column],
    header: &Flat<'a>,
    bytes: &'a [u8],
    dictionaries: &Dictionaries<'a>,
) -> Result<Vec<Array<'a>>, Fault> {
    let mut body = Body::of(header, bytes)?;
    let rows = usize::try_from(header.i64(0)?).map_err(|_negative| "a batch has a negative number of rows")?;
    let arrays = columns.iter().map(|column| Array::read(column, &mut body, &dictionaries.by_id));
    let arrays: Vec<Array<'a>> = arrays.collect::<Result<_, _>>()?;
    if arrays.iter().any(|array| array.length() != rows) {
        return Err("columns of a batch have different lengths".into());
    }
    Ok(arrays)
}

/// Adds the rows of a batch.
fn add(
    rows: &mut Builder,
    arrays: &[Array<'_>],
    names: &[String],
    features: &[Feature],
    count: &mut usize,
) -> Result<(), Fault> {
    let length = arrays.first().map_or(0, Array::length);
    if arrays.iter().all(Array::is_empty_kind) && length > 0 {
        return Err("none of its columns has a value".into());
    }
    if *count + length > MOST_ROWS {
        return Err(Fault::TooLarge);
    }
    for row in 0..length {
        heed();
        for ((array, name), feature) in arrays.iter().zip(names).zip(features) {
            write::cell(&mut rows.text, array, row, name, feature)?;
            rows.end_cell();
        }
        if rows.text.len() as u64 > SIZE_LIMIT {
            return Err(Fault::TooLarge);
        }
        *count += 1;
        rows.end_row(*count);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
