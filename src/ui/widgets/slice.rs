//! Work that is spread over frames: how much of it fits in one, so that the window never waits.

use std::time::{Duration, Instant};

/// Time for work in one frame.
const LENGTH: Duration = Duration::from_millis(4);

/// Bytes that are read between two looks at the clock, or other work that takes about as long.
pub const PIECE: usize = 1 << 16;

/// What is left of a frame's time for work. Whoever works does one piece at least and stops when the slice is over.
#[derive(Debug)]
pub struct Slice {
    began: Instant,
    length: Duration,
    /// Bytes since the last look at the clock.
    spent: usize,
    over: bool,
}

impl Slice {
    pub fn begin() -> Self {
        Self::of(LENGTH)
    }

    /// A slice of a length of its own; one without a length is over at the first look at the clock.
    pub fn of(length: Duration) -> Self {
        Self { began: Instant::now(), length, spent: 0, over: false }
    }

    /// Counts work that is as much as reading some bytes.
    pub fn spend(&mut self, bytes: usize) {
        self.spent = self.spent.saturating_add(bytes);
        if self.spent >= PIECE {
            self.spent = 0;
            self.over |= self.began.elapsed() >= self.length;
        }
    }

    pub fn is_over(&self) -> bool {
        self.over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_over_when_a_piece_is_done_and_its_time_is_up() {
        let mut slice = Slice::of(Duration::ZERO);
        slice.spend(PIECE - 1);
        assert!(!slice.is_over(), "nobody has looked at the clock");
        slice.spend(1);
        assert!(slice.is_over());
        let mut slice = Slice::of(Duration::from_hours(1));
        slice.spend(100 * PIECE);
        assert!(!slice.is_over());
    }
}
