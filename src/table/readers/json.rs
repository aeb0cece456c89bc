//! JSON objects → table: one object a line, or the elements of an array. The columns are the keys in the order in which
//! they first appear; an absent key and `null` are empty cells; an array or object inside a cell is kept as compact
//! JSON. An object that cannot be read is listed with its line. Files of SQuAD's shape, what annotation tools export,
//! lists of texts and whole tables are recognised here and read by [`super::squad`], [`super::spans`], [`super::spacy`]
//! and [`super::documents`].

use std::path::Path;

use serde_json::{Map, Value};

use super::documents::Orientation;
use super::elements::{Element, Elements, Place, array_under, behind_document, is_one_line, lines};
use super::encoding::Decoded;
use super::marks::Object;
use super::objects::Rows;
use super::spans::{Export, SAMPLE, Tool};
use super::token_spans::TokenSpans;
use super::{classes, documents, finish, lists, spacy, squad, tree};
use crate::table::Format;
use crate::table::{ReadError, Table};

/// Bytes of the first objects that are looked at.
const SAMPLE_BYTES: usize = 4 << 20;

/// Whether a file is JSON: it begins with an object or an array, and not only with a bracket.
pub(super) fn is_json(text: &[u8]) -> bool {
    let start = text.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(text.len());
    let text = &text[start..];
    let after = text.iter().skip(1).find(|byte| !byte.is_ascii_whitespace());
    match (text.first(), after) {
        (Some(b'{'), Some(b'"' | b'}')) | (Some(b'['), Some(b'{' | b']')) => true,
        (Some(b'['), Some(b'[' | b'"' | b'(' | b'\'')) | (Some(b'('), Some(b'"' | b'\'' | b'0'..=b'9')) => {
            std::str::from_utf8(text).is_ok_and(|text| List::of(text).is_some() || lists::of(text).is_some())
        }
        _ => false,
    }
}

/// What stands in a list that holds no objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Texts,
    Pairs,
    /// One pair a line, so that there is no list around them.
    LinesOfPairs,
}

impl List {
    fn of(text: &str) -> Option<Self> {
        if spacy::are_pairs(Elements::of_file(text)) {
            Some(Self::Pairs)
        } else if spacy::are_pairs(lines(text)) {
            Some(Self::LinesOfPairs)
        } else {
            spacy::is_list_of_texts(text).then_some(Self::Texts)
        }
    }
}

pub(super) fn read(path: &Path, decoded: &Decoded) -> Result<Table, ReadError> {
    let text = std::str::from_utf8(&decoded.text).map_err(|source| ReadError::Read {
        path: path.to_path_buf(),
        source: std::io::Error::new(std::io::ErrorKind::InvalidData, source),
    })?;
    if text.trim_start().starts_with('{') {
        return read_objects(path, decoded, text);
    }
    let elements = Elements::of_file(text);
    match List::of(text) {
        Some(List::Texts) => spacy::read_texts(path, decoded, elements),
        Some(List::Pairs) => spacy::read_pairs(path, decoded, elements),
        Some(List::LinesOfPairs) => spacy::read_pairs(path, decoded, lines(text)),
        None => match lists::of(text) {
            Some(rows) => lists::read(path, decoded, rows),
            None => read_elements(path, decoded, elements),
        },
    }
}

