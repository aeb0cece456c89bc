//! The cells of a sheet that have a value → rows under a head.

use std::collections::BTreeSet;
use std::ops::Range;

use calamine::{Data, DataType, Dimensions};

use super::super::builder::Builder;
use super::super::head;
use super::super::names::unique_names;
use super::super::objects::COLUMN_LIMIT;
use super::super::unpack::SIZE_LIMIT;
use super::cells;
use super::fault::Fault;
use crate::stop::heed;
use crate::table::shorten;
use crate::words::{noun, plural};

/// Cells of all rows together that are read, empty ones too.
const CELL_LIMIT: u64 = 1 << 28;

#[derive(Clone)]
struct Cell {
    row: u32,
    column: u32,
    text: Range<usize>,
}

/// Cells that are empty in the table and not in the sheet.
#[derive(Default)]
struct Lost {
    count: usize,
    /// The row of the first, from 1, and what is seen in it.
    first: Option<(u32, String)>,
}

impl Lost {
    fn add(&mut self, row: u32, seen: impl FnOnce() -> String) {
        self.count += 1;
        self.first.get_or_insert_with(|| (row + 1, seen()));
    }

    fn note(&self, what: &str) -> Option<String> {
        let (row, seen) = self.first.as_ref()?;
        let cells = plural(self.count, "cell with", "cells with");
        let are = noun(self.count, "is", "are");
        Some(format!("{cells} {what} {are} read as empty, first in row {row}{seen}"))
    }
}

/// A sheet while it is read.
#[derive(Default)]
pub(super) struct Grid {
    text: String,
    cells: Vec<Cell>,
    errors: Lost,
    uncalculated: Lost,
}

impl Grid {
    pub fn push(&mut self, (row, column): (u32, u32), value: &impl DataType, is_formula: bool) -> Result<(), Fault> {
        heed();
        if let Some(error) = value.get_error() {
            self.errors.add(row, || format!(" ({error})"));
        } else if is_formula && value.is_empty() {
            self.uncalculated.add(row, String::new);
        }
        let start = self.text.len();
        cells::write(&mut self.text, value);
        if self.text[start..].trim().is_empty() {
            self.text.truncate(start);
            return Ok(());
        }
        self.cells.push(Cell { row, column, text: start..self.text.len() });
        if self.text.len() as u64 > SIZE_LIMIT {
            return Err(Fault::Size(SIZE_LIMIT));
        }
        if self.cells.len() as u64 > CELL_LIMIT {
            return Err(Fault::Cells(CELL_LIMIT));
        }
        Ok(())
    }

    pub fn push_range(&mut self, range: &calamine::Range<Data>) -> Result<(), Fault> {
        let Some((top, left)) = range.start() else { return Ok(()) };
        range
            .used_cells()
            .try_for_each(|(row, column, value)| self.push((top + row as u32, left + column as u32), value, false))
    }

    /// Puts the cells in order, which a file need not have them in; of two in one place the later counts.
    pub fn sort(&mut self) {
        self.cells.reverse();
        self.cells.sort_by_key(|cell| (cell.row, cell.column));
        self.cells.dedup_by_key(|cell| (cell.row, cell.column));
    }

    pub fn row_count(&self) -> usize {
        self.rows().count()
    }

    fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        self.cells.chunk_by(|a, b| a.row == b.row)
    }

    /// Gives the value of a merged area to the rows under its first that have other cells, and says to how many.
    pub fn fill_merged(&mut self, areas: &[Dimensions]) -> Result<usize, Fault> {
        let rows: Vec<u32> = self.rows().map(|row| row[0].row).collect();
        let mut filled = Vec::new();
        for area in areas.iter().filter(|area| area.end.0 > area.start.0) {
            heed();
            let (row, column) = area.start;
            let first = self.cells.binary_search_by_key(&(row, column), |cell| (cell.row, cell.column));
            let Ok(first) = first.map(|place| self.cells[place].clone()) else { continue };
            let below = rows.partition_point(|&other| other <= row)..rows.partition_point(|&other| other <= area.end.0);
            filled.extend(rows[below].iter().map(|&row| Cell { row, ..first.clone() }));
            if (filled.len() + self.cells.len()) as u64 > CELL_LIMIT {
                return Err(Fault::Cells(CELL_LIMIT));
            }
        }
        let count = filled.len();
        // A cell's own value counts, should a file have one.
        self.cells.splice(0..0, filled);
        self.sort();
        Ok(count)
    }

    /// The columns that have cells, from 0.
    pub fn columns(&self) -> Vec<u32> {
        self.cells.iter().map(|cell| cell.column).collect::<BTreeSet<u32>>().into_iter().collect()
    }

    /// The rows, each with its number in the sheet; what else is to be told is added to the notes.
    pub fn into_rows(self, notes: &mut Vec<String>) -> Result<Builder, Fault> {
        let used = self.columns();
        if used.len() > COLUMN_LIMIT {
            return Err(Fault::Columns(used.len(), COLUMN_LIMIT));
        }
        if (self.row_count() * used.len()) as u64 > CELL_LIMIT {
            return Err(Fault::Cells(CELL_LIMIT));
        }
        let sample: Vec<Vec<String>> = self.rows().take(head::SAMPLE_ROWS).map(|row| self.texts(row, &used)).collect();
        let sample: Vec<&[String]> = sample.iter().map(Vec::as_slice).collect();
        let titles = titles(&sample);
        notes.extend(self.rows().take(titles).map(|row| {
            let text = shorten(&self.text[row[0].text.clone()], 60);
            format!("row {} stands above the table and is left out: {text:?}", row[0].row + 1)
        }));
        let sample = &sample[titles..];
        let has_names = head::names_columns(sample);
        if let Some(value) = head::odd_label(sample).filter(|_| !has_names) {
            let row = self.rows().nth(titles).map_or(0, |row| row[0].row as usize + 1);
            notes.push(head::odd_first("row", row, &value));
        }
        let empty = vec![String::new(); used.len()];
        let below = head::named_below(sample).filter(|_| has_names);
        let first = sample.first().filter(|_| has_names).map_or(empty.as_slice(), |first| first);
        let names = unique_names(below.as_deref().unwrap_or(first));
        let described = head::described(sample).filter(|_| has_names).unwrap_or(0);
        notes.extend(self.rows().skip(titles + 1).take(described).map(|row| {
            let text = shorten(&self.text[row[0].text.clone()], 60);
            format!("row {} describes the columns once more and is left out: {text:?}", row[0].row + 1)
        }));
        notes.extend(self.errors.note("an error"));
        notes.extend(self.uncalculated.note("a formula whose result was not saved"));
        Ok(self.build(names, &used, titles + usize::from(has_names) + described))
    }

    fn build(&self, names: Vec<String>, used: &[u32], skipped: usize) -> Builder {
        let mut table = Builder::new(names);
        for row in self.rows().skip(skipped) {
            heed();
            let mut cells = row.iter().peekable();
            for column in used {
                if let Some(cell) = cells.next_if(|cell| cell.column == *column) {
                    table.text.push_str(&self.text[cell.text.clone()]);
                }
                table.end_cell();
            }
            table.end_row(row[0].row as usize + 1);
        }
        table
    }

    fn texts(&self, row: &[Cell], used: &[u32]) -> Vec<String> {
        let text = |column: &u32| match row.binary_search_by_key(column, |cell| cell.column) {
            Ok(place) => self.text[row[place].text.clone()].to_owned(),
            Err(_) => String::new(),
        };
        used.iter().map(text).collect()
    }
}

/// How many of the first rows are titles: one cell each, above a row that names columns as wide as the table.
fn titles(rows: &[&[String]]) -> usize {
    const MOST: usize = 10;
    let filled = |row: &&[String]| row.iter().filter(|cell| !cell.is_empty()).count();
    let wide = rows.iter().filter(|row| filled(row) > 1).count();
    let first = rows.iter().position(|row| filled(row) > 1).unwrap_or(0);
    let is_table = wide * 2 > rows.len() && first <= MOST;
    if is_table && head::names_columns(&rows[first..]) { first } else { 0 }
}
