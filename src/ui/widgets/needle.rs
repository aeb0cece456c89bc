//! Words that are looked for in texts of any length, in whatever case: piece by piece, so that a search can stop in the
//! middle of a text and go on in the next frame.

use std::borrow::Cow;

use super::slice::{PIECE, Slice};

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needle {
    words: String,
    /// Bytes that a text may need for them at most.
    reach: usize,
}

/// What a search in a text came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Yes,
    No,
    /// The slice is over before the text is.
    Later,
}

/// Where a search through the texts of a row stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    text: usize,
    byte: usize,
}

/// What it costs to begin with a text, in bytes.
const BEGIN: usize = 16;

impl Needle {
    pub fn new(words: &str) -> Self {
        let words: String = words.trim().chars().flat_map(folded).collect();
        // No letter of a text becomes none, and none takes more than four bytes.
        let reach = 4 * words.chars().count();
        Self { words, reach }
    }

    /// Without words everything is found.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether one of some texts has the words. Begins where the search stands, and stands at the beginning again when
    /// it is done.
    pub fn look_through<'a>(
        &self,
        texts: usize,
        text: impl Fn(usize) -> Cow<'a, str>,
        standing: &mut Standing,
        slice: &mut Slice,
    ) -> Look {
        let mut look = Look::No;
        while standing.text < texts && look == Look::No {
            look = self.look(&text(standing.text), &mut standing.byte, slice);
            if look == Look::Later {
                return look;
            }
            *standing = Standing { text: standing.text + 1, byte: 0 };
            if look == Look::No && slice.is_over() && standing.text < texts {
                return Look::Later;
            }
        }
        *standing = Standing::default();
        look
    }

    /// Whether a text has the words from a byte on, which moves along.
    fn look(&self, text: &str, byte: &mut usize, slice: &mut Slice) -> Look {
        loop {
            let from = text.floor_char_boundary(*byte);
            let to = text.floor_char_boundary(from + PIECE.max(2 * self.reach));
            let found = self.is_in(&text[from..to]);
            slice.spend(to - from + BEGIN);
            if found {
                return Look::Yes;
            }
            if to == text.len() {
                return Look::No;
            }
            // What begins here may end in the next piece.
            *byte = to - self.reach;
            if slice.is_over() {
                return Look::Later;
            }
        }
    }

    fn is_in(&self, piece: &str) -> bool {
        if self.words.is_empty() {
            return true;
        }
        if piece.is_ascii() {
            return self.words.is_ascii() && piece.to_ascii_lowercase().contains(&self.words);
        }
        piece.chars().flat_map(folded).collect::<String>().contains(&self.words)
    }
}

/// A letter in lower case. At the end of a word sigma has a form of its own, which depends on what follows and not on
/// the letter: both forms are one here.
fn folded(letter: char) -> impl Iterator<Item = char> {
    letter.to_lowercase().map(|lower| if lower == 'ς' { 'σ' } else { lower })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn contains(text: &str, words: &str) -> bool {
        Needle::new(words).is_in(text)
    }

    /// The answer, and in how many slices of one piece it was found.
    fn in_slices(texts: &[String], words: &str) -> (Look, usize) {
        let (needle, mut standing) = (Needle::new(words), Standing::default());
        for slices in 1..1000 {
            let slice = &mut Slice::of(Duration::ZERO);
            let text = |place: usize| Cow::Borrowed(texts[place].as_str());
            match needle.look_through(texts.len(), text, &mut standing, slice) {
                Look::Later => {}
                look => {
                    assert_eq!(standing, Standing::default(), "the next row begins at its beginning");
                    return (look, slices);
                }
            }
        }
        panic!("the search never ends");
    }

    #[test]
    fn words_are_found_in_whatever_case_and_script() {
        assert!(contains("The Battery lasts", " battery "));
        assert!(contains("ÜBER alles", "über"));
        assert!(contains("ΔΡΟΜΟΣ", "δρομος") && contains("δρομος", "ΔΡΟΜΟΣ"));
        assert!(!contains("short", "longer than the text"));
        assert!(contains("anything", "  "));
    }

    #[test]
    fn words_are_found_wherever_a_long_text_is_cut() {
        for letter in ["x", "ä", "字"] {
            // Around the end of the first piece.
            for before in (PIECE - 40..PIECE + 8).map(|bytes| bytes / letter.len()) {
                let text = format!("{}The Größe of it{}", letter.repeat(before), letter.repeat(PIECE));
                let (look, _) = in_slices(&[text], "größe OF it");
                assert_eq!(look, Look::Yes, "{before} times {letter}");
            }
        }
        let far = format!("{}Needle", "hay ".repeat(200_000));
        let (look, slices) = in_slices(&["short".into(), far.clone()], "needle");
        assert!(look == Look::Yes && slices > 5, "{look:?} after {slices}");
        assert_eq!(in_slices(&[far, String::new()], "needles").0, Look::No);
        assert_eq!(in_slices(&[], "needle").0, Look::No);
    }
}
