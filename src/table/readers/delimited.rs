//! Delimited text (RFC 4180 and what spreadsheets make of it) → table, with cells cut out of the file's own memory.
//!
//! This is not the `csv` crate, because an unclosed quote must not swallow the rest of the file: a quoted field ends
//! unread where it grows past a limit or runs into the opening quote of a later field, its row is reported with the line
//! of its quote, and reading goes on at the line after. Quotes inside a quoted field that were not doubled are kept as
//! they are.

use std::path::Path;

use super::cut::{FIELD_LIMIT, Fault, Piece, Rows, is_blank};
use super::encoding::Decoded;
use super::finish::finish;
use super::head;
use super::sniff::{self, Layout};
use crate::table::{Format, Origins, ReadError, RowProblem, Table, name_list, shorten};
use crate::words::plural;

/// Reads a decoded file of delimited text.
pub(super) fn read(path: &Path, decoded: Decoded, layout: &Layout) -> Result<Table, ReadError> {
    let Decoded { text: bytes, encoding, replaced, notes: mut told } = decoded;
    told.extend(sniff::seldom(layout.dialect).filter(|_| !told.iter().any(|note| note.starts_with(sniff::SEPARATED))));
    told.extend(notes(layout));
    let columns = sniff::column_names(layout);
    let mut table = Table {
        path: path.to_path_buf(),
        origins: Origins::of(path),
        format: Format::Delimited { delimiter: layout.dialect.delimiter },
        encoding,
        columns,
        notes: told,
        span_columns: Vec::new(),
        problems: Vec::new(),
        replaced_characters: replaced,
        text: String::new(),
        ends: Vec::new(),
        lines: Vec::new(),
    };
    let rows = Rows::new(layout.dialect, bytes.len());
    let bytes = cut(bytes, rows, layout, &mut table);
    table.text = String::from_utf8(bytes).map_err(|source| ReadError::Read {
        path: path.to_path_buf(),
        source: std::io::Error::new(std::io::ErrorKind::InvalidData, source),
    })?;
    finish(table)
}

/// What is to be told of the first lines.
fn notes(layout: &Layout) -> Vec<String> {
    let left = |(line, text): &(usize, String)| {
        format!("line {line} stands above the table and is left out: {:?}", shorten(text.trim(), 60))
    };
    let odd = layout.odd_first.iter().map(|value| head::odd_first("line", layout.first_line, value));
    layout.above.iter().map(left).chain(odd).collect()
}

/// The head of a table, which comes again where files were put one behind the other.
struct Heads<'a> {
    names: &'a [String],
    lines: Vec<usize>,
}

impl<'a> Heads<'a> {
    fn of(layout: &'a Layout) -> Self {
        let names = layout.header.as_deref().unwrap_or_default();
        // One word alone may be a text too.
        Self { names: if names.len() > 1 { names } else { &[] }, lines: Vec::new() }
    }

    fn is_one(&self, pieces: &[Piece], bytes: &[u8]) -> bool {
        !self.names.is_empty()
            && pieces.len() == self.names.len()
            && pieces.iter().zip(self.names).all(|(piece, name)| &bytes[piece.content.clone()] == name.as_bytes())
    }

    fn note(&self) -> Option<String> {
        let more = match self.lines.len() {
            0 => return None,
            1 => " repeats".to_owned(),
            count => format!(" and {} more repeat", count - 1),
        };
        Some(format!("line {}{more} the names of the columns, as in files put together, and is no row", self.lines[0]))
    }
}

