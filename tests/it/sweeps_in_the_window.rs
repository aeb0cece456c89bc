//! Sweeps, runs with several seeds, and students in the real window with the real worker.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use attune::sweep::Study;
use attune::train::run::RunStatus;
use attune::ui::action::SweepAction;
use attune::ui::workspace::Workspace;
use attune::ui::workspace::queue::{Of, Outcome};
use attune::ui::{Action, Screen};
use attune::worker::work::Work;
use attune::worker::works::compare::CompareRuns;
use attune::worker::works::sweep::{PlanSweep, ReadSweep, RunSweep};
use attune::worker::works::teachers::FindTeachers;
use egui_kittest::kittest::Queryable;
use serde_json::json;

use crate::command_line::{done, objects, run_file};
use crate::compare_runs::record;
use crate::journey::Window;
use crate::models_match_the_reference::golden;
use crate::worker_keeps_its_word::reviews;

/// A sweep of three rates and three sizes as its folder tells of it: the rate decides, the size does nothing.
fn recorded(folder: &Path, name: &str) -> PathBuf {
    let dir = folder.join(name);
    let mut lines = String::new();
    for (place, (lr, batch)) in [1e-4, 1e-3, 1e-2].iter().flat_map(|lr| [8, 16, 32].map(|size| (lr, size))).enumerate()
    {
        let trial = format!("trial-{:03}", place + 1);
        let accuracy = 0.6 + 0.1 * (place / 3) as f64;
        record(folder, &format!("{name}/{trial}"), *lr, accuracy, true);
        let line = json!({
            "trial": trial, "settings": { "optim.lr": lr, "run.batch": batch }, "seed": 42, "status": "finished",
            "step": 30, "best_step": 30, "metrics": { "accuracy": accuracy }, "seconds": 60.0
        });
        lines += &format!("{line}\n");
    }
    fs::write(dir.join("trials.jsonl"), lines).unwrap();
    fs::create_dir_all(dir.join("trials")).unwrap();
    let asked = json!({ "format": 1, "metric": "accuracy", "axes": [
        { "key": "optim.lr", "over": { "range": { "low": 1e-4, "high": 1e-2, "log": true } } },
        { "key": "run.batch", "over": { "list": [8, 16, 32] } }
    ] });
    fs::write(dir.join("trials/sweep.json"), asked.to_string()).unwrap();
    dir
}

fn is_read(workspace: &Workspace) -> bool {
    workspace.worked::<ReadSweep>().is_some() && workspace.jobs.is_empty()
}

#[test]
fn a_sweep_is_one_line_whose_settings_are_shown_with_what_matters() {
    let folder = tempfile::tempdir().unwrap();
    recorded(&folder.path().join("runs"), "rates");
    let mut window = Window::open(folder.path());
    window.go(Screen::Runs);
    assert!(window.shows("9 of 9") && !window.shows("Compare rates/trial-001"));
    window.press("Show the runs of rates");
    assert!(window.shows("Compare rates/trial-001"));
    window.press("What came of rates");
    window.until("the sweep is read", is_read);
    for words in [
        "all 9 trials finished",
        "80.0 %",
        "3 of 9 settings reach 80.0 %: this search cannot tell them apart",
        "One seed (42). How far another would move it is not known",
        "Axis Learning rate, from 1e-4 to 1e-2",
        "Axis Batch size, from 8 to 32",
        "Axis Accuracy, from 60.0 % to 80.0 %",
        "more than chance; chance alone stays below",
        "Learning rate moves accuracy most, from 9 settings with a result",
        "9 settings are few for 2 keys",
    ] {
        assert!(window.shows(words), "{words}");
    }
    // A drag over the upper half of the first axis leaves the rows with higher rates.
    assert!(window.shows("Open trial-001"));
    let axis = window.harness.get_by_label_contains("Axis Learning rate").rect();
    let middle = axis.center() - egui::vec2(0.0, 12.0);
    window.harness.drag_at(axis.center_top() + egui::vec2(0.0, 3.0));
    window.harness.run_steps(2);
    window.harness.hover_at(middle);
    window.harness.run_steps(2);
    window.harness.drop_at(middle);
    window.harness.run_steps(3);
    let said =
        window.harness.query_all_by_label_contains("selected").map(|node| format!("{node:?}")).collect::<Vec<_>>();
    assert!(window.shows("3 of 9 settings selected") && !window.shows("Open trial-001"), "{said:#?} {axis:?}");
    window.press("Select all lines again");
    assert!(window.shows("Open trial-001"));
    window.press("Compare the best 3");
    window.until("they are compared", |workspace| {
        workspace.worked::<CompareRuns>().is_some_and(|(_, found)| found.runs.len() == 3)
    });
    window.press("Back to the runs");
    assert!(window.shows("reach 80.0 %: this search"), "the way back leads to the sweep");
    window.press("Back to the runs");
    assert!(window.shows("What came of rates"));
}

