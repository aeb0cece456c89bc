//! What an evaluation keeps beside its numbers: the fates of entities, of questions and of masked words.

use serde::{Deserialize, Serialize};

use super::numbers;
use super::tally::ratio;

/// A run of words that is one thing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// Index into [`EntityReport::types`].
    pub class: usize,
    /// First word.
    pub start: usize,
    /// The word after the last.
    pub end: usize,
    /// Mean over its words of the probability of the predicted tag.
    #[serde(deserialize_with = "numbers::single")]
    pub score: f32,
}

/// Where entities were found, missed and taken for others. The entities themselves are the outcomes of
/// [`super::Evaluation::predictions`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EntityReport {
    /// Names of the types, sorted.
    pub types: Vec<String>,
    /// The words of each prediction.
    pub words: Vec<Vec<String>>,
    pub totals: ErrorCounts,
    /// By type: that of the true entity, of a spurious one its own.
    pub per_type: Vec<ErrorCounts>,
    /// The most confident first.
    pub errors: Vec<EntityError>,
    /// `confusion[gold][predicted]` over matched entities; the last row and column stand for no entity.
    pub confusion: Vec<Vec<u64>>,
    /// Predicted `I-` tags that follow nothing of their type.
    pub stray_tags: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityErrorKind {
    /// A true entity, and nothing predicted that overlaps it.
    Missed,
    /// A predicted entity where there is none.
    Spurious,
    /// The right words, called something else.
    WrongType,
    /// The right type, too many or too few words.
    WrongBoundary,
    WrongTypeAndBoundary,
}

impl EntityErrorKind {
    pub const ALL: [Self; 5] =
        [Self::Missed, Self::Spurious, Self::WrongType, Self::WrongBoundary, Self::WrongTypeAndBoundary];

    /// The name on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Missed => "Missed",
            Self::Spurious => "Spurious",
            Self::WrongType => "Wrong type",
            Self::WrongBoundary => "Wrong boundary",
            Self::WrongTypeAndBoundary => "Wrong type and boundary",
        }
    }
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntityError {
    /// Index into [`super::Evaluation::predictions`].
    pub prediction: usize,
    pub kind: EntityErrorKind,
    pub gold: Option<Entity>,
    pub predicted: Option<Entity>,
    /// How sure the model was: the mean probability of the predicted tags, over the words of the predicted entity or,
    /// where it was missed, of the true one.
    #[serde(deserialize_with = "numbers::single")]
    pub score: f32,
}

/// How many entities met each fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorCounts {
    pub correct: u64,
    pub missed: u64,
    pub spurious: u64,
    pub wrong_type: u64,
    pub wrong_boundary: u64,
    pub wrong_type_and_boundary: u64,
}

impl ErrorCounts {
    pub fn of(&self, kind: EntityErrorKind) -> u64 {
        match kind {
            EntityErrorKind::Missed => self.missed,
            EntityErrorKind::Spurious => self.spurious,
            EntityErrorKind::WrongType => self.wrong_type,
            EntityErrorKind::WrongBoundary => self.wrong_boundary,
            EntityErrorKind::WrongTypeAndBoundary => self.wrong_type_and_boundary,
        }
    }

    /// All but the correct ones.
    pub fn errors(&self) -> u64 {
        EntityErrorKind::ALL.into_iter().map(|kind| self.of(kind)).sum()
    }
}

/// A span of the context that may be the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidateAnswer {
    pub text: String,
    /// Probability.
    #[serde(deserialize_with = "numbers::single")]
    pub score: f32,
    /// First character in the context, and the one after the last, in code points.
    pub start: usize,
    pub end: usize,
    /// The window of the context that it was found in.
    pub window: usize,
}

/// What became of each question. The answers themselves are the outcomes of [`super::Evaluation::predictions`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AnswerReport {
    /// A null score above this one means no answer.
    #[serde(deserialize_with = "numbers::double")]
    pub threshold: f64,
    /// Whether "no answer" is an answer.
    pub allow_no_answer: bool,
    /// One each prediction.
    pub questions: Vec<JudgedQuestion>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedQuestion {
    pub id: String,
    pub has_answer: bool,
    /// Exact match and F1 of the best span, whatever the threshold.
    #[serde(deserialize_with = "numbers::double")]
    pub span_exact: f64,
    #[serde(deserialize_with = "numbers::double")]
    pub span_f1: f64,
    /// Exact match and F1 of what was answered at the threshold.
    #[serde(deserialize_with = "numbers::double")]
    pub exact: f64,
    #[serde(deserialize_with = "numbers::double")]
    pub f1: f64,
    #[serde(deserialize_with = "numbers::double")]
    pub null_score: f64,
    pub candidates: Vec<CandidateAnswer>,
    pub gold_starts: Vec<usize>,
}

/// The words behind the masks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MaskedReport {
    /// Those with the largest sum of losses first, a few hundred at most.
    pub words: Vec<MaskedWord>,
    /// Sum of the losses of all masked tokens, also of those not listed.
    #[serde(deserialize_with = "numbers::double")]
    pub loss: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaskedWord {
    /// The token as the vocabulary spells it.
    pub word: String,
    pub count: u64,
    pub hits: u64,
    /// Sum over its masks.
    #[serde(deserialize_with = "numbers::double")]
    pub loss: f64,
}

impl MaskedReport {
    /// Of the loss, that of the costliest word.
    pub fn largest_share(&self) -> f64 {
        self.words.first().map_or(1.0, |word| ratio(word.loss, self.loss))
    }
}
