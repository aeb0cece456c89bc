//! States that are kept: which texts and planes are there, and how others are laid beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{MOST_BYTES, Plane, Pooled, Said, Shape, Which};
use crate::analysis::points::Points;
use crate::analysis::sample::Sampling;

/// How much of a text was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    pub tokens: usize,
    pub is_cut: bool,
    /// The most tokens that it might have had.
    pub limit: usize,
}

impl Text {
    /// Whether a text that may have so many tokens is the same.
    fn is_as_under(self, limit: usize) -> bool {
        if self.is_cut { limit == self.limit } else { self.tokens <= limit }
    }
}

/// The states of some examples of a data set.
#[derive(Debug)]
pub struct Held {
    /// Ascending; all else is in their order.
    pub examples: Vec<usize>,
    pub texts: Vec<Text>,
    pub planes: BTreeMap<Plane, Arc<Points>>,
    /// Empty where the model has no head for the task.
    pub said: Vec<Said>,
    /// The most tokens that the model takes.
    pub model_tokens: usize,
}

impl Held {
    pub fn bytes(&self) -> usize {
        self.planes.values().map(|states| size_of_val(states.values.as_slice())).sum()
    }

    fn has(&self, shape: Shape, which: Which) -> bool {
        match which {
            Which::All => self.planes.len() == 2 * shape.layers,
            Which::Plane(plane) => self.planes.contains_key(&plane),
        }
    }

    /// Whether all that is wanted is there.
    pub fn serves(&self, shape: Shape, wanted: &Sampling, which: Which, examples: &[usize]) -> bool {
        let limit = wanted.max_tokens.min(self.model_tokens);
        self.has(shape, which) && self.missing(examples, limit).is_empty()
    }

    /// The examples that were not read, or of which another part was.
    pub fn missing(&self, examples: &[usize], limit: usize) -> Vec<usize> {
        let is_there = |example: &usize| {
            self.examples.binary_search(example).is_ok_and(|place| self.texts[place].is_as_under(limit))
        };
        examples.iter().copied().filter(|example| !is_there(example)).collect()
    }

    /// The planes that there are once these examples are read too; none where what is there does not help.
    pub fn planes_with(&self, shape: Shape, which: Which, examples: &[usize]) -> Option<Vec<Plane>> {
        let new = examples.iter().filter(|example| self.examples.binary_search(example).is_err()).count();
        let rows = self.examples.len() + new;
        let planes = shape.kept(which, rows);
        let is_there = planes.iter().all(|plane| self.planes.contains_key(plane));
        let fits = planes.len() == 1 || shape.bytes(rows, planes.len()) <= MOST_BYTES;
        (is_there && fits).then_some(planes)
    }

    /// The same with examples that were read since, after the planes that these have.
    pub fn joined(&self, read: &Self) -> Self {
        // Of an example that both have, what was read since counts.
        let mut order: Vec<(usize, bool, usize)> = Vec::with_capacity(self.examples.len() + read.examples.len());
        order.extend(read.examples.iter().enumerate().map(|(place, example)| (*example, false, place)));
        order.extend(self.examples.iter().enumerate().map(|(place, example)| (*example, true, place)));
        order.sort_unstable();
        order.dedup_by_key(|(example, ..)| *example);
        let from = |is_old: bool| if is_old { self } else { read };
        let states = |plane: &Plane, is_old: bool, place: usize| from(is_old).planes[plane].get(place);
        let joined = |plane: &Plane| {
            let width = read.planes[plane].width.max(self.planes[plane].width);
            let mut values = Vec::with_capacity(order.len() * width);
            for (_, is_old, place) in &order {
                values.extend_from_slice(states(plane, *is_old, *place));
            }
            (*plane, Arc::new(Points { width, values }))
        };
        let said = |(_, is_old, place): &(usize, bool, usize)| from(*is_old).said.get(*place).cloned();
        Self {
            planes: read.planes.keys().map(joined).collect(),
            texts: order.iter().map(|(_, is_old, place)| from(*is_old).texts[*place]).collect(),
            said: order.iter().filter_map(said).collect(),
            examples: order.iter().map(|(example, ..)| *example).collect(),
            model_tokens: read.model_tokens,
        }
    }

    /// What is there of some examples, all of which are.
    pub fn pooled(&self, shape: Shape, wanted: &Sampling, examples: Vec<usize>) -> Pooled {
        let places = (examples != self.examples).then(|| {
            let place = |example: &usize| self.examples.partition_point(|other| other < example);
            examples.iter().map(place).collect::<Vec<usize>>()
        });
        let all: Vec<usize>;
        let at = if let Some(places) = &places {
            places
        } else {
            all = (0..examples.len()).collect();
            &all
        };
        Pooled {
            among: wanted.among.len(),
            most: shape.most_rows(),
            layers: shape.layers,
            said: at.iter().filter_map(|place| self.said.get(*place).cloned()).collect(),
            cut: at.iter().filter(|place| self.texts[**place].is_cut).count(),
            max_tokens: wanted.max_tokens.min(self.model_tokens),
            stored_layers: shape.stored_layers,
            is_frozen: shape.is_frozen,
            planes: self.planes.clone(),
            examples,
            places,
        }
    }
}
