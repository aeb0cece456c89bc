//! How fast a run is and how long it has taken.

use std::collections::VecDeque;

/// How long a step takes: the median of the last ones, so that an evaluation or a pause in between does not count.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    recent: VecDeque<f64>,
}

impl Pace {
    const KEPT: usize = 50;

    pub fn push(&mut self, seconds: f64) {
        if !seconds.is_finite() || seconds <= 0.0 {
            return;
        }
        if self.recent.len() >= 5 && self.median().is_some_and(|usual| seconds > 10.0 * usual) {
            return;
        }
        if self.recent.len() == Self::KEPT {
            self.recent.pop_front();
        }
        self.recent.push_back(seconds);
    }

    pub fn median(&self) -> Option<f64> {
        let mut sorted: Vec<f64> = self.recent.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => None,
            odd if !odd.is_multiple_of(2) => sorted.get(middle).copied(),
            _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
        }
    }
}

/// A stopwatch on the window's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    banked: f64,
    since: Option<f64>,
}

impl Clock {
    pub fn stopped_at(seconds: f64) -> Self {
        Self { banked: seconds, since: None }
    }

    /// Running on from what was counted before.
    pub fn from(seconds: f64, now: f64) -> Self {
        Self { banked: seconds, since: Some(now) }
    }

    pub fn go_on(&mut self, now: f64) {
        self.since.get_or_insert(now);
    }

    pub fn wait(&mut self, now: f64) {
        self.banked = self.read(now);
        self.since = None;
    }

    pub fn read(&self, now: f64) -> f64 {
        self.banked + self.since.map_or(0.0, |since| (now - since).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_does_not_count_as_a_step_but_a_slower_pace_does() {
        let mut pace = Pace::default();
        for _ in 0..10 {
            pace.push(1.0);
        }
        pace.push(500.0);
        pace.push(f64::NAN);
        assert_eq!(pace.recent.len(), 10);
        for _ in 0..60 {
            pace.push(3.0);
        }
        assert_eq!((pace.recent.len(), pace.median()), (50, Some(3.0)));
    }
}
