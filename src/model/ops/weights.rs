//! The weights that operations share.

use std::sync::{Arc, OnceLock};

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::Products;
use super::activation::Activation;
use super::attention::Heads;
use super::bf16::{self, Left, Right, Then};
use super::int8::{Rows8, Weights8};
use super::low_rank::{Dropped, LowRank};
use super::matrix::{Into, Mat, MatMut, Threads, matmul};
use super::norm;
use super::packed::{self, Packed};
use super::rows::add_product;
use crate::model::params::Param;

/// `y = x Wᵀ + b`; the weight is (out, in), as PyTorch stores it.
#[derive(Clone, Debug)]
pub struct Dense {
    pub weight: Arc<Param>,
    pub bias: Arc<Param>,
    /// What is learned beside a weight that is frozen.
    pub adapter: Option<LowRank>,
    /// The weight as it is multiplied where the model is asked; it is then never trained.
    pub laid: Option<Arc<Laid>>,
}

/// A weight that does not change, laid when it is first needed in the order in which it is read.
#[derive(Debug)]
pub enum Laid {
    /// As it is; nothing where that would give other bits on this machine, or nothing sooner.
    F32(OnceLock<Option<Packed>>),
    /// In eight bits.
    Int8(OnceLock<Weights8>),
}

/// Rows that one or several dense layers are given; they are rounded once, and only if one of them asks.
pub struct Given<'a> {
    rows: &'a [f32],
    width: usize,
    products: Products,
    rounded: OnceLock<Rows8>,
    /// In bfloat16, to be multiplied from the left, and to be summed over from the right.
    left: OnceLock<Left>,
    right: OnceLock<Right>,
}

impl<'a> Given<'a> {
    pub fn new(rows: &'a [f32], width: usize) -> Self {
        let (left, right) = (OnceLock::new(), OnceLock::new());
        Self { rows, width, products: Products::F32, rounded: OnceLock::new(), left, right }
    }

    /// To be multiplied in these numbers.
    #[must_use]
    pub fn by(self, products: Products) -> Self {
        Self { products, ..self }
    }

    fn rounded(&self) -> &Rows8 {
        self.rounded.get_or_init(|| Rows8::of(self.rows, self.width))
    }

    fn left(&self) -> &Left {
        self.left.get_or_init(|| Left::along(self.rows, self.width))
    }

    fn right(&self) -> &Right {
        self.right.get_or_init(|| Right::across(self.rows, self.width))
    }
}

/// The dense layers of an encoder layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    Query,
    Key,
    Value,
    Output,
    Inner,
    Outer,
}

impl Slot {
    pub const ALL: [Self; 6] = [Self::Query, Self::Key, Self::Value, Self::Output, Self::Inner, Self::Outer];
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
    pub fn new(weight: Arc<Param>, bias: Arc<Param>) -> Self {
        Self { weight, bias, adapter: None, laid: None }
    }

    pub fn params(&self) -> impl Iterator<Item = &Arc<Param>> {
        [&self.weight, &self.bias].into_iter().chain(self.adapter.iter().flat_map(LowRank::params))
    }

    /// (in, out)
    pub fn widths(&self) -> (usize, usize) {
        (self.weight.shape()[1], self.weight.shape()[0])
    }

    /// Writes the product for each row of `x` to `y`. A row's result does not depend on how many rows there are.
    pub fn forward(&self, x: &[f32], y: &mut [f32], drop: Dropped<'_>) -> Result<()> {
        self.forward_of(&Given::new(x, self.widths().0), y, drop)
    }

    /// The same for rows that other layers are given as well.
    pub fn forward_of(&self, x: &Given<'_>, y: &mut [f32], drop: Dropped<'_>) -> Result<()> {
        let (weight, bias) = (self.weight.host()?, self.bias.host()?);
        if x.products == Products::Bf16 {
            bf16::product(x.left(), &self.weight.rounded()?.forward, Then::SetWith(&bias), y);
            return self.add_adapter(x.rows, y, drop);
        }
        let laid = self.laid.as_deref().filter(|_| !self.weight.trainable());
        let packed = match laid {
            Some(Laid::Int8(rounded)) => {
                let rounded = rounded.get_or_init(|| Weights8::of(&weight, self.widths()));
                rounded.forward(x.rounded(), &bias, y);
                return self.add_adapter(x.rows, y, drop);
            }
            Some(Laid::F32(packed)) if x.rows.len() <= packed::FEW * x.width => {
                packed.get_or_init(|| Packed::of(&weight, self.widths())).as_ref()
            }
            Some(Laid::F32(_)) | None => None,
        };
        if let Some(packed) = packed {
            packed.product(x.rows, &bias, y);
        } else {
            fill_rows(y, &bias);
            add_product(x.rows, &weight, y, self.widths());
        }
        self.add_adapter(x.rows, y, drop)
    }

    fn add_adapter(&self, x: &[f32], y: &mut [f32], drop: Dropped<'_>) -> Result<()> {
        self.adapter.as_ref().map_or(Ok(()), |adapter| adapter.add_forward(x, y, drop))
    }

