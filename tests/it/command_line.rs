//! The same jobs without a window, by the binary itself: what it prints, where, and with which exit status.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use attune::train::precision::has_bf16;
use serde_json::{Value, json};

use crate::models_match_the_reference::golden;
use crate::playground_answers::{assert_same, recorded};

fn attune(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    command.args(arguments).env("HF_HUB_OFFLINE", "1").env("HF_HOME", "/nonexistent");
    command
}

pub fn run(arguments: &[&str]) -> Output {
    attune(arguments).output().unwrap()
}

/// Standard output of a command that must succeed.
pub fn done(arguments: &[&str]) -> String {
    let output = run(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Standard output of a command by a person who has this folder and has never started the program, or what it said where
/// it failed.
pub fn at_home(home: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = attune(arguments).env("HOME", home).env("XDG_DATA_HOME", home).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// Standard error of a command that must fail, which is one line with nothing on standard output.
pub fn failed(arguments: &[&str], status: i32) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let errors = String::from_utf8(output.stderr).unwrap();
    if status == 1 {
        assert_eq!(errors.lines().count(), 1, "{errors}");
    }
    errors
}

pub fn objects(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub fn model(folder: &str) -> String {
    golden().join(folder).to_string_lossy().into_owned()
}

pub fn write(path: &Path, text: &str) -> String {
    std::fs::write(path, text).unwrap();
    path.to_string_lossy().into_owned()
}

pub fn reviews(path: &Path) -> String {
    let rows = (0..24).map(|row| match row % 2 {
        0 => format!("the soup was wonderful and the staff were kind {row},good\n"),
        _ => format!("the queue was endless and the staff were rude {row},bad\n"),
    });
    write(path, &(String::from("text,label\n") + &rows.collect::<String>()))
}

/// A run on the tiny model; `more` are further lines of the file.
pub fn run_file(dir: &Path, more: &str) -> (String, PathBuf) {
    let data = reviews(&dir.join("train.csv"));
    let out = dir.join("run");
    let text = format!(
        "task = \"classify\"\n[model]\npath = {:?}\n[data]\ntrain = {data:?}\neval_fraction = 0.25\n\
         [optim]\nlr = 1e-3\n[run]\nepochs = 4\nbatch = 6\nout = {out:?}\n{more}",
        model("bert-classify"),
    );
    (write(&dir.join("run.toml"), &text), out)
}

#[test]
fn predictions_are_one_object_a_line_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, asked) = recorded("text-classification").into_iter().next().unwrap();
    let asked = asked.as_array().unwrap();
    let lines: Vec<String> = asked.iter().map(|one| json!({ "text": one["text"] }).to_string()).collect();
    let input = write(&dir.path().join("in.jsonl"), &(lines.join("\n") + "\n\n"));
    let folder = folder.to_string_lossy();
    let found = objects(&done(&["predict", "--model", &folder, "--input", &input, "--json"]));
    assert_eq!(found.len(), asked.len());
    for (found, one) in found.iter().zip(asked) {
        assert_eq!(found.as_object().unwrap().len(), 1);
        assert_same(&found["result"], &one["result"][0], "line");
    }
}

#[test]
fn texts_are_read_from_standard_input_and_from_the_command_line() {
    let classify = model("bert-classify");
    let mut child = attune(&["predict", "--model", &classify, "--json", "--logits"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all("{\"text\":\"the jury\"}\n{\"text\":\"the jury\",\"pair\":\"the map\"}".as_bytes())
        .unwrap();
    let found = objects(&String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap());
    let alone = objects(&done(&["predict", "--model", &classify, "--text", "the jury", "--json", "--logits"]));
    let pair = objects(&done(&[
        "predict", "--model", &classify, "--text", "the jury", "--pair", "the map", "--json", "--logits",
    ]));
    assert_eq!(found, [alone, pair].concat());
    assert_eq!(found[0]["logits"].as_array().unwrap().len(), 3);
    assert_ne!(found[0], found[1]);
}

#[test]
fn every_head_answers_in_the_shape_of_its_task() {
    let ask = |folder: &str, more: &[&str]| {
        let folder = model(folder);
        let mut arguments = vec!["predict", "--model", &folder, "--json"];
        arguments.extend(more);
        objects(&done(&arguments)).remove(0)
    };
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let ner = ask("bert-ner", &["--text", "Maria Okafor joined Northwind Labs", "--logits"]);
    assert_eq!(keys(&ner["result"][0]), ["entity", "score", "index", "word", "start", "end"]);
    assert!(ner["logits"][0].is_array());
    let grouped = ask("bert-ner", &["--text", "Maria Okafor joined Northwind Labs", "--aggregation", "simple"]);
    assert_eq!(keys(&grouped["result"][0]), ["entity_group", "score", "word", "start", "end"]);
    let masks = ask("roberta-mlm", &["--text", "one <mask> and <mask>", "--top-k", "2"]);
    assert_eq!((masks["result"].as_array().unwrap().len(), masks["result"][0].as_array().unwrap().len()), (2, 2));
    assert_eq!(keys(&masks["result"][0][0]), ["token", "token_str", "score", "sequence"]);
    let answers =
        ask("bert-qa", &["--question", "who?", "--context", "The river was dammed.", "--top-k", "3", "--logits"]);
    assert_eq!(keys(&answers), ["result", "start_logits", "end_logits"]);
    assert_eq!(keys(&answers["result"][0]), ["answer", "score", "start", "end"]);
    for (folder, labels) in [("bert-nsp", ["is_next", "not_next"]), ("albert-sop", ["in_order", "swapped"])] {
        let found = ask(folder, &["--text", "The ferry leaves.", "--pair", "It arrives at noon."]);
        let mut names: Vec<&str> =
            found["result"].as_array().unwrap().iter().map(|one| one["label"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, labels, "{folder}");
    }
    let replaced = ask("electra-rtd", &["--text", "the jury believed", "--logits"]);
    assert_eq!(keys(&replaced["result"][0]), ["token", "score", "replaced"]);
    assert_same(&replaced["logits"][1], &replaced["result"][1]["score"], "logit");
    let value = ask("variants/bert-regress", &["--text", "the jury"]);
    assert_eq!(keys(&value["result"]), ["value"]);
}

/// A copy of a recorded model, to be changed.
fn copied(folder: &str, dir: &Path) -> String {
    let to = dir.join("model");
    std::fs::create_dir(&to).unwrap();
    for entry in std::fs::read_dir(model(folder)).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    to.to_string_lossy().into_owned()
}

#[test]
fn thresholds_that_serve_the_data_are_kept_and_predictions_go_by_them() {
    let dir = tempfile::tempdir().unwrap();
    let model = copied("variants/bert-multilabel", dir.path());
    let texts = ["a careful editor", "the jury believed her", "rain over the harbour", "bread and salt", "two rivers"];
    let ask = |text: &str| objects(&done(&["predict", "--model", &model, "--text", text, "--json"])).remove(0);
    let of = |said: &Value, label: &str, key: &str| {
        let labels = said["result"].as_array().unwrap();
        labels.iter().find(|one| one["label"] == label).unwrap()[key].clone()
    };
    let mut scores: Vec<f64> = texts.iter().map(|text| of(&ask(text), "food", "score").as_f64().unwrap()).collect();
    assert!(of(&ask(texts[0]), "food", "applies").is_null(), "nothing is decided yet");
    scores.sort_by(f64::total_cmp);
    let line = f64::midpoint(scores[2], scores[3]);
    let is_food = |text: &str| of(&ask(text), "food", "score").as_f64().unwrap() > line;
    let rows = texts
        .map(|text| json!({ "text": text, "labels": if is_food(text) { vec!["food"] } else { vec![] } }).to_string());
    let data = write(&dir.path().join("data.jsonl"), &rows.join("\n"));
    let evaluate = |more: &[&str]| {
        let arguments = [&["evaluate", "--model", &model, "--data", &data, "--json"], more].concat();
        objects(&done(&arguments).replace('\n', "")).remove(0)
    };
    let f1 = |evaluated: &Value| {
        let classes = evaluated["per_class"].as_array().unwrap();
        classes.iter().find(|one| one["label"] == "food").unwrap()["f1"].as_f64().unwrap()
    };
    let before = evaluate(&["--keep-thresholds"]);
    assert!(f1(&before) < 1.0, "the tiny model does not know food by itself");
    let kept = before["kept"]["thresholds"]["food"].as_f64().unwrap();
    assert!(scores[2] < kept && kept <= scores[3], "{kept} in {scores:?}");
    assert_eq!(f1(&evaluate(&[])), 1.0);
    for text in texts {
        assert_eq!(of(&ask(text), "food", "applies"), is_food(text), "{text}");
    }
    assert!(done(&["inspect", &model]).contains("food               applies from"));
    let classify = self::model("bert-classify");
    let said = write(&dir.path().join("said.csv"), "text,label\nkind words,positive\nrude words,negative\n");
    let error = failed(&["evaluate", "--model", &classify, "--data", &said, "--keep-thresholds"], 1);
    assert!(error.contains("classify has no threshold on these data"), "{error}");
    assert!(!Path::new(&classify).join("decisions.json").exists());
}

#[test]
fn a_kept_threshold_decides_whether_a_question_has_an_answer() {
    let dir = tempfile::tempdir().unwrap();
    let model = copied("bert-qa", dir.path());
    let ask = |more: &[&str]| {
        let asked = ["predict", "--model", &model, "--question", "who?", "--context", "The river was dammed."];
        let said = objects(&done(&[&asked[..], &["--json", "--top-k", "3"], more].concat())).remove(0);
        said["result"].as_array().unwrap().iter().map(|one| one["answer"].as_str().unwrap().to_owned()).collect()
    };
    let never: Vec<String> = ask(&[]);
    assert!(!never.contains(&String::new()), "{never:?}");
    let decide =
        |lead: f64| std::fs::write(Path::new(&model).join("decisions.json"), json!({ "no_answer": lead }).to_string());
    decide(-1e6).unwrap();
    assert_eq!(ask(&[]), never, "nobody allowed it");
    assert_eq!(ask(&["--allow-no-answer"]), ["", &never[0], &never[1]]);
    assert_eq!(ask(&["--allow-no-answer", "--no-answer-threshold", "1000"])[0], never[0]);
    decide(1e6).unwrap();
    assert_eq!(ask(&["--allow-no-answer"])[0], never[0]);
    assert_eq!(ask(&["--allow-no-answer", "--no-answer-threshold", "-1e6"])[0], "");
    std::fs::write(Path::new(&model).join("decisions.json"), "{\"no_answer\": \"often\"}").unwrap();
    let error = failed(&["predict", "--model", &model, "--question", "who?", "--context", "The river.", "--json"], 1);
    assert!(error.contains("decisions.json does not hold thresholds"), "{error}");
}

#[test]
fn what_was_cut_is_said_on_standard_error() {
    let long = "word ".repeat(300);
    let output = run(&["predict", "--model", &model("bert-classify"), "--text", &long, "--json"]);
    assert!(output.status.success());
    assert_eq!(objects(&String::from_utf8(output.stdout).unwrap()).len(), 1);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("tokens did not fit and were cut off"), "{errors}");
}

#[test]
fn failures_are_one_line_that_says_what_and_where() {
    let dir = tempfile::tempdir().unwrap();
    let classify = model("bert-classify");
    let broken = write(&dir.path().join("in.jsonl"), "{\"text\": 3}\n{\"text\": \" \"}\n{\"text\": \"the jury\"}\n");
    let check = |arguments: &[&str], words: &[&str]| {
        let errors = failed(arguments, 1);
        for word in words {
            assert!(errors.contains(word), "{arguments:?}: {errors}");
        }
    };
    // A line that cannot be read costs its own place alone.
    let lines = objects(&done(&["predict", "--model", &classify, "--input", &broken, "--json"]));
    assert_eq!(lines[0]["error"], "line 1 has a \"text\" that is not a text");
    assert_eq!(lines[1]["error"], "line 2 has no text in its \"text\"");
    assert!(lines.len() == 3 && lines[2]["result"].is_array(), "{lines:?}");
    check(
        &["predict", "--model", &classify, "--task", "ner", "--text", "x"],
        &["no head for ner", "BertForSequenceClassification"],
    );
    check(&["predict", "--model", &classify, "--task", "regress", "--text", "x"], &["3 outputs, which are classes"]);
    let data = reviews(&dir.path().join("data.csv"));
    check(&["evaluate", "--model", &classify, "--data", &data, "--max-tokens", "2"], &["--max-tokens is 2"]);
    check(&["evaluate", "--model", &classify, "--data", &data, "--stride", "64"], &["--stride is 64", "64 tokens"]);
    check(&["predict", "--model", "/nonexistent", "--text", "x"], &["there is no model folder /nonexistent"]);
    check(&["predict", "--model", &model("bert-mlm"), "--text", "x"], &["no mask", "[MASK]"]);
    check(&["predict", "--model", &model("variants/bert-encoder"), "--text", "x"], &["name a task"]);
    check(&["evaluate", "--model", &classify, "--data", "/nonexistent.csv"], &["/nonexistent.csv"]);
    check(&["inspect", &dir.path().to_string_lossy()], &["neither a model folder nor a run"]);
    check(&["train", "/nonexistent.toml"], &["/nonexistent.toml"]);
    check(&["train", "/nonexistent.toml", "--resume"], &["/nonexistent.toml"]);
    check(&["download", "nobody/nothing"], &["nobody/nothing"]);
    check(&["export", &dir.path().to_string_lossy(), "--to", "x"], &["model/config.json", "or a model folder"]);
}

#[test]
fn rows_that_cannot_be_used_are_told_before_the_first_step() {
    let dir = tempfile::tempdir().unwrap();
    let (config, out) = run_file(dir.path(), "max_steps = 1\n");
    let train = dir.path().join("train.csv");
    let rows = std::fs::read_to_string(&train).unwrap();
    std::fs::write(&train, rows.replacen(",good", ",", 1) + "the, soup,was,good\n").unwrap();
    let output = run(&["train", &config]);
    let errors = String::from_utf8(output.stderr).unwrap();
    let expected = "2 of 25 rows of train.csv cannot be used; the first, line 2: has no label";
    assert!(output.status.success() && errors.contains(&format!("warning: {expected}")), "{errors}");
    let events = objects(&std::fs::read_to_string(out.join("events.jsonl")).unwrap());
    assert_eq!(events[1], json!({ "event": "warning", "step": 0, "message": expected }));
    let model = out.join("model");
    let output = run(&["evaluate", "--model", &model.to_string_lossy(), "--data", &train.to_string_lossy()]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains(&format!("warning: {expected}")), "{errors}");
}

#[test]
fn how_spans_are_counted_and_what_they_cut_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let row = |text: &str, start: usize, end: usize| {
        json!({ "text": text, "label": [[start, end, "PER"]] }).to_string() + "\n"
    };
    // As a browser counts: an emoji is two.
    let rows: String = (0..6).map(|at| row(&format!("😀 Ada ran {at}"), 3, 6)).collect();
    let data = write(&dir.path().join("train.jsonl"), &(rows + &row("Adam sat", 0, 3)));
    let note = "the offsets of spans are read as UTF-16 units, by which 6 of 6 that this moves fit the words; as characters \
                from 0 it would be 0";
    let inspected = done(&["inspect", &data]);
    assert!(inspected.contains(&format!("note: {note}\n")), "{inspected}");
    assert!(inspected.contains("problem: 1 span begins or ends inside a word\n"), "{inspected}");
    let facts: Value = serde_json::from_str(&done(&["inspect", &data, "--json"])).unwrap();
    assert_eq!(facts["notes"], json!([note]));
    let out = dir.path().join("run");
    let text = format!(
        "task = \"ner\"\n[model]\npath = {:?}\n[data]\ntrain = {data:?}\neval_fraction = 0.3\n[run]\nmax_steps = 1\n\
         out = {out:?}\n",
        model("bert-ner"),
    );
    let output = run(&["train", &write(&dir.path().join("run.toml"), &text)]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    for expected in [note, "1 span begins or ends inside a word; the first, line 7"] {
        assert!(errors.contains(&format!("warning: train.jsonl: {expected}")), "{errors}");
    }
}

#[test]
fn columns_that_a_run_needs_must_be_there() {
    let dir = tempfile::tempdir().unwrap();
    let (config, _) = run_file(dir.path(), "");
    let text = std::fs::read_to_string(&config).unwrap();
    let grouped = text.replace("eval_fraction", "columns = { group = \"nope\" }\neval_fraction");
    let errors = failed(&["train", &write(&dir.path().join("grouped.toml"), &grouped)], 1);
    assert!(errors.contains("\"nope\"") && errors.contains("text, label"), "{errors}");
    let translated = text.replace("\"classify\"", "\"mlm\"").replace(&model("bert-classify"), &model("bert-mlm"))
        + "[language]\nobjective = \"translation\"\n";
    let errors = failed(&["train", &write(&dir.path().join("translated.toml"), &translated)], 1);
    assert!(errors.contains("data.columns.pair is not set, expected the column with the translation"), "{errors}");
}

#[test]
fn rows_of_any_file_are_predicted_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let classify = model("bert-classify");
    let ask = |arguments: &[&str]| objects(&done(&[&["predict", "--model", &classify, "--json"], arguments].concat()));
    let alone = |text: &str| ask(&["--text", text]).remove(0);
    let sheet = golden().join("sheets/reviews.xlsx");
    let texts = ["a good film", "a bad film,\nin two lines", "ü, 日本"];
    assert_eq!(ask(&["--input", &sheet.display().to_string()]), texts.map(alone));
    let pairs =
        write(&dir.path().join("in.csv"), "sentence1,sentence2,label\nthe jury,the map,x\nthe map,the jury,y\n");
    assert_eq!(ask(&["--input", &pairs])[0], ask(&["--text", "the jury", "--pair", "the map"])[0]);
    let numbers = write(&dir.path().join("numbers.csv"), "id,score\n1,2\n2,3\n");
    let error = failed(&["predict", "--model", &classify, "--input", &numbers], 1);
    assert!(error.contains("no column of") && error.contains("recognised as the text; there are id, score"), "{error}");
}

#[test]
fn a_document_of_json_is_asked_by_its_rows() {
    let dir = tempfile::tempdir().unwrap();
    let ask = |folder: &str, arguments: &[&str]| {
        objects(&done(&[&["predict", "--model", &model(folder), "--json"], arguments].concat()))
    };
    let answers = [{ json!({ "text": "seven", "answer_start": 22 }) }];
    let context = "The ferry leaves at at seven.";
    let asked = json!({ "id": "1", "question": "When does it leave?", "answers": answers });
    let squad = json!({ "data": [{ "paragraphs": [{ "context": context, "qas": [asked] }] }] });
    let alone = ask("bert-qa", &["--text", "When does it leave?", "--pair", context]);
    for (name, text) in [("one.json", squad.to_string()), ("laid.json", format!("{squad:#}"))] {
        let input = write(&dir.path().join(name), &text);
        assert_eq!(ask("bert-qa", &["--input", &input]), alone, "{name}");
    }
    // Lines of JSON under that name stay lines.
    let lines = write(&dir.path().join("lines.json"), "{\"text\": \"the jury\"}\n{\"text\": \"the map\"}\n");
    assert_eq!(ask("bert-classify", &["--input", &lines]).len(), 2);
}

#[test]
fn two_texts_of_a_row_are_asked_as_neighbours() {
    let dir = tempfile::tempdir().unwrap();
    let ask = |arguments: &[&str]| {
        objects(&done(&[&["predict", "--model", &model("bert-nsp"), "--json"], arguments].concat()))
    };
    let input =
        write(&dir.path().join("in.csv"), "sentence1,sentence2,label\nthe jury,the map,x\nthe map,the jury,y\n");
    assert_eq!(ask(&["--input", &input])[0], ask(&["--text", "the jury", "--pair", "the map"])[0]);
    let single = write(&dir.path().join("single.csv"), "text,label\nthe jury,x\nthe map,y\n");
    let error = failed(&["predict", "--model", &model("bert-nsp"), "--input", &single], 1);
    assert!(error.contains("recognised as the second text; there are text, label"), "{error}");
}

#[test]
fn attention_that_leaves_tokens_out_says_so_once() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.safetensors").to_string_lossy().into_owned();
    let text = "the jury ".repeat(60);
    for extra in [&["--json"][..], &["--out", &out], &["--json", "--out", &out]] {
        let output = run(&[&["attention", "--model", &model("bert-classify"), "--text", &text], extra].concat());
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.success() && errors.contains("tokens did not fit and were cut off"),
            "{extra:?}: {errors}"
        );
        assert_eq!(errors.lines().count(), 1, "{extra:?}: {errors}");
    }
}

