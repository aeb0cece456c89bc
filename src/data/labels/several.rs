//! Several labels in one cell: a list, names between marks, an object of scores, or one place for each label, as in
//! `[1.0, 0.0, 0.0]`. One way holds for a whole column.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::flag;
use crate::table::is_number;
use crate::table::notation::literal;
use crate::table::shorten;

/// How the names in a multi-label cell are told apart: one way for a whole column, so that a label's own comma is not
/// taken for a separator in one row and for a part of the name in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    /// `["joy", "anger"]`, also as Python or `NumPy` prints it, or `{"joy": 0.9, "anger": 0}`.
    List,
    /// As many zeros and ones as there are labels.
    Places(usize),
    Character(char),
    /// Every cell is one name.
    Single,
}

/// Marks that hardly stand in a name, the surest first, and the comma, which may.
const MARKS: [char; 8] = ['\n', '|', ';', '｜', '；', '、', ',', '，'];
/// Marks that join labels in the files of some programs, and stand in the names of others: doccano's, those of many
/// competitions.
const RARE_MARKS: [char; 6] = ['#', ' ', '+', '&', '/', '!'];

/// What stands between names that are one.
const CONJUNCTIONS: [&str; 9] = ["and", "or", "und", "oder", "et", "ou", "y", "o", "e"];

/// Share of the cells that a way of writing must explain before it is taken to be the column's.
const NEARLY_ALL: (usize, usize) = (19, 20);

fn nearly_all(count: usize, of: usize) -> bool {
    count * NEARLY_ALL.1 >= of * NEARLY_ALL.0
}

impl Separator {
    /// Zeros and ones, one for each label, where nearly all cells that are not empty are that; a list if most are lists;
    /// else the one of a line end, `|`, `;` and `,` found in the most cells, in this order if equal; else a rarer mark
    /// where what it separates are plainly labels.
    pub fn of_column<'a>(cells: impl Iterator<Item = &'a str>) -> Self {
        let cells: Vec<&str> = cells.map(str::trim).filter(|cell| !cell.is_empty()).collect();
        if let Some(places) = common_places(&cells) {
            return Self::Places(places);
        }
        let is_list =
            |cell: &&&str| (cell.starts_with('[') && cell.ends_with(']')) || is_set(cell) || scores(cell).is_some();
        // A list in one row is a list, whatever stands in the others, whose names are then of one label each.
        if cells.iter().filter(is_list).count() * 2 > cells.len() || cells.iter().any(|cell| is_sure_list(cell)) {
            return Self::List;
        }
        let counts = MARKS.map(|mark| cells.iter().filter(|cell| cell.contains(mark)).count());
        let most = counts.into_iter().max().unwrap_or(0);
        if most > 0 {
            let mark = MARKS.into_iter().zip(counts).find(|(_, count)| *count == most);
            return mark.map_or(Self::Single, |(mark, _)| Self::Character(mark));
        }
        RARE_MARKS.into_iter().find(|mark| joins(&cells, *mark)).map_or(Self::Single, Self::Character)
    }

    /// The same where a row is to have one class: only lists and places are told apart from names, which may hold marks.
    pub fn of_classes<'a>(cells: impl Iterator<Item = &'a str>) -> Self {
        let cells: Vec<&str> = cells.map(str::trim).filter(|cell| !cell.is_empty()).collect();
        if let Some(places) = common_places(&cells) {
            return Self::Places(places);
        }
        let is_list = |cell: &&&str| {
            let is_array = cell.starts_with('[') && matches!(literal::value(cell), Some(Value::Array(_)));
            is_array || scores(cell).is_some()
        };
        let are_lists = !cells.is_empty() && nearly_all(cells.iter().filter(is_list).count(), cells.len());
        if are_lists || cells.iter().any(|cell| is_sure_list(cell)) { Self::List } else { Self::Single }
    }

    /// The names in a cell, trimmed. An empty cell and `[]` hold none. Among lists a word is a list of one.
    pub fn names(self, cell: &str) -> Result<Vec<Cow<'_, str>>, String> {
        let cell = cell.trim();
        if matches!(cell, "" | "[]" | "{}" | "set()") {
            return Ok(Vec::new());
        }
        let names = match self {
            Self::List if cell.starts_with(['[', '{', '(', '<']) => return list_names(cell),
            Self::Character(separator) => cell.split(separator).map(str::trim).map(Cow::Borrowed).collect(),
            Self::List | Self::Single | Self::Places(_) => vec![Cow::Borrowed(cell)],
        };
        Ok(without_empty(names))
    }

    /// Whether the labels of a row are several, as far as the way of writing tells.
    pub fn is_several(self) -> bool {
        !matches!(self, Self::Single)
    }

    /// What is unusual about it, in words.
    pub fn words(self) -> Option<String> {
        match self {
            Self::Places(count) => Some(format!("as {count} places of 0 and 1, one for each label")),
            Self::Character('\n') => Some("as one label a line".to_owned()),
            Self::Character(' ') => Some("as labels between blanks".to_owned()),
            Self::Character(mark) => Some(format!("as labels between {mark:?}")),
            Self::List => Some("as lists of labels".to_owned()),
            Self::Single => None,
        }
    }
}

