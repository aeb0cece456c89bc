//! What a configuration calls the outputs of its head.
//!
//! An answer is told by these names, so that none is made up where a file has one, and a list that does not name each output
//! once is refused with what is wrong in it. transformers lets `id2label` alone decide and calls the outputs `LABEL_0` …
//! where there is none; where only `label2id` is there it says the same the other way round, and is read so.

use serde_json::{Map, Value};

use super::ModelError;
use super::config::{EncoderConfig, MAX_CLASSES};

const NAMES: &str = "id2label";
const PLACES: &str = "label2id";

/// The names of the outputs, in their order; none where the configuration says nothing of them.
pub(super) fn names(raw: &Map<String, Value>) -> Result<Vec<String>, ModelError> {
    if let Some(value) = given(raw, NAMES) {
        return unique(by_place(value)?);
    }
    let count = given(raw, "num_labels").and_then(Value::as_u64).map(|count| count.min(MAX_CLASSES as u64 + 1));
    if let Some(value) = given(raw, PLACES) {
        let names = unique(by_name(value)?)?;
        return match count {
            Some(count) if count != names.len() as u64 => {
                let problem = format!("names {}, and num_labels is {count}", classes(names.len()));
                Err(refused(PLACES, problem, "as many of both"))
            }
            _ => Ok(names),
        };
    }
    Ok((0..count.unwrap_or(0)).map(|index| format!("LABEL_{index}")).collect())
}

/// What a configuration says under a key, where it says anything.
fn given<'a>(raw: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    let is_empty = |value: &Value| value.as_object().is_some_and(Map::is_empty) || value == &Value::Array(Vec::new());
    raw.get(key).filter(|value| !value.is_null() && !is_empty(value))
}

/// The place of an output, as `label2id` has it.
fn place(value: &Value) -> Option<usize> {
    match value {
        Value::String(place) => place.trim().parse().ok(),
        other => other.as_u64().and_then(|place| usize::try_from(place).ok()),
    }
}

impl EncoderConfig {
    /// Where `label2id` names the outputs in another way than `id2label`, which alone is read.
    pub fn name_conflict(&self) -> Option<String> {
        given(&self.raw, NAMES)?;
        let places = given(&self.raw, PLACES)?.as_object()?;
        let differs = |(own, name): &(usize, &String)| places.get(*name).and_then(place) != Some(*own);
        let (own, name) = self.labels.iter().enumerate().find(differs)?;
        let said = match places.get(name) {
            Some(other) => format!("{PLACES} puts it at {}", shown(other)),
            None => format!("{PLACES} does not have it"),
        };
        let name = clipped(name);
        Some(format!("{NAMES} of config.json calls the output {own} \"{name}\", and {said}; {NAMES} is what is read"))
    }
}

fn classes(count: usize) -> String {
    crate::words::plural(count, "class", "classes")
}

/// `{"0": "first", "1": "second"}`, or the same as a list.
fn by_place(value: &Value) -> Result<Vec<String>, ModelError> {
    let expected = "{\"0\": \"first name\", \"1\": \"second name\", …}";
    let name = |place: usize, value: &Value| {
        text(value).ok_or_else(|| {
            refused(NAMES, format!("calls the output {place} {}", shown(value)), "a text or a number for its name")
        })
    };
    let entries = match value {
        Value::Array(list) => return list.iter().enumerate().map(|(place, value)| name(place, value)).collect(),
        Value::Object(entries) => entries,
        other => return Err(refused(NAMES, format!("is {}", shown(other)), expected)),
    };
    let mut names = vec![None; entries.len()];
    for (key, value) in entries {
        let place = key.trim().parse::<usize>().ok().filter(|place| *place < names.len());
        let Some(place) = place else {
            let problem = format!("has the key \"{}\" among {}", clipped(key), classes(names.len()));
            return Err(refused(NAMES, problem, &format!("each of 0 to {} once", names.len() - 1)));
        };
        if names[place].replace(name(place, value)?).is_some() {
            return Err(refused(NAMES, format!("names the output {place} twice"), "each output once"));
        }
    }
    // As many places as keys, and none of them twice.
    Ok(names.into_iter().flatten().collect())
}

/// `{"first": 0, "second": 1}`.
fn by_name(value: &Value) -> Result<Vec<String>, ModelError> {
    let Value::Object(entries) = value else {
        return Err(refused(PLACES, format!("is {}", shown(value)), "{\"first name\": 0, \"second name\": 1, …}"));
    };
    let mut names = vec![None; entries.len()];
    for (name, value) in entries {
        let Some(place) = place(value).filter(|place| *place < names.len()) else {
            let problem = format!("puts \"{}\" at {} of {}", clipped(name), shown(value), classes(names.len()));
            return Err(refused(PLACES, problem, &format!("each of 0 to {} once", names.len() - 1)));
        };
        if let Some(other) = names[place].replace(name.clone()) {
            let problem = format!("puts \"{}\" and \"{}\" both at {place}", clipped(&other), clipped(name));
            return Err(refused(PLACES, problem, "a place of its own for each"));
        }
    }
    Ok(names.into_iter().flatten().collect())
}

