//! Recorded runs in the real window with the real worker: listed, found, put in order, chosen and set side by side.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use attune::train::config::RunConfig;
use attune::train::event::{Ending, Step, TrainEvent};
use attune::ui::panels::runs::RunsPanel;
use attune::ui::workspace::{JobKind, RunView};
use attune::ui::{Action, Cx, Palette, Screen, Workspace};
use attune::worker::protocol::{Event, EventKind, Payload};
use attune::worker::works::compare::CompareRuns;
use egui::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::journey::Window;
use crate::script;

/// A run of 30 steps, as its folder would tell of it; without an ending where that says so.
pub fn record(runs: &Path, name: &str, rate: f64, accuracy: f64, ends: bool) -> PathBuf {
    let dir = runs.join(name);
    fs::create_dir_all(&dir).unwrap();
    let text = format!(
        "task = \"classify\"\n[model]\nname = \"tiny\"\n[data]\ntrain = \"/data/reviews.csv\"\n[optim]\nlr = {rate:e}\n"
    );
    fs::write(dir.join("run.toml"), &text).unwrap();
    let config: RunConfig = toml::from_str(&text).unwrap();
    let mut events = vec![TrainEvent::Started {
        config: Box::new(config),
        parameters: 1000,
        trainable: 250,
        steps: 30,
        steps_per_epoch: 10,
        train_examples: 160,
        eval_examples: 40,
        truncated: 0,
        frozen: Vec::new(),
    }];
    events.extend((1..=30).map(|step| {
        TrainEvent::Step(Step {
            step,
            epoch: step as f64 / 10.0,
            loss: 1.0 / (1.0 + rate * 1e3 * step as f64),
            parts: BTreeMap::new(),
            lr: rate,
            lrs: BTreeMap::new(),
            grad_norm: 1.0,
            tokens: 100,
            tokens_per_sec: 50.0,
            skipped: false,
        })
    }));
    let metrics = BTreeMap::from([("accuracy".to_owned(), accuracy), ("eval_loss".to_owned(), 1.0 - accuracy)]);
    events.push(TrainEvent::Eval { step: 30, metrics: metrics.clone(), baseline: BTreeMap::new(), best: true });
    if ends {
        events.push(TrainEvent::Finished(Ending { step: 30, metrics, seconds: 60.0, ..Ending::default() }));
    }
    let lines: String = events.iter().map(|event| serde_json::to_string(event).unwrap() + "\n").collect();
    fs::write(dir.join("events.jsonl"), lines).unwrap();
    dir
}

/// What stands in the lines of the table, from the top.
fn listed(window: &Window) -> Vec<String> {
    let mut ticks: Vec<(f32, String)> = ["slow-1", "quick-1", "weak-1"]
        .iter()
        .filter_map(|name| {
            let label = format!("Compare {name}");
            let tick = window.harness.query_by_role_and_label(Role::CheckBox, &label)?;
            Some((tick.rect().top(), (*name).to_owned()))
        })
        .collect();
    ticks.sort_by(|one, two| one.0.total_cmp(&two.0));
    ticks.into_iter().map(|(_, name)| name).collect()
}

fn window() -> (Window, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    record(&runs, "slow-1", 1e-3, 0.90, true);
    record(&runs, "quick-1", 2e-3, 0.925, true);
    record(&runs, "weak-1", 2e-3, 0.40, true);
    let mut window = Window::open(folder.path());
    window.go(Screen::Runs);
    (window, folder)
}

#[test]
fn runs_are_put_in_order_by_a_press_and_found_by_their_words() {
    let (mut window, _folder) = window();
    window.press("Sort by run");
    assert_eq!(listed(&window), ["quick-1", "slow-1", "weak-1"]);
    window.press("Sort by best metric");
    assert_eq!(listed(&window), ["quick-1", "slow-1", "weak-1"]);
    window.press("Sort by best metric");
    assert_eq!(listed(&window), ["weak-1", "slow-1", "quick-1"]);
    assert!(window.shows("Accuracy"), "the metric has its name");
    window.write(Role::TextInput, "Search runs", "quick");
    assert_eq!(listed(&window), ["quick-1"]);
}

