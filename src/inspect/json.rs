//! How a request is written in JSON and how a prediction is: one owner for the command line, which reads and prints a
//! line for each, and for the server.
//!
//! Of an object only the keys that are known are kept, so that a hostile one costs no more memory than its text.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::output::{Logits, Output, Predicted};
use super::request::Request;
use crate::task::{Reads, Task};

/// An object that asks: `{"text": …}`, `{"text": …, "pair": …}` or `{"question": …, "context": …}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// By the places of [`KEYS`].
    fields: [Field; 4],
    /// The first key that asks for another answer, as an option does.
    pub option: Option<&'static str>,
}

/// Keys under which programs put options of predictions.
const OPTIONS: [&str; 17] = [
    "parameters",
    "options",
    "top_k",
    "aggregation",
    "aggregation_strategy",
    "max_tokens",
    "max_length",
    "max_seq_len",
    "stride",
    "doc_stride",
    "max_answer_tokens",
    "max_answer_len",
    "allow_no_answer",
    "handle_impossible_answer",
    "no_answer_threshold",
    "logits",
    "return_all_scores",
];

const KEYS: [&str; 4] = ["text", "pair", "question", "context"];

/// The keys under which a task's texts are looked for, each with another that stands for it.
type Names = [[usize; 2]; 2];
const TEXTS: Names = [[0, 2], [1, 3]];
const QUESTION: Names = [[2, 0], [3, 1]];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Field {
    #[default]
    Missing,
    Text(String),
    Other,
}

/// Why an object asks nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NothingAsked {
    #[error("has a \"{name}\" that is not a text")]
    NotAText { name: &'static str },
    #[error("has no \"{name}\", expected {expected}")]
    Missing { name: &'static str, expected: &'static str },
}

/// An object that a task can be asked with.
pub fn expected(task: Task) -> &'static str {
    match task.reads() {
        Reads::Question => "{\"question\": …, \"context\": …}",
        Reads::Neighbours(_) => "{\"text\": …, \"pair\": …}",
        Reads::Texts | Reads::Words | Reads::Running => "{\"text\": …}",
    }
}

fn places(task: Task) -> Names {
    if task.reads() == Reads::Question { QUESTION } else { TEXTS }
}

/// The keys of a task's first text and of its second, each with another that stands for it.
pub fn names(task: Task) -> [[&'static str; 2]; 2] {
    places(task).map(|names| names.map(|place| KEYS[place]))
}

impl Asked {
    /// What a task is asked.
    pub fn request(mut self, task: Task) -> Result<Request, NothingAsked> {
        let [first, second] = places(task);
        let Some(text) = self.take(first)? else {
            return Err(NothingAsked::Missing { name: KEYS[first[0]], expected: expected(task) });
        };
        // As in transformers' fast tokenizers, an empty second text is none.
        Ok(Request { text, pair: self.take(second)?.filter(|pair| !pair.is_empty()) })
    }

    fn take(&mut self, places: [usize; 2]) -> Result<Option<String>, NothingAsked> {
        for place in places {
            match std::mem::take(&mut self.fields[place]) {
                Field::Missing => {}
                Field::Text(text) => return Ok(Some(text)),
                Field::Other => return Err(NothingAsked::NotAText { name: KEYS[place] }),
            }
        }
        Ok(None)
    }
}

impl<'de> Deserialize<'de> for Asked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Asked;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Asked, A::Error> {
                let mut asked = Asked::default();
                let mut seen = [false; KEYS.len()];
                while let Some(key) = map.next_key::<String>()? {
                    let Some(place) = KEYS.iter().position(|known| *known == key) else {
                        asked.option = asked.option.or(OPTIONS.into_iter().find(|option| *option == key));
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    if std::mem::replace(&mut seen[place], true) {
                        return Err(A::Error::custom(format_args!("\"{key}\" twice, expected it once")));
                    }
                    asked.fields[place] = map.next_value()?;
                }
                Ok(asked)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Field;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a text")
            }

            fn visit_str<E>(self, text: &str) -> Result<Field, E> {
                Ok(Field::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Field, E> {
                Ok(Field::Text(text))
            }

            fn visit_unit<E>(self) -> Result<Field, E> {
                Ok(Field::Missing)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Field, E> {
                Ok(Field::Other)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Field, E> {
                Ok(Field::Other)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Field, E> {
                Ok(Field::Other)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Field, E> {
                Ok(Field::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Field, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Field::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Field::Other)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// A prediction as it is printed: `result`, and the head's outputs where they were asked for.
impl Serialize for Predicted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Default, serde::Serialize)]
        struct Line<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            result: Option<&'a Output>,
            #[serde(skip_serializing_if = "Option::is_none")]
            logits: Option<Rows<'a>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            start_logits: Option<Rows<'a>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            end_logits: Option<Rows<'a>>,
        }
        let line = Line { result: Some(&self.output), ..Line::default() };
        let line = match &self.logits {
            None => line,
            Some(Logits::Row(row)) => Line { logits: Some(Rows::One(row)), ..line },
            Some(Logits::Rows(rows)) => Line { logits: Some(Rows::Many(rows)), ..line },
            Some(Logits::Spans { start, end }) => {
                Line { start_logits: Some(Rows::Many(start)), end_logits: Some(Rows::Many(end)), ..line }
            }
        };
        line.serialize(serializer)
    }
}

#[derive(serde::Serialize)]
#[serde(untagged)]
enum Rows<'a> {
    One(&'a [f32]),
    Many(&'a [Vec<f32>]),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str, task: Task) -> Result<Request, String> {
        let asked: Asked = serde_json::from_str(text).map_err(|error| error.to_string())?;
        asked.request(task).map_err(|error| error.to_string())
    }

    #[test]
    fn either_pair_of_keys_asks_any_task() {
        let check = |text: &str, task: Task, first: &str, second: Option<&str>| {
            let expected = Request { text: first.to_owned(), pair: second.map(str::to_owned) };
            assert_eq!(request(text, task), Ok(expected), "{text}");
        };
        check(r#"{"text":"a"}"#, Task::Classify, "a", None);
        check(r#"{"pair":"b","id":[{"text":1}],"text":"a"}"#, Task::Classify, "a", Some("b"));
        check(r#"{"question":"a","context":"b"}"#, Task::Classify, "a", Some("b"));
        check(r#"{"text":"a","pair":"b"}"#, Task::Qa, "a", Some("b"));
        check(r#"{"text":"x","question":"a","context":"b","pair":"y"}"#, Task::Qa, "a", Some("b"));
        check(r#"{"text":"a","pair":null}"#, Task::Classify, "a", None);
        check(r#"{"text":"a","pair":""}"#, Task::Classify, "a", None);
        check(r#"{"text":null,"question":"a"}"#, Task::Classify, "a", None);
    }

    #[test]
    fn what_asks_nothing_says_what_would() {
        let check = |text: &str, task: Task, part: &str| {
            let error = request(text, task).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        };
        check("{}", Task::Classify, "has no \"text\", expected {\"text\": …}");
        check("{}", Task::Qa, "has no \"question\", expected {\"question\": …, \"context\": …}");
        for value in ["1", "-1", "1.5", "true", "[]", "{}", "[[[]]]", r#"{"text":"a"}"#] {
            check(&format!("{{\"text\":{value}}}"), Task::Classify, "has a \"text\" that is not a text");
        }
        check(r#"{"text":"a","text":"b"}"#, Task::Classify, "twice");
        check("[\"a\"]", Task::Classify, "expected an object");
        check("\"a\"", Task::Classify, "expected an object");
    }
}
