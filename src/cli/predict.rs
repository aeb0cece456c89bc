//! `attune predict`: texts in, one JSON object a line out, in order, or a file of one's own choice.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::json;

use super::output::{Escaped, UNPRINTED, grouped, harmless, one_line, plural, warn_of_cut};
use super::precision::Asked;
use crate::batch::destination;
use crate::batch::{self, By, Chosen, Counts, How, Kind, Outcome, Plan, Progress, Reading, Written, texts};
use crate::hub::embedded;
use crate::inspect::{Aggregation, OpenModel, Options, Output, Predicted, Request};
use crate::model::Precision;
use crate::signals::{self, AskedToEnd};
use crate::table::{Charset, Inputs};
use crate::task::{Targets, Task};
use crate::train::columns::{Learned, informed};

#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
pub struct Predict {
    /// A model's folder, a run, an adapter, or embedded, embedded:names or embedded:answers for one inside the program
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
    /// be read with an error. Entities are put together as with --aggregation first in .csv and in .conll of texts; where the
    /// input lists words, as CoNLL files do, each has the tag of its first token in .conll, as evaluate reads it, unless
    /// --aggregation says simple, average or max. Of files that are there only earlier predictions are replaced
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    out: Option<PathBuf>,
    /// Go on with an --out that was interrupted, behind the rows that it has
    #[arg(long, requires = "out", conflicts_with = "text")]
    resume: bool,
    /// With --out FILE.csv, a column for each label with its probability
    #[arg(long, requires = "out", conflicts_with = "text")]
    probabilities: bool,
    /// The columns of --input that are asked about instead of those that are recognised: text=NAME, text=NAME,pair=NAME,
    /// tokens=NAME or question=NAME,context=NAME
    #[arg(long, value_name = "KEY=NAME,…", requires = "input", conflicts_with = "text", value_parser = chosen)]
    columns: Option<Chosen>,
    /// The encoding of --input, such as windows-1250, macintosh or cp850; default: recognised
    #[arg(long, value_name = "NAME", requires = "input", conflicts_with = "text")]
    encoding: Option<Charset>,
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
    #[arg(long, value_name = "N", value_parser = positive)]
    top_k: Option<usize>,
    /// How labels of tokens become entities [default: none]
    #[arg(long, value_enum)]
    aggregation: Option<AggregationName>,
    /// Tokens of a sequence or a window, special ones included
    #[arg(long, value_name = "N", value_parser = positive)]
    max_tokens: Option<usize>,
    /// Tokens that neighbouring windows share
    #[arg(long, value_name = "N")]
    stride: Option<usize>,
    /// Tokens of the longest answer [default: 15]
    #[arg(long, value_name = "N", value_parser = positive)]
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
        model.check(&options)?;
        if let Some(text) = self.text {
            let mut printer = Printer { out: BufWriter::new(io::stdout().lock()), json: self.json };
            let more = if self.pair.is_none() { "; --pair gives the second" } else { "" };
            let prepared = model.prepare(Request { text, pair: self.pair }, &options)?;
            let predicted = model.predict(&[&prepared], &options)?;
            warn_of_cut("", predicted[0].cut);
            if let Some(misfit) = predicted[0].misfit {
                eprintln!("attune: warning: {misfit}{more}");
            }
            printer.print(&predicted[0])?;
            return printer.out.flush().context(UNPRINTED);
        }
        match &self.out {
            Some(out) => self.write(&model, options, out),
            None => self.print(&model, &options),
        }
    }

    /// Prints what is said to each text as soon as it is.
    fn print(&self, model: &OpenModel, options: &Options) -> anyhow::Result<()> {
        let input = self.input.as_deref().map(|path| Inputs::from(path).read_as(self.encoding));
        let learned = Learned::of(&model.dir);
        let by = By { chosen: self.columns.as_ref(), learned: learned.as_ref() };
        let mut texts = texts::read(input.as_ref(), model.task, How::Lines, by)?;
        tell_columns(&texts.name, texts.columns.as_deref(), &std::mem::take(&mut texts.missing));
        let (name, table) = (texts.name.clone(), texts.table.clone());
        let (mut rows, mut unanswered) = (0, 0);
        let mut printer = Printer { out: BufWriter::new(io::stdout().lock()), json: self.json };
        for note in &texts.notes {
            eprintln!("attune: {}: {note}", texts.name);
        }
        let go_on = &mut |_| ControlFlow::Continue(());
        let mut misfits = 0;
        let outcome = batch::answer::<anyhow::Error>(model, texts, options, go_on, &mut |item, said| {
            rows += 1;
            match said {
                Ok(predicted) => {
                    warn_of_cut(&item.place, predicted.cut);
                    if let Some(misfit) = predicted.misfit {
                        if misfits == 0 {
                            eprintln!("attune: warning: {}: {misfit}", item.place);
                        }
                        misfits += 1;
                    }
                    printer.print(predicted)?;
                }
                Err(reason) => {
                    unanswered += 1;
                    eprintln!("attune: warning: {reason}");
                    printer.print_error(reason)?;
                }
            }
            Ok(())
        });
        // What stands before a line that cannot be read is still answered, in order.
        printer.out.flush().context(UNPRINTED)?;
        outcome?;
        // Of one alone it was said where it stands.
        tell_misfits(misfits.max(1) - 1, "more ", model);
        if let Some(table) = &table {
            tell_reading(&Reading::of(table));
        }
        check_answered(&name, rows, unanswered)
    }

    /// Writes what is said to all texts into a file.
    fn write(&self, model: &OpenModel, options: Options, out: &Path) -> anyhow::Result<()> {
        let given = self.input.as_deref().filter(|path| *path != Path::new("-"));
        let input = given.map(|path| Inputs::from(path).read_as(self.encoding));
        // Of standard input nothing can be read again, so that there is nothing to keep.
        let asked = if input.is_some() { signals::heed() } else { AskedToEnd::default() };
        let plan = Plan {
            model: self.model.clone(),
            task: model.task,
            input,
            chosen: self.columns.clone(),
            options,
            precision: self.asked.precision(),
            probabilities: self.probabilities,
            out: out.to_owned(),
            resumes: self.resume,
        };
        let is_told_otherwise = self.shape.aggregation.is_some() && plan.options.aggregation == Aggregation::None;
        if Kind::of(out)?.wants_entities() && is_told_otherwise && model.task.targets() == Targets::Tags {
            eprintln!(
                "attune: warning: --aggregation none gives tokens and \"{}\" has entities, put together as with first",
                out.display()
            );
        }
        let mut told = Instant::now();
        let watch = &mut |progress: Progress| {
            if told.elapsed() >= OFTEN && progress.done > 0 {
                told = Instant::now();
                tell_progress(&progress);
            }
            if asked.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let place = batch::look_at(&plan, &model.dir);
        let is_replaced = out.is_file() && place.refused.is_none();
        if is_replaced && !destination::is_of_predictions(out, Kind::of(out)?) {
            bail!(
                "\"{}\" is there and holds no predictions of attune, expected another file to write to; remove it first \
                 if it is to be replaced",
                out.display()
            );
        }
        match batch::write(model, &plan, watch)? {
            Some(Outcome::Written(written)) => {
                if is_replaced {
                    eprintln!("attune: the predictions that \"{}\" held before are replaced", out.display());
                }
                tell_written(&written);
                tell_misfits(written.counts.misfits, "", model);
                check_answered(&format!("\"{}\"", out.display()), written.counts.rows, written.counts.unanswered)?;
            }
            Some(Outcome::Stopped { rows, total, kept: Some(_) }) => {
                let of = total.map(|total| format!(" of {}", grouped(total as u64))).unwrap_or_default();
                bail!("stopped after {}{of} rows, which are kept; --resume continues", grouped(rows as u64));
            }
            Some(Outcome::Stopped { .. }) | None => bail!("stopped before anything was written"),
        }
        Ok(())
    }
}

