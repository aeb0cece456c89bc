//! Encoders that are used as they are: heads are trained on their states, and nothing goes back into them.
//!
//! What a layer computes stands here in the operations that the other families share, so that a text has the same states
//! alone and in any batch, and attention in candle's own, a sequence at a time and never padded. The modules of
//! candle-transformers would need padding, show no state but the last, and drop biases that a configuration may ask for in
//! silence.
//!
//! What a configuration may ask for is read by `keys`, which refuses what is not here.

mod attend;
mod deberta;
mod modern_bert;

use std::collections::HashMap;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor, Var};

use super::ModelError;
use super::config::EncoderConfig;
use super::family::{Naming, StoredName};
use super::input::Layout;
use super::keys::Keys;
use super::ops::activation::Activation;
use super::ops::attention::Heads;
use super::ops::embedding::Places;
use super::ops::weights::{Dense, Norm};
use super::ops::{Backend, parts};
use super::params::{Block, Param, Params};

/// A weight of the encoder, before there is one.
pub(super) struct Place {
    /// The canonical name.
    pub name: String,
    pub stored: StoredName,
    pub shape: Vec<usize>,
    pub begins: Begins,
}

/// What a weight holds in a model of new weights.
#[derive(Clone, Copy)]
pub(super) enum Begins {
    Normal,
    Zero,
    One,
}

/// The weights of an encoder, noted one after another.
struct List<'a> {
    config: &'a EncoderConfig,
    places: Vec<Place>,
}

impl List<'_> {
    fn weight(&mut self, name: String, stored: &str, shape: &[usize], begins: Begins) {
        let naming = Naming { family: self.config.family, inner_group_num: 1 };
        self.places.push(Place { name, stored: naming.in_encoder(stored), shape: shape.to_vec(), begins });
    }

    /// A matrix (out, in), with its bias where it has one.
    fn dense(&mut self, name: &str, stored: &str, [inputs, outputs]: [usize; 2], bias: bool) {
        self.weight(format!("{name}.weight"), &format!("{stored}.weight"), &[outputs, inputs], Begins::Normal);
        if bias {
            self.weight(format!("{name}.bias"), &format!("{stored}.bias"), &[outputs], Begins::Zero);
        }
    }

    fn norm(&mut self, name: &str, stored: &str, bias: bool) {
        let width = [self.config.hidden_size];
        self.weight(format!("{name}.weight"), &format!("{stored}.weight"), &width, Begins::One);
        if bias {
            self.weight(format!("{name}.bias"), &format!("{stored}.bias"), &width, Begins::Zero);
        }
    }
}

/// The weights of such an encoder in the order of the forward pass; none of another.
pub(super) fn places(config: &EncoderConfig) -> Vec<Place> {
    let mut list = List { config, places: Vec::new() };
    match &config.frozen {
        Some(Keys::ModernBert(keys)) => modern_bert::list(keys, &mut list),
        Some(Keys::Deberta(keys)) => deberta::list(keys, &mut list),
        None => {}
    }
    list.places
}

/// A bias of zeros, where an operation asks for one and the model has none: it is in no file and never learned.
pub(super) fn no_bias(width: usize, device: &Device) -> candle_core::Result<Arc<Param>> {
    let var = Var::zeros(width, DType::F32, device)?;
    let mut param = Param::new("none.bias".to_owned(), String::new(), Block::Embeddings, var);
    param.fixed = true;
    param.set_trainable(false);
    Ok(Arc::new(param))
}

/// The weights of an encoder by their canonical names.
struct Weights<'a> {
    all: &'a HashMap<String, Arc<Param>>,
    config: &'a EncoderConfig,
    device: &'a Device,
}

