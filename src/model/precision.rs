//! In which numbers the encoder of a model that is asked is computed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ops::Backend;
use super::{Model, ModelError};

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
    /// The same model, to be asked in this precision. In eight bits it is never trained again; its weights as they were
    /// stay beside the rounded ones, so that gradients are theirs.
    pub fn asked_in(mut self, precision: Precision) -> Result<Self, ModelError> {
        match precision {
            Precision::F32 => Ok(self),
            Precision::Int8 if self.backend == Backend::Plain => Err(ModelError::RoundedElsewhere),
            Precision::Int8 => {
                self.train_only(|_| false);
                for layer in &mut self.layers {
                    for dense in Arc::make_mut(layer).dense_mut() {
                        dense.round()?;
                    }
                }
                Ok(self)
            }
        }
    }
}
