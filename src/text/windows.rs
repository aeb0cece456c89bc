//! A text that is longer than a model: overlapping windows over it, each with everything that stands around the text.

use std::ops::Range;

use super::tokenizer::Encoded;

/// What stands around a text fills the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{tokens} tokens around the long text leave no room in a window of {max_tokens}")]
pub struct NoRoom {
    pub tokens: usize,
    pub max_tokens: usize,
}

/// Windows over the tokens of the text (0) or its pair (1), as indices of tokens. Neighbours share `stride` tokens, or
/// as many as fit.
pub fn windows(encoded: &Encoded, sliding: u8, max_tokens: usize, stride: usize) -> Result<Vec<Vec<usize>>, NoRoom> {
    let all = encoded.ids.len();
    let moves = |index: &usize| encoded.sequence[*index] == Some(sliding);
    let first = (0..all).find(moves).unwrap_or(all);
    let count = (first..all).take_while(moves).count();
    let one = |part: Range<usize>| (0..first).chain(first + part.start..first + part.end).chain(first + count..all);
    Ok(ranges(count, all - count, max_tokens, stride)?.into_iter().map(|part| one(part).collect()).collect())
}

/// The same over `count` tokens with `around` others in each window, as ranges of the `count`.
pub fn ranges(count: usize, around: usize, max_tokens: usize, stride: usize) -> Result<Vec<Range<usize>>, NoRoom> {
    let room = max_tokens.saturating_sub(around);
    if room == 0 && around + count > max_tokens {
        return Err(NoRoom { tokens: around, max_tokens });
    }
    Ok(parts(count, room, stride))
}

/// Ranges of at most `room` that cover `count`, the last as long as what is left for it. Neighbours share `stride`, or
/// half where that is no less than the room: step by step, windows without number would say the same.
fn parts(count: usize, room: usize, stride: usize) -> Vec<Range<usize>> {
    let step = if stride < room { room - stride } else { room - room / 2 };
    let mut parts = Vec::new();
    let mut start = 0;
    loop {
        let end = (start + room).min(count);
        parts.push(start..end);
        if end == count {
            return parts;
        }
        start += step;
    }
}

/// Tokens of each sequence that an example comes to: one where it fits, else its windows. `fixed` of its tokens stand in
/// every window.
pub fn sequence_lengths(tokens: usize, fixed: usize, max_tokens: usize, stride: usize) -> Vec<usize> {
    let room = max_tokens.saturating_sub(fixed);
    if tokens <= max_tokens || room == 0 {
        return vec![tokens.min(max_tokens)];
    }
    parts(tokens - fixed, room, stride).into_iter().map(|part| fixed + part.len()).collect()
}

/// The longest window over a question's context unless one says otherwise, as in the pipeline of transformers.
pub const QUESTION_TOKENS: usize = 384;
/// The most tokens that such windows share.
pub const SHARED_TOKENS: usize = 128;

/// A window over words that are cut into tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordWindow {
    pub words: Range<usize>,
    /// The words that are predicted here: those that have more words around them than in any other window. Each word is
    /// one window's.
    pub own: Range<usize>,
}

