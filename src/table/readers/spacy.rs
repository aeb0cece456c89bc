//! Lists whose elements are no objects → rows: texts alone, or a text with what spaCy learns from it, such as
//! `["Ann ran", {"entities": [[0, 3, "PER"]]}]` and `["good", {"cats": {"POS": 1.0, "NEG": 0.0}}]`. Entities become
//! `spans`, categories of 0.5 and more the `label`, one name where every text has exactly one, else lists.

use std::path::Path;

use serde_json::Value;

use super::elements::{Element, Elements};
use super::encoding::Decoded;
use super::marks::{Mark, Object, list, number, row};
use super::objects::Rows;
use super::spans::SAMPLE;
use super::tree::Heeded;
use super::{classes, finish};
use crate::table::Format;
use crate::table::shorten;
use crate::table::{ReadError, Table};

/// Whether a text that begins with a bracket is a list of texts. A list that was cut off is one too.
pub(super) fn is_list_of_texts(text: &str) -> bool {
    match serde_json::from_str::<Vec<Heeded<Option<String>>>>(text) {
        Ok(_) => true,
        Err(error) => error.is_eof() && Elements::of_file(text).nth(1).is_some_and(|second| second.check().is_ok()),
    }
}

/// Whether elements are texts with their annotations.
pub(super) fn are_pairs<'a>(elements: impl Iterator<Item = Element<'a>>) -> bool {
    let is_pair = |element: Element<'_>| {
        pair(element).is_ok_and(|(_, notes)| ["entities", "cats"].iter().any(|key| notes.contains_key(*key)))
    };
    elements.take(SAMPLE).any(is_pair)
}

fn pair(element: Element<'_>) -> Result<(String, Object), String> {
    element.check()?;
    serde_json::from_str(element.text).map_err(|error| {
        let shown = shorten(element.text, 40);
        format!("is not a text with its annotations, expected [\"…\", {{\"entities\": […]}}]: {shown} ({error})")
    })
}

/// Reads a list of texts.
pub(super) fn read_texts<'a>(
    path: &Path,
    decoded: &Decoded,
    elements: impl Iterator<Item = Element<'a>>,
) -> Result<Table, ReadError> {
    let mut rows = Rows::default();
    for element in elements {
        let Element { text, place, .. } = element;
        match element.check().map(|()| serde_json::from_str(text)) {
            Ok(Ok(text)) => rows.add_object(Object::from_iter([("text".to_owned(), Value::String(text))]), place),
            Ok(Err(_)) => rows.problem(place, format!("is not a text: {}", shorten(text, 40))),
            Err(reason) => rows.problem(place, reason),
        }
    }
    finish::finish(rows.into_table(path, Format::JsonLines, decoded))
}

/// What some text of a file has.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    entities: bool,
    categories: bool,
}

/// Reads texts with their annotations.
pub(super) fn read_pairs<'a>(
    path: &Path,
    decoded: &Decoded,
    elements: impl Iterator<Item = Element<'a>> + Clone,
) -> Result<Table, ReadError> {
    let mut parts = Parts::default();
    for (_, notes) in elements.clone().filter_map(|element| pair(element).ok()) {
        parts.entities |= notes.contains_key("entities");
        parts.categories |= notes.contains_key("cats");
    }
    let mut rows = Rows::default();
    for element in elements {
        match pair(element).and_then(|(text, notes)| row_of(text, notes, parts)) {
            Ok(object) => rows.add_object(object, element.place),
            Err(reason) => rows.problem(element.place, reason),
        }
    }
    let places = rows.places();
    let mut table = rows.into_table(path, Format::JsonLines, decoded);
    if let Some(column) = table.column("label").filter(|_| parts.categories) {
        classes::single(&mut table, column, false);
    }
    if parts.entities { finish::finish_export(table, &places) } else { finish::finish(table) }
}

fn row_of(text: String, mut notes: Object, parts: Parts) -> Result<Object, String> {
    let entities = notes.shift_remove("entities").unwrap_or_default();
    let categories = notes.shift_remove("cats");
    if parts.categories {
        notes.shift_remove("label");
        if let Some(categories) = categories {
            notes.shift_insert(0, "label".into(), names(&categories)?);
        }
    }
    if parts.entities {
        let marks = list(&entities).iter().map(mark).collect::<Result<Vec<_>, _>>()?;
        return Ok(row(text, &marks, notes));
    }
    notes.shift_remove("text");
    notes.shift_insert(0, "text".into(), Value::String(text));
    Ok(notes)
}

