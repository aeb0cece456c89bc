//! The spans and the answers of a table → the one way in which they are kept: spans as a list of `{"start", "end",
//! "label"}`, places in characters (code points) from 0 and up to but not including the end. In what the file counted is
//! found for the file as a whole ([`super::counting`]) and told in the table's notes where it is something else.
//!
//! Of an annotation tool's export a row whose spans cannot be meant is left out, with the reason. In a table of one's own
//! only what contradicts words that the file quotes is: all else is told where tags are made of the spans.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::counting::{Claim, Counting, Evidence, Faith, Quote, Text};
use super::marks::{self, Mark};
use super::names::plain_name;
use super::span_cells;
use crate::table::Format;
use crate::table::boundaries::is_unspaced;
use crate::table::notation::answers;
use crate::table::shorten;
use crate::table::{GoldAnswer, Table};

/// Cells of a column that are looked at to tell what it holds.
const SAMPLE: usize = 200;
/// Columns of spans are not called so.
const NO_SPANS: [&str; 4] = ["tokens", "words", "sents", "relations"];
/// Names of the columns in which spans and answers stand, the likeliest first.
const TEXTS: [&str; 10] =
    ["text", "sentence", "content", "textcontent", "context", "document", "body", "article", "source", "data"];
const CONTEXTS: [&str; 7] = ["context", "passage", "paragraph", "document", "article", "story", "text"];
const ANSWERS: [&str; 3] = ["answers", "answer", "answertext"];

/// Rows that are left out, each with the reason.
pub(super) type Left = Vec<(usize, String)>;

/// Brings all spans of a table into characters.
pub(super) fn spans(table: &mut Table, is_export: bool) -> Left {
    let columns: Vec<(usize, usize)> = if is_export {
        table.column("spans").zip(table.column("text")).into_iter().collect()
    } else {
        span_columns(table)
    };
    let (mut cells, mut left) = (BTreeMap::new(), BTreeMap::new());
    for &(column, text) in &columns {
        let spans = Spans::read(table, column, text, is_export);
        let settled = spans.settle();
        table.notes.extend(settled.note);
        left.extend(settled.left);
        cells.insert(column, settled.cells);
    }
    table.span_columns.clone_from(&columns);
    let is_left: Vec<bool> = (0..table.rows()).map(|row| left.contains_key(&row)).collect();
    rewrite(table, &cells, &is_left);
    left.into_iter().collect()
}

/// Columns of spans, each with the column of the texts that they lie in.
fn span_columns(table: &Table) -> Vec<(usize, usize)> {
    let is_named_otherwise = |column: usize| NO_SPANS.contains(&plain_name(&table.columns[column]).as_str());
    (0..table.columns.len())
        .filter(|&column| !is_named_otherwise(column) && holds_spans(table, column))
        .filter_map(|column| Some((column, text_of(table, column)?)))
        .collect()
}

fn filled(table: &Table, column: usize) -> impl Iterator<Item = (usize, &str)> {
    let cells = (0..table.rows()).map(move |row| (row, table.cell(row, column).trim()));
    cells.filter(|(_, cell)| !cell.is_empty()).take(SAMPLE)
}

/// Whether nearly all cells of a column are spans, and some are of any.
fn holds_spans(table: &Table, column: usize) -> bool {
    let (mut cells, mut good, mut spans) = (0, 0, 0);
    for (_, cell) in filled(table, column) {
        if !cell.starts_with(['[', '{', '(']) {
            return false;
        }
        let marks = span_cells::marks(cell);
        cells += 1;
        good += usize::from(marks.is_some());
        spans += marks.map_or(0, |marks| marks.len());
        if cells == 20 && good * 2 < cells {
            return false;
        }
    }
    spans > 0 && good * 10 >= cells * 9
}

