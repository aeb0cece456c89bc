//! Predictions as a file: JSON Lines as they are printed, CSV with the columns that were read beside them, words with
//! their tags, or SQuAD's answers by their ids. Every row that was read has its place, also one that cannot be answered.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and a text may be written so that it
//! runs one. Such cells that are no numbers get an apostrophe before them, which spreadsheets do not show
//! (OWASP, CSV Injection).

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use anyhow::bail;
use serde_json::{Value, json};

use super::output::one_line;
use super::texts::Item;
use crate::inspect::{Entity, Output, Predicted};
use crate::table::{Format, Table, is_number};
use crate::task::{Reads, Targets, Task};

/// How predictions are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Lines,
    Csv,
    Conll,
    /// Answers by the ids of their questions, which the scripts of SQuAD read.
    Answers,
}

impl Kind {
    /// As the name of a file says it.
    pub fn of(path: &Path) -> anyhow::Result<Self> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        Ok(match ending.as_deref() {
            Some("jsonl" | "ndjson") => Self::Lines,
            Some("csv") => Self::Csv,
            Some("conll") => Self::Conll,
            Some("json") => Self::Answers,
            _ => bail!("\"{}\" has no known ending, expected .csv, .jsonl, .conll or .json", path.display()),
        })
    }

    /// Whether entities are wanted and not tokens.
    pub fn wants_entities(self) -> bool {
        matches!(self, Self::Csv | Self::Conll)
    }

    /// Refuses what a task has no output for.
    pub fn check(self, task: Task, table: Option<&Table>) -> anyhow::Result<()> {
        match self {
            Self::Conll if task.reads() != Reads::Words => {
                bail!(".conll has a tag for each word, which {task} does not give; expected .csv or .jsonl")
            }
            Self::Answers if task.reads() != Reads::Question => {
                bail!(".json has answers by the ids of questions, which {task} does not give; expected .csv or .jsonl")
            }
            Self::Answers if table.and_then(|table| table.column("id")).is_none() => {
                bail!(
                    ".json has answers by the ids of questions, and there is no column \"id\"; expected one, or .jsonl"
                )
            }
            _ => Ok(()),
        }
    }
}

/// Writes predictions one after the other.
pub struct Sheet<'a> {
    out: &'a mut dyn Write,
    kind: Kind,
    table: Option<&'a Table>,
    task: Task,
    ids: BTreeSet<String>,
    /// Rows that were written, and those that could not be answered.
    pub rows: usize,
    pub unanswered: usize,
    /// Cells that a spreadsheet would have run.
    pub made_safe: usize,
}

impl<'a> Sheet<'a> {
    pub fn begin(out: &'a mut dyn Write, kind: Kind, task: Task, table: Option<&'a Table>) -> io::Result<Self> {
        let ids = BTreeSet::new();
        let mut sheet = Self { out, kind, table, task, ids, rows: 0, unanswered: 0, made_safe: 0 };
        match kind {
            Kind::Csv => {
                let names = sheet.columns();
                sheet.csv_row(&names)?;
            }
            Kind::Answers => write!(sheet.out, "{{")?,
            Kind::Lines | Kind::Conll => {}
        }
        Ok(sheet)
    }

    /// The columns that were read, and those of the prediction, each with a name of its own.
    fn columns(&self) -> Vec<String> {
        let mut names = match self.table {
            Some(table) => table.columns.clone(),
            None if self.task.reads() == Reads::Question => vec!["question".to_owned(), "context".to_owned()],
            None => vec!["text".to_owned(), "pair".to_owned()],
        };
        let file = self.tells_files().then_some("file");
        for new in file.iter().chain(self.added()).chain(&["error"]) {
            let mut name = (*new).to_owned();
            let mut number = 1;
            while names.contains(&name) {
                number += 1;
                name = format!("{new} ({number})");
            }
            names.push(name);
        }
        names
    }

