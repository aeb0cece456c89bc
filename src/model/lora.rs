//! Low-rank adapters of an encoder's dense layers (Hu et al., 2021): which layers get one, how they begin, and the model
//! with them merged.
//!
//! They begin as in PEFT: A uniform, as `kaiming_uniform_` with a = √5 draws it, and B zero, so that the model says at first
//! what it said without them. Layers that share their weights share the adapter.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use candle_core::{Device, Tensor, Var};

use super::ops::low_rank::LowRank;
use super::ops::weights::{Dense, LayerWeights, Slot};
use super::{Body, EncoderConfig, Model, ModelError, Param, Params};
use crate::random::{Purpose, Stream, key};

/// How adapters are made.
#[derive(Clone, Debug, PartialEq)]
pub struct LoraSpec {
    pub rank: usize,
    pub alpha: f64,
    /// Rate of the dropout before A.
    pub dropout: f64,
    /// Whether the product is scaled by the root of the rank (Kalajdzievski, 2023).
    pub rank_stabilized: bool,
    /// Dense layers that get one, in order and each once.
    pub slots: Vec<Slot>,
}

/// What a product of this rank is multiplied by.
pub(super) fn scale(alpha: f64, rank: usize, rank_stabilized: bool) -> f64 {
    let rank = rank as f64;
    alpha / if rank_stabilized { rank.sqrt() } else { rank }
}

impl LoraSpec {
    /// What the product of A and B is multiplied by.
    pub fn scale(&self) -> f64 {
        scale(self.alpha, self.rank, self.rank_stabilized)
    }

    /// Numbers of the adapters of one layer.
    pub fn of_layer(&self, hidden_size: usize, intermediate_size: usize) -> u64 {
        let of = |slot: &Slot| {
            let (inputs, outputs) = slot.widths(hidden_size, intermediate_size);
            self.rank * (inputs + outputs)
        };
        self.slots.iter().map(of).sum::<usize>() as u64
    }
}

impl Slot {
    /// The part of a canonical name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Query => "attention.query",
            Self::Key => "attention.key",
            Self::Value => "attention.value",
            Self::Output => "attention.output",
            Self::Inner => "feed_forward.inner",
            Self::Outer => "feed_forward.output",
        }
    }

    /// The word of a configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Key => "key",
            Self::Value => "value",
            Self::Output => "attention_output",
            Self::Inner => "feed_forward_inner",
            Self::Outer => "feed_forward_output",
        }
    }

    /// The layer of this word or canonical name.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.word() == word || slot.name() == word)
    }

    /// The canonical names of the two matrices of an adapter.
    pub fn adapter_names(self, layer: usize) -> [String; 2] {
        ["lora_A", "lora_B"].map(|part| format!("layers.{layer}.{}.{part}.weight", self.name()))
    }

    /// (in, out)
    fn widths(self, hidden: usize, inner: usize) -> (usize, usize) {
        match self {
            Self::Inner => (hidden, inner),
            Self::Outer => (inner, hidden),
            Self::Query | Self::Key | Self::Value | Self::Output => (hidden, hidden),
        }
    }
}

impl EncoderConfig {
    /// Canonical name and size of each matrix that adapters add.
    pub fn adapter_weights(&self, spec: &LoraSpec) -> Vec<(String, u64)> {
        let of = |layer: usize, slot: Slot| {
            let (inputs, outputs) = slot.widths(self.hidden_size, self.intermediate_size);
            let sizes = [spec.rank * inputs, outputs * spec.rank];
            slot.adapter_names(layer).into_iter().zip(sizes.map(|size| size as u64))
        };
        let layers = 0..self.stored_layers();
        layers.flat_map(|layer| spec.slots.iter().flat_map(move |slot| of(layer, *slot))).collect()
    }
}

