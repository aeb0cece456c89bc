//! Folds and the time machine in the real window with the real worker, by what the screens say.

use std::path::Path;

use attune::data::{Fold, Roles, SplitRule};
use attune::inspect::Question;
use attune::model::kept;
use attune::table::Inputs;
use attune::ui::workspace::Workspace;
use attune::ui::{Action, Screen};
use attune::worker::works::course::AskStates;
use egui::Role;
use egui_kittest::kittest::Queryable;

use crate::journey::Window;
use crate::models_match_the_reference::golden;
use crate::worker_keeps_its_word::reviews;

fn planned(window: &mut Window, folder: &Path, rows: usize) {
    let data = reviews(folder, rows);
    window.harness.state_mut().act(Action::OpenData(data.into()));
    window.harness.state_mut().act(Action::OpenModel(golden().join("bert-classify")));
    window.until("the run is planned", is_planned);
    let mut draft = window.workspace().draft.clone();
    (draft.run.max_steps, draft.data.max_tokens, draft.optim.lr) = (Some(8), 16, 5e-3);
    window.harness.state_mut().act(Action::Edit(Box::new(draft)));
    window.until("the form is changed", |workspace| workspace.draft.run.max_steps.is_some() && is_planned(workspace));
    window.go(Screen::Train);
}

fn is_planned(workspace: &Workspace) -> bool {
    workspace.plan.is_some() && workspace.jobs.is_empty() && workspace.data.lengths.is_some()
}

fn press_below(window: &mut Window, label: &str) {
    window.harness.get_by_label(label).click_accesskit();
    window.harness.run_steps(3);
}

fn run(window: &mut Window) {
    window.press("Start training");
    window.until("the run has ended and its evaluation was opened", |workspace| {
        workspace.training.is_none() && workspace.evaluation.is_some() && workspace.jobs.is_empty()
    });
}

#[test]
fn every_row_is_held_out_once_and_said_so_wherever_it_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(folder.path());
    planned(&mut window, folder.path(), 60);
    let one = window.workspace().plan.as_ref().unwrap().seconds;
    press_below(&mut window, "Hold out every row once");
    window.until("the folds are planned", |workspace| workspace.draft.run.folds == 5 && is_planned(workspace));
    let workspace = window.workspace();
    assert_eq!(workspace.data.rule.fold, Some(Fold { number: 1, of: 5 }));
    assert_eq!(workspace.draft.data.eval_fraction, None);
    let plan = workspace.plan.as_ref().unwrap();
    assert!(plan.all_seconds(&workspace.draft) > 2.0 * one, "five runs take longer than one");
    assert!(window.shows("5 runs of 8 steps"));
    window.go(Screen::Data);
    assert!(window.shows("Every row is held out once, in 5 runs"));
    window.harness.state_mut().act(Action::ExploreWith(golden().join("bert-classify")));
    window.until("a model is asked", |workspace| workspace.explore.subject.is_some() && workspace.jobs.is_empty());
    window.go(Screen::Train);

    run(&mut window);
    let dir = folder.path().join("runs/reviews-bert-classify-1");
    assert!(dir.join("held-out.csv").is_file() && dir.join("fold-5/model").is_dir());
    assert!(window.shows("Finished") && !window.shows("Try it"), "no one model is of all rows");
    let explore = &window.workspace().explore;
    assert_eq!(explore.model.as_ref(), Some(&golden().join("bert-classify")), "the model in use stays");
    assert!(explore.error.is_none());
    window.until("the folds are listed", |workspace| workspace.runs.len() == 6 && workspace.jobs.is_empty());
    window.harness.run_steps(2);
    assert!(window.shows("over all rows, each held out once") && window.shows("Lowest fold"));
    assert!(window.shows("Fold 1 ") && window.shows("Fold 5 ") && window.shows("95 % interval is"));
    assert!(!window.shows("Best at step"), "all folds together have no steps");
    let evaluated = window.workspace().evaluation.clone().unwrap();
    assert_eq!(evaluated.evaluation.predictions.len(), 60);
    window.go(Screen::Evaluate);
    window.press("Evaluate another file…");
    assert!(window.shows("the run itself has none"));
    let named = "reviews-bert-classify-1 · fold 1";
    assert_eq!(window.workspace().model_name(&dir.join("fold-1/model")), named);
    assert!(window.workspace().models.iter().any(|entry| entry.name == named));
    assert!(window.shows("every row held out once in 5 runs") && window.shows("in the 5 folds"));

    window.go(Screen::Data);
    assert!(window.shows("Held-out prediction") && window.shows("60 rows"));
    let wrong = evaluated.evaluation.predictions.iter().filter(|one| one.gold != one.predicted).count();
    window.press("Held-out mistakes");
    window.until("the mistakes are found", |workspace| workspace.jobs.is_empty());
    assert!(window.shows(&format!("{wrong} of 60 rows")));

    window.go(Screen::Runs);
    let name = "reviews-bert-classify-1";
    assert!(window.shows("5 folds") && !window.shows(&format!("Open {name}/fold-1")));
    window.press(&format!("Show the folds of {name}"));
    assert!(window.shows(&format!("Open {name}/fold-5")));
    assert!(!window.shows(&format!("Explore {name} ")) && window.shows(&format!("Explore {name}/fold-1")));
    window.press(&format!("Clone {name}"));
    window.until("the form is that of the run", |workspace| workspace.draft.run.folds == 5 && is_planned(workspace));
}

