//! What `config.json` says of the encoders that are used as they are, beyond the sizes that all encoders have.
//!
//! A key decides what is computed, so one that asks for what is not here is refused by its name, and never read as another.

mod deberta;
mod modern_bert;

use serde_json::{Map, Value};

pub use deberta::{Keys as DebertaKeys, Relative};
pub use modern_bert::Keys as ModernBertKeys;

use super::ModelError;
use super::family::Family;
use super::ops::activation::Activation;

/// What a configuration says of such an encoder beyond its sizes.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    ModernBert(ModernBertKeys),
    Deberta(DebertaKeys),
}

impl Keys {
    /// Reads them where the family is one of these.
    pub(super) fn read(raw: &Map<String, Value>, family: Family, sizes: Sizes) -> Result<Option<Self>, ModelError> {
        let reader = Reader { raw };
        match family {
            Family::ModernBert => Ok(Some(Self::ModernBert(ModernBertKeys::read(&reader, sizes)?))),
            Family::DebertaV2 => Ok(Some(Self::Deberta(DebertaKeys::read(&reader, sizes)?))),
            Family::Bert
            | Family::Roberta
            | Family::XlmRoberta
            | Family::Camembert
            | Family::DistilBert
            | Family::Albert
            | Family::Electra => Ok(None),
        }
    }
}

impl Keys {
    /// What a person is to know of a model with such an encoder.
    pub fn notes(&self) -> Vec<String> {
        const AS_IT_IS: &str = "This encoder is used as it is: a head can be trained on its states for every task, but the \
                                encoder itself cannot, and takes no adapters";
        [Some(AS_IT_IS), self.weakness()].into_iter().flatten().map(str::to_owned).collect()
    }

    /// What is known to be weak about heads on its states.
    pub fn weakness(&self) -> Option<&'static str> {
        match self {
            Self::ModernBert(_) => Some(
                "ModernBERT is known to be weak when only a head is trained: its frozen states came last in a comparison \
                 over 146 data sets",
            ),
            Self::Deberta(_) => None,
        }
    }
}

/// The sizes that the keys of a family are checked against.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub hidden: usize,
    pub layers: usize,
    pub heads: usize,
    pub positions: usize,
}

/// Reads keys that decide what is computed, so that one of another kind is an error and not a default.
struct Reader<'a> {
    raw: &'a Map<String, Value>,
}

impl Reader<'_> {
    fn get(&self, key: &str) -> Option<&Value> {
        self.raw.get(key).filter(|value| !value.is_null())
    }

    fn refuse<T>(&self, key: &'static str, expected: &str) -> Result<T, ModelError> {
        let value = self.get(key).map_or_else(|| "nothing".to_owned(), Value::to_string);
        Err(ModelError::NotComputed { key, value, expected: expected.to_owned() })
    }

    fn flag(&self, key: &'static str, default: bool) -> Result<bool, ModelError> {
        match self.get(key) {
            None => Ok(default),
            Some(Value::Bool(value)) => Ok(*value),
            Some(_) => self.refuse(key, "true or false"),
        }
    }

    fn integer(&self, key: &'static str, default: i64) -> Result<i64, ModelError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value.as_i64().map_or_else(|| self.refuse(key, "a whole number"), Ok),
        }
    }

    fn number(&self, key: &'static str, default: f64) -> Result<f64, ModelError> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value.as_f64().map_or_else(|| self.refuse(key, "a number"), Ok),
        }
    }

    /// The rate of a dropout before a head's layers.
    fn rate(&self, key: &'static str, default: f64) -> Result<f64, ModelError> {
        let value = self.number(key, default)?;
        if (0.0..1.0).contains(&value) { Ok(value) } else { Err(ModelError::NumberOutOfRange { key, value }) }
    }

    fn activation(&self, key: &'static str) -> Result<Activation, ModelError> {
        let name = match self.get(key) {
            None => "gelu",
            Some(value) => value.as_str().unwrap_or_default(),
        };
        Activation::from_name(name).ok_or_else(|| ModelError::UnknownActivation { name: name.to_owned() })
    }
}