impl Weights<'_> {
    fn get(&self, name: &str) -> Result<Arc<Param>, ModelError> {
        self.all.get(name).cloned().ok_or_else(|| ModelError::EncoderIncomplete { names: vec![name.to_owned()] })
    }

    fn bias(&self, name: &str, width: usize) -> Result<Arc<Param>, ModelError> {
        match self.all.get(name) {
            Some(bias) => Ok(bias.clone()),
            None => Ok(no_bias(width, self.device)?),
        }
    }

    fn dense(&self, name: &str) -> Result<Dense, ModelError> {
        let weight = self.get(&format!("{name}.weight"))?;
        let bias = self.bias(&format!("{name}.bias"), weight.shape()[0])?;
        Ok(Dense::new(weight, bias))
    }

    fn norm(&self, name: &str) -> Result<Norm, ModelError> {
        let weight = self.get(&format!("{name}.weight"))?;
        let bias = self.bias(&format!("{name}.bias"), weight.shape()[0])?;
        Ok(Norm { weight, bias, eps: self.config.norm_eps as f32 })
    }
}

/// How the operations that all families share are run.
#[derive(Clone, Copy)]
pub(super) struct With<'a> {
    pub backend: Backend,
    pub params: &'a Params,
}

impl With<'_> {
    fn dense(self, dense: &Dense, x: &Tensor) -> candle_core::Result<Tensor> {
        parts::dense(self.backend, self.params, dense, x)
    }

    fn norm(self, norm: &Norm, x: &Tensor) -> candle_core::Result<Tensor> {
        parts::norm(self.backend, self.params, norm, x)
    }

    fn activate(self, activation: Activation, x: &Tensor) -> candle_core::Result<Tensor> {
        parts::activate(self.backend, activation, x)
    }
}

/// An encoder that is used as it is.
#[derive(Debug)]
pub(super) enum Frozen {
    ModernBert(modern_bert::ModernBert),
    Deberta(deberta::Deberta),
}

impl Frozen {
    pub fn new(
        config: &EncoderConfig,
        keys: &Keys,
        all: &HashMap<String, Arc<Param>>,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let weights = Weights { all, config, device };
        Ok(match keys {
            Keys::ModernBert(keys) => Self::ModernBert(modern_bert::ModernBert::new(&weights, keys)?),
            Keys::Deberta(keys) => Self::Deberta(deberta::Deberta::new(&weights, keys)?),
        })
    }

    /// The word table.
    pub fn word(&self) -> &Arc<Param> {
        match self {
            Self::ModernBert(encoder) => encoder.word(),
            Self::Deberta(encoder) => encoder.word(),
        }
    }

    /// What enters the first layer, (tokens, hidden), from the rows of the word table.
    pub fn embed(&self, with: With<'_>, words: &Tensor, places: &Places) -> Result<Tensor, ModelError> {
        Ok(match self {
            Self::ModernBert(encoder) => encoder.embed(with, words)?,
            Self::Deberta(encoder) => encoder.embed(with, words, places)?,
        })
    }

    /// One layer, (tokens, hidden) in and out.
    pub fn layer(&self, with: With<'_>, index: usize, x: &Tensor, layout: &Layout) -> Result<Tensor, ModelError> {
        Ok(match self {
            Self::ModernBert(encoder) => encoder.layer(with, index, x, layout)?,
            Self::Deberta(encoder) => encoder.layer(with, index, x, layout)?,
        })
    }

    /// What the tokens of each sequence attend to in a layer: (heads, tokens, tokens).
    pub fn attention(
        &self,
        with: With<'_>,
        index: usize,
        x: &Tensor,
        layout: &Layout,
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        Ok(match self {
            Self::ModernBert(encoder) => attend::probabilities(&encoder.sequences(with, index, x, layout)?)?,
            Self::Deberta(encoder) => attend::probabilities(&encoder.sequences(with, index, x, layout)?)?,
        })
    }
}

/// Rows of a table.
fn rows_of(table: &Param, ids: &[u32]) -> candle_core::Result<Tensor> {
    let index = Tensor::from_slice(ids, ids.len(), table.var().device())?;
    table.var().as_detached_tensor().index_select(&index, 0)
}

/// (tokens, heads · size) to (heads, tokens, size).
fn by_head(x: &Tensor, heads: Heads) -> candle_core::Result<Tensor> {
    x.reshape((x.dim(0)?, heads.count, heads.size))?.transpose(0, 1)?.contiguous()
}
