//! What is in a dataset, in numbers: how many of each class or type of entity on either side of its split, and how long
//! answers are.

use super::entities::Kinds;
use super::{Dataset, PartName, Parts, Split, Target};
use crate::stop::heed;
use crate::task::Targets;

/// Examples of a class, entities of a type, or questions of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub name: String,
    pub train: u64,
    pub eval: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    pub counts: Vec<Count>,
    /// Where a column tells the parts: how many examples each has, and by which names.
    pub parts: Option<Parts>,
    pub part_names: Vec<PartName>,
    /// Words of each answer, or the value of each label; of both parts.
    pub numbers: Vec<f32>,
}

impl Summary {
    /// Counts both parts. `eval` is the evaluation file, where it is one of its own.
    pub fn new(dataset: &Dataset, eval: Option<&Dataset>, split: &Split) -> Self {
        let mut summary = Self { parts: dataset.parts(), part_names: dataset.part_names(), ..Self::default() };
        let kinds = Kinds::of(&dataset.labels);
        let names: Vec<String> = match dataset.task.targets() {
            Targets::Tags => kinds.names.clone(),
            Targets::Span => vec!["Answered".into(), "No answer".into()],
            Targets::Class | Targets::Classes | Targets::Number | Targets::Hidden | Targets::Replaced => {
                dataset.labels.names.clone()
            }
        };
        summary.counts = names.into_iter().map(|name| Count { name, ..Count::default() }).collect();
        summary.add(dataset, &split.train, &kinds, |count| &mut count.train);
        // An evaluation file has the labels of the training file.
        summary.add(eval.unwrap_or(dataset), &split.eval, &kinds, |count| &mut count.eval);
        summary
    }

    fn add(&mut self, dataset: &Dataset, examples: &[usize], kinds: &Kinds, part: fn(&mut Count) -> &mut u64) {
        let counts = &mut self.counts;
        let mut count = |index: usize| {
            if let Some(count) = counts.get_mut(index) {
                *part(count) += 1;
            }
        };
        for example in examples.iter().filter_map(|&example| dataset.examples.get(example)) {
            heed();
            match &example.target {
                Target::Class(class) => count(*class as usize),
                Target::Classes(classes) => classes.iter().for_each(|class| count(*class as usize)),
                Target::Tags(tags) => kinds.entities(tags).iter().for_each(|entity| count(entity.kind)),
                Target::Answers(answers) => {
                    count(usize::from(answers.is_empty()));
                    self.numbers.extend(answers.first().map(|answer| answer.text.split_whitespace().count() as f32));
                }
                Target::Value(value) => self.numbers.push(*value),
                Target::None => {}
            }
        }
    }
}
