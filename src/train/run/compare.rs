//! Runs side by side: what was set differently, what they came to, how far that could lie elsewhere on other rows, and
//! whether the difference is more than chance. One run is read after the other, and of each only what is compared stays in
//! memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
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
use crate::metrics::{Contest, Interval, Intervals, Measure, Outcome, Prediction, Rows, intervals, why_none};
use crate::stop::heed;
use crate::task::{Reads, Task};
use crate::train::TrainError;
use crate::train::kept::KeptEvaluation;

/// A kept evaluation that is larger is not read for its rows: the shares have to do.
const LARGEST: u64 = 512 << 20;
/// Settings that differ between any two runs and say nothing.
const ASIDE: [&str; 1] = ["run.out"];
/// By which rows are drawn for intervals.
pub const SEED: u64 = 42;

/// One of the compared runs.
#[derive(Clone, Debug)]
pub struct Compared {
    pub summary: RunSummary,
    pub history: History,
    /// How it stands against the best of them; none for that one, and for one that has not ended.
    pub contest: Option<Contest>,
    /// Where it was evaluated on other rows than the best: on how many that one was too. The contest is over these alone.
    pub shared: Option<usize>,
    /// How far its metrics could lie elsewhere on other rows like those it was evaluated on; none where these are not kept.
    pub intervals: Option<Intervals>,
    /// Why a metric has no interval, by its key.
    pub without: BTreeMap<String, &'static str>,
}

impl Compared {
    pub fn interval(&self, key: &str) -> Option<Interval> {
        self.intervals.as_ref()?.of.get(key).copied()
    }
}

/// Two of the compared runs over the same rows, by their places.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    pub runs: [usize; 2],
    /// Rows for which they predict something else; none where the rows are others, are not kept, or hold numbers.
    pub disagreements: Option<u64>,
    /// How likely so uneven a division of the rows that only one of them has wholly right is by chance, by McNemar's exact
    /// test.
    pub mcnemar_p: Option<f64>,
    /// How the worse stands against the better by the metric of all; none where one has no value or has not ended.
    pub contest: Option<PairContest>,
    /// Where they were evaluated on different rows: how many both were. The contest is over these alone.
    pub shared: Option<usize>,
}

/// Which of two runs has the better value, by its place in the pair, and whether that is more than chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairContest {
    pub better: usize,
    pub contest: Contest,
}

/// A setting that is not the same in all, by its key in `run.toml`, with its value in each run; none where it is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub key: String,
    pub values: Vec<Option<String>>,
    /// The same as they are kept.
    pub kept: Vec<Option<Value>>,
}

#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// In the order in which they were asked for.
    pub runs: Vec<Compared>,
    pub differences: Vec<Difference>,
    /// Every two of them.
    pub pairs: Vec<Pair>,
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
    judged: Result<Judged, &'static str>,
}

/// The rows that a run was evaluated on.
struct Judged {
    /// Of texts and labels.
    sum: u64,
    /// The same of each row.
    sums: Vec<u64>,
    count: usize,
    /// None where the evaluation keeps nothing that metrics could be computed of.
    rows: Option<Rows>,
    intervals: Option<Intervals>,
    without: BTreeMap<String, &'static str>,
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
    let pairs = pairs(&read, metric);
    let contests: Vec<_> = (0..read.len()).map(|place| against(&pairs, best?, place)).collect();
    let shared = contests.iter().map(|one| one.and_then(|(_, shared)| shared)).collect::<Vec<_>>();
    let mut sums: Vec<u64> = read.iter().filter_map(|run| run.judged.as_ref().ok()).map(|rows| rows.sum).collect();
    sums.dedup();
    Some(Comparison {
        differences: differences(&read),
        pairs,
        metric: metric.map(|metric| metric.key),
        best,
        other_rows: sums.len() > 1,
        unread,
        runs: read
            .into_iter()
            .zip(contests.iter().zip(shared))
            .map(|(run, (contest, shared))| run.compared(contest.map(|(contest, _)| contest), shared))
            .collect(),
    })
}

impl Read {
    fn of(dir: &Path) -> Result<Self, TrainError> {
        let summary = with_checkpoint(RunSummary::read(dir)?);
        let history = History::read(dir)?;
        let mut settings = settings(&kept_config(dir)?);
        settings.retain(|key, value| !ASIDE.contains(&key.as_str()) && !value.is_null() && value != "");
        for (key, examples) in
            [("examples for training", history.train_examples), ("examples for evaluation", history.eval_examples)]
        {
            settings.insert(key.to_owned(), examples.into());
        }
        let kept = history.best.as_ref().map(|best| best.step);
        let judged = kept.map_or(Err("the run keeps no evaluation"), |step| Judged::read(dir, step));
        Ok(Self { summary, history, settings, judged })
    }

