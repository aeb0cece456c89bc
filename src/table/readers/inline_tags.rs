//! Sentences whose words bear their tags, one a line: `Ines|NNP|B-PER lives|VBZ|O`, `The/DT dog/NN`, `Ines_PER lives_O`. A
//! row has its words and tags as lists. The tag is the last part, so that a word may have the sign in itself (`1/2/CD`).

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use super::builder::Builder;
use super::encoding::Decoded;
use super::lines::numbered;
use super::names::is_known_name;
use super::tag_first;
use crate::stop::heed;
use crate::table::notation::quoted::push_list;
use crate::table::{Format, ReadError, Table, shorten};

/// What stands between a word and its tag.
const SIGNS: [char; 3] = ['|', '/', '_'];
const SAMPLE_LINES: usize = 500;
/// Different tags beyond which the last parts are no tags.
const MOST_TAGS: usize = 100;
/// Words of which little can be said.
const FEW_WORDS: usize = 40;

/// How words bear their tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    sign: char,
    /// Parts of a word: the word itself, perhaps others, and its tag.
    width: usize,
}

/// The lines of a table of one column, without the quotes around them and without its name. Line numbers stay.
pub(super) fn unquoted(text: &str) -> Cow<'_, str> {
    let has_name = text.lines().next().is_some_and(|first| is_known_name(tag_first::unquoted(first.trim()).trim()));
    if !has_name && !text.lines().any(|line| line.starts_with('"')) {
        return Cow::Borrowed(text);
    }
    let mut all = String::with_capacity(text.len());
    for (place, (_, line)) in numbered(text).enumerate() {
        heed();
        if place > 0 || !has_name {
            all.push_str(&tag_first::unquoted(line.trim_end()));
        }
        all.push('\n');
    }
    Cow::Owned(all)
}

/// Whether the lines of a file are such sentences.
pub(super) fn shape(text: &str) -> Option<Shape> {
    let words = || {
        let lines = numbered(text).map(|(_, line)| line).filter(|line| !line.trim().is_empty());
        lines.take(SAMPLE_LINES).flat_map(str::split_whitespace)
    };
    let (count, lines) =
        (words().count(), numbered(text).filter(|(_, line)| !line.trim().is_empty()).take(SAMPLE_LINES).count());
    // One word a line is another kind of file.
    if count < 3 || count < lines * 2 {
        return None;
    }
    SIGNS.into_iter().find_map(|sign| {
        let width = words().next().map(|word| if sign == '|' { word.split(sign).count() } else { 2 })?;
        let shape = Shape { sign, width };
        let tagged = words().filter(|word| shape.parts(word).is_some()).count();
        let tags: BTreeSet<&str> = words().filter_map(|word| shape.parts(word)?.pop()).collect();
        let is_few = tags.len() <= MOST_TAGS && (tags.len() * 2 <= count || count < FEW_WORDS);
        let is_small = |tag: &&str| tag.chars().any(char::is_lowercase) && !tag.chars().any(char::is_uppercase);
        // Small letters may be words too, such as `and/or`, unless they come again and again.
        let is_borne_out = count >= FEW_WORDS && tags.len() * 2 <= count;
        let is_told = is_few && tags.iter().all(|tag| is_tag(tag)) && (is_borne_out || !tags.iter().any(is_small));
        (width > 1 && tagged * 50 >= count * 49 && is_told).then_some(shape)
    })
}

impl Shape {
    /// The parts of a word, the tag last.
    fn parts(self, word: &str) -> Option<Vec<&str>> {
        let mut parts: Vec<&str> = word.rsplitn(self.width, self.sign).collect();
        parts.reverse();
        (parts.len() == self.width && parts.iter().all(|part| !part.is_empty())).then_some(parts)
    }
}

/// Whether something can be a tag of a word: short, and no word of a sentence.
fn is_tag(tag: &str) -> bool {
    let is_sign = tag.chars().all(|letter| letter.is_ascii_punctuation());
    let has_capital = tag.chars().any(char::is_uppercase) && !tag.starts_with(|first: char| first.is_ascii_digit());
    let is_brown = tag.len() <= 8 && tag.chars().all(|letter| letter.is_ascii_lowercase() || "-$*+'".contains(letter));
    tag.chars().count() <= 24 && (is_sign || has_capital || is_brown)
}

