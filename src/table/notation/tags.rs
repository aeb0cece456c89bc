//! The tags of words: lists of them in cells, and texts with spans that are cut into words with tags.
//!
//! Tags are kept in IOB2 (Tjong Kim Sang and Veenstra, 1999): `B-X` begins an entity of type X, `I-X` goes on with it, `O`
//! is outside. However else a file writes them ([`schemes`]), they are turned into it.

use super::schemes;
use crate::table::boundaries::is_ideograph_or_kana;
use crate::table::shorten;

pub use super::schemes::{Notation, Scheme, UNTYPED};

/// Prefix and type of a tag as it is kept; a tag without one of the known prefixes is a type alone.
pub fn split(tag: &str) -> (Option<char>, &str) {
    schemes::DASHED.parts(tag).map_or((None, tag), |(prefix, kind)| (Some(prefix), kind))
}

/// The same of all the names of a label set. Where none has a type, as in `B`, `I` and `O`, they are of one type.
pub fn split_names(names: &[String]) -> Vec<(Option<char>, &str)> {
    let untyped = names.iter().filter(|name| !is_outside(name)).all(|name| schemes::ALONE.parts(name).is_some());
    let affix = if untyped { schemes::ALONE } else { schemes::DASHED };
    names
        .iter()
        .map(|name| affix.parts(name).map_or((None, name.as_str()), |(prefix, kind)| (Some(prefix), kind)))
        .collect()
}

pub fn is_outside(tag: &str) -> bool {
    matches!(tag, "O" | "o" | "")
}

/// `O`, then `B-` and `I-` of each type.
pub fn label_names(kinds: &[String]) -> Vec<String> {
    let mut names = vec!["O".to_owned()];
    names.extend(kinds.iter().flat_map(|kind| [format!("B-{kind}"), format!("I-{kind}")]));
    names
}

/// The strings of a cell that holds a list: JSON, as Python prints one, or words between blanks.
pub fn list(cell: &str) -> Result<Vec<String>, String> {
    let cell = cell.trim();
    if !cell.starts_with('[') {
        let parts =
            |marks: &'static [char]| cell.split(|letter: char| letter.is_whitespace() || marks.contains(&letter));
        let is_tag = |part: &str| part == "O" || schemes::has_letter(part);
        // Tags may stand between commas, which words hardly do.
        let tags = || parts(&[',']).filter(|part| !part.is_empty());
        if cell.contains(',') && tags().all(is_tag) {
            return Ok(tags().map(str::to_owned).collect());
        }
        return Ok(cell.split_whitespace().map(str::to_owned).collect());
    }
    if let Ok(values) = serde_json::from_str::<Vec<serde_json::Value>>(cell) {
        let word = |value: serde_json::Value| match value {
            serde_json::Value::String(word) => Some(word),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let words: Option<Vec<String>> = values.into_iter().map(word).collect();
        return words.ok_or_else(|| format!("has {:?}, expected a list of words", shorten(cell, 40)));
    }
    python_list(cell).ok_or_else(|| {
        format!("has {:?}, expected a list such as [\"New\", \"York\"] or words between blanks", shorten(cell, 40))
    })
}

/// A list as Python or `NumPy` prints it: quotes of either kind, commas that may be absent.
fn python_list(cell: &str) -> Option<Vec<String>> {
    let inside = cell.strip_prefix('[')?.strip_suffix(']')?;
    let mut words = Vec::new();
    let mut letters = inside.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            quote @ ('\'' | '"') => {
                let mut word = String::new();
                loop {
                    match letters.next()? {
                        '\\' => word.push(letters.next()?),
                        end if end == quote => break,
                        other => word.push(other),
                    }
                }
                words.push(word);
            }
            ',' => {}
            letter if letter.is_whitespace() => {}
            letter => {
                let mut word = String::from(letter);
                while let Some(next) = letters.next_if(|next| *next != ',' && !next.is_whitespace()) {
                    word.push(next);
                }
                words.push(word);
            }
        }
    }
    Some(words)
}

/// A labelled range of characters in a text.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TextSpan {
    pub start: usize,
    pub end: usize,
    pub label: String,
}

/// A word of a text: its bytes.
pub type WordRange = std::ops::Range<usize>;