/// Reads a file that begins with an object: documents of some shapes, or one object a line.
fn read_objects(path: &Path, decoded: &Decoded, text: &str) -> Result<Table, ReadError> {
    if let Some(articles) = array_under(text, &["data"])
        && sample(articles.clone()).first().is_some_and(squad::is_article)
    {
        return alone(text, squad::read(path, decoded, articles));
    }
    if let Some(pairs) = array_under(text, &["annotations"])
        && spacy::are_pairs(pairs.clone())
    {
        return alone(text, spacy::read_pairs(path, decoded, pairs));
    }
    // Of one object a line, only the first is read here.
    if let Ok(document) = tree::object(text) {
        if document.contains_key("nbformat") && document.contains_key("cells") {
            let (what, advice) = ("a Jupyter notebook", "; save the table that it makes as CSV");
            return Err(ReadError::NotText { path: path.to_path_buf(), what, advice });
        }
        if let Some(orientation) = documents::orientation(&document) {
            return read_table(path, decoded, document, orientation);
        }
        if let Some(nested) = documents::nested(&document) {
            let mut table = read_nested(path, decoded, text, document, &nested.path)?;
            table.notes.extend(nested.note);
            return Ok(table);
        }
        if let Some(reason) = documents::refusal(&document, is_one_line(text)) {
            return Err(ReadError::JsonShape { path: path.to_path_buf(), reason });
        }
    }
    read_elements(path, decoded, lines(text))
}

/// Tells what stands behind a document that is read by one of its arrays.
fn alone(text: &str, read: Result<Table, ReadError>) -> Result<Table, ReadError> {
    let mut table = read?;
    table.problems.extend(behind_document(text));
    Ok(table)
}

fn read_table(path: &Path, decoded: &Decoded, document: Object, orientation: Orientation) -> Result<Table, ReadError> {
    let mut rows = Rows::default();
    for object in documents::rows(document, orientation) {
        rows.add_object(object, Place::of_line(1));
    }
    finish(rows, None, path, decoded)
}

/// Reads elements of which each object stands for some rows.
fn read_objects_as<'a>(
    path: &Path,
    decoded: &Decoded,
    elements: impl Iterator<Item = Element<'a>>,
    rows_of: impl Fn(Object) -> Vec<Object>,
) -> Result<Table, ReadError> {
    let mut rows = Rows::default();
    for element in elements {
        match element.object() {
            Ok(object) => rows_of(object).into_iter().for_each(|row| rows.add_object(row, element.place)),
            Err(reason) => rows.problem(element.place, reason),
        }
    }
    finish(rows, None, path, decoded)
}

/// Reads the rows under a path of keys, whether they are objects, lists of values, or a table by columns.
fn read_nested(
    path: &Path,
    decoded: &Decoded,
    text: &str,
    mut document: Object,
    keys: &[String],
) -> Result<Table, ReadError> {
    let names: Vec<&str> = keys.iter().map(String::as_str).collect();
    if let Some(elements) = array_under(text, &names) {
        let nothing = &Value::Null;
        let mut held = names.first().and_then(|name| document.get(*name)).unwrap_or(nothing);
        held = names.iter().skip(1).fold(held, |held, name| held.get(*name).unwrap_or(nothing));
        let patterns = documents::patterns(held);
        if documents::are_wrapped(held) || patterns.is_some() {
            let classes = documents::classes(&document);
            let read = |object| match &patterns {
                Some(key) => documents::spread(object, key),
                None => vec![documents::unwrapped(object, &classes)],
            };
            let mut table = read_objects_as(path, decoded, elements, read)?;
            table.notes.extend(patterns.map(|key| format!("each text under {key:?} is a row of its own")));
            return Ok(table);
        }
    }
    match array_under(text, &names) {
        Some(rows) if lists::are_rows_of(rows.clone()) => lists::read_elements(path, decoded, rows),
        Some(rows) => read_elements(path, decoded, rows),
        None => {
            let part = keys.first().and_then(|key| document.shift_remove(key));
            let Some(Value::Object(part)) = part else { return read_elements(path, decoded, lines(text)) };
            match documents::orientation(&part) {
                Some(orientation) => read_table(path, decoded, part, orientation),
                None => read_elements(path, decoded, lines(text)),
            }
        }
    }
}

