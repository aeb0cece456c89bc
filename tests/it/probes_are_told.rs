//! Pinned texts: what is told of them is what the model says at that step, and asking them changes nothing of a run.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use attune::inspect::{OpenModel, Options, Output, Request};
use attune::model::kept;
use attune::train::config::{Probe, RunConfig};
use attune::train::event::TrainEvent;
use attune::train::prepare::open_model;
use attune::train::probes::ProbeSaid;
use attune::train::{TrainError, preflight, prepare};
use attune::ui::workspace::Workspace;
use attune::ui::{Action, Screen};
use egui::Role;
use egui_kittest::kittest::Queryable;

use crate::every_task_learns::{config as of_task, conll, prose, squad};
use crate::journey::Window;
use crate::models_match_the_reference::golden;
use crate::runs_resume_exactly::{GoOn, assert_same, config, go};
use crate::worker_keeps_its_word::reviews;

fn text(text: &str) -> Probe {
    Probe::Text { text: text.into(), pair: None }
}

fn pair(text: &str, pair: &str) -> Probe {
    Probe::Text { text: text.into(), pair: Some(pair.into()) }
}

/// What a run told of its probes, as its log has it.
fn told(dir: &Path) -> Vec<(u64, Vec<ProbeSaid>)> {
    let log = fs::read_to_string(dir.join("events.jsonl")).unwrap();
    let events = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let probes = events.filter_map(|event| match event {
        TrainEvent::Probe { step, said } => Some((step, said)),
        _ => None,
    });
    probes.collect()
}

fn run(config: &RunConfig) {
    let go_on: GoOn<'_> = &mut || true;
    go(config, false, go_on, &mut |_| {}).unwrap();
}

fn with_probes(folder: &Path, name: &str) -> RunConfig {
    let mut config = config(folder);
    config.run.out = folder.join(name);
    config.run.probes = vec![text("the soup was wonderful"), text("a ferry and endless")];
    config.run.probe_every = 4;
    config
}

#[test]
fn a_run_with_probes_is_to_the_bit_the_run_without_them() {
    let folder = tempfile::tempdir().unwrap();
    let probed = with_probes(folder.path(), "probed");
    let mut plain = probed.clone();
    (plain.run.probes, plain.run.out) = (Vec::new(), folder.path().join("plain"));
    run(&plain);
    run(&probed);
    assert_same(&plain.run.out, &probed.run.out, "probes");
    let steps: Vec<u64> = told(&probed.run.out).iter().map(|(step, _)| *step).collect();
    assert_eq!(steps, [0, 4, 8, 10], "before the first, every so many, and after the last");
    assert!(told(&plain.run.out).is_empty());
}

#[test]
fn a_run_that_goes_on_tells_every_answer_once() {
    let folder = tempfile::tempdir().unwrap();
    let whole = with_probes(folder.path(), "whole");
    run(&whole);
    for stop in [2, 9, 17, 23] {
        let mut cut = whole.clone();
        cut.run.out = folder.path().join(format!("cut-{stop}"));
        let mut left = stop;
        let mut go_on = || {
            left -= 1;
            left > 0
        };
        let stopped = go(&cut, false, &mut go_on, &mut |_| {}).unwrap().stopped;
        if stopped {
            go(&cut, true, &mut || true, &mut |_| {}).unwrap();
        }
        assert_eq!(told(&cut.run.out), told(&whole.run.out), "stopped when asked for the {stop}th time");
        assert_same(&whole.run.out, &cut.run.out, "stopped");
    }
}

#[test]
fn what_is_told_at_a_step_is_what_the_state_of_that_step_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = with_probes(folder.path(), "run");
    config.run.keep_checkpoints = 11;
    run(&config);
    let states = kept::states(&config.run.out);
    for (step, said) in told(&config.run.out) {
        let state = states.iter().find(|state| state.step == step).unwrap();
        let model = OpenModel::open(&state.dir, None).unwrap();
        for (probe, said) in config.run.probes.iter().zip(said) {
            let Probe::Text { text, pair } = probe.clone() else { panic!("{probe:?}") };
            let read = model.prepare(Request { text, pair }, &Options::default()).unwrap();
            let predicted = model.predict(&[&read], &Options::default()).unwrap();
            let Output::Labels(labels) = &predicted[0].output else { panic!("{:?}", predicted[0].output) };
            let scores: Vec<(String, f32)> = labels.iter().map(|one| (one.label.clone(), one.score as f32)).collect();
            assert_eq!((said.answer, said.scores), (labels[0].label.clone(), scores), "step {step}");
        }
    }
}

