//! A low-rank adapter of a dense layer: `y = x Wᵀ + b + s · drop(x) Aᵀ Bᵀ` (Hu et al., 2021).
//!
//! What goes through A is a row of a few numbers, so it is computed again in the backward pass and never kept. The weight
//! beside it is frozen: there is a gradient of A, of B and of the input, and never the product that would be that of W.

use std::sync::Arc;

use candle_core::{Result, Tensor};

use super::buffer::Buffer;
use super::dropout::Noise;
use super::matrix::{Into, Mat, MatMut, Threads, matmul};
use super::rows::add_product;
use crate::model::params::Param;

/// A: (rank, in), B: (out, rank).
#[derive(Clone, Debug)]
pub struct LowRank {
    pub a: Arc<Param>,
    pub b: Arc<Param>,
    /// What the product is multiplied by.
    pub scale: f32,
    /// Rate of the dropout before A.
    pub dropout: f64,
}

/// What is dropped before A; `rows` names the token of each row where they are not all of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dropped<'a> {
    pub noise: Option<&'a Noise>,
    pub rows: Option<&'a [u32]>,
}

impl Dropped<'_> {
    /// The rows with what is dropped of them at zero; `None` where nothing is.
    fn of(self, x: &[f32], width: usize) -> Option<Buffer> {
        let noise = self.noise?;
        let mut dropped = Buffer::take(x.len());
        dropped.copy_from_slice(x);
        noise.apply(&mut dropped, width, self.rows);
        Some(dropped)
    }
}

impl LowRank {
    pub fn params(&self) -> [&Arc<Param>; 2] {
        [&self.a, &self.b]
    }

    fn widths(&self) -> (usize, usize, usize) {
        (self.a.shape()[1], self.a.shape()[0], self.b.shape()[0])
    }

    /// Adds what the adapter makes of each row of `x` to `y`.
    pub fn add_forward(&self, x: &[f32], y: &mut [f32], drop: Dropped<'_>) -> Result<()> {
        let (inputs, rank, outputs) = self.widths();
        let dropped = drop.of(x, inputs);
        let narrow = self.narrow(dropped.as_deref().unwrap_or(x))?;
        add_product(&narrow, &self.b.host()?, y, (rank, outputs));
        Ok(())
    }

    /// `s · x Aᵀ`: (rows, rank).
    fn narrow(&self, x: &[f32]) -> Result<Buffer> {
        let (inputs, rank, _) = self.widths();
        let mut narrow = Buffer::take(x.len() / inputs * rank);
        narrow.fill(0.0);
        add_product(x, &self.a.host()?, &mut narrow, (inputs, rank));
        narrow.iter_mut().for_each(|value| *value *= self.scale);
        Ok(narrow)
    }

    /// `s · grad B`: the gradient of what comes out of A, (rows, rank).
    fn narrow_gradient(&self, grad: &[f32]) -> Result<Buffer> {
        let (_, rank, outputs) = self.widths();
        let rows = grad.len() / outputs;
        let mut narrow = Buffer::take(rows * rank);
        let b = self.b.host()?;
        let right = Mat::new(&b, outputs, rank);
        let left = Mat::new(grad, rows, outputs);
        matmul(MatMut::new(&mut narrow, rows, rank), Into::Set, left, right, Threads::All);
        narrow.iter_mut().for_each(|value| *value *= self.scale);
        Ok(narrow)
    }

    /// Adds the gradients of A and B, where they are trained.
    pub fn add_gradients(&self, x: &[f32], grad: &[f32], drop: Dropped<'_>) -> Result<()> {
        let (inputs, rank, outputs) = self.widths();
        let rows = x.len() / inputs;
        let dropped = drop.of(x, inputs);
        let x = dropped.as_deref().unwrap_or(x);
        if self.b.trainable() {
            let narrow = self.narrow(x)?;
            self.b.accumulate(|out, into| {
                let left = Mat::new(grad, rows, outputs).transposed();
                matmul(MatMut::new(out, outputs, rank), into, left, Mat::new(&narrow, rows, rank), Threads::All);
            });
        }
        if self.a.trainable() {
            let narrow = self.narrow_gradient(grad)?;
            self.a.accumulate(|out, into| {
                let left = Mat::new(&narrow, rows, rank).transposed();
                matmul(MatMut::new(out, rank, inputs), into, left, Mat::new(x, rows, inputs), Threads::All);
            });
        }
        Ok(())
    }

    /// Adds the gradient of the input.
    pub fn add_input_gradient(&self, grad: &[f32], out: &mut [f32], drop: Dropped<'_>) -> Result<()> {
        let (inputs, rank, _) = self.widths();
        let narrow = self.narrow_gradient(grad)?;
        let rows = out.len() / inputs;
        let a = self.a.host()?;
        let product = |to: &mut [f32], into| {
            let (left, right) = (Mat::new(&narrow, rows, rank), Mat::new(&a, rank, inputs));
            matmul(MatMut::new(to, rows, inputs), into, left, right, Threads::All);
        };
        let Some(noise) = drop.noise else {
            product(out, Into::Add);
            return Ok(());
        };
        let mut through = Buffer::take(out.len());
        product(&mut through, Into::Set);
        noise.apply(&mut through, inputs, drop.rows);
        out.iter_mut().zip(&*through).for_each(|(sum, value)| *sum += value);
        Ok(())
    }

    /// What the adapter adds to `x Wᵀ + b`, in candle's own operations.
    pub fn plain(&self, x: &Tensor, drop: Dropped<'_>) -> Result<Tensor> {
        let x = match drop.noise {
            Some(noise) => noise.plain(drop.rows, x)?,
            None => x.clone(),
        };
        x.matmul(&self.a.tensor().t()?)?.matmul(&self.b.tensor().t()?)? * f64::from(self.scale)
    }

    /// `W + s · B A`, from the numbers of the three.
    pub fn merged(&self, mut weight: Vec<f32>, a: &[f32], b: &[f32]) -> Vec<f32> {
        let (inputs, rank, outputs) = self.widths();
        let b: Vec<f32> = b.iter().map(|value| value * self.scale).collect();
        let (left, right) = (Mat::new(&b, outputs, rank), Mat::new(a, rank, inputs));
        matmul(MatMut::new(&mut weight, outputs, inputs), Into::Add, left, right, Threads::All);
        weight
    }
}