/// Moves the cells to the front of the file's own bytes, which can be done in place because a cell is never longer than
/// what stands for it in the file.
fn cut(mut bytes: Vec<u8>, mut rows: Rows, layout: &Layout, table: &mut Table) -> Vec<u8> {
    let (mut at, mut line) = (layout.first_row, layout.first_line);
    let mut heads = Heads::of(layout);
    let expected = table.columns.len();
    let mut pieces = Vec::new();
    let mut written = 0;
    while at < bytes.len() {
        let row = rows.row(&bytes, at, &mut pieces);
        if let Some(fault) = row.fault {
            describe(fault, line).after(table.lines.len()).add_to(&mut table.problems);
        } else if !is_blank(&pieces) {
            while pieces.len() > expected && pieces.last().is_some_and(|piece| piece.content.is_empty()) {
                pieces.pop();
            }
            if heads.is_one(&pieces, &bytes) {
                heads.lines.push(line);
            } else if pieces.len() == expected {
                for piece in &pieces {
                    written = copy(&mut bytes, piece, written);
                    table.ends.push(written);
                }
                table.lines.push(u32::try_from(line).unwrap_or(u32::MAX));
            } else {
                ragged(line, &pieces, &bytes, &table.columns).after(table.lines.len()).add_to(&mut table.problems);
            }
        }
        at = row.next;
        line += row.line_ends;
    }
    table.notes.extend(heads.note());
    bytes.truncate(written);
    bytes.shrink_to_fit();
    bytes
}

fn copy(bytes: &mut [u8], piece: &Piece, mut to: usize) -> usize {
    if !piece.doubled {
        bytes.copy_within(piece.content.clone(), to);
        return to + piece.content.len();
    }
    let mut from = piece.content.start;
    while from < piece.content.end {
        bytes[to] = bytes[from];
        to += 1;
        from += if bytes[from] == b'"' && bytes.get(from + 1) == Some(&b'"') { 2 } else { 1 };
    }
    to
}

fn describe(fault: Fault, line: usize) -> RowProblem {
    match fault {
        Fault::Unclosed { line_ends } => {
            let reason = "opens a quote that is never closed; reading continued at the next line";
            RowProblem::new(line + line_ends, reason.into())
        }
        Fault::TooLong => RowProblem::new(line, format!("has a field longer than {} MiB", FIELD_LIMIT >> 20)),
    }
}

