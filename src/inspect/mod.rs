//! One text through a trained model.

use std::path::PathBuf;

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
