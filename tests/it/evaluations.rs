//! The Evaluate screen for every task: what it counts, lists and narrows down, and what can be moved.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use attune::metrics::{EntityErrorKind, threshold_curve};
use attune::model::{Decisions, Precision};
use attune::ui::panels::evaluate::EvaluatePanel;
use attune::ui::tiles::{self, Tiled as _, Tree};
use attune::ui::workspace::RunView;
use attune::ui::{Action, Cx, Palette, Workspace};
use attune::worker::protocol::{EvaluatedData, EvaluatedOn, ModelEntry, Origin};
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use crate::{evaluated, script};

struct Scene {
    workspace: Workspace,
    panel: EvaluatePanel,
    tree: Tree,
    actions: Vec<Action>,
}

fn scene(data: EvaluatedData) -> Harness<'static, Scene> {
    let mut workspace = Workspace::new(Vec::new(), PathBuf::from("/runs"));
    workspace.evaluation = Some(Arc::new(data));
    let panel = EvaluatePanel::default();
    let tree = tiles::first_tree("screen", &panel.layout());
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1440.0, 900.0))
        .with_max_steps(64)
        .with_context_setup(script::dress)
        .build_ui_state(draw, Scene { workspace, panel, tree, actions: Vec::new() });
    harness.run_ok();
    harness
}

fn draw(ui: &mut egui::Ui, scene: &mut Scene) {
    let palette = Palette::current(ui);
    let mut cx = Cx { workspace: &scene.workspace, actions: &mut scene.actions, palette };
    scene.panel.prepare(&cx);
    tiles::show(&mut scene.tree, &mut scene.panel, ui, &mut cx);
}

fn model() -> &'static Path {
    Path::new("/runs/one/model")
}

#[test]
fn a_kind_of_mistake_filters_the_sentences() {
    let data = evaluated::of_entities(model());
    let report = data.evaluation.entities.clone().unwrap();
    let mut evaluate = scene(data);
    let all = report.totals.errors();
    evaluate.get_by_label(&format!("{all} of {all}"));
    for kind in [EntityErrorKind::Missed, EntityErrorKind::WrongType] {
        let count = report.totals.of(kind);
        assert!(count > 0, "the scene has every kind of mistake");
        evaluate.get_by_label(&format!("{} {count}", kind.title())).click();
        evaluate.run_ok();
        evaluate.get_by_label(&format!("{count} of {all}"));
        evaluate.get_by_label("Clear the filter").click();
        evaluate.run_ok();
        evaluate.get_by_label(&format!("{all} of {all}"));
    }
}

#[test]
fn a_type_and_a_cell_filter_the_sentences_too() {
    let data = evaluated::of_entities(model());
    let report = data.evaluation.entities.clone().unwrap();
    let all = report.totals.errors();
    let mut evaluate = scene(data);
    let person = report.types.iter().position(|name| name == "PER").unwrap();
    let missed = report.per_type[person].missed;
    evaluate.get_by_label(&format!("PER missed: {missed}")).click();
    evaluate.run_ok();
    evaluate.get_by_label(&format!("{missed} of {all}"));
    evaluate.get_by_label_contains("Class PER, F1").click();
    evaluate.run_ok();
    evaluate.get_by_label(&format!("{} of {all}", report.per_type[person].errors()));
    evaluate.get_by_label("All sentences").click();
    evaluate.run_ok();
    evaluate.get_by_label("140 of 140");
    evaluate.get_by_label("Confusion").click();
    evaluate.run_ok();
    let none = report.types.len();
    evaluate.get_by_label_contains("of PER predicted as none").click();
    evaluate.run_ok();
    evaluate.get_by_label(&format!("{} of {all}", report.confusion[person][none]));
}

#[test]
fn a_sentence_is_taken_to_explore_as_it_stands() {
    let mut evaluate = scene(evaluated::of_entities(model()));
    evaluate.get_by_label("Open in Explore").click();
    evaluate.run_ok();
    let asked = |action: &Action| matches!(action, Action::Predict { text, .. } if text.split(' ').count() == 9);
    assert!(evaluate.state().actions.iter().any(asked));
}

