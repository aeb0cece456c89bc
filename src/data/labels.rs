//! The text of a label cell → classes or a number, and the classes of a column in their order.

mod flags;
mod numerals;
mod several;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

pub(super) use flags::{are_ticked, flag, is_mark, is_missing, kind_of, says_only_no};
pub(super) use numerals::{Numerals, is_no_number};
pub(super) use several::{Separator, are_id_lists, places, scores};

use super::LabelSet;
use super::folded::folded;
use crate::table::Table;
use crate::table::is_number;
use crate::table::shorten;

/// What SNLI and MNLI write where the annotators did not agree.
const NO_LABEL: &str = "-";
/// What pandas, spreadsheets and databases write where there is nothing.
const NOTHING: [&str; 6] = ["nan", "NaN", "NAN", "<NA>", "#N/A", "\\N"];

/// One row of so many may be without a label.
const RARE_NULLS: usize = 10;

/// Blanks around a name that a person may leave between commas.
const MARGIN: usize = 8;

/// Columns of 0 and 1, one for each label, where a role names several, as in `toxic, insult, threat`. A name may have a
/// comma of its own.
pub(super) fn flag_columns(table: &Table, named: Option<&str>) -> Option<Vec<usize>> {
    let named = named.filter(|named| table.column(named).is_none())?;
    let places: HashMap<&str, usize> = table.columns.iter().map(String::as_str).zip(0..).collect();
    let longest = named.len().min(places.keys().map(|name| name.len()).max().unwrap_or(0) + MARGIN);
    let (mut columns, mut begun) = (Vec::new(), String::new());
    for part in named.split(',') {
        begun = if begun.is_empty() { part.to_owned() } else { format!("{begun},{part}") };
        if let Some(&column) = places.get(begun.trim()) {
            columns.push(column);
            begun.clear();
        } else if begun.len() > longest {
            return None;
        }
    }
    (columns.len() > 1 && begun.trim().is_empty()).then_some(columns)
}

/// Whether a number is -1, or the -100 of what is to be ignored.
fn is_minus_one(cell: &str) -> bool {
    matches!(cell, "-1" | "-1.0") || is_ignored(cell)
}

/// Whether a number is what losses ignore, which stands in no scale of classes.
fn is_ignored(cell: &str) -> bool {
    matches!(cell, "-100" | "-100.0")
}

/// Whether a name is what spreadsheets and data bases write where there is nothing, though it may be a name as well.
pub(super) fn may_be_nothing(name: &str) -> bool {
    NOTHING.contains(&name) || is_null(name) || name.eq_ignore_ascii_case("none")
}

fn is_null(name: &str) -> bool {
    ["n/a", "null", "na", "<na>", "#n/a"].iter().any(|word| name.eq_ignore_ascii_case(word))
}

/// The names in a column of classes that say that a row has none: a dash where the labels are words and more than one, what
/// stands for a missing value, and -1 where the others are numbers from 0 on and it is plainly what data sets of the hub
/// write for hidden labels. A -1 that is as frequent as the others is a class, as in -1, 0 and 1 of sentiment.
pub(super) fn unlabelled<'a>(cells: impl Iterator<Item = &'a str> + Clone) -> Vec<&'a str> {
    let cells = cells.map(str::trim).filter(|cell| !cell.is_empty());
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for cell in cells.clone() {
        *counts.entry(cell).or_insert(0) += 1;
    }
    let mut none: Vec<&str> = counts.keys().copied().filter(|name| NOTHING.contains(name)).collect();
    none.extend(rare_nulls(&counts));
    none.sort_unstable();
    none.dedup();
    // Prodigy's annotators ignore what they cannot answer.
    if ["accept", "reject", "ignore"].iter().all(|word| counts.contains_key(word)) && counts.len() == 3 {
        none.push("ignore");
    }
    let is_word = |name: &&str| name.chars().filter(|letter| letter.is_alphabetic()).count() > 1;
    // Beside one other name a dash says that something is not so.
    if counts.contains_key(NO_LABEL) && counts.len() > 2 && counts.keys().all(|name| *name == NO_LABEL || is_word(name))
    {
        none.push(NO_LABEL);
    }
    if let Some((hidden, count)) = counts.iter().find(|(name, _)| is_minus_one(name)) {
        let others = counts.iter().filter(|(name, _)| *name != hidden && !none.contains(name));
        let others: Vec<(&str, usize)> = others.map(|(name, count)| (*name, *count)).collect();
        let is_never_meant = is_ignored(hidden) && others.iter().all(|(name, _)| is_number(name));
        if is_never_meant || is_hidden(*count, &others) || (is_counted(&others) && stands_apart(cells)) {
            none.push(hidden);
        }
    }
    none
}

