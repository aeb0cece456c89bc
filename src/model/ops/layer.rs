//! One encoder layer as a single operation: attention and feed-forward, each with dropout, residual and norm (post-norm,
//! as in Devlin et al., 2018).
//!
//! It keeps just what its backward needs, in pooled buffers, and computes the rest again: attention probabilities,
//! dropout decisions and the activation. Where only some tokens of its output are wanted, as in the last layer under a
//! classifier, only their queries and feed-forward are computed; every token still gives its key and value, so the
//! result is exact.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp2, Layout as TensorLayout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::Products;
use super::attention::{self, Projections};
use super::buffer::Buffer;
use super::dropout::Noise;
use super::gate::Gate;
use super::low_rank::Dropped;
use super::matrix::Into;
use super::norm::Moments;
use super::weights::{Given, LayerWeights, Slot};
use crate::model::input::Layout;
use crate::model::params::{host, slice};
use crate::stop::heed;

/// Where a layer drops; all `None` outside training.
#[derive(Clone, Debug, Default)]
pub struct LayerNoise {
    pub probabilities: Option<Noise>,
    pub after_attention: Option<Noise>,
    pub after_feed_forward: Option<Noise>,
    /// Before the adapter of each dense layer, in the order of the slots.
    pub adapters: [Option<Noise>; 6],
}

impl LayerNoise {
    /// What is dropped before the adapter of a dense layer that sees these rows.
    pub fn before<'a>(&'a self, slot: Slot, rows: Option<&'a [u32]>) -> Dropped<'a> {
        Dropped { noise: self.adapters[slot as usize].as_ref(), rows }
    }
}

/// The operation. Arguments: the layer's input (tokens, hidden) and the weights' trigger; result: (rows, hidden).
pub struct FusedLayer {
    weights: Arc<LayerWeights>,
    layout: Arc<Layout>,
    noise: LayerNoise,
    /// What is let through, where a model is looked into.
    gate: Option<Arc<Gate>>,
    /// Whether a backward pass will come.
    keep: bool,
    products: Products,
    saved: Mutex<Option<Saved>>,
}

/// What the backward pass needs, in the order in which it was computed.
struct Saved {
    query: Buffer,
    key: Buffer,
    value: Buffer,
    context: Buffer,
    attention_sum: Buffer,
    attention_moments: Vec<Moments>,
    attended: Buffer,
    inner: Buffer,
    feed_forward_sum: Buffer,
    feed_forward_moments: Vec<Moments>,
}

impl FusedLayer {
    pub fn new(weights: Arc<LayerWeights>, layout: Arc<Layout>, noise: LayerNoise, keep: bool) -> Self {
        Self { weights, layout, noise, gate: None, keep, products: Products::F32, saved: Mutex::default() }
    }

    #[must_use]
    pub fn gated(self, gate: Option<Arc<Gate>>) -> Self {
        Self { gate, ..self }
    }

    /// Multiplies in these numbers, in both passes.
    #[must_use]
    pub fn by(self, products: Products) -> Self {
        Self { products, ..self }
    }

