//! How far a metric could lie elsewhere on other rows like these: rows are drawn from those that were evaluated, as many
//! and each as often as it falls, and the metric is computed of them anew (Efron, 1979). The interval holds the middle 95 of
//! 100 such values (the percentile interval of Efron and Tibshirani, 1993). For two models the same rows are drawn for
//! both, so that what makes a row hard for both does not count as a difference.
//!
//! Where all rows are right, or none, every draw has the same accuracy, which tells nothing of other rows. Its interval is
//! Wilson's (1927) then: Probable Inference, the Law of Succession, and Statistical Inference.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::rows::Rows;
use crate::random::{Purpose, Stream, key};
use crate::stop::here;

/// Draws of all rows.
pub const RESAMPLES: usize = 1000;
/// With a million rows fewer draws do: their interval is narrow, and its ends less uncertain with it.
const LEAST: usize = 200;
const MOST_ROWS: usize = 50_000_000;
/// The share of values that lie in an interval.
const LEVEL: f64 = 0.95;
/// Standard deviations of a normal distribution in which that share of values lies.
const SPREAD: f64 = 1.959_963_984_540_054;
/// The metric that is a share of rows.
const SHARE: &str = "accuracy";

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// The intervals of an evaluation's metrics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Intervals {
    pub rows: usize,
    pub resamples: usize,
    /// By the key of the metric; only of those that can be computed of single rows and are numbers in every draw.
    pub of: BTreeMap<String, Interval>,
    /// All rows are right, or none, and the interval of the accuracy is Wilson's.
    pub is_wilson: bool,
}

pub fn intervals(rows: &Rows, seed: u64) -> Intervals {
    let resamples = resamples(rows.count());
    let drawn = draw(rows.count(), resamples, seed, |places| rows.metrics_of(places));
    let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (key, value) in drawn.into_iter().flatten() {
        values.entry(key).or_default().push(value);
    }
    let middles = values.into_iter().filter_map(|(key, values)| Some((key, middle(values)?)));
    let mut of: BTreeMap<String, Interval> = middles.collect();
    let alike = of.get_mut(SHARE).filter(|of| of.low <= 0.0 && of.high <= 0.0 || of.low >= 1.0 && of.high >= 1.0);
    let is_wilson = alike.is_some();
    if let Some(interval) = alike {
        *interval = wilson(interval.low, rows.count() as f64);
    }
    Intervals { rows: rows.count(), resamples, of, is_wilson }
}

/// The interval of a share of right rows, which is at home near 0 and 1 too (Wilson, 1927).
pub fn wilson(share: f64, rows: f64) -> Interval {
    if rows == 0.0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let square = SPREAD * SPREAD;
    let middle = share + square / (2.0 * rows);
    let half = SPREAD * (share * (1.0 - share) / rows + square / (4.0 * rows * rows)).sqrt();
    let whole = 1.0 + square / rows;
    // At none and at all right rows rounding would leave a trace on the wrong side.
    Interval { low: ((middle - half) / whole).max(0.0).min(share), high: ((middle + half) / whole).min(1.0).max(share) }
}

/// The interval of how far the first lies above the second in a metric, over the same rows.
pub fn difference([one, other]: [&Rows; 2], metric: &str, seed: u64) -> Option<(usize, Interval)> {
    if one.count() != other.count() {
        return None;
    }
    let resamples = resamples(one.count());
    let gap = |places: &[u32]| Some(one.metrics_of(places).get(metric)? - other.metrics_of(places).get(metric)?);
    let drawn: Option<Vec<f64>> = draw(one.count(), resamples, seed, gap).into_iter().collect();
    Some((resamples, middle(drawn?)?))
}

/// The interval of any number that is made of rows, from the places of those that were drawn.
pub fn interval(rows: usize, seed: u64, of: impl Fn(&[u32]) -> f64 + Sync) -> Option<Interval> {
    middle(draw(rows, resamples(rows), seed, of))
}

fn resamples(rows: usize) -> usize {
    (MOST_ROWS / rows.max(1)).clamp(LEAST, RESAMPLES)
}

/// Something of each draw, in their order. A draw is a function of its number, so no thread changes it.
fn draw<T: Send>(rows: usize, resamples: usize, seed: u64, of: impl Fn(&[u32]) -> T + Sync) -> Vec<T> {
    let stop = here();
    let one = |number: usize| {
        stop.heed();
        let mut stream = Stream::new(key(seed, Purpose::Resample, &[number as u64]));
        let places: Vec<u32> = (0..rows).map(|_| stream.below(rows as u64) as u32).collect();
        of(&places)
    };
    (0..resamples).into_par_iter().map(one).collect()
}