    /// Whether rows are of several files and no column says of which.
    fn tells_files(&self) -> bool {
        let has_its_own = |table: &Table| matches!(table.format, Format::TextFolders | Format::Brat);
        self.table.is_some_and(|table| table.origins.files.len() > 1 && !has_its_own(table))
    }

    fn added(&self) -> &'static [&'static str] {
        match self.task.targets() {
            Targets::Class => &["prediction", "score"],
            Targets::Classes => &["prediction", "scores"],
            Targets::Number | Targets::Tags | Targets::Hidden | Targets::Replaced => &["prediction"],
            Targets::Span => &["prediction", "score", "start", "end"],
        }
    }

    /// Writes what is said to a text, or why nothing is; `line` is what is printed of it.
    pub fn write(&mut self, item: &Item, said: Result<(&Predicted, &Value), &str>) -> anyhow::Result<()> {
        self.rows += 1;
        self.unanswered += usize::from(said.is_err());
        match self.kind {
            Kind::Lines => {
                let line = match said {
                    Ok((_, line)) => Cow::Borrowed(line),
                    Err(reason) => Cow::Owned(json!({ "error": format!("{} {reason}", item.place) })),
                };
                serde_json::to_writer(&mut self.out, &line).map_err(io::Error::from)?;
                writeln!(self.out)?;
            }
            Kind::Csv => self.cells(item, said.map(|(predicted, _)| predicted))?,
            Kind::Conll => self.sentence(item, said.map(|(predicted, _)| predicted))?,
            Kind::Answers => self.answer(item, said.map(|(predicted, _)| predicted))?,
        }
        Ok(())
    }

    pub fn end(self) -> io::Result<()> {
        match self.kind {
            Kind::Answers => writeln!(self.out, "}}"),
            Kind::Lines | Kind::Csv | Kind::Conll => Ok(()),
        }
    }

    fn cells(&mut self, item: &Item, said: Result<&Predicted, &str>) -> io::Result<()> {
        let asked = item.request.as_ref().map_or("", |request| request.text.as_str());
        let mut cells: Vec<String> = match (self.table, item.row, &item.request) {
            (Some(table), Some(row), _) => {
                (0..table.columns.len()).map(|column| table.cell(row, column).to_owned()).collect()
            }
            (Some(table), None, _) => vec![String::new(); table.columns.len()],
            (None, _, Ok(request)) => vec![request.text.clone(), request.pair.clone().unwrap_or_default()],
            (None, _, Err(_)) => vec![String::new(); 2],
        };
        if self.tells_files() {
            cells.push(item.file.as_deref().unwrap_or_default().to_owned());
        }
        let wanted = cells.len() + self.added().len();
        let error = match said {
            Ok(predicted) => {
                cells.extend(said_in_cells(self.task, &predicted.output, asked));
                String::new()
            }
            Err(reason) => format!("{} {reason}", item.place),
        };
        cells.resize(wanted, String::new());
        cells.push(error);
        self.csv_row(&cells)
    }

    fn csv_row(&mut self, cells: &[String]) -> io::Result<()> {
        for (place, cell) in cells.iter().enumerate() {
            let safe = safe(cell);
            self.made_safe += usize::from(safe.len() != cell.len());
            write!(self.out, "{}{}", if place > 0 { "," } else { "" }, quoted(&safe))?;
        }
        writeln!(self.out)
    }

    fn sentence(&mut self, item: &Item, said: Result<&Predicted, &str>) -> io::Result<()> {
        let (Ok(Predicted { output: Output::Entities(entities), .. }), Ok(request)) = (said, &item.request) else {
            let reason = said.err().unwrap_or("has no entities");
            return writeln!(self.out, "# error: {}\n", one_line(&format!("{} {reason}", item.place)));
        };
        // Blanks and line ends are what parts the columns and the rows.
        let is_torn = |word: &&String| word.is_empty() || word.contains(|sign: char| sign.is_ascii_whitespace());
        if let Some(word) = item.words.iter().flatten().find(is_torn) {
            self.unanswered += 1;
            let reason = format!("{} has the word {word:?}, expected words without blanks for .conll", item.place);
            return writeln!(self.out, "# error: {}\n", one_line(&reason));
        }
        let words = match &item.words {
            Some(words) => places(words),
            None => cut(&request.text, entities),
        };
        for (word, tag) in tagged(words, entities) {
            writeln!(self.out, "{word}\t{tag}")?;
        }
        writeln!(self.out)
    }

    fn answer(&mut self, item: &Item, said: Result<&Predicted, &str>) -> anyhow::Result<()> {
        let Some((table, row)) = self.table.zip(item.row) else { return Ok(()) };
        let id = table.column("id").map_or("", |column| table.cell(row, column)).to_owned();
        let best = match said.map(|predicted| &predicted.output) {
            Ok(Output::Answers(answers)) => answers.first().map_or("", |best| &best.answer),
            _ => "",
        };
        let comma = if self.ids.is_empty() { "" } else { ",\n " };
        write!(self.out, "{comma}{}: {}", json!(id), json!(best))?;
        if !self.ids.insert(id.clone()) {
            bail!("{} has the id {id:?}, which an earlier row has too; expected one for each question", item.place);
        }
        Ok(())
    }
}

