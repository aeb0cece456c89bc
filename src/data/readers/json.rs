//! JSON objects → table: one object a line, or the elements of an array. The columns are the keys in the order in which
//! they first appear; an absent key and `null` are empty cells; an array or object inside a cell is kept as compact
//! JSON. An object that cannot be read is listed with its line.

use std::path::Path;

use serde_json::Value;

use super::delimited::line_end;
use super::encoding::Decoded;
use super::objects::Rows;
use crate::data::error::shorten;
use crate::data::{DataError, RowProblem, Table};

/// Whether a file is JSON: it begins with an object or an array, and not only with a bracket.
pub(super) fn is_json(text: &[u8]) -> bool {
    let start = text.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(text.len());
    let text = &text[start..];
    let after = text.iter().skip(1).find(|byte| !byte.is_ascii_whitespace());
    match text.first() {
        Some(b'{') => matches!(after, Some(b'"' | b'}')),
        Some(b'[') => matches!(after, Some(b'{' | b']')),
        _ => false,
    }
}

pub(super) fn read(path: &Path, decoded: &Decoded) -> Result<Table, DataError> {
    let text = std::str::from_utf8(&decoded.text).map_err(|source| DataError::Read {
        path: path.to_path_buf(),
        source: std::io::Error::new(std::io::ErrorKind::InvalidData, source),
    })?;
    let mut rows = Rows::default();
    if text.trim_start().starts_with('[') {
        elements(text, &mut rows);
    } else {
        if let Some(reason) = one_document(text) {
            return Err(DataError::JsonShape { path: path.to_path_buf(), reason });
        }
        lines(text, &mut rows);
    }
    super::finish(rows.into_table(path, decoded))
}

/// One object a line.
fn lines(text: &str, rows: &mut Rows) {
    let bytes = text.as_bytes();
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let end = bytes[at..].iter().position(|&byte| matches!(byte, b'\n' | b'\r')).map_or(bytes.len(), |n| at + n);
        rows.add(&text[at..end], line);
        at = end + line_end(bytes, end);
        line += 1;
    }
}

/// A single object over several lines is a document of another kind; says which keys it has.
fn one_document(text: &str) -> Option<String> {
    let first_line = text.trim_start().lines().next().unwrap_or_default();
    if serde_json::from_str::<Value>(first_line).is_ok_and(|value| !value.get("data").is_some_and(Value::is_array)) {
        return None;
    }
    let Ok(Value::Object(object)) = serde_json::from_str(text) else { return None };
    let keys: Vec<&str> = object.keys().take(5).map(String::as_str).collect();
    Some(format!("its keys are {}", shorten(&keys.join(", "), 80)))
}

