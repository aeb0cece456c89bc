//! A text that is longer than a model: overlapping windows over it, each with everything that stands around the text.

use std::ops::Range;

use super::InspectError;
use crate::data::tokenizer::Encoded;

/// Windows over the tokens of the text (0) or its pair (1), as indices of tokens. Neighbours share `stride` tokens, or
/// as many as fit.
pub fn windows(
    encoded: &Encoded,
    sliding: u8,
    max_tokens: usize,
    stride: usize,
) -> Result<Vec<Vec<usize>>, InspectError> {
    let all = encoded.ids.len();
    if all <= max_tokens {
        return Ok(vec![(0..all).collect()]);
    }
    let moves = |index: &usize| encoded.sequence[*index] == Some(sliding);
    let first = (0..all).find(moves).unwrap_or(all);
    let count = (first..all).take_while(moves).count();
    let around = all - count;
    let room = max_tokens.saturating_sub(around);
    if room == 0 {
        return Err(InspectError::NoRoom { tokens: around, max_tokens });
    }
    let one = |part: Range<usize>| (0..first).chain(first + part.start..first + part.end).chain(first + count..all);
    Ok(parts(count, room, stride).into_iter().map(|part| one(part).collect()).collect())
}

/// Ranges of at most `room` that cover `count`, the last as long as what is left for it.
fn parts(count: usize, room: usize, stride: usize) -> Vec<Range<usize>> {
    let step = room - stride.min(room - 1);
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
    fn a_window_without_room_is_an_error() {
        let error = windows(&encoded(2, 5), 1, 5, 0).unwrap_err();
        assert_eq!(error.to_string(), "5 tokens around the long text leave no room in a window of 5");
    }
}
