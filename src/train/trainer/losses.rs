//! What came of an update before it changes the weights: its loss in parts, and what these are divided by.

use std::collections::BTreeMap;

use crate::train::companion::Divisors;

/// What the losses of an update are divided by.
#[derive(Clone, Copy)]
pub(super) struct Denominators {
    pub own: f64,
    pub companion: Divisors,
}

/// The loss of some sequences.
#[derive(Clone, Debug, Default)]
pub(super) struct Losses {
    pub sum: f64,
    /// The parts of it, by name.
    pub parts: BTreeMap<&'static str, f64>,
}

impl Losses {
    pub fn add(&mut self, other: Self) {
        self.sum += other.sum;
        for (name, loss) in other.parts {
            *self.parts.entry(name).or_default() += loss;
        }
    }

    /// The parts where there are several; one alone is the loss.
    pub fn told(&self) -> BTreeMap<String, f64> {
        let parts = self.parts.iter().filter(|_| self.parts.len() > 1);
        parts.map(|(name, loss)| ((*name).to_owned(), *loss)).collect()
    }
}

/// What came of the sequences of an update.
pub(super) struct Learned {
    pub losses: Losses,
    pub norm: f64,
    pub tokens: usize,
}
