//! Which examples are learned from and which are held out: a pure function of the labels, a fraction and a seed.
//!
//! Each example has a number drawn for its own index, and those with the lowest numbers of each class are held out. No
//! draw depends on another, so the split is the same on every machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Dataset, Example, Fold, Target};
use crate::random::{Purpose, key};
use crate::stop::heed;

/// How a table is divided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitRule {
    /// Share of the examples that is held out, from 0 to below 1.
    pub eval_fraction: f64,
    pub seed: u64,
    /// Give each class the same share.
    pub stratified: bool,
    /// Hold out this part instead, and not a share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<Fold>,
    /// Make the strata of all examples, also of those that a column takes away from the part to learn from, as runs of
    /// earlier versions began.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strata_of_all: bool,
}

/// Indices of examples, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    pub train: Vec<usize>,
    pub eval: Vec<usize>,
}

impl Split {
    /// Divides the examples. With classes, each class gives the same share to within one example, the total is the
    /// share of all examples rounded, and every class keeps at least one example to learn from. Sets of labels are
    /// taken as classes, and numbers in ten groups from low to high.
    ///
    /// Rows that share a value of the group column stay together; then whole groups are held out, as many as come
    /// nearest to the share, whatever their classes.
    ///
    /// Where a column says which rows are for what, nothing is drawn; where it names rows to learn from alone, the share is
    /// theirs.
    pub fn new(dataset: &Dataset, rule: &SplitRule) -> Self {
        if let Some(told) = Self::told(dataset) {
            return told;
        }
        let all = dataset.to_learn();
        if dataset.roles.group.is_some() {
            let held_out = held_out_groups(dataset, &all, rule);
            let (eval, train) = all.into_iter().partition(|&example| held_out[example]);
            return Self { train, eval };
        }
        let groups = match (rule.stratified, rule.strata_of_all) {
            (false, _) => vec![all.clone()],
            (true, false) => strata(&dataset.examples, &all),
            (true, true) => {
                let mut groups = strata(&dataset.examples, &(0..dataset.examples.len()).collect::<Vec<_>>());
                for group in &mut groups {
                    group.retain(|example| all.binary_search(example).is_ok());
                }
                groups
            }
        };
        let groups: Vec<Vec<usize>> = groups.into_iter().filter(|group| !group.is_empty()).collect();
        let draw = |&example: &usize| {
            heed();
            (key(rule.seed, Purpose::Split, &[example as u64]), example)
        };
        let mut held_out = vec![false; dataset.examples.len()];
        for (group, size) in groups.iter().zip(shares(&groups, all.len(), rule)) {
            let mut drawn: Vec<(u64, usize)> = group.iter().map(draw).collect();
            drawn.sort_unstable();
            for &(_, example) in &drawn[..size] {
                held_out[example] = true;
            }
        }
        let (eval, train) = all.into_iter().partition(|&example| held_out[example]);
        Self { train, eval }
    }
}

/// Which of `all` examples are held out where groups stay whole. An empty cell is a group of its own; one group at least
/// is left to learn from.
fn held_out_groups(dataset: &Dataset, all: &[usize], rule: &SplitRule) -> Vec<bool> {
    let mut named: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for &example in all {
        match dataset.group(example).map(str::trim).filter(|name| !name.is_empty()) {
            Some(name) => named.entry(name).or_default().push(example),
            None => groups.push(vec![example]),
        }
    }
    groups.extend(named.into_values());
    groups.sort_by_cached_key(|group| (key(rule.seed, Purpose::Split, &[group[0] as u64]), group[0]));
    let fraction = if rule.eval_fraction.is_finite() { rule.eval_fraction.clamp(0.0, 1.0) } else { 0.0 };
    let wanted = (all.len() as f64 * fraction).round() as usize;
    let mut held_out = vec![false; dataset.examples.len()];
    let (mut held, mut left) = (0, groups.len());
    for group in groups {
        if left > 1 && (held + group.len()).abs_diff(wanted) < wanted.abs_diff(held) {
            held += group.len();
            left -= 1;
            for example in group {
                held_out[example] = true;
            }
        }
    }
    held_out
}

