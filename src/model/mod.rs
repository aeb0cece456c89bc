//! Token ids → hidden states → logits: one encoder for all families, its heads, and its weights on disk.

pub mod adapter;
pub mod card;
pub mod config;
pub mod family;
pub mod files;
pub mod input;
pub mod kept;
pub mod keys;
pub mod lora;
pub mod ops;
pub mod outputs;
pub mod params;
pub mod probability;

mod build;
mod classes;
mod cut;
mod decisions;
mod encoder;
mod error;
mod frozen;
mod heads;
mod kinds;
mod left_over;
mod locate;
mod logits;
mod open;
mod precision;
mod prefixed;
mod save;
mod sentences;
mod untrained;
mod weights;
mod words;

use std::sync::Arc;

use candle_core::Device;

pub use adapter::is_model_folder;
pub use build::normal;
pub use config::EncoderConfig;
pub use cut::{cut, spaced};
pub use decisions::Decisions;
pub use encoder::{Encoded, Pass, PassDropout, mean};
pub use error::ModelError;
pub use family::Family;
pub use heads::{Head, HeadSet};
pub use input::Input;
pub use kinds::{HEAD_SLOTS, HeadInput, HeadKind, HeadSpec, Outputs};
pub use locate::{locate, tokenizer_folder};
pub use lora::LoraSpec;
pub use open::{Want, build, card as open_card, generator, open, random, read_config};
pub use params::{Block, Param, Params};
pub use precision::Precision;

use ops::Backend;
pub use ops::Products;
pub use ops::attention::Heads;
use ops::embedding::EmbeddingWeights;
pub use ops::gate::{Gate, Measured};
pub use ops::scores::Scores;
pub use ops::weights::Slot;
use ops::weights::{Dense, LayerWeights};

use frozen::Frozen;

/// An encoder with its heads, on one device.
#[derive(Debug)]
pub struct Model {
    pub config: EncoderConfig,
    pub params: Params,
    /// Which of two equal ways computes; tests choose the plain one to compare.
    pub backend: Backend,
    device: Device,
    body: Body,
    pub heads: HeadSet,
    /// What each step of the schedule lets through, where the model is looked into; empty where nothing is switched off.
    pub gates: Vec<Arc<Gate>>,
}

/// What computes a model's states.
#[derive(Debug)]
enum Body {
    /// The encoder that most families share, of which any part can be trained.
    Shared(Shared),
    /// One that is used as it is.
    Frozen(Frozen),
}

#[derive(Debug)]
struct Shared {
    embeddings: Arc<EmbeddingWeights>,
    projection: Option<Dense>,
    /// Layers with weights of their own.
    layers: Vec<Arc<LayerWeights>>,
}

impl Model {
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The encoder that can be trained and derived; `what` is what is asked of one that cannot.
    fn shared(&self, what: &'static str) -> Result<&Shared, ModelError> {
        match &self.body {
            Body::Shared(shared) => Ok(shared),
            Body::Frozen(_) => Err(ModelError::UsedAsItIs { family: self.config.family.model_type(), what }),
        }
    }

    /// The weights of the embeddings, of an encoder that can be trained.
    fn embeddings(&self) -> impl Iterator<Item = &Arc<Param>> {
        let shared = match &self.body {
            Body::Shared(shared) => Some(shared),
            Body::Frozen(_) => None,
        };
        shared.into_iter().flat_map(|shared| shared.embeddings.params())
    }

    fn default_backend(device: &Device) -> Backend {
        if device.is_cpu() { Backend::Fused } else { Backend::Plain }
    }

    /// Trains the weights for whose names `trained` says so, and freezes all others.
    pub fn train_only(&self, trained: impl Fn(&str) -> bool) {
        for param in self.params.iter() {
            param.set_trainable(trained(&param.name));
        }
    }
}

/// Where weights come from, by the names in a file.
pub trait Source {
    fn names(&self) -> Vec<String>;
    fn shape(&self, name: &str) -> Option<Vec<usize>>;
    fn read(&self, name: &str) -> Result<Vec<f32>, ModelError>;
}
