//! A model over a split: the numbers, every prediction, and the report that a task keeps beside them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::calibration::Calibration;
use super::numbers;
use super::reports::{AnswerReport, Entity, EntityReport, MaskedReport};
use super::tally::Tally;
use crate::task::Task;

/// A model over a split: all that the Evaluate screen shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    pub task: Task,
    /// By name: `eval_loss`, `accuracy`, `f1_macro` … (see [`super::Measure::ALL`]).
    #[serde(deserialize_with = "numbers::map")]
    pub metrics: BTreeMap<String, f64>,
    /// The same of what costs nothing: always saying the most frequent class of the evaluated split (classification), no
    /// class at all (multi-label), the mean (regression), no entity, no answer, the frequencies of the masked tokens, no
    /// token replaced.
    #[serde(deserialize_with = "numbers::map")]
    pub baseline: BTreeMap<String, f64>,
    /// Names of the classes; of the tags for named entities.
    pub labels: Vec<String>,
    /// Classification: `confusion[gold][predicted]`.
    pub confusion: Vec<Vec<u64>>,
    /// Classes, labels or entity types.
    pub per_class: Vec<ClassScore>,
    /// One each example: texts, sentences, questions. None for masked words and replaced tokens, which are counted.
    pub predictions: Vec<Prediction>,
    /// Classification: how far confidences can be believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// Multi-label: the threshold that each label was judged at.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "numbers::list")]
    pub thresholds: Vec<f32>,
    /// Multi-label: the threshold of each label with its highest F1 on this split.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "numbers::list")]
    pub best_thresholds: Vec<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entities: Option<EntityReport>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<AnswerReport>,
    /// Masked words: those that cost the most, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<MaskedReport>,
    /// What a person must know to read it, such as labels that were taken for those of the model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Evaluation {
    /// Nothing evaluated.
    pub fn empty(task: Task) -> Self {
        Self {
            task,
            metrics: BTreeMap::new(),
            baseline: BTreeMap::new(),
            labels: Vec::new(),
            confusion: Vec::new(),
            per_class: Vec::new(),
            predictions: Vec::new(),
            calibration: None,
            thresholds: Vec::new(),
            best_thresholds: Vec::new(),
            entities: None,
            answers: None,
            masked: None,
            notes: Vec::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScore {
    pub label: String,
    #[serde(deserialize_with = "numbers::double")]
    pub precision: f64,
    #[serde(deserialize_with = "numbers::double")]
    pub recall: f64,
    #[serde(deserialize_with = "numbers::double")]
    pub f1: f64,
    /// Examples of this class; entities of this type.
    pub support: u64,
}

impl ClassScore {
    pub(super) fn new(label: &str, tally: Tally) -> Self {
        Self {
            label: label.to_owned(),
            precision: tally.precision(),
            recall: tally.recall(),
            f1: tally.f1(),
            support: tally.support,
        }
    }
}

/// What the model said of one example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Index into the evaluated dataset's examples.
    pub example: usize,
    pub gold: Outcome,
    pub predicted: Outcome,
    /// Probability of each class; the value itself for regression; of the predicted tag of each word for named entities;
    /// of the best answer for questions.
    #[serde(deserialize_with = "numbers::list")]
    pub scores: Vec<f32>,
    /// 0 where the loss is not one of single examples: named entities and questions.
    #[serde(deserialize_with = "numbers::single")]
    pub loss: f32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Outcome {
    Class(usize),
    Value(#[serde(deserialize_with = "numbers::double")] f64),
    Classes(Vec<usize>),
    Entities {
        entities: Vec<Entity>,
    },
    /// Every answer that counts as right, or the one that was given; none where the question has no answer.
    Answers {
        answers: Vec<String>,
    },
}

impl Outcome {
    /// The indices of several labels; none of anything else.
    pub fn labels(&self) -> Vec<u32> {
        match self {
            Self::Classes(classes) => classes.iter().map(|&class| class as u32).collect(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        AnsweredQuestion, Answers, CandidateAnswer, TaggedSentence, evaluate_answers, evaluate_classes,
        evaluate_entities, evaluate_values,
    };
    use super::*;

    fn round_trip(evaluation: &Evaluation) -> Evaluation {
        serde_json::from_str(&serde_json::to_string(evaluation).unwrap()).unwrap()
    }

    #[test]
    fn every_task_is_read_back_as_it_was_written() {
        let labels = ["O", "B-PER", "I-PER"].map(str::to_owned);
        let tagged = |predicted: &[u32]| TaggedSentence {
            example: 3,
            words: vec!["Ada".into(), "Lovelace".into()],
            gold: vec![1, 2],
            predicted: predicted.to_vec(),
            scores: vec![0.75, 0.5],
        };
        let entities = evaluate_entities(&labels, vec![tagged(&[1, 2]), tagged(&[0, 0])], 0.5);
        assert_eq!(round_trip(&entities), entities);
        let candidate = CandidateAnswer { text: "Rome".into(), score: 0.5, start: 2, end: 6, window: 1 };
        let question = AnsweredQuestion {
            example: 0,
            id: "q".into(),
            gold: Vec::new(),
            gold_starts: Vec::new(),
            candidates: vec![candidate],
            null_score: f64::NEG_INFINITY,
        };
        let answers = evaluate_answers(vec![question], 0.0, true, 0.5);
        assert_eq!(round_trip(&answers), answers);
        let answers =
            Answers { examples: &[0, 1], gold: &[0, 1], scores: vec![vec![0.25, 0.75]; 2], losses: &[0.5; 2] };
        let classes = evaluate_classes(Task::Classify, &labels, answers);
        let read = round_trip(&classes);
        // The last digit of a long fraction may be lost in the file.
        let temperature = |evaluation: &Evaluation| evaluation.calibration.as_ref().unwrap().temperature;
        assert!((temperature(&read) - temperature(&classes)).abs() < 1e-12);
        assert_eq!((read.confusion, read.predictions), (classes.confusion, classes.predictions));
    }

    #[test]
    fn an_evaluation_of_an_earlier_version_is_read() {
        let kept = r#"{"task":"classify","metrics":{"accuracy":0.5},"baseline":{},"labels":["a"],"confusion":[[1]],
            "per_class":[],"predictions":[{"example":0,"gold":0,"predicted":0,"scores":[1.0],"loss":0.0}]}"#;
        let evaluation: Evaluation = serde_json::from_str(kept).unwrap();
        assert_eq!(evaluation.predictions[0].gold, Outcome::Class(0));
        assert!(evaluation.calibration.is_none() && evaluation.entities.is_none() && evaluation.answers.is_none());
    }

    #[test]
    fn what_is_no_number_survives_the_file() {
        let answers = Answers { examples: &[0], gold: &[1.0], scores: vec![vec![f32::NAN]], losses: &[f32::NAN] };
        let read = round_trip(&evaluate_values(answers));
        assert!(read.metrics["eval_loss"].is_nan());
        assert!(read.predictions[0].loss.is_nan() && read.predictions[0].scores[0].is_nan());
        assert!(matches!(read.predictions[0].predicted, Outcome::Value(value) if value.is_nan()));
    }
}
