//! Words hidden among the token ids and not in the text, so that the same click works for every tokenizer.

use super::predictor::Sequence;
use crate::text::tokenizer::Encoded;

/// A word as the tokenizer splits the text, or a mask that is written in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Characters of the text.
    pub start: usize,
    pub end: usize,
    pub pieces: usize,
    /// Its place among the blanks, where it is hidden.
    pub blank: Option<usize>,
}

/// Pieces from which on a word is too long to be pressed or scored as one.
pub(super) const MOST_PIECES: usize = 8;

/// A stretch of the text behind masks: its characters, its tokens, and how many masks stand for them.
pub(super) struct Slot {
    pub start: usize,
    pub end: usize,
    pub tokens: Vec<usize>,
    pub masks: usize,
}

/// A text with words hidden: all masks are asked about.
pub(super) struct Masked {
    pub row: Sequence,
    pub slots: Vec<Slot>,
}

impl Masked {
    /// Hides some ranges of characters, besides the masks that are written in the text; with one mask for each range, or
    /// one for each piece.
    pub fn new(encoded: &Encoded, letters: &[char], mask: u32, hidden: &[(usize, usize)], one_mask: bool) -> Self {
        let mut slots: Vec<Slot> = Vec::new();
        let mut ranges = hidden.to_vec();
        ranges.sort_unstable();
        let (mut row, mut asked) = (Sequence::default(), Vec::new());
        for (index, &id) in encoded.ids.iter().enumerate() {
            if encoded.special[index] {
                row.push(id, encoded.types[index]);
                continue;
            }
            // Some tokenizers let a mask swallow the blank before it.
            let (start, end) = without_blank(letters, encoded.offsets[index]);
            let range = if id == mask { Some((start, end)) } else { range_of(encoded, letters, index, &ranges) };
            let Some(range) = range else {
                row.push(id, encoded.types[index]);
                continue;
            };
            let goes_on = slots.last_mut().filter(|slot| id != mask && (slot.start, slot.end) == range);
            if let Some(slot) = goes_on {
                slot.tokens.push(index);
                if one_mask {
                    continue;
                }
                slot.masks += 1;
            } else {
                slots.push(Slot { start: range.0, end: range.1, tokens: vec![index], masks: 1 });
            }
            asked.push(row.ids.len());
            row.push(mask, encoded.types[index]);
        }
        Self { row: Sequence { asked: Some(asked), ..row }, slots }
    }
}

/// Characters without the blanks before them.
pub(super) fn without_blank(letters: &[char], (start, end): (usize, usize)) -> (usize, usize) {
    let inside = letters.get(start..end).unwrap_or_default();
    (start + inside.iter().take_while(|letter| letter.is_whitespace()).count(), end)
}

/// The hidden stretch that a token is part of. A token that is only the blank before a word is hidden with the word.
pub(super) fn range_of(
    encoded: &Encoded,
    letters: &[char],
    index: usize,
    ranges: &[(usize, usize)],
) -> Option<(usize, usize)> {
    let (start, end) = without_blank(letters, encoded.offsets[index]);
    if start < end {
        return ranges.iter().find(|range| start < range.1 && end > range.0).copied();
    }
    let next = index + 1;
    let same_word = encoded.words.get(next).is_some_and(|word| word.is_some() && *word == encoded.words[index]);
    if same_word { range_of(encoded, letters, next, ranges) } else { None }
}

/// The words that can be pressed. One of very many pieces, such as a protein, is pressed piece by piece.
pub(super) fn words(encoded: &Encoded, letters: &[char], slots: &[Slot]) -> Vec<Word> {
    let own: Vec<usize> = (0..encoded.ids.len()).filter(|index| !encoded.special[*index]).collect();
    let same = |a: &usize, b: &usize| {
        encoded.words[*a].is_some()
            && encoded.words[*a] == encoded.words[*b]
            && encoded.offsets[*b] >= encoded.offsets[*a]
    };
    let mut words = Vec::new();
    for pieces in own.chunk_by(same) {
        for word in pieces.chunks(if pieces.len() > MOST_PIECES { 1 } else { pieces.len() }) {
            let places = word.iter().map(|index| without_blank(letters, encoded.offsets[*index]));
            let places: Vec<(usize, usize)> = places.filter(|(start, end)| start < end).collect();
            let (Some(start), Some(end)) =
                (places.iter().map(|place| place.0).min(), places.iter().map(|place| place.1).max())
            else {
                continue;
            };
            let blank = slots.iter().position(|slot| word.iter().any(|index| slot.tokens.contains(index)));
            words.push(Word { start, end, pieces: word.len(), blank });
        }
    }
    words
}
