//! Text that was UTF-8, was read as another encoding and saved so: `Ã©` for `é`, `â€™` for `’`. No encoding of the file
//! brings it back; the text itself is turned into the bytes that it was and read anew. Also control characters that stand
//! for signs of windows-1252 which were read as Latin-1.
//!
//! A sequence counts only where what comes out is likelier than what stands there: `Spaß“` is also the two bytes of a
//! letter of Mandinka.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::charset::{Charset, Page};

/// Knows the bytes of characters in the encodings that UTF-8 is taken for.
pub struct Mojibake {
    encodings: Vec<(Charset, HashMap<char, u8>)>,
}

/// What a text was before, and what it was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    pub text: String,
    pub taken_for: Charset,
}

impl Default for Mojibake {
    fn default() -> Self {
        let web = Charset::Web;
        let all = [
            web(encoding_rs::WINDOWS_1252),
            web(encoding_rs::MACINTOSH),
            web(encoding_rs::WINDOWS_1250),
            Charset::Dos(Page::Cp850),
            Charset::Dos(Page::Cp437),
            web(encoding_rs::WINDOWS_1251),
        ];
        let bytes = |charset: Charset| {
            let mut bytes: HashMap<char, u8> = charset.upper_half().into_iter().zip(0x80..=0xFF).collect();
            if charset == all[0] {
                // Latin-1 has control characters where windows-1252 has signs.
                bytes.extend((0x80..0xA0).map(|byte: u8| (char::from(byte), byte)));
            }
            (charset, bytes)
        };
        Self { encodings: all.into_iter().map(bytes).collect() }
    }
}

/// A sequence of bytes that is one character.
struct Sequence {
    character: char,
    /// Characters that stand for it.
    length: usize,
    is_plain: bool,
}

impl Mojibake {
    /// The text as it was, where it is such a text.
    pub fn undo(&self, text: &str) -> Option<Undone> {
        /// How often people save what they misread.
        const MOST: usize = 3;
        if text.is_ascii() {
            return None;
        }
        let mut found: Option<Undone> = None;
        for _ in 0..MOST {
            let now: Vec<char> = found.as_ref().map_or(text, |found| found.text.as_str()).chars().collect();
            // Of all that it may have been taken for, what explains most leaves least.
            let undone = self
                .encodings
                .iter()
                .filter_map(|(charset, bytes)| once(&now, bytes).map(|text| Undone { text, taken_for: *charset }))
                .min_by_key(|undone| undone.text.chars().count());
            match undone {
                Some(undone) => {
                    let taken_for = found.map_or(undone.taken_for, |found| found.taken_for);
                    found = Some(Undone { taken_for, ..undone });
                }
                None => break,
            }
        }
        found
    }
}

fn once(letters: &[char], bytes: &HashMap<char, u8>) -> Option<String> {
    let mut out = String::with_capacity(letters.len());
    let (mut at, mut is_found) = (0, false);
    while at < letters.len() {
        // Some scripts are told from chance only where several of their letters follow each other.
        let mut run = Vec::new();
        let mut end = at;
        while let Some(sequence) = sequence(&letters[end..], bytes) {
            end += sequence.length;
            run.push(sequence);
        }
        if run.iter().any(|sequence| sequence.is_plain) || run.len() > 1 {
            out.extend(run.iter().map(|sequence| sequence.character));
            (at, is_found) = (end, true);
        } else {
            out.push(letters[at]);
            at += 1;
        }
    }
    is_found.then_some(out)
}

