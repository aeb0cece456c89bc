//! The dropout of a run.

use serde::{Deserialize, Serialize};

/// `"config"`: as the model's own configuration says; or one rate for all places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dropout {
    Config,
    Rate(f64),
}

impl Serialize for Dropout {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Config => serializer.serialize_str("config"),
            Self::Rate(rate) => serializer.serialize_f64(*rate),
        }
    }
}

impl<'de> Deserialize<'de> for Dropout {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Word(String),
            Rate(f64),
        }
        match Raw::deserialize(deserializer)? {
            Raw::Word(word) if word == "config" => Ok(Self::Config),
            Raw::Rate(rate) if (0.0..1.0).contains(&rate) => Ok(Self::Rate(rate)),
            _ => Err(serde::de::Error::custom("expected \"config\" or a rate from 0 to below 1")),
        }
    }
}
