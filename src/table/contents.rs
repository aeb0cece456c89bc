//! A file as it was read: named columns of text, each row with the line it came from, and every row that could not be
//! read with the reason. Nothing is interpreted here; roles and labels come later, in `data`.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::Inputs;
use crate::files;
use crate::stop::heed;

/// How a file was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Values separated by the given byte. A line feed means that there is one column and each line is a cell.
    Delimited {
        delimiter: u8,
    },
    /// JSON objects, one a line or in an array.
    JsonLines,
    /// Labelled spans from an annotation tool.
    Prodigy,
    LabelStudio,
    Doccano,
    /// Words with tags, one a line.
    Conll,
    /// A text a line behind its classes.
    FastText,
    /// Examples under their intents, of Rasa NLU.
    Rasa,
    /// Words with the labels of layers, as `WebAnno` and `INCEpTION` export them.
    WebAnno,
    /// Questions on the paragraphs of articles.
    Squad,
    Parquet,
    /// A sheet of Excel or `LibreOffice`.
    Workbook,
    /// One paragraph a line.
    PlainText,
    /// Folders that are classes, with a file for each text.
    TextFolders,
    /// Texts with a file of labelled places beside each, as brat writes them.
    Brat,
    /// Record batches of Arrow, also as Feather and as `save_to_disk` of the datasets library writes them.
    Arrow,
}

impl Format {
    /// Whether its bytes are text in one of many encodings.
    pub fn has_encoding(self) -> bool {
        !matches!(self, Self::Parquet | Self::Workbook | Self::Arrow)
    }

    /// The name on screen.
    pub fn title(self) -> String {
        match self {
            Self::Delimited { delimiter: b'\n' } => "one column".into(),
            Self::Delimited { delimiter: b'\t' } => "TSV, tab".into(),
            Self::Delimited { delimiter: b',' } => "CSV, comma".into(),
            Self::Delimited { delimiter: b';' } => "CSV, semicolon".into(),
            Self::Delimited { delimiter: b'|' } => "CSV, bar".into(),
            // What a sign beyond ASCII was turned into; which it is, a note tells.
            Self::Delimited { delimiter: 0x1F } => "CSV, another sign".into(),
            Self::Delimited { delimiter } => format!("CSV, {:?}", char::from(delimiter)),
            Self::JsonLines => "JSON objects".into(),
            Self::Prodigy => "Prodigy spans".into(),
            Self::LabelStudio => "Label Studio export".into(),
            Self::Doccano => "doccano spans".into(),
            Self::Conll => "CoNLL, tagged words".into(),
            Self::FastText => "fastText".into(),
            Self::Rasa => "Rasa NLU".into(),
            Self::WebAnno => "WebAnno TSV".into(),
            Self::Squad => "SQuAD questions".into(),
            Self::Parquet => "Parquet".into(),
            Self::Workbook => "spreadsheet".into(),
            Self::PlainText => "plain text".into(),
            Self::TextFolders => "folders of texts".into(),
            Self::Brat => "brat annotations".into(),
            Self::Arrow => "Arrow".into(),
        }
    }
}

/// How the names of files with rows usually end, for dialogs that show only those. What a file is, its content says.
pub const ENDINGS: [&str; 28] = [
    "csv",
    "tsv",
    "tab",
    "jsonl",
    "ndjson",
    "json",
    "parquet",
    "arrow",
    "feather",
    "xlsx",
    "xlsm",
    "xlsb",
    "xls",
    "ods",
    "conll",
    "conllu",
    "gold_conll",
    "bio",
    "iob",
    "iob2",
    "txt",
    "text",
    "md",
    "gz",
    "xz",
    "zst",
    "bz2",
    "zip",
];

/// Where a row is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, where several were read as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Arc<str>>,
    /// Line in the file, from 1.
    pub line: usize,
}

/// Why a row is left out, in words. Rows may share it: a broken file has millions of them.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Reason(Arc<str>);

