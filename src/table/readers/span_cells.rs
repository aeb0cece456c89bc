//! Labelled spans in the cells of a table, in the ways that tools and people write them, as JSON or as Python prints it:
//!
//! - objects under many names: `{"start", "end", "label"}`, `{"entity_group", "word", …}`, `{"offset", "length",
//!   "category"}`, `{"BeginOffset", "EndOffset", "Type"}`, Label Studio's `{"labels": ["PER"]}`;
//! - lists and tuples, `[0, 9, "PER"]` and `("Ines Kaya", 0, 9, "PER")`;
//! - either of them under `entities`, as spaCy has it;
//! - places by their label, `{"PER": {"Ines Kaya": [[0, 8]]}}`, as CLUENER has it.

use serde_json::Value;

use super::marks::{Mark, Object, list, number};
use super::sniff::plain_name;
use crate::table::notation::literal;

const STARTS: &str = "start startoffset startchar charstart startindex startidx startpos startposition begin \
                      beginoffset beginchar from offset";
const ENDS: &str = "end endoffset endchar charend endindex endidx endpos endposition stop to";
const LENGTHS: &str = "length len";
const PAIRS: &str = "span offsets offset position positions indices range charspan";
const LABELS: &str = "label labels hypertextlabels entitygroup entitytype entitylabel displayname type tag category class ner \
                      entity";
const QUOTES: &str = "text word surface surfaceform mention value token span string entity";
/// What a list of spans is called within a cell.
const LISTS: &str = "entities spans ents labels label annotations";

/// The spans of a cell; nothing where it holds something else.
pub(super) fn marks(cell: &str) -> Option<Vec<Mark>> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Some(Vec::new());
    }
    if !cell.starts_with(['[', '{', '(']) {
        return None;
    }
    of_value(&literal::value(cell)?)
}

fn of_value(value: &Value) -> Option<Vec<Mark>> {
    match value {
        Value::Array(items) => {
            let marks: Option<Vec<Vec<Mark>>> = items.iter().map(of_item).collect();
            Some(marks?.into_iter().flatten().collect())
        }
        Value::Object(fields) => {
            let is_nested = |value: &Value| value.is_array() || value.as_object().is_some_and(holds_list);
            let named = |name: &str| fields.iter().find(|(key, value)| plain_name(key) == name && is_nested(value));
            match LISTS.split_ascii_whitespace().find_map(named) {
                Some((_, nested)) => of_value(nested),
                None => by_label(fields),
            }
        }
        _ => None,
    }
}

fn holds_list(fields: &Object) -> bool {
    fields.iter().any(|(key, value)| is_in(LISTS, key) && value.is_array())
}

/// The marks of one place, which may bear several labels.
fn of_item(item: &Value) -> Option<Vec<Mark>> {
    match item {
        Value::Array(parts) => of_parts(parts).map(|mark| vec![mark]),
        Value::Object(fields) => of_fields(fields),
        _ => None,
    }
}

/// `[0, 9, "PER"]`, with the words before or behind if there are some.
fn of_parts(parts: &[Value]) -> Option<Mark> {
    let numbers: Vec<usize> = parts.iter().filter(|part| part.is_number()).filter_map(place).collect();
    let strings: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
    let [start, end] = numbers[..] else { return None };
    let (text, label) = match strings[..] {
        [label] => (None, label),
        // The label is not as long as the place.
        [first, second] if is_as_long(first, start, end) && !is_as_long(second, start, end) => (Some(first), second),
        [first, second] if is_as_long(second, start, end) => (Some(second), first),
        [first, second] => (Some(first), second),
        _ => return None,
    };
    (!label.trim().is_empty()).then(|| mark(start, end, label, text))
}

fn is_as_long(text: &str, start: usize, end: usize) -> bool {
    let characters = text.chars().count();
    end.checked_sub(start).is_some_and(|length| characters == length || characters == length + 1)
}

fn of_fields(fields: &Object) -> Option<Vec<Mark>> {
    let get = |names: &str| {
        let named = |name: &str| fields.iter().find(|(key, value)| plain_name(key) == name && !value.is_null());
        names.split_ascii_whitespace().find_map(named)
    };
    // Dataturks gives a label several places.
    if let Some((_, Value::Array(points))) = get("points") {
        let label = get(LABELS)?;
        let bearing = |point: &Value| {
            let mut point = point.as_object()?.clone();
            point.insert(label.0.clone(), label.1.clone());
            of_fields(&point)
        };
        return points
            .iter()
            .map(bearing)
            .collect::<Option<Vec<_>>>()
            .map(|marks| marks.into_iter().flatten().collect());
    }
    let start = get(STARTS).and_then(|(_, value)| place(value));
    let end = get(ENDS).and_then(|(_, value)| place(value));
    let length = get(LENGTHS).and_then(|(_, value)| place(value));
    let pair = get(PAIRS).and_then(|(_, value)| pair(value));
    let (start, end) = match (start, end, length) {
        (Some(start), Some(end), _) => (start, end),
        (Some(start), None, Some(length)) => (start, start + length),
        _ => pair?,
    };
    let (key, label) = get(LABELS)?;
    let text = QUOTES.split_ascii_whitespace().find_map(|name| {
        let is_quote =
            |(other, value): &(&String, &Value)| *other != key && plain_name(other) == name && value.is_string();
        fields.iter().find(is_quote).and_then(|(_, value)| value.as_str())
    });
    let labels: &[Value] = if label.is_array() { list(label) } else { std::slice::from_ref(label) };
    let marks: Option<Vec<Mark>> = labels.iter().map(|label| Some(mark(start, end, &name(label)?, text))).collect();
    marks.filter(|marks| !marks.is_empty())
}

