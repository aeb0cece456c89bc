//! The encoding of a run's files: one key of a configuration, and in memory a property of what is named to be read.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::DataChoice;

impl Serialize for DataChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(&Self { encoding: self.train.charset(), ..self.clone() }, serializer)
    }
}

impl<'de> Deserialize<'de> for DataChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut choice = Self::deserialize(deserializer)?;
        let encoding = choice.encoding.take();
        choice.train = choice.train.read_as(encoding);
        choice.eval = choice.eval.map(|eval| eval.read_as(encoding));
        Ok(choice)
    }
}
