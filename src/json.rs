//! JSON as Python writes it: with numbers that JSON has no words for.

use std::borrow::Cow;

/// The text with `NaN`, `Infinity` and `-Infinity` outside of strings as `null`. Python's writer puts them where a number
/// is none, and its reader takes them; transformers does so in a `config.json`.
pub fn without_nan(text: &str) -> Cow<'_, str> {
    const WORDS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];
    if !WORDS.iter().any(|word| text.contains(word)) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let (mut in_string, mut rest) = (false, text);
    while let Some(letter) = rest.chars().next() {
        let word = WORDS.iter().find(|word| !in_string && rest.starts_with(**word));
        let length = match (word, letter) {
            (Some(word), _) => word.len(),
            // What is escaped ends no string.
            (None, '\\') if in_string => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => letter.len_utf8(),
        };
        in_string ^= word.is_none() && letter == '"';
        clean.push_str(if word.is_some() { "null" } else { &rest[..length] });
        rest = &rest[length..];
    }
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_none_are_null_and_texts_stay() {
        for (text, expected) in [
            (r#"{"best": NaN, "low": -Infinity, "high":Infinity}"#, r#"{"best": null, "low": null, "high":null}"#),
            (r#"["NaN", "a \" NaN", "\\", NaN]"#, r#"["NaN", "a \" NaN", "\\", null]"#),
            ("[1, \"é\"]", "[1, \"é\"]"),
            ("[NaN, \"ends in \\", "[null, \"ends in \\"),
        ] {
            assert_eq!(without_nan(text), expected);
        }
    }
}
