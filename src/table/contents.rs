//! A file as it was read: named columns of text, each row with the line it came from, and every row that could not be
//! read with the reason. Nothing is interpreted here; roles and labels come later, in `data`.

use std::ops::Range;
use std::path::PathBuf;

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
    /// Questions on the paragraphs of articles.
    Squad,
    Parquet,
    /// A sheet of Excel or `LibreOffice`.
    Workbook,
    /// One paragraph a line.
    PlainText,
}

impl Format {
    /// Whether its bytes are text in one of many encodings.
    pub fn has_encoding(self) -> bool {
        !matches!(self, Self::Parquet | Self::Workbook)
    }

    /// The name on screen.
    pub fn title(self) -> String {
        match self {
            Self::Delimited { delimiter: b'\n' } => "one text a line".into(),
            Self::Delimited { delimiter: b'\t' } => "TSV, tab".into(),
            Self::Delimited { delimiter: b',' } => "CSV, comma".into(),
            Self::Delimited { delimiter: b';' } => "CSV, semicolon".into(),
            Self::Delimited { delimiter: b'|' } => "CSV, bar".into(),
            Self::Delimited { delimiter } => format!("CSV, {:?}", char::from(delimiter)),
            Self::JsonLines => "JSON objects".into(),
            Self::Prodigy => "Prodigy spans".into(),
            Self::LabelStudio => "Label Studio export".into(),
            Self::Doccano => "doccano spans".into(),
            Self::Conll => "CoNLL, tagged words".into(),
            Self::Squad => "SQuAD questions".into(),
            Self::Parquet => "Parquet".into(),
            Self::Workbook => "spreadsheet".into(),
            Self::PlainText => "plain text".into(),
        }
    }
}

/// How the names of files with rows usually end, for dialogs that show only those. What a file is, its content says.
pub const ENDINGS: [&str; 22] = [
    "csv", "tsv", "tab", "jsonl", "ndjson", "json", "parquet", "xlsx", "xlsm", "xlsb", "xls", "ods", "conll", "conllu",
    "bio", "iob", "txt", "text", "md", "gz", "xz", "zst",
];

/// A row that was left out while reading, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowProblem {
    /// Line in the file, from 1.
    pub line: usize,
    pub reason: String,
}

/// Columns of text read from one file. All cells lie in one string, so that a million rows cost little more than the
/// file itself.
#[derive(Clone, Debug)]
pub struct Table {
    pub path: PathBuf,
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

    /// The line in the file that a row came from, from 1.
    pub fn line(&self, row: usize) -> usize {
        self.lines[row] as usize
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The column of the texts that the spans of another lie in, where reading them has told it.
    pub fn text_of_spans(&self, spans: usize) -> Option<usize> {
        self.span_columns.iter().find(|(column, _)| *column == spans).map(|(_, text)| *text)
    }

    fn span(&self, index: usize) -> Range<usize> {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        start..self.ends[index]
    }
}
