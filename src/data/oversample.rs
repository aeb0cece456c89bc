//! Rare classes repeated until each is learned from as often as the most frequent one.

use std::collections::BTreeMap;

use super::{Dataset, Target};
use crate::random::{Purpose, key};

/// The examples with those of rare classes several times: all of a class as often as they fit, and of the rest that is
/// missing each once at most, drawn by the seed. The first of each stand as they stood, and what is repeated after them.
pub fn oversampled(data: &Dataset, examples: &[usize], seed: u64) -> Vec<usize> {
    let mut classes: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for &example in examples {
        if let Target::Class(class) = data.examples[example].target {
            classes.entry(class).or_default().push(example);
        }
    }
    let most = classes.values().map(Vec::len).max().unwrap_or(0);
    let mut repeated = examples.to_vec();
    for mut of_class in classes.into_values() {
        let (times, rest) = (most / of_class.len(), most % of_class.len());
        for _ in 1..times {
            repeated.extend(&of_class);
        }
        of_class.sort_by_cached_key(|example| (key(seed, Purpose::Sample, &[*example as u64]), *example));
        of_class.truncate(rest);
        of_class.sort_unstable();
        repeated.extend(of_class);
    }
    repeated
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::tests::dataset_of_targets;

    #[test]
    fn every_class_is_there_as_often_as_the_most_frequent() {
        let targets = (0..20).map(|row| Target::Class([0, 0, 0, 1, 0, 0, 2, 0, 0, 0][row % 10])).collect();
        let data = dataset_of_targets(targets);
        // Row 19 is held out.
        let examples: Vec<usize> = (0..19).collect();
        let found = oversampled(&data, &examples, 1);
        assert_eq!(found[..19], examples);
        let times = |example: usize| found.iter().filter(|one| **one == example).count();
        let of_class = |class: u32| -> Vec<usize> {
            examples
                .iter()
                .filter(|one| data.examples[**one].target == Target::Class(class))
                .map(|one| times(*one))
                .collect()
        };
        assert_eq!(of_class(0), vec![1; 15]);
        for rare in [1, 2] {
            let mut times = of_class(rare);
            times.sort_unstable();
            assert_eq!(times, [7, 8], "fifteen, as evenly as can be");
        }
        assert_eq!(times(19), 0);
        assert_eq!(found, oversampled(&data, &examples, 1));
    }

    #[test]
    fn what_is_even_stays_as_it_is() {
        let data = dataset_of_targets((0..6).map(|row| Target::Class(row % 2)).collect());
        assert_eq!(oversampled(&data, &[0, 1, 2, 3], 1), [0, 1, 2, 3]);
        let numbers = dataset_of_targets(vec![Target::Value(1.0), Target::Value(2.0)]);
        assert_eq!(oversampled(&numbers, &[0, 1], 1), [0, 1]);
    }
}