/// The ways of writing that there is nothing which could be names as well, where few rows beside two classes or more have
/// them. `None` is often a class of its own, and is meant so unless missing values are written in other ways too.
fn rare_nulls<'a>(counts: &HashMap<&'a str, usize>) -> Vec<&'a str> {
    let all: usize = counts.values().sum();
    let (nulls, classes): (Vec<&str>, Vec<&str>) = counts.keys().copied().partition(|name| may_be_nothing(name));
    let has_other = nulls.iter().any(|name| NOTHING.contains(name) || is_null(name));
    let rows: usize = nulls.iter().map(|name| counts[name]).sum();
    if !has_other || classes.len() < 2 || rows * RARE_NULLS > all {
        return Vec::new();
    }
    nulls
}

/// Whether names are the whole numbers from 0 on.
fn is_counted(names: &[(&str, usize)]) -> bool {
    let mut values: Vec<f64> = names.iter().map(|(name, _)| name.parse().unwrap_or(f64::NAN)).collect();
    values.sort_by(f64::total_cmp);
    names.len() > 1 && values.iter().zip(0_u32..).all(|(value, place)| *value == f64::from(place))
}

/// Whether so many rows with -1 beside the others are hidden labels: there are no others, or they are three or more and
/// each is far more frequent.
fn is_hidden(count: usize, others: &[(&str, usize)]) -> bool {
    let least = others.iter().map(|(_, count)| *count).min().unwrap_or(0);
    let is_rare = count * 3 <= least || (count <= 2 && count < least);
    others.is_empty() || (others.len() > 2 && is_counted(others) && is_rare)
}

/// Whether all rows with -1 stand together at one end of a column that is not sorted, as a test part does.
fn stands_apart<'a>(cells: impl Iterator<Item = &'a str> + Clone) -> bool {
    let mut runs = 0;
    let (mut before, mut is_sorted, mut last_other): (Option<bool>, bool, Option<&str>) = (None, true, None);
    let mut ends = (false, false);
    for cell in cells {
        let hidden = is_minus_one(cell);
        if before.is_none() {
            ends.0 = hidden;
        }
        runs += usize::from(hidden && before != Some(true));
        if !hidden {
            is_sorted &= last_other.is_none_or(|last| last <= cell);
            last_other = Some(cell);
        }
        (before, ends.1) = (Some(hidden), hidden);
    }
    runs == 1 && (ends.0 || ends.1) && !is_sorted
}

/// Names in the order of their indices: sorted by name, or by value where all are numbers.
pub fn sort_names(mut names: Vec<String>) -> Vec<String> {
    if names.iter().all(|name| is_number(name)) {
        let value = |name: &str| name.trim().parse::<f64>().unwrap_or(f64::NAN);
        names.sort_by(|a, b| value(a).total_cmp(&value(b)).then_with(|| a.cmp(b)));
    } else {
        names.sort();
    }
    names
}

/// Classes by name. A search through thousands of names for each of a million rows would be slow.
pub(super) struct Classes<'a> {
    by_name: HashMap<&'a str, u32>,
    /// The same by how names are written without what people vary, where that does not matter.
    by_folded: HashMap<String, u32>,
    names: &'a [String],
}

impl<'a> Classes<'a> {
    pub fn new(labels: &'a LabelSet) -> Self {
        let by_name = labels.names.iter().zip(0..).map(|(name, index)| (name.as_str(), index)).collect();
        Self { by_name, by_folded: HashMap::new(), names: &labels.names }
    }