#[test]
fn the_best_threshold_for_no_answer_is_one_click_away() {
    let data = evaluated::of_answers(model(), true);
    let report = data.evaluation.answers.clone().unwrap();
    let curve = threshold_curve(&report.questions);
    let best = curve.iter().copied().reduce(|best, at| if at.f1 > best.f1 { at } else { best }).unwrap();
    let mut evaluate = scene(data);
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let answered = curve.iter().rev().find(|point| point.threshold <= 0.0).unwrap();
    let line = |point: &attune::metrics::ThresholdPoint| {
        let [exact, f1, answered] = [point.exact_match, point.f1, point.answered].map(percent);
        format!("All questions 90 {exact} {f1} {answered}")
    };
    evaluate.get_by_label(&line(answered));
    evaluate.get_by_label("Best").click();
    evaluate.run_ok();
    evaluate.get_by_label(&line(&best));
    evaluate.get_by_label("Keep with the model").click();
    evaluate.run_ok();
    let decisions = Decisions { no_answer: Some(best.threshold), ..Decisions::default() };
    let kept = decisions.clone();
    assert_eq!(evaluate.state().actions, [Action::KeepDecisions { model: model().into(), decisions }]);
    assert!(evaluate.query_by_label("Kept with the model").is_none(), "it is not written yet");
    evaluate.state_mut().workspace.kept = Some(kept);
    evaluate.run_ok();
    evaluate.get_by_label("Kept with the model");
    evaluate.get_by_label("As evaluated").click();
    evaluate.run_ok();
    evaluate.get_by_label(&line(answered));
}

#[test]
fn the_threshold_moves_with_the_pointer_and_the_list_follows() {
    let mut evaluate = scene(evaluated::of_answers(model(), true));
    let at = evaluate.get_by_label("Threshold for no answer").rect();
    evaluate.drag_at(at.center());
    evaluate.run_ok();
    evaluate.hover_at(at.left_center() + egui::vec2(42.0, 0.0));
    evaluate.run_ok();
    evaluate.drop_at(at.left_center() + egui::vec2(42.0, 0.0));
    evaluate.run_ok();
    evaluate.get_by_label_contains("Without an answer 22 100.0 % 100.0 % 0.0 %");
    evaluate.get_by_label("Unanswerable").click();
    evaluate.run_ok();
    evaluate.get_by_label("22 of 90");
}

#[test]
fn a_question_goes_to_explore_as_it_was_judged() {
    for allow_no_answer in [true, false] {
        let mut evaluate = scene(evaluated::of_answers(model(), allow_no_answer));
        evaluate.get_by_label("Open in Explore").click();
        evaluate.run_ok();
        let sent = evaluate.state().actions.iter().find_map(|action| match action {
            Action::Predict { no_answer, .. } => Some(*no_answer),
            _ => None,
        });
        assert_eq!(sent, Some(allow_no_answer.then_some(0.0)));
    }
}

#[test]
fn an_evaluation_names_its_file() {
    let mut data = evaluated::of_classes(model());
    data.on = Some(EvaluatedOn { data: "/data/reviews.csv".into(), is_part: true, is_held_out: true, folds: 0 });
    let evaluate = scene(data);
    evaluate.get_by_label("400 examples · text classification · on reviews.csv, the part held out");
}

#[test]
fn an_evaluation_with_8_bit_weights_says_so_and_the_switch_stands_by_the_file() {
    let mut data = evaluated::of_classes(model());
    data.precision = Precision::Int8;
    let mut evaluate = scene(data);
    evaluate.get_by_label("400 examples · text classification · 8-bit weights");
    let entry = ModelEntry { dir: model().into(), origin: Origin::Run, ..script::models()[0].clone() };
    evaluate.state_mut().workspace.models = vec![entry];
    evaluate.get_by_label("Evaluate another file…").click();
    evaluate.run_ok();
    evaluate.get_by_role_and_label(Role::CheckBox, "8-bit weights").click();
    evaluate.run_ok();
    let asked = |action: &Action| matches!(action, Action::AskIn(Precision::Int8));
    assert!(evaluate.state().actions.iter().any(asked));
}