#[test]
fn a_file_that_begins_with_a_byte_order_mark_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let input = write(&dir.path().join("in.jsonl"), "\u{feff}{\"text\": \"x\"}\n");
    assert_eq!(objects(&done(&["predict", "--model", &model("bert-classify"), "--input", &input, "--json"])).len(), 1);
}

#[test]
fn a_cause_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let (config, _) = run_file(dir.path(), "");
    std::fs::remove_file(dir.path().join("train.csv")).unwrap();
    let error = failed(&["train", &config], 1);
    assert_eq!(error.matches("os error").count(), 1, "{error}");
}

#[test]
fn wrong_usage_has_status_2() {
    for arguments in [
        &["predict"][..],
        &["predict", "--model", "x", "--task", "poetry"],
        &["predict", "--model", "x", "--pair", "x"],
        &["predict", "--model", "x", "--aggregation", "sum"],
        &["teach"],
        &["train"],
    ] {
        failed(arguments, 2);
    }
}

#[test]
fn a_run_with_adapters_is_exported_whole_and_alone() {
    let dir = tempfile::tempdir().unwrap();
    let lora = "max_steps = 2\n[strategy]\nkind = \"lora\"\nlora = { rank = 2, merged = false }\n";
    let (config, out) = run_file(dir.path(), lora);
    done(&["train", &config]);
    let to = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    let (run, adapter, whole, again) = (out.to_string_lossy().into_owned(), to("adapter"), to("whole"), to("again"));
    done(&["export", &run, "--to", &adapter, "--format", "peft"]);
    done(&["export", &run, "--to", &whole]);
    done(&["export", &adapter, "--to", &again]);
    let said = |model: &str| done(&["predict", "--model", model, "--text", "the soup", "--json"]);
    let expected = said(&out.join("model").to_string_lossy());
    assert_eq!(said(&adapter), expected);
    for model in [&whole, &again] {
        assert!(dir.path().join(model).join("model.safetensors").is_file());
        assert!(!dir.path().join(model).join("adapter_config.json").exists());
        let score = |told: &str| objects(told)[0]["result"][0]["score"].as_f64().unwrap();
        assert!((score(&said(model)) - score(&expected)).abs() < 1e-5);
    }
    let facts: Value = serde_json::from_str(&done(&["inspect", &adapter, "--json"])).unwrap();
    assert_eq!((&facts["kind"], &facts["labels"]), (&json!("model"), &json!(["bad", "good"])));
}

