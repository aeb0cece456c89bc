//! Train, Evaluate and Explore by themselves: what they show of a workspace, and which actions a person's clicks and
//! keys become. Nothing is drawn on a screen; parts are found by the words a screen reader would say.
#![expect(clippy::unwrap_used, reason = "a broken scene is a broken test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use attune::data::health::{Finding, FindingKind};
use attune::data::{Dataset, Roles, Split};
use attune::inspect::{AnyInquiry, Question};
use attune::model::{Precision, Products};
use attune::table::Table;
use attune::task::Task;
use attune::train::config::{Fit, StrategyKind};
use attune::train::event::TrainEvent;
use attune::train::precision::has_bf16;
use attune::ui::panels::evaluate::EvaluatePanel;
use attune::ui::panels::explore::ExplorePanel;
use attune::ui::panels::train::TrainPanel;
use attune::ui::tiles::{self, Tiled, Tree};
use attune::ui::workspace::run::Status;
use attune::ui::workspace::{JobKind, Offered, RunView, Screen};
use attune::ui::{Action, Cx, Palette, Workspace};
use attune::worker::protocol::{Command, Event, EventKind, JobId, LoadedDataset, Payload};
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use crate::script;

/// One screen with what it shows and what came of it.
struct Scene {
    workspace: Workspace,
    panel: Box<dyn Tiled>,
    tree: Tree,
    actions: Vec<Action>,
    /// What is done with an action, instead of the application.
    perform: fn(&mut Workspace, &Action),
}

fn scene(
    panel: impl Tiled + 'static,
    workspace: Workspace,
    perform: fn(&mut Workspace, &Action),
) -> Harness<'static, Scene> {
    let tree = tiles::first_tree("screen", &panel.layout());
    let scene = Scene { workspace, panel: Box::new(panel), tree, actions: Vec::new(), perform };
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1440.0, 900.0))
        .with_max_steps(64)
        .with_context_setup(script::dress)
        .build_ui_state(draw, scene);
    harness.run_ok();
    harness
}

fn draw(ui: &mut egui::Ui, scene: &mut Scene) {
    let mut actions = Vec::new();
    let palette = Palette::current(ui);
    let mut cx = Cx { workspace: &scene.workspace, actions: &mut actions, palette };
    scene.panel.prepare(&cx);
    if !tiles::fits(&scene.tree, &scene.panel.layout()) {
        scene.tree = tiles::first_tree("screen", &scene.panel.layout());
    }
    tiles::show(&mut scene.tree, scene.panel.as_mut(), ui, &mut cx);
    for action in &actions {
        (scene.perform)(&mut scene.workspace, action);
    }
    scene.actions.extend(actions);
}

fn nothing(_: &mut Workspace, _: &Action) {}

fn edits(workspace: &mut Workspace, action: &Action) {
    match action {
        Action::Edit(config) => workspace.edit((**config).clone()),
        Action::Unread(fields) => workspace.unread.clone_from(fields),
        _ => {}
    }
}

fn workspace() -> Workspace {
    Workspace::new(Vec::new(), PathBuf::from("/runs"))
}

fn with_data(workspace: &mut Workspace) {
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    let rows: String = (0..40).map(|row| format!("text number {row},{}\n", ["good", "bad"][row % 2])).collect();
    std::io::Write::write_all(&mut file, format!("text,label\n{rows}").as_bytes()).unwrap();
    let table = Arc::new(Table::open(file.path()).unwrap());
    let roles = Roles { text: Some("text".into()), label: Some("label".into()), ..Roles::default() };
    let dataset = Arc::new(Dataset::new(table.clone(), Task::Classify, &roles, None).unwrap());
    workspace.data.table = Some(table);
    workspace.data.loaded = Some(Arc::new(LoadedDataset::new(dataset, Split::default(), None, Vec::new())));
}

fn ready() -> Workspace {
    let mut workspace = workspace();
    with_data(&mut workspace);
    workspace.model = Some(Arc::new(script::card(Path::new("/cache/minilm"))));
    workspace
}