    /// The same, but names may be written in other ways.
    pub fn folding(mut self) -> Self {
        self.by_folded = self.names.iter().map(|name| folded(name)).zip(0..).collect();
        self
    }

    /// The class of a name, or the reason why it has none.
    pub fn find(&self, name: &str) -> Result<u32, String> {
        let other = || (!self.by_folded.is_empty()).then(|| self.by_folded.get(&folded(name)).copied()).flatten();
        self.by_name.get(name).copied().or_else(other).ok_or_else(|| {
            format!(
                "has the label {:?}, expected one of {} known classes ({})",
                shorten(name, 40),
                self.names.len(),
                crate::table::name_list(self.names)
            )
        })
    }
}

/// The names in some cells, each once. Those of a million rows may all be different.
pub(super) fn names_in<'a>(cells: impl Iterator<Item = &'a str>, separator: Separator) -> Vec<String> {
    let mut names: HashSet<Cow<'a, str>> = HashSet::new();
    for cell in cells {
        names.extend(separator.names(cell).unwrap_or_default());
    }
    let mut names: Vec<String> = names.into_iter().map(Cow::into_owned).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_by_value_where_all_are_numbers() {
        let check = |names: &[&str], expected: &[&str]| {
            assert_eq!(sort_names(names.iter().map(|&name| name.to_owned()).collect()), expected);
        };
        check(&["b", "a", "C"], &["C", "a", "b"]);
        check(&["10", "9", "-1", "2.5"], &["-1", "2.5", "9", "10"]);
        check(&["10", "9", "x"], &["10", "9", "x"]);
        check(&["nan", "inf", "1"], &["1", "inf", "nan"]);
    }

    #[test]
    fn what_says_that_a_row_has_no_label_is_none() {
        let check = |cells: &[&str], expected: &[&str]| {
            assert_eq!(unlabelled(cells.iter().copied()), expected, "{cells:?}");
        };
        check(&["neutral", "-", "entailment", "neutral"], &["-"]);
        check(&["accept", "reject", "ignore", "accept"], &["ignore"]);
        check(&["spam", "-", "-"], &[]);
        check(&["+", "-", "o"], &[]);
        check(&["pos", "nan", "neg", "NaN"], &["NaN", "nan"]);
        check(&["None", "a", "N/A"], &[]);
        let mut many = ["pos", "neg"].repeat(15);
        many.extend(["N/A", "null", "None"]);
        check(&many, &["N/A", "None", "null"]);
        check(&[["pos", "neg"].repeat(15), vec!["None"]].concat(), &[]);
        check(&["0", "1", "-100", "1", "-100", "0"], &["-100"]);
        // Hidden labels.
        check(&["-1", "-1", "-1"], &["-1"]);
        check(&["0", "1", "0", "1", "0", "-1", "-1", "-1"], &["-1"]);
        check(&["0", "1", "2", "0", "-1", "1", "2", "0", "1", "2"], &["-1"]);
        check(&["0.0", "1.0", "2.0", "0.0", "-1.0", "1.0", "2.0", "0.0", "1.0", "2.0"], &["-1.0"]);
        // Sentiment.
        check(&["-1", "0", "1", "1", "-1", "0"], &[]);
        check(&["-1", "-1", "0", "0", "1", "1"], &[]);
        check(&["-1", "1", "1", "-1"], &[]);
        check(&["-1", "0", "1", "2", "-1", "0", "1", "2"], &[]);
        check(&["-2", "-1", "0", "1", "2", "0"], &[]);
        check(&["5", "4", "-1", "3"], &[]);
    }

    #[test]
    fn columns_of_labels_are_named_between_commas_of_which_a_name_may_have_one() {
        let table =
            Table::from_bytes(std::path::Path::new("a.csv"), b"text,a,\"b, c\",d\nx y,0,1,1\nz w,1,0,1\n".to_vec());
        let table = table.unwrap();
        let check = |named: &str, expected: Option<Vec<usize>>| assert_eq!(flag_columns(&table, Some(named)), expected);
        check("a, b, c, d", Some(vec![1, 2, 3]));
        check("b, c", None);
        check("a,d", Some(vec![1, 3]));
        check("a, x", None);
        check("a", None);
    }
}
