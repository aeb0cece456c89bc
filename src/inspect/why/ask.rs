//! What is to be explained, and how.

use serde::{Deserialize, Serialize};

use crate::task::Task;

/// A text, and the output that is to be explained.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// The head that is asked; the model's own first where none is named.
    pub task: Option<Task>,
    /// The text, or a question.
    pub text: String,
    /// The second text of a pair, or the document.
    pub pair: Option<String>,
    pub target: Target,
}

/// One output of a head. What is left open is what the model says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Target {
    /// The word that is asked about, for heads that say something of each. A word that a masked-word head is asked about is
    /// hidden.
    pub place: Option<Place>,
    /// A class, a tag or a word by its name; of an answer its `start`, its `end`, or both as `answer`.
    pub label: Option<String>,
}

/// A stretch of the text (0) or its pair (1), in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    pub sequence: u8,
    pub start: usize,
    pub end: usize,
}

/// How words are given their weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The gradient of the output by a word's vector, times that vector.
    GradientInput,
    /// The same along the whole line from a baseline (Sundararajan et al., 2017).
    IntegratedGradients,
    /// How far the output falls when a word is hidden (Zeiler and Fergus, 2014).
    Occlusion,
}

impl Method {
    pub const ALL: [Self; 3] = [Self::GradientInput, Self::IntegratedGradients, Self::Occlusion];

    pub fn title(self) -> &'static str {
        match self {
            Self::GradientInput => "Gradient × input",
            Self::IntegratedGradients => "Integrated gradients",
            Self::Occlusion => "Occlusion",
        }
    }
}

/// What integrated gradients begin from: every token of the text but those around it is this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    #[default]
    Mask,
    Pad,
    /// A vector of zeros.
    Zero,
}

impl Baseline {
    pub const ALL: [Self; 3] = [Self::Mask, Self::Pad, Self::Zero];

    pub fn title(self) -> &'static str {
        match self {
            Self::Mask => "Mask",
            Self::Pad => "Padding",
            Self::Zero => "Zero",
        }
    }

    /// What it is, as a sentence goes on: `from the mask token`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Mask => "the mask token",
            Self::Pad => "the padding token",
            Self::Zero => "vectors of zeros",
        }
    }
}

/// What becomes of a word that is taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hide {
    /// Each of its pieces is the mask token.
    #[default]
    Mask,
    /// Its pieces are gone. Those that are asked about stay, as masks.
    Remove,
}

/// How the maps of a text are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ways {
    pub baseline: Baseline,
    pub hide: Hide,
}