/// A run with the first `steps` of the scripted events, as the workspace would hold it.
fn running(events: usize) -> Workspace {
    let mut workspace = ready();
    let config = script::config(Path::new("/runs/one"));
    workspace.draft.data.train.clone_from(&config.data.train);
    let mut run = RunView::new("/runs/one".into(), config.clone());
    for event in script::training(&config, 60).iter().take(events) {
        run.apply(event, 0.0);
    }
    if run.status.is_live() {
        workspace.follow(JobKind::Train { out: "/runs/one".into() }, "Training");
    }
    workspace.run = Some(run);
    workspace
}

fn said(harness: &Harness<'_, Scene>, wanted: impl Fn(&Action) -> bool) -> bool {
    harness.state().actions.iter().any(wanted)
}

#[test]
fn what_is_missing_is_said_with_the_way_to_it() {
    let mut train = scene(TrainPanel::default(), workspace(), nothing);
    train.get_by_label("Choose data and a model to see the estimated time and memory");
    train.get_by_label("Choose data…").click();
    train.run_ok();
    train.get_by_label("Choose a model…").click();
    train.get_by_label("Start training").click();
    train.run_ok();
    assert!(said(&train, |action| *action == Action::Go(Screen::Data)));
    assert!(said(&train, |action| *action == Action::Go(Screen::Model)));
    assert!(!said(&train, |action| *action == Action::StartRun), "nothing can be started without data and a model");
}

#[test]
fn a_click_on_a_cell_freezes_it_and_the_preset_follows() {
    let mut train = scene(TrainPanel::default(), ready(), edits);
    train.get_by_label("Freeze layer 3").click();
    train.run_ok();
    let strategy = &train.state().workspace.draft.strategy;
    assert_eq!(strategy.kind, StrategyKind::Custom);
    assert_eq!(strategy.frozen, ["layers.2"]);
    train.get_by_label("Head only").click();
    train.run_ok();
    assert_eq!(train.state().workspace.draft.strategy.kind, StrategyKind::Head);
    train.get_by_label("Custom").click();
    train.run_ok();
    assert_eq!(train.state().workspace.draft.strategy.frozen, ["embeddings", "layers.0-5"]);
}

#[test]
fn few_rows_of_a_class_are_told_with_what_learns_most_from_them() {
    let mut workspace = ready();
    let loaded = workspace.data.loaded.take().unwrap();
    let split = Split { train: (0..32).collect(), eval: (32..40).collect() };
    let few = LoadedDataset::new(loaded.dataset.clone(), split, None, Vec::new());
    workspace.data.loaded = Some(Arc::new(few));
    let mut train = scene(TrainPanel::default(), workspace, edits);
    train.get_by_label("Few examples per class: 16 of each of 2");
    train.get_by_label("Learn from pairs").click();
    train.run_ok();
    let strategy = &train.state().workspace.draft.strategy;
    assert_eq!((strategy.kind, strategy.fit), (StrategyKind::Full, Fit::Contrastive));
    assert!(train.query_by_label("Learn from pairs").is_none(), "it is taken");
    train.get_by_label("Head only").click();
    train.run_ok();
    train.get_by_label("Logistic").click();
    train.run_ok();
    assert_eq!(train.state().workspace.draft.strategy.fit, Fit::Logistic);
    assert!(train.query_by_label("Peak rate").is_none(), "what is fitted at once has no rate");
    train.get_by_label("Full").click();
    train.run_ok();
    assert_eq!(train.state().workspace.draft.strategy.fit, Fit::Gradient);
}

#[test]
fn adapters_are_put_on_the_layers_whose_chips_are_pressed() {
    let mut train = scene(TrainPanel::default(), ready(), edits);
    train.get_by_label("LoRA").click();
    train.run_ok();
    assert_eq!(train.state().workspace.draft.strategy.kind, StrategyKind::Lora);
    for chip in ["Adapters on key", "Adapters on query", "Adapters on feed-forward out"] {
        train.get_by_label(chip).click();
        train.run_ok();
    }
    let lora = &train.state().workspace.draft.strategy.lora;
    assert_eq!(lora.targets, ["key", "value", "feed_forward_output"]);
    train.get_by_label("How it is computed: LoRA").click();
    train.run_ok();
    assert!(train.query_by_label("Hu et al., 2021: LoRA").is_some());
}

