//! Runs in folders, as they were written, side by side.

use std::fs;

use super::*;
use crate::metrics::{Basis, Evaluation, Prediction};
use crate::train::config::RunConfig;
use crate::train::event::{Ending, TrainEvent};
use crate::train::run::names::{CONFIG, EVENTS};

/// A finished run over as many rows as there are letters: `1` where it was right.
fn run(folder: &Path, name: &str, more: &str, right: &str) -> PathBuf {
    let dir = folder.join(name);
    fs::create_dir(&dir).unwrap();
    let text = format!("task = \"classify\"\n[model]\nname = \"tiny\"\n[data]\ntrain = \"/a/reviews.csv\"\n{more}");
    let mut config: RunConfig = toml::from_str(&text).unwrap();
    config.run.out.clone_from(&dir);
    fs::write(dir.join(CONFIG), toml::to_string(&config).unwrap()).unwrap();
    let share = right.matches('1').count() as f64 / right.len() as f64;
    let metrics = BTreeMap::from([("accuracy".to_owned(), share)]);
    let started = TrainEvent::Started {
        config: Box::new(config),
        parameters: 100,
        trainable: 10,
        steps: 9,
        steps_per_epoch: 9,
        train_examples: 70,
        eval_examples: right.len(),
        truncated: 0,
        frozen: Vec::new(),
    };
    let eval = TrainEvent::Eval { step: 9, metrics: metrics.clone(), baseline: BTreeMap::new(), best: true };
    let ending = TrainEvent::Finished(Ending { step: 9, metrics, ..Ending::default() });
    let lines = [started, eval, ending].map(|event| serde_json::to_string(&event).unwrap() + "\n");
    fs::write(dir.join(EVENTS), lines.concat()).unwrap();
    let predictions = right.chars().enumerate().map(|(example, letter)| Prediction {
        example,
        gold: Outcome::Class(0),
        predicted: Outcome::Class(usize::from(letter != '1')),
        scores: vec![0.5, 0.5],
        loss: 0.7,
    });
    let evaluation = Evaluation {
        labels: vec!["good".into(), "bad".into()],
        predictions: predictions.collect(),
        ..Evaluation::empty(Task::Classify)
    };
    let texts = (0..right.len()).map(|row| (format!("text {row}"), None)).collect();
    let kept = KeptEvaluation { step: 9, evaluation, texts };
    fs::write(dir.join(EVALUATION), serde_json::to_string(&kept).unwrap()).unwrap();
    dir
}