/// Windows of whole words with at most `room` tokens, neighbours sharing at most `stride` tokens. `tokens` has one entry
/// a word; a word longer than a window counts as long as the window.
pub fn word_windows(tokens: &[usize], room: usize, stride: usize) -> Vec<WordWindow> {
    let room = room.max(1);
    let length = |word: usize| tokens[word].min(room);
    let mut bounds: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    loop {
        let (mut end, mut filled) = (start, 0);
        while end < tokens.len() && filled + length(end) <= room {
            filled += length(end);
            end += 1;
        }
        bounds.push(start..end);
        if end == tokens.len() {
            break;
        }
        let (mut next, mut shared) = (end, 0);
        while next > start + 1 && shared + length(next - 1) <= stride && shared + length(next - 1) + length(end) <= room
        {
            next -= 1;
            shared += length(next);
        }
        start = next;
    }
    let mut windows: Vec<WordWindow> = Vec::with_capacity(bounds.len());
    for (index, words) in bounds.iter().enumerate() {
        // What two windows share is divided in the middle.
        let middle = |left: &Range<usize>, right: &Range<usize>| right.start + (left.end - right.start).div_ceil(2);
        let first = if index == 0 { 0 } else { middle(&bounds[index - 1], words) };
        let last = bounds.get(index + 1).map_or(words.end, |next| middle(words, next));
        windows.push(WordWindow { words: words.clone(), own: first..last });
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: usize, pair: usize) -> Encoded {
        let mut sequence = vec![None];
        sequence.extend(vec![Some(0); text]);
        sequence.push(None);
        sequence.extend(vec![Some(1); pair]);
        sequence.push(None);
        Encoded { ids: vec![0; sequence.len()], sequence, ..Encoded::default() }
    }

    #[test]
    fn windows_overlap_and_keep_what_stands_around() {
        let check = |sliding, max_tokens, stride, expected: &[Vec<usize>]| {
            assert_eq!(windows(&encoded(2, 5), sliding, max_tokens, stride).unwrap(), expected);
        };
        check(1, 10, 2, &[(0..10).collect()]);
        check(1, 8, 1, &[vec![0, 1, 2, 3, 4, 5, 6, 9], vec![0, 1, 2, 3, 6, 7, 8, 9]]);
        check(1, 7, 0, &[vec![0, 1, 2, 3, 4, 5, 9], vec![0, 1, 2, 3, 6, 7, 9], vec![0, 1, 2, 3, 8, 9]]);
        // More cannot be shared than would let the window move.
        check(0, 9, 7, &[vec![0, 1, 3, 4, 5, 6, 7, 8, 9], vec![0, 2, 3, 4, 5, 6, 7, 8, 9]]);
    }

    #[test]
    fn a_long_example_comes_to_as_many_sequences_as_windows() {
        for (max_tokens, stride) in [(10, 2), (8, 1), (7, 0), (6, 9)] {
            let laid = windows(&encoded(2, 15), 1, max_tokens, stride).unwrap();
            let lengths: Vec<usize> = laid.iter().map(Vec::len).collect();
            assert_eq!(sequence_lengths(20, 5, max_tokens, stride), lengths);
        }
        assert_eq!(sequence_lengths(20, 5, 20, 3), [20]);
        // Nothing is left to move by, so each window goes on by half of its room and not by a token.
        assert_eq!(sequence_lengths(1003, 3, 103, 120).len(), 19);
    }

    #[test]
    fn each_word_is_predicted_in_one_window() {
        let owned = |tokens: &[usize], room, stride| {
            let windows = word_windows(tokens, room, stride);
            let mut next = 0;
            for window in &windows {
                assert_eq!(window.own.start, next, "{windows:?}");
                assert!(window.words.start <= window.own.start && window.own.end <= window.words.end, "{windows:?}");
                next = window.own.end;
            }
            assert_eq!(next, tokens.len());
            windows.into_iter().map(|window| (window.words, window.own)).collect::<Vec<_>>()
        };
        assert_eq!(owned(&[1, 1, 1], 3, 1), [(0..3, 0..3)]);
        assert_eq!(owned(&[], 3, 1), [(0..0, 0..0)]);
        assert_eq!(owned(&[1; 6], 4, 2), [(0..4, 0..3), (2..6, 3..6)]);
        assert_eq!(owned(&[2, 2, 9, 1], 4, 2), [(0..2, 0..2), (2..3, 2..3), (3..4, 3..4)]);
        // More cannot be shared than would let the window move.
        for room in 1..9 {
            for stride in 0..12 {
                owned(&[1, 3, 2, 1, 12, 1, 1, 4, 1, 1, 1, 2], room, stride);
            }
        }
    }

    #[test]
    fn a_window_without_room_is_an_error() {
        let error = windows(&encoded(2, 5), 1, 5, 0).unwrap_err();
        assert_eq!(error.to_string(), "5 tokens around the long text leave no room in a window of 5");
    }
}
