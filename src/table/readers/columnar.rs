//! Parquet → table, row by row: scalars as text, lists and structs as JSON, and the integers of the Hugging Face hub's
//! class labels under their names.
//!
//! The `parquet` crate panics on some malformed files, so all calls of it run in [`guarded`]; what it would otherwise
//! allocate or do without end is bounded first. A file that breaks off is refused as a whole: a part of a column store
//! is no part of its rows.

mod footer;
mod kinds;

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use ::parquet::basic::Compression;
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::reader::RowIter;
use ::parquet::record::{Field, Row};

use self::kinds::Kind;
use super::builder::Builder;
use super::encoding::Decoded;
use super::features::{self, Feature};
use super::objects::COLUMN_LIMIT;
use super::unpack::{SIZE_LIMIT, size};
use super::{moments, settled};
use crate::guard::guarded;
use crate::stop::heed;
use crate::table::Format;
use crate::table::notation::quoted::push_quoted;
use crate::table::{ReadError, Table};
use crate::words::plural;

/// Rows that are read.
const ROW_LIMIT: i64 = 100_000_000;

/// Whether a file is Parquet.
pub(super) fn is_parquet(head: &[u8]) -> bool {
    head.starts_with(b"PAR1")
}

/// Reads a file that is in memory; the library wants one it can read from anywhere.
pub(super) fn read_bytes(path: &Path, bytes: &[u8]) -> Result<Table, ReadError> {
    let cannot_write = |source| ReadError::Read { path: path.to_path_buf(), source };
    let mut file = tempfile::tempfile().map_err(cannot_write)?;
    file.write_all(bytes).map_err(cannot_write)?;
    read(path, &file)
}

/// Reads a file.
pub(super) fn read(path: &Path, file: &File) -> Result<Table, ReadError> {
    let outcome = footer::check(file)
        .map_err(Fault::Damaged)
        .and_then(|()| guarded(|| decode(file)).unwrap_or_else(|panic| Err(Fault::Damaged(panic))));
    let rows = outcome.map_err(|fault| match fault {
        Fault::TooLarge => ReadError::TooLarge { path: path.to_path_buf(), limit: size(SIZE_LIMIT) },
        Fault::Packing(packing) => ReadError::ParquetPacking { path: path.to_path_buf(), packing },
        Fault::Damaged(reason) => ReadError::Parquet { path: path.to_path_buf(), reason },
    })?;
    rows.finish(path, Format::Parquet, &Decoded::nothing())
}

enum Fault {
    TooLarge,
    Packing(String),
    Damaged(String),
}