/// The column in which the spans of another lie, and in which the words stand that they quote.
fn text_of(table: &Table, spans: usize) -> Option<usize> {
    let rows: Vec<(usize, Vec<Mark>)> = filled(table, spans)
        .filter_map(|(row, cell)| Some((row, span_cells::marks(cell).filter(|marks| !marks.is_empty())?)))
        .collect();
    let score = |column: usize| {
        let (mut fits, mut bytes) = (0, 0);
        for (row, marks) in &rows {
            let text = table.cell(*row, column);
            let lies_within = |mark: &Mark| mark.end <= text.len() + 1;
            let is_quoted = |mark: &Mark| mark.text.as_ref().is_none_or(|words| text.contains(words.trim()));
            fits += usize::from(marks.iter().all(lies_within)) + usize::from(marks.iter().all(is_quoted));
            bytes += text.len();
        }
        let name = plain_name(&table.columns[column]);
        let rank = TEXTS.iter().position(|text| *text == name).map_or(0, |rank| TEXTS.len() - rank);
        (fits, rank, bytes)
    };
    let is_text = |column: &usize| filled(table, *column).next().is_some_and(|(_, cell)| !cell.starts_with(['[', '{']));
    let best = (0..table.columns.len()).filter(|column| *column != spans).filter(is_text).max_by_key(|&c| score(c))?;
    let (fits, ..) = score(best);
    (fits >= rows.len()).then_some(best)
}

/// The spans of a column, row by row; none of a row whose cell is something else.
struct Spans<'a> {
    texts: Vec<&'a str>,
    cells: Vec<&'a str>,
    marks: Vec<Option<Vec<Mark>>>,
    is_export: bool,
}

struct Settled {
    /// The new cells of rows whose cell changes.
    cells: Vec<Option<String>>,
    left: Left,
    note: Option<String>,
}

impl<'a> Spans<'a> {
    fn read(table: &'a Table, column: usize, text: usize, is_export: bool) -> Self {
        let rows = 0..table.rows();
        let cells: Vec<&str> = rows.clone().map(|row| table.cell(row, column)).collect();
        let marks = cells.iter().map(|cell| span_cells::marks(cell)).collect();
        Self { texts: rows.map(|row| table.cell(row, text)).collect(), cells, marks, is_export }
    }

    fn settle(mut self) -> Settled {
        if let Some(settled) = self.settle_as(if self.is_export { Faith::Words } else { Faith::Letters }) {
            return settled;
        }
        // What seemed to be quoted is no part of the texts.
        for mark in self.marks.iter_mut().flatten().flatten() {
            mark.text = None;
        }
        let mut settled =
            self.settle_as(Faith::Letters).unwrap_or(Settled { cells: Vec::new(), left: Vec::new(), note: None });
        let told = "the words beside the spans do not occur in the texts and are ignored";
        settled.note = Some(settled.note.map_or_else(|| told.to_owned(), |note| format!("{note}; {told}")));
        settled
    }

    /// Nothing where the words of many spans stand nowhere and may be no quotes.
    fn settle_as(&self, faith: Faith) -> Option<Settled> {
        let mut evidence = Evidence::default();
        let rows = || self.marks.iter().enumerate().filter_map(|(row, marks)| Some((row, marks.as_ref()?)));
        for (row, marks) in rows() {
            let claims: Vec<Claim<'_>> = marks.iter().map(|mark| mark.claim(faith)).collect();
            evidence.add(self.texts[row], &claims);
        }
        let told = evidence.verdict("span");
        let (counting, note) = told.map_or_else(|| (Counting::default(), self.untold()), |(c, n)| (c, Some(n)));
        let has_prefixes = self.have_prefixes();
        let (mut quoted, mut contradicted) = (0, 0);
        let mut settled = Settled { cells: vec![None; self.cells.len()], left: Vec::new(), note };
        for (row, marks) in rows() {
            quoted += usize::from(marks.iter().any(|mark| mark.text.is_some()));
            match self.place(row, marks, counting, faith) {
                Ok(mut placed) => {
                    placed.sort_by_key(|mark| (mark.start, mark.end));
                    if has_prefixes {
                        placed = joined(placed, self.texts[row]);
                    }
                    let cell = marks::cell(&placed).to_string();
                    let is_same = cell == self.cells[row] || (placed.is_empty() && self.cells[row].trim().is_empty());
                    settled.cells[row] = (!is_same).then_some(cell);
                }
                Err(Wrong::Place(reason)) => settled.left.push((row, reason)),
                Err(Wrong::Words(reason)) => {
                    contradicted += 1;
                    settled.left.push((row, reason));
                }
            }
        }
        (self.is_export || contradicted * 10 <= quoted || self.are_quotes()).then_some(settled)
    }