/// Cuts a text into words and punctuation marks, and also where a span begins or ends, so that spans are whole words;
/// each word with its tag in IOB2. A span that lies outside the text or meets another is an error.
pub fn tag_text(text: &str, spans: &[TextSpan]) -> Result<Vec<(WordRange, String)>, String> {
    let mut spans: Vec<&TextSpan> = spans.iter().filter(|span| span.start != span.end).collect();
    spans.sort_by_key(|span| (span.start, span.end));
    spans.dedup();
    for pair in spans.windows(2) {
        if pair[1].start < pair[0].end {
            return Err(format!(
                "has spans that overlap, {} at {} to {} and {} at {} to {}, expected one tag for each word",
                pair[0].label, pair[0].start, pair[0].end, pair[1].label, pair[1].start, pair[1].end
            ));
        }
    }
    let characters = text.chars().count();
    if let Some(span) = spans.iter().find(|span| span.start > span.end || span.end > characters) {
        return Err(format!(
            "has a span {} at {} to {}, expected one inside the text of {characters} characters",
            span.label, span.start, span.end
        ));
    }
    let mut words: Vec<(WordRange, String)> = Vec::new();
    // The span that is open and the byte at which it began.
    let mut open: Option<(&TextSpan, usize)> = None;
    let (mut next, mut joined) = (0, false);
    for (place, (byte, letter)) in text.char_indices().enumerate() {
        if open.is_some_and(|(span, _)| span.end == place) {
            (open, joined) = (None, false);
        }
        if let Some(&span) = spans.get(next).filter(|span| span.start == place) {
            (open, joined) = (Some((span, byte)), false);
            next += 1;
        }
        if letter.is_whitespace() || letter.is_control() {
            joined = false;
            continue;
        }
        // Where no blanks part the words, each character is one: a sentence would be one word of tags.
        let is_alone = is_ideograph_or_kana(letter);
        let is_word = !is_alone && (letter.is_alphanumeric() || is_mark(letter));
        let end = byte + letter.len_utf8();
        if let Some((range, _)) = words.last_mut().filter(|_| joined && is_word) {
            range.end = end;
        } else {
            let is_first = |opened: usize| words.last().is_none_or(|(range, _)| range.start < opened);
            let tag = open.map_or_else(
                || "O".to_owned(),
                |(span, opened)| format!("{}-{}", if is_first(opened) { 'B' } else { 'I' }, span.label),
            );
            words.push((byte..end, tag));
        }
        joined = is_word;
    }
    Ok(words)
}

/// Marks that belong to the letter before them.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}' | '_')
}

/// The spans in a cell.
pub fn spans(cell: &str) -> Result<Vec<TextSpan>, String> {
    if cell.trim().is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(cell).map_err(|error| {
        format!("has spans that cannot be read ({error}), expected [{{\"start\": 0, \"end\": 5, \"label\": \"PER\"}}]")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_with_o_and_hold_both_prefixes() {
        let names = label_names(&["LOC".into(), "PER".into()]);
        assert_eq!(names, ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]);
    }

    #[test]
    fn lists_are_read_as_programs_write_them() {
        let check = |cell: &str, expected: &[&str]| assert_eq!(list(cell).unwrap(), expected, "{cell}");
        check(r#"["New", "York", "'s"]"#, &["New", "York", "'s"]);
        check("['New', \"York's\", 'a\\'b']", &["New", "York's", "a'b"]);
        check("['New' 'York'\n 'x']", &["New", "York", "x"]);
        check("[0, 1, 12]", &["0", "1", "12"]);
        check("New York 's", &["New", "York", "'s"]);
        check("B-per,I-per,O", &["B-per", "I-per", "O"]);
        check("O, B-per, O", &["O", "B-per", "O"]);
        check("1,000 of B-12, yes", &["1,000", "of", "B-12,", "yes"]);
        check("[]", &[]);
        assert!(list("[\"a\", {}]").is_err());
        assert!(list("['a, b]").unwrap_err().contains("expected a list"));
    }

    #[test]
    fn spans_become_words_with_tags() {
        let check = |text: &str, spans: &[(usize, usize, &str)], expected: &[(&str, &str)]| {
            let spans: Vec<TextSpan> = spans
                .iter()
                .map(|(start, end, label)| TextSpan { start: *start, end: *end, label: (*label).into() })
                .collect();
            let found = tag_text(text, &spans).unwrap();
            let found: Vec<(&str, &str)> =
                found.iter().map(|(range, tag)| (&text[range.clone()], tag.as_str())).collect();
            assert_eq!(found, expected, "{text}");
        };
        check(
            "Ada flew to New York.",
            &[(0, 3, "PER"), (12, 20, "LOC")],
            &[("Ada", "B-PER"), ("flew", "O"), ("to", "O"), ("New", "B-LOC"), ("York", "I-LOC"), (".", "O")],
        );
        // A span inside a word cuts the word; two that touch are two.
        check("Ünverhältnis", &[(0, 2, "A"), (2, 6, "A")], &[("Ün", "B-A"), ("verh", "B-A"), ("ältnis", "O")]);
        // A span may begin with a blank or end in one.
        check("in Rome now", &[(2, 8, "LOC")], &[("in", "O"), ("Rome", "B-LOC"), ("now", "O")]);
        check("a-b", &[], &[("a", "O"), ("-", "O"), ("b", "O")]);
        // Where no blanks part the words, a sentence is not one.
        check("東京都へ", &[(0, 2, "LOC")], &[("東", "B-LOC"), ("京", "I-LOC"), ("都", "O"), ("へ", "O")]);
        check("서울에서 km", &[], &[("서울에서", "O"), ("km", "O")]);
    }

    #[test]
    fn spans_that_make_no_sense_say_why() {
        let span = |start, end| TextSpan { start, end, label: "A".into() };
        assert!(tag_text("abcdef", &[span(0, 3), span(2, 4)]).unwrap_err().contains("overlap"));
        assert!(tag_text("abc", &[span(1, 9)]).unwrap_err().contains("inside the text of 3 characters"));
        assert!(spans("{").unwrap_err().contains("expected [{"));
    }
}
