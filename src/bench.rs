//! Speed on fixed shapes: what `attune bench` prints and `benches/` repeat. Weights are random, as no number here
//! depends on them.

use std::time::Instant;

use candle_core::Device;
use serde::Serialize;
use serde_json::json;

use crate::memory;
use crate::model::{self, EncoderConfig, Input, Model, Pass, PassDropout, Precision, Products, Want};
use crate::random::{Purpose, key};
use crate::task::Task;
use crate::train::TrainError;
use crate::train::groups;
use crate::train::loss::CrossEntropy;
use crate::train::optimizer::{AdamW, Optimizer, Rule, clip_scale};
use crate::train::precision::has_bf16;

/// The size of an encoder, by the name of a well-known one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Size {
    Tiny,
    Mini,
    Distil,
    Base,
}

impl Size {
    pub const ALL: [Self; 4] = [Self::Tiny, Self::Mini, Self::Distil, Self::Base];

    pub fn name(self) -> &'static str {
        match self {
            Self::Tiny => "tiny",
            Self::Mini => "mini",
            Self::Distil => "distil",
            Self::Base => "base",
        }
    }

    /// Hidden size, layers and attention heads.
    pub fn dimensions(self) -> (usize, usize, usize) {
        match self {
            Self::Tiny => (128, 2, 2),
            Self::Mini => (384, 6, 12),
            Self::Distil => (768, 6, 12),
            Self::Base => (768, 12, 12),
        }
    }
}

/// Texts by their lengths in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub name: &'static str,
    pub lengths: &'static [usize],
}

/// Sentences as they come: 10 to 77 tokens, 1,070 together.
pub const VARIED: [usize; 32] = [
    31, 12, 44, 27, 10, 58, 22, 36, 19, 49, 25, 33, 77, 14, 28, 41, 17, 30, 46, 23, 38, 11, 53, 26, 34, 45, 20, 62, 29,
    24, 40, 46,
];

pub const SHAPES: [Shape; 3] = [
    Shape { name: "1x16", lengths: &[16] },
    Shape { name: "8x128", lengths: &[128; 8] },
    Shape { name: "32 varied", lengths: &VARIED },
];

impl Shape {
    pub fn tokens(&self) -> usize {
        self.lengths.iter().sum()
    }
}

const VOCABULARY: usize = 30_522;

/// The `config.json` of a BERT of this size.
pub fn config_json(size: Size) -> String {
    let (hidden, layers, heads) = size.dimensions();
    json!({
        "model_type": "bert", "architectures": ["BertForSequenceClassification"], "vocab_size": VOCABULARY,
        "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads,
        "intermediate_size": 4 * hidden, "max_position_embeddings": 512, "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "type_vocab_size": 2,
        "initializer_range": 0.02, "layer_norm_eps": 1e-12, "pad_token_id": 0,
    })
    .to_string()
}

/// A BERT of this size with two classes and random weights.
pub fn model(size: Size) -> Result<Model, TrainError> {
    let names = ["no".to_owned(), "yes".to_owned()];
    let want = Want::Head { task: Task::Classify, labels: &names };
    let (model, _) = model::build(EncoderConfig::parse(&config_json(size))?, None, want, &Device::Cpu, 1)?;
    Ok(model)
}

/// The token at a place of a text.
pub fn token(text: usize, place: usize) -> u32 {
    ((text * 7919 + place * 104_729) % 30_000) as u32
}

/// Texts of these lengths.
pub fn input(lengths: &[usize]) -> Input {
    let mut input = Input { starts: vec![0], ..Input::default() };
    for (slot, (text, length)) in (0..).zip(lengths.iter().enumerate()) {
        input.ids.extend((0..*length).map(|place| token(text, place)));
        input.starts.push(input.ids.len());
        input.slots.push(slot);
    }
    input.types = vec![0; input.ids.len()];
    input
}

/// Trains on one batch again and again.
pub struct Trainer<'a> {
    model: &'a Model,
    input: Input,
    labels: Vec<Option<u32>>,
    optimizer: Optimizer,
    products: Products,
    step: u64,
}

impl<'a> Trainer<'a> {
    pub fn new(model: &'a Model, lengths: &[usize], products: Products) -> Self {
        let rule = |param: &model::Param| Rule {
            lr: 2e-5,
            group: groups::group_of(param.block),
            weight_decay: if groups::decays(param) { 0.01 } else { 0.0 },
        };
        Self {
            input: input(lengths),
            labels: (0..lengths.len() as u32).map(|text| Some(text % 2)).collect(),
            optimizer: Optimizer::new(AdamW { betas: [0.9, 0.999], eps: 1e-8 }, &model.params, rule),
            model,
            products,
            step: 0,
        }
    }

