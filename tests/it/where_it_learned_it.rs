//! The training rows nearest to a text: on the command line, and in the real window with the real worker from Why to the row
//! in Data.

use std::fs;
use std::path::Path;
use std::process::Command;

use attune::analysis::nearest::NearestTo;
use attune::ui::Screen;
use attune::worker::works::nearest::ReadRows;
use egui_kittest::kittest::Queryable as _;
use serde_json::Value;

use crate::journey::Window;
use crate::layers_are_probed::{explored, open};
use crate::models_match_the_reference::golden;

const TEXT: &str = "the film was dull and long";

fn reviews(folder: &Path) -> std::path::PathBuf {
    let rows: String = (0..40)
        .map(|row| format!("the book of day {row} was fine,{}\n", ["positive", "neutral"][row % 2]))
        .chain([format!("{TEXT},negative\n"), format!("{TEXT},positive\n")])
        .collect();
    let path = folder.join("reviews.csv");
    fs::write(&path, String::from("text,label\n") + &rows).unwrap();
    path
}

fn explain(more: &[&str]) -> Result<Value, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    command.arg("explain").arg("--model").arg(golden().join("bert-classify"));
    let output = command.args(["--text", TEXT, "--method", "gradient-input", "--json"]).args(more).output().unwrap();
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).unwrap());
    }
    Err(String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_command_line_tells_the_nearest_rows_and_whether_they_are_labelled_as_it_answers() {
    let folder = tempfile::tempdir().unwrap();
    let data = reviews(folder.path()).display().to_string();
    let found = explain(&["--nearest", &data]).unwrap();
    let nearest = &found["nearest"];
    assert_eq!((&nearest["rows"], &nearest["layer"], &nearest["pooling"]), (&42.into(), &3.into(), &"first".into()));
    let rows = nearest["found"].as_array().unwrap();
    assert_eq!(rows.len(), 20);
    let lines: Vec<&Value> = rows[..2].iter().map(|row| &row["line"]).collect();
    assert_eq!(lines, [42, 43]);
    for row in rows {
        assert_eq!(row["same"], row["text"] == TEXT);
        assert_eq!(row["agrees"], row["label"] == nearest["answer"]);
        assert!(row["cosine"].as_f64().unwrap() <= 1.0);
    }
    assert!((rows[0]["cosine"].as_f64().unwrap() - 1.0).abs() < 1e-6);
    assert!(explain(&[]).unwrap().get("nearest").is_none());
    assert_eq!(explain(&["--nearest", &data, "--layer", "1"]).unwrap()["nearest"]["layer"], 1);
    let refused = explain(&["--nearest", &data, "--layer", "4"]).unwrap_err();
    assert!(refused.contains("there is no layer 4") && refused.contains("expected 0 to 3"), "{refused}");
}

#[test]
fn a_person_sees_the_nearest_rows_and_opens_one_in_data() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, _) = explored(folder.path());
    window.press("Why");
    window.press("Where it learned it");
    assert!(window.shows("Open the data that the model was trained with"));
    open(&mut window, &reviews(folder.path()));
    let held_out = window.workspace().data.loaded.as_ref().unwrap().split.eval.len();
    window.go(Screen::Explore);
    window.press("Read the rows");
    window
        .until("the rows are read", |workspace| workspace.worked::<ReadRows>().is_some() && workspace.jobs.is_empty());
    write(&mut window, TEXT);
    window.until("the nearest are found", |workspace| {
        workspace.explore.answer.as_ref().is_some_and(|reply| {
            reply.inquiry.get::<NearestTo>().is_some_and(|nearest| nearest.asked.text == TEXT && nearest.layer == 3)
        })
    });
    assert!(window.shows(&format!("Of {} rows to learn from", 42 - held_out)), "held-out rows took no part");
    assert!(window.shows(" another label than the answer") && window.shows("the same text"));

    window.press("Layer of the states");
    window.press("the embeddings");
    window.until("they are found after another layer", |workspace| {
        workspace
            .explore
            .answer
            .as_ref()
            .is_some_and(|reply| reply.inquiry.get::<NearestTo>().is_some_and(|nearest| nearest.layer == 0))
    });
    window.harness.query_all_by_label_contains(", the same text").next().unwrap().click();
    window.harness.run_steps(3);
    assert_eq!(window.workspace().screen, Screen::Data);
    window.harness.run_steps(4);
    assert!(window.shows("1 of 42 rows") && window.shows("Show all rows"));
}

/// Writes a text into the box that is shared.
pub fn write(window: &mut Window, words: &str) {
    window.press("Clear the text");
    window.harness.get_by_label("Text to try").focus();
    window.harness.run_steps(2);
    window.harness.event(egui::Event::Text(words.into()));
    window.harness.run_steps(2);
}
