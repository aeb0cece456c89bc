//! What structured cells hold: lists of words and of tags, labelled spans, answers. Names of columns mislead; a list of
//! tags is told by being as long as the list of words beside it.

use std::collections::HashSet;

use serde_json::Value;

use super::{is_in, sample};
use crate::data::Table;
use crate::data::readers::plain_name;

/// Rows that are taken apart.
const SAMPLE: usize = 60;

const WORDS: &str = "tokens words token word sentence text";
const TAGS: &str = "nertags tags ner nertag tag nerlabels labels label iob bio entities";
const SPANS: &str = "spans entities label labels annotations";

/// A column of JSON lists of words or numbers.
struct Lists {
    column: usize,
    plain: String,
    lengths: Vec<usize>,
    /// Whether the elements are texts, and how many of them are different.
    words: bool,
    distinct: usize,
    /// Share of the elements that look like `O` or `B-PER`.
    tags: f64,
}

fn cells(table: &Table, column: usize) -> impl Iterator<Item = &str> {
    let step = (table.rows().min(super::SAMPLE) / SAMPLE).max(1);
    sample(table).step_by(step).map(move |row| table.cell(row, column).trim())
}

fn lists(table: &Table, column: usize) -> Option<Lists> {
    let (mut lengths, mut words, mut tags, mut all) = (Vec::new(), true, 0_usize, 0_usize);
    let mut distinct = HashSet::new();
    for cell in cells(table, column) {
        let list: Vec<Value> = if cell.is_empty() { Vec::new() } else { serde_json::from_str(cell).ok()? };
        for element in &list {
            let text = match element {
                Value::String(text) => text.clone(),
                Value::Number(number) if number.is_i64() => {
                    words = false;
                    number.to_string()
                }
                _ => return None,
            };
            tags += usize::from(is_tag(&text));
            all += 1;
            distinct.insert(text);
        }
        lengths.push(list.len());
    }
    let plain = plain_name(&table.columns[column]);
    let tags = tags as f64 / all.max(1) as f64;
    (all > 0).then_some(Lists { column, plain, lengths, words, distinct: distinct.len(), tags })
}

fn is_tag(text: &str) -> bool {
    matches!(text.as_bytes(), [b'O'] | [b'B' | b'I' | b'E' | b'S' | b'L' | b'U', b'-' | b'_', _, ..])
}

/// The columns of words and of their tags.
pub(super) fn tokens_and_tags(table: &Table) -> Option<(usize, usize)> {
    let lists: Vec<Lists> = (0..table.columns.len()).filter_map(|column| lists(table, column)).collect();
    let rank = |names: &str, list: &Lists| names.split(' ').position(|name| name == list.plain).unwrap_or(usize::MAX);
    let fits = |words: &Lists, tags: &Lists| words.column != tags.column && words.lengths == tags.lengths;
    let words = lists
        .iter()
        .filter(|list| list.words && list.tags < 0.5 && lists.iter().any(|tags| fits(list, tags)))
        .min_by_key(|list| (rank(WORDS, list), usize::MAX - list.distinct))?;
    let tags = lists
        .iter()
        .filter(|list| fits(words, list) && (list.tags >= 0.9 || is_in(TAGS, &list.plain) || !list.words))
        .min_by_key(|list| (list.tags < 0.9, rank(TAGS, list)))?;
    Some((words.column, tags.column))
}

/// The column of labelled spans.
pub(super) fn spans(table: &Table) -> Option<usize> {
    let holds_spans = |&column: &usize| {
        let mut found = false;
        let all = cells(table, column).filter(|cell| !cell.is_empty()).all(|cell| {
            let list: Vec<Value> = serde_json::from_str(cell).unwrap_or_else(|_| vec![Value::Null]);
            found |= !list.is_empty();
            list.iter().all(|span| ["start", "end", "label"].iter().all(|key| span.get(key).is_some()))
        });
        all && found
    };
    let rank = |column: usize| {
        let plain = plain_name(&table.columns[column]);
        SPANS.split(' ').position(|name| name == plain).unwrap_or(usize::MAX)
    };
    (0..table.columns.len()).filter(holds_spans).min_by_key(|&column| rank(column))
}

/// Whether the answers of most rows stand in their contexts: the structure of SQuAD, or the words themselves.
pub(super) fn are_answers(table: &Table, answers: usize, context: usize) -> bool {
    let (mut good, mut all) = (0, 0);
    let mut distinct = HashSet::new();
    for (answer, context) in cells(table, answers).zip(cells(table, context)) {
        all += usize::from(!answer.is_empty());
        let is_squad = || {
            let value: Value = serde_json::from_str(answer).unwrap_or_default();
            value.get("text").is_some_and(Value::is_array)
                || value.get(0).is_some_and(|first| first.get("text").is_some())
        };
        good += usize::from(!answer.is_empty() && (context.contains(answer) || is_squad()));
        distinct.insert(answer);
    }
    // A "no" stands in many passages: answers that come again and again are labels.
    let is_varied = distinct.len() * 4 > all || distinct.iter().all(|answer| answer.is_empty() || is_structure(answer));
    all > 0 && good * 2 >= all && is_varied
}

/// Whether a cell is a structure that no label is.
pub(super) fn is_structure(cell: &str) -> bool {
    cell.starts_with("[{") || cell.starts_with("{\"")
}