/// The bytes of UTF-8 that the first characters stand for.
fn sequence(letters: &[char], bytes: &HashMap<char, u8>) -> Option<Sequence> {
    const ENDS: &str = "»”“’…–—";
    // Each begins beyond ASCII, which most letters of most texts are not.
    if letters.first().is_none_or(char::is_ascii) {
        return None;
    }
    let byte = |place: usize| letters.get(place).and_then(|letter| bytes.get(letter)).copied();
    let length = match byte(0)? {
        0xC2..=0xDF => 2,
        0xE1..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    let all: Vec<u8> = (0..length).map_while(byte).collect();
    let character = std::str::from_utf8(&all).ok().filter(|_| all.len() == length)?.chars().next()?;
    // A quotation mark or a dash behind a capital letter ends a word, unless a letter follows.
    let ends = ENDS.contains(letters[1]) && !letters.get(length).is_some_and(|next| next.is_alphabetic());
    let is_plain = match u32::from(character) {
        0x80..=0x9F => return None,
        0xA0..=0x17F => !ends,
        0x2010..=0x22FF | 0x2500..=0x27BF | 0xFEFF | 0x1F000..=0x1FAFF => true,
        _ => false,
    };
    Some(Sequence { character, length, is_plain })
}

/// What stands in windows-1252 where Latin-1 has control characters, and behind them.
static SIGNS: LazyLock<[char; 128]> = LazyLock::new(|| Charset::Web(encoding_rs::WINDOWS_1252).upper_half());

/// The text with the signs that its control characters stand for, where it has some that do.
pub fn without_controls(text: &str) -> Option<String> {
    let is_control = |letter: char| ('\u{80}'..'\u{a0}').contains(&letter);
    if !text.contains(is_control) {
        return None;
    }
    let sign = |letter: char| if is_control(letter) { SIGNS[letter as usize - 0x80] } else { letter };
    let mended: String = text.chars().map(sign).collect();
    (mended != text).then_some(mended)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn misread(text: &str, charset: Charset) -> String {
        let mut read = String::new();
        charset.decoder().decode(text.as_bytes(), true, &mut read);
        read
    }

    #[test]
    fn what_was_misread_comes_back() {
        let known = Mojibake::default();
        let texts =
            ["Le café était très agréable", "don’t – “no”…", "Grüße, Straße", "Łódź, żółć", "5 € or £3", "fine 😀"];
        for (charset, _) in &known.encodings {
            for text in texts {
                let read = misread(text, *charset);
                let undone = known.undo(&read).map(|undone| undone.text);
                assert_eq!(undone.as_deref(), Some(text), "{read} of {}", charset.name());
            }
        }
        let latin = "don\u{e2}\u{80}\u{99}t, caf\u{c3}\u{a9}";
        assert_eq!(known.undo(latin).unwrap().text, "don’t, café");
        for text in ["Привет, как дела", "日本語の文", "Καλημέρα σας"] {
            let read = misread(text, Charset::Web(encoding_rs::WINDOWS_1252));
            assert_eq!(known.undo(&read).unwrap().text, text, "{read}");
        }
        let twice =
            misread(&misread("é", Charset::Web(encoding_rs::WINDOWS_1252)), Charset::Web(encoding_rs::WINDOWS_1252));
        let undone = known.undo(&twice).unwrap();
        assert_eq!((undone.text.as_str(), undone.taken_for.name()), ("é", "windows-1252"));
    }

    #[test]
    fn texts_that_are_right_are_left() {
        let known = Mojibake::default();
        for text in [
            "plain",
            "Le café – très « bon » … à Zürich",
            "„Spaß“ und „Fuß“, ein Maß…",
            "«IRMÃ» e “AMANHÃ”",
            "NÃO É ASSIM",
            "Łódź, żółta łąka, „Ä“",
            "Цена в рублях: «КВ» и «ВГ», 5 °C",
            "Ελληνικά «ΑΒΓ»",
            "日本語、한국어",
            "½ × ¾ ± 2°",
        ] {
            assert_eq!(known.undo(text), None, "{text}");
        }
    }

    #[test]
    fn control_characters_stand_for_signs() {
        assert_eq!(without_controls("don\u{92}t \u{96} no").as_deref(), Some("don’t – no"));
        assert_eq!(without_controls("don’t"), None);
    }
}