    /// Rows to be given to dense layers.
    fn given<'a>(&self, rows: &'a [f32], width: usize) -> Given<'a> {
        Given::new(rows, width).by(self.products)
    }

    fn hidden(&self) -> usize {
        self.weights.query.widths().0
    }

    /// What is dropped before an adapter. Keys and values are computed of every token, all else of the wanted ones.
    fn before(&self, slot: Slot) -> Dropped<'_> {
        let all = matches!(slot, Slot::Key | Slot::Value);
        self.noise.before(slot, self.layout.rows.as_deref().filter(|_| !all))
    }

    fn run(&self, x: &[f32]) -> Result<(Vec<f32>, Saved)> {
        let (w, hidden) = (&*self.weights, self.hidden());
        let (tokens, rows) = (self.layout.tokens(), self.layout.rows());
        let wanted = gather(x, hidden, self.layout.rows.as_deref());
        let x_rows: &[f32] = wanted.as_deref().unwrap_or(x);

        let [mut query, mut context, mut attention_sum, mut attended, mut feed_forward_sum] =
            [(); 5].map(|()| Buffer::take(rows * hidden));
        let [mut key, mut value] = [(); 2].map(|()| Buffer::take(tokens * hidden));
        let given = self.given(x, hidden);
        let asking = wanted.as_deref().map(|rows| self.given(rows, hidden));
        w.query.forward_of(asking.as_ref().unwrap_or(&given), &mut query, self.before(Slot::Query))?;
        w.key.forward_of(&given, &mut key, self.before(Slot::Key))?;
        w.value.forward_of(&given, &mut value, self.before(Slot::Value))?;
        let from = Projections { query: &query, key: &key, value: &value };
        attention::forward(from, &self.layout, w.heads, self.noise.probabilities.as_ref(), &mut context);
        if let Some(gate) = &self.gate {
            gate.close_heads(&mut context, w.heads);
        }
        w.output.forward_of(&self.given(&context, hidden), &mut attention_sum, self.before(Slot::Output))?;
        self.add_residual(&mut attention_sum, x_rows, self.noise.after_attention.as_ref());
        let attention_moments = w.attention_norm.forward(&attention_sum, &mut attended)?;

        let width = w.inner.widths().1;
        let mut inner = Buffer::take(rows * width);
        let mut active = Buffer::take(inner.len());
        w.inner.forward_of(&self.given(&attended, hidden), &mut inner, self.before(Slot::Inner))?;
        w.activation.forward(&inner, &mut active);
        if let Some(gate) = &self.gate {
            gate.close_feed_forward(&mut active);
        }
        w.outer.forward_of(&self.given(&active, width), &mut feed_forward_sum, self.before(Slot::Outer))?;
        self.add_residual(&mut feed_forward_sum, &attended, self.noise.after_feed_forward.as_ref());
        let mut y = vec![0.0; rows * hidden];
        let feed_forward_moments = w.feed_forward_norm.forward(&feed_forward_sum, &mut y)?;
        let saved = Saved {
            query,
            key,
            value,
            context,
            attention_sum,
            attention_moments,
            attended,
            inner,
            feed_forward_sum,
            feed_forward_moments,
        };
        Ok((y, saved))
    }

    fn add_residual(&self, sum: &mut [f32], residual: &[f32], noise: Option<&Noise>) {
        let hidden = self.hidden();
        if let Some(noise) = noise {
            noise.apply(sum, hidden, self.layout.rows.as_deref());
        }
        sum.par_chunks_mut(16 * hidden).zip(residual.par_chunks(16 * hidden)).for_each(|(sum, residual)| {
            for (sum, residual) in sum.iter_mut().zip(residual) {
                *sum += residual;
            }
        });
    }

    /// Gradient of the branch before dropout, from that of the sum.
    fn branch_gradient(&self, grad: &[f32], noise: Option<&Noise>) -> Option<Buffer> {
        let noise = noise?;
        let mut branch = Buffer::take(grad.len());
        branch.copy_from_slice(grad);
        noise.apply(&mut branch, self.hidden(), self.layout.rows.as_deref());
        Some(branch)
    }

    /// Adds the gradients of the weights; returns that of the input if it is wanted.
    fn run_back(&self, x: &[f32], grad: &[f32], saved: &Saved, wants_input: bool) -> Result<Option<Vec<f32>>> {
        let (w, hidden) = (&*self.weights, self.hidden());
        let wanted = gather(x, hidden, self.layout.rows.as_deref());

        let mut sum_grad = Buffer::take(grad.len());
        sum_grad.copy_from_slice(grad);
        w.feed_forward_norm.backward(&saved.feed_forward_sum, &mut sum_grad, &saved.feed_forward_moments)?;
        {
            let branch = self.branch_gradient(&sum_grad, self.noise.after_feed_forward.as_ref());
            let branch = self.given(branch.as_deref().unwrap_or(&sum_grad), hidden);
            let width = w.inner.widths().1;
            let mut inner_grad = Buffer::take(saved.inner.len());
            let mut active = Buffer::take(saved.inner.len());
            w.outer.input_gradient_of(&branch, &mut inner_grad, Into::Set, self.before(Slot::Outer))?;
            if let Some(gate) = &self.gate {
                w.activation.forward(&saved.inner, &mut active);
                gate.close_feed_forward(&mut active);
                gate.measure_feed_forward(&active, &inner_grad, &self.layout.row_starts, width);
                gate.close_feed_forward(&mut inner_grad);
            }
            w.activation.backward(&saved.inner, &mut inner_grad, &mut active);
            if let Some(gate) = &self.gate {
                gate.close_feed_forward(&mut active);
            }
            w.outer.add_gradients_of(&self.given(&active, width), &branch, self.before(Slot::Outer))?;
            drop(active);
            let inner_grad = self.given(&inner_grad, width);
            w.inner.add_gradients_of(&self.given(&saved.attended, hidden), &inner_grad, self.before(Slot::Inner))?;
            w.inner.input_gradient_of(&inner_grad, &mut sum_grad, Into::Add, self.before(Slot::Inner))?;
        }
        if !wants_input && !w.trains_attention() {
            return Ok(None);
        }
        w.attention_norm.backward(&saved.attention_sum, &mut sum_grad, &saved.attention_moments)?;
        let mut context_grad = Buffer::take(saved.context.len());
        {
            let branch = self.branch_gradient(&sum_grad, self.noise.after_attention.as_ref());
            let branch = self.given(branch.as_deref().unwrap_or(&sum_grad), hidden);
            w.output.add_gradients_of(&self.given(&saved.context, hidden), &branch, self.before(Slot::Output))?;
            w.output.input_gradient_of(&branch, &mut context_grad, Into::Set, self.before(Slot::Output))?;
        }
        if let Some(gate) = &self.gate {
            gate.measure_heads(&saved.context, &context_grad, &self.layout.row_starts, w.heads);
            gate.close_heads(&mut context_grad, w.heads);
        }
        let mut query_grad = Buffer::take(saved.query.len());
        let [mut key_grad, mut value_grad] = [(); 2].map(|()| Buffer::take(saved.key.len()));
        self.clear_unseen(&mut key_grad, &mut value_grad);
        attention::backward(
            Projections { query: &saved.query, key: &saved.key, value: &saved.value },
            &self.layout,
            w.heads,
            self.noise.probabilities.as_ref(),
            &context_grad,
            [&mut query_grad, &mut key_grad, &mut value_grad],
        );
        let [query_grad, key_grad, value_grad] =
            [&query_grad, &key_grad, &value_grad].map(|grad| self.given(grad, hidden));
        let given = self.given(x, hidden);
        let asking = wanted.as_deref().map(|rows| self.given(rows, hidden));
        w.query.add_gradients_of(asking.as_ref().unwrap_or(&given), &query_grad, self.before(Slot::Query))?;
        w.key.add_gradients_of(&given, &key_grad, self.before(Slot::Key))?;
        w.value.add_gradients_of(&given, &value_grad, self.before(Slot::Value))?;
        if !wants_input {
            return Ok(None);
        }
        w.query.input_gradient_of(&query_grad, &mut sum_grad, Into::Add, self.before(Slot::Query))?;
        let mut input_grad = scatter(&sum_grad, hidden, self.layout.rows.as_deref(), x.len());
        w.key.input_gradient_of(&key_grad, &mut input_grad, Into::Add, self.before(Slot::Key))?;
        w.value.input_gradient_of(&value_grad, &mut input_grad, Into::Add, self.before(Slot::Value))?;
        Ok(Some(input_grad))
    }

    /// Tokens that nothing attends to, or whose sequence has no wanted row, have no gradient as keys and values.
    fn clear_unseen(&self, key_grad: &mut [f32], value_grad: &mut [f32]) {
        let hidden = self.hidden();
        for (sequence, bounds) in self.layout.starts.windows(2).enumerate() {
            let asks = self.layout.row_starts[sequence + 1] > self.layout.row_starts[sequence];
            let seen = bounds[0] + if asks { self.layout.visible[sequence] } else { 0 };
            key_grad[seen * hidden..bounds[1] * hidden].fill(0.0);
            value_grad[seen * hidden..bounds[1] * hidden].fill(0.0);
        }
    }
}

