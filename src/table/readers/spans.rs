//! What annotation tools export (Prodigy, Label Studio, doccano) → objects with a `text` and `spans`, a list of
//! `{"start", "end", "label"}` in characters, or with the classes that were chosen. What an annotator rejected or skipped
//! is listed with its line.

use serde_json::Value;

use super::label_studio::{self, Project};
use super::marks::{Mark, Object, list, row};
use crate::table::{Format, LeftOut};

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
    /// Recognises the tool by some objects of a file; most of them may be unlabelled and tell nothing.
    pub fn of(objects: &[Object]) -> Option<Self> {
        objects.iter().find_map(Self::of_object)
    }

    fn of_object(object: &Object) -> Option<Self> {
        let has_list = |keys: &[&str], test: &dyn Fn(&Value) -> bool| {
            keys.iter().filter_map(|key| object.get(*key)).any(|value| list(value).iter().any(test))
        };
        let is_task = object.get("data").is_some_and(Value::is_object);
        if is_task && label_studio::annotations(object).is_some() {
            return Some(Self::LabelStudio);
        }
        let is_short = |value: &Value| label_studio::min_spans(value) || label_studio::min_choices(value).is_some();
        if label_studio::is_short(object) || object.values().any(is_short) {
            return Some(Self::LabelStudioMin);
        }
        text_of(object)?;
        let is_span = |span: &Value| ["start", "end", "label"].iter().all(|key| span.get(*key).is_some());
        if has_list(&["spans"], &is_span) || is_prodigy_record(object) {
            return Some(Self::Prodigy);
        }
        let is_entity = |span: &Value| is_triple(span) || span.get("start_offset").is_some();
        has_list(&DOCCANO_KEYS, &is_entity).then_some(Self::Doccano)
    }
}

/// What was answered to a task of Prodigy, or its hashes with what is to be answered.
fn is_prodigy_record(object: &Object) -> bool {
    let is_hashed = object.contains_key("_input_hash") || object.contains_key("_task_hash");
    let has_list = |key: &str| object.get(key).is_some_and(Value::is_array);
    let answer = object.get("answer").and_then(Value::as_str);
    let is_answered = answer.is_some_and(|answer| matches!(answer, "accept" | "reject" | "ignore"));
    if is_hashed { is_answered || has_list("spans") || has_list("accept") } else { is_answered && has_list("accept") }
}

/// How the objects of one file are read.
pub(super) enum Export {
    /// Where no record of a file has spans, its records are of classes.
    Prodigy {
        has_spans: bool,
    },
    LabelStudio(Project),
    LabelStudioMin(Project),
    Doccano,
}

impl Export {
    /// Settles what holds for the whole file.
    pub fn of(tool: Tool, mut objects: impl Iterator<Item = Object>) -> Self {
        match tool {
            Tool::Prodigy => Self::Prodigy { has_spans: objects.any(|object| object.contains_key("spans")) },
            Tool::LabelStudio => Self::LabelStudio(Project::of_tasks(objects)),
            Tool::LabelStudioMin => Self::LabelStudioMin(Project::of_short(objects)),
            Tool::Doccano => Self::Doccano,
        }
    }

    pub fn format(&self) -> Format {
        match self {
            Self::Prodigy { .. } => Format::Prodigy,
            Self::LabelStudio(_) | Self::LabelStudioMin(_) => Format::LabelStudio,
            Self::Doccano => Format::Doccano,
        }
    }

    /// The rows of an object, each with columns of its own or the reason why it is left out.
    pub fn rows(&self, object: Object) -> Vec<Result<Object, String>> {
        match self {
            Self::Prodigy { has_spans } => vec![prodigy(object, *has_spans)],
            Self::LabelStudio(project) => project.rows(&object),
            Self::LabelStudioMin(project) => vec![project.short_row(object)],
            Self::Doccano => vec![doccano(object)],
        }
    }

    /// The columns of classes that one tool writes as a name or as a list.
    pub fn classes(&self) -> Vec<&str> {
        match self {
            Self::LabelStudio(project) | Self::LabelStudioMin(project) => project.columns().collect(),
            Self::Prodigy { .. } | Self::Doccano => Vec::new(),
        }
    }
}

const DOCCANO_KEYS: [&str; 3] = ["entities", "label", "labels"];

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