#[test]
fn the_freeze_map_needs_no_mouse() {
    let mut train = scene(TrainPanel::default(), ready(), edits);
    train.get_by_label("Freeze embeddings").focus();
    train.run_ok();
    train.key_press(egui::Key::ArrowRight);
    train.run_ok();
    train.key_press(egui::Key::Space);
    train.run_ok();
    assert_eq!(train.state().workspace.draft.strategy.frozen, ["layers.0"]);
}

#[test]
fn a_drag_over_cells_paints_them_all() {
    let mut train = scene(TrainPanel::default(), ready(), edits);
    let from = train.get_by_label("Freeze layer 2").rect().center();
    let to = train.get_by_label("Freeze layer 5").rect().center();
    train.drag_at(from);
    train.run_ok();
    train.hover_at(from + egui::vec2(12.0, 0.0));
    train.run_ok();
    train.hover_at(to);
    train.run_ok();
    train.drop_at(to);
    train.run_ok();
    assert_eq!(train.state().workspace.draft.strategy.frozen, ["layers.1-4"]);
}

#[test]
fn everything_there_is_to_choose_appears_for_the_expert() {
    let mut train = scene(TrainPanel::default(), ready(), edits);
    assert!(train.query_by_label("Weight decay").is_none());
    train.get_by_label("Expert").click();
    train.run_ok();
    for field in
        ["Weight decay", "Label smoothing", "Micro-batch", "Layer-wise decay", "Seed", "Output folder", "Device"]
    {
        assert!(train.query_all_by_label(field).next().is_some(), "no field {field}");
    }
    train.get_by_label("Override dropout").scroll_to_me();
    train.run_ok();
    train.get_by_label("Override dropout").click();
    train.run_ok();
    let dropout = train.state().workspace.draft.run.dropout;
    assert!(matches!(dropout, attune::train::config::Dropout::Rate(_)), "{dropout:?}");
}

#[test]
fn products_in_bfloat16_are_offered_where_the_processor_has_them_and_can_be_taken_back_elsewhere() {
    const NAME: &str = "Products in bfloat16";
    let mut train = scene(TrainPanel::default(), ready(), edits);
    assert!(train.query_by_label(NAME).is_none());
    train.get_by_label("Expert").click();
    train.run_ok();
    assert_eq!(train.query_by_label(NAME).is_some(), has_bf16());

    let mut workspace = ready();
    workspace.draft.run.precision = Products::Bf16;
    let mut train = scene(TrainPanel::default(), workspace, edits);
    train.get_by_label("Expert").click();
    train.run_ok();
    train.get_by_label(NAME).scroll_to_me();
    train.run_ok();
    train.get_by_label(NAME).click();
    train.run_ok();
    assert_eq!(train.state().workspace.draft.run.precision, Products::F32);
}

/// Types a learning rate.
fn enter(train: &mut Harness<'_, Scene>, words: &str) {
    train.get_by_role_and_label(Role::SpinButton, "Learning rate").focus();
    train.run_ok();
    train.get_by_role_and_label(Role::SpinButton, "Learning rate").type_text(words);
    train.key_press(egui::Key::Enter);
    train.run_ok();
}