/// Refuses to call it done where every row failed: what was answered to them is the reason of each.
fn check_answered(name: &str, rows: usize, unanswered: usize) -> anyhow::Result<()> {
    match rows {
        0 => Ok(()),
        _ if unanswered < rows => Ok(()),
        1 => bail!("{name}: its only row could not be answered"),
        _ => bail!("{name}: none of its {} rows could be answered", grouped(rows as u64)),
    }
}

/// How often a person is told how far it is.
const OFTEN: Duration = Duration::from_secs(10);

fn tell_progress(progress: &Progress) {
    let mut words = grouped(progress.done as u64);
    if let Some(total) = progress.total {
        words += &format!(" of {}", grouped(total as u64));
    }
    let pace = progress.pace().map(|pace| format!(", {pace}")).unwrap_or_default();
    eprintln!("attune: {words} rows{pace}");
}

fn tell_written(written: &Written) {
    if let Some(read) = &written.read {
        tell_reading(read);
    }
    for (usual, given) in &written.renamed {
        eprintln!("attune: the file has a column \"{usual}\" of its own, so that of the prediction is \"{given}\"");
    }
    let Counts { rows, unanswered, made_safe, cut, cut_tokens, .. } = written.counts;
    let before = match written.resumed {
        0 => String::new(),
        resumed => format!(", {} of them before", grouped(resumed as u64)),
    };
    eprintln!("attune: {} written to {}{before}", plural(rows, "row", "rows"), written.out.display());
    if unanswered > 0 {
        let unanswered = plural(unanswered, "row", "rows");
        eprintln!("attune: warning: {unanswered} could not be answered, with the reason in place of an answer");
    }
    if cut > 0 {
        let (rows, tokens) = (plural(cut, "row was", "rows were"), plural(cut_tokens, "token", "tokens"));
        eprintln!("attune: warning: {rows} too long and cut, {tokens} in all");
    }
    if made_safe > 0 {
        eprintln!(
            "attune: warning: {} like a formula, with an apostrophe put before it so that no spreadsheet runs it{}",
            plural(made_safe, "cell begins", "cells begin"),
            written.shifted()
        );
    }
}

