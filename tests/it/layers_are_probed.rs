//! Layers are probed for what they know: on the command line, and in the real window with the real worker from the data
//! to the form of the next run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use attune::train::config::StrategyKind;
use attune::ui::Screen;
use attune::ui::workspace::Workspace;
use attune::worker::works::probe::ProbeLayers;
use egui::Role;
use egui_kittest::kittest::Queryable as _;
use serde_json::Value;

use crate::journey::Window;
use crate::models_match_the_reference::golden;

/// Sentences whose label is one of their words, so that the embeddings know it already.
fn weather(folder: &Path, rows: usize, labels: &[&str]) -> PathBuf {
    let row = |row: usize| {
        let word = labels[row % labels.len()];
        format!("the {word} of day {row} was seen from the hill,{word}\n")
    };
    labelled(folder, "weather.csv", (0..rows).map(row))
}

/// What a command says of a model of `tests/golden` and of data, and what it warns of; or the one line with which it ends.
pub fn told(command: &str, model: &str, data: &Path, more: &[&str]) -> Result<(String, String), String> {
    let mut asked = Command::new(env!("CARGO_BIN_EXE_attune"));
    asked.arg(command).arg("--model").arg(golden().join(model)).arg("--data").arg(data);
    let output = asked.args(more).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    if !output.status.success() {
        assert_eq!((output.status.code(), said.trim_end().lines().count()), (Some(1), 1), "{said}");
        return Err(said.trim_end().to_owned());
    }
    Ok((String::from_utf8(output.stdout).unwrap(), said))
}

/// A file with texts and labels.
pub fn labelled(folder: &Path, name: &str, rows: impl Iterator<Item = String>) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, String::from("text,label\n") + &rows.collect::<String>()).unwrap();
    path
}

fn probe(data: &Path, more: &[&str]) -> Result<(Value, String), String> {
    let (result, said) = told("probe", "bert-classify", data, more)?;
    Ok((serde_json::from_str(&result).unwrap_or(Value::String(result)), said))
}

#[test]
fn the_command_line_tells_what_each_layer_knows() {
    let folder = tempfile::tempdir().unwrap();
    let data = weather(folder.path(), 60, &["rain", "snow", "wind"]);
    let (found, said) = probe(&data, &["--json", "--folds", "3"]).unwrap();
    assert_eq!(said, "attune: the columns that are read: text \"text\", label \"label\"\n");
    let layers = found["layers"].as_array().unwrap();
    assert_eq!(found["poolings"][found["pooling"].as_str().unwrap()], found["layers"]);
    for (place, layer) in layers.iter().enumerate() {
        let number = |key: &str| layer[key].as_f64().unwrap();
        assert_eq!(layer["layer"], place);
        assert!(0.0 <= number("low") && number("low") <= number("accuracy"));
        assert!(number("accuracy") <= number("high") && number("high") <= 1.0);
    }
    let first = found["poolings"]["first"][0]["accuracy"].as_f64().unwrap();
    assert!(first <= found["majority"].as_f64().unwrap(), "before the first layer all first tokens are alike");
    assert!(found["poolings"]["mean"][0]["accuracy"].as_f64().unwrap() > 0.9, "{found}");
    assert_eq!((&found["rows"], &found["classes"], &found["folds"]), (&60.into(), &3.into(), &3.into()));
    assert_eq!(probe(&data, &["--json", "--folds", "3"]).unwrap().0, found, "there is no chance in it");

    let (words, said) = probe(&data, &["--rows", "30", "--max-tokens", "6"]).unwrap();
    let words = words.as_str().unwrap();
    assert!(words.contains("embeddings") && words.contains("5 folds"), "{words}");
    assert!(said.contains("30 of 60 labelled rows were looked at") && said.contains("30 texts were cut at 6 tokens"));
}

