//! How much each setting matters: the share of the metric's variance over all settings that goes with one of them alone
//! ([`super::forest`]), and how far that is to be believed.
//!
//! A forest finds structure in anything. So the same is computed with the metric dealt out to the settings by chance, again
//! and again (Altmann et al., 2010, "Permutation importance: a corrected feature importance measure"): a share that chance
//! reaches as well says nothing. Values of seeds are means, and of a search by halving only the round counts in which all
//! settings were trained, since later ones were trained longer.

use super::asked::{Axis, Over};
use super::forest::{Rows, Side, Tree};
use crate::random::{Purpose, Stream, key};
use crate::stop::heed;

/// Trees of the forest, as many as Optuna's evaluator has.
const TREES: u64 = 64;
/// Trees where the metric was dealt out by chance.
const TREES_OF_CHANCE: u64 = 16;
/// How often it is: with so many, one of twenty is an exact place in their order.
const DEALS: u64 = 99;
/// Fewer settings with a result say nothing.
const LEAST: usize = 8;
const SEED: u64 = 42;
/// A share that so few of the deals reach is more than chance.
const LEVEL: f64 = 0.05;

/// How much each setting matters.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// In the order of the axes.
    pub of: Vec<Share>,
    /// Of the variance, what no setting explains alone: settings that only matter together, and chance.
    pub together: f64,
    /// Settings with a result that it was learned from.
    pub settings: usize,
    /// Share of the variance that the forest predicts of settings that a tree has not seen; below 0 where it does worse
    /// than their mean.
    pub predicted: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    pub key: String,
    /// Of the variance, from 0 to 1: mean over the trees.
    pub share: f64,
    /// What chance alone stays below in 95 of 100 deals.
    pub chance: f64,
    /// How likely so large a share is by chance.
    pub p: f64,
}

impl Share {
    pub fn is_more_than_chance(&self) -> bool {
        self.p <= LEVEL
    }
}

/// Why nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// So many settings have a result, and so many are needed.
    TooFew { have: usize, least: usize },
    /// With one setting there is nothing to divide.
    OneSetting,
    /// Every setting came to the same.
    AllTheSame,
}

impl Unknown {
    /// In a sentence.
    pub fn words(self) -> String {
        match self {
            Self::TooFew { have, least } => format!("Needs {least} finished settings; there are {have}"),
            Self::OneSetting => "Only one setting varies, so all that differs goes with it or is chance".to_owned(),
            Self::AllTheSame => "Every setting came to the same value, so none of them matters here".to_owned(),
        }
    }
}

/// What the shares are, in words.
pub const METHOD: &str = "Share of the metric's variance over all settings that goes with one of them alone: functional analysis of \
     variance over a forest of 64 regression trees (Hutter et al., 2014). By chance: what 95 of 100 deals of the same values \
     to other settings stay below.";

/// What no share has, in words.
pub const TOGETHER: &str = "with several settings together, or by chance";

impl Importance {
    /// Of settings, each by its places on the axes, with what it came to.
    pub(super) fn of(axes: &[Axis], places: &[Vec<f64>], values: &[f64]) -> Result<Self, Unknown> {
        let least = least(axes.len());
        if axes.len() < 2 {
            return Err(Unknown::OneSetting);
        }
        if values.len() < least {
            return Err(Unknown::TooFew { have: values.len(), least });
        }
        let sides: Vec<Side> = axes.iter().map(side).collect();
        let rows = Rows { sides: &sides, places, values };
        let trees: Vec<Tree> = (0..TREES).map(|number| Tree::grow(&rows, Some((SEED, number)))).collect();
        let shares = mean_shares(&trees, sides.len()).ok_or(Unknown::AllTheSame)?;
        let predicted = predicted(&rows, &trees);
        let deals: Vec<Vec<f64>> = (0..DEALS).filter_map(|deal| dealt(&rows, deal)).collect();
        let of = axes.iter().enumerate().map(|(side, axis)| {
            let by_chance: Vec<f64> = deals.iter().map(|shares| shares[side]).collect();
            Share::of(axis.key.clone(), shares[side], by_chance)
        });
        let together = (1.0 - shares.iter().sum::<f64>()).clamp(0.0, 1.0);
        Ok(Self { of: of.collect(), together, settings: values.len(), predicted })
    }

    /// Why little of it is to be believed; nothing where there is no such reason.
    pub fn doubt(&self) -> Option<String> {
        if self.predicted <= 0.0 {
            return Some(
                "From these trials nothing can be told of settings that were not tried, so the shares say little"
                    .to_owned(),
            );
        }
        let wanted = 10 * self.of.len();
        (self.settings < wanted).then(|| {
            format!(
                "{} settings are few for {} keys; with {wanted} or more the shares move less",
                self.settings,
                self.of.len()
            )
        })
    }
}

impl Share {
    fn of(key: String, share: f64, mut by_chance: Vec<f64>) -> Self {
        by_chance.sort_by(f64::total_cmp);
        let reached = by_chance.iter().filter(|other| **other >= share).count();
        let place = ((1.0 - LEVEL) * (by_chance.len() + 1) as f64).ceil() as usize;
        let chance = by_chance.get(place.saturating_sub(1)).or(by_chance.last()).copied().unwrap_or(1.0);
        Self { key, share, chance, p: (reached + 1) as f64 / (by_chance.len() + 1) as f64 }
    }
}

