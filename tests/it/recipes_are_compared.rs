//! Recipes and the queue in the real window with the real worker: planned, trained one after the other, and compared.

use std::path::Path;

use attune::recipes;
use attune::train::config::{RunConfig, StrategyKind};
use attune::ui::action::QueueAction;
use attune::ui::workspace::Workspace;
use attune::ui::workspace::queue::{Held, Outcome};
use attune::ui::{Action, Screen};
use attune::worker::works::compare::CompareRuns;
use attune::worker::works::recipe::PlanRecipe;
use egui_kittest::kittest::Queryable;

use crate::journey::Window;
use crate::models_match_the_reference::golden;
use crate::worker_keeps_its_word::reviews;

fn is_quiet(workspace: &Workspace) -> bool {
    workspace.jobs.is_empty()
}

/// A window in which reviews are open and a small model can be chosen.
fn window(folder: &Path) -> Window {
    let mut window = Window::open(folder);
    window.harness.state_mut().act(Action::AddModelFolder(golden().join("bert-classify")));
    window.harness.state_mut().act(Action::OpenData(reviews(folder, 120).into()));
    window.until("data and model are there", |workspace| {
        workspace.data.loaded.is_some()
            && workspace.models.iter().any(|entry| entry.name == "bert-classify")
            && is_quiet(workspace)
    });
    window.go(Screen::Home);
    window
}

fn press_below(window: &mut Window, label: &str) {
    window.harness.get_by_label(label).click_accesskit();
    window.harness.run_steps(3);
}

/// Opens a recipe on the open data with the small model, and waits for what it would run.
fn set_up(window: &mut Window, title: &str) {
    press_below(window, &format!("Recipe: {title}"));
    press_below(window, "reviews.csv");
    press_below(window, "Encoder");
    press_below(window, "bert-classify");
    press_below(window, "A twentieth");
    window.until("the runs are planned", |workspace| {
        let planned = workspace.worked::<PlanRecipe>();
        let is_meant = |work: &PlanRecipe| {
            work.share < 0.1 && work.forms.iter().all(|form| form.config.model.path.is_some()) && work.sample.is_none()
        };
        is_quiet(workspace) && planned.is_some_and(|(work, runs)| is_meant(work) && runs.iter().all(Result::is_ok))
    });
}

fn kept(dir: &Path) -> RunConfig {
    toml::from_str(&std::fs::read_to_string(dir.join("run.toml")).unwrap()).unwrap()
}

#[test]
fn a_recipe_is_one_press_and_ends_where_its_runs_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = window(folder.path());
    set_up(&mut window, "Feature extraction or full fine-tuning");
    assert!(window.shows("Trainable layers = head") && window.shows("About") && window.shows("judged on 24"));
    press_below(&mut window, "3 seeds");
    press_below(&mut window, "1 seed");
    press_below(&mut window, "Start 2 runs");
    assert_eq!(window.workspace().screen, Screen::Train);
    window.until("both have ended and are compared", |workspace| {
        workspace.screen == Screen::Runs && workspace.worked::<CompareRuns>().is_some() && is_quiet(workspace)
    });
    assert!(window.shows("2 runs compared") && window.shows("Time for each run: Head only"));
    assert!(window.shows("Head only and Full") || window.shows("by more than chance"));
    assert!(window.shows("The runs had 5.0 % of the recommended epochs"), "what limits the result is said");
    let course = window.workspace().queue.course("features").unwrap().clone();
    assert!(course.is_over && course.runs.iter().all(|run| run.outcome == Outcome::Finished));
    let [head, full] = [0, 1].map(|place| kept(&course.runs[place].dir));
    assert_eq!([head.strategy.kind, full.strategy.kind], [StrategyKind::Head, StrategyKind::Full]);
    assert_eq!((&head.data, &head.model, head.run.seed), (&full.data, &full.model, full.run.seed));
    window.go(Screen::Home);
    press_below(&mut window, "Result of Feature extraction or full fine-tuning");
    assert!(window.workspace().screen == Screen::Runs && window.shows("2 runs compared"));
}

