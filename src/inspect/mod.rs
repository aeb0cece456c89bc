//! One text through a trained model: what it predicts, with the definitions of transformers' pipelines, and what it
//! attends to.

pub mod attention;
pub mod predict;
pub mod predictor;

mod answers;
mod entities;
mod error;
mod masks;

use std::path::PathBuf;
use std::time::Instant;

use crate::task::Task;

pub use attention::{Attention, attention};
pub use entities::Aggregation;
pub use error::InspectError;
pub use predict::{Logits, Options, Output, Predicted, Request};
pub use predictor::Predictor;

/// What a model says of one text.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub model: PathBuf,
    pub text: String,
    pub pair: Option<String>,
    pub result: Prediction,
    pub tokens: Vec<String>,
    /// Tokens that did not fit the model and were cut off.
    pub cut: usize,
    /// Milliseconds from taking the request to the answer.
    pub millis: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Prediction {
    /// Label and probability, best first.
    Classes(Vec<(String, f64)>),
    /// Label and independent probability, best first.
    Labels(Vec<(String, f64)>),
    Value(f64),
}

/// Asks a model that reads whole texts.
pub fn answer(predictor: &Predictor, text: &str, pair: Option<&str>) -> Result<Answer, InspectError> {
    let begun = Instant::now();
    let request = Request { text: text.to_owned(), pair: pair.map(str::to_owned) };
    let prepared = predictor.prepare(request, &Options::default())?;
    let tokens = prepared.tokens().to_vec();
    let not_of_texts = || InspectError::NotOfTexts { dir: predictor.dir.clone(), task: predictor.task };
    let predicted = predictor.predict(&[&prepared], &Options::default())?.pop().ok_or_else(not_of_texts)?;
    let result = match predicted.output {
        Output::Labels(labels) => {
            let labels = labels.into_iter().map(|one| (one.label, one.score)).collect();
            if predictor.task == Task::MultiLabel { Prediction::Labels(labels) } else { Prediction::Classes(labels) }
        }
        Output::Value { value } => Prediction::Value(value),
        _ => return Err(not_of_texts()),
    };
    Ok(Answer {
        model: predictor.dir.clone(),
        text: text.to_owned(),
        pair: pair.map(str::to_owned),
        result,
        tokens,
        cut: predicted.cut,
        millis: begun.elapsed().as_secs_f64() * 1000.0,
    })
}
