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

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::{BatchError, SheetError};
use super::tagged::{cut, places, tagged};
use super::texts::Item;
use crate::inspect::{Entity, Output, Predicted};
use crate::table::{Format, Table, is_number};
use crate::task::{Reads, Targets, Task};

/// How predictions are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Csv,
    Lines,
    Conll,
    /// Answers by the ids of their questions, which the scripts of SQuAD read.
    Answers,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Csv, Self::Lines, Self::Conll, Self::Answers];

    /// As the name of a file says it.
    pub fn of(path: &Path) -> Result<Self, BatchError> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        Ok(match ending.as_deref() {
            Some("jsonl" | "ndjson") => Self::Lines,
            Some("csv") => Self::Csv,
            Some("conll") => Self::Conll,
            Some("json") => Self::Answers,
            _ => return Err(BatchError::Ending { path: path.to_owned() }),
        })
    }

    /// The usual ending of its files.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Lines => "jsonl",
            Self::Conll => "conll",
            Self::Answers => "json",
        }
    }

    /// The name on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Lines => "JSON Lines",
            Self::Conll => "CoNLL",
            Self::Answers => "SQuAD answers",
        }
    }

    /// Whether entities are wanted and not tokens.
    pub fn wants_entities(self) -> bool {
        matches!(self, Self::Csv | Self::Conll)
    }

    /// Refuses what a task has no output for.
    pub fn check(self, task: Task, has_ids: bool) -> Result<(), BatchError> {
        match self {
            Self::Conll if task.reads() != Reads::Words => Err(BatchError::NoTags { task }),
            Self::Answers if task.reads() != Reads::Question => Err(BatchError::NoAnswers { task }),
            Self::Answers if !has_ids => Err(BatchError::NoIds),
            Self::Csv | Self::Lines | Self::Conll | Self::Answers => Ok(()),
        }
    }
}

/// Whether a task chooses among labels, each with a probability.
pub fn has_probabilities(task: Task) -> bool {
    match task.targets() {
        Targets::Class | Targets::Classes => true,
        Targets::Number | Targets::Tags | Targets::Span | Targets::Hidden | Targets::Replaced => false,
    }
}

/// Whether a task says where in a text something stands.
pub fn has_offsets(task: Task) -> bool {
    match task.targets() {
        Targets::Tags | Targets::Span => true,
        Targets::Class | Targets::Classes | Targets::Number | Targets::Hidden | Targets::Replaced => false,
    }
}

/// The column that questions are known by.
pub(super) const ID: &str = "id";

/// What was written, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub rows: usize,
    /// Rows that could not be answered.
    pub unanswered: usize,
    /// Cells that a spreadsheet would have run.
    pub made_safe: usize,
    /// Rows of which tokens did not fit and were cut off, and how many.
    pub cut: usize,
    pub cut_tokens: usize,
    /// Rows of which the model was asked about one text where it learned from pairs, or the other way round.
    #[serde(default)]
    pub misfits: usize,
}

/// What a file of predictions is of.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub kind: Kind,
    pub task: Task,
    pub table: Option<&'a Table>,
    /// Labels whose probabilities have a column each.
    pub labels: &'a [String],
}

impl About<'_> {
    /// The columns that are added for a prediction.
    pub fn added(&self) -> Vec<String> {
        let own: &[&str] = match self.task.targets() {
            Targets::Class => &["prediction", "score"],
            Targets::Classes => &["prediction", "scores"],
            Targets::Number | Targets::Tags | Targets::Hidden | Targets::Replaced => &["prediction"],
            Targets::Span => &["prediction", "score", "start", "end"],
        };
        let each = self.labels.iter().map(|label| format!("p({label})"));
        own.iter().map(|name| (*name).to_owned()).chain(each).collect()
    }

    /// A prediction in the columns that are added for it.
    pub fn said(&self, output: &Output, asked: &str) -> Vec<String> {
        let mut cells = said_in_cells(self.task, output, asked);
        if let Output::Labels(labels) = output {
            let of = |name: &String| labels.iter().find(|one| one.label == *name).map(|one| one.score.to_string());
            cells.extend(self.labels.iter().map(|name| of(name).unwrap_or_default()));
        }
        cells
    }

    /// Whether rows are of several files and no column says of which.
    fn tells_files(&self) -> bool {
        let has_its_own = |table: &Table| matches!(table.format, Format::TextFolders | Format::Brat);
        self.table.is_some_and(|table| table.origins.files.len() > 1 && !has_its_own(table))
    }

    /// The columns that were read.
    fn read(&self) -> Vec<String> {
        match self.table {
            Some(table) => table.columns.clone(),
            None if self.task.reads() == Reads::Question => vec!["question".to_owned(), "context".to_owned()],
            None => vec!["text".to_owned(), "pair".to_owned()],
        }
    }

    /// The columns that were read, and those of the prediction, each with a name of its own.
    fn columns(&self) -> Vec<String> {
        let mut names = self.read();
        for new in self.further() {
            names.push(free_name(&names, new));
        }
        names
    }

    fn further(&self) -> impl Iterator<Item = String> + use<> {
        let file = self.tells_files().then(|| "file".to_owned());
        file.into_iter().chain(self.added()).chain(["error".to_owned()])
    }

    /// Columns of the prediction that could not have their usual names, with those that they have.
    pub fn renamed(&self) -> Vec<(String, String)> {
        let names = self.columns();
        let given = names[self.read().len()..].iter().cloned();
        self.further().zip(given).filter(|(usual, given)| usual != given).collect()
    }
}

