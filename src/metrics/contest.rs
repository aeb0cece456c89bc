//! Whether one run is really better than another, or only on these rows. Where both predicted the same rows, the rows that
//! only one of them has right are counted, by McNemar's exact test (McNemar 1947: under no difference each of them is as
//! likely to be the one's as the other's), and any other metric is told apart by the interval of its difference over rows
//! drawn anew (`bootstrap.rs`). Where it is not known whether they did, two shares are told apart by what the rows of each
//! allow by chance.

use super::bootstrap::{Interval, difference};
use super::measure::Measure;
use super::rows::Rows;

/// What is not rarer than this by chance is no difference.
const LEVEL: f64 = 0.05;
/// Standard deviations of a normal distribution in which 95 of 100 values lie.
const SPREAD: f64 = 1.959_964;

/// One run against a better one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contest {
    /// None where nothing is known of the noise.
    pub differs: Option<bool>,
    pub basis: Basis,
}

/// What it was judged by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Basis {
    /// Rows that only the better run has right, that only the other one has, and how likely so uneven a division is by
    /// chance.
    Rows {
        rows: usize,
        better: u64,
        other: u64,
        p: f64,
    },
    /// The interval of how far the better one lies ahead, over so many draws of the rows.
    Resampled {
        rows: usize,
        resamples: usize,
        ahead: Interval,
    },
    /// How far two shares, each of so many rows, may lie apart by chance.
    Shares {
        rows: [usize; 2],
        margin: f64,
    },
    Nothing,
}

impl Contest {
    /// Of the same rows, each with whether the better run has it right and whether the other does.
    pub fn of_rows(rows: impl ExactSizeIterator<Item = [bool; 2]>) -> Self {
        let count = rows.len();
        let (better, other) = rows.fold((0, 0), |(better, other), right| match right {
            [true, false] => (better + 1, other),
            [false, true] => (better, other + 1),
            _ => (better, other),
        });
        let p = chance(better, other);
        Self { differs: Some(p < LEVEL), basis: Basis::Rows { rows: count, better, other, p } }
    }

    /// Of any metric of the same rows, drawn by the seed; none where it cannot be computed of single rows.
    pub fn of_resampled(measure: &Measure, better: &Rows, other: &Rows, seed: u64) -> Option<Self> {
        let (resamples, gap) = difference([better, other], measure.key, seed)?;
        let ahead = if measure.higher_is_better { gap } else { Interval { low: -gap.high, high: -gap.low } };
        Some(Self {
            differs: Some(ahead.low > 0.0),
            basis: Basis::Resampled { rows: better.count(), resamples, ahead },
        })
    }

    /// How likely so uneven a division is by chance, where it was judged by rows.
    pub fn p(&self) -> Option<f64> {
        match self.basis {
            Basis::Rows { p, .. } => Some(p),
            Basis::Resampled { .. } | Basis::Shares { .. } | Basis::Nothing => None,
        }
    }

    /// Of two runs of which nothing can be told.
    pub const UNKNOWN: Self = Self { differs: None, basis: Basis::Nothing };

    /// Of two values of a metric, each over so many rows.
    pub fn of_values(measure: &Measure, values: [f64; 2], rows: [usize; 2]) -> Self {
        let [one, two] = values;
        if !measure.percent || rows.contains(&0) || !(0.0..=1.0).contains(&one) || !(0.0..=1.0).contains(&two) {
            return Self::UNKNOWN;
        }
        // Shares of one or none have no spread of their own; what they are together has.
        let both = f64::midpoint(one, two);
        let each: f64 = rows.iter().map(|rows| 1.0 / *rows as f64).sum();
        let margin = SPREAD * (both * (1.0 - both) * each).sqrt();
        Self { differs: Some((one - two).abs() > margin), basis: Basis::Shares { rows, margin } }
    }
}

