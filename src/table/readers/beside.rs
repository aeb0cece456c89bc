//! Names of classes that lie in a file beside the rows, one a line, where the rows have their numbers: as in the first
//! distributions of AG News, Yelp and `DBpedia`. The numbers stay what the classes are called, which is told.

use std::path::Path;

use crate::files;
use crate::table::Table;
use crate::table::notation::tags;

/// What such files are called.
const FILES: [&str; 8] = [
    "classes.txt",
    "labels.txt",
    "label_names.txt",
    "class_names.txt",
    "label_list.txt",
    "categories.txt",
    "intents.txt",
    "tags.txt",
];
const MOST: usize = 10_000;
/// Cells that are looked at.
const SAMPLE: usize = 5000;

/// What is to be told of names beside a table that was read from a file, or from a folder.
pub(super) fn note(table: &Table, path: &Path) -> Option<String> {
    let folder = if path.is_dir() { path } else { path.parent()? };
    let is_read = |name: &str| table.origins.files.iter().any(|file| file.path == folder.join(name));
    FILES.into_iter().filter(|name| !is_read(name)).find_map(|name| {
        let text = files::read_note_text(&folder.join(name)).ok()?;
        let count = text.lines().filter(|line| !line.trim().is_empty()).count();
        let (column, first) = (2..=MOST).contains(&count).then(|| numbered(table, count)).flatten()?;
        let (column, last) = (&table.columns[column], first + count - 1);
        Some(format!(
            "{name:?} beside it has {count} names, and the column {column:?} has the numbers {first} to {last}, which stay the \
             names of the classes; put those in their place to have them in answers"
        ))
    })
}

/// The column that has whole numbers from 0 or from 1, as many as there are names, and the first of them.
fn numbered(table: &Table, count: usize) -> Option<(usize, usize)> {
    let step = table.rows().div_ceil(SAMPLE).max(1);
    (0..table.columns.len()).find_map(|column| {
        let (mut low, mut high) = (usize::MAX, 0);
        for row in (0..table.rows()).step_by(step) {
            let cell = table.cell(row, column).trim();
            let numbers = if cell.starts_with('[') { tags::list(cell).ok()? } else { vec![cell.to_owned()] };
            for number in numbers.iter().filter(|number| !number.is_empty()) {
                let number: usize = number.parse().ok().filter(|number| *number <= count)?;
                (low, high) = (low.min(number), high.max(number));
            }
        }
        (low <= 1 && high > low && high + 1 == low + count).then_some((column, low))
    })
}

#[cfg(test)]
mod tests {
    use crate::files::folder_with;
    use crate::table::Table;

    fn notes(rows: &str, names: &str) -> Vec<String> {
        let folder = folder_with(&[("train.csv", rows), ("classes.txt", names)]);
        Table::open(&folder.path().join("train.csv")).unwrap().notes
    }

    #[test]
    fn names_beside_numbers_are_told_and_other_files_are_not() {
        let rows = |first: usize| -> String {
            (0..12).map(|row| format!("a text of row {row},{}\n", first + row % 4)).collect::<String>()
        };
        let four = "World\nSports\nBusiness\nSci/Tech\n";
        let told = notes(&format!("text,label\n{}", rows(1)), four);
        assert!(told.iter().any(|note| note.contains("\"classes.txt\" beside it has 4 names")), "{told:?}");
        assert!(told.iter().any(|note| note.contains("\"label\" has the numbers 1 to 4")), "{told:?}");
        assert_eq!(notes(&format!("text,label\n{}", rows(0)), four).len(), 1);
        assert!(notes(&format!("text,label\n{}", rows(0)), "World\nSports\n").is_empty());
        assert!(notes(&format!("text,label\n{}", rows(0).replace(",3", ",x")), four).is_empty());
    }
}
