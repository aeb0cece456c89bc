//! UTF-16 that has no mark.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// UTF-16 without a mark: most characters of most languages' files (letters of Latin script, digits, delimiters, line
/// ends) have a zero as one of their two bytes, always on the same side.
pub(super) fn utf_16(sample: &[u8]) -> Option<&'static Encoding> {
    let pairs = sample.len() / 2;
    let zeros = |side: usize| sample.chunks_exact(2).filter(|pair| pair[side] == 0).count();
    let (high_first, low_first) = (zeros(0), zeros(1));
    // A stray NUL or two is no encoding.
    if high_first + low_first < 3 {
        return None;
    }
    let line_end = |byte: [u8; 2]| sample.chunks_exact(2).any(|pair| pair == byte);
    if low_first * 4 >= pairs && high_first * 20 <= low_first {
        Some(UTF_16LE)
    } else if high_first * 4 >= pairs && low_first * 20 <= high_first {
        Some(UTF_16BE)
    } else if low_first > 0 && high_first == 0 && line_end([b'\n', 0]) {
        Some(UTF_16LE)
    } else if high_first > 0 && low_first == 0 && line_end([0, b'\n']) {
        Some(UTF_16BE)
    } else {
        None
    }
}