#[test]
fn nothing_is_started_while_a_number_cannot_be_read() {
    let mut train = scene(TrainPanel::default(), ready(), edits);
    let is_startable =
        |train: &Harness<'_, Scene>| !train.get_by_label("Start training").accesskit_node().is_disabled();
    assert!(is_startable(&train));
    enter(&mut train, "2e-5 or so");
    assert_eq!(train.state().workspace.draft.optim.lr, 2e-5);
    assert_eq!(train.state().workspace.unread.len(), 1);
    assert!(!is_startable(&train));
    train.get_by_label("“2e-5 or so” is not a number; still using 2e-5");
    train.get_by_label("Fix first: Learning rate");
    enter(&mut train, "1,5e-4");
    assert_eq!(train.state().workspace.draft.optim.lr, 1.5e-4);
    assert!(is_startable(&train) && train.state().workspace.unread.is_empty());
}

/// A run of classes that has ended with this share of `rows` right, half of which the largest class has.
fn ended(right: f64, rows: usize) -> Workspace {
    let mut workspace = ready();
    let config = script::config(Path::new("/runs/one"));
    let mut run = RunView::new("/runs/one".into(), config.clone());
    for mut event in script::training(&config, 60) {
        match &mut event {
            TrainEvent::Started { eval_examples, .. } => *eval_examples = rows,
            TrainEvent::Eval { metrics, baseline, .. } => {
                metrics.insert("accuracy".into(), right);
                baseline.insert("accuracy".into(), 0.5);
            }
            _ => {}
        }
        run.apply(&event, 0.0);
    }
    workspace.draft.data.train.clone_from(&config.data.train);
    workspace.run = Some(run);
    workspace
}

#[test]
fn a_run_that_gained_nothing_is_told_so_with_what_to_try_next() {
    let cases = [
        (0.5, 500, "No better than always answering the most frequent class (50.0 %)"),
        (0.4, 12, "No better than always answering the most frequent class (50.0 %)"),
        (7.0 / 12.0, 12, "7 of 12 right, baseline 6 of 12"),
        (0.913, 500, "41.3 points above the majority baseline, 50.0 %"),
    ];
    for (right, rows, words) in cases {
        let train = scene(TrainPanel::default(), ended(right, rows), nothing);
        train.get_by_label_contains(words);
        let is_advised = train.query_by_label_contains("Raise the rate").is_some();
        assert_eq!(is_advised, words.starts_with("No better"), "{words}");
    }
}

#[test]
fn a_wrong_seed_of_the_data_holds_the_start_back() {
    let mut workspace = ready();
    let field = "Seed in Data".into();
    let why = "“abc” is not a number; still using 42".into();
    workspace.data.unread = vec![attune::ui::widgets::number::Wrong { field, why }];
    let train = scene(TrainPanel::default(), workspace, edits);
    train.get_by_label("Fix first: Seed in Data");
    assert!(train.get_by_label("Start training").accesskit_node().is_disabled());
}

#[test]
fn what_could_not_be_read_and_is_hidden_is_said_to_be_discarded() {
    let mut train = scene(TrainPanel::default(), ready(), edits);
    train.get_by_label("Expert").click();
    train.run_ok();
    train.get_by_role_and_label(Role::SpinButton, "Micro-batch");
    train.get_by_role_and_label(Role::SpinButton, "Weight decay").focus();
    train.run_ok();
    train.get_by_role_and_label(Role::SpinButton, "Weight decay").type_text("abc");
    train.key_press(egui::Key::Enter);
    train.run_ok();
    train.get_by_label("Fix first: Weight decay");
    train.get_by_label("Simple").click();
    train.run_ok();
    train.get_by_label_contains("Weight decay, discarded: “abc” is not a number");
    assert!(train.query_by_label_contains("Fix first").is_none());
    assert_eq!(train.state().workspace.draft.optim.weight_decay, 0.01);
}

#[test]
fn a_rate_of_nothing_is_refused_and_a_high_one_warned_of() {
    let mut train = scene(TrainPanel::default(), ready(), edits);
    enter(&mut train, "0");
    train.get_by_label("“0” must be above 0 and at most 1; still using 2e-5");
    enter(&mut train, "1,000");
    train.get_by_label("“1,000” can be read as 1 or as 1000: write the one you mean; still using 2e-5");
    assert!(train.query_by_label_contains("A rate this high").is_none());
    enter(&mut train, "0.05");
    train.get_by_label_contains("A rate this high");
}

