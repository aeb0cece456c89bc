//! Word lists with tags (CoNLL and its relatives) → one row a sentence: `tokens` and `tags` as JSON lists, columns
//! between them the same way. Tags stay as the file has them.
//!
//! A file is recognised by the shape of its first lines and never by its name: words without blanks, a last column of
//! tags, and empty lines between sentences. Word and tag are the first and the last column; where the first column only
//! numbers the words of each sentence, as in `GermEval`, the second has the words.
//!
//! CoNLL-U is told by its ten columns. Its tags are the universal parts of speech in the fourth; the lines that repeat
//! several words as they are written (`1-2`) or stand for words that are not (`1.1`) are no words.
//!
//! A sentence with a line that cannot be read is left out as a whole, because a sentence that lost a word is another
//! sentence.

use std::collections::BTreeSet;
use std::path::Path;

use super::builder::Builder;
use super::encoding::Decoded;
use super::lines::numbered;
use super::names::plain_name;
use crate::table::Format;
use crate::table::notation::quoted::push_quoted;
use crate::table::notation::schemes;
use crate::table::shorten;
use crate::table::{ReadError, Table};
use crate::words::plural;

/// What is looked at to recognise a file.
const SAMPLE_LINES: usize = 5000;
const SAMPLE_BYTES: usize = 1 << 20;
/// CoNLL-U has ten columns; a table with more is something else.
const WIDEST: usize = 10;
/// Different tags that are no entity tags, as parts of speech: a file with more is a list of words with their lemmas.
const MOST_TAGS: usize = 100;

/// Places of columns in words.
const PLACES: [&str; WIDEST] =
    ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];

/// The columns of CoNLL-U behind the number of the word, and the place of its tags and heads among all.
const UNIVERSAL: [&str; 9] = ["tokens", "lemma", "tags", "xpos", "feats", "head", "deprel", "deps", "misc"];
const UNIVERSAL_TAG: usize = 3;
const UNIVERSAL_HEAD: usize = 6;

/// How the lines of a file are laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    tabs: bool,
    width: usize,
    order: Order,
    /// The first column numbers the words.
    counted: bool,
    /// Names in a first line of their own.
    names: Option<Vec<String>>,
    /// Nearly all tags are `O` or have a prefix such as `B-`.
    entity_tags: bool,
    /// The column of the tags.
    tag: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    TagLast,
    /// Columns of something else stand behind the tags.
    TagWithin,
    /// That of CoNLL-U.
    Universal,
}

impl Shape {
    fn is_universal(&self) -> bool {
        self.order == Order::Universal
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Outside,
    /// `B-PER`, `I_LOC`, `S-ORG` …
    Prefixed,
    Other,
}

pub(super) fn tag_kind(tag: &str) -> Tag {
    match tag.as_bytes() {
        [b'O'] => Tag::Outside,
        [b'B' | b'I' | b'E' | b'S' | b'L' | b'U' | b'M' | b'W', b'-' | b'_', _, ..] => Tag::Prefixed,
        _ => Tag::Other,
    }
}

/// The same where tags may be written in any notation, as `PER-B`, `b-per`, `B` and `-`; enough only for a file that is
/// plainly one of sentences.
fn any_tag_kind(tag: &str) -> Tag {
    match tag_kind(tag) {
        Tag::Other if schemes::may_be_outside(tag) => Tag::Outside,
        Tag::Other if schemes::may_have_letter(tag) => Tag::Prefixed,
        kind => kind,
    }
}

/// The type of a tag, in the notation in which most files have it.
fn tag_type(tag: &str) -> &str {
    tag.split_once(['-', '_']).map_or(tag, |(_, kind)| kind)
}

fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| byte.is_ascii_whitespace())
}

fn fields(line: &str, tabs: bool) -> Vec<&str> {
    if tabs {
        line.split('\t').map(|field| field.trim_matches(' ')).collect()
    } else {
        line.split_ascii_whitespace().collect()
    }
}

