//! Where a run's sequences come from: the rows of a table, or a text that is its own lesson.

use super::TrainError;
use super::config::RunConfig;
use super::prepared::{Known, Prepared, Watch};
use crate::text::{Length, Tokenizer};

/// A source that was read. Its stages are asked for in this order.
pub trait Source {
    /// Refuses settings that it has no use for.
    fn check(&self, config: &RunConfig) -> Result<(), TrainError>;

    /// What is known of it now.
    fn known(&self) -> Known<'_>;

    /// Whether two texts are read together.
    fn has_pairs(&self) -> bool;

    /// Tokens of some of the texts to learn from, where these decide on the length that is recommended.
    fn sample(&self, config: &RunConfig, tokenizer: &Tokenizer) -> Result<Vec<u32>, TrainError>;

    /// Tokenizes it and holds some of it out; `None` when `watch` said to stop.
    fn sequences(
        self: Box<Self>,
        config: &RunConfig,
        tokenizer: Tokenizer,
        length: Length,
        watch: &mut dyn Watch,
    ) -> Result<Option<Prepared>, TrainError>;
}
