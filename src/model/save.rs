//! A model written as transformers would: the same names, every weight once, `{"format":"pt"}`.

use std::path::Path;

use candle_core::Tensor;
use serde_json::{Map, Value, json};

use super::family::Stored;
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
        let named = params.iter().map(|of| (of.0.stored_name.clone(), *of));
        let again = params.iter().filter_map(|of| Some((self.name_in_decoder(of.0)?, *of)));
        let all: Vec<(String, _)> = named.chain(again).collect();
        let tensors: Vec<_> = all.iter().map(|(name, (param, _))| (name.clone(), param.shape().to_vec())).collect();
        write_safetensors(&dir.join("model.safetensors"), &tensors, |index| {
            let (param, adapter) = all[index].1;
            Ok(merged(param, adapter, other)?)
        })?;
        write_json(&dir.join("config.json"), &Value::Object(self.saved_config()))
    }

    /// The other name of a bias over all words. transformers takes it for the same as the decoder's own only where the
    /// weights are tied; where they are not it looks for both, and begins one that is missing at zero.
    fn name_in_decoder(&self, param: &Param) -> Option<String> {
        let head = self.heads.0.iter().find(|head| head.output.bias.name == param.name)?;
        match head.spec.stored {
            Stored::Apart { weight, .. } if !head.spec.is_tied(&self.config) => Some(format!("{weight}.bias")),
            Stored::Apart { .. } | Stored::At(_) | Stored::InEncoder(_) => None,
        }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use candle_core::Device;

    use super::*;
    use crate::model::{Want, open};

    /// The tensors of a file by their names, as bytes.
    fn tensors(dir: &Path) -> BTreeMap<String, Vec<u8>> {
        let bytes = std::fs::read(dir.join("model.safetensors")).unwrap();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        file.tensors().into_iter().map(|(name, tensor)| (name, tensor.data().to_vec())).collect()
    }

    #[test]
    fn a_bias_over_all_words_has_both_its_names_where_the_weights_are_not_tied() {
        let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        for (folder, is_untied) in [("variants/bert-untied-mlm", true), ("bert-mlm", false)] {
            let (model, _) = open(&golden.join(folder), Want::AsSaved, &Device::Cpu, 0).unwrap();
            let dir = tempfile::tempdir().unwrap();
            model.save(dir.path()).unwrap();
            let saved = tensors(dir.path());
            let [bias, again] = ["cls.predictions.bias", "cls.predictions.decoder.bias"].map(|name| saved.get(name));
            assert!(bias.is_some() && again == bias.filter(|_| is_untied), "{folder}");
            let (_, report) = open(dir.path(), Want::AsSaved, &Device::Cpu, 0).unwrap();
            assert!(report.new.is_empty() && report.left_over.is_empty(), "{folder}: {report:?}");
        }
    }
}
