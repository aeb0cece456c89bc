//! JSON objects → table: one object a line, or the elements of an array. The columns are the keys in the order in which
//! they first appear; an absent key and `null` are empty cells; an array or object inside a cell is kept as compact
//! JSON. An object that cannot be read is listed with its line. Files of SQuAD's shape and spans from annotation tools
//! are recognised here and read by [`super::squad`] and [`super::spans`].

use std::path::Path;

use serde_json::{Map, Value};

use super::delimited::line_end;
use super::encoding::Decoded;
use super::lines::numbered;
use super::objects::{Rows, unreadable};
use super::spans::{self, Tool};
use super::squad;
use crate::data::error::shorten;
use crate::data::table::Format;
use crate::data::{DataError, RowProblem, Table};

/// Bytes an object may have.
const OBJECT_LIMIT: usize = 64 << 20;
/// Bytes of the first objects that are looked at.
const SAMPLE_BYTES: usize = 4 << 20;

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
    let is_array = text.trim_start().starts_with('[');
    if !is_array
        && let Some(articles) = data_array(text)
        && sample(articles.clone()).first().is_some_and(squad::is_article)
    {
        return squad::read(path, decoded, articles);
    }
    if is_array {
        return read_elements(path, decoded, Elements::new(text, 0, 1));
    }
    if let Some(reason) = one_document(text) {
        return Err(DataError::JsonShape { path: path.to_path_buf(), reason });
    }
    let lines = numbered(text).map(|(line, text)| Element { text: text.trim(), line, is_closed: true });
    read_elements(path, decoded, lines.filter(|element| !element.text.is_empty()))
}

fn read_elements<'a>(
    path: &Path,
    decoded: &Decoded,
    elements: impl Iterator<Item = Element<'a>> + Clone,
) -> Result<Table, DataError> {
    let sample = sample(elements.clone());
    if sample.first().is_some_and(squad::is_article) {
        return squad::read(path, decoded, elements);
    }
    let mut rows = Rows::default();
    let tool = Tool::of(&sample);
    match tool {
        None => elements.for_each(|element| rows.add(element)),
        Some(tool) => {
            for element in elements {
                match element.object() {
                    Ok(object) => add(&mut rows, tool, object, element.line),
                    Err(reason) => rows.problems.push(RowProblem { line: element.line, reason }),
                }
            }
        }
    }
    let mut table = rows.into_table(path, tool.map_or(Format::JsonLines, Tool::format), decoded);
    single_names(&mut table);
    super::finish(table)
}

fn add(rows: &mut Rows, tool: Tool, object: Map<String, Value>, line: usize) {
    for row in tool.rows(object) {
        match row {
            Ok(row) => rows.add_object(row, line),
            Err(reason) => rows.problems.push(RowProblem { line, reason }),
        }
    }
}

/// The first objects that can be read.
fn sample<'a>(elements: impl Iterator<Item = Element<'a>>) -> Vec<Map<String, Value>> {
    let mut bytes = 0;
    let within = elements.take(spans::SAMPLE).take_while(|element| {
        // The first is looked at however long it is: an article may be a whole book.
        let is_taken = bytes < SAMPLE_BYTES;
        bytes += element.text.len();
        is_taken
    });
    within.filter_map(|element| element.object().ok()).collect()
}

/// An object of the file, or what stands in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub text: &'a str,
    pub line: usize,
    /// Whether its last bracket was found before the file ended.
    is_closed: bool,
}

