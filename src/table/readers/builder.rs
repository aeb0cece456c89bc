//! Cells → table, row by row, for the readers that write new text instead of cutting the file's own.

use std::path::Path;

use super::encoding::Decoded;
use super::finish::finish;
use crate::table::{Format, Origins, ReadError, RowProblem, Table};

/// A table while it is being written. Every row gets as many cells as there are columns.
#[derive(Default)]
pub(super) struct Builder {
    columns: Vec<String>,
    pub text: String,
    ends: Vec<usize>,
    lines: Vec<u32>,
    problems: Vec<RowProblem>,
}

impl Builder {
    pub fn new(columns: Vec<String>) -> Self {
        Self { columns, ..Self::default() }
    }

    /// Ends the cell that was written to `text`.
    pub fn end_cell(&mut self) {
        self.ends.push(self.text.len());
    }

    pub fn cell(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.end_cell();
    }

    /// Ends a row that began at a line of the file.
    pub fn end_row(&mut self, line: usize) {
        self.lines.push(u32::try_from(line).unwrap_or(u32::MAX));
        debug_assert_eq!(self.ends.len(), self.lines.len() * self.columns.len());
    }

    pub fn problem(&mut self, line: usize, reason: String) {
        RowProblem::new(line, reason).after(self.lines.len()).add_to(&mut self.problems);
    }

    pub fn finish(mut self, path: &Path, format: Format, decoded: &Decoded) -> Result<Table, ReadError> {
        self.text.shrink_to_fit();
        self.problems.sort_by_key(|problem| problem.line);
        finish(Table {
            path: path.to_path_buf(),
            origins: Origins::of(path),
            format,
            encoding: decoded.encoding,
            columns: self.columns,
            notes: decoded.notes.clone(),
            span_columns: Vec::new(),
            problems: self.problems,
            replaced_characters: decoded.replaced,
            text: self.text,
            ends: self.ends,
            lines: self.lines,
        })
    }
}
