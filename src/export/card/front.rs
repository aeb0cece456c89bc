//! The head of a card, which the hub and its tools read: YAML between two lines of dashes.
//!
//! Texts are written as JSON writes them, which is YAML too and leaves no name to be taken for something else.

use serde_json::json;

use super::super::format::{self, Format};
use super::super::source::Source;
use crate::metrics::{Evaluation, Measure};
use crate::model::EncoderConfig;
use crate::task::Task;
use crate::train::run::ReadRun;

/// The head, with the lines around it.
pub fn matter(source: &Source, format: Format, config: &EncoderConfig) -> String {
    let task = source.run.as_ref().map(|run| run.config.task).or_else(|| config.task());
    let mut lines = vec!["---".to_owned()];
    lines.push("# license: nobody has chosen one yet; see \"Licence\" below".to_owned());
    lines.push(format!("library_name: {}", format::library(format)));
    if let Some(name) = source.run.as_ref().and_then(|run| run.config.model.name.as_ref()) {
        lines.push(format!("base_model: {}", quoted(name)));
    }
    let embeds = (format == Format::SentenceTransformers).then_some("sentence-similarity");
    if let Some(tag) = embeds.or_else(|| task.and_then(Task::pipeline)) {
        lines.push(format!("pipeline_tag: {tag}"));
    }
    lines.push("tags:".to_owned());
    lines.extend(["attune", config.family.model_type()].map(|tag| format!("- {tag}")));
    if let Some((run, evaluation)) = source.run.as_ref().and_then(|run| Some((run, run.evaluation.as_deref()?))) {
        lines.extend(index(run, &evaluation.evaluation));
    }
    lines.push("---\n\n".to_owned());
    lines.join("\n")
}

/// The metrics as the hub's tables read them.
fn index(run: &ReadRun, evaluation: &Evaluation) -> Vec<String> {
    let Some(pipeline) = run.config.task.pipeline() else { return Vec::new() };
    let task = run.config.task;
    let data = run.config.data.eval.as_ref().unwrap_or(&run.config.data.train);
    let mut lines = vec![
        "model-index:".to_owned(),
        format!("- name: {}", quoted(&run.summary.name)),
        "  results:".to_owned(),
        "  - task:".to_owned(),
        format!("      type: {pipeline}"),
        format!("      name: {}", quoted(task.title())),
        "    dataset:".to_owned(),
        format!("      type: {}", quoted(&data.title())),
        format!("      name: {}", quoted(&held_out(run))),
        "    metrics:".to_owned(),
    ];
    for (key, value) in told(task, evaluation) {
        let title = Measure::find(key).map_or(key, |measure| measure.title);
        lines.push(format!("    - type: {}", known(key)));
        lines.push(format!("      value: {value:.6}"));
        lines.push(format!("      name: {}", quoted(title)));
    }
    lines
}

/// The metrics of a task that came to a number, the main one first.
pub fn told(task: Task, evaluation: &Evaluation) -> Vec<(&'static str, f64)> {
    let main = Measure::main(task);
    let others = Measure::of(task).into_iter().filter(|key| *key != main);
    let valued = std::iter::once(main).chain(others).filter_map(|key| Some((key, *evaluation.metrics.get(key)?)));
    valued.filter(|(_, value)| value.is_finite()).collect()
}

/// What was evaluated, in words.
pub fn held_out(run: &ReadRun) -> String {
    let data = &run.config.data;
    match &data.eval {
        Some(eval) => eval.title(),
        None => format!("rows of {} held out from training", data.train.title()),
    }
}

/// The hub's word for a metric, where it has one of its own.
fn known(key: &str) -> &str {
    match key {
        "eval_loss" => "loss",
        "matthews" => "matthews_correlation",
        "pearson" => "pearsonr",
        "spearman" => "spearmanr",
        other => other,
    }
}

fn quoted(text: &str) -> String {
    json!(text).to_string()
}
