//! What is compared, and what was found.

use std::sync::Arc;

use super::divergence::Divergence;
use super::weights::{Weight, Weights};
use crate::inspect::{Pooling, Request};

/// The texts that two models are compared over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    pub texts: Arc<[Request]>,
    /// How the tokens of a text become one example of CKA; none for each token by itself.
    pub pooled: Option<Pooling>,
    /// At most as many as both models take.
    pub max_tokens: Option<usize>,
}

/// What was found. Layers are counted from 0, as in the names of weights; states by how many layers they have gone through,
/// so that those of 0 are the embeddings'.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drift {
    pub texts: usize,
    /// Tokens of the texts as the first model reads them, special ones included.
    pub tokens: u64,
    /// How tokens became examples of CKA, in the end.
    pub pooled: Option<Pooling>,
    /// CKA of what enters the first layer and of what comes out of each; none where the states do not vary.
    pub layers: Vec<Option<f64>>,
    /// None where the attention of the two cannot be compared.
    pub heads: Option<Heads>,
    pub weights: Weights,
    /// For each layer the one whose weights it has; not its own where layers share them.
    pub stored: Vec<usize>,
    /// What a person must know to read it, and what was left out and why.
    pub notes: Vec<String>,
}

/// Of every head, layer by layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heads {
    pub layers: usize,
    pub heads: usize,
    pub each: Vec<Divergence>,
}

impl Heads {
    pub fn of(&self, layer: usize, head: usize) -> Option<&Divergence> {
        self.each.get(layer * self.heads + head).filter(|_| head < self.heads)
    }
}

impl Drift {
    /// How far the weights of a dense layer moved, such as `attention.query`.
    pub fn moved(&self, layer: usize, slot: &str) -> Option<&Weight> {
        let name = format!("layers.{}.{slot}.weight", self.stored.get(layer)?);
        self.weights.both.iter().find(|weight| weight.name == name)
    }

    /// The matrices of the head that both were given for their task.
    pub fn of_task_head(&self) -> impl Iterator<Item = &Weight> {
        self.weights.both.iter().filter(|weight| weight.shape.len() > 1 && weight.task_head_name().is_some())
    }
}
