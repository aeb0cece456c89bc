//! `attune inspect`: what a model folder, a dataset or a run is.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};

use super::data::Columns;
use super::evaluate::{decision_lines, metric_lines};
use super::output::{bytes, grouped, plural, print_json, print_lines};
use crate::data::{Finding, HeldOut, health};
use crate::hub::embedded;
use crate::model::card::ModelCard;
use crate::model::kept::State;
use crate::model::{self, kept};
use crate::table::Format;
use crate::table::RowProblem;
use crate::task::Task;
use crate::text::Tokenizer;
use crate::train::event::TrainEvent;
use crate::train::run;

#[derive(Debug, Args)]
pub struct Inspect {
    /// A model folder (or embedded, embedded:names or embedded:answers for one inside the program), a file, a folder or a pattern of files with texts, or a run's folder
    path: PathBuf,
    /// The task to read a data set for; default: guessed from its columns
    #[arg(long, value_parser = super::data::task)]
    task: Option<Task>,
    #[command(flatten)]
    columns: Columns,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Problems of rows that are listed one by one.
const LISTED: usize = 10;

impl Inspect {
    pub fn run(self) -> anyhow::Result<()> {
        // Data may have a file of any name beside them.
        let is_run = ["run.toml", "events.jsonl"].iter().all(|name| self.path.join(name).is_file());
        let path = &if is_run { self.path.clone() } else { embedded::resolve(&self.path)? };
        let (facts, lines) = if is_run {
            run_facts(path)?
        } else if model::is_model_folder(path) && !is_of_something_else(&path.join("config.json")) {
            model_facts(path)?
        } else {
            let read = self.dataset_facts();
            let what = "is neither a model folder nor a run, and holds no data that can be read";
            if path.is_dir() { read.with_context(|| format!("\"{}\" {what}", path.display()))? } else { read? }
        };
        if self.json { print_json(&facts) } else { print_lines(&lines) }
    }

    fn dataset_facts(&self) -> anyhow::Result<(Value, Vec<String>)> {
        let (dataset, _) = self.columns.dataset(&self.path, self.task, None)?;
        let (table, task, roles) = (dataset.table.clone(), dataset.task, dataset.roles.clone());
        let findings = health(&dataset);
        let counts: Vec<(&String, u64)> = dataset.labels.names.iter().zip(dataset.counts()).collect();
        let problem = |problem: &RowProblem| match &problem.file {
            Some(file) => json!({ "file": file, "line": problem.line, "reason": problem.reason }),
            None => json!({ "line": problem.line, "reason": problem.reason }),
        };
        let files: Vec<&Path> = table.origins.files.iter().map(|file| file.path.as_path()).collect();
        let problems = table.problems.iter().chain(&dataset.excluded);
        let has_labels = dataset.is_labelled();
        // Of a million labels the facts take ten times what the labels do.
        let facts = || {
            json!({
                "kind": "dataset",
                "path": table.path,
                "files": files,
                "held_out": table.origins.held_out,
                "format": format_name(table.format),
                "encoding": table.encoding,
                "replaced_characters": table.replaced_characters,
                "notes": table.notes,
                "columns": table.columns,
                "rows": table.rows(),
                "task": task,
                "roles": roles,
                "reading": dataset.reading(),
                "parts": dataset.parts(),
                "examples": dataset.examples.len(),
                "labelled": has_labels,
                "labels": counts.iter().map(|(label, count)| json!({ "label": label, "count": count })).collect::<Vec<_>>(),
                "problems": problems.clone().map(problem).collect::<Vec<_>>(),
                "health": findings.iter().map(|finding| health_facts(finding, files.len() > 1)).collect::<Vec<_>>(),
            })
        };
        let encoding = if table.format.has_encoding() { format!(", {}", table.encoding) } else { String::new() };
        let mut lines = vec![
            format!("{}: {}{encoding}", table.path.display(), format_name(table.format)),
            format!(
                "{}, {}: {}",
                plural(table.rows(), "row", "rows"),
                plural(table.columns.len(), "column", "columns"),
                column_list(&table.columns)
            ),
            format!("{} for {task}", plural(dataset.examples.len(), "example", "examples")),
        ];
        lines.extend(roles.named().map(|(role, column)| format!("{role:<12} {column}")));
        lines.extend(dataset.reading());
        if !has_labels && !dataset.makes_its_own_labels() {
            lines.push("no labels were found".to_owned());
        }
        lines.extend(counts.iter().take(NAMED).map(|(label, count)| format!("{:>8}  {label}", grouped(*count))));
        if counts.len() > NAMED {
            lines.push(format!(
                "          and {} more labels, which --json lists",
                grouped((counts.len() - NAMED) as u64)
            ));
        }
        lines.extend(table.notes.iter().map(|note| format!("note: {note}")));
        lines.extend(dataset.parts_words(HeldOut::Here).map(|parts| format!("note: {parts}")));
        let (told, wrong): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| finding.kind.is_note());
        lines.extend(told.iter().map(|finding| format!("note: {}", finding.message())));
        lines.extend(wrong.iter().map(|finding| format!("problem: {}", finding.message())));
        lines.extend(problems.clone().take(LISTED).map(|problem| format!("{} {}", problem.place(), problem.reason)));
        Ok((if self.json { facts() } else { Value::Null }, lines))
    }
}

