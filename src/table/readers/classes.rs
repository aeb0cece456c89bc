//! Cells that hold the classes of a text. Annotation tools write them as a list, also where there is only one, or as a
//! list in some rows and as a name in others; a column becomes one or the other as a whole.

use std::collections::BTreeMap;

use super::{label_studio, settled};
use crate::table::Table;

/// The classes of a cell that is a list of names.
fn names(cell: &str) -> Option<Vec<String>> {
    cell.starts_with('[').then(|| serde_json::from_str(cell).ok()).flatten()
}

fn filled(table: &Table, column: usize) -> impl Iterator<Item = &str> {
    (0..table.rows()).map(move |row| table.cell(row, column)).filter(|cell| !cell.is_empty())
}

/// Where no row has two classes, the name alone is the cell. A list may be empty if that only means that its text has
/// no label.
pub(super) fn single(table: &mut Table, column: usize, may_be_empty: bool) {
    let is_single =
        |cell: &str| names(cell).is_some_and(|names| names.len() == 1 || (may_be_empty && names.is_empty()));
    if filled(table, column).all(|cell| cell == "[]") || !filled(table, column).all(is_single) {
        return;
    }
    rewrite(table, column, |cell| Some(names(cell)?.into_iter().next().unwrap_or_default()));
}

/// Where some row has a list, a name becomes a list of one.
pub(super) fn even(table: &mut Table, column: usize) {
    if filled(table, column).any(|cell| names(cell).is_some()) {
        let is_name = |cell: &str| !cell.is_empty() && names(cell).is_none();
        rewrite(table, column, |cell| is_name(cell).then(|| serde_json::json!([cell]).to_string()));
    }
}

/// The answers of Label Studio's export as a table, in which a cell with several classes is an object.
pub(super) fn answered(table: &mut Table) {
    for column in 0..table.columns.len() {
        if filled(table, column).any(|cell| label_studio::answer_in_cell(cell).is_some()) {
            rewrite(table, column, label_studio::answer_in_cell);
            even(table, column);
            single(table, column, true);
        }
    }
}

/// Writes those cells of a column anew for which there is something new.
fn rewrite(table: &mut Table, column: usize, new: impl Fn(&str) -> Option<String>) {
    let cells = (0..table.rows()).map(|row| new(table.cell(row, column))).collect();
    let none_left = vec![false; table.rows()];
    settled::rewrite(table, &BTreeMap::from([(column, cells)]), &none_left);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cells: [&str; 3], change: impl Fn(&mut Table), expected: [&str; 3]) {
        let lines = cells.map(|cell| serde_json::json!({ "text": "[\"a\"]", "x": cell }).to_string());
        let path = std::path::Path::new("x.jsonl");
        let mut table = crate::table::readers::read_bytes(path, lines.join("\n").into_bytes()).unwrap();
        change(&mut table);
        assert_eq!([0, 1, 2].map(|row| table.cell(row, 1)), expected);
        assert!((0..3).all(|row| table.cell(row, 0) == "[\"a\"]"));
    }

    #[test]
    fn several_choices_in_a_cell_are_several_classes() {
        let check = |cells: [&str; 3], expected: [&str; 3]| {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["text", "topic"]).unwrap();
            for (row, cell) in cells.iter().enumerate() {
                writer.write_record([format!("text number {row}").as_str(), cell]).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            let table = crate::table::readers::read_bytes(std::path::Path::new("x.csv"), bytes).unwrap();
            assert_eq!([0, 1, 2].map(|row| table.cell(row, 1)), expected);
        };
        let both = r#"{"choices": ["a, or so","b"]}"#;
        check([both, "a", ""], [r#"["a, or so","b"]"#, r#"["a"]"#, ""]);
        check([r#"{"choices":["a"]}"#, "b", "a"], ["a", "b", "a"]);
        check([r#"[{"taxonomy":[["x","y"]]}]"#, "", ""], ["x / y", "", ""]);
        check([r#"[{"rating": 3}]"#, r#"[{"rating":4}]"#, ""], ["3", "4", ""]);
        check([r#"{"choices": ["#, "b", "a"], [r#"{"choices": ["#, "b", "a"]);
    }

    #[test]
    fn a_column_has_names_or_lists() {
        let (x, y, both) = (r#"["x"]"#, r#"["y"]"#, r#"["x","y"]"#);
        check([x, "", y], |table| single(table, 1, true), ["x", "", "y"]);
        check([x, "[]", y], |table| single(table, 1, true), ["x", "", "y"]);
        check([x, "[]", y], |table| single(table, 1, false), [x, "[]", y]);
        check([x, both, y], |table| single(table, 1, true), [x, both, y]);
        check([x, "y", y], |table| single(table, 1, true), [x, "y", y]);
        check(["[]", "", "[]"], |table| single(table, 1, true), ["[]", "", "[]"]);
        check(["x", both, ""], |table| even(table, 1), [x, both, ""]);
        check(["x", "y", ""], |table| even(table, 1), ["x", "y", ""]);
    }
}
