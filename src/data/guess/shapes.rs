//! What structured cells hold: lists of words and of tags, labelled spans, answers. Names of columns mislead; a list of
//! tags is told by being as long as the list of words beside it in most rows.

use std::collections::HashSet;

use serde_json::Value;

use super::columns::{self, sample};
use super::content::is_structure;
use super::names::{is_in, rank};
use crate::data::labels::flag;
use crate::table::Table;
use crate::table::boundaries::is_without_blanks;
use crate::table::notation::schemes::{has_letter, may_be_outside};
use crate::table::notation::{answers, tags};
use crate::table::{is_number, plain_name};

/// Rows that are taken apart.
const SAMPLE: usize = 60;

const WORDS: &str = "tokens words token word sentence text";
const TAGS: &str = "nertags tags ner nertag tag nerlabels labels label iob bio entities";
const SPANS: &str = "spans entities label labels annotations";

/// Share of a column's elements that make it one of tags or of numbers.
const SURE: f64 = 0.9;

/// A column of lists of words or numbers, or of texts, which are lists of the words between their blanks.
struct Lists {
    column: usize,
    plain: String,
    /// How many elements each cell has; none where it is no list.
    lengths: Vec<Option<usize>>,
    /// Whether the lists are in brackets.
    brackets: bool,
    /// Different elements.
    distinct: usize,
    /// Whether some elements are `O`.
    outside: bool,
    /// Share of the elements that are numbers.
    numbers: f64,
    /// Share of the elements that look like `O`, `B-PER`, `PER_B` or `B`.
    tags: f64,
}

fn cells(table: &Table, column: usize) -> impl Iterator<Item = &str> {
    let step = (table.rows().min(columns::SAMPLE) / SAMPLE).max(1);
    sample(table).step_by(step).map(move |row| table.cell(row, column).trim())
}

/// What most cells of a column hold, if they are lists. A few may be damaged.
fn lists(table: &Table, column: usize) -> Option<Lists> {
    let (mut lengths, mut distinct) = (Vec::new(), HashSet::new());
    let (mut brackets, mut texts) = (0_usize, 0_usize);
    let (mut numbers, mut lettered, mut outside, mut all) = (0_usize, 0_usize, 0_usize, 0_usize);
    for cell in cells(table, column) {
        let list = list(cell);
        lengths.push(list.as_ref().map(Vec::len));
        brackets += usize::from(cell.starts_with('['));
        texts += usize::from(!cell.is_empty() && !cell.starts_with('['));
        for element in list.unwrap_or_default() {
            numbers += usize::from(is_number(&element));
            lettered += usize::from(has_letter(&element));
            outside += usize::from(may_be_outside(&element));
            all += 1;
            distinct.insert(element);
        }
    }
    let read = lengths.iter().flatten().count();
    let share = |count: usize| count as f64 / all.max(1) as f64;
    // What may stand outside of entities is a tag only beside tags.
    let tagged = if lettered > 0 || distinct.iter().all(|element| element == "O") { lettered + outside } else { 0 };
    (all > 0 && read * 2 >= lengths.len()).then(|| Lists {
        column,
        plain: plain_name(&table.columns[column]),
        brackets: brackets > texts,
        distinct: distinct.len(),
        outside: distinct.contains("O"),
        numbers: share(numbers),
        tags: share(tagged),
        lengths,
    })
}

/// The elements of a cell. Lists of fractions are scores, which are neither words nor tags.
fn list(cell: &str) -> Option<Vec<String>> {
    if is_structure(cell) {
        return None;
    }
    let list = tags::list(cell).ok()?;
    let is_whole = |element: &String| element.parse::<i64>().is_ok();
    (list.iter().all(is_whole) || !list.iter().all(|element| is_number(element))).then_some(list)
}

fn all_lists(table: &Table) -> Vec<Lists> {
    (0..table.columns.len()).filter_map(|column| lists(table, column)).collect()
}

/// Whether two columns have equally many elements in most rows, or in half of them where the tags are unmistakable, as
/// they must be beside a text, which must have several words.
fn fit(words: &Lists, tags: &Lists) -> bool {
    let is_sure = tags.tags >= SURE;
    let both = words.brackets && tags.brackets;
    // In a wide table nearly all pairs end here.
    if words.column == tags.column || !(both || is_sure) {
        return false;
    }
    let lengths: Vec<(Option<usize>, Option<usize>)> = words
        .lengths
        .iter()
        .copied()
        .zip(tags.lengths.iter().copied())
        .filter(|pair| *pair != (Some(0), Some(0)))
        .collect();
    let all = lengths.len();
    let equal = |least: usize| {
        lengths.iter().filter(|(words, tags)| words == tags && words.is_some_and(|words| words >= least)).count()
    };
    let most = equal(0) * 10 >= all * 9;
    let enough = if both { most || (is_sure && equal(0) * 2 >= all) } else { most && is_sure && equal(2) * 2 >= all };
    all > 0 && enough
}

