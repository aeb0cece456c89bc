//! Which examples are listed, and in which order: the most confident mistakes first.

use std::borrow::Cow;

use super::found::{Candidate, Found, Source, text_of};
use crate::metrics::{Evaluation, Outcome, Prediction};
use crate::ui::format;
use crate::ui::widgets::confusion::Cell;
use crate::ui::widgets::text;
use crate::worker::protocol::EvaluatedData;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub only_mistakes: bool,
    /// A true class and what it was taken for.
    pub cell: Option<Cell>,
    /// A true class.
    pub class: Option<usize>,
    /// Words a text has to contain.
    pub words: String,
}

impl Default for Filter {
    fn default() -> Self {
        Self { only_mistakes: true, cell: None, class: None, words: String::new() }
    }
}

/// The predictions that pass a filter, by index.
pub type Shown = Found<Filter, usize>;

/// The predictions with what they are filtered by.
#[derive(Clone, Copy, Debug)]
pub struct Filtered<'a> {
    pub evaluated: &'a EvaluatedData,
    pub filter: &'a Filter,
}

impl Source for Filtered<'_> {
    type Row = usize;
    /// The first text and its pair.
    const TEXTS: usize = 2;

    fn predictions(&self) -> usize {
        self.evaluated.evaluation.predictions.len()
    }

    fn text(&self, prediction: usize, place: usize) -> Cow<'_, str> {
        text_of(self.evaluated, prediction, place)
    }

    fn candidate(&self, place: usize) -> Option<Candidate<usize>> {
        let (said, filter) = (&self.evaluated.evaluation.predictions[place], self.filter);
        let wrong = is_mistake(said);
        let passes = match (filter.cell, filter.class) {
            (Some((gold, predicted)), _) => is_class(&said.gold, gold) && is_class(&said.predicted, predicted),
            (None, Some(class)) => is_class(&said.gold, class) && (!filter.only_mistakes || wrong),
            (None, None) => !filter.only_mistakes || wrong,
        };
        let key = [f64::from(u8::from(!wrong)), -weight(said)];
        passes.then_some(Candidate { row: place, prediction: place, key })
    }
}

fn is_class(outcome: &Outcome, class: usize) -> bool {
    match outcome {
        Outcome::Class(index) => *index == class,
        Outcome::Classes(indices) => indices.contains(&class),
        Outcome::Entities { entities } => entities.iter().any(|entity| entity.class == class),
        Outcome::Value(_) | Outcome::Answers { .. } => false,
    }
}

/// A number is never quite right; it counts as a mistake, and the list is in the order of the distance.
pub fn is_mistake(said: &Prediction) -> bool {
    match (&said.gold, &said.predicted) {
        (Outcome::Value(_), _) => true,
        (gold, predicted) => gold != predicted,
    }
}

/// What the list is sorted by: the distance of a number, the confidence in a class.
fn weight(said: &Prediction) -> f64 {
    match (&said.gold, &said.predicted) {
        (Outcome::Value(gold), Outcome::Value(predicted)) => (gold - predicted).abs(),
        _ => confidence(said).unwrap_or_else(|| f64::from(said.loss)),
    }
}

/// The probability of the class that was said.
pub fn confidence(said: &Prediction) -> Option<f64> {
    match &said.predicted {
        Outcome::Class(class) => said.scores.get(*class).map(|score| f64::from(*score)),
        _ => None,
    }
}

/// An outcome in words, no more than fit in a line.
pub fn outcome(evaluation: &Evaluation, outcome: &Outcome) -> String {
    let name = |class: &usize| evaluation.labels.get(*class).cloned().unwrap_or_else(|| class.to_string());
    let words = match outcome {
        Outcome::Class(class) => name(class),
        Outcome::Value(value) => format!("{value:.2}"),
        Outcome::Classes(classes) if classes.is_empty() => "none".into(),
        Outcome::Classes(classes) => classes.iter().map(name).collect::<Vec<_>>().join(", "),
        Outcome::Entities { entities } => format::plural(entities.len() as u64, "entity", "entities"),
        Outcome::Answers { answers } => answers.first().cloned().unwrap_or_else(|| "no answer".into()),
    };
    text::beginning(words.chars())
}

/// The class whose colour an outcome has.
pub fn color_index(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Class(class) => *class,
        Outcome::Classes(classes) => classes.first().copied().unwrap_or(0),
        Outcome::Entities { entities } => entities.first().map_or(0, |entity| entity.class),
        Outcome::Value(_) | Outcome::Answers { .. } => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::found::at_once;
    use super::*;
    use crate::model::{Decisions, Precision};
    use crate::task::Task;

    fn rows(evaluated: &EvaluatedData, filter: &Filter) -> Vec<usize> {
        at_once(&filter.words, &Filtered { evaluated, filter })
    }

    fn evaluated(rows: &[(usize, usize, f32)]) -> EvaluatedData {
        let predictions = rows
            .iter()
            .enumerate()
            .map(|(example, (gold, predicted, confidence))| {
                let mut scores = vec![(1.0 - confidence) / 2.0; 3];
                scores[*predicted] = *confidence;
                Prediction {
                    example,
                    gold: Outcome::Class(*gold),
                    predicted: Outcome::Class(*predicted),
                    scores,
                    loss: 0.0,
                }
            })
            .collect();
        EvaluatedData {
            on: None,
            model: "model".into(),
            evaluation: Evaluation {
                labels: vec!["a".into(), "b".into(), "c".into()],
                predictions,
                ..Evaluation::empty(Task::Classify)
            },
            decisions: Decisions::default(),
            precision: Precision::F32,
            texts: (0..rows.len()).map(|row| (format!("Text {row}"), None)).collect(),
            told: Vec::new(),
        }
    }

    #[test]
    fn the_most_confident_mistake_comes_first_and_what_is_right_last() {
        let data = evaluated(&[(0, 0, 0.99), (0, 1, 0.6), (1, 2, 0.9), (2, 2, 0.4)]);
        let all = Filter { only_mistakes: false, ..Filter::default() };
        assert_eq!(rows(&data, &all), [2, 1, 0, 3]);
        assert_eq!(rows(&data, &Filter::default()), [2, 1]);
    }

    #[test]
    fn a_cell_lists_its_own_examples_even_right_ones() {
        let data = evaluated(&[(0, 0, 0.99), (0, 1, 0.6), (0, 1, 0.7)]);
        assert_eq!(rows(&data, &Filter { cell: Some((0, 1)), ..Filter::default() }), [2, 1]);
        assert_eq!(rows(&data, &Filter { cell: Some((0, 0)), ..Filter::default() }), [0]);
        assert_eq!(rows(&data, &Filter { class: Some(0), ..Filter::default() }), [2, 1]);
        assert_eq!(rows(&data, &Filter { words: "TEXT 2".into(), ..Filter::default() }), [2]);
    }
}
