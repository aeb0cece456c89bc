//! What a run keeps that trains low-rank adapters: the model with them merged and an adapter beside, or the adapter alone.

use std::path::{Path, PathBuf};

use super::names::{ADAPTER, MODEL};
use crate::hub::embedded::Shipped;
use crate::model::adapter::Beside;
use crate::model::{LoraSpec, Model, Param};
use crate::text::Tokenizer;
use crate::train::config::RunConfig;
use crate::train::trainer::Models;
use crate::train::{TrainError, student};

/// The adapters of a run and the model that they belong to.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptAdapter {
    spec: LoraSpec,
    /// The base's name on the hub or its folder, as an adapter's readers look for it.
    base: String,
    merged: bool,
}

impl KeptAdapter {
    /// Of the base, as it is written beside what was learned.
    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn of(config: &RunConfig) -> Option<Self> {
        let spec = config.strategy.adapters()?;
        let of_path = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let named = || config.model.embedded.map(Shipped::folder).or_else(|| config.model.path.as_ref().map(of_path));
        let folder = student::dir(config).as_ref().map(of_path).or_else(named);
        let base = folder.map(|path| path.display().to_string()).or_else(|| config.model.name.clone());
        Some(Self { spec, base: base.unwrap_or_default(), merged: config.strategy.lora.merged })
    }
}

/// Writes a model into a folder of what is kept of a run: whole, and what was learned beside its base, as the run has it.
pub(super) fn write(
    stage: &Path,
    models: Models<'_>,
    tokenizer: &Tokenizer,
    adapter: Option<&KeptAdapter>,
    weight: &dyn Fn(&Param) -> Option<candle_core::Tensor>,
) -> Result<(), TrainError> {
    let model = stage.join(MODEL);
    if adapter.is_none_or(|adapter| adapter.merged) {
        models.model.save_with(&model, weight)?;
    }
    if let Some(KeptAdapter { spec, base, merged }) = adapter {
        let folder = if *merged { stage.join(ADAPTER) } else { model.clone() };
        crate::files::create_folders(&folder)
            .map_err(|source| TrainError::Unwritable { path: folder.clone(), source })?;
        models.model.save_adapter(&folder, Beside { base, spec }, weight)?;
    }
    Ok(tokenizer.save(&model)?)
}

/// Writes what was learned beside the base into a folder, which must exist.
pub(super) fn write_alone(dir: &Path, model: &Model, adapter: &KeptAdapter) -> Result<(), TrainError> {
    let KeptAdapter { spec, base, .. } = adapter;
    Ok(model.save_adapter(dir, Beside { base, spec }, &|_| None)?)
}
