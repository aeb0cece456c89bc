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

/// A model opened to be asked.
pub struct Predictor {
    dir: PathBuf,
    model: crate::model::Model,
    tokenizer: crate::data::Tokenizer,
    task: crate::task::Task,
}

#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    #[error(transparent)]
    Model(#[from] crate::model::ModelError),
    #[error(transparent)]
    Tokenizer(#[from] crate::data::tokenizer::TokenizerError),
    #[error("computation failed: {0}")]
    Compute(#[from] candle_core::Error),
    #[error("no head")]
    NoHead,
}

impl Predictor {
    pub fn open(dir: &std::path::Path, task: Option<crate::task::Task>) -> Result<Self, InspectError> {
        let (model, _) = crate::model::open(dir, crate::model::Want::AsSaved, &candle_core::Device::Cpu, 0)?;
        let tokenizer = crate::data::Tokenizer::open(dir)?;
        let task = task.or(model.config.task()).ok_or(InspectError::NoHead)?;
        Ok(Self { dir: dir.to_owned(), model, tokenizer, task })
    }
}

pub fn answer(predictor: &Predictor, text: &str, pair: Option<&str>) -> Result<Answer, InspectError> {
    let encoded = predictor.tokenizer.encode(text, pair, predictor.model.config.max_tokens())?;
    let input = crate::model::Input::single(encoded.ids, encoded.types);
    let logits = predictor.model.run(predictor.task, &input, &crate::model::Pass::default())?;
    let row = logits.to_vec2::<f32>()?.remove(0);
    let scores = crate::train::objective::softmax(&row);
    let mut named: Vec<(String, f64)> = predictor.model.config.labels.iter().cloned().zip(scores.iter().map(|s| f64::from(*s))).collect();
    named.sort_by(|a, b| b.1.total_cmp(&a.1));
    Ok(Answer { model: predictor.dir.clone(), text: text.to_owned(), pair: pair.map(str::to_owned), result: Prediction::Classes(named), tokens: encoded.tokens, cut: encoded.cut, millis: 0.0 })
}
