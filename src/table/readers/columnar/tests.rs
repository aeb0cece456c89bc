//! Files written by pyarrow are read as they were meant; damaged ones are refused in words.

use super::*;
use crate::table::readers::read;

fn golden(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/parquet").join(format!("{name}.parquet"))
}

fn check(name: &str, columns: &[&str], rows: &[&[&str]]) {
    let table = read(&golden(name), None).unwrap();
    assert_eq!((table.format, table.encoding), (Format::Parquet, "UTF-8"));
    assert_eq!(table.columns, columns, "{name}");
    assert_eq!(table.all_cells(), rows, "{name}");
    assert!((0..table.rows()).all(|row| table.line(row) == row + 1));
}

#[test]
fn classes_have_their_names_however_the_file_is_packed() {
    for codec in ["snappy", "zstd", "gzip", "none"] {
        check(
            &format!("classes-{codec}"),
            &["text", "label"],
            &[
                &["a good film", "pos"],
                &["a \"bad\" film", "neg"],
                &["ü, 日本", "pos"],
                &["not labelled", ""],
                &["", ""],
            ],
        );
    }
}

#[test]
fn lists_and_structs_are_json() {
    for kind in ["sequence", "list"] {
        check(
            &format!("tags-{kind}"),
            &["id", "tokens", "ner_tags"],
            &[
                &["0", r#"["Ann","Lee","saw","Rome"]"#, r#"["B-PER","I-PER","O","B-LOC"]"#],
                &["1", r#"["\"","No","one"]"#, r#"["O","O","O"]"#],
            ],
        );
    }
    let context = "Ann Lee saw Rome. She liked it.";
    check(
        "squad",
        &["id", "title", "context", "question", "answers"],
        &[
            &["q1", "Travel", context, "Who saw Rome?", r#"{"text":["Ann Lee","Ann"],"answer_start":[0,0]}"#],
            &["q2", "Travel", context, "Who saw Paris?", r#"{"text":[],"answer_start":[]}"#],
        ],
    );
}

#[test]
fn every_kind_of_value_is_text() {
    check(
        "kinds",
        &["flag", "small", "big", "half", "single", "bytes", "day", "pairs", "map"],
        &[
            &[
                "true",
                "-5",
                "9223372036854775808",
                "0.5",
                "0.1",
                "plain",
                "1970-01-01",
                r#"[{"a":1,"b":"x"}]"#,
                r#"{"k":1}"#,
            ],
            &["", "7", "1", "-1.25", "", "(2 bytes)", "2022-01-08", "", "{}"],
        ],
    );
}

#[test]
fn moments_are_text_and_no_numbers() {
    let table = read(&golden("moments"), None).unwrap();
    let check = |column: &str, cells: [&str; 2]| {
        let place = table.column(column).unwrap();
        assert_eq!([table.cell(0, place), table.cell(1, place)], cells, "{column}");
    };
    check("nano", ["2020-02-29T12:34:56.250000001", ""]);
    check("nano_zone", ["2020-02-29T12:34:56.250000001Z", "1969-12-31T23:59:59.999999999Z"]);
    check("micro", ["2020-02-29T12:34:56.25", ""]);
    check("micro_zone", ["2020-02-29T10:34:56.25Z", ""]);
    check("milli", ["2020-02-29T12:34:56.25", ""]);
    check("second", ["2020-02-29T12:34:56", ""]);
    check("day", ["2020-02-29", ""]);
    check("day_millis", ["2020-02-29", ""]);
    check("time_milli", ["12:34:56.25", ""]);
    check("time_micro", ["12:34:56.25", ""]);
    check("time_nano", ["00:00:00.000000001", ""]);
    check("lasted", ["P1DT2H4.5S", ""]);
    check("lasted_milli", ["P1DT2H4.5S", "-P1DT2H4.5S"]);
    check("price", ["12.05", "-3.00"]);
    check("half", ["0.5", ""]);
    check("key", ["00112233-4455-6677-8899-aabbccddeeff", ""]);
    check("list", [r#"["2020-02-29T12:34:56.250000001"]"#, "[]"]);
    check("struct", [r#"{"at":"1970-01-01T00:00:00.000000001","n":1}"#, ""]);
    check("map", [r#"{"a":"1970-01-01T00:00:00.000000001Z"}"#, "{}"]);
    check("numbers", ["[1]", "[]"]);
    self::check("moments-96", &["at"], &[&["2020-02-29T12:34:56.25"], &[""]]);
}

#[test]
fn files_that_cannot_be_read_say_why() {
    let check = |bytes: &[u8], expected: &str| {
        let message = read_bytes(Path::new("train.parquet"), bytes).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
        assert!(message.ends_with("; fetch it again, or save it as CSV or JSONL"), "{message}");
    };
    let bytes = std::fs::read(golden("squad")).unwrap();
    check(b"PAR1", "\"train.parquet\" cannot be read as Parquet: it ends too early");
    check(&bytes[..bytes.len() - 9], "\"train.parquet\" cannot be read as Parquet: it does not end as it should");
    let mut large = bytes.clone();
    let length = large.len();
    large[length - 5] = 0x7F;
    check(&large, "\"train.parquet\" cannot be read as Parquet: its footer of 21");
    let brotli = read(&golden("brotli"), None).unwrap_err().to_string();
    assert!(
        brotli.contains("is Parquet packed with brotli") && brotli.ends_with("; save it again with one of them"),
        "{brotli}"
    );
    let empty = read(&golden("empty"), None).unwrap_err().to_string();
    assert!(empty.ends_with("has column names (text) but no rows, expected at least one"), "{empty}");
}

#[test]
fn packed_files_are_read_too() {
    let bytes = std::fs::read(golden("tags-list")).unwrap();
    let packed = crate::table::readers::unpack::tests::gzip(&bytes);
    let table = crate::table::readers::read_bytes(Path::new("train.parquet.gz"), packed).unwrap();
    assert_eq!((table.format, table.rows()), (Format::Parquet, 2));
}

#[test]
fn files_that_belong_together_are_one_table() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str, from: &str| std::fs::copy(golden(from), dir.path().join(name)).unwrap();
    place("train-00000-of-00002.parquet", "classes-snappy");
    place("train-00001-of-00002.parquet", "classes-zstd");
    let first = dir.path().join("train-00000-of-00002.parquet");
    let table = Table::open(&first).unwrap();
    assert_eq!((table.rows(), table.path.as_path()), (10, first.as_path()));
    assert_eq!((table.cell(5, 0), table.cell(5, 1)), ("a good film", "pos"));
    assert_eq!(table.place(9), "line 5 of train-00001-of-00002.parquet");
    std::fs::remove_file(dir.path().join("train-00001-of-00002.parquet")).unwrap();
    let alone = Table::open(&first).unwrap();
    assert_eq!(alone.rows(), 5);
    assert!(alone.notes[0].contains("train-00001-of-00002"), "{:?}", alone.notes);
    place("0000.parquet", "classes-none");
    place("0001.parquet", "tags-list");
    let error = Table::open(&dir.path().join("0000.parquet")).unwrap_err().to_string();
    assert!(error.contains("0001.parquet") && error.contains("they share none"), "{error}");
}