fn is_document_start(line: &str) -> bool {
    line.trim_start().starts_with("-DOCSTART-")
}

/// What the first lines of a file have in common.
#[derive(Default)]
struct Sample<'a> {
    /// Lines with words, as fields.
    rows: Vec<Vec<&'a str>>,
    /// Rows before each empty line that follows a row.
    blocks: Vec<usize>,
    document_starts: usize,
}

/// Recognises a file of tagged words.
pub(super) fn shape(text: &str) -> Option<Shape> {
    let lines = || {
        let mut bytes = 0;
        numbered(text).map(|(_, line)| line).take(SAMPLE_LINES).take_while(move |line| {
            bytes += line.len();
            bytes <= SAMPLE_BYTES
        })
    };
    // A comment may have no tab, and an empty line nothing else.
    let words = || lines().filter(|line| !is_blank(line) && !line.starts_with("# ") && !is_document_start(line));
    let (with_tab, all) = words().fold((0, 0), |(tab, all), line| (tab + usize::from(line.contains('\t')), all + 1));
    let tabs = with_tab * 2 > all;
    let mut sample = Sample::default();
    for line in lines() {
        if is_blank(line) {
            if sample.blocks.last() != Some(&sample.rows.len()) {
                sample.blocks.push(sample.rows.len());
            }
        } else if is_document_start(line) {
            sample.document_starts += 1;
        } else if !line.starts_with("# ") || tag_kind(fields(line, tabs).last()?) != Tag::Other {
            sample.rows.push(fields(line, tabs));
        }
    }
    judge(sample, tabs)
}

fn judge(mut sample: Sample<'_>, tabs: bool) -> Option<Shape> {
    if tabs && is_universal(&sample.rows) {
        let (width, order) = (UNIVERSAL.len() + 1, Order::Universal);
        return Some(Shape { tabs, width, order, counted: true, names: None, entity_tags: false, tag: UNIVERSAL_TAG });
    }
    let names = header(&sample.rows);
    if names.is_some() {
        sample.rows.remove(0);
    }
    let rows = &sample.rows;
    let width = common_width(rows).filter(|width| (2..=WIDEST).contains(width))?;
    let even: Vec<&Vec<&str>> = rows.iter().filter(|row| row.len() == width).collect();
    // Lines with a missing tag are listed later; a file of them is none of ours.
    if even.len() * 5 < rows.len() * 4 {
        return None;
    }
    let share = |count: usize, percent: usize| count * 100 >= even.len() * percent;
    let count = |kind: Tag| even.iter().filter(|row| tag_kind(row[width - 1]) == kind).count();
    let counted = width > 2 && share(even.iter().filter(|row| row[0].parse::<u32>().is_ok()).count(), 98);
    let word = usize::from(counted);
    let single = even.iter().filter(|row| !row[word].is_empty() && !row[word].contains(' ')).count();
    // A word may have blanks in itself where tabs part the columns and the tags leave no doubt.
    let is_sure = tabs
        && sample.blocks.iter().any(|rows| *rows > 0)
        && count(Tag::Prefixed) > 0
        && share(count(Tag::Outside) + count(Tag::Prefixed), 98);
    if !share(single, 90) && !is_sure {
        return None;
    }
    let tag = if is_nested(&even, width, word) { width - 2 } else { width - 1 };
    let order = Order::TagLast;
    let shape = |entity_tags: bool| Shape { tabs, width, order, counted, names, entity_tags, tag };
    let (outside, prefixed) = (count(Tag::Outside), count(Tag::Prefixed));
    let sentences = sample.blocks.iter().filter(|&&rows| rows > 0).count();
    let has_blocks = sentences > 0 || sample.document_starts > 0;
    let entity_tags = share(outside + prefixed, 90);
    let enough = (prefixed > 0 || (has_blocks && even.len() > 2)) && (has_blocks || outside > 0 || even.len() > 2);
    if entity_tags {
        return enough.then(|| shape(true));
    }
    // Who set a tag, and the like, may stand behind it, as in Universal NER.
    if let Some(tag) = (word + 1..width - 1).rev().find(|column| has_blocks && are_entities(&even, *column)) {
        return Some(Shape { tag, order: Order::TagWithin, ..shape(true) });
    }
    let any = |kind: Tag| even.iter().filter(|row| any_tag_kind(row[width - 1]) == kind).count();
    let (any_outside, any_prefixed) = (any(Tag::Outside), any(Tag::Prefixed));
    if share(any_outside + any_prefixed, 95) && any_outside > 0 && any_prefixed > 0 && has_blocks && even.len() > 2 {
        return Some(shape(true));
    }
    // Words cut into letters, of which none stands outside.
    let letters: BTreeSet<&str> = even.iter().map(|row| row[width - 1]).collect();
    let is_letter = |tag: &&str| matches!(*tag, "B" | "I" | "M" | "E" | "S");
    if letters.iter().all(is_letter) && letters.contains("B") && letters.len() > 1 && sentences > 0 && width == 2 {
        return Some(shape(true));
    }
    // Tags without prefixes: only where the words are plainly those of sentences.
    let tags: BTreeSet<&str> = even.iter().map(|row| row[width - 1]).collect();
    let few = tags.len() <= MOST_TAGS && tags.len() * 4 <= even.len() && tags.iter().all(|tag| is_tag_like(tag));
    let long = sentences > 1 && even.len() > 2 * sentences;
    let points = even.iter().any(|row| matches!(row[word], "." | "," | "?" | "!" | "。"));
    let sentence_like = few && long && (points || share(outside, 30));
    sentence_like.then(|| shape(false))
}

