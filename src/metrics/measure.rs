//! The metrics by name, each with its direction, and which of them a task is judged by.

use crate::task::{Targets, Task};

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
    pub const ALL: [Self; 26] = [
        Self::down("eval_loss", "Loss"),
        Self::share("accuracy", "Accuracy"),
        Self::share("f1", "F1"),
        Self::share("f1_macro", "Macro F1"),
        Self::share("f1_micro", "Micro F1"),
        Self::share("f1_weighted", "Weighted F1"),
        Self::share("precision_macro", "Macro precision"),
        Self::share("recall_macro", "Macro recall"),
        Self::up("matthews", "MCC"),
        Self::up("pearson", "Pearson"),
        Self::up("spearman", "Spearman"),
        Self::down("mse", "Squared error"),
        Self::share("precision", "Precision"),
        Self::share("recall", "Recall"),
        Self::share("f1_strict", "Strict F1"),
        Self::share("precision_strict", "Strict precision"),
        Self::share("recall_strict", "Strict recall"),
        Self::share("exact_match", "Exact match"),
        Self::share("has_answer_f1", "F1 where answered"),
        Self::share("has_answer_exact_match", "Exact where answered"),
        Self::share("no_answer_accuracy", "Unanswerable accuracy"),
        Self::share("best_f1", "Best F1"),
        Self::up("best_f1_threshold", "Threshold of best F1"),
        Self::share("best_exact_match", "Best exact match"),
        Self::up("best_exact_match_threshold", "Threshold of best exact"),
        Self::down("perplexity", "Perplexity"),
    ];

    pub fn find(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.key == key)
    }

    /// What the baseline of a task does, which costs nothing.
    pub fn baseline(task: Task) -> &'static str {
        match task.targets() {
            Targets::Class => "the majority baseline",
            Targets::Classes => "predicting no label",
            Targets::Number => "always predicting the mean",
            Targets::Tags => "finding no entity",
            Targets::Span => "never answering",
            Targets::Hidden => "always predicting the most frequent word",
            Targets::Replaced => "predicting every token as real",
        }
    }

    /// The metrics by which the best weights of a task can be chosen, the main one first.
    pub fn keys(task: Task) -> &'static [&'static str] {
        match task.targets() {
            Targets::Class => &["accuracy", "eval_loss", "f1_macro", "f1_micro", "f1_weighted", "matthews"],
            Targets::Classes => &["f1_micro", "eval_loss", "f1_macro", "f1_weighted", "accuracy"],
            Targets::Number => &["pearson", "eval_loss", "spearman", "mse"],
            Targets::Tags => &["f1", "eval_loss", "f1_strict", "f1_macro", "f1_weighted", "precision", "recall"],
            Targets::Span => &["f1", "eval_loss", "exact_match"],
            Targets::Hidden => &["eval_loss", "accuracy"],
            Targets::Replaced => &["f1", "eval_loss", "accuracy", "precision", "recall"],
        }
    }

    /// All that every evaluation of a task says.
    pub fn of(task: Task) -> Vec<&'static str> {
        let more: &[&str] = match task.targets() {
            Targets::Class | Targets::Classes => &["f1", "precision_macro", "recall_macro"],
            Targets::Tags => &["accuracy", "precision_strict", "recall_strict"],
            Targets::Hidden => &["perplexity"],
            Targets::Number | Targets::Span | Targets::Replaced => &[],
        };
        Self::keys(task).iter().chain(more).copied().collect()
    }

    /// The metric a task is judged by first.
    pub fn main(task: Task) -> &'static str {
        match task.targets() {
            Targets::Class => "accuracy",
            Targets::Number => "pearson",
            Targets::Classes => "f1_micro",
            Targets::Tags | Targets::Span | Targets::Replaced => "f1",
            Targets::Hidden => "eval_loss",
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
