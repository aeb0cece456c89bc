//! Labelled spans as annotation tools export them (Prodigy, Label Studio, doccano) → objects with a `text` and `spans`,
//! a list of `{"start", "end", "label"}` in characters. What an annotator rejected or skipped is listed with its line.
//!
//! Label Studio counts in UTF-16 units, as browsers do, and repeats the words of each span: where the words stand at
//! the place in one of the two ways of counting, that way is meant. Words that are found in neither way make the row
//! unusable, since its labels would teach nonsense.

use serde_json::{Map, Value, json};

use crate::data::error::shorten;
use crate::data::table::Format;

type Object = Map<String, Value>;

/// Elements that are looked at to recognise a tool.
pub(super) const SAMPLE: usize = 200;

/// Which tool wrote a file, and in which of its shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Prodigy,
    /// Tasks with their annotations, nested.
    LabelStudio,
    /// The short export: one object a task, named after its controls.
    LabelStudioMin,
    Doccano,
}

impl Tool {
    pub fn format(self) -> Format {
        match self {
            Self::Prodigy => Format::Prodigy,
            Self::LabelStudio | Self::LabelStudioMin => Format::LabelStudio,
            Self::Doccano => Format::Doccano,
        }
    }

    /// Recognises the tool by some objects of a file; most of them may be unlabelled and tell nothing.
    pub fn of(objects: &[Object]) -> Option<Self> {
        objects.iter().find_map(Self::of_object)
    }

    fn of_object(object: &Object) -> Option<Self> {
        let has_list = |keys: &[&str], test: &dyn Fn(&Value) -> bool| {
            keys.iter().filter_map(|key| object.get(*key)).any(|value| list(value).iter().any(test))
        };
        let is_task = object.get("data").is_some_and(Value::is_object);
        if is_task && annotations(object).is_some() {
            return Some(Self::LabelStudio);
        }
        if object.iter().any(|(_, value)| min_spans(value).is_some() || min_choices(value).is_some()) {
            return Some(Self::LabelStudioMin);
        }
        text_of(object)?;
        let by_prodigy = object.contains_key("_input_hash") || object.contains_key("_task_hash");
        let has_spans = object.get("spans").is_some_and(Value::is_array);
        if has_list(&["spans"], &|span| span.get("start").is_some() && span.get("end").is_some())
            || (by_prodigy && has_spans)
        {
            return Some(Self::Prodigy);
        }
        let is_entity = |span: &Value| is_triple(span) || span.get("start_offset").is_some();
        has_list(&DOCCANO_KEYS, &is_entity).then_some(Self::Doccano)
    }

    /// The rows of an object, each with columns of its own or the reason why it is left out.
    pub fn rows(self, object: Object) -> Vec<Result<Object, String>> {
        match self {
            Self::Prodigy => vec![prodigy(object)],
            Self::LabelStudio => label_studio(&object),
            Self::LabelStudioMin => vec![label_studio_min(object)],
            Self::Doccano => vec![doccano(object)],
        }
    }
}

const DOCCANO_KEYS: [&str; 3] = ["entities", "label", "labels"];

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// `[0, 5, "PER"]`
fn is_triple(value: &Value) -> bool {
    matches!(list(value), [start, end, label] if start.is_u64() && end.is_u64() && label.is_string())
}

fn text_of(object: &Object) -> Option<&'static str> {
    ["text", "data"].into_iter().find(|key| object.get(*key).is_some_and(Value::is_string))
}

fn take_text(object: &mut Object) -> Result<String, String> {
    let key = text_of(object).ok_or("has no text")?;
    match object.shift_remove(key) {
        Some(Value::String(text)) => Ok(text),
        _ => Err("has no text".into()),
    }
}

fn prodigy(mut object: Object) -> Result<Object, String> {
    if let Some(answer) = object.shift_remove("answer").filter(|answer| answer != "accept") {
        return Err(format!("is left out, because its \"answer\" is {answer} and not \"accept\""));
    }
    let text = take_text(&mut object)?;
    let spans = object.shift_remove("spans").unwrap_or_default();
    object.retain(|key, _| key != "tokens" && !key.starts_with('_'));
    let marks = list(&spans).iter().map(|span| Mark::new(span, "start", "end", "label")).collect::<Result<_, _>>()?;
    row(text, marks, object)
}