/// A finding with the lines of its rows, or where these are of several files, with the file beside each.
fn health_facts(finding: &Finding, several: bool) -> Value {
    let is_problem = !finding.kind.is_note();
    let mut facts = json!({ "message": finding.message(), "count": finding.count, "problem": is_problem });
    if several {
        facts["places"] = json!(finding.places);
    } else {
        facts["lines"] = finding.places.iter().map(|place| json!(place.line)).collect();
    }
    facts
}

/// Whether a configuration can be read and is of no model: many a file is called `config.json`.
fn is_of_something_else(config: &Path) -> bool {
    let read: Option<Value> =
        crate::files::read_note(config).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    read.is_some_and(|config| config.get("model_type").is_none() && config.get("architectures").is_none())
}

/// Columns and labels that are listed for people.
const NAMED: usize = 40;

/// The names of columns, of which a wide table has more than anybody reads; all of them are among the facts.
fn column_list(columns: &[String]) -> String {
    let named = columns.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if columns.len() > NAMED { format!("{named} and {} more", columns.len() - NAMED) } else { named }
}

fn format_name(format: Format) -> String {
    match format {
        Format::JsonLines => "JSON objects".to_owned(),
        Format::Delimited { delimiter: b'\n' } => "one column".to_owned(),
        Format::Delimited { delimiter: b'\t' } => "separated by tabs".to_owned(),
        Format::Delimited { delimiter: 0x1F } => "separated by another sign".to_owned(),
        Format::Delimited { delimiter } => format!("separated by {:?}", char::from(delimiter)),
        other => other.title(),
    }
}

fn model_facts(dir: &Path) -> anyhow::Result<(Value, Vec<String>)> {
    let mut card = model::open_card(dir)?;
    match Tokenizer::open(&model::tokenizer_folder(dir)) {
        Ok(tokenizer) => {
            tokenizer.kind().file().clone_into(&mut card.tokenizer);
            card.cased = tokenizer.cased();
            card.problems.extend(tokenizer.misfits(card.vocab_size, &model::read_config(dir)?.special_ids()));
        }
        // A folder without a tokenizer still is a model, though nothing can be asked of it.
        Err(error) => card.problems.push(error.to_string()),
    }
    let decisions = model::Decisions::read(dir)?;
    let mut facts = json!({ "kind": "model", "thresholds": decisions });
    if let (Value::Object(facts), Value::Object(card)) = (&mut facts, serde_json::to_value(&card)?) {
        facts.extend(card);
    }
    let mut lines = card_lines(&card);
    lines.extend(decision_lines(&decisions));
    Ok((facts, lines))
}

