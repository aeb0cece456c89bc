//! What is asked of a model: texts, how they are to be read, and the same as tokens.

use serde::{Deserialize, Serialize};

use crate::text::tokenizer::Encoded;

/// What is asked: a text and perhaps a second one; or a question, whose context is the second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub text: String,
    pub pair: Option<String>,
}

impl Request {
    /// Whether there is a second text, of more than blanks.
    pub fn has_pair(&self) -> bool {
        self.pair.as_ref().is_some_and(|pair| !pair.trim().is_empty())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Options {
    /// How many of the best; as many as the pipelines where it is open.
    pub top_k: Option<usize>,
    pub aggregation: Aggregation,
    /// Whether words that the input lists have a tag each, that of their first token, as evaluations read them.
    #[serde(skip_serializing_if = "is_false")]
    pub by_word: bool,
    /// Tokens a sequence or a window may have, at most the model's.
    pub max_tokens: Option<usize>,
    /// Tokens that neighbouring windows share.
    pub stride: Option<usize>,
    pub max_answer_tokens: usize,
    /// Whether "there is no answer" may be the answer.
    pub allow_no_answer: bool,
    /// From which lead over the best span on (see [`Decisions::no_answer`]) it is; otherwise what is decided for the model,
    /// and where nothing is, its probability is compared with theirs, as the pipeline does.
    ///
    /// [`Decisions::no_answer`]: crate::model::Decisions::no_answer
    pub no_answer_threshold: Option<f64>,
    pub logits: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Default for Options {
    fn default() -> Self {
        Self {
            top_k: None,
            aggregation: Aggregation::None,
            by_word: false,
            max_tokens: None,
            stride: None,
            max_answer_tokens: 15,
            allow_no_answer: false,
            no_answer_threshold: None,
            logits: false,
        }
    }
}

/// How the labels of tokens become those of entities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aggregation {
    /// Every token for itself.
    #[default]
    None,
    /// Neighbouring tokens of one type are an entity.
    Simple,
    /// A word has the label of its first token.
    First,
    /// A word has the label of the mean of its tokens' probabilities.
    Average,
    /// A word has the label of its most certain token.
    Max,
}

impl Aggregation {
    pub const ALL: [Self; 5] = [Self::None, Self::Simple, Self::First, Self::Average, Self::Max];

    /// The name on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Simple => "Simple",
            Self::First => "First",
            Self::Average => "Average",
            Self::Max => "Max",
        }
    }
}

/// A tokenized request, in as many windows as it needs.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) request: Request,
    pub(super) encoded: Encoded,
    /// Indices of tokens.
    pub(super) windows: Vec<Vec<usize>>,
    /// The words, where each is to have a tag.
    pub(super) listed: Option<Listed>,
}

impl Prepared {
    /// Each token as the vocabulary has it.
    pub fn tokens(&self) -> &[String] {
        &self.encoded.tokens
    }

    /// Tokens that the model is given, those that windows share once for each.
    pub fn count(&self) -> usize {
        self.windows.iter().map(Vec::len).sum()
    }
}

/// The words of a request, and where each is seen.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub count: usize,
    /// For each window the place of a word's first token and the word. A word is in exactly one; one that the tokenizer
    /// makes nothing of is in none.
    pub firsts: Vec<Vec<(usize, usize)>>,
}
