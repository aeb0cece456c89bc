//! Runs that differ in their seed alone are one way to do something. What a comparison allows to say of two ways is asked of
//! the runs that share a seed, pair by pair: one is ahead of the other only where it is so with every seed, and by more than
//! chance each time.

use super::compare::{Comparison, PairContest};
use crate::metrics::Contest;

/// What the runs of one way come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Way {
    pub runs: usize,
    pub mean: f64,
    pub low: f64,
    pub high: f64,
    /// Mean of the time they took.
    pub seconds: f64,
}

/// What can be said of two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The one at this place is ahead, by more than chance.
    Ahead(usize),
    /// Each time by more than chance, but with another seed the other one.
    Turns,
    /// Not with every seed by more than chance.
    TooClose,
    /// How much is chance is not known, or no two runs can be set beside each other.
    NotKnown,
}

/// Two ways beside each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Between {
    pub said: Said,
    /// For each seed which of the two is ahead, and how that was judged.
    pub contests: Vec<(usize, Contest)>,
}

/// In what runs of one configuration may differ: their seed, and what follows from it where each holds out rows of its own.
const OF_A_SEED: [&str; 3] = ["run.seed", "examples for training", "examples for evaluation"];

/// So many seeds from a first on, as runs are repeated with.
pub fn seeds(first: u64, count: usize) -> Vec<u64> {
    std::iter::once(first).chain((1..).filter(|seed| *seed != first)).take(count).collect()
}

/// The compared runs by what they are but for their seed, in the order in which they were asked for: of each configuration
/// its runs by their places, in the order of all seeds.
pub fn alike(found: &Comparison) -> Vec<Vec<Option<usize>>> {
    let value = |key: &str, place: usize| {
        found.differences.iter().find(|differs| differs.key == key).and_then(|differs| differs.kept[place].clone())
    };
    let is_own = |key: &str| !OF_A_SEED.contains(&key);
    let rest = |place: usize| -> Vec<_> {
        let differences = found.differences.iter().filter(|differs| is_own(&differs.key));
        differences.map(|differs| differs.kept[place].clone()).collect()
    };
    let mut all = Vec::new();
    for seed in (0..found.runs.len()).map(|place| value("run.seed", place)) {
        if !all.contains(&seed) {
            all.push(seed);
        }
    }
    let mut groups: Vec<(Vec<_>, Vec<Option<usize>>)> = Vec::new();
    for place in 0..found.runs.len() {
        let seed = all.iter().position(|seed| *seed == value("run.seed", place)).unwrap_or_default();
        let rest = rest(place);
        // The very same run twice is two ways of one run each.
        if let Some((_, runs)) = groups.iter_mut().find(|(known, runs)| *known == rest && runs[seed].is_none()) {
            runs[seed] = Some(place);
        } else {
            let mut runs = vec![None; all.len()];
            runs[seed] = Some(place);
            groups.push((rest, runs));
        }
    }
    groups.into_iter().map(|(_, runs)| runs).collect()
}

/// The runs of a way by their places in a comparison.
pub fn way(found: &Comparison, runs: &[Option<usize>]) -> Option<Way> {
    let metric = found.metric?;
    let read = || runs.iter().flatten().filter_map(|place| found.runs.get(*place));
    let values: Vec<f64> = read().filter_map(|run| run.history.result(metric)).collect();
    let seconds: Vec<f64> = read().map(|run| run.summary.seconds).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    (!values.is_empty()).then(|| Way {
        runs: values.len(),
        mean: mean(&values),
        low: values.iter().copied().fold(f64::INFINITY, f64::min),
        high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        seconds: mean(&seconds),
    })
}

/// Two ways, each by its runs in the order of the seeds.
pub fn between(found: &Comparison, one: &[Option<usize>], other: &[Option<usize>]) -> Between {
    let both = one.iter().zip(other).filter_map(|(one, other)| Some([(*one)?, (*other)?]));
    let contests: Vec<(usize, Contest)> = both.filter_map(|places| contest(found, places)).collect();
    let differs: Option<Vec<bool>> = contests.iter().map(|(_, contest)| contest.differs).collect();
    let said = match (contests.first(), differs) {
        (None, _) | (_, None) => Said::NotKnown,
        (_, Some(differs)) if differs.iter().any(|differs| !differs) => Said::TooClose,
        (Some((ahead, _)), _) if contests.iter().all(|(other, _)| other == ahead) => Said::Ahead(*ahead),
        _ => Said::Turns,
    };
    Between { said, contests }
}

