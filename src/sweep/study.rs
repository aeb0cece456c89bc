//! A sweep as its folder tells it, whoever ran it and wherever: what varied, what became of the trials so far, which
//! settings came out best, and how much each of them matters. Nothing is written.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::SweepError;
use super::asked::{Asked, Axis};
use super::importance::{Importance, Unknown};
use super::process::FOLDER;
use super::record::{self, Record, Status};
use super::results::{Row, Spread, Table};
use crate::files;
use crate::metrics::Measure;
use crate::stop::heed;
use crate::train::run::{self, TRIALS};

/// The file in the folder of a sweep by which it was started in the window.
pub const DESCRIPTION: &str = "sweep.toml";

/// A sweep, read.
#[derive(Clone, Debug)]
pub struct Study {
    pub dir: PathBuf,
    pub asked: Asked,
    pub higher_is_better: bool,
    /// What varies, and last the length of the rounds of a search by halving.
    pub axes: Vec<Axis>,
    /// Best first; what has no value comes last.
    pub tried: Vec<Tried>,
    /// How many of the rows after the first seeds do not tell from it.
    pub as_good_as_the_first: usize,
    /// Trials that have not ended, by their names, and whether each is being trained.
    pub open: Vec<(String, bool)>,
    /// Lines of the file of trials that cannot be read.
    pub unread: usize,
    /// The folder holds what the sweep was started from.
    pub has_description: bool,
    pub importance: Result<Importance, Unknown>,
}

/// Settings that were tried, with one seed or several.
#[derive(Clone, Debug)]
pub struct Tried {
    pub settings: Map<String, Value>,
    pub runs: Vec<Record>,
    /// Of the metric, over the runs that finished.
    pub spread: Option<Spread>,
    /// Where each setting stands on its axis, from 0 to 1.
    pub places: Vec<Option<f64>>,
}

impl Study {
    /// Reads the folder of a sweep.
    pub fn read(dir: &Path) -> Result<Self, SweepError> {
        if !dir.join(TRIALS).is_file() {
            return Err(SweepError::NoSweep { path: dir.to_owned() });
        }
        let (records, unread) = record::read(dir)?;
        let asked = Asked::read(dir).unwrap_or_else(|| Asked::guessed(metric_of(dir, &records), &records));
        Ok(Self::of(dir, asked, &records, open(dir, &records), unread))
    }

    pub(super) fn of(dir: &Path, asked: Asked, records: &[Record], open: Vec<(String, bool)>, unread: usize) -> Self {
        let table = Table::of(records, &asked.metric);
        let axes = axes(&asked, &table);
        let tried = table.rows.iter().map(|row| Tried {
            settings: row.settings.clone(),
            runs: row.runs.iter().map(|run| (*run).clone()).collect(),
            spread: row.spread,
            places: places(&axes, row),
        });
        Self {
            dir: dir.to_owned(),
            higher_is_better: table.higher_is_better,
            tried: tried.collect(),
            as_good_as_the_first: table.as_good_as_the_first(),
            importance: importance(&asked, &table),
            axes,
            has_description: dir.join(DESCRIPTION).is_file(),
            asked,
            open,
            unread,
        }
    }

    /// The best of them, where one has a value.
    pub fn best(&self) -> Option<(&Tried, Spread)> {
        let first = self.tried.first()?;
        Some((first, first.spread?))
    }

    pub fn count(&self, status: Status) -> usize {
        self.tried.iter().flat_map(|tried| &tried.runs).filter(|run| run.status == status).count()
    }

    /// All trials that are known of.
    pub fn trials(&self) -> usize {
        self.tried.iter().map(|tried| tried.runs.len()).sum::<usize>() + self.open.len()
    }

    /// The smallest and the largest value of the metric.
    pub fn range(&self) -> Option<(f64, f64)> {
        let values = self.tried.iter().filter_map(|tried| tried.spread).map(|spread| spread.mean);
        values.fold(None, |range, value| {
            let (low, high) = range.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        })
    }
}