/// A prediction in the columns that are added for it. Of an entity that is the text as it stands there: `word` has the
/// pieces of the vocabulary, which may be without case, accents and blanks.
fn said_in_cells(task: Task, output: &Output, asked: &str) -> Vec<String> {
    match output {
        Output::Value { value } => vec![value.to_string()],
        Output::Labels(labels) if task.targets() != Targets::Classes => {
            labels.first().map(|best| vec![best.label.clone(), best.score.to_string()]).unwrap_or_default()
        }
        Output::Labels(labels) => {
            let applies = labels.iter().filter(|one| one.applies.unwrap_or(one.score >= 0.5));
            let names: Vec<&str> = applies.map(|one| one.label.as_str()).collect();
            let scores: serde_json::Map<String, Value> =
                labels.iter().map(|one| (one.label.clone(), json!(one.score))).collect();
            vec![json!(names).to_string(), Value::Object(scores).to_string()]
        }
        Output::Entities(entities) => {
            let span = |one: &Entity| {
                let text: String = asked.chars().skip(one.start).take(one.end - one.start).collect();
                json!({ "start": one.start, "end": one.end, "label": one.entity_group, "text": text, "score": one.score })
            };
            vec![Value::Array(entities.iter().map(span).collect()).to_string()]
        }
        Output::Answers(answers) => answers.first().map_or_else(Vec::new, |best| {
            vec![best.answer.clone(), best.score.to_string(), best.start.to_string(), best.end.to_string()]
        }),
        Output::Masks(masks) => {
            let best: Vec<&str> = masks.iter().map(|words| words.first().map_or("", |best| &best.token_str)).collect();
            vec![json!(best).to_string()]
        }
        Output::Replaced(tokens) => {
            let replaced: Vec<&str> = tokens.iter().filter(|one| one.replaced).map(|one| one.token.as_str()).collect();
            vec![json!(replaced).to_string()]
        }
        tokens @ Output::Tokens(_) => vec![json!(tokens).to_string()],
    }
}

/// A cell that no spreadsheet runs.
fn safe(cell: &str) -> Cow<'_, str> {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    if is_formula && !is_number(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

fn quoted(cell: &str) -> Cow<'_, str> {
    if cell.contains([',', '"', '\n', '\r', ';', '\t']) {
        Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(cell)
    }
}

/// A word with the characters it stands at.
type Word = (String, usize, usize);

