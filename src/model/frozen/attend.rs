//! Attention of one sequence under all heads, some rows of it at a time, so that a long text does not need the square of
//! its length at once.
//!
//! How many rows go together follows from nothing but the text, so its numbers do as well.

use std::ops::Range;

use candle_core::{D, Result, Tensor};

/// Rows that are computed together.
const ROWS: usize = 256;

/// The scores of one sequence.
pub trait Scores {
    fn tokens(&self) -> usize;

    /// The tokens that any of these rows attends to.
    fn seen(&self, rows: &Range<usize>) -> Range<usize>;

    /// The scores of rows against the tokens that they see, to be turned into probabilities: (heads, rows, seen).
    fn of(&self, rows: &Range<usize>, seen: &Range<usize>) -> Result<Tensor>;
}

fn probabilities_of(scores: &dyn Scores, rows: &Range<usize>, seen: &Range<usize>) -> Result<Tensor> {
    candle_nn::ops::softmax(&scores.of(rows, seen)?, D::Minus1)
}

fn chunks(tokens: usize) -> impl Iterator<Item = Range<usize>> {
    (0..tokens).step_by(ROWS).map(move |first| first..(first + ROWS).min(tokens))
}

/// The mixed values of every token of some sequences, laid end to end: (tokens, heads · size).
pub fn mixed<S: Scores>(sequences: &[(S, Tensor)]) -> Result<Tensor> {
    let of_sequence = |(scores, values): &(S, Tensor)| {
        let mixed = mix(scores, values)?;
        let (heads, tokens, size) = mixed.dims3()?;
        mixed.transpose(0, 1)?.contiguous()?.reshape((tokens, heads * size))
    };
    Tensor::cat(&sequences.iter().map(of_sequence).collect::<Result<Vec<_>>>()?, 0)
}

/// What every token of each of some sequences attends to: (heads, tokens, tokens).
pub fn probabilities<S: Scores>(sequences: &[(S, Tensor)]) -> Result<Vec<Vec<f32>>> {
    sequences.iter().map(|(scores, _)| probabilities_of_all(scores)).collect()
}

/// The mixed values of one sequence; `values` and the result are (heads, tokens, size).
fn mix(scores: &dyn Scores, values: &Tensor) -> Result<Tensor> {
    let of_rows = |rows: Range<usize>| {
        let seen = scores.seen(&rows);
        probabilities_of(scores, &rows, &seen)?.matmul(&values.narrow(1, seen.start, seen.len())?.contiguous()?)
    };
    Tensor::cat(&chunks(scores.tokens()).map(of_rows).collect::<Result<Vec<_>>>()?, 1)
}

fn probabilities_of_all(scores: &dyn Scores) -> Result<Vec<f32>> {
    let tokens = scores.tokens();
    let of_rows = |rows: Range<usize>| {
        let seen = scores.seen(&rows);
        probabilities_of(scores, &rows, &seen)?.pad_with_zeros(2, seen.start, tokens - seen.end)
    };
    Tensor::cat(&chunks(tokens).map(of_rows).collect::<Result<Vec<_>>>()?, 1)?.flatten_all()?.to_vec1()
}
