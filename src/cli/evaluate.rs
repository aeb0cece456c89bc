//! `attune evaluate`: a model over a file.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::data::Columns;
use super::output::{plural, print_json, print_lines};
use super::precision::Asked;
use crate::hub::embedded;
use crate::metrics::{Evaluation, Measure};
use crate::model::Decisions;
use crate::task::Task;
use crate::train::assess::{Assessed, assess, assess_held_out, best_decisions};

#[derive(Debug, Args)]
pub struct Evaluate {
    /// A model's folder, a run, an adapter, or embedded, embedded:names or embedded:answers for one inside the program
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// A file with texts and labels, or a folder or pattern of files. Default: the rows that the model's run held out
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Default: the task of the model's architecture
    #[arg(long, value_parser = super::data::task)]
    task: Option<Task>,
    #[command(flatten)]
    columns: Columns,
    /// Maximum tokens of a text, special ones included; longer texts are truncated. Default: as in the run, or as many as the model takes
    #[arg(long, value_name = "N")]
    max_tokens: Option<usize>,
    /// Tokens that neighbouring windows of a long text share
    #[arg(long, value_name = "N")]
    stride: Option<usize>,
    #[command(flatten)]
    asked: Asked,
    /// Find the thresholds with the highest F1 on these data, for each label or for "no answer", and keep them with the model
    #[arg(long)]
    keep_thresholds: bool,
    /// All metrics, classes and the confusion matrix as JSON
    #[arg(long)]
    json: bool,
}

impl Evaluate {
    fn assessed(&self, model: &Path, data: &Path) -> Assessed {
        Assessed {
            model: model.to_owned(),
            task: self.task,
            data: self.columns.inputs(data),
            roles: self.columns.roles(),
            max_tokens: self.max_tokens,
            stride: self.stride,
            precision: self.asked.precision(),
        }
    }

    pub fn run(self) -> anyhow::Result<()> {
        let model = embedded::resolve(&self.model)?;
        let go_on = &mut |_: &str, _, _| ControlFlow::Continue(());
        let precision = self.asked.precision();
        let assessed = match &self.data {
            None => assess_held_out(&model, precision, go_on)?.map(|(assessment, _)| assessment),
            Some(data) => assess(&self.assessed(&model, data), go_on)?,
        };
        let Some(done) = assessed else { return Ok(()) };
        let warnings = done.warnings();
        for warning in done.evaluation.notes.iter().chain(&warnings) {
            eprintln!("attune: warning: {warning}");
        }
        let evaluation = &done.evaluation;
        let kept = self.keep_thresholds.then(|| keep_best(&model, evaluation)).transpose()?;
        if let Some(columns) = &done.columns {
            eprintln!("attune: {columns}");
        }
        let examples = if evaluation.predictions.is_empty() { done.sequences } else { evaluation.predictions.len() };
        if self.json {
            return print_json(&json!({
                "task": evaluation.task,
                "precision": precision,
                "examples": examples,
                "excluded": done.excluded,
                "truncated": done.truncated,
                "notes": evaluation.notes,
                "metrics": evaluation.metrics,
                "baseline": evaluation.baseline,
                "labels": evaluation.labels,
                "confusion": evaluation.confusion,
                "per_class": evaluation.per_class,
                "calibration": evaluation.calibration,
                "thresholds": done.decisions,
                "kept": kept,
            }));
        }
        let mut lines = vec![plural(examples, "example", "examples")];
        lines.extend(metric_lines(evaluation));
        lines.extend(kept.iter().flat_map(decision_lines));
        print_lines(&lines)
    }
}

/// Writes the thresholds with the highest F1 beside the model.
fn keep_best(model: &Path, evaluation: &Evaluation) -> anyhow::Result<Decisions> {
    let best = best_decisions(evaluation).with_context(|| {
        format!(
            "{} has no threshold on these data; multi-label classification and questions without an answer do",
            evaluation.task
        )
    })?;
    best.write(model)?;
    Ok(best)
}

/// What is decided for a model, for people.
pub fn decision_lines(decisions: &Decisions) -> Vec<String> {
    let labels =
        decisions.thresholds.iter().map(|(label, threshold)| format!("{label:<18} applies from {threshold:.4}"));
    let no_answer = decisions.no_answer.map(|lead| format!("no answer          from a lead of {lead:.4}"));
    labels.chain(no_answer).collect()
}

/// A metric as it is printed.
pub fn shown(measure: &Measure, value: f64) -> String {
    if measure.percent { format!("{:.2} %", value * 100.0) } else { format!("{value:.4}") }
}

/// Each metric beside that of the baseline, then each class.
pub fn metric_lines(evaluation: &Evaluation) -> Vec<String> {
    let metrics = Measure::ALL.iter().filter_map(|measure| {
        let value = evaluation.metrics.get(measure.key)?;
        let baseline = evaluation.baseline.get(measure.key);
        let baseline = baseline.map_or_else(String::new, |value| format!("   (baseline {})", shown(measure, *value)));
        Some(format!("{:<24} {:>10}{baseline}", measure.title, shown(measure, *value)))
    });
    let classes = evaluation.per_class.iter().map(|class| {
        format!(
            "{:<18} precision {:.4}  recall {:.4}  F1 {:.4}  of {}",
            class.label, class.precision, class.recall, class.f1, class.support
        )
    });
    metrics.chain(classes).collect()
}
