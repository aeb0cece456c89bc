//! The settings of a configuration by their paths, to say which of them differ.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::train::config::RunConfig;

/// Every setting by its path, such as `optim.lr`.
pub(super) fn settings(config: &RunConfig) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    flatten("", serde_json::to_value(config).unwrap_or_default(), &mut all);
    all
}

fn flatten(path: &str, value: Value, all: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                flatten(&if path.is_empty() { key } else { format!("{path}.{key}") }, value, all);
            }
        }
        value => drop(all.insert(path.to_owned(), value)),
    }
}