impl Element<'_> {
    pub fn check(&self) -> Result<(), String> {
        if !self.is_closed {
            return Err(format!("begins an object that is never closed: {}", shorten(self.text, 40)));
        }
        if self.text.len() > OBJECT_LIMIT {
            return Err(format!("is longer than {} MiB", OBJECT_LIMIT >> 20));
        }
        Ok(())
    }

    pub fn object(&self) -> Result<Map<String, Value>, String> {
        self.check()?;
        serde_json::from_str(self.text).map_err(|error| unreadable(&error))
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

/// The array under the key `data` of the first object.
fn data_array(text: &str) -> Option<Elements<'_>> {
    let bytes = text.as_bytes();
    let (mut at, mut line, mut depth) = (0, 1, 0_usize);
    let mut string = 0..0;
    while at < bytes.len() {
        match bytes[at] {
            b'\n' => line += 1,
            b'"' => {
                let start = at + 1;
                at = start;
                while at < bytes.len() && bytes[at] != b'"' {
                    line += usize::from(bytes[at] == b'\n');
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                string = start..at.min(bytes.len());
            }
            b'[' if depth == 1 && &bytes[string.clone()] == b"data" => return Some(Elements::new(text, at, line)),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(bytes[at.min(bytes.len() - 1)], b'}' | b']') {
            return None;
        }
        at += 1;
    }
    None
}

/// The elements of an array that begins at a place. Their ends are found by counting brackets outside strings, so that
/// one broken element does not take the others with it.
#[derive(Clone)]
struct Elements<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    depth: usize,
    has_ended: bool,
}

impl<'a> Elements<'a> {
    fn new(text: &'a str, at: usize, line: usize) -> Self {
        Self { text, at, line, depth: 0, has_ended: false }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let bytes = self.text.as_bytes();
        let (mut start, mut in_string) = (None, false);
        while self.at < bytes.len() && !self.has_ended {
            let at = self.at;
            let byte = bytes[at];
            let width = line_end(bytes, at);
            if width > 0 {
                self.line += 1;
                self.at += width;
                continue;
            }
            if start.is_none() && self.depth == 1 && !matches!(byte, b' ' | b'\t' | b',' | b']') {
                start = Some((at, self.line));
            }
            match byte {
                b'\\' if in_string => self.at += 1,
                b'"' => in_string = !in_string,
                b'[' | b'{' if !in_string => self.depth += 1,
                b']' | b'}' if !in_string => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            let closes = self.depth == 1 && matches!(byte, b'}' | b']') && !in_string;
            let separates = self.depth == 1 && byte == b',' && !in_string;
            self.has_ended = self.depth == 0 && matches!(byte, b']' | b'}');
            if let Some((from, line)) = start.filter(|_| closes || separates || self.has_ended) {
                let to = if closes { at + 1 } else { at };
                return Some(Element { text: &self.text[from..to], line, is_closed: true });
            }
        }
        start.map(|(from, line)| Element { text: &self.text[from..], line, is_closed: false })
    }
}

/// doccano and Label Studio write a text's classes as a list, also where there is only one. Where no text has two, the
/// name alone is the cell.
fn single_names(table: &mut Table) {
    let columns = ["label", "labels"].into_iter().filter_map(|name| table.column(name)).collect::<Vec<_>>();
    for column in columns {
        let cells = || (0..table.rows()).map(|row| table.cell(row, column)).filter(|cell| !cell.is_empty());
        let name = |cell: &str| match serde_json::from_str::<Vec<String>>(cell) {
            Ok(names) if names.len() < 2 => names.into_iter().next().or(Some(String::new())),
            _ => None,
        };
        let is_list = cells().next().is_some_and(|cell| cell.starts_with('['));
        if !is_list || cells().any(|cell| name(cell).is_none()) || cells().all(|cell| cell == "[]") {
            continue;
        }
        let mut text = String::with_capacity(table.text.len());
        let mut ends = Vec::with_capacity(table.ends.len());
        for row in 0..table.rows() {
            for other in 0..table.columns.len() {
                let cell = table.cell(row, other);
                match name(cell).filter(|_| other == column) {
                    Some(name) => text.push_str(&name),
                    None => text.push_str(cell),
                }
                ends.push(text.len());
            }
        }
        (table.text, table.ends) = (text, ends);
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
