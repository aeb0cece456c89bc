//! A view of Explore in one line of text: which model is asked what, of which data, and how that is shown. It can be kept,
//! copied, sent and pasted, and leads back to the same view.
//!
//! It has the form of an address (`attune://explore/attention?model=…&text=…&layer=layer+11`), so that it survives being quoted
//! and can be read. What a view says of itself are keys of its own beside those that are written here; a value is text
//! where it reads as nothing else, and otherwise JSON.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::Precision;
use crate::task::Task;
use crate::train::config::DataChoice;

/// What every link begins with.
pub const BEGIN: &str = "attune://explore/";

/// Bytes of a link at most: what is kept is written with the settings.
pub const MOST: usize = 256 << 10;

/// Keys that no view may have for its own.
pub const KEYS: [&str; 6] = ["model", "weights", "text", "second", "data", "tabs"];

/// A view as it stood.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The view by its name, or the task of the head that is asked.
    pub view: String,
    /// A folder, or the word of a model inside the program.
    pub model: PathBuf,
    pub precision: Precision,
    pub text: Option<String>,
    pub second: Option<String>,
    /// The data that were open, where the view is of them.
    pub data: Option<LinkedData>,
    /// The parts that stood before others in their places.
    pub tabs: Vec<String>,
    /// What the view says of itself.
    pub state: Map<String, Value>,
}

/// Data as a run would read them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkedData {
    pub task: Task,
    /// Into how many parts the rows are divided that are held out in turn.
    #[serde(default)]
    pub folds: u32,
    pub read: DataChoice,
}

/// A view that a person kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptView {
    pub link: String,
    /// What it shows, in a few words.
    pub title: String,
    /// Seconds since 1970.
    pub at: u64,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LinkError {
    #[error("it is no link to a view, expected {BEGIN} followed by a view and its model")]
    NotOne,
    #[error("the link names no model, expected model=FOLDER in it")]
    NoModel,
    #[error("{key:?} stands in the link twice")]
    Twice { key: String },
    #[error("the link says {key}={value}, expected {expected}")]
    Unread { key: &'static str, value: String, expected: String },
    #[error("the link is damaged at {part:?}, expected two digits after each %")]
    Damaged { part: String },
    #[error("the link has {bytes} bytes, expected at most {MOST}")]
    TooLong { bytes: usize },
    #[error("the path {path:?} is not written in Unicode, which a link is")]
    NoUnicode { path: PathBuf },
}

impl Link {
    /// Writes it. What cannot be written so that it leads back is refused.
    pub fn written(&self) -> Result<String, LinkError> {
        let all = self.data.iter().flat_map(|data| data.read.train.paths());
        if let Some(path) = all.chain([&self.model]).find(|path| path.to_str().is_none()) {
            return Err(LinkError::NoUnicode { path: path.clone() });
        }
        let words = self.to_string();
        if words.len() > MOST { Err(LinkError::TooLong { bytes: words.len() }) } else { Ok(words) }
    }

    fn parts(&self) -> Vec<(&str, String)> {
        let mut parts = vec![("model", self.model.to_string_lossy().into_owned())];
        if self.precision != Precision::default() {
            parts.push(("weights", self.precision.name().to_owned()));
        }
        parts.extend(self.text.iter().map(|text| ("text", text.clone())));
        parts.extend(self.second.iter().map(|second| ("second", second.clone())));
        parts.extend(self.state.iter().map(|(key, value)| (key.as_str(), value_words(value))));
        parts.extend(self.data.iter().map(|data| ("data", json(data))));
        if !self.tabs.is_empty() {
            parts.push(("tabs", json(&self.tabs)));
        }
        parts
    }

    fn take(&mut self, key: String, value: String) -> Result<(), LinkError> {
        let is_twice = match key.as_str() {
            "model" => {
                let path = PathBuf::from(value);
                std::mem::replace(&mut self.model, path) != Path::new("")
            }
            "weights" => {
                let known = [Precision::F32, Precision::Int8].into_iter().find(|one| one.name() == value);
                let expected = || "f32 or int8".to_owned();
                self.precision =
                    known.ok_or_else(|| LinkError::Unread { key: "weights", value, expected: expected() })?;
                false
            }
            "text" => self.text.replace(value).is_some(),
            "second" => self.second.replace(value).is_some(),
            "data" => self.data.replace(read("data", value)?).is_some(),
            "tabs" => {
                self.tabs = read("tabs", value)?;
                false
            }
            _ => self.state.insert(key.clone(), of_words(value)).is_some(),
        };
        if is_twice { Err(LinkError::Twice { key }) } else { Ok(()) }
    }
}

/// As it is written.
impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{BEGIN}{}", coded(&self.view))?;
        for (place, (key, value)) in self.parts().into_iter().enumerate() {
            write!(f, "{}{}={}", if place == 0 { '?' } else { '&' }, coded(key), coded(&value))?;
        }
        Ok(())
    }
}

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(words: &str) -> Result<Self, LinkError> {
        let words = words.trim();
        if words.len() > MOST {
            return Err(LinkError::TooLong { bytes: words.len() });
        }
        let rest = words.strip_prefix(BEGIN).ok_or(LinkError::NotOne)?;
        let (view, parts) = rest.split_once('?').unwrap_or((rest, ""));
        let mut link = Self {
            view: decoded(view)?,
            model: PathBuf::new(),
            precision: Precision::default(),
            text: None,
            second: None,
            data: None,
            tabs: Vec::new(),
            state: Map::new(),
        };
        if link.view.is_empty() {
            return Err(LinkError::NotOne);
        }
        for part in parts.split('&').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            link.take(decoded(key)?, decoded(value)?)?;
        }
        if link.model == Path::new("") { Err(LinkError::NoModel) } else { Ok(link) }
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn read<T: for<'a> Deserialize<'a>>(key: &'static str, value: String) -> Result<T, LinkError> {
    serde_json::from_str(&value).map_err(|error| LinkError::Unread { key, value, expected: error.to_string() })
}