#[test]
fn chosen_runs_are_set_side_by_side_with_what_differs() {
    let (mut window, folder) = window();
    window.press("Compare slow-1");
    window.press("Compare quick-1");
    window.press("Compare 2 runs");
    window.until("the runs are read", |workspace| workspace.worked::<CompareRuns>().is_some());
    for words in [
        "slow-1",
        "quick-1",
        "optim.lr of slow-1: 0.001",
        "optim.lr of quick-1: 0.002",
        "Accuracy, kept weights of quick-1: 92.5 %",
        "Against the best of quick-1: Best value",
        "Against the best of slow-1: Too close to tell",
        "slow-1 is too close to quick-1 to tell: on 40 rows",
    ] {
        assert!(window.shows(words), "{words}");
    }
    let chart = "Training loss chart, slow-1 0.0323 at step 30, quick-1 0.0164 at step 30";
    assert!(window.shows(chart));
    assert!(!window.shows("weak-1") && !window.shows("data.train of"), "it was not chosen, and is the same in both");
    window.press("Seconds");
    assert!(window.shows("quick-1 0.0164 at second 60"));

    window.press("Back to the runs");
    window.press("Compare weak-1");
    window.press("Compare 3 runs");
    window.until("three are read", |workspace| {
        workspace.worked::<CompareRuns>().is_some_and(|(_, found)| found.runs.len() == 3)
    });
    assert!(window.shows("Against the best of weak-1: Behind"));
    // One is taken out, and another is gone by the time it is read.
    fs::remove_dir_all(folder.path().join("runs/weak-1")).unwrap();
    window.press("Take slow-1 out of the comparison");
    window.until("the rest is read anew", |workspace| {
        workspace.worked::<CompareRuns>().is_some_and(|(work, _)| work.dirs.len() == 2)
    });
    assert!(window.shows("weak-1 cannot be read") && window.shows("Accuracy, kept weights of quick-1"));
}

#[test]
fn a_run_that_another_process_writes_is_running_and_neither_resumed_nor_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let written = record(&runs, "elsewhere-1", 1e-3, 0.9, false);
    record(&runs, "cut-off-1", 1e-3, 0.9, false);
    let lock = fs::File::create(written.join(".lock")).unwrap();
    lock.lock().unwrap();
    let mut window = Window::open(folder.path());
    window.go(Screen::Runs);
    let has = |window: &Window, label: &str| window.harness.query_by_label(label).is_some();
    assert!(has(&window, "Running") && has(&window, "Interrupted"));
    assert!(!has(&window, "Resume elsewhere-1") && !has(&window, "Delete elsewhere-1"));
    assert!(has(&window, "Resume cut-off-1") && has(&window, "Delete cut-off-1"));
    lock.unlock().unwrap();
    window.press("Look for runs again");
    window.until("the runs are found", |workspace| {
        workspace.job_where(|kind| *kind == JobKind::FindRuns).is_none() && workspace.runs.iter().all(|run| !run.held)
    });
    assert!(has(&window, "Resume elsewhere-1"));
}

/// The panel with a workspace that does its work at once.
struct Scene {
    workspace: Workspace,
    panel: RunsPanel,
    asked: usize,
}

fn draw(ui: &mut egui::Ui, scene: &mut Scene) {
    let mut actions = Vec::new();
    let mut cx = Cx { workspace: &scene.workspace, actions: &mut actions, palette: Palette::current(ui) };
    scene.panel.ui(ui, &mut cx);
    for action in actions {
        let Action::Work(work) = action else { continue };
        scene.asked += 1;
        let worked = work.perform(&mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
        let job = scene.workspace.follow(JobKind::Work(work), "comparing");
        for kind in [EventKind::Started, EventKind::Payload(Payload::Worked(worked)), EventKind::Done] {
            scene.workspace.apply(Event { job, kind });
        }
    }
}

#[test]
fn the_run_that_trains_moves_among_those_it_is_compared_with() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), "slow-1", 1e-3, 0.9, true);
    let live = record(folder.path(), "live-1", 2e-3, 0.9, false);
    let mut workspace = Workspace::new(Vec::new(), folder.path().into());
    workspace.runs = attune::train::run::find(folder.path());
    let read = attune::train::run::read(&live).unwrap();
    let mut run = RunView::new(live.clone(), read.config);
    read.events.iter().for_each(|event| run.apply(event, 0.0));
    workspace.run = Some(run);
    let job = workspace.follow(JobKind::Train { out: live }, "Training");
    let scene = Scene { workspace, panel: RunsPanel::default(), asked: 0 };
    let mut harness =
        Harness::builder().with_size([900.0, 600.0]).with_context_setup(script::dress).build_ui_state(draw, scene);
    for label in ["Compare slow-1", "Compare live-1", "Compare 2 runs"] {
        harness.get_by_label(label).click();
        harness.run_steps(3);
    }
    let shows = |harness: &Harness<'_, Scene>, words: &str| harness.query_all_by_label_contains(words).next().is_some();
    assert!(shows(&harness, "live-1 · running") && shows(&harness, "live-1 0.0164 at step 30"));
    let step = read.events.iter().rev().find_map(|event| match event {
        TrainEvent::Step(step) => Some(step.clone()),
        _ => None,
    });
    let next = TrainEvent::Step(Step { step: 31, loss: 0.5, ..step.unwrap() });
    harness.state_mut().workspace.apply(Event { job, kind: EventKind::Train(Box::new(next)) });
    harness.run_steps(2);
    assert!(shows(&harness, "live-1 0.5000 at step 31"));
    assert_eq!(harness.state().asked, 1, "its folder is not read again with every step");
    // What it leaves when it ends is read once more.
    harness.state_mut().workspace.apply(Event { job, kind: EventKind::Started });
    harness.state_mut().workspace.apply(Event { job, kind: EventKind::Stopped });
    harness.run_steps(3);
    assert_eq!(harness.state().asked, 2);
}