/// Those of some examples that are of each class. A set of labels held by fewer than two examples joins the other rare ones, so that rare
/// combinations are held out too.
fn strata(examples: &[Example], which: &[usize]) -> Vec<Vec<usize>> {
    let mut classes: BTreeMap<Vec<u32>, Vec<usize>> = BTreeMap::new();
    let mut values: Vec<(f32, usize)> = Vec::new();
    let mut others = Vec::new();
    let mut sets = false;
    for &index in which {
        match &examples[index].target {
            Target::Class(class) => classes.entry(vec![*class]).or_default().push(index),
            Target::Classes(set) => {
                sets = true;
                classes.entry(set.clone()).or_default().push(index);
            }
            Target::Value(value) => values.push((*value, index)),
            _ => others.push(index),
        }
    }
    let mut groups = Vec::new();
    for group in classes.into_values() {
        if sets && group.len() < 2 { others.extend(group) } else { groups.push(group) }
    }
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let size = values.len().div_ceil(10).max(1);
    groups.extend(values.chunks(size).map(|chunk| chunk.iter().map(|&(_, index)| index).collect()));
    groups.push(others);
    groups.retain(|group| !group.is_empty());
    groups
}

/// How many of each group are held out. Whole shares first; what is missing from the total then goes to the groups
/// with the largest remainders, and chance, not the order of the classes, decides among equal ones.
fn shares(groups: &[Vec<usize>], count: usize, rule: &SplitRule) -> Vec<usize> {
    let fraction = if rule.eval_fraction.is_finite() { rule.eval_fraction.clamp(0.0, 1.0) } else { 0.0 };
    let wanted = (count as f64 * fraction).round() as usize;
    let mut sizes = Vec::with_capacity(groups.len());
    let mut remainders = Vec::with_capacity(groups.len());
    for (index, group) in groups.iter().enumerate() {
        let share = group.len() as f64 * fraction;
        let most = group.len() - 1;
        let whole = (share.floor() as usize).min(most);
        sizes.push(whole);
        if whole < most {
            // Thirds of a percent that differ by rounding only are equal.
            let remainder = ((share - share.floor()) * 1e9).round() as u64;
            let lot = key(rule.seed, Purpose::Split, &[group.len() as u64, index as u64]);
            remainders.push((std::cmp::Reverse(remainder), lot, index));
        }
    }
    remainders.sort_unstable();
    let missing = wanted.saturating_sub(sizes.iter().sum());
    for &(remainder, _, index) in remainders.iter().take(missing) {
        if remainder.0 > 0 {
            sizes[index] += 1;
        }
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::tests::dataset_of_targets;

    fn rule(eval_fraction: f64, seed: u64) -> SplitRule {
        SplitRule { eval_fraction, seed, stratified: true, fold: None, strata_of_all: false }
    }

    fn classes(sizes: &[usize]) -> Dataset {
        let mut targets = Vec::new();
        for i in 0..*sizes.iter().max().unwrap_or(&0) {
            for (class, &size) in (0..).zip(sizes) {
                if i < size {
                    targets.push(Target::Class(class));
                }
            }
        }
        dataset_of_targets(targets)
    }

    fn held_out(dataset: &Dataset, split: &Split, classes: usize) -> Vec<usize> {
        let mut counts = vec![0; classes];
        for &example in &split.eval {
            if let Target::Class(class) = dataset.examples[example].target {
                counts[class as usize] += 1;
            }
        }
        counts
    }

    #[test]
    fn each_class_gives_the_same_share() {
        let check = |sizes: &[usize], fraction: f64, expected: &[usize]| {
            let dataset = classes(sizes);
            let split = Split::new(&dataset, &rule(fraction, 42));
            assert_eq!(held_out(&dataset, &split, sizes.len()), expected, "{sizes:?} at {fraction}");
        };
        check(&[100, 50, 10], 0.1, &[10, 5, 1]);
        check(&[100, 1], 0.5, &[50, 0]);
        check(&[1, 1, 1], 0.9, &[0, 0, 0]);
        check(&[2, 2], 0.5, &[1, 1]);
        check(&[10], 0.99, &[9]);
        check(&[10, 20], 0.0, &[0, 0]);
    }

    #[test]
    fn the_two_parts_hold_every_example_once_in_order() {
        for seed in 0..20 {
            for fraction in [0.0, 0.1, 0.33, 0.5, 0.999, f64::NAN, 7.0, -1.0] {
                let dataset = classes(&[13, 7, 1, 2, 40]);
                let split = Split::new(&dataset, &rule(fraction, seed));
                let mut all = [split.train.clone(), split.eval.clone()].concat();
                all.sort_unstable();
                assert_eq!(all, (0..63).collect::<Vec<_>>());
                assert!(split.train.is_sorted() && split.eval.is_sorted());
            }
        }
    }

    #[test]
    fn the_total_is_the_share_of_all_even_with_many_small_classes() {
        let dataset = classes(&[3; 77]);
        let split = Split::new(&dataset, &rule(0.1, 1));
        assert_eq!(split.eval.len(), 23);
        let counts = held_out(&dataset, &split, 77);
        assert!(counts.iter().all(|&count| count <= 1));
        assert!(counts[..23].iter().sum::<usize>() < 23, "the first classes are not preferred");
    }

    #[test]
    fn the_same_seed_gives_the_same_split_everywhere() {
        let dataset = classes(&[10, 10]);
        let split = Split::new(&dataset, &rule(0.2, 42));
        assert_eq!(split, Split::new(&dataset, &rule(0.2, 42)));
        assert_ne!(split, Split::new(&dataset, &rule(0.2, 43)));
        assert_eq!(split.eval, [5, 11, 16, 18]);
    }

    #[test]
    fn groups_stay_whole() {
        let rows: String = (0..60).map(|row| format!("text {row},{},g{}\n", row % 2, row / 3 % 12)).collect();
        let text = format!("text,label,document\n{rows}a last one,1,\n");
        let roles = crate::data::Roles {
            group: Some("document".into()),
            ..crate::data::dataset::tests::roles("text", Some("label"))
        };
        let table = crate::data::dataset::tests::table(&text);
        let dataset = Dataset::new(table, crate::task::Task::Classify, &roles, None).unwrap();
        for seed in 0..20 {
            for fraction in [0.0, 0.1, 0.3, 0.99, 1.0] {
                let split = Split::new(&dataset, &rule(fraction, seed));
                let documents = |part: &[usize]| -> std::collections::BTreeSet<String> {
                    part.iter().filter_map(|&example| dataset.group(example)).map(str::to_owned).collect()
                };
                let shared = documents(&split.train).intersection(&documents(&split.eval)).count();
                assert_eq!(shared, 0, "seed {seed} at {fraction}");
                assert_eq!(split.train.len() + split.eval.len(), 61);
                assert!(!split.train.is_empty());
                let wanted = (61.0 * fraction).round() as usize;
                assert!(fraction > 0.9 || split.eval.len().abs_diff(wanted) <= 3, "{} of {wanted}", split.eval.len());
            }
        }
        assert_ne!(Split::new(&dataset, &rule(0.3, 1)), Split::new(&dataset, &rule(0.3, 2)));
    }

    #[test]
    fn numbers_are_held_out_from_low_to_high() {
        let dataset = dataset_of_targets((0..100).map(|i| Target::Value(i as f32)).collect());
        let split = Split::new(&dataset, &rule(0.1, 3));
        for (tens, &example) in split.eval.iter().enumerate() {
            assert_eq!(example / 10, tens);
        }
    }

    #[test]
    fn rare_sets_of_labels_are_held_out_too() {
        let dataset = dataset_of_targets((0..100).map(|i| Target::Classes(vec![i])).collect());
        assert_eq!(Split::new(&dataset, &rule(0.2, 3)).eval.len(), 20);
    }

    #[test]
    fn examples_without_labels_are_split_as_one_group() {
        let dataset = dataset_of_targets(vec![Target::None; 10]);
        assert_eq!(Split::new(&dataset, &rule(0.3, 3)).eval.len(), 3);
        let plain = SplitRule { stratified: false, ..rule(0.3, 3) };
        assert_eq!(Split::new(&classes(&[5, 5]), &plain).eval.len(), 3);
    }
}
