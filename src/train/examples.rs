//! What a run learns from or is evaluated on, wherever it lies: features in memory, or blocks of a corpus in a file.

use std::borrow::Cow;
use std::sync::Arc;

use super::TrainError;
use crate::corpus::{Corpus, Segments};
use crate::task::Mismatch;
use crate::text::{Alignment, Features, Labels, Tokens};

/// A list of sequences that can be asked for in any order.
#[derive(Debug)]
pub enum Examples {
    Features(Vec<Features>),
    /// Some blocks of a corpus, by their places in it.
    Blocks {
        corpus: Arc<Corpus>,
        which: Vec<u32>,
    },
    /// Pairs that are made of neighbouring segments of a corpus, anew each time.
    Pairs {
        segments: Arc<Segments>,
        which: Vec<u32>,
        mismatch: Mismatch,
    },
}

impl Default for Examples {
    fn default() -> Self {
        Self::Features(Vec::new())
    }
}

impl From<Vec<Features>> for Examples {
    fn from(features: Vec<Features>) -> Self {
        Self::Features(features)
    }
}

impl Examples {
    pub fn len(&self) -> usize {
        match self {
            Self::Features(features) => features.len(),
            Self::Blocks { which, .. } | Self::Pairs { which, .. } => which.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a sequence is the same each time it is asked for.
    pub fn is_fixed(&self) -> bool {
        matches!(self, Self::Features(_))
    }

    /// Tokens of each sequence, or the most it can have.
    pub fn lengths(&self) -> Vec<u32> {
        match self {
            Self::Features(features) => features.iter().map(|one| one.tokens.len() as u32).collect(),
            Self::Blocks { corpus, which } => which.iter().map(|block| corpus.tokens(*block as usize) as u32).collect(),
            Self::Pairs { segments, which, .. } => {
                which.iter().map(|place| segments.tokens(*place as usize) as u32).collect()
            }
        }
    }

    /// Examples that the length limit cut, whatever the number of their windows.
    pub fn truncated(&self) -> usize {
        match self {
            Self::Features(features) => {
                let windows = features.chunk_by(|a, b| a.example == b.example);
                windows.filter(|windows| windows.iter().any(|one| one.cut > 0)).count()
            }
            Self::Blocks { .. } | Self::Pairs { .. } => 0,
        }
    }

    /// A sequence; `chance` is the key of what is drawn for it.
    pub fn get(&self, index: usize, chance: u64) -> Result<Cow<'_, Features>, TrainError> {
        match self {
            Self::Features(features) => Ok(Cow::Borrowed(&features[index])),
            Self::Blocks { corpus, which } => {
                let block = corpus.get(which[index] as usize)?;
                Ok(Cow::Owned(Features {
                    example: index,
                    tokens: Tokens::Own { ids: block.ids, types: block.types },
                    cut: 0,
                    labels: Labels::None,
                    alignment: Alignment::WordOf(block.words),
                }))
            }
            Self::Pairs { segments, which, mismatch } => {
                let pair = segments.get(*mismatch, which[index] as usize, chance)?;
                Ok(Cow::Owned(Features {
                    example: index,
                    tokens: Tokens::Own { ids: pair.ids, types: pair.types },
                    cut: 0,
                    labels: Labels::Class(pair.class),
                    alignment: Alignment::Whole,
                }))
            }
        }
    }
}
