//! Where the numbers of a configuration may lie: asked when a run is checked, and by whoever lets a person type one.

use std::ops::{Bound, RangeBounds};

/// From where to where.
pub type Limit = (Bound<f64>, Bound<f64>);

/// More epochs than anybody waits for; beyond it, counting the steps would not end.
const MOST_EPOCHS: f64 = 1e5;

pub const ANY: Limit = (Bound::Unbounded, Bound::Unbounded);
pub const LEARNING_RATE: Limit = between(0.0, 1.0);
/// What a rate may be multiplied with.
pub const RATE_FACTOR: Limit = between(0.0, 100.0);
/// The rate that a person trains with: at 0 nothing is learned.
pub const PEAK_RATE: Limit = (Bound::Excluded(0.0), Bound::Included(1.0));
/// Above it a whole model forgets more than it learns.
pub const HIGH_RATE: f64 = 1e-2;
pub const LAYER_DECAY: Limit = (Bound::Excluded(0.0), Bound::Included(1.0));
pub const WEIGHT_DECAY: Limit = between(0.0, 1.0);
pub const BETA: Limit = below(0.0, 1.0);
pub const EPS: Limit = above(0.0);
pub const CLIP: Limit = at_least(0.0);
/// Below 1 a share of the steps, from 1 a number of steps.
pub const WARMUP: Limit = at_least(0.0);
/// Beyond it next to nothing counts.
pub const FOCAL: Limit = between(0.0, 10.0);
pub const LABEL_SMOOTHING: Limit = below(0.0, 1.0);
pub const DROPOUT: Limit = below(0.0, 1.0);
pub const EPOCHS: Limit = (Bound::Excluded(0.0), Bound::Included(MOST_EPOCHS));
/// Between checkpoints; at 0 none is written.
pub const MINUTES: Limit = at_least(0.0);
/// Of sequences, tokens and steps.
pub const COUNT: Limit = at_least(1.0);
pub const EVAL_FRACTION: Limit = below(0.0, 1.0);
pub const FEWEST_TOKENS: usize = 3;
/// Of a run: one state alone is no course, and a slider tells no more apart.
pub const KEPT_STATES: Limit = between(2.0, 100.0);
/// One fold leaves nothing to learn from; with as many as rows each is held out alone.
pub const FOLDS: Limit = between(2.0, 1000.0);
/// With which a run is repeated.
pub const SEEDS: Limit = between(1.0, 50.0);
/// At one half no text is learned whole.
pub const HIDDEN_SHARE: Limit = between(0.0, 0.5);
pub const MASKED_SHARE: Limit = (Bound::Excluded(0.0), Bound::Excluded(1.0));
/// Beyond it an adapter has about as many weights as what it stands for.
pub const LORA_RANK: Limit = between(1.0, 1024.0);
pub const LORA_ALPHA: Limit = above(0.0);
/// Beyond it all outputs are alike.
pub const TEMPERATURE: Limit = (Bound::Excluded(0.0), Bound::Included(100.0));
pub const SHARE: Limit = between(0.0, 1.0);
/// What a comparison with a teacher's layers counts.
pub const COUNTS: Limit = below(0.0, f64::INFINITY);
pub const DISCRIMINATOR_WEIGHT: Limit = below(0.0, f64::INFINITY);

pub const fn between(from: f64, to: f64) -> Limit {
    (Bound::Included(from), Bound::Included(to))
}

/// From a number on, and below another.
pub const fn below(from: f64, end: f64) -> Limit {
    (Bound::Included(from), Bound::Excluded(end))
}

pub const fn above(start: f64) -> Limit {
    (Bound::Excluded(start), Bound::Unbounded)
}

pub const fn at_least(from: f64) -> Limit {
    (Bound::Included(from), Bound::Unbounded)
}

/// Whether a number may stand there. What is no number never may.
pub fn contains(limit: Limit, value: f64) -> bool {
    limit.contains(&value)
}

/// The end of the range that a number beyond it is next to, where that end belongs to it.
pub fn end(limit: Limit, value: f64) -> Option<f64> {
    match limit {
        (Bound::Included(from), _) if value < from => Some(from),
        (_, Bound::Included(to)) if value > to => Some(to),
        _ => None,
    }
}

/// `0 to 1`, `0 to below 1`, `above 0 and at most 100,000`, `1 or more`.
pub fn words(limit: Limit) -> String {
    match limit {
        (Bound::Included(from), Bound::Included(to)) => format!("{from} to {to}"),
        (Bound::Included(from), Bound::Excluded(end)) if end.is_finite() => format!("{from} to below {end}"),
        (Bound::Included(from), _) => format!("{from} or more"),
        (Bound::Excluded(start), Bound::Included(to)) => format!("above {start} and at most {}", grouped(to)),
        (Bound::Excluded(start), Bound::Excluded(end)) => format!("above {start} and below {end}"),
        (Bound::Excluded(start), Bound::Unbounded) => format!("above {start}"),
        (Bound::Unbounded, Bound::Included(to)) => format!("up to {to}"),
        (Bound::Unbounded, Bound::Excluded(end)) => format!("below {end}"),
        (Bound::Unbounded, Bound::Unbounded) => "any number".into(),
    }
}

/// `100,000`: as a sentence has it.
fn grouped(number: f64) -> String {
    let plain = number.to_string();
    if number < 1000.0 || plain.contains('.') {
        return plain;
    }
    let digits: Vec<&[u8]> = plain.as_bytes().rchunks(3).rev().collect();
    digits.into_iter().map(String::from_utf8_lossy).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_says_what_it_holds() {
        let cases = [
            (between(0.0, 1.0), "0 to 1", [true, true, false]),
            (below(0.0, 1.0), "0 to below 1", [true, false, false]),
            (above(0.0), "above 0", [false, true, true]),
            (at_least(1.0), "1 or more", [false, true, true]),
            (LAYER_DECAY, "above 0 and at most 1", [false, true, false]),
            (PEAK_RATE, "above 0 and at most 1", [false, true, false]),
            (EPOCHS, "above 0 and at most 100,000", [false, true, true]),
            (MASKED_SHARE, "above 0 and below 1", [false, false, false]),
            (DISCRIMINATOR_WEIGHT, "0 or more", [true, true, true]),
        ];
        for (limit, expected, holds) in cases {
            assert_eq!(words(limit), expected);
            assert_eq!([0.0, 1.0, 2.0].map(|value| contains(limit, value)), holds, "{expected}");
            assert!(!contains(limit, f64::NAN));
        }
    }
}
