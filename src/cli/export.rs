//! `attune export`: a run's model as a folder that transformers opens.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::output::print_lines;

#[derive(Debug, Args)]
pub struct Export {
    /// A run's folder
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// The folder to write, which must be new or empty
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Also write an equivalent Python script
    #[arg(long)]
    script: bool,
}

impl Export {
    pub fn run(self) -> anyhow::Result<()> {
        if self.script {
            bail!("writing a Python script is not available yet; export without --script");
        }
        let model = self.run.join("model");
        if !model.join("config.json").is_file() {
            bail!("\"{}\" is not a run with a model, expected model/config.json in it", self.run.display());
        }
        for damage in crate::train::run::damage(&self.run) {
            eprintln!("attune: warning: {damage}, so its numbers may be others than the run tells");
        }
        if fs::read_dir(&self.to).is_ok_and(|mut entries| entries.next().is_some()) {
            bail!("\"{}\" is not empty, expected a new folder", self.to.display());
        }
        fs::create_dir_all(&self.to).with_context(|| format!("cannot write \"{}\"", self.to.display()))?;
        for entry in fs::read_dir(&model).with_context(|| format!("cannot read \"{}\"", model.display()))? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                copy(&entry.path(), &self.to.join(entry.file_name()))?;
            }
        }
        print_lines(&[self.to.display().to_string()])
    }
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::copy(from, to).with_context(|| format!("cannot copy \"{}\" to \"{}\"", from.display(), to.display()))?;
    Ok(())
}
