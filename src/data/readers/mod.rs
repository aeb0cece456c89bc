//! One file → [`Table`], recognised by its content: the encoding, the format, the delimiter, and whether the first row
//! names the columns. A row that cannot be read is listed with its line and the reason; none is dropped in silence.
//!
//! A file is read into memory once. Delimited text is then cut into cells in place, so that a table costs what its file
//! does.

mod delimited;
mod encoding;
mod json;
mod lines;
mod objects;
mod sniff;
mod unpack;

use std::path::Path;

pub use lines::{Lines, lines};
pub(super) use sniff::{is_number, plain_name};

use super::error::name_list;
use super::{DataError, Table};

/// Reads a file as a table.
pub fn read(path: &Path) -> Result<Table, DataError> {
    if path.is_dir() {
        return Err(DataError::Folder { path: path.to_path_buf() });
    }
    let bytes = std::fs::read(path).map_err(|source| DataError::Read { path: path.to_path_buf(), source })?;
    read_bytes(path, bytes)
}

/// Reads a file that is in memory already. The path is only for messages.
pub fn read_bytes(path: &Path, bytes: Vec<u8>) -> Result<Table, DataError> {
    if let Some((what, advice)) = encoding::not_text(&bytes) {
        return Err(DataError::NotText { path: path.to_path_buf(), what, advice });
    }
    let decoded = encoding::decode(bytes);
    if decoded.text.iter().all(u8::is_ascii_whitespace) {
        return Err(DataError::Empty { path: path.to_path_buf() });
    }
    if json::is_json(&decoded.text) { json::read(path, &decoded) } else { delimited::read(path, decoded) }
}

/// A table without rows is an error that says why.
fn finish(table: Table) -> Result<Table, DataError> {
    if table.rows() > 0 && !table.columns.is_empty() {
        return Ok(table);
    }
    Err(match table.problems.first() {
        Some(first) => DataError::AllRowsBad {
            count: table.problems.len(),
            line: first.line,
            reason: first.reason.clone(),
            path: table.path,
        },
        None if table.columns.is_empty() => DataError::Empty { path: table.path },
        None => DataError::NoRows { columns: name_list(&table.columns), path: table.path },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn files_that_cannot_be_read_say_why() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let check = |path: &Path, expected: &str| {
            let message = read(path).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        };
        check(folder.path(), "is a folder, expected a CSV, JSON, CoNLL, Parquet or text file");
        check(&folder.path().join("absent.csv"), "cannot read");
        check(&file("empty.csv", b""), "is empty, expected rows of text");
        check(&file("blank.csv", b"\xEF\xBB\xBF \r\n\n"), "is empty, expected rows of text");
        check(&file("names.csv", b"text,label\n"), "has column names (text, label) but no rows");
        check(&file("bad.csv", b"text,label\na\nb\n"), "none of the 2 rows of");
        check(&file("book.xlsx", b"PK\x03\x04\0\0"), "an Excel workbook");
        assert_eq!(read(&file("good.csv", b"text,label\na,b\n")).unwrap().rows(), 1);
    }

    #[test]
    fn encodings_give_the_same_table() {
        let text = "text;label\r\n\"é; 日本\nx\";ja\r\nb;nein\r\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
        for (bytes, encoding) in [
            (text.as_bytes().to_vec(), "UTF-8"),
            (marked(b"\xEF\xBB\xBF", text.as_bytes()), "UTF-8"),
            (little.clone(), "UTF-16LE"),
            (marked(b"\xFF\xFE", &little), "UTF-16LE"),
            (marked(b"\xFE\xFF", &big), "UTF-16BE"),
        ] {
            let table = read_bytes(Path::new("x.csv"), bytes).unwrap();
            assert_eq!((table.encoding, table.replaced_characters), (encoding, 0));
            assert_eq!(table.columns, ["text", "label"]);
            assert_eq!((table.cell(0, 0), table.line(1)), ("é; 日本\nx", 4));
        }
    }

    /// Reads every cell, which would panic where an end lies inside a character.
    fn walk(bytes: Vec<u8>) {
        let Ok(table) = read_bytes(Path::new("x"), bytes) else { return };
        let mut size = 0;
        for row in 0..table.rows() {
            size += (0..table.columns.len()).map(|column| table.cell(row, column).len()).sum::<usize>();
            assert!(table.line(row) > 0);
        }
        assert_eq!(size, table.text.len());
        let problems = table.problems.iter().map(|problem| problem.line);
        assert!(problems.is_sorted());
    }

    const SEEDS: [&str; 6] = [
        "text,label\n\"a, \"\"b\"\"\",x\r\n\"two\nlines\",y\nc,z,w\n\"open,x\nlast,y\n",
        "sep=;\r\ntext;label\rä;1,5\r\"ö\";2\r",
        "text\tlabel\n\"quoted\tx\nplain\ty\n",
        "one line\nanother, line\n",
        "{\"text\": \"a\\u00e9\", \"label\": [1, \"x\"]}\n{\"label\": null}\n\n{\"b\": {\"c\": 1e3}}\n{broken\n",
        "[{\"text\": \"a\"}, {\"text\": \"b ] }\", \"n\": -1}, 5, {\"x\": [[]]}]",
    ];

    /// Bytes at which readers turn.
    const TURNS: [u8; 20] = *b"\"\"\"\n\r,;\t|{}[]:\\\0\xEF\xFF\xC3e";

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn no_damage_makes_a_reader_panic(
            seed in 0..SEEDS.len(),
            wide in any::<bool>(),
            edits in proptest::collection::vec((any::<proptest::sample::Index>(), 0_u8..4, 0..TURNS.len(), any::<u8>()), 0..12),
        ) {
            let text = SEEDS[seed];
            let mut bytes =
                if wide { text.encode_utf16().flat_map(u16::to_le_bytes).collect() } else { text.as_bytes().to_vec() };
            for (place, edit, turn, byte) in edits {
                let at = place.index(bytes.len() + 1);
                match edit {
                    0 => bytes.insert(at, TURNS[turn]),
                    1 => bytes.insert(at, byte),
                    2 if at < bytes.len() => bytes[at] = TURNS[turn],
                    3 if at < bytes.len() => drop(bytes.drain(at..(at + usize::from(byte) / 16).min(text.len().max(at)).min(bytes.len()))),
                    _ => {}
                }
            }
            walk(bytes);
        }

        #[test]
        fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            walk(bytes);
        }

        #[test]
        fn no_mixture_of_delimiters_and_quotes_makes_a_reader_panic(text in "[a\"\n\r,;\t|é{}\\[\\]: ]{0,80}") {
            walk(text.into_bytes());
        }
    }
}
