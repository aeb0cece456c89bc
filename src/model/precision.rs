//! In which numbers the encoder of a model that is asked is computed.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::ops::Backend;
use super::ops::weights::Laid;
use super::{Model, ModelError};
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
        for layer in &mut self.layers {
            for dense in Arc::make_mut(layer).dense_mut() {
                dense.laid = lay();
            }
        }
        Ok(self)
    }
}
