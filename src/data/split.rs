//! Which examples are learned from and which are held out: a pure function of the labels, a fraction and a seed.

use serde::{Deserialize, Serialize};

/// How a table is divided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitRule {
    /// Share of the examples that is held out, from 0 to below 1.
    pub eval_fraction: f64,
    pub seed: u64,
    /// Give each class the same share.
    pub stratified: bool,
}

/// Indices of examples, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    pub train: Vec<usize>,
    pub eval: Vec<usize>,
}
