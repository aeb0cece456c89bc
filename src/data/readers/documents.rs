//! A file that is one JSON object. What pandas writes of a table is read, by columns or by rows; any other document is
//! refused with what it holds.

use serde_json::Value;

use super::marks::{Object, list};
use super::sniff::plain_name;
use crate::data::error::shorten;

/// How pandas wrote a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Orientation {
    /// `{"text": {"0": "a"}, "label": {"0": "x"}}`
    Columns,
    /// `{"0": {"text": "a", "label": "x"}}`
    Index,
    /// `{"text": ["a b"], "label": ["x"]}`
    Lists,
    /// `{"columns": ["text", "label"], "index": [0], "data": [["a", "x"]]}`
    Split,
}

/// Recognises a table in a document.
pub(super) fn orientation(document: &Object) -> Option<Orientation> {
    if is_split(document) {
        return Some(Orientation::Split);
    }
    let objects: Option<Vec<&Object>> = document.values().map(Value::as_object).collect();
    if let Some(objects) = objects.filter(|objects| !objects.is_empty()) {
        let first = objects.first().filter(|first| !first.is_empty())?;
        let is_even = objects.iter().all(|object| object.keys().eq(first.keys()));
        return match (are_numbers(document), are_numbers(first)) {
            (false, true) if is_even => Some(Orientation::Columns),
            (true, false) => Some(Orientation::Index),
            _ => None,
        };
    }
    are_columns(document).then_some(Orientation::Lists)
}

fn are_numbers(object: &Object) -> bool {
    object.keys().all(|key| key.parse::<u64>().is_ok())
}

fn is_split(document: &Object) -> bool {
    let (Some(Value::Array(columns)), Some(Value::Array(rows))) = (document.get("columns"), document.get("data"))
    else {
        return false;
    };
    !rows.is_empty()
        && columns.iter().all(Value::is_string)
        && rows.iter().all(|row| row.as_array().is_some_and(|row| row.len() == columns.len()))
}

/// Lists of equal length, one of them of texts. One sentence with its tags is no table: its words have no blanks.
fn are_columns(document: &Object) -> bool {
    const OF_WORDS: [&str; 5] = ["tokens", "words", "tags", "nertags", "postags"];
    let length = document.values().next().map_or(0, |first| list(first).len());
    let is_text = |column: &Value| {
        let phrases = list(column).iter().filter(|cell| cell.as_str().is_some_and(|cell| cell.trim().contains(' ')));
        phrases.count() * 2 >= length
    };
    length > 0
        && document.values().all(|column| column.is_array() && list(column).len() == length)
        && !document.keys().any(|key| OF_WORDS.contains(&plain_name(key).as_str()))
        && document.values().any(is_text)
}

/// The rows of a table.
pub(super) fn rows(mut document: Object, orientation: Orientation) -> Vec<Object> {
    match orientation {
        Orientation::Index => document.into_iter().filter_map(|(_, row)| object(row)).collect(),
        Orientation::Columns => by_rows(document.into_iter().map(|(name, column)| {
            let cells = object(column).unwrap_or_default();
            (name, cells.into_iter().map(|(_, cell)| cell).collect())
        })),
        Orientation::Lists => by_rows(document.into_iter().map(|(name, column)| (name, array(column)))),
        Orientation::Split => {
            let names = array(document.shift_remove("columns").unwrap_or_default());
            let names: Vec<String> = names.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            let rows = array(document.shift_remove("data").unwrap_or_default());
            rows.into_iter().map(|row| names.iter().cloned().zip(array(row)).collect()).collect()
        }
    }
}

fn by_rows(columns: impl Iterator<Item = (String, Vec<Value>)>) -> Vec<Object> {
    let mut rows: Vec<Object> = Vec::new();
    for (name, cells) in columns {
        rows.resize_with(rows.len().max(cells.len()), Object::new);
        for (row, cell) in rows.iter_mut().zip(cells) {
            row.insert(name.clone(), cell);
        }
    }
    rows
}

fn object(value: Value) -> Option<Object> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

fn array(value: Value) -> Vec<Value> {
    match value {
        Value::Array(array) => array,
        _ => Vec::new(),
    }
}

/// Why a document is no file of rows. One object on one line is a row, unless it holds whole lists of them.
pub(super) fn refusal(document: &Object, is_one_line: bool) -> Option<String> {
    const PARTS: [&str; 8] = ["train", "training", "validation", "valid", "val", "dev", "test", "eval"];
    let is_part = |key: &&String| {
        let rows: &[Value] = document.get(key.as_str()).map_or(&[], list);
        PARTS.contains(&plain_name(key).as_str()) && !rows.is_empty() && rows.iter().all(Value::is_object)
    };
    let parts: Vec<&str> = document.keys().filter(is_part).map(String::as_str).collect();
    if !parts.is_empty() {
        return Some(format!("it has the parts {}; give one part as a file of its own", parts.join(", ")));
    }
    if is_one_line && !document.get("data").is_some_and(Value::is_array) {
        return None;
    }
    let keys: Vec<&str> = document.keys().take(5).map(String::as_str).collect();
    Some(format!("its keys are {}", shorten(&keys.join(", "), 80)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::data::Table;
    use crate::data::readers::read_bytes;

    fn open(text: &str) -> Result<Table, crate::data::DataError> {
        read_bytes(Path::new("data.json"), text.as_bytes().to_vec())
    }

    #[test]
    fn tables_of_pandas_are_read_whichever_way_they_lie() {
        for text in [
            r#"{"text":{"0":"a b","1":"c d"},"label":{"0":1,"1":null}}"#,
            r#"{"0":{"text":"a b","label":1},"1":{"text":"c d","label":null}}"#,
            r#"{"text":["a b","c d"],"label":[1,null]}"#,
            r#"{"columns":["text","label"],"index":[0,1],"data":[["a b",1],["c d",null]]}"#,
        ] {
            let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(text).unwrap()).unwrap();
            for text in [text, pretty.as_str()] {
                let table = open(text).unwrap();
                assert_eq!(table.columns, ["text", "label"], "{text}");
                let cells = |row| [table.cell(row, 0), table.cell(row, 1)];
                assert_eq!((0..table.rows()).map(cells).collect::<Vec<_>>(), [["a b", "1"], ["c d", ""]], "{text}");
            }
        }
    }

    #[test]
    fn one_row_is_no_table_of_columns() {
        for text in [
            r#"{"tokens":["Ann","ran"],"ner_tags":["B-PER","O"]}"#,
            r#"{"text":"a","meta":{"0":1}}"#,
            r#"{"a":{"x":1},"b":{"x":2}}"#,
            r#"{"a":["x","y"],"b":["z"]}"#,
        ] {
            assert_eq!(open(text).unwrap().rows(), 1, "{text}");
        }
    }

    #[test]
    fn a_file_of_several_parts_is_refused() {
        let text = r#"{"train":[{"text":"a"}],"test":[{"text":"b"}]}"#;
        let expected = r#""data.json" is one JSON document, expected one object a line or an array of objects: it has the parts train, test; give one part as a file of its own"#;
        assert_eq!(open(text).unwrap_err().to_string(), expected);
    }
}
