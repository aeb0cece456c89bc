//! `adapter_config.json` of PEFT, as far as it decides what the weights beside it mean.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::error::AdapterError;
use super::folder::CONFIG;
use crate::files::read_whole;
use crate::model::config::MAX_CONFIG_BYTES;
use crate::model::family::Family;
use crate::model::kinds::HeadKind;
use crate::model::lora;

/// What was read. Keys that change nothing of what is merged are passed over.
#[derive(Debug, Deserialize)]
pub struct Settings {
    #[serde(default)]
    peft_type: Option<String>,
    #[serde(default, rename = "base_model_name_or_path")]
    pub base: Option<String>,
    /// Of the base, where it is not the main branch.
    #[serde(default)]
    pub revision: Option<String>,
    #[serde(default)]
    pub r: Option<usize>,
    #[serde(default)]
    task_type: Option<String>,
    #[serde(default)]
    auto_mapping: Option<AutoMapping>,
    #[serde(default = "eight")]
    lora_alpha: f64,
    #[serde(default)]
    alpha_pattern: Option<BTreeMap<String, f64>>,
    #[serde(default)]
    use_rslora: Option<bool>,
    /// All other keys.
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
struct AutoMapping {
    base_model_class: Option<String>,
}

fn eight() -> f64 {
    8.0
}

/// Options that make something else of the weights than a product that is added; all of them may be off.
const REFUSED: [&str; 9] = [
    "use_dora",
    "use_qalora",
    "use_bdlora",
    "fan_in_fan_out",
    "layer_replication",
    "lora_bias",
    "target_parameters",
    "trainable_token_indices",
    "alora_invocation_tokens",
];
/// Beginnings that change the base along with the adapter, which then is another base than the one that is named.
const CHANGES_BASE: [&str; 4] = ["pissa", "olora", "corda", "loftq"];

/// PEFT's words for models that write text on, which no encoder does.
const WRITING: [&str; 2] = ["CAUSAL_LM", "SEQ_2_SEQ_LM"];

/// Refuses what PEFT calls a task, where no encoder does it.
pub fn check_task(task: &str) -> Result<(), AdapterError> {
    if WRITING.contains(&task) { Err(AdapterError::Writes { task: task.to_owned() }) } else { Ok(()) }
}

impl Settings {
    pub fn read(dir: &Path) -> Result<Self, AdapterError> {
        let text = read_whole(&dir.join(CONFIG), MAX_CONFIG_BYTES);
        Self::parse(&text.map_err(|source| AdapterError::Unreadable { source })?)
    }

    pub fn parse(text: &[u8]) -> Result<Self, AdapterError> {
        let settings: Self = serde_json::from_slice(text).map_err(|source| AdapterError::Syntax { source })?;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), AdapterError> {
        let kind = self.peft_type.clone().unwrap_or_default();
        if !kind.eq_ignore_ascii_case("LORA") {
            let kind = if kind.is_empty() { "that is not named".to_owned() } else { kind };
            return Err(AdapterError::Kind { kind });
        }
        self.task_type.as_deref().map_or(Ok(()), check_task)?;
        let is_off = |value: &Value| match value {
            Value::Null | Value::Bool(false) => true,
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        };
        let on = |key: &&str| self.rest.get(*key).is_some_and(|value| !is_off(value));
        if let Some(key) = REFUSED.into_iter().find(on) {
            return Err(AdapterError::Option { key, value: self.rest[key].to_string() });
        }
        let begun = self.rest.get("init_lora_weights").and_then(Value::as_str).unwrap_or_default().to_lowercase();
        if CHANGES_BASE.iter().any(|kind| begun.starts_with(kind)) {
            return Err(AdapterError::Option { key: "init_lora_weights", value: begun });
        }
        let is_plain = |key: &&String| key.chars().all(|c| c.is_alphanumeric() || "_.^-".contains(c));
        match self.alpha_pattern.iter().flatten().map(|(key, _)| key).find(|key| !is_plain(key)) {
            Some(key) => Err(AdapterError::Option { key: "alpha_pattern", value: key.clone() }),
            None => Ok(()),
        }
    }

    /// What the product of a module's matrices is multiplied by.
    pub fn scale(&self, module: &str, rank: usize) -> f64 {
        let own = self.alpha_pattern.iter().flatten().find(|(key, _)| is_of(key, module)).map(|(_, alpha)| *alpha);
        lora::scale(own.unwrap_or(self.lora_alpha), rank.max(1), self.use_rslora == Some(true))
    }

    /// transformers' class of the model with the adapter, where it is named.
    pub fn architecture(&self, family: Family) -> Option<String> {
        let kind = match self.task_type.as_deref() {
            Some("SEQ_CLS") => HeadKind::Sequence,
            Some("TOKEN_CLS") => HeadKind::Token,
            Some("QUESTION_ANS") => HeadKind::Span,
            _ => return self.auto_mapping.as_ref()?.base_model_class.clone(),
        };
        Some(family.architecture(&[kind]))
    }
}

/// Whether a key of a pattern is of a module: its whole name, or how it ends after a dot.
fn is_of(key: &str, module: &str) -> bool {
    match key.strip_prefix('^') {
        Some(whole) => module == whole,
        None => module == key || module.ends_with(&format!(".{key}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, String> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(CONFIG), text).unwrap();
        Settings::read(dir.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_scale_is_that_of_the_module() {
        let text = r#"{"peft_type": "LORA", "lora_alpha": 16, "r": 8,
            "alpha_pattern": {"^bert.encoder.layer.1.query": 4, "layer.0.query": 32}}"#;
        let plain = read(text).unwrap();
        assert_eq!(plain.scale("bert.encoder.layer.0.query", 8), 4.0);
        assert_eq!(plain.scale("bert.encoder.layer.10.query", 8), 2.0);
        assert_eq!(plain.scale("bert.encoder.layer.1.query", 8), 0.5);
        assert_eq!(plain.scale("encoder.layer.1.query", 4), 4.0);
        let stable = read(r#"{"peft_type": "LORA", "lora_alpha": 16, "use_rslora": true}"#).unwrap();
        assert_eq!(stable.scale("query", 16), 4.0);
    }

    #[test]
    fn what_is_more_than_a_product_is_refused_by_its_name() {
        for (text, word) in [
            (r#"{"peft_type": "IA3"}"#, "IA3"),
            (r#"{"r": 8}"#, "not named"),
            (r#"{"peft_type": "LORA", "use_dora": true}"#, "use_dora"),
            (r#"{"peft_type": "LORA", "init_lora_weights": "pissa_niter_4"}"#, "pissa"),
            (r#"{"peft_type": "LORA", "alpha_pattern": {"layer\\.\\d+": 4}}"#, "alpha_pattern"),
            (r#"{"peft_type": "LORA", "trainable_token_indices": [1]}"#, "trainable_token_indices"),
            (r#"{"peft_type": "LORA", "task_type": "CAUSAL_LM"}"#, "CAUSAL_LM"),
            ("[]", "not what PEFT writes"),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.contains(word), "{told}");
        }
        let off = r#"{"peft_type": "LORA", "use_dora": false, "target_parameters": null, "init_lora_weights": true}"#;
        assert!(read(off).is_ok());
    }
}
