//! A model folder opened to be asked: the head of one task, and the tokenizer.

use std::path::{Path, PathBuf};

use candle_core::Device;

use super::InspectError;
use crate::data::Tokenizer;
use crate::model::{self, EncoderConfig, HeadKind, Model, ModelError, Want};
use crate::task::Task;

/// An opened model. Asking it again costs no more than the computation.
#[derive(Debug)]
pub struct Predictor {
    pub dir: PathBuf,
    pub task: Task,
    pub model: Model,
    pub tokenizer: Tokenizer,
    /// Names of the head's outputs, where they have names.
    pub labels: Vec<String>,
    /// Tokens a sequence may have, by the model and by its tokenizer's files.
    pub max_tokens: usize,
    /// Weights that the folder lacks, so that what is said by them is chance.
    pub untrained: Vec<String>,
}

impl Predictor {
    /// Opens a folder. Without a task, the model's `architectures` decide.
    pub fn open(dir: &Path, task: Option<Task>) -> Result<Self, InspectError> {
        let config = model::read_config(dir)?;
        let no_task = || InspectError::NoTask { dir: dir.to_owned(), architectures: config.architectures.clone() };
        let task = task.or_else(|| config.task()).ok_or_else(no_task)?;
        let (model, untrained) = open_head(dir, &config, task)?;
        let tokenizer = Tokenizer::open(dir)?;
        let max_tokens = tokenizer.model_max_length().unwrap_or(usize::MAX).min(model.config.max_tokens());
        let labels = model.config.output_names(task);
        Ok(Self { dir: dir.to_owned(), task, model, tokenizer, labels, max_tokens, untrained })
    }
}

/// Opens the model as its configuration says, or, where that names no head at all, with the head if its weights are there.
fn open_head(dir: &Path, config: &EncoderConfig, task: Task) -> Result<(Model, Vec<String>), ModelError> {
    let kind = HeadKind::for_task(task);
    let named: Vec<HeadKind> = config.architectures.iter().flat_map(|name| config.family.heads_of(name)).collect();
    let missing = || ModelError::HeadMissing { task, architectures: config.architectures.clone() };
    if named.contains(&kind) {
        let (model, report) = model::open(dir, Want::AsSaved, &Device::Cpu, 0)?;
        return Ok((model, report.new));
    }
    if !named.is_empty() {
        return Err(missing());
    }
    let names = config.output_names(task);
    let (model, report) = model::open(dir, Want::Head { task, labels: &names }, &Device::Cpu, 0)?;
    if !report.new.is_empty() {
        return Err(missing());
    }
    Ok((model, Vec::new()))
}
