//! How fast rows are answered, and how long the rest will take, by what was done in the last while.

use std::collections::VecDeque;

/// Seconds that count.
const LATELY: f64 = 20.0;
/// Seconds before anything is said.
const FIRST: f64 = 1.0;

#[derive(Clone, Debug, Default)]
pub struct Pace {
    /// Seconds, and what was done by then.
    told: VecDeque<(f64, usize)>,
}

impl Pace {
    pub fn push(&mut self, secs: f64, done: usize) {
        // Twice a second is enough to tell by.
        if self.told.back().is_some_and(|(last, _)| secs - last < 0.5) {
            return;
        }
        self.told.push_back((secs, done));
        while self.told.len() > 2 && self.told[1].0 < secs - LATELY {
            self.told.pop_front();
        }
    }

    /// Rows a second.
    pub fn rate(&self) -> Option<f64> {
        let ((first, before), (last, now)) = (self.told.front()?, self.told.back()?);
        let secs = last - first;
        (secs >= FIRST && now > before).then(|| (now - before) as f64 / secs)
    }

    /// Seconds that are left.
    pub fn left(&self, total: usize) -> Option<f64> {
        let (_, done) = self.told.back()?;
        Some(total.saturating_sub(*done) as f64 / self.rate()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_while_and_unknown_at_first() {
        let mut pace = Pace::default();
        pace.push(0.0, 1000);
        pace.push(0.6, 1010);
        assert_eq!((pace.rate(), pace.left(2000)), (None, None), "what was there before is no pace");
        for second in 1..=100 {
            pace.push(f64::from(second), 1000 + 10 * second as usize);
        }
        assert_eq!((pace.rate(), pace.left(2500)), (Some(10.0), Some(50.0)));
        for second in 101..=140 {
            pace.push(f64::from(second), 2000 + 40 * (second as usize - 100));
        }
        assert_eq!((pace.rate(), pace.left(3600)), (Some(40.0), Some(0.0)));
    }
}