/// The wanted rows, or `None` where all are.
fn gather(x: &[f32], hidden: usize, rows: Option<&[u32]>) -> Option<Buffer> {
    let rows = rows?;
    let mut out = Buffer::take(rows.len() * hidden);
    for (out, row) in out.chunks_mut(hidden).zip(rows) {
        out.copy_from_slice(&x[*row as usize * hidden..][..hidden]);
    }
    Some(out)
}

/// Rows back at their places, zero elsewhere.
fn scatter(values: &[f32], hidden: usize, rows: Option<&[u32]>, len: usize) -> Vec<f32> {
    let Some(rows) = rows else {
        return values.to_vec();
    };
    let mut out = vec![0.0; len];
    for (value, row) in values.chunks(hidden).zip(rows) {
        out[*row as usize * hidden..][..hidden].copy_from_slice(value);
    }
    out
}

impl CustomOp2 for FusedLayer {
    fn name(&self) -> &'static str {
        "encoder layer"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &TensorLayout,
        _trigger: &CpuStorage,
        _: &TensorLayout,
    ) -> Result<(CpuStorage, Shape)> {
        let (y, saved) = self.run(slice(x, x_layout)?)?;
        if self.keep {
            *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = Some(saved);
        }
        Ok((CpuStorage::F32(y), (self.layout.rows(), self.hidden()).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        _trigger: &Tensor,
        _y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        heed();
        let Some(saved) = self.saved.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            bail!("the backward pass of an encoder layer ran twice, or its forward pass kept nothing");
        };
        let grad = grad.contiguous()?;
        let input_grad = self.run_back(&host(x)?, &host(&grad)?, &saved, x.track_op())?;
        let input_grad = input_grad.map(|values| Tensor::from_vec(values, x.shape(), x.device())).transpose()?;
        Ok((input_grad, None))
    }
}
