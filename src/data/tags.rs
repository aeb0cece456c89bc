//! The tags of words: how a file writes them, and the one way they are kept here.
//!
//! Tags are kept in IOB2 (Tjong Kim Sang and Veenstra, 1999): `B-X` begins an entity of type X, `I-X` goes on with it, `O`
//! is outside. Files in IOB1, BIOES, BILOU, BMES, with `I-` alone, with `B_` for `B-` or without prefixes are turned into
//! it.

use super::error::shorten;

/// How a file writes where entities begin and end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    #[default]
    Iob2,
    /// `B-` only where an entity follows another of its type.
    Iob1,
    /// `E-` at the end and `S-` for a single word; also `L-` and `U-` (BILOU), and `M-` within (BMES).
    Bioes,
    /// `I-` alone: neighbours of one type are one entity.
    Inside,
    /// Prefixes that end in `_`, such as `B_PER`.
    Underscored,
    /// Numbers, whose names the file does not say: 0 is outside, as in the datasets of the hub, and -100 is not judged
    /// there.
    Numbered,
    /// Types without a prefix.
    Plain,
}

impl Scheme {
    pub fn title(self) -> &'static str {
        match self {
            Self::Iob2 => "IOB2",
            Self::Iob1 => "IOB1",
            Self::Bioes => "BIOES",
            Self::Inside => "I- only",
            Self::Underscored => "B_ and I_",
            Self::Numbered => "numbers, 0 outside",
            Self::Plain => "no prefixes",
        }
    }

    /// Recognises the scheme from the tags of many sentences.
    pub fn of_lists(sentences: impl Iterator<Item = Vec<String>>) -> Self {
        let mut seen = Seen::default();
        for sentence in sentences {
            seen.sentence(sentence.iter().map(String::as_str));
        }
        seen.scheme()
    }
}

/// What was seen of a file's tags.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that was seen or not")]
struct Seen {
    ends: bool,
    begins: bool,
    inside: bool,
    /// Tags of entities, those of them without a prefix, and those of these with one that ends in `_`.
    tags: u64,
    plain: u64,
    underscored: u64,
    numbers: u64,
    /// `I-` that opens an entity.
    opened_by_inside: bool,
    /// `B-` after a tag that is not of its type.
    begins_alone: bool,
}

impl Seen {
    fn sentence<'a>(&mut self, tags: impl IntoIterator<Item = &'a str>) {
        let mut before: Option<&str> = None;
        for tag in tags {
            let (prefix, kind) = split(tag);
            match prefix {
                Some('B') => {
                    self.begins = true;
                    self.begins_alone |= before != Some(kind);
                }
                Some('I') => {
                    self.inside = true;
                    self.opened_by_inside |= before != Some(kind);
                }
                Some(_) => self.ends = true,
                None => {
                    self.plain += u64::from(!is_outside(tag));
                    self.underscored += u64::from(underscored(tag).is_some());
                    self.numbers += u64::from(tag.parse::<i32>().is_ok());
                }
            }
            self.tags += u64::from(!is_outside(tag));
            before = (!is_outside(tag)).then_some(kind);
        }
    }

    fn scheme(&self) -> Scheme {
        // A few strange ones among many are mistakes, which stay to be seen, and make no other scheme.
        match self {
            Self { tags, numbers, .. } if *numbers > 0 && numbers == tags => Scheme::Numbered,
            Self { tags, underscored, .. } if underscored * 2 > *tags => Scheme::Underscored,
            Self { tags, plain, .. } if plain * 2 > *tags => Scheme::Plain,
            Self { ends: true, .. } => Scheme::Bioes,
            Self { begins: false, inside: true, .. } => Scheme::Inside,
            Self { begins_alone: false, begins: true, opened_by_inside: true, .. } => Scheme::Iob1,
            _ => Scheme::Iob2,
        }
    }
}

/// Prefix and type of a tag; a tag without one of the known prefixes is a type alone.
pub fn split(tag: &str) -> (Option<char>, &str) {
    let mut letters = tag.chars();
    match (letters.next(), letters.next()) {
        (Some(prefix @ ('B' | 'I' | 'E' | 'S' | 'L' | 'U' | 'M')), Some('-')) if tag.len() > 2 => {
            (Some(prefix), &tag[2..])
        }
        _ => (None, tag),
    }
}

/// Prefix and type of a tag such as `B_PER`.
fn underscored(tag: &str) -> Option<(char, &str)> {
    let (prefix, kind) = tag.split_once('_')?;
    let mut letters = prefix.chars();
    match (letters.next(), letters.next()) {
        (Some(prefix @ ('B' | 'I' | 'E' | 'S' | 'L' | 'U' | 'M')), None) if !kind.is_empty() => Some((prefix, kind)),
        _ => None,
    }
}

