//! In which numbers the encoder of a model that is asked is computed.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::ops::Backend;
use super::ops::weights::Laid;
use super::{Body, Model, ModelError};
use crate::memory;

/// The part of free memory that a second copy of the weights may take.
const SHARE: u64 = 4;

/// How exactly the dense layers of the encoder are multiplied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// As they were trained.
    #[default]
    F32,
    /// Weights and inputs rounded to eight bits: faster, and answers may differ a little.
    Int8,
}

impl Precision {
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Int8 => "int8",
        }
    }
}

impl Model {
    /// The same model, to be asked in this precision and never trained again: what it multiplies by is laid once. Its
    /// weights as they were stay beside that, and gradients are theirs. In f32 the bits of what it says are the same;
    /// where memory is too short for the weights twice they are turned with every product, as in training.
    pub fn asked_in(mut self, precision: Precision) -> Result<Self, ModelError> {
        self.train_only(|_| false);
        let fits = 4 * self.params.count() <= memory::available() / SHARE;
        let lay: fn() -> Option<Arc<Laid>> = match (precision, self.backend) {
            (Precision::Int8, Backend::Plain) => return Err(ModelError::RoundedElsewhere),
            (Precision::Int8, Backend::Fused) => || Some(Arc::new(Laid::Int8(OnceLock::new()))),
            (Precision::F32, Backend::Fused) if fits => || Some(Arc::new(Laid::F32(OnceLock::new()))),
            (Precision::F32, _) => || None,
        };
        let shared = match (&mut self.body, precision) {
            (Body::Shared(shared), _) => shared,
            (Body::Frozen(_), Precision::F32) => return Ok(self),
            (Body::Frozen(_), Precision::Int8) => {
                let family = self.config.family.model_type();
                return Err(ModelError::UsedAsItIs { family, what: "8-bit weights" });
            }
        };
        for layer in &mut shared.layers {
            for dense in Arc::make_mut(layer).dense_mut() {
                dense.laid = lay();
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use candle_core::Device;

    use super::super::{Input, Pass, PassDropout, Products, Slot, Want, open};
    use super::*;
    use crate::task::Task;

    fn model(name: &str) -> Model {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
        open(&dir, Want::AsSaved, &Device::Cpu, 0).unwrap().0
    }

    fn input(lengths: &[usize]) -> Input {
        let mut input = Input { starts: vec![0], ..Input::default() };
        for (slot, length) in (0..).zip(lengths) {
            input.ids.extend((0..*length).map(|place| 5 + (place as u32 * 7 + slot * 3) % 40));
            input.starts.push(input.ids.len());
            input.slots.push(slot);
        }
        input.types = vec![0; input.ids.len()];
        input
    }

    /// The logits, and the gradient of each trained weight of the sum of their squares.
    fn learned(model: &Model, products: Products) -> (Vec<f32>, BTreeMap<String, Vec<f32>>) {
        let dropout = Some(PassDropout { key: 3, rate: Some(0.1) });
        let pass = Pass { graph: true, products, dropout, ..Pass::default() };
        let logits = model.run(Task::Classify, &input(&[9, 17, 5, 12]), &pass).unwrap();
        let store = logits.sqr().unwrap().sum_all().unwrap().backward().unwrap();
        let collected = model.params.iter().map(|param| {
            param.collect(&store).unwrap();
            let gradient = param.gradient().unwrap()?;
            Some((param.name.clone(), gradient))
        });
        let gradients = collected.flatten().collect();
        model.params.clear_gradients();
        (logits.flatten_all().unwrap().to_vec1().unwrap(), gradients)
    }

    fn norm(values: impl Iterator<Item = f32>) -> f64 {
        values.map(|value| f64::from(value).powi(2)).sum::<f64>().sqrt()
    }

    fn apart(a: &[f32], b: &[f32]) -> f64 {
        norm(a.iter().zip(b).map(|(a, b)| a - b))
    }

    #[test]
    fn gradients_in_bf16_are_those_of_f32_but_for_the_rounding() {
        // A factor is rounded by half of 2^-8 at most, a product by twice that, and a gradient has come through some
        // twenty products, whose errors add up like steps by chance.
        let bound = 2.0_f64.powi(-8) * 20.0_f64.sqrt();
        for name in ["bert-classify", "albert-classify", "distilbert-classify", "electra-classify"] {
            let mut model = model(name);
            for adapted in [false, true] {
                if adapted {
                    let slots = Slot::ALL.to_vec();
                    let spec =
                        super::super::LoraSpec { rank: 4, alpha: 8.0, dropout: 0.1, rank_stabilized: false, slots };
                    model.adapt(&spec, 1).unwrap();
                    model.train_only(|name| name.contains("lora_") || name.starts_with("head."));
                }
                let (exact, rounded) = (learned(&model, Products::F32), learned(&model, Products::Bf16));
                let all = norm(exact.1.values().flatten().copied());
                assert!(exact.0 != rounded.0, "{name}: nothing was rounded");
                assert!(apart(&exact.0, &rounded.0) <= bound * norm(exact.0.iter().copied()), "{name}: the logits");
                assert_eq!(exact.1.len(), rounded.1.len());
                for ((weight, exact), rounded) in exact.1.iter().zip(rounded.1.values()) {
                    let (apart, own) = (apart(exact, rounded), norm(exact.iter().copied()));
                    // The gradient of a key's bias is nothing but rounding in either.
                    assert!(apart <= bound * (own + 0.01 * all), "{name}: {weight} by {apart} of {own} and {all}");
                }
            }
        }
    }

    #[test]
    fn training_in_bf16_has_the_same_bits_on_any_number_of_threads() {
        let model = model("bert-classify");
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| learned(&model, Products::Bf16))
        };
        let one = with(1);
        assert!(one == with(2) && one == with(5));
    }

    #[test]
    fn what_no_gradient_comes_to_is_computed_in_f32() {
        let model = model("bert-classify");
        let input = input(&[9, 17]);
        let logits = |products, graph| {
            let pass = Pass { graph, products, ..Pass::default() };
            model.run(Task::Classify, &input, &pass).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        let exact = logits(Products::F32, true);
        assert_eq!(logits(Products::Bf16, false), exact, "without a graph");
        assert_ne!(logits(Products::Bf16, true), exact);
        model.train_only(|name| name.starts_with("head."));
        assert_eq!(logits(Products::Bf16, true), exact, "below the lowest trained layer");
    }

    #[test]
    fn a_weight_that_was_changed_is_rounded_anew() {
        let model = model("bert-classify");
        let before = learned(&model, Products::Bf16);
        assert!(learned(&model, Products::Bf16) == before);
        let weight = model.params.find("layers.0.feed_forward.inner.weight").unwrap();
        let kept = weight.var().as_tensor().copy().unwrap();
        weight.set(&(&kept * 1.5).unwrap()).unwrap();
        assert!(learned(&model, Products::Bf16) != before);
        weight.set(&kept).unwrap();
        assert!(learned(&model, Products::Bf16) == before);
        model.params.forget_rounded();
        assert!(learned(&model, Products::Bf16) == before);
    }
}