/// A record that was accepted. Where one was asked to choose, what was chosen are its classes.
fn prodigy(mut object: Object, has_spans: bool) -> Result<Object, String> {
    if let Some(answer) = object.shift_remove("answer").filter(|answer| answer != "accept") {
        return Err(format!("{}{answer} and not \"accept\"", LeftOut::ANSWERED));
    }
    let text = take_text(&mut object)?;
    let spans = object.shift_remove("spans").unwrap_or_default();
    let chosen = object.get("accept").and_then(Value::as_array).map(|ids| ids.iter().map(class_name).collect());
    object.retain(|key, _| !ABOUT_THE_QUESTION.contains(&key.as_str()) && !key.starts_with('_'));
    if let Some(names) = chosen {
        object.shift_remove("accept");
        object.shift_remove("label");
        object.shift_insert(0, "label".into(), Value::Array(names));
    }
    if !has_spans {
        object.shift_remove("text");
        object.shift_insert(0, "text".into(), Value::String(text));
        return Ok(object);
    }
    let mark = |span: &Value| Mark::new(span, "start", "end", "label");
    let marks = list(&spans).iter().map(mark).collect::<Result<Vec<_>, _>>()?;
    Ok(row(text, &marks, object))
}

/// What Prodigy's records say of how they are shown.
const ABOUT_THE_QUESTION: [&str; 3] = ["tokens", "options", "config"];

/// An option's id, which may be a number.
fn class_name(id: &Value) -> Value {
    match id {
        Value::Number(number) => Value::String(number.to_string()),
        other => other.clone(),
    }
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
    let marks = list(&spans).iter().map(mark).collect::<Result<Vec<_>, _>>()?;
    Ok(row(text, &marks, object))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::table::Table;
    use crate::table::readers::read_bytes;

    fn open(text: &str) -> Table {
        read_bytes(Path::new("train.json"), text.as_bytes().to_vec()).unwrap()
    }

    /// Cells of all rows, then the lines and the reasons of the problems.
    fn check(text: &str, format: Format, columns: &[&str], rows: &[&[&str]], problems: &[(usize, &str)]) {
        let table = open(text);
        assert_eq!(table.format, format, "{text}");
        assert_eq!(table.columns, columns, "{text}");
        assert_eq!(table.all_cells(), rows, "{text}");
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
    fn prodigy_classes_are_those_that_were_accepted() {
        let left_out = |answer: &str| format!("is left out, because its \"answer\" is \"{answer}\" and not \"accept\"");
        let binary = |text: &str, answer: &str| {
            format!(r#"{{"text":"{text}","label":"POS","_input_hash":1,"_task_hash":1,"answer":"{answer}"}}"#)
        };
        check(
            &[binary("good", "accept"), binary("bad", "reject"), binary("what", "ignore")].join("\n"),
            Format::Prodigy,
            &["text", "label"],
            &[&["good", "POS"]],
            &[(2, left_out("reject").as_str()), (3, left_out("ignore").as_str())],
        );
        let choice = |text: &str, accept: &str, answer: &str| {
            format!(
                r#"{{"text":"{text}","options":[{{"id":"POS","text":"Good"}},{{"id":"NEG","text":"Bad"}}],"_input_hash":1,"accept":{accept},"config":{{}},"answer":"{answer}","meta":1}}"#
            )
        };
        let columns = &["text", "label", "meta"];
        check(
            &[choice("a", r#"["POS"]"#, "accept"), choice("b", r#"["NEG"]"#, "accept"), choice("c", "[]", "ignore")]
                .join("\n"),
            Format::Prodigy,
            columns,
            &[&["a", "POS", "1"], &["b", "NEG", "1"]],
            &[(3, left_out("ignore").as_str())],
        );
        check(
            &[choice("a", r#"["POS","NEG"]"#, "accept"), choice("b", "[]", "accept"), choice("c", "[3]", "accept")]
                .join("\n"),
            Format::Prodigy,
            columns,
            &[&["a", r#"["POS","NEG"]"#, "1"], &["b", "[]", "1"], &["c", r#"["3"]"#, "1"]],
            &[],
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
                (2, "has 3 annotations, of which only annotation 2 is read, as what stands before was skipped"),
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
            &["review", "label"],
            &[&["good film", "pos"], &["bad film", "neg"]],
            &[],
        );
        check(
            &format!("[{},{}]", task("good film", r#"["pos","short"]"#), task("bad film", r#"["neg"]"#)),
            Format::LabelStudio,
            &["review", "label"],
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