/// The card, the receipt and the script of an exported run.
fn what_is_exported_speaks_of_the_run(folder: &str, to: &Path) {
    done(&["export", folder, "--to", &to.to_string_lossy(), "--receipt", "--script"]);
    let read = |name: &str| std::fs::read_to_string(to.join(name)).unwrap();
    let card = read("README.md");
    for part in ["model-index:", "type: accuracy", "## Limits found", "18 examples", "| bad | 3 |", "## Licence"] {
        assert!(card.contains(part), "{part} in {card}");
    }
    let rows = [read("train.jsonl"), read("eval.jsonl")].concat();
    let rows = objects(&rows);
    assert_eq!(rows.len(), 24);
    assert!(rows.iter().all(|row| row["text"].is_string() && (row["label"] == "good" || row["label"] == "bad")));
    let receipt: Value = serde_json::from_str(&read("receipt.json")).unwrap();
    assert_eq!(receipt["class"], "BertForSequenceClassification");
    let evaluated = receipt["inputs"][0]["text"].as_str().unwrap();
    assert!(rows.iter().any(|row| row["text"] == evaluated), "texts of the evaluation come first");
    let script = read("train.py");
    assert!(script.starts_with("# /// script\n") && !script.contains('@'), "{script:.300}");
    assert!(script.contains("\"steps\": 12,") && script.contains("\"bert.pooler.dense.weight\","));
}

