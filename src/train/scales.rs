//! Numbers of two files that are of one name and of other scales, such as similarities from 0 to 5 and from 0 to 1: a model of
//! the one is measured by the other as if it were bad.

use crate::data::{Dataset, Target};

/// Rows of which few say little of the scale.
const ENOUGH: usize = 20;

/// The least and the largest of some numbers, and how many they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    low: f32,
    high: f32,
    count: usize,
}

impl Scale {
    pub fn of(values: impl Iterator<Item = f32>) -> Option<Self> {
        let one = |value: f32| Self { low: value, high: value, count: 1 };
        values.filter(|value| value.is_finite()).map(one).reduce(|all, one| Self {
            low: all.low.min(one.low),
            high: all.high.max(one.high),
            count: all.count + 1,
        })
    }

    /// Of some rows of a data set whose labels are numbers.
    pub fn of_rows(data: &Dataset, examples: impl Iterator<Item = usize>) -> Option<Self> {
        let value = |example: usize| match data.examples.get(example)?.target {
            Target::Value(value) => Some(value),
            _ => None,
        };
        Self::of(examples.filter_map(value))
    }

    /// What is odd about numbers that are evaluated on, where these are the `others`.
    pub fn apart(self, judged: Self, others: &str) -> Option<String> {
        let width = self.high - self.low;
        let is_beyond = judged.high > self.high + width / 2.0 || judged.low < self.low - width / 2.0;
        let is_part = judged.high <= self.low + width / 3.0 || judged.low >= self.high - width / 3.0;
        (width > 0.0 && (is_beyond || (is_part && judged.count >= ENOUGH))).then(|| {
            format!(
                "the numbers to evaluate on go from {} to {} and {others} go from {} to {}, so they may be of another scale",
                judged.low, judged.high, self.low, self.high
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_scales_are_told_and_other_rows_of_one_scale_are_not() {
        let scale = |values: &[f32]| Scale::of(values.iter().copied()).unwrap();
        let many = |most: f32| (0..40).map(|place| most * place as f32 / 39.0).collect::<Vec<f32>>();
        let told = scale(&many(5.0)).apart(scale(&many(1.0)), "those to learn from");
        assert!(told.is_some_and(|told| told.contains("go from 0 to 1 and those to learn from go from 0 to 5")));
        assert!(scale(&many(1.0)).apart(scale(&many(5.0)), "").is_some());
        assert!(scale(&many(1.0)).apart(scale(&[2.5]), "").is_some());
        for judged in [vec![0.1, 0.2], vec![4.9], many(4.0), many(6.0)] {
            assert_eq!(scale(&many(5.0)).apart(scale(&judged), ""), None, "{judged:?}");
        }
        assert_eq!(scale(&[1.0, 1.0]).apart(scale(&[9.0]), ""), None, "what does not vary has no scale");
        assert_eq!(Scale::of([f32::NAN].into_iter()), None);
    }
}