#[test]
fn one_slider_goes_through_the_states_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(folder.path());
    planned(&mut window, folder.path(), 60);
    press_below(&mut window, "Keep states to look back");
    window.until("the states are planned", |workspace| {
        workspace.draft.run.keep_checkpoints == 11 && is_planned(workspace)
    });
    let kept_states = window.workspace().plan.as_ref().unwrap().kept_states(&window.workspace().draft).unwrap();
    assert_eq!(kept_states.count, 9, "before the first of 8 updates and after each");
    assert!(window.shows("9 states of"));
    run(&mut window);
    let dir = folder.path().join("runs/reviews-bert-classify-1");
    let states = kept::states(&dir);
    assert_eq!(states.len(), 9);
    assert!(states.iter().all(|state| state.bytes >= kept_states.each && state.bytes < kept_states.each + 20_000));

    window.press("Try it");
    let said = |workspace: &Workspace| workspace.explore.answer.as_ref()?.to::<Question>().cloned();
    window.until("the model answers", |workspace| said(workspace).is_some());
    let before = said(window.workspace()).unwrap();
    assert!(window.shows("Time machine") && window.shows("the kept weights"));
    window.harness.get_by_role_and_label(Role::Slider, "State of the run").focus();
    window.harness.run_steps(2);
    window.harness.key_press(egui::Key::Home);
    window.until("the first state answers", |workspace| {
        workspace.explore.model.as_ref() == Some(&states[0].dir) && said(workspace).is_some()
    });
    let first = said(window.workspace()).unwrap();
    assert_eq!(first.question.text, before.question.text, "the same text is asked");
    assert_ne!(first.result, before.result);
    assert!(window.shows("step 0 of 8"));
    window.harness.key_press(egui::Key::ArrowRight);
    window.until("the next state answers", |workspace| {
        workspace.explore.model.as_ref() == Some(&states[1].dir) && said(workspace).is_some()
    });

    window.press("Ask every state");
    window.until("every state has answered", |workspace| workspace.worked::<AskStates>().is_some());
    let (work, all) = window.workspace().worked::<AskStates>().unwrap();
    assert_eq!(work.states.len(), 9);
    let answers: Vec<&attune::inspect::Answer> =
        all.iter().map(|said| said.reply.as_ref().unwrap().to::<Question>().unwrap()).collect();
    assert_eq!(answers[0].result, first.result, "what the slider said of it too");
    let steps: Vec<u64> = all.iter().map(|said| said.step).collect();
    assert_eq!(steps, states.iter().map(|state| state.step).collect::<Vec<_>>());
    assert!(window.shows("Turned ") || window.shows("The answer is the same in all states"));
    let last = format!("Step {}: ", states[8].step);
    let cell = window.harness.get_by(|node| node.label().is_some_and(|label| label.starts_with(&last)));
    cell.click();
    window.until("a press goes there", |workspace| workspace.explore.model.as_ref() == Some(&states[8].dir));

    window.go(Screen::Evaluate);
    window.harness.get_by_role_and_label(Role::Slider, "State to evaluate").focus();
    window.harness.run_steps(2);
    window.harness.key_press(egui::Key::Home);
    window.until("the first state is evaluated", |workspace| {
        workspace.jobs.is_empty() && workspace.evaluation.as_ref().is_some_and(|shown| shown.model == states[0].dir)
    });
    assert_eq!(window.workspace().evaluation.as_ref().unwrap().evaluation.predictions.len(), 12);
    let listed = window.workspace().runs.iter().find(|run| run.dir == dir).unwrap();
    assert_eq!(listed.states, states);

    // Another file stays while one goes through the states, and one press leads back to what was held out.
    let other = folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    let data: Inputs = reviews(&other, 30).into();
    let (model, roles) = (states[0].dir.clone(), Roles::default());
    window.harness.state_mut().act(Action::Evaluate { model, data: data.clone(), roles });
    let is_on = |workspace: &Workspace, dir: &Path, data: Option<&Inputs>| {
        let shown = workspace.evaluation.as_ref().filter(|_| workspace.jobs.is_empty());
        let on = shown.filter(|shown| shown.model == dir).and_then(|shown| shown.on.as_ref());
        on.is_some_and(|on| data.map_or(on.is_held_out, |data| on.data == *data))
    };
    window.until("the file is evaluated", |workspace| is_on(workspace, &states[0].dir, Some(&data)));
    window.harness.get_by_role_and_label(Role::Slider, "State to evaluate").focus();
    window.harness.run_steps(2);
    window.harness.key_press(egui::Key::ArrowRight);
    window.until("the next state is, on the same file", |workspace| is_on(workspace, &states[1].dir, Some(&data)));
    assert!(window.shows("Run's model on reviews.csv"));
    window.press("Run's model");
    window.until("the held-out rows are back", |workspace| is_on(workspace, &dir.join("model"), None));
}