#[test]
fn a_run_is_trained_evaluated_inspected_exported_and_asked() {
    let dir = tempfile::tempdir().unwrap();
    let (config, out) = run_file(dir.path(), "");
    let events = dir.path().join("events.jsonl");
    done(&["train", &config, "--events", &events.to_string_lossy()]);

    let told = objects(&std::fs::read_to_string(&events).unwrap());
    let kept = objects(&std::fs::read_to_string(out.join("events.jsonl")).unwrap());
    assert_eq!(told, kept);
    let kinds = |kind: &str| told.iter().filter(|event| event["event"] == kind).collect::<Vec<_>>();
    assert_eq!(
        (told[0]["event"].as_str(), told.last().unwrap()["event"].as_str()),
        (Some("started"), Some("finished"))
    );
    assert_eq!(kinds("step").len(), 12);
    assert_eq!(kinds("eval").len(), 4);
    for key in ["step", "loss", "lr", "grad_norm", "tokens", "tokens_per_sec"] {
        assert!(kinds("step")[0][key].is_number(), "{key}");
    }
    for key in ["best_step", "metrics", "seconds", "peak_memory_bytes", "reason"] {
        assert!(!told.last().unwrap()[key].is_null(), "{key}");
    }

    let trained = out.join("model").to_string_lossy().into_owned();
    let data = dir.path().join("train.csv").to_string_lossy().into_owned();
    let evaluated: Value =
        serde_json::from_str(&done(&["evaluate", "--model", &trained, "--data", &data, "--json"])).unwrap();
    assert_eq!(evaluated["examples"], 24);
    assert_eq!(evaluated["labels"], json!(["bad", "good"]));
    assert!(evaluated["metrics"]["accuracy"].as_f64().unwrap() > evaluated["baseline"]["accuracy"].as_f64().unwrap());
    assert!(done(&["evaluate", "--model", &trained, "--data", &data]).contains("Accuracy"));

    let found = objects(&done(&["predict", "--model", &trained, "--text", "the soup was wonderful", "--json"]));
    assert_eq!(found[0]["result"].as_array().unwrap().len(), 2);

    let folder = out.to_string_lossy().into_owned();
    let facts: Value = serde_json::from_str(&done(&["inspect", &folder, "--json"])).unwrap();
    assert_eq!((&facts["kind"], &facts["status"], &facts["step"]), (&json!("run"), &json!("finished"), &json!(12)));

    let to = dir.path().join("exported").to_string_lossy().into_owned();
    done(&["export", &folder, "--to", &to]);
    assert_eq!(
        done(&["predict", "--model", &to, "--text", "the soup", "--json"]),
        done(&["predict", "--model", &trained, "--text", "the soup", "--json"])
    );
    done(&["export", &folder, "--to", &to]);
    let taken = dir.path().to_string_lossy().into_owned();
    assert!(failed(&["export", &folder, "--to", &taken], 1).contains("is not empty"));
    what_is_exported_speaks_of_the_run(&folder, &dir.path().join("proved"));
    assert!(failed(&["export", &folder, "--to", "x", "--format", "peft"], 1).contains("strategy.kind is lora"));
    let again = run(&["train", &config]);
    let errors = String::from_utf8(again.stderr).unwrap();
    assert_eq!(again.status.code(), Some(1));
    assert!(
        errors.lines().last().unwrap().contains("already holds a run"),
        "a run must not write over another: {errors}"
    );
}

