//! The states of the words of sentences, after every layer: of a word that of its first token, which heads for tags read, and
//! the mean of its tokens. A sentence that is too long is read in windows, as in training, so that every word has its state.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::{MOST_BYTES, OnProgress, Pooled, Shape};
use crate::analysis::points::Points;
use crate::analysis::sample::Sampling;
use crate::inspect::predictor::Sequence;
use crate::inspect::{InspectError, OpenModel, Pooling};
use crate::text::windows::SHARED_TOKENS;
use crate::text::{Alignment, Features, Length, features};

/// States with a row for each word.
#[derive(Clone, Debug)]
pub struct WordStates {
    pub pooled: Pooled,
    /// The sentence of each row, by its place among the examples, and the place of the word in it.
    pub words: Vec<(usize, usize)>,
}

/// The states that are wanted, of words; nothing where `tell` ended it.
pub fn words(wanted: &Sampling, tell: OnProgress<'_>) -> Result<Option<WordStates>, InspectError> {
    if tell("opening the model", 0, 0).is_break() {
        return Ok(None);
    }
    let model = OpenModel::open_whole(&wanted.model)?;
    let shape = Shape::of(&model.model.config);
    let examples = fitting(shape, wanted);
    let max_tokens = wanted.max_tokens.min(model.max_tokens);
    let length = Length { max_tokens, stride: (max_tokens / 2).min(SHARED_TOKENS) };
    let mut heard = |_: usize| tell("reading the texts", 0, examples.len() as u64);
    let windows = features(&wanted.data, &examples, &model.tokenizer, length, &mut heard)?;
    let Some(windows) = windows else { return Ok(None) };
    let mut words = Vec::new();
    let mut sequences = Vec::with_capacity(windows.len());
    for window in &windows {
        let Ok(sentence) = examples.binary_search(&window.example) else { continue };
        let (own, stretches): (Vec<_>, Vec<_>) = stretches(&model, wanted, window)?.into_iter().unzip();
        words.extend(own.into_iter().map(|word| (sentence, word)));
        let (ids, types) = (window.tokens.ids().into_owned(), window.tokens.types().into_owned());
        sequences.push((Sequence { ids, types, asked: None }, stretches));
    }
    let total = sequences.len() as u64;
    let go_on = &mut |done: usize| tell("reading the texts", done as u64, total);
    let Some(passed) = model.predictor().stretches(&sequences, go_on)? else { return Ok(None) };
    let width = passed.hidden_size;
    let points = |values: Vec<f32>| Arc::new(Points { width, values });
    let planes: BTreeMap<_, _> =
        shape.planes(&[Pooling::First, Pooling::Mean]).into_iter().zip(passed.planes.into_iter().map(points)).collect();
    let pooled = Pooled {
        among: wanted.among.len(),
        most: examples.len(),
        layers: shape.layers,
        said: Vec::new(),
        cut: windows.iter().filter(|window| window.cut > 0).count(),
        max_tokens,
        stored_layers: shape.stored_layers,
        is_frozen: shape.is_frozen,
        planes,
        places: None,
        examples,
    };
    Ok(Some(WordStates { pooled, words }))
}

/// A sample of sentences whose words' states fit into the memory.
fn fitting(shape: Shape, wanted: &Sampling) -> Vec<usize> {
    let most = (MOST_BYTES / shape.bytes(1, 2 * shape.layers).max(1)).max(1);
    let mut rows = wanted.rows;
    loop {
        let examples = Sampling { rows, ..wanted.clone() }.examples();
        let words: usize = examples.iter().map(|example| wanted.data.words(*example).len()).sum();
        if words <= most || examples.len() <= 1 {
            return examples;
        }
        rows = (examples.len() * most / words).clamp(1, examples.len() - 1);
    }
}

/// The words that are predicted in a window, each with its tokens.
fn stretches(
    model: &OpenModel,
    wanted: &Sampling,
    window: &Features,
) -> Result<Vec<(usize, Range<usize>)>, InspectError> {
    let Alignment::Words(places) = &window.alignment else { return Ok(Vec::new()) };
    let pieces = model.tokenizer.encode_words(&wanted.data.words(window.example))?;
    // What stands behind the text is no part of its last word.
    let end = window.tokens.len() - (model.tokenizer.special_tokens(false) - model.tokenizer.specials_before_text());
    let stretch = |(token, word): &(u32, u32)| {
        let (token, word) = (*token as usize, *word as usize);
        (word, token..(token + pieces[word].len()).clamp(token + 1, end.max(token + 1)))
    };
    Ok(places.iter().map(stretch).collect())
}
