//! How far to believe a map, on this very text: its words are deleted from the most to the least supporting one, and the
//! probability is watched ("ERASER", 2020).
//!
//! *Comprehensiveness*: how far the probability falls without the best words; high where the map found what counts.
//! *Sufficiency*: how far it falls with the best words alone; low where they are enough. Both are the mean over the best
//! 1, 5, 10, 20 and 50 percent of the words, at least one. Random orders say what a map without any knowledge would reach.

use super::scene::Scene;
use super::{Asked, Hide};
use crate::inspect::predictor::GoOn;
use crate::inspect::{Inquiry, InspectError, OpenModel};
use crate::random::{Purpose, Stream, key};

/// Asks how faithful some maps are. Each is the weights of all words.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialOf {
    pub asked: Asked,
    pub hide: Hide,
    pub maps: Vec<Vec<f64>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Words that can be deleted.
    pub words: usize,
    /// How many are deleted or kept at each point of a curve, from none to all.
    pub counts: Vec<usize>,
    /// The probability with all words.
    pub share: f64,
    /// In the order of the maps.
    pub maps: Vec<Curve>,
    /// The mean of random orders.
    pub random: Curve,
    pub orders: usize,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// The probability without as many of the best words as `counts` says, and with them alone.
    pub deleted: Vec<f64>,
    pub kept: Vec<f64>,
    pub comprehensiveness: f64,
    pub sufficiency: f64,
}

impl Curve {
    /// One number for both: how much more the best words take away than all others do.
    pub fn faithfulness(&self) -> f64 {
        self.comprehensiveness - self.sufficiency
    }
}

impl Trial {
    /// The map that is most faithful here, the first of equals.
    pub fn best(&self) -> Option<usize> {
        let better = |a: usize, b: usize| if self.maps[b].faithfulness() > self.maps[a].faithfulness() { b } else { a };
        (0..self.maps.len()).reduce(better)
    }

    /// Whether a map knows more than chance.
    pub fn beats_chance(&self, map: usize) -> bool {
        self.maps.get(map).is_some_and(|curve| curve.faithfulness() > self.random.faithfulness())
    }
}

/// The shares of words over which both are the mean.
const BINS: [f64; 5] = [0.01, 0.05, 0.1, 0.2, 0.5];
/// Points of a curve beside those.
const POINTS: usize = 10;
/// Random orders.
const ORDERS: usize = 5;
/// What they are drawn from: the same for every text.
const SEED: u64 = 0;

impl Inquiry for TrialOf {
    type Answer = Trial;

    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Trial>, InspectError> {
        let Some(scene) = Scene::open(model, &self.asked, go_on)? else { return Ok(None) };
        scene.trial(&self.maps, self.hide, go_on)
    }
}

impl Scene<'_> {
    /// Tries maps, each the weights of all words; nothing where `go_on` ended it.
    pub fn trial(&self, maps: &[Vec<f64>], hide: Hide, go_on: GoOn<'_>) -> Result<Option<Trial>, InspectError> {
        let words = self.hideable();
        let counts = counts(words.len());
        let mut orders: Vec<Vec<usize>> = maps.iter().map(|map| best_first(&words, map)).collect();
        for order in 0..ORDERS {
            let mut random = words.clone();
            Stream::new(key(SEED, Purpose::Deletion, &[order as u64])).shuffle(&mut random);
            orders.push(random);
        }
        let one = |order: &Vec<usize>| {
            let deleted = counts.iter().map(|count| self.tokens_of(&order[..*count]));
            let kept = counts.iter().map(|count| self.tokens_of(&order[*count..]));
            deleted.chain(kept).collect::<Vec<_>>()
        };
        let sets: Vec<Vec<usize>> = orders.iter().flat_map(one).collect();
        let Some(said) = self.without(&sets, hide, go_on)? else { return Ok(None) };
        let shares: Vec<f64> = said.iter().map(|said| said.share).collect();
        let curves = shares.chunks(2 * counts.len()).map(|shares| {
            let (deleted, kept) = shares.split_at(counts.len());
            curve(self.said.share, words.len(), &counts, deleted.to_vec(), kept.to_vec())
        });
        let mut maps_and_orders: Vec<Curve> = curves.collect();
        let random = mean(&maps_and_orders.split_off(maps.len()));
        let (words, share) = (words.len(), self.said.share);
        Ok(Some(Trial { words, counts, share, maps: maps_and_orders, random, orders: ORDERS }))
    }
}

