//! The text of a label cell → classes or a number, and the classes of a column in their order.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::error::shorten;
use super::guess::literal;
use super::readers::is_number;
use super::{LabelSet, Table};

/// What SNLI and MNLI write where the annotators did not agree.
const NO_LABEL: &str = "-";

/// Columns of 0 and 1, one for each label, where a role names several, as in `toxic, insult, threat`.
pub(super) fn flag_columns(table: &Table, named: Option<&str>) -> Option<Vec<usize>> {
    let named = named.filter(|named| table.column(named).is_none())?;
    let columns: Vec<usize> = named.split(',').map(|name| table.column(name.trim())).collect::<Option<_>>()?;
    (columns.len() > 1).then_some(columns)
}

/// Whether a label applies, as a column of its own says it.
pub(super) fn flag(cell: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| cell.eq_ignore_ascii_case(word));
    if is(&["1", "1.0", "true", "yes"]) {
        return Some(true);
    }
    is(&["0", "0.0", "false", "no"]).then_some(false)
}

/// Names in the order of their indices: sorted by name, or by value where all are numbers.
pub(super) fn sort_names(mut names: Vec<String>) -> Vec<String> {
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
    names: &'a [String],
}

impl<'a> Classes<'a> {
    pub fn new(labels: &'a LabelSet) -> Self {
        let by_name = labels.names.iter().zip(0..).map(|(name, index)| (name.as_str(), index)).collect();
        Self { by_name, names: &labels.names }
    }

    /// The class of a name, or the reason why it has none.
    pub fn find(&self, name: &str) -> Result<u32, String> {
        self.by_name.get(name).copied().ok_or_else(|| {
            format!(
                "has the label {:?}, expected one of {} known classes ({})",
                shorten(name, 40),
                self.names.len(),
                super::error::name_list(self.names)
            )
        })
    }
}

/// How the names in a multi-label cell are told apart: one way for a whole column, so that a label's own comma is not
/// taken for a separator in one row and for a part of the name in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    /// `["joy", "anger"]`, also as Python or `NumPy` prints it, or `{"joy": 0.9, "anger": 0}`.
    List,
    Character(char),
    /// Every cell is one name.
    Single,
}

impl Separator {
    /// A list if most cells that are not empty are lists; else the one of `|`, `;` and `,` found in the most cells,
    /// in this order if equal.
    pub fn of_column<'a>(cells: impl Iterator<Item = &'a str>) -> Self {
        let mut counts = [0_usize; 3];
        let (mut lists, mut filled) = (0_usize, 0_usize);
        for cell in cells.map(str::trim).filter(|cell| !cell.is_empty()) {
            filled += 1;
            lists += usize::from((cell.starts_with('[') && cell.ends_with(']')) || scores(cell).is_some());
            for (count, separator) in counts.iter_mut().zip(['|', ';', ',']) {
                *count += usize::from(cell.contains(separator));
            }
        }
        if lists * 2 > filled {
            return Self::List;
        }
        let [bars, semicolons, commas] = counts;
        match bars.max(semicolons).max(commas) {
            0 => Self::Single,
            most if most == bars => Self::Character('|'),
            most if most == semicolons => Self::Character(';'),
            _ => Self::Character(','),
        }
    }

    /// The names in a cell, trimmed. An empty cell and `[]` hold none. Among lists a word is a list of one.
    pub fn names(self, cell: &str) -> Result<Vec<Cow<'_, str>>, String> {
        let cell = cell.trim();
        if cell.is_empty() || cell == "[]" {
            return Ok(Vec::new());
        }
        let names = match self {
            Self::List if cell.starts_with(['[', '{']) => return list_names(cell),
            Self::Character(separator) => cell.split(separator).map(str::trim).map(Cow::Borrowed).collect(),
            Self::List | Self::Single => vec![Cow::Borrowed(cell)],
        };
        Ok(without_empty(names))
    }
}

fn list_names(cell: &str) -> Result<Vec<Cow<'_, str>>, String> {
    let wrong =
        || format!("has the labels {:?}, expected a list of names such as [\"joy\", \"anger\"]", shorten(cell, 40));
    if cell.starts_with('{') {
        let names = scores(cell).ok_or_else(wrong)?;
        return Ok(without_empty(names.into_iter().map(Cow::Owned).collect()));
    }
    if let Some(Value::Array(values)) = literal::value(cell) {
        let name = |value: Value| match value {
            Value::String(name) => Some(Cow::Owned(name.trim().to_owned())),
            Value::Number(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        };
        return values.into_iter().map(name).collect::<Option<Vec<_>>>().map(without_empty).ok_or_else(wrong);
    }
    let inside = cell.strip_prefix('[').and_then(|cell| cell.strip_suffix(']')).ok_or_else(wrong)?;
    let names: Option<Vec<Cow<'_, str>>> = inside.split(',').map(|name| unquote(name).map(Cow::Borrowed)).collect();
    names.map(without_empty).ok_or_else(wrong)
}