#[test]
fn a_student_learns_from_the_teacher_that_the_recipe_has_trained() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = window(folder.path());
    set_up(&mut window, "Teacher and student");
    assert!(window.shows("1 layer") && window.shows("Soft share of the teacher = 0.5"));
    press_below(&mut window, "Start 3 runs");
    window.until("all have ended and are compared", |workspace| {
        workspace.screen == Screen::Runs && workspace.worked::<CompareRuns>().is_some() && is_quiet(workspace)
    });
    let course = window.workspace().queue.course("teacher").unwrap().clone();
    assert!(course.runs.iter().all(|run| run.outcome == Outcome::Finished), "{course:?}");
    for (place, soft) in [(1, 0.5), (2, 0.0)] {
        let distill = kept(&course.runs[place].dir).distill.unwrap();
        assert_eq!((distill.soft, distill.layers), (soft, Some(1)));
        assert!(distill.teacher.ends_with(course.runs[0].dir.file_name().unwrap()));
    }
    assert!(window.shows("Taught student") && window.shows("Student alone"));
}

#[test]
fn what_is_missing_is_named_with_the_way_to_get_it_and_nothing_can_be_started() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(folder.path());
    press_below(&mut window, "Recipe: ELECTRA-type or BERT-type on names");
    assert!(window.shows("None of this kind is here, and nothing can stand in for it"));
    assert!(window.shows("Fetch google/electra-small-discriminator") && window.shows("Attune is offline"));
    assert!(window.shows("To use your own texts, open sentences with names in them first"));
    press_below(&mut window, "Start 2 runs");
    assert!(window.workspace().queue.is_empty() && window.workspace().training.is_none());
    press_below(&mut window, "Close the recipe");
    press_below(&mut window, "Recipe: A large encoder or a distilled one");
    assert!(window.shows("attune-mini stands in for it"));
    assert!(window.shows("attune-mini with half of its layers stands in for it"));
    window.until("the smaller one is made and both are planned", |workspace| {
        let planned = workspace.worked::<PlanRecipe>();
        is_quiet(workspace) && planned.is_some_and(|(_, runs)| runs.iter().all(Result::is_ok))
    });
    assert!(folder.path().join("attune-mini-half/model.safetensors").is_file());
    let plans = window.workspace().worked::<PlanRecipe>().unwrap().1.clone();
    let [larger, smaller] = [0, 1].map(|place| plans[place].as_ref().unwrap().plan.clone());
    assert!(smaller.parameters < larger.parameters && smaller.seconds < larger.seconds);
}

#[test]
fn the_next_run_waits_for_the_one_in_progress_and_a_stop_holds_those_that_wait() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = window(folder.path());
    window.harness.state_mut().act(Action::OpenModel(golden().join("bert-classify")));
    let is_planned = |workspace: &Workspace| workspace.plan.is_some() && is_quiet(workspace);
    window.until("the run is planned", is_planned);
    let mut draft = window.workspace().draft.clone();
    (draft.run.max_steps, draft.data.max_tokens) = (Some(100_000), 16);
    window.harness.state_mut().act(Action::Edit(Box::new(draft)));
    window.until("the form is changed", |workspace| workspace.draft.run.max_steps.is_some() && is_planned(workspace));
    window.go(Screen::Train);
    window.press("Start training");
    window.until("it trains", |workspace| workspace.run.as_ref().is_some_and(|run| run.step > 0));
    window.press("Next run");
    let mut draft = window.workspace().draft.clone();
    draft.run.max_steps = Some(3);
    window.harness.state_mut().act(Action::Edit(Box::new(draft)));
    let trains_alone = |workspace: &Workspace| workspace.jobs.len() == 1 && workspace.plan.is_some();
    window
        .until("the next is planned", |workspace| workspace.draft.run.max_steps == Some(3) && trains_alone(workspace));
    window.press("Add to queue");
    window.until("it is planned anew", trains_alone);
    window.press("Add to queue");
    window.press("Queue: 2 waiting");
    assert!(window.shows("Take out reviews-bert-classify-3"));
    window.press("Move up reviews-bert-classify-3");
    let order: Vec<String> =
        window.workspace().queue.waiting().map(|run| attune::ui::format::file_name(&run.config.run.out)).collect();
    assert_eq!(order, ["reviews-bert-classify-3", "reviews-bert-classify-2"]);
    window.press("Take out reviews-bert-classify-3");
    window.harness.state_mut().act(Action::StopRun);
    window.until("the run has stopped", |workspace| workspace.training.is_none());
    assert_eq!(window.workspace().queue.held, Some(Held::Stopped));
    assert!(window.shows("Held, because a run was stopped"));
    window.press("Go on with the queue");
    window.until("the one that waited has ended", |workspace| {
        workspace.runs.iter().any(|run| run.name == "reviews-bert-classify-2" && run.step == 3)
            && workspace.training.is_none()
    });
    assert!(window.workspace().queue.is_empty());
    window.harness.state_mut().act(Action::Queue(QueueAction::GoOn));
    assert_eq!(recipes::all().len(), 8);
}
