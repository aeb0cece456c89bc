//! Runs side by side: what was set differently, what they came to, and whether that is more than chance. One run is read
//! after the other, and of each only what is compared stays in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::history::History;
use super::names::EVALUATION;
use super::settings::settings;
use super::summary::{RunStatus, RunSummary};
use super::{kept_config, with_checkpoint};
use crate::files;
use crate::metrics::{Contest, Measure, Outcome};
use crate::stop::heed;
use crate::task::{Reads, Task};
use crate::train::TrainError;
use crate::train::kept::KeptEvaluation;

/// A kept evaluation that is larger is not read for its rows: the shares have to do.
const LARGEST: u64 = 512 << 20;
/// Settings that differ between any two runs and say nothing.
const ASIDE: [&str; 1] = ["run.out"];

/// One of the compared runs.
#[derive(Clone, Debug)]
pub struct Compared {
    pub summary: RunSummary,
    pub history: History,
    /// How it stands against the best of them; none for that one, and for one that has not ended.
    pub contest: Option<Contest>,
}

/// A setting that is not the same in all, by its key in `run.toml`, with its value in each run; none where it is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub key: String,
    pub values: Vec<Option<String>>,
}

#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// In the order in which they were asked for.
    pub runs: Vec<Compared>,
    pub differences: Vec<Difference>,
    /// The key of the metric that all are judged by; none where they learn different tasks.
    pub metric: Option<&'static str>,
    /// Which of those that have ended has the best value of it.
    pub best: Option<usize>,
    /// Not all were evaluated on the same rows.
    pub other_rows: bool,
    /// Runs that cannot be read, with the reason.
    pub unread: Vec<(PathBuf, String)>,
}

/// What is read of a run.
struct Read {
    summary: RunSummary,
    history: History,
    settings: BTreeMap<String, Value>,
    rows: Option<Rows>,
}

/// The rows that a run was evaluated on.
struct Rows {
    /// Of texts and labels.
    sum: u64,
    count: usize,
    /// Whether each was right, where that is a matter of yes and no.
    right: Vec<bool>,
}

/// Reads runs and sets them side by side; nothing where `go_on` says so, which is told which run is read next.
pub fn compare(dirs: &[PathBuf], go_on: &mut dyn FnMut(usize) -> ControlFlow<()>) -> Option<Comparison> {
    let (mut read, mut unread) = (Vec::new(), Vec::new());
    for (place, dir) in dirs.iter().enumerate() {
        if go_on(place).is_break() {
            return None;
        }
        match Read::of(dir) {
            Ok(run) => read.push(run),
            Err(error) => unread.push((dir.clone(), error.to_string())),
        }
    }
    let metric = metric_of(&read);
    let best = metric.and_then(|metric| best_of(&read, metric));
    let contests: Vec<_> = (0..read.len()).map(|place| contest(&read, metric?, best?, place)).collect();
    let mut sums: Vec<u64> = read.iter().filter_map(|run| run.rows.as_ref()).map(|rows| rows.sum).collect();
    sums.dedup();
    Some(Comparison {
        differences: differences(&read),
        metric: metric.map(|metric| metric.key),
        best,
        other_rows: metric.is_some() && sums.len() > 1,
        unread,
        runs: read
            .into_iter()
            .zip(contests)
            .map(|(Read { summary, history, .. }, contest)| Compared { summary, history, contest })
            .collect(),
    })
}

impl Read {
    fn of(dir: &Path) -> Result<Self, TrainError> {
        let summary = with_checkpoint(RunSummary::read(dir)?);
        let history = History::read(dir)?;
        let mut settings = settings(&kept_config(dir)?);
        settings.retain(|key, value| !ASIDE.contains(&key.as_str()) && !value.is_null());
        for (key, examples) in
            [("examples for training", history.train_examples), ("examples for evaluation", history.eval_examples)]
        {
            settings.insert(key.to_owned(), examples.into());
        }
        let kept = history.best.as_ref().map(|best| best.step);
        let rows = kept.and_then(|step| Rows::read(dir, step));
        Ok(Self { summary, history, settings, rows })
    }