/// Whether a column has the tags of entities, which most words are outside of; phrases leave hardly a word out.
fn are_entities(rows: &[&Vec<&str>], column: usize) -> bool {
    let count = |wanted: Tag| rows.iter().filter(|row| tag_kind(row[column]) == wanted).count();
    let (outside, prefixed) = (count(Tag::Outside), count(Tag::Prefixed));
    prefixed > 0 && outside * 2 >= rows.len() && (outside + prefixed) * 50 >= rows.len() * 49
}

/// Whether the last column tags entities within those of the column before it, as in `GermEval`: it has the same types,
/// and fewer of them. What is tagged in the other are then the entities. Types of phrases are other ones.
fn is_nested(rows: &[&Vec<&str>], width: usize, word: usize) -> bool {
    if width < word + 3 {
        return false;
    }
    let entities = |column: usize| {
        let tags = rows.iter().map(move |row| row[column]);
        tags.filter(|tag| tag_kind(tag) == Tag::Prefixed).map(tag_type)
    };
    let is_pure = |column: usize| {
        let other = rows.iter().filter(|row| tag_kind(row[column]) == Tag::Other).count();
        other * 20 <= rows.len()
    };
    let (outer, inner) = (width - 2, width - 1);
    let types: BTreeSet<&str> = entities(outer).collect();
    let (more, fewer) = (entities(outer).count(), entities(inner).count());
    let same = entities(inner).filter(|tag| types.contains(tag)).count();
    let is_told = fewer > 0 || word > 0;
    is_pure(outer) && is_pure(inner) && is_told && more > fewer && same * 10 >= fewer * 9
}

/// Nearly all lines have ten columns, with a word's number before it and the number of its head behind it.
fn is_universal(rows: &[Vec<&str>]) -> bool {
    let is_line = |row: &Vec<&str>| {
        row.len() == UNIVERSAL.len() + 1
            && row[0].parse::<u32>().is_ok()
            && (row[UNIVERSAL_HEAD] == "_" || row[UNIVERSAL_HEAD].parse::<u32>().is_ok())
    };
    let is_comment = |row: &Vec<&str>| row.first().is_some_and(|first| first.starts_with('#'));
    let words: Vec<&Vec<&str>> = rows.iter().filter(|row| !is_comment(row) && !is_universal_extra(row)).collect();
    let (good, all) = (words.iter().filter(|row| is_line(row)).count(), words.len());
    good > 0 && good * 10 >= all * 9
}

