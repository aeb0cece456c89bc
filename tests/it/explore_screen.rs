//! Explore with the real worker and small models with random weights: what a person sees and does for every task, found
//! by the words a screen reader would say.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use attune::inspect::{Aggregation, Answer, Prediction, Question};
use attune::model::Precision;
use attune::task::Task;
use attune::ui::panels::explore::ExplorePanel;
use attune::ui::tiles::{self, Tiled, Tree};
use attune::ui::workspace::{JobKind, Offered};
use attune::ui::{Action, Cx, Palette, Workspace};
use attune::worker::protocol::Command;
use attune::worker::{Client, spawn};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use crate::models_match_the_reference::golden;
use crate::script;

struct Live {
    workspace: Workspace,
    panel: ExplorePanel,
    tree: Tree,
    client: Client,
}

/// Explore with a model, sized as the window is at its smallest or usual.
fn live(model: &Path, size: [f32; 2]) -> Harness<'static, Live> {
    let mut workspace = Workspace::new(Vec::new(), PathBuf::from("/runs"));
    let client = spawn(Arc::new(|_| {})).unwrap();
    meet(&mut workspace, &client, model);
    let panel = ExplorePanel::default();
    let tree = tiles::first_tree("screen", &panel.layout());
    let live = Live { workspace, panel, tree, client };
    Harness::builder()
        .with_size(egui::Vec2::from(size))
        .with_max_steps(64)
        .with_accessibility_check(true)
        .allow_missing_glyphs()
        .with_context_setup(script::dress)
        .build_ui_state(draw, live)
}

fn meet(workspace: &mut Workspace, client: &Client, model: &Path) {
    workspace.explore_with(model.into());
    let job = workspace.follow(JobKind::Meet { dir: model.into() }, "Opening");
    client.commands.send(Command::Meet { job, model: model.into(), precision: Precision::F32 }).unwrap();
}

fn draw(ui: &mut egui::Ui, live: &mut Live) {
    while let Ok(event) = live.client.events.try_recv() {
        live.workspace.apply(event);
    }
    let mut actions = Vec::new();
    let mut cx = Cx { workspace: &live.workspace, actions: &mut actions, palette: Palette::current(ui) };
    live.panel.prepare(&cx);
    if !tiles::fits(&live.tree, &live.panel.layout()) {
        live.tree = tiles::first_tree("screen", &live.panel.layout());
    }
    tiles::show(&mut live.tree, &mut live.panel, ui, &mut cx);
    for action in actions {
        if let Action::Ask { model, inquiry } = action {
            let job = live.workspace.follow(JobKind::Ask, "Asking");
            live.client.commands.send(Command::Ask { job, model, precision: Precision::F32, inquiry }).unwrap();
        }
    }
}

/// Draws until a part with these words is there.
fn until(harness: &mut Harness<'_, Live>, words: &str) {
    let begun = Instant::now();
    while harness.query_all_by_label_contains(words).next().is_none() {
        assert!(begun.elapsed() < Duration::from_mins(2), "never shown: {words}\n{harness:?}");
        std::thread::sleep(Duration::from_millis(5));
        harness.run_steps(2);
    }
}

/// Draws until nothing is pending and the newest text was asked about.
fn settled(harness: &mut Harness<'_, Live>) {
    let begun = Instant::now();
    let mut quiet = 0;
    while quiet < 20 {
        harness.run_steps(2);
        let explore = &harness.state().workspace.explore;
        quiet = if explore.pending.is_some() || explore.subject.is_none() { 0 } else { quiet + 1 };
        std::thread::sleep(Duration::from_millis(2));
        assert!(begun.elapsed() < Duration::from_mins(2), "it never rests");
    }
}

fn answer(harness: &Harness<'_, Live>) -> Answer {
    harness.state().workspace.explore.answer.as_ref().unwrap().to::<Question>().unwrap().clone()
}

fn result(harness: &Harness<'_, Live>) -> Prediction {
    answer(harness).result
}

fn press(harness: &mut Harness<'_, Live>, label: &str) {
    harness.get_by_label(label).click();
    settled(harness);
}