/// A name that no other column has.
fn free_name(names: &[String], wanted: String) -> String {
    if !names.contains(&wanted) {
        return wanted;
    }
    let numbered = |number: usize| format!("{wanted} ({number})");
    // Of so many one is free.
    (2..=names.len() + 2).map(numbered).find(|name| !names.contains(name)).unwrap_or(wanted)
}

/// Writes predictions one after the other.
pub(super) struct Sheet<'a, W> {
    pub out: W,
    pub counts: Counts,
    about: About<'a>,
    ids: BTreeSet<String>,
    tells_files: bool,
}

impl<'a, W: Write> Sheet<'a, W> {
    pub fn begin(out: W, about: About<'a>) -> io::Result<Self> {
        let mut sheet = Self::go_on(out, about, Counts::default());
        match about.kind {
            Kind::Csv => {
                let names = about.columns();
                // The names of columns are no rows.
                sheet.csv_row(&names)?;
            }
            Kind::Answers => write!(sheet.out, "{{")?,
            Kind::Lines | Kind::Conll => {}
        }
        Ok(sheet)
    }

    /// Behind what was written before.
    pub fn go_on(out: W, about: About<'a>, counts: Counts) -> Self {
        Self { out, counts, about, ids: BTreeSet::new(), tells_files: about.tells_files() }
    }

    /// Takes note of a text whose prediction was written before.
    pub fn pass(&mut self, item: &Item) {
        if let Some(id) = self.id(item) {
            self.ids.insert(id);
        }
    }

    /// Writes what is said to a text, or why nothing is.
    pub fn write(&mut self, item: &Item, said: Result<&Predicted, &str>) -> Result<(), SheetError> {
        self.counts.rows += 1;
        self.counts.unanswered += usize::from(said.is_err());
        let cut = said.map_or(0, |predicted| predicted.cut);
        self.counts.cut += usize::from(cut > 0);
        self.counts.cut_tokens += cut;
        self.counts.misfits += usize::from(said.is_ok_and(|predicted| predicted.misfit.is_some()));
        match self.about.kind {
            Kind::Lines => {
                match said {
                    Ok(predicted) => serde_json::to_writer(&mut self.out, predicted),
                    Err(reason) => serde_json::to_writer(&mut self.out, &json!({ "error": reason })),
                }
                .map_err(io::Error::from)?;
                writeln!(self.out)?;
            }
            Kind::Csv => self.cells(item, said)?,
            Kind::Conll => self.sentence(item, said)?,
            Kind::Answers => self.answer(item, said)?,
        }
        Ok(())
    }

    /// Writes what stands behind the last.
    pub fn end(&mut self) -> io::Result<()> {
        match self.about.kind {
            Kind::Answers => writeln!(self.out, "}}"),
            Kind::Lines | Kind::Csv | Kind::Conll => Ok(()),
        }
    }