pub(super) fn read(path: &Path, decoded: &Decoded, text: &str, shape: Shape) -> Result<Table, ReadError> {
    let mut names = vec!["tokens".to_owned()];
    names.extend((2..shape.width).map(|place| format!("column {place}")));
    names.push("tags".to_owned());
    let mut rows = Builder::new(names);
    for (number, line) in numbered(text).filter(|(_, line)| !line.trim().is_empty()) {
        heed();
        let words: Result<Vec<Vec<&str>>, &str> =
            line.split_whitespace().map(|word| shape.parts(word).ok_or(word)).collect();
        match words {
            Ok(words) => {
                for part in 0..shape.width {
                    push_list(&mut rows.text, words.iter().map(|word| word[part]));
                    rows.end_cell();
                }
                rows.end_row(number);
            }
            Err(word) => {
                let (word, parts, sign) = (shorten(word, 40), shape.width, shape.sign);
                rows.problem(
                    number,
                    format!("has the word {word:?}, expected {parts} parts with {sign:?} between them"),
                );
            }
        }
    }
    rows.finish(path, Format::Conll, decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> Table {
        Table::from_bytes(Path::new("train.txt"), text.as_bytes().to_vec()).unwrap()
    }

    fn check(text: &str, rows: &[(usize, &[&str])], problems: &[usize]) {
        let table = open(text);
        assert_eq!(table.format, Format::Conll, "{text}");
        let found = table.lined_cells();
        assert_eq!(found, rows.iter().map(|(line, cells)| (*line, cells.to_vec())).collect::<Vec<_>>(), "{text}");
        assert_eq!(table.problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), problems, "{text}");
    }

    #[test]
    fn quotes_around_a_cell_are_no_part_of_its_words() {
        let text = "sentence\n\"John/PER ,/O lives/O\"\n\"Ada/PER said/O \"\"/O yes/O\"\nOslo/LOC is/O cold/O\n";
        let table = Table::from_bytes(Path::new("train.csv"), text.as_bytes().to_vec()).unwrap();
        assert_eq!((table.format, table.rows(), table.line(0)), (Format::Conll, 3, 2));
        assert_eq!((table.cell(0, 0), table.cell(0, 1)), (r#"["John",",","lives"]"#, r#"["PER","O","O"]"#));
        assert_eq!(table.cell(1, 0), r#"["Ada","said","\"","yes"]"#);
        assert!(table.problems.is_empty());
    }

    #[test]
    fn words_bear_their_tags() {
        check(
            "Ines|NNP|I-PER lives|VBZ|O in|IN|O Köln|NNP|I-LOC .|.|O\n\nShe|PRP|O sings|VBZ|O\n",
            &[
                (
                    1,
                    &[
                        r#"["Ines","lives","in","Köln","."]"#,
                        r#"["NNP","VBZ","IN","NNP","."]"#,
                        r#"["I-PER","O","O","I-LOC","O"]"#,
                    ],
                ),
                (3, &[r#"["She","sings"]"#, r#"["PRP","VBZ"]"#, r#"["O","O"]"#]),
            ],
            &[],
        );
        check(
            "The/DT half/JJ 1/2/CD ././.\n",
            &[(1, &[r#"["The","half","1/2","./."]"#, r#"["DT","JJ","CD","."]"#])],
            &[],
        );
        let brown = "the/at jury/nn said/vbd ``/``\n".repeat(12);
        assert_eq!(open(&brown).cell(11, 1), r#"["at","nn","vbd","``"]"#);
        check(
            "Ines_PER lives_O\nin_O New_York_LOC\n",
            &[(1, &[r#"["Ines","lives"]"#, r#"["PER","O"]"#]), (2, &[r#"["in","New_York"]"#, r#"["O","LOC"]"#])],
            &[],
        );
        let many = "a|O b|B-X c|O\n".repeat(30);
        let table = open(&format!("{many}torn b|O\n"));
        assert_eq!((table.rows(), table.problems[0].line), (30, 31));
    }

    #[test]
    fn other_lines_are_no_tagged_sentences() {
        for text in [
            "text|label\na fine film|pos\na dull film|neg\n",
            "and/or this/that one/two\n",
            "It was a dark night.\nThe rain fell.\n",
            "src/main.rs src/lib.rs tests/it/main.rs\n",
            "a_b c_d\n",
            "2019/12/31 1/2/2020 5/6/2021\n",
            "a|b\nc|d\n",
        ] {
            assert_eq!(shape(text), None, "{text}");
        }
    }
}
