//! What came of a sweep: settings with their metric, best first, and over several seeds its mean and spread.

use serde_json::{Map, Value};

use super::Status;
use super::record::Record;
use crate::metrics::Measure;

/// All settings of a sweep.
pub struct Table<'a> {
    pub metric: &'a str,
    pub higher_is_better: bool,
    /// Best first; what has no value comes last.
    pub rows: Vec<Row<'a>>,
}

/// The trials that differ by their seed alone.
pub struct Row<'a> {
    pub settings: &'a Map<String, Value>,
    pub runs: Vec<&'a Record>,
    /// Of the metric, over those that finished.
    pub spread: Option<Spread>,
}

/// A metric over several runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub mean: f64,
    pub smallest: f64,
    pub largest: f64,
    pub runs: usize,
}

impl Spread {
    pub fn of(values: &[f64]) -> Option<Self> {
        let smallest = values.iter().copied().reduce(f64::min)?;
        let largest = values.iter().copied().reduce(f64::max)?;
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        Some(Self { mean, smallest, largest, runs: values.len() })
    }
}

impl<'a> Table<'a> {
    pub fn of(records: &'a [Record], metric: &'a str) -> Self {
        let mut rows: Vec<Row<'a>> = Vec::new();
        for record in records {
            match rows.iter_mut().find(|row| *row.settings == record.settings) {
                Some(row) => row.runs.push(record),
                None => rows.push(Row { settings: &record.settings, runs: vec![record], spread: None }),
            }
        }
        for row in &mut rows {
            row.spread = row.spread_of(metric);
        }
        let higher_is_better = Measure::find(metric).is_none_or(|measure| measure.higher_is_better);
        let worth = |row: &Row<'_>| match (row.spread, higher_is_better) {
            (None, _) => f64::NEG_INFINITY,
            (Some(spread), true) => spread.mean,
            (Some(spread), false) => -spread.mean,
        };
        rows.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
        Self { metric, higher_is_better, rows }
    }

    /// How many of the rows after the first have seeds that did as well as some of the first's: seeds do not tell them
    /// apart.
    pub fn as_good_as_the_first(&self) -> usize {
        let Some(best) = self.rows.first().and_then(|row| row.spread).filter(|best| best.runs > 1) else { return 0 };
        let overlaps = |spread: Spread| {
            if self.higher_is_better { spread.largest >= best.smallest } else { spread.smallest <= best.largest }
        };
        self.rows[1..].iter().filter_map(|row| row.spread).filter(|spread| overlaps(*spread)).count()
    }
}

impl Row<'_> {
    /// A metric over the runs that finished; `None` where one of them has no such number.
    pub fn spread_of(&self, metric: &str) -> Option<Spread> {
        let finished = self.runs.iter().filter(|run| run.status == Status::Finished);
        let values: Option<Vec<f64>> = finished.map(|run| run.metric(metric)).collect();
        Spread::of(&values?)
    }

    /// Every metric that a run has.
    pub fn metrics(&self) -> Vec<&str> {
        self.runs
            .iter()
            .find(|run| run.status == Status::Finished)
            .map_or(Vec::new(), |run| run.metrics.keys().map(String::as_str).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(lr: f64, seed: u64, value: Option<f64>) -> Record {
        Record {
            trial: format!("trial-{lr}-seed-{seed}"),
            settings: Map::from_iter([("optim.lr".to_owned(), lr.into())]),
            seed,
            status: if value.is_some() { Status::Finished } else { Status::Failed },
            step: 1,
            best_step: None,
            metrics: [("eval_loss", value), ("accuracy", value)].map(|(key, value)| (key.to_owned(), value)).into(),
            seconds: 1.0,
            reason: None,
            host: None,
        }
    }

    #[test]
    fn settings_are_judged_by_their_mean_and_those_that_overlap_are_counted() {
        let of = |metric| {
            let records = [
                record(0.1, 1, Some(0.5)),
                record(0.1, 2, Some(0.7)),
                record(0.2, 1, Some(0.9)),
                record(0.2, 2, Some(0.65)),
                record(0.3, 1, None),
                record(0.4, 1, Some(0.1)),
                record(0.4, 2, Some(0.2)),
            ];
            let table = Table::of(&records, metric);
            let order: Vec<f64> = table.rows.iter().map(|row| row.settings["optim.lr"].as_f64().unwrap()).collect();
            (order, table.as_good_as_the_first(), table.rows[0].spread)
        };
        let (order, close, best) = of("accuracy");
        assert_eq!((order, close), (vec![0.2, 0.1, 0.4, 0.3], 1));
        assert_eq!(best, Some(Spread { mean: 0.775, smallest: 0.65, largest: 0.9, runs: 2 }));
        let (order, close, _) = of("eval_loss");
        assert_eq!((order, close), (vec![0.4, 0.1, 0.2, 0.3], 0));
    }
}