/// The likeliest of some columns of words.
fn likeliest_words<'a>(lists: impl Iterator<Item = &'a Lists>) -> Option<&'a Lists> {
    lists
        .filter(|list| list.numbers < 0.5 && list.tags < 0.5)
        .min_by_key(|list| (rank(WORDS, &list.plain), usize::MAX - list.distinct, !list.brackets))
}

/// The columns of words and of their tags.
pub(super) fn tokens_and_tags(table: &Table) -> Option<(usize, usize)> {
    let lists = all_lists(table);
    let tags: Vec<&Lists> = lists.iter().filter(|list| list.brackets || list.tags >= SURE).collect();
    let words = likeliest_words(lists.iter().filter(|words| tags.iter().any(|tags| fit(words, tags))))?;
    let tags = tags
        .into_iter()
        .filter(|list| fit(words, list))
        .filter(|list| list.tags >= SURE || list.numbers >= SURE || is_in(TAGS, &list.plain))
        .min_by_key(|list| (list.tags < SURE, rank(TAGS, &list.plain)))?;
    Some((words.column, tags.column))
}

/// The columns that tag the words of another beyond doubt.
pub(super) fn tags_beside(table: &Table, words: usize) -> Vec<usize> {
    let lists = all_lists(table);
    let Some(words) = lists.iter().find(|list| list.column == words) else { return Vec::new() };
    let is_sure = |list: &&Lists| list.tags >= SURE && list.outside && fit(words, list);
    lists.iter().filter(is_sure).map(|list| list.column).collect()
}

/// The column of words of a table that has one word with its tag in each row, which is no table of sentences.
pub(super) fn word_a_row(table: &Table) -> Option<usize> {
    let lists = all_lists(table);
    let is_single = |list: &&Lists| {
        let single = list.lengths.iter().filter(|length| **length == Some(1)).count();
        !list.brackets && single * 10 >= list.lengths.len() * 9
    };
    let has_tags = lists.iter().filter(is_single).any(|list| list.tags >= 0.95 && list.outside);
    likeliest_words(lists.iter().filter(is_single)).filter(|_| has_tags).map(|words| words.column)
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
    (0..table.columns.len()).filter(holds_spans).min_by_key(|&column| rank(SPANS, &plain_name(&table.columns[column])))
}

/// Whether the answers of most rows stand in their contexts: the structure of SQuAD, or the words themselves. Words that
/// come again and again are answers where every one of them stands in its context.
pub(super) fn are_answers(table: &Table, answers: usize, context: usize) -> bool {
    let (mut good, mut all, mut whole) = (0, 0, 0);
    let mut distinct = HashSet::new();
    for (answer, context) in cells(table, answers).zip(cells(table, context)) {
        all += usize::from(!answer.is_empty());
        good += usize::from(!answer.is_empty() && answers::answers(answer, None, context).is_ok());
        whole += usize::from(!answer.is_empty() && stand_in(answer, context));
        distinct.insert(answer);
    }
    if whole == all && whole > 0 && !distinct.iter().any(|answer| flag(answer).is_some()) {
        return true;
    }
    // A "no" stands in many passages: answers that come again and again are labels.
    let is_squad = |answer: &&str| matches!(*answer, "" | "[]") || is_structure(answer);
    let is_varied = distinct.len() * 4 > all || distinct.iter().all(is_squad);
    all > 0 && good * 2 >= all && is_varied
}

/// Whether an answer stands in a text as words of its own, or each of several between semicolons or bars does.
fn stand_in(answers: &str, text: &str) -> bool {
    let is_part =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() && !is_without_blanks(letter));
    let stands = |answer: &str| {
        text.match_indices(answer).any(|(place, _)| {
            let (before, after) = (text[..place].chars().next_back(), text[place + answer.len()..].chars().next());
            let goes_on = is_part(before) && is_part(answer.chars().next())
                || is_part(after) && is_part(answer.chars().next_back());
            !goes_on
        })
    };
    let several = || answers.split([';', '|']).map(str::trim).all(|one| !one.is_empty() && stands(one));
    stands(answers) || several()
}