/// Prefix and type of a tag in a file of a scheme.
pub fn split_as(scheme: Scheme, tag: &str) -> (Option<char>, &str) {
    match scheme {
        Scheme::Plain | Scheme::Numbered => (None, tag),
        Scheme::Underscored => underscored(tag).map_or_else(|| split(tag), |(prefix, kind)| (Some(prefix), kind)),
        _ => split(tag),
    }
}

pub fn is_outside(tag: &str) -> bool {
    matches!(tag, "O" | "o" | "")
}

/// The same in a file of a scheme.
pub fn is_outside_as(scheme: Scheme, tag: &str) -> bool {
    is_outside(tag) || scheme == Scheme::Numbered && matches!(tag, "0" | "-100")
}

/// A sentence's tags in IOB2.
pub fn to_iob2(scheme: Scheme, tags: &[&str]) -> Vec<String> {
    let mut before: Option<&str> = None;
    let mut all = Vec::with_capacity(tags.len());
    for &tag in tags {
        if is_outside_as(scheme, tag) {
            before = None;
            all.push("O".to_owned());
            continue;
        }
        let (prefix, kind) = split_as(scheme, tag);
        let begins = match (scheme, prefix) {
            (Scheme::Iob2, prefix) => prefix == Some('B'),
            (Scheme::Bioes | Scheme::Underscored, Some('B' | 'S' | 'U')) | (Scheme::Iob1, Some('B')) => true,
            _ => before != Some(kind),
        };
        all.push(format!("{}-{kind}", if begins { 'B' } else { 'I' }));
        // After the end of an entity the next of its type begins anew.
        let ends = matches!((scheme, prefix), (Scheme::Bioes | Scheme::Underscored, Some('E' | 'S' | 'L' | 'U')));
        before = (!ends).then_some(kind);
    }
    all
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
        let is_word = letter.is_alphanumeric() || is_mark(letter);
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

    fn words(text: &str) -> Vec<&str> {
        text.split_whitespace().collect()
    }

    #[test]
    fn schemes_are_recognised_and_turned_into_iob2() {
        let check = |sentences: &[&str], scheme: Scheme, expected: &str| {
            let lists = sentences.iter().map(|sentence| words(sentence).into_iter().map(str::to_owned).collect());
            let found = Scheme::of_lists(lists);
            assert_eq!(found, scheme, "{sentences:?}");
            assert_eq!(to_iob2(found, &words(sentences[0])).join(" "), expected);
        };
        check(&["B-A I-A O B-A B-A"], Scheme::Iob2, "B-A I-A O B-A B-A");
        check(&["I-A I-A B-A O I-B", "O I-A"], Scheme::Iob1, "B-A I-A B-A O B-B");
        check(&["S-A O B-B I-B E-B S-B"], Scheme::Bioes, "B-A O B-B I-B I-B B-B");
        check(&["U-A O B-B I-B L-B B-B L-B"], Scheme::Bioes, "B-A O B-B I-B I-B B-B I-B");
        check(&["I-A I-A I-B O I-A"], Scheme::Inside, "B-A I-A B-B O B-A");
        check(&["B-A M-A E-A S-B O"], Scheme::Bioes, "B-A I-A I-A B-B O");
        check(&["B_A I_A O B_B B_B"], Scheme::Underscored, "B-A I-A O B-B B-B");
        check(&["S_A B_B E_B B_B O"], Scheme::Underscored, "B-A B-B I-B B-B O");
        check(&["A A O B"], Scheme::Plain, "B-A I-A O B-B");
        check(&["B_cell T_cell T_cell O T_cell"], Scheme::Plain, "B-B_cell B-T_cell I-T_cell O B-T_cell");
        check(&["0 3 3 0 1 -100"], Scheme::Numbered, "O B-3 I-3 O B-1 O");
        check(&["O O"], Scheme::Iob2, "O O");
        // An IOB2 file with a mistake is still IOB2, and the mistake stays to be seen.
        check(&["B-A O I-A", "O B-A I-A"], Scheme::Iob2, "B-A O I-A");
        check(&["0 B-A I-A O", "O B-A I-A"], Scheme::Iob2, "I-0 B-A I-A O");
    }

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
    }

    #[test]
    fn spans_that_make_no_sense_say_why() {
        let span = |start, end| TextSpan { start, end, label: "A".into() };
        assert!(tag_text("abcdef", &[span(0, 3), span(2, 4)]).unwrap_err().contains("overlap"));
        assert!(tag_text("abc", &[span(1, 9)]).unwrap_err().contains("inside the text of 3 characters"));
        assert!(spans("{").unwrap_err().contains("expected [{"));
    }
}
