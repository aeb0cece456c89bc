//! How good a probe is on rows that were held out from it, and how far that number could be another.
//!
//! Of a share of right rows the interval is Wilson's (1927), which is at home near 0 and 1 too. Of F1 and R² it is the
//! middle 95 percent of what a thousand draws of as many rows give (Efron, 1979). Neither knows what other training rows
//! would have made of the probe.

use crate::metrics::bootstrap;

/// What a probe is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    Accuracy,
    /// Over all labels of all rows together.
    F1,
    /// Over all entities of all sentences together.
    Entities,
    R2,
}

impl Judged {
    /// The name in results.
    pub fn key(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::F1 => "f1_micro",
            Self::Entities => "f1",
            Self::R2 => "r2",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Accuracy => "Accuracy",
            Self::F1 => "Micro F1",
            Self::Entities => "F1 of entities",
            Self::R2 => "R²",
        }
    }

    /// What costs nothing, in words.
    pub fn baseline(self) -> &'static str {
        match self {
            Self::Accuracy => "the most frequent class alone has",
            Self::F1 => "the labels that most rows have alone have",
            Self::Entities => "the most frequent tag alone has",
            Self::R2 => "their mean alone has",
        }
    }

    /// The same as a name.
    pub fn free(self) -> &'static str {
        match self {
            Self::Accuracy => "Most frequent class",
            Self::F1 => "Labels that most rows have",
            Self::Entities => "Most frequent tag",
            Self::R2 => "Mean",
        }
    }

    /// A value as a person reads it.
    pub fn written(self, value: f64) -> String {
        // What is less than nothing by rounding alone is nothing.
        let thousandths = (value * 1000.0).round() + 0.0;
        if self == Self::R2 { format!("{:.3}", thousandths / 1000.0) } else { format!("{:.1} %", thousandths / 10.0) }
    }

    /// What the interval is.
    pub fn interval(self) -> &'static str {
        if self == Self::Accuracy { "wilson" } else { "bootstrap" }
    }

    fn of(self, sums: Counts, rows: f64) -> f64 {
        let ratio = |part: f64, whole: f64| if whole == 0.0 { 0.0 } else { part / whole };
        let [one, two, three] = sums;
        match self {
            Self::Accuracy => ratio(one, rows),
            Self::F1 | Self::Entities => ratio(2.0 * one, two + three),
            Self::R2 => 1.0 - ratio(one, two - ratio(three * three, rows)),
        }
    }
}

/// What a row adds up to: right or not; right, predicted and true labels or entities; or its squared error, its square and
/// itself.
pub type Counts = [f64; 3];

/// A number over rows, and where it lies with 95 percent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

pub fn score(judged: Judged, rows: &[Counts], seed: u64) -> Score {
    let value = judged.of(sum(rows.iter()), rows.len() as f64);
    let (low, high) = match judged {
        Judged::Accuracy => {
            let interval = bootstrap::wilson(value, rows.len() as f64);
            (interval.low, interval.high)
        }
        Judged::F1 | Judged::Entities | Judged::R2 => resampled(judged, rows, seed).unwrap_or((value, value)),
    };
    Score { value, low, high }
}

/// The same without an interval.
pub fn value(judged: Judged, rows: &[Counts]) -> f64 {
    judged.of(sum(rows.iter()), rows.len() as f64)
}

fn sum<'a>(rows: impl Iterator<Item = &'a Counts>) -> Counts {
    rows.fold([0.0; 3], |[a, b, c], row| [a + row[0], b + row[1], c + row[2]])
}

fn resampled(judged: Judged, rows: &[Counts], seed: u64) -> Option<(f64, f64)> {
    let of = |places: &[u32]| judged.of(sum(places.iter().map(|place| &rows[*place as usize])), rows.len() as f64);
    bootstrap::interval(rows.len(), seed, of).map(|interval| (interval.low, interval.high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(right: usize, of: usize) -> Vec<Counts> {
        (0..of).map(|row| [f64::from(u8::from(row < right)), 0.0, 0.0]).collect()
    }

    #[test]
    fn the_interval_of_a_share_is_wilsons() {
        // scipy.stats.binomtest(right, of).proportion_ci(method="wilson")
        let cases = [
            (8, 10, 0.490_162_471_536_641_8, 0.943_317_848_545_624_8),
            (0, 10, 0.0, 0.277_532_799_862_889_3),
            (10, 10, 0.722_467_200_137_110_9, 1.0),
            (850, 1000, 0.826_531_341_573_199_6, 0.870_789_927_486_911_8),
        ];
        for (count, of, low, high) in cases {
            let found = score(Judged::Accuracy, &right(count, of), 1);
            assert_eq!(found.value, count as f64 / of as f64);
            assert!((found.low - low).abs() < 1e-9 && (found.high - high).abs() < 1e-9, "{count} of {of}: {found:?}");
        }
    }

    #[test]
    fn drawn_intervals_hold_the_value_and_narrow_with_more_rows() {
        let rows = |count: usize| -> Vec<Counts> {
            (0..count).map(|row| [[1.0, 1.0, 1.0], [0.0, 1.0, 1.0], [2.0, 3.0, 2.0]][row % 3]).collect()
        };
        let (few, many) = (score(Judged::F1, &rows(60), 1), score(Judged::F1, &rows(6000), 1));
        assert!((few.value - 6.0 / 9.0).abs() < 1e-12, "{few:?}");
        for score in [few, many] {
            assert!(score.low < score.value && score.value < score.high, "{score:?}");
        }
        assert!(many.high - many.low < 0.2 * (few.high - few.low), "{few:?}, {many:?}");
        assert_eq!(few, score(Judged::F1, &rows(60), 1));
    }

    #[test]
    fn the_mean_of_numbers_explains_nothing_of_them() {
        let numbers = [1.0, 2.0, 4.0, 7.0];
        let said_mean: Vec<Counts> = numbers.map(|y: f64| [(y - 3.5).powi(2), y * y, y]).to_vec();
        assert!(value(Judged::R2, &said_mean).abs() < 1e-12);
        let said_right: Vec<Counts> = numbers.map(|y: f64| [0.0, y * y, y]).to_vec();
        assert_eq!(value(Judged::R2, &said_right), 1.0);
    }
}