    fn compared(self, contest: Option<Contest>, shared: Option<usize>) -> Compared {
        let Self { summary, history, judged, .. } = self;
        let (intervals, without) = match judged {
            Ok(Judged { intervals, without, .. }) => (intervals, without),
            Err(reason) => {
                let keys = history.best.iter().flat_map(|best| best.metrics.keys()).chain(history.metrics.keys());
                (None, keys.map(|key| (key.clone(), reason)).collect())
            }
        };
        Compared { summary, history, contest, shared, intervals, without }
    }

    fn has_ended(&self) -> bool {
        self.summary.status != RunStatus::Open
    }

    /// How many rows its shares are of; none are known of questions, whose windows a run counts.
    fn rows(&self) -> usize {
        let counted = if self.summary.task.reads() == Reads::Question { 0 } else { self.history.eval_examples };
        self.judged.as_ref().map_or(counted, |judged| judged.count)
    }
}

impl Judged {
    /// Of the evaluation that is kept, if it is of that step.
    fn read(dir: &Path, step: u64) -> Result<Self, &'static str> {
        let path = dir.join(EVALUATION);
        let length = std::fs::metadata(&path).map_err(|_missing| "the run keeps no evaluation")?.len();
        if length > LARGEST {
            return Err("the kept evaluation is too large to be read for its rows");
        }
        let bytes = files::read_note(&path).map_err(|_unread| "the kept evaluation cannot be read")?;
        let kept: KeptEvaluation =
            serde_json::from_slice(&bytes).map_err(|_damaged| "the kept evaluation cannot be read")?;
        match kept.step == step {
            false => Err("the kept evaluation is of another step"),
            true if kept.evaluation.predictions.is_empty() => Err("the evaluation keeps no single rows"),
            true => Ok(Self::of(&kept)),
        }
    }

    fn of(kept: &KeptEvaluation) -> Self {
        let evaluation = &kept.evaluation;
        let row = |(place, one): (usize, &Prediction)| {
            heed();
            let mut sum = DefaultHasher::new();
            kept.texts.get(place).hash(&mut sum);
            match &one.gold {
                // Two runs may number the same classes otherwise.
                Outcome::Class(gold) => evaluation.labels.get(*gold).hash(&mut sum),
                gold => serde_json::to_string(gold).unwrap_or_default().hash(&mut sum),
            }
            sum.finish()
        };
        let sums: Vec<u64> = evaluation.predictions.iter().enumerate().map(row).collect();
        let mut sum = DefaultHasher::new();
        sums.hash(&mut sum);
        let rows = Rows::of(evaluation);
        let intervals = rows.as_ref().map(|rows| intervals(rows, SEED));
        let has = |key: &String| intervals.as_ref().is_some_and(|intervals| intervals.of.contains_key(key));
        let without = evaluation.metrics.keys().filter(|key| !has(key));
        let without = without.map(|key| (key.clone(), why_none(evaluation, key))).collect();
        Self { sum: sum.finish(), sums, count: evaluation.predictions.len(), rows, intervals, without }
    }
}

/// The metric of the task that all learn.
fn metric_of(runs: &[Read]) -> Option<Measure> {
    let task: Task = runs.first()?.summary.task;
    let same = runs.iter().all(|run| run.summary.task == task);
    same.then(|| Measure::find(Measure::main(task))).flatten()
}

/// What a run has reached, higher for what is better; nothing where it has not ended.
fn worth(run: &Read, metric: Measure) -> Option<f64> {
    let sign = if metric.higher_is_better { 1.0 } else { -1.0 };
    run.has_ended().then_some(sign * run.history.result(metric.key)?).filter(|value| value.is_finite())
}

fn best_of(runs: &[Read], metric: Measure) -> Option<usize> {
    let valued = runs.iter().enumerate().filter_map(|(place, run)| Some((place, worth(run, metric)?)));
    // The first of equal ones.
    valued.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(place, _)| place)
}

/// A run against the best of all.
fn against(pairs: &[Pair], best: usize, place: usize) -> Option<(Contest, Option<usize>)> {
    let of_both = |pair: &&Pair| place != best && pair.runs.contains(&place) && pair.runs.contains(&best);
    let pair = pairs.iter().find(of_both)?;
    Some((pair.contest?.contest, pair.shared))
}