#[test]
fn a_run_that_was_not_evaluated_is_one_press_away_from_it() {
    let mut data = evaluated::of_classes(Path::new("/runs/before/model"));
    data.on = None;
    let mut evaluate = scene(data);
    let mut config = script::config(Path::new("/runs/one"));
    config.data.eval = Some("/data/dev.csv".into());
    let mut run = RunView::new("/runs/one".into(), config);
    run.stop(1.0);
    let workspace = &mut evaluate.state_mut().workspace;
    workspace.run = Some(run);
    evaluate.run_ok();
    assert!(evaluate.query_by_label("Evaluate one on dev.csv").is_none(), "there are no weights");
    let entry = ModelEntry { dir: model().into(), origin: Origin::Run, ..script::models()[0].clone() };
    evaluate.state_mut().workspace.models = vec![entry];
    evaluate.run_ok();
    evaluate.get_by_label("Evaluate one on dev.csv").click();
    evaluate.run_ok();
    let asked = |action: &Action| matches!(action, Action::Evaluate { data, .. } if *data == "/data/dev.csv".into());
    assert!(evaluate.state().actions.iter().any(asked));
}

#[test]
fn where_every_question_is_answered_there_is_no_threshold() {
    let evaluate = scene(evaluated::of_answers(model(), false));
    assert!(evaluate.query_by_label("Threshold for no answer").is_none());
    evaluate.get_by_label("F1 histogram of 90 questions");
    evaluate.get_by_label_contains("window 2");
}

#[test]
fn a_threshold_of_a_label_changes_its_numbers_at_once() {
    let data = evaluated::of_labels(model());
    let micro = data.evaluation.metrics["f1_micro"];
    let mut evaluate = scene(data);
    // The tile above says the first of them too, and keeps it.
    let shown = format!("Micro F1 {:.1} %, macro F1", micro * 100.0);
    assert!(evaluate.query_all_by_label_contains(&shown).next().is_some());
    evaluate.get_by_label("Best").click();
    evaluate.run_ok();
    assert!(evaluate.query_all_by_label_contains(&shown).next().is_none());
    evaluate.get_by_label("All 0.5").click();
    evaluate.run_ok();
    assert!(evaluate.query_by_label("Kept with the model").is_none(), "nothing was kept yet");
    evaluate.get_by_label("Threshold of shipping").focus();
    evaluate.run_ok();
    evaluate.key_press(egui::Key::ArrowLeft);
    evaluate.run_ok();
    let moved = evaluate.get_by_label("Threshold of shipping").accesskit_node().numeric_value().unwrap();
    assert!((moved - 0.49).abs() < 1e-6, "{moved}");
    evaluate.get_by_label("Keep with the model").click();
    evaluate.run_ok();
    let [Action::KeepDecisions { decisions, .. }] = &evaluate.state().actions[..] else { panic!("nothing is kept") };
    assert_eq!(decisions.thresholds, [("shipping".to_owned(), moved as f32)].into());
}

#[test]
fn the_temperature_makes_the_calibration_error_smaller() {
    let data = evaluated::of_classes(model());
    let calibration = data.evaluation.calibration.clone().unwrap();
    let held = calibration.held.clone().unwrap();
    assert!(calibration.temperature > 1.0 && held.ece < calibration.before.ece);
    let mut evaluate = scene(data);
    evaluate.get_by_label("Calibration").click();
    evaluate.run_ok();
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    evaluate.get_by_label(&format!("Reliability diagram, calibration error {}", percent(calibration.before.ece)));
    evaluate.get_by_label(&format!("Temperature {:.2}", calibration.temperature)).click();
    evaluate.run_ok();
    evaluate.get_by_label(&format!("Reliability diagram, calibration error {}", percent(held.ece)));
}

#[test]
fn masked_words_are_listed_by_what_they_cost() {
    let data = evaluated::of_masks(model());
    let report = data.evaluation.masked.clone().unwrap();
    let evaluate = scene(data);
    evaluate.get_by_label_contains("Perplexity");
    let first = &report.words[0];
    evaluate.get_by_label_contains(&format!("{} {} ", first.word, first.count));
}
