//! JSON as Python writes it: with numbers that JSON has no words for.

use std::borrow::Cow;

use crate::stop::heed;

/// The words, and what may stand before and behind a value.
const WORDS: [&[u8]; 3] = [b"NaN", b"-Infinity", b"Infinity"];
const BEFORE: &[u8] = b":,[";
const BEHIND: &[u8] = b",]}";

/// The text with `null` in place of `NaN`, `Infinity` and `-Infinity`. Python's writer puts them where a number is none,
/// and its reader takes them: transformers in a `config.json`, and whoever writes a table with gaps. Lines stay where they
/// are.
pub fn without_nan(text: &[u8]) -> Cow<'_, [u8]> {
    let has_some = std::str::from_utf8(text).is_ok_and(|text| text.contains("NaN") || text.contains("Infinity"));
    if !has_some {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len() + text.len() / 16);
    let (mut at, mut copied, mut in_string) = (0, 0, false);
    // The last byte that is no blank.
    let mut before = 0;
    while at < text.len() {
        let byte = text[at];
        match byte {
            // A string ends with its line, so that one that is never closed does not turn all others inside out.
            b'\n' | b'\r' => in_string = false,
            b'\\' if in_string => at += 1,
            b'"' => {
                heed();
                in_string = !in_string;
            }
            b'N' | b'I' | b'-' if !in_string && BEFORE.contains(&before) => {
                let word =
                    WORDS.iter().find(|word| text[at..].starts_with(word) && ends_value(&text[at + word.len()..]));
                if let Some(word) = word {
                    out.extend_from_slice(&text[copied..at]);
                    out.extend_from_slice(b"null");
                    at += word.len();
                    copied = at;
                    before = b'l';
                    continue;
                }
            }
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
        at += 1;
    }
    out.extend_from_slice(&text[copied..]);
    Cow::Owned(out)
}

fn ends_value(rest: &[u8]) -> bool {
    rest.iter().find(|byte| !byte.is_ascii_whitespace()).is_none_or(|byte| BEHIND.contains(byte))
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
            assert_eq!(without_nan(text.as_bytes()), expected.as_bytes());
        }
    }

    #[test]
    fn only_what_stands_for_a_value_is_null() {
        let check = |text: &str, expected: &str| {
            assert_eq!(String::from_utf8(without_nan(text.as_bytes()).into_owned()).unwrap(), expected);
        };
        check(
            r#"{"a": NaN, "b": [NaN,-Infinity , Infinity], "c":NaN}"#,
            r#"{"a": null, "b": [null,null , null], "c":null}"#,
        );
        check("[\n  NaN\n]", "[\n  null\n]");
        let same = [
            r#"{"a": "NaN", "b": "x: NaN, [Infinity]", "c": "\", NaN,"}"#,
            r#"{"a": "say \"x\": NaN, y", "NaN": 1, "b": -1}"#,
            r#"{"a": NaNs, "b": nan}"#,
            "",
        ];
        for text in same {
            check(text, text);
        }
        // A string that is never closed costs its own line.
        check("{\"a\": \"open, NaN}\n{\"a\": NaN}", "{\"a\": \"open, NaN}\n{\"a\": null}");
    }
}