/// The labels to which an object such as `{"joy": 0.9, "anger": 0}` gives at least one half, or true; nothing where a
/// cell is no such object.
pub(super) fn scores(cell: &str) -> Option<Vec<String>> {
    let Some(Value::Object(fields)) = cell.starts_with('{').then(|| literal::value(cell)).flatten() else {
        return None;
    };
    let mut names = Vec::new();
    for (name, score) in fields {
        let holds = match score {
            Value::Bool(holds) => holds,
            Value::Number(score) => score.as_f64()? >= 0.5,
            _ => return None,
        };
        names.extend(holds.then_some(name));
    }
    Some(names)
}

/// A name without its quotes; nothing where they do not match.
fn unquote(name: &str) -> Option<&str> {
    let name = name.trim();
    match name.chars().next() {
        Some(quote @ ('\'' | '"')) => name[1..].strip_suffix(quote),
        _ => Some(name),
    }
}

fn without_empty(mut names: Vec<Cow<'_, str>>) -> Vec<Cow<'_, str>> {
    names.retain(|name| !name.is_empty());
    names
}

/// A finite number. With `decimal_comma`, `3,5` is three and a half.
pub(super) fn number(cell: &str, decimal_comma: bool) -> Result<f32, String> {
    let cell = cell.trim();
    let text = if decimal_comma && !cell.contains('.') && cell.matches(',').count() == 1 {
        Cow::Owned(cell.replace(',', "."))
    } else {
        Cow::Borrowed(cell)
    };
    match text.parse::<f32>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(format!("has the label {:?}, expected a number", shorten(cell, 40))),
    }
}

/// Whether the numbers of a table may have a decimal comma: only where the comma does not separate columns, as in the
/// files of spreadsheets in most of Europe.
pub(super) fn decimal_comma(table: &Table) -> bool {
    matches!(table.format, super::table::Format::Delimited { delimiter: b';' | b'\t' })
}

/// Whether a column of whole numbers joined by commas, `27` and `2,3`, holds lists of numbered labels, and not numbers
/// with a decimal comma: some lists are longer; or most ascend, and what comes second in one is also first in another.
pub(super) fn are_id_lists(cells: &[&str]) -> bool {
    let lists: Vec<Vec<u32>> = cells.iter().filter_map(|cell| ids(cell)).collect();
    if lists.is_empty() || lists.len() * 20 < cells.len() * 19 {
        return false;
    }
    if lists.iter().any(|ids| ids.len() > 2) {
        return true;
    }
    let parts = |place: usize| lists.iter().filter_map(|ids| ids.get(place).copied()).collect::<BTreeSet<u32>>();
    let (first, second) = (parts(0), parts(1));
    let again = second.intersection(&first).count();
    let ascending = lists.iter().filter(|ids| ids.is_sorted_by(|a, b| a < b)).count();
    // All ratings in steps of a half have the same second part.
    ascending * 10 >= lists.len() * 9 && second.len() > 1 && again * 2 >= second.len()
}

/// The whole numbers of `2,3`; nothing where a part is none or has a zero before it.
fn ids(cell: &str) -> Option<Vec<u32>> {
    let id = |part: &str| {
        let part = part.trim();
        part.parse::<u32>().ok().filter(|_| part == "0" || !part.starts_with(['0', '+']))
    };
    cell.split(',').map(id).collect()
}

