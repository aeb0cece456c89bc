//! The gradient audit: after the first backward pass of a run every trained weight has a finite gradient that is not
//! zero, and every frozen weight has none. A graph that ends somewhere in silence would otherwise train a part of the
//! model and look fine.
//!
//! The first matrix of an adapter learns nothing while the second is zero, as it is at first: it is looked at again in the
//! next update.

use super::TrainError;
use crate::model::params::GradientRef;
use crate::model::{Param, Params};

/// Weights whose gradient may be zero although they are trained.
///
/// A key's bias adds the same to all scores of a row, which the softmax does not see: its gradient is zero but for
/// rounding.
fn may_be_zero(param: &Param) -> bool {
    param.name.ends_with("attention.key.bias")
}

/// Whether a weight is the first matrix of an adapter whose second is zero, so that no gradient comes through.
fn is_behind_zero(param: &Param, params: &Params) -> Result<bool, TrainError> {
    let Some(adapter) = param.name.strip_suffix(".lora_A.weight") else { return Ok(false) };
    let Some(second) = params.find(&format!("{adapter}.lora_B.weight")) else { return Ok(false) };
    Ok(second.var().flatten_all()?.to_vec1::<f32>()?.iter().all(|value| *value == 0.0))
}

/// Checks all weights but those that are fitted and so have no gradient; the first that breaks the rule is named. Says
/// whether each that should learn was seen to.
pub fn audit(params: &Params, is_fitted: &dyn Fn(&Param) -> bool) -> Result<bool, TrainError> {
    let mut all = true;
    for param in params.iter().filter(|param| !is_fitted(param)) {
        let sum = param.with_gradient(|gradient| match gradient {
            None => Ok(None),
            Some(GradientRef::Host(values)) => {
                Ok(Some(values.iter().map(|value| f64::from(*value) * f64::from(*value)).sum::<f64>()))
            }
            Some(GradientRef::Device(tensor)) => {
                tensor.sqr()?.sum_all()?.to_scalar::<f32>().map(|sum| Some(f64::from(sum)))
            }
        })?;
        let problem = match (param.trainable(), sum) {
            (false, Some(_)) => "is frozen but has a gradient",
            (true, None) => "is trained but no gradient reached it",
            (true, Some(sum)) if !sum.is_finite() => "has a gradient that is not finite",
            (true, Some(0.0)) if is_behind_zero(param, params)? => {
                all = false;
                continue;
            }
            (true, Some(0.0)) if !may_be_zero(param) => "is trained but its gradient is zero",
            (false, None) | (true, Some(_)) => continue,
        };
        return Err(TrainError::Audit { name: param.name.clone(), problem });
    }
    Ok(all)
}
