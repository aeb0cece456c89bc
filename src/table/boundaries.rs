//! Where words begin and end in a text, as far as it can be told without knowing its language: what is labelled should
//! not begin or end inside one.
//!
//! Scripts that are written without blanks between words have no such places; there every character may begin one. The
//! same holds of Korean, whose particles are written onto the word. Between a letter and a digit it is not told either:
//! `50km` and `iPhone6` are one word to some and two to others.

/// Whether the place between two characters lies inside a word.
pub fn cuts_word(before: char, after: char) -> bool {
    let is_letter = |letter: char| is_of_word(letter) && !is_unspaced(letter);
    (is_letter(before) && is_letter(after)) || (before.is_numeric() && after.is_numeric())
}

/// Letters, and the marks that belong to the letter before them.
fn is_of_word(letter: char) -> bool {
    letter.is_alphabetic() || matches!(letter, '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}')
}

/// Letters of scripts in which blanks do not part the words, or not all.
pub fn is_unspaced(letter: char) -> bool {
    // Korean.
    matches!(letter, '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}')
        || is_without_blanks(letter)
}

/// Letters of scripts that are written without any blanks between words.
pub fn is_without_blanks(letter: char) -> bool {
    // Thai, Lao, Tibetan, Burmese, Khmer.
    matches!(letter, '\u{e00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{19e0}'..='\u{1aad}')
        || is_ideograph_or_kana(letter)
}

/// Letters of Chinese and Japanese. BERT's tokenizers take each ideograph for a word.
pub fn is_ideograph_or_kana(letter: char) -> bool {
    matches!(letter, '\u{2e80}'..='\u{312f}' | '\u{3190}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ffdc}' | '\u{1b000}'..='\u{1b16f}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_between_two_letters_cuts_a_word_where_words_have_blanks() {
        let cuts = |text: &str| {
            let letters: Vec<char> = text.chars().collect();
            letters.windows(2).map(|pair| cuts_word(pair[0], pair[1])).collect::<Vec<_>>()
        };
        let check = |text: &str, cut: bool| assert!(cuts(text).into_iter().all(|found| found == cut), "{text}");
        for text in ["Ines", "été", "Москва", "ΑΒΓ", "مدينة", "हिन", "2024", "e\u{301}a"] {
            check(text, true);
        }
        for text in
            ["a b", "x-y", "n't"[1..].trim(), "東京都", "ภาษาไทย", "서울에서", "カード", "在G", "5k", "k5", "😀a"]
        {
            check(text, false);
        }
    }
}