#[test]
fn a_run_is_refused_before_its_data_are_read_where_its_folder_is_taken_or_done() {
    let dir = tempfile::tempdir().unwrap();
    let (config, out) = run_file(dir.path(), "max_steps = 4\n");
    // Where there is nothing to go on with yet, it begins.
    let events = dir.path().join("events.jsonl").to_string_lossy().into_owned();
    done(&["train", &config, "--resume", "--events", &events]);
    assert_eq!(std::fs::read(&events).unwrap(), std::fs::read(out.join("events.jsonl")).unwrap());
    assert!(failed(&["train", &config, "--resume"], 1).contains("is finished"));
    assert!(failed(&["train", &config], 1).contains("already holds a run"));

    // As if it had been killed after its second step: what was told until then is told once.
    let log = std::fs::read_to_string(out.join("events.jsonl")).unwrap();
    let cut: Vec<&str> = log.lines().take_while(|line| !line.contains("\"step\":3,")).collect();
    std::fs::write(out.join("events.jsonl"), cut.join("\n")).unwrap();
    done(&["train", &config, "--resume", "--events", &events]);
    let told = objects(&std::fs::read_to_string(&events).unwrap());
    assert_eq!(told, objects(&std::fs::read_to_string(out.join("events.jsonl")).unwrap()));
    let steps: Vec<u64> =
        told.iter().filter(|event| event["event"] == "step").map(|event| event["step"].as_u64().unwrap()).collect();
    assert_eq!(steps, [1, 2, 3, 4]);

    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("lr = 1e-3", "lr = 2e-3")).unwrap();
    std::fs::write(out.join("events.jsonl"), "").unwrap();
    let errors = failed(&["train", &config, "--resume"], 1);
    assert!(errors.contains("optim.lr is 0.002 but was 0.001"), "{errors}");
}

