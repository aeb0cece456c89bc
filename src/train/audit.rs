//! The gradient audit: after the first backward pass of a run every trained weight has a finite gradient that is not
//! zero, and every frozen weight has none. A graph that ends somewhere in silence would otherwise train a part of the
//! model and look fine.

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

/// Checks all weights; the first that breaks the rule is named.
pub fn audit(params: &Params) -> Result<(), TrainError> {
    for param in params.iter() {
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
            (true, Some(0.0)) if !may_be_zero(param) => "is trained but its gradient is zero",
            (false, None) | (true, Some(_)) => continue,
        };
        return Err(TrainError::Audit { name: param.name.clone(), problem });
    }
    Ok(())
}