    /// That nothing tells how some spans are counted: they stand behind characters that some programs count as two, no words
    /// are quoted, and the script has no blanks at which words would end.
    fn untold(&self) -> Option<String> {
        let of_row = |(text, marks): (&&str, &Option<Vec<Mark>>)| {
            let Some(wide) = text.chars().position(|letter| letter.len_utf16() > 1) else { return 0 };
            let letters: Vec<char> = text.chars().collect();
            let is_untold = |mark: &&Mark| {
                let borders = [mark.start, mark.end.saturating_sub(1)];
                let is_unspaced = |place: &usize| letters.get(*place).is_some_and(|letter| is_unspaced(*letter));
                mark.text.is_none() && mark.start > wide && borders.iter().all(is_unspaced)
            };
            marks.iter().flatten().filter(is_untold).count()
        };
        let count: usize = self.texts.iter().zip(&self.marks).map(of_row).sum();
        (count > 0).then(|| {
            format!(
                "it is unclear how spans are counted after characters such as emoji, which some programs count as two: \
                 {count} of them are read as characters"
            )
        })
    }

    /// Whether the words beside most spans are meant to be the text's: they stand somewhere in it, or are as long as their
    /// place. Others are names of something else.
    fn are_quotes(&self) -> bool {
        let (mut quotes, mut all) = (0, 0);
        for (text, marks) in self.texts.iter().zip(&self.marks) {
            for mark in marks.iter().flatten() {
                let Some(words) = mark.text.as_deref().map(str::trim).filter(|words| !words.is_empty()) else {
                    continue;
                };
                all += 1;
                let is_as_long = mark.end.checked_sub(mark.start) == Some(words.chars().count());
                quotes += usize::from(is_as_long || text.contains(words));
            }
        }
        quotes * 2 > all
    }

    fn place(&self, row: usize, marks: &[Mark], counting: Counting, faith: Faith) -> Result<Vec<Mark>, Wrong> {
        if marks.is_empty() {
            return Ok(Vec::new());
        }
        let text = Text::new(self.texts[row]);
        let ruler = text.ruler(counting.view);
        let settle = |mark: &Mark| {
            let claim = mark.claim(faith);
            let place = text.confirm(&ruler, counting, &claim).or_else(|| text.find_quoted(&claim));
            let Mark { start, end, label, text: told } = mark;
            if let Some((start, end)) = place {
                return Ok(Mark { start, end, label: label.clone(), text: None });
            }
            let shown = shorten(label, 40);
            match text.resolve(&ruler, counting, &claim) {
                Some((from, to)) => Err(Wrong::Words(format!(
                    "has a span ({shown:?}, {start} to {end}) that should be {:?} and is {:?}",
                    shorten(&super::counting::plain_blanks(told.as_deref().unwrap_or_default()), 40),
                    shorten(text.part(from, to), 40)
                ))),
                None if !self.is_export => Ok(Mark { start: *start, end: *end, label: label.clone(), text: None }),
                None if start >= end => Err(Wrong::Place(format!("has an empty span ({shown:?}, {start} to {end})"))),
                None => Err(Wrong::Place(format!(
                    "has a span ({shown:?}, {start} to {end}) past the end of its {} characters",
                    text.len()
                ))),
            }
        };
        marks.iter().map(settle).collect()
    }

    /// Whether all labels are tags of words, as a model's own answers are: `B-PER`, `I-PER`.
    fn have_prefixes(&self) -> bool {
        let labels = || self.marks.iter().flatten().flatten().map(|mark| prefix(&mark.label));
        labels().all(|prefix| prefix.is_some()) && labels().any(|prefix| prefix.is_some_and(|(begins, _)| begins))
    }
}

enum Wrong {
    Place(String),
    /// The words that the file quotes stand elsewhere or nowhere.
    Words(String),
}

/// Whether a tag begins an entity, and the type of it.
fn prefix(label: &str) -> Option<(bool, &str)> {
    let kind = |prefix: &str| label.strip_prefix(prefix).filter(|kind| !kind.is_empty());
    kind("B-").map(|kind| (true, kind)).or_else(|| kind("I-").map(|kind| (false, kind)))
}

/// Spans of words with tags → spans of entities.
fn joined(marks: Vec<Mark>, text: &str) -> Vec<Mark> {
    let text = Text::new(text);
    let mut all: Vec<Mark> = Vec::new();
    for mark in marks {
        let (begins, kind) = prefix(&mark.label).unwrap_or((true, &mark.label));
        let goes_on = |last: &&mut Mark| {
            !begins
                && last.label == kind
                && last.end <= mark.start
                && mark.start <= text.len()
                && text.part(last.end, mark.start).chars().all(char::is_whitespace)
        };
        match all.last_mut().filter(goes_on) {
            Some(last) => last.end = mark.end,
            None => all.push(Mark { label: kind.to_owned(), ..mark }),
        }
    }
    all
}

