//! What is exported: the model of a run or of a folder, and what is known of how it came about.

use std::path::{Path, PathBuf};

use candle_core::Device;

use super::format::Format;
use super::{ExportError, sentences};
use crate::files::folder_bytes;
use crate::hub::embedded::Shipped;
use crate::model::{self, EncoderConfig, HeadKind, Model, Want, adapter};
use crate::train::run::{self, ReadRun};

/// A model, with its run where it is one of a run.
pub struct Source {
    /// What was named.
    pub named: PathBuf,
    /// The folder that is opened as a model: whole, or an adapter with its base.
    pub model: PathBuf,
    /// The adapter's folder.
    pub adapter: Option<PathBuf>,
    pub run: Option<ReadRun>,
    /// Why no head of the model was trained, where one was not.
    pub untrained: Option<String>,
}

impl Source {
    /// Of a run its model, else the folder itself.
    pub fn find(named: &Path) -> Result<Self, ExportError> {
        if let Some(shipped) = Shipped::from_word(named) {
            return Self::find(&shipped.unpacked()?);
        }
        // A state of a run is named by its step.
        let named = &if named.exists() { named.to_owned() } else { model::locate(named)? };
        let (inside, beside) = (named.join("model"), named.join("adapter"));
        let is_run = model::is_model_folder(&inside);
        let own = if is_run { inside } else { named.to_owned() };
        if !model::is_model_folder(&own) {
            return Err(ExportError::NoModel { run: named.to_owned() });
        }
        let adapter = [&beside, &own].into_iter().find(|dir| adapter::is_one(dir)).cloned();
        let run = if is_run { run::read(named).ok() } else { None };
        Ok(Self { named: named.to_owned(), model: own, adapter, run, untrained: None })
    }

    /// The same, looked through for heads that were never trained: what is copied as it stands would look like any other.
    pub fn looked_through(self) -> Result<Self, ExportError> {
        let (model, report) = model::open(&self.model, Want::AsSaved, &Device::Cpu, 0)?;
        let unfit = report.check_all(&model).err().map(|error| error.to_string());
        let updates = self.run.as_ref().map(|run| run.summary.step);
        let idle = (updates == Some(0)).then(|| "the run made no update, so that its head is as it began".to_owned());
        Ok(Self { untrained: unfit.or(idle), ..self })
    }

    /// Whether a format can be written of it.
    pub fn check(&self, format: Format) -> Result<(), ExportError> {
        match format {
            Format::Peft if self.adapter.is_none() => Err(ExportError::NoAdapter { run: self.named.clone() }),
            Format::SentenceTransformers => sentences::check(&self.config()?),
            Format::Onnx | Format::OnnxInt8 if self.config()?.frozen.is_some() => {
                Err(ExportError::NoGraph { family: self.config()?.family.model_type() })
            }
            Format::Hf | Format::Onnx | Format::OnnxInt8 | Format::Peft => Ok(()),
        }
    }

    /// Bytes that a format takes, about.
    pub fn bytes(&self, format: Format) -> u64 {
        match (format, &self.adapter) {
            (Format::Peft, Some(adapter)) => folder_bytes(adapter),
            (Format::OnnxInt8, _) => self.bytes(Format::Onnx).saturating_sub(self.saved_by_int8()),
            (Format::Hf | Format::Onnx | Format::SentenceTransformers, Some(_)) if adapter::is_one(&self.model) => {
                adapter::base_of(&self.model).map_or(0, |base| folder_bytes(&base))
            }
            _ => folder_bytes(&self.model),
        }
    }

    /// Three bytes of four, of the dense layers and, where no head shares it, of the word table.
    fn saved_by_int8(&self) -> u64 {
        let Ok(config) = self.config() else { return 0 };
        let layers = config.schedule().iter().map(|step| step.stored + 1).max().unwrap_or(0);
        let dense = config.hidden_size * (4 * config.hidden_size + 2 * config.intermediate_size);
        let shares_words = config.architectures.iter().any(|name| name.contains("MaskedLM"));
        let words = if shares_words { 0 } else { config.vocab_size * config.embedding_size };
        3 * (layers * dense + words) as u64
    }

    /// What in the run is not as it was written.
    pub fn damage(&self) -> Vec<String> {
        let told = run::damage(&self.named).into_iter();
        told.map(|damage| format!("{damage}, so its numbers may be others than the run tells")).collect()
    }

    pub fn config(&self) -> Result<EncoderConfig, ExportError> {
        Ok(model::read_config(&self.model)?)
    }

    /// The model with the heads that it was saved with, of which it says which were never trained.
    pub fn open(&self) -> Result<Model, ExportError> {
        let (mut model, report) = model::open(&self.model, Want::AsSaved, &Device::Cpu, 0)?;
        let task = self.run.as_ref().map(|run| run.config.task).or_else(|| model.config.task());
        // A head of new numbers would look like one that was trained.
        task.map_or(Ok(()), |task| report.check_asked(&model, task))?;
        let kinds = model.heads.kinds().into_iter();
        let untrained: Vec<HeadKind> = kinds.filter(|kind| !report.is_whole(&model, *kind)).collect();
        model.config.set_untrained_heads(&untrained);
        Ok(model)
    }

    /// The model with the heads of it that were trained.
    pub fn open_trained(&self) -> Result<Model, ExportError> {
        let mut model = self.open()?;
        let untrained = model.config.untrained_heads();
        model.heads.0.retain(|head| !untrained.contains(&head.spec.kind));
        model.config.set_untrained_heads(&[]);
        Ok(model)
    }
}
