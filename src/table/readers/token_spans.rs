//! Entities told by the numbers of their words → rows of `tokens` and `tags`:
//!
//! - `GLiNER`, `{"tokenized_text": […], "ner": [[0, 1, "PER"]]}`, whose ends are the last word;
//! - `SpERT`, `{"tokens": […], "entities": [{"start": 0, "end": 2, "type": "PER"}]}`, whose ends are the word behind it;
//! - `DyGIE` and `SciERC`, `{"sentences": [[…], […]], "ner": [[[0, 1, "PER"]], []]}`, whose words are numbered through a
//!   document;
//! - W2NER, `{"sentence": […], "ner": [{"index": [0, 1], "type": "PER"}]}`.
//!
//! What an end is, is asked of the whole file: an entity that begins and ends at one number, or an end that is the number
//! of words, leaves no doubt. A word can have one tag, so that a sentence whose entities overlap is left out and told.

use serde_json::{Value, json};

use super::elements::Element;
use super::marks::{Object, list, number};
use super::objects::Rows;
use crate::table::shorten;

/// Where an object has its words and entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    tokens: &'static str,
    entities: &'static str,
    /// Whether files of this shape end an entity with its last word.
    inclusive: bool,
}

const SHAPES: [Shape; 4] = [
    Shape { tokens: "tokenized_text", entities: "ner", inclusive: true },
    Shape { tokens: "sentences", entities: "ner", inclusive: true },
    Shape { tokens: "sentence", entities: "ner", inclusive: true },
    Shape { tokens: "tokens", entities: "entities", inclusive: false },
];

impl Shape {
    fn of(object: &Object) -> Option<Self> {
        let is_words = |value: &Value| !list(value).is_empty() && list(value).iter().all(Value::is_string);
        let holds = |shape: &Self| {
            let (Some(tokens), Some(entities)) = (object.get(shape.tokens), object.get(shape.entities)) else {
                return false;
            };
            let is_document = shape.tokens == "sentences";
            let has_words = if is_document { list(tokens).iter().any(is_words) } else { is_words(tokens) };
            let sentences = if is_document { list(entities) } else { std::slice::from_ref(entities) };
            has_words && entities.is_array() && sentences.iter().flat_map(list).all(|entity| parts(entity).is_some())
        };
        // Beside a whole text the numbers are those of its characters, and tags beside words say it all.
        let has_text = object.get("text").is_some_and(Value::is_string);
        let has_tags = |shape: &Self| {
            let words = object.get(shape.tokens).map_or(0, |words| list(words).len());
            let is_tag = |value: &Value| value.is_string() || value.is_number();
            let is_like = |value: &Value| list(value).len() == words && list(value).iter().all(is_tag);
            object.iter().any(|(key, value)| key != shape.tokens && key != shape.entities && is_like(value))
        };
        SHAPES.into_iter().find(holds).filter(|shape| !has_text && !has_tags(shape))
    }
}

/// First and last number and the type of an entity.
fn parts(entity: &Value) -> Option<(usize, usize, &str)> {
    let place = |value: &Value| usize::try_from(number(value)?).ok();
    match entity {
        Value::Array(parts) => match parts.as_slice() {
            [start, end, label, ..] => Some((place(start)?, place(end)?, label.as_str()?)),
            _ => None,
        },
        Value::Object(fields) => {
            let label = fields.get("type").or_else(|| fields.get("label"))?.as_str()?;
            let (start, end) = match fields.get("index") {
                Some(index) => (list(index).first()?, list(index).last()?),
                None => (fields.get("start")?, fields.get("end")?),
            };
            Some((place(start)?, place(end)?, label))
        }
        _ => None,
    }
}

/// How the objects of one file are read.
pub(super) struct TokenSpans {
    shape: Shape,
    inclusive: bool,
}

impl TokenSpans {
    /// Recognises a file by some of its objects, and settles what an end is by all of them.
    pub fn of(sample: &[Object], all: impl Iterator<Item = Object>) -> Option<Self> {
        let shape = sample.iter().find_map(Shape::of)?;
        let (mut single, mut behind) = (0_usize, 0_usize);
        for object in all {
            for sentence in sentences(&object, shape) {
                for &(start, end, _) in &sentence.entities {
                    single += usize::from(start == end);
                    behind += usize::from(end == sentence.words.len());
                }
            }
        }
        let inclusive = match (single, behind) {
            (0, 0) => shape.inclusive,
            (single, behind) if single == behind => shape.inclusive,
            (single, behind) => single > behind,
        };
        Some(Self { shape, inclusive })
    }

