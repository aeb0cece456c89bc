//! Sums that tell whether numbers are still what they were. They find damage and mistakes, and are not for secrets.

use rayon::prelude::*;

use crate::model::{Model, Param};
use crate::random::mix;
use crate::text::Labels;
use crate::train::{Examples, Prepared, TrainError};

/// A number that changes with whatever a run sees of its data: tokens, targets and the names of the classes.
pub fn fingerprint(data: &Prepared) -> Result<u64, TrainError> {
    of_data(data, &|labels| fold(words_of(labels).into_iter()))
}

/// The same, where `of_labels` sums what an example teaches.
pub(super) fn of_data(data: &Prepared, of_labels: &(dyn Fn(&Labels) -> u64 + Sync)) -> Result<u64, TrainError> {
    let words = |values: &[u32]| fold(values.iter().map(|value| u64::from(*value)));
    let of = |examples: &Examples| {
        let one = |index: usize| {
            let features = examples.get(index, 0)?;
            let tokens = &features.tokens;
            Ok(fold([words(&tokens.ids()), words(&tokens.types()), of_labels(&features.labels)].into_iter()))
        };
        (0..examples.len()).into_par_iter().map(one).collect::<Result<Vec<u64>, TrainError>>()
    };
    let parts = [of(&data.train)?, of(&data.eval)?].concat();
    Ok(mix(fold(parts.into_iter())) ^ sum_bytes(data.labels.names.join("\n").as_bytes()))
}

/// Labels in numbers, which stay the same whatever its type is called and however it is printed.
fn words_of(labels: &Labels) -> Vec<u64> {
    let all = |kind: u64, values: &mut dyn Iterator<Item = u64>| std::iter::once(kind).chain(values).collect();
    match labels {
        Labels::None => vec![0],
        Labels::Class(class) => vec![1, (*class).into()],
        Labels::Classes(classes) => all(2, &mut classes.iter().map(|class| (*class).into())),
        Labels::Value(value) => vec![3, value.to_bits().into()],
        Labels::Tokens(classes) => {
            all(6, &mut classes.iter().map(|class| class.map_or(0, |class| u64::from(class) + 1)))
        }
        Labels::Span { start, end } => vec![7, (*start).into(), (*end).into()],
    }
}

/// A number that changes with every weight that is not among the trained ones.
pub(super) fn of_frozen(model: &Model, is_trained: impl Fn(&Param) -> bool) -> u64 {
    model.params.iter().filter(|param| !is_trained(param)).fold(0, |total, param| {
        let values = param.var().flatten_all().and_then(|flat| flat.to_vec1::<f32>());
        mix(total ^ sum_bytes(param.name.as_bytes())) ^ sum(&values.unwrap_or_default())
    })
}

/// Multiplies with an odd number and turns, both of which can be undone: two rows that differ in one word never have the
/// same sum.
fn fold(words: impl Iterator<Item = u64>) -> u64 {
    words.fold(0x9e37_79b9_7f4a_7c15, |sum, word| (sum ^ word).wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(29))
}

pub(super) fn sum(values: &[f32]) -> u64 {
    const CHUNK: usize = 1 << 16;
    let parts: Vec<u64> =
        values.par_chunks(CHUNK).map(|chunk| fold(chunk.iter().map(|value| u64::from(value.to_bits())))).collect();
    mix(fold(parts.into_iter()) ^ values.len() as u64)
}

pub(super) fn sum_bytes(bytes: &[u8]) -> u64 {
    mix(fold(bytes.iter().map(|byte| u64::from(*byte))) ^ bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_bit_a_missing_number_and_another_order_change_the_sum() {
        let values: Vec<f32> = (0..200_000).map(|place| place as f32 * 0.25).collect();
        let whole = sum(&values);
        for place in [0, 1, 65_535, 65_536, 199_999] {
            let mut other = values.clone();
            other[place] = f32::from_bits(other[place].to_bits() ^ 1);
            assert_ne!(sum(&other), whole, "{place}");
        }
        let mut turned = values.clone();
        turned.swap(3, 70_000);
        assert_ne!(sum(&turned), whole);
        assert_ne!(sum(&values[1..]), whole);
        assert_ne!(sum(&[0.0]), sum(&[-0.0]));
        assert_ne!(sum_bytes(b"a\0"), sum_bytes(b"a"));
        assert_eq!(sum(&values), whole);
    }

    #[test]
    fn what_is_taught_is_written_down_once_and_for_all() {
        for (labels, expected) in [
            (Labels::None, vec![0]),
            (Labels::Class(3), vec![1, 3]),
            (Labels::Classes(vec![0, 2]), vec![2, 0, 2]),
            (Labels::Value(0.5), vec![3, 0x3f00_0000]),
            (Labels::Tokens(vec![None, Some(0), Some(4)]), vec![6, 0, 1, 5]),
            (Labels::Span { start: 2, end: 9 }, vec![7, 2, 9]),
        ] {
            assert_eq!(words_of(&labels), expected);
        }
    }
}