#[test]
fn a_run_that_is_being_stopped_says_what_it_waits_for_and_then_what_is_kept() {
    let mut workspace = running(25);
    let job = workspace.training.unwrap();
    workspace.job_mut(job).unwrap().stopping = true;
    let train = scene(TrainPanel::default(), workspace, nothing);
    train.get_by_label("Finishing the step and saving…");
    assert!(train.query_by_label_contains("Left ").is_none());
    let mut workspace = running(8);
    workspace.training = None;
    let run = workspace.run.as_mut().unwrap();
    run.stop(5.0);
    assert!(run.best.is_none() && run.step > 0);
    let train = scene(TrainPanel::default(), workspace, nothing);
    train.get_by_label_contains("the weights are kept in");
}

#[test]
fn problems_of_the_data_are_told_before_the_start_with_the_way_to_them() {
    let mut workspace = ready();
    let mut loaded = (**workspace.data.loaded.as_ref().unwrap()).clone();
    let finding = |kind| Finding { kind, task: Task::Classify, count: 2, places: Vec::new(), rows: vec![1, 2] };
    loaded.findings =
        vec![finding(FindingKind::Duplicates), finding(FindingKind::UnusedTexts { columns: vec!["title".into()] })];
    workspace.data.loaded = Some(Arc::new(loaded));
    let mut train = scene(TrainPanel::default(), workspace, nothing);
    train.get_by_label("2 problems in the data: duplicates, unused texts").click();
    train.run_ok();
    assert!(said(&train, |action| *action == Action::ShowHealth));
}

#[test]
fn a_run_in_progress_is_shown_and_its_form_cannot_be_changed() {
    let mut train = scene(TrainPanel::default(), running(25), edits);
    train.get_by_label("Running");
    train.get_by_label("Step 23 / 60");
    train.get_by_label_contains("Loss chart, training");
    train.get_by_label_contains("Learning rate chart");
    train.get_by_label("Freeze layer 3").click();
    train.run_ok();
    assert!(!said(&train, |action| matches!(action, Action::Edit(_))));
    train.get_by_label("Next run").click();
    train.run_ok();
    train.get_by_label("Freeze layer 3").click();
    train.run_ok();
    assert_eq!(train.state().workspace.draft.strategy.frozen, ["layers.2"], "what is edited is the next run");
    train.get_by_label("Stop and keep").click();
    train.run_ok();
    assert!(said(&train, |action| *action == Action::StopRun));
}

#[test]
fn space_pauses_a_run_and_lets_it_go_on() {
    let perform = |workspace: &mut Workspace, action: &Action| {
        let paused = matches!(action, Action::PauseRun);
        if paused || matches!(action, Action::ResumeRun) {
            let job = workspace.training.unwrap();
            workspace.job_mut(job).unwrap().paused = paused;
            workspace.run.as_mut().unwrap().set_paused(paused, 10.0);
        }
    };
    let mut train = scene(TrainPanel::default(), running(25), perform);
    train.key_press(egui::Key::Space);
    train.run_ok();
    train.get_by_label("Paused");
    train.key_press(egui::Key::Space);
    train.run_ok();
    assert_eq!(train.state().workspace.run.as_ref().unwrap().status, Status::Running);
}

#[test]
fn the_end_of_a_run_leads_on_to_its_mistakes_and_to_trying_it() {
    let mut train = scene(TrainPanel::default(), running(1000), nothing);
    train.get_by_label("Finished");
    train.get_by_label_contains("points above the majority baseline, 41.0 %");
    train.get_by_label("See mistakes").click();
    train.get_by_label("Try it").click();
    train.run_ok();
    assert!(said(&train, |action| *action == Action::Go(Screen::Evaluate)));
    assert!(said(&train, |action| *action == Action::ExploreWith("/runs/one/model".into())));
}