impl Model {
    /// Puts adapters on the encoder's layers; where they begin is a function of the seed.
    pub fn adapt(&mut self, spec: &LoraSpec, seed: u64) -> Result<(), ModelError> {
        let mut beside: HashMap<String, [Arc<Param>; 2]> = HashMap::new();
        let layers = match &mut self.body {
            Body::Shared(shared) => &mut shared.layers,
            Body::Frozen(_) => {
                let family = self.config.family.model_type();
                return Err(ModelError::UsedAsItIs { family, what: "adapters" });
            }
        };
        for (layer, weights) in layers.iter_mut().enumerate() {
            let mut own = LayerWeights::clone(weights);
            for slot in &spec.slots {
                let all = own.dense_mut();
                let dense = &mut *all[*slot as usize];
                let adapter = begin(dense, slot.adapter_names(layer), spec, seed, &self.device)?;
                beside.insert(dense.bias.name.clone(), [adapter.a.clone(), adapter.b.clone()]);
                dense.adapter = Some(adapter);
            }
            *weights = Arc::new(own);
        }
        let mut list = Vec::new();
        for param in self.params.iter() {
            list.push(param.clone());
            list.extend(beside.remove(&param.name).into_iter().flatten());
        }
        self.params = Params::new(list, &self.device)?;
        Ok(())
    }

    /// The dense layers that have an adapter.
    fn adapted(&self) -> impl Iterator<Item = (&Dense, &LowRank)> {
        let layers = match &self.body {
            Body::Shared(shared) => shared.layers.as_slice(),
            Body::Frozen(_) => &[],
        };
        let dense = layers.iter().flat_map(|layer| layer.dense());
        dense.filter_map(|dense| Some((dense, dense.adapter.as_ref()?)))
    }

    /// Every weight of the model as it is without adapters, in order, each with the adapter that belongs into it.
    pub(super) fn merging(&self) -> Vec<(&Arc<Param>, Option<&LowRank>)> {
        let adapters: HashMap<&str, &LowRank> =
            self.adapted().map(|(dense, adapter)| (dense.weight.name.as_str(), adapter)).collect();
        let beside: HashSet<&str> =
            self.adapted().flat_map(|(_, adapter)| adapter.params()).map(|param| param.name.as_str()).collect();
        let own = self.params.iter().filter(|param| !beside.contains(param.name.as_str()));
        own.map(|param| (param, adapters.get(param.name.as_str()).copied())).collect()
    }

    /// The matrices of all adapters, in order.
    pub(super) fn adapter_params(&self) -> Vec<&Arc<Param>> {
        self.adapted().flat_map(|(_, adapter)| adapter.params()).collect()
    }
}

/// The numbers of a weight, with an adapter in it where it has one; `other` are values in the place of its own.
pub(super) fn merged(
    param: &Param,
    adapter: Option<&LowRank>,
    other: &dyn Fn(&Param) -> Option<Tensor>,
) -> candle_core::Result<Vec<f32>> {
    let values = |param: &Param| {
        let values = other(param).unwrap_or_else(|| param.var().as_detached_tensor());
        values.flatten_all()?.to_vec1::<f32>()
    };
    let own = values(param)?;
    match adapter {
        Some(adapter) => Ok(adapter.merged(own, &values(&adapter.a)?, &values(&adapter.b)?)),
        None => Ok(own),
    }
}

fn begin(
    dense: &Dense,
    names: [String; 2],
    spec: &LoraSpec,
    seed: u64,
    device: &Device,
) -> Result<LowRank, ModelError> {
    let (inputs, outputs) = dense.widths();
    let module = dense.weight.stored_name.trim_end_matches(".weight");
    let stored = ["lora_A", "lora_B"].map(|part| format!("base_model.model.{module}.{part}.weight"));
    let [name_a, name_b] = names;
    let [stored_a, stored_b] = stored;
    let block = dense.weight.block;
    let a = Tensor::from_vec(uniform(&name_a, spec.rank * inputs, inputs, seed), (spec.rank, inputs), device)?;
    let b = Tensor::zeros((outputs, spec.rank), candle_core::DType::F32, device)?;
    let param = |name, stored, tensor: &Tensor| -> candle_core::Result<Arc<Param>> {
        Ok(Arc::new(Param::new(name, stored, block, Var::from_tensor(tensor)?)))
    };
    Ok(LowRank {
        a: param(name_a, stored_a, &a)?,
        b: param(name_b, stored_b, &b)?,
        scale: spec.scale() as f32,
        dropout: spec.dropout,
    })
}

