//! `attune export`: a run's model for other programs, proved by a receipt.

use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::output::{bytes, print_lines};
use crate::export::{self, Plan};

#[derive(Debug, Args)]
pub struct Export {
    /// A run's folder, or that of a model or an adapter
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// The folder to write, which must be new, empty, or an earlier export of the same kind
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// A whole model for transformers (hf), a graph for any runtime of ONNX (onnx), the same with
    /// weights of eight bits, a quarter of the size and a little less exact (onnx-int8), the adapter alone for PEFT (peft), or
    /// an encoder that gives texts one vector each (sentence-transformers); several are written into folders of these
    /// names
    #[arg(long = "format", value_enum, value_name = "FORMAT", value_delimiter = ',', default_values_t = [Format::Hf])]
    formats: Vec<Format>,
    /// Beside the weights also inputs with token ids, logits and answers, and a script that checks them with transformers
    #[arg(long)]
    receipt: bool,
    /// Also a script of Python that trains the same with transformers, and the rows that it reads
    #[arg(long)]
    script: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Hf,
    Onnx,
    OnnxInt8,
    Peft,
    SentenceTransformers,
}

impl From<Format> for export::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Hf => Self::Hf,
            Format::Onnx => Self::Onnx,
            Format::OnnxInt8 => Self::OnnxInt8,
            Format::Peft => Self::Peft,
            Format::SentenceTransformers => Self::SentenceTransformers,
        }
    }
}

impl Export {
    pub fn run(self) -> anyhow::Result<()> {
        let mut formats: Vec<export::Format> = self.formats.into_iter().map(Into::into).collect();
        formats.sort_unstable();
        formats.dedup();
        let plan = Plan { from: self.run, to: self.to, formats, receipt: self.receipt, script: self.script };
        let go_on = &mut |_: &'static str, _: usize, _: usize| ControlFlow::Continue(());
        let Some(written) = export::export(&plan, go_on)? else { return Ok(()) };
        for note in &written.notes {
            eprintln!("attune: {note}");
        }
        for (name, size) in &written.files {
            eprintln!("attune: {:>9}  {name}", bytes(*size));
        }
        print_lines(&[written.to.display().to_string()])
    }
}