impl Reason {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Reason {
    fn from(reason: String) -> Self {
        Self(reason.into())
    }
}

impl std::ops::Deref for Reason {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

impl std::fmt::Debug for Reason {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

impl PartialEq<str> for Reason {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&str> for Reason {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

impl PartialEq<String> for Reason {
    fn eq(&self, other: &String) -> bool {
        *self.0 == **other
    }
}

/// Problems of a file whose reasons are kept. Those of all others are only counted and placed.
const TOLD: usize = 10_000;

/// What is left out while reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// A row that could not be read.
    Unread,
    /// A row that its annotator rejected or skipped.
    Rejected,
    /// What others annotated in the row before, which is read.
    Further,
}

impl LeftOut {
    /// How a reader says that an annotator skipped a row.
    pub(super) const SKIPPED: &str = "was skipped by its annotator";
    /// How it says that an annotator gave another answer than to accept it.
    pub(super) const ANSWERED: &str = "is left out, because its \"answer\" is ";
    /// How it says that only one of several annotations is read, behind their number.
    pub(super) const ONE_READ: &str = " annotations, of which only ";

    fn by(reason: &str) -> Self {
        if reason.starts_with(Self::SKIPPED) || reason.starts_with(Self::ANSWERED) {
            Self::Rejected
        } else if reason.starts_with("has ") && reason.contains(Self::ONE_READ) {
            Self::Further
        } else {
            Self::Unread
        }
    }
}

/// A row that was left out while reading, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowProblem {
    /// The file, where several were read as one.
    pub file: Option<Arc<str>>,
    /// Line in the file, from 1.
    pub line: usize,
    pub reason: Reason,
    pub what: LeftOut,
    /// How many rows of the table stand before it, where that is known: elements of one line, and files that hold no row,
    /// are told apart by nothing else.
    pub rows_before: Option<usize>,
}

impl RowProblem {
    pub fn new(line: usize, reason: String) -> Self {
        let what = LeftOut::by(&reason);
        Self { file: None, line, reason: reason.into(), what, rows_before: None }
    }

    /// The same, behind so many rows.
    #[must_use]
    pub fn after(self, rows: usize) -> Self {
        Self { rows_before: Some(rows), ..self }
    }

    /// Adds it to those of a file. Where it has a great many, the further ones share a reason, or they would take many times
    /// the memory of the file.
    pub(super) fn add_to(self, problems: &mut Vec<Self>) {
        let reason = match problems.get(TOLD..).and_then(<[Self]>::last) {
            Some(last) => last.reason.clone(),
            None if problems.len() == TOLD => {
                format!("cannot be read either; only the first {TOLD} rows that cannot say why").into()
            }
            None => self.reason.clone(),
        };
        problems.push(Self { reason, ..self });
    }

    pub fn at(&self) -> Place {
        Place { file: self.file.clone(), line: self.line }
    }

    /// Where it is: `line 3`, or `line 3 of b.csv`.
    pub fn place(&self) -> String {
        match &self.file {
            Some(file) => format!("line {} of {file}", self.line),
            None => format!("line {}", self.line),
        }
    }
}

/// A file that rows of a table are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub path: PathBuf,
    /// What tells it from the others.
    pub name: Arc<str>,
    /// The first row that is from it, and those before it were from others.
    pub first: usize,
}

/// What a table was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// What was named.
    pub inputs: Inputs,
    /// The files, in the order of their rows. Of an archive there is one for each file that was read in it.
    pub files: Vec<Origin>,
    /// What lies beside and is, by its name and its columns, to evaluate on.
    pub held_out: Option<Inputs>,
}

impl Origins {
    /// A table of one file.
    pub fn of(path: &Path) -> Self {
        let name = files::name(path).into();
        let files = vec![Origin { path: path.to_owned(), name, first: 0 }];
        Self { inputs: path.into(), files, held_out: None }
    }
}

/// Columns of text read from one file or several. All cells lie in one string, so that a million rows cost little more than the
/// file itself.
#[derive(Clone, Debug)]
pub struct Table {
    /// What messages call it: the file, or what holds the files.
    pub path: PathBuf,
    pub origins: Origins,
    pub format: Format,
    /// Name of the character encoding that was recognised, such as `UTF-8` or `windows-1252`.
    pub encoding: &'static str,
    pub columns: Vec<String>,
    /// What was settled for the file as a whole and is not plain to see, in words.
    pub notes: Vec<String>,
    /// Rows left out, in file order.
    pub problems: Vec<RowProblem>,
    /// Bytes that are not valid in the recognised encoding, shown as U+FFFD.
    pub replaced_characters: usize,
    /// Columns of labelled spans, each with the column of the texts that they lie in.
    pub(super) span_columns: Vec<(usize, usize)>,
    pub(super) text: String,
    /// End of each cell in `text`, row by row.
    pub(super) ends: Vec<usize>,
    /// Line in the file of each row, from 1.
    pub(super) lines: Vec<u32>,
}

impl Table {
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The cell at a row and column, both from 0. An absent JSON key is an empty cell.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        // Every pass over the rows goes through here.
        heed();
        &self.text[self.span(row * self.columns.len() + column)]
    }

