//! What a person orders of a run while it trains.

use std::mem::discriminant;

use crate::train::config::{LastEpoch, What};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Orders {
    /// Blocks that are frozen and can be thawed, the next one first.
    pub frozen: Vec<String>,
    /// The epoch, from 1, after which the run is done, where that was ordered.
    pub last_epoch: Option<u64>,
    /// What was ordered and not told of yet.
    pub waiting: Vec<What>,
}

impl Orders {
    /// The run has told of an order.
    pub fn told(&mut self, what: What, is_refused: bool) {
        // An order is told as it is kept, with the number of its epoch.
        let is_it = |waiting: &What| discriminant(waiting) == discriminant(&what);
        if let Some(place) = self.waiting.iter().position(is_it) {
            self.waiting.remove(place);
        }
        match what {
            What::StopAfter(LastEpoch::Number(number)) if !is_refused => self.last_epoch = Some(number),
            What::StopAfter(_) if !is_refused => self.last_epoch = None,
            _ => {}
        }
    }
}
