//! Patterns that name weights, for what is trained of a model and at what rate: `*` stands for any letters, `layers.2-5` for
//! several layers, and the beginning of a name up to a dot for all that begins so.

use std::collections::BTreeSet;

use super::TrainError;
use crate::model::family::LAYER_SLOTS;
use crate::model::{Block, HEAD_SLOTS, Slot};

/// Refuses a pattern of a setting that is of none of a model's weights, with the names that are nearest to it.
pub fn check<'a>(
    key: &'static str,
    patterns: impl IntoIterator<Item = &'a String>,
    weights: &[&str],
) -> Result<(), TrainError> {
    match patterns.into_iter().find(|pattern| !weights.iter().any(|name| is_named(pattern, name))) {
        Some(name) => Err(TrainError::UnknownWeight { key, name: name.clone(), known: near(name, weights) }),
        None => Ok(()),
    }
}

/// Whether a pattern is of a weight: `*` stands for any letters, `layers.2-5` for several layers, and the beginning of a name
/// up to a dot for all that begins so.
pub fn is_named(pattern: &str, weight: &str) -> bool {
    let (pattern, weight) = match (ranged(pattern), weight.strip_prefix("layers.")) {
        (Some((first, last, rest)), Some(of_layer)) => {
            let (layer, tail) = of_layer.split_once('.').unwrap_or((of_layer, ""));
            if !layer.parse::<usize>().is_ok_and(|layer| (first..=last).contains(&layer)) {
                return false;
            }
            if rest.is_empty() {
                return true;
            }
            (rest, tail)
        }
        _ => (pattern, weight),
    };
    glob(pattern, weight) || glob(&format!("{pattern}.*"), weight)
}

/// `layers.2-5.rest` as 2, 5 and `rest`.
fn ranged(pattern: &str) -> Option<(usize, usize, &str)> {
    let of_layers = pattern.strip_prefix("layers.")?;
    let (range, rest) = of_layers.split_once('.').unwrap_or((of_layers, ""));
    let (first, last) = range.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?, rest))
}

fn glob(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(tail) = name.strip_prefix(start) else { return false };
    tail.char_indices().map(|(place, _)| place).chain([tail.len()]).any(|place| glob(rest, &tail[place..]))
}

/// The names of weights that have most of a pattern's parts, those of all layers as one.
fn near(pattern: &str, weights: &[&str]) -> String {
    const NAMED: usize = 3;
    let parts: Vec<&str> = pattern.split(['.', '*']).filter(|part| !part.is_empty()).collect();
    let alike = |one: &str, other: &str| one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let score = |name: &str| -> usize {
        parts.iter().map(|part| name.split('.').map(|own| alike(own, part)).max().unwrap_or(0)).sum()
    };
    let mut names: Vec<(usize, String)> = weights.iter().map(|name| (score(name), of_all_layers(name))).collect();
    names.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let mut told = BTreeSet::new();
    let nearest = names.into_iter().filter(|(_, name)| told.insert(name.clone())).take(NAMED);
    nearest.map(|(_, name)| name).collect::<Vec<_>>().join(", ")
}

/// `layers.3.attention.query.bias` as `layers.*.attention.query.bias`.
fn of_all_layers(name: &str) -> String {
    match name.strip_prefix("layers.").and_then(|rest| rest.split_once('.')) {
        Some((_, rest)) => format!("layers.*.{rest}"),
        None => name.to_owned(),
    }
}

/// The weights that a block may have. Which of them a head has hangs on its kind, and which adapters on the run.
pub fn weights_of(block: Block) -> Vec<String> {
    let pairs = |names: &[&str]| -> Vec<String> {
        names.iter().flat_map(|name| [format!("{block}.{name}.weight"), format!("{block}.{name}.bias")]).collect()
    };
    match block {
        Block::Layer(layer) => {
            let adapters = Slot::ALL.into_iter().flat_map(|slot| slot.adapter_names(layer));
            pairs(&LAYER_SLOTS).into_iter().chain(adapters).collect()
        }
        Block::Embeddings => {
            let tables = ["word", "position", "token_type"].map(|table| format!("{block}.{table}"));
            tables.into_iter().chain(pairs(&["norm", "projection"])).collect()
        }
        Block::Head => pairs(&HEAD_SLOTS),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub const WEIGHTS: [&str; 7] = [
        "embeddings.word",
        "embeddings.norm.bias",
        "layers.0.attention.query.weight",
        "layers.1.attention.query.bias",
        "layers.2.feed_forward.norm.weight",
        "layers.10.attention.output.weight",
        "head.token.weight",
    ];

    #[test]
    fn weights_are_named_by_patterns_ranges_and_the_beginnings_of_their_names() {
        let check = |pattern: &str, expected: &[usize]| {
            let found: Vec<usize> = (0..WEIGHTS.len()).filter(|place| is_named(pattern, WEIGHTS[*place])).collect();
            assert_eq!(found, expected, "{pattern}");
        };
        check("*", &[0, 1, 2, 3, 4, 5, 6]);
        check("*.bias", &[1, 3]);
        check("*.norm.*", &[1, 4]);
        check("layers.1", &[3]);
        check("layers.1*", &[3, 5]);
        check("layers.0-2", &[2, 3, 4]);
        check("layers.1-10.attention.*.weight", &[5]);
        check("layers.*.attention.query", &[2, 3]);
        check("embeddings", &[0, 1]);
        check("head.*", &[6]);
        check("head.token", &[6]);
        check("hea", &[]);
        check("", &[]);
    }

    #[test]
    fn a_pattern_of_nothing_is_told_what_is_near() {
        let told = |pattern: &str| check("optim.rates", [&pattern.to_owned()], &WEIGHTS).unwrap_err().to_string();
        assert!(told("*.atention.*").contains("layers.*.attention.query.weight"), "{}", told("*.atention.*"));
        assert!(told("head.dense").contains("expected names such as head.token.weight"), "{}", told("head.dense"));
        assert!(check("optim.rates", [&"*.attention.*".to_owned()], &WEIGHTS).is_ok());
    }
}
