//! Why a file could not be read. What is odd but not fatal (a row with too many columns) is a [`super::RowProblem`]
//! instead.

use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("cannot read {path:?}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    /// A folder, or an archive, in which it is not clear what is meant.
    #[error("{path:?} {reason}")]
    Folder { path: PathBuf, reason: String },
    #[error("no file fits the pattern {path:?}, expected at least one")]
    NoMatch { path: PathBuf },
    /// Two files that are no parts of one table.
    #[error(
        "{path:?} has the columns {columns}, and {first:?} has {expected}: they share none, so they are not read as one"
    )]
    NothingShared { path: PathBuf, columns: String, first: PathBuf, expected: String },
    #[error("{path:?} cannot be read as Arrow: {reason}; fetch it again, or save it as Parquet")]
    Arrow { path: PathBuf, reason: String },
    #[error("{path:?} cannot be read as Arrow: {reason}; save it as Parquet")]
    ArrowKind { path: PathBuf, reason: String },
    #[error("{path:?} is empty, expected rows of text")]
    Empty { path: PathBuf },
    /// The file is recognised as something that is not text, with what to do about it.
    #[error("{path:?} is {what}, expected a CSV, JSON, CoNLL, Parquet, Excel or text file{advice}")]
    NotText { path: PathBuf, what: &'static str, advice: &'static str },
    /// A compressed file that cannot be unpacked, or only to more than is read.
    #[error("{path:?} {reason}; {advice}")]
    Packed { path: PathBuf, reason: String, advice: &'static str },
    #[error("{path:?} cannot be read as Parquet: {reason}; fetch it again, or save it as CSV or JSONL")]
    Parquet { path: PathBuf, reason: String },
    #[error("{path:?} cannot be read as a workbook: {reason}; {advice}")]
    Workbook { path: PathBuf, reason: String, advice: &'static str },
    /// A whole file in a way of packing that is not built in.
    #[error(
        "{path:?} is Parquet packed with {packing}, expected snappy, zstd, gzip, lz4 or none; save it again with one of them"
    )]
    ParquetPacking { path: PathBuf, packing: String },
    #[error("{path:?} is larger than {limit}, expected a smaller file; split it")]
    TooLarge { path: PathBuf, limit: String },
    #[error(
        "{path:?} has so many questions on long contexts that they would take more than {limit}, expected fewer in one file; \
         split it, or cut its contexts"
    )]
    Contexts { path: PathBuf, limit: String },
    #[error("line {line} of {path:?} is longer than {limit}, expected one paragraph a line")]
    LongLine { path: PathBuf, line: usize, limit: String },
    #[error("{path:?} is one JSON document, expected one object a line or an array of objects: {reason}")]
    JsonShape { path: PathBuf, reason: String },
    #[error("{path:?} has column names ({columns}) but no rows, expected at least one")]
    NoRows { path: PathBuf, columns: String },
    #[error("{} be read: line {line} {reason}", no_row(*count, path))]
    AllRowsBad { path: PathBuf, count: usize, line: usize, reason: String },
}

/// Names of columns or classes as a message shows them: the first eight.
pub fn name_list(columns: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut list = columns.iter().take(SHOWN).map(|name| shorten(name, 40)).collect::<Vec<_>>().join(", ");
    if columns.len() > SHOWN {
        list.push_str(", …");
    }
    list
}

/// The beginning of a text that may be a whole document, for use in a message.
pub fn shorten(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// The beginning of a sentence that says what no row of a file can be.
pub fn no_row(count: usize, path: &Path) -> String {
    if count == 1 {
        format!("the only row of {path:?} cannot")
    } else {
        format!("none of the {count} rows of {path:?} can")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_and_where_and_what_would_be_right() {
        let path = PathBuf::from("train.csv");
        let columns = name_list(&["text".into(), "label".into()]);
        let check = |error: ReadError, expected: &str| assert_eq!(error.to_string(), expected);
        check(
            ReadError::AllRowsBad {
                path: path.clone(),
                count: 3,
                line: 2,
                reason: format!("has 3 columns, expected 2 ({columns})"),
            },
            r#"none of the 3 rows of "train.csv" can be read: line 2 has 3 columns, expected 2 (text, label)"#,
        );
        check(
            ReadError::NotText { path, what: "an Arrow file", advice: "; save the table as Parquet" },
            r#""train.csv" is an Arrow file, expected a CSV, JSON, CoNLL, Parquet, Excel or text file; save the table as Parquet"#,
        );
    }

    #[test]
    fn long_names_are_shortened_between_characters() {
        assert_eq!(shorten("ééé", 2), "éé…");
        assert_eq!(shorten("éé", 2), "éé");
        let many: Vec<String> = (0..20).map(|i| format!("c{i}")).collect();
        assert!(name_list(&many).ends_with("c7, …"));
    }
}
