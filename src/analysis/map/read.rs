//! Rows as a model has them: the pooled states of each after the layers that are kept, and what its head says.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::points::Points;
use crate::analysis::pooled::{Pooled, Said};
use crate::inspect::Pooling;

/// Texts as a model has them.
#[derive(Debug, Default)]
pub struct Read {
    pub pooling: Pooling,
    /// What enters the first layer, and what comes out of each.
    pub layers: usize,
    /// The states after each layer that is kept.
    pub states: BTreeMap<usize, Arc<Points>>,
    /// What the head says of each; nothing where the model has no head for the task.
    pub said: Vec<Said>,
    /// Texts that did not fit the model, and were cut.
    pub cut: usize,
}

impl Read {
    pub fn of(pooled: Pooled, pooling: Pooling) -> Self {
        let states = pooled.points(pooling);
        Self { pooling, layers: pooled.layers, states, said: pooled.said, cut: pooled.cut }
    }
}