/// What stands in a cell of answers for null, which is kept apart from a cell without anything.
pub(super) const NULL: &str = "null";

/// Whether a column is called as those of answers are.
pub(super) fn is_of_answers(name: &str) -> bool {
    ANSWERS.contains(&plain_name(name).as_str())
}

/// Where no other row has answers in a structure, null says nothing.
fn forget_nulls(table: &mut Table) {
    if matches!(table.format, Format::Delimited { .. }) {
        return;
    }
    let mut new = BTreeMap::new();
    for column in (0..table.columns.len()).filter(|column| is_of_answers(&table.columns[*column])) {
        let cells = || (0..table.rows()).map(|row| table.cell(row, column));
        if cells().any(|cell| cell == NULL) && !cells().any(|cell| cell.starts_with(['{', '['])) {
            new.insert(column, cells().map(|cell| (cell == NULL).then(String::new)).collect());
        }
    }
    let none_left = vec![false; table.rows()];
    rewrite(table, &new, &none_left);
}

/// Brings the starts of a table's answers into characters.
pub(super) fn answers(table: &mut Table) {
    forget_nulls(table);
    let named = |names: &[&str]| {
        names.iter().find_map(|name| table.columns.iter().position(|column| plain_name(column) == *name))
    };
    let Some((context, cells)) = named(&CONTEXTS).zip(named(&ANSWERS)).filter(|(context, cells)| context != cells)
    else {
        return;
    };
    let starts = table.column("answer_start").filter(|start| *start != cells && *start != context);
    let is_structure = |row: usize| table.cell(row, cells).trim_start().starts_with(['{', '[']);
    let read = |row: usize| {
        let start = starts.map(|start| table.cell(row, start));
        // What is told no start stands wherever it is found.
        let is_placed = start.is_some_and(|start| !start.trim().is_empty()) || is_structure(row);
        let cell = if is_placed { table.cell(row, cells) } else { "" };
        answers::answers(cell, start, table.cell(row, context)).unwrap_or_default()
    };
    let stand = |row: usize| read(row).iter().all(|answer| answers::stands_at(table.cell(row, context), answer));
    if (0..table.rows()).all(stand) {
        return;
    }
    let mut evidence = Evidence::default();
    for row in 0..table.rows() {
        evidence.add(table.cell(row, context), &read(row).iter().map(claim).collect::<Vec<_>>());
    }
    let Some((counting, note)) = evidence.verdict("answer") else { return };
    let moved = |row: usize| {
        let text = Text::new(table.cell(row, context));
        let ruler = text.ruler(counting.view);
        let mut all = read(row);
        for answer in &mut all {
            answer.start = text.confirm(&ruler, counting, &claim(answer)).map_or(answer.start, |(start, _)| start);
        }
        all
    };
    let (mut new_cells, mut new_starts) = (vec![None; table.rows()], vec![None; table.rows()]);
    for row in 0..table.rows() {
        let all = moved(row);
        match &all[..] {
            [] => {}
            _ if is_structure(row) => {
                let texts: Vec<&str> = all.iter().map(|answer| answer.text.as_str()).collect();
                let places: Vec<usize> = all.iter().map(|answer| answer.start).collect();
                new_cells[row] = Some(json!({ "text": texts, "answer_start": places }).to_string());
            }
            [first, ..] => new_starts[row] = Some(Value::from(first.start).to_string()),
        }
    }
    let mut new = BTreeMap::from([(cells, new_cells)]);
    new.extend(starts.map(|start| (start, new_starts)));
    table.notes.push(note);
    let none_left = vec![false; table.rows()];
    rewrite(table, &new, &none_left);
}

fn claim(answer: &GoldAnswer) -> Claim<'_> {
    Claim { start: answer.start, end: None, quote: Some(Quote { text: &answer.text, faith: Faith::Exact }) }
}