/// A text as it is, unless it would be read as something else.
fn value_words(value: &Value) -> String {
    match value {
        Value::String(text) if serde_json::from_str::<Value>(text).is_err() => text.clone(),
        value => value.to_string(),
    }
}

fn of_words(words: String) -> Value {
    serde_json::from_str(&words).unwrap_or(Value::String(words))
}

/// What stands in an address for a text: letters and digits of English and a few signs as they are, a blank as a plus.
fn coded(words: &str) -> String {
    let mut coded = String::with_capacity(words.len());
    for byte in words.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' | b':' | b',' | b'@' => {
                coded.push(char::from(byte));
            }
            b' ' => coded.push('+'),
            byte => coded.push_str(&format!("%{byte:02X}")),
        }
    }
    coded
}

fn decoded(coded: &str) -> Result<String, LinkError> {
    let damaged = || LinkError::Damaged { part: crate::ui::widgets::text::short_name(coded, 40) };
    let mut bytes = Vec::with_capacity(coded.len());
    let mut rest = coded.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                let (Some(high), Some(low)) = (digit(), digit()) else { return Err(damaged()) };
                bytes.push((high * 16 + low) as u8);
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok().ok_or_else(damaged)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn link() -> Link {
        let state = json!({
            "layer": 10, "drawn": "matrix", "words": true, "word": "12", "empty": "", "null": "null", "sum": 0.1,
            "hidden": [[0, 4], [9, 12]], "candidates": "cup, mug & 100 %\n+ tea=\"x\" — 日本",
        });
        let Value::Object(state) = state else { panic!() };
        let read = DataChoice { train: "my data/a&b.csv".into(), ..DataChoice::default() };
        Link {
            view: "attention".into(),
            model: "/runs/first run/model".into(),
            precision: Precision::Int8,
            text: Some("100 % sure? #1 & done + \u{1F600}\nnext".into()),
            second: Some(String::new()),
            data: Some(LinkedData { task: Task::Classify, folds: 0, read }),
            tabs: vec!["trial".into(), "history".into()],
            state,
        }
    }

    #[test]
    fn what_is_written_is_read_again_as_it_was() {
        let link = link();
        let words = link.written().unwrap();
        assert!(words.starts_with("attune://explore/attention?model=/runs/first+run/model&weights=int8&text=100+%25"));
        assert!(words.contains("&layer=10&drawn=matrix&words=true&word=%2212%22"), "{words}");
        assert!(words.is_ascii() && !words.contains(char::is_whitespace));
        assert_eq!(words.parse::<Link>().unwrap(), link);
        assert_eq!(format!("  {words}\n").parse::<Link>().unwrap(), link, "as it is pasted");
    }

    #[test]
    fn what_is_no_link_is_told_from_a_damaged_one() {
        let check = |words: &str, expected: &str| {
            let error = words.parse::<Link>().unwrap_err().to_string();
            assert!(error.contains(expected), "{words}: {error}");
        };
        check("https://example.org/", "it is no link to a view");
        check("attune://explore/", "it is no link to a view");
        check("attune://explore/attention", "names no model");
        check("attune://explore/attention?model=a&model=b", "\"model\" stands in the link twice");
        check("attune://explore/attention?model=a&layer=1&layer=2", "\"layer\" stands in the link twice");
        check("attune://explore/attention?model=a&weights=f16", "weights=f16, expected f32 or int8");
        check("attune://explore/attention?model=a%2", "damaged at \"a%2\"");
        check("attune://explore/attention?model=a&text=%ff", "damaged at \"%ff\"");
        check("attune://explore/attention?model=a&tabs=3", "tabs=3, expected invalid type");
        check(&format!("{BEGIN}x?model=a&text={}", "x".repeat(MOST)), "expected at most 262144");
        let long = Link { text: Some("ä".repeat(MOST / 4)), ..link() };
        assert!(matches!(long.written(), Err(LinkError::TooLong { .. })));
    }
}