fn doccano(mut object: Object) -> Result<Object, String> {
    let text = take_text(&mut object)?;
    let key = DOCCANO_KEYS.into_iter().find(|key| object.get(*key).is_some_and(Value::is_array));
    let spans = key.and_then(|key| object.shift_remove(key)).unwrap_or_default();
    object.retain(|_, value| !matches!(value, Value::Array(list) if list.is_empty()));
    let mark = |span: &Value| match list(span) {
        [start, end, label] => Mark::of(start.as_u64(), end.as_u64(), label.as_str(), span),
        _ => Mark::new(span, "start_offset", "end_offset", "label"),
    };
    let marks = list(&spans).iter().map(mark).collect::<Result<_, _>>()?;
    row(text, marks, object)
}

fn annotations(object: &Object) -> Option<&Vec<Value>> {
    object.get("annotations").or_else(|| object.get("completions")).and_then(Value::as_array)
}

/// A task gives one row: its first annotation that was not skipped. Every other one is listed.
fn label_studio(object: &Object) -> Vec<Result<Object, String>> {
    let annotations = annotations(object).cloned().unwrap_or_default();
    let mut data = match object.get("data") {
        Some(Value::Object(data)) => data.clone(),
        _ => return vec![Err("is a task without \"data\"".into())],
    };
    if annotations.is_empty() {
        return vec![Err("is a task without an annotation".into())];
    }
    let text = match take_longest_text(&mut data) {
        Ok(text) => text,
        Err(reason) => return vec![Err(reason)],
    };
    let mut rows: Vec<Result<Object, String>> = Vec::new();
    let mut is_read = false;
    for (index, annotation) in annotations.iter().enumerate() {
        let is_skipped =
            ["was_cancelled", "skipped"].iter().any(|key| annotation.get(*key) == Some(&Value::Bool(true)));
        if is_skipped {
            rows.push(Err("was skipped by its annotator (was_cancelled)".into()));
        } else if is_read {
            rows.push(Err(format!("has annotation {}, of which only the first is read", index + 1)));
        } else {
            is_read = true;
            rows.push(annotated(&text, &data, annotation.get("result").unwrap_or(&Value::Null)));
        }
    }
    rows
}

/// The text that was annotated is called as the project chose; another string of the task is hardly longer.
fn take_longest_text(data: &mut Object) -> Result<String, String> {
    let longest = || {
        let texts = data.iter().filter_map(|(key, value)| Some((key, value.as_str()?.len())));
        texts.max_by_key(|&(_, length)| length).map(|(key, _)| key.clone())
    };
    let key = text_of(data).map(str::to_owned).or_else(longest).ok_or("is a task without a text")?;
    match data.shift_remove(&key) {
        Some(Value::String(text)) => Ok(text),
        _ => Err("is a task without a text".into()),
    }
}

fn annotated(text: &str, data: &Object, result: &Value) -> Result<Object, String> {
    let mut marks = Vec::new();
    let mut choices: Option<Vec<Value>> = None;
    let mut has_labels = false;
    for item in list(result) {
        let value = item.get("value").unwrap_or(&Value::Null);
        if value.get("start").is_some() {
            has_labels = true;
            labelled(value, &mut marks)?;
        } else if let Some(chosen) = value.get("choices").and_then(Value::as_array) {
            choices.get_or_insert_default().extend(chosen.iter().cloned());
        }
    }
    let mut others = data.clone();
    if let Some(choices) = choices {
        others.shift_remove("label");
        others.insert("label".into(), Value::Array(choices));
        if !has_labels {
            others.shift_insert(0, "text".into(), Value::String(text.to_owned()));
            return Ok(others);
        }
    }
    row(text.to_owned(), marks, others)
}

/// The marks of one place, which may bear several labels.
fn labelled(value: &Value, marks: &mut Vec<Mark>) -> Result<(), String> {
    let keys = ["labels", "hypertextlabels"];
    let labels = keys.iter().find_map(|key| value.get(*key)).unwrap_or(&Value::Null);
    if list(labels).is_empty() {
        return Err(format!("has a span without a label: {}", shorten(&value.to_string(), 80)));
    }
    for label in list(labels) {
        let number = |key: &str| value.get(key).and_then(number);
        let mut mark = Mark::of(number("start"), number("end"), label.as_str(), value)?;
        mark.text = value.get("text").and_then(Value::as_str).map(str::to_owned);
        marks.push(mark);
    }
    Ok(())
}

/// `[{"start": 0, "end": 5, "text": "…", "labels": ["PER"]}]`
fn min_spans(value: &Value) -> Option<&[Value]> {
    let spans = list(value);
    let is_span = |span: &Value| span.get("start").is_some() && span.get("labels").is_some_and(Value::is_array);
    (!spans.is_empty() && spans.iter().all(is_span)).then_some(spans)
}