#[test]
fn what_an_ended_run_was_started_with_can_be_read_and_used_again() {
    let mut train = scene(TrainPanel::default(), running(1000), edits);
    train.get_by_label("Start training");
    train.get_by_label("This run").click();
    train.run_ok();
    assert!(train.query_by_label("Start training").is_none());
    train.get_by_label("Use for the next run").click();
    train.run_ok();
    assert!(said(&train, |action| *action == Action::CloneRun("/runs/one".into())));
    assert!(!said(&train, |action| matches!(action, Action::Edit(_))));
}

#[test]
fn a_failed_run_says_what_went_wrong() {
    let mut workspace = running(10);
    workspace.run.as_mut().unwrap().fail("row 17 of \"train.csv\" has 3 columns, expected 2", 5.0);
    let train = scene(TrainPanel::default(), workspace, nothing);
    train.get_by_label("Failed");
    train.get_by_label("Row 17 of \"train.csv\" has 3 columns, expected 2");
}

#[test]
fn a_skipped_step_is_flagged_where_it_happened() {
    let mut workspace = running(30);
    let config = script::config(Path::new("/runs/one"));
    let step = script::train_step(&config, 30, 60);
    let skipped = attune::train::event::Step { loss: f64::NAN, skipped: true, ..step };
    workspace.run.as_mut().unwrap().apply(&TrainEvent::Step(skipped), 0.0);
    let train = scene(TrainPanel::default(), workspace, nothing);
    train.get_by_label("Skipped steps 1");
    let flags = train.query_all_by_label("Skipped, the loss or gradient was not finite at step 30").count();
    assert!(flags >= 4, "{flags} of the charts show it");
}

#[test]
fn a_cell_of_the_matrix_filters_the_list_and_a_chip_clears_it() {
    let mut workspace = workspace();
    let data = script::evaluation(Path::new("/runs/one/model"), Path::new("reviews.csv"));
    let count = data.evaluation.confusion[0][1];
    let mistakes: u64 = (0..3)
        .map(|row| data.evaluation.confusion[row].iter().sum::<u64>() - data.evaluation.confusion[row][row])
        .sum();
    workspace.evaluation = Some(Arc::new(data));
    let mut evaluate = scene(EvaluatePanel::default(), workspace, nothing);
    evaluate.get_by_label(&format!("{mistakes} of 122"));
    evaluate.get_by_label_contains("of mixed predicted as negative").click();
    evaluate.run_ok();
    evaluate.get_by_label(&format!("{count} of 122"));
    // What is shown whole, and can be taken to Explore, is one of them.
    let listed = opened(&mut evaluate);
    assert!(evaluate.query_by_label_contains(&format!("{listed}, correct mixed, predicted negative")).is_some());
    evaluate.get_by_label("Clear the filter").click();
    evaluate.run_ok();
    evaluate.get_by_label(&format!("{mistakes} of 122"));
    evaluate.get_by_label("All").click();
    evaluate.run_ok();
    evaluate.get_by_label("122 of 122");
}

/// The text that is opened in Explore.
fn opened(evaluate: &mut Harness<'_, Scene>) -> String {
    evaluate.state_mut().actions.clear();
    evaluate.get_by_label("Open in Explore").click();
    evaluate.run_ok();
    let sent = evaluate.state().actions.iter().find_map(|action| match action {
        Action::Predict { text, .. } => Some(text.clone()),
        _ => None,
    });
    sent.expect("a text is sent")
}

#[test]
fn metrics_stand_against_the_baseline_and_classes_can_be_sorted() {
    let mut workspace = workspace();
    workspace.evaluation = Some(Arc::new(script::evaluation(Path::new("/runs/one/model"), Path::new("reviews.csv"))));
    let mut evaluate = scene(EvaluatePanel::default(), workspace, nothing);
    evaluate.get_by_label_contains("vs baseline 33.6 %");
    evaluate.get_by_label("Sort by class").click();
    evaluate.run_ok();
    let place = |name: &str| evaluate.get_by_label_contains(&format!("Class {name}, F1")).rect().top();
    assert!(place("mixed") < place("negative") && place("negative") < place("positive"));
}

