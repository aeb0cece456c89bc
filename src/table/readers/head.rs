//! Whether the first row of a table is its head: it has names that people give to columns, or it differs in kind from the
//! rows under it. A head in plain words is told by values that stand nowhere else among the labels, or by asking what
//! the others answer.

use std::collections::HashMap;

use super::names::{is_known_name, is_number, plain_name};
use crate::table::shorten;

/// Rows by which the head of a file is judged.
pub(super) const SAMPLE_ROWS: usize = 1000;

/// Letters and words beyond which a cell names no column, unless it is a question.
const LONGEST: usize = 80;
const MOST_WORDS: usize = 8;
/// Different values beyond which a column holds no labels.
const LABELS: usize = 50;

/// Whether the first row differs in kind from the rows under it. In doubt it does, because most files have a header.
pub(super) fn names_columns(rows: &[&[String]]) -> bool {
    let Some(first) = rows.first().filter(|first| !first.is_empty()) else { return false };
    if first.iter().any(|cell| is_known_name(cell)) || answers_below(rows).is_some() {
        return true;
    }
    if first.iter().any(|cell| is_nothing(cell)) {
        return false;
    }
    if is_told(rows) {
        return true;
    }
    let is_long = |cell: &String| cell.len() > LONGEST || cell.split_whitespace().count() > MOST_WORDS;
    if first.iter().any(|cell| is_number(cell) || is_long(cell)) {
        return false;
    }
    let below =
        |column: usize| rows[1..].iter().filter(move |row| row.len() == first.len()).map(move |row| row[column].trim());
    let columns = 0..first.len();
    if columns.clone().any(|column| below(column).next().is_some() && below(column).all(is_number)) {
        return true;
    }
    if columns.clone().any(|column| below(column).any(|cell| !cell.is_empty() && cell == first[column].trim())) {
        return false;
    }
    !columns.into_iter().any(|column| {
        let (count, length) = below(column).fold((0, 0), |(count, length), cell| (count + 1, length + cell.len()));
        let texts = below(column).filter(|cell| cell.contains(' ')).count();
        let cell = first[column].trim();
        cell.contains(' ') && count > 0 && texts * 2 > count && cell.len() * 2 * count > length
    })
}

/// Whether a cell is what databases write where there is nothing, which names no column.
fn is_nothing(cell: &str) -> bool {
    matches!(cell.trim(), "\\N" | "NULL" | "NaN" | "nan" | "#N/A" | "<NA>")
}

/// The place of the last row under the names that describes the columns once more: the ids in JSON below the questions, as
/// Qualtrics writes them, or how each question is answered.
pub(super) fn described(rows: &[&[String]]) -> Option<usize> {
    let are_ids = |row: &&[String]| row.len() > 1 && row.iter().all(|cell| cell.starts_with("{\"ImportId\""));
    let ids = rows.iter().take(4).skip(1).position(are_ids).map(|place| place + 1);
    ids.or_else(|| answers_below(rows).map(|_| 1))
}

/// The row under the names that says of each question how it is answered, as `SurveyMonkey` writes it: nothing under what it
/// knows of the person, and `Response` under a question.
fn answers_below<'a>(rows: &[&'a [String]]) -> Option<&'a [String]> {
    let [first, second, ..] = rows else { return None };
    let begins = first.first().is_some_and(|cell| plain_name(cell.trim()) == "respondentid");
    let is_empty = second.first().is_some_and(|cell| cell.trim().is_empty());
    let says = |cell: &String| matches!(plain_name(cell.trim()).as_str(), "response" | "openendedresponse");
    (begins && is_empty && second.iter().any(says)).then_some(*second)
}

/// The names of columns of which some stand in that row alone.
pub(super) fn named_below(rows: &[&[String]]) -> Option<Vec<String>> {
    let below = answers_below(rows)?;
    let name = |(name, below): (&String, &String)| if name.trim().is_empty() { below.clone() } else { name.clone() };
    Some(rows.first()?.iter().zip(below).map(name).collect())
}

