//! What is counted of one class, and the quotients that are made of counts: one whose denominator is zero is 0.

/// What precision and recall of one class are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub right: u64,
    pub predicted: u64,
    pub support: u64,
}

impl Tally {
    pub fn precision(self) -> f64 {
        ratio(self.right as f64, self.predicted as f64)
    }

    pub fn recall(self) -> f64 {
        ratio(self.right as f64, self.support as f64)
    }

    pub fn f1(self) -> f64 {
        ratio(2.0 * self.right as f64, (self.predicted + self.support) as f64)
    }

    pub(super) fn occurs(self) -> bool {
        self.predicted + self.support > 0
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |all, one| Self {
            right: all.right + one.right,
            predicted: all.predicted + one.predicted,
            support: all.support + one.support,
        })
    }
}

pub(super) fn ratio(numerator: f64, denominator: f64) -> f64 {
    if denominator == 0.0 { 0.0 } else { numerator / denominator }
}

/// The class with the highest score, the first of equal ones.
pub fn best_class(scores: &[f32]) -> usize {
    let mut best = 0;
    for (class, &score) in scores.iter().enumerate() {
        if score > scores[best] || (scores[best].is_nan() && !score.is_nan()) {
            best = class;
        }
    }
    best
}
