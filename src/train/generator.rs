//! stub
use super::TrainError;
use crate::model::{Input, Model, Param, PassDropout};
use std::{path::Path, sync::Arc};
pub struct Generator;
pub struct Made { pub ids: Vec<u32>, pub replaced: Vec<bool>, pub loss: f64 }
impl Generator {
    pub fn new(_: &Model, _: Option<&Path>, _: u64) -> Result<Self, TrainError> { Err(TrainError::NoMaskToken) }
    pub fn own_params(&self) -> Vec<Arc<Param>> { Vec::new() }
    pub fn clear_gradients(&self) {}
    pub fn sample(&self, _: &Input, _: &[Option<u32>], _: u64) -> Result<Made, TrainError> { unimplemented!() }
    pub fn learn(&self, _: &Input, _: &[Option<u32>], _: PassDropout, _: f64) -> Result<Made, TrainError> { unimplemented!() }
}
