//! How often a run is evaluated, in `RUN.toml`.

use serde::{Deserialize, Serialize};

/// `"epoch"` or a number of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    Epoch,
    Steps(u64),
}

impl Serialize for Every {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Epoch => serializer.serialize_str("epoch"),
            Self::Steps(steps) => serializer.serialize_u64(*steps),
        }
    }
}

impl<'de> Deserialize<'de> for Every {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Word(String),
            Steps(u64),
        }
        match Raw::deserialize(deserializer)? {
            Raw::Word(word) if word == "epoch" => Ok(Self::Epoch),
            Raw::Steps(steps) if steps > 0 => Ok(Self::Steps(steps)),
            _ => Err(serde::de::Error::custom("expected \"epoch\" or a number of steps from 1")),
        }
    }
}