/// Says of how many texts the model was asked that are not what it learned from, where there are some.
fn tell_misfits(count: usize, more: &str, model: &OpenModel) {
    if count > 0 {
        let rows = plural(count, &format!("{more}row asks"), &format!("{more}rows ask"));
        let odd = if model.reads_pairs == Some(true) {
            "a model of pairs about a single text"
        } else {
            "a model of single texts about a pair"
        };
        eprintln!("attune: warning: {rows} {odd}");
    }
}

fn positive(words: &str) -> Result<usize, String> {
    words.parse().ok().filter(|count| *count > 0).ok_or_else(|| "expected a whole number of at least 1".to_owned())
}

/// Columns as they are named on the command line.
fn chosen(words: &str) -> Result<Chosen, String> {
    let expected = "expected text=NAME, text=NAME,pair=NAME, tokens=NAME or question=NAME,context=NAME";
    let (mut first, mut second) = (None, None);
    for part in words.split(',') {
        let (key, name) = part.split_once('=').ok_or(expected)?;
        let slot = match key.trim() {
            "text" | "question" | "tokens" => &mut first,
            "pair" | "context" => &mut second,
            other => return Err(format!("there is no key {other}; {expected}")),
        };
        if slot.replace(name.to_owned()).is_some() {
            return Err(format!("two columns for one part; {expected}"));
        }
    }
    Ok(Chosen { first: first.ok_or(expected)?, second })
}

/// Opens a model to be asked, with warnings of what makes its answers worth less.
pub(super) fn open(named: &Path, task: Option<Task>, precision: Precision) -> anyhow::Result<OpenModel> {
    let model = informed(OpenModel::open(&embedded::resolve(named)?, task)?.asked_in(precision)?);
    let config = &model.model.config;
    let names = config.name_conflict().filter(|_| model.task.has_classes_of_data());
    let misfits = model.tokenizer.misfits(config.vocab_size, &config.special_ids());
    for misfit in misfits.iter().chain(&model.left_out).chain(&names) {
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
            by_word: false,
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

/// Which columns are asked about, and which are missed.
pub(super) fn tell_columns(name: &str, columns: Option<&str>, missing: &[String]) {
    if let Some(columns) = columns {
        eprintln!("attune: {name}: {columns}");
    }
    for missing in missing {
        eprintln!("attune: warning: {name}: {missing}");
    }
}

/// How the rows were read, where that is not plain to see.
fn tell_reading(read: &Reading) {
    let name = &read.name;
    tell_columns(name, read.columns.as_deref(), &read.missing);
    for note in &read.notes {
        eprintln!("attune: {name}: {note}");
    }
    if let Some(encoding) = read.encoding {
        eprintln!("attune: {name}: it is read as {encoding}");
    }
    if read.replaced > 0 {
        let count = plural(read.replaced, "byte is", "bytes are");
        let encoding = read.encoding.unwrap_or("UTF-8");
        eprintln!("attune: warning: {name}: {count} not valid in {encoding} and shown as \u{fffd}");
    }
}

impl<W: Write> Printer<W> {
    fn print(&mut self, one: &Predicted) -> anyhow::Result<()> {
        if self.json {
            self.print_json(one)
        } else {
            let mut lines = Vec::new();
            words(&mut lines, &one.output)?;
            self.out.write_all(harmless(&String::from_utf8_lossy(&lines)).as_bytes()).context(UNPRINTED)
        }
    }

    fn print_error(&mut self, error: &str) -> anyhow::Result<()> {
        if self.json {
            self.print_json(&json!({ "error": error }))
        } else {
            writeln!(self.out, "error: {}", harmless(&one_line(error))).context(UNPRINTED)
        }
    }

    fn print_json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let printed = serde_json::to_writer(Escaped(&mut self.out), value).map_err(io::Error::from);
        printed.and_then(|()| writeln!(self.out)).context(UNPRINTED)
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
        Output::Words(tags) => writeln!(out, "{}", tags.join(" "))?,
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
