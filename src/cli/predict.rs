//! `attune predict`: texts in, one JSON object a line out, in order, or a file of one's own choice.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::json;

use super::destination;
use super::output::{Escaped, harmless, one_line, plural, warn_of_cut};
use super::precision::Asked;
use super::texts::{self, How, Item, Texts};
use super::written::{Kind, Sheet};
use crate::files::write_atomically;
use crate::hub::embedded;
use crate::inspect::predictor::{TOKENS_AT_ONCE, in_batches};
use crate::inspect::{Aggregation, OpenModel, Options, Output, Predicted, Prepared, Request};
use crate::model::Precision;
use crate::table::Table;
use crate::task::{Targets, Task};

#[derive(Debug, Args)]
pub struct Predict {
    /// A model folder; embedded or embedded:names for one inside the program
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// classify, multilabel, regress, ner, qa, mlm, nsp, sop or rtd; default: the task of the model's architecture
    #[arg(long, value_parser = super::data::task)]
    task: Option<Task>,
    /// JSON Lines with "text", "text" and "pair", or "question" and "context", or any file, folder or pattern of files
    /// with rows, such as a spreadsheet; JSON Lines from standard input if - or left out
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    input: Option<PathBuf>,
    /// Write to a file, which is there whole or not at all: .csv with the columns of the input, .jsonl, .conll (words with
    /// their tags) or .json (answers by the ids of their questions). Every row of the input has its row, those that cannot
    /// be read with an error. Entities are put together as with --aggregation first in .csv and .conll
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    out: Option<PathBuf>,
    /// One text, or a question
    #[arg(long, visible_alias = "question", value_name = "S")]
    text: Option<String>,
    /// The second text, or a question's context
    #[arg(long, visible_alias = "context", value_name = "S", requires = "text")]
    pair: Option<String>,
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    asked: Asked,
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
    /// How labels of tokens become entities [default: none]
    #[arg(long, value_enum)]
    aggregation: Option<AggregationName>,
    /// Tokens of a sequence or a window, special ones included
    #[arg(long, value_name = "N")]
    max_tokens: Option<usize>,
    /// Tokens that neighbouring windows share
    #[arg(long, value_name = "N")]
    stride: Option<usize>,
    /// Tokens of the longest answer [default: 15]
    #[arg(long, value_name = "N")]
    max_answer_tokens: Option<usize>,
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
        let model = open(&self.model, self.task, self.asked.precision())?;
        self.shape.tell_idle(model.task);
        if let Some(text) = self.text {
            let mut printer = Printer { out: BufWriter::new(io::stdout().lock()), json: self.json };
            let prepared = model.prepare(Request { text, pair: self.pair }, &options)?;
            let predicted = model.predict(&[&prepared], &options)?;
            warn_of_cut("", predicted[0].cut);
            printer.print(&predicted[0])?;
            return Ok(printer.out.flush()?);
        }
        match &self.out {
            Some(out) => self.write(&model, options, out),
            None => self.print(&model, &options),
        }
    }

    /// Prints what is said to each text as soon as it is.
    fn print(&self, model: &OpenModel, options: &Options) -> anyhow::Result<()> {
        let texts = texts::read(self.input.as_deref(), model.task, How::Lines)?;
        let table = texts.table.clone();
        let is_table = table.is_some();
        let mut printer = Printer { out: BufWriter::new(io::stdout().lock()), json: self.json };
        let outcome = answer(model, texts, options, is_table, &mut |item, said| {
            match said {
                Ok(predicted) => {
                    warn_of_cut(&item.place, predicted.cut);
                    printer.print(predicted)?;
                }
                Err(reason) => {
                    eprintln!("attune: warning: {} {reason}", item.place);
                    printer.print_error(&format!("{} {reason}", item.place))?;
                }
            }
            Ok(())
        });
        // What stands before a line that cannot be read is still answered, in order.
        printer.out.flush()?;
        outcome?;
        if let Some(table) = &table {
            tell_reading(table);
        }
        Ok(())
    }

    /// Writes what is said to all texts into a file.
    fn write(&self, model: &OpenModel, mut options: Options, out: &Path) -> anyhow::Result<()> {
        let kind = Kind::of(out)?;
        if kind.wants_entities() && options.aggregation == Aggregation::None {
            options.aggregation = Aggregation::First;
            if self.shape.aggregation.is_some() && model.task.targets() == Targets::Tags {
                eprintln!(
                    "attune: warning: --aggregation none gives tokens and \"{}\" has entities, put together as with first",
                    out.display()
                );
            }
        }
        let how = if kind == Kind::Lines { How::LinesOneByOne } else { How::Table };
        let how = if self.input.is_some() { how } else { How::LinesOneByOne };
        let texts = texts::read(self.input.as_deref(), model.task, how)?;
        kind.check(model.task, texts.table.as_deref())?;
        let table = texts.table.clone();
        let named = || self.input.clone().map_or_else(Vec::new, |input| destination::of_inputs(&input.into()));
        let read = table.as_deref().map_or_else(named, destination::of_table);
        destination::check(out, read.iter().chain(&destination::of_model(&self.model)))?;
        let mut texts = Some(texts);
        let mut told = (0, 0, 0);
        let mut failed = None;
        let written = write_atomically(out, |file| {
            let mut work = || -> anyhow::Result<()> {
                let Some(texts) = texts.take() else { return Ok(()) };
                let mut sheet = Sheet::begin(file, kind, model.task, table.as_deref())?;
                answer(model, texts, &options, true, &mut |item, said| {
                    let line = said.map(|predicted| (predicted, json!(predicted)));
                    sheet.write(item, line.as_ref().map(|(predicted, line)| (*predicted, line)).map_err(|why| *why))
                })?;
                told = (sheet.rows, sheet.unanswered, sheet.made_safe);
                Ok(sheet.end()?)
            };
            work().map_err(|error| {
                failed = Some(error);
                io::Error::other("stopped")
            })
        });
        if let Some(error) = failed {
            return Err(error);
        }
        written.with_context(|| format!("cannot write \"{}\"", out.display()))?;
        let (rows, unanswered, made_safe) = told;
        if let Some(table) = &table {
            tell_reading(table);
        }
        eprintln!("attune: {} written to {}", plural(rows, "row", "rows"), out.display());
        if unanswered > 0 {
            let unanswered = plural(unanswered, "row", "rows");
            eprintln!("attune: warning: {unanswered} could not be answered, with the reason in place of an answer");
        }
        if made_safe > 0 {
            eprintln!(
                "attune: warning: {} like a formula, with an apostrophe put before it so that no spreadsheet runs it",
                plural(made_safe, "cell begins", "cells begin")
            );
        }
        Ok(())
    }
}

