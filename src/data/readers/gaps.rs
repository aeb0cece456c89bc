//! What Python's `json` writes for a number that is none, `NaN`, `Infinity` and `-Infinity`, is no JSON. It becomes `null`,
//! so that a gap in a table costs one cell and not its row.

/// The words, and what may stand before and behind a value.
const WORDS: [&[u8]; 3] = [b"NaN", b"-Infinity", b"Infinity"];
const BEFORE: &[u8] = b":,[";
const BEHIND: &[u8] = b",]}";

/// The text with `null` in place of numbers that are none. Lines stay where they are.
pub(super) fn filled(text: Vec<u8>) -> Vec<u8> {
    let has_some = std::str::from_utf8(&text).is_ok_and(|text| text.contains("NaN") || text.contains("Infinity"));
    if !has_some {
        return text;
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
            b'"' => in_string = !in_string,
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
    out
}

fn ends_value(rest: &[u8]) -> bool {
    rest.iter().find(|byte| !byte.is_ascii_whitespace()).is_none_or(|byte| BEHIND.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_none_are_null() {
        let check = |text: &str, expected: &str| {
            assert_eq!(String::from_utf8(filled(text.as_bytes().to_vec())).unwrap(), expected);
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