    /// One whole update with dropout and clipping; returns its loss.
    pub fn step(&mut self) -> Result<f32, TrainError> {
        self.step += 1;
        let dropout = PassDropout { key: key(1, Purpose::Dropout, &[self.step]), rate: None };
        let products = self.products;
        let pass = Pass { graph: true, products, dropout: Some(dropout), ..Pass::default() };
        let logits = self.model.run(Task::Classify, &self.input, &pass)?;
        let loss = CrossEntropy::default().loss(&logits, &self.labels, self.labels.len() as f64)?;
        let value = loss.to_scalar::<f32>()?;
        let store = loss.backward()?;
        for param in self.model.params.iter() {
            param.collect(&store)?;
        }
        let norm = self.optimizer.gradient_norm()?;
        self.optimizer.step(1.0, clip_scale(norm, 1.0))?;
        self.model.params.clear_gradients();
        Ok(value)
    }
}

/// What was measured of one size on one shape.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    pub size: Size,
    pub shape: &'static str,
    pub sequences: usize,
    pub tokens: usize,
    /// `forward`, the name of a precision for the same in that, `train`, or `train bf16` with products in bfloat16.
    pub pass: &'static str,
    /// Of the fastest repetition.
    pub seconds: f64,
    pub steps_per_sec: f64,
    pub tokens_per_sec: f64,
    /// The most memory the process has had so far.
    pub peak_memory_bytes: u64,
}

/// How long each measurement goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    pub seconds: f64,
    pub at_least: usize,
    pub at_most: usize,
}

impl Effort {
    pub const FULL: Self = Self { seconds: 6.0, at_least: 4, at_most: 50 };
    pub const QUICK: Self = Self { seconds: 0.5, at_least: 2, at_most: 10 };
}

/// Measures a size on every shape: forward alone, also in another precision, and as a whole training step, also with
/// products in bfloat16 where the processor has instructions for them.
pub fn measure(
    size: Size,
    beside: Option<Precision>,
    effort: Effort,
    on_measured: &mut dyn FnMut(Measured),
) -> Result<(), TrainError> {
    let other = beside.map(|precision| model(size)?.asked_in(precision).map_err(TrainError::from)).transpose()?;
    let asked = model(size)?.asked_in(Precision::F32)?;
    let model = model(size)?;
    for shape in SHAPES {
        let report = |pass, seconds| Measured {
            size,
            shape: shape.name,
            sequences: shape.lengths.len(),
            tokens: shape.tokens(),
            pass,
            seconds,
            steps_per_sec: 1.0 / seconds,
            tokens_per_sec: shape.tokens() as f64 / seconds,
            peak_memory_bytes: memory::peak(),
        };
        let input = input(shape.lengths);
        let forward = fastest(effort, || asked.run(Task::Classify, &input, &Pass::default()).map(drop))?;
        on_measured(report("forward", forward));
        if let Some((precision, beside)) = beside.zip(other.as_ref()) {
            let forward = fastest(effort, || beside.run(Task::Classify, &input, &Pass::default()).map(drop))?;
            on_measured(report(precision.name(), forward));
        }
        let rounded = has_bf16().then_some(("train bf16", Products::Bf16));
        for (name, products) in [("train", Products::F32)].into_iter().chain(rounded) {
            let mut trainer = Trainer::new(&model, shape.lengths, products);
            let train = fastest(effort, || trainer.step().map(drop))?;
            on_measured(report(name, train));
        }
    }
    model.params.forget_rounded();
    model::ops::buffer::release();
    Ok(())
}

/// Seconds of the fastest of several repetitions; the first one only warms up.
fn fastest<E>(effort: Effort, mut work: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    work()?;
    let begun = Instant::now();
    let mut best = f64::INFINITY;
    for repetition in 0..effort.at_most {
        if repetition >= effort.at_least && begun.elapsed().as_secs_f64() > effort.seconds {
            break;
        }
        let start = Instant::now();
        work()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_varied_shape_is_the_documented_one() {
        assert_eq!(VARIED.iter().sum::<usize>(), 1070);
        assert_eq!((VARIED.iter().min(), VARIED.iter().max()), (Some(&10), Some(&77)));
    }

    #[test]
    fn a_batch_trained_on_again_and_again_is_learned() {
        for products in [Products::F32, Products::Bf16] {
            let model = model(Size::Tiny).unwrap();
            let mut trainer = Trainer::new(&model, &[8, 5, 9, 6], products);
            let first = trainer.step().unwrap();
            let last = (0..30).map(|_| trainer.step().unwrap()).last().unwrap();
            assert!(last.is_finite() && last < first, "{products:?}: {first} to {last}");
        }
    }

    #[test]
    fn every_shape_is_measured_forward_and_trained() {
        let mut seen = Vec::new();
        let effort = Effort { seconds: 0.0, at_least: 1, at_most: 1 };
        let told = &mut |one: Measured| seen.push((one.shape, one.pass, one.tokens));
        measure(Size::Tiny, Some(Precision::Int8), effort, told).unwrap();
        let trained = if has_bf16() { 2 } else { 1 };
        assert_eq!(seen.len(), 3 * (2 + trained));
        assert_eq!(seen[..2], [("1x16", "forward", 16), ("1x16", "int8", 16)]);
        assert_eq!(seen[seen.len() - trained], ("32 varied", "train", 1070));
    }
}