    /// Adds the gradients of weight and bias, and of what is beside them, where they are trained.
    pub fn add_gradients(&self, x: &[f32], grad: &[f32], drop: Dropped<'_>) -> Result<()> {
        let (inputs, outputs) = self.widths();
        self.add_gradients_of(&Given::new(x, inputs), &Given::new(grad, outputs), drop)
    }

    /// The same from rows that other layers are given as well.
    pub fn add_gradients_of(&self, x: &Given<'_>, grad: &Given<'_>, drop: Dropped<'_>) -> Result<()> {
        let (inputs, outputs) = self.widths();
        let rows = x.rows.len() / inputs;
        self.weight.accumulate(|out, into| match x.products {
            Products::Bf16 => bf16::product(&Left::across(grad.rows, outputs), x.right(), into.into(), out),
            Products::F32 => {
                let left = Mat::new(grad.rows, rows, outputs).transposed();
                matmul(MatMut::new(out, outputs, inputs), into, left, Mat::new(x.rows, rows, inputs), Threads::All);
            }
        });
        self.bias.add_gradient(|out| norm::add_column_sums(grad.rows, out));
        self.adapter.as_ref().map_or(Ok(()), |adapter| adapter.add_gradients(x.rows, grad.rows, drop))
    }

    /// The gradient of the input.
    pub fn input_gradient(&self, grad: &[f32], out: &mut [f32], into: Into, drop: Dropped<'_>) -> Result<()> {
        self.input_gradient_of(&Given::new(grad, self.widths().1), out, into, drop)
    }

    /// The same from rows that other layers are given as well.
    pub fn input_gradient_of(&self, grad: &Given<'_>, out: &mut [f32], into: Into, drop: Dropped<'_>) -> Result<()> {
        let (inputs, outputs) = self.widths();
        let rows = grad.rows.len() / outputs;
        match grad.products {
            Products::Bf16 => bf16::product(grad.left(), &self.weight.rounded()?.backward, into.into(), out),
            Products::F32 => {
                let weight = self.weight.host()?;
                let right = Mat::new(&weight, outputs, inputs);
                matmul(MatMut::new(out, rows, inputs), into, Mat::new(grad.rows, rows, outputs), right, Threads::All);
            }
        }
        self.adapter.as_ref().map_or(Ok(()), |adapter| adapter.add_input_gradient(grad.rows, out, drop))
    }

    /// The same in candle's own operations.
    pub fn plain(&self, x: &Tensor, drop: Dropped<'_>) -> Result<Tensor> {
        let y = x.matmul(&self.weight.tensor().t()?)?.broadcast_add(&self.bias.tensor())?;
        match &self.adapter {
            Some(adapter) => y + adapter.plain(x, drop)?,
            None => Ok(y),
        }
    }
}

fn fill_rows(y: &mut [f32], row: &[f32]) {
    y.par_chunks_mut(row.len()).with_min_len(16).for_each(|y| y.copy_from_slice(row));
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
        let norms = [&self.attention_norm, &self.feed_forward_norm];
        self.dense().into_iter().flat_map(Dense::params).chain(norms.into_iter().flat_map(Norm::params))
    }

    /// The dense layers, in the order of [`Slot::ALL`].
    pub fn dense(&self) -> [&Dense; 6] {
        [&self.query, &self.key, &self.value, &self.output, &self.inner, &self.outer]
    }

    pub fn dense_mut(&mut self) -> [&mut Dense; 6] {
        [&mut self.query, &mut self.key, &mut self.value, &mut self.output, &mut self.inner, &mut self.outer]
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
        let ranks = [None, Some(1), Some(2), Some(8), Some(64)];
        for ((inputs, outputs), rank) in [(800, 5), (800, 40), (768, 70), (36, 4), (520, 1), (1600, 300), (768, 768)]
            .into_iter()
            .flat_map(|shape| ranks.map(|rank| (shape, rank)))
        {
            let numbers = |n: usize, step: f32| (0..n).map(|i| (i as f32 * step).sin()).collect::<Vec<_>>();
            let param = |shape: &[usize]| {
                let values = numbers(shape.iter().product(), 0.37);
                let var = Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu).unwrap()).unwrap();
                Arc::new(Param::new(String::new(), String::new(), Block::Head, var))
            };
            let mut dense = Dense::new(param(&[outputs, inputs]), param(&[outputs]));
            dense.adapter = rank.map(|rank| LowRank {
                a: param(&[rank, inputs]),
                b: param(&[outputs, rank]),
                scale: 0.75,
                dropout: 0.0,
            });
            let x = numbers(200 * inputs, 0.11);
            let mut all = vec![0.0; 200 * outputs];
            dense.forward(&x, &mut all, Dropped::default()).unwrap();
            for rows in [1, 2, 3, 7, 17, 63, 64, 65, 66, 130] {
                let mut some = vec![0.0; rows * outputs];
                dense.forward(&x[..rows * inputs], &mut some, Dropped::default()).unwrap();
                let same = some.iter().zip(&all).all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(same, "{rows} rows of {inputs} to {outputs} by {rank:?}");
            }
        }
    }
}
