//! Who watches a map being made.

use std::ops::ControlFlow;

/// Hears how far it is, says whether to go on, and sees the points on their way.
pub trait Watch {
    fn go_on(&mut self, what: &'static str, done: usize, total: usize) -> ControlFlow<()>;

    fn moved(&mut self, points: &[[f32; 2]]) {
        _ = points;
    }
}

/// Nobody.
pub struct Unwatched;

impl Watch for Unwatched {
    fn go_on(&mut self, _: &'static str, _: usize, _: usize) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
