//! A text that is predicted again and again while a run trains.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Its words, or the row of the data that has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// A text with its pair, or a question with its context.
    Text { text: String, pair: Option<String> },
    /// A row of `[data] train`, counted from 1.
    Row(usize),
}

impl Probe {
    /// What it is called.
    pub fn words(&self) -> String {
        match self {
            Self::Text { text, pair: None } => text.clone(),
            Self::Text { text, pair: Some(pair) } => format!("{text}  |  {pair}"),
            Self::Row(row) => format!("row {row}"),
        }
    }
}

/// As it is written.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Alone(String),
    Parts(Parts),
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    #[serde(default, alias = "question", skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, alias = "context", skip_serializing_if = "Option::is_none")]
    pair: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    row: Option<usize>,
}

impl Serialize for Probe {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let written = match self.clone() {
            Self::Text { text, pair: None } => Written::Alone(text),
            Self::Text { text, pair } => Written::Parts(Parts { text: Some(text), pair, row: None }),
            Self::Row(row) => Written::Parts(Parts { row: Some(row), ..Parts::default() }),
        };
        written.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Probe {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "run.probes has a text, { text = \"…\", pair = \"…\" }, { question = \"…\", context = \"…\" } \
                                or { row = 1 } for each probe";
        let read = Written::deserialize(from).map_err(|_other| D::Error::custom(EXPECTED))?;
        match read {
            Written::Alone(text) | Written::Parts(Parts { text: Some(text), pair: None, row: None }) => {
                Ok(Self::Text { text, pair: None })
            }
            Written::Parts(Parts { text: Some(text), pair, row: None }) => Ok(Self::Text { text, pair }),
            Written::Parts(Parts { text: None, pair: None, row: Some(row) }) if row > 0 => Ok(Self::Row(row)),
            Written::Parts(_) => Err(D::Error::custom(EXPECTED)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::config::RunOptions;

    #[test]
    fn a_probe_is_written_as_it_is_read() {
        let text = "probes = [\"rain fell\", { question = \"who\", context = \"Ada\" }, { text = \"a\", pair = \"b\" }, { row = 3 }]";
        let read: RunOptions = toml::from_str(text).unwrap();
        let of = |text: &str, pair: Option<&str>| Probe::Text { text: text.into(), pair: pair.map(Into::into) };
        let expected = [of("rain fell", None), of("who", Some("Ada")), of("a", Some("b")), Probe::Row(3)];
        assert_eq!(read.probes, expected);
        let again: RunOptions = toml::from_str(&toml::to_string_pretty(&read).unwrap()).unwrap();
        assert_eq!(again, read);
        let json: RunOptions = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
        assert_eq!(json, read);
        for wrong in
            ["probes = [3]", "probes = [{ pair = \"b\" }]", "probes = [{ row = 0 }]", "probes = [{ words = \"a\" }]"]
        {
            let told = toml::from_str::<RunOptions>(wrong).unwrap_err().to_string();
            assert!(told.contains("run.probes has a text"), "{wrong}: {told}");
        }
    }
}