    /// What is told of a file whose ends are not those of its kind.
    pub fn note(&self) -> Option<String> {
        let end = if self.inclusive { "its last word" } else { "the word behind it" };
        (self.inclusive != self.shape.inclusive).then(|| format!("the end of an entity is read as the number of {end}"))
    }

    pub fn add(&self, rows: &mut Rows, element: Element<'_>) {
        let object = match element.object() {
            Ok(object) => object,
            Err(reason) => return rows.problem(element.place, reason),
        };
        if Shape::of(&object) != Some(self.shape) {
            let Shape { tokens, entities, .. } = self.shape;
            let reason = format!("has no words under {tokens:?} with entities under {entities:?}");
            return rows.problem(element.place, reason);
        }
        let others: Object = object
            .iter()
            .filter(|(_, value)| value.is_string() || value.is_number())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        for sentence in sentences(&object, self.shape) {
            match sentence.tags(self.inclusive) {
                Ok(tags) => {
                    let mut row = others.clone();
                    row.shift_insert(0, "tokens".into(), json!(sentence.words));
                    row.shift_insert(1, "tags".into(), json!(tags));
                    rows.add_object(row, element.place);
                }
                Err(reason) => rows.problem(element.place, reason),
            }
        }
    }
}

struct Sentence<'a> {
    words: Vec<&'a str>,
    entities: Vec<(usize, usize, &'a str)>,
}

/// The sentences of an object, with their own numbers of words.
fn sentences(object: &Object, shape: Shape) -> Vec<Sentence<'_>> {
    let (Some(tokens), Some(entities)) = (object.get(shape.tokens), object.get(shape.entities)) else {
        return Vec::new();
    };
    let words = |tokens: &'_ Value| -> usize { list(tokens).len() };
    let sentence = |tokens, entities, first: usize| Sentence {
        words: list(tokens).iter().filter_map(Value::as_str).collect(),
        entities: list(entities)
            .iter()
            .filter_map(parts)
            .map(|(start, end, label)| (start.wrapping_sub(first), end.wrapping_sub(first), label))
            .collect(),
    };
    if shape.tokens != "sentences" {
        return vec![sentence(tokens, entities, 0)];
    }
    let mut first = 0;
    let pairs = list(tokens).iter().zip(list(entities).iter().chain(std::iter::repeat(&Value::Null)));
    pairs
        .map(|(tokens, entities)| {
            let found = sentence(tokens, entities, first);
            first += words(tokens);
            found
        })
        .collect()
}