/// Opens a model to be asked, with warnings of what makes its answers worthless.
pub(super) fn open(named: &Path, task: Option<Task>, precision: Precision) -> anyhow::Result<OpenModel> {
    let model = OpenModel::open(&embedded::resolve(named)?, task)?.asked_in(precision)?;
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
                None | Some(AggregationName::None) => Aggregation::None,
                Some(AggregationName::Simple) => Aggregation::Simple,
                Some(AggregationName::First) => Aggregation::First,
                Some(AggregationName::Average) => Aggregation::Average,
                Some(AggregationName::Max) => Aggregation::Max,
            },
            max_tokens: self.max_tokens,
            stride: self.stride,
            max_answer_tokens: self.max_answer_tokens.unwrap_or(Options::default().max_answer_tokens),
            allow_no_answer: self.allow_no_answer,
            no_answer_threshold: self.no_answer_threshold,
            logits: false,
        }
    }

    /// Says which options were given and change nothing for a task.
    pub(super) fn tell_idle(&self, task: Task) {
        let targets = task.targets();
        let is_ranked = match targets {
            Targets::Class | Targets::Classes | Targets::Span | Targets::Hidden => true,
            Targets::Number | Targets::Tags | Targets::Replaced => false,
        };
        let has_answers = targets == Targets::Span;
        let given = [
            ("--top-k", self.top_k.is_some(), is_ranked),
            ("--aggregation", self.aggregation.is_some(), targets == Targets::Tags),
            ("--stride", self.stride.is_some(), task.has_windows()),
            ("--max-answer-tokens", self.max_answer_tokens.is_some(), has_answers),
            ("--allow-no-answer", self.allow_no_answer, has_answers),
        ];
        for (name, _, _) in given.iter().filter(|(_, is_given, matters)| *is_given && !matters) {
            eprintln!("attune: warning: {name} changes nothing for {task}");
        }
    }
}

