//! How a view writes down what it asks and shows, and takes it up again: a type of its own, as an object of JSON in which
//! what is as usual is left out.
//!
//! Layers and heads are written by their names, `layer 3` and `head 5`, so that nobody has to know from where they are
//! counted. Links of earlier versions have numbers in their place, which begin at 0.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::task::Task;
use crate::words;

/// Why something that was written down cannot be shown again.
pub type Unread = serde_json::Error;

/// A view writes itself down.
pub fn written<T: Serialize + Default>(kept: &T) -> Map<String, Value> {
    let object = |kept: &T| match serde_json::to_value(kept) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let usual = object(&T::default());
    object(kept).into_iter().filter(|(key, value)| usual.get(key) != Some(value)).collect()
}

/// What was written down, where all of it can be read.
pub fn read<T: DeserializeOwned>(kept: Map<String, Value>) -> Result<T, Unread> {
    serde_json::from_value(Value::Object(kept))
}

/// Stretches of a text in characters, where they lie in it.
pub fn within(stretches: &[(usize, usize)], text: &str) -> Result<(), Unread> {
    let letters = text.chars().count();
    match stretches.iter().find(|(start, end)| start >= end || *end > letters) {
        Some((start, end)) => {
            Err(Unread::custom(format!("characters {start} to {end} are not in a text of {letters} characters")))
        }
        None => Ok(()),
    }
}

/// A head that the model has.
pub fn among(task: Task, heads: &[Task]) -> Result<(), Unread> {
    if heads.contains(&task) { Ok(()) } else { Err(Unread::custom(format!("this model has no head for {task}"))) }
}

/// The place of a layer, of which the first is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Layer(pub usize);

/// The place of a head in its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Head(pub usize);

/// After how many layers states are; after none they are the embeddings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct States(pub usize);

/// A name, or what earlier versions wrote.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Place(usize),
    Name(String),
}

/// The place that a name has among those of its kind.
fn placed<'de, D: Deserializer<'de>>(from: D, named: fn(usize) -> String) -> Result<usize, D::Error> {
    let name = match Written::deserialize(from)? {
        Written::Place(place) => return Ok(place),
        Written::Name(name) => name,
    };
    let number = name.rsplit(' ').next().and_then(|number| number.parse::<usize>().ok());
    // The number of a name is its place or the one after it.
    let near = number.into_iter().flat_map(|number| [number.saturating_sub(1), number]);
    let mut near = near.chain([0]);
    let expected = || D::Error::custom(format!("there is no {name:?}, expected {:?} or what follows it", named(0)));
    near.find(|place| named(*place) == name).ok_or_else(expected)
}

impl Serialize for Layer {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&words::layer(self.0))
    }
}

impl<'de> Deserialize<'de> for Layer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        placed(from, words::layer).map(Self)
    }
}

impl Serialize for Head {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&words::head(self.0))
    }
}

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        placed(from, words::head).map(Self)
    }
}

impl Serialize for States {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&words::states(self.0))
    }
}

impl<'de> Deserialize<'de> for States {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        placed(from, words::states).map(Self)
    }
}

/// What a view without anything to be chosen writes down.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn layers_and_heads_are_called_by_their_names_and_read_as_they_were_written_before() {
        let all = (Layer(2), Head(0), States(0), States(4));
        let written = to_value(all).unwrap();
        assert_eq!(written, json!(["layer 3", "head 1", "embeddings", "layer 4"]));
        assert_eq!(from_value::<(Layer, Head, States, States)>(written).unwrap(), all);
        assert_eq!(from_value::<(Layer, Head, States, States)>(json!([2, 0, 0, 4])).unwrap(), all);
        for wrong in ["layer 0", "layer", "embeddings", "head 3", "layer -1", "Layer 3"] {
            let why = from_value::<Layer>(json!(wrong)).unwrap_err().to_string();
            assert!(why.contains(wrong) && why.contains("\"layer 1\""), "{why}");
        }
        assert!(from_value::<States>(json!("layer 0")).is_err());
    }
}
