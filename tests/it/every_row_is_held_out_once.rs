//! A run in folds: each fold is the run that it would be alone, every labelled row is predicted once by a run that had not
//! learned from it, and what they come to together is a run like any other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use attune::metrics::Rows;
use attune::train::kept::KeptEvaluation;
use attune::train::run::{self, RunStatus};
use serde_json::Value;

use crate::command_line::{done, failed, model, objects, run_file, write};
use crate::runs_resume_exactly::assert_same;

/// A run of [`run_file`] in three folds, with a text that stands there twice.
fn in_folds(dir: &Path) -> (String, std::path::PathBuf) {
    let (file, out) = run_file(dir, "folds = 3\n");
    let data = dir.join("train.csv");
    let rows = fs::read_to_string(&data).unwrap() + "The  soup was wonderful and the staff were kind 0,good\n";
    write(&data, &rows);
    let text = fs::read_to_string(&file).unwrap().replace("eval_fraction = 0.25\n", "");
    (write(Path::new(&file), &text), out)
}

fn held_out(out: &Path) -> Vec<Value> {
    objects(&fs::read_to_string(out.join("held-out.jsonl")).unwrap())
}

#[test]
fn every_row_is_predicted_once_and_each_fold_is_the_run_that_it_would_be_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = in_folds(dir.path());
    let told = done(&["train", &file]);
    assert!(told.contains("accuracy") && told.contains("folds ") && told.contains("95 % interval"), "{told}");
    assert!(told.contains("each of the 25 rows was predicted by the one of 3 runs"), "{told}");

    let rows = held_out(&out);
    let lines: Vec<u64> = rows.iter().map(|row| row["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, (2..=26).collect::<Vec<_>>(), "every row once, in order");
    assert_eq!(rows[0]["fold"], rows[24]["fold"], "a copy lies on the same side");
    let folds: BTreeSet<u64> = rows.iter().map(|row| row["fold"].as_u64().unwrap()).collect();
    assert_eq!(folds, BTreeSet::from([1, 2, 3]));
    for row in &rows {
        let right = row["label"] == row["prediction"];
        assert!(row["right"] == right && row["confidence"].as_f64().unwrap() >= 0.5, "{row}");
    }
    let table = fs::read_to_string(out.join("held-out.csv")).unwrap();
    assert!(table.starts_with("line,fold,text,label,prediction,confidence,right\r\n") && table.lines().count() == 26);

    // Alone, from the same file with the same rows held out.
    let alone = fs::read_to_string(&file).unwrap().replace("folds = 3\n", "");
    let alone = alone.replace("[optim]", "fold = { number = 2, of = 3 }\n[optim]");
    let alone = alone.replace(&format!("{out:?}"), &format!("{:?}", dir.path().join("alone")));
    done(&["train", &write(&dir.path().join("alone.toml"), &alone)]);
    assert_same(&dir.path().join("alone"), &out.join("fold-2"), "a fold");

    let read = run::read(&out).unwrap();
    let kept: KeptEvaluation = (*read.evaluation.unwrap()).clone();
    assert_eq!((read.summary.status, read.summary.folds), (RunStatus::Finished, 3));
    assert_eq!(kept.evaluation.predictions.len(), 25);
    let of_rows = Rows::of(&kept.evaluation).unwrap().metrics();
    assert!((of_rows["accuracy"] - kept.evaluation.metrics["accuracy"]).abs() < 1e-12);
    let right = rows.iter().filter(|row| row["right"] == true).count() as f64 / 25.0;
    assert!((kept.evaluation.metrics["accuracy"] - right).abs() < 1e-12);
    let compared = done(&["compare", &out.to_string_lossy(), &dir.path().join("alone").to_string_lossy()]);
    assert!(compared.contains("run.folds") && compared.contains("data.fold"), "{compared}");

    let mut names: Vec<String> = run::find(dir.path()).into_iter().map(|run| run.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["alone", "run", "run/fold-1", "run/fold-2", "run/fold-3"]);
    assert!(failed(&["train", &file], 1).contains("already holds"));
    assert_eq!(done(&["train", &file, "--resume"]), told, "nothing was left to do");
    assert!(failed(&["train", &file, "--events", "-"], 1).contains("run.folds makes several"));
    run::delete(&out).unwrap();
    assert!(!out.exists(), "all folds go with the run");
}

#[test]
fn what_is_held_out_chooses_no_weights_and_what_it_could_have_chosen_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = in_folds(dir.path());
    let text = fs::read_to_string(&file).unwrap();
    let text = text.replace("[optim]", "eval = \"dev.csv\"\n[optim]") + "patience = 1\nkeep_best = \"accuracy\"\n";
    done(&["train", &write(Path::new(&file), &text)]);
    let log = objects(&fs::read_to_string(out.join("fold-1/events.jsonl")).unwrap());
    let of = |kind: &str| log.iter().filter(|event| event["event"] == kind).cloned().collect::<Vec<Value>>();
    let (steps, evaluations) = (of("step"), of("eval"));
    assert_eq!(evaluations.len(), 1, "the rows are predicted once");
    assert_eq!(evaluations[0]["step"], steps.last().unwrap()["step"], "by the last weights");
    let warnings: Vec<String> = of("warning").iter().map(|one| one["message"].to_string()).collect();
    for key in ["data.eval is not used", "run.patience is not used", "run.keep_best is not used", "fold 1 of 3 holds"] {
        assert!(warnings.iter().any(|warning| warning.contains(key)), "{key}: {warnings:?}");
    }
}

