//! A threshold for each label, where one for all would treat rare and frequent labels alike.

use super::tally::Tally;
use crate::task::THRESHOLD;

/// The scores of one label over a split, from the highest on, with whether the label applies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelScores {
    rows: Vec<(f32, bool)>,
    /// Of the first n rows, how many have the label.
    right: Vec<u64>,
}

impl LabelScores {
    fn new(mut rows: Vec<(f32, bool)>) -> Self {
        rows.sort_by(|one, two| two.0.total_cmp(&one.0));
        let mut right = Vec::with_capacity(rows.len() + 1);
        let mut count = 0;
        right.push(0);
        for &(_, applies) in &rows {
            count += u64::from(applies);
            right.push(count);
        }
        Self { rows, right }
    }

    fn tally(&self, predicted: usize) -> Tally {
        Tally {
            right: self.right.get(predicted).copied().unwrap_or(0),
            predicted: predicted as u64,
            support: self.right.last().copied().unwrap_or(0),
        }
    }

    /// What there is when the label is given from a threshold on.
    pub fn tally_at(&self, threshold: f32) -> Tally {
        self.tally(self.rows.partition_point(|&(score, _)| score >= threshold))
    }

    /// Precision, recall and F1 then.
    pub fn at(&self, threshold: f32) -> [f64; 3] {
        let tally = self.tally_at(threshold);
        [tally.precision(), tally.recall(), tally.f1()]
    }

    /// The threshold of the highest F1. All thresholds between two neighbouring scores are alike: 0.5 stands for those it
    /// is among, else their middle. Of equally good ones the nearest to 0.5.
    pub fn best(&self) -> f32 {
        let mut best = (THRESHOLD, self.tally_at(THRESHOLD));
        for predicted in 1..=self.rows.len() {
            let (last, _) = self.rows[predicted - 1];
            let next = self.rows.get(predicted).map_or(0.0, |&(score, _)| score);
            if next == last && predicted < self.rows.len() {
                continue;
            }
            let tally = self.tally(predicted);
            let threshold = between(next, last);
            let (one, two) =
                (tally.right * (best.1.predicted + best.1.support), best.1.right * (predicted as u64 + tally.support));
            let distance = |threshold: f32| (f64::from(threshold) - f64::from(THRESHOLD)).abs();
            let nearer = distance(threshold) < distance(best.0);
            if one > two || (one == two && nearer) {
                best = (threshold, tally);
            }
        }
        best.0
    }
}

/// A threshold above one score and not above another.
fn between(below: f32, above: f32) -> f32 {
    if below < THRESHOLD && THRESHOLD <= above {
        return THRESHOLD;
    }
    let middle = f32::midpoint(below, above);
    if middle > below { middle } else { above }
}

/// The scores of each label; `gold` holds the indices of the labels that apply.
pub fn label_scores(gold: &[Vec<u32>], scores: &[Vec<f32>], labels: usize) -> Vec<LabelScores> {
    let of_label = |label: usize| {
        let rows = gold.iter().zip(scores).filter_map(|(gold, scores)| {
            let score = scores.get(label)?;
            Some((*score, gold.contains(&(label as u32))))
        });
        LabelScores::new(rows.collect())
    };
    (0..labels).map(of_label).collect()
}

/// The threshold of each label with its highest F1.
pub fn best_thresholds(gold: &[Vec<u32>], scores: &[Vec<f32>], labels: usize) -> Vec<f32> {
    label_scores(gold, scores, labels).iter().map(LabelScores::best).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(rows: &[(f32, bool)]) -> LabelScores {
        LabelScores::new(rows.to_vec())
    }

    #[test]
    fn the_best_threshold_parts_what_has_the_label_from_what_has_not() {
        let check = |rows: &[(f32, bool)], threshold: f32, f1: f64| {
            let scores = scores(rows);
            assert!((scores.best() - threshold).abs() < 1e-6, "{rows:?}: {}", scores.best());
            assert!((scores.at(scores.best())[2] - f1).abs() < 1e-12, "{rows:?}");
        };
        check(&[(0.9, true), (0.3, true), (0.1, false)], 0.2, 1.0);
        check(&[(0.9, true), (0.7, false), (0.1, false)], 0.8, 1.0);
        check(&[(0.9, true), (0.2, false)], 0.5, 1.0);
        check(&[(0.9, false), (0.2, false)], 0.5, 0.0);
        check(&[(0.4, true), (0.4, false)], 0.2, 2.0 / 3.0);
        check(&[(0.0, true)], 0.0, 1.0);
        check(&[], 0.5, 0.0);
    }

    #[test]
    fn no_threshold_is_better_than_the_best() {
        let rows: Vec<(f32, bool)> = (0..60_u16).map(|n| (f32::from(n * 37 % 61) / 61.0, n * 11 % 7 < 3)).collect();
        let scores = scores(&rows);
        let best = scores.at(scores.best())[2];
        assert!((0..=1000_u16).all(|n| scores.at(f32::from(n) / 1000.0)[2] <= best));
    }
}
