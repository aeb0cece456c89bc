//! A loss as one operation of candle's graph: its value and its slopes are computed from plain rows of logits, in `f64` and
//! in order.

use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result, Shape, Tensor};

use crate::model::params::{host, slice};

/// A loss of logits: (rows, classes).
pub trait RowLoss: Send + Sync + 'static {
    const NAME: &'static str;

    fn value(&self, logits: &[f32], classes: usize) -> f64;

    /// The slope at each logit, times `scale`.
    fn slopes(&self, logits: &[f32], classes: usize, scale: f64) -> Vec<f32>;
}

/// The loss of logits that lie on the CPU.
pub fn fused(loss: impl RowLoss, logits: &Tensor) -> Result<Tensor> {
    logits.contiguous()?.apply_op1(Fused(loss))
}

struct Fused<L>(L);

impl<L: RowLoss> CustomOp1 for Fused<L> {
    fn name(&self) -> &'static str {
        L::NAME
    }

    fn cpu_fwd(&self, logits: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let classes = layout.dims().last().copied().unwrap_or(1);
        let value = self.0.value(slice(logits, layout)?, classes);
        Ok((CpuStorage::F32(vec![value as f32]), Shape::from(())))
    }

    fn bwd(&self, logits: &Tensor, _loss: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let classes = logits.dims().last().copied().unwrap_or(1);
        let scale = f64::from(grad.to_dtype(DType::F32)?.to_scalar::<f32>()?);
        let slopes = self.0.slopes(&host(logits)?, classes, scale);
        Ok(Some(Tensor::from_vec(slopes, logits.shape(), logits.device())?))
    }
}
