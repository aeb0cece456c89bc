//! Workbooks of every format read alike, and hostile ones are refused with a reason.

use std::path::PathBuf;

use proptest::prelude::*;

use crate::table::readers::{read, read_bytes};
use crate::table::{Format, Table};

fn golden(name: &str) -> PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sheets").join(name)
}

fn open(name: &str) -> Table {
    let table = read(&golden(name), None).unwrap();
    assert_eq!(table.format, Format::Workbook, "{name}");
    assert_eq!(table.problems, [], "{name}");
    table
}

#[test]
fn workbooks_of_excel_read_as_they_look() {
    for name in ["reviews.xlsx", "reviews.xls"] {
        let table = open(name);
        assert_eq!(table.columns, ["text", "label", "stars", "day", "seen", "checked"]);
        assert_eq!(
            table.lined_cells(),
            [
                (2, vec!["a good film", "pos", "3", "2024-03-01", "2024-03-01T12:30:00", "TRUE"]),
                (3, vec!["a bad film,\nin two lines", "neg", "0.3", "2024-03-01", "2024-03-01T12:30:00", "FALSE"]),
                (5, vec!["ü, 日本", "pos", "1234567890123", "", "", ""]),
            ],
            "{name}"
        );
    }
    let notes = open("reviews.xlsx").notes;
    assert_eq!(
        notes,
        [
            r#"the sheet "Reviews" is read; the workbook also has "Cover", "Old" (hidden); "reviews.xlsx#Cover" would open another"#
        ]
    );
    assert_eq!(open("reviews.xls").notes, Vec::<String>::new());
}

#[test]
fn a_sheet_can_be_named() {
    let named = |file: &str, sheet: &str| {
        let path = golden(file);
        Table::open(std::path::Path::new(&format!("{}#{sheet}", path.display())))
    };
    let table = named("reviews.xlsx", "reviews").unwrap();
    assert_eq!((table.rows(), table.notes, table.path), (3, Vec::<String>::new(), golden("reviews.xlsx")));
    // It has a title and no more.
    let error = named("reviews.xlsx", "Cover").unwrap_err().to_string();
    assert!(error.contains("Reviews of 2024"), "{error}");
    let error = named("reviews.xlsx", "New").unwrap_err().to_string();
    assert!(error.ends_with(r#"has no sheet "New", expected one of "Cover", "Reviews", "Old""#), "{error}");
}

#[test]
fn binary_workbooks_and_those_of_libreoffice_are_read() {
    let table = open("binary.xlsb");
    assert_eq!(table.columns, ["text", "label"]);
    assert_eq!(table.lined_cells(), [(2, vec!["a good film", "3"]), (3, vec!["a bad film", "TRUE"])]);

    let table = open("reviews.ods");
    assert_eq!(table.columns, ["text", "label", "stars", "day", "checked"]);
    let twice = vec!["seen twice", "neg", "", "", ""];
    let first = vec!["a good film", "pos", "3", "2024-03-01", "TRUE"];
    assert_eq!(table.lined_cells(), [(2, first), (5, twice.clone()), (6, twice)]);
}

#[test]
fn formulas_give_what_they_gave_in_the_sheet() {
    let table = open("calculated.xlsx");
    assert_eq!(table.columns, ["text", "label"]);
    assert_eq!(table.lined_cells(), [(2, vec!["made of <parts>", "2"]), (3, vec!["rich text", "TRUE"])]);
}

#[test]
fn titles_merged_cells_and_errors_are_told() {
    let table = open("survey.xlsx");
    assert_eq!(table.columns, ["answer", "topic", "length", "twice"]);
    let topics: Vec<&str> = (0..table.rows()).map(|row| table.cell(row, 1)).collect();
    assert_eq!(topics, ["delivery", "delivery", "staff", "staff"]);
    assert_eq!(table.line(0), 4);
    assert_eq!(
        table.notes,
        [
            r#"row 1 stands above the table and is left out: "Survey of spring""#,
            "1 cell with an error is read as empty, first in row 5 (#N/A)",
            "1 cell with a formula whose result was not saved is read as empty, first in row 4",
            "2 merged cells take the value of the cell at the top of their area",
        ]
    );
}

#[test]
fn what_is_no_whole_workbook_is_refused() {
    let whole = std::fs::read(golden("reviews.xlsx")).unwrap();
    let message = read_bytes("cut.xlsx".as_ref(), whole[..whole.len() / 2].to_vec()).unwrap_err().to_string();
    assert!(message.starts_with(r#""cut.xlsx" cannot be read as a workbook: "#), "{message}");
    assert!(message.ends_with("; open it in Excel or LibreOffice and save it again, or save the sheet as CSV"));
    let old = std::fs::read(golden("reviews.xls")).unwrap();
    let message = read_bytes("cut.xls".as_ref(), old[..600].to_vec()).unwrap_err().to_string();
    assert!(message.starts_with(r#""cut.xls" cannot be read as a workbook: "#), "{message}");
}

#[test]
fn damage_to_a_workbook_is_an_error_or_a_table() {
    let names = ["reviews.xlsx", "survey.xlsx", "binary.xlsb", "reviews.ods", "reviews.xls"];
    let files: Vec<Vec<u8>> = names.iter().map(|name| std::fs::read(golden(name)).unwrap()).collect();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let damage = (0..files.len(), any::<prop::sample::Index>(), any::<u8>(), any::<bool>());
    runner
        .run(&damage, |(file, place, byte, cut)| {
            let mut bytes = files[file].clone();
            let at = place.index(bytes.len());
            bytes[at] = byte;
            bytes.truncate(if cut { at.max(8) } else { bytes.len() });
            if let Ok(table) = read_bytes(names[file].as_ref(), bytes) {
                prop_assert!((0..table.rows()).all(|row| table.cell(row, 0).len() < 1 << 20));
            }
            Ok(())
        })
        .unwrap();
}