impl From<ParquetError> for Fault {
    fn from(error: ParquetError) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

fn decode(file: &File) -> Result<Builder, Fault> {
    let reader = SerializedFileReader::new(file.try_clone()?)?;
    let columns = plausible(reader.metadata())?;
    let file_metadata = reader.metadata().file_metadata();
    let told = |key: &str| {
        let mut entries = file_metadata.key_value_metadata().into_iter().flatten();
        entries.find(|entry| entry.key == key).and_then(|entry| entry.value.as_deref())
    };
    let features = Feature::of_file(told(features::KEY), &columns);
    let fields = file_metadata.schema_descr().root_schema().get_fields();
    let kinds = Kind::of_file(fields.iter().map(AsRef::as_ref), told(kinds::ARROW_KEY));
    let mut table = Builder::new(super::names::unique_names(&columns));
    for (index, row) in RowIter::from_file(None, &reader)?.enumerate() {
        heed();
        let row = row?;
        if row.len() != columns.len() {
            return Err(Fault::Damaged(format!("row {} has {}", index + 1, plural(row.len(), "column", "columns"))));
        }
        for (((name, field), feature), kind) in row.get_column_iter().zip(&features).zip(&kinds) {
            match field {
                Field::Null if settled::is_of_answers(name) => table.text.push_str(settled::NULL),
                field => write_cell(&mut table.text, field, feature, kind),
            }
            table.end_cell();
        }
        if table.text.len() as u64 > SIZE_LIMIT {
            return Err(Fault::TooLarge);
        }
        table.end_row(index + 1);
    }
    Ok(table)
}

/// The columns of a file whose own account of itself can be true.
fn plausible(metadata: &ParquetMetaData) -> Result<Vec<String>, Fault> {
    let fields = metadata.file_metadata().schema_descr().root_schema().get_fields();
    let columns: Vec<String> = fields.iter().map(|field| field.name().to_owned()).collect();
    if columns.is_empty() || columns.len() > COLUMN_LIMIT {
        return Err(Fault::Damaged(format!("it has {} columns, expected 1 to {COLUMN_LIMIT}", columns.len())));
    }
    let mut bytes = 0_u64;
    let mut rows = 0_i64;
    for group in metadata.row_groups() {
        rows = rows.saturating_add(group.num_rows());
        for column in group.columns() {
            bytes = bytes.saturating_add(u64::try_from(column.uncompressed_size()).unwrap_or(u64::MAX));
            // Every row has a value or a null in every column, or several.
            if group.num_rows() < 0 || column.num_values() < group.num_rows() {
                let (values, rows) = (column.num_values(), group.num_rows());
                let name = column.column_path().string();
                return Err(Fault::Damaged(format!("column {name:?} has {values} values for {rows} rows")));
            }
        }
    }
    if bytes > SIZE_LIMIT || rows > ROW_LIMIT {
        return Err(Fault::TooLarge);
    }
    let packings =
        metadata.row_groups().iter().flat_map(RowGroupMetaData::columns).map(ColumnChunkMetaData::compression);
    match packings.into_iter().find(|packing| !is_unpacked_here(*packing)) {
        Some(packing) => {
            let name = packing.to_string().to_lowercase();
            Err(Fault::Packing(name.split('(').next().unwrap_or_default().to_owned()))
        }
        None => Ok(columns),
    }
}

fn is_unpacked_here(packing: Compression) -> bool {
    use Compression::{GZIP, LZ4, LZ4_RAW, SNAPPY, UNCOMPRESSED, ZSTD};
    matches!(packing, UNCOMPRESSED | SNAPPY | GZIP(_) | ZSTD(_) | LZ4 | LZ4_RAW)
}

/// Writes the text of a cell: a scalar as it is, anything nested as JSON, null as nothing.
fn write_cell(out: &mut String, field: &Field, feature: &Feature, kind: &Kind) {
    match (class_name(field, feature), field) {
        (Some(name), _) => out.push_str(name),
        (None, Field::Null) => {}
        // No number is no value, as in JSON.
        (None, Field::Float16(value)) if !value.is_finite() => {}
        (None, Field::Float(value)) if !value.is_finite() => {}
        (None, Field::Double(value)) if !value.is_finite() => {}
        (None, Field::Str(text)) => out.push_str(text),
        (None, Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_)) => {
            write_json(out, field, feature, kind);
        }
        (None, field) => write_scalar(out, field, kind),
    }
}

/// The name of a class, or nothing where the number says that there is none.
fn class_name<'a>(field: &Field, feature: &'a Feature) -> Option<&'a str> {
    let index = match field {
        Field::Byte(value) => i64::from(*value),
        Field::Short(value) => i64::from(*value),
        Field::Int(value) => i64::from(*value),
        Field::Long(value) => *value,
        Field::UByte(value) => i64::from(*value),
        Field::UShort(value) => i64::from(*value),
        Field::UInt(value) => i64::from(*value),
        _ => return None,
    };
    feature.class(index)
}

