//! `attune evaluate`: a model over a file.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use serde_json::json;

use super::data::Columns;
use super::output::{print_json, print_lines};
use crate::data::{Dataset, Features, LabelSet, Table, Target, features};
use crate::inspect::Predictor;
use crate::metrics::{Evaluation, Measure};
use crate::task::Task;
use crate::train::evaluate::{evaluation, score_all};
use crate::train::objective::Objective;
use crate::train::prepare::fill_roles;

#[derive(Debug, Args)]
pub struct Evaluate {
    /// A model folder
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// A file with texts and labels
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// classify, multilabel or regress; without it the model's architectures decide
    #[arg(long, value_parser = super::task)]
    task: Option<Task>,
    #[command(flatten)]
    columns: Columns,
    /// Tokens of a text, special ones included; longer texts are cut
    #[arg(long, value_name = "N")]
    max_tokens: Option<usize>,
    /// All metrics, classes and the confusion matrix as JSON
    #[arg(long)]
    json: bool,
}

impl Evaluate {
    pub fn run(self) -> anyhow::Result<()> {
        let predictor = Predictor::open(&self.model, self.task)?;
        let task = predictor.task;
        if !task.is_sequence() {
            bail!("evaluating {task} is not there yet; classify, multilabel and regress are");
        }
        let labels = LabelSet { names: predictor.labels.clone() };
        let table = Arc::new(Table::open(&self.data)?);
        let roles = fill_roles(&self.columns.roles(), &table, task);
        let known = (task != Task::Regress).then_some(&labels);
        let dataset = Dataset::new(table, task, &roles, known)?;
        if !dataset.is_labelled() {
            bail!("\"{}\" has no column with labels, expected one; name it with --label", self.data.display());
        }
        let which: Vec<usize> = (0..dataset.examples.len()).collect();
        let limit = self.max_tokens.unwrap_or(usize::MAX).min(predictor.max_tokens);
        let mut go_on = |_| ControlFlow::Continue(());
        let features = features(&dataset, &which, &predictor.tokenizer, limit, &mut go_on)?.unwrap_or_default();
        let features: Vec<Features> = features.into_iter().filter(|one| one.target != Target::None).collect();
        let objective = Objective::unweighted(task, labels.len());
        let scored = score_all(&predictor.model, &objective, &features, None, &mut go_on)?.unwrap_or_default();
        let evaluation = evaluation(task, &labels, &features, scored);
        let truncated = features.iter().filter(|one| one.cut > 0).count();
        for (count, what) in [
            (dataset.table.problems.len(), "rows could not be read"),
            (dataset.excluded.len(), "rows cannot be used"),
            (truncated, "texts were cut to fit the model"),
        ] {
            if count > 0 {
                eprintln!("attune: warning: {count} {what}");
            }
        }
        if self.json {
            return print_json(&json!({
                "task": task,
                "examples": features.len(),
                "excluded": dataset.excluded.len() + dataset.table.problems.len(),
                "truncated": truncated,
                "metrics": evaluation.metrics,
                "baseline": evaluation.baseline,
                "labels": evaluation.labels,
                "confusion": evaluation.confusion,
                "per_class": evaluation.per_class,
            }));
        }
        let mut lines = vec![format!("{} examples", features.len())];
        lines.extend(metric_lines(&evaluation));
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
        let baseline = evaluation.baseline.get(measure.key).map(|value| shown(measure, *value)).unwrap_or_default();
        Some(format!("{:<18} {:>10}   (baseline {baseline})", measure.title, shown(measure, *value)))
    });
    let classes = evaluation.per_class.iter().map(|class| {
        format!(
            "{:<18} precision {:.4}  recall {:.4}  F1 {:.4}  of {}",
            class.label, class.precision, class.recall, class.f1, class.support
        )
    });
    metrics.chain(classes).collect()
}
