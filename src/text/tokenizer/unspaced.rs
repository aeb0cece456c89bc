//! Words of texts in scripts that are written without blanks: Chinese, Japanese, Thai, Lao, Tibetan, Burmese, Khmer.
//!
//! A tokenizer that parts texts at blanks takes a whole sentence of such a script for one word. Whoever hides a word,
//! aligns an answer to words or shows them would get the sentence, which is why transformers' documentation warns of
//! aligning answers in these languages. Here each token is a word there. What tokenizers give of other scripts stays.

use crate::table::boundaries::is_without_blanks;

/// Which characters of a text are of such a script; empty where none is.
pub(super) fn marks(text: &str) -> Vec<bool> {
    if text.is_ascii() || !text.chars().any(is_without_blanks) {
        return Vec::new();
    }
    text.chars().map(is_without_blanks).collect()
}

/// A token as it lies in its text.
pub(super) struct Place {
    /// The number of its word, as the tokenizer gave it.
    pub word: Option<u32>,
    /// 0 for the text, 1 for its pair.
    pub sequence: usize,
    /// First character and the one after the last.
    pub characters: (usize, usize),
}

/// The words of the tokens, counted anew where one is parted. `marks` are those of the text and of its pair.
pub(super) fn part(places: impl Iterator<Item = Place>, marks: [&[bool]; 2]) -> Vec<Option<u32>> {
    let mut before: Option<Place> = None;
    let mut more = 0;
    let number = |place: Place| {
        let word = place.word?;
        let marks = marks[place.sequence.min(1)];
        let is_marked = |at: usize| marks.get(at).copied().unwrap_or(false);
        let last = before.take();
        let same_text = last.as_ref().is_some_and(|last| last.sequence == place.sequence);
        if !same_text {
            more = 0;
        }
        let parts = last.filter(|last| same_text && last.word == place.word).is_some_and(|last| {
            let (start, end) = place.characters;
            // Tokens that share a character are of one word, and a mark for a blank is of the word behind it.
            let is_bare = last.characters.0 == last.characters.1;
            start >= last.characters.1
                && start < end
                && !is_bare
                && (is_marked(start) || is_marked(last.characters.1.max(1) - 1))
        });
        more += u32::from(parts);
        before = Some(place);
        Some(word + more)
    };
    places.map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, tokens: &[(Option<u32>, usize, usize)]) -> Vec<Option<u32>> {
        let place =
            |&(word, start, end): &(Option<u32>, usize, usize)| Place { word, sequence: 0, characters: (start, end) };
        part(tokens.iter().map(place), [&marks(text), &[]])
    }

    #[test]
    fn each_token_is_a_word_where_no_blanks_part_them() {
        let japanese =
            [(None, 0, 0), (Some(0), 0, 2), (Some(0), 2, 3), (Some(0), 3, 5), (Some(1), 6, 9), (Some(1), 9, 11)];
        let expected = [None, Some(0), Some(1), Some(2), Some(3), Some(3)];
        assert_eq!(words("東京から行 kyoto", &japanese), expected);
        // Bytes of one character stay together, and other scripts stay as they are.
        assert_eq!(words("東京", &[(Some(0), 0, 1), (Some(0), 0, 1), (Some(0), 1, 2)]), [Some(0), Some(0), Some(1)]);
        assert_eq!(words("서울에서", &[(Some(0), 0, 2), (Some(0), 2, 4)]), [Some(0), Some(0)]);
        assert_eq!(words("ไทยa", &[(Some(0), 0, 3), (Some(0), 3, 4)]), [Some(0), Some(1)]);
    }
}
