//! JSON objects → rows, while their columns are still being found. Values are written straight into the table's text;
//! no tree is built for them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::elements::{Element, Place, unreadable};
use super::encoding::Decoded;
use super::settled;
use crate::table::{Format, Origins, RowProblem, Table};

/// Columns a table may get: objects whose keys are not names but values, such as one's own id each, would otherwise
/// make a table as wide as it is long.
pub(super) const COLUMN_LIMIT: usize = 1000;

/// Cells that a table may have, beside some for each byte of its text: a key that only one object has is a cell of all
/// others too, so that a small file could become a table of any size.
const CELLS: usize = 16 << 20;
const CELLS_A_BYTE: usize = 8;

/// Rows whose columns are still being found. A row has as many cells as there were columns when it was read.
#[derive(Default)]
pub(super) struct Rows {
    columns: Vec<String>,
    by_name: HashMap<String, usize>,
    /// Columns in which no value means something.
    of_answers: Vec<usize>,
    text: String,
    ends: Vec<usize>,
    lines: Vec<u32>,
    /// The number of each row's element, where the whole file is one line.
    numbers: Vec<usize>,
    /// Columns from each row on, where the number changed.
    widths: Vec<(usize, usize)>,
    problems: Vec<RowProblem>,
    row: RowBuffer,
}

/// The cells of one object in the order of its keys.
#[derive(Default)]
struct RowBuffer {
    text: String,
    /// By column: where the cell lies in `text`.
    spans: Vec<(usize, usize)>,
}

impl Rows {
    /// Reads one object of the file.
    pub fn add(&mut self, element: Element<'_>) {
        if let Err(reason) = element.check() {
            self.problem(element.place, reason);
            return;
        }
        let mut deserializer = serde_json::Deserializer::from_str(element.text);
        self.row_of(element.place, |rows| {
            ObjectSeed { rows }.deserialize(&mut deserializer).and_then(|()| deserializer.end())
        });
    }

    /// Adds an object that was read from a place of the file.
    pub fn add_object(&mut self, object: Map<String, Value>, place: Place) {
        self.row_of(place, |rows| ObjectSeed { rows }.deserialize(Value::Object(object)));
    }

    /// Something that is no row stands at a place of the file.
    pub fn problem(&mut self, place: Place, reason: String) {
        self.leave_out(place.problem(reason));
    }

    pub fn leave_out(&mut self, problem: RowProblem) {
        problem.after(self.lines.len()).add_to(&mut self.problems);
    }

    fn row_of(&mut self, place: Place, read: impl FnOnce(&mut Self) -> serde_json::Result<()>) {
        let known = self.columns.len();
        self.row.text.clear();
        self.row.spans.clear();
        self.row.spans.resize(known, (0, 0));
        if let Err(error) = read(self) {
            self.forget_columns(known);
            self.problem(place, unreadable(&error));
            return;
        }
        if self.columns.len() * (self.lines.len() + 1) > CELLS + CELLS_A_BYTE * self.text.len() {
            let keys = self.columns.len();
            self.forget_columns(known);
            self.problem(place, format!("is left out, because few of its {keys} keys stand in the other objects"));
            return;
        }
        if self.columns.len() > known || self.lines.is_empty() {
            self.widths.push((self.lines.len(), self.columns.len()));
        }
        for &(start, end) in &self.row.spans {
            self.text.push_str(&self.row.text[start..end]);
            self.ends.push(self.text.len());
        }
        self.lines.push(u32::try_from(place.line).unwrap_or(u32::MAX));
        self.numbers.extend(place.number);
    }

    /// An object that is no row must not leave columns behind that no row has.
    fn forget_columns(&mut self, known: usize) {
        for name in self.columns.drain(known..) {
            self.by_name.remove(&name);
        }
        self.of_answers.retain(|column| *column < known);
    }

    /// The column of a key, a new one if need be; none where there are too many.
    fn column(&mut self, name: &str) -> Option<usize> {
        if let Some(&column) = self.by_name.get(name) {
            return Some(column);
        }
        let column = self.columns.len();
        if column >= COLUMN_LIMIT {
            return None;
        }
        self.of_answers.extend(settled::is_of_answers(name).then_some(column));
        self.columns.push(name.to_owned());
        self.by_name.insert(name.to_owned(), column);
        self.row.spans.push((0, 0));
        Some(column)
    }

    /// The place of each row in the file.
    pub fn places(&self) -> Vec<Place> {
        let place = |(row, line): (usize, &u32)| Place { line: *line as usize, number: self.numbers.get(row).copied() };
        self.lines.iter().enumerate().map(place).collect()
    }

    pub fn into_table(mut self, path: &Path, format: Format, decoded: &Decoded) -> Table {
        self.text.shrink_to_fit();
        let ends = if self.widths.len() > 1 { self.widened() } else { std::mem::take(&mut self.ends) };
        Table {
            path: path.to_path_buf(),
            origins: Origins::of(path),
            format,
            encoding: decoded.encoding,
            columns: super::names::unique_names(&self.columns),
            notes: decoded.notes.clone(),
            span_columns: Vec::new(),
            problems: self.problems,
            replaced_characters: decoded.replaced,
            text: self.text,
            ends,
            lines: self.lines,
        }
    }

    /// Gives the rows read before a column appeared an empty cell for it.
    fn widened(&self) -> Vec<usize> {
        let full = self.columns.len();
        let mut ends = Vec::with_capacity(self.lines.len() * full);
        let mut from = 0;
        for (index, &(first, width)) in self.widths.iter().enumerate() {
            let last = self.widths.get(index + 1).map_or(self.lines.len(), |&(next, _)| next);
            for _ in first..last {
                ends.extend_from_slice(&self.ends[from..from + width]);
                from += width;
                let end = ends.last().copied().unwrap_or_else(|| self.ends[..from].last().copied().unwrap_or(0));
                ends.resize(ends.len() + full - width, end);
            }
        }
        ends
    }
}

struct ObjectSeed<'a> {
    rows: &'a mut Rows,
}

impl<'de> DeserializeSeed<'de> for ObjectSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ObjectSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(column) = map.next_key_seed(KeySeed { rows: self.rows })? {
            let start = self.rows.row.text.len();
            let null = if self.rows.of_answers.contains(&column) { settled::NULL } else { "" };
            map.next_value_seed(CellSeed { text: &mut self.rows.row.text, null })?;
            self.rows.row.spans[column] = (start, self.rows.row.text.len());
        }
        Ok(())
    }
}

struct KeySeed<'a> {
    rows: &'a mut Rows,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<usize, E> {
        self.rows.column(name).ok_or_else(|| E::custom(format_args!("more than {COLUMN_LIMIT} different keys")))
    }
}

/// Writes a value as the text of a cell.
struct CellSeed<'a> {
    text: &'a mut String,
    /// What is written for no value.
    null: &'static str,
}

impl<'de> DeserializeSeed<'de> for CellSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl CellSeed<'_> {
    fn write<E: serde::de::Error>(self, value: &impl std::fmt::Display) -> Result<(), E> {
        write!(self.text, "{value}").map_err(E::custom)
    }
}

impl<'de> Visitor<'de> for CellSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.text.push_str(value);
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.write(&Value::from(value))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.text.push_str(self.null);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        let value: Value = serde::Deserialize::deserialize(serde::de::value::SeqAccessDeserializer::new(seq))?;
        self.write(&value)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let value: Value = serde::Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        self.write(&value)
    }
}
