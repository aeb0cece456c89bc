//! What is left in texts of the way that they came: tags and entities of HTML, backslashes for line ends, and what Python
//! prints around bytes. It is read like any other letters.

use crate::data::Dataset;
use crate::data::rows::Content;
use crate::stop::heed;
use crate::table::has_entity;

/// Share of the texts from which on what people may also write is told.
const OFTEN: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markup {
    Tags,
    Entities,
    Escapes,
    Bytes,
}

impl Markup {
    const ALL: [Self; 4] = [Self::Tags, Self::Entities, Self::Escapes, Self::Bytes];

    /// What it is called, in the words of a sentence.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Tags => "tags of HTML, such as <br>",
            Self::Entities => "entities of HTML, such as &amp;",
            Self::Escapes => "line ends or letters written with a backslash, such as \\n",
            Self::Bytes => "a text as Python prints bytes, b'…'",
        }
    }

    /// A word or two for a filter.
    pub(super) fn short(self) -> &'static str {
        match self {
            Self::Tags => "HTML tags",
            Self::Entities => "HTML entities",
            Self::Escapes => "backslashes",
            Self::Bytes => "printed bytes",
        }
    }

    fn is_in(self, text: &str) -> bool {
        match self {
            Self::Tags => text.match_indices('<').any(|(at, _)| is_tag(&text[at + 1..])),
            Self::Entities => has_entity(text),
            Self::Escapes => {
                // Paths of files and formulas have other backslashes.
                let mut marks = text.match_indices('\\').map(|(at, _)| &text[at + 1..]).peekable();
                let is_one_line = marks.peek().is_some() && !text.contains('\n') && !text.contains(":\\");
                is_one_line && marks.all(|rest| is_escape(rest) || rest.starts_with(['"', '\'', '/']))
            }
            Self::Bytes => {
                let text = text.trim();
                ["b'", "b\""].iter().any(|open| text.len() > 3 && text.starts_with(open) && text.ends_with(&open[1..]))
            }
        }
    }
}

const TAGS: &str = "p br div span a b i u s em strong ul ol li table tr td th tbody thead h1 h2 h3 h4 h5 h6 img hr script style \
                    font blockquote code pre html body head sup sub small";

/// Whether what stands behind a `<` is a tag.
fn is_tag(text: &str) -> bool {
    let inside = text.strip_prefix('/').unwrap_or(text);
    let end = inside.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(inside.len());
    let (name, rest) = inside.split_at(end);
    let name = name.to_ascii_lowercase();
    TAGS.split_whitespace().any(|known| known == name)
        && (rest.starts_with(['>', '/']) || (rest.starts_with(' ') && rest.contains('>')))
}

/// Whether what stands behind a backslash makes an escaped letter of it.
fn is_escape(text: &str) -> bool {
    let is_code =
        |digits: usize| text.as_bytes().get(1..=digits).is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit));
    match text.bytes().next() {
        Some(b'n' | b'r' | b't') => true,
        Some(b'u') => is_code(4),
        Some(b'x') => is_code(2),
        _ => false,
    }
}

/// What is left in many of the texts of a data set, each with its examples. An entity is told wherever it stands: nobody
/// writes one, and one press puts it right.
pub(super) fn found(dataset: &Dataset) -> Vec<(Markup, Vec<usize>)> {
    let is_text = matches!(dataset.content, Content::Text { .. });
    let asked = Markup::ALL.into_iter().filter(|markup| is_text || *markup == Markup::Entities);
    let mut found: Vec<(Markup, Vec<usize>)> = asked.map(|markup| (markup, Vec::new())).collect();
    for example in 0..dataset.examples.len() {
        heed();
        for (markup, examples) in &mut found {
            let texts = [Some(dataset.text(example)), dataset.pair(example)];
            if texts.into_iter().flatten().any(|text| markup.is_in(text)) {
                examples.push(example);
            }
        }
    }
    let is_told = |markup: Markup, examples: &[usize]| {
        !examples.is_empty() && (markup == Markup::Entities || examples.len() * OFTEN >= dataset.examples.len())
    };
    found.retain(|(markup, examples)| is_told(*markup, examples));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_other_programs_is_told_from_what_people_write() {
        let check = |markup: Markup, texts: &[&str], others: &[&str]| {
            assert!(texts.iter().all(|text| markup.is_in(text)), "{markup:?} {texts:?}");
            assert!(others.iter().all(|text| !markup.is_in(text)), "{markup:?} {others:?}");
        };
        check(
            Markup::Tags,
            &["a<br />b", "<p>a</p>", "x <a href=\"y\">z</a>", "</DIV>"],
            &["a < b", "i <3 you", "<name>", "x<y>z", "<b"],
        );
        check(Markup::Entities, &["a &amp; b", "it&#39;s", "&#x27;"], &["a & b", "R&D;", "&c;", "AT&T"]);
        check(
            Markup::Escapes,
            &["one\\nTwo", "one\\ntwo, \\\"so\\\"", "caf\\u00e9", "caf\\xe9 "],
            &["C:\\new", "a \\ b", "one\ntwo\\n ", "\\alpha \\theta", "\\o/"],
        );
        check(Markup::Bytes, &["b'so it is'", "b\"it's\""], &["b", "b'", "it is b'x", "'so'"]);
    }
}