/// The names in some cells with the number of cells that hold each. Where the labels are words, a lone `-` is none.
pub(super) fn count_names<'a>(
    cells: impl Iterator<Item = &'a str>,
    separator: Option<Separator>,
) -> BTreeMap<String, usize> {
    let mut counts: HashMap<Cow<'a, str>, usize> = HashMap::new();
    for cell in cells {
        match separator {
            None => *counts.entry(Cow::Borrowed(cell.trim())).or_insert(0) += 1,
            Some(separator) => {
                for name in separator.names(cell).unwrap_or_default() {
                    *counts.entry(name).or_insert(0) += 1;
                }
            }
        }
    }
    counts.remove("");
    let mut counts: BTreeMap<String, usize> =
        counts.into_iter().map(|(name, count)| (name.into_owned(), count)).collect();
    let is_word = |name: &String| name.chars().filter(|letter| letter.is_alphabetic()).count() > 1;
    // Beside one other name a dash says that something is not so.
    if separator.is_none() && counts.len() > 2 && counts.keys().all(|name| name == NO_LABEL || is_word(name)) {
        counts.remove(NO_LABEL);
    }
    counts
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
    fn a_column_has_one_separator() {
        let check = |cells: &[&str], expected: Separator| {
            assert_eq!(Separator::of_column(cells.iter().copied()), expected, "{cells:?}");
        };
        check(&["a|b", "c", "a, the first|d"], Separator::Character('|'));
        check(&["a;b", "c;d", "e, f"], Separator::Character(';'));
        check(&["a, b", "", "c"], Separator::Character(','));
        check(&["a", "b"], Separator::Single);
        check(&["[\"a\"]", "[]", ""], Separator::List);
        check(&["[x] a, b", "c, d"], Separator::Character(','));
        check(&["[\"a\"]", "[]", "a, b"], Separator::List);
        check(&["['a' 'b']", "['a']"], Separator::List);
        check(&["{\"a\": 1, \"b\": 0}", "{'a': 0.0, 'b': 1.0}"], Separator::List);
        check(&["{a, b}", "{a}"], Separator::Character(','));
        check(&["a|b;c", "a;b|c"], Separator::Character('|'));
        check(&[], Separator::Single);
    }

    #[test]
    fn cells_hold_any_number_of_names() {
        let check = |separator: Separator, cell: &str, expected: Option<&[&str]>| {
            assert_eq!(
                separator.names(cell).ok().as_deref(),
                expected
                    .map(|names| { names.iter().map(|&name| Cow::Borrowed(name)).collect::<Vec<Cow<'_, str>>>() })
                    .as_deref(),
                "{cell}"
            );
        };
        check(Separator::Character(','), " a , b,,", Some(&["a", "b"]));
        check(Separator::Character('|'), "a, b|c", Some(&["a, b", "c"]));
        check(Separator::Character('|'), "", Some(&[]));
        check(Separator::Character('|'), "[]", Some(&[]));
        check(Separator::Single, "a b", Some(&["a b"]));
        check(Separator::List, "[\"a, b\", \"c\"]", Some(&["a, b", "c"]));
        check(Separator::List, "[1, 20]", Some(&["1", "20"]));
        check(Separator::List, "['joy', 'anger']", Some(&["joy", "anger"]));
        check(Separator::List, "[joy, anger]", Some(&["joy", "anger"]));
        check(Separator::List, "['a' 'b']", Some(&["a", "b"]));
        check(Separator::List, "[0 1]", Some(&["0", "1"]));
        check(Separator::List, "[very good, bad]", Some(&["very good", "bad"]));
        check(Separator::List, "joy, anger", Some(&["joy, anger"]));
        check(Separator::List, "[\"a\", {}]", None);
        check(Separator::List, "['a, b]", None);
    }

    #[test]
    fn an_object_of_scores_holds_the_names_with_at_least_one_half() {
        let check = |cell: &str, expected: Option<&[&str]>| {
            let found = scores(cell);
            let found: Option<Vec<&str>> = found.as_ref().map(|names| names.iter().map(String::as_str).collect());
            assert_eq!(found.as_deref(), expected, "{cell}");
        };
        check(r#"{"POS": 1, "NEG": 0}"#, Some(&["POS"]));
        check(r#"{"POS": 0.5, "NEG": 0.4, "NEW": true, "OLD": false}"#, Some(&["POS", "NEW"]));
        check("{'POS': 0.0, 'NEG': 1.0, 'NEW': True}", Some(&["NEG", "NEW"]));
        check("{}", Some(&[]));
        check(r#"{"POS": "1"}"#, None);
        check("POS", None);
        assert_eq!(Separator::List.names(r#"{"POS": 1}"#).unwrap(), ["POS"]);
        assert!(Separator::List.names(r#"{"POS": null}"#).unwrap_err().contains("expected a list of names"));
    }

    #[test]
    fn numbers_between_commas_are_lists_or_decimals() {
        let check = |cells: &[&str], expected: bool| assert_eq!(are_id_lists(cells), expected, "{cells:?}");
        check(&["27", "2,3", "14", "3,14"], true);
        check(&["27", "2,3", "3,14"], true);
        check(&["1", "1,5,9"], true);
        check(&["1", "2", "3", "4", "5", "6", "7", "1,2", "3,4", "5,6", "7,3"], true);
        check(&["1,5", "12,25"], false);
        check(&["1,5", "2,5", "5", "4,5"], false);
        check(&["3,7", "4,2", "2,9", "7,0"], false);
        check(&["1,05", "2,50"], false);
        check(&["1", "2"], false);
        check(&["a,b", "1,2,3"], false);
        check(&[], false);
    }

    #[test]
    fn a_dash_among_words_is_no_label() {
        let names = |cells: &[&str]| count_names(cells.iter().copied(), None).into_keys().collect::<Vec<_>>();
        assert_eq!(names(&["neutral", "-", "entailment", "neutral"]), ["entailment", "neutral"]);
        assert_eq!(names(&["spam", "-", "-"]), ["-", "spam"]);
        assert_eq!(names(&["+", "-", "o"]), ["+", "-", "o"]);
    }

    #[test]
    fn numbers_are_finite() {
        let check = |cell: &str, comma: bool, expected: Option<f32>| {
            assert_eq!(number(cell, comma).ok(), expected, "{cell}");
        };
        check(" 3.5 ", false, Some(3.5));
        check("-1e2", false, Some(-100.0));
        check("3,5", true, Some(3.5));
        check("3,5", false, None);
        check("1,234.5", true, None);
        check("nan", false, None);
        check("inf", false, None);
        check("1e99", false, None);
        check("good", false, None);
    }
}