fn card_lines(card: &ModelCard) -> Vec<String> {
    let heads: Vec<&str> = card.heads.iter().map(|task| task.title()).collect();
    let report = &card.report;
    let mut lines = vec![
        format!("{}: {} ({})", card.dir.display(), card.family, card.architectures.join(", ")),
        format!("{} parameters, {} on disk as {}", grouped(card.parameters), bytes(card.bytes_on_disk), card.dtype),
        format!(
            "{} layers ({} stored), hidden {}, {} heads, feed-forward {}, {}",
            card.layers,
            card.stored_layers,
            card.hidden_size,
            card.num_attention_heads,
            card.intermediate_size,
            card.activation
        ),
        format!("vocabulary {}, up to {} tokens", grouped(card.vocab_size as u64), card.max_tokens),
        format!("tokenizer {}", if card.tokenizer.is_empty() { "none" } else { &card.tokenizer }),
        format!("trained heads: {}", if heads.is_empty() { "none".to_owned() } else { heads.join(", ") }),
        format!("{} tensors loaded, {} new, {} unused", report.loaded.len(), report.new.len(), report.left_over.len()),
    ];
    lines.extend(card.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(card.problems.iter().map(|problem| format!("problem: {problem}")));
    lines.extend(report.new.iter().map(|name| format!("new: {name}")));
    lines.extend(report.left_over.iter().map(|name| format!("unused: {name}")));
    lines.extend(card.blocks.iter().map(|block| format!("{:>14}  {}", grouped(block.parameters), block.name)));
    if !card.labels.is_empty() {
        lines.push(format!("labels: {}", card.labels.join(", ")));
    }
    lines
}

fn run_facts(dir: &Path) -> anyhow::Result<(Value, Vec<String>)> {
    let run = run::read(dir)?;
    let problems = [run.problems, run::damage(dir)].concat();
    let evaluation = run.evaluation.as_ref().map(|kept| &kept.evaluation);
    let states = kept::states(dir);
    let mut facts = json!({ "kind": "run" });
    if let (Value::Object(facts), Value::Object(summary)) = (&mut facts, serde_json::to_value(&run.summary)?) {
        facts.extend(summary);
        facts.insert("problems".to_owned(), json!(problems));
        facts.insert("config".to_owned(), serde_json::to_value(&run.config)?);
        facts.insert("metrics".to_owned(), json!(evaluation.map(|one| &one.metrics)));
        facts.insert("baseline".to_owned(), json!(evaluation.map(|one| &one.baseline)));
        let state = |state: &State| json!({ "step": state.step, "bytes": state.bytes, "dir": state.dir });
        facts.insert("states".to_owned(), states.iter().map(state).collect());
    }
    let summary = &run.summary;
    let status = serde_json::to_value(summary.status)?;
    let mut lines = vec![
        format!("{}: {} of {} on {}", summary.dir.display(), summary.task, summary.model, summary.data),
        format!("{}, step {} of {}", status.as_str().unwrap_or_default(), summary.step, summary.steps),
        format!("{} of {} weights trained", grouped(summary.trainable), grouped(summary.parameters)),
        format!("{} on disk", bytes(summary.bytes_on_disk)),
    ];
    if let [_, .., last] = states.as_slice() {
        let all = bytes(states.iter().map(|state| state.bytes).sum());
        let steps: Vec<String> = states.iter().map(|state| state.step.to_string()).collect();
        let (count, named) = (states.len(), steps.join(", "));
        lines.push(format!("{count} states kept, {all} in all, of the steps {named}"));
        lines.push(format!("each opens as a model: --model {}@{}", dir.display(), last.step));
    }
    lines.extend(run.config.data.columns.named().map(|(role, column)| format!("{role:<12} {column}")));
    let before = run.events.iter().filter_map(|event| match event {
        TrainEvent::Warning { step: 0, message } => Some(format!("warning: {message}")),
        _ => None,
    });
    lines.extend(before);
    lines.extend(evaluation.into_iter().flat_map(metric_lines));
    lines.extend(problems.iter().map(|problem| format!("problem: {problem}")));
    Ok((facts, lines))
}