/// Words from the most to the least supporting, the first of equals first.
fn best_first(words: &[usize], map: &[f64]) -> Vec<usize> {
    let mut order = words.to_vec();
    let weight = |unit: &usize| map.get(*unit).copied().unwrap_or(0.0);
    order.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.cmp(b)));
    order
}

/// How many words the best share is.
fn best_of(words: usize, share: f64) -> usize {
    // What is a whole number but for rounding is that number.
    ((words as f64 * share - 1e-9).ceil() as usize).clamp(1.min(words), words)
}

fn counts(words: usize) -> Vec<usize> {
    let even = (0..=POINTS).map(|point| (point * words).div_ceil(POINTS));
    let mut counts: Vec<usize> = even.chain(BINS.map(|share| best_of(words, share))).collect();
    counts.sort_unstable();
    counts.dedup();
    counts
}

fn curve(share: f64, words: usize, counts: &[usize], deleted: Vec<f64>, kept: Vec<f64>) -> Curve {
    let falls = |values: &[f64]| {
        let at =
            |bin: f64| counts.iter().position(|count| *count == best_of(words, bin)).map_or(share, |at| values[at]);
        BINS.iter().map(|bin| share - at(*bin)).sum::<f64>() / BINS.len() as f64
    };
    Curve { comprehensiveness: falls(&deleted), sufficiency: falls(&kept), deleted, kept }
}

fn mean(curves: &[Curve]) -> Curve {
    let count = curves.len().max(1) as f64;
    let number = |of: fn(&Curve) -> f64| curves.iter().map(of).sum::<f64>() / count;
    let points = |of: fn(&Curve) -> &Vec<f64>| {
        let length = curves.first().map_or(0, |curve| of(curve).len());
        (0..length).map(|point| curves.iter().map(|curve| of(curve)[point]).sum::<f64>() / count).collect()
    };
    Curve {
        deleted: points(|curve| &curve.deleted),
        kept: points(|curve| &curve.kept),
        comprehensiveness: number(|curve| curve.comprehensiveness),
        sufficiency: number(|curve| curve.sufficiency),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_share_of_few_words_is_at_least_one_and_none_is_lost_to_rounding() {
        assert_eq!(BINS.map(|share| best_of(10, share)), [1, 1, 1, 2, 5]);
        assert_eq!(BINS.map(|share| best_of(100, share)), [1, 5, 10, 20, 50]);
        assert_eq!(BINS.map(|share| best_of(1, share)), [1; 5]);
        assert_eq!(counts(3), [0, 1, 2, 3]);
        let many = counts(200);
        assert!(many.len() <= POINTS + 1 + BINS.len() && many[0] == 0 && many.last() == Some(&200));
    }

    #[test]
    fn a_map_that_finds_the_one_word_that_counts_is_faithful_and_the_reverse_is_not() {
        let counts = counts(4);
        let at = |right: bool, kept: bool| {
            let has_it = move |count: &usize| if right { *count > 0 } else { *count == 4 };
            let value = move |has: bool| if has == kept { 0.9 } else { 0.1 };
            counts.iter().map(move |count| value(has_it(count))).collect::<Vec<f64>>()
        };
        let curves = [true, false].map(|right| curve(0.9, 4, &counts, at(right, false), at(right, true)));
        assert!((curves[0].comprehensiveness - 0.8).abs() < 1e-12 && curves[0].sufficiency.abs() < 1e-12);
        assert!(curves[1].comprehensiveness.abs() < 1e-12 && (curves[1].sufficiency - 0.8).abs() < 1e-12);
        let trial = Trial { words: 4, counts, share: 0.9, random: mean(&curves), maps: curves.to_vec(), orders: 2 };
        assert_eq!(trial.best(), Some(0));
        assert!(trial.beats_chance(0) && !trial.beats_chance(1) && !trial.beats_chance(7));
    }
}
