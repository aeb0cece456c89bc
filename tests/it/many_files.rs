//! Several files, folders and patterns are learned from as one table, what is evaluated on is proposed by its name, and the
//! run keeps what it read.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::command_line::{done, failed, model, objects, run, write};

fn place(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn rows(count: usize, from: usize) -> String {
    let row = |row: usize| match row % 2 {
        0 => format!("the soup was wonderful {row},good\n"),
        _ => format!("the queue was endless {row},bad\n"),
    };
    (from..from + count).map(row).collect()
}

/// Trains a step; gives the kept configuration, the record of the files, and the warnings.
fn trained(dir: &Path, task: &str, folder: &str, data: &str) -> (toml::Table, Value, Vec<String>) {
    let out = dir.join("run");
    let text = format!(
        "task = \"{task}\"\n[model]\npath = {:?}\n[data]\n{data}\nmax_tokens = 16\n[run]\nmax_steps = 1\nbatch = 4\nout = {out:?}\n",
        model(folder)
    );
    done(&["train", &write(&dir.join("run.toml"), &text)]);
    let kept = toml::from_str(&fs::read_to_string(out.join("run.toml")).unwrap()).unwrap();
    let record = serde_json::from_str(&fs::read_to_string(out.join("data.json")).unwrap()).unwrap();
    let warnings = objects(&fs::read_to_string(out.join("events.jsonl")).unwrap());
    let warnings = warnings.iter().filter(|event| event["event"] == "warning");
    (kept, record, warnings.map(|event| event["message"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn a_folder_is_learned_from_and_evaluated_on_by_the_names_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let head = "text,label\n";
    place(dir.path(), "d/train-00000-of-00002.csv", &format!("{head}{}", rows(8, 0)));
    place(dir.path(), "d/train-00001-of-00002.csv", &format!("{head}{}odd\n", rows(8, 8)));
    place(dir.path(), "d/validation-00000-of-00001.csv", &format!("{head}{}", rows(4, 20)));
    let (kept, record, warnings) = trained(dir.path(), "classify", "bert-classify", "train = \"d\"");
    let eval = dir.path().join("d/validation-00000-of-00001.csv").display().to_string();
    assert_eq!(kept["data"]["eval"].as_str(), Some(eval.as_str()));
    assert_eq!(kept["data"]["train"].as_str(), Some(dir.path().join("d").display().to_string().as_str()));
    let sum = |name: &str| {
        let bytes = fs::read(dir.path().join("d").join(name)).unwrap();
        let path = dir.path().join("d").join(name);
        json!({ "path": path, "bytes": bytes.len(), "sha256": attune::files::sha256(&bytes) })
    };
    assert_eq!(record["train"], json!([sum("train-00000-of-00002.csv"), sum("train-00001-of-00002.csv")]));
    assert_eq!(record["eval"], json!([sum("validation-00000-of-00001.csv")]));
    let told = warnings.join("\n");
    assert!(
        told.contains("2 files are read as one: train-00000-of-00002.csv (8 rows), train-00001-of-00002.csv (8 rows)"),
        "{told}"
    );
    assert!(told.contains("proposed to evaluate on"), "{told}");
    assert!(
        told.contains("1 of 17 rows of d cannot be used; the first, line 10 of train-00001-of-00002.csv"),
        "{told}"
    );
    // The model that was kept is evaluated on the same part of the folder.
    let trained = dir.path().join("run/model").display().to_string();
    let folder = dir.path().join("d").display().to_string();
    let output = run(&["evaluate", "--model", &trained, "--data", &folder, "--json"]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("of \"d\", \"validation-00000-of-00001.csv\" is evaluated on, by its name"), "{errors}");
    let evaluated: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(evaluated["examples"], 4);
}

#[test]
fn a_share_that_is_asked_for_holds_against_names() {
    let dir = tempfile::tempdir().unwrap();
    let text = format!("text,label\n{}", rows(8, 0));
    place(dir.path(), "train.csv", &text);
    place(dir.path(), "dev.csv", &text);
    let list = "train = [\"train.csv\", \"dev.csv\"]\neval_fraction = 0.25";
    let (kept, record, warnings) = trained(dir.path(), "classify", "bert-classify", list);
    assert_eq!(kept["data"]["train"].as_array().map(Vec::len), Some(2));
    assert!(kept["data"].get("eval").is_none());
    assert_eq!((record["train"].as_array().map(Vec::len), record.get("eval")), (Some(2), None));
    assert!(warnings.iter().any(|told| told.contains("2 files are read as one")), "{warnings:?}");
}

#[test]
fn a_pattern_of_plain_texts_is_one_text() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["books/a.txt", "books/b.txt", "books/c.md"] {
        place(dir.path(), name, &"the cat sat by the river .\nthe dog saw the soup .\n".repeat(6));
    }
    let (_, record, warnings) = trained(dir.path(), "mlm", "bert-mlm", "train = \"books/*.txt\"\neval_fraction = 0.2");
    assert_eq!(record["train"].as_array().map(Vec::len), Some(2));
    assert!(warnings.iter().any(|told| told.contains("2 files are read as one text")), "{warnings:?}");
}

#[test]
fn folders_of_texts_are_classes_that_can_be_learned() {
    let dir = tempfile::tempdir().unwrap();
    for row in 0..6 {
        place(dir.path(), &format!("imdb/train/pos/{row}_9.txt"), "the soup was wonderful");
        place(dir.path(), &format!("imdb/train/neg/{row}_2.txt"), "the queue was endless");
        place(dir.path(), &format!("imdb/test/pos/{row}_8.txt"), "the soup was good");
        place(dir.path(), &format!("imdb/test/neg/{row}_1.txt"), "the queue was long");
    }
    let (kept, record, _) = trained(dir.path(), "classify", "bert-classify", "train = \"imdb\"");
    assert_eq!(kept["data"]["eval"].as_str(), Some(dir.path().join("imdb/test").display().to_string().as_str()));
    assert_eq!(kept["data"]["columns"]["label"].as_str(), Some("label"));
    let count = |part: &str| record[part].as_array().map(Vec::len);
    assert_eq!((count("train"), count("eval")), (Some(12), Some(12)));
    let facts = done(&["inspect", &dir.path().join("imdb").display().to_string(), "--json"]);
    let facts: Value = serde_json::from_str(&facts).unwrap();
    assert_eq!((&facts["rows"], &facts["format"]), (&json!(12), &json!("folders of texts")));
    let repeats = facts["health"].as_array().unwrap().iter().find(|finding| finding["count"] == 10).unwrap();
    let places = repeats["places"].as_array().unwrap();
    assert!(places.iter().all(|place| place["line"] == 1 && place["file"].as_str().is_some()), "{places:?}");
    assert_eq!((places.len(), repeats.get("lines")), (10, None), "a line alone would be of no file");
}

#[test]
fn what_is_not_there_is_told_by_what_was_named() {
    let dir = tempfile::tempdir().unwrap();
    let config = |data: &str| {
        let text = format!("task = \"classify\"\n[model]\npath = {:?}\n[data]\n{data}\n", model("bert-classify"));
        write(&dir.path().join("run.toml"), &text)
    };
    let check = |data: &str, expected: &str| {
        let error = failed(&["train", &config(data)], 1);
        assert!(error.contains(expected), "{error}");
    };
    check("train = \"no/*.csv\"", "no file fits the pattern \"no/*.csv\"");
    check("train = []", "an empty list names no file");
    check("train = 3", "a folder or a pattern, or a list of them");
}
