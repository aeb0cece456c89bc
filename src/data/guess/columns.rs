//! A look at some of a column's cells, and what it tells.

use std::collections::HashSet;

use super::content::{self, Content};
use crate::data::labels::{self, Numerals, is_no_number};
use crate::table::{Table, plain_name};

/// Rows whose cells are looked at, spread over the table.
pub(super) const SAMPLE: usize = 2000;
/// Share of the cells that make a column one of dates, of addresses …
const NEARLY_ALL: f64 = 0.9;

/// What a look at some of a column's cells tells.
pub(super) struct Column<'a> {
    pub index: usize,
    pub name: &'a str,
    pub plain: String,
    pub mean_length: f64,
    /// Share of the cells that are numbers, of those that do not say that there is none.
    pub numbers: f64,
    pub distinct: usize,
    pub filled: usize,
    pub rows: usize,
    /// Share of the cells that have several words.
    pub phrases: f64,
    pub mean_words: f64,
    /// What nearly all cells are, where it is no text; codes and what else is none may be mixed.
    pub no_text: Option<Content>,
    /// Whether some cells are objects, as spans and answers are.
    pub is_structure: bool,
    /// Whether all cells are objects that give labels their scores.
    pub is_scores: bool,
}

impl Column<'_> {
    pub fn is_all_numbers(&self) -> bool {
        self.filled > 0 && self.numbers >= 0.95
    }

    /// Whether it may be read as a text.
    pub fn is_text(&self) -> bool {
        self.filled > 0 && !self.is_all_numbers() && self.no_text.is_none()
    }

    /// Whether its cells are texts of some length that hardly come again.
    pub fn is_prose(&self) -> bool {
        self.is_text() && self.mean_words >= 4.0 && self.phrases >= 0.5 && self.distinct * 10 > self.filled * 8
    }

    pub fn varies(&self) -> bool {
        self.distinct > 1
    }

    pub fn is_mostly_filled(&self) -> bool {
        self.filled * 2 > self.rows
    }

    /// Letters a row that are not there again and again.
    pub fn weight(&self) -> f64 {
        self.mean_length * self.distinct as f64 / self.rows.max(1) as f64
    }

    /// Short values, not always the same, that come again and again.
    pub fn is_like_labels(&self) -> bool {
        self.varies()
            && self.is_mostly_filled()
            && !self.is_structure
            && self.mean_length <= 40.0
            && (self.distinct * 2 <= self.filled || self.distinct <= 2)
    }
}

pub(super) fn sample(table: &Table) -> impl Iterator<Item = usize> + Clone {
    let rows = table.rows();
    let taken = rows.min(SAMPLE);
    (0..taken).map(move |place| place * rows / taken.max(1))
}

pub(super) fn look<'a>(table: &'a Table, index: usize, name: &'a str) -> Column<'a> {
    let cells = filled_cells(table, index);
    let filled = cells.len();
    let share = |count: usize| count as f64 / filled.max(1) as f64;
    let numerals = if labels::are_id_lists(&cells) { Numerals::default() } else { Numerals::of(table, &cells) };
    // A gap in a column of numbers is no word.
    let told: Vec<&str> = cells.iter().copied().filter(|cell| !is_no_number(cell)).collect();
    let words: Vec<usize> = cells.iter().map(|cell| content::words(cell)).collect();
    Column {
        index,
        name,
        plain: plain_name(name),
        mean_length: share(cells.iter().map(|cell| cell.len()).sum()),
        numbers: told.iter().filter(|cell| numerals.is_number(cell)).count() as f64 / told.len().max(1) as f64,
        distinct: cells.iter().collect::<HashSet<_>>().len(),
        phrases: share(words.iter().filter(|words| **words > 1).count()),
        mean_words: share(words.iter().sum()),
        no_text: no_text_of(&cells),
        is_structure: cells.iter().any(|cell| content::is_structure(cell)),
        is_scores: cells.iter().all(|cell| labels::scores(cell).is_some()),
        filled,
        rows: table.rows().min(SAMPLE),
    }
}

/// What nearly all cells are, where that is no text.
fn no_text_of(cells: &[&str]) -> Option<Content> {
    let mut counts: Vec<(Content, usize)> = Vec::new();
    for content in cells.iter().map(|cell| Content::of(cell)) {
        match counts.iter_mut().find(|(known, _)| *known == content) {
            Some((_, count)) => *count += 1,
            None => counts.push((content, 1)),
        }
    }
    counts.retain(|(content, _)| *content != Content::Words);
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    let most = counts.into_iter().max_by_key(|(_, count)| *count)?;
    (all as f64 >= NEARLY_ALL * cells.len() as f64).then_some(most.0)
}

pub(super) fn look_at_all(table: &Table) -> Vec<Column<'_>> {
    table.columns.iter().enumerate().map(|(index, name)| look(table, index, name)).collect()
}

/// The first few cells of a column that are not empty: enough to pass over most columns of a wide table.
pub(super) fn first_cells(table: &Table, column: usize) -> impl Iterator<Item = &str> {
    const FIRST: usize = 20;
    sample(table).map(move |row| table.cell(row, column).trim()).filter(|cell| !cell.is_empty()).take(FIRST)
}

pub(super) fn filled_cells(table: &Table, column: usize) -> Vec<&str> {
    sample(table).map(|row| table.cell(row, column).trim()).filter(|cell| !cell.is_empty()).collect()
}
