//! How a result stands against what costs nothing. Whoever shows one asks here, so that no two places judge it otherwise.

use super::Measure;

/// A result against its baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Better,
    /// Better by no more than a row or two, which the next split may take away.
    Unclear,
    Equal,
    Worse,
}

/// Rows that a result may owe to the split alone.
const BY_CHANCE: f64 = 2.0;

/// What is no more than the rounding of sums.
const ROUNDING: f64 = 1e-9;

impl Standing {
    /// `rows`: how many held-out rows a share is of; none where they are not known.
    pub fn of(measure: &Measure, value: f64, baseline: f64, rows: Option<usize>) -> Self {
        let gain = if measure.higher_is_better { value - baseline } else { baseline - value };
        let worth = rows.filter(|_| measure.percent).map_or(f64::INFINITY, |rows| gain * rows as f64);
        match gain {
            gain if gain.is_nan() || gain < -ROUNDING => Self::Worse,
            gain if gain <= ROUNDING => Self::Equal,
            _ if worth <= BY_CHANCE + ROUNDING => Self::Unclear,
            _ => Self::Better,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_better_only_by_more_than_a_row_or_two() {
        let of = |key: &str, value, baseline, rows| Standing::of(&Measure::find(key).unwrap(), value, baseline, rows);
        let cases = [
            ("accuracy", 0.5, 0.5, Some(12), Standing::Equal),
            ("accuracy", 1.0 / 3.0, 3.0 / 9.0, Some(9), Standing::Equal),
            ("accuracy", 5.0 / 12.0, 0.5, Some(12), Standing::Worse),
            ("accuracy", 0.5, 5.0 / 12.0, Some(12), Standing::Unclear),
            ("accuracy", 7.0 / 12.0, 5.0 / 12.0, Some(12), Standing::Unclear),
            ("accuracy", 8.0 / 12.0, 5.0 / 12.0, Some(12), Standing::Better),
            ("accuracy", 0.51, 0.5, Some(1000), Standing::Better),
            ("accuracy", 0.51, 0.5, None, Standing::Better),
            ("mse", 1.0, 2.0, Some(3), Standing::Better),
            ("mse", 2.0, 1.0, Some(3), Standing::Worse),
            ("pearson", f64::NAN, 0.0, Some(50), Standing::Worse),
        ];
        for (key, value, baseline, rows, expected) in cases {
            assert_eq!(of(key, value, baseline, rows), expected, "{key} {value} against {baseline}, {rows:?} rows");
        }
    }
}