#[test]
fn events_on_standard_output_are_all_that_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let (config, out) = run_file(dir.path(), "max_steps = 2\n");
    let told = objects(&done(&["train", &config, "--events", "-"]));
    assert_eq!(told, objects(&std::fs::read_to_string(out.join("events.jsonl")).unwrap()));
}

#[test]
fn a_misspelt_key_stops_a_run_before_it_begins() {
    let dir = tempfile::tempdir().unwrap();
    let (config, out) = run_file(dir.path(), "epoch = 3\n");
    let errors = failed(&["train", &config], 1);
    assert!(errors.contains("epoch") && errors.contains("run.toml"), "{errors}");
    assert!(!out.exists());
}

#[test]
fn folders_and_files_are_recognised() {
    let dir = tempfile::tempdir().unwrap();
    let inspect = |path: &str| serde_json::from_str::<Value>(&done(&["inspect", path, "--json"])).unwrap();
    let card = inspect(&model("albert-ner"));
    assert_eq!(
        (&card["kind"], &card["family"], &card["stored_layers"]),
        (&json!("model"), &json!("albert"), &json!(1))
    );
    assert_eq!((&card["heads"], &card["tokenizer"]), (&json!(["ner"]), &json!("tokenizer.json")));
    assert!(done(&["inspect", &model("albert-ner")]).contains("Named entities"));

    let data = write(&dir.path().join("odd.csv"), "text,label\nfine,good\n,bad\nfine,good\nsad,bad\n");
    let facts = inspect(&data);
    assert_eq!((&facts["kind"], &facts["rows"], &facts["examples"]), (&json!("dataset"), &json!(4), &json!(3)));
    assert_eq!(facts["roles"], json!({ "text": "text", "label": "label" }));
    assert_eq!(facts["labels"][1], json!({ "label": "good", "count": 2 }));
    assert_eq!(facts["problems"], json!([{ "line": 3, "reason": "has no text" }]));
    assert!(done(&["inspect", &data]).contains("line 3 has no text"));
    assert_eq!(facts["labelled"], true);
    let parts = write(
        &dir.path().join("parts.csv"),
        "text,label,split\nfine,good,train\nsad,bad,train\nso so,bad,dev\nwell,good,test\n",
    );
    assert_eq!(inspect(&parts)["parts"], json!({ "train": 2, "dev": 1, "test": 1, "none": 0 }));
    let told = done(&["inspect", &parts]);
    assert!(told.contains("note: the column \"split\" divides the rows: 2 rows to learn from"), "{told}");
    let bare = write(&dir.path().join("bare.csv"), "text\nthe soup was wonderful\nthe queue was endless\n");
    assert_eq!(inspect(&bare)["labelled"], false);
    assert!(done(&["inspect", &bare]).contains("no labels were found"));
    assert!(!done(&["inspect", &data]).contains("no labels"));
    assert!(!done(&["inspect", &bare, "--task", "mlm"]).contains("no labels"));
}

