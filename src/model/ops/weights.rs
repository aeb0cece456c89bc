//! The weights that operations share.

use std::sync::Arc;

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::activation::Activation;
use super::attention::Heads;
use super::buffer::Buffer;
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

    /// Writes the product for each row of `x` to `y`. A row's result does not depend on how many rows there are.
    pub fn forward(&self, x: &[f32], y: &mut [f32]) -> Result<()> {
        let (inputs, outputs) = self.widths();
        let (weight, bias) = (self.weight.host()?, self.bias.host()?);
        let rows = x.len() / inputs;
        let least = rows_for_one_order(inputs, outputs);
        if rows >= least {
            fill_rows(y, &bias);
            product(x, &weight, y, rows);
            return Ok(());
        }
        let (mut longer_x, mut longer_y) = (Buffer::take(least * inputs), Buffer::take(least * outputs));
        longer_x[..x.len()].copy_from_slice(x);
        longer_x[x.len()..].fill(0.0);
        fill_rows(&mut longer_y, &bias);
        product(&longer_x, &weight, &mut longer_y, least);
        y.copy_from_slice(&longer_y[..y.len()]);
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

fn fill_rows(y: &mut [f32], row: &[f32]) {
    y.par_chunks_mut(row.len()).with_min_len(16).for_each(|y| y.copy_from_slice(row));
}

/// Adds `x Wᵀ` to `y`.
fn product(x: &[f32], weight: &[f32], y: &mut [f32], rows: usize) {
    let (inputs, outputs) = (x.len() / rows, y.len() / rows);
    let right = Mat::new(weight, outputs, inputs).transposed();
    matmul(MatMut::new(y, rows, outputs), Into::Add, Mat::new(x, rows, inputs), right, Threads::All);
}

/// From how many rows on the `gemm` crate adds in one and the same order. Below it takes short cuts (a matrix times a
/// vector, at most 256 results, at most 64 rows and columns) that add in another, and a text alone would differ in its
/// last bits from the same text in a batch.
fn rows_for_one_order(inputs: usize, outputs: usize) -> usize {
    let beyond_small = 256 / outputs.max(1) + 1;
    let beyond_blocks = if outputs <= 64 && inputs > 512 { 65 } else { 2 };
    beyond_small.max(beyond_blocks)
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

    /// Whether any weight of the lower half is trained, so that a backward pass has to come down to it.
    pub fn trains_attention(&self) -> bool {
        let dense = [&self.query, &self.key, &self.value, &self.output].into_iter().flat_map(Dense::params);
        dense.chain(self.attention_norm.params()).any(|param| param.trainable())
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;
    use crate::model::params::Block;

    #[test]
    fn a_row_does_not_depend_on_how_many_rows_there_are() {
        for (inputs, outputs) in [(800, 5), (800, 40), (768, 70), (36, 4), (520, 1), (1600, 300)] {
            let numbers = |n: usize, step: f32| (0..n).map(|i| (i as f32 * step).sin()).collect::<Vec<_>>();
            let param = |shape: &[usize]| {
                let values = numbers(shape.iter().product(), 0.37);
                let var = Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu).unwrap()).unwrap();
                Arc::new(Param::new(String::new(), String::new(), Block::Head, var))
            };
            let dense = Dense { weight: param(&[outputs, inputs]), bias: param(&[outputs]) };
            let x = numbers(200 * inputs, 0.11);
            let mut all = vec![0.0; 200 * outputs];
            dense.forward(&x, &mut all).unwrap();
            for rows in [1, 2, 3, 7, 17, 63, 64, 65, 66, 130] {
                let mut some = vec![0.0; rows * outputs];
                dense.forward(&x[..rows * inputs], &mut some).unwrap();
                let same = some.iter().zip(&all).all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(same, "{rows} rows of {inputs} to {outputs}");
            }
        }
    }
}