#[test]
fn every_task_with_a_sensible_answer_is_probed() {
    let folder = tempfile::tempdir().unwrap();
    let labels = folder.path().join("labels.csv");
    fs::write(&labels, format!("text,labels\n{}", "rain fell,a;b\nit snowed,b\nthe sun,a\n".repeat(6))).unwrap();
    let numbers = folder.path().join("numbers.csv");
    fs::write(&numbers, format!("text,score\n{}", "rain fell,1.5\nit snowed,2.5\nthe sun,4\n".repeat(6))).unwrap();
    let question = pair("who wrote it", "Ada Lovelace wrote the first program in London");
    let checks: [(&str, &str, std::path::PathBuf, Probe); 5] = [
        ("multilabel", "bert-classify", labels, text("rain fell")),
        ("regress", "bert-classify", numbers, text("rain fell")),
        ("ner", "bert-ner", conll(folder.path()), text("Ada wrote from London")),
        ("qa", "bert-qa", squad(folder.path()), question),
        ("mlm", "bert-mlm", prose(folder.path()), text("the river was [MASK] and clear")),
    ];
    for (task, model, data, probe) in checks {
        let mut config = of_task(task, model, &data, folder.path());
        config.run.out = folder.path().join(format!("run-{task}"));
        (config.run.max_steps, config.run.probe_every, config.run.probes) = (Some(3), 2, vec![probe]);
        run(&config);
        let told = told(&config.run.out);
        let steps: Vec<u64> = told.iter().map(|(step, _)| *step).collect();
        assert_eq!(steps, [0, 2, 3], "{task}");
        assert!(told.iter().all(|(_, said)| said.len() == 1 && !said[0].answer.is_empty()), "{task}: {told:?}");
    }
}

#[test]
fn what_cannot_be_probed_is_refused_by_name_and_rows_are_named_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let begin = |config: &RunConfig| -> Result<(), TrainError> {
        let mut data = prepare(config, &mut |_, _, _| ControlFlow::Continue(()))?.unwrap();
        let config = data.settled(config)?;
        let (model, _) = open_model(&config, &data.labels, &candle_core::Device::Cpu)?;
        preflight(&config, false, &mut data, &model).map(|_| ())
    };
    let refused = |config: &RunConfig, words: &str| {
        let error = begin(config).unwrap_err().to_string();
        assert!(error.contains("run.probes") && error.contains(words), "{error}");
    };
    let mut config = of_task("qa", "bert-qa", &squad(folder.path()), folder.path());
    config.run.probes = vec![text("who wrote it")];
    refused(&config, "context");
    let mut config = of_task("mlm", "bert-mlm", &prose(folder.path()), folder.path());
    config.run.probes = vec![text("no mask is here")];
    refused(&config, "[MASK]");
    let mut config = of_task("rtd", "electra-rtd", &prose(folder.path()), folder.path());
    config.run.probes = vec![text("the river")];
    refused(&config, "rtd");
    let mut config = with_probes(folder.path(), "rows");
    config.run.probes = vec![Probe::Row(999)];
    refused(&config, "no row 999");
    config.run.probes = vec![Probe::Row(2)];
    let data = prepare(&config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
    assert_eq!(data.settled(&config).unwrap().run.probes, [text("the soup was endless and so on ")]);
}

#[test]
fn pinned_texts_are_a_film_that_is_scrubbed_while_it_trains_and_after() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(folder.path());
    window.harness.state_mut().act(Action::OpenData(reviews(folder.path(), 60).into()));
    window.harness.state_mut().act(Action::OpenModel(golden().join("bert-classify")));
    let is_planned = |workspace: &Workspace| workspace.plan.is_some() && workspace.jobs.is_empty();
    window.until("the run is planned", is_planned);
    let mut draft = window.workspace().draft.clone();
    (draft.run.max_steps, draft.run.probe_every, draft.optim.lr) = (Some(12), 3, 5e-3);
    window.harness.state_mut().act(Action::Edit(Box::new(draft)));
    window.until("the form is changed", |workspace| workspace.draft.run.max_steps.is_some() && is_planned(workspace));
    window.go(Screen::Train);
    window.harness.get_by_label("A text to watch").focus();
    window.harness.run_steps(2);
    window.harness.event(egui::Event::Text("the soup was wonderful".into()));
    window.harness.run_steps(2);
    window.harness.get_by_label("Pin the text").click_accesskit();
    window
        .until("it is pinned and planned", |workspace| workspace.draft.run.probes.len() == 1 && is_planned(workspace));
    window.press("Start training");
    window.until("the run has ended", |workspace| {
        workspace.training.is_none() && workspace.evaluation.is_some() && workspace.jobs.is_empty()
    });
    let frames: Vec<u64> =
        window.workspace().run.as_ref().unwrap().strip.frames.iter().map(|frame| frame.step).collect();
    assert_eq!(frames, [0, 3, 6, 9, 12]);
    assert!(window.shows("After step 12") && window.shows("Answers to the soup was wonderful"));
    window.harness.get_by_role_and_label(Role::Slider, "Step of the pinned texts").focus();
    window.harness.run_steps(2);
    window.harness.key_press(egui::Key::Home);
    window.harness.run_steps(3);
    assert!(window.shows("After step 0"));
    window.press("Newest");
    assert!(window.shows("After step 12"));
    // What a folder tells of a run that has ended is the same film.
    let dir = window.workspace().run.as_ref().unwrap().dir.clone();
    let film = window.workspace().run.as_ref().unwrap().strip.frames.clone();
    window.harness.state_mut().act(Action::OpenRun(dir));
    window.until("the run is opened", |workspace| workspace.jobs.is_empty());
    assert_eq!(window.workspace().run.as_ref().unwrap().strip.frames, film);
}
