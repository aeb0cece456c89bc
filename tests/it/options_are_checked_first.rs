//! What can never work is refused before anything is read, and what fails or is replaced is told.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::command_line::{done, failed, model, run, run_file, write};
use crate::served::Served;

#[test]
fn options_that_can_never_work_are_one_line_and_nothing_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let input = write(&dir.path().join("in.csv"), "text\nthe jury\n");
    let out = dir.path().join("out.csv").display().to_string();
    let one = "expected a whole number of at least 1";
    for (folder, options, told, status) in [
        ("bert-classify", &["--top-k", "0"][..], one, 2),
        ("bert-classify", &["--max-tokens", "0"], one, 2),
        ("bert-classify", &["--max-tokens", "1"], "max-tokens is 1, expected 3 or more", 1),
        ("bert-ner", &["--max-tokens", "8", "--stride", "8"], "windows of 8 tokens cannot share 8", 1),
        ("bert-qa", &["--max-answer-tokens", "0"], one, 2),
    ] {
        let model = model(folder);
        let asked = [&["predict", "--model", &model, "--input", &input][..], options].concat();
        assert!(failed(&asked, status).contains(told), "{options:?}");
        assert!(failed(&[&asked[..], &["--out", &out]].concat(), status).contains(told), "{options:?}");
    }
    assert!(!Path::new(&out).exists());
    let (model, other) = (model("bert-classify"), dir.path().join("out.txt").display().to_string());
    for command in ["map", "words"] {
        let told = failed(&[command, "--model", &model, "--data", &input, "--out", &other], 2);
        assert!(told.contains("expected a name that ends in .csv"), "{command}: {told}");
    }
}

#[test]
fn a_file_of_which_no_row_is_answered_is_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let input = write(&dir.path().join("in.csv"), "text\nthe jury\nthe map\n");
    let asked = ["predict", "--model", &model("bert-mlm"), "--input", &input];
    let output = run(&[&asked[..], &["--json"]].concat());
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("line 2: the text has no mask") && told.contains("none of its 2 rows"), "{told}");
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 2);
    let out = dir.path().join("out.csv").display().to_string();
    assert_eq!(run(&[&asked[..], &["--out", &out]].concat()).status.code(), Some(1));
    assert!(fs::read_to_string(&out).unwrap().contains("line 3: the text has no mask"));
    let some = write(&dir.path().join("some.csv"), "text\nthe jury\nthe [MASK]\n");
    done(&["predict", "--model", &model("bert-mlm"), "--input", &some]);
}

#[test]
fn a_file_of_somebody_else_is_not_replaced_and_an_earlier_prediction_is_with_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let input = write(&dir.path().join("in.csv"), "text\nthe jury\n");
    for ending in ["csv", "jsonl"] {
        let out = dir.path().join(format!("out.{ending}")).display().to_string();
        let asked = ["predict", "--model", &model("bert-classify"), "--input", &input, "--out", &out];
        let mine = if ending == "csv" { "name,salary\nAda,1\n" } else { "{\"text\": \"mine\"}\n" };
        write(Path::new(&out), mine);
        assert!(failed(&asked, 1).contains("holds no predictions of attune"), "{ending}");
        assert_eq!(fs::read_to_string(&out).unwrap(), mine);
        fs::remove_file(&out).unwrap();
        done(&asked);
        let output = run(&asked);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && told.contains("held before are replaced"), "{told}");
    }
}

#[test]
fn an_export_that_fails_leaves_nothing_in_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let (config, out) = run_file(dir.path(), "");
    done(&["train", &config]);
    // The script needs the rows, which are gone.
    let rows = dir.path().join("train.csv");
    let kept = fs::read(&rows).unwrap();
    fs::remove_file(&rows).unwrap();
    let to = dir.path().join("out");
    let (from, place) = (out.display().to_string(), to.display().to_string());
    failed(&["export", &from, "--to", &place, "--script"], 1);
    assert!(!to.exists());
    fs::write(&rows, kept).unwrap();
    done(&["export", &from, "--to", &place, "--script"]);
    let before = fs::read(to.join("model.safetensors")).unwrap();
    // What an earlier export wrote stays whole as well.
    fs::remove_file(&rows).unwrap();
    failed(&["export", &from, "--to", &place, "--script"], 1);
    assert_eq!(fs::read(to.join("model.safetensors")).unwrap(), before);
    let names = fs::read_dir(&to).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap());
    assert!(names.into_iter().all(|name| !name.starts_with('.')));
}

#[test]
fn names_are_found_in_one_text() {
    let error = failed(&["predict", "--model", &model("bert-ner"), "--text", "Ada", "--pair", "Bo"], 1);
    assert!(error.contains("named entities are found in one text"), "{error}");
}

#[test]
fn an_apostrophe_that_places_do_not_count_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let input = write(&dir.path().join("in.csv"), "text\n=Maria Okafor joined Northwind Labs\n");
    let out = dir.path().join("out.csv").display().to_string();
    for (folder, is_told) in [("bert-ner", true), ("bert-classify", false)] {
        let output = run(&["predict", "--model", &model(folder), "--input", &input, "--out", &out]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("like a formula"), "{told}");
        assert_eq!(told.contains("which start and end do not count"), is_told, "{told}");
        fs::remove_file(&out).unwrap();
    }
}

#[test]
fn an_option_that_a_server_does_not_read_is_named_and_other_keys_are_as_in_predict() {
    let served = Served::start("bert-classify", &[]);
    let asked = |body: &Value| served.ask("POST", "/predict", Some(&body.to_string()));
    let (status, answer) = asked(&json!({ "text": "the jury", "top_k": 1 }));
    let error = answer["error"].as_str().unwrap();
    assert!(status == 400 && error.contains("the object has the option \"top_k\", which is not read"), "{error}");
    let (status, answer) = asked(&json!([{ "text": "a" }, { "text": "b", "id": 2, "parameters": {} }]));
    let error = answer["error"].as_str().unwrap();
    assert!(status == 400 && error.contains("object 2 of the list has the option \"parameters\""), "{error}");
    let (status, answer) = asked(&json!({ "id": 7, "text": "the jury" }));
    assert!(status == 200 && answer == asked(&json!({ "text": "the jury" })).1, "{answer}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_is_full_is_named() {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let folder = model("bert-classify");
    for asked in
        [&["inspect", &folder][..], &["inspect", &folder, "--json"], &["predict", "--model", &folder, "--text", "x"]]
    {
        let output =
            std::process::Command::new(env!("CARGO_BIN_EXE_attune")).args(asked).stdout(full()).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("cannot write to standard output: "), "{told}");
    }
}

#[test]
fn a_run_without_a_step_behind_its_sign_says_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let (config, out) = run_file(dir.path(), "");
    done(&["train", &config]);
    let error = failed(&["predict", "--model", &format!("{}@", out.display()), "--text", "x"], 1);
    assert!(error.contains("names no step of the run after the @"), "{error}");
}
