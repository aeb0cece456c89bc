//! Rows that are lists of values, without names → table: an array of arrays, as pandas writes `orient="values"`, one list a
//! line, or tuples as Python prints them. A first row of column names is recognised as that of a CSV file is; without
//! one, a text and a short value beside it are called `text` and `label`, and other columns by their places.

use std::path::Path;

use serde_json::Value;

use super::elements::{Element, Elements, Place, lines};
use super::encoding::Decoded;
use super::finish;
use super::marks::Object;
use super::names::is_known_name;
use super::objects::Rows;
use super::spans::SAMPLE;
use crate::table::Format;
use crate::table::notation::literal;
use crate::table::shorten;
use crate::table::{ReadError, Table};
use crate::words::plural;

/// A row's values, or what stands in its place.
type Row = (Place, Result<Vec<Value>, String>);

/// Recognises lists in a text that begins with a bracket, and reads them.
pub(super) fn of(text: &str) -> Option<Vec<Row>> {
    let text = text.trim_end();
    let in_array = || Elements::of_file(text).map(row);
    let in_lines = || bare_lines(text).map(row);
    let printed = || match literal::value(text) {
        Some(Value::Array(rows)) if text.starts_with(['[', '(']) => {
            let row = |(index, row): (usize, Value)| (Place { line: 1, number: Some(index + 1) }, values(row));
            Some(rows.into_iter().enumerate().map(row).collect::<Vec<_>>())
        }
        _ => None,
    };
    if text.trim_start().starts_with('[') && are_rows(in_array()) {
        return Some(in_array().collect());
    }
    if are_rows(in_lines()) {
        return Some(in_lines().collect());
    }
    printed().filter(|rows| !text.contains('\n') && are_rows(rows.iter().cloned()))
}

/// Whether elements of a document are rows.
pub(super) fn are_rows_of<'a>(elements: impl Iterator<Item = Element<'a>>) -> bool {
    are_rows(elements.map(row))
}

/// Lines without the brackets around all of them, and the commas between them.
fn bare_lines(text: &str) -> impl Iterator<Item = Element<'_>> {
    // A line that is a list of lists has brackets of its own.
    let is_bare = lines(text).all(|element| serde_json::from_str::<Vec<Value>>(element.text).is_ok());
    lines(text).filter_map(move |element| if is_bare { Some(element) } else { bare(element) })
}

fn bare(mut element: Element<'_>) -> Option<Element<'_>> {
    let mut line = element.text;
    line = line.strip_prefix('[').filter(|rest| rest.trim_start().starts_with(['(', '['])).unwrap_or(line);
    line = line.strip_suffix(',').unwrap_or(line);
    line = line.strip_suffix(']').filter(|rest| rest.trim_end().ends_with([')', ']', ','])).unwrap_or(line);
    element.text = line.trim().trim_end_matches(',');
    (!matches!(element.text, "[" | "]")).then_some(element)
}

fn row(element: Element<'_>) -> Row {
    let read = element.check().and_then(|()| {
        let value = serde_json::from_str(element.text).ok().or_else(|| literal::value(element.text));
        values(value.unwrap_or(Value::Null))
            .map_err(|_no_list| format!("is not a list of values: {}", shorten(element.text, 40)))
    });
    (element.place, read)
}

fn values(row: Value) -> Result<Vec<Value>, String> {
    match row {
        Value::Array(values) => Ok(values),
        other => Err(format!("is not a list of values: {}", shorten(&other.to_string(), 40))),
    }
}

/// Whether nearly all are lists of equally many values, with a text among them. Lists of single words are sentences.
fn are_rows(rows: impl Iterator<Item = Row>) -> bool {
    let sample: Vec<Row> = rows.take(SAMPLE).collect();
    let lists: Vec<&Vec<Value>> = sample.iter().filter_map(|(_, row)| row.as_ref().ok()).collect();
    let Some(width) = lists.first().map(|first| first.len()).filter(|width| *width >= 2) else { return false };
    let even = lists.iter().filter(|row| row.len() == width).count();
    let is_text = |value: &Value| value.as_str().is_some_and(|text| text.trim().contains(' '));
    let has_texts = lists.iter().filter(|row| row.iter().any(is_text)).count() * 2 >= lists.len();
    even * 10 >= sample.len() * 9 && has_texts
}

/// Reads elements of a document as rows.
pub(super) fn read_elements<'a>(
    path: &Path,
    decoded: &Decoded,
    elements: impl Iterator<Item = Element<'a>>,
) -> Result<Table, ReadError> {
    read(path, decoded, elements.map(row).collect())
}