/// `{"choices": ["a", "b"]}`
fn min_choices(value: &Value) -> Option<&Value> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.get("choices").filter(|choices| choices.is_array())
}

fn label_studio_min(mut object: Object) -> Result<Object, String> {
    let mut marks = Vec::new();
    let controls: Vec<String> =
        object.iter().filter(|(_, value)| min_spans(value).is_some()).map(|(key, _)| key.clone()).collect();
    for control in &controls {
        for span in list(&object.shift_remove(control).unwrap_or_default()) {
            labelled(span, &mut marks)?;
        }
    }
    let mut has_choices = false;
    for (_, value) in &mut object {
        if let Some(choices) = min_choices(value).cloned() {
            *value = choices;
            has_choices = true;
        }
    }
    let text = take_longest_text(&mut object)?;
    object.retain(|key, _| !ABOUT_THE_WORK.contains(&key.as_str()));
    if has_choices && controls.is_empty() {
        object.shift_insert(0, "text".into(), Value::String(text));
        return Ok(object);
    }
    row(text, marks, object)
}

/// What the short export says of the annotator and not of the text.
const ABOUT_THE_WORK: [&str; 5] = ["annotator", "annotation_id", "created_at", "updated_at", "lead_time"];

/// A whole number, also one that was written with a fraction of zero.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().filter(|value| *value >= 0.0 && value.fract() == 0.0).map(|v| v as u64))
}

/// A span as the tool tells it.
struct Mark {
    start: usize,
    end: usize,
    label: String,
    /// The words that the tool says stand there.
    text: Option<String>,
}

impl Mark {
    fn new(span: &Value, start: &str, end: &str, label: &str) -> Result<Self, String> {
        let number = |key: &str| span.get(key).and_then(number);
        let mut mark = Self::of(number(start), number(end), span.get(label).and_then(Value::as_str), span)?;
        mark.text = span.get("text").and_then(Value::as_str).map(str::to_owned);
        Ok(mark)
    }

    fn of(start: Option<u64>, end: Option<u64>, label: Option<&str>, span: &Value) -> Result<Self, String> {
        let shown = || shorten(&span.to_string(), 80);
        let (Some(start), Some(end)) = (start, end) else {
            return Err(format!("has a span without a start and an end, expected two whole numbers: {}", shown()));
        };
        let label = label.filter(|label| !label.trim().is_empty());
        let label = label.ok_or_else(|| format!("has a span without a label: {}", shown()))?.trim().to_owned();
        let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(Self { start: place(start), end: place(end), label, text: None })
    }
}

/// Puts a row together, with every span in characters and checked against the text.
fn row(text: String, mut marks: Vec<Mark>, mut others: Object) -> Result<Object, String> {
    let places = Places::new(&text, marks.iter().any(|mark| mark.text.is_some()));
    for mark in &mut marks {
        places.settle(mark)?;
    }
    marks.sort_by_key(|mark| (mark.start, mark.end));
    let spans = marks.iter().map(|mark| json!({ "start": mark.start, "end": mark.end, "label": mark.label })).collect();
    others.shift_remove("spans");
    others.shift_remove("text");
    others.shift_insert(0, "text".into(), Value::String(text));
    others.shift_insert(1, "spans".into(), Value::Array(spans));
    Ok(others)
}

/// The characters of a text, and where each begins in UTF-16 where both ways of counting differ.
struct Places {
    characters: Vec<char>,
    units: Option<Vec<usize>>,
}

impl Places {
    fn new(text: &str, is_quoted: bool) -> Self {
        let characters: Vec<char> = text.chars().collect();
        let differs = is_quoted && characters.iter().any(|character| character.len_utf16() > 1);
        let units = differs.then(|| {
            let mut at = 0;
            let mut starts: Vec<usize> = Vec::with_capacity(characters.len() + 1);
            for character in &characters {
                starts.push(at);
                at += character.len_utf16();
            }
            starts.push(at);
            starts
        });
        Self { characters, units }
    }