/// The values under the first row of a column, and how often each stands there.
fn below<'a>(rows: &[&'a [String]], column: usize) -> HashMap<&'a str, usize> {
    let mut counts = HashMap::new();
    for row in rows.iter().skip(1).filter(|row| row.len() == rows[0].len()) {
        *counts.entry(row[column].trim()).or_insert(0) += 1;
    }
    counts.remove("");
    counts
}

/// Whether the first row is plainly a head.
fn is_told(rows: &[&[String]]) -> bool {
    let first = rows[0];
    if first.len() < 2 {
        return false;
    }
    if is_numbering(rows) || asks(rows) {
        return true;
    }
    let is_question = |cell: &str| cell.trim_end().ends_with(['?', '？', ':']);
    let is_long = |cell: &String| cell.len() > LONGEST || cell.split_whitespace().count() > MOST_WORDS;
    if first.iter().any(|cell| is_number(cell) || (is_long(cell) && !is_question(cell))) {
        return false;
    }
    let counts: Vec<HashMap<&str, usize>> = (0..first.len()).map(|column| below(rows, column)).collect();
    let is_like_the_others = counts.iter().zip(first).any(|(counts, cell)| counts.contains_key(cell.trim()));
    !is_like_the_others && counts.iter().zip(first).any(|(counts, cell)| stands_apart(counts, cell, true))
}

/// Whether a first value is none of the labels under it, which come again; all of them or most of them.
fn stands_apart(counts: &HashMap<&str, usize>, first: &str, all: bool) -> bool {
    let first = first.trim();
    let rows: usize = counts.values().sum();
    let single = counts.values().filter(|count| **count < 2).count();
    let come_again = if all { single == 0 } else { single * 5 <= counts.len() };
    let has_several = counts.values().filter(|count| **count > 1).count() > 1;
    !first.is_empty()
        && !counts.contains_key(first)
        && has_several
        && come_again
        && counts.len() <= LABELS
        && counts.len() * 2 <= rows
        && !counts.keys().all(|value| is_number(value))
}

/// Whether all cells of the first row are questions, and the rows under it are not.
fn asks(rows: &[&[String]]) -> bool {
    let is_question = |cell: &String| cell.trim_end().ends_with(['?', '？']);
    let first = rows[0];
    let other = |column: usize| {
        let cells = rows.iter().skip(1).filter(|row| row.len() == first.len()).map(|row| &row[column]);
        let (count, asked) = cells.fold((0, 0), |(all, asked), cell| (all + 1, asked + usize::from(is_question(cell))));
        count > 0 && asked * 4 < count
    };
    first.iter().all(is_question) && (0..first.len()).all(other)
}

/// Whether the first row is the numbering of pandas, `0,1`, perhaps behind an empty cell, over a column of words.
fn is_numbering(rows: &[&[String]]) -> bool {
    let first = rows[0];
    let names = &first[usize::from(first[0].trim().is_empty())..];
    let counts_up = names.iter().enumerate().all(|(place, name)| *name == place.to_string());
    let is_words = |column: usize| {
        let below = below(rows, column);
        !below.is_empty() && !below.keys().any(|cell| is_number(cell))
    };
    names.len() > 1 && counts_up && (first.len() - names.len()..first.len()).any(is_words)
}

/// A value of the first row, read as data, that stands nowhere else in a column whose values come again and again.
pub(super) fn odd_label(rows: &[&[String]]) -> Option<String> {
    let first = *rows.first()?;
    let odd = |column: &usize| {
        let cell = &first[*column];
        first.len() > 1 && !is_nothing(cell) && stands_apart(&below(rows, *column), cell, false)
    };
    (0..first.len()).find(odd).map(|column| first[column].trim().to_owned())
}

/// What is told of a first row that may be the head.
pub(super) fn odd_first(unit: &str, line: usize, value: &str) -> String {
    let value = shorten(value, 40);
    format!("{unit} {line} is read as data and may be the header: {value:?} occurs in no other row")
}
