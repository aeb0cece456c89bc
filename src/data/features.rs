//! An example as a model reads it: token ids, segments and what is to be learned, cut to the length limit, with a count
//! of what was cut.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::{DataError, Dataset, Target, Tokenizer};

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

/// Examples between two reports of progress: enough to keep all cores busy, few enough to stop at once.
const CHUNK: usize = 1024;

/// Tokenizes some examples of a dataset, in the given order. `on_progress` hears how many are done and may stop the
/// work, which gives `None`.
pub fn features(
    dataset: &Dataset,
    which: &[usize],
    tokenizer: &Tokenizer,
    max_tokens: usize,
    on_progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<Vec<Features>>, DataError> {
    let mut all = Vec::with_capacity(which.len());
    for chunk in which.chunks(CHUNK) {
        let done: Result<Vec<Features>, DataError> =
            chunk.par_iter().map(|&example| one(dataset, example, tokenizer, max_tokens)).collect();
        all.extend(done?);
        if on_progress(all.len()).is_break() {
            return Ok(None);
        }
    }
    Ok(Some(all))
}

fn one(dataset: &Dataset, example: usize, tokenizer: &Tokenizer, max_tokens: usize) -> Result<Features, DataError> {
    let encoded = tokenizer.encode_ids(dataset.text(example), dataset.pair(example), max_tokens).map_err(|source| {
        DataError::TokenizeRow {
            path: dataset.table.path.clone(),
            line: dataset.table.line(dataset.examples[example].row),
            source,
        }
    })?;
    Ok(Features {
        example,
        ids: encoded.ids,
        types: encoded.types,
        cut: encoded.cut,
        target: dataset.examples[example].target.clone(),
    })
}