/// Writes those cells anew for which there is something new, and leaves rows out.
pub(super) fn rewrite(table: &mut Table, new: &BTreeMap<usize, Vec<Option<String>>>, is_left: &[bool]) {
    let has_new = new.values().flatten().any(Option::is_some);
    if !has_new && !is_left.contains(&true) {
        return;
    }
    let mut text = String::with_capacity(table.text.len());
    let mut ends = Vec::with_capacity(table.ends.len());
    let mut lines = Vec::with_capacity(table.lines.len());
    for row in (0..table.rows()).filter(|&row| !is_left[row]) {
        for column in 0..table.columns.len() {
            let cell = new.get(&column).and_then(|cells| cells.get(row)?.as_deref());
            text.push_str(cell.unwrap_or_else(|| table.cell(row, column)));
            ends.push(text.len());
        }
        lines.push(table.lines[row]);
    }
    (table.text, table.ends, table.lines) = (text, ends, lines);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::table::Table;
    use crate::table::readers::read_bytes;

    fn open(name: &str, text: &str) -> Table {
        read_bytes(Path::new(name), text.as_bytes().to_vec()).unwrap()
    }

    /// The words of all spans, in the words of the text.
    fn words(table: &Table, text: &str, spans: &str) -> Vec<String> {
        let (text, spans) = (table.column(text).unwrap(), table.column(spans).unwrap());
        let mut words = Vec::new();
        for row in 0..table.rows() {
            let letters: Vec<char> = table.cell(row, text).chars().collect();
            for span in crate::table::notation::tags::spans(table.cell(row, spans)).unwrap() {
                words.push(letters[span.start..span.end].iter().collect());
            }
        }
        words
    }

    fn line(text: &str, start: usize, end: usize) -> String {
        serde_json::json!({ "text": text, "label": [[start, end, "PER"]] }).to_string() + "\n"
    }

    /// One span a text, in the units of a function from the text before it.
    fn counted(texts: &[(&str, &str)], count: impl Fn(&str) -> usize) -> String {
        let row = |(text, words): &(&str, &str)| {
            let at = text.find(words).unwrap();
            line(text, count(&text[..at]), count(&text[..at + words.len()]))
        };
        texts.iter().map(row).collect()
    }

    fn check(file: &str, expected: &[&str], note: Option<&str>) {
        let table = open("a.jsonl", file);
        assert_eq!(words(&table, "text", "spans"), expected, "{file}");
        let begins = note.map(|note| format!("the offsets of spans are read as {note}, by which "));
        match begins {
            Some(begins) => assert!(table.notes.len() == 1 && table.notes[0].starts_with(&begins), "{:?}", table.notes),
            None => assert_eq!(table.notes, Vec::<String>::new(), "{file}"),
        }
    }

    fn utf_16(text: &str) -> usize {
        text.encode_utf16().count()
    }

    fn characters(text: &str) -> usize {
        text.chars().count()
    }

    const EMOJI: [(&str, &str); 3] =
        [("😀😀 Ines Kaya moved", "Ines Kaya"), ("😀 Bob ran", "Bob"), ("no smile, but Ann", "Ann")];

    #[test]
    fn the_way_of_counting_is_that_in_which_the_spans_fit_words() {
        let found = ["Ines Kaya", "Bob", "Ann"];
        check(&counted(&EMOJI, characters), &found, None);
        check(&counted(&EMOJI, utf_16), &found, Some("UTF-16 units"));
        check(&counted(&EMOJI, str::len), &found, Some("bytes of UTF-8"));
        let accents = [("Élodie était là, Ines Kaya aussi", "Ines Kaya"), ("à Zoé", "Zoé"), ("Jo", "Jo")];
        check(&counted(&accents, characters), &["Ines Kaya", "Zoé", "Jo"], None);
        check(&counted(&accents, str::len), &["Ines Kaya", "Zoé", "Jo"], Some("bytes of UTF-8"));
        let lines = [("One\r\ntwo\r\nInes Kaya ran", "Ines Kaya"), ("Hi\r\n\r\nBob ran", "Bob")];
        check(&counted(&lines, characters), &["Ines Kaya", "Bob"], None);
        let as_one = |text: &str| text.replace("\r\n", "\n").chars().count();
        check(&counted(&lines, as_one), &["Ines Kaya", "Bob"], Some("characters with each CRLF as one"));
        let feeds = [("One\ntwo\nInes Kaya ran", "Ines Kaya"), ("Hi\n\nBob ran", "Bob")];
        let as_two = |text: &str| text.replace('\n', "\r\n").chars().count();
        check(&counted(&feeds, as_two), &["Ines Kaya", "Bob"], Some("characters with each line feed as two"));
        let blanks = [("  Ines Kaya ran", "Ines Kaya"), ("\nBob ran", "Bob"), ("Ann", "Ann")];
        check(&counted(&blanks, characters), &["Ines Kaya", "Bob", "Ann"], None);
        check(
            &counted(&blanks, |text| text.trim_start().chars().count()),
            &["Ines Kaya", "Bob", "Ann"],
            Some("characters without the blanks at the start of a text"),
        );
        let escaped = [("Q&amp;A &mdash; Ines Kaya", "Ines Kaya"), ("a &lt; b, Bob ran", "Bob")];
        let shown = |text: &str| super::super::html::shown(text).chars().count();
        check(&counted(&escaped, shown), &["Ines Kaya", "Bob"], Some("characters with each HTML entity as one"));
        let both = [("😀\r\n Ines Kaya ran", "Ines Kaya"), ("😀 Bob\r\nran", "Bob"), ("\r\nAnn sat", "Ann")];
        let browser = |text: &str| utf_16(&text.replace("\r\n", "\n"));
        check(&counted(&both, browser), &["Ines Kaya", "Bob", "Ann"], Some("UTF-16 units with each CRLF as one"));
    }

    #[test]
    fn an_end_may_be_the_last_character_and_the_first_one_number_one() {
        let texts = [("Ines Kaya moved", 0, 9), ("so did Bob again", 7, 10), ("and Ann, too", 4, 7)];
        let rows = |first: usize, last: usize| -> String {
            texts.iter().map(|&(text, start, end)| line(text, start + first, end + first - last)).collect()
        };
        let found = ["Ines Kaya", "Bob", "Ann"];
        check(&rows(0, 0), &found, None);
        check(&rows(0, 1), &found, Some("characters up to and with the last"));
        check(&rows(1, 0), &found, Some("characters from 1"));
        check(&rows(1, 1), &found, Some("characters from 1 up to and with the last"));
    }

    #[test]
    fn where_nothing_tells_how_spans_are_counted_it_is_said() {
        let row = |text: &str| {
            format!("{{\"text\":\"{text}\",\"entities\":[{{\"start\":3,\"end\":5,\"label\":\"LOC\"}}]}}\n")
        };
        let notes = |text: &str| open("a.jsonl", &row(text).repeat(3)).notes;
        assert_eq!(
            notes("😀我在北京工作很久了"),
            [
                "it is unclear how spans are counted after characters such as emoji, which some programs count as two: 3 of \
              them are read as characters"
            ]
        );
        assert_eq!(notes("你我在北京工作很久了"), Vec::<String>::new());
    }

    #[test]
    fn a_few_cut_words_are_no_other_way_of_counting() {
        // One that is cut among many that are not, and two that are too few to tell.
        let whole: String = (0..9).map(|at| line(&format!("Ines Kaya ran {at} times"), 0, 9)).collect();
        let table = open("a.jsonl", &(whole + &line("Bobby ran", 0, 3)));
        assert_eq!((table.notes.len(), words(&table, "text", "spans")[9].as_str()), (0, "Bob"));
        check(&(line("Bobby ran", 0, 4) + &line("unhappy days", 2, 7)), &["Bobb", "happy"], None);
        // Scripts without blanks have no words to cut, and neither has Korean its particles.
        let texts =
            [("我在北京大学读书", "北京大学"), ("東京へ行く", "東京"), ("ฉันชอบกรุงเทพ", "กรุงเทพ"), ("서울에서", "서울")];
        check(&counted(&texts, characters), &["北京大学", "東京", "กรุงเทพ", "서울"], None);
        check(&counted(&texts, str::len), &["北京大学", "東京", "กรุงเทพ", "서울"], Some("bytes of UTF-8"));
        // Prefixes that are written onto a word, in some of the spans.
        let hebrew = line("הוא גר בירושלים היום", 8, 15).repeat(3) + &line("הוא גר ירושלים היום", 7, 14);
        assert_eq!(open("a.jsonl", &hebrew).notes, Vec::<String>::new());
        // Blanks that an annotator took with a word are his.
        let sloppy: String = (0..5).map(|at| line(&format!("to Ann {at}"), 3, 7)).collect();
        check(&sloppy, &["Ann "; 5], None);
    }

    #[test]
    fn quoted_words_tell_more_than_their_borders() {
        let row = |text: &str, start: usize, end: usize, words: &str| {
            serde_json::json!({ "text": text, "entities": [{ "start": start, "end": end, "label": "X", "text": words }] })
                .to_string()
                + "\n"
        };
        // As characters the places fit words too, but not those that are quoted.
        let file = row("😀 a b c", 3, 4, "a") + &row("😀 a b c", 5, 6, "b");
        let table = open("a.jsonl", &file);
        assert_eq!(words(&table, "text", "entities"), ["a", "b"]);
        assert!(
            table.notes[0].contains("2 of 2 that this moves have the words that the file quotes"),
            "{:?}",
            table.notes
        );
        // CLUENER names the last character.
        let cluener = "{\"text\": \"浙商银行叶老桂\", \"label\": {\"company\": {\"浙商银行\": [[0, 3]]}, \"name\": {\"叶老桂\": [[4, 6]]}}}\n";
        let table = open("a.json", &cluener.repeat(2));
        assert_eq!(words(&table, "text", "label"), ["浙商银行", "叶老桂", "浙商银行", "叶老桂"]);
        // A model's words are not as the text has them; what is no quote at all says nothing.
        let model = row("Ines Kaya ran", 0, 9, "ines kaya") + &row("Ann", 0, 3, "##ann");
        assert_eq!(words(&open("a.jsonl", &model), "text", "entities"), ["Ines Kaya", "Ann"]);
        let ids = row("Ines Kaya ran", 0, 9, "Q42") + &row("Ann", 0, 3, "Q7");
        assert_eq!(words(&open("a.jsonl", &ids), "text", "entities"), ["Ines Kaya", "Ann"]);
        assert_eq!(
            open("a.jsonl", &ids).notes,
            ["the words beside the spans do not occur in the texts and are ignored"]
        );
        // Where none stands where it should, all are left out.
        let file = row("so Ann ran", 0, 2, "Ann") + &row("then Bob ran", 0, 4, "Bob");
        let error = Table::from_bytes(Path::new("a.jsonl"), file.into_bytes()).unwrap_err().to_string();
        assert!(error.contains(r#"that should be "Ann" and is "so""#), "{error}");
        // Among many that are right, one that is not where it should be is left out.
        let file = row("Ines ran", 0, 4, "Ines").repeat(20) + &row("so Ann ran", 0, 2, "Ann");
        let table = open("a.jsonl", &file);
        assert_eq!((table.rows(), table.problems[0].line), (20, 21));
        assert_eq!(table.problems[0].reason, r#"has a span ("X", 0 to 2) that should be "Ann" and is "so""#);
    }

    #[test]
    fn spans_in_the_cells_of_a_table_are_read_whatever_writes_them() {
        let check = |name: &str, file: &str, column: &str| {
            let table = open(name, file);
            assert_eq!(words(&table, "text", column), ["Ines Kaya", "Oslo"], "{file}");
            let task = crate::data::guess_task(&table, &crate::data::Roles::guess(&table, crate::task::Task::Classify));
            assert_eq!(task, crate::task::Task::Ner, "{file}");
        };
        let text = "Ines Kaya left Oslo";
        check("a.csv", &format!("text,entities\n{text},\"[(0, 9, 'PER'), (15, 19, 'LOC')]\"\n"), "entities");
        check(
            "a.csv",
            &format!("text,annotations\n{text},\"{{'entities': [(0, 9, 'PER'), (15, 19, 'LOC')]}}\"\n"),
            "annotations",
        );
        let studio = r#"[{""start"":0,""end"":9,""text"":""Ines Kaya"",""labels"":[""PER""]},{""start"":15,""end"":19,""text"":""Oslo"",""labels"":[""LOC""]}]"#;
        check(
            "a.csv",
            &format!("annotation_id,id,label,lead_time,text\n1,1,\"{studio}\",3.4,{text}\n2,2,,1,none\n"),
            "label",
        );
        check("a.tsv", &format!("id\ttext\tspans\n1\t{text}\t[[0,9,\"PER\"],[15,19,\"LOC\"]]\n"), "spans");
        let lines = [
            r#""entities":[{"entity_group":"PER","start":0,"end":9},{"entity_group":"LOC","start":15,"end":19}]"#,
            r#""ents":[{"start":0,"end":9,"label":"PER"},{"start":15,"end":19,"label":"LOC"}],"tokens":[{"id":0,"start":0,"end":4,"tag":"N"}]"#,
            r#""ner":[{"offset":0,"length":9,"category":"PER"},{"offset":15,"length":4,"category":"LOC"}]"#,
            r#""entities":[{"entity":"B-PER","word":"Ines","start":0,"end":4},{"entity":"I-PER","word":"Kaya","start":5,"end":9},{"entity":"B-LOC","word":"Oslo","start":15,"end":19}]"#,
        ];
        for (line, column) in lines.iter().zip(["entities", "ents", "ner", "entities"]) {
            check("a.jsonl", &format!("{{\"text\":\"{text}\",{line}}}\n"), column);
        }
    }

    #[test]
    fn null_says_nothing_of_an_answer() {
        let line = |answers: &str| format!("{{\"question\":\"q\",\"context\":\"Ann ran\"{answers}}}\n");
        let ann = r#","answers":{"text":["Ann"],"answer_start":[0]}"#;
        let found = |text: &str| {
            let table = std::sync::Arc::new(open("a.jsonl", text));
            let roles = crate::data::Roles::guess(&table, crate::task::Task::Qa);
            let dataset = crate::data::Dataset::new(table, crate::task::Task::Qa, &roles, None).unwrap();
            dataset.examples.into_iter().map(|example| example.target).collect::<Vec<_>>()
        };
        let (none, untold) = (crate::data::Target::Answers(Vec::new()), crate::data::Target::None);
        let null = line(r#","answers":null"#);
        let empty = line(r#","answers":{"text":[],"answer_start":[]}"#);
        assert_eq!(found(&(line(ann) + &null + &line("") + &empty))[1..], [none]);
        assert_eq!(found(&(null.clone() + &line(""))), [untold.clone(), untold]);
        assert_eq!(open("a.jsonl", &null).cell(0, 2), "");
        let label = "{\"text\":\"a b\",\"answer\":null}\n{\"text\":\"c d\",\"answer\":\"yes\"}\n";
        assert_eq!(open("a.jsonl", label).cell(0, 1), "");
    }

    #[test]
    fn spans_keep_to_the_text_that_they_lie_in() {
        let meta = "about this row there is much more to say than there is in it";
        let line = format!(
            "{{\"source\":\"Ines Kaya ran\",\"job\":{{\"annotations\":{{\"entities\":[{{\"label\":\"X\",\"startOffset\":0,\"endOffset\":9}}]}}}},\"meta\":\"{meta}\"}}\n"
        );
        let table = open("a.jsonl", &line.repeat(3));
        let roles = crate::data::Roles::guess(&table, crate::task::Task::Ner);
        assert_eq!((roles.text.as_deref(), roles.spans.as_deref()), (Some("source"), Some("job")));
    }

    #[test]
    fn starts_of_answers_are_counted_as_the_file_does() {
        let context = "😀😀 Ann wrote it; ça va, Bob?";
        let cell = |start: usize| format!(r#"{{"text":["Bob"],"answer_start":[{start}]}}"#);
        let check = |start: usize, note: Option<&str>| {
            let question = serde_json::json!({ "question": "Who?", "context": context, "answers": { "text": ["Bob"], "answer_start": [start] } });
            let squad = serde_json::json!({ "data": [{ "paragraphs": [{ "context": context, "qas": [{ "id": "1", "question": "Who?", "answers": [{ "text": "Bob", "answer_start": start }] }] }] }] });
            let flat = format!("question\tcontext\tanswer\tanswer_start\nWho?\t{context}\tBob\t{start}\n");
            for (name, file) in [("a.jsonl", question.to_string()), ("a.json", squad.to_string()), ("a.tsv", flat)] {
                let table = open(name, &file);
                let found = match table.column("answer_start") {
                    Some(column) => table.cell(0, column).to_owned(),
                    None => table.cell(0, table.column("answers").unwrap()).to_owned(),
                };
                let right = if name == "a.tsv" { "24".to_owned() } else { cell(24) };
                assert_eq!(found, right, "{file}");
                assert_eq!(table.notes.first().map(|note| note.split(',').next().unwrap()), note, "{file}");
            }
        };
        check(24, None);
        check(26, Some("the offsets of answers are read as UTF-16 units"));
        check(31, Some("the offsets of answers are read as bytes of UTF-8"));
        check(25, Some("the offsets of answers are read as characters from 1"));
    }
}
