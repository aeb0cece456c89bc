//! ModernBERT (Warner et al., 2024, arXiv 2412.13663): a norm before each part, rotary positions (Su et al., 2021), gated
//! feed-forward layers, and local attention in all but every few layers.
//!
//! The norm that comes after the last layer is part of it here: what leaves the last layer is what heads read.

use std::ops::Range;
use std::sync::Arc;

use candle_core::{Device, Result as Computed, Tensor};

use super::attend::{Scores, mixed};
use super::{Begins, List, Weights, With, by_head};
use crate::model::ModelError;
use crate::model::input::Layout;
use crate::model::keys::ModernBertKeys as Keys;
use crate::model::ops::attention::Heads;
use crate::model::ops::weights::{Dense, Norm};
use crate::model::params::Param;

/// The weights in the order of the forward pass.
pub(super) fn list(keys: &Keys, list: &mut List<'_>) {
    let config = list.config;
    let (hidden, inner, layers) = (config.hidden_size, config.intermediate_size, config.num_hidden_layers);
    let table = [config.vocab_size, hidden];
    list.weight("embeddings.word".to_owned(), "embeddings.tok_embeddings.weight", &table, Begins::Normal);
    list.norm("embeddings.norm", "embeddings.norm", keys.norm_bias);
    for layer in 0..layers {
        let own = |slot: &str| format!("layers.{layer}.{slot}");
        // What the embeddings' norm gives is not normed again.
        if layer > 0 {
            list.norm(&own("attention.norm"), &own("attn_norm"), keys.norm_bias);
        }
        list.dense(&own("attention.query_key_value"), &own("attn.Wqkv"), [hidden, 3 * hidden], keys.attention_bias);
        list.dense(&own("attention.output"), &own("attn.Wo"), [hidden, hidden], keys.attention_bias);
        list.norm(&own("feed_forward.norm"), &own("mlp_norm"), keys.norm_bias);
        list.dense(&own("feed_forward.inner"), &own("mlp.Wi"), [hidden, 2 * inner], keys.feed_forward_bias);
        list.dense(&own("feed_forward.output"), &own("mlp.Wo"), [inner, hidden], keys.feed_forward_bias);
        if layer + 1 == layers {
            list.norm(&own("final_norm"), "final_norm", keys.norm_bias);
        }
    }
}

#[derive(Debug)]
struct Layer {
    attention_norm: Option<Norm>,
    query_key_value: Dense,
    output: Dense,
    feed_forward_norm: Norm,
    inner: Dense,
    outer: Dense,
    /// After the last layer.
    final_norm: Option<Norm>,
}

#[derive(Debug)]
pub struct ModernBert {
    keys: Keys,
    heads: Heads,
    word: Arc<Param>,
    norm: Norm,
    layers: Vec<Layer>,
}

impl ModernBert {
    pub(super) fn new(weights: &Weights<'_>, keys: &Keys) -> Result<Self, ModelError> {
        let count = weights.config.num_hidden_layers;
        let layer = |layer: usize| {
            let own = |slot: &str| format!("layers.{layer}.{slot}");
            Ok::<_, ModelError>(Layer {
                attention_norm: (layer > 0).then(|| weights.norm(&own("attention.norm"))).transpose()?,
                query_key_value: weights.dense(&own("attention.query_key_value"))?,
                output: weights.dense(&own("attention.output"))?,
                feed_forward_norm: weights.norm(&own("feed_forward.norm"))?,
                inner: weights.dense(&own("feed_forward.inner"))?,
                outer: weights.dense(&own("feed_forward.output"))?,
                final_norm: (layer + 1 == count).then(|| weights.norm(&own("final_norm"))).transpose()?,
            })
        };
        Ok(Self {
            keys: keys.clone(),
            heads: Heads { count: keys.heads, size: weights.config.hidden_size / keys.heads },
            word: weights.get("embeddings.word")?,
            norm: weights.norm("embeddings.norm")?,
            layers: (0..count).map(layer).collect::<Result<_, _>>()?,
        })
    }

    pub fn word(&self) -> &Arc<Param> {
        &self.word
    }

    pub(super) fn embed(&self, with: With<'_>, words: &Tensor) -> Computed<Tensor> {
        with.norm(&self.norm, words)
    }

    pub(super) fn layer(&self, with: With<'_>, index: usize, x: &Tensor, layout: &Layout) -> Computed<Tensor> {
        let layer = &self.layers[index];
        let mixed = mixed(&self.sequences(with, index, x, layout)?)?;
        let x = (x + with.dense(&layer.output, &mixed)?)?;
        let wide = with.dense(&layer.inner, &with.norm(&layer.feed_forward_norm, &x)?)?;
        let half = wide.dim(1)? / 2;
        let gated = (with.activate(self.keys.activation, &wide.narrow(1, 0, half)?)? * wide.narrow(1, half, half)?)?;
        let x = (x + with.dense(&layer.outer, &gated)?)?;
        match &layer.final_norm {
            Some(norm) => with.norm(norm, &x),
            None => Ok(x),
        }
    }

