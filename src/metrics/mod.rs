//! Predictions and labels → numbers, with the unit and direction of each. All sums are in `f64`, in the order of the
//! examples.

mod classification;
mod regression;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::task::Task;

pub use classification::{Answers, THRESHOLD, best_class, confusion, evaluate_classes, evaluate_multilabel};
pub use regression::{evaluate_values, pearson, ranks};

/// A model over a split: all that the Evaluate screen shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    pub task: Task,
    /// By name: `eval_loss`, `accuracy`, `f1_macro` … (see [`Measure::ALL`]).
    pub metrics: BTreeMap<String, f64>,
    /// The same of always saying the most frequent class of the evaluated split (classification), no class at all
    /// (multi-label) or the mean (regression).
    pub baseline: BTreeMap<String, f64>,
    pub labels: Vec<String>,
    /// Classification: `confusion[gold][predicted]`.
    pub confusion: Vec<Vec<u64>>,
    pub per_class: Vec<ClassScore>,
    pub predictions: Vec<Prediction>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScore {
    pub label: String,
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    /// Examples of this class.
    pub support: u64,
}

/// What the model said of one example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Index into the evaluated dataset's examples.
    pub example: usize,
    pub gold: Outcome,
    pub predicted: Outcome,
    /// Probability of each class; the value itself for regression.
    pub scores: Vec<f32>,
    pub loss: f32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Outcome {
    Class(usize),
    Value(f64),
    Classes(Vec<usize>),
}

/// A metric: its key, its name on screen and its direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    pub key: &'static str,
    pub title: &'static str,
    pub higher_is_better: bool,
    /// Shown in percent.
    pub percent: bool,
}

impl Measure {
    pub const ALL: [Self; 12] = [
        Self::down("eval_loss", "Loss"),
        Self::share("accuracy", "Accuracy"),
        Self::share("f1", "F1"),
        Self::share("f1_macro", "Macro F1"),
        Self::share("f1_micro", "Micro F1"),
        Self::share("f1_weighted", "Weighted F1"),
        Self::share("precision_macro", "Macro precision"),
        Self::share("recall_macro", "Macro recall"),
        Self::up("matthews", "Matthews"),
        Self::up("pearson", "Pearson"),
        Self::up("spearman", "Spearman"),
        Self::down("mse", "Squared error"),
    ];

    pub fn find(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.key == key)
    }

    /// The metric a task is judged by first.
    pub fn main(task: Task) -> &'static str {
        match task {
            Task::Classify | Task::Nsp | Task::Sop => "accuracy",
            Task::Regress => "pearson",
            Task::MultiLabel => "f1_micro",
            Task::Ner | Task::Qa | Task::Rtd => "f1",
            Task::Mlm => "eval_loss",
        }
    }

    const fn share(key: &'static str, title: &'static str) -> Self {
        Self { key, title, higher_is_better: true, percent: true }
    }

    const fn up(key: &'static str, title: &'static str) -> Self {
        Self { key, title, higher_is_better: true, percent: false }
    }

    const fn down(key: &'static str, title: &'static str) -> Self {
        Self { key, title, higher_is_better: false, percent: false }
    }
}