    fn has_ended(&self) -> bool {
        self.summary.status != RunStatus::Open
    }

    /// How many rows its shares are of; none are known of questions, whose windows a run counts.
    fn rows(&self) -> usize {
        let counted = if self.summary.task.reads() == Reads::Question { 0 } else { self.history.eval_examples };
        self.rows.as_ref().map_or(counted, |rows| rows.count)
    }
}

impl Rows {
    /// Of the evaluation that is kept, if it is of that step.
    fn read(dir: &Path, step: u64) -> Option<Self> {
        let path = dir.join(EVALUATION);
        if std::fs::metadata(&path).ok()?.len() > LARGEST {
            return None;
        }
        let kept: KeptEvaluation = serde_json::from_slice(&std::fs::read(&path).ok()?).ok()?;
        (kept.step == step && !kept.evaluation.predictions.is_empty()).then(|| Self::of(&kept))
    }

    fn of(kept: &KeptEvaluation) -> Self {
        let mut sum = DefaultHasher::new();
        let mut right = Vec::new();
        for (place, one) in kept.evaluation.predictions.iter().enumerate() {
            heed();
            kept.texts.get(place).hash(&mut sum);
            match (&one.gold, &one.predicted) {
                (Outcome::Class(gold), Outcome::Class(predicted)) => {
                    // Two runs may number the same classes otherwise.
                    kept.evaluation.labels.get(*gold).hash(&mut sum);
                    right.push(gold == predicted);
                }
                (gold, _) => serde_json::to_string(gold).unwrap_or_default().hash(&mut sum),
            }
        }
        Self { sum: sum.finish(), count: kept.evaluation.predictions.len(), right }
    }
}

/// The metric of the task that all learn.
fn metric_of(runs: &[Read]) -> Option<Measure> {
    let task: Task = runs.first()?.summary.task;
    let same = runs.iter().all(|run| run.summary.task == task);
    same.then(|| Measure::find(Measure::main(task))).flatten()
}

fn best_of(runs: &[Read], metric: Measure) -> Option<usize> {
    let sign = if metric.higher_is_better { 1.0 } else { -1.0 };
    let worth = |run: &Read| Some(sign * run.history.result(metric.key)?).filter(|value| value.is_finite());
    let ended = runs.iter().enumerate().filter(|(_, run)| run.has_ended());
    let valued = ended.filter_map(|(place, run)| Some((place, worth(run)?)));
    // The first of equal ones.
    valued.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(place, _)| place)
}

fn contest(runs: &[Read], metric: Measure, best: usize, place: usize) -> Option<Contest> {
    let (better, other) = (runs.get(best)?, runs.get(place)?);
    if place == best || !other.has_ended() {
        return None;
    }
    let values = [better.history.result(metric.key)?, other.history.result(metric.key)?];
    let same = better.rows.as_ref().zip(other.rows.as_ref()).filter(|(one, two)| one.sum == two.sum);
    Some(match same {
        Some((one, two)) if metric.key == "accuracy" && one.right.len() == one.count => {
            Contest::of_rows(one.right.iter().zip(&two.right).map(|(one, two)| [*one, *two]))
        }
        _ => Contest::of_values(&metric, values, better.rows().min(other.rows())),
    })
}

fn differences(runs: &[Read]) -> Vec<Difference> {
    let keys: BTreeSet<&String> = runs.iter().flat_map(|run| run.settings.keys()).collect();
    let differs = |key: &&String| runs.windows(2).any(|pair| pair[0].settings.get(*key) != pair[1].settings.get(*key));
    let value = |run: &Read, key: &String| run.settings.get(key).map(words);
    keys.into_iter()
        .filter(differs)
        .map(|key| Difference { key: key.clone(), values: runs.iter().map(|run| value(run, key)).collect() })
        .collect()
}

/// A value as it is read, a file by its name.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) if Path::new(text).is_absolute() => files::name(Path::new(text)).into_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
