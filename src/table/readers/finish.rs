//! The end of every reader: what spans and answers mean is settled, sentences are joined, and a table without rows is an
//! error that says why.

use super::elements::Place;
use super::{argilla, classes, formulas, sentences, settled};
use crate::table::{Format, ReadError, Table, name_list};

/// Settles what the spans and answers of a table mean, and lists the rows whose spans cannot be meant.
fn settle(table: &mut Table, is_export: bool, places: &[Place]) {
    let is_table = matches!(table.format, Format::Delimited { delimiter } if delimiter != b'\n');
    let lines: Vec<Place> = match places {
        [] => (0..table.rows()).map(|row| Place::of_line(table.line(row))).collect(),
        places => places.to_vec(),
    };
    if is_export || is_table || matches!(table.format, Format::JsonLines | Format::Parquet | Format::Workbook) {
        let left = settled::spans(table, is_export);
        let problem = |(row, reason): &(usize, String)| lines[*row].problem(reason.clone()).after(*row);
        left.iter().map(problem).for_each(|problem| problem.add_to(&mut table.problems));
        table.problems.sort_by_key(|problem| (problem.line, problem.rows_before));
        // What stood behind rows that are taken out stands behind fewer.
        let kept_before = |row: usize| row - left.partition_point(|(taken, _)| *taken < row);
        for problem in &mut table.problems {
            problem.rows_before = problem.rows_before.map(kept_before);
        }
    }
    settled::answers(table);
}

/// A table without rows is an error that says why.
pub(super) fn finish(mut table: Table) -> Result<Table, ReadError> {
    if matches!(table.format, Format::Delimited { .. } | Format::Workbook) {
        formulas::unwrap(&mut table);
    }
    if matches!(table.format, Format::Delimited { .. } | Format::Workbook | Format::Parquet) {
        classes::answered(&mut table);
    }
    let holds_cells = matches!(
        table.format,
        Format::Delimited { .. } | Format::Workbook | Format::Parquet | Format::Arrow | Format::JsonLines
    );
    if holds_cells {
        argilla::answered(&mut table);
    }
    if !matches!(table.format, Format::Conll | Format::WebAnno | Format::FastText | Format::PlainText) {
        settle(&mut table, false, &[]);
    }
    if matches!(table.format, Format::Delimited { .. } | Format::JsonLines | Format::Parquet | Format::Workbook) {
        sentences::join(&mut table);
    }
    check(table)
}

/// The same of an annotation tool's export, whose elements may all stand in one line.
pub(super) fn finish_export(mut table: Table, places: &[Place]) -> Result<Table, ReadError> {
    settle(&mut table, true, places);
    check(table)
}

fn check(table: Table) -> Result<Table, ReadError> {
    if table.rows() > 0 && !table.columns.is_empty() {
        return Ok(table);
    }
    Err(match table.problems.first() {
        Some(first) => ReadError::AllRowsBad {
            count: table.problems.len(),
            line: first.line,
            reason: first.reason.to_string(),
            path: table.path,
        },
        None if table.columns.is_empty() => ReadError::Empty { path: table.path },
        None => ReadError::NoRows { columns: name_list(&table.columns), path: table.path },
    })
}
