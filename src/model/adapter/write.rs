//! An adapter as PEFT writes it: the matrices and the head, each under its name in transformers' class.
//!
//! `config.json` lies beside them, which PEFT does without: it has the names of the classes, and without it a reader has to
//! be told their number.

use std::collections::BTreeSet;
use std::path::Path;

use candle_core::Tensor;
use serde_json::{Value, json};

use super::folder::CONFIG;
use crate::model::family::{Family, Naming};
use crate::model::files::write_safetensors;
use crate::model::lora::{LoraSpec, merged};
use crate::model::ops::weights::{Dense, Norm, Slot};
use crate::model::save::write_json;
use crate::model::{HeadKind, Model, ModelError, Outputs, Param};

/// What is told of the model that an adapter belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// Its name on the hub or its folder.
    pub base: &'a str,
    pub spec: &'a LoraSpec,
}

impl Model {
    /// Writes what was learned beside the base into a folder, which must exist; `other` is as in [`Model::save_with`].
    pub fn save_adapter(
        &self,
        dir: &Path,
        beside: Beside<'_>,
        other: &dyn Fn(&Param) -> Option<Tensor>,
    ) -> Result<(), ModelError> {
        let head = self.head_params();
        let stored = |param: &Param| match param.stored_name.strip_prefix("base_model.model.") {
            Some(_) => param.stored_name.clone(),
            None => format!("base_model.model.{}", param.stored_name),
        };
        let params: Vec<&Param> =
            self.adapter_params().into_iter().map(AsRef::as_ref).chain(head.iter().copied()).collect();
        let tensors: Vec<_> = params.iter().map(|param| (stored(param), param.shape().to_vec())).collect();
        write_safetensors(&dir.join("adapter_model.safetensors"), &tensors, |index| {
            Ok(merged(params[index], None, other)?)
        })?;
        write_json(&dir.join(CONFIG), &self.adapter_settings(beside, &head))?;
        write_json(&dir.join("config.json"), &Value::Object(self.saved_config()))
    }

    /// The head's own weights. Where the outputs are the words, they belong to the table and stay as they are.
    fn head_params(&self) -> Vec<&Param> {
        let mut params: Vec<&Param> = Vec::new();
        for head in &self.heads.0 {
            let own = (head.spec.kind.outputs() != Outputs::Words).then_some(&head.output);
            let dense = head.dense.iter().chain(own).flat_map(Dense::params);
            for param in dense.chain(head.norm.iter().flat_map(Norm::params)) {
                // What only stands beside the trained head is the base's.
                if !param.fixed && !params.iter().any(|known| known.name == param.name) {
                    params.push(param);
                }
            }
        }
        params
    }

    fn adapter_settings(&self, beside: Beside<'_>, head: &[&Param]) -> Value {
        let (family, kinds, spec) = (self.config.family, self.heads.kinds(), beside.spec);
        let task = match kinds.as_slice() {
            [HeadKind::Sequence] => Some("SEQ_CLS"),
            [HeadKind::Token] => Some("TOKEN_CLS"),
            [HeadKind::Span] => Some("QUESTION_ANS"),
            _ => None,
        };
        let class = task.is_none().then(|| {
            let library = format!("transformers.models.{0}.modeling_{0}", module_of(family));
            json!({ "base_model_class": family.architecture(&kinds), "parent_library": library })
        });
        let saved: BTreeSet<String> = head.iter().map(|param| whole_module(&param.stored_name)).collect();
        json!({
            "alpha_pattern": {},
            "auto_mapping": class,
            "base_model_name_or_path": beside.base,
            "bias": "none",
            "fan_in_fan_out": false,
            "inference_mode": true,
            "init_lora_weights": true,
            "layers_pattern": null,
            "layers_to_transform": null,
            "lora_alpha": spec.alpha,
            "lora_dropout": spec.dropout,
            "modules_to_save": saved,
            "peft_type": "LORA",
            "r": spec.rank,
            "rank_pattern": {},
            "revision": null,
            "target_modules": self.targets(spec),
            "task_type": task,
            "use_dora": false,
            "use_rslora": spec.rank_stabilized,
        })
    }

    /// The names by which PEFT finds the modules: how they end, and where that is the end of others too, the whole of each.
    fn targets(&self, spec: &LoraSpec) -> BTreeSet<String> {
        let naming = Naming { family: self.config.family, inner_group_num: self.config.inner_group_num };
        let module = |layer: usize, slot: Slot| {
            let name = naming.layer(layer, slot.name(), "weight").name;
            name.trim_end_matches(".weight").to_owned()
        };
        let layers = 0..self.config.stored_layers();
        let all: Vec<String> = layers.clone().flat_map(|layer| Slot::ALL.map(|slot| module(layer, slot))).collect();
        let wanted: Vec<String> =
            layers.flat_map(|layer| spec.slots.iter().map(move |slot| module(layer, *slot))).collect();
        let ends = |name: &str, end: &str| name == end || name.ends_with(&format!(".{end}"));
        let mut targets = BTreeSet::new();
        for name in &wanted {
            let parts: Vec<&str> = name.split('.').collect();
            let mut ways = (1..=2).map(|count| parts[parts.len().saturating_sub(count)..].join("."));
            let only = |end: &String| all.iter().filter(|other| ends(other, end)).all(|other| wanted.contains(other));
            targets.insert(ways.find(only).unwrap_or_else(|| name.clone()));
        }
        targets
    }
}

/// The module that is stored whole with a weight of the head: RoBERTa's and ELECTRA's classifiers are one of their own.
fn whole_module(stored: &str) -> String {
    let module = stored.rsplit_once('.').map_or(stored, |(module, _)| module);
    if module.starts_with("classifier.") { "classifier".to_owned() } else { module.to_owned() }
}

/// The name of a family's module in transformers.
fn module_of(family: Family) -> String {
    family.model_type().replace('-', "_")
}
