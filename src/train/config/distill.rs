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
    /// What the squared error between the hidden states of both counts beside these, summed over layers; 0 does not compare
    /// them.
    pub hidden: f64,
    /// The same of the squared error between attention scores before the softmax.
    pub attention: f64,
    /// The same of one minus the cosine of the angle between the last states.
    pub cosine: f64,
}

/// What the teacher counts, the labels and the angle between the last states, as DistilBERT learned by: 5 to 2 to 1 (Sanh et
/// al., 2019, "`DistilBERT`, a distilled version of BERT"), divided so that the first two come to 1.
const DISTILBERT_SOFT: f64 = 0.714;
const DISTILBERT_COSINE: f64 = 0.143;

impl Distill {
    /// DistilBERT's recipe for a teacher with so many layers: half of them, at a temperature of 2.
    #[must_use]
    pub fn as_distilbert(self, layers: usize) -> Self {
        Self {
            layers: Some((layers / 2).max(1)),
            temperature: 2.0,
            soft: DISTILBERT_SOFT,
            hidden: 0.0,
            attention: 0.0,
            cosine: DISTILBERT_COSINE,
            ..self
        }
    }

    /// Whether anything of the teacher's layers is learned from, beside what it says.
    #[must_use]
    pub fn compares(&self) -> bool {
        [self.hidden, self.attention, self.cosine].iter().any(|counts| *counts > 0.0)
    }
}

impl Default for Distill {
    fn default() -> Self {
        Self {
            teacher: PathBuf::new(),
            layers: None,
            temperature: 2.0,
            soft: 0.5,
            hidden: 0.0,
            attention: 0.0,
            cosine: 0.0,
        }
    }
}
