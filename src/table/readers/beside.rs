//! Names of classes that lie in a file beside the rows where the rows have their numbers: one a line, as in the first
//! distributions of AG News, Yelp and `DBpedia`, or by columns in the datasets library's `dataset_info.json` and at the head
//! of a data set's README.
//!
//! The numbers of classes stay what these are called, which is told: what was learned before is called so too. Numbers of
//! tags say nothing without their names, not even which of them begin an entity, and get them.

use std::path::Path;

use serde_json::Value;

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

/// Heeds names beside a table that was read from a file, or from a folder, and says what is to be told of them.
pub(super) fn heed(table: &mut Table, path: &Path) -> Vec<String> {
    let Some(folder) = (if path.is_dir() { Some(path) } else { path.parent() }) else { return Vec::new() };
    let known = names(folder, table);
    let named: Vec<String> = known.iter().filter_map(|names| name_tags(table, names)).collect();
    if named.is_empty() { known.iter().find_map(|names| note(table, names)).into_iter().collect() } else { named }
}

/// Names of classes in the order of their numbers.
struct Names {
    file: &'static str,
    /// The column that they are of, where the file says it.
    column: Option<String>,
    list: Vec<String>,
}

/// All that lie in a folder.
fn names(folder: &Path, table: &Table) -> Vec<Names> {
    let is_read = |name: &str| table.origins.files.iter().any(|file| file.path == folder.join(name));
    let text = |name: &str| files::read_note_text(&folder.join(name)).ok().filter(|_| !is_read(name));
    let mut found = Vec::new();
    for file in FILES {
        let names = text(file)
            .map(|text| text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect());
        found.extend(names.map(|names| Names { file, column: None, list: names }));
    }
    for file in ["dataset_info.json", "dataset_infos.json"] {
        let told: Option<Value> = text(file).and_then(|text| serde_json::from_str(&text).ok());
        // Of several configurations the only one.
        let features = |told: &Value| told.get("features").cloned();
        let told = told.and_then(|told| {
            let one = told.as_object().filter(|all| all.len() == 1).and_then(|all| all.values().next());
            features(&told).or_else(|| features(one?))
        });
        for (column, feature) in told.iter().filter_map(Value::as_object).flatten() {
            let class = ["", "/feature"].iter().find_map(|way| feature.pointer(way)?.get("names")?.as_array());
            let names = class.and_then(|names| names.iter().map(|name| name.as_str().map(str::to_owned)).collect());
            found.extend(names.map(|names| Names { file, column: Some(column.clone()), list: names }));
        }
    }
    found.extend(text("README.md").iter().flat_map(|text| of_card(text)));
    found.retain(|names| (2..=MOST).contains(&names.list.len()));
    found
}

/// The names in the YAML at the head of a data set's README: `- name: ner_tags`, and below it `'0': O`.
fn of_card(text: &str) -> Vec<Names> {
    let mut found: Vec<Names> = Vec::new();
    let mut column = None;
    for line in text.lines().skip_while(|line| line.trim().is_empty()).skip(1).take_while(|line| line.trim() != "---") {
        let line = line.trim();
        if let Some(name) = line.strip_prefix("- name:") {
            column = Some(name.trim().trim_matches(['"', '\'']).to_owned());
        }
        let Some((number, name)) = line.split_once(": ") else { continue };
        let Ok(number) = number.trim_matches(['"', '\'']).parse::<usize>() else { continue };
        let name = name.trim().trim_matches(['"', '\'']).to_owned();
        match found.last_mut().filter(|names| names.column == column && names.list.len() == number) {
            Some(names) => names.list.push(name),
            None if number == 0 => found.push(Names { file: "README.md", column: column.clone(), list: vec![name] }),
            None => {}
        }
    }
    found
}