#[test]
fn an_example_is_read_whole_and_taken_to_explore() {
    let mut workspace = workspace();
    workspace.evaluation = Some(Arc::new(script::evaluation(Path::new("/runs/one/model"), Path::new("reviews.csv"))));
    let mut evaluate = scene(EvaluatePanel::default(), workspace, nothing);
    evaluate.get_by_label("Open in Explore").click();
    evaluate.run_ok();
    assert!(said(&evaluate, |action| *action == Action::ExploreWith("/runs/one/model".into())));
    let asked = |action: &Action| matches!(action, Action::Predict { text, .. } if text.contains('('));
    assert!(said(&evaluate, asked));
}

#[test]
fn nothing_evaluated_yet_leads_to_training() {
    let mut evaluate = scene(EvaluatePanel::default(), workspace(), nothing);
    evaluate.get_by_label("Nothing evaluated yet");
    evaluate.get_by_label("Train a model").click();
    evaluate.run_ok();
    assert!(said(&evaluate, |action| *action == Action::Go(Screen::Train)));
}

/// Follows a request as the application does, and leaves the answer to the test.
fn asks(workspace: &mut Workspace, action: &Action) {
    if let Action::Ask { .. } = action {
        workspace.follow(JobKind::Ask, "Asking");
    }
}

fn asked(harness: &Harness<'_, Scene>) -> Vec<Question> {
    let question =
        |action: &Action| if let Action::Ask { inquiry, .. } = action { inquiry.get().cloned() } else { None };
    harness.state().actions.iter().filter_map(question).collect()
}

fn requests(harness: &Harness<'_, Scene>) -> Vec<String> {
    asked(harness).into_iter().map(|question| question.text).collect()
}

fn explorable() -> Workspace {
    let mut workspace = workspace();
    workspace.explore.model = Some("/runs/one/model".into());
    workspace.explore.subject = Some(Arc::new(script::subject(Path::new("/runs/one/model"))));
    workspace
}

/// Explore after its first text was answered.
fn exploring() -> Harness<'static, Scene> {
    let mut explore = scene(ExplorePanel::default(), explorable(), asks);
    assert_eq!(requests(&explore).len(), 1, "the screen begins with a text");
    reply(&mut explore);
    explore.state_mut().actions.clear();
    explore
}

/// What the scripted worker says of the newest request.
fn reply(harness: &mut Harness<'_, Scene>) {
    let job = harness.state().workspace.explore.pending.unwrap();
    let inquiry = AnyInquiry::new(asked(harness).pop().unwrap());
    say(harness, job, &Command::Ask { job, model: "/runs/one/model".into(), precision: Precision::F32, inquiry });
    harness.state_mut().workspace.apply(Event { job, kind: EventKind::Done });
    harness.run_ok();
}

fn say(harness: &mut Harness<'_, Scene>, job: JobId, command: &Command) {
    for kind in script::answer(command).unwrap() {
        harness.state_mut().workspace.apply(Event { job, kind });
    }
    harness.run_ok();
}

fn type_text(harness: &mut Harness<'_, Scene>, text: &str) {
    harness.get_by_label("Text to try").focus();
    harness.run_ok();
    harness.get_by_label("Text to try").type_text(text);
    harness.run_steps(12);
}

/// Takes away what is written and writes something else.
fn write_anew(harness: &mut Harness<'_, Scene>, text: &str) {
    harness.get_by_label("Clear the text").click();
    harness.run_ok();
    type_text(harness, text);
}

#[test]
fn typing_asks_the_model_and_shows_what_it_says() {
    let mut explore = exploring();
    write_anew(&mut explore, "a good kettle");
    assert_eq!(requests(&explore), ["a good kettle"]);
    reply(&mut explore);
    explore.get_by_label("positive 90.0 %");
    explore.get_by_label("5 tokens");
    explore.get_by_label("6.4 ms");
    assert_eq!(requests(&explore).len(), 1, "the same text is not asked about twice");
}

