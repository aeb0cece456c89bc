//! `attune probe`: how much of a task each layer of a model already knows, as the window shows it.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::{Map, Value, json};

use super::data::{Columns, Drawn, warn_of_rows};
use super::output::{plural, print_json, print_lines};
use crate::analysis::pooled::StatesKept;
use crate::analysis::probe::{FOLDS, FineTuned, Probed, Question, ROWS, Score, Taught, Train, labelled};
use crate::analysis::sample::Sampling;
use crate::hub::embedded;
use crate::inspect::Pooling;
use crate::task::Task;
use crate::train::learned::{self, LearnedKept};

#[derive(Debug, Args)]
#[command(mut_arg("seed", |arg| arg.help("Draws the rows and the folds")))]
pub struct Probe {
    /// A model's folder, a run, an adapter, or embedded, embedded:names or embedded:answers for one inside the program
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// A file with texts and labels
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// classify, multilabel, regress or ner; without it, what the labels look like
    #[arg(long, value_parser = super::data::task)]
    task: Option<Task>,
    #[command(flatten)]
    columns: Columns,
    /// Number of cross-validation folds
    #[arg(long, value_name = "K", default_value_t = FOLDS as u64, value_parser = clap::value_parser!(u64).range(2..=1000))]
    folds: u64,
    /// Maximum number of rows, sampled by class
    #[arg(long, value_name = "N", default_value_t = ROWS as u64, value_parser = clap::value_parser!(u64).range(2..))]
    rows: u64,
    #[command(flatten)]
    drawn: Drawn,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Probe {
    pub fn run(self) -> anyhow::Result<()> {
        let model = embedded::resolve(&self.model)?;
        let (data, columns) = self.columns.dataset(&self.data, self.task, Some(&model))?;
        warn_of_rows(&data);
        let data = Arc::new(data);
        let among = labelled(&data, 0..data.examples.len()).into();
        let wanted = Sampling { among, ..self.drawn.of(self.rows, model, data) };
        let question = Question { wanted, folds: self.folds as usize };
        let go_on = &mut |_: &str, _: u64, _: u64| ControlFlow::Continue(());
        let Some(probed) = learned::probe(&question, &StatesKept::default(), &LearnedKept::default(), go_on)? else {
            return Ok(());
        };
        columns.tell();
        for note in probed.notes() {
            eprintln!("attune: warning: {note}");
        }
        if self.json { print_json(&facts(&probed, self.drawn.seed)) } else { print_lines(&lines(&probed)) }
    }
}

fn facts(probed: &Probed, seed: u64) -> Value {
    let advice = probed.advice(probed.pooling);
    let rare: Map<String, Value> = probed.rare.iter().map(|(name, rows)| (name.clone(), json!(rows))).collect();
    json!({
        "task": probed.task,
        "metric": probed.judged.key(),
        "pooling": probed.pooling.name(),
        "layers": layers(probed, probed.by(probed.pooling)),
        "majority": probed.majority,
        "interval": format!("{} 95 %", probed.judged.interval()),
        "poolings": {
            "first": layers(probed, &probed.first),
            "mean": layers(probed, &probed.mean),
        },
        "rows": probed.rows,
        "words": probed.words,
        "of": probed.among,
        "classes": probed.classes,
        "folds": probed.folds,
        "seed": seed,
        "truncated": probed.cut,
        "max_tokens": probed.max_tokens,
        "rare": rare,
        "best": advice.best,
        "found": advice.found(),
        "fine_tuned": probed.fine_tuned.as_ref().map(fine_tuned),
        "proposal": probed.proposes().then(|| advice.proposal()),
        "strategy": probed.proposes().then(|| match advice.train {
            Train::Whole => json!({ "kind": "full" }),
            Train::Top(layers) => json!({ "kind": "top", "top_layers": layers }),
            Train::Head | Train::OnlyHead => json!({ "kind": "head" }),
        }),
    })
}

fn fine_tuned(told: &FineTuned) -> Value {
    let (left_out, among) = match &told.taught {
        Taught::Some { left_out, among } => (Some(*left_out), Some(if *left_out > 0 { 0 } else { *among })),
        Taught::Unknown { .. } => (None, None),
    };
    json!({
        "run": told.run,
        "strategy": told.strategy,
        "base": told.base_title,
        "learned_left_out": left_out,
        "learned_among": among,
    })
}

/// Each layer with the name of its metric, so that no F1 is taken for an accuracy.
fn layers(probed: &Probed, scores: &[Score]) -> Vec<Value> {
    let key = probed.judged.key();
    let layer = |(layer, score): (usize, &Score)| json!({ "layer": layer, key: score.value, "low": score.low, "high": score.high });
    scores.iter().enumerate().map(layer).collect()
}

/// Layers below each other with both poolings, the better marked by its bar.
fn lines(probed: &Probed) -> Vec<String> {
    let better = probed.by(probed.pooling);
    let written = |value: f64| probed.judged.written(value);
    let (first, mean) = (Pooling::First, Pooling::Mean);
    let mut lines = vec![
        format!(
            "{} of a linear probe on {}, {} folds; {} {}",
            probed.judged.title(),
            plural(probed.rows, "row", "rows"),
            probed.folds,
            probed.judged.baseline(),
            written(probed.majority)
        ),
        format!(
            "{:<11}{:>12}{:>12}   95 % interval of the {}",
            "layer",
            first.title(),
            mean.title(),
            probed.pooling.title()
        ),
    ];
    for (layer, score) in better.iter().enumerate() {
        let name = if layer == 0 { "embeddings".to_owned() } else { layer.to_string() };
        let bar = "▇".repeat((score.value.clamp(0.0, 1.0) * 24.0).round() as usize);
        let (first, mean) = (written(probed.first[layer].value), written(probed.mean[layer].value));
        let interval = format!("{} to {}", written(score.low), written(score.high));
        lines.push(format!("{name:<11}{first:>12}{mean:>12}   {interval:<18} {bar}").trim_end().to_owned());
    }
    let advice = probed.advice(probed.pooling);
    lines.push(advice.found());
    lines.push(match &probed.fine_tuned {
        None => advice.proposal(),
        Some(told) => format!("How far to freeze is to be asked of what it was made of: {}.", told.base_title),
    });
    lines
}