    /// Turns the place of a mark into characters.
    fn settle(&self, mark: &mut Mark) -> Result<(), String> {
        let told = mark.text.as_deref().map(plain_blanks).filter(|text| !text.is_empty());
        let says = |start: usize, end: usize| {
            let found = self.characters.get(start..end).map(|part| plain_blanks(&part.iter().collect::<String>()));
            told.is_none() || found == told
        };
        let of_units = |units: &Vec<usize>| {
            let start = units.binary_search(&mark.start).ok()?;
            let end = units.binary_search(&mark.end).ok()?;
            (start < end && says(start, end)).then_some((start, end))
        };
        let fits = mark.start < mark.end && mark.end <= self.characters.len();
        if fits && says(mark.start, mark.end) {
            return Ok(());
        }
        if let Some((start, end)) = self.units.as_ref().and_then(of_units) {
            (mark.start, mark.end) = (start, end);
            return Ok(());
        }
        let Mark { start, end, label, .. } = mark;
        let label = shorten(label, 40);
        if start >= end {
            return Err(format!("has an empty span ({label:?}, {start} to {end})"));
        }
        if !fits {
            let length = self.characters.len();
            return Err(format!("has a span ({label:?}, {start} to {end}) past the end of its {length} characters"));
        }
        let found: String = self.characters[*start..*end].iter().collect();
        Err(format!(
            "has a span ({label:?}, {start} to {end}) that should be {:?} and is {:?}",
            shorten(&told.unwrap_or_default(), 40),
            shorten(&found, 40)
        ))
    }
}

