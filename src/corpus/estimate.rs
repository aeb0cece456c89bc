//! How many sequences texts will become, from their lengths alone: what a plan says before the texts are read again.
//!
//! No length says where a document of a plain text ends or how long its sentences are. So all lines are taken for one
//! document, and sentences for usual ones; the rest is exact. Special tokens are counted in none of these lengths.

use std::iter::repeat_n;

use super::rows::are_documents;

/// Tokens of a usual sentence.
const SENTENCE: u32 = 25;

/// Tokens of each block that texts become: exact for lines that are not joined, and for joined ones of one document.
pub fn block_lengths(texts: &[u32], room: u32, join_lines: bool) -> Vec<u32> {
    if join_lines {
        let all: u64 = texts.iter().map(|tokens| u64::from(*tokens)).sum();
        return pieces(all, room).collect();
    }
    texts.iter().flat_map(|tokens| pieces(u64::from(*tokens), room)).collect()
}

/// Tokens of each chunk of sentences that pairs are made of: exact for single sentences of one document. Rows without
/// groups are documents of their own by the rule of [`super::lines_of_rows`].
pub fn chunk_lengths(texts: &[u32], room: u32, are_rows: bool) -> Vec<u32> {
    let several = texts.iter().filter(|tokens| sentences(**tokens).count() > 1).count();
    let size = if are_rows && are_documents(several, texts.len()) { 1 } else { texts.len().max(1) };
    texts.chunks(size).flat_map(|document| packed(document, room)).collect()
}

/// The chunks of one document, each as full as whole sentences make it. A token alone makes no pair.
fn packed(document: &[u32], room: u32) -> Vec<u32> {
    let parts = document.iter().flat_map(|tokens| sentences(*tokens));
    let mut chunks: Vec<u32> = Vec::new();
    for part in parts.flat_map(|sentence| pieces(u64::from(sentence), room)) {
        match chunks.last_mut() {
            Some(last) if *last + part <= room => *last += part,
            _ => chunks.push(part),
        }
    }
    chunks.retain(|tokens| *tokens > 1);
    chunks
}

/// A text divided into sentences of about the usual length.
fn sentences(tokens: u32) -> impl Iterator<Item = u32> {
    let count = (tokens.saturating_add(SENTENCE / 2) / SENTENCE).max(1);
    let (length, longer) = (tokens / count, tokens % count);
    repeat_n(length + 1, longer as usize).chain(repeat_n(length, (count - longer) as usize))
}

/// As many full pieces as there are, and the rest.
fn pieces(tokens: u64, room: u32) -> impl Iterator<Item = u32> {
    let whole = u64::from(room.max(1));
    let rest = (tokens % whole) as u32;
    repeat_n(whole as u32, (tokens / whole) as usize).chain((rest > 0).then_some(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_lines_are_divided_together_and_others_each() {
        assert_eq!(block_lengths(&[5, 0, 8], 6, true), [6, 6, 1]);
        assert_eq!(block_lengths(&[5, 0, 13], 6, false), [5, 6, 6, 1]);
        assert!(block_lengths(&[], 6, true).is_empty());
    }

    #[test]
    fn chunks_hold_whole_sentences_and_rows_of_several_are_documents() {
        assert_eq!(chunk_lengths(&[10, 10, 10, 25, 1], 25, false), [20, 10, 25]);
        assert_eq!(chunk_lengths(&[50, 50, 20], 80, false), [75, 45]);
        assert_eq!(chunk_lengths(&[50, 50, 20], 80, true), [50, 50, 20]);
        assert_eq!(chunk_lengths(&[50, 20, 20], 80, true), [70, 20], "most rows are single sentences");
        assert_eq!(chunk_lengths(&[30], 7, true), [7, 7, 7, 7, 2], "a sentence longer than a chunk is cut");
        assert!(chunk_lengths(&[], 7, true).is_empty());
    }

    #[test]
    fn sentences_add_up_to_their_text() {
        for tokens in 0..300 {
            let all: Vec<u32> = sentences(tokens).collect();
            assert_eq!(all.iter().sum::<u32>(), tokens);
            assert!(all.iter().all(|sentence| *sentence < 2 * SENTENCE), "{all:?}");
        }
    }
}