/// Numbers, dates and bytes.
fn write_scalar(out: &mut String, field: &Field, kind: &Kind) {
    let instant = |out: &mut String, count: i64, per_second: i64| {
        let zone = if matches!(kind, Kind::Instant { is_utc: true, .. }) { "Z" } else { "" };
        write!(out, "{}{zone}", moments::instant(count, per_second))
    };
    let written = match field {
        Field::Long(count) => match kind {
            Kind::Instant { per_second, .. } => instant(out, *count, *per_second),
            Kind::Time { per_second } => out.write_str(&moments::time(*count, *per_second)),
            Kind::Duration { per_second } => out.write_str(&moments::duration(*count, *per_second)),
            _ => write!(out, "{count}"),
        },
        Field::Float16(value) => write!(out, "{}", value.to_f32()),
        Field::Float(value) => write!(out, "{value}"),
        Field::Double(value) => write!(out, "{value}"),
        Field::Bytes(bytes) if *kind == Kind::Uuid => write_uuid(out, bytes.data()),
        Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => out.write_str(text),
            Err(_) => write!(out, "({} bytes)", bytes.len()),
        },
        Field::Date(days) => out.write_str(&moments::date(i64::from(*days))),
        Field::TimeMillis(count) => out.write_str(&moments::time(i64::from(*count), 1_000)),
        Field::TimeMicros(count) => out.write_str(&moments::time(*count, 1_000_000)),
        Field::TimestampMillis(count) => instant(out, *count, 1_000),
        Field::TimestampMicros(count) => instant(out, *count, 1_000_000),
        other => write!(out, "{other}"),
    };
    // Writing to a string cannot fail.
    debug_assert!(written.is_ok());
}

/// The bytes of a UUID in its five groups.
fn write_uuid(out: &mut String, bytes: &[u8]) -> std::fmt::Result {
    for (place, byte) in bytes.iter().enumerate() {
        out.write_str(if matches!(place, 4 | 6 | 8 | 10) { "-" } else { "" })?;
        write!(out, "{byte:02x}")?;
    }
    Ok(())
}

fn write_json(out: &mut String, field: &Field, feature: &Feature, kind: &Kind) {
    if let Some(name) = class_name(field, feature) {
        return push_quoted(out, name);
    }
    match field {
        Field::Null => out.push_str("null"),
        Field::Group(row) => write_object(out, row, feature, kind),
        Field::ListInternal(list) => {
            out.push('[');
            for (index, element) in list.elements().iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write_json(out, element, feature.element(), kind.element());
            }
            out.push(']');
        }
        Field::MapInternal(map) => {
            out.push('{');
            let (of_keys, of_values) = kind.entry();
            for (index, (key, value)) in map.entries().iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                let mut name = String::new();
                write_cell(&mut name, key, &Feature::Plain, of_keys);
                push_quoted(out, &name);
                out.push(':');
                write_json(out, value, &Feature::Plain, of_values);
            }
            out.push('}');
        }
        Field::Str(text) => push_quoted(out, text),
        Field::Float16(value) if !value.is_finite() => out.push_str("null"),
        Field::Float(value) if !value.is_finite() => out.push_str("null"),
        Field::Double(value) if !value.is_finite() => out.push_str("null"),
        Field::Long(_) if !matches!(kind, Kind::Instant { .. } | Kind::Time { .. } | Kind::Duration { .. }) => {
            write_scalar(out, field, kind);
        }
        Field::Bool(_)
        | Field::Byte(_)
        | Field::Short(_)
        | Field::Int(_)
        | Field::UByte(_)
        | Field::UShort(_)
        | Field::UInt(_)
        | Field::ULong(_)
        | Field::Float16(_)
        | Field::Float(_)
        | Field::Double(_) => write_scalar(out, field, kind),
        other => {
            let mut text = String::new();
            write_scalar(&mut text, other, kind);
            push_quoted(out, &text);
        }
    }
}

fn write_object(out: &mut String, row: &Row, feature: &Feature, kind: &Kind) {
    out.push('{');
    for (index, (name, field)) in row.get_column_iter().enumerate() {
        out.push_str(if index > 0 { "," } else { "" });
        push_quoted(out, name);
        out.push(':');
        write_json(out, field, &feature.member(name), kind.member(name));
    }
    out.push('}');
}

#[cfg(test)]
mod tests;