#[test]
fn a_run_in_folds_that_fails_has_no_result_and_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = in_folds(dir.path());
    // In the way of the last fold.
    fs::create_dir_all(&out).unwrap();
    fs::write(out.join("fold-3"), "").unwrap();
    let error = crate::command_line::run(&["train", &file]);
    let error = String::from_utf8(error.stderr).unwrap();
    assert!(error.contains("no result over all rows, as fold-3 did not finish"), "{error}");
    assert!(!out.join("held-out.csv").exists());
    assert_eq!(run::status(&out), Some(RunStatus::Open), "it can go on");
    let first = fs::read(out.join("fold-1/events.jsonl")).unwrap();
    fs::remove_file(out.join("fold-3")).unwrap();
    done(&["train", &file, "--resume"]);
    assert_eq!(fs::read(out.join("fold-1/events.jsonl")).unwrap(), first, "what was done stays");
    assert_eq!(held_out(&out).len(), 25);
}

#[test]
fn entities_answers_numbers_and_several_labels_are_held_out_too() {
    let dir = tempfile::tempdir().unwrap();
    let check = |task: &str, folder: &str, name: &str, content: &str, expected: usize| {
        let data = write(&dir.path().join(name), content);
        let out = dir.path().join(task);
        let text = format!(
            "task = {task:?}\n[model]\npath = {:?}\n[data]\ntrain = {data:?}\nmax_tokens = 64\nstride = 8\n[run]\nmax_steps = 2\nbatch = 4\nfolds = 2\nout = {out:?}\n",
            model(folder)
        );
        let told = done(&["train", &write(&dir.path().join("run.toml"), &text)]);
        let rows = held_out(&out);
        assert_eq!(rows.len(), expected, "{task}: {told}");
        rows
    };
    let tagged: String = (0..8).map(|row| format!("Ada B-PER\nleft O\nRome{row} B-LOC\n\n")).collect();
    let rows = check("ner", "bert-ner", "rows.conll", &tagged, 8);
    assert_eq!(rows[0]["label"][1]["words"], "Rome0");
    let numbers: String = (0..8).map(|row| format!("a text {row},{row}.5\n")).collect();
    let rows = check("regress", "bert-classify", "numbers.csv", &format!("text,label\n{numbers}"), 8);
    assert!(rows.iter().all(|row| row["prediction"].is_number() && row["confidence"].is_null()), "{rows:?}");
    let several: String = (0..8).map(|row| format!("a text {row},{}\n", ["x|y", "x", "y", ""][row % 4])).collect();
    let rows = check("multilabel", "bert-classify", "several.csv", &format!("text,label\n{several}"), 8);
    assert_eq!(rows[0]["label"], serde_json::json!(["x", "y"]));
    let question = |row: usize| {
        serde_json::json!({ "question": format!("what is {row}"), "context": format!("the river {} is long", row / 2),
            "answers": { "text": ["long"], "answer_start": [15] } })
        .to_string()
            + "\n"
    };
    let rows = check("qa", "bert-qa", "questions.jsonl", &(0..8).map(question).collect::<String>(), 8);
    for pair in rows.chunks(2) {
        assert_eq!(pair[0]["fold"], pair[1]["fold"], "a context lies on one side");
    }
}