    fn cells(&mut self, item: &Item, said: Result<&Predicted, &str>) -> io::Result<()> {
        let asked = item.request.as_ref().map_or("", |request| request.text.as_str());
        let mut cells: Vec<String> = match (self.about.table, item.row, &item.request) {
            (Some(table), Some(row), _) => {
                (0..table.columns.len()).map(|column| table.cell(row, column).to_owned()).collect()
            }
            (Some(table), None, _) => vec![String::new(); table.columns.len()],
            (None, _, Ok(request)) => vec![request.text.clone(), request.pair.clone().unwrap_or_default()],
            (None, _, Err(_)) => vec![String::new(); 2],
        };
        if self.tells_files {
            cells.push(item.file.as_deref().unwrap_or_default().to_owned());
        }
        let wanted = cells.len() + self.about.added().len();
        let error = match said {
            Ok(predicted) => {
                cells.extend(self.about.said(&predicted.output, asked));
                String::new()
            }
            Err(reason) => reason.to_owned(),
        };
        cells.resize(wanted, String::new());
        cells.push(error);
        let made_safe = self.csv_row(&cells)?;
        self.counts.made_safe += made_safe;
        Ok(())
    }

    /// Returns how many cells a spreadsheet would have run.
    fn csv_row(&mut self, cells: &[String]) -> io::Result<usize> {
        let mut made_safe = 0;
        for (place, cell) in cells.iter().enumerate() {
            let safe = safe(cell);
            made_safe += usize::from(safe.len() != cell.len());
            write!(self.out, "{}{}", if place > 0 { "," } else { "" }, quoted(&safe))?;
        }
        writeln!(self.out)?;
        Ok(made_safe)
    }

    fn sentence(&mut self, item: &Item, said: Result<&Predicted, &str>) -> io::Result<()> {
        let (Ok(Predicted { output, .. }), Ok(request)) = (said, &item.request) else {
            let reason = said.err().map_or_else(|| format!("{} has no entities", item.place), str::to_owned);
            return self.no_sentence(&reason);
        };
        // Blanks and line ends are what parts the columns and the rows.
        let is_torn = |word: &&String| word.is_empty() || word.contains(|sign: char| sign.is_ascii_whitespace());
        if let Some(word) = item.words.iter().flatten().find(is_torn) {
            self.counts.unanswered += 1;
            let reason = format!("{} has the word {word:?}, expected words without blanks for .conll", item.place);
            return self.no_sentence(&reason);
        }
        let told = match (output, &item.words) {
            (Output::Words(tags), Some(words)) => words.iter().cloned().zip(tags.iter().cloned()).collect(),
            (Output::Entities(entities), Some(words)) => tagged(places(words), entities),
            (Output::Entities(entities), None) => tagged(cut(&request.text, entities), entities),
            _ => return self.no_sentence(&format!("{} has no entities", item.place)),
        };
        for (word, tag) in told {
            writeln!(self.out, "{word}\t{tag}")?;
        }
        writeln!(self.out)
    }

    fn no_sentence(&mut self, reason: &str) -> io::Result<()> {
        let line = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(self.out, "# error: {line}\n")
    }

    /// The id of a question.
    fn id(&self, item: &Item) -> Option<String> {
        let (table, row) = self.about.table.zip(item.row).filter(|_| self.about.kind == Kind::Answers)?;
        Some(table.column(ID).map_or("", |column| table.cell(row, column)).to_owned())
    }

    fn answer(&mut self, item: &Item, said: Result<&Predicted, &str>) -> Result<(), SheetError> {
        let Some(id) = self.id(item) else { return Ok(()) };
        let best = match said.map(|predicted| &predicted.output) {
            Ok(Output::Answers(answers)) => answers.first().map_or("", |best| &best.answer),
            _ => "",
        };
        let comma = if self.ids.is_empty() { "" } else { ",\n " };
        write!(self.out, "{comma}{}: {}", json!(id), json!(best))?;
        if !self.ids.insert(id.clone()) {
            return Err(SheetError::SameId { place: item.place.clone(), id });
        }
        Ok(())
    }
}

/// What is said in the first of the columns that are added for it. Of an entity that is the text as it stands there: `word` has the
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
        other @ (Output::Tokens(_) | Output::Words(_)) => vec![json!(other).to_string()],
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
    fn endings_say_how_it_is_written() {
        assert_eq!(Kind::of(Path::new("a.CSV")).unwrap(), Kind::Csv);
        let error = Kind::of(Path::new("a.xlsx")).unwrap_err().to_string();
        assert!(error.contains("expected .csv, .jsonl, .conll or .json"), "{error}");
        assert!(Kind::Conll.check(Task::Classify, false).unwrap_err().to_string().contains("expected .csv or .jsonl"));
        assert!(Kind::Answers.check(Task::Qa, false).unwrap_err().to_string().contains("no column \"id\""));
    }
}
