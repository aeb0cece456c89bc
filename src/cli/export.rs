//! `attune export`: a run's model as a folder that transformers opens, or what it learned beside one as PEFT does.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use candle_core::Device;
use clap::{Args, ValueEnum};

use super::output::print_lines;
use crate::model::{self, Want, adapter};
use crate::text::Tokenizer;

#[derive(Debug, Args)]
pub struct Export {
    /// A run's folder, or that of an adapter
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// The folder to write, which must be new or empty
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// A whole model for transformers (hf), or the adapter alone for PEFT (peft)
    #[arg(long, value_enum, default_value_t = Format::Hf)]
    format: Format,
    /// Also write an equivalent Python script
    #[arg(long)]
    script: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Hf,
    Peft,
}

/// Files that are an adapter's alone.
const OF_ADAPTER: [&str; 3] = [adapter::CONFIG, "adapter_model.safetensors", "adapter_model.bin"];

impl Export {
    pub fn run(self) -> anyhow::Result<()> {
        if self.script {
            bail!("writing a Python script is not available yet; export without --script");
        }
        let source = self.source()?;
        for damage in crate::train::run::damage(&self.run) {
            eprintln!("attune: warning: {damage}, so its numbers may be others than the run tells");
        }
        if fs::read_dir(&self.to).is_ok_and(|mut entries| entries.next().is_some()) {
            bail!("\"{}\" is not empty, expected a new folder", self.to.display());
        }
        fs::create_dir_all(&self.to).with_context(|| format!("cannot write \"{}\"", self.to.display()))?;
        let merges = self.format == Format::Hf && adapter::is_one(&source);
        for entry in fs::read_dir(&source).with_context(|| format!("cannot read \"{}\"", source.display()))? {
            let entry = entry?;
            let is_left = merges && OF_ADAPTER.iter().any(|name| entry.file_name() == *name);
            if entry.file_type()?.is_file() && !is_left {
                copy(&entry.path(), &self.to.join(entry.file_name()))?;
            }
        }
        if merges {
            let (model, _) = model::open(&source, Want::AsSaved, &Device::Cpu, 0)?;
            model.save(&self.to)?;
            Tokenizer::open(&model::tokenizer_folder(&source))?.save(&self.to)?;
        }
        print_lines(&[self.to.display().to_string()])
    }

    /// The folder that is written again: of a run its model or its adapter, or a folder of either itself.
    fn source(&self) -> anyhow::Result<PathBuf> {
        let inside = |name: &str| self.run.join(name);
        let (model, beside) = (inside("model"), inside("adapter"));
        let own = Some(&model).filter(|dir| model::is_model_folder(dir));
        let Some(own) = own.or_else(|| Some(&self.run).filter(|dir| adapter::is_one(dir))) else {
            bail!("\"{}\" is not a run with a model, expected model/config.json in it", self.run.display());
        };
        if self.format == Format::Hf {
            return Ok(own.clone());
        }
        let adapters = [&beside, own].into_iter().find(|dir| adapter::is_one(dir)).cloned();
        adapters.with_context(|| {
            format!("\"{}\" has no adapter; a run has one where strategy.kind is lora", self.run.display())
        })
    }
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::copy(from, to).with_context(|| format!("cannot copy \"{}\" to \"{}\"", from.display(), to.display()))?;
    Ok(())
}