/// A name as transformers tells it: a number is its digits.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(name) if !name.trim().is_empty() => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Two outputs of one name could not be told from each other.
fn unique(names: Vec<String>) -> Result<Vec<String>, ModelError> {
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|two| two[0] == two[1]) {
        Some(two) => {
            let places: Vec<String> = (0..names.len())
                .filter(|place| names[*place] == two[0])
                .take(2)
                .map(|place| place.to_string())
                .collect();
            let problem = format!("calls the outputs {} both \"{}\"", places.join(" and "), clipped(two[0]));
            Err(refused(NAMES, problem, "a name of its own for each"))
        }
        None => Ok(names),
    }
}

fn refused(key: &'static str, problem: String, expected: &str) -> ModelError {
    ModelError::Classes { key, problem, expected: expected.to_owned() }
}

fn shown(value: &Value) -> String {
    clipped(&value.to_string())
}

/// A hostile name is told by its first characters.
fn clipped(text: &str) -> String {
    const MOST: usize = 40;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(config: &str) -> Result<Vec<String>, String> {
        names(&serde_json::from_str(config).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn outputs_have_the_names_that_the_file_gives_them() {
        for (config, expected) in [
            (r#"{"id2label": {"0": "a", "1": "b"}}"#, &["a", "b"][..]),
            (r#"{"id2label": {"1": "b", "0": "a"}, "label2id": {"x": 0, "y": 1}}"#, &["a", "b"]),
            (r#"{"id2label": {"0": 10, "1": 2}}"#, &["10", "2"]),
            (r#"{"id2label": {"0": 1.5, "1": -1}}"#, &["1.5", "-1"]),
            (r#"{"id2label": ["a", "b"]}"#, &["a", "b"]),
            (r#"{"id2label": {"00": "a", " 1": "b"}}"#, &["a", "b"]),
            (r#"{"label2id": {"b": 1, "a": 0}}"#, &["a", "b"]),
            (r#"{"label2id": {"b": "1", "a": "0"}, "id2label": null, "num_labels": 2}"#, &["a", "b"]),
            (r#"{"num_labels": 2}"#, &["LABEL_0", "LABEL_1"]),
            (r#"{"id2label": {}, "num_labels": 1}"#, &["LABEL_0"]),
            (r#"{"id2label": {}, "label2id": {}}"#, &[]),
            ("{}", &[]),
        ] {
            assert_eq!(of(config).unwrap(), expected, "{config}");
        }
    }

    #[test]
    fn a_list_that_does_not_name_each_output_once_is_refused_with_what_is_wrong() {
        for (config, told) in [
            (r#"{"id2label": {"0": "a", "1": null}}"#, "id2label calls the output 1 null"),
            (r#"{"id2label": {"0": "a", "1": ["b"]}}"#, r#"id2label calls the output 1 ["b"]"#),
            (r#"{"id2label": {"0": "a", "1": true}}"#, "id2label calls the output 1 true"),
            (r#"{"id2label": ["a", ""]}"#, "id2label calls the output 1 \"\""),
            (
                r#"{"id2label": {"1": "a", "2": "b"}}"#,
                "id2label has the key \"2\" among 2 classes, expected each of 0 to 1",
            ),
            (r#"{"id2label": {"a": "0"}}"#, "id2label has the key \"a\" among 1 class"),
            (r#"{"id2label": {"0": "a", "00": "b"}}"#, "id2label names the output 0 twice"),
            (r#"{"id2label": {"0": "a", "1": "b", "2": "a"}}"#, "id2label calls the outputs 0 and 2 both \"a\""),
            (r#"{"id2label": "a,b"}"#, "id2label is \"a,b\""),
            (r#"{"label2id": {"a": 0, "b": 0}}"#, "label2id puts \"a\" and \"b\" both at 0"),
            (r#"{"label2id": {"a": 0, "b": 7}}"#, "label2id puts \"b\" at 7 of 2 classes"),
            (r#"{"label2id": {"a": 0, "b": 1}, "num_labels": 3}"#, "label2id names 2 classes, and num_labels is 3"),
        ] {
            let error = of(config).unwrap_err();
            assert!(error.contains(told), "{config}: {error}");
        }
    }
}
