//! `attune compare`: runs side by side.

use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use serde_json::{Map, Value, json};

use super::output::{duration, grouped, plural, print_json, print_lines};
use crate::metrics::{Interval, Measure};
use crate::train::run::{Compared, Comparison, RESAMPLING_SEED, compare};

#[derive(Debug, Args)]
pub struct CompareRuns {
    /// Folders of runs
    #[arg(value_name = "RUN", num_args = 2.., required = true)]
    runs: Vec<PathBuf>,
    /// Everything as JSON
    #[arg(long)]
    json: bool,
}

/// Width of a run's column.
const COLUMN: usize = 26;

impl CompareRuns {
    pub fn run(self) -> anyhow::Result<()> {
        let Some(found) = compare(&self.runs, &mut |_| ControlFlow::Continue(())) else { return Ok(()) };
        if let Some((dir, reason)) = found.unread.first() {
            bail!("\"{}\" cannot be read as a run: {reason}", dir.display());
        }
        if self.json {
            return print_json(&facts(&found));
        }
        if found.other_rows {
            eprintln!("attune: warning: not all of these runs were evaluated on the same rows");
        }
        print_lines(&told(&found))
    }
}

fn facts(found: &Comparison) -> Value {
    let differs: Map<String, Value> = found.differences.iter().map(|one| (one.key.clone(), json!(one.kept))).collect();
    let pair = |pair: &crate::train::run::Pair| {
        json!({
            "runs": pair.runs.map(|place| &found.runs[place].summary.name),
            "disagreements": pair.disagreements,
            "mcnemar_p": pair.mcnemar_p,
        })
    };
    // Of more than two runs these are said of every two.
    let only = found.pairs.first().filter(|_| found.pairs.len() == 1);
    json!({
        "runs": found.runs.iter().map(of_run).collect::<Vec<_>>(),
        "differs": differs,
        "disagreements": only.and_then(|pair| pair.disagreements),
        "mcnemar_p": only.and_then(|pair| pair.mcnemar_p),
        "pairs": found.pairs.iter().map(pair).collect::<Vec<_>>(),
        "same_rows": !found.other_rows,
        "bootstrap": { "level": 0.95, "seed": RESAMPLING_SEED },
    })
}

fn of_run(run: &Compared) -> Value {
    let summary = &run.summary;
    let metrics: Map<String, Value> =
        values(run).into_iter().map(|(key, value)| (key.to_owned(), of_metric(run, key, value))).collect();
    json!({
        "run": summary.name,
        "dir": summary.dir,
        "status": summary.status,
        "task": summary.task,
        "strategy": summary.strategy,
        "step": run.history.best.as_ref().map(|best| best.step),
        "metrics": metrics,
        "rows": run.intervals.as_ref().map(|of| of.rows),
        "resamples": run.intervals.as_ref().map(|of| of.resamples),
        "seconds": summary.seconds,
        "parameters": summary.parameters,
        "trainable": summary.trainable,
    })
}

fn of_metric(run: &Compared, key: &str, value: f64) -> Value {
    let interval = run.interval(key);
    let mut facts = json!({
        "value": value,
        "low": interval.map(|of| of.low),
        "high": interval.map(|of| of.high),
    });
    if let (None, Some(facts)) = (interval, facts.as_object_mut()) {
        let reason = run.without.get(key).copied().unwrap_or("the evaluation keeps no single rows");
        facts.insert("reason".to_owned(), json!(reason));
    }
    facts
}

/// The metrics of the kept weights; where none are kept yet, of the last evaluation.
fn values(run: &Compared) -> Vec<(&str, f64)> {
    let history = &run.history;
    let keys = history.best.as_ref().map_or_else(
        || history.metrics.keys().map(String::as_str).collect::<Vec<_>>(),
        |best| best.metrics.keys().map(String::as_str).collect(),
    );
    keys.into_iter().filter_map(|key| Some((key, history.result(key)?))).collect()
}

fn told(found: &Comparison) -> Vec<String> {
    let row = |head: &str, cell: &dyn Fn(&Compared) -> String| {
        found.runs.iter().fold(format!("{head:<26}"), |line, run| format!("{line}{:>COLUMN$}", short(&cell(run))))
    };
    let mut lines = vec![row("", &|run| run.summary.name.clone())];
    for measure in Measure::ALL {
        if found.runs.iter().any(|run| run.history.result(measure.key).is_some()) {
            lines.push(row(measure.title, &|run| {
                let value = run.history.result(measure.key).map(|value| shown(&measure, value));
                let interval = run.interval(measure.key).map(|of| format!(" ({})", between(&measure, of)));
                format!("{}{}", value.unwrap_or_else(|| "-".to_owned()), interval.unwrap_or_default())
            }));
        }
    }
    let rows = |run: &Compared| run.intervals.as_ref().map_or_else(|| "-".to_owned(), |of| grouped(of.rows as u64));
    lines.push(row("evaluated rows", &rows));
    lines.push(row("time", &|run| duration(run.summary.seconds)));
    lines.push(row("trained weights", &|run| grouped(run.summary.trainable)));
    lines.push(row("all weights", &|run| grouped(run.summary.parameters)));
    lines.push(String::new());
    for difference in &found.differences {
        let values = difference.values.iter().map(|value| value.as_deref().unwrap_or("not set"));
        let cells = values.map(|value| format!("{:>COLUMN$}", short(value))).collect::<String>();
        lines.push(format!("{:<26}{cells}", difference.key));
    }
    lines.push(String::new());
    lines.extend(found.pairs.iter().filter_map(|pair| disagreements(found, pair)));
    if let Some(draws) = found.runs.iter().filter_map(|run| run.intervals.as_ref()).map(|of| of.resamples).max() {
        let draws = grouped(draws as u64);
        let is_wilson = found.runs.iter().filter_map(|run| run.intervals.as_ref()).any(|of| of.is_wilson);
        let wilson = if is_wilson { "; of an accuracy of 0 or 100 % Wilson's" } else { "" };
        lines.push(format!(
            "in brackets: 95 % intervals by bootstrap, {draws} draws of the evaluated rows of each run{wilson}"
        ));
    }
    lines
}

fn disagreements(found: &Comparison, pair: &crate::train::run::Pair) -> Option<String> {
    let [one, two] = pair.runs.map(|place| &found.runs[place].summary.name);
    let rows = plural(pair.disagreements? as usize, "row", "rows");
    let p = pair.mcnemar_p.map_or_else(String::new, |p| format!(" (McNemar's exact test: p = {p:.4})"));
    Some(format!("{one} and {two} predict something else for {rows}{p}"))
}

fn shown(measure: &Measure, value: f64) -> String {
    if measure.percent { format!("{:.2} %", value * 100.0) } else { format!("{value:.4}") }
}

fn between(measure: &Measure, of: Interval) -> String {
    if measure.percent {
        format!("{:.1}-{:.1}", of.low * 100.0, of.high * 100.0)
    } else {
        format!("{:.3}-{:.3}", of.low, of.high)
    }
}

/// What has room in a column, told by its end.
fn short(words: &str) -> String {
    let count = words.chars().count();
    if count < COLUMN {
        words.to_owned()
    } else {
        format!("…{}", words.chars().skip(count + 2 - COLUMN).collect::<String>())
    }
}
