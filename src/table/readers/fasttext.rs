//! What fastText learns from: a text a line with its classes before it, `__label__good __label__short A fine film`. A
//! column of names where every text has one class, and of lists where some have several.

use std::path::Path;

use super::builder::Builder;
use super::encoding::Decoded;
use super::lines::numbered;
use crate::stop::heed;
use crate::table::notation::quoted::push_list;
use crate::table::{Format, ReadError, Table};

const PREFIX: &str = "__label__";
/// Lines that are looked at.
const SAMPLE: usize = 500;

/// Whether nearly all lines have a class at their beginning or their end.
pub(super) fn is_labelled(text: &str) -> bool {
    let lines = || numbered(text).map(|(_, line)| line.trim()).filter(|line| !line.is_empty()).take(SAMPLE);
    let is_one = |line: &&str| {
        line.starts_with(PREFIX) || line.rsplit(char::is_whitespace).next().is_some_and(|last| last.starts_with(PREFIX))
    };
    let (found, all) = (lines().filter(is_one).count(), lines().count());
    found > 0 && found * 10 >= all * 9
}

/// The classes of a line, and the text without them.
fn parts(line: &str) -> (Vec<&str>, &str) {
    let mut labels = Vec::new();
    let mut rest = line.trim();
    while let Some(label) = rest.strip_prefix(PREFIX) {
        // Some files part classes by commas.
        let end = label.find(|letter: char| letter.is_whitespace() || letter == ',').unwrap_or(label.len());
        labels.push(&label[..end]);
        rest = label[end..].trim_start_matches(',').trim_start();
    }
    let mut last = Vec::new();
    while let Some(at) = rest.rfind(PREFIX).filter(|at| !rest[*at..].contains(char::is_whitespace)) {
        last.push(&rest[at + PREFIX.len()..]);
        rest = rest[..at].trim_end();
    }
    labels.extend(last.into_iter().rev());
    (labels, rest)
}

pub(super) fn read(path: &Path, decoded: &Decoded, text: &str) -> Result<Table, ReadError> {
    let lines = || numbered(text).filter(|(_, line)| !line.trim().is_empty());
    let is_single = lines().all(|(_, line)| parts(line).0.len() < 2);
    let mut rows = Builder::new(vec!["text".to_owned(), if is_single { "label" } else { "labels" }.to_owned()]);
    for (number, line) in lines() {
        heed();
        let (labels, text) = parts(line);
        rows.cell(text);
        if is_single {
            rows.cell(labels.first().copied().unwrap_or_default());
        } else {
            push_list(&mut rows.text, labels);
            rows.end_cell();
        }
        rows.end_row(number);
    }
    rows.finish(path, Format::FastText, decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, columns: &[&str], rows: &[(usize, &[&str])]) {
        let table = Table::from_bytes(Path::new("train.txt"), text.as_bytes().to_vec()).unwrap();
        assert_eq!(
            (table.format, table.columns.as_slice()),
            (Format::FastText, &columns.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()[..])
        );
        let found = table.lined_cells();
        assert_eq!(found, rows.iter().map(|(line, cells)| (*line, cells.to_vec())).collect::<Vec<_>>(), "{text}");
    }

    #[test]
    fn classes_stand_before_or_behind_their_texts() {
        check(
            "__label__2 Great CD: My lovely Pat, has one\n\n__label__1 Batteries died , \"within\" a year\n__label__1\n",
            &["text", "label"],
            &[
                (1, &["Great CD: My lovely Pat, has one", "2"]),
                (3, &["Batteries died , \"within\" a year", "1"]),
                (4, &["", "1"]),
            ],
        );
        check(
            "__label__sauce __label__cheese How much does potato starch affect a cheese sauce recipe?\n__label__knife-skills Where? \nno class\n__label__a, __label__b x\n__label__a y\n__label__a z\n__label__a z\n__label__a z\n__label__a z\n__label__a z\n",
            &["text", "labels"],
            &[
                (1, &["How much does potato starch affect a cheese sauce recipe?", r#"["sauce","cheese"]"#]),
                (2, &["Where?", r#"["knife-skills"]"#]),
                (3, &["no class", "[]"]),
                (4, &["x", r#"["a","b"]"#]),
                (5, &["y", r#"["a"]"#]),
                (6, &["z", r#"["a"]"#]),
                (7, &["z", r#"["a"]"#]),
                (8, &["z", r#"["a"]"#]),
                (9, &["z", r#"["a"]"#]),
                (10, &["z", r#"["a"]"#]),
            ],
        );
        check(
            "a fine film __label__good\na dull one\t__label__bad\n",
            &["text", "label"],
            &[(1, &["a fine film", "good"]), (2, &["a dull one", "bad"])],
        );
    }
}
