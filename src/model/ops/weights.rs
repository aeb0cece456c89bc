//! The weights that operations share.

use std::sync::Arc;

use candle_core::{Result, Tensor};

use super::activation::Activation;
use super::attention::Heads;
use super::matrix::{Into, Mat, MatMut, Threads, matmul};
use super::norm;
use crate::model::params::Param;

/// `y = x Wᵀ + b`; the weight is (out, in), as PyTorch stores it.
#[derive(Clone, Debug)]
pub struct Dense {
    pub weight: Arc<Param>,
    pub bias: Arc<Param>,
}

/// Scale and shift of a layer norm.
#[derive(Clone, Debug)]
pub struct Norm {
    pub weight: Arc<Param>,
    pub bias: Arc<Param>,
    pub eps: f32,
}

/// One encoder layer.
#[derive(Clone, Debug)]
pub struct LayerWeights {
    pub query: Dense,
    pub key: Dense,
    pub value: Dense,
    pub output: Dense,
    pub attention_norm: Norm,
    pub inner: Dense,
    pub outer: Dense,
    pub feed_forward_norm: Norm,
    pub heads: Heads,
    pub activation: Activation,
}

impl Dense {
    pub fn params(&self) -> [&Arc<Param>; 2] {
        [&self.weight, &self.bias]
    }

    /// (in, out)
    pub fn widths(&self) -> (usize, usize) {
        (self.weight.shape()[1], self.weight.shape()[0])
    }

    /// Writes the product for each row of `x` to `y`.
    pub fn forward(&self, x: &[f32], y: &mut [f32]) -> Result<()> {
        let (inputs, outputs) = self.widths();
        let (weight, bias) = (self.weight.host()?, self.bias.host()?);
        let rows = x.len() / inputs;
        for row in y.chunks_mut(outputs) {
            row.copy_from_slice(&bias);
        }
        let right = Mat::new(&weight, outputs, inputs).transposed();
        matmul(MatMut::new(y, rows, outputs), Into::Add, Mat::new(x, rows, inputs), right, Threads::All);
        Ok(())
    }

    /// Adds the gradients of weight and bias, where they are trained.
    pub fn add_gradients(&self, x: &[f32], grad: &[f32]) {
        let (inputs, outputs) = self.widths();
        let rows = x.len() / inputs;
        self.weight.accumulate(|out, into| {
            let left = Mat::new(grad, rows, outputs).transposed();
            matmul(MatMut::new(out, outputs, inputs), into, left, Mat::new(x, rows, inputs), Threads::All);
        });
        self.bias.add_gradient(|out| norm::add_column_sums(grad, out));
    }

    /// The gradient of the input.
    pub fn input_gradient(&self, grad: &[f32], out: &mut [f32], into: Into) -> Result<()> {
        let (inputs, outputs) = self.widths();
        let rows = grad.len() / outputs;
        let weight = self.weight.host()?;
        let right = Mat::new(&weight, outputs, inputs);
        matmul(MatMut::new(out, rows, inputs), into, Mat::new(grad, rows, outputs), right, Threads::All);
        Ok(())
    }

    /// The same in candle's own operations.
    pub fn plain(&self, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.weight.tensor().t()?)?.broadcast_add(&self.bias.tensor())
    }
}

impl Norm {
    pub fn params(&self) -> [&Arc<Param>; 2] {
        [&self.weight, &self.bias]
    }

    pub fn forward(&self, x: &[f32], y: &mut [f32]) -> Result<Vec<norm::Moments>> {
        Ok(norm::forward(x, y, &self.weight.host()?, &self.bias.host()?, self.eps))
    }

    /// Adds the gradients of scale and shift, where they are trained, and turns the gradient of the output into that of
    /// the input.
    pub fn backward(&self, x: &[f32], grad: &mut [f32], moments: &[norm::Moments]) -> Result<()> {
        self.weight.add_gradient(|out| norm::add_weight_gradient(x, grad, moments, out));
        self.bias.add_gradient(|out| norm::add_column_sums(grad, out));
        norm::backward(x, grad, &self.weight.host()?, moments);
        Ok(())
    }

    /// The same in candle's own operations.
    pub fn plain(&self, x: &Tensor) -> Result<Tensor> {
        let last = x.rank() - 1;
        let centred = x.broadcast_sub(&x.mean_keepdim(last)?)?;
        let variance = centred.sqr()?.mean_keepdim(last)?;
        let normal = centred.broadcast_div(&(variance + f64::from(self.eps))?.sqrt()?)?;
        normal.broadcast_mul(&self.weight.tensor())?.broadcast_add(&self.bias.tensor())
    }
}

impl LayerWeights {
    pub fn params(&self) -> impl Iterator<Item = &Arc<Param>> {
        let dense = [&self.query, &self.key, &self.value, &self.output, &self.inner, &self.outer];
        let norms = [&self.attention_norm, &self.feed_forward_norm];
        dense.into_iter().flat_map(Dense::params).chain(norms.into_iter().flat_map(Norm::params))
    }

    pub fn trainable(&self) -> bool {
        self.params().any(|param| param.trainable())
    }
}
