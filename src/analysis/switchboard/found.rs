//! What was found out about the parts of a model.

use std::sync::Arc;

use super::sample::Sample;
use super::score::Scored;
use crate::task::Task;

/// What matters for a task.
#[derive(Clone, Debug)]
pub struct Board {
    pub task: Task,
    pub sample: Arc<Sample>,
    /// Layers as they are switched, and the heads of each.
    pub layers: usize,
    pub heads: usize,
    /// By layer and head, then by layer: the mean size of the loss's derivative by the mask.
    pub of_heads: Vec<f64>,
    pub of_feed_forward: Vec<f64>,
    /// Of the whole model.
    pub whole: Scored,
    /// Without each of them, where that was asked for.
    pub without: Option<WithoutEach>,
}

/// The scores without one part.
#[derive(Clone, Debug, PartialEq)]
pub struct WithoutEach {
    pub heads: Vec<Scored>,
    pub feed_forward: Vec<Scored>,
}

impl Board {
    pub fn of_head(&self, layer: usize, head: usize) -> f64 {
        self.of_heads[layer * self.heads + head]
    }

    /// The score without a head, where that was asked for.
    pub fn without_head(&self, layer: usize, head: usize) -> Option<Scored> {
        self.without.as_ref().map(|without| without.heads[layer * self.heads + head])
    }

    /// The score without a feed-forward, where that was asked for.
    pub fn without_feed_forward(&self, layer: usize) -> Option<Scored> {
        self.without.as_ref().map(|without| without.feed_forward[layer])
    }

    /// The heads from the one that matters least on, by the gradient.
    pub fn least_first(&self) -> Vec<(usize, usize)> {
        let mut order: Vec<usize> = (0..self.of_heads.len()).collect();
        order.sort_by(|a, b| self.of_heads[*a].total_cmp(&self.of_heads[*b]).then(a.cmp(b)));
        order.into_iter().map(|place| (place / self.heads.max(1), place % self.heads.max(1))).collect()
    }
}