fn name(label: &Value) -> Option<String> {
    match label {
        Value::String(name) if !name.trim().is_empty() => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `{"PER": [[0, 9]]}`, or the same with the words between.
fn by_label(fields: &Object) -> Option<Vec<Mark>> {
    let mut marks = Vec::new();
    for (label, places) in fields {
        let mut add = |text: Option<&str>, places: &Value| -> Option<()> {
            for place in places.as_array()? {
                let (start, end) = pair(place)?;
                marks.push(mark(start, end, label, text));
            }
            Some(())
        };
        match places {
            Value::Object(mentions) => {
                for (text, places) in mentions {
                    add(Some(text), places)?;
                }
            }
            places => add(None, places)?,
        }
    }
    (!marks.is_empty() || fields.is_empty()).then_some(marks)
}

fn mark(start: usize, end: usize, label: &str, text: Option<&str>) -> Mark {
    Mark { start, end, label: label.trim().to_owned(), text: text.map(str::to_owned) }
}

fn pair(value: &Value) -> Option<(usize, usize)> {
    let [start, end] = list(value) else { return None };
    Some((place(start)?, place(end)?))
}

fn place(value: &Value) -> Option<usize> {
    usize::try_from(number(value)?).ok().filter(|place| *place < usize::MAX / 4)
}

fn is_in(names: &str, key: &str) -> bool {
    let key = plain_name(key);
    names.split_ascii_whitespace().any(|name| name == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_tools_and_people_write_them() {
        let check = |cell: &str, expected: &[(usize, usize, &str, Option<&str>)]| {
            let expected = expected.iter().map(|&(start, end, label, text)| mark(start, end, label, text)).collect();
            assert_eq!(marks(cell), Some(expected), "{cell}");
        };
        let plain = [(0, 9, "PER", None)];
        for cell in [
            r#"[{"start":0,"end":9,"label":"PER"}]"#,
            r#"[{"start_offset":0,"end_offset":9,"label":"PER","id":4}]"#,
            r#"[{"start":0,"end":9,"label_id":7,"labels":["PER"]}]"#,
            r#"[{"begin":0,"end":9.0,"type":"PER"}]"#,
            r#"[{"startIndex":0,"endIndex":9,"entityType":"PER"}]"#,
            r#"[{"offset":0,"length":9,"category":"PER","confidenceScore":0.9}]"#,
            r#"[{"span":[0,9],"tag":"PER"}]"#,
            r#"[{"position":[0,9],"entity_group":"PER","score":0.9}]"#,
            r#"[[0,9,"PER"]]"#,
            "[(0, 9, 'PER')]",
            "((0, 9, 'PER'),)",
            "[('PER', 0, 9)]",
            "{'entities': [(0, 9, 'PER')]}",
            r#"{"entities":[{"start":0,"end":9,"label":"PER"}],"cats":{}}"#,
            r#"{"PER":[[0,9]]}"#,
            r#"[{"startOffset":0,"endOffset":9,"displayName":"PER"}]"#,
            r#"{"annotations":{"entities":[{"startOffset":0,"endOffset":9,"label":"PER"}],"labels":[{"label":"PER"}]}}"#,
        ] {
            check(cell, &plain);
        }
        let quoted = [(0, 9, "PER", Some("Ines Kaya"))];
        for cell in [
            r#"[{"start":0,"end":9,"text":"Ines Kaya","labels":["PER"]}]"#,
            r#"[{"entity_group":"PER","score":0.98,"word":"Ines Kaya","start":0,"end":9}]"#,
            r#"[{"BeginOffset":0,"EndOffset":9,"Text":"Ines Kaya","Type":"PER","Score":1}]"#,
            r#"[{"start":0,"end":9,"value":"Ines Kaya","entity":"PER"}]"#,
            r#"[{"start":0,"end":9,"entity":"Ines Kaya","type":"PER"}]"#,
            "[('Ines Kaya', 0, 9, 'PER')]",
            r#"[[0,9,"PER","Ines Kaya"]]"#,
            r#"{"PER":{"Ines Kaya":[[0,9]]}}"#,
            r#"[{"label":["PER"],"points":[{"start":0,"end":9,"text":"Ines Kaya"}]}]"#,
        ] {
            check(cell, &quoted);
        }
        check(r#"[{"start":0,"end":9,"labels":["PER","X"]}]"#, &[(0, 9, "PER", None), (0, 9, "X", None)]);
        for cell in ["", "[]", "{}", "{'entities': []}"] {
            check(cell, &[]);
        }
    }

    #[test]
    fn other_structures_are_no_spans() {
        for cell in [
            "words",
            "['a', 'b']",
            "[1, 2, 3]",
            "[[0, 9]]",
            r#"[{"start":0,"end":9}]"#,
            r#"[{"text":"Ann","answer_start":3}]"#,
            r#"{"text":["Ann"],"answer_start":[3]}"#,
            r#"[{"start":0.5,"end":1.5,"label":"speech"}]"#,
            r#"[{"role":"user","content":"hi"}]"#,
            r#"{"joy":0.5,"anger":0}"#,
            r#"{"joy":[1,2]}"#,
        ] {
            assert_eq!(marks(cell), None, "{cell}");
        }
    }
}
