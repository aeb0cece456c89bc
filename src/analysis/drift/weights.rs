//! How far each weight moved: the norm of the difference by the norm of what it was (Frobenius norms).

use candle_core::Result;

use crate::model::{Param, Params};
use crate::stop::heed;

/// A weight that both models have.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// The name that all families share, such as `layers.3.attention.query.weight`.
    pub name: String,
    /// The name in the files of the first model.
    pub stored_name: String,
    pub shape: Vec<usize>,
    /// None where it was all zeros and no longer is.
    pub change: Option<f64>,
}

impl Weight {
    /// What it is called within the head for a task, where it is a weight of one.
    pub fn task_head_name(&self) -> Option<&str> {
        self.name.strip_prefix("head.")?.strip_suffix(".weight")
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights {
    /// In the order of the forward pass.
    pub both: Vec<Weight>,
    /// Names of those that only one of them has, or that are of another shape.
    pub apart: [Vec<String>; 2],
}

pub fn compare(before: &Params, after: &Params) -> Result<Weights> {
    let mut weights = Weights::default();
    for own in before.iter() {
        heed();
        match after.find(&own.name).filter(|other| other.shape() == own.shape()) {
            None => weights.apart[0].push(own.name.clone()),
            Some(other) => weights.both.push(Weight {
                name: own.name.clone(),
                stored_name: own.stored_name.clone(),
                shape: own.shape().to_vec(),
                change: change(own, other)?,
            }),
        }
    }
    let is_apart =
        |own: &&std::sync::Arc<Param>| before.find(&own.name).is_none_or(|other| other.shape() != own.shape());
    weights.apart[1] = after.iter().filter(is_apart).map(|own| own.name.clone()).collect();
    Ok(weights)
}

fn change(before: &Param, after: &Param) -> Result<Option<f64>> {
    let (before, after) = (before.host()?, after.host()?);
    let (mut moved, mut own) = (0.0, 0.0);
    for (before, after) in before.iter().zip(&*after) {
        let before = f64::from(*before);
        moved += (f64::from(*after) - before).powi(2);
        own += before * before;
    }
    Ok(if moved == 0.0 { Some(0.0) } else { (own > 0.0).then(|| (moved / own).sqrt()) })
}
