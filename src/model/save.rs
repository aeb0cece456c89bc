//! A model written as transformers would: the same names, every weight once, `{"format":"pt"}`.

use std::path::Path;

use candle_core::Tensor;
use serde_json::{Map, Value, json};

use super::files::write_safetensors;
use super::kinds::{HeadKind, Outputs};
use super::lora::merged;
use super::{Model, ModelError, Param};
use crate::files;

impl Model {
    /// Writes `config.json` and `model.safetensors` into a folder, which must exist. Each file is complete or absent.
    pub fn save(&self, dir: &Path) -> Result<(), ModelError> {
        self.save_with(dir, &|_| None)
    }

    /// The same with other values in the place of those weights for which there are any. What adapters learned is in the
    /// weights they belong to.
    pub fn save_with(&self, dir: &Path, other: &dyn Fn(&Param) -> Option<Tensor>) -> Result<(), ModelError> {
        let params = self.merging();
        let tensors: Vec<_> =
            params.iter().map(|(param, _)| (param.stored_name.clone(), param.shape().to_vec())).collect();
        write_safetensors(&dir.join("model.safetensors"), &tensors, |index| {
            let (param, adapter) = params[index];
            Ok(merged(param, adapter, other)?)
        })?;
        write_json(&dir.join("config.json"), &Value::Object(self.saved_config()))
    }

    /// The configuration as it was read, with what training changed.
    pub fn saved_config(&self) -> Map<String, Value> {
        let mut raw = self.config.raw.clone();
        let family = self.config.family;
        let kinds = self.heads.kinds();
        let predicts_next = self.config.causal && kinds == [HeadKind::Mask];
        let causal = family.causal_architecture().filter(|_| predicts_next).map(str::to_owned);
        raw.insert("architectures".into(), json!([causal.unwrap_or_else(|| family.architecture(&kinds))]));
        if self.config.causal || raw.contains_key("is_decoder") {
            raw.insert("is_decoder".into(), json!(self.config.causal));
        }
        if kinds.iter().any(|kind| kind.outputs() == Outputs::Labels) {
            let names = self.config.labels.iter().enumerate();
            let by_index: Map<String, Value> = names.clone().map(|(i, name)| (i.to_string(), json!(name))).collect();
            let by_name: Map<String, Value> = names.map(|(i, name)| (name.clone(), json!(i))).collect();
            raw.insert("id2label".into(), Value::Object(by_index));
            raw.insert("label2id".into(), Value::Object(by_name));
            raw.remove("num_labels");
        }
        match &self.config.problem_type {
            Some(problem) => raw.insert("problem_type".into(), json!(problem)),
            None => raw.remove("problem_type"),
        };
        for key in ["torch_dtype", "dtype"] {
            if raw.contains_key(key) {
                raw.insert(key.into(), json!("float32"));
            }
        }
        raw
    }
}

/// JSON as a model's folder has it, complete or not at all.
pub(super) fn write_json(path: &Path, value: &Value) -> Result<(), ModelError> {
    let text = format!("{value:#}\n");
    files::write_atomically(path, |file| file.write_all(text.as_bytes()))
        .map_err(|source| ModelError::Unwritable { path: path.to_owned(), source })
}
