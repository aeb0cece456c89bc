//! Which companion a run has: with replaced tokens a generator, with `[distill]` a teacher, else none.

use std::path::Path;

use super::companion::{Companion, Expected};
use super::config::RunConfig;
use super::generator::{self, Generator};
use super::teacher::{self, Teacher};
use super::{Prepared, TrainError, checkpoint};
use crate::model::{EncoderConfig, Model};
use crate::task::Task;

/// The companion of a run that begins.
pub fn of_run(config: &RunConfig, model: &Model, data: &Prepared) -> Result<Option<Box<dyn Companion>>, TrainError> {
    if let Some(distill) = &config.distill {
        return Ok(Some(Box::new(Teacher::new(config, distill, model, data)?)));
    }
    if !config.task.has_generator() {
        return Ok(None);
    }
    let mut generator = Generator::new(model, config.language.generator.as_deref(), config.run.seed)?;
    generator.model_weight = config.language.discriminator_weight;
    Ok(Some(Box::new(generator)))
}

/// What is known of it beforehand; `model` is the configuration of the model that is trained.
pub fn expected(config: &RunConfig, model: &EncoderConfig) -> Result<Option<Expected>, TrainError> {
    if let Some(distill) = &config.distill {
        return teacher::expected(config, distill, model).map(Some);
    }
    let expected = || generator::expected(model, &config.language);
    config.task.has_generator().then(expected).transpose()
}

/// The name and the sum of the one that a run would have.
pub(super) fn sum_of(config: &RunConfig, model: &Model) -> Result<Option<(&'static str, String)>, TrainError> {
    if let Some(distill) = &config.distill {
        return Ok(Some((teacher::NAME, teacher::sum_of(config.task, distill, model)?)));
    }
    let expected = expected(config, &model.config)?;
    Ok(expected.map(|expected| (expected.name, checkpoint::sum_of_config(&expected.config.raw))))
}

/// The companion that was kept with a model, where one is needed to evaluate it.
pub fn kept_with(task: Task, dir: &Path, model: &Model) -> Result<Option<Box<dyn Companion>>, TrainError> {
    if !task.has_generator() {
        return Ok(None);
    }
    Ok(Some(Box::new(Generator::kept_with(dir, model)?)))
}
