//! Sums that tell whether numbers are still what they were. They find damage and mistakes, and are not for secrets.

use rayon::prelude::*;

use crate::random::mix;
use crate::train::{Examples, Prepared, TrainError};

/// A number that changes with whatever a run sees of its data: tokens, targets and the names of the classes.
pub fn fingerprint(data: &Prepared) -> Result<u64, TrainError> {
    let words = |values: &[u32]| fold(values.iter().map(|value| u64::from(*value)));
    let of = |examples: &Examples| {
        let one = |index: usize| {
            let features = examples.get(index, 0)?;
            let target = sum_bytes(format!("{:?}", features.target).as_bytes());
            Ok(fold([words(&features.tokens.ids()), words(&features.tokens.types()), target].into_iter()))
        };
        (0..examples.len()).into_par_iter().map(one).collect::<Result<Vec<u64>, TrainError>>()
    };
    let parts = [of(&data.train)?, of(&data.eval)?].concat();
    Ok(mix(fold(parts.into_iter())) ^ sum_bytes(data.labels.names.join("\n").as_bytes()))
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
}