/// Words as they stand in a text with blanks between them.
fn places(words: &[String]) -> Vec<Word> {
    let mut at = 0;
    let place = |word: &String| {
        let start = at;
        at += word.chars().count() + 1;
        (word.clone(), start, at - 1)
    };
    words.iter().map(place).collect()
}

/// Words of a text: between blanks, signs apart, and never across the border of an entity.
fn cut(text: &str, entities: &[Entity]) -> Vec<Word> {
    let borders: BTreeSet<usize> = entities.iter().flat_map(|one| [one.start, one.end]).collect();
    let mut words: Vec<Word> = Vec::new();
    let mut is_open = false;
    for (at, letter) in text.chars().enumerate() {
        if letter.is_whitespace() {
            is_open = false;
            continue;
        }
        let is_word = letter.is_alphanumeric() || letter == '_';
        match words.last_mut().filter(|_| is_open && is_word && !borders.contains(&at)) {
            Some((word, _, end)) => {
                word.push(letter);
                *end = at + 1;
            }
            None => words.push((letter.to_string(), at, at + 1)),
        }
        is_open = is_word;
    }
    words
}

/// Each word with its tag in IOB2.
fn tagged(words: Vec<Word>, entities: &[Entity]) -> Vec<(String, String)> {
    let mut begun = None;
    let tag = |(word, start, end): Word| {
        let found = entities.iter().position(|one| one.start < end && one.end > start);
        let tag = found.map_or("O".to_owned(), |found| {
            let letter = if begun == Some(found) { "I" } else { "B" };
            format!("{letter}-{}", entities[found].entity_group)
        });
        begun = found;
        (word, tag)
    };
    words.into_iter().map(tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let check = |cell: &str, expected: &str| assert_eq!(quoted(&safe(cell)), expected, "{cell}");
        check("=1+1", "'=1+1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0");
        check("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"");
        check("-1.5", "-1.5");
        check("+3e2", "+3e2");
        check("a = b", "a = b");
        check("two\nlines", "\"two\nlines\"");
        check("", "");
    }

    #[test]
    fn words_are_cut_at_blanks_signs_and_entities() {
        let entity = |start, end, label: &str| Entity {
            entity_group: label.into(),
            score: 1.0,
            word: String::new(),
            start,
            end,
        };
        let check = |text: &str, entities: &[Entity], expected: &str| {
            let words = tagged(cut(text, entities), entities);
            let told: Vec<String> = words.iter().map(|(word, tag)| format!("{word}/{tag}")).collect();
            assert_eq!(told.join(" "), expected);
        };
        check(
            "Ines Kaya's in Köln.",
            &[entity(0, 9, "PER"), entity(15, 19, "LOC")],
            "Ines/B-PER Kaya/I-PER '/O s/O in/O Köln/B-LOC ./O",
        );
        check("東京都に住む", &[entity(0, 3, "LOC")], "東京都/B-LOC に住む/O");
        check("A B", &[entity(0, 1, "X"), entity(2, 3, "X")], "A/B-X B/B-X");
        let words = ["New".to_owned(), "York".to_owned(), ".".to_owned()];
        let told = tagged(places(&words), &[entity(0, 8, "LOC")]);
        assert_eq!(told.iter().map(|(_, tag)| tag.as_str()).collect::<Vec<_>>(), ["B-LOC", "I-LOC", "O"]);
    }

    #[test]
    fn endings_say_how_it_is_written() {
        assert_eq!(Kind::of(Path::new("a.CSV")).unwrap(), Kind::Csv);
        let error = Kind::of(Path::new("a.xlsx")).unwrap_err().to_string();
        assert!(error.contains("expected .csv, .jsonl, .conll or .json"), "{error}");
        assert!(Kind::Conll.check(Task::Classify, None).unwrap_err().to_string().contains("expected .csv or .jsonl"));
        assert!(Kind::Answers.check(Task::Qa, None).unwrap_err().to_string().contains("no column \"id\""));
    }
}
