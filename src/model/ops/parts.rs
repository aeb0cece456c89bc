//! The smaller operations of heads and projections, each fused on the CPU and in candle's own operations elsewhere.

use std::sync::{Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout as TensorLayout, Result, Shape, Tensor, bail};

use super::activation::Activation;
use super::buffer::Buffer;
use super::dropout::Noise;
use super::low_rank::Dropped;
use super::matrix::Into;
use super::norm::Moments;
use super::weights::{Dense, Given, Norm};
use super::{Backend, Products, plain};
use crate::model::params::{Params, host, slice};

/// `x Wᵀ + b`. `x`: (rows, in); result: (rows, out).
pub fn dense(backend: Backend, params: &Params, dense: &Dense, x: &Tensor) -> Result<Tensor> {
    dense_as(backend, params, dense, x, &Way::default())
}

/// The same as a layer of the encoder computes it.
pub fn dense_as(backend: Backend, params: &Params, dense: &Dense, x: &Tensor, way: &Way) -> Result<Tensor> {
    match backend {
        Backend::Fused => {
            let op = FusedDense { dense: dense.clone(), way: way.clone() };
            x.contiguous()?.apply_op2(params.trigger(dense.params()), op)
        }
        Backend::Plain => dense.plain(x, way.dropped()),
    }
}

/// How a dense layer computes.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// What is dropped before its adapter.
    pub noise: Option<Noise>,
    /// In which numbers it multiplies, in both passes.
    pub products: Products,
}

impl Way {
    fn dropped(&self) -> Dropped<'_> {
        Dropped { noise: self.noise.as_ref(), rows: None }
    }
}

/// Layer norm over the last dimension.
pub fn norm(backend: Backend, params: &Params, norm: &Norm, x: &Tensor) -> Result<Tensor> {
    match backend {
        Backend::Fused => {
            let op = FusedNorm { norm: norm.clone(), moments: Mutex::default() };
            x.contiguous()?.apply_op2(params.trigger(norm.params()), op)
        }
        Backend::Plain => norm.plain(x),
    }
}

pub fn activate(backend: Backend, activation: Activation, x: &Tensor) -> Result<Tensor> {
    match backend {
        Backend::Fused => x.contiguous()?.apply_op1(FusedActivation(activation)),
        Backend::Plain => plain::activate(activation, x),
    }
}

/// Dropout; `rows` names the token of each row.
pub fn drop_out(backend: Backend, noise: Option<Noise>, rows: Option<&[u32]>, x: &Tensor) -> Result<Tensor> {
    let Some(noise) = noise else {
        return Ok(x.clone());
    };
    match backend {
        Backend::Fused => x.contiguous()?.apply_op1(FusedNoise { noise, rows: rows.map(<[u32]>::to_vec) }),
        Backend::Plain => noise.plain(rows, x),
    }
}

struct FusedDense {
    dense: Dense,
    way: Way,
}

impl FusedDense {
    fn given<'a>(&self, rows: &'a [f32], width: usize) -> Given<'a> {
        Given::new(rows, width).by(self.way.products)
    }
}

impl CustomOp2 for FusedDense {
    fn name(&self) -> &'static str {
        "dense"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &TensorLayout,
        _trigger: &CpuStorage,
        _: &TensorLayout,
    ) -> Result<(CpuStorage, Shape)> {
        let (inputs, outputs) = self.dense.widths();
        let (rows, width) = x_layout.shape().dims2()?;
        if width != inputs {
            bail!("a dense layer for {inputs} columns was given {width}");
        }
        let mut y = vec![0.0; rows * outputs];
        self.dense.forward_of(&self.given(slice(x, x_layout)?, inputs), &mut y, self.way.dropped())?;
        Ok((CpuStorage::F32(y), (rows, outputs).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        _trigger: &Tensor,
        _y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let (inputs, outputs) = self.dense.widths();
        let (x_values, grad_values) = (host(x)?, host(&grad)?);
        let grad = self.given(&grad_values, outputs);
        self.dense.add_gradients_of(&self.given(&x_values, inputs), &grad, self.way.dropped())?;
        if !x.track_op() {
            return Ok((None, None));
        }
        let mut input_grad = vec![0.0; x_values.len()];
        self.dense.input_gradient_of(&grad, &mut input_grad, Into::Set, self.way.dropped())?;
        Ok((Some(Tensor::from_vec(input_grad, x.shape(), x.device())?), None))
    }
}

struct FusedNorm {
    norm: Norm,
    moments: Mutex<Vec<Moments>>,
}

impl CustomOp2 for FusedNorm {
    fn name(&self) -> &'static str {
        "layer norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &TensorLayout,
        _trigger: &CpuStorage,
        _: &TensorLayout,
    ) -> Result<(CpuStorage, Shape)> {
        let x = slice(x, x_layout)?;
        let mut y = vec![0.0; x.len()];
        let moments = self.norm.forward(x, &mut y)?;
        *self.moments.lock().unwrap_or_else(PoisonError::into_inner) = moments;
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        _trigger: &Tensor,
        _y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let contiguous = grad.contiguous()?;
        let mut grad = host(&contiguous)?.to_vec();
        let moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        self.norm.backward(&host(x)?, &mut grad, &moments)?;
        let wanted = x.track_op().then(|| Tensor::from_vec(grad, x.shape(), x.device()));
        Ok((wanted.transpose()?, None))
    }
}

struct FusedActivation(Activation);

impl CustomOp1 for FusedActivation {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &TensorLayout) -> Result<(CpuStorage, Shape)> {
        let x = slice(x, layout)?;
        let mut y = vec![0.0; x.len()];
        self.0.forward(x, &mut y);
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let contiguous = grad.contiguous()?;
        let mut grad = host(&contiguous)?.to_vec();
        let mut again = Buffer::take(grad.len());
        self.0.backward(&host(x)?, &mut grad, &mut again);
        Ok(Some(Tensor::from_vec(grad, x.shape(), x.device())?))
    }
}

struct FusedNoise {
    noise: Noise,
    rows: Option<Vec<u32>>,
}

impl FusedNoise {
    fn apply(&self, values: &mut [f32], shape: &Shape) -> Result<()> {
        self.noise.apply(values, shape.dims2()?.1, self.rows.as_deref());
        Ok(())
    }
}

impl CustomOp1 for FusedNoise {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &TensorLayout) -> Result<(CpuStorage, Shape)> {
        let mut y = slice(x, layout)?.to_vec();
        self.apply(&mut y, layout.shape())?;
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let contiguous = grad.contiguous()?;
        let mut grad = host(&contiguous)?.to_vec();
        self.apply(&mut grad, x.shape())?;
        Ok(Some(Tensor::from_vec(grad, x.shape(), x.device())?))
    }
}
