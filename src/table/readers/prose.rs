//! Plain text → one row a paragraph. A line is a paragraph, also the first; empty lines separate documents, and where
//! there are several documents a second column numbers them.
//!
//! Prose has commas and quotes too, so what [`super::sniff`] takes for a delimiter is asked again: a comma of prose has a
//! blank behind it, and its sentences do not all have equally many. A file that its owner calls a table is one.

use std::path::Path;

use super::builder::Builder;
use super::encoding::Decoded;
use super::lines::numbered;
use super::names::is_known_name;
use super::sniff::{self, Layout};
use crate::table::Format;
use crate::table::{ReadError, Table};

/// Whether a file that could be delimited text is prose.
pub(super) fn is_prose(path: &Path, bytes: &[u8], layout: &Layout) -> bool {
    if is_called_a_table(path) || layout.dialect.delimiter == b'\t' {
        return false;
    }
    let rows = sniff::sample(&bytes[layout.first_row.min(bytes.len())..], layout.dialect);
    let names = layout.header.as_deref().unwrap_or_default();
    let known = names.iter().filter(|name| is_known_name(name)).count();
    if layout.dialect.delimiter == b'\n' {
        // A heading of a book may be called "Title" or "Description", but hardly in small letters.
        return !(known > 0 && names.iter().all(|name| *name == name.to_lowercase()));
    }
    let percent = |count: usize| count * 100 / rows.len().max(1);
    let even = percent(rows.iter().filter(|row| row.cells.len() == layout.width).count());
    if known > 0 && (is_tight(names) || even >= 80) {
        return false;
    }
    let tight = percent(rows.iter().filter(|row| is_tight(&row.cells)).count());
    tight < 50 && (even < 90 || rows.len() < 4)
}

pub(super) fn is_called_a_table(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    let packed = [".gz", ".xz", ".zst", ".bz2"].iter().find_map(|ending| name.strip_suffix(ending));
    let name = packed.unwrap_or(&name);
    Path::new(name).extension().is_some_and(|extension| extension == "csv" || extension == "tsv" || extension == "tab")
}

/// Whether some value follows its delimiter without a blank.
fn is_tight(cells: &[String]) -> bool {
    cells.iter().skip(1).any(|cell| !cell.starts_with(' '))
}

pub(super) fn read(path: &Path, decoded: &Decoded, text: &str) -> Result<Table, ReadError> {
    let paragraphs = || numbered(text).map(|(line, text)| (line, text.trim_end()));
    let has_documents = paragraphs()
        .skip_while(|(_, text)| text.is_empty())
        .skip_while(|(_, text)| !text.is_empty())
        .any(|(_, text)| !text.is_empty());
    let columns = if has_documents { vec!["text".to_owned(), "document".to_owned()] } else { vec!["text".to_owned()] };
    let mut table = Builder::new(columns);
    table.text.reserve(text.len());
    let mut document = 0_usize;
    let mut is_between = true;
    for (line, text) in paragraphs() {
        if text.is_empty() {
            is_between = true;
            continue;
        }
        document += usize::from(std::mem::take(&mut is_between));
        table.cell(text);
        if has_documents {
            table.cell(&document.to_string());
        }
        table.end_row(line);
    }
    table.finish(path, Format::PlainText, decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::readers::read_bytes;

    fn open(name: &str, text: &str) -> Table {
        read_bytes(Path::new(name), text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn paragraphs_become_rows_with_their_documents() {
        let check = |text: &str, columns: &[&str], rows: &[(usize, &[&str])]| {
            let table = open("books.txt", text);
            assert_eq!(table.format, Format::PlainText, "{text:?}");
            assert_eq!(table.columns, columns, "{text:?}");
            let found = table.lined_cells();
            assert_eq!(found, rows.iter().map(|&(line, cells)| (line, cells.to_vec())).collect::<Vec<_>>(), "{text:?}");
        };
        check(
            "\nThe first line.\r\n\"No,\" he said.\r\n\r\n \r\nAnother, book \n\n",
            &["text", "document"],
            &[(2, &["The first line.", "1"]), (3, &["\"No,\" he said.", "1"]), (6, &["Another, book", "2"])],
        );
        check("One.\nTwo.\n", &["text"], &[(1, &["One."]), (2, &["Two."])]);
        check("Title\nA text, perhaps.\n", &["text"], &[(1, &["Title"]), (2, &["A text, perhaps."])]);
    }

    #[test]
    fn prose_is_told_from_tables() {
        let check = |name: &str, text: &str, prose: bool| {
            assert_eq!(open(name, text).format == Format::PlainText, prose, "{text:?}");
        };
        check("a.txt", "It was late, dark and cold.\nAnn, who was tired, slept.\n\"Well,\" said Bob, \"no.\"\n", true);
        check("a.txt", "Yes, sir.\nNo, sir.\n", true);
        check("a.txt", "Answer, please; or not.\nHe did, but late.\nNo.\n", true);
        check("a", "A sentence without anything\nAnd another\n", true);
        check("a.txt", "text,label\ngood, really good,pos\nbad,neg\n", false);
        check("a.txt", "text\nHello, you\nAnd you\n", false);
        check("a.txt", "good film,pos\nbad film,neg\n", false);
        check("a.txt", "It was good, really,1\nno, not that,0\n", false);
        check("a.txt", "a good film\tpos\nA bad, long film\tneg\n", false);
        check("a.txt", "1, 2\n3, 4\n5, 6\n7, 8\n", false);
        check("a.csv", "Sentence one\nSentence, two\n", false);
        check("a.CSV.gz", "Sentence one\nSentence, two\n", false);
    }
}
