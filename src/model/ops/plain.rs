//! The same mathematics in candle's own differentiable operations: what CUDA and Metal run, and what the fused
//! operations are tested against.
//!
//! Attention lays sequences out padded, as these devices have no kernel for sequences laid end to end. Everything else
//! works on (tokens, hidden), so padding costs nothing outside attention.

use candle_core::{D, DType, Device, Result, Tensor};

use super::activation::Activation;
use super::attention::Heads;
use super::dropout::Noise;
use super::embedding::{EmbeddingWeights, Places};
use super::gate::Gate;
use super::layer::LayerNoise;
use super::weights::{LayerWeights, Slot};
use crate::model::input::Layout;

/// Added to the scores of padding: large enough to leave it no probability, small enough to stay finite in any format.
const HIDDEN: f32 = -1e9;

pub fn activate(activation: Activation, x: &Tensor) -> Result<Tensor> {
    match activation {
        Activation::Gelu => x.gelu_erf(),
        Activation::GeluTanh => x.gelu(),
        Activation::QuickGelu => x * candle_nn::ops::sigmoid(&(x * 1.702)?)?,
        Activation::Relu => x.relu(),
        Activation::Silu => x.silu(),
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => candle_nn::ops::sigmoid(x),
        Activation::Identity => Ok(x.clone()),
    }
}

fn maybe_drop(noise: Option<&Noise>, rows: Option<&[u32]>, x: Tensor) -> Result<Tensor> {
    match noise {
        Some(noise) => noise.plain(rows, &x),
        None => Ok(x),
    }
}

pub fn embed(weights: &EmbeddingWeights, places: &Places, noise: Option<&Noise>) -> Result<Tensor> {
    let device = weights.word.var().device().clone();
    let rows = |ids: &[u32]| Tensor::from_slice(ids, ids.len(), &device);
    let word = look_up(&weights.word.tensor(), &rows(&places.ids)?, weights.word_padding, &places.ids)?;
    let position =
        look_up(&weights.position.tensor(), &rows(&places.positions)?, weights.position_padding, &places.positions)?;
    let mut sum = (word + position)?;
    if let Some(token_type) = &weights.token_type {
        sum = (sum + token_type.tensor().index_select(&rows(&places.types)?, 0)?)?;
    }
    maybe_drop(noise, None, weights.norm.plain(&sum)?)
}

/// Rows of a table; the padding row takes part as a constant.
fn look_up(table: &Tensor, index: &Tensor, padding: Option<u32>, ids: &[u32]) -> Result<Tensor> {
    let rows = table.index_select(index, 0)?;
    let Some(padding) = padding.filter(|padding| ids.contains(padding)) else {
        return Ok(rows);
    };
    let learns: Vec<f32> = ids.iter().map(|id| if *id == padding { 0.0 } else { 1.0 }).collect();
    let learns = Tensor::from_vec(learns, (ids.len(), 1), table.device())?;
    let constant = rows.detach().broadcast_mul(&(1.0 - &learns)?)?;
    rows.broadcast_mul(&learns)? + constant
}

/// One encoder layer. `x`: (tokens, hidden); result: (rows, hidden).
pub fn layer(w: &LayerWeights, layout: &Layout, noise: &LayerNoise, gate: Option<&Gate>, x: &Tensor) -> Result<Tensor> {
    let rows = layout.rows.as_deref();
    let wanted = match rows {
        Some(rows) => x.index_select(&Tensor::from_slice(rows, rows.len(), x.device())?, 0)?,
        None => x.clone(),
    };
    let (probabilities, pad) = attention_probabilities(w, layout, noise, x)?;
    let probabilities = match &noise.probabilities {
        Some(noise) => (probabilities * pad.probability_mask(noise, layout, w.heads.count, x.device())?)?,
        None => probabilities,
    };
    let value = pad.split(&w.value.plain(x, noise.before(Slot::Value, None))?, w.heads)?;
    let context = Padded::join(&probabilities.matmul(&value)?, layout)?;
    let context = match gate {
        Some(gate) => context.broadcast_mul(&open_columns(gate, w, x.device())?)?,
        None => context,
    };
    let attended =
        maybe_drop(noise.after_attention.as_ref(), rows, w.output.plain(&context, noise.before(Slot::Output, rows))?)?;
    let attended = w.attention_norm.plain(&(attended + wanted)?)?;
    let active = activate(w.activation, &w.inner.plain(&attended, noise.before(Slot::Inner, rows))?)?;
    let active = if gate.is_some_and(|gate| gate.feed_forward_off) { active.zeros_like()? } else { active };
    let fed =
        maybe_drop(noise.after_feed_forward.as_ref(), rows, w.outer.plain(&active, noise.before(Slot::Outer, rows))?)?;
    w.feed_forward_norm.plain(&(fed + attended)?)
}

/// One in the columns of heads that are on, and zero elsewhere.
fn open_columns(gate: &Gate, w: &LayerWeights, device: &Device) -> Result<Tensor> {
    let columns = (0..w.heads.count * w.heads.size).map(|column| !gate.is_off(column / w.heads.size));
    let columns: Vec<f32> = columns.map(|is_on| if is_on { 1.0 } else { 0.0 }).collect();
    Tensor::from_vec(columns, (1, w.heads.count * w.heads.size), device)
}