#[test]
fn what_cannot_be_probed_for_is_one_line_on_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str, more: &[&str], expected: &str| {
        let path = folder.path().join("rows.csv");
        fs::write(&path, text).unwrap();
        let said = probe(&path, more).unwrap_err();
        assert!(said.starts_with("attune: ") && said.contains(expected), "{said}");
    };
    check("text,label\na b,x\nc d,x\ne f,x\n", &[], "have the label \"x\", expected two classes or more");
    check(
        "text,label\na b,x\nc d,y\ne f,x\n",
        &["--task", "classify"],
        "too few for 5 folds; expected at most 2 folds",
    );
    check("text\nthe first\nthe second\n", &["--task", "classify"], "label");
    let (_, said) = {
        let path = weather(folder.path(), 40, &["rain", "snow"]);
        let mut rows = fs::read_to_string(&path).unwrap();
        rows.push_str("a fog of its own,fog\n");
        fs::write(&path, rows).unwrap();
        probe(&path, &["--json"]).unwrap()
    };
    assert!(said.contains("1 class has fewer rows than the 5 folds") && said.contains("\"fog\" (1)"), "{said}");
}

pub fn open(window: &mut Window, data: &Path) {
    window.go(Screen::Data);
    if window.workspace().data.table.is_some() {
        window.press("Close the data");
    }
    window.write(Role::TextInput, "data file", &data.display().to_string());
    window.press("Open data file");
    window.until("the examples are read", |workspace| {
        workspace.data.loaded.as_ref().is_some_and(|loaded| loaded.dataset.table.path == data)
    });
}

/// Explore with a model, where its layers are looked at.
pub fn explored(folder: &Path) -> (Window, PathBuf) {
    let mut window = Window::open(folder);
    let model = golden().join("bert-classify");
    window.go(Screen::Model);
    window.write(Role::TextInput, "model folder", &model.display().to_string());
    window.press("Open model folder");
    window.until("the card opens", |workspace| workspace.card.as_ref().is_some_and(|card| card.dir == model));
    window.go(Screen::Explore);
    window.press("bert-classify");
    window.until("the model is open", |workspace| workspace.explore.subject.is_some());
    window.press("Layers");
    (window, model)
}

fn is_probed(workspace: &Workspace) -> bool {
    workspace.worked::<ProbeLayers>().is_some() && workspace.jobs.is_empty()
}

#[test]
fn a_person_sees_which_layer_knows_the_task_and_trains_what_is_proposed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, model) = explored(folder.path());
    assert!(window.shows("No data to probe with"));
    open(&mut window, &weather(folder.path(), 90, &["rain", "snow", "wind"]));
    window.go(Screen::Explore);
    assert!(window.shows("Which layer knows the task?"));

    window.press("Probe the layers");
    window.until("the layers are probed", is_probed);
    assert!(window.shows("Embeddings: ") && window.shows("Layer 1: "));
    assert!(window.shows("72 rows · 5 folds · 3 classes"), "held-out rows take no part");
    let probed = window.workspace().worked::<ProbeLayers>().unwrap().1.clone().unwrap();
    let advice = probed.advice(probed.pooling);
    assert!(window.shows(&advice.found()) && window.shows(&advice.proposal()));
    window.press("First token");
    assert!(window.shows(&probed.advice(attune::inspect::Pooling::First).found()));
    window.press("Mean, better");

    window.press("Train a head alone");
    window.until("the model is that of the next run", |workspace| {
        workspace.model.as_ref().is_some_and(|card| card.dir == model) && workspace.jobs.is_empty()
    });
    assert_eq!(window.workspace().screen, Screen::Train);
    assert_eq!(window.workspace().draft.strategy.kind, StrategyKind::Head);

    // Other data, of one class: the bars stay, and are said to be of others.
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    open(&mut window, &weather(&other, 40, &["fog"]));
    window.go(Screen::Explore);
    assert!(window.shows("The data have changed") && window.shows("These bars were made before that"));
    window.harness.query_all_by_label("Probe again").next().unwrap().click();
    window.harness.run_steps(3);
    window.until("why not is told", is_probed);
    assert!(window.shows("The layers cannot be probed") && window.shows("expected two classes or more"));
}

#[test]
fn probing_can_be_cancelled_and_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, _) = explored(folder.path());
    open(&mut window, &weather(folder.path(), 4000, &["rain", "snow"]));
    window.go(Screen::Explore);
    window.press("Probe the layers");
    window.until("its progress is told", |workspace| workspace.jobs.iter().any(|job| job.progress.is_some()));
    window.press("Cancel");
    window.until("it has ended", |workspace| workspace.jobs.is_empty());
    assert!(window.workspace().worked::<ProbeLayers>().is_none());
    assert!(window.shows("Probe the layers"));
}
