//! What is being learned: the one word that data, model and window share.

use serde::{Deserialize, Serialize};

/// Probability from which on a label of several applies, where nobody decided otherwise.
pub const THRESHOLD: f32 = 0.5;

/// A task an encoder is fine-tuned for, under the name the command line uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// One label for a text or a pair of texts.
    Classify,
    /// Any number of labels for a text.
    MultiLabel,
    /// A number for a text or a pair.
    Regress,
    /// A label for each word.
    Ner,
    /// The span of a context that answers a question.
    Qa,
    /// The words behind masks.
    Mlm,
    /// Whether the second text follows the first (BERT).
    Nsp,
    /// Whether two texts stand in their original order (ALBERT).
    Sop,
    /// Which tokens were replaced (ELECTRA).
    Rtd,
}

impl Task {
    pub const ALL: [Self; 9] = [
        Self::Classify,
        Self::MultiLabel,
        Self::Regress,
        Self::Ner,
        Self::Qa,
        Self::Mlm,
        Self::Nsp,
        Self::Sop,
        Self::Rtd,
    ];

    /// Whether rare classes can be made to weigh as much as frequent ones.
    pub fn takes_class_weights(self) -> bool {
        matches!(self, Self::Classify | Self::Ner)
    }

    /// Whether targets are one class among several, of which a share can be spread over the others.
    pub fn takes_label_smoothing(self) -> bool {
        matches!(self, Self::Classify | Self::Ner | Self::Mlm | Self::Nsp | Self::Sop)
    }

    /// The name on the command line and in `RUN.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Classify => "classify",
            Self::MultiLabel => "multilabel",
            Self::Regress => "regress",
            Self::Ner => "ner",
            Self::Qa => "qa",
            Self::Mlm => "mlm",
            Self::Nsp => "nsp",
            Self::Sop => "sop",
            Self::Rtd => "rtd",
        }
    }

    /// The name on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Classify => "Text classification",
            Self::MultiLabel => "Multi-label classification",
            Self::Regress => "Regression",
            Self::Ner => "Named entities",
            Self::Qa => "Question answering",
            Self::Mlm => "Masked words",
            Self::Nsp => "Next sentence",
            Self::Sop => "Sentence order",
            Self::Rtd => "Replaced tokens",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.name() == name)
    }

    /// Whether the task's head is the sequence head: one vector of logits for a whole text.
    pub fn is_sequence(self) -> bool {
        matches!(self, Self::Classify | Self::MultiLabel | Self::Regress)
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