/// Between which values the middle of them lies; none where one of them is no number.
fn middle(mut values: Vec<f64>) -> Option<Interval> {
    if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let out = f64::midpoint(1.0, -LEVEL);
    Some(Interval { low: quantile(&values, out), high: quantile(&values, 1.0 - out) })
}

/// Of sorted values, between two of them in a straight line, as numpy has it.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::super::{Answers, Evaluation, evaluate_classes};
    use super::*;
    use crate::task::Task;

    /// Rows of two classes, the first `right` of which are predicted right.
    fn rows(right: usize, all: usize) -> Rows {
        let examples: Vec<usize> = (0..all).collect();
        let gold: Vec<u32> = (0..all as u32).map(|row| row % 2).collect();
        let score = |row: usize| if (row.is_multiple_of(2)) == (row < right) { vec![0.9, 0.1] } else { vec![0.1, 0.9] };
        let scores = (0..all).map(score).collect();
        let losses = vec![0.5; all];
        let answers = Answers { examples: &examples, gold: &gold, scores, losses: &losses };
        let evaluation: Evaluation = evaluate_classes(Task::Classify, &["a".into(), "b".into()], answers);
        Rows::of(&evaluation).unwrap()
    }

    #[test]
    fn quantiles_lie_where_numpy_has_them() {
        // numpy.quantile([1, 2, 4, 8, 16], [0, 0.025, 0.5, 0.975, 1])
        let values = [1.0, 2.0, 4.0, 8.0, 16.0];
        for (share, expected) in [(0.0, 1.0), (0.025, 1.1), (0.5, 4.0), (0.975, 15.2), (1.0, 16.0)] {
            assert!((quantile(&values, share) - expected).abs() < 1e-12, "{share}");
        }
        assert_eq!(middle(vec![0.5, f64::NAN]), None);
        assert_eq!(middle(vec![0.5]), Some(Interval { low: 0.5, high: 0.5 }));
    }

    #[test]
    fn a_share_has_the_interval_of_the_binomial_and_the_same_each_time() {
        let found = intervals(&rows(160, 200), 42);
        assert_eq!((found.rows, found.resamples), (200, RESAMPLES));
        // scipy.stats.binom(200, 0.8).ppf([0.025, 0.975]) / 200
        let accuracy = found.of["accuracy"];
        assert!((accuracy.low - 0.745).abs() < 0.011 && (accuracy.high - 0.855).abs() < 0.011, "{accuracy:?}");
        assert!(found.of["f1_macro"].low < found.of["f1_macro"].high && found.of.contains_key("matthews"));
        assert_eq!(found.of["eval_loss"], Interval { low: 0.5, high: 0.5 });
        assert_eq!(found, intervals(&rows(160, 200), 42));
        assert_ne!(found.of["accuracy"], intervals(&rows(160, 200), 43).of["f1_macro"]);
        assert_eq!(resamples(1_000_000), 200);
    }

    #[test]
    fn where_all_rows_are_right_the_accuracy_has_wilsons_interval() {
        let found = intervals(&rows(48, 48), 42);
        // scipy.stats.binomtest(48, 48).proportion_ci(method="wilson")
        let accuracy = found.of["accuracy"];
        assert!(found.is_wilson && (accuracy.low - 0.925_898).abs() < 1e-5 && accuracy.high == 1.0, "{accuracy:?}");
        let none = intervals(&rows(0, 48), 42).of["accuracy"];
        assert!(none.low == 0.0 && (none.high - 0.074_102).abs() < 1e-5, "{none:?}");
        assert!(!intervals(&rows(47, 48), 42).is_wilson);
    }

    #[test]
    fn rows_that_both_find_hard_are_no_difference() {
        let (_, same) = difference([&rows(160, 200), &rows(160, 200)], "accuracy", 42).unwrap();
        assert_eq!(same, Interval { low: 0.0, high: 0.0 });
        // Only ten rows lie between the two, and all in favour of the first.
        let (_, gap) = difference([&rows(170, 200), &rows(160, 200)], "f1_macro", 42).unwrap();
        assert!(gap.low > 0.01 && gap.high < 0.1, "{gap:?}");
        assert_eq!(difference([&rows(8, 10), &rows(8, 12)], "accuracy", 42), None);
        assert_eq!(difference([&rows(8, 10), &rows(8, 10)], "pearson", 42), None);
    }
}