    /// Queries and keys of each sequence, turned to their places, with its values.
    pub(super) fn sequences(
        &self,
        with: With<'_>,
        index: usize,
        x: &Tensor,
        layout: &Layout,
    ) -> Computed<Vec<(Sequence, Tensor)>> {
        let layer = &self.layers[index];
        let normed = match &layer.attention_norm {
            Some(norm) => with.norm(norm, x)?,
            None => x.clone(),
        };
        let hidden = x.dim(1)?;
        let together = with.dense(&layer.query_key_value, &normed)?;
        let is_global = self.keys.global[index];
        let longest = layout.starts.windows(2).map(|bounds| bounds[1] - bounds[0]).max().unwrap_or(0);
        let turns = Turns::new(self.keys.bases[usize::from(!is_global)], self.heads.size, longest, x.device())?;
        let of_sequence = |bounds: &[usize]| {
            let tokens = bounds[1] - bounds[0];
            let own = together.narrow(0, bounds[0], tokens)?;
            let part = |place: usize| by_head(&own.narrow(1, place * hidden, hidden)?.contiguous()?, self.heads);
            let scale = 1.0 / (self.heads.size as f64).sqrt();
            let query = (turns.turned(&part(0)?)? * scale)?;
            let key = turns.turned(&part(1)?)?.transpose(1, 2)?.contiguous()?;
            Ok((Sequence { query, key, reach: (!is_global).then_some(self.keys.reach) }, part(2)?))
        };
        layout.starts.windows(2).map(of_sequence).collect()
    }
}

/// Cosines and sines of the angles by which the pairs of columns are turned at each place: (places, half a head).
struct Turns {
    cosines: Tensor,
    sines: Tensor,
}

impl Turns {
    /// Computed with the roundings of PyTorch, since an angle is a place times a rounded frequency.
    fn new(base: f64, size: usize, places: usize, device: &Device) -> Computed<Self> {
        let frequency = |pair: usize| {
            let exponent = (2 * pair) as f32 / size as f32;
            1.0 / base.powf(f64::from(exponent)) as f32
        };
        let half = size / 2;
        let frequencies: Vec<f32> = (0..half).map(frequency).collect();
        let angles = (0..places).flat_map(|place| frequencies.iter().map(move |frequency| place as f32 * frequency));
        let angles: Vec<f32> = angles.collect();
        let tensor = |of: fn(f32) -> f32| {
            let values: Vec<f32> = angles.iter().map(|angle| of(*angle)).collect();
            Tensor::from_vec(values, (places, half), device)
        };
        Ok(Self { cosines: tensor(f32::cos)?, sines: tensor(f32::sin)? })
    }

    /// (heads, tokens, size)
    fn turned(&self, x: &Tensor) -> Computed<Tensor> {
        let (_, tokens, size) = x.dims3()?;
        let half = size / 2;
        let (cosines, sines) = (self.cosines.narrow(0, 0, tokens)?, self.sines.narrow(0, 0, tokens)?);
        let (first, second) = (x.narrow(2, 0, half)?, x.narrow(2, half, half)?);
        let turned = [
            (first.broadcast_mul(&cosines)? - second.broadcast_mul(&sines)?)?,
            (second.broadcast_mul(&cosines)? + first.broadcast_mul(&sines)?)?,
        ];
        Tensor::cat(&turned, 2)
    }
}

/// One sequence: queries (heads, tokens, size), keys (heads, size, tokens), and how far they look.
pub(super) struct Sequence {
    query: Tensor,
    key: Tensor,
    reach: Option<usize>,
}

impl Scores for Sequence {
    fn tokens(&self) -> usize {
        self.query.dims()[1]
    }

    fn seen(&self, rows: &Range<usize>) -> Range<usize> {
        match self.reach {
            Some(reach) => rows.start.saturating_sub(reach)..(rows.end + reach).min(self.tokens()),
            None => 0..self.tokens(),
        }
    }

    fn of(&self, rows: &Range<usize>, seen: &Range<usize>) -> Computed<Tensor> {
        let query = self.query.narrow(1, rows.start, rows.len())?.contiguous()?;
        let scores = query.matmul(&self.key.narrow(2, seen.start, seen.len())?.contiguous()?)?;
        let Some(reach) = self.reach else { return Ok(scores) };
        let far = |row: usize| {
            seen.clone().map(move |place| if row.abs_diff(place) > reach { f32::NEG_INFINITY } else { 0.0 })
        };
        let mask: Vec<f32> = rows.clone().flat_map(far).collect();
        scores.broadcast_add(&Tensor::from_vec(mask, (rows.len(), seen.len()), scores.device())?)
    }
}