/// How many settings with a result are needed.
fn least(axes: usize) -> usize {
    LEAST.max(3 * axes)
}

fn side(axis: &Axis) -> Side {
    match &axis.over {
        Over::List(values) => Side::Levels(values.len()),
        Over::Range { .. } => Side::Range,
    }
}

fn mean_shares(trees: &[Tree], sides: usize) -> Option<Vec<f64>> {
    let of: Vec<Vec<f64>> = trees.iter().filter_map(|tree| tree.shares(sides)).collect();
    let mean = |side: usize| of.iter().map(|shares| shares[side]).sum::<f64>() / of.len() as f64;
    (!of.is_empty()).then(|| (0..sides).map(mean).collect())
}

/// The shares where the values were dealt out to other rows.
fn dealt(rows: &Rows<'_>, deal: u64) -> Option<Vec<f64>> {
    heed();
    let mut values = rows.values.to_vec();
    Stream::new(key(SEED, Purpose::Importance, &[deal, 0])).shuffle(&mut values);
    let rows = Rows { values: &values, ..*rows };
    let trees: Vec<Tree> =
        (0..TREES_OF_CHANCE).map(|number| Tree::grow(&rows, Some((SEED + 1 + deal, number)))).collect();
    mean_shares(&trees, rows.sides.len())
}

/// What the trees that have not seen a row say of it, as a share of the variance.
fn predicted(rows: &Rows<'_>, trees: &[Tree]) -> f64 {
    let of = |row: usize| {
        let said = trees.iter().filter(|tree| !tree.has_seen(row)).map(|tree| tree.predict(&rows.places[row]));
        let said: Vec<f64> = said.collect();
        (!said.is_empty()).then(|| (rows.values[row], said.iter().sum::<f64>() / said.len() as f64))
    };
    let both: Vec<(f64, f64)> = (0..rows.values.len()).filter_map(of).collect();
    let mean = both.iter().map(|(value, _)| value).sum::<f64>() / both.len().max(1) as f64;
    let all: f64 = both.iter().map(|(value, _)| (value - mean).powi(2)).sum();
    let missed: f64 = both.iter().map(|(value, said)| (value - said).powi(2)).sum();
    if all > 0.0 { 1.0 - missed / all } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes() -> Vec<Axis> {
        let rate = Over::Range { low: 1e-5, high: 1e-3, log: true, steps: None };
        let levels = |values: &[u64]| Over::List(values.iter().map(|value| (*value).into()).collect());
        let of = |key: &str, over| Axis { key: key.to_owned(), over };
        vec![of("optim.lr", rate), of("run.batch", levels(&[8, 16, 32])), of("run.seed", levels(&[1, 2]))]
    }

    /// Settings by chance, and what a function of their places comes to.
    fn rows(count: usize, of: impl Fn(&[f64]) -> f64) -> (Vec<Vec<f64>>, Vec<f64>) {
        let mut stream = Stream::new(7);
        let level = |stream: &mut Stream, levels: u64| (stream.below(levels) as f64 + 0.5) / levels as f64;
        let places: Vec<Vec<f64>> =
            (0..count).map(|_| vec![stream.unit(), level(&mut stream, 3), level(&mut stream, 2)]).collect();
        let values = places.iter().map(|place| of(place)).collect();
        (places, values)
    }

    #[test]
    fn what_matters_is_told_from_what_does_not() {
        // Three quarters of the variance go with the rate: 3 x on [0, 1] has 9/12, and a step of 1 of three values with a
        // height of h has 2/9 h², which is a quarter of all where h² = 9/8.
        let height = (9.0_f64 / 8.0).sqrt();
        let (places, values) = rows(60, |at| 3.0 * at[0] + if at[1] > 0.7 { height } else { 0.0 });
        let found = Importance::of(&axes(), &places, &values).unwrap();
        let [rate, batch, seed] = &found.of[..] else { panic!("three axes") };
        assert!((rate.share - 0.75).abs() < 0.08 && (batch.share - 0.25).abs() < 0.08, "{found:?}");
        assert!(seed.share < 0.03 && !seed.is_more_than_chance(), "{found:?}");
        assert!(rate.is_more_than_chance() && batch.is_more_than_chance(), "{found:?}");
        assert!(found.predicted > 0.8 && found.doubt().is_none(), "{found:?}");
        assert_eq!(found, Importance::of(&axes(), &places, &values).unwrap(), "the same again");
    }

    #[test]
    fn chance_is_called_chance() {
        let (places, _) = rows(24, |_| 0.0);
        let mut stream = Stream::new(3);
        let values: Vec<f64> = places.iter().map(|_| stream.unit()).collect();
        let found = Importance::of(&axes(), &places, &values).unwrap();
        assert!(found.of.iter().all(|share| !share.is_more_than_chance()), "{found:?}");
        assert!(found.predicted < 0.2 && found.doubt().is_some(), "{found:?}");
    }

    #[test]
    fn nothing_is_said_from_little() {
        let (places, values) = rows(8, |at| at[0]);
        let of = |axes: &[Axis]| Importance::of(axes, &places, &values);
        assert_eq!(of(&axes()), Err(Unknown::TooFew { have: 8, least: 9 }));
        assert_eq!(of(&axes()[..1]), Err(Unknown::OneSetting));
        let (places, values) = rows(20, |_| 0.5);
        assert_eq!(Importance::of(&axes(), &places, &values), Err(Unknown::AllTheSame));
    }
}