/// Tools write line ends in quoted words in different ways.
fn plain_blanks(text: &str) -> String {
    text.replace("\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::data::Table;
    use crate::data::readers::read_bytes;

    fn open(text: &str) -> Table {
        read_bytes(Path::new("train.json"), text.as_bytes().to_vec()).unwrap()
    }

    /// Cells of all rows, then the lines and the reasons of the problems.
    fn check(text: &str, format: Format, columns: &[&str], rows: &[&[&str]], problems: &[(usize, &str)]) {
        let table = open(text);
        assert_eq!(table.format, format, "{text}");
        assert_eq!(table.columns, columns, "{text}");
        let cells = |row| (0..columns.len()).map(|column| table.cell(row, column)).collect::<Vec<_>>();
        assert_eq!((0..table.rows()).map(cells).collect::<Vec<_>>(), rows, "{text}");
        let found: Vec<(usize, &str)> = table.problems.iter().map(|p| (p.line, p.reason.as_str())).collect();
        assert_eq!(found, problems, "{text}");
    }

    #[test]
    fn prodigy_keeps_what_was_accepted() {
        check(
            r#"{"text":"Ann is in Berlin","_input_hash":1,"tokens":[{"text":"Ann"}],"spans":[{"start":10,"end":16,"label":"LOC","token_start":3},{"start":0,"end":3,"label":"PER"}],"meta":{"n":1},"answer":"accept"}
{"text":"No","spans":[],"answer":"reject"}
{"text":"Nothing","answer":"ignore"}
{"text":"Nobody here"}
{"text":"Ann","spans":[{"start":1,"end":9,"label":"X"}]}
{"text":"Ann","spans":[{"start":1,"end":1,"label":"X"}]}
{"text":"Ann","spans":[{"start":1,"end":2}]}
{"spans":[]}
"#,
            Format::Prodigy,
            &["text", "spans", "meta"],
            &[
                &[
                    "Ann is in Berlin",
                    r#"[{"start":0,"end":3,"label":"PER"},{"start":10,"end":16,"label":"LOC"}]"#,
                    r#"{"n":1}"#,
                ],
                &["Nobody here", "[]", ""],
            ],
            &[
                (2, r#"is left out, because its "answer" is "reject" and not "accept""#),
                (3, r#"is left out, because its "answer" is "ignore" and not "accept""#),
                (5, r#"has a span ("X", 1 to 9) past the end of its 3 characters"#),
                (6, r#"has an empty span ("X", 1 to 1)"#),
                (7, r#"has a span without a label: {"start":1,"end":2}"#),
                (8, "has no text"),
            ],
        );
    }

    #[test]
    fn doccano_writes_spans_in_two_ways() {
        let spans = r#"[{"start":0,"end":3,"label":"PER"}]"#;
        for key in ["label", "labels", "entities"] {
            check(
                &format!(
                    "{{\"id\":1,\"text\":\"é 😀 x\",\"{key}\":[[0,3,\"PER\"]]}}\n{{\"id\":2,\"text\":\"b\",\"{key}\":[]}}"
                ),
                Format::Doccano,
                &["text", "spans", "id"],
                &[&["é 😀 x", spans, "1"], &["b", "[]", "2"]],
                &[],
            );
        }
        check(
            r#"{"id":1,"text":"Ann","entities":[{"id":5,"label":"PER","start_offset":0,"end_offset":3}],"relations":[],"Comments":[]}"#,
            Format::Doccano,
            &["text", "spans", "id"],
            &[&["Ann", spans, "1"]],
            &[],
        );
    }

    #[test]
    fn classes_from_doccano_are_names_where_each_text_has_one() {
        let columns = &["id", "text", "label"];
        check(
            "{\"id\":1,\"text\":\"a\",\"label\":[\"x\"]}\n{\"id\":2,\"text\":\"b\",\"label\":[]}",
            Format::JsonLines,
            columns,
            &[&["1", "a", "x"], &["2", "b", ""]],
            &[],
        );
        check(
            "{\"id\":1,\"text\":\"a\",\"label\":[\"x\"]}\n{\"id\":2,\"text\":\"b\",\"label\":[\"x\",\"y\"]}",
            Format::JsonLines,
            columns,
            &[&["1", "a", r#"["x"]"#], &["2", "b", r#"["x","y"]"#]],
            &[],
        );
    }

    #[test]
    fn label_studio_tasks_give_their_first_annotation() {
        let result = r#"{"value":{"start":3,"end":6,"text":"Ann","labels":["PER"]},"type":"labels"}"#;
        let text = format!(
            r#"[
{{"id":1,"data":{{"text":"😀 Ann ran","source":"s"}},"annotations":[{{"was_cancelled":true,"result":[]}},{{"result":[{result},{{"type":"relation","from_id":"a"}}]}},{{"result":[]}}]}},
{{"id":2,"data":{{"text":"b"}},"annotations":[]}},
{{"id":3,"data":{{"text":"Bob Ann"}},"annotations":[{{"result":[{result}]}}]}},
{{"id":4,"data":{{"text":"plain"}},"annotations":[{{"result":[]}}],"predictions":[]}}
]"#
        );
        check(
            &text,
            Format::LabelStudio,
            &["text", "spans", "source"],
            &[&["😀 Ann ran", r#"[{"start":2,"end":5,"label":"PER"}]"#, "s"], &["plain", "[]", ""]],
            &[
                (2, "was skipped by its annotator (was_cancelled)"),
                (2, "has annotation 3, of which only the first is read"),
                (3, "is a task without an annotation"),
                (4, r#"has a span ("PER", 3 to 6) that should be "Ann" and is " An""#),
            ],
        );
    }

    #[test]
    fn label_studio_choices_are_labels() {
        let task = |text: &str, choices: &str| {
            format!(
                r#"{{"data":{{"review":"{text}"}},"annotations":[{{"result":[{{"value":{{"choices":{choices}}},"type":"choices"}}]}}]}}"#
            )
        };
        check(
            &format!("[{},{}]", task("good film", r#"["pos"]"#), task("bad film", r#"["neg"]"#)),
            Format::LabelStudio,
            &["text", "label"],
            &[&["good film", "pos"], &["bad film", "neg"]],
            &[],
        );
        check(
            &format!("[{},{}]", task("good film", r#"["pos","short"]"#), task("bad film", r#"["neg"]"#)),
            Format::LabelStudio,
            &["text", "label"],
            &[&["good film", r#"["pos","short"]"#], &["bad film", r#"["neg"]"#]],
            &[],
        );
    }

    #[test]
    fn the_short_export_of_label_studio_is_read() {
        check(
            r#"[{"text":"Ann ran","id":1,"label":[{"start":0,"end":3,"text":"Ann","labels":["PER","X"]}],"annotator":1,"annotation_id":1,"created_at":"2024","updated_at":"2024","lead_time":1.5},{"text":"none","id":2,"annotator":1}]"#,
            Format::LabelStudio,
            &["text", "spans", "id"],
            &[
                &["Ann ran", r#"[{"start":0,"end":3,"label":"PER"},{"start":0,"end":3,"label":"X"}]"#, "1"],
                &["none", "[]", "2"],
            ],
            &[],
        );
    }

    #[test]
    fn lists_that_are_no_spans_stay_columns() {
        check(
            r#"{"text":"a","spans":[1,2],"label":"x"}"#,
            Format::JsonLines,
            &["text", "spans", "label"],
            &[&["a", "[1,2]", "x"]],
            &[],
        );
        check(
            r#"{"tokens":["a","b"],"ner_tags":["O","B-X"]}"#,
            Format::JsonLines,
            &["tokens", "ner_tags"],
            &[&[r#"["a","b"]"#, r#"["O","B-X"]"#]],
            &[],
        );
    }
}
