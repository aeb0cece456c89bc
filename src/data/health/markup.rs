//! What is left in texts of the way that they came: tags and entities of HTML, backslashes for line ends, and what Python
//! prints around bytes. It is read like any other letters.

use crate::data::Dataset;
use crate::data::rows::Content;
use crate::stop::heed;

/// Share of the texts from which on it is told.
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
            Self::Entities => text.match_indices('&').any(|(at, _)| is_entity(&text[at + 1..])),
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

/// Whether what stands behind an `&` is an entity.
fn is_entity(text: &str) -> bool {
    let Some(end) = text.bytes().take(9).position(|byte| byte == b';') else { return false };
    let name = &text[..end];
    match name.strip_prefix('#') {
        Some(code) => {
            let digits = code.strip_prefix(['x', 'X']).unwrap_or(code);
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        }
        None => {
            ["amp", "lt", "gt", "quot", "apos", "nbsp", "hellip", "mdash", "ndash", "rsquo", "lsquo"].contains(&name)
        }
    }
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

/// What is left in many of the texts of a data set, each with its examples.
pub(super) fn found(dataset: &Dataset) -> Vec<(Markup, Vec<usize>)> {
    if !matches!(dataset.content, Content::Text { .. }) {
        return Vec::new();
    }
    let mut found = Markup::ALL.map(|markup| (markup, Vec::new()));
    for example in 0..dataset.examples.len() {
        heed();
        for (markup, examples) in &mut found {
            let texts = [Some(dataset.text(example)), dataset.pair(example)];
            if texts.into_iter().flatten().any(|text| markup.is_in(text)) {
                examples.push(example);
            }
        }
    }
    let is_often = |examples: &Vec<usize>| examples.len() * OFTEN >= dataset.examples.len();
    found.into_iter().filter(|(_, examples)| !examples.is_empty() && is_often(examples)).collect()
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