#[test]
fn options_that_change_nothing_for_a_task_are_told() {
    let told = |folder: &str, options: &[&str]| {
        let text = ["predict", "--model", &model(folder), "--text", "the jury", "--json"];
        let output = run(&[&text[..], options].concat());
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let idle = ["--aggregation", "simple", "--stride", "4", "--max-answer-tokens", "3", "--allow-no-answer"];
    let words = told("bert-classify", &idle);
    for name in ["--aggregation", "--stride", "--max-answer-tokens", "--allow-no-answer"] {
        assert!(words.contains(&format!("warning: {name} changes nothing for classify")), "{words}");
    }
    assert_eq!(told("bert-classify", &["--top-k", "1"]), "");
    assert_eq!(told("bert-ner", &["--aggregation", "simple", "--stride", "4"]), "");
    assert!(told("bert-ner", &["--top-k", "1"]).contains("warning: --top-k changes nothing for ner"));
}

#[test]
fn attentions_and_hidden_states_are_written_for_other_programs() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("seen.safetensors");
    let path = out.to_string_lossy().into_owned();
    done(&["attention", "--model", &model("bert-classify"), "--text", "the jury", "--pair", "the map", "--out", &path]);
    let bytes = std::fs::read(&out).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let tokens: Vec<String> = serde_json::from_str(&header.metadata().as_ref().unwrap()["tokens"]).unwrap();
    let n = tokens.len();
    assert_eq!((tokens[0].as_str(), tokens[n - 1].as_str()), ("[CLS]", "[SEP]"));
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let attentions = tensors.tensor("attentions").unwrap();
    assert_eq!(attentions.shape(), [3, 4, n, n]);
    assert_eq!(tensors.tensor("hidden_states").unwrap().shape(), [4, n, 32]);
    let values: Vec<f32> =
        attentions.data().chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
    assert!(values.chunks(n).all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5));
}