/// How much each setting matters by what came of a sweep.
pub fn importance(asked: &Asked, table: &Table<'_>) -> Result<Importance, Unknown> {
    let axes = axes(&Asked { budget: None, ..asked.clone() }, table);
    // Of a search by halving only the first round counts, in which most were trained.
    let length = |row: &Row<'_>| {
        let budget = asked.budget.as_ref().and_then(|budget| row.settings.get(budget));
        budget.and_then(Value::as_f64).unwrap_or(f64::INFINITY)
    };
    let shortest = table.rows.iter().map(&length).fold(f64::INFINITY, f64::min);
    let in_round = table.rows.iter().filter(|row| row.spread.is_some() && length(row) <= shortest);
    let (mut found, mut values) = (Vec::new(), Vec::new());
    for row in in_round {
        heed();
        let places: Option<Vec<f64>> = places(&axes, row).into_iter().collect();
        if let Some((places, spread)) = places.zip(row.spread) {
            found.push(places);
            values.push(spread.mean);
        }
    }
    Importance::of(&axes, &found, &values)
}

/// What varies with all values that were tried, and last the length of the rounds.
fn axes(asked: &Asked, table: &Table<'_>) -> Vec<Axis> {
    let mut axes = asked.axes.clone();
    for axis in &mut axes {
        table.rows.iter().filter_map(|row| row.settings.get(&axis.key)).for_each(|value| axis.over.with(value));
    }
    if let Some(budget) = &asked.budget {
        let mut over = super::asked::Over::List(Vec::new());
        table.rows.iter().filter_map(|row| row.settings.get(budget)).for_each(|value| over.with(value));
        axes.push(Axis { key: budget.clone(), over });
    }
    axes
}

fn places(axes: &[Axis], row: &Row<'_>) -> Vec<Option<f64>> {
    axes.iter().map(|axis| axis.over.place(row.settings.get(&axis.key)?)).collect()
}

/// By what the trials of an earlier version are judged: what all of them keep their best weights by, or else what their
/// task is judged by.
fn metric_of(dir: &Path, records: &[Record]) -> String {
    let configs: Vec<_> = records.iter().filter_map(|record| run::kept_config(&dir.join(&record.trial)).ok()).collect();
    let kept = configs.first().map(|config| &config.run.keep_best);
    match kept {
        Some(kept) if configs.iter().all(|config| config.run.keep_best == *kept) => kept.clone(),
        _ => configs.first().map_or_else(|| "eval_loss".to_owned(), |config| Measure::main(config.task).to_owned()),
    }
}

/// The trials that have not ended: those that a configuration was written for, and no record.
fn open(dir: &Path, records: &[Record]) -> Vec<(String, bool)> {
    let entries = std::fs::read_dir(dir.join(FOLDER)).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| {
        let path = entry.path();
        (path.extension()? == "toml").then(|| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))?
    });
    let has_ended = |name: &String| records.iter().any(|record| record.trial == *name);
    let mut open: Vec<(String, bool)> = named
        .filter(|name| !has_ended(name))
        .map(|name| {
            let held = run::is_held(&dir.join(&name));
            (name, held)
        })
        .collect();
    open.sort();
    open
}

impl Tried {
    /// The settings as a person reads them.
    pub fn words(&self) -> String {
        let words = |(key, value): (&String, &Value)| match value {
            Value::String(word) => format!("{key} {word}"),
            value => format!("{key} {value}"),
        };
        self.settings.iter().map(words).collect::<Vec<_>>().join(", ")
    }

    /// The name of its first trial, without the seed.
    pub fn name(&self) -> &str {
        let name = self.runs.first().map_or("", |run| run.trial.as_str());
        name.rsplit_once("-seed-").map_or(name, |(name, _)| name)
    }