/// Puts names of tags in the place of their numbers.
fn name_tags(table: &mut Table, names: &Names) -> Option<String> {
    let are_tags = names.list.iter().any(|name| name == "O")
        && names.list.iter().any(|name| ["B-", "I-", "S-", "U-"].iter().any(|sign| name.starts_with(sign)));
    let is_one = |column: usize, step: usize| {
        let mut highest = None;
        for row in (0..table.rows()).step_by(step) {
            let cell = table.cell(row, column).trim();
            if cell.is_empty() {
                continue;
            }
            for number in tags::list(cell).ok().filter(|_| cell.starts_with('['))? {
                let number = number.parse::<usize>().ok().filter(|number| *number < names.list.len())?;
                highest = highest.max(Some(number));
            }
        }
        // Numbers of words and of positions are larger.
        highest.filter(|highest| *highest > 0)
    };
    let is_named = |column: &usize| names.column.as_ref().is_none_or(|name| table.columns[*column] == *name);
    let step = table.rows().div_ceil(SAMPLE).max(1);
    let fits = |column: &usize| {
        are_tags && is_named(column) && is_one(*column, step).is_some() && is_one(*column, 1).is_some()
    };
    let mut fitting = (0..table.columns.len()).filter(fits);
    // Of several that could be meant none is taken.
    let column = fitting.next().filter(|_| fitting.next().is_none())?;
    let named = |cell: &str| {
        let tags = tags::list(cell.trim()).ok()?;
        let tags: Option<Vec<&String>> = tags.iter().map(|tag| names.list.get(tag.parse::<usize>().ok()?)).collect();
        serde_json::to_string(&tags?).ok()
    };
    table.change(&[column], named);
    let (file, count, column) = (names.file, names.list.len(), &table.columns[column]);
    Some(format!("the numbers in the column {column:?} have the {count} names of tags in {file:?} beside it"))
}

/// What is to be told of names of classes.
fn note(table: &Table, names: &Names) -> Option<String> {
    let (name, count) = (names.file, names.list.len());
    let (column, first) = numbered(table, count, names.column.as_deref())?;
    let (column, last) = (&table.columns[column], first + count - 1);
    Some(format!(
        "{name:?} beside it has {count} names, and the column {column:?} has the numbers {first} to {last}, which stay the \
         names of the classes; put those in their place to have them in answers"
    ))
}

/// The column that has whole numbers from 0 or from 1, as many as there are names, and the first of them.
fn numbered(table: &Table, count: usize, named: Option<&str>) -> Option<(usize, usize)> {
    let step = table.rows().div_ceil(SAMPLE).max(1);
    let is_named = |column: &usize| named.is_none_or(|name| table.columns[*column] == name);
    (0..table.columns.len()).filter(is_named).find_map(|column| {
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

    #[test]
    fn numbers_of_tags_get_the_names_that_lie_beside_them() {
        let rows =
            "{\"tokens\":[\"Ann\",\"Lee\",\"ran\"],\"ner_tags\":[1,2,0]}\n{\"tokens\":[\"Rome\"],\"ner_tags\":[3]}\n";
        let check = |name: &str, content: &str| {
            let folder = folder_with(&[("train.jsonl", rows), (name, content)]);
            let table = Table::open(&folder.path().join("train.jsonl")).unwrap();
            assert_eq!([table.cell(0, 1), table.cell(1, 1)], [r#"["B-PER","I-PER","O"]"#, r#"["B-LOC"]"#], "{name}");
            let note = format!("the numbers in the column \"ner_tags\" have the 4 names of tags in {name:?} beside it");
            assert!(table.notes.contains(&note), "{:?}", table.notes);
        };
        check("labels.txt", "O\nB-PER\nI-PER\nB-LOC\n");
        let feature = r#"{"feature":{"names":["O","B-PER","I-PER","B-LOC"],"_type":"ClassLabel"},"_type":"Sequence"}"#;
        check("dataset_info.json", &format!(r#"{{"features":{{"ner_tags":{feature}}}}}"#));
        check("dataset_infos.json", &format!(r#"{{"default":{{"features":{{"ner_tags":{feature}}}}}}}"#));
        let names = "'0': O\n          '1': B-PER\n          '2': I-PER\n          '3': B-LOC\n";
        let card = format!(
            "---\nlicense: mit\ndataset_info:\n  features:\n  - name: tokens\n    sequence: string\n  - name: ner_tags\n    \
             sequence:\n      class_label:\n        names:\n          {names}---\n# Names\n"
        );
        check("README.md", &card);
        let folder = folder_with(&[("train.jsonl", rows), ("labels.txt", "O\nB-PER\nI-PER\n")]);
        assert_eq!(Table::open(&folder.path().join("train.jsonl")).unwrap().cell(0, 1), "[1,2,0]");
    }
}
