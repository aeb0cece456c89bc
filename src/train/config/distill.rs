//! What a person chooses of learning from another model.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A teacher and what is learned from it (Hinton, Vinyals and Dean, 2015).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Distill {
    /// A run, a model folder, an adapter's folder, or `embedded`.
    pub teacher: PathBuf,
    /// Layers of a student that is cut from the teacher; without it the student is the model of `[model]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<usize>,
    /// What the outputs of both are divided by before they are compared: the higher, the more the unlikely classes count.
    pub temperature: f64,
    /// What the teacher's outputs count in the loss; the labels count the rest.
    pub soft: f64,
    pub hidden: f64,
    pub attention: f64,
}

impl Default for Distill {
    fn default() -> Self {
        Self { teacher: PathBuf::new(), layers: None, temperature: 2.0, soft: 0.5, hidden: 0.0, attention: 0.0 }
    }
}
