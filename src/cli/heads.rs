//! `attune heads`: how much each head and each feed-forward of a model matters for a file, as the window shows it.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};

use super::data::{Columns, Drawn, warn_of_rows};
use super::output::{plural, print_json, print_lines};
use crate::analysis::switchboard::{Board, Question, ROWS, Scored, board};
use crate::hub::embedded;
use crate::metrics::Measure;
use crate::model::read_config;
use crate::task::Task;

#[derive(Debug, Args)]
pub struct HeadsOf {
    /// A model's folder, a run, an adapter, or embedded, embedded:names or embedded:answers for one inside the program
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// A file with texts and their labels; for masked words and the order of texts, the texts alone
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Any task but rtd; without it the model's architectures decide
    #[arg(long, value_parser = super::data::task)]
    task: Option<Task>,
    #[command(flatten)]
    columns: Columns,
    /// Switches each off by itself too and predicts the rows again
    #[arg(long)]
    exact: bool,
    /// Maximum number of rows, sampled by class
    #[arg(long, value_name = "N", default_value_t = ROWS as u64, value_parser = clap::value_parser!(u64).range(1..))]
    rows: u64,
    #[command(flatten)]
    drawn: Drawn,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl HeadsOf {
    pub fn run(self) -> anyhow::Result<()> {
        let model = embedded::resolve(&self.model)?;
        let own = read_config(&model)?.task();
        let task = self.task.or(own).with_context(|| {
            format!("\"{}\" does not say what it was trained for, expected --task", self.model.display())
        })?;
        let (data, columns) = self.columns.dataset(&self.data, Some(task), Some(&model))?;
        warn_of_rows(&data);
        let question = Question { wanted: self.drawn.of(self.rows, model, Arc::new(data)), exact: self.exact };
        let found = board(&question, &mut |_, _, _| ControlFlow::Continue(()))?;
        let found = found.context("the computation was stopped")?;
        columns.tell();
        for note in found.sample.notes() {
            eprintln!("attune: warning: {note}");
        }
        if self.json { print_json(&self.facts(&found)) } else { print_lines(&lines(&found)) }
    }

    fn facts(&self, found: &Board) -> Value {
        let key = Measure::main(found.task);
        let part = |importance: f64, without: Option<Scored>| {
            let mut facts = json!({ "importance": importance });
            if let (Value::Object(facts), Some(without)) = (&mut facts, without) {
                facts.insert(key.into(), json!(without.metric));
                facts.insert("loss".into(), json!(without.loss));
            }
            facts
        };
        let layer = |layer: usize| {
            let heads = (0..found.heads).map(|head| part(found.of_head(layer, head), found.without_head(layer, head)));
            json!({
                "layer": layer,
                "heads": heads.collect::<Vec<_>>(),
                "feed_forward": part(found.of_feed_forward[layer], found.without_feed_forward(layer)),
            })
        };
        json!({
            "task": found.task,
            "rows": found.sample.rows,
            "of": found.sample.among,
            "seed": self.drawn.seed,
            "truncated": found.sample.cut,
            "max_tokens": found.sample.max_tokens,
            "metric": key,
            key: found.whole.metric,
            "loss": found.whole.loss,
            "layers": (0..found.layers).map(layer).collect::<Vec<_>>(),
        })
    }
}

/// A line for each part, those that matter most first.
fn lines(found: &Board) -> Vec<String> {
    let title = Measure::find(Measure::main(found.task)).map_or("", |measure| measure.title);
    let mut lines = vec![format!(
        "{title} {:.4}, loss {:.4} over {}; layers and heads are counted from 0",
        found.whole.metric,
        found.whole.loss,
        plural(found.sample.rows, "row", "rows")
    )];
    let exact = if found.without.is_some() { format!("{:>14}{:>14}", title, "loss") } else { String::new() };
    lines.push(format!("{:<26}{:>12}{exact}", "part", "importance"));
    let mut parts: Vec<(String, f64, Option<Scored>)> = Vec::new();
    for layer in 0..found.layers {
        for head in 0..found.heads {
            let name = format!("layer {layer} head {head}");
            parts.push((name, found.of_head(layer, head), found.without_head(layer, head)));
        }
        let name = format!("layer {layer} feed-forward");
        parts.push((name, found.of_feed_forward[layer], found.without_feed_forward(layer)));
    }
    parts.sort_by(|a, b| b.1.total_cmp(&a.1));
    lines.extend(parts.into_iter().map(|(name, importance, without)| {
        let without = without.map_or_else(String::new, |one| format!("{:>14.4}{:>14.4}", one.metric, one.loss));
        format!("{name:<26}{importance:>12.6}{without}")
    }));
    lines
}
