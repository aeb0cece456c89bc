//! Texts that come again: within a dataset, and in both parts of a split.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use rayon::prelude::*;

use crate::data::folded::{composed, is_unseen};
use crate::data::{Dataset, Target};
use crate::stop;
use crate::task::Reads;

/// Some examples of a dataset.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    pub dataset: &'a Dataset,
    pub examples: &'a [usize],
}

/// Texts that are evaluated although they are learned from, as the indices of their examples, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaks {
    pub train: Vec<usize>,
    pub eval: Vec<usize>,
}

/// Writes a text as it is compared: lower case, with single spaces, letters with their accents, and nothing that cannot be
/// seen.
fn compare(text: &str, out: &mut String) {
    out.clear();
    if text.is_ascii() {
        for word in text.split_ascii_whitespace() {
            out.push_str(word);
            out.push(' ');
        }
        out.make_ascii_lowercase();
        return;
    }
    let text = composed(text);
    let mut is_gap = false;
    for letter in text.trim().chars().filter(|letter| !is_unseen(*letter)) {
        if letter.is_whitespace() {
            is_gap = true;
            continue;
        }
        if std::mem::take(&mut is_gap) && !out.is_empty() {
            out.push(' ');
        }
        out.extend(letter.to_lowercase());
    }
    out.push(' ');
}

fn compared(text: &str) -> String {
    let mut out = String::new();
    compare(text, &mut out);
    out
}

/// Whether case and white space count: an entity may be told by them.
fn is_exact(dataset: &Dataset) -> bool {
    dataset.task.reads() == Reads::Words
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
        compare(text, &mut buffer);
        buffer.hash(&mut hasher);
    }
    hasher.finish()
}

fn hashes(part: Part<'_>) -> Vec<u64> {
    let stop = stop::here();
    let hash = |&example: &usize| {
        stop.heed();
        hash(part.dataset, example)
    };
    part.examples.par_iter().map(hash).collect()
}

fn same_text(a: (&Dataset, usize), b: (&Dataset, usize)) -> bool {
    let exact = is_exact(a.0);
    let same = |a: &str, b: &str| a == b || (!exact && compared(a) == compared(b));
    same(a.0.text(a.1), b.0.text(b.1))
        && match (a.0.pair(a.1), b.0.pair(b.1)) {
            (Some(a), Some(b)) => same(a, b),
            (None, None) => true,
            _ => false,
        }
}

/// For each of some examples the place of the first of them with the same text.
pub fn firsts(part: Part<'_>) -> Vec<usize> {
    let mut known: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut firsts = Vec::with_capacity(part.examples.len());
    for (place, hash) in hashes(part).into_iter().enumerate() {
        let of_hash = known.entry(hash).or_default();
        let is_same =
            |first: &&usize| same_text((part.dataset, part.examples[**first]), (part.dataset, part.examples[place]));
        let first = of_hash.iter().find(is_same).copied();
        firsts.push(first.unwrap_or(place));
        if first.is_none() {
            of_hash.push(place);
        }
    }
    firsts
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
        let mut seen: HashMap<u64, Vec<&Target>> = HashMap::new();
        for example in &group {
            let target = &dataset.examples[*example as usize].target;
            let alike = seen.entry(target_hash(target)).or_default();
            if alike.contains(&target) {
                duplicates.push(*example as usize);
            } else {
                alike.push(target);
            }
        }
        if seen.values().map(Vec::len).sum::<usize>() > 1 {
            contradictions.extend(group.iter().map(|&example| example as usize));
        }
    }
    duplicates.sort_unstable();
    contradictions.sort_unstable();
    (duplicates, contradictions)
}

/// The same for targets that are equal.
fn target_hash(target: &Target) -> u64 {
    let mut hasher = DefaultHasher::new();
    match target {
        Target::None => {}
        Target::Class(class) => class.hash(&mut hasher),
        Target::Classes(classes) | Target::Tags(classes) => classes.hash(&mut hasher),
        // The two zeros are equal and have different bits.
        Target::Value(value) => (value + 0.0).to_bits().hash(&mut hasher),
        Target::Answers(answers) => answers.iter().for_each(|answer| (answer.start, &answer.text).hash(&mut hasher)),
    }
    hasher.finish()
}

/// Texts of the evaluated part that also stand in the training part. The parts may come from one table or from two.
pub fn leaks(train: Part<'_>, eval: Part<'_>) -> Leaks {
    let of_eval = hashes(eval);
    let mut learned: HashMap<u64, Vec<usize>> = of_eval.iter().map(|hash| (*hash, Vec::new())).collect();
    for (hash, &example) in hashes(train).into_iter().zip(train.examples) {
        if let Some(examples) = learned.get_mut(&hash) {
            examples.push(example);
        }
    }
    // Each text is compared with the first of its hash only, so that one that comes a million times costs a million.
    for examples in learned.values_mut().filter(|examples| examples.len() > 1) {
        let first = examples[0];
        examples.retain(|&example| same_text((train.dataset, first), (train.dataset, example)));
    }
    let mut found = Leaks::default();
    let mut told: HashSet<u64> = HashSet::new();
    for (&hash, &example) in of_eval.iter().zip(eval.examples) {
        let Some([first, ..]) = learned.get(&hash).map(Vec::as_slice) else { continue };
        if same_text((train.dataset, *first), (eval.dataset, example)) {
            found.eval.push(example);
            if told.insert(hash) {
                found.train.extend(&learned[&hash]);
            }
        }
    }
    found.train.sort_unstable();
    found.eval.sort_unstable();
    found
}

/// Evaluated examples whose second text, a question's context, is one that is learned from.
pub fn shared_contexts(train: Part<'_>, eval: Part<'_>) -> Vec<usize> {
    let stop = stop::here();
    let context = |part: Part<'_>, example: usize| {
        stop.heed();
        let mut hasher = DefaultHasher::new();
        part.dataset.pair(example).hash(&mut hasher);
        hasher.finish()
    };
    let learned: Vec<u64> = train.examples.par_iter().map(|&example| context(train, example)).collect();
    let learned: HashSet<u64> = learned.into_iter().collect();
    eval.examples.iter().copied().filter(|&example| learned.contains(&context(eval, example))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_look_the_same_are_the_same() {
        for other in [
            "Caf\u{e9}  au lait",
            "cafe\u{301} au\u{a0}lait ",
            "\u{feff}CAF\u{c9} au lait",
            "caf\u{e9}\u{200b} \u{ad}au lait",
            "\u{200b} caf\u{e9} au lait",
        ] {
            assert_eq!(compared(other), "caf\u{e9} au lait ", "{other:?}");
        }
        assert_eq!(compared("A  b\tc"), compared("\u{200b}a b c"));
        assert_ne!(compared("\u{6a9}\u{200c}\u{647}"), compared("\u{6a9}\u{647}"), "a letter that is bent otherwise");
        assert_ne!(compared("cafe"), compared("caf\u{e9}"));
    }
}
