//! An example as a model reads it: token ids, segments and what is to be learned, cut to the length limit, with a count
//! of what was cut.

use super::Target;

/// One tokenized example.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Index into the dataset's examples.
    pub example: usize,
    /// Token ids with special tokens.
    pub ids: Vec<u32>,
    /// Segment of each token.
    pub types: Vec<u32>,
    /// Tokens that the length limit cut off.
    pub cut: usize,
    pub target: Target,
}
