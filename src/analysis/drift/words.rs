//! What changed most, in sentences.

use super::found::{Drift, Heads};
use super::weights::Weight;
use crate::words;

/// From which CKA on states are nearly the same.
const ALIKE: f64 = 0.99;
/// From which on three digits say 1.
const SAME: f64 = 0.9995;
/// Up to how many bits a head looks where it looked before.
const STILL: f64 = 0.01;
/// Up to which share of its norm a weight is where it was.
const UNMOVED: f64 = 1e-6;

/// Dense layers by the last part of their names, in words.
pub const SLOTS: [(&str, &str); 6] = [
    ("attention.query", "query"),
    ("attention.key", "key"),
    ("attention.value", "value"),
    ("attention.output", "attention output"),
    ("feed_forward.inner", "feed-forward inner"),
    ("feed_forward.output", "feed-forward outer"),
];

/// What layers and heads are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// For people, who count from 1: `layer 2, head 1`.
    ForPeople,
    /// As weights are, beside numbers that begin at 0: `layers.1 head 0`.
    AsWeights,
}

impl Called {
    fn layer(self, place: usize) -> String {
        match self {
            Self::ForPeople => words::layer(place),
            Self::AsWeights => format!("layers.{place}"),
        }
    }

    fn head(self, layer: usize, head: usize) -> String {
        match self {
            Self::ForPeople => words::head_of(layer, head),
            Self::AsWeights => format!("layers.{layer} head {head}"),
        }
    }
}

impl Drift {
    /// What changed most: the states, the heads and the weights in a sentence each.
    pub fn said(&self, called: Called) -> Vec<String> {
        if self.differs_in_the_head_alone() {
            return vec!["Only the head differs: nothing in the encoder changed".to_owned()];
        }
        let heads = self.heads.as_ref().and_then(|heads| most_of(heads, called));
        self.states().into_iter().chain(heads).chain(self.matrices(called)).collect()
    }

    /// Whether every weight of the encoder is in both and the same, and one of a head is not.
    fn differs_in_the_head_alone(&self) -> bool {
        let is_of_head = |name: &str| name.starts_with("head.");
        let [before, after] = &self.weights.apart;
        let (mut heads, mut others) = (before.iter().chain(after).any(|name| is_of_head(name)), 0);
        for weight in &self.weights.both {
            let is_still = weight.change.is_some_and(|change| change == 0.0);
            match (is_of_head(&weight.name), is_still) {
                (true, _) => heads |= !is_still,
                (false, true) => others += 1,
                (false, false) => return false,
            }
        }
        let is_whole = before.iter().chain(after).all(|name| is_of_head(name));
        // The same weights can still be given other tokens.
        heads && others > 0 && is_whole && self.layers.iter().flatten().all(|cka| *cka >= SAME)
    }

    fn states(&self) -> Option<String> {
        let mut known: Vec<(usize, f64)> =
            self.layers.iter().enumerate().filter_map(|(place, cka)| Some((place, (*cka)?))).collect();
        let top = known.last()?.0;
        known.sort_by(|one, two| one.1.total_cmp(&two.1));
        let (place, least) = known[0];
        if least >= ALIKE {
            let words = "The states are nearly the same in every layer";
            return Some(if least >= SAME { words.to_owned() } else { format!("{words} (CKA {least:.3} or more)") });
        }
        match known.get(1) {
            Some((next, cka)) if place == top && next + 1 == top && *cka < ALIKE => {
                Some(format!("The states of the top two layers changed most (CKA {cka:.2} and {least:.2})"))
            }
            _ if place == 0 => Some(format!("The states changed most in the embeddings (CKA {least:.2})")),
            _ if place == top => Some(format!("The states of the top layer changed most (CKA {least:.2})")),
            _ => Some(format!("The states after layer {place} of {top} changed most (CKA {least:.2})")),
        }
    }

    fn matrices(&self, called: Called) -> Option<String> {
        let matrices = self.weights.both.iter().filter(|weight| weight.shape.len() > 1);
        let valued = matrices.filter_map(|weight| Some((weight, weight.change?)));
        let (most, change) = valued.reduce(|most, next| if next.1 > most.1 { next } else { most })?;
        if self.weights.both.iter().all(|weight| weight.change.is_some_and(|change| change == 0.0)) {
            return Some("No weight that both models have has changed".to_owned());
        }
        if change <= UNMOVED {
            return Some("No weight matrix moved by more than a millionth of its norm".to_owned());
        }
        Some(format!("Of the weights {} moved most, by {} of its norm", name(most, called), percent(change)))
    }
}

fn most_of(heads: &Heads, called: Called) -> Option<String> {
    let each = heads.each.iter().enumerate();
    let (place, most) = each.reduce(|most, next| if next.1.mean() > most.1.mean() { next } else { most })?;
    let bits = most.mean();
    if bits < STILL {
        let words = "Every head looks where it looked";
        return Some(if bits < 0.0005 { words.to_owned() } else { format!("{words} (at most {bits:.3} bits apart)") });
    }
    let name = called.head(place / heads.heads.max(1), place % heads.heads.max(1));
    Some(format!("Of the heads {name} looks elsewhere most ({bits:.2} bits)"))
}

/// A weight in words, where it is one that every encoder has.
fn name(weight: &Weight, called: Called) -> String {
    let in_layer = || {
        let (layer, slot) = weight.name.strip_prefix("layers.")?.split_once('.')?;
        let slot = slot.strip_suffix(".weight")?;
        let (_, words) = SLOTS.into_iter().find(|(known, _)| *known == slot)?;
        Some(format!("the {words} matrix of {}", called.layer(layer.parse().ok()?)))
    };
    let in_head = || Some(format!("the {} matrix of the task head", weight.task_head_name()?));
    in_layer()
        .or_else(in_head)
        .unwrap_or_else(|| weight.name.strip_suffix(".weight").unwrap_or(&weight.name).to_owned())
}

/// A share as a person reads it: two digits that say something.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        0.0 => "0 %".to_owned(),
        10.0.. => format!("{percent:.0} %"),
        1.0.. => format!("{percent:.1} %"),
        0.01.. => format!("{percent:.2} %"),
        _ => format!("{percent:.1e} %"),
    }
}
