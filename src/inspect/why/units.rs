//! The words of what a model is given: what is weighed, hidden and pressed.

use std::ops::Range;

use super::Place;
use crate::inspect::hiding::{MOST_PIECES, without_blank};
use crate::text::tokenizer::Encoded;

/// A word, or a piece of one with very many.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    pub word: String,
    pub place: Place,
    /// Its tokens, by their place in what the model is given.
    pub tokens: Range<usize>,
}

/// The words of a window, in order. `kept` are the indices of its tokens; `texts` the letters of both texts. A token that
/// is only the blank before a word belongs to it.
pub(super) fn units(encoded: &Encoded, kept: &[usize], texts: [&[char]; 2]) -> Vec<Unit> {
    let mut found: Vec<Unit> = Vec::new();
    let mut first = 0;
    while first < kept.len() {
        let mut end = first + 1;
        while end < kept.len() && joins(encoded, kept[end - 1], kept[end]) {
            end += 1;
        }
        if !encoded.special[kept[first]] {
            let step = if end - first > MOST_PIECES { 1 } else { end - first };
            for start in (first..end).step_by(step) {
                let tokens = start..(start + step).min(end);
                match unit(encoded, kept, texts, tokens.clone()) {
                    Some(unit) => found.push(unit),
                    // Blanks alone are no word; they go with the one before.
                    None => {
                        if let Some(last) = found.last_mut().filter(|last| last.tokens.end == tokens.start) {
                            last.tokens.end = tokens.end;
                        }
                    }
                }
            }
        }
        first = end;
    }
    found
}

/// Whether a token goes on with the word of the one before.
fn joins(encoded: &Encoded, before: usize, index: usize) -> bool {
    let word = |index: usize| encoded.words[index].map(|word| (word, encoded.sequence[index]));
    !encoded.special[index] && index == before + 1 && word(index).is_some() && word(index) == word(before)
}

fn unit(encoded: &Encoded, kept: &[usize], texts: [&[char]; 2], tokens: Range<usize>) -> Option<Unit> {
    let sequence = encoded.sequence[kept[tokens.start]]?;
    let letters = texts[usize::from(sequence.min(1))];
    let places = kept[tokens.clone()].iter().map(|index| encoded.offsets[*index]);
    let (start, end) = places.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    let (start, end) = without_blank(letters, (start, end));
    let word: String = letters.get(start..end)?.iter().collect();
    let place = Place { sequence, start, end };
    (!word.is_empty()).then_some(Unit { word, place, tokens })
}
