//! Which examples are listed, and in which order: the most confident mistakes first.

use std::sync::{Arc, Weak};

use crate::metrics::{Evaluation, Outcome, Prediction};
use crate::ui::format;
use crate::ui::widgets::confusion::Cell;
use crate::worker::protocol::EvaluatedData;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub only_mistakes: bool,
    /// A true class and what it was taken for.
    pub cell: Option<Cell>,
    /// A true class.
    pub class: Option<usize>,
    /// Words a text has to contain, in lower case.
    pub words: String,
}

impl Default for Filter {
    fn default() -> Self {
        Self { only_mistakes: true, cell: None, class: None, words: String::new() }
    }
}

/// The predictions that pass a filter, worked out when it changes.
#[derive(Debug, Default)]
pub struct Shown {
    of: Option<(Weak<EvaluatedData>, Filter)>,
    /// Indices into the predictions.
    pub rows: Vec<usize>,
    pub mistakes: usize,
}

impl Shown {
    pub fn update(&mut self, evaluated: &Arc<EvaluatedData>, filter: &Filter) {
        let same = self
            .of
            .as_ref()
            .is_some_and(|(of, made_for)| Weak::as_ptr(of) == Arc::as_ptr(evaluated) && made_for == filter);
        if same {
            return;
        }
        self.of = Some((Arc::downgrade(evaluated), filter.clone()));
        self.mistakes = evaluated.evaluation.predictions.iter().filter(|said| is_mistake(said)).count();
        self.rows = rows(evaluated, filter);
    }
}

fn rows(evaluated: &EvaluatedData, filter: &Filter) -> Vec<usize> {
    let words = filter.words.trim().to_lowercase();
    let passes = |row: usize| {
        let said = &evaluated.evaluation.predictions[row];
        let class = match (filter.cell, filter.class) {
            (Some((gold, predicted)), _) => is_class(&said.gold, gold) && is_class(&said.predicted, predicted),
            (None, Some(class)) => is_class(&said.gold, class) && (!filter.only_mistakes || is_mistake(said)),
            (None, None) => !filter.only_mistakes || is_mistake(said),
        };
        class && (words.is_empty() || contains(evaluated, row, &words))
    };
    let predictions = &evaluated.evaluation.predictions;
    let mut rows: Vec<usize> = (0..predictions.len()).filter(|row| passes(*row)).collect();
    rows.sort_by(|one, two| {
        let key = |row: usize| (is_mistake(&predictions[row]), weight(&predictions[row]));
        let (one_wrong, one_weight) = key(*one);
        let (two_wrong, two_weight) = key(*two);
        two_wrong.cmp(&one_wrong).then(two_weight.total_cmp(&one_weight))
    });
    rows
}

fn contains(evaluated: &EvaluatedData, row: usize, words: &str) -> bool {
    evaluated.texts.get(row).is_some_and(|(text, pair)| {
        text.to_lowercase().contains(words) || pair.as_ref().is_some_and(|pair| pair.to_lowercase().contains(words))
    })
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

/// An outcome in words.
pub fn outcome(evaluation: &Evaluation, outcome: &Outcome) -> String {
    let name = |class: &usize| evaluation.labels.get(*class).cloned().unwrap_or_else(|| class.to_string());
    match outcome {
        Outcome::Class(class) => name(class),
        Outcome::Value(value) => format!("{value:.2}"),
        Outcome::Classes(classes) if classes.is_empty() => "none".into(),
        Outcome::Classes(classes) => classes.iter().map(name).collect::<Vec<_>>().join(", "),
        Outcome::Entities { entities } => format::plural(entities.len() as u64, "entity", "entities"),
        Outcome::Answers { answers } => answers.first().cloned().unwrap_or_else(|| "no answer".into()),
    }
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
    use super::*;
    use crate::model::Decisions;
    use crate::task::Task;

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
            model: "model".into(),
            evaluation: Evaluation {
                labels: vec!["a".into(), "b".into(), "c".into()],
                predictions,
                ..Evaluation::empty(Task::Classify)
            },
            decisions: Decisions::default(),
            texts: (0..rows.len()).map(|row| (format!("Text {row}"), None)).collect(),
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
