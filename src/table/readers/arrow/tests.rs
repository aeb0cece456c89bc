use std::path::PathBuf;

use super::*;
use crate::table::Inputs;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/arrow").join(name)
}

#[test]
fn every_kind_of_value_is_text_however_a_file_is_packed() {
    let expected: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_slice(&std::fs::read(golden("kinds.json")).unwrap()).unwrap();
    for name in ["stream", "file", "lz4", "zstd"] {
        let table = Table::open(&golden(&format!("{name}.arrow"))).unwrap();
        assert_eq!((table.format, table.rows()), (Format::Arrow, expected.len()), "{name}");
        for (row, cells) in expected.iter().enumerate() {
            for (column, value) in cells {
                let found = table.cell(row, table.column(column).unwrap());
                assert_eq!(found, value.as_str().unwrap(), "{name}: {column} of row {row}");
            }
        }
    }
    let table = Table::open(&golden("reviews.feather")).unwrap();
    assert_eq!(table.all_cells(), [["a good film", "pos"], ["a bad film", "neg"]]);
}

#[test]
fn a_saved_data_set_has_the_names_of_its_classes() {
    let table = Table::open(&golden("saved")).unwrap();
    assert_eq!(table.columns, ["text", "label", "tokens", "ner_tags"]);
    let rows = table.all_cells();
    assert_eq!(rows[0], ["a good film", "pos", r#"["a","good","film"]"#, r#"["O","O","O"]"#]);
    assert_eq!(rows[2][3], r#"["B-PER","I-PER"]"#);
    assert_eq!((rows[3][1], table.place(4).as_str()), ("", "line 2 of data-00001-of-00002.arrow"));
    assert!(
        table.notes[0].starts_with("2 files are read as one: data-00000-of-00002.arrow (3 rows)"),
        "{:?}",
        table.notes
    );
}

#[test]
fn the_parts_of_a_saved_data_set_are_told_by_their_names() {
    let table = Table::open(&golden("splits")).unwrap();
    assert_eq!(table.rows(), 5);
    assert_eq!(table.origins.held_out, Some(Inputs::from(golden("splits/validation"))));
    let note = r#"by name: "train" to learn from, and "validation" proposed to evaluate on"#;
    assert_eq!(table.notes[0], note);
    let dir = tempfile::tempdir().unwrap();
    let state = std::fs::read_to_string(golden("saved/state.json")).unwrap();
    let state = state.replacen('{', "{\"_indices_data_files\": [{\"filename\": \"indices.arrow\"}],", 1);
    std::fs::write(dir.path().join("state.json"), state).unwrap();
    let error = Table::open(dir.path()).unwrap_err().to_string();
    assert!(error.contains("flatten_indices()"), "{error}");
}

#[test]
fn what_is_damaged_is_refused() {
    let refused = |bytes: &[u8]| read(Path::new("x.arrow"), bytes).unwrap_err().to_string();
    assert!(refused(b"ARROW1\0\0").contains("it does not begin with a schema"));
    let whole = std::fs::read(golden("stream.arrow")).unwrap();
    // Wherever it breaks off, rows before that are no part of a table that anybody saved.
    for length in (8..whole.len() - 8).step_by(97) {
        if let Ok(table) = read(Path::new("x.arrow"), &whole[..length]) {
            assert!(table.rows() < 4 || length > whole.len() - 600, "{length}");
        }
    }
}

#[test]
fn rare_types_are_text_or_left_out_and_told() {
    assert_eq!(Table::open(&golden("decimal.arrow")).unwrap().all_cells(), [["a", "1.00"]]);
    let table = Table::open(&golden("rare.arrow")).unwrap();
    assert_eq!(table.columns, ["text", "price", "cold", "at", "key", "run", "when"]);
    let expected = [
        ["a", "12.05", "-0.5", "12:34:56.25", "ab", "x", "2020-02-29T12:34:56"],
        ["b", "-3.00", "1.5", "00:00:01", "cd", "x", "1969-12-31T23:59:59"],
        ["c", "", "0.0", "", "ef", "y", ""],
    ];
    assert_eq!(table.all_cells(), expected);
    let left = r#"the column "either" is of the type union, which is not read here, and is left out"#;
    assert!(table.notes.iter().any(|note| note == left), "{:?}", table.notes);
}

#[test]
fn moments_are_text_and_no_numbers() {
    let table = Table::open(&golden("moments.arrow")).unwrap();
    let expected = [
        [
            "2020-02-29T12:34:56.250000001",
            "2020-02-29T12:34:56.250000001Z",
            "2020-02-29T12:34:56",
            "2020-02-29",
            "12:34:56.25",
            "P1DT2H4.5S",
            "P1DT2H4.5S",
            r#"["P1DT2H4.5S"]"#,
        ],
        ["", "1969-12-31T23:59:59.999999999Z", "", "", "", "", "-P1DT2H4.5S", "[]"],
    ];
    assert_eq!(table.all_cells(), expected);
}

#[test]
fn no_damage_makes_the_reader_panic() {
    use proptest::prelude::*;
    let files =
        ["stream", "file", "lz4", "zstd", "rare"].map(|name| std::fs::read(golden(&format!("{name}.arrow"))).unwrap());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let damage = (0..files.len(), proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6));
    runner
        .run(&damage, |(file, bytes)| {
            let mut damaged = files[file].clone();
            for (place, byte) in bytes {
                let place = place.index(damaged.len());
                damaged[place] = byte;
            }
            if let Ok(table) = read(Path::new("x.arrow"), &damaged) {
                table.all_cells();
            }
            Ok(())
        })
        .unwrap();
}
