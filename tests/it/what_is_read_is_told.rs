//! A run says which columns it reads and how, keeps that with it, and says beforehand and in its result what cannot be
//! learned from its data.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::models_match_the_reference::golden;

fn attune(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    command.args(arguments).env("HF_HUB_OFFLINE", "1").env("HF_HOME", "/nonexistent").output().unwrap()
}

/// What a run of one step prints on standard output and on standard error, and its folder.
struct Run {
    out: String,
    errors: String,
    dir: PathBuf,
}

fn train(dir: &Path, task: &str, model: &str, data: &[(&str, &str)], more: &str) -> Run {
    for (name, text) in data {
        std::fs::write(dir.join(name), text).unwrap();
    }
    let out = dir.join("run");
    let config = format!(
        "task = {task:?}\n[model]\npath = {:?}\n[data]\ntrain = {:?}\n{more}\n[run]\nmax_steps = 1\nbatch = 4\nout = {out:?}\n",
        golden().join(model),
        dir.join(data[0].0),
    );
    let path = dir.join("run.toml");
    std::fs::write(&path, config).unwrap();
    let output = attune(&["train", &path.to_string_lossy()]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    Run { out: String::from_utf8(output.stdout).unwrap(), errors, dir: out }
}

impl Run {
    fn events(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.dir.join("events.jsonl")).unwrap();
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What is told of the data before the first step. That the head is new is no matter of theirs.
    fn warnings(&self) -> Vec<String> {
        let events = self.events();
        let warnings = events.iter().filter(|event| event["event"] == "warning" && event["step"] == 0);
        let warnings = warnings.map(|event| event["message"].as_str().unwrap().to_owned());
        warnings.filter(|warning| !warning.ends_with("so a new head is trained")).collect()
    }

    /// The columns in the event of the beginning, which those of the kept configuration must be.
    fn columns(&self) -> Value {
        let kept: toml::Value = toml::from_str(&std::fs::read_to_string(self.dir.join("run.toml")).unwrap()).unwrap();
        let kept = serde_json::to_value(&kept["data"]["columns"]).unwrap();
        assert_eq!(self.events()[0]["config"]["data"]["columns"], kept);
        kept
    }
}

fn rows(head: &str, row: impl Fn(usize) -> String) -> String {
    format!("{head}\n{}", (0..16).map(|at| row(at) + "\n").collect::<String>())
}

#[test]
fn the_columns_that_were_guessed_are_told_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let text = rows("pair_ID,sentence_A,sentence_B,judgment", |at| {
        format!("{at},the soup was warm {at},nobody liked the soup {at},{}", ["YES", "NO"][at % 2])
    });
    let run = train(dir.path(), "classify", "bert-classify", &[("sick.csv", &text)], "");
    let line = r#"columns: text "sentence_A", second text "sentence_B", label "judgment""#;
    assert!(run.errors.lines().any(|told| told == line), "{}", run.errors);
    let columns = json!({ "text": "sentence_A", "pair": "sentence_B", "label": "judgment" });
    assert_eq!(run.columns(), columns);
    let folder = run.dir.to_string_lossy().into_owned();
    let told = String::from_utf8(attune(&["inspect", &folder]).stdout).unwrap();
    assert!(told.contains("second text  sentence_B"), "{told}");

    // The run goes on from its log with the file that names no columns, and a run of an earlier version without any.
    let config = dir.path().join("run.toml").to_string_lossy().into_owned();
    for kept_columns in [true, false] {
        if !kept_columns {
            let kept = std::fs::read_to_string(run.dir.join("run.toml")).unwrap();
            let lines =
                kept.lines().filter(|line| !["pair = ", "text = ", "label = "].iter().any(|key| line.starts_with(key)));
            std::fs::write(run.dir.join("run.toml"), lines.collect::<Vec<_>>().join("\n")).unwrap();
        }
        std::fs::write(run.dir.join("events.jsonl"), "").unwrap();
        let again = attune(&["train", &config, "--resume"]);
        let errors = String::from_utf8(again.stderr).unwrap();
        assert!(again.status.success() && errors.contains(line), "{errors}");
        let mut expected = columns.clone();
        // No column divided the rows when the run began, and none does now.
        expected["split"] = json!("");
        assert_eq!(run.events()[0]["config"]["data"]["columns"], expected);
    }
}

#[test]
fn how_labels_and_tags_are_read_is_told() {
    let several = tempfile::tempdir().unwrap();
    let text = rows("text,billing,delivery", |at| {
        format!("the soup was warm {at},{},{}", ["True", "False"][at % 2], ["False", "True"][at / 2 % 2])
    });
    let run = train(several.path(), "multilabel", "bert-classify", &[("a.csv", &text)], "");
    assert_eq!(run.columns(), json!({ "text": "text", "label": "billing, delivery" }));
    assert!(run.errors.contains("\nthe labels are read as 2 columns, one for each label\n"), "{}", run.errors);
    let tagged = tempfile::tempdir().unwrap();
    let text = "Ines B\nKaya I\nleft O\nOslo B\n. O\n\n".repeat(12);
    let run = train(tagged.path(), "ner", "bert-ner", &[("a.txt", &text)], "");
    assert_eq!(run.columns(), json!({ "tokens": "tokens", "tags": "tags" }));
    assert!(run.errors.contains("the tags are read as IOB2 without types"), "{}", run.errors);
    let names: Value = serde_json::from_slice(&std::fs::read(run.dir.join("model/config.json")).unwrap()).unwrap();
    assert_eq!(names["id2label"], json!({ "0": "O", "1": "B-entity", "2": "I-entity" }));
}

#[test]
fn what_cannot_be_learned_is_told_before_the_first_step_and_with_the_result() {
    let dir = tempfile::tempdir().unwrap();
    let one = rows("text,label", |at| format!("the soup was warm {at},pos"));
    let run = train(dir.path(), "classify", "bert-classify", &[("a.csv", &one)], "[optim]\nwarmup = 0.0");
    let expected = "every row has the label \"pos\", so there is nothing to learn";
    assert!(run.errors.contains(&format!("warning: {expected}")), "{}", run.errors);
    assert_eq!(run.warnings(), [expected]);
    assert_eq!(run.out.lines().last(), Some(format!("note: {expected}").as_str()));
    assert_eq!(run.events().last().unwrap()["caveats"], json!([expected]));

    let dir = tempfile::tempdir().unwrap();
    let two = rows("text,label", |at| format!("the soup was warm {at},{}", ["pos", "neg"][at % 2]));
    let other = "text,label\nthe soup was warm,pos\nthe soup was cold,mixed\n";
    let eval = format!("eval = {:?}", dir.path().join("dev.csv"));
    let run = train(dir.path(), "classify", "bert-classify", &[("a.csv", &two), ("dev.csv", other)], &eval);
    let told = run.warnings();
    assert!(told[0].contains("do not occur in the training data: mixed"), "{told:?}");

    let dir = tempfile::tempdir().unwrap();
    let hot = rows("text,labels", |at| format!("the soup was warm {at},\"[1, {}, 0]\"", at % 2));
    let run = train(dir.path(), "multilabel", "bert-classify", &[("a.csv", &hot)], "[optim]\nwarmup = 0.0");
    let expected = [
        "1 label applies to every training row and carries no information: LABEL_0",
        "1 label is never learned, as no training row has it: LABEL_2",
    ];
    assert_eq!(run.warnings(), expected);
    assert_eq!(run.events().last().unwrap()["caveats"], json!(expected));
}
