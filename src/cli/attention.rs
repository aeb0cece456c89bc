//! `attune attention`: attentions and hidden states of a text, for other programs, and what each head does in it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use candle_core::Device;
use clap::Args;
use serde::Serialize;

use super::output::{print_json, warn_of_cut};
use crate::batch::destination;
use crate::hub::embedded;
use crate::inspect::attention::{Attend, Figures, Role};
use crate::inspect::{Inquiry as _, OpenModel, Request, attention};
use crate::model::{self, Want};
use crate::text::Tokenizer;

#[derive(Debug, Args)]
pub struct AttentionOf {
    /// A model's folder, a run, an adapter, or embedded, embedded:names or embedded:answers for one inside the program
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The text, or a question
    #[arg(long, value_name = "S")]
    text: String,
    /// The second text, or a question's context
    #[arg(long, value_name = "S")]
    pair: Option<String>,
    /// Output file: attentions (layers, heads, n, n), hidden states (layers + 1, n, hidden) and the tokens
    #[arg(long, value_name = "FILE.safetensors", required_unless_present = "json")]
    out: Option<PathBuf>,
    /// Print what each head does, with its figures
    #[arg(long)]
    json: bool,
}

/// What heads do in a text.
#[derive(Debug, Serialize)]
struct Heads<'a> {
    tokens: &'a [String],
    heads: Vec<Said>,
}

#[derive(Debug, Serialize)]
struct Said {
    layer: usize,
    head: usize,
    /// What it does most; nothing where nothing stands out.
    does: Option<&'static str>,
    /// Mean share of the attention that goes there, for everything that could be.
    figures: serde_json::Map<String, serde_json::Value>,
}

impl AttentionOf {
    pub fn run(self) -> anyhow::Result<()> {
        let dir = embedded::resolve(&self.model)?;
        if let Some(out) = &self.out {
            destination::check(out, &destination::of_model(&dir))?;
        }
        if self.json {
            self.print_heads(&dir)?;
        }
        let Some(out) = &self.out else { return Ok(()) };
        let (model, _) = model::open(&dir, Want::AsSaved, &Device::Cpu, 0)?;
        let tokenizer = Tokenizer::open(&model::tokenizer_folder(&dir))?.for_embeddings(model.config.vocab_size)?;
        let found = attention(&model, &tokenizer, &self.text, self.pair.as_deref())?;
        warn_of_cut("", found.cut);
        Ok(found.save(out)?)
    }

    fn print_heads(&self, dir: &Path) -> anyhow::Result<()> {
        let mut model = OpenModel::open_whole(dir)?;
        let request = Request { text: self.text.clone(), pair: self.pair.clone() };
        let seen = Attend(request).put_to(&mut model, &mut |_, _| ControlFlow::Continue(()))?;
        let Some(seen) = seen else { return Ok(()) };
        // With a file to write, that is told when it is written.
        if self.out.is_none() {
            warn_of_cut("", seen.tokens.cut);
        }
        let head = |(place, figures): (usize, &Figures)| Said {
            layer: place / seen.heads,
            head: place % seen.heads,
            does: figures.main().map(Role::name),
            figures: told(figures),
        };
        let heads = seen.figures.iter().enumerate().map(head).collect();
        print_json(&Heads { tokens: &seen.tokens.names, heads })
    }
}

fn told(figures: &Figures) -> serde_json::Map<String, serde_json::Value> {
    let roles = Role::ALL.into_iter().filter(|role| figures.of(*role).of > 0);
    roles.map(|role| (role.name().to_owned(), figures.of(role).mean().into())).collect()
}