/// How likely so many coins, or more of them, fall to one side.
fn chance(one: u64, two: u64) -> f64 {
    let (all, few) = (one + two, one.min(two));
    // The logarithm of the share of all outcomes in which `place` coins fall to one side.
    let mut log = -(all as f64) * std::f64::consts::LN_2;
    let mut sum = log.exp();
    for place in 1..=few {
        log += ((all - place + 1) as f64 / place as f64).ln();
        sum += log.exp();
    }
    (2.0 * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::super::{Answers, evaluate_values};
    use super::*;

    #[test]
    fn the_chance_of_a_division_is_that_of_the_exact_test() {
        // scipy.stats.binomtest(few, all, 0.5).pvalue
        for (one, two, expected) in
            [(0, 0, 1.0), (3, 3, 1.0), (1, 9, 0.021_484_375), (2, 8, 0.109_375), (0, 5, 0.0625), (10, 0, 0.001_953_125)]
        {
            assert!((chance(one, two) - expected).abs() < 1e-12, "{one} and {two}: {}", chance(one, two));
        }
        assert!(chance(3000, 2000) < 1e-40 && chance(2500, 2500) > 0.99, "many rows neither overflow nor vanish");
    }

    #[test]
    fn only_rows_on_which_two_runs_differ_tell_them_apart() {
        let rows = |both: usize, better: usize, other: usize| {
            let rows = [vec![[true, true]; both], vec![[true, false]; better], vec![[false, true]; other]].concat();
            Contest::of_rows(rows.into_iter())
        };
        assert_eq!(rows(990, 6, 4).differs, Some(false));
        assert_eq!(rows(0, 9, 1).differs, Some(true));
        assert!(matches!(rows(5, 9, 1).basis, Basis::Rows { rows: 15, better: 9, other: 1, .. }));
    }

    #[test]
    fn the_lead_of_the_better_one_is_counted_in_its_favour_whichever_way_the_metric_goes() {
        let rows = |off: f32| {
            let gold: Vec<f32> = (0..60).map(|row| row as f32).collect();
            let scores = gold.iter().map(|gold| vec![gold + off * (1.0 + gold % 3.0)]).collect();
            let examples: Vec<usize> = (0..60).collect();
            Rows::of(&evaluate_values(Answers { examples: &examples, gold: &gold, scores, losses: &[0.5; 60] }))
                .unwrap()
        };
        let (near, far) = (rows(0.1), rows(0.2));
        let mse = Measure::find("mse").unwrap();
        let contest = Contest::of_resampled(&mse, &near, &far, 1).unwrap();
        let Basis::Resampled { rows: 60, ahead, .. } = contest.basis else { panic!("{contest:?}") };
        assert!(contest.differs == Some(true) && ahead.low > 0.0 && ahead.low < ahead.high, "{contest:?}");
        assert_eq!(Contest::of_resampled(&mse, &near, &near, 1).unwrap().differs, Some(false));
    }

    #[test]
    fn shares_are_apart_only_beyond_what_their_rows_allow() {
        let of =
            |key: &str, values, rows| Contest::of_values(&Measure::find(key).unwrap(), values, [rows, rows]).differs;
        assert_eq!(of("accuracy", [0.90, 0.86], 100), Some(false));
        assert_eq!(of("accuracy", [0.90, 0.86], 10_000), Some(true));
        assert_eq!(of("f1", [1.0, 0.0], 1), Some(false), "a single row tells nothing");
        assert_eq!(of("eval_loss", [0.3, 0.2], 100), None);
        assert_eq!(of("accuracy", [0.9, f64::NAN], 100), None);
        assert_eq!(of("accuracy", [0.9, 0.8], 0), None);
        let margin = |rows| match Contest::of_values(&Measure::find("accuracy").unwrap(), [0.75, 0.65], rows).basis {
            Basis::Shares { margin, .. } => margin,
            other => panic!("{other:?}"),
        };
        // 1.96 * sqrt(0.7 * 0.3 * (1 / 48 + 1 / 240))
        assert!((margin([48, 240]) - 0.142_01).abs() < 1e-4, "{}", margin([48, 240]));
        assert!(margin([48, 48]) > margin([48, 240]) && margin([240, 240]) < margin([240, 48]));
    }
}