/// The rows that both were evaluated on are `shared`, where these are not the same.
fn contest(runs: [&Read; 2], shared: Option<&[Rows; 2]>, metric: Measure) -> Option<PairContest> {
    let [one, two] = runs;
    // Of equal ones the first stands before, as for the best of all.
    let better = usize::from(worth(two, metric)? > worth(one, metric)?);
    let (better_run, other) = (runs[better], runs[1 - better]);
    let values = [better_run.history.result(metric.key)?, other.history.result(metric.key)?];
    if let Some(shared) = shared {
        let (own, others) = (&shared[better], &shared[1 - better]);
        let contest = (own.count() > 0).then(|| judged(&metric, own, others)).flatten();
        return Some(PairContest { better, contest: contest.unwrap_or(Contest::UNKNOWN) });
    }
    let by_values = || Contest::of_values(&metric, values, [better_run.rows(), other.rows()]);
    let rows = same_rows(better_run, other);
    let contest = rows.and_then(|[one, two]| judged(&metric, one, two)).unwrap_or_else(by_values);
    Some(PairContest { better, contest })
}

/// The rows that two runs were both evaluated on, where both keep theirs and these are not the same.
fn shared_rows(one: &Read, two: &Read) -> Option<[Rows; 2]> {
    let (one, two) = (one.judged.as_ref().ok()?, two.judged.as_ref().ok()?);
    if one.sum == two.sum && one.count == two.count {
        return None;
    }
    // A row that stands there twice is met twice.
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    for (place, sum) in two.sums.iter().enumerate().rev() {
        places.entry(*sum).or_default().push(place);
    }
    let met = one.sums.iter().enumerate().filter_map(|(place, sum)| Some((place, places.get_mut(sum)?.pop()?)));
    let (own, other): (Vec<usize>, Vec<usize>) = met.unzip();
    Some([one.rows.as_ref()?.only(&own), two.rows.as_ref()?.only(&other)])
}

/// Two runs by the rows that both were evaluated on.
fn judged(metric: &Measure, better: &Rows, other: &Rows) -> Option<Contest> {
    match (metric.key, better.right(), other.right()) {
        ("accuracy", Some(one), Some(two)) => {
            Some(Contest::of_rows(one.iter().zip(two).map(|(one, two)| [*one, *two])))
        }
        _ => Contest::of_resampled(metric, better, other, SEED),
    }
}

/// The rows of two runs, where they are the same.
fn same_rows<'a>(one: &'a Read, two: &'a Read) -> Option<[&'a Rows; 2]> {
    let (one, two) = (one.judged.as_ref().ok()?, two.judged.as_ref().ok()?);
    if one.sum != two.sum || one.count != two.count {
        return None;
    }
    Some([one.rows.as_ref()?, two.rows.as_ref()?])
}

fn pairs(runs: &[Read], metric: Option<Measure>) -> Vec<Pair> {
    let places = (0..runs.len()).flat_map(|one| (one + 1..runs.len()).map(move |two| [one, two]));
    places.map(|[one, two]| pair(runs, [one, two], metric)).collect()
}

fn pair(runs: &[Read], places: [usize; 2], metric: Option<Measure>) -> Pair {
    let both = places.map(|place| &runs[place]);
    let rows = shared_rows(both[0], both[1]);
    let contest = metric.and_then(|metric| contest(both, rows.as_ref(), metric));
    let shared = rows.map(|[one, _]| one.count());
    let Some([one, two]) = same_rows(both[0], both[1]) else {
        return Pair { runs: places, disagreements: None, mcnemar_p: None, contest, shared };
    };
    let both = one.right().zip(two.right());
    let p = both.and_then(|(one, two)| Contest::of_rows(one.iter().zip(two).map(|(one, two)| [*one, *two])).p());
    Pair { runs: places, disagreements: one.disagreements(two), mcnemar_p: p, contest, shared }
}

fn differences(runs: &[Read]) -> Vec<Difference> {
    let keys: BTreeSet<&String> = runs.iter().flat_map(|run| run.settings.keys()).collect();
    let differs = |key: &&String| runs.windows(2).any(|pair| pair[0].settings.get(*key) != pair[1].settings.get(*key));
    let difference = |key: &String| {
        let kept: Vec<Option<Value>> = runs.iter().map(|run| run.settings.get(key).cloned()).collect();
        Difference { key: key.clone(), values: kept.iter().map(|value| value.as_ref().map(words)).collect(), kept }
    };
    keys.into_iter().filter(differs).map(difference).collect()
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
