//! By what a run learns, where its examples have one class each.

use serde::{Deserialize, Serialize};

/// How what is trained comes to its weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// All of it goes down the gradient of a loss of the labels.
    #[default]
    Gradient,
    /// The outputs alone are trained: logistic regression on what the head gives them of each text.
    Logistic,
    /// All but the outputs learns which texts are of one class, from pairs; the outputs are logistic regression on what
    /// comes of it (`SetFit`; Tunstall et al., 2022).
    Contrastive,
}

impl Fit {
    pub const ALL: [Self; 3] = [Self::Gradient, Self::Logistic, Self::Contrastive];

    pub fn title(self) -> &'static str {
        match self {
            Self::Gradient => "Gradient",
            Self::Logistic => "Logistic",
            Self::Contrastive => "Pairs",
        }
    }

    /// The name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gradient => "gradient",
            Self::Logistic => "logistic",
            Self::Contrastive => "contrastive",
        }
    }

    /// Whether the outputs are fitted as a whole and not by gradients.
    pub fn fits_outputs(self) -> bool {
        match self {
            Self::Gradient => false,
            Self::Logistic | Self::Contrastive => true,
        }
    }

    /// Whether anything is learned by gradients, at a rate.
    pub fn has_rate(self) -> bool {
        match self {
            Self::Gradient | Self::Contrastive => true,
            Self::Logistic => false,
        }
    }

    /// Texts that are learned from for each of an update: with a pair of its class and one of another each is read along
    /// with both.
    pub fn texts(self) -> usize {
        match self {
            Self::Gradient | Self::Logistic => 1,
            Self::Contrastive => 3,
        }
    }
}