/// Whether a cell is a list of names or of the numbers of labels, or scores of labels, as JSON or Python writes them, and
/// cannot be a name that happens to be in brackets.
fn is_sure_list(cell: &str) -> bool {
    if cell.starts_with('{') {
        return scores(cell).is_some_and(|_| cell.contains(':'));
    }
    let is_whole = |value: &Value| value.as_i64().is_some_and(|number| number >= 0);
    match cell.starts_with('[').then(|| literal::value(cell)).flatten() {
        Some(Value::Array(values)) => {
            let are_names = !values.is_empty() && values.iter().all(Value::is_string);
            are_names || (values.len() > 1 && values.iter().all(is_whole))
        }
        _ => false,
    }
}

/// Whether a cell is a set as Python prints it, `{'a', 'b'}`, an array of Postgres, `{a,b}`, or `<a><b>`.
fn is_set(cell: &str) -> bool {
    let is_braced = cell.starts_with('{') && cell.ends_with('}') && !cell.contains(':');
    is_braced || (cell.starts_with('<') && cell.ends_with('>') && cell.len() > 2) || cell == "set()"
}

/// The labels that apply in a cell of places; nothing where it holds anything but zeros and ones.
pub fn places(cell: &str) -> Option<Vec<bool>> {
    if cell.starts_with(['[', '(', 'a', 't']) {
        let Some(Value::Array(values)) = literal::value(cell) else { return None };
        let place = |value: &Value| match value {
            Value::Bool(holds) => Some(*holds),
            Value::Number(number) if number.as_f64() == Some(0.0) => Some(false),
            Value::Number(number) if number.as_f64() == Some(1.0) => Some(true),
            Value::String(text) => flag(text),
            _ => None,
        };
        return values.iter().map(place).collect();
    }
    let mark = [',', ';', '|', ' '].into_iter().find(|mark| cell.contains(*mark))?;
    let parts = cell.split(mark).map(str::trim).filter(|part| mark != ' ' || !part.is_empty());
    let found: Vec<bool> =
        parts.map(|part| flag(part).filter(|_| is_number(part) && !part.starts_with("100"))).collect::<Option<_>>()?;
    // Two numbers between commas are more likely a number with a decimal comma or the numbers of labels.
    (found.len() > 2).then_some(found)
}

/// How many places all cells have, where they are zeros and ones and cannot be the numbers of labels, of which no row
/// would have one twice.
fn common_places(cells: &[&str]) -> Option<usize> {
    let first = cells.iter().take(20).find_map(|cell| places(cell))?;
    let count = first.len();
    let lists: Vec<(&str, Vec<bool>)> =
        cells.iter().filter_map(|cell| Some((*cell, places(cell)?))).filter(|(_, list)| list.len() == count).collect();
    if count < 2 || !nearly_all(lists.len(), cells.len()) {
        return None;
    }
    let is_no_number = |cell: &str| cell.contains(['.', 'r', 'l']);
    let proves = |(cell, list): &(&str, Vec<bool>)| list[0] == list[1] || list[0] || is_no_number(cell);
    (count > 2 || lists.iter().any(proves)).then_some(count)
}