fn ragged(line: usize, pieces: &[Piece], bytes: &[u8], columns: &[String]) -> RowProblem {
    let begin = pieces.first().map(|piece| String::from_utf8_lossy(&bytes[piece.content.clone()])).unwrap_or_default();
    let reason = format!(
        "has {}, expected {} ({}); it begins with {:?}",
        plural(pieces.len(), "column", "columns"),
        columns.len(),
        name_list(columns),
        shorten(&begin, 40)
    );
    RowProblem::new(line, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::readers::read_bytes;

    fn open(text: &str) -> Table {
        read_bytes(Path::new("train.csv"), text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn names_of_rows_as_r_writes_them_have_a_column_without_a_name() {
        let table = open("\"text\",\"label\"\n\"1\",\"a b\",\"x\"\n\"2\",\"c d\",\"y\"\n");
        assert_eq!(table.columns, ["column 1", "text", "label"]);
        assert_eq!(table.all_cells(), [["1", "a b", "x"], ["2", "c d", "y"]]);
    }

    #[test]
    fn what_qualtrics_writes_under_the_names_is_no_row() {
        let ids = "\"{\"\"ImportId\"\":\"\"QID1\"\"}\",\"{\"\"ImportId\"\":\"\"QID2\"\"}\"";
        let table = open(&format!("Q1,Q2\nWhat do you think?,How sure?\n{ids}\nit is good,very\nit is bad,not\n"));
        assert_eq!((table.columns.join(" ").as_str(), table.rows(), table.line(0)), ("Q1 Q2", 2, 4));
        assert!(table.notes[0].starts_with("line 2 stands above the table and is left out"), "{:?}", table.notes);
    }

    #[test]
    fn what_surveymonkey_writes_under_the_names_is_no_row() {
        let table = open(
            "Respondent ID,Start Date,What did you like?,How was it?,\n,,Open-Ended Response,Response,Other (please specify)\n\
             11,03/01/2024,\"the food, mostly\",Good,\n12,03/01/2024,nothing at all,Bad,\n",
        );
        let names = ["Respondent ID", "Start Date", "What did you like?", "How was it?", "Other (please specify)"];
        assert_eq!(
            (table.columns.as_slice(), table.rows(), table.line(0)),
            (names.map(str::to_owned).as_slice(), 2, 3)
        );
        assert!(table.notes[0].starts_with("line 2 stands above the table and is left out"), "{:?}", table.notes);
    }

    #[test]
    fn what_stands_for_nothing_names_no_column() {
        let table =
            open("a good film\u{1}\\N\nso so really\u{1}pos\na bad film\u{1}neg\nvery bad\u{1}neg\nfine\u{1}pos\n");
        assert_eq!((table.rows(), table.cell(0, 1)), (5, "\\N"));
    }

    #[test]
    fn marks_of_files_that_were_put_together_are_no_text() {
        let table = open("\u{feff}\u{feff}text,label\na b,x\n\u{feff}text,label\nc d,y\n");
        assert_eq!((table.columns.join(" ").as_str(), table.rows(), table.cell(1, 0)), ("text label", 2, "c d"));
    }

    /// Rows with their lines, and the lines of the problems.
    fn check(text: &str, rows: &[(usize, &[&str])], problems: &[usize]) {
        let table = open(text);
        let found = table.lined_cells();
        let expected: Vec<(usize, Vec<&str>)> = rows.iter().map(|&(line, cells)| (line, cells.to_vec())).collect();
        assert_eq!(found, expected, "{text:?}");
        let found: Vec<usize> = table.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(found, problems, "{text:?}: {:?}", table.problems);
    }

    #[test]
    fn rows_end_as_any_system_ends_them() {
        let rows: &[(usize, &[&str])] = &[(2, &["a", "x"]), (3, &["b", "y"])];
        check("text,label\na,x\nb,y\n", rows, &[]);
        check("text,label\r\na,x\r\nb,y", rows, &[]);
        check("text,label\ra,x\rb,y\r", rows, &[]);
        check("text,label\n\na,x\n\r\n\nb,y\n", &[(3, &["a", "x"]), (6, &["b", "y"])], &[]);
    }

    #[test]
    fn quotes_protect_delimiters_and_line_ends() {
        check(
            "text,label\n\"a, \"\"b\"\"\",x\n\"two\nlines\",y\n\"three\r\nmore\rlines\",z\nlast,x\n",
            &[
                (2, &["a, \"b\"", "x"]),
                (3, &["two\nlines", "y"]),
                (5, &["three\r\nmore\rlines", "z"]),
                (8, &["last", "x"]),
            ],
            &[],
        );
        check("text,label\n\"\",\"\"\n\"\"\"\",x\n", &[(2, &["", ""]), (3, &["\"", "x"])], &[]);
    }

    #[test]
    fn quotes_that_were_not_doubled_are_kept() {
        check(
            "text,label\n\"He said \"hello\" to me\",x\n\"Great\" film,y\n5\" disc,z\n",
            &[(2, &["He said \"hello\" to me", "x"]), (3, &["\"Great\" film", "y"]), (4, &["5\" disc", "z"])],
            &[],
        );
    }

    #[test]
    fn an_unclosed_quote_costs_one_line() {
        check(
            "text,label\na,x\n\"never closed,y\nb,x\n\"closed, fine\",y\nc,x\n",
            &[(2, &["a", "x"]), (4, &["b", "x"]), (5, &["closed, fine", "y"]), (6, &["c", "x"])],
            &[3],
        );
        check("text,label\na,x\nb,\"y\nc,x\n", &[(2, &["a", "x"]), (4, &["c", "x"])], &[3]);
        check("text,label\n\"two\nlines\",\"open\nc,x\n", &[(4, &["c", "x"])], &[3]);
        check("text,label\na,x\n\"", &[(2, &["a", "x"])], &[3]);
        check("text,label\n\"open,x\nso \"fine\",y\nb,x\n", &[(3, &["so \"fine\"", "y"]), (4, &["b", "x"])], &[2]);
        check("text,label\n\"two\nso \"fine\" lines\",y\n", &[(2, &["two\nso \"fine\" lines", "y"])], &[]);
        assert_eq!(
            open("text,label\na,x\n\"b,y\n").problems[0].reason,
            "opens a quote that is never closed; reading continued at the next line"
        );
    }

    #[test]
    fn rows_with_other_columns_are_listed_and_not_dropped() {
        check("text,label\na,x\nb,y,z\nc\nd,x,,\n", &[(2, &["a", "x"]), (5, &["d", "x"])], &[3, 4]);
        let table = open("text,label\na,x\nb,y,z\nc\n");
        assert_eq!(table.problems[0].reason, "has 3 columns, expected 2 (text, label); it begins with \"b\"");
        assert_eq!(table.problems[1].reason, "has 1 column, expected 2 (text, label); it begins with \"c\"");
    }

    #[test]
    fn columns_are_named_by_the_file_or_by_their_place() {
        let columns = |text: &str| open(text).columns;
        assert_eq!(columns("text,label\na,x\n"), ["text", "label"]);
        assert_eq!(columns("text,text,\na,x,y\n"), ["text", "text (2)", "column 3"]);
        assert_eq!(columns("a good film,1\na bad film,0\n"), ["column 1", "column 2"]);
        check("a good film,1\na bad film,0\n", &[(1, &["a good film", "1"]), (2, &["a bad film", "0"])], &[]);
        check("sep=;\ntext;label\na;x\n", &[(3, &["a", "x"])], &[]);
    }

    #[test]
    fn a_field_beyond_all_measure_is_listed() {
        let long = "x".repeat(FIELD_LIMIT + 1);
        check(&format!("text,label\na,x\n{long},y\nb,x\n"), &[(2, &["a", "x"]), (4, &["b", "x"])], &[3]);
        let lines = "line\n".repeat(FIELD_LIMIT / 5 + 10);
        let table = open(&format!("text,label\n\"{lines}\",x\nb,y\n"));
        assert_eq!(table.problems[0].line, 2);
        assert_eq!(table.cell(table.rows() - 1, 0), "b");
    }

    #[test]
    fn a_file_of_broken_rows_costs_little_more_than_their_places() {
        let table = open(&format!("text,label\na,x\n{}", "b,y,z\n".repeat(20_000)));
        assert_eq!((table.rows(), table.problems.len(), table.problems[19_999].line), (1, 20_000, 20_002));
        let last = &table.problems[19_999].reason;
        assert_eq!(*last, "cannot be read either; only the first 10000 rows that cannot say why");
        assert!(std::ptr::eq(last.as_str(), table.problems[10_000].reason.as_str()));
        assert!(table.problems[9_999].reason.contains("has 3 columns, expected 2"));
    }

    #[test]
    fn files_whose_quotes_are_all_broken_are_still_read_in_time() {
        let row = "\"\"\"\"b,\"\"\n";
        let table = open(&format!("text,label\na,x\n{}", row.repeat(20_000)));
        assert_eq!(table.rows() + table.problems.len(), 20_001);
    }

    #[test]
    fn good_files_are_read_as_the_csv_crate_reads_them() {
        use proptest::prelude::*;
        let cell = "[a-z\"\n, ;é|\t]{0,12}";
        let rows = proptest::collection::vec(proptest::array::uniform3(cell), 1..20);
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        runner
            .run(&rows, |rows| {
                let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
                writer.write_record(["text", "label", "other"]).unwrap();
                for row in &rows {
                    writer.write_record(row).unwrap();
                }
                let bytes = writer.into_inner().unwrap();
                let table = read_bytes(Path::new("x.csv"), bytes).unwrap();
                prop_assert_eq!(&table.problems, &[]);
                prop_assert_eq!(
                    table.all_cells(),
                    rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect::<Vec<Vec<_>>>()
                );
                Ok(())
            })
            .unwrap();
    }
}
