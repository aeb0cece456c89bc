//! What stands above a table in delimited text: comments, a title, a date, empty lines. The head is looked for below them
//! only where the first line is none itself, and taken only where the rows under it have its width; else the file is read
//! from its first line.

use super::cut::{Dialect, line_end};
use super::head;
use super::names::is_known_name;
use super::sniff::SampleRow;

/// Lines that may stand above a table.
const MOST: usize = 10;

/// Where the table begins below other lines, and its own line.
pub(super) fn table_below(
    bytes: &[u8],
    dialect_of: impl Fn(&[u8]) -> Dialect,
    sample: impl Fn(&[u8], Dialect) -> Vec<SampleRow>,
) -> Option<usize> {
    let first = first_line(bytes);
    let (mut at, mut are_comments) = (0, true);
    for _ in 0..=MOST {
        let line = first_line(&bytes[at..]);
        let next = at + line.len() + line_end(bytes, at + line.len());
        let rest = &bytes[at..];
        let is_told = line.first() == Some(&b'#');
        if !line.trim_ascii().is_empty() && !is_told {
            let dialect = dialect_of(rest);
            let rows = sample(rest, dialect);
            let above = sample(first, dialect);
            if at > 0 && dialect.delimiter != b'\n' && is_table(&rows, above.first(), are_comments) {
                return Some(at);
            }
            // A first line as wide as the others is a row of the table.
            if at == 0 && is_wide(&rows) && !has_head_below(&rows) {
                return None;
            }
            are_comments = false;
        }
        if next >= bytes.len() {
            return None;
        }
        at = next;
    }
    None
}

fn first_line(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len());
    &bytes[..end]
}

fn filled(row: &SampleRow) -> usize {
    row.cells.iter().filter(|cell| !cell.trim().is_empty()).count()
}

fn known(row: &SampleRow) -> usize {
    row.cells.iter().filter(|cell| is_known_name(cell.trim_start_matches('#'))).count()
}

fn is_wide(rows: &[SampleRow]) -> bool {
    rows.first().is_some_and(|first| filled(first) > 1)
}

/// Whether a row of two known names or more stands below one that has none, or that has gaps and fewer of them, as a head of
/// two rows has.
fn has_head_below(rows: &[SampleRow]) -> bool {
    let Some(first) = rows.first() else { return false };
    let has_gaps = filled(first) < first.cells.len();
    let is_below = |row: &SampleRow| known(row) > 1 && (known(first) == 0 || (has_gaps && known(row) > known(first)));
    rows.iter().take(MOST).skip(1).any(is_below)
}

/// Whether rows are a table with a head of its own, below a line that is not as wide as it.
fn is_table(rows: &[SampleRow], above: Option<&SampleRow>, are_comments: bool) -> bool {
    let Some(head) = rows.first().filter(|head| head.cells.len() > 1) else { return false };
    let width = head.cells.len();
    let even = rows.iter().skip(1).filter(|row| row.cells.len() == width).count();
    let is_even = rows.len() > 1 && even * 5 >= (rows.len() - 1) * 4;
    let is_narrow = above.is_none_or(|above| filled(above) < 2) || are_comments || known(head) > 1;
    // A head may begin with the sign of a comment.
    let is_head = |above: &SampleRow| filled(above) == width && known(above) >= known(head);
    if !is_even || !is_narrow || filled(head) < 2 || above.is_some_and(is_head) {
        return false;
    }
    if known(head) > 0 {
        return true;
    }
    // Without a known name only a file whose rows are all alike, without the blanks that follow the commas of prose.
    let is_tight = |row: &SampleRow| row.cells.iter().skip(1).all(|cell| !cell.starts_with(' '));
    let cells: Vec<&[String]> = rows.iter().map(|row| row.cells.as_slice()).collect();
    let is_one_name = above.is_some_and(|above| known(above) > 0);
    even + 1 == rows.len()
        && even > 1
        && rows.iter().all(is_tight)
        && (are_comments || (!is_one_name && head::names_columns(&cells)))
}

#[cfg(test)]
mod tests {
    use crate::table::Table;

    fn open(name: &str, text: &str) -> Table {
        crate::table::readers::read_bytes(std::path::Path::new(name), text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn a_table_is_found_below_other_lines() {
        let rows = "a fine film,pos\na bad film,neg\nso so,neg\n";
        let check = |above: &str, head: &str, line: usize, told: usize| {
            let table = open("a.csv", &format!("{above}{head}\n{rows}"));
            assert_eq!(table.columns.join(","), head, "{above:?}");
            assert_eq!((table.rows(), table.line(0), table.cell(1, 1)), (3, line, "neg"), "{above:?}");
            let notes: Vec<&String> = table.notes.iter().filter(|note| note.contains("above the table")).collect();
            assert_eq!(notes.len(), told, "{notes:?}");
            assert!(table.problems.is_empty());
        };
        check("", "text,label", 2, 0);
        check("# made by tool\n# 2020, with a comma\n", "text,label", 4, 2);
        check("Survey of spring\n2024-05-01\n\n", "text,label", 5, 2);
        check("Title,\n", "text,label", 3, 1);
        check("Survey, spring and summer\n", "text,label", 3, 1);
        check("Survey of spring\n", "Wortlaut,Urteil", 3, 1);
        check("Review,\n", "text,label", 3, 1);
    }

    #[test]
    fn a_first_line_of_the_table_is_left_in_it() {
        let check = |name: &str, text: &str, columns: &str, rows: usize| {
            let table = open(name, text);
            assert_eq!((table.columns.join(",").as_str(), table.rows()), (columns, rows), "{text}");
        };
        check("a.csv", "#id,text\n1,one two\n2,three four\n3,five six\n", "#id,text", 3);
        check("a.csv", "good film,pos\nbad film,neg\nfine,pos\n", "column 1,column 2", 3);
        check("a.csv", "text\nOne, two\nThree, four\nFive, six\n", "text", 3);
        check("a.txt", "Chapter one\nIt was late, dark\nHe went, slowly\nThey saw, him\nNo, no\n", "text", 5);
        check("a.txt", "# A poem\nIt was late, dark\nHe went, slowly\nThey saw, him\nNo, no\n", "text", 5);
    }

    #[test]
    fn a_head_that_comes_again_is_no_row() {
        let table = open("a.csv", "text,label\na b,x\ntext,label\nc d,y\ntext,label\n");
        assert_eq!((table.rows(), table.line(1)), (2, 4));
        assert!(table.notes.iter().any(|note| note.starts_with("line 3 and 1 more repeat")), "{:?}", table.notes);
    }
}
