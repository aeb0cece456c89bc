//! Which two columns are texts to be read together: those whose names differ only in a 1 and a 2 or an A and a B, and
//! those that people call so. Both must hold texts.

use std::collections::HashMap;

use super::columns::Column;
use super::names::{self, is_in, rank};
use super::texts::text;

/// What tells two columns of a pair apart in their names.
const MARKS: [(&str, &str); 14] = [
    ("1", "2"),
    ("a", "b"),
    ("0", "1"),
    ("x", "y"),
    ("one", "two"),
    ("i", "ii"),
    ("first", "second"),
    ("left", "right"),
    ("l", "r"),
    ("lhs", "rhs"),
    ("source", "target"),
    ("src", "tgt"),
    ("src", "trg"),
    ("original", "paraphrase"),
];
/// Marks that are a name of their own.
const WORDS: usize = 3;
/// What is numbered beside a text that it belongs to, as in tasks with several choices.
const CHOICES: &str =
    "choice option ending sol solution answer ans alternative candidate distractor label tag category";

/// The two columns that are read together, the first before the second.
pub(super) fn pair<'a>(columns: &'a [Column<'a>]) -> Option<(&'a Column<'a>, &'a Column<'a>)> {
    numbered(columns).or_else(|| known(columns)).or_else(|| second(columns)).or_else(|| nameless(columns))
}

/// Two columns whose names differ only in a mark.
fn numbered<'a>(columns: &'a [Column<'a>]) -> Option<(&'a Column<'a>, &'a Column<'a>)> {
    let texts: Vec<(&Column<'_>, Vec<String>)> = columns
        .iter()
        .filter(|column| column.is_text() && (!column.is_like_labels() || column.phrases >= 0.5))
        .map(|column| (column, names::parts(column.name)))
        .collect();
    // Columns by their name without one of its parts, and that part.
    let mut without: HashMap<(Vec<&str>, usize, &str), usize> = HashMap::new();
    for (index, (_, parts)) in texts.iter().enumerate() {
        for (place, part) in parts.iter().enumerate() {
            if MARKS.iter().any(|(first, second)| part == first || part == second) {
                without.entry((others(parts, place), place, part)).or_insert(index);
            }
        }
    }
    let mut best: Option<((usize, usize, usize), usize, usize)> = None;
    for (index, (column, parts)) in texts.iter().enumerate() {
        for (place, part) in parts.iter().enumerate() {
            for (_, second) in MARKS.iter().filter(|(first, _)| part == first) {
                let Some(&other) = without.get(&(others(parts, place), place, *second)) else { continue };
                let stem = others(parts, place);
                let is_named = !stem.is_empty() || part.len() >= WORDS || both_phrases(column, texts[other].0);
                if !is_named || stem.iter().any(|part| is_in(CHOICES, part)) {
                    continue;
                }
                let likelihood = (rank(names::TEXT, &column.plain), parts.len(), index);
                if best.is_none_or(|(least, ..)| likelihood < least) {
                    best = Some((likelihood, index, other));
                }
            }
        }
    }
    let (_, first, second) = best?;
    let (first, second) = (texts[first].0, texts[second].0);
    // Beside a text that is called so, two numbered columns are something about it.
    let is_text_like =
        names::parts(first.name).iter().any(|part| is_in(names::TEXT, part) || is_in(names::PAIRED, part));
    let has_other_text = || {
        let others = columns.iter().filter(|column| column.name != first.name && column.name != second.name);
        others.filter(|column| column.is_text()).any(|column| is_in(names::STRONG, &column.plain))
    };
    (is_text_like || !has_other_text()).then_some((first, second))
}

fn others(parts: &[String], place: usize) -> Vec<&str> {
    parts.iter().enumerate().filter(|(index, _)| *index != place).map(|(_, part)| part.as_str()).collect()
}

fn both_phrases(first: &Column<'_>, second: &Column<'_>) -> bool {
    [first, second].iter().all(|column| column.phrases >= 0.5)
}

/// Two columns that are told by each other's names.
fn known<'a>(columns: &'a [Column<'a>]) -> Option<(&'a Column<'a>, &'a Column<'a>)> {
    let find = |names: &str, not: Option<&str>| {
        names.split_whitespace().find_map(|name| {
            columns.iter().find(|column| column.plain == name && column.is_text() && Some(column.name) != not)
        })
    };
    names::PARTNERS.iter().find_map(|(firsts, seconds)| {
        let first = find(firsts, None)?;
        let second = find(seconds, Some(first.name))?;
        // What else is called a label must not come again and again.
        let is_label = is_in(names::LABEL, &second.plain) && second.distinct * 2 <= second.filled;
        (!is_label).then_some((first, second))
    })
}

/// A column that is called a second text.
fn second<'a>(columns: &'a [Column<'a>]) -> Option<(&'a Column<'a>, &'a Column<'a>)> {
    let named = names::PAIR.split_whitespace();
    let second =
        named.into_iter().find_map(|name| columns.iter().find(|column| column.plain == name && column.is_text()))?;
    let first = text(columns, Some(second.name))?;
    let first = columns.iter().find(|column| column.name == first && column.is_text())?;
    Some((first, second))
}

/// Where no column has a name, two that both have several words.
fn nameless<'a>(columns: &'a [Column<'a>]) -> Option<(&'a Column<'a>, &'a Column<'a>)> {
    if !columns.iter().enumerate().all(|(index, column)| column.name == format!("column {}", index + 1)) {
        return None;
    }
    let is_text = |column: &&Column<'_>| {
        column.is_text() && column.phrases >= 0.5 && column.mean_words >= 2.5 && column.distinct * 2 > column.filled
    };
    let texts: Vec<&Column<'_>> = columns.iter().filter(is_text).collect();
    if let [first, second] = texts[..] { Some((first, second)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_at_marks_digits_and_capitals() {
        let check = |name: &str, expected: &[&str]| assert_eq!(names::parts(name), expected, "{name}");
        check("sentence_A", &["sentence", "a"]);
        check("sentenceA", &["sentence", "a"]);
        check("#1 String", &["1", "string"]);
        check("sentence1_parse", &["sentence", "1", "parse"]);
        check("q1", &["q", "1"]);
        check("Text-B", &["text", "b"]);
        check("文本1", &["文本", "1"]);
        check("", &[]);
    }
}
