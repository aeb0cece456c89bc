//! The outputs of a head that words push to, and which of them are asked about in a text.
//!
//! A gradient tells of one output, so of a head with many only those are asked about that a text has to do with: its label
//! and what the model says of it. Of tags it is always so: a tag is asked about at the words that have it or are given it,
//! all of them together.

use std::collections::BTreeMap;

use crate::data::{Dataset, Target};
use crate::inspect::OpenModel;
use crate::inspect::why::{Terms, Text};
use crate::model::outputs::class_key;
use crate::model::probability::sigmoid;
use crate::task::Targets;

/// Outputs up to which all are asked about in every text.
const ALL: usize = 8;
/// The tag of what is no entity.
const OUTSIDE: &str = "O";

/// One output that words push to.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    pub name: String,
    /// Whether the data know it.
    pub in_data: bool,
    column: usize,
}

pub(super) struct Outputs {
    pub all: Vec<Output>,
    targets: Targets,
    /// For each class of the data the output of its name.
    of_class: Vec<Option<usize>>,
}

/// What the data say of a text, or of each of its words: the outputs that are right, or the number; nothing where they say
/// nothing.
pub(super) enum Known {
    Nothing,
    Outputs(Vec<usize>),
    Value(f64),
    Each(Vec<Tagged>),
}

/// What the data say of a word of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tagged {
    Unknown,
    /// It is no entity, or one that the model does not know.
    Outside,
    As(usize),
}

impl Outputs {
    pub fn of(model: &OpenModel, data: &Dataset) -> Self {
        let targets = data.task.targets();
        let names: Vec<(usize, String)> = match targets {
            Targets::Class | Targets::Classes => model.labels.iter().cloned().enumerate().collect(),
            Targets::Tags => model.labels.iter().cloned().enumerate().filter(|(_, name)| name != OUTSIDE).collect(),
            Targets::Number => vec![(0, "value".to_owned())],
            Targets::Span | Targets::Hidden | Targets::Replaced => Vec::new(),
        };
        let class_of = |name: &str| data.labels.names.iter().position(|class| class_key(class) == class_key(name));
        let in_data = |name: &str| targets == Targets::Number || class_of(name).is_some();
        let all: Vec<Output> =
            names.into_iter().map(|(column, name)| Output { in_data: in_data(&name), name, column }).collect();
        let output_of = |class: &String| all.iter().position(|one| class_key(&one.name) == class_key(class));
        let of_class = data.labels.names.iter().map(output_of).collect();
        Self { all, targets, of_class }
    }

    /// Whether every output is asked about in every text.
    pub fn asks_all(&self) -> bool {
        match self.targets {
            Targets::Class | Targets::Classes => self.all.len() <= ALL,
            Targets::Number => true,
            Targets::Tags | Targets::Span | Targets::Hidden | Targets::Replaced => false,
        }
    }

    /// The outputs that are asked about in a text, ascending, each with what is added up.
    pub fn asked(&self, model: &OpenModel, text: &Text, target: &Target, tags: &[Option<u32>]) -> Vec<(usize, Terms)> {
        let row = text.rows.first().map_or(&[][..], Vec::as_slice);
        let mut outputs: Vec<usize> = match self.targets {
            Targets::Tags => return self.tags_asked(text, tags),
            Targets::Span | Targets::Hidden | Targets::Replaced => return Vec::new(),
            Targets::Number | Targets::Class | Targets::Classes if self.asks_all() => (0..self.all.len()).collect(),
            Targets::Number | Targets::Class => self.said(row).into_iter().chain(self.right(target)).collect(),
            Targets::Classes => {
                let shares = sigmoid(row);
                let applies = |at: &usize| {
                    let one = &self.all[*at];
                    shares[one.column] >= model.decisions.threshold(&one.name)
                };
                let said: Vec<usize> = (0..self.all.len()).filter(applies).collect();
                let said = if said.is_empty() { self.said(row).into_iter().collect() } else { said };
                said.into_iter().chain(self.right(target)).collect()
            }
        };
        outputs.sort_unstable();
        outputs.dedup();
        outputs.into_iter().map(|at| (at, Terms(vec![(0, self.all[at].column)]))).collect()
    }

    /// The output that is highest in a row.
    fn said(&self, row: &[f32]) -> Option<usize> {
        let value = |at: usize| row.get(self.all[at].column).copied().unwrap_or(f32::NEG_INFINITY);
        (0..self.all.len()).reduce(|best, next| if value(next) > value(best) { next } else { best })
    }

    /// The outputs that the data call right.
    fn right(&self, target: &Target) -> Vec<usize> {
        target.classes().iter().filter_map(|class| *self.of_class.get(*class as usize)?).collect()
    }

    fn tags_asked(&self, text: &Text, tags: &[Option<u32>]) -> Vec<(usize, Terms)> {
        let mut asked: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        for (place, unit) in text.units.iter().enumerate() {
            let token = unit.tokens.start;
            let row = &text.rows[token];
            let highest = (0..row.len()).reduce(|best, next| if row[next] > row[best] { next } else { best });
            let said = self.all.iter().position(|one| Some(one.column) == highest);
            let right = tags.get(place).copied().flatten().and_then(|tag| *self.of_class.get(tag as usize)?);
            for at in [said, right.filter(|right| said != Some(*right))].into_iter().flatten() {
                asked.entry(at).or_default().push((token, self.all[at].column));
            }
        }
        asked.into_iter().map(|(at, terms)| (at, Terms(terms))).collect()
    }

    /// What the data say.
    pub fn known(&self, target: &Target, tags: &[Option<u32>]) -> Known {
        match target {
            Target::None | Target::Answers(_) => Known::Nothing,
            Target::Value(value) => Known::Value(f64::from(*value)),
            Target::Class(_) | Target::Classes(_) => Known::Outputs(self.right(target)),
            Target::Tags(_) => {
                let output = |tag: u32| self.of_class.get(tag as usize).copied().flatten();
                let tagged = |tag: &Option<u32>| match tag {
                    Some(tag) => output(*tag).map_or(Tagged::Outside, Tagged::As),
                    None => Tagged::Unknown,
                };
                Known::Each(tags.iter().map(tagged).collect())
            }
        }
    }
}
