//! `attune evaluate`: a model over a file.

use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::data::Columns;
use super::output::{print_json, print_lines};
use crate::metrics::{Evaluation, Measure};
use crate::task::Task;
use crate::train::assess::{Assessed, assess};

#[derive(Debug, Args)]
pub struct Evaluate {
    /// A model folder
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// A file with texts and labels
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Without it the model's architectures decide
    #[arg(long, value_parser = super::task)]
    task: Option<Task>,
    #[command(flatten)]
    columns: Columns,
    /// Tokens of a text, special ones included; longer texts are cut
    #[arg(long, value_name = "N")]
    max_tokens: Option<usize>,
    /// Tokens that neighbouring windows of a long text share
    #[arg(long, value_name = "N")]
    stride: Option<usize>,
    /// All metrics, classes and the confusion matrix as JSON
    #[arg(long)]
    json: bool,
}

impl Evaluate {
    pub fn run(self) -> anyhow::Result<()> {
        let what = Assessed {
            model: self.model,
            task: self.task,
            data: self.data,
            roles: self.columns.roles(),
            max_tokens: self.max_tokens,
            stride: self.stride,
        };
        let Some(done) = assess(&what, &mut |_, _, _| ControlFlow::Continue(()))? else { return Ok(()) };
        for (count, what) in
            [(done.excluded, "rows cannot be read or used"), (done.truncated, "texts were cut to fit the model")]
        {
            if count > 0 {
                eprintln!("attune: warning: {count} {what}");
            }
        }
        let evaluation = &done.evaluation;
        let examples = if evaluation.predictions.is_empty() { done.sequences } else { evaluation.predictions.len() };
        if self.json {
            return print_json(&json!({
                "task": evaluation.task,
                "examples": examples,
                "excluded": done.excluded,
                "truncated": done.truncated,
                "metrics": evaluation.metrics,
                "baseline": evaluation.baseline,
                "labels": evaluation.labels,
                "confusion": evaluation.confusion,
                "per_class": evaluation.per_class,
                "calibration": evaluation.calibration,
            }));
        }
        let mut lines = vec![format!("{examples} examples")];
        lines.extend(metric_lines(evaluation));
        print_lines(&lines)
    }
}

/// Each metric beside that of the baseline, then each class.
pub fn metric_lines(evaluation: &Evaluation) -> Vec<String> {
    let shown = |measure: &Measure, value: f64| {
        if measure.percent { format!("{:.2} %", value * 100.0) } else { format!("{value:.4}") }
    };
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
