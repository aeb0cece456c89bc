//! `attune attention`: attentions and hidden states of a text, for other programs.

use std::path::PathBuf;

use candle_core::Device;
use clap::Args;

use crate::hub::embedded;
use crate::inspect::attention;
use crate::model::{self, Want};
use crate::text::Tokenizer;

#[derive(Debug, Args)]
pub struct AttentionOf {
    /// A model folder, or embedded for the model inside the program
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    #[arg(long, value_name = "S")]
    text: String,
    #[arg(long, value_name = "S")]
    pair: Option<String>,
    /// Gets attentions (layers, heads, n, n), hidden states (layers + 1, n, hidden) and the tokens
    #[arg(long, value_name = "FILE.safetensors")]
    out: PathBuf,
}

impl AttentionOf {
    pub fn run(self) -> anyhow::Result<()> {
        let dir = embedded::resolve(&self.model)?;
        let (model, _) = model::open(&dir, Want::AsSaved, &Device::Cpu, 0)?;
        let tokenizer = Tokenizer::open(&model::tokenizer_folder(&dir))?.for_embeddings(model.config.vocab_size)?;
        let found = attention(&model, &tokenizer, &self.text, self.pair.as_deref())?;
        if found.cut > 0 {
            eprintln!("attune: warning: {} tokens did not fit and were cut off", found.cut);
        }
        Ok(found.save(&self.out)?)
    }
}
