//! What stands beside the model of a run: it may change what the model is asked, learn along, and be kept with it.
//!
//! The loop, the checkpoint, the run's folder and the estimate know companions and not which there are; `companions.rs`
//! says which a run has. A companion is a function of the run's configuration and seed and of its own trained weights, so
//! that these are all a checkpoint keeps of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::Tensor;

use super::event::TeacherScore;
use super::objective::Work;
use super::{Prepared, TrainError};
use crate::model::{EncoderConfig, Model, Param, Params, PassDropout};
use crate::text::Features;

/// A model beside the one that is trained.
pub trait Companion: std::fmt::Debug {
    /// What it is called in a checkpoint and in what a person is told.
    fn name(&self) -> &'static str;

    /// What tells it from others: a run goes on with the one it began with alone.
    fn sum(&self) -> String;

    /// The weights that are trained along and are not the model's too, in order, under names that the model does not
    /// have; none of one that only teaches.
    fn own_params(&self) -> Vec<Arc<Param>>;

    /// What it is asked in a sequence; the sum over an update is what its loss is divided by.
    fn asked(&self, features: &Features) -> f64;

    /// Changes what the model is asked in a batch of training, and adds the gradients of its own loss to the weights:
    /// the sum over what it is asked, divided by that of the update. The dropout's key addresses all it draws, so that cutting
    /// an update into micro-batches changes nothing.
    fn join(
        &self,
        work: &mut Work,
        features: &[&Features],
        dropout: PassDropout,
        update: Divisors,
    ) -> Result<Joined, TrainError>;

    /// Changes what the model is asked in a batch of an evaluation; `key` addresses what is drawn.
    fn judge(&self, work: &mut Work, features: &[&Features], key: u64) -> Result<(), TrainError>;

    /// Writes what is kept of it beside a model's files; `other` is as in [`Model::save_with`]. Returns the folder, into
    /// which the tokenizer belongs too, or nothing where nothing is kept.
    fn save(&self, beside: &Path, other: &dyn Fn(&Param) -> Option<Tensor>) -> Result<Option<PathBuf>, TrainError>;

    /// What it comes to on what is held out, where it does the same task itself.
    fn score(&self, _data: &Prepared) -> Result<Option<TeacherScore>, TrainError> {
        Ok(None)
    }
}

/// What losses of an update are divided by, so that cutting it into micro-batches changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Divisors {
    /// What the companion is asked.
    pub asked: f64,
    pub tokens: f64,
}

/// What a companion made of its part in a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joined {
    /// Its share of the update's loss.
    pub loss: f64,
    /// What the model's own loss counts beside it.
    pub model_weight: f64,
}

/// A companion as far as it is known before it is opened.
#[derive(Clone, Debug)]
pub struct Expected {
    pub name: &'static str,
    pub config: EncoderConfig,
    /// Weights in memory that are not the model's too.
    pub held: u64,
    /// Those of them that are trained.
    pub trained: u64,
    /// Whether a backward pass comes through it, and evaluations ask it each time.
    pub learns: bool,
    /// Numbers that are kept for each token of a micro-batch beside its own pass.
    pub numbers: u64,
    /// Operations for each token of an update beside its own passes.
    pub operations: f64,
    /// Weights in the folder that is kept of it.
    pub kept: u64,
    /// Share of the tokens for which it has as many logits as there are words.
    pub words: f64,
    /// Whether what it computes of a sequence is kept, so that it is computed once.
    pub is_kept: bool,
}

/// Every weight that a run knows, once: the model's in its own order, then those that are a companion's alone.
pub fn all_params(model: &Model, companion: Option<&dyn Companion>) -> candle_core::Result<Params> {
    let own = companion.map(Companion::own_params).unwrap_or_default();
    Params::new(model.params.iter().cloned().chain(own).collect(), model.device())
}