#[test]
fn a_sweep_from_elsewhere_is_listed_until_it_is_taken_out_and_one_that_is_none_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = recorded(&folder.path().join("cluster"), "rates");
    let mut window = Window::open(folder.path());
    window.harness.state_mut().act(Action::Sweep(SweepAction::Show(folder.path().join("cluster"))));
    window.until("the folder is looked at", is_read);
    assert!(window.shows("This sweep cannot be shown") && window.shows("expected a folder with trials.jsonl"));
    window.press("Back to the runs");
    window.harness.state_mut().act(Action::Sweep(SweepAction::Show(elsewhere.clone())));
    window.until("its runs are listed", |workspace| workspace.runs.len() == 9 && is_read(workspace));
    assert_eq!(window.workspace().sweep_folders, [elsewhere]);
    window.press("Back to the runs");
    window.press("Take rates out of the list");
    window.until("they are gone from the list", |workspace| workspace.runs.is_empty() && workspace.jobs.is_empty());
    assert!(folder.path().join("cluster/rates/trial-001/run.toml").is_file());
}

#[test]
fn the_command_line_tells_what_matters_too() {
    let dir = tempfile::tempdir().unwrap();
    run_file(dir.path(), "");
    let out = dir.path().join("swept");
    let text =
        format!("run = \"run.toml\"\nout = {out:?}\n[vary]\n\"optim.lr\" = [1e-3, 1e-5]\n\"run.batch\" = [4, 8]\n");
    let sweep = dir.path().join("sweep.toml");
    fs::write(&sweep, text).unwrap();
    let sweep = sweep.display().to_string();
    let told: serde_json::Value = serde_json::from_str(&done(&["sweep", &sweep, "--json"])).unwrap();
    let words = told["importance"]["unknown"].as_str().unwrap();
    assert_eq!(words, "Needs 8 finished settings; there are 4");
    let study = Study::read(&out).unwrap();
    assert!(!study.asked.is_guessed && study.axes.len() == 2 && study.trials() == 4);
    assert!(done(&["sweep", &sweep, "--collect"]).contains("there are 4"));
}

