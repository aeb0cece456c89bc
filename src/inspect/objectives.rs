//! One text and every way to make a training signal from it: what the model is asked, what it should say, and what it
//! says with the heads it really has. Nothing is trained here.
//!
//! What is hidden is drawn by the same function as in training; a draw is a function of the seed, so that it can be
//! looked at again.

use serde::{Deserialize, Serialize};

use crate::corpus::masking::{Cover, MaskStyle};
use crate::model::Family;
use crate::task::Task;

/// How the text is turned into a lesson.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabAsk {
    pub seed: u64,
    /// Share of the tokens that is hidden or replaced.
    pub share: f64,
}

impl Default for LabAsk {
    fn default() -> Self {
        Self { seed: 1, share: 0.15 }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Lab {
    pub objectives: Vec<Objective>,
    /// Tokens of the text that did not fit.
    pub cut: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Masked(MaskStyle),
    /// Each next token from those before it.
    Causal,
    /// Masked words in a text and its translation, each with positions of its own.
    Translation,
    NextSentence,
    SentenceOrder,
    Replaced,
}

/// One way to make a lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    pub kind: Kind,
    /// The head that answers.
    pub head: Task,
    pub standing: Standing,
    pub cases: Vec<Case>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The model has the head, and answers.
    Answered,
    /// The folder lacks the head, which its family could have.
    NoHead,
    /// No model of this family has such a head.
    NotInFamily,
    /// The text does not do, in words.
    NotThisText(&'static str),
}

/// One thing the model is given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    pub tokens: Vec<LabToken>,
    /// What is to be said of the whole, where that is what is asked: the right name and what was said of each.
    pub whole: Option<Whole>,
    /// Mean loss over what is asked, in nats.
    pub loss: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Whole {
    pub target: String,
    /// Name and probability, in the order of the head's outputs; empty where there is no head.
    pub said: Vec<(String, f64)>,
}

/// A token as it is fed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabToken {
    /// What the model reads here.
    pub fed: String,
    /// What the text has here.
    pub original: String,
    pub special: bool,
    /// 0 for the first text, 1 for the second.
    pub segment: u32,
    pub position: u32,
    /// How it was chosen, where it was.
    pub cover: Option<Cover>,
    /// What should be said here, where something is asked.
    pub target: Option<String>,
    /// The likeliest of what the model says, and its probability.
    pub said: Option<(String, f64)>,
    /// What the model gives the target.
    pub right: Option<f64>,
}

impl Kind {
    pub const ALL: [Self; 8] = [
        Self::Masked(MaskStyle::Tokens),
        Self::Masked(MaskStyle::WholeWords),
        Self::Masked(MaskStyle::Spans),
        Self::Causal,
        Self::Translation,
        Self::NextSentence,
        Self::SentenceOrder,
        Self::Replaced,
    ];

    /// The name on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Masked(MaskStyle::Tokens) => "Masked words",
            Self::Masked(MaskStyle::WholeWords) => "Whole words",
            Self::Masked(MaskStyle::Spans) => "Spans",
            Self::Causal => "Left to right",
            Self::Translation => "Translation pair",
            Self::NextSentence => "Next sentence",
            Self::SentenceOrder => "Sentence order",
            Self::Replaced => "Replaced tokens",
        }
    }

    /// The family that was pretrained so.
    pub fn family(self) -> Option<Family> {
        match self {
            Self::NextSentence => Some(Family::Bert),
            Self::SentenceOrder => Some(Family::Albert),
            Self::Replaced => Some(Family::Electra),
            _ => None,
        }
    }
}
