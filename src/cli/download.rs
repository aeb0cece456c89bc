//! `attune download`: a model into the shared Hugging Face cache.

use std::ops::ControlFlow;

use clap::Args;

use super::output::{bytes, print_lines};
use crate::hub;

#[derive(Debug, Args)]
pub struct Download {
    /// The model's name on the hub, such as google-bert/bert-base-uncased
    name: String,
    /// A branch, tag or commit
    #[arg(long)]
    revision: Option<String>,
}

impl Download {
    pub fn run(self) -> anyhow::Result<()> {
        let mut last = (String::new(), 0);
        let mut on_progress = |progress: hub::Progress| {
            let percent = (progress.bytes_done * 100).checked_div(progress.bytes).unwrap_or(0);
            let now = (progress.file.clone(), percent / 10);
            if !progress.file.is_empty() && now != last {
                eprintln!("{}: {} of {}", progress.file, bytes(progress.bytes_done), bytes(progress.bytes));
                last = now;
            }
            ControlFlow::Continue(())
        };
        let folder = hub::download(&self.name, self.revision.as_deref(), &mut on_progress)?;
        print_lines(&[folder.display().to_string()])
    }
}
