//! Heads and layers are switched off: on the command line, and in the real window with the real worker, by mouse and by
//! keyboard.

use std::path::{Path, PathBuf};

use attune::analysis::switchboard::ScoreWith;
use attune::inspect::attention::Attend;
use attune::inspect::switches::{Switched, Without};
use attune::ui::Screen;
use attune::ui::workspace::Workspace;
use attune::worker::works::switchboard::MeasureHeads;
use egui::Role;
use egui_kittest::kittest::Queryable as _;
use serde_json::Value;

use crate::layers_are_probed::{explored, labelled, open, told};

fn reviews(folder: &Path, rows: usize) -> PathBuf {
    let row = |row: usize| {
        let (word, label) = [("great", "positive"), ("dull", "negative"), ("so", "neutral")][row % 3];
        format!("the film of day {row} was {word},{label}\n")
    };
    labelled(folder, "reviews.csv", (0..rows).map(row))
}

fn heads(model: &str, data: &Path, more: &[&str]) -> Result<(String, String), String> {
    told("heads", model, data, more)
}

#[test]
fn the_command_line_tells_what_each_head_matters_and_what_is_lost_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = reviews(folder.path(), 12);
    let (quick, said) = heads("bert-classify", &data, &["--json"]).unwrap();
    assert_eq!(said, "attune: the columns that are read: text \"text\", label \"label\"\n");
    let quick: Value = serde_json::from_str(&quick).unwrap();
    let (exact, _) = heads("bert-classify", &data, &["--json", "--exact"]).unwrap();
    let exact: Value = serde_json::from_str(&exact).unwrap();
    assert_eq!((&quick["metric"], &quick["rows"]), (&"accuracy".into(), &12.into()));
    assert_eq!(quick["layers"].as_array().unwrap().len(), 3);
    for (quick, exact) in quick["layers"].as_array().unwrap().iter().zip(exact["layers"].as_array().unwrap()) {
        let parts =
            |layer: &Value| [layer["heads"].as_array().unwrap().clone(), vec![layer["feed_forward"].clone()]].concat();
        assert_eq!(parts(quick).len(), 5);
        for (quick, exact) in parts(quick).iter().zip(parts(exact)) {
            assert_eq!(quick["importance"], exact["importance"]);
            assert!(quick.get("loss").is_none() && exact["loss"].as_f64().unwrap() > 0.0);
            assert!((0.0..=1.0).contains(&exact["accuracy"].as_f64().unwrap()));
        }
    }
    let (words, said) = heads("bert-classify", &data, &["--rows", "6", "--exact"]).unwrap();
    assert!(
        words.contains("layer 2 head 3") && words.contains("layer 1 feed-forward") && words.contains("counted from 0"),
        "{words}"
    );
    assert!(said.contains("6 of 12 labelled rows were looked at"), "{said}");
    let refused = heads("electra-rtd", &data, &[]).unwrap_err();
    assert!(refused.contains("what heads matter for rtd cannot be measured"), "{refused}");
}

fn says(workspace: &Workspace, heads: usize) -> bool {
    let reply = workspace.explore.answer.as_ref();
    reply
        .and_then(|reply| reply.inquiry.get::<Switched<Attend>>())
        .is_some_and(|asked| asked.switches.heads.len() == heads)
}

#[test]
fn a_person_switches_heads_and_what_is_said_what_is_looked_at_and_the_metric_follow() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, _) = explored(folder.path());
    window.press("Switches");
    window.until("the whole model has answered", |workspace| says(workspace, 0));
    assert!(window.shows("What the whole model says") && window.shows("press one, a layer's number"));
    assert!(window.shows("Open data with labels"));

    window.press("Layer 1, head 2: on");
    window.until("it follows", |workspace| says(workspace, 1));
    assert!(window.shows("Layer 1, head 2: off") && window.shows("1 head off"));
    assert!(window.shows("with parts switched off"));
    window.press("Attention of layer 3, on");
    window.until("a whole layer is off", |workspace| says(workspace, 5));
    assert!(window.shows("Attention of layer 3, off") && window.shows("5 heads off"));
    window.press("Feed-forward of layer 2, on");
    window.until("a feed-forward too", |workspace| {
        let reply = workspace.explore.answer.as_ref();
        let asked = reply.and_then(|reply| reply.inquiry.get::<Switched<Attend>>());
        asked.is_some_and(|asked| asked.switches.feed_forward.contains(&1))
    });
    assert!(window.shows("5 heads and 1 feed-forward off"));

    open(&mut window, &reviews(folder.path(), 60));
    window.go(Screen::Explore);
    window.press("Each off by itself");
    window.press("Measure the heads");
    window.until("the heads are measured", |workspace| workspace.worked::<MeasureHeads>().is_some());
    window.until("the metric follows", |workspace| {
        let reply = workspace.explore.answer.as_ref();
        reply.is_some_and(|reply| reply.inquiry.get::<ScoreWith>().is_some())
    });
    assert!(window.shows("Accuracy on 12 rows"), "those that are held out");
    assert!(window.shows("As it is switched") && window.shows("Layer 2, head 1: on, importance "));
    window.press("Loss without");
    assert!(window.shows("Each head by the loss of the sample without it") && window.shows(", loss without it "));
    window.press("All on");
    window.until("it is whole again", |workspace| {
        let reply = workspace.explore.answer.as_ref();
        reply.and_then(|reply| reply.inquiry.get::<Switched<Attend>>()).is_some_and(|asked| asked.switches.is_empty())
    });
    assert!(!window.shows("As it is switched"));
    window.press("Switch off the least important");
    window.press("25 % · 3 heads");
    window.until("three are off", |workspace| says(workspace, 3));

    // Nothing of it is left in other views.
    window.press("Text classification");
    window.until("the whole model answers", |workspace| {
        workspace
            .explore
            .answer
            .as_ref()
            .is_some_and(|reply| reply.inquiry.get::<attune::inspect::Question>().is_some())
    });
}

#[test]
fn heads_are_switched_by_the_keyboard_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, _) = explored(folder.path());
    window.press("Switches");
    window.until("the whole model has answered", |workspace| says(workspace, 0));
    window.harness.get_by_role_and_label(Role::GridCell, "Layer 1, head 1: on").focus();
    window.harness.run_steps(2);
    window.harness.key_press(egui::Key::Tab);
    window.harness.run_steps(2);
    window.harness.key_press(egui::Key::Space);
    window.harness.run_steps(2);
    window.until("the next head is off", |workspace| says(workspace, 1));
    assert!(window.shows("Layer 1, head 2: off"));
    let asked = window.workspace().explore.answer.as_ref().unwrap().inquiry.get::<Without>().is_none();
    assert!(asked, "the attention was asked for last");
}