/// Whether a mark that may be part of a name joins labels: its parts come again and again in other combinations, and,
/// but for the surest mark, nearly all also stand alone, or rows have many of them.
fn joins(cells: &[&str], mark: char) -> bool {
    let is_joined = |cell: &str| cell.contains(mark) && cell.split(mark).all(|part| !part.trim().is_empty());
    if !cells.iter().any(|cell| is_joined(cell)) {
        return false;
    }
    let distinct: HashSet<&str> = cells.iter().copied().collect();
    let mut parts: HashMap<&str, usize> = HashMap::new();
    // Parts that come first, and those that come later: the words of one name keep their places.
    let (mut first, mut later) = (HashSet::new(), HashSet::new());
    let (mut longest, mut all) = (0, 0);
    for cell in cells {
        let mut count = 0;
        for part in cell.split(mark).map(str::trim).filter(|part| !part.is_empty()) {
            *parts.entry(part).or_insert(0) += 1;
            if count == 0 {
                first.insert(part)
            } else {
                later.insert(part)
            };
            count += 1;
        }
        (longest, all) = (longest.max(count), all + count);
    }
    if parts.len() > distinct.len() || parts.len() * 2 > all {
        return false;
    }
    let broken = cells.iter().filter(|cell| cell.contains(mark) && !is_joined(cell)).count();
    let alone: usize = parts.iter().filter(|(part, _)| distinct.contains(*part)).map(|(_, count)| count).sum();
    let many = longest > 2 && parts.len() * 2 <= distinct.len();
    match mark {
        '#' => broken * 20 <= cells.len(),
        ' ' => {
            let moves = |part: &str| first.contains(part) && later.contains(part);
            let free: usize =
                parts.iter().filter(|(part, _)| distinct.contains(*part) || moves(part)).map(|(_, count)| count).sum();
            // A word that only joins others is no label.
            let joins = |part: &&str| CONJUNCTIONS.contains(part) && !distinct.contains(*part);
            if parts.keys().any(joins) {
                return false;
            }
            let is_free = parts.len() > 2 && free * 4 >= all * 3 && parts.keys().any(|part| moves(part));
            parts.keys().all(|part| is_number(part)) || many || nearly_all(alone, all) || is_free
        }
        _ => broken == 0 && nearly_all(alone, all),
    }
}