fn write(harness: &mut Harness<'_, Live>, field: &str, words: &str) {
    harness.get_by_label(field).focus();
    harness.run_steps(2);
    harness.get_by_label(field).type_text(words);
    settled(harness);
}

#[test]
fn entities_are_marked_where_they_stand_by_the_chosen_strategy() {
    let mut screen = live(&golden().join("bert-ner"), [1440.0, 900.0]);
    settled(&mut screen);
    let Prediction::Tagging(tagging) = result(&screen) else { panic!() };
    let text = screen.get_by_label("Text to try").value().unwrap();
    let name = |span: &attune::inspect::tagging::Span| {
        let words: String = text.chars().skip(span.start).take(span.end - span.start).collect();
        format!("{words} {} {:.1} %", span.label, span.score * 100.0)
    };
    let by_first = tagging.spans(Aggregation::First);
    assert!(!by_first.is_empty(), "the random model must call something an entity for this test");
    assert!(screen.query_all_by_label(&name(&by_first[0])).next().is_some(), "{}", name(&by_first[0]));
    press(&mut screen, "None");
    let alone = &tagging.spans(Aggregation::None)[0];
    assert!(alone.label.contains('-'), "without aggregation labels are those of tokens");
    assert!(screen.query_all_by_label(&name(alone)).next().is_some());
    screen.get_by_label("Tokens").click();
    settled(&mut screen);
    until(&mut screen, &format!("Token {}", tagging.tokens[0].token));
}

#[test]
fn every_question_about_a_document_is_answered_and_shows_its_evidence() {
    let mut screen = live(&golden().join("distilbert-qa"), [1440.0, 900.0]);
    settled(&mut screen);
    until(&mut screen, "Question 3 ");
    let Prediction::Reading(reading) = result(&screen) else { panic!() };
    assert!(reading.windows.len() > 4);
    until(&mut screen, &format!("Start and end probabilities over {} tokens", reading.tokens.len()));
    until(&mut screen, "Window 1: best ");
    until(&mut screen, "Answer 2: ");
    press(&mut screen, "Allow no answer");
    until(&mut screen, "Threshold for no answer");
    until(&mut screen, "No answer");
    press(&mut screen, "Another question");
    write(&mut screen, "Question 4", "Who is the botanist?");
    until(&mut screen, "Question 4 Who is the botanist?");
    press(&mut screen, "Remove question 4");
    assert!(screen.query_by_label("Question 4").is_none());
}

#[test]
fn a_question_that_cannot_be_answered_leaves_the_others_theirs() {
    let mut screen = live(&golden().join("bert-qa"), [1440.0, 900.0]);
    settled(&mut screen);
    write(&mut screen, "Question 1", &" and why".repeat(40));
    until(&mut screen, "leave no room");
    press(&mut screen, "Another question");
    write(&mut screen, "Question 4", "Who left?");
    until(&mut screen, "Question 4 Who left?");
}

#[test]
fn a_question_from_an_evaluation_stands_alone_and_may_be_left_unanswered_as_there() {
    let mut screen = live(&golden().join("bert-qa"), [1440.0, 900.0]);
    settled(&mut screen);
    screen.get_by_label("Remove question 3");
    let offered = |no_answer| Offered {
        task: Task::Qa,
        text: "What does the whale eat?".into(),
        pair: Some("The blue whale eats krill, which it strains out of the sea.".into()),
        no_answer,
    };
    // Whatever the model says, "no answer" leads by more than this.
    screen.state_mut().workspace.explore.offered = Some(Arc::new(offered(Some(-1e6))));
    settled(&mut screen);
    assert!(screen.query_by_label("Remove question 2").is_none(), "the questions before are gone");
    until(&mut screen, "No answer in this document");
    screen.state_mut().workspace.explore.offered = Some(Arc::new(offered(None)));
    settled(&mut screen);
    assert!(screen.query_by_label_contains("No answer in this document").is_none());
    assert!(screen.query_by_label("Threshold for no answer").is_none());
}