#[test]
fn what_heads_do_is_told_as_json() {
    let of = ["attention", "--model", &model("bert-classify"), "--text", "the jury", "--pair", "the map", "--json"];
    let found: Value = serde_json::from_str(&done(&of)).unwrap();
    let (tokens, heads) = (found["tokens"].as_array().unwrap(), found["heads"].as_array().unwrap());
    assert_eq!((tokens.first().unwrap(), heads.len()), (&json!("[CLS]"), 3 * 4));
    assert_eq!((&heads[5]["layer"], &heads[5]["head"]), (&json!(1), &json!(1)));
    for head in heads {
        let figures = head["figures"].as_object().unwrap();
        assert!(figures.values().all(|share| (0.0..=1.0).contains(&share.as_f64().unwrap())), "{figures:?}");
        assert!(figures.contains_key("previous") && figures.contains_key("same_word_in_first"), "{figures:?}");
        assert!(head["does"].as_str().is_none_or(|does| figures.contains_key(does)), "{head}");
    }
}

#[test]
fn this_machine_is_measured_on_fixed_shapes() {
    let found: Value = serde_json::from_str(&done(&["bench", "--size", "tiny", "--quick", "--json"])).unwrap();
    let results = found["results"].as_array().unwrap();
    let is_rounded = |one: &&Value| one["pass"] == "train bf16";
    assert_eq!(results.iter().filter(is_rounded).count(), if has_bf16() { 3 } else { 0 });
    let exact = results.iter().filter(|one| !is_rounded(one));
    let places: Vec<String> = exact.map(|one| format!("{} {}", one["shape"], one["pass"])).collect();
    assert_eq!(places.len(), 6);
    assert_eq!(places[3], "\"8x128\" \"train\"");
    assert!(results.iter().all(|one| one["tokens_per_sec"].as_f64().unwrap() > 0.0));
}

#[test]
fn the_model_inside_the_program_is_taken_wherever_a_folder_is() {
    let dir = tempfile::tempdir().unwrap();
    let home = |arguments: &[&str]| {
        let output = attune(arguments).env("HOME", dir.path()).env("XDG_DATA_HOME", dir.path()).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {errors}");
        (String::from_utf8(output.stdout).unwrap(), errors)
    };
    let text = "she poured the tea into a [MASK] .";
    let (found, _) = home(&["predict", "--model", "embedded", "--text", text, "--top-k", "4", "--json"]);
    let guesses = objects(&found)[0]["result"][0].as_array().unwrap().clone();
    assert!(guesses.iter().any(|guess| guess["token_str"] == "cup"), "{guesses:?}");
    assert!(home(&["inspect", "embedded"]).0.contains("6 layers (6 stored), hidden 384, 12 heads"));

    let data = reviews(&dir.path().join("train.csv"));
    let out = dir.path().join("run");
    let text = format!(
        "task = \"classify\"\n[model]\nembedded = true\n[data]\ntrain = {data:?}\neval_fraction = 0.25\n\
         [strategy]\nkind = \"head\"\n[optim]\nlr = 5e-3\n[run]\nepochs = 6\nbatch = 6\nout = {out:?}\n"
    );
    let file = write(&dir.path().join("run.toml"), &text);
    let (_, told) = home(&["train", &file]);
    assert!(told.contains("new weights: "), "the head is new: {told}");
    let kept = std::fs::read_to_string(out.join("run.toml")).unwrap();
    assert!(kept.contains("embedded = true") && !kept.contains("path ="), "{kept}");
    let trained = out.join("model").to_string_lossy().into_owned();
    let found = home(&["predict", "--model", &trained, "--text", "the soup was wonderful", "--json"]).0;
    assert_eq!(objects(&found)[0]["result"][0]["label"], "good");

    let both =
        text.replace("embedded = true", "embedded = true\npath = \"models/minilm\"").replace("/run\"", "/other\"");
    let error = failed(&["train", &write(&dir.path().join("both.toml"), &both)], 1);
    assert!(error.contains("model.embedded is attune-mini, expected one model"), "{error}");
}

#[test]
fn settings_that_are_left_out_are_recommended_told_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = run_file(dir.path(), "");
    let text = std::fs::read_to_string(&file).unwrap().replace("epochs = 4\nbatch = 6\n", "");
    write(Path::new(&file), &text);
    let output = run(&["train", &file]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    let line = "recommended: warmup 0.1, epochs 30, batch 16, max_tokens 32";
    assert!(told.lines().any(|said| said == line), "{told}");
    let kept: toml::Table = toml::from_str(&std::fs::read_to_string(out.join("run.toml")).unwrap()).unwrap();
    let setting = |section: &str, key: &str| kept[section].get(key).unwrap().to_string();
    assert_eq!((setting("optim", "lr"), setting("run", "epochs")), ("0.001".to_owned(), "30.0".to_owned()));
    assert_eq!((setting("run", "batch"), setting("data", "max_tokens")), ("16".to_owned(), "32".to_owned()));
    // The same file says the same when the run goes on, where there is nothing left to do.
    let error = failed(&["train", &file, "--resume"], 1);
    assert!(error.contains("is finished"), "{error}");
    let other = text.replace("[run]", "[run]\nbatch = 4");
    let error = failed(&["train", &write(&dir.path().join("other.toml"), &other), "--resume"], 1);
    assert!(error.contains("run.batch is 4 but was 16"), "{error}");
}
