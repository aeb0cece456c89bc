//! Names of classes as they are compared: without what people vary when they type them.

use std::borrow::Cow;

use tokenizers::NormalizedString;

use crate::table::is_number;

/// A name without what people vary when they type it.
pub fn folded(name: &str) -> String {
    let name = name.trim();
    if is_number(name) {
        return name.parse::<f64>().map_or_else(|_| name.to_owned(), |value| value.to_string());
    }
    // Accents may be letters of their own behind those that bear them.
    let composed = if name.is_ascii() { Cow::Borrowed(name) } else { Cow::Owned(composed(name)) };
    let letters: Vec<char> = composed.chars().filter_map(plain).flat_map(char::to_lowercase).collect();
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

fn composed(name: &str) -> String {
    let mut composed = NormalizedString::from(name);
    composed.nfc();
    composed.get().to_owned()
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
