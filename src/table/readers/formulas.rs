//! Cells such as `="001"`: a formula that says nothing but a text, which programs write so that a spreadsheet takes it for
//! no number. The text is the cell.

use crate::table::{Table, name_list};
use crate::words::plural;

/// The text that a cell says by such a formula.
pub(super) fn text(cell: &str) -> Option<String> {
    let inside = cell.trim().strip_prefix("=\"")?.strip_suffix('"')?;
    // A quote within is doubled; one that is not ends the text, and a formula goes on.
    let text = inside.replace("\"\"", "\u{0}");
    (!text.contains('"')).then(|| text.replace('\u{0}', "\""))
}

/// Puts the texts in the place of the formulas, and tells it.
pub(super) fn unwrap(table: &mut Table) {
    let has_one = |column: &usize| (0..table.rows()).any(|row| text(table.cell(row, *column)).is_some());
    // Nearly no file has any, and only one that has is gone through cell by cell.
    if !table.text.contains("=\"") {
        return;
    }
    let columns: Vec<usize> = (0..table.columns.len()).filter(has_one).collect();
    if columns.is_empty() {
        return;
    }
    let rows = table.change(&columns, text).len();
    let names: Vec<String> = columns.iter().map(|column| table.columns[*column].clone()).collect();
    let (rows, columns) = (plural(rows, "row has", "rows have"), name_list(&names));
    table.notes.push(format!(
        "{rows} formulas that say a text, such as =\"001\", as spreadsheets are given them; the texts are read ({columns})"
    ));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_formula_that_says_a_text_is_the_text() {
        let check = |cell: &str, expected: Option<&str>| assert_eq!(text(cell).as_deref(), expected, "{cell}");
        check("=\"001\"", Some("001"));
        check("=\"so \"\"fine\"\"\"", Some("so \"fine\""));
        check("=\"\"", Some(""));
        for other in ["=\"a\"&\"b\"", "=", "=\"", "=A1", "a=\"b\"", "=T(\"a\")"] {
            check(other, None);
        }
    }

    #[test]
    fn files_with_such_formulas_are_read_as_what_they_say() {
        let open = |text: &str| Table::from_bytes(Path::new("a.csv"), text.as_bytes().to_vec()).unwrap();
        let check = |text: &str, columns: &[&str], rows: &[[&str; 3]]| {
            let table = open(text);
            assert_eq!(table.columns, columns, "{text}");
            assert_eq!(table.all_cells(), rows, "{text}");
            assert!(table.notes.iter().any(|note| note.contains("formulas that say a text")), "{:?}", table.notes);
        };
        let rows = [["001", "a good, film", "pos"], ["002", "a bad film", "neg"]];
        let names = ["id", "text", "label"];
        check("id,text,label\n=\"001\",\"a good, film\",pos\n=\"002\",a bad film,neg\n", &names, &rows);
        let doubled = "\"=\"\"001\"\"\",\"=\"\"a good, film\"\"\",\"=\"\"pos\"\"\"";
        check(&format!("=\"id\",=\"text\",=\"label\"\n{doubled}\n=\"002\",a bad film,=\"neg\"\n"), &names, &rows);
        assert!(open("text,label\nhe wrote x=\"1\",a\nfine,b\n").notes.is_empty());
    }
}
