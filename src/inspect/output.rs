//! What a model says of a text, as it is written to JSON.

use serde::Serialize;

/// A prediction.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Output {
    /// Labels with their probabilities, best first.
    Labels(Vec<LabelScore>),
    Value {
        value: f64,
    },
    Tokens(Vec<TokenLabel>),
    Entities(Vec<Entity>),
    /// The tag of each word that the input lists.
    Words(Vec<String>),
    Answers(Vec<FoundAnswer>),
    /// For each mask the words that may stand there, best first.
    Masks(Vec<Vec<Filled>>),
    Replaced(Vec<Replaced>),
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelScore {
    pub label: String,
    pub score: f64,
    /// Where thresholds are kept with the model: whether the score reaches that of the label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applies: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replaced {
    pub token: String,
    /// The logit that the token was replaced.
    pub score: f64,
    pub replaced: bool,
}

/// What came out of the head.
#[derive(Clone, Debug, PartialEq)]
pub enum Logits {
    /// One number for each label, or for each token.
    Row(Vec<f32>),
    /// One row for each token; the windows one after the other.
    Rows(Vec<Vec<f32>>),
    /// For each window one number for each token.
    Spans { start: Vec<Vec<f32>>, end: Vec<Vec<f32>> },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    pub output: Output,
    /// Tokens of the text that were cut off.
    pub cut: usize,
    /// What is odd about what was asked, so that the answer means little.
    pub misfit: Option<&'static str>,
    /// Present when it was asked for.
    pub logits: Option<Logits>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TokenLabel {
    pub entity: String,
    pub score: f64,
    /// Place among the tokens, special ones counted.
    pub index: usize,
    pub word: String,
    /// Characters of the text.
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entity {
    pub entity_group: String,
    pub score: f64,
    pub word: String,
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FoundAnswer {
    /// The words of the context; empty where there is no answer.
    pub answer: String,
    pub score: f64,
    /// Characters of the context.
    pub start: usize,
    pub end: usize,
}

/// A word that may stand behind a mask.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Filled {
    pub token: u32,
    pub token_str: String,
    pub score: f64,
    /// The whole text with the word in place.
    pub sequence: String,
}