#[test]
fn words_are_hidden_by_a_press_and_own_words_are_scored() {
    let mut screen = live(&golden().join("bert-mlm"), [1440.0, 900.0]);
    settled(&mut screen);
    let Prediction::Filling(first) = result(&screen) else { panic!() };
    assert_eq!(first.blanks.len(), 1, "the text to begin with has a mask");
    until(&mut screen, "Filled in: ");
    press(&mut screen, "Hide law");
    let Prediction::Filling(both) = result(&screen) else { panic!() };
    assert_eq!(both.blanks.len(), 2);
    until(&mut screen, "Show law");
    write(&mut screen, "Candidates to score", "river, zebra");
    until(&mut screen, "Candidate river ");
    until(&mut screen, "Candidate zebra ");
    press(&mut screen, "Show law");
    let Prediction::Filling(again) = result(&screen) else { panic!() };
    assert_eq!(again.blanks.len(), 1);
}

#[test]
fn a_pair_shows_both_orders_and_swapping_swaps_them() {
    let mut screen = live(&golden().join("albert-sop"), [1440.0, 900.0]);
    settled(&mut screen);
    screen.get_by_label("Sentence order").click();
    settled(&mut screen);
    let Prediction::Orders(before) = result(&screen) else { panic!("{:?}", result(&screen)) };
    press(&mut screen, "Swap the texts");
    let Prediction::Orders(after) = result(&screen) else { panic!() };
    for (one, two) in before.given.iter().zip(&after.swapped) {
        assert!((one.1 - two.1).abs() < 1e-6);
    }
}

#[test]
fn the_laptop_is_there_to_be_found_out() {
    let mut screen = live(&golden().join("electra-rtd"), [1440.0, 900.0]);
    settled(&mut screen);
    let Prediction::Judged(judged) = result(&screen) else { panic!() };
    for one in &judged {
        until(&mut screen, &format!("{} replaced {:.1} %", one.token, one.replaced * 100.0));
    }
    until(&mut screen, "From real to replaced");
}

#[test]
fn the_lab_says_which_heads_answer_and_which_are_missing() {
    let mut screen = live(&golden().join("variants/bert-pretraining"), [1440.0, 900.0]);
    settled(&mut screen);
    press(&mut screen, "Objectives lab");
    until(&mut screen, "Masked words: loss ");
    until(&mut screen, "Left to right: loss ");
    until(&mut screen, "Next sentence: loss ");
    until(&mut screen, "Sentence order: only ALBERT has such a head");
    until(&mut screen, "Replaced tokens: only ELECTRA has such a head");
    until(&mut screen, "Translation pair: it needs a second text");
    screen.get_by_label_contains("Next sentence: loss").click();
    settled(&mut screen);
    until(&mut screen, "does not follow");
    write(&mut screen, "Second text of the example", "Der Fluss war klar.");
    until(&mut screen, "Translation pair: loss ");
}

#[test]
fn an_encoder_without_a_head_leads_to_the_lab() {
    let mut screen = live(&golden().join("variants/bert-encoder"), [1440.0, 900.0]);
    settled(&mut screen);
    until(&mut screen, "This model has no head");
    press(&mut screen, "See what it could be trained on");
    until(&mut screen, "Masked words: this model lacks the head");
}

#[test]
fn another_model_is_asked_the_same_and_a_broken_one_says_why() {
    let mut screen = live(&golden().join("bert-ner"), [900.0, 600.0]);
    settled(&mut screen);
    // What is sent from another screen is shown, whatever was looked at before.
    press(&mut screen, "Objectives lab");
    let offered =
        Offered { task: Task::Ner, text: "Maria Okafor joined Northwind Labs".into(), pair: None, no_answer: None };
    screen.state_mut().workspace.explore.offered = Some(Arc::new(offered));
    settled(&mut screen);
    assert_eq!(screen.get_by_label("Text to try").value().as_deref(), Some("Maria Okafor joined Northwind Labs"));
    let Live { workspace, client, .. } = screen.state_mut();
    meet(workspace, client, &golden().join("albert-ner"));
    settled(&mut screen);
    let answer = answer(&screen);
    assert!(answer.model.ends_with("albert-ner"));
    assert_eq!(answer.question.text, "Maria Okafor joined Northwind Labs");
    let Live { workspace, client, .. } = screen.state_mut();
    meet(workspace, client, Path::new("/nonexistent"));
    until(&mut screen, "The model cannot be opened");
}
