//! Word lists that are written another way than [`super::conll`] reads them: the tag before its word, as in the MIT movie and
//! restaurant corpora, or a comma, a semicolon or a bar between the two. Each line becomes the word, a tab and the tag; line numbers stay.
//!
//! Only files of sentences are taken: empty lines between them, two fields in a line, and tags of entities in one of the
//! two columns alone.

use std::borrow::Cow;

use super::conll::{Tag, tag_kind};
use super::lines::numbered;
use super::names::plain_name;
use crate::stop::heed;

const SAMPLE_LINES: usize = 5000;
const WORDS: [&str; 4] = ["word", "words", "token", "tokens"];

/// How a line holds a word and its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    sign: char,
    is_tag_first: bool,
}

impl Order {
    /// The ways that are not read already.
    const ALL: [Self; 8] = [
        Self { sign: '\t', is_tag_first: true },
        Self { sign: ' ', is_tag_first: true },
        Self { sign: ',', is_tag_first: false },
        Self { sign: ',', is_tag_first: true },
        Self { sign: ';', is_tag_first: false },
        Self { sign: ';', is_tag_first: true },
        Self { sign: '|', is_tag_first: false },
        Self { sign: '|', is_tag_first: true },
    ];

    /// The word and the tag of a line.
    fn parts(self, line: &str) -> Option<(Cow<'_, str>, &str)> {
        let line = line.trim();
        let split = if self.is_tag_first { line.split_once(self.sign) } else { line.rsplit_once(self.sign) };
        let (first, last) = split?;
        let (word, tag) = if self.is_tag_first { (last, first) } else { (first, last) };
        let word = if matches!(self.sign, ',' | ';') { unquoted(word.trim()) } else { Cow::Borrowed(word.trim()) };
        let tag = tag.trim();
        let is_one = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
        (is_one(&word) && is_one(tag)).then_some((word, tag))
    }

    pub fn note(self) -> Option<String> {
        self.is_tag_first.then(|| "in each line the tag stands before its word".to_owned())
    }
}

/// A value without the quotes around it.
pub(super) fn unquoted(value: &str) -> Cow<'_, str> {
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) if inner.contains('"') => Cow::Owned(inner.replace("\"\"", "\"")),
        Some(inner) => Cow::Borrowed(inner),
        None => Cow::Borrowed(value),
    }
}

fn is_tag(tag: &str) -> bool {
    tag_kind(tag) != Tag::Other
}

/// Recognises such a file.
pub(super) fn order(text: &str) -> Option<Order> {
    let lines: Vec<&str> = numbered(text).map(|(_, line)| line.trim()).take(SAMPLE_LINES).collect();
    let is_between = |three: &[&str]| !three[0].is_empty() && three[1].is_empty() && !three[2].is_empty();
    let (filled, blocks) = (
        lines.iter().filter(|line| !line.is_empty()).count(),
        lines.windows(3).filter(|three| is_between(three)).count() + 1,
    );
    // Sentences have several words.
    if blocks < 2 || filled < blocks * 2 {
        return None;
    }
    let fits = |order: &Order| {
        let rows: Vec<(Cow<'_, str>, &str)> = lines.iter().filter_map(|line| order.parts(line)).collect();
        let nearly_all = |count: usize| count * 50 >= filled * 49;
        let tags = rows.iter().filter(|(_, tag)| is_tag(tag)).count();
        let words = rows.iter().filter(|(word, _)| is_tag(word)).count();
        nearly_all(tags + usize::from(is_head(&rows)))
            && rows.iter().any(|(_, tag)| tag_kind(tag) == Tag::Prefixed)
            && words * 2 < tags
    };
    Order::ALL.into_iter().find(fits)
}

/// Whether the first line names the columns.
fn is_head(rows: &[(Cow<'_, str>, &str)]) -> bool {
    rows.first().is_some_and(|(word, _)| WORDS.contains(&plain_name(word).as_str()))
}

/// The text with the word, a tab and the tag in each line. A line that has not both stays as it is and is told later.
pub(super) fn rewritten(text: &str, order: Order) -> String {
    let mut all = String::with_capacity(text.len());
    for (_, line) in numbered(text) {
        heed();
        match order.parts(line) {
            Some((word, tag)) => {
                all.push_str(&word);
                all.push('\t');
                all.push_str(tag);
            }
            None => all.push_str(line),
        }
        all.push('\n');
    }
    all
}

#[cfg(test)]
mod tests {
    use crate::table::{Format, Table};

    fn open(name: &str, text: &str) -> Table {
        crate::table::readers::read_bytes(std::path::Path::new(name), text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn words_behind_their_tags_are_sentences() {
        let check = |name: &str, text: &str, first: &str, tags: &str, problems: &[usize]| {
            let table = open(name, text);
            assert_eq!((table.format, table.rows()), (Format::Conll, 2), "{text}");
            assert_eq!((table.cell(0, 0), table.cell(0, 1)), (first, tags), "{text}");
            let told: Vec<usize> = table.problems.iter().map(|problem| problem.line).collect();
            assert_eq!(told, problems, "{text}");
        };
        let (words, tags) = (r#"["by","tom"]"#, r#"["O","B-ACTOR"]"#);
        check("a.bio", "O\tby\nB-ACTOR\ttom\n\nO\twhat\nO\tmovies\n", words, tags, &[]);
        check("a.txt", "O by\nB-ACTOR tom\n\nO what\nO movies\n", words, tags, &[]);
        check("a.csv", "by,O\ntom,B-ACTOR\n\nwhat,O\n\"\"\"\",O\n", words, tags, &[]);
        check("a.csv", "by;O\ntom;B-ACTOR\n\nwhat;O\n\";\";O\n", words, tags, &[]);
        check("a.txt", "by|O\ntom|B-ACTOR\n\nwhat|O\nmovies|O\n", words, tags, &[]);
        check("a.csv", "word,tag\nby,O\ntom,B-ACTOR\n\n\",\",O\nmovies,O\n", words, tags, &[]);
        let more = "O\ta\nO\tb\n".repeat(30);
        let text = format!("O\tby\nB-ACTOR\ttom\n\nO\twhat\n{more}\nO\tlost\nO\n");
        check("a.bio", &text, words, tags, &[67]);
    }

    #[test]
    fn other_files_are_left_as_they_are() {
        let format = |name: &str, text: &str| open(name, text).format;
        assert_eq!(format("a.csv", "text,label\na b,O\nc d,B-x\n\ne f,O\n"), Format::Delimited { delimiter: b',' });
        assert_eq!(open("a.conll", "by O\ntom B-ACTOR\n\nwhat O\nmovies O\n").notes, [""; 0]);
    }
}
