//! Texts that come again: within a dataset, and in both parts of a split.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use rayon::prelude::*;

use crate::data::{Dataset, Target};
use crate::task::Task;

/// Some examples of a dataset.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    pub dataset: &'a Dataset,
    pub examples: &'a [usize],
}

/// A text that is evaluated although it was learned from, as the indices of its examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// All of the training part, ascending.
    pub train: Vec<usize>,
    pub eval: usize,
}

/// A text as it is compared: lower case, with single spaces.
fn compared(text: &str) -> impl Iterator<Item = char> {
    text.split_whitespace().flat_map(|word| word.chars().flat_map(char::to_lowercase).chain([' ']))
}

/// Whether case and white space count: an entity may be told by them.
fn is_exact(dataset: &Dataset) -> bool {
    dataset.task == Task::Ner
}

fn hash(dataset: &Dataset, example: usize) -> u64 {
    // Made without random keys, so that it is the same in every run.
    let mut hasher = DefaultHasher::new();
    let mut buffer = String::new();
    for text in [Some(dataset.text(example)), dataset.pair(example)].into_iter().flatten() {
        if is_exact(dataset) {
            text.hash(&mut hasher);
            continue;
        }
        buffer.clear();
        if text.is_ascii() {
            for word in text.split_ascii_whitespace() {
                buffer.push_str(word);
                buffer.push(' ');
            }
            buffer.make_ascii_lowercase();
        } else {
            buffer.extend(compared(text));
        }
        buffer.hash(&mut hasher);
    }
    hasher.finish()
}

fn hashes(part: Part<'_>) -> Vec<u64> {
    part.examples.par_iter().map(|&example| hash(part.dataset, example)).collect()
}

fn same_text(a: (&Dataset, usize), b: (&Dataset, usize)) -> bool {
    let exact = is_exact(a.0);
    let same = |a: &str, b: &str| a == b || (!exact && compared(a).eq(compared(b)));
    same(a.0.text(a.1), b.0.text(b.1))
        && match (a.0.pair(a.1), b.0.pair(b.1)) {
            (Some(a), Some(b)) => same(a, b),
            (None, None) => true,
            _ => false,
        }
}

/// Examples that repeat an earlier one, and examples whose text stands elsewhere with another label, each ascending.
pub fn repeats(dataset: &Dataset) -> (Vec<usize>, Vec<usize>) {
    let all: Vec<usize> = (0..dataset.examples.len()).collect();
    let hashes = hashes(Part { dataset, examples: &all });
    let mut by_text: HashMap<u64, Vec<u32>> = HashMap::new();
    let mut first: HashMap<u64, u32> = HashMap::with_capacity(all.len());
    for (example, &hash) in (0_u32..).zip(&hashes) {
        // Only texts that come again need a list.
        if let Some(&earlier) = first.get(&hash) {
            by_text.entry(hash).or_insert_with(|| vec![earlier]).push(example);
        } else {
            first.insert(hash, example);
        }
    }
    let (mut duplicates, mut contradictions) = (Vec::new(), Vec::new());
    let mut groups: Vec<Vec<u32>> = by_text.into_values().collect();
    groups.sort_unstable();
    for mut group in groups {
        let head = group[0] as usize;
        // Two texts with one hash are all but impossible, and would be a wrong accusation.
        group.retain(|&example| same_text((dataset, head), (dataset, example as usize)));
        let target = |example: &u32| &dataset.examples[*example as usize].target;
        let mut seen: Vec<&Target> = Vec::new();
        for example in &group {
            if seen.contains(&target(example)) {
                duplicates.push(*example as usize);
            } else {
                seen.push(target(example));
            }
        }
        if seen.len() > 1 {
            contradictions.extend(group.iter().map(|&example| example as usize));
        }
    }
    duplicates.sort_unstable();
    contradictions.sort_unstable();
    (duplicates, contradictions)
}

/// Texts of the evaluated part that also stand in the training part, in the order of the evaluated examples. The parts
/// may come from one table or from two.
pub fn leaks(train: Part<'_>, eval: Part<'_>) -> Vec<Leak> {
    let of_eval = hashes(eval);
    let mut learned: HashMap<u64, Vec<usize>> = of_eval.iter().map(|hash| (*hash, Vec::new())).collect();
    for (hash, &example) in hashes(train).into_iter().zip(train.examples) {
        if let Some(examples) = learned.get_mut(&hash) {
            examples.push(example);
        }
    }
    let found = of_eval.iter().zip(eval.examples).filter_map(|(hash, &example)| {
        let is_same = |&&learned: &&usize| same_text((train.dataset, learned), (eval.dataset, example));
        let train: Vec<usize> = learned.get(hash)?.iter().filter(is_same).copied().collect();
        (!train.is_empty()).then_some(Leak { train, eval: example })
    });
    found.collect()
}

/// Evaluated examples whose second text, a question's context, is one that is learned from.
pub fn shared_contexts(train: Part<'_>, eval: Part<'_>) -> Vec<usize> {
    let context = |part: Part<'_>, example: usize| {
        let mut hasher = DefaultHasher::new();
        part.dataset.pair(example).hash(&mut hasher);
        hasher.finish()
    };
    let learned: Vec<u64> = train.examples.par_iter().map(|&example| context(train, example)).collect();
    let learned: std::collections::HashSet<u64> = learned.into_iter().collect();
    eval.examples.iter().copied().filter(|&example| learned.contains(&context(eval, example))).collect()
}