#[test]
fn a_column_of_parts_is_shown_with_what_it_leaves_out_with_and_without_folds() {
    let folder = tempfile::tempdir().unwrap();
    let row = |row: usize| {
        let part = ["train", "train", "dev", "test"][row % 4];
        format!("{row},a text {row},{},{part}\n", ["bad", "good"][row / 4 % 2])
    };
    let data = folder.path().join("rows.csv");
    std::fs::write(&data, format!("id,text,label,split\n{}", (0..40).map(row).collect::<String>())).unwrap();
    let mut window = Window::open(folder.path());
    window.harness.state_mut().act(Action::OpenData(data.into()));
    let is_read = |workspace: &Workspace| workspace.data.loaded.is_some() && workspace.jobs.is_empty();
    window.until("the rows are divided", is_read);
    window.go(Screen::Data);
    assert!(window.shows("\"train\" (20): learned from") && window.shows("\"dev\" (10): evaluated on"));
    assert!(window.shows("\"test\" (10): left out") && window.shows("Test 10, left out"));
    assert!(!window.shows("Seed in Data"), "nothing is drawn");

    let rule = SplitRule { fold: Some(Fold { number: 1, of: 5 }), ..window.workspace().data.rule.clone() };
    window.harness.state_mut().act(Action::SetSplit(rule.clone()));
    window.until("the rows are dealt", |workspace| workspace.data.folds() == 5 && is_read(workspace));
    assert!(window.shows("Every row but the 10 of test is held out once, in 5 runs"));
    assert!(window.shows("Group column") && window.shows("\"dev\" (10): dealt over the folds"));

    window.harness.state_mut().act(Action::SetSplit(SplitRule { fold: None, ..rule }));
    window.until("the rows are divided again", |workspace| workspace.data.folds() == 0 && is_read(workspace));
    press_below(&mut window, "A share");
    let is_drawn = |workspace: &Workspace| workspace.data.roles.split.as_deref() == Some("") && is_read(workspace);
    window.until("a share is drawn", is_drawn);
    assert!(!window.shows("Test 10, left out") && window.shows("Seed in Data"));
    let split = &window.workspace().data.loaded.as_ref().unwrap().split;
    assert_eq!(split.train.len() + split.eval.len(), 40);
    press_below(&mut window, "A column");
    window.until("the column is found again", |workspace| {
        workspace.data.roles.split.as_deref() == Some("split") && is_read(workspace)
    });
    assert!(window.shows("Test 10, left out"));
}
