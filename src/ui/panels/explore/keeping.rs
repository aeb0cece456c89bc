//! How a view writes down what it asks and shows, and takes it up again: a type of its own, as an object of JSON in which
//! what is as usual is left out.

use serde::Serialize;
use serde::de::{DeserializeOwned, Error as _};
use serde_json::{Map, Value};

use crate::task::Task;

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

/// What a view without anything to be chosen writes down.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}
