//! What is asked about the parts of a model.

use std::path::PathBuf;
use std::sync::Arc;

use crate::data::Dataset;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Question {
    pub model: PathBuf,
    pub data: Arc<Dataset>,
    /// The examples that may be looked at, ascending.
    pub among: Arc<[usize]>,
    /// The most of them that are looked at.
    pub rows: usize,
    pub seed: u64,
    /// Tokens of a text, at most the model's.
    pub max_tokens: usize,
    /// Whether each part is switched off by itself too.
    pub exact: bool,
}