#[test]
fn a_sweep_of_the_window_trains_its_trials_and_goes_on_where_it_was_stopped() {
    let dir = tempfile::tempdir().unwrap();
    run_file(dir.path(), "");
    let run: toml::Table = toml::from_str(&fs::read_to_string(dir.path().join("run.toml")).unwrap()).unwrap();
    let out = dir.path().join("runs/several");
    let mut table = toml::Table::new();
    table.insert("out".into(), out.display().to_string().into());
    table.insert("run_file".into(), run.into());
    table.insert("vary".into(), toml::from_str::<toml::Table>("\"optim.lr\" = [1e-3, 1e-4, 1e-5]").unwrap().into());
    let description = toml::to_string(&table).unwrap();
    let planned = PlanSweep { description: description.clone() };
    let planned = planned.perform(&mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap().unwrap();
    assert!(planned.runs == 3 && planned.rounds == 1 && planned.seconds > 0.0);
    assert!(!out.exists(), "a plan writes nothing");
    let program = Some(PathBuf::from(env!("CARGO_BIN_EXE_attune")));
    let first = RunSweep { out: out.clone(), description: Some(description), program: program.clone() };
    // It is told to end once the first trial has.
    let mut stop =
        |_: &str, done: u64, _: u64| if done > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    assert!(first.perform(&mut stop).unwrap().is_none());
    let lines = objects(&fs::read_to_string(out.join("trials.jsonl")).unwrap());
    assert!(lines.iter().any(|line| line["status"] == "finished") && lines.len() < 4, "{lines:?}");
    let again = RunSweep { out: out.clone(), description: None, program };
    let answer = again.perform(&mut |_, _, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(answer, Some((3, 3)));
    let listed = attune::train::run::find(&dir.path().join("runs"));
    assert!(listed.len() == 3 && listed.iter().all(|run| run.sweep.as_ref() == Some(&out)));
    assert!(Study::read(&out).unwrap().has_description);
    let none = RunSweep { out: dir.path().join("none"), description: None, program: None };
    let error = none.perform(&mut |_, _, _| ControlFlow::Continue(())).unwrap_err().to_string();
    assert!(error.contains("it was started on the command line"), "{error}");
}

/// A window with reviews and a small model, whose next run takes three steps.
fn ready(folder: &Path) -> Window {
    let mut window = Window::open(folder);
    window.harness.state_mut().act(Action::AddModelFolder(golden().join("bert-classify")));
    window.harness.state_mut().act(Action::OpenData(reviews(folder, 120).into()));
    window.harness.state_mut().act(Action::OpenModel(golden().join("bert-classify")));
    let is_planned = |workspace: &Workspace| workspace.plan.is_some() && workspace.jobs.is_empty();
    window.until("the run is planned", is_planned);
    let mut draft = window.workspace().draft.clone();
    (draft.run.max_steps, draft.data.max_tokens) = (Some(3), 16);
    window.harness.state_mut().act(Action::Edit(Box::new(draft)));
    window.until("the form is changed", |workspace| workspace.draft.run.max_steps == Some(3) && is_planned(workspace));
    window.go(Screen::Train);
    window
}

#[test]
fn a_run_with_three_seeds_ends_where_they_are_compared_and_more_can_be_added() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = ready(folder.path());
    let mut draft = window.workspace().draft.clone();
    draft.run.seeds = vec![42, 1];
    window.harness.state_mut().act(Action::Edit(Box::new(draft)));
    window.until("two seeds are planned", |workspace| workspace.jobs.is_empty() && workspace.plan.is_some());
    assert!(window.shows("2 runs with the seeds 42, 1") && window.shows("2 runs of 3 steps"));
    window.press("Start training");
    let are_compared = |count: usize| {
        move |workspace: &Workspace| {
            let found = workspace.worked::<CompareRuns>();
            workspace.screen == Screen::Runs
                && workspace.jobs.is_empty()
                && found.is_some_and(|(_, found)| found.runs.len() == count)
        }
    };
    window.until("both are compared", are_compared(2));
    let names: Vec<&str> = window.workspace().runs.iter().map(|run| run.name.as_str()).collect();
    assert!(names.contains(&"reviews-bert-classify-1-seed-42") && names.contains(&"reviews-bert-classify-1-seed-1"));
    assert!(window.shows("Over seeds") && window.shows("in the mean of 2 seeds"));
    assert!(window.shows("Training loss chart, reviews-bert-classify-1 "), "a band for both");
    window.press("Each run");
    assert!(window.shows("Training loss chart, reviews-bert-classify-1-seed-42"));
    let configs = ["42", "1"].map(|seed| {
        let dir = folder.path().join(format!("runs/reviews-bert-classify-1-seed-{seed}"));
        attune::train::run::kept_config(&dir).unwrap()
    });
    assert_eq!(configs[0].data.split_seed, configs[1].data.split_seed);
    assert!(configs.iter().all(|config| config.run.seeds.is_empty()));

    // One of them again, so that there are three of it.
    window.press("Back to the runs");
    let first = folder.path().join("runs/reviews-bert-classify-1-seed-42");
    window.harness.get_by_label("reviews-bert-classify-1-seed-42").click();
    window.harness.run_steps(3);
    window.press("Again with 3 seeds…");
    window.harness.get_by_label_contains("3 seeds: 2 runs more").click();
    window.harness.run_steps(3);
    window.until("three are compared", are_compared(3));
    let courses = &window.workspace().queue.courses;
    let course = courses.iter().find(|course| course.of == Of::Seeds("reviews-bert-classify-1".into())).unwrap();
    assert!(course.runs[0].dir == first && course.runs.iter().all(|run| run.outcome == Outcome::Finished));
    let seeds: Vec<u64> = course.runs.iter().map(|run| run.seed).collect();
    assert_eq!(seeds, [42, 2, 3], "seed 1 was there");
}

#[test]
fn a_student_is_cut_from_a_run_that_fits_and_ends_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = ready(folder.path());
    window.press("Start training");
    let has_finished = |count: usize| {
        move |workspace: &Workspace| {
            let finished = workspace.runs.iter().filter(|run| run.status == RunStatus::Finished);
            finished.count() == count && workspace.jobs.is_empty() && workspace.plan.is_some()
        }
    };
    window.until("the teacher is trained", has_finished(1));
    let teacher = folder.path().join("runs/reviews-bert-classify-1");
    window.press("Learn from a teacher");
    window.until("teachers are looked for", |workspace| {
        let found = workspace.worked::<FindTeachers>();
        workspace.plan.is_none() && workspace.jobs.is_empty() && found.is_some_and(|(_, found)| found.len() > 1)
    });
    assert!(window.shows("Choose a teacher; nothing is planned before"), "said before Start");
    assert_eq!(window.workspace().plan_error, None);
    assert_eq!(window.workspace().why_not_start(), Some("Choose a teacher first"));
    assert!(!window.shows("Log · 1 error"), "a choice that is open is no error");
    let (_, found) = window.workspace().worked::<FindTeachers>().unwrap();
    let facts = |dir: &Path| found.iter().find(|(known, _)| known == dir).map(|(_, facts)| facts.clone()).unwrap();
    let of_teacher = facts(&teacher.join("model"));
    assert!(of_teacher.as_ref().is_ok_and(|facts| facts.reads_alike && facts.cut == Ok(2)), "{of_teacher:?}");
    assert!(of_teacher.is_ok_and(|facts| facts.not_compared.is_empty()));
    let reason = facts(&golden().join("bert-classify")).unwrap_err();
    assert!(reason.starts_with("expected a model with the labels of the data"), "{reason}");
    let mut draft = window.workspace().draft.clone();
    draft.distill.as_mut().unwrap().teacher.clone_from(&teacher);
    window.harness.state_mut().act(Action::Edit(Box::new(draft)));
    window.until("it is planned", |workspace| workspace.jobs.is_empty() && workspace.plan.is_some());
    window.press("DistilBERT's recipe");
    window.until("the student is planned", |workspace| {
        let distill = workspace.draft.distill.as_ref();
        let is_cut = distill
            .is_some_and(|distill| distill.layers == Some(1) && distill.soft == 0.714 && distill.cosine == 0.143);
        is_cut && workspace.jobs.is_empty() && workspace.plan.is_some()
    });
    assert!(window.shows("The teacher counts 71.4 % of the loss") && window.shows("1 of its 3 layers"));
    window.press("Learn its hidden states");
    window.until("states are compared too", |workspace| {
        let distill = workspace.draft.distill.as_ref();
        distill.is_some_and(|distill| distill.hidden == 1.0) && workspace.jobs.is_empty() && workspace.plan.is_some()
    });
    assert!(window.shows("Each layer of the student comes near to a layer of the teacher"));
    window.press("Start training");
    window.until("teacher and student are compared", |workspace| {
        workspace.screen == Screen::Runs && workspace.worked::<CompareRuns>().is_some() && workspace.jobs.is_empty()
    });
    assert!(window.shows("Teacher and student") && window.shows("weights,"));
    window.until("their speed is measured", |workspace| workspace.jobs.is_empty());
    assert!(window.shows("texts a second on this machine") && window.shows("Texts a second of"));
}
