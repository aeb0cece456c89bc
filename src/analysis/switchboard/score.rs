//! How well a model does on a sample, whole or with parts switched off: its loss, and the metric that its task is judged by.

use std::sync::Arc;

use super::aim::Aim;
use super::sample::Sample;
use crate::inspect::predictor::{Rows, Sequence};
use crate::inspect::switches::Switches;
use crate::inspect::{GoOn, Inquiry, InspectError, OpenModel};
use crate::metrics::{
    Answers, Evaluation, Measure, TaggedSentence, best_class, evaluate_classes, evaluate_entities,
    evaluate_multilabel_at, evaluate_values,
};
use crate::model::probability::{sigmoid, softmax};

/// A score of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The metric by which the task is judged first.
    pub metric: f64,
    pub loss: f64,
}

/// Asks how a model does with parts switched off.
#[derive(Clone, Debug)]
pub struct ScoreWith {
    pub sample: Arc<Sample>,
    pub switches: Switches,
}

/// Two of one sample are the same question where the same is off.
impl PartialEq for ScoreWith {
    fn eq(&self, other: &Self) -> bool {
        self.switches == other.switches && Arc::ptr_eq(&self.sample, &other.sample)
    }
}

impl Inquiry for ScoreWith {
    type Answer = Scored;

    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Scored>, InspectError> {
        model.turn_to(self.sample.task)?;
        model.switched(&self.switches, |model| score(model, &self.sample, go_on))
    }
}

/// Predicts a sample; nothing where `go_on` ended it.
pub(super) fn score(model: &OpenModel, sample: &Sample, go_on: GoOn<'_>) -> Result<Option<Scored>, InspectError> {
    let sequences: Vec<Sequence> = sample.texts.iter().map(|(text, _)| text.sequence()).collect();
    let Some(rows) = model.predictor().rows(sequences, go_on)? else { return Ok(None) };
    let losses: Vec<f32> = sample.texts.iter().zip(&rows).map(|((_, aim), rows)| aim.loss(rows) as f32).collect();
    let found = evaluation(model, sample, &rows, &losses);
    let metric = found.metrics.get(Measure::main(sample.task)).copied().unwrap_or(f64::NAN);
    let loss = losses.iter().map(|loss| f64::from(*loss)).sum::<f64>() / losses.len().max(1) as f64;
    Ok(Some(Scored { metric, loss }))
}

fn evaluation(model: &OpenModel, sample: &Sample, rows: &[Rows], losses: &[f32]) -> Evaluation {
    let labels = &sample.labels;
    let row = |rows: &Rows| rows.first().cloned().unwrap_or_default();
    let aims = sample.texts.iter().map(|(_, aim)| aim);
    match sample.texts.first().map(|(_, aim)| aim) {
        Some(Aim::Class(_)) | None => {
            let gold: Vec<u32> = aims.map(|aim| if let Aim::Class(class) = aim { *class as u32 } else { 0 }).collect();
            let scores = rows.iter().map(|rows| softmax(&row(rows))).collect();
            evaluate_classes(sample.task, labels, Answers { examples: &sample.examples, gold: &gold, scores, losses })
        }
        Some(Aim::Classes(_)) => {
            let classes = |aim: &Aim| match aim {
                Aim::Classes(classes) => classes.iter().map(|class| *class as u32).collect(),
                Aim::Class(_) | Aim::Value(_) | Aim::Tags(_) => Vec::new(),
            };
            let gold: Vec<Vec<u32>> = aims.map(classes).collect();
            let scores = rows.iter().map(|rows| sigmoid(&row(rows))).collect();
            let thresholds: Vec<f32> = labels.iter().map(|label| model.decisions.threshold(label)).collect();
            let answers = Answers { examples: &sample.examples, gold: &gold, scores, losses };
            evaluate_multilabel_at(labels, answers, &thresholds)
        }
        Some(Aim::Value(_)) => {
            let gold: Vec<f32> = aims.map(|aim| if let Aim::Value(value) = aim { *value } else { 0.0 }).collect();
            let scores = rows.iter().map(row).collect();
            evaluate_values(Answers { examples: &sample.examples, gold: &gold, scores, losses })
        }
        Some(Aim::Tags(_)) => {
            let sentences = (0..rows.len()).map(|place| sentence(sample, place, &rows[place])).collect();
            let loss = losses.iter().map(|loss| f64::from(*loss)).sum::<f64>() / losses.len().max(1) as f64;
            evaluate_entities(labels, sentences, loss)
        }
    }
}

/// What is said of the words of a sentence. A word whose tokens were cut off is said to be outside, as by evaluations.
fn sentence(sample: &Sample, place: usize, rows: &Rows) -> TaggedSentence {
    let words = &sample.words[place];
    let outside = sample.labels.iter().position(|label| label == "O").unwrap_or(0);
    let (predicted, scores) = words
        .tokens
        .iter()
        .map(|token| match token.and_then(|token| rows.get(token)) {
            Some(row) => {
                let shares = softmax(row);
                let best = best_class(&shares);
                (best as u32, shares[best])
            }
            None => (outside as u32, 1.0),
        })
        .unzip();
    let (words, gold) = (words.written.clone(), words.gold.clone());
    TaggedSentence { example: sample.examples[place], words, gold, predicted, scores }
}