/// A line of CoNLL-U that is about several words (`1-2`) or about one that is not written (`1.1`).
fn is_universal_extra(fields: &[&str]) -> bool {
    let parts = fields.first().and_then(|number| number.split_once(['-', '.']));
    fields.len() == UNIVERSAL.len() + 1
        && parts.is_some_and(|(first, second)| first.parse::<u32>().is_ok() && second.parse::<u32>().is_ok())
}

fn is_tag_like(tag: &str) -> bool {
    !tag.is_empty() && tag.chars().count() <= 30 && !tag.contains(' ') && tag.parse::<f64>().is_err()
}

/// A first line of names, such as `token<tab>tag`.
fn header(rows: &[Vec<&str>]) -> Option<Vec<String>> {
    const WORD: [&str; 5] = ["word", "words", "token", "tokens", "form"];
    const TAG: [&str; 8] = ["tag", "tags", "ner", "nertag", "nertags", "label", "labels", "entity"];
    let first = rows.first().filter(|row| row.len() > 1)?;
    let plain: Vec<String> = first.iter().map(|name| plain_name(name)).collect();
    let names_word = plain.iter().any(|name| WORD.contains(&name.as_str()));
    let names_tag = plain.last().is_some_and(|name| TAG.contains(&name.as_str()));
    // In a wide file what stands only in the first line and names the words there names the other columns too.
    let comes_again = |column: usize| rows[1..].iter().any(|row| row.get(column) == first.get(column));
    let names_all = first.len() > 2 && rows.len() > 2 && (0..first.len()).all(|column| !comes_again(column));
    (names_word && (names_tag || names_all)).then(|| first.iter().map(|&name| name.to_owned()).collect())
}

fn common_width(rows: &[Vec<&str>]) -> Option<usize> {
    let mut counts = std::collections::BTreeMap::new();
    for row in rows {
        *counts.entry(row.len()).or_insert(0_usize) += 1;
    }
    counts.into_iter().max_by_key(|&(_, count)| count).map(|(width, _)| width)
}

/// Reads a file of a shape.
pub(super) fn read(path: &Path, decoded: &Decoded, text: &str, shape: &Shape) -> Result<Table, ReadError> {
    let has_documents = numbered(text).any(|(_, line)| is_document_start(line));
    let mut reader = Reader::new(shape, has_documents);
    let mut has_header = shape.names.is_some();
    for (number, line) in numbered(text) {
        if is_blank(line) {
            reader.end_sentence();
        } else if is_document_start(line) {
            reader.end_sentence();
            reader.document += 1;
        } else {
            let fields = fields(line, shape.tabs);
            if reader.is_comment(line, &fields) || (shape.is_universal() && is_universal_extra(&fields)) {
                continue;
            }
            if std::mem::take(&mut has_header) {
                continue;
            }
            reader.word(number, fields);
        }
    }
    reader.end_sentence();
    let mut table = reader.table.finish(path, Format::Conll, decoded)?;
    if shape.order == Order::TagWithin {
        let (tag, width) = (shape.tag + 1, shape.width);
        table.notes.push(format!("the tags are those in column {tag} of {width}; what stands behind them is no tag"));
    }
    Ok(table)
}

struct Reader<'a> {
    shape: &'a Shape,
    table: Builder,
    /// The sentence so far: by column the beginning of a JSON list.
    columns: Vec<String>,
    /// Line of its first word, and its words.
    first: usize,
    words: usize,
    /// Its first line that cannot be read, and why; then how many there are.
    fault: Option<(usize, String)>,
    faults: usize,
    document: usize,
    has_documents: bool,
}