/// Evenly between plus and minus one divided by the root of the inputs (He et al., 2015, with a slope of √5), a pure
/// function of the seed and the weight's name.
fn uniform(name: &str, count: usize, inputs: usize, seed: u64) -> Vec<f32> {
    let address: Vec<u64> = name.bytes().map(u64::from).collect();
    let mut stream = Stream::new(key(seed, Purpose::Init, &address));
    let bound = 1.0 / (inputs as f64).sqrt();
    (0..count).map(|_| ((2.0 * stream.unit() - 1.0) * bound) as f32).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{HeadKind, Want, open};
    use super::*;

    fn spec(slots: &[Slot]) -> LoraSpec {
        LoraSpec { rank: 4, alpha: 8.0, dropout: 0.0, rank_stabilized: false, slots: slots.to_vec() }
    }

    #[test]
    fn the_product_is_scaled_by_the_rank_or_its_root() {
        assert_eq!(spec(&[]).scale(), 2.0);
        assert_eq!(LoraSpec { rank_stabilized: true, ..spec(&[]) }.scale(), 4.0);
    }

    #[test]
    fn adapters_are_those_that_were_foretold_and_change_nothing_at_first() {
        for family in ["bert", "albert", "distilbert"] {
            let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{family}-classify"));
            let (mut model, _) = open(&dir, Want::AsSaved, &Device::Cpu, 0).unwrap();
            let mut foretold = model.config.weights(HeadKind::Sequence, 3);
            foretold.extend(model.config.adapter_weights(&spec(&Slot::ALL)));
            model.adapt(&spec(&Slot::ALL), 7).unwrap();
            let mut found: Vec<_> = model.params.iter().map(|one| (one.name.clone(), one.count() as u64)).collect();
            let config = &model.config;
            let of_layer = spec(&Slot::ALL).of_layer(config.hidden_size, config.intermediate_size);
            let layers = config.stored_layers() as u64;
            let all: u64 = config.adapter_weights(&spec(&Slot::ALL)).iter().map(|(_, size)| size).sum();
            assert_eq!(all, layers * of_layer);
            found.sort();
            foretold.sort();
            assert_eq!(found, foretold, "{family}");
            for (param, adapter) in model.merging() {
                let own = param.var().flatten_all().unwrap().to_vec1::<f32>().unwrap();
                assert!(merged(param, adapter, &|_| None).unwrap() == own, "{family}: {}", param.name);
            }
        }
    }

    #[test]
    fn the_first_matrix_is_even_within_its_bound_and_another_for_each_layer_and_seed() {
        let values = uniform("layers.0.attention.query.lora_A.weight", 40_000, 100, 1);
        let mean = values.iter().sum::<f32>() / 40_000.0;
        let variance = values.iter().map(|value| value * value).sum::<f32>() / 40_000.0;
        assert!(values.iter().all(|value| value.abs() <= 0.1), "beyond the bound");
        assert!(mean.abs() < 1e-3 && (variance - 0.01 / 3.0).abs() < 1e-4, "{mean} {variance}");
        assert_ne!(values[..8], uniform("layers.1.attention.query.lora_A.weight", 8, 100, 1)[..]);
        assert_ne!(values[..8], uniform("layers.0.attention.query.lora_A.weight", 8, 100, 2)[..]);
    }
}