/// Which of two runs is ahead, by their places in a comparison.
fn contest(found: &Comparison, places: [usize; 2]) -> Option<(usize, Contest)> {
    let of_both = |pair: &&super::Pair| places.iter().all(|place| pair.runs.contains(place));
    let pair = found.pairs.iter().find(of_both)?;
    let PairContest { better, contest } = pair.contest?;
    // What holds on some rows alone says nothing of the ways.
    let contest = if pair.shared.is_some() { Contest::UNKNOWN } else { contest };
    let better = places.iter().position(|place| *place == pair.runs[better])?;
    Some((better, contest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    use crate::metrics::Measure;
    use crate::train::run::{Compared, Difference, History, Pair, RunSummary};

    fn compared() -> Compared {
        let config = serde_json::from_str(r#"{"task": "classify", "model": {}, "data": {}}"#).unwrap();
        Compared {
            summary: RunSummary::begun(Path::new("run"), &config),
            history: History::default(),
            contest: None,
            shared: None,
            intervals: None,
            without: std::collections::BTreeMap::new(),
        }
    }

    /// Runs 0 and 1 of one way, 2 and 3 of the other, with the values of each.
    fn found(values: [f64; 4], rows: usize) -> Comparison {
        let accuracy = Measure::find("accuracy").unwrap();
        let pair = |runs: [usize; 2]| {
            let [one, two] = runs.map(|place| values[place]);
            let better = usize::from(two > one);
            let contest = Contest::of_values(&accuracy, [one.max(two), one.min(two)], [rows, rows]);
            let contest = Some(PairContest { better, contest });
            Pair { runs, disagreements: None, mcnemar_p: None, contest, shared: None }
        };
        Comparison { pairs: vec![pair([0, 2]), pair([1, 3]), pair([0, 3])], ..Comparison::default() }
    }

    #[test]
    fn a_way_is_ahead_only_where_it_is_so_with_every_seed() {
        let (one, other) = ([Some(0), Some(1)], [Some(2), Some(3)]);
        let said = |values, rows| between(&found(values, rows), &one, &other).said;
        assert_eq!(said([0.9, 0.9, 0.7, 0.7], 500), Said::Ahead(0));
        assert_eq!(said([0.7, 0.7, 0.9, 0.9], 500), Said::Ahead(1));
        assert_eq!(said([0.9, 0.7, 0.7, 0.9], 500), Said::Turns);
        assert_eq!(said([0.9, 0.9, 0.7, 0.89], 500), Said::TooClose);
        assert_eq!(said([0.9, 0.9, 0.7, 0.7], 0), Said::NotKnown);
        let turned = between(&found([0.9, 0.9, 0.7, 0.7], 500), &other, &one);
        assert_eq!((turned.said, turned.contests.len()), (Said::Ahead(1), 2));
    }

    #[test]
    fn runs_that_differ_in_their_seed_alone_are_one_way() {
        let differs = |key: &str, values: &[u64]| Difference {
            key: key.to_owned(),
            values: values.iter().map(|value| Some(value.to_string())).collect(),
            kept: values.iter().map(|value| Some((*value).into())).collect(),
        };
        let differences = vec![
            differs("run.seed", &[42, 42, 1, 1, 1]),
            differs("optim.lr", &[1, 2, 2, 1, 1]),
            differs("examples for training", &[90, 90, 91, 91, 91]),
        ];
        let found = Comparison { runs: vec![compared(); 5], differences, ..Comparison::default() };
        assert_eq!(alike(&found), [vec![Some(0), Some(3)], vec![Some(1), Some(2)], vec![None, Some(4)]]);
        let found = Comparison { runs: vec![compared(); 2], ..Comparison::default() };
        assert_eq!(alike(&found), [vec![Some(0)], vec![Some(1)]], "nothing differs, and one seed is one run");
        assert_eq!((seeds(42, 3), seeds(1, 3)), (vec![42, 1, 2], vec![1, 2, 3]));
    }

    #[test]
    fn runs_that_are_missing_are_left_out_with_their_partner() {
        let found = found([0.9, 0.9, 0.7, 0.7], 500);
        let of = |one: [Option<usize>; 2], other: [Option<usize>; 2]| between(&found, &one, &other);
        assert_eq!(of([Some(0), None], [Some(2), Some(3)]).contests.len(), 1);
        assert_eq!(of([None, None], [Some(2), Some(3)]).said, Said::NotKnown);
    }
}