fn list_names(cell: &str) -> Result<Vec<Cow<'_, str>>, String> {
    let wrong =
        || format!("has the labels {:?}, expected a list of names such as [\"joy\", \"anger\"]", shorten(cell, 40));
    if is_set(cell) {
        let names: Option<Vec<&str>> = if cell.starts_with('<') {
            Some(cell[1..cell.len() - 1].split("><").map(str::trim).collect())
        } else {
            cell[1..cell.len() - 1].split(',').map(unquote).collect()
        };
        return names.map(|names| without_empty(names.into_iter().map(Cow::Borrowed).collect())).ok_or_else(wrong);
    }
    if cell.starts_with('{') {
        let names = scores(cell).ok_or_else(wrong)?;
        return Ok(without_empty(names.into_iter().map(Cow::Owned).collect()));
    }
    if let Some(Value::Array(values)) = literal::value(cell) {
        let name = |value: Value| match value {
            Value::String(name) => Some(Cow::Owned(name.trim().to_owned())),
            // Fractions are how sure somebody was of each label, which says nothing about which labels these are.
            Value::Number(number) if number.as_f64().is_none_or(|value| value.fract() == 0.0) => {
                Some(Cow::Owned(number.to_string()))
            }
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
pub(in crate::data) fn scores(cell: &str) -> Option<Vec<String>> {
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

/// Whether a column of whole numbers joined by commas, `27` and `2,3`, holds lists of numbered labels, and not numbers
/// with a decimal comma: some lists are longer; or most ascend, and what comes second in one is also first in another.
pub(in crate::data) fn are_id_lists(cells: &[&str]) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

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
        check(&["{a, b}", "{a}"], Separator::List);
        check(&["{'a', 'b'}", "{'a'}", "set()"], Separator::List);
        check(&["<a><b>", "<a>"], Separator::List);
        check(&["a、b", "c"], Separator::Character('、'));
        check(&["a，b", "c"], Separator::Character('，'));
        check(&["a|b;c", "a;b|c"], Separator::Character('|'));
        check(&[], Separator::Single);
    }

    #[test]
    fn a_list_in_a_few_rows_is_a_list_and_the_names_of_the_others_are_one_label_each() {
        for list in [r#"["a", "b"]"#, "['a', 'b']", r#"["a"]"#, "[1, 2]", r#"{"a": 1, "b": 0}"#] {
            let cells = ["a", "b", "a, b", list, "b"];
            assert_eq!(Separator::of_column(cells.into_iter()), Separator::List, "{list}");
            assert_eq!(Separator::of_classes(cells.into_iter()), Separator::List, "{list}");
        }
        for name in ["[]", "{}", "[a, b]", "[NAME]", "[1]", "{a}", "a [\"b\"]", "[a"] {
            assert_eq!(Separator::of_classes(["a", "b", name].into_iter()), Separator::Single, "{name}");
        }
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
        check(Separator::List, "{joy,\"very sad\"}", Some(&["joy", "very sad"]));
        check(Separator::List, "{'joy', 'anger'}", Some(&["joy", "anger"]));
        check(Separator::List, "set()", Some(&[]));
        check(Separator::List, "<joy><very sad>", Some(&["joy", "very sad"]));
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
    fn places_are_told_from_numbers_of_labels() {
        let check = |cells: &[&str], expected: Separator| {
            assert_eq!(Separator::of_column(cells.iter().copied()), expected, "{cells:?}");
        };
        check(&["[1, 0]", "[0, 1]", "[1, 1]"], Separator::Places(2));
        check(&["[0.0, 1.0]"], Separator::Places(2));
        check(&["[0, 1]", "[0, 1]"], Separator::List);
        check(&["[0]", "[1]", "[0, 1]"], Separator::List);
        check(&["[0, 1, 0]", "[1, 1]"], Separator::List);
        check(&["[1, 0, 2]", "[1, 0, 0]"], Separator::List);
        check(&["[0.5, 0.5, 0.0]"], Separator::List);
        check(&["0,1", "1,0"], Separator::Character(','));
        check(&["0,1,0", "1,1,0", ""], Separator::Places(3));
        assert!(Separator::List.names("[0.5, 0.25]").unwrap_err().contains("expected a list of names"));
    }

    #[test]
    fn rarer_marks_join_labels_only_where_the_labels_show_it() {
        let check = |cells: &[&str], expected: Separator| {
            assert_eq!(Separator::of_column(cells.iter().copied()), expected, "{cells:?}");
        };
        check(&["a#b", "a", "b#c", "c", "b#a"], Separator::Character('#'));
        check(&["C#", "F#", "Java", "C#"], Separator::Single);
        check(&["scab", "rust", "healthy", "scab rust", "rust"], Separator::Character(' '));
        check(&["5 0", "16 0", "7 1 2 0", "5", "0", "0 5", "16"], Separator::Character(' '));
        check(&["very good", "good", "very bad", "bad", "neutral"], Separator::Single);
        check(&["not spam", "spam", "spam"], Separator::Single);
        check(&["New York", "Berlin", "New York"], Separator::Single);
        check(&["Sci/Tech", "World", "Sports", "Sci/Tech"], Separator::Single);
        check(&["joy/fear", "joy", "fear", "joy/fear"], Separator::Character('/'));
        check(&["joy+fear", "joy", "fear"], Separator::Character('+'));
        check(&["joy!fear", "joy", "fear", "fear!joy"], Separator::Character('!'));
        check(&["bill late", "late rude", "rude", "bill rude", "late"], Separator::Character(' '));
        check(&["joy and fear", "joy", "fear", "fear and joy", "anger", "anger and joy"], Separator::Single);
        check(&["joy\nfear", "joy", "fear"], Separator::Character('\n'));
        check(&["card lost", "card arrival", "cash lost"], Separator::Single);
    }
}