#[test]
fn the_newest_text_is_asked_about_once_the_model_is_free_again() {
    let mut explore = exploring();
    write_anew(&mut explore, "good");
    type_text(&mut explore, ", or");
    type_text(&mut explore, " not");
    assert_eq!(requests(&explore), ["good"], "the model is still busy with the first");
    reply(&mut explore);
    explore.run_steps(12);
    assert_eq!(requests(&explore), ["good", "good, or not"], "what lay between is never asked about");
    reply(&mut explore);
    explore.get_by_label("negative 84.0 %");
}

#[test]
fn an_answer_that_is_no_longer_followed_changes_nothing() {
    let mut explore = exploring();
    write_anew(&mut explore, "bad");
    let old = explore.state().workspace.explore.pending.unwrap();
    explore.state_mut().workspace.follow(JobKind::Ask, "Asking");
    let inquiry = AnyInquiry::new(Question::of("bad", None));
    say(
        &mut explore,
        old,
        &Command::Ask { job: old, model: "/runs/one/model".into(), precision: Precision::F32, inquiry },
    );
    assert!(explore.query_by_label_contains("negative 84").is_none());
}

#[test]
fn a_text_from_another_screen_takes_the_place_of_the_one_that_is_there() {
    let mut explore = exploring();
    let offered =
        Offered { task: Task::Classify, text: "an example of the test set".into(), pair: None, no_answer: None };
    explore.state_mut().workspace.explore.offered = Some(Arc::new(offered));
    explore.run_steps(12);
    assert_eq!(explore.get_by_label("Text to try").value().as_deref(), Some("an example of the test set"));
    assert_eq!(requests(&explore), ["an example of the test set"]);
}

#[test]
fn a_model_that_cannot_answer_says_why() {
    let mut explore = exploring();
    write_anew(&mut explore, "x");
    let job = explore.state().workspace.explore.pending.unwrap();
    let message = String::from("no model.safetensors in \"/runs/one/model\", expected a Hugging Face folder");
    explore.state_mut().workspace.apply(Event { job, kind: EventKind::Failed { message, detail: None } });
    explore.run_ok();
    explore.get_by_label("The model cannot answer");
    explore.get_by_label_contains("expected a Hugging Face folder");
}

#[test]
fn without_a_model_the_trained_runs_are_offered() {
    let mut workspace = workspace();
    workspace.models = script::models();
    let mut explore = scene(ExplorePanel::default(), workspace, nothing);
    explore.get_by_label("reviews-minilm-1").click();
    explore.run_ok();
    assert!(said(&explore, |action| *action == Action::ExploreWith("/runs/reviews-minilm-1/model".into())));
    let empty = scene(ExplorePanel::default(), Workspace::new(Vec::new(), "/runs".into()), nothing);
    empty.get_by_label("No trained model yet");
}

#[test]
fn numbers_have_a_scatter_and_no_matrix() {
    let mut data = script::evaluation(Path::new("/runs/one/model"), Path::new("reviews.csv"));
    let evaluation = &mut data.evaluation;
    for (place, said) in evaluation.predictions.iter_mut().enumerate() {
        said.gold = attune::metrics::Outcome::Value(place as f64);
        said.predicted = attune::metrics::Outcome::Value(place as f64 + 0.5);
    }
    evaluation.task = Task::Regress;
    evaluation.metrics = BTreeMap::from([("pearson".into(), 0.9)]);
    evaluation.labels.clear();
    evaluation.confusion.clear();
    evaluation.per_class.clear();
    let mut workspace = workspace();
    let job = workspace.follow(JobKind::Evaluate { model: "/m".into() }, "Evaluating");
    workspace.apply(Event { job, kind: EventKind::Payload(Payload::Evaluation(Arc::new(data))) });
    let evaluate = scene(EvaluatePanel::default(), workspace, nothing);
    evaluate.get_by_label("Predicted against Correct value, 122 points");
    evaluate.get_by_label_contains("Pearson 0.9000");
}