/// The elements of a top-level array. Their ends are found by counting brackets outside strings, so that one broken
/// element does not take the others with it.
fn elements(text: &str, rows: &mut Rows) {
    let bytes = text.as_bytes();
    let (mut line, mut start_line) = (1, 1);
    let (mut depth, mut start) = (0_usize, None);
    let mut in_string = false;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let width = line_end(bytes, at);
        if width > 0 {
            line += 1;
            at += width;
            continue;
        }
        if start.is_none() && depth == 1 && !matches!(byte, b' ' | b'\t' | b',' | b']') {
            (start, start_line) = (Some(at), line);
        }
        match byte {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        let closes = depth == 1 && matches!(byte, b'}' | b']') && !in_string;
        let separates = depth == 1 && byte == b',' && !in_string;
        let ends = depth == 0;
        if let Some(from) = start.filter(|_| closes || separates || ends) {
            let to = if closes { at + 1 } else { at };
            rows.add(&text[from..to], start_line);
            start = None;
        }
        if ends {
            break;
        }
        at += 1;
    }
    if let Some(from) = start {
        rows.problems.push(RowProblem {
            line: start_line,
            reason: format!("begins an object that is never closed: {}", shorten(&text[from..], 40)),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::objects::COLUMN_LIMIT;
    use super::*;
    use crate::data::readers::read_bytes;

    fn open(text: &str) -> Result<Table, DataError> {
        read_bytes(Path::new("train.jsonl"), text.as_bytes().to_vec())
    }

    fn check(text: &str, columns: &[&str], rows: &[(usize, &[&str])], problems: &[usize]) {
        let table = open(text).unwrap();
        assert_eq!(table.columns, columns, "{text}");
        let cells = |row| (0..columns.len()).map(|column| table.cell(row, column)).collect::<Vec<_>>();
        let found: Vec<(usize, Vec<&str>)> = (0..table.rows()).map(|row| (table.line(row), cells(row))).collect();
        let expected: Vec<(usize, Vec<&str>)> = rows.iter().map(|&(line, cells)| (line, cells.to_vec())).collect();
        assert_eq!(found, expected, "{text}");
        let found: Vec<usize> = table.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(found, problems, "{text}: {:?}", table.problems);
    }

    #[test]
    fn keys_become_columns_in_the_order_they_appear() {
        check(
            "{\"text\": \"a\", \"label\": 1}\n\n{\"label\": 2, \"text\": \"b\\n\", \"id\": \"é\"}\r\n{\"id\": \"c\"}",
            &["text", "label", "id"],
            &[(1, &["a", "1", ""]), (3, &["b\n", "2", "é"]), (4, &["", "", "c"])],
            &[],
        );
    }

    #[test]
    fn values_become_text() {
        check(
            r#"{"a": null, "b": true, "c": -1.5, "d": 18446744073709551615, "e": ["x", 1], "f": {"g": [ ]}}"#,
            &["a", "b", "c", "d", "e", "f"],
            &[(1, &["", "true", "-1.5", "18446744073709551615", r#"["x",1]"#, r#"{"g":[]}"#])],
            &[],
        );
        check("{\"a\": \"one\", \"a\": \"two\"}", &["a"], &[(1, &["two"])], &[]);
    }

    #[test]
    fn broken_lines_are_listed() {
        check(
            "{\"text\": \"a\"}\n{\"text\": \"b\"\n[1]\n{\"new\": 1} x\nnothing\n{\"text\": \"c\"}\n",
            &["text"],
            &[(1, &["a"]), (6, &["c"])],
            &[2, 3, 4, 5],
        );
        let deep = format!("{{\"a\": 1}}\n{{\"a\": {}1{}}}\n", "[".repeat(300), "]".repeat(300));
        let reason = &open(&deep).unwrap().problems[0].reason;
        assert!(reason.starts_with("cannot be read as a JSON object: recursion limit exceeded at column "), "{reason}");
    }

    #[test]
    fn keys_that_are_values_do_not_make_columns_without_end() {
        let lines: Vec<String> = (0..COLUMN_LIMIT + 2).map(|id| format!("{{\"id{id}\": 1}}\n")).collect();
        let table = open(&lines.concat()).unwrap();
        assert_eq!((table.columns.len(), table.rows()), (COLUMN_LIMIT, COLUMN_LIMIT));
        assert_eq!(table.problems.len(), 2);
        assert!(table.problems[0].reason.contains("more than 1000 different keys"));
        assert_eq!((table.cell(7, 7), table.cell(7, 8), table.cell(999, 999)), ("1", "", "1"));
    }

    #[test]
    fn an_array_of_objects_is_a_table() {
        check(
            "[\n  {\"text\": \"a ] } \\\" b\", \"label\": [1, {}]},\n  {\n    \"text\": \"c\"\n  }\n]\n",
            &["text", "label"],
            &[(2, &["a ] } \" b", "[1,{}]"]), (3, &["c", ""])],
            &[],
        );
        check("[{\"a\":1},2,{\"a\" 3},{\"a\":4}]", &["a"], &[(1, &["1"]), (1, &["4"])], &[1, 1]);
        check("[{\"a\":1},\n{\"a\":", &["a"], &[(1, &["1"])], &[2]);
    }

    #[test]
    fn other_documents_are_refused() {
        let check = |text: &str, expected: &str| assert_eq!(open(text).unwrap_err().to_string(), expected);
        check(
            "{\"version\": \"1.1\", \"data\": [{\"title\": 1}]}",
            r#""train.jsonl" is one JSON document, expected one object a line or an array of objects: its keys are version, data"#,
        );
        check(
            "{\n  \"a\": 1\n}\n",
            r#""train.jsonl" is one JSON document, expected one object a line or an array of objects: its keys are a"#,
        );
        check("[]", r#""train.jsonl" is empty, expected rows of text"#);
        check("{}\n{}", r#""train.jsonl" is empty, expected rows of text"#);
        assert!(open("{\"a\n{\"b\n").unwrap_err().to_string().starts_with("none of the 2 rows"));
    }

    #[test]
    fn a_table_that_begins_with_a_bracket_is_no_json() {
        for text in ["[x] text,label\na,b\n", "{name},label\na,b\n"] {
            assert!(!is_json(text.as_bytes()), "{text}");
        }
    }
}