fn compared(dirs: &[PathBuf]) -> Comparison {
    compare(dirs, &mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn only_what_was_set_otherwise_is_listed_and_folders_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let dirs = [
        run(folder.path(), "one", "[optim]\nlr = 1e-4\n", "1111"),
        run(folder.path(), "two", "[optim]\nlr = 2e-4\n", "1111"),
        run(folder.path(), "three", "eval = \"/b/dev.csv\"\n[optim]\nlr = 2e-4\n", "111110"),
    ];
    let value = |text: &str| Some(text.to_owned());
    let row = |key: &str, values: [Option<String>; 3]| (key.to_owned(), Vec::from(values));
    let expected = [
        row("data.eval", [None, None, value("dev.csv")]),
        row("examples for evaluation", [value("4"), value("4"), value("6")]),
        row("optim.lr", [value("0.0001"), value("0.0002"), value("0.0002")]),
    ];
    let found = compared(&dirs);
    let differences = found.differences.iter().map(|one| (one.key.clone(), one.values.clone()));
    assert_eq!(differences.collect::<Vec<_>>(), expected);
    assert_eq!(
        found.differences[2].kept,
        [1e-4, 2e-4, 2e-4].map(|rate| Some(Value::from(rate))),
        "numbers stay numbers"
    );
    assert!(found.other_rows);
    assert!(compared(&dirs[..1]).differences.is_empty());
}

#[test]
fn two_runs_on_the_same_rows_are_told_apart_by_the_rows_that_only_one_has_right() {
    let folder = tempfile::tempdir().unwrap();
    let close = "1111011111".repeat(4);
    let weak = "0011000010".repeat(4);
    let dirs = [
        run(folder.path(), "weak", "", &weak),
        run(folder.path(), "best", "", &"1111111101".repeat(4)),
        run(folder.path(), "close", "", &close),
    ];
    let found = compared(&dirs);
    assert_eq!((found.metric, found.best, found.other_rows), (Some("accuracy"), Some(1), false));
    let differs: Vec<_> = found.runs.iter().map(|run| run.contest.and_then(|contest| contest.differs)).collect();
    assert_eq!(differs, [Some(true), None, Some(false)]);
    let basis = found.runs[2].contest.unwrap().basis;
    assert!(matches!(basis, Basis::Rows { rows: 40, better: 4, other: 4, .. }), "{basis:?}");
    // Every two of them, and the interval of each.
    let [best_close] = found.pairs.iter().filter(|pair| pair.runs == [1, 2]).collect::<Vec<_>>()[..] else {
        panic!("{:?}", found.pairs)
    };
    assert_eq!((found.pairs.len(), best_close.disagreements, best_close.mcnemar_p), (3, Some(8), Some(1.0)));
    let interval = found.runs[1].interval("accuracy").unwrap();
    assert!(interval.low > 0.75 && interval.low < 0.9 && interval.high > 0.9 && interval.high <= 1.0, "{interval:?}");
    assert_eq!(found.runs[1].intervals.as_ref().map(|of| (of.rows, of.resamples)), Some((40, 1000)));
}

#[test]
fn runs_on_other_rows_are_judged_on_those_that_they_share_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    // All of 30 rows, of which the other run had the first ten.
    let all = "1".repeat(10) + &"0".repeat(20);
    let dirs = [run(folder.path(), "folds", "", &all), run(folder.path(), "one", "", "1111111110")];
    let found = compared(&dirs);
    assert!(found.other_rows && found.best == Some(1));
    let judged = &found.runs[0];
    assert_eq!(judged.shared, Some(10));
    let contest = judged.contest.unwrap();
    assert!(matches!(contest.basis, Basis::Rows { rows: 10, better: 0, other: 1, .. }), "{contest:?}");
    assert_eq!(contest.differs, Some(false), "although 90 of 100 against 33 of 100 looks like much");

    let path = dirs[1].join(EVALUATION);
    let kept = fs::read_to_string(&path).unwrap().replace("text ", "another text ");
    fs::write(path, kept).unwrap();
    let found = compared(&dirs);
    assert_eq!((found.runs[0].shared, found.runs[0].contest), (Some(0), Some(Contest::UNKNOWN)));
}

#[test]
fn a_run_without_an_ending_is_not_judged_and_one_that_is_gone_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let dirs =
        [run(folder.path(), "one", "", "1110"), run(folder.path(), "open", "", "1111"), folder.path().join("gone")];
    let log = fs::read_to_string(dirs[1].join(EVENTS)).unwrap();
    let cut: Vec<&str> = log.lines().take(2).collect();
    fs::write(dirs[1].join(EVENTS), cut.join("\n") + "\n").unwrap();
    let found = compared(&dirs);
    assert_eq!((found.best, found.runs.len()), (Some(0), 2));
    assert!(found.runs[1].contest.is_none());
    fs::remove_file(dirs[0].join(EVALUATION)).unwrap();
    let found = compared(&dirs[..2]);
    assert_eq!(found.runs[0].interval("accuracy"), None);
    assert_eq!(found.runs[0].without["accuracy"], "the run keeps no evaluation");
    assert_eq!((found.pairs[0].disagreements, found.pairs[0].mcnemar_p), (None, None));
    let found = compared(&dirs);
    assert_eq!(found.unread.iter().map(|(dir, _)| dir).collect::<Vec<_>>(), [&dirs[2]]);
}

#[test]
fn a_comparison_that_nobody_waits_for_ends_before_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let dirs = [run(folder.path(), "one", "", "1"), run(folder.path(), "two", "", "1")];
    let mut told = Vec::new();
    let found = compare(&dirs, &mut |place| {
        told.push(place);
        if place == 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(found.is_none());
    assert_eq!(told, [0, 1]);
}