impl<'a> Reader<'a> {
    fn new(shape: &'a Shape, has_documents: bool) -> Self {
        let from = usize::from(shape.counted);
        let name = |column: usize| match (column, &shape.names) {
            (column, _) if shape.is_universal() => UNIVERSAL[column - from].to_owned(),
            (column, _) if column == from => "tokens".to_owned(),
            (column, _) if column == shape.tag => "tags".to_owned(),
            (column, Some(names)) if column < names.len() => names[column].clone(),
            _ => format!("column {}", column + 1),
        };
        let mut names: Vec<String> = (from..shape.width).map(name).collect();
        names.extend(has_documents.then(|| "document".to_owned()));
        Self {
            table: Builder::new(super::names::unique_names(&names)),
            columns: vec![String::new(); shape.width - from],
            shape,
            first: 0,
            words: 0,
            fault: None,
            faults: 0,
            document: 0,
            has_documents,
        }
    }

    /// A line that begins with `#` and is no word with its tag. A hash sign is a word too, and so is a hashtag: one whose
    /// tag is missing must be told and not be passed over.
    fn is_comment(&self, line: &str, fields: &[&str]) -> bool {
        if self.shape.is_universal() {
            return line.starts_with('#');
        }
        let fits = |tag: &str| if self.shape.entity_tags { any_tag_kind(tag) != Tag::Other } else { is_tag_like(tag) };
        let is_word = fields.len() == self.shape.width && fields.get(self.shape.tag).is_some_and(|tag| fits(tag));
        let starts = line.starts_with("# ") || (self.words == 0 && line.starts_with('#') && line.contains(' '));
        starts && !is_word
    }

    fn word(&mut self, number: usize, mut fields: Vec<&str>) {
        if self.words == 0 {
            self.first = number;
        }
        self.words += 1;
        let width = self.shape.width;
        while fields.len() > width && fields.last().is_some_and(|field| field.is_empty()) {
            fields.pop();
        }
        let from = usize::from(self.shape.counted);
        let word = fields.get(from).copied().unwrap_or_default();
        let tag = fields.get(self.shape.tag).copied().unwrap_or_default();
        // In CoNLL-U an underscore stands where nothing is told.
        let is_untold = self.shape.is_universal() && tag == "_" && word != "_";
        let missing = fields.len() < width || tag.is_empty() || is_untold;
        if fields.len() == width && !missing && !word.is_empty() {
            for (column, field) in self.columns.iter_mut().zip(&fields[from..]) {
                column.push(if column.is_empty() { '[' } else { ',' });
                push_quoted(column, field);
            }
            return;
        }
        self.faults += 1;
        if self.fault.is_none() {
            let what = if word.is_empty() {
                "has no word".to_owned()
            } else if missing && (fields.len() < 2 || fields.len() == width) {
                format!("has the word {:?} without a tag", shorten(word, 40))
            } else {
                format!("has {}", plural(fields.len(), "column", "columns"))
            };
            self.fault = Some((number, what));
        }
    }

