//! Names of classes as they are compared: without what people vary when they type them.

use std::borrow::Cow;

use tokenizers::NormalizedString;

use crate::table::is_number;

/// A name without what people vary when they type it.
pub fn folded(name: &str) -> String {
    let name = name.trim();
    if is_number(name) {
        return plain_number(name).to_owned();
    }
    let letters: Vec<char> = composed(name).chars().filter_map(plain).flat_map(char::to_lowercase).collect();
    let mut text = String::with_capacity(name.len());
    for (place, &letter) in letters.iter().enumerate() {
        let is_letter =
            |at: Option<usize>| at.and_then(|at| letters.get(at)).is_some_and(|letter| letter.is_alphanumeric());
        let joins = matches!(letter, '_' | '-') && is_letter(place.checked_sub(1)) && is_letter(Some(place + 1));
        if joins || letter.is_whitespace() {
            if !text.ends_with(' ') {
                text.push(' ');
            }
        } else {
            text.push(letter);
        }
    }
    let text = text.trim_matches(|letter: char| letter.is_whitespace() || matches!(letter, '.' | ':' | '"' | '\''));
    if text.is_empty() { name.to_owned() } else { text.to_owned() }
}

/// A number without the zeros behind its point, which programs add. Digits before it all count: codes begin with zeros, and
/// long ones are no longer told apart as numbers.
fn plain_number(name: &str) -> &str {
    let name = name.strip_prefix('+').unwrap_or(name);
    match name.split_once('.') {
        Some((whole, part)) if !whole.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) => {
            name.trim_end_matches('0').trim_end_matches('.')
        }
        _ => name,
    }
}

/// A text in which each letter has its accents, which may be letters of their own behind it.
pub fn composed(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_combining) {
        return Cow::Borrowed(text);
    }
    let mut composed = NormalizedString::from(text);
    composed.nfc();
    Cow::Owned(composed.get().to_owned())
}

/// Whether a letter may be joined with the one before it: accents, the voicing marks of kana, and the parts of Hangul.
fn is_combining(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{3099}'..='\u{309a}' | '\u{1161}'..='\u{11ff}' | '\u{93c}' | '\u{653}'..='\u{655}')
}

/// Whether a letter is nowhere to be seen and changes no other, as those that bend the letters of Persian or join emoji do.
pub(super) fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// A letter of full width as its usual one; nothing for what cannot be seen.
fn plain(letter: char) -> Option<char> {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0),
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => None,
        '\u{2010}'..='\u{2015}' => Some('-'),
        '\u{2018}' | '\u{2019}' => Some('\''),
        letter => Some(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_one_only_where_no_digit_is_lost() {
        for (one, other) in [("1", "1.0"), ("1", "+1"), ("1.5", "1.50"), ("10", "10."), ("0", "0.00")] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        for (one, other) in
            [("9007199254740992", "9007199254740993"), ("001", "1"), ("1000", "1e3"), ("1", "10"), ("1.05", "1.5")]
        {
            assert_ne!(folded(one), folded(other), "{one} {other}");
        }
    }
}