    /// The folder of one of its runs below that of the sweep.
    pub fn folders<'a>(&'a self, sweep: &'a Path) -> impl Iterator<Item = PathBuf> + 'a {
        self.runs.iter().map(|run| sweep.join(files::name(Path::new(&run.trial)).as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sweep::asked::Over;

    fn lines(records: &[Record]) -> String {
        records.iter().map(|record| serde_json::to_string(record).unwrap() + "\n").collect()
    }

    /// A grid of three rates and four sizes, with what an analysis of variance says of it.
    fn grid() -> Vec<Record> {
        let mut records = Vec::new();
        for (place, lr) in [1e-5, 1e-4, 1e-3].iter().enumerate() {
            for batch in [8, 16, 32, 64] {
                let settings = json!({ "optim.lr": lr, "run.batch": batch });
                let value = 0.5 + 0.1 * place as f64;
                let trial = format!("trial-{:03}", records.len() + 1);
                let settings = settings.as_object().unwrap().clone();
                records.push(Record { settings, ..Record::finished(&trial, value) });
            }
        }
        records
    }

    #[test]
    fn a_folder_is_read_with_what_has_not_ended() {
        let dir = tempfile::tempdir().unwrap();
        let mut records = grid();
        let out = dir.path();
        std::fs::create_dir_all(out.join("trials")).unwrap();
        std::fs::write(out.join("trials/trial-013.toml"), "task = \"classify\"\n").unwrap();
        records[0].status = Status::Failed;
        std::fs::write(out.join(TRIALS), lines(&records) + "{ half a li\n").unwrap();
        let asked = Asked { metric: "accuracy".into(), ..Asked::guessed("accuracy".into(), &records) };
        asked.write(out).unwrap();
        let study = Study::read(out).unwrap();
        assert_eq!((study.trials(), study.count(Status::Finished), study.unread), (13, 11, 1));
        assert_eq!(study.open, [("trial-013".to_owned(), false)]);
        let (best, spread) = study.best().unwrap();
        assert_eq!((spread.mean, best.settings["optim.lr"].as_f64()), (0.7, Some(1e-3)));
        assert_eq!(best.words(), "optim.lr 0.001, run.batch 8");
        assert_eq!(study.axes[1].over, Over::List(vec![json!(8), json!(16), json!(32), json!(64)]));
        let importance = study.importance.as_ref().unwrap();
        assert!(importance.of[0].share > 0.9 && importance.of[0].is_more_than_chance(), "{importance:?}");
        assert!(!importance.of[1].is_more_than_chance(), "{importance:?}");
        assert_eq!(study.tried.last().unwrap().spread, None, "what failed comes last");
    }

    #[test]
    fn a_folder_without_trials_is_no_sweep() {
        let dir = tempfile::tempdir().unwrap();
        let error = Study::read(dir.path()).unwrap_err().to_string();
        assert!(error.contains("holds no sweep") && error.contains("trials.jsonl"), "{error}");
    }

    #[test]
    fn of_a_search_by_halving_the_first_round_alone_tells_what_matters() {
        let mut records = grid();
        for record in &mut records {
            record.trial = format!("round-1-{}", record.trial);
            record.settings.insert("run.max_steps".into(), 5.into());
        }
        let mut last = records[0].clone();
        last.trial = "round-2-trial-001".into();
        last.settings.insert("run.max_steps".into(), 15.into());
        last.metrics.insert("accuracy".into(), Some(0.99));
        records.push(last);
        let asked = Asked::guessed("accuracy".into(), &records);
        let study = Study::of(Path::new("out"), asked, &records, Vec::new(), 0);
        let keys: Vec<&str> = study.axes.iter().map(|axis| axis.key.as_str()).collect();
        assert_eq!(keys, ["optim.lr", "run.batch", "run.max_steps"]);
        assert_eq!(study.importance.as_ref().unwrap().settings, 12);
        assert_eq!(study.best().unwrap().1.mean, 0.99);
    }
}
