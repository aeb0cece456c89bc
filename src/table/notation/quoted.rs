//! Texts as JSON strings, appended to a cell without one of their own.

/// Appends a text as a JSON string.
pub fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate().filter(|(_, byte)| *byte < b' ' || matches!(byte, b'"' | b'\\')) {
        out.push_str(&text[from..at]);
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            other => out.push_str(&format!("\\u{other:04x}")),
        }
        from = at + 1;
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// Appends texts as a JSON list of strings.
pub fn push_list<'a>(out: &mut String, texts: impl IntoIterator<Item = &'a str>) {
    out.push('[');
    for (place, text) in texts.into_iter().enumerate() {
        out.push_str(if place > 0 { "," } else { "" });
        push_quoted(out, text);
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_texts_are_read_back_as_they_were() {
        for text in ["", "plain", "a \"b\" \\ c", "é\n\t\r\u{1}\u{1f}\u{7f}日本"] {
            let mut quoted = String::new();
            push_quoted(&mut quoted, text);
            assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text, "{quoted}");
        }
    }
}