pub(super) fn read(path: &Path, decoded: &Decoded, mut rows: Vec<Row>) -> Result<Table, ReadError> {
    let names = names(&rows);
    if rows.len() > 1 && rows.first().is_some_and(|(_, first)| first.as_ref().is_ok_and(|first| is_header(first))) {
        drop(rows.remove(0));
    }
    let mut table = Rows::default();
    for (place, row) in rows {
        match row {
            Ok(row) if row.len() == names.len() => {
                table.add_object(names.iter().cloned().zip(row).collect::<Object>(), place);
            }
            Ok(row) => {
                let reason = format!(
                    "has {}, expected {} ({})",
                    plural(row.len(), "value", "values"),
                    names.len(),
                    names.join(", ")
                );
                table.problem(place, reason);
            }
            Err(reason) => table.problem(place, reason),
        }
    }
    finish::finish(table.into_table(path, Format::JsonLines, decoded))
}

fn is_header(row: &[Value]) -> bool {
    row.iter().all(Value::is_string) && row.iter().filter_map(Value::as_str).any(is_known_name)
}

fn names(rows: &[Row]) -> Vec<String> {
    let lists: Vec<&Vec<Value>> = rows.iter().filter_map(|(_, row)| row.as_ref().ok()).take(SAMPLE).collect();
    let Some(first) = lists.first() else { return Vec::new() };
    if lists.len() > 1 && is_header(first) {
        return super::names::unique_names(
            &first.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>(),
        );
    }
    let has_texts = |column: usize| {
        let is_text =
            |row: &&&Vec<Value>| row.get(column).and_then(Value::as_str).is_some_and(|text| text.trim().contains(' '));
        lists.iter().filter(is_text).count() * 2 >= lists.len()
    };
    match (first.len(), has_texts(0), has_texts(1)) {
        (2, true, false) => vec!["text".to_owned(), "label".to_owned()],
        (2, false, true) => vec!["label".to_owned(), "text".to_owned()],
        (width, ..) => (1..=width).map(|place| format!("column {place}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::readers::read_bytes;

    fn check(text: &str, columns: &[&str], rows: &[(usize, &[&str])], problems: &[usize]) {
        let table = read_bytes(Path::new("a.json"), text.as_bytes().to_vec()).unwrap();
        assert_eq!(table.columns, columns, "{text}");
        let found = table.lined_cells();
        let expected: Vec<(usize, Vec<&str>)> = rows.iter().map(|&(line, cells)| (line, cells.to_vec())).collect();
        assert_eq!(found, expected, "{text}");
        assert_eq!(table.problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), problems, "{text}");
    }

    #[test]
    fn lists_of_values_are_rows() {
        let columns = &["text", "label"];
        let one = &[(1, &["a good, ] text", "x"][..]), (1, &["a \"bad\" one", "y"])];
        check(r#"[["a good, ] text","x"],["a \"bad\" one","y"]]"#, columns, one, &[]);
        check(r#"[('a good, ] text', 'x'), ('a "bad" one', 'y')]"#, columns, one, &[]);
        let two = &[(1, &["a good, ] text", "x"][..]), (2, &["a \"bad\" one", "y"])];
        check("[\"a good, ] text\",\"x\"]\n[\"a \\\"bad\\\" one\",\"y\"]\n", columns, two, &[]);
        check("(\"a good, ] text\", 'x')\n('a \"bad\" one', \"y\")\n", columns, two, &[]);
        check("[(\"a good, ] text\", 'x'),\n('a \"bad\" one', \"y\"),]\n", columns, two, &[]);
        check("['a good, ] text', 'x']\n['a \"bad\" one', 'y']\n", columns, two, &[]);
        check("[\n  (\"a b\", 1),\n  (\"c d\", None),\n]\n", columns, &[(2, &["a b", "1"]), (3, &["c d", ""])], &[]);
        check("[\n[\n\"a b\",\n1\n],\n[\"c d\", NaN]]\n", columns, &[(2, &["a b", "1"]), (6, &["c d", ""])], &[]);
        check(r#"[["x","a b"],["y","c d"]]"#, &["label", "text"], &[(1, &["x", "a b"]), (1, &["y", "c d"])], &[]);
        check(r#"[["text","label"],["a b","x"],["c d","y"]]"#, columns, &[(1, &["a b", "x"]), (1, &["c d", "y"])], &[]);
        check(
            r#"[[1,"a b","x"],[2,"c d","y"]]"#,
            &["column 1", "column 2", "column 3"],
            &[(1, &["1", "a b", "x"]), (1, &["2", "c d", "y"])],
            &[],
        );
        let rows = "[\"a b\",1]\n".repeat(10);
        let table = read_bytes(Path::new("a.json"), format!("{rows}[\"c d\"]\n").into_bytes()).unwrap();
        assert_eq!((table.rows(), table.problems[0].line), (10, 11));
        assert_eq!(table.problems[0].reason, "has 1 value, expected 2 (text, label)");
    }

    #[test]
    fn other_lists_are_no_rows() {
        for text in [
            "[[1,2],[3,4]]",
            "[[\"The\",\"cat\",\"sat\"],[\"Dogs\",\"bark\"]]",
            "[\"a b\"]\n[\"c d\"]\n",
            "(a b, c)\n(d e, f)\n",
        ] {
            assert!(of(text).is_none(), "{text}");
        }
    }
}