    fn end_sentence(&mut self) {
        let words = std::mem::take(&mut self.words);
        let faults = std::mem::take(&mut self.faults);
        if let Some((line, what)) = self.fault.take() {
            let others = if faults > 1 { format!(" (and {} more lines like it)", faults - 1) } else { String::new() };
            let words = plural(words, "word", "words");
            let is_last = self.shape.tag + 1 == self.shape.width;
            let word = PLACES[usize::from(self.shape.counted)];
            let tag = if is_last { "last" } else { PLACES[self.shape.tag.min(WIDEST - 1)] };
            let reason = format!(
                "{what}{others}, expected {} columns, the word {word} and the tag {tag}; its sentence of {words} from line {} is left \
                 out",
                self.shape.width, self.first
            );
            self.table.problem(line, reason);
            self.columns.iter_mut().for_each(String::clear);
        } else if words > 0 {
            for column in &mut self.columns {
                self.table.text.push_str(column);
                self.table.text.push(']');
                self.table.end_cell();
                column.clear();
            }
            if self.has_documents {
                self.table.cell(&self.document.to_string());
            }
            self.table.end_row(self.first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::readers::read_bytes;

    fn open(text: &str) -> Table {
        read_bytes(Path::new("train.conll"), text.as_bytes().to_vec()).unwrap()
    }

    /// Lines and cells of all rows, then the lines of the problems.
    fn check(text: &str, columns: &[&str], rows: &[(usize, &[&str])], problems: &[usize]) {
        let table = open(text);
        assert_eq!(table.format, Format::Conll, "{text:?}");
        assert_eq!(table.columns, columns, "{text:?}");
        let found = table.lined_cells();
        let expected: Vec<(usize, Vec<&str>)> = rows.iter().map(|&(line, cells)| (line, cells.to_vec())).collect();
        assert_eq!(found, expected, "{text:?}");
        let found: Vec<usize> = table.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(found, problems, "{text:?}: {:?}", table.problems);
    }

    const PLAIN: [&str; 2] = ["tokens", "tags"];

    #[test]
    fn words_and_tags_become_sentences() {
        let rows: &[(usize, &[&str])] = &[
            (1, &[r#"["Ann","lives","in","Berlin"]"#, r#"["B-PER","O","O","B-LOC"]"#]),
            (6, &[r#"["She","likes","it"]"#, r#"["O","O","O"]"#]),
        ];
        let text = "Ann\tB-PER\nlives\tO\nin\tO\nBerlin\tB-LOC\n\nShe\tO\nlikes\tO\nit\tO\n";
        check(text, &PLAIN, rows, &[]);
        check(&text.replace('\t', " "), &PLAIN, rows, &[]);
        check(&text.replace('\t', "  \t "), &PLAIN, rows, &[]);
        check(&text.replace('\n', "\r\n"), &PLAIN, rows, &[]);
        check(&text.replace("\n\n", "\n \t\n"), &PLAIN, rows, &[]);
        check(text.trim_end(), &PLAIN, rows, &[]);
        let blanks = "Ann Lee\tB-PER\nlives\tO\nin\tO\nNew York\tB-LOC\n\nShe\tO\nlikes\tO\nit\tO\n";
        let first = [r#"["Ann Lee","lives","in","New York"]"#, rows[0].1[1]];
        check(blanks, &PLAIN, &[(1, &first), rows[1]], &[]);
        check("One\tO\nword\tB-X\n", &PLAIN, &[(1, &[r#"["One","word"]"#, r#"["O","B-X"]"#])], &[]);
    }

    #[test]
    fn columns_between_and_documents_are_kept() {
        check(
            "-DOCSTART- -X- -X- O\n\nEU NNP B-NP I-ORG\n\" \" O O\n\n\n\n-DOCSTART- -X- -X- O\n\nPeter NNP B-NP I-PER\n",
            &["tokens", "column 2", "column 3", "tags", "document"],
            &[
                (3, &[r#"["EU","\""]"#, r#"["NNP","\""]"#, r#"["B-NP","O"]"#, r#"["I-ORG","O"]"#, "1"]),
                (10, &[r#"["Peter"]"#, r#"["NNP"]"#, r#"["B-NP"]"#, r#"["I-PER"]"#, "2"]),
            ],
            &[],
        );
        check(
            "#\tn-tv.de vom 26.02.2005\n1\tSchartau\tB-PER\tO\n2\tsagte\tO\tO\n\n1\tdem\tO\tO\n2\tTagesspiegel\tB-ORG\tO\n",
            &["tokens", "tags", "column 4"],
            &[
                (2, &[r#"["Schartau","sagte"]"#, r#"["B-PER","O"]"#, r#"["O","O"]"#]),
                (5, &[r#"["dem","Tagesspiegel"]"#, r#"["O","B-ORG"]"#, r#"["O","O"]"#]),
            ],
            &[],
        );
        check(
            "Token\tPOS\tTag\nAnn\tN\tS-PER\n\nruns\tV\tO\n",
            &["tokens", "POS", "tags"],
            &[(2, &[r#"["Ann"]"#, r#"["N"]"#, r#"["S-PER"]"#]), (4, &[r#"["runs"]"#, r#"["V"]"#, r#"["O"]"#])],
            &[],
        );
    }

    #[test]
    fn comments_are_no_words_and_hash_signs_are() {
        check(
            "# id 7 domain=en\nAnn\tB-PER\n#\tO\n# \tO\n#Berlin\tB-LOC\n\n#begin document (x); part 000\nshe\tO\n\n",
            &PLAIN,
            &[
                (2, &[r##"["Ann","#","#","#Berlin"]"##, r#"["B-PER","O","O","B-LOC"]"#]),
                (8, &[r#"["she"]"#, r#"["O"]"#]),
            ],
            &[],
        );
        check(
            "# sent_id = 5\n# text = Ann runs\nAnn B-PER\n# O\n\nshe O\n",
            &PLAIN,
            &[(3, &[r##"["Ann","#"]"##, r#"["B-PER","O"]"#]), (6, &[r#"["she"]"#, r#"["O"]"#])],
            &[],
        );
    }

    #[test]
    fn lines_without_a_tag_cost_their_sentence_and_are_told() {
        let good = "Ann\tB-PER\nlives\tO\nhere\tO\n\n".repeat(5);
        let text = format!("{good}She\tO\nlikes\nit\t\n\nHe\tO\n\n#tag\n\nx\ty\tO\n\n\tO\n");
        let table = open(&text);
        assert_eq!(table.rows(), 6);
        let problems: Vec<(usize, &str)> =
            table.problems.iter().map(|problem| (problem.line, problem.reason.as_str())).collect();
        let tail = "expected 2 columns, the word first and the tag last; its sentence of";
        assert_eq!(
            problems,
            [
                (
                    22,
                    format!(
                        "has the word \"likes\" without a tag (and 1 more lines like it), {tail} 3 words from line 21 is \
                         left out"
                    )
                    .as_str()
                ),
                (27, format!("has the word \"#tag\" without a tag, {tail} 1 word from line 27 is left out").as_str()),
                (29, format!("has 3 columns, {tail} 1 word from line 29 is left out").as_str()),
                (31, format!("has no word, {tail} 1 word from line 31 is left out").as_str()),
            ]
        );
    }

    #[test]
    fn tags_may_have_other_columns_behind_them() {
        let text = "# sent_id = weblog-1\n# text = Ines likes Köln.\n1\tInes\tB-PER\t-\tmayhew\n2\tlikes\tO\t-\tmayhew\n\
                    3\tKöln\tB-LOC\t-\tmayhew\n4\t.\tO\t-\tmayhew\n\n# sent_id = weblog-2\n# text = Yes\n1\tYes\tO\t-\tmayhew\n\n";
        let table = open(text);
        assert_eq!((table.format, table.rows()), (Format::Conll, 2));
        assert_eq!(table.columns, ["tokens", "tags", "column 4", "column 5"]);
        assert_eq!(
            [table.cell(0, 0), table.cell(0, 1)],
            [r#"["Ines","likes","Köln","."]"#, r#"["B-PER","O","B-LOC","O"]"#]
        );
        assert_eq!(table.notes, ["the tags are those in column 3 of 5; what stands behind them is no tag"]);
        // The phrases before parts of speech are not entities.
        let phrases =
            "The B-NP DT\ndog I-NP NN\nbarks B-VP VB\n. O .\n\nA B-NP DT\ncat I-NP NN\nsits B-VP VB\n. O .\n\n"
                .repeat(3);
        assert_eq!(open(&phrases).columns, ["tokens", "column 2", "tags"]);
    }

    #[test]
    fn other_schemes_are_tags_too() {
        let check = |text: &str| assert_eq!(open(text).format, Format::Conll, "{text:?}");
        check("Ann S-PER\nBerlin B-LOC\nWest E-LOC\n\nno O\n");
        check("Ann I-PER\nsaw O\nBob I-PER\n\nno O\n");
        check("Ann U-PER\nNew B-LOC\nYork L-LOC\n\nno O\n");
        check("Ann PER\nsaw O\nBob PER\n\nno O\nit O\nis O\nnot O\n\nyes O\nit O\nis O\n");
        check("Ann PER_B\nLee PER_I\nsaw -\n\nno -\nit -\n");
        check("Ann b-per\nsaw o\nBob b-per\n\nno o\n");
        check("Ann B\nLee I\nsaw O\n\nno O\n");
        check("An B\na M\nbc E\nd S\n\ne S\nf B\ng E\n");
        check("Ann B:PER\nsaw NIL\n\nno NIL\n");
        let parts = "The DT\ndog NN\nbarks VB\n. PT\n\nA DT\ncat NN\nsleeps VB\n. PT\n\n";
        check(&parts.repeat(3));
    }

    #[test]
    fn the_tags_of_conll_u_are_the_universal_ones() {
        let columns = ["tokens", "lemma", "tags", "xpos", "feats", "head", "deprel", "deps", "misc"];
        let text = "# sent_id = 1\n# text = Ada ran.\n1\tAda\tAda\tPROPN\tNNP\t_\t2\tnsubj\t_\tNER=B-PER\n\
                    2\tran\trun\tVERB\tVBD\t_\t0\troot\t_\tSpaceAfter=No\n\n\
                    #no_space=x\n1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_\n1\tde\tde\tADP\t_\t_\t0\troot\t_\t_\n\
                    2\tle\tle\tDET\t_\t_\t1\tdet\t_\t_\n2.1\tx\tx\tX\t_\t_\t_\t_\t_\t_\n\n\
                    1\tno\tno\t_\t_\t_\t_\t_\t_\t_\n";
        let table = open(text);
        assert_eq!((table.format, table.rows()), (Format::Conll, 2));
        assert_eq!(table.columns, columns);
        let cells = |row| [0, 2, 3].map(|column| table.cell(row, column));
        assert_eq!(cells(0), [r#"["Ada","ran"]"#, r#"["PROPN","VERB"]"#, r#"["NNP","VBD"]"#]);
        assert_eq!(cells(1), [r#"["de","le"]"#, r#"["ADP","DET"]"#, r#"["_","_"]"#]);
        let reason = "has the word \"no\" without a tag, expected 10 columns, the word second and the tag fourth; its \
                      sentence of 1 word from line 12 is left out";
        let problems: Vec<(usize, &str)> = table.problems.iter().map(|p| (p.line, p.reason.as_str())).collect();
        assert_eq!(problems, [(12, reason)]);
    }

    #[test]
    fn tables_and_prose_are_no_word_lists() {
        let check = |text: &str| assert_eq!(shape(text), None, "{text:?}");
        check("text\tlabel\na good film\tpos\n\na bad film\tneg\n");
        check("text\tlabel\ngood\tpos\nbad\tneg\nfine\tpos\n");
        check("good\tO\nbad\tA\n");
        check("word\tlabel\nB-side\tmusic\nO\tletter\n");
        check("It was a dark night.\nThe rain fell.\n\nAnn slept\nBob woke\n");
        check("Yes no\nno yes\n\nyes no\n");
        check("Size M\nSize S\n\nSize L\n");
        check("a e.g\nb i.e\n\nc i.e\n");
        check("text,label\na,b\n");
        check("id\ttext\tlabel\n1\tgood film\tB-movie\n2\tbad film\tB-movie\n3\tit was so so\tB-movie\n");
        check("");
    }
}