    #[cfg(test)]
    pub fn row_cells(&self, row: usize) -> Vec<&str> {
        (0..self.columns.len()).map(|column| self.cell(row, column)).collect()
    }

    #[cfg(test)]
    pub fn all_cells(&self) -> Vec<Vec<&str>> {
        (0..self.rows()).map(|row| self.row_cells(row)).collect()
    }

    /// Each row with its line.
    #[cfg(test)]
    pub fn lined_cells(&self) -> Vec<(usize, Vec<&str>)> {
        (0..self.rows()).map(|row| (self.line(row), self.row_cells(row))).collect()
    }

    /// The line in the file that a row came from, from 1.
    pub fn line(&self, row: usize) -> usize {
        self.lines[row] as usize
    }

    /// The file that a row is from, where several were read.
    pub fn origin(&self, row: usize) -> Option<&Origin> {
        let files = &self.origins.files;
        let place = files.partition_point(|file| file.first <= row);
        files.get(place.checked_sub(1)?).filter(|_| files.len() > 1)
    }

    pub fn at(&self, row: usize) -> Place {
        Place { file: self.origin(row).map(|file| file.name.clone()), line: self.line(row) }
    }

    /// Where a row is from: `line 3`, or `line 3 of b.csv`.
    pub fn place(&self, row: usize) -> String {
        self.problem(row, String::new()).place()
    }

    /// Why a row is left out.
    pub fn problem(&self, row: usize, reason: String) -> RowProblem {
        let file = self.origin(row).map(|file| file.name.clone());
        RowProblem { file, ..RowProblem::new(self.line(row), reason).after(row) }
    }

    /// Rows of the file that are none of the table.
    pub fn rows_missing(&self) -> impl Iterator<Item = &RowProblem> {
        self.problems.iter().filter(|problem| problem.what != LeftOut::Further)
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The column of the texts that the spans of another lie in, where reading them has told it.
    pub fn text_of_spans(&self, spans: usize) -> Option<usize> {
        self.span_columns.iter().find(|(column, _)| *column == spans).map(|(_, text)| *text)
    }

    /// Puts other cells in some columns, where `change` has one, and says in which rows.
    pub fn change(&mut self, columns: &[usize], change: impl Fn(&str) -> Option<String>) -> Vec<usize> {
        let mut text = String::with_capacity(self.text.len());
        let mut ends = Vec::with_capacity(self.ends.len());
        let mut rows = Vec::new();
        for row in 0..self.rows() {
            for column in 0..self.columns.len() {
                let cell = self.cell(row, column);
                match columns.contains(&column).then(|| change(cell)).flatten() {
                    Some(other) => {
                        text.push_str(&other);
                        if rows.last() != Some(&row) {
                            rows.push(row);
                        }
                    }
                    None => text.push_str(cell),
                }
                ends.push(text.len());
            }
        }
        (self.text, self.ends) = (text, ends);
        rows
    }

    fn span(&self, index: usize) -> Range<usize> {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        start..self.ends[index]
    }
}
