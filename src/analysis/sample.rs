//! Which rows of a data set are looked at where all would be too many, and what a model reads of them: one rule for
//! everything that looks at many texts.
//!
//! Rows are ordered by class, and by chance within one, and every so-many-th is taken: each class has the share in a sample
//! that it has among all, and the same seed draws the same rows. Numbers are ordered by size.

use std::path::PathBuf;
use std::sync::Arc;

use crate::data::{Dataset, Target};
use crate::inspect::{Request, gold};
use crate::random::{Purpose, key};

/// Which rows of a data set a model is to read.
#[derive(Clone, Debug)]
pub struct Sampling {
    pub model: PathBuf,
    pub data: Arc<Dataset>,
    /// The examples that may be looked at, ascending.
    pub among: Arc<[usize]>,
    /// How many of them are looked at, at most.
    pub rows: usize,
    /// Draws them where there are more.
    pub seed: u64,
    /// Tokens of a text, at most the model's.
    pub max_tokens: usize,
}

impl Sampling {
    /// Every row, as far as the model reads it.
    pub fn all(model: PathBuf, data: Arc<Dataset>) -> Self {
        let among = (0..data.examples.len()).collect();
        Self { model, data, among, rows: usize::MAX, seed: 0, max_tokens: usize::MAX }
    }

    /// The examples that are looked at, ascending.
    pub fn examples(&self) -> Vec<usize> {
        sample(&self.data, &self.among, self.rows, self.seed)
    }
}

/// As many examples as `rows` of those in `among`, ascending.
pub fn sample(data: &Dataset, among: &[usize], rows: usize, seed: u64) -> Vec<usize> {
    let stratum = |example: usize| match &data.examples[example].target {
        Target::Class(class) => (vec![*class], 0),
        Target::Classes(classes) => (classes.clone(), 0),
        Target::Value(value) => (Vec::new(), ascending(*value)),
        Target::None | Target::Tags(_) | Target::Answers(_) => (Vec::new(), 0),
    };
    spread(among, rows, seed, stratum)
}

/// The same of rows of which nothing is known but their places.
pub fn of_places(count: usize, rows: usize, seed: u64) -> Vec<usize> {
    spread(&(0..count).collect::<Vec<_>>(), rows, seed, |_| ())
}

fn spread<S: Ord>(among: &[usize], rows: usize, seed: u64, stratum: impl Fn(usize) -> S) -> Vec<usize> {
    if among.len() <= rows {
        return among.to_vec();
    }
    let draw = |example: usize| key(seed, Purpose::Sample, &[example as u64]);
    let mut in_order: Vec<_> = among.iter().map(|one| (stratum(*one), draw(*one), *one)).collect();
    in_order.sort_unstable();
    let count = in_order.len();
    let mut taken: Vec<usize> = (0..rows).map(|place| in_order[(2 * place + 1) * count / (2 * rows)].2).collect();
    taken.sort_unstable();
    taken
}

/// Bits of a number that are ordered as the number is.
fn ascending(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

/// What a model is asked of an example: its texts as they are read.
pub fn request(data: &Dataset, example: usize) -> Request {
    let gold::Row { text, pair, .. } = gold::row(data, example);
    Request { text, pair }
}

/// The texts of a sample of some examples; those that say nothing are left out.
pub fn texts(data: &Dataset, among: &[usize], rows: usize, seed: u64) -> Arc<[Request]> {
    let taken = sample(data, among, rows, seed).into_iter();
    taken.map(|example| request(data, example)).filter(|request| !request.text.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::pooled::tests::films;

    #[test]
    fn a_sample_has_the_share_of_every_class_and_is_drawn_by_its_seed() {
        let data = films(999);
        let all: Vec<usize> = (0..999).collect();
        let found = sample(&data, &all, 120, 1);
        let of_one = found.iter().filter(|example| data.examples[**example].target == Target::Class(1)).count();
        assert_eq!((found.len(), of_one), (120, 40));
        assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(found, sample(&data, &all, 120, 1));
        assert_ne!(found, sample(&data, &all, 120, 2));
        assert_eq!(sample(&data, &all[..7], 120, 1), all[..7]);
        assert_eq!(texts(&data, &all, 120, 1).len(), 120);
        let numbers = [-2.5_f32, -0.0, 0.0, 0.5, 30.0];
        assert!(numbers.map(ascending).is_sorted());
    }

    #[test]
    fn rows_of_which_nothing_is_known_are_drawn_by_the_seed_and_keep_their_order() {
        assert_eq!(of_places(100, 200, 1).len(), 100);
        let ten = of_places(100, 10, 1);
        assert!(ten.len() == 10 && ten.is_sorted());
        assert_eq!(ten, of_places(100, 10, 1));
        assert_ne!(ten, of_places(100, 10, 2));
    }
}