fn mark(entity: &Value) -> Result<Mark, String> {
    match list(entity) {
        [start, end, label, ..] => Mark::of(number(start), number(end), label.as_str(), entity),
        _ => Err(format!("has an entity {}, expected [start, end, \"label\"]", shorten(&entity.to_string(), 40))),
    }
}

/// The categories that hold.
fn names(categories: &Value) -> Result<Value, String> {
    let shown = || shorten(&categories.to_string(), 60);
    let all = categories.as_object().ok_or_else(|| format!("has the \"cats\" {}, expected an object", shown()))?;
    let mut names = Vec::new();
    for (name, value) in all {
        let holds = value.as_bool().or_else(|| value.as_f64().map(|value| value >= 0.5));
        if holds.ok_or_else(|| format!("has the \"cats\" {}, expected a number for each", shown()))? {
            names.push(Value::String(name.clone()));
        }
    }
    Ok(Value::Array(names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::readers::read_bytes;

    fn check(text: &str, columns: &[&str], rows: &[(usize, &[&str])], problems: &[(usize, &str)]) {
        let table = read_bytes(Path::new("train.json"), text.as_bytes().to_vec()).unwrap();
        assert_eq!((table.format, table.columns.len()), (Format::JsonLines, columns.len()), "{text}");
        assert_eq!(table.columns, columns, "{text}");
        let found = table.lined_cells();
        let expected: Vec<(usize, Vec<&str>)> = rows.iter().map(|&(line, cells)| (line, cells.to_vec())).collect();
        assert_eq!(found, expected, "{text}");
        let found: Vec<(usize, &str)> = table.problems.iter().map(|p| (p.line, p.reason.as_str())).collect();
        assert_eq!(found, problems, "{text}");
    }

    #[test]
    fn entities_of_spacy_are_spans() {
        let ann = r#"["😀 Ann ran", {"entities": [[2, 5, "PER"]]}]"#;
        let spans = r#"[{"start":2,"end":5,"label":"PER"}]"#;
        let columns = &["text", "spans"];
        check(&format!("[{ann}, [\"b\", {{}}]]"), columns, &[(1, &["😀 Ann ran", spans]), (1, &["b", "[]"])], &[]);
        check(
            &format!("{ann}\n\n[\"b\", {{\"entities\": []}}]\n"),
            columns,
            &[(1, &["😀 Ann ran", spans]), (3, &["b", "[]"])],
            &[],
        );
        check(
            &format!(
                "{{\"classes\": [\"PER\"], \"annotations\": [{ann}, [\"b\", {{\"entities\": [[0, 9, \"X\"]]}}]]}}"
            ),
            columns,
            &[(1, &["😀 Ann ran", spans])],
            &[(1, "element 2: has a span (\"X\", 0 to 9) past the end of its 1 characters")],
        );
        check(
            &format!("[{ann},\n[\"b\", {{\"entities\": [\"U-PER\"]}}]]"),
            columns,
            &[(1, &["😀 Ann ran", spans])],
            &[(2, "has an entity \"U-PER\", expected [start, end, \"label\"]")],
        );
    }

    #[test]
    fn categories_of_spacy_are_labels() {
        let columns = &["text", "label"];
        let pos = r#"["a", {"cats": {"POS": 1.0, "NEG": 0.0}}]"#;
        let neg = r#"["b", {"cats": {"POS": 0, "NEG": true}}]"#;
        let none = r#"["c", {"cats": {"POS": 0.4, "NEG": 0.0}}]"#;
        check(&format!("[{pos}, {neg}]"), columns, &[(1, &["a", "POS"]), (1, &["b", "NEG"])], &[]);
        check(&format!("{pos}\n{none}"), columns, &[(1, &["a", r#"["POS"]"#]), (2, &["c", "[]"])], &[]);
    }

    #[test]
    fn a_list_of_texts_is_one_text_per_element() {
        check("[\"hello, you\",\n \"bye ] you\"]\n", &["text"], &[(1, &["hello, you"]), (2, &["bye ] you"])], &[]);
        check("[\"a\", null]", &["text"], &[(1, &["a"])], &[(1, "element 2: is not a text: null")]);
        for text in ["[\"No\"], he said.\nAnd left.\n", "[[1]] A note.\nAnother.\n", "[\"open, he said.\nAnd left.\n"] {
            let table = read_bytes(Path::new("a.txt"), text.as_bytes().to_vec()).unwrap();
            assert_eq!(table.format, Format::PlainText, "{text}");
        }
    }
}
