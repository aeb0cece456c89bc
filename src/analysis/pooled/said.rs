//! What a head says of a whole text: its answer, and how sure it is of it.

use crate::inspect::OpenModel;
use crate::model::probability::{sigmoid, softmax};
use crate::task::{Targets, Task};

/// What a head says of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub answer: String,
    /// The probability of the class; of several labels that of the least sure; nothing for a number.
    pub confidence: Option<f32>,
}

/// Whether a model has a head for a task that says one thing of a whole text, and was trained for it.
pub fn says(model: &OpenModel, task: Task) -> bool {
    task.is_of_whole_texts() && model.heads.contains(&task) && model.untrained.is_empty()
}

/// What the outputs of a model's head for one text mean.
pub fn said(model: &OpenModel, row: &[f32]) -> Said {
    let name = |place: usize| model.labels.get(place).cloned().unwrap_or_else(|| place.to_string());
    match model.task.targets() {
        Targets::Number => {
            Said { answer: format!("{:.4}", row.first().copied().unwrap_or(f32::NAN)), confidence: None }
        }
        Targets::Classes => {
            let shares = sigmoid(row);
            let applies: Vec<bool> = shares
                .iter()
                .enumerate()
                .map(|(place, share)| *share >= model.decisions.threshold(&name(place)))
                .collect();
            let names: Vec<String> = (0..row.len()).filter(|place| applies[*place]).map(name).collect();
            let sure = |(share, applies): (&f32, &bool)| if *applies { *share } else { 1.0 - share };
            let confidence = shares.iter().zip(&applies).map(sure).reduce(f32::min);
            Said { answer: names.join(", "), confidence }
        }
        Targets::Class | Targets::Tags | Targets::Span | Targets::Hidden | Targets::Replaced => {
            let shares = softmax(row);
            // The first of equals, as everywhere.
            let best = (0..shares.len()).reduce(|best, next| if shares[next] > shares[best] { next } else { best });
            let best = best.unwrap_or(0);
            Said { answer: name(best), confidence: shares.get(best).copied() }
        }
    }
}