struct Printer<W> {
    out: W,
    json: bool,
}

/// What is done with each text and what is said to it, or why nothing is.
type Take<'a> = &'a mut dyn FnMut(&Item, Result<&Predicted, &str>) -> anyhow::Result<()>;

/// Answers texts in order. Where they are answered one by one, one that cannot be is passed on with its reason; elsewhere
/// it ends the work once those before it are answered.
fn answer(model: &OpenModel, texts: Texts, options: &Options, one_by_one: bool, take: Take<'_>) -> anyhow::Result<()> {
    let name = texts.name;
    let items = texts.items.map(|item| {
        let item = item?;
        let prepared = match &item.request {
            Err(reason) => Err(reason.clone()),
            Ok(request) => match model.prepare(request.clone(), options) {
                Ok(prepared) => Ok(prepared),
                Err(error) if one_by_one => Err(error.to_string()),
                Err(error) => {
                    let place =
                        if item.file.is_some() { item.place.clone() } else { format!("{} of {name}", item.place) };
                    return Err(anyhow::Error::from(error).context(place));
                }
            },
        };
        Ok((item, prepared))
    });
    let tokens = |(_, prepared): &(Item, Result<Prepared, String>)| prepared.as_ref().map_or(0, Prepared::count);
    let go_on = &mut |_| ControlFlow::Continue(());
    in_batches(TOKENS_AT_ONCE, items, tokens, go_on, |_, batch| {
        let prepared: Vec<&Prepared> = batch.iter().filter_map(|(_, prepared)| prepared.as_ref().ok()).collect();
        let mut predicted = model.predict(&prepared, options)?.into_iter();
        for (item, prepared) in batch {
            match prepared {
                Err(reason) => take(item, Err(reason))?,
                Ok(_) => predicted.next().map_or(Ok(()), |one| take(item, Ok(&one)))?,
            }
        }
        Ok(Vec::<()>::new())
    })
    .map(drop)
}

/// How the rows were read, where that is not plain to see.
fn tell_reading(table: &Table) {
    let name = table.origins.inputs.title();
    for note in &table.notes {
        eprintln!("attune: {name}: {note}");
    }
    if table.format.has_encoding() && table.encoding != "UTF-8" {
        eprintln!("attune: {name}: it is read as {}", table.encoding);
    }
    if table.replaced_characters > 0 {
        let count = plural(table.replaced_characters, "byte is", "bytes are");
        eprintln!("attune: warning: {name}: {count} not valid in {} and shown as \u{fffd}", table.encoding);
    }
}

impl<W: Write> Printer<W> {
    fn print(&mut self, one: &Predicted) -> anyhow::Result<()> {
        if self.json {
            serde_json::to_writer(Escaped(&mut self.out), one).map_err(io::Error::from)?;
            Ok(writeln!(self.out)?)
        } else {
            let mut lines = Vec::new();
            words(&mut lines, &one.output)?;
            Ok(self.out.write_all(harmless(&String::from_utf8_lossy(&lines)).as_bytes())?)
        }
    }

    fn print_error(&mut self, error: &str) -> anyhow::Result<()> {
        if self.json {
            serde_json::to_writer(Escaped(&mut self.out), &json!({ "error": error })).map_err(io::Error::from)?;
            Ok(writeln!(self.out)?)
        } else {
            Ok(writeln!(self.out, "error: {}", harmless(&one_line(error)))?)
        }
    }
}

fn words(out: &mut Vec<u8>, output: &Output) -> io::Result<()> {
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
                writeln!(out, "{:<12} {:.4}  {}-{}  {}", one.entity_group, one.score, one.start, one.end, one.word)?;
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