/// Attention probabilities of every token: (sequences, heads, longest, longest).
pub fn attention_probabilities(
    w: &LayerWeights,
    layout: &Layout,
    noise: &LayerNoise,
    x: &Tensor,
) -> Result<(Tensor, Padded)> {
    let pad = Padded::new(layout, x.device())?;
    let query = w.query.plain(x, noise.before(Slot::Query, None))?;
    let key = w.key.plain(x, noise.before(Slot::Key, None))?;
    let scores = pad.scores(&query, &key, w.heads)?;
    let probabilities = candle_nn::ops::softmax(&scores.broadcast_add(&pad.mask)?, D::Minus1)?;
    Ok((probabilities, pad))
}

/// How tokens laid end to end stand when each sequence has the length of the longest.
pub struct Padded {
    sequences: usize,
    longest: usize,
    /// For each padded place the token that stands there, or token 0 where none does.
    places: Tensor,
    /// What is added to the scores: (sequences, 1, 1, longest), or (sequences, 1, longest, longest) where each token
    /// attends to others.
    mask: Tensor,
}

impl Padded {
    pub(super) fn new(layout: &Layout, device: &Device) -> Result<Self> {
        let sequences = layout.sequences();
        let longest = layout.starts.windows(2).map(|bounds| bounds[1] - bounds[0]).max().unwrap_or(0);
        let mut places = vec![0_u32; sequences * longest];
        for (sequence, bounds) in layout.starts.windows(2).enumerate() {
            let row = sequence * longest;
            for (place, token) in places[row..].iter_mut().zip(bounds[0]..bounds[1]) {
                *place = token as u32;
            }
        }
        // Only causal tokens differ in what they attend to.
        let queries = if layout.causal { longest } else { 1 };
        let mut mask = vec![HIDDEN; sequences * queries * longest];
        for (row, mask) in mask.chunks_mut(longest.max(1)).enumerate() {
            mask[..layout.seen(row / queries, row % queries)].fill(0.0);
        }
        Ok(Self {
            sequences,
            longest,
            places: Tensor::from_vec(places, sequences * longest, device)?,
            mask: Tensor::from_vec(mask, (sequences, 1, queries, longest), device)?,
        })
    }

    /// (tokens, hidden) to (sequences, heads, longest, head size).
    fn split(&self, x: &Tensor, heads: Heads) -> Result<Tensor> {
        let shape = (self.sequences, self.longest, heads.count, heads.size);
        x.index_select(&self.places, 0)?.reshape(shape)?.transpose(1, 2)?.contiguous()
    }

    /// Scores before the softmax and without a mask: (sequences, heads, longest, longest).
    pub(super) fn scores(&self, query: &Tensor, key: &Tensor, heads: Heads) -> Result<Tensor> {
        let (query, key) = (self.split(query, heads)?, self.split(key, heads)?);
        query.matmul(&key.t()?)? * (1.0 / (heads.size as f64).sqrt())
    }

    /// What each score counts in a mean over the tokens that a token attends to, and nothing where there is no token:
    /// (sequences, 1, longest, longest).
    pub(super) fn shares(&self, layout: &Layout, device: &Device) -> Result<Tensor> {
        let mut shares = vec![0.0_f32; self.sequences * self.longest * self.longest];
        for (row, shares) in shares.chunks_mut(self.longest.max(1)).enumerate() {
            let (sequence, place) = (row / self.longest, row % self.longest);
            if place < layout.starts[sequence + 1] - layout.starts[sequence] {
                let seen = layout.seen(sequence, place);
                shares[..seen].fill(1.0 / seen as f32);
            }
        }
        Tensor::from_vec(shares, (self.sequences, 1, self.longest, self.longest), device)
    }

    /// (sequences, heads, longest, head size) to the wanted (rows, hidden).
    fn join(x: &Tensor, layout: &Layout) -> Result<Tensor> {
        let (sequences, heads, longest, size) = x.dims4()?;
        let all = x.transpose(1, 2)?.contiguous()?.reshape((sequences * longest, heads * size))?;
        let mut from = Vec::with_capacity(layout.rows());
        for sequence in 0..sequences {
            for row in layout.row_starts[sequence]..layout.row_starts[sequence + 1] {
                from.push((sequence * longest + layout.token_of_row(row) - layout.starts[sequence]) as u32);
            }
        }
        all.index_select(&Tensor::from_vec(from, layout.rows(), x.device())?, 0)
    }

    /// Dropout of the probabilities by the same decisions as the fused operation.
    fn probability_mask(&self, noise: &Noise, layout: &Layout, heads: usize, device: &Device) -> Result<Tensor> {
        let mut mask = vec![1.0_f32; self.sequences * heads * self.longest * self.longest];
        for (row, values) in mask.chunks_mut(self.longest).enumerate() {
            let (sequence, head) = (row / self.longest / heads, row / self.longest % heads);
            let token = layout.starts[sequence] + row % self.longest;
            if token < layout.starts[sequence + 1] {
                noise.apply_row(token, head + 1, &mut values[..layout.visible[sequence]]);
            }
        }
        Tensor::from_vec(mask, (self.sequences, heads, self.longest, self.longest), device)?.to_dtype(DType::F32)
    }

    /// The probabilities of one sequence without its padding, as (heads, tokens, visible).
    pub fn cut(probabilities: &Tensor, layout: &Layout, sequence: usize) -> Result<Tensor> {
        let tokens = layout.starts[sequence + 1] - layout.starts[sequence];
        probabilities.get(sequence)?.narrow(1, 0, tokens)?.narrow(2, 0, layout.visible[sequence])
    }
}