impl Sentence<'_> {
    fn tags(&self, inclusive: bool) -> Result<Vec<String>, String> {
        let mut tags = vec!["O".to_owned(); self.words.len()];
        for &(start, end, label) in &self.entities {
            let shown = shorten(label, 40);
            let behind = end.wrapping_add(usize::from(inclusive));
            if start >= behind || behind > tags.len() {
                let count = tags.len();
                return Err(format!(
                    "has an entity ({shown:?}, {start} to {end}) that is no part of its {count} words"
                ));
            }
            if tags[start..behind].iter().any(|tag| tag != "O") {
                return Err(format!(
                    "has entities that overlap, one of them {shown:?} at the words {start} to {end}, expected one tag for each word"
                ));
            }
            for (place, tag) in tags[start..behind].iter_mut().enumerate() {
                *tag = format!("{}-{}", if place == 0 { 'B' } else { 'I' }, label.trim());
            }
        }
        Ok(tags)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::table::readers::read_bytes;

    fn check(text: &str, rows: &[(&str, &str)], note: Option<&str>, problems: &[&str]) {
        let table = read_bytes(Path::new("a.json"), text.as_bytes().to_vec()).unwrap();
        let column = |name: &str| table.column(name).unwrap();
        let words = |row, name| crate::table::notation::tags::list(table.cell(row, column(name))).unwrap().join(" ");
        let found: Vec<(String, String)> =
            (0..table.rows()).map(|row| (words(row, "tokens"), words(row, "tags"))).collect();
        let expected: Vec<(String, String)> = rows.iter().map(|&(a, b)| (a.to_owned(), b.to_owned())).collect();
        assert_eq!(found, expected, "{text}");
        assert_eq!(table.notes.first().map(String::as_str), note, "{text}");
        assert_eq!(table.problems.iter().map(|p| p.reason.as_str()).collect::<Vec<_>>(), problems, "{text}");
        let roles = crate::data::Roles::guess(&table, crate::task::Task::Classify);
        assert_eq!(crate::data::guess_task(&table, &roles), crate::task::Task::Ner, "{text}");
    }

    #[test]
    fn entities_told_by_the_numbers_of_words_are_tags() {
        let ines = ("Ines Kaya left Oslo", "B-PER I-PER O B-LOC");
        let tokens = r#"["Ines","Kaya","left","Oslo"]"#;
        check(&format!(r#"{{"tokenized_text":{tokens},"ner":[[0,1,"PER"],[3,3,"LOC"]]}}"#), &[ines], None, &[]);
        check(
            &format!(
                r#"[{{"tokenized_text":{tokens},"ner":[[0,1,"PER"],[3,3,"LOC"]]}},{{"tokenized_text":["no"],"ner":[]}}]"#
            ),
            &[ines, ("no", "O")],
            None,
            &[],
        );
        check(
            &format!(
                r#"{{"tokens":{tokens},"entities":[{{"type":"PER","start":0,"end":2}},{{"type":"LOC","start":3,"end":4}}],"relations":[],"orig_id":7}}"#
            ),
            &[ines],
            None,
            &[],
        );
        check(
            &format!(r#"{{"sentence":{tokens},"ner":[{{"index":[0,1],"type":"PER"}},{{"index":[3],"type":"LOC"}}]}}"#),
            &[ines],
            None,
            &[],
        );
        check(
            &format!(
                r#"{{"doc_key":"d","sentences":[["So","it","is"],{tokens}],"ner":[[],[[3,4,"PER"],[6,6,"LOC"]]],"relations":[[],[]]}}"#
            ),
            &[("So it is", "O O O"), ines],
            None,
            &[],
        );
    }

    #[test]
    fn what_an_end_is_is_told_by_the_whole_file() {
        let tokens = r#"["Ines","Kaya","left","Oslo"]"#;
        let ines = ("Ines Kaya left Oslo", "B-PER I-PER O B-LOC");
        check(
            &format!(r#"{{"tokenized_text":{tokens},"ner":[[0,2,"PER"],[3,4,"LOC"]]}}"#),
            &[ines],
            Some("the end of an entity is read as the number of the word behind it"),
            &[],
        );
        check(
            &format!(
                r#"{{"tokens":{tokens},"entities":[{{"type":"PER","start":0,"end":1}},{{"type":"LOC","start":3,"end":3}}]}}"#
            ),
            &[ines],
            Some("the end of an entity is read as the number of its last word"),
            &[],
        );
    }

    #[test]
    fn tags_beside_the_words_are_kept() {
        let text = r#"{"tokens":["Ines","ran"],"ner_tags":["B-X","O"],"entities":[{"start":0,"end":1,"type":"Y"}]}"#;
        let table = read_bytes(Path::new("a.json"), text.as_bytes().to_vec()).unwrap();
        assert_eq!(table.columns, ["tokens", "ner_tags", "entities"]);
    }

    #[test]
    fn entities_that_cannot_be_tags_are_told() {
        let line = |ner: &str| format!("{{\"tokenized_text\":[\"a\",\"b\"],\"ner\":{ner}}}\n");
        check(
            &(line(r#"[[0,0,"X"]]"#)
                + &line(r#"[[0,1,"X"],[1,1,"Y"]]"#)
                + &line(r#"[[0,5,"X"]]"#)
                + &line(r#"[[1,1,"X"]]"#)),
            &[("a b", "B-X O"), ("a b", "O B-X")],
            None,
            &[
                r#"has entities that overlap, one of them "Y" at the words 1 to 1, expected one tag for each word"#,
                r#"has an entity ("X", 0 to 5) that is no part of its 2 words"#,
            ],
        );
    }
}
