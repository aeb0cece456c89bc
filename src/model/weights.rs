//! The weights that a model will have, by their canonical names, before there is one.

use super::config::EncoderConfig;
use super::family::LAYER_SLOTS;
use super::frozen;
use super::kinds::HeadKind;

impl EncoderConfig {
    /// Canonical name and size of each weight of the encoder with one head, in the order of the forward pass; `labels` is
    /// the width of heads that have one of their own. Heads that only stand beside it ([`Family::heads_beside`]) are not told:
    /// they learn nothing, and are small where their outputs are the word table.
    ///
    /// [`Family::heads_beside`]: super::Family::heads_beside
    pub fn weights(&self, head: HeadKind, labels: usize) -> Vec<(String, u64)> {
        let mut sizes = match self.frozen {
            Some(_) => self.frozen_weights(),
            None => self.embedding_weights(),
        };
        if self.frozen.is_none() {
            sizes.extend((0..self.stored_layers()).flat_map(|layer| self.layer_weights(layer)));
        }
        sizes.extend(head.spec(self).weights(self, labels));
        sizes
    }

    fn frozen_weights(&self) -> Vec<(String, u64)> {
        let size = |shape: &[usize]| shape.iter().map(|size| *size as u64).product();
        frozen::places(self).into_iter().map(|place| (place.name, size(&place.shape))).collect()
    }

    fn embedding_weights(&self) -> Vec<(String, u64)> {
        let (width, hidden) = (self.embedding_size, self.hidden_size);
        let tables = [
            ("word", self.vocab_size * width),
            ("position", self.max_position_embeddings * width),
            ("token_type", self.type_vocab_size * width),
            ("norm.weight", width),
            ("norm.bias", width),
        ];
        let projection = [("projection.weight", hidden * width), ("projection.bias", hidden)];
        let all = tables.into_iter().chain(projection.into_iter().filter(|_| self.has_projection()));
        all.filter(|(_, size)| *size > 0).map(|(name, size)| (format!("embeddings.{name}"), size as u64)).collect()
    }

    fn layer_weights(&self, layer: usize) -> impl Iterator<Item = (String, u64)> {
        let (hidden, inner) = (self.hidden_size, self.intermediate_size);
        LAYER_SLOTS.into_iter().flat_map(move |slot| {
            let [weight, bias] = match slot {
                "feed_forward.inner" => [inner * hidden, inner],
                "feed_forward.output" => [hidden * inner, hidden],
                "attention.norm" | "feed_forward.norm" => [hidden, hidden],
                _ => [hidden * hidden, hidden],
            };
            let name = format!("layers.{layer}.{slot}");
            [(format!("{name}.weight"), weight as u64), (format!("{name}.bias"), bias as u64)]
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use candle_core::Device;

    use super::super::{HEAD_SLOTS, Want, open, read_config};
    use super::*;
    use crate::model::Block;
    use crate::task::Task;

    #[test]
    fn the_weights_that_are_foretold_are_those_of_the_model() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        for (name, task) in [
            ("bert-classify", Task::Classify),
            ("roberta-mlm", Task::Mlm),
            ("distilbert-classify", Task::Classify),
            ("albert-sop", Task::Sop),
            ("electra-rtd", Task::Rtd),
            ("bert-nsp", Task::Nsp),
            ("bert-classify", Task::Qa),
            ("bert-classify", Task::Ner),
        ] {
            let dir = golden.join(name);
            let labels: Vec<String> = (0..3).map(|label| label.to_string()).collect();
            let (model, _) = open(&dir, Want::Head { task, labels: &labels }, &Device::Cpu, 0).unwrap();
            let (config, kind) = (read_config(&dir).unwrap(), HeadKind::for_task(task));
            let beside =
                config.family.heads_beside(kind).into_iter().flat_map(|kind| kind.spec(&config).weights(&config, 3));
            let beside: Vec<String> = beside.map(|(name, _)| name).collect();
            assert_eq!(beside.is_empty(), task != Task::Sop, "{beside:?}");
            assert!(beside.iter().all(|name| model.params.iter().any(|one| one.name == *name && one.fixed)));
            let found = model.params.iter().filter(|one| !beside.contains(&one.name));
            let mut found: Vec<_> = found.map(|one| (one.name.clone(), one.count() as u64)).collect();
            let mut foretold = config.weights(kind, 3);
            assert!(model.params.iter().all(|param| Block::of(&param.name) == param.block));
            found.sort();
            foretold.sort();
            assert_eq!(foretold, found, "{name} for {task}");
            let heads = foretold.iter().filter_map(|(name, _)| name.strip_prefix("head.")?.rsplit_once('.'));
            assert!(heads.clone().count() > 0 && heads.clone().all(|(slot, _)| HEAD_SLOTS.contains(&slot)), "{name}");
        }
    }
}
