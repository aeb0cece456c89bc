//! `attune predict`: texts in, one JSON object a line out, in order.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};

use super::texts;
use crate::hub::embedded;
use crate::inspect::predictor::{TOKENS_AT_ONCE, in_batches};
use crate::inspect::{Aggregation, OpenModel, Options, Output, Prepared, Request};
use crate::task::Task;

#[derive(Debug, Args)]
pub struct Predict {
    /// A model folder, or embedded for the model inside the program
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// classify, multilabel, regress, ner, qa, mlm, nsp, sop or rtd; default: the task of the model's architecture
    #[arg(long, value_parser = super::data::task)]
    task: Option<Task>,
    /// JSON Lines with "text", "text" and "pair", or "question" and "context", or any file with rows, such as a
    /// spreadsheet; JSON Lines from standard input if - or left out
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    input: Option<PathBuf>,
    /// One text, or a question
    #[arg(long, visible_alias = "question", value_name = "S")]
    text: Option<String>,
    /// The second text, or a question's context
    #[arg(long, visible_alias = "context", value_name = "S", requires = "text")]
    pair: Option<String>,
    #[command(flatten)]
    shape: Shape,
    /// Add the raw outputs of the head (logits)
    #[arg(long)]
    logits: bool,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

/// What a prediction looks like.
#[derive(Debug, Args)]
pub(super) struct Shape {
    /// How many of the best labels, answers or words
    #[arg(long, value_name = "N")]
    top_k: Option<usize>,
    /// How labels of tokens become entities
    #[arg(long, value_enum, default_value = "none")]
    aggregation: AggregationName,
    /// Tokens of a sequence or a window, special ones included
    #[arg(long, value_name = "N")]
    max_tokens: Option<usize>,
    /// Tokens that neighbouring windows share
    #[arg(long, value_name = "N")]
    stride: Option<usize>,
    /// Tokens of the longest answer
    #[arg(long, value_name = "N", default_value_t = 15)]
    max_answer_tokens: usize,
    /// Allow "no answer"
    #[arg(long)]
    allow_no_answer: bool,
    /// The lead in logits from which "no answer" beats the best answer, instead of the threshold kept with the
    /// model
    #[arg(long, value_name = "X", requires = "allow_no_answer", allow_negative_numbers = true)]
    no_answer_threshold: Option<f64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AggregationName {
    None,
    Simple,
    First,
    Average,
    Max,
}

impl Predict {
    pub fn run(self) -> anyhow::Result<()> {
        let options = Options { logits: self.logits, ..self.shape.options() };
        let model = open(&self.model, self.task)?;
        let mut printer = Printer { out: BufWriter::new(io::stdout().lock()), json: self.json };
        if let Some(text) = self.text {
            let prepared = model.prepare(Request { text, pair: self.pair }, &options)?;
            printer.print(&model, &[(0, prepared)], &options)?;
            return Ok(printer.out.flush()?);
        }
        let (name, texts) = texts::read(self.input.as_deref(), model.task)?;
        let lines = texts.map(|text| {
            let (line, request) = text?;
            let prepared = model.prepare(request, &options).map_err(anyhow::Error::from);
            Ok((line, prepared.with_context(|| format!("line {line} of {name}"))?))
        });
        let tokens = |(_, prepared): &(usize, Prepared)| prepared.count();
        let go_on = &mut |_| ControlFlow::Continue(());
        // What stands before a line that cannot be read is still answered, in order.
        let answered = in_batches(TOKENS_AT_ONCE, lines, tokens, go_on, |_, texts| {
            printer.print(&model, texts, &options).map(|()| Vec::<()>::new())
        });
        printer.out.flush()?;
        answered.map(drop)
    }
}

/// Opens a model to be asked, with warnings of what makes its answers worthless.
pub(super) fn open(named: &Path, task: Option<Task>) -> anyhow::Result<OpenModel> {
    let model = OpenModel::open(&embedded::resolve(named)?, task)?;
    if !model.untrained.is_empty() {
        eprintln!("attune: warning: {} is not in the model and was initialised at random", model.untrained.join(", "));
    }
    for misfit in model.tokenizer.misfits(model.model.config.vocab_size) {
        eprintln!("attune: warning: {misfit}");
    }
    Ok(model)
}

impl Shape {
    pub(super) fn options(&self) -> Options {
        Options {
            top_k: self.top_k,
            aggregation: match self.aggregation {
                AggregationName::None => Aggregation::None,
                AggregationName::Simple => Aggregation::Simple,
                AggregationName::First => Aggregation::First,
                AggregationName::Average => Aggregation::Average,
                AggregationName::Max => Aggregation::Max,
            },
            max_tokens: self.max_tokens,
            stride: self.stride,
            max_answer_tokens: self.max_answer_tokens,
            allow_no_answer: self.allow_no_answer,
            no_answer_threshold: self.no_answer_threshold,
            logits: false,
        }
    }
}

struct Printer<W> {
    out: W,
    json: bool,
}

impl<W: Write> Printer<W> {
    /// Predicts and prints texts with the lines they came from, or 0.
    fn print(&mut self, model: &OpenModel, texts: &[(usize, Prepared)], options: &Options) -> anyhow::Result<()> {
        let prepared: Vec<&Prepared> = texts.iter().map(|(_, prepared)| prepared).collect();
        let predicted = model.predict(&prepared, options)?;
        for ((line, _), one) in texts.iter().zip(predicted) {
            if one.cut > 0 {
                let place = if *line > 0 { format!("line {line}: ") } else { String::new() };
                eprintln!("attune: warning: {place}{} tokens did not fit and were cut off", one.cut);
            }
            if self.json {
                serde_json::to_writer(&mut self.out, &one).map_err(io::Error::from)?;
                writeln!(self.out)?;
            } else {
                self.words(&one.output)?;
            }
        }
        Ok(())
    }

    fn words(&mut self, output: &Output) -> io::Result<()> {
        let out = &mut self.out;
        match output {
            Output::Value { value } => writeln!(out, "{value:.4}")?,
            Output::Labels(labels) => {
                let labels: Vec<String> = labels.iter().map(|one| format!("{} {:.4}", one.label, one.score)).collect();
                writeln!(out, "{}", labels.join("  "))?;
            }
            Output::Tokens(tokens) => {
                for one in tokens {
                    writeln!(out, "{:<12} {:.4}  {}-{}  {}", one.entity, one.score, one.start, one.end, one.word)?;
                }
                writeln!(out)?;
            }
            Output::Entities(entities) => {
                for one in entities {
                    writeln!(
                        out,
                        "{:<12} {:.4}  {}-{}  {}",
                        one.entity_group, one.score, one.start, one.end, one.word
                    )?;
                }
                writeln!(out)?;
            }
            Output::Answers(answers) => {
                for one in answers {
                    writeln!(out, "{:.4}  {}-{}  {}", one.score, one.start, one.end, one.answer)?;
                }
                writeln!(out)?;
            }
            Output::Masks(masks) => {
                for (index, words) in masks.iter().enumerate() {
                    for one in words {
                        writeln!(out, "mask {}  {:.4}  {:<16} {}", index + 1, one.score, one.token_str, one.sequence)?;
                    }
                }
                writeln!(out)?;
            }
            Output::Replaced(tokens) => {
                for one in tokens {
                    writeln!(
                        out,
                        "{:<9} {:>8.4}  {}",
                        if one.replaced { "replaced" } else { "real" },
                        one.score,
                        one.token
                    )?;
                }
                writeln!(out)?;
            }
        }
        Ok(())
    }
}
