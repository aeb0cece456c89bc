//! Which companion a run has: with replaced tokens a generator, else none.

use std::path::Path;

use super::TrainError;
use super::companion::{Companion, Expected};
use super::config::RunConfig;
use super::generator::{self, Generator};
use crate::model::{EncoderConfig, Model};
use crate::task::Task;

/// The companion of a run that begins.
pub fn of_run(config: &RunConfig, model: &Model) -> Result<Option<Box<dyn Companion>>, TrainError> {
    Ok(match config.task {
        Task::Rtd => {
            let mut generator = Generator::new(model, config.language.generator.as_deref(), config.run.seed)?;
            generator.model_weight = config.language.discriminator_weight;
            Some(Box::new(generator))
        }
        _ => None,
    })
}

/// What is known of it beforehand; `model` is the configuration of the model that is trained.
pub fn expected(config: &RunConfig, model: &EncoderConfig) -> Result<Option<Expected>, TrainError> {
    match config.task {
        Task::Rtd => generator::expected(model, &config.language).map(Some),
        _ => Ok(None),
    }
}

/// The companion that was kept with a model, where one is needed to evaluate it.
pub fn kept_with(task: Task, dir: &Path, model: &Model) -> Result<Option<Box<dyn Companion>>, TrainError> {
    match task {
        Task::Rtd => Ok(Some(Box::new(Generator::kept_with(dir, model)?))),
        _ => Ok(None),
    }
}