fn read_elements<'a>(
    path: &Path,
    decoded: &Decoded,
    elements: impl Iterator<Item = Element<'a>> + Clone,
) -> Result<Table, ReadError> {
    let sample = sample(elements.clone());
    if sample.iter().find(|object| !squad::is_header(object)).is_some_and(squad::is_article) {
        return squad::read(path, decoded, elements);
    }
    let mut rows = Rows::default();
    if let Some(spans) = TokenSpans::of(&sample, elements.clone().filter_map(|element| element.object().ok())) {
        elements.for_each(|element| spans.add(&mut rows, element));
        let mut table = finish(rows, None, path, decoded)?;
        table.notes.extend(spans.note());
        return Ok(table);
    }
    let Some(tool) = Tool::of(&sample) else {
        elements.for_each(|element| rows.add(element));
        return finish(rows, None, path, decoded);
    };
    let export = Export::of(tool, elements.clone().filter_map(|element| element.object().ok()));
    for element in elements {
        match element.object() {
            Ok(object) => add(&mut rows, &export, object, element.place),
            Err(reason) => rows.problem(element.place, reason),
        }
    }
    finish(rows, Some(&export), path, decoded)
}

fn add(rows: &mut Rows, export: &Export, object: Map<String, Value>, place: Place) {
    for row in export.rows(object) {
        match row {
            Ok(row) => rows.add_object(row, place),
            Err(reason) => rows.problem(place, reason),
        }
    }
}

/// doccano and Label Studio write a text's classes as a list, also where there is only one.
fn finish(rows: Rows, export: Option<&Export>, path: &Path, decoded: &Decoded) -> Result<Table, ReadError> {
    let places = rows.places();
    let mut table = rows.into_table(path, export.map_or(Format::JsonLines, Export::format), decoded);
    let chosen = export.map(Export::classes).unwrap_or_default();
    for column in chosen.iter().filter_map(|name| table.column(name)).collect::<Vec<_>>() {
        classes::even(&mut table, column);
        classes::single(&mut table, column, true);
    }
    for column in ["label", "labels"].into_iter().filter_map(|name| table.column(name)).collect::<Vec<_>>() {
        classes::single(&mut table, column, true);
    }
    if export.is_some() { finish::finish_export(table, &places) } else { finish::finish(table) }
}

/// The first objects that can be read.
fn sample<'a>(elements: impl Iterator<Item = Element<'a>>) -> Vec<Map<String, Value>> {
    let mut bytes = 0;
    let within = elements.take(SAMPLE).take_while(|element| {
        // The first is looked at however long it is: an article may be a whole book.
        let is_taken = bytes < SAMPLE_BYTES;
        bytes += element.text.len();
        is_taken
    });
    within.filter_map(|element| element.object().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::objects::COLUMN_LIMIT;
    use super::*;
    use crate::table::readers::read_bytes;

    fn open(text: &str) -> Result<Table, ReadError> {
        read_bytes(Path::new("train.jsonl"), text.as_bytes().to_vec())
    }

    fn check(text: &str, columns: &[&str], rows: &[(usize, &[&str])], problems: &[usize]) {
        let table = open(text).unwrap();
        assert_eq!(table.columns, columns, "{text}");
        let found = table.lined_cells();
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
        check("[{\"a\":1}]\n[{\"a\":2}]\n", &["a"], &[(1, &["1"]), (2, &["2"])], &[]);
        check("[{\"a\":1}] and more\n{\"a\":2}\n", &["a"], &[(1, &["1"]), (2, &["2"])], &[1]);
    }

    #[test]
    fn a_document_behind_another_is_told() {
        let document = |word: &str| {
            format!(
                r#"{{"data":[{{"title":"a","paragraphs":[{{"context":"Ada {word}","qas":[{{"id":"{word}","question":"Who?","answers":[{{"text":"Ada","answer_start":0}}]}}]}}]}}]}}"#
            )
        };
        let table = open(&format!("{}\n\n{}\n", document("one"), document("two"))).unwrap();
        assert_eq!((table.rows(), table.problems.len(), table.problems[0].line), (1, 1, 3));
        assert!(table.problems[0].reason.starts_with("stands behind the end of the JSON document and is not read: "));
        assert!(open(&format!("{}\n\n", document("one"))).unwrap().problems.is_empty());
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
