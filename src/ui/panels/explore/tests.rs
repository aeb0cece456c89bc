//! Every view by itself, as it is registered, with a model that can answer it; and a view that was never heard of before.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{AccessKitNode, NodeT as _, Queryable as _};

use super::*;
use crate::inspect::attention::{Lens, Look, Units, What};
use crate::inspect::guesses::Guessing;
use crate::inspect::{AnyInquiry, Attention, GoOn, Inquiry, InspectError, OpenModel, Reply, attention, why};
use crate::ui::tiles::{self, Tree};
use crate::ui::workspace::JobKind;
use crate::ui::{Action, Palette};

struct Scene {
    panel: ExplorePanel,
    workspace: Workspace,
    tree: Tree,
    asked: Vec<AnyInquiry>,
    told: Vec<String>,
    predictor: OpenModel,
}

fn golden(model: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(model)
}

fn scene(kinds: &[Kind], model: &str) -> Harness<'static, Scene> {
    let predictor = OpenModel::open_whole(&golden(model)).unwrap();
    let mut workspace = Workspace::new(Vec::new(), "/runs".into());
    workspace.explore.model = Some(predictor.dir.clone());
    workspace.explore.subject = Some(Arc::new(predictor.subject()));
    let panel = ExplorePanel::of(kinds);
    let tree = tiles::first_tree("screen", &panel.layout());
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1440.0, 900.0))
        .with_max_steps(64)
        .allow_missing_glyphs()
        .with_context_setup(crate::ui::fonts::dress)
        .build_ui_state(draw, Scene { panel, workspace, tree, asked: Vec::new(), told: Vec::new(), predictor });
    harness.run_steps(4);
    harness
}

fn draw(ui: &mut Ui, scene: &mut Scene) {
    let mut actions = Vec::new();
    let mut cx = Cx { workspace: &scene.workspace, actions: &mut actions, palette: Palette::of(true) };
    scene.panel.prepare(&cx);
    if !tiles::fits(&scene.tree, &scene.panel.layout()) {
        scene.tree = tiles::first_tree("screen", &scene.panel.layout());
    }
    tiles::show(&mut scene.tree, &mut scene.panel, ui, &mut cx);
    for action in actions {
        if let Action::Ask { inquiry, .. } = action {
            scene.workspace.follow(JobKind::Ask, "Predicting");
            scene.workspace.explore.asked = Some(inquiry.clone());
            scene.asked.push(inquiry);
        } else if let Action::AskIn(precision) = action {
            scene.workspace.precision = precision;
        } else if let Action::Tell { why, .. } = action {
            scene.told.push(why);
        } else if let Action::StopJob(job) = action {
            assert_eq!(scene.workspace.explore.pending, Some(job));
            scene.workspace.drop_jobs(|kind| *kind == JobKind::Ask);
            scene.workspace.explore.pending = None;
        }
    }
}

/// The model answers what was asked last.
fn answer(harness: &mut Harness<'_, Scene>) -> Arc<Reply> {
    let scene = harness.state_mut();
    let inquiry = scene.asked.last().expect("something was asked").clone();
    let go_on: GoOn<'_> = &mut |_, _| ControlFlow::Continue(());
    let reply = Arc::new(inquiry.put_to(&mut scene.predictor, Instant::now(), go_on).unwrap().unwrap());
    (scene.workspace.explore.answer, scene.workspace.explore.pending) = (Some(reply.clone()), None);
    harness.run_steps(4);
    reply
}

/// A model that each view can ask.
fn model_of(kind: &Kind) -> &'static str {
    match kind.heads.first() {
        Some(Task::Ner) => "bert-ner",
        Some(Task::Qa) => "bert-qa",
        Some(Task::Mlm) => "bert-mlm",
        Some(Task::Nsp) => "bert-nsp",
        Some(Task::Rtd) => "electra-rtd",
        _ => "bert-classify",
    }
}

#[test]
fn each_head_has_one_view_and_parts_are_told_apart() {
    for task in Task::ALL {
        let views = views::ALL.iter().filter(|kind| kind.heads.contains(&task)).count();
        assert_eq!(views, 1, "{task} has {views} views");
    }
    for kind in views::ALL {
        assert_eq!(kind.heads.is_empty(), !kind.title.is_empty(), "{kind:?}: heads have names of their own");
        let panes = (kind.make)().layout().panes();
        let keys: std::collections::BTreeSet<String> = panes.iter().map(|pane| format!("{pane:?}")).collect();
        assert_eq!(keys.len(), panes.len(), "{kind:?} has a part twice");
        let same_name = views::ALL.iter().filter(|other| other.name == kind.name);
        for other in same_name {
            assert_eq!((other.make)().layout().panes(), panes, "{kind:?} and {other:?} share a layout");
        }
    }
}

#[test]
fn the_same_text_is_asked_again_with_8_bit_weights() {
    for model in ["bert-classify", "bert-mlm"] {
        let mut screen = scene(views::ALL, model);
        for precision in [Precision::Int8, Precision::F32] {
            while screen.state().workspace.explore.pending.is_some() {
                answer(&mut screen);
            }
            let before = screen.state().asked.len();
            screen.get_by_role_and_label(Role::CheckBox, "8-bit weights").click();
            screen.run_steps(4);
            assert_eq!(screen.state().workspace.precision, precision);
            assert_eq!(screen.state().asked.len(), before + 1, "{model}: the switch asks anew");
        }
    }
}

#[test]
fn every_view_alone_asks_its_question_and_shows_its_answer() {
    for kind in views::ALL {
        let mut screen = scene(&[*kind], model_of(kind));
        if kind.heads.is_empty() {
            screen.state_mut().panel.chosen = Some(Mode { view: 0, head: None });
            screen.run_steps(4);
        }
        let panel = &screen.state().panel;
        let mode = panel.mode.unwrap();
        // Without rows there is nothing for a text to lie among.
        if kind.name == "map" {
            assert!(screen.state().asked.is_empty() && screen.query_by_label("No data to map").is_some());
            continue;
        }
        if !panel.has(mode, SHARED) && panel.words(mode).is_none() {
            assert!(screen.state().asked.is_empty(), "{kind:?} asks of the data, and only when it is told to");
            continue;
        }
        assert_eq!(screen.state().asked.len(), 1, "{kind:?} begins with a text of its own, asked about once");
        let reply = answer(&mut screen);
        let scene = screen.state_mut();
        let (_, view) = &mut scene.panel.views[0];
        let verdict = view.verdict(&reply);
        assert!(!view.layout().panes().contains(&HISTORY) || !verdict.0.is_empty(), "{kind:?} sums its answer up");
        let next = view.wanted(&Words::default());
        let in_vain = next.is_some() && next.as_ref() != scene.asked.last() && scene.asked.len() == 1;
        assert!(!in_vain, "{kind:?} asks nothing in vain");
        if let Some(told) = view.told() {
            assert!(told.millis().is_some(), "{kind:?} has its answer");
            view.forget();
            assert!(view.told().is_some_and(|told| told.millis().is_none()), "{kind:?} keeps what another model said");
        }
        screen.run_steps(4);
    }
}

/// What an encoder attends to, asked of the text that is looked at.
#[derive(Clone, Debug, PartialEq)]
struct Attended(Words);

impl Inquiry for Attended {
    type Answer = Attention;

    fn put_to(&self, predictor: &mut OpenModel, _: GoOn<'_>) -> Result<Option<Attention>, InspectError> {
        attention(&predictor.model, &predictor.tokenizer, &self.0.text, self.0.pair.as_deref()).map(Some)
    }
}

#[derive(Debug, Default)]
struct AttentionView(Told);

const MAP: Pane = Pane::new("attended", "Attention map");
const ATTENTION: Kind =
    Kind { name: "attended", title: "Attended", heads: &[], make: || Box::new(AttentionView::default()) };

impl View for AttentionView {
    fn layout(&self) -> Layout {
        Layout::Columns(vec![(1.0, SHARED.into()), (2.0, MAP.into())])
    }

    fn pane_ui(&mut self, _: Pane, ui: &mut Ui, _: &mut Cx<'_>) -> Changed {
        if let Some(attention) = self.0.to::<Attended>() {
            ui.label(format!("{} layers over {} tokens", attention.layers, attention.tokens.len()));
        }
        Changed::No
    }

    fn wanted(&self, shared: &Words) -> Option<AnyInquiry> {
        (!shared.are_blank()).then(|| AnyInquiry::new(Attended(shared.clone())))
    }

    fn told(&mut self) -> Option<&mut Told> {
        Some(&mut self.0)
    }

    fn kept(&self, _: &Words) -> serde_json::Map<String, serde_json::Value> {
        <_>::default()
    }

    fn restore(&mut self, _: serde_json::Map<String, serde_json::Value>, _: &Words) -> Result<(), keeping::Unread> {
        Ok(())
    }
}

#[test]
fn a_view_nobody_knows_asks_about_the_same_text_and_gets_its_own_answer() {
    let kinds: Vec<Kind> = views::ALL.iter().copied().chain([ATTENTION]).collect();
    let mut screen = scene(&kinds, "bert-ner");
    answer(&mut screen);
    let text = screen.get_by_label("Text to try").value().unwrap();
    screen.get_by_label("Attended").click();
    screen.run_steps(6);
    let asked = screen.state().asked.last().unwrap().get::<Attended>().unwrap().clone();
    assert_eq!(asked.0.text, text, "it looks at the text that was looked at before");
    answer(&mut screen);
    let attention = screen.state().workspace.explore.answer.as_ref().unwrap().to::<Attended>().unwrap();
    let words = format!("{} layers over {} tokens", attention.layers, attention.tokens.len());
    screen.get_by_label(&words);
    screen.get_by_label("Clear the text").click();
    screen.run_steps(4);
    screen.get_by_label("Text to try").focus();
    screen.run_steps(2);
    screen.get_by_label("Text to try").type_text("Ada saw Paris");
    screen.run_steps(6);
    assert_eq!(screen.state().asked.last().unwrap().get(), Some(&Attended(Words::of("Ada saw Paris"))));
    answer(&mut screen);
    assert!(screen.query_by_label(&words).is_none(), "the newest answer is shown");
    screen.get_by_label(Task::Ner.title()).click();
    screen.run_steps(6);
    assert_eq!(screen.get_by_label("Text to try").value().as_deref(), Some("Ada saw Paris"), "it is brought back");
    let place = kinds.len() - 1;
    let view = &mut screen.state_mut().panel.views[place].1;
    assert!(view.told().is_some_and(|told| told.millis().is_some()), "and what was said is kept");
    screen.state_mut().workspace.explore.model = Some("/another".into());
    screen.state_mut().workspace.explore.subject = None;
    screen.run_steps(4);
    let view = &mut screen.state_mut().panel.views[place].1;
    assert!(view.told().is_some_and(|told| told.millis().is_none()), "until another model is asked");
}

fn turn(screen: &mut Harness<'_, Scene>, title: &str) {
    screen.get_by_label(title).click();
    screen.run_steps(6);
}

/// What stands in a field.
fn read(screen: &Harness<'_, Scene>, field: &str) -> String {
    screen.get_by_label(field).value().unwrap()
}

fn write(screen: &mut Harness<'_, Scene>, field: &str, words: &str) {
    screen.get_by_label(field).focus();
    screen.run_steps(2);
    screen.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    screen.key_press(egui::Key::Delete);
    screen.run_steps(2);
    if !words.is_empty() {
        screen.get_by_label(field).type_text(words);
    }
    screen.run_steps(4);
}

/// Another model is asked from now on.
fn ask(screen: &mut Harness<'_, Scene>, model: &str) {
    let scene = screen.state_mut();
    scene.predictor = OpenModel::open_whole(&golden(model)).unwrap();
    scene.workspace.explore.model = Some(scene.predictor.dir.clone());
    scene.workspace.explore.subject = None;
    (scene.workspace.explore.answer, scene.workspace.explore.pending) = (None, None);
    screen.run_steps(2);
    let scene = screen.state_mut();
    scene.workspace.explore.subject = Some(Arc::new(scene.predictor.subject()));
    screen.run_steps(6);
}

#[test]
fn a_text_that_a_person_wrote_is_in_every_view_they_turn_to() {
    let kinds: Vec<Kind> = views::ALL.iter().copied().chain([ATTENTION]).collect();
    let mut screen = scene(&kinds, "bert-ner");
    turn(&mut screen, "Objectives lab");
    let lesson = read(&screen, "Text of the example");
    turn(&mut screen, "Attended");
    assert_eq!(read(&screen, "Text to try"), lesson, "what nobody wrote gives way to what was looked at last");
    turn(&mut screen, Task::Ner.title());
    write(&mut screen, "Text to try", "Ada saw Paris");
    turn(&mut screen, "Objectives lab");
    assert_eq!(read(&screen, "Text of the example"), "Ada saw Paris");
    write(&mut screen, "Second text of the example", "It rained.");
    turn(&mut screen, "Attended");
    assert_eq!(read(&screen, "Second text to try"), "It rained.");
    write(&mut screen, "Text to try", "So Ada saw Paris");
    turn(&mut screen, Task::Ner.title());
    assert_eq!(read(&screen, "Text to try"), "So Ada saw Paris");
    turn(&mut screen, "Why");
    assert_eq!(read(&screen, "Second text to try"), "It rained.", "what one view does not read is not lost");
    // What is cleared is gone, and nothing else with it.
    write(&mut screen, "Text to try", "");
    turn(&mut screen, "Objectives lab");
    assert_eq!(read(&screen, "Text of the example"), "Ada saw Paris");
}

#[test]
fn every_view_says_that_a_model_of_pairs_is_asked_about_one_text_and_the_other_way_round() {
    let odd = "The model learned from pairs of texts and is asked about one text alone";
    let odd_pair = "The model learned from single texts and is asked about a pair";
    let meet = |screen: &mut Harness<'_, Scene>, reads_pairs: bool, text: &str, pair: Option<&str>| {
        let scene = screen.state_mut();
        scene.predictor.reads_pairs = Some(reads_pairs);
        scene.workspace.explore.subject = Some(Arc::new(scene.predictor.subject()));
        screen.run_steps(4);
        let panel = &mut screen.state_mut().panel;
        let mode = panel.mode.unwrap();
        panel.set(mode, Words { text: text.into(), pair: pair.map(str::to_owned) });
        screen.run_steps(4);
        (screen.query_by_label(odd).is_some(), screen.query_by_label(odd_pair).is_some())
    };
    for title in [Task::Classify.title(), "Why", "Attention", "Switches"] {
        let mut screen = scene(views::ALL, "bert-classify");
        if title != Task::Classify.title() {
            turn(&mut screen, title);
        }
        let text = "A ferry crossed.";
        assert_eq!(meet(&mut screen, true, text, None), (true, false), "{title}");
        assert_eq!(meet(&mut screen, true, text, Some("It rained.")), (false, false), "{title}");
        assert_eq!(meet(&mut screen, false, text, Some("It rained.")), (false, true), "{title}");
        assert_eq!(meet(&mut screen, true, " ", None), (false, false), "{title}: nothing is asked");
    }
}

#[test]
fn a_text_goes_with_a_person_from_model_to_model_as_far_as_each_reads_it() {
    let mut screen = scene(views::ALL, "bert-classify");
    write(&mut screen, "Text to try", "The tea was fine");
    ask(&mut screen, "bert-ner");
    assert_eq!(read(&screen, "Text to try"), "The tea was fine");
    ask(&mut screen, "bert-nsp");
    assert_eq!(read(&screen, "Text to try"), "The tea was fine");
    assert_eq!(read(&screen, "Second text to try"), "", "a second text from elsewhere is not put beside it");
    write(&mut screen, "Second text to try", "She had another cup");
    ask(&mut screen, "bert-mlm");
    write(&mut screen, "Text to try", "The [MASK] was fine");
    turn(&mut screen, "Attention");
    assert_eq!(read(&screen, "Second text to try"), "She had another cup");
    ask(&mut screen, "roberta-mlm");
    assert_eq!(
        read(&screen, "Text to try"),
        "The <mask> was fine",
        "the view and the text stay, with the model's mask"
    );
    turn(&mut screen, Task::Mlm.title());
    assert_eq!(read(&screen, "Text to try"), "The <mask> was fine");
    ask(&mut screen, "bert-qa");
    assert_eq!(read(&screen, "Question 1"), "The [MASK] was fine");
    write(&mut screen, "Question 1", "What did she have?");
    ask(&mut screen, "bert-classify");
    assert_eq!(read(&screen, "Text to try"), "She had another cup", "a question stays with what it is about");
    ask(&mut screen, "bert-qa");
    assert_eq!(read(&screen, "Question 1"), "What did she have?");
    assert!(screen.state().asked.last().unwrap().get::<crate::inspect::Question>().is_some_and(|asked| {
        asked.text == "What did she have?" && asked.pair.as_deref() == Some("She had another cup")
    }));
}

/// The text that a screen reader has for the matrix.
fn cell(screen: &Harness<'_, Scene>) -> String {
    let node = screen.get_by(|node| node.label().is_some_and(|label| label.starts_with("Attention from ")));
    node.accesskit_node().label().unwrap()
}

#[test]
fn attention_is_looked_at_cell_by_cell_with_the_keyboard_alone() {
    let kind = views::ALL.iter().find(|kind| kind.name == "attention").unwrap();
    let mut screen = scene(&[*kind], "bert-classify");
    screen.state_mut().panel.chosen = Some(Mode { view: 0, head: None });
    screen.run_steps(4);
    answer(&mut screen);
    let look = screen.state().asked.last().unwrap().get::<Look>().unwrap().clone();
    let squares = answer(&mut screen).to::<Look>().unwrap().clone();
    screen.run_steps(6);
    let asked = screen.state().asked.len();
    screen.get_by(|node| node.label().is_some_and(|label| label.starts_with("Attention from "))).focus();
    screen.run_steps(2);
    for key in [egui::Key::ArrowDown, egui::Key::ArrowDown, egui::Key::ArrowRight] {
        screen.key_press(key);
        screen.run_steps(2);
    }
    let labels = Units::of(&look.seen.tokens, Lens::default()).all;
    let count = labels.len();
    let What::Layer(layer) = look.what else { panic!("{look:?}") };
    let words = cell(&screen);
    let head = words.rsplit(' ').next().unwrap().parse::<usize>().unwrap() - 1;
    let share = squares.values[head][2 * count + 1];
    let from_to = format!("Attention from {} to {}", labels[2].label, labels[1].label);
    let title = |layer: usize, head: usize| format!("Layer {}, head {}", layer + 1, head + 1);
    assert_eq!(words, format!("{from_to}: {share}, {}", title(layer, head)), "the number is the model's own");
    // Another head of the layer is there already, and one of another layer is asked for.
    let other = (head + 1) % look.seen.heads;
    let of =
        |layer: usize, head: usize| format!("{}: {}", title(layer, head), look.seen.figures_of(layer, head).said());
    screen.get_by_label(&of(layer, other)).focus();
    screen.run_steps(6);
    assert!(cell(&screen).ends_with(&title(layer, other)), "the focus chooses");
    assert_eq!(screen.state().asked.len(), asked);
    let above = (layer + 1) % look.seen.layers;
    screen.get_by_label(&of(above, other)).click();
    screen.run_steps(6);
    assert_eq!(screen.state().asked.last().unwrap().get::<Look>().unwrap().what, What::Layer(above));
    answer(&mut screen);
    for (drawn, found) in
        [("Lines", format!("What {} looks at", labels[1].label)), ("In the text", labels[1].label.clone())]
    {
        screen.get_by_label(drawn).click();
        screen.run_steps(6);
        let mut nodes = screen.get_all_by(|node| node.label().is_some_and(|label| label.starts_with(&found)));
        assert!(nodes.next().is_some(), "{drawn}");
    }
    screen.get_by_label("What heads do").click();
    screen.run_steps(4);
    let rows = screen
        .get_all_by(|node| node.label().is_some_and(|label| label.starts_with("Layer ") && label.contains(", head ")));
    assert!(rows.count() > 3, "what heads do is listed");
}

#[test]
fn a_mask_is_followed_through_the_layers_once_it_is_looked_at() {
    let kind = views::ALL.iter().find(|kind| kind.heads == [Task::Mlm]).unwrap();
    let mut screen = scene(&[*kind], "bert-mlm");
    answer(&mut screen);
    assert_eq!(screen.state().asked.len(), 1, "nothing is asked that nobody looks at");
    screen.get_by_label("Layer by layer").click();
    screen.run_steps(6);
    assert!(screen.state().asked.last().unwrap().get::<Guessing>().is_some());
    let guesses = answer(&mut screen).to::<Guessing>().unwrap().clone();
    let way = &guesses.masks[0];
    let last = way.best.len() - 1;
    let second = way.word(way.best[last][1]).unwrap();
    let begins = |label: Option<String>, words: &str| label.is_some_and(|label| label.starts_with(words));
    let guess = format!("Layer {last}, guess 2: ");
    screen.get_by(|node| begins(node.label(), &guess)).click();
    screen.run_steps(4);
    let sure = format!("Layer {last}: {} ", second.word.trim());
    screen.get_by(|node| begins(node.value(), &sure));
    screen.get_by_label("What the mask looks at").click();
    screen.run_steps(4);
    let looks = way.looks_at(None);
    let mask = format!("{} {}", guesses.tokens[way.place], looks[way.place]);
    screen.get_by(|node| node.value().as_ref() == Some(&mask));
    assert_eq!(screen.state().asked.len(), 2);
}

/// A view of every model, chosen.
fn alone(kind: &Kind, model: &str) -> Harness<'static, Scene> {
    let mut screen = scene(&[*kind], model);
    screen.state_mut().panel.chosen = Some(Mode { view: 0, head: None });
    screen.run_steps(4);
    screen
}

/// Everything that is asked is answered until nothing more is.
fn answer_all(screen: &mut Harness<'_, Scene>) {
    for _ in 0..12 {
        let asked = screen.state().asked.len();
        answer(screen);
        if screen.state().asked.len() == asked {
            return;
        }
    }
    panic!("it never ends to ask");
}

#[test]
fn why_is_answered_by_the_quick_map_first_and_then_by_the_most_faithful() {
    let kind = views::ALL.iter().find(|kind| kind.name == "why").unwrap();
    let mut screen = alone(kind, "bert-classify");
    answer(&mut screen);
    let quick = screen.state().workspace.explore.answer.as_ref().unwrap().to::<why::Explain>().unwrap().clone();
    let words_of = |map: &why::Explanation| {
        let each = map.units.iter().zip(&map.map.words);
        let label = map.explained.label.clone();
        each.map(|(unit, weight)| {
            format!("{} {} for {label}", unit.word, format!("{weight:+.4}").replace('-', "\u{2212}"))
        })
        .collect::<Vec<_>>()
    };
    for words in words_of(&quick) {
        assert!(screen.get_all_by_label(&words).count() > 0, "{words}: each word has its exact number");
    }
    answer_all(&mut screen);
    let tells = |screen: &Harness<'_, Scene>, words: &str| {
        let says = |said: Option<String>| said.is_some_and(|said| said.contains(words));
        screen.query_all_by(|node| says(node.label()) || says(node.value())).count() > 0
    };
    assert!(
        tells(&screen, "Most faithful here") || tells(&screen, "No better than chance here"),
        "it is said how far to believe the map that is shown"
    );
    for method in why::Method::ALL {
        assert!(tells(&screen, method.title()), "{method:?} can be chosen");
    }
    let pressable = |words: &'static str| {
        move |node: &AccessKitNode<'_>| node.label().is_some_and(|label| label == words) && node.role() != Role::Label
    };
    screen.get_by(pressable("Integrated gradients")).click();
    screen.run_steps(4);
    assert!(tells(&screen, "gap "));
    let before = screen.state().asked.len();
    screen.get_by_label("Padding").click();
    screen.run_steps(4);
    answer_all(&mut screen);
    let again = &screen.state().asked[before..];
    assert!(again.iter().all(|inquiry| inquiry.get::<why::Explain>().is_none_or(|one| !one.is_quick())));
    assert!(!again.is_empty(), "another baseline is another map");
    screen.get_by_label("What changes it").click();
    screen.run_steps(4);
    answer_all(&mut screen);
    assert!(screen.state().asked.iter().any(|inquiry| inquiry.get::<why::TurningOf>().is_some()));
    assert!(tells(&screen, "Fewest words to take out"));
}

#[test]
fn a_word_of_a_head_that_reads_each_is_asked_about_with_a_press() {
    let kind = views::ALL.iter().find(|kind| kind.name == "why").unwrap();
    let mut screen = alone(kind, "bert-ner");
    answer_all(&mut screen);
    let starts = |words: &'static str| {
        move |node: &AccessKitNode<'_>| node.label().is_some_and(|label| label.starts_with(words))
    };
    screen.get_by(|node| starts("day ")(node) && node.role() == Role::Button).focus();
    screen.run_steps(2);
    screen.key_press(egui::Key::Enter);
    screen.run_steps(6);
    let asked = screen.state().asked.last().unwrap().get::<why::Explain>().unwrap().clone();
    let place = asked.asked.target.place.unwrap();
    assert_eq!(&asked.asked.text[place.start..place.end], "day");
    answer_all(&mut screen);
    screen.get_by_label("Text to try").focus();
    screen.run_steps(2);
    screen.key_press(egui::Key::Home);
    screen.get_by_label("Text to try").type_text("So: ");
    screen.run_steps(6);
    let moved = screen.state().asked.last().unwrap().get::<why::Explain>().unwrap().asked.clone();
    let now = moved.target.place.unwrap();
    assert_eq!(moved.text.chars().skip(now.start).take(3).collect::<String>(), "day", "it is asked of the same word");
    answer_all(&mut screen);
    screen.get_by_label("Explain what the model says").click();
    screen.run_steps(6);
    let asked = screen.state().asked.last().unwrap().get::<why::Explain>().unwrap().clone();
    assert_eq!(asked.asked.target, why::Target::default());
}

#[test]
fn a_slow_map_tells_how_far_it_is_and_is_not_begun_again_by_itself_once_it_is_cancelled() {
    let kind = views::ALL.iter().find(|kind| kind.name == "why").unwrap();
    let mut screen = alone(kind, "bert-classify");
    answer(&mut screen);
    let of = |screen: &Harness<'_, Scene>| screen.state().asked.last().unwrap().get::<why::Explain>().unwrap().method;
    assert_eq!(of(&screen), why::Method::IntegratedGradients);
    let job = screen.state().workspace.explore.pending.unwrap();
    let progress = crate::ui::workspace::Progress { what: "reading".into(), done: 24, total: 64 };
    screen.state_mut().workspace.job_mut(job).unwrap().progress = Some(progress);
    screen.run_steps(2);
    screen.get_by_label("Integrated gradients: 24 of 64");
    let asked = screen.state().asked.len();
    screen.get_by_label("Cancel: Integrated gradients").click();
    screen.run_steps(6);
    assert_eq!(screen.state().asked.len(), asked, "nor are those that take longer");
    screen.get_by_label("Cancelled: Integrated gradients");
    screen.get_by_label("Go on with what was cancelled").click();
    screen.run_steps(6);
    assert_eq!((screen.state().asked.len(), of(&screen)), (asked + 1, why::Method::IntegratedGradients));
    answer_all(&mut screen);
    assert!(screen.query_by_label("Go on with what was cancelled").is_none());
}

#[test]
fn what_was_told_of_a_text_is_there_when_somebody_comes_back_to_it() {
    let mut screen = scene(views::ALL, "bert-classify");
    turn(&mut screen, "Why");
    answer_all(&mut screen);
    let text = read(&screen, "Text to try");
    write(&mut screen, "Text to try", "The tea was fine");
    answer_all(&mut screen);
    turn(&mut screen, "Attention");
    answer_all(&mut screen);
    let asked = screen.state().asked.len();
    turn(&mut screen, "Why");
    write(&mut screen, "Text to try", &text);
    let again = screen.state().asked[asked..].iter().filter_map(|inquiry| inquiry.get::<why::Explain>());
    assert!(again.into_iter().all(|explain| explain.asked.text != text && explain.asked.text != "The tea was fine"));
    // What changes it is looked for once, however often its tab is turned to.
    screen.get_by_label("What changes it").click();
    screen.run_steps(4);
    assert!(screen.state().asked.last().unwrap().get::<why::TurningOf>().is_some());
    let asked = screen.state().asked.len();
    for tab in ["How far to trust it", "What changes it"] {
        screen.get_by_label(tab).click();
        screen.run_steps(6);
    }
    assert_eq!(screen.state().asked.len(), asked, "what is being looked for goes on");
}

#[test]
fn what_is_asked_of_a_word_goes_with_it_through_every_edit_around_it() {
    let kind = views::ALL.iter().find(|kind| kind.name == "why").unwrap();
    let mut view = (kind.make)();
    view.meet(&OpenModel::open_whole(&golden("bert-ner")).unwrap().subject());
    let begin = Words::of("Ada saw Paris");
    let state = serde_json::json!({ "place": { "sequence": 0, "start": 4, "end": 7 } });
    let serde_json::Value::Object(state) = state else { panic!() };
    view.restore(state, &begin).unwrap();
    for (text, expected) in [
        ("So Ada saw Paris", Some("saw")),
        ("So Ada saw Paris again", Some("saw")),
        ("So Ada saw it again", Some("saw")),
        ("Ada saw it again", Some("saw")),
        ("Ada met it again", None),
    ] {
        let words = Words::of(text);
        view.see(&words);
        let asked = view.wanted(&words).unwrap().get::<why::Explain>().unwrap().asked.clone();
        let place = asked.target.place.map(|place| &text[place.start..place.end]);
        assert_eq!(place, expected, "{text}");
    }
}

#[test]
fn an_answer_that_another_model_does_not_know_gives_way_to_what_it_says() {
    let mut screen = scene(views::ALL, "bert-classify");
    answer(&mut screen);
    let state = serde_json::json!({ "output": "no such class" });
    let serde_json::Value::Object(state) = state else { panic!() };
    let words = Words::of("The tea was fine");
    let why = screen.state().panel.of_every_model().find(|mode| views::ALL[mode.view].name == "why").unwrap();
    let panel = &mut screen.state_mut().panel;
    panel.views[why.view].1.restore(state, &words).unwrap();
    panel.write(why, words);
    panel.chosen = Some(why);
    screen.run_steps(4);
    let asked = screen.state().asked.last().unwrap().get::<why::Explain>().unwrap().asked.clone();
    assert_eq!(asked.target.label.as_deref(), Some("no such class"));
    let scene = screen.state_mut();
    let inquiry = scene.asked.last().unwrap().clone();
    let go_on: GoOn<'_> = &mut |_, _| ControlFlow::Continue(());
    let error = inquiry.put_to(&mut scene.predictor, Instant::now(), go_on).unwrap_err().to_string();
    (scene.workspace.explore.error, scene.workspace.explore.pending) = (Some(error), None);
    screen.run_steps(4);
    let asked = screen.state().asked.last().unwrap().get::<why::Explain>().unwrap().asked.clone();
    assert_eq!(asked.target, why::Target::default());
    screen.state_mut().workspace.explore.error = None;
    answer_all(&mut screen);
    let says =
        |said: Option<String>| said.is_some_and(|said| said.contains("what the model says is explained instead"));
    assert!(screen.query_all_by(|node| says(node.label()) || says(node.value())).count() > 0);
}

#[test]
fn a_head_that_tells_replaced_tokens_is_explained_and_followed_by_the_switches() {
    let mut screen = scene(views::ALL, "electra-rtd");
    answer(&mut screen);
    turn(&mut screen, "Why");
    answer_all(&mut screen);
    let said = |screen: &Harness<'_, Scene>, words: &str| {
        let says = |said: Option<String>| said.is_some_and(|said| said.contains(words));
        screen.query_all_by(|node| says(node.label()) || says(node.value())).count() > 0
    };
    assert!(said(&screen, " for replaced"), "each word has its weight");
    turn(&mut screen, "Attention");
    answer_all(&mut screen);
    assert!(said(&screen, "Attention from "));
    turn(&mut screen, "Switches");
    answer_all(&mut screen);
    assert!(said(&screen, "What the whole model says of "));
    screen.get_by_label("Layer 1, head 1: on").click();
    screen.run_steps(4);
    answer_all(&mut screen);
    assert!(said(&screen, "with parts switched off"));
}

/// Something of every view that is not as it is at first, as it stands in a link.
fn changed(kind: &Kind) -> serde_json::Value {
    use serde_json::json;
    match (kind.name, kind.heads.first()) {
        ("entities", _) => json!({ "joined": "max" }),
        ("document", _) => json!({ "questions": ["Who?", "The tea was fine"], "answer": 1, "no_answer": 2.5 }),
        ("masks", _) => json!({
            "hidden": [[4, 7]], "one_mask": true, "candidates": "cup, mug", "picks": [2], "mask": 1, "word": 11, "layer": "layer 2"
        }),
        ("lab", _) => json!({ "draw": 9, "share": 0.3, "objective": { "masked": "spans" } }),
        ("file", _) => json!({
            "task": "classify", "file": "/data/new.csv", "column": "text", "second_column": "title",
            "out": "/data/said.csv", "probabilities": true
        }),
        ("attention", _) => json!({
            "layer": "layer 2", "head": "head 3", "scope": "layer", "drawn": "lines", "whole_words": true, "no_specials": true,
            "between": "across", "shares_from": 5.5, "way": "to", "looks_at": "same-word", "over_data": true,
            "score": [1, 2], "line": { "to": 1 }, "token": 3, "cell": [2, 1], "zoom": { "cell": 40.0, "x": 3.5, "y": 0.0 }
        }),
        ("why", _) => json!({
            "task": "classify", "place": { "sequence": 0, "start": 0, "end": 3 }, "output": "positive",
            "method": "occlusion", "baseline": "zero", "hide": "remove", "pieces": true, "alone": true, "layer": "embeddings"
        }),
        ("switchboard", _) => json!({
            "task": "classify", "heads_off": [["layer 1", "head 2"], ["layer 3", "head 4"]],
            "feed_forwards_off": ["layer 2"], "shows": "attention",
            "rows": 1000, "exact": true
        }),
        ("words", _) => json!({
            "rows": null, "by": "occlusion", "output": 2, "texts_at_least": 1, "order": "against", "word": "fine"
        }),
        ("layers", _) => json!({ "rows": 1000, "folds": 3, "pooling": "mean", "zoomed": true }),
        ("map", _) => json!({
            "method": "umap", "pooling": "first", "layer": "layer 2", "neighbors": 7, "seed": 3, "colour": "confidence",
            "search": "tea", "list": "clusters", "without_names": true, "hidden": ["negative"], "row": 12,
            "moved": { "middle": [0.5, -1.25], "scale": 80.0 }
        }),
        ("drift", _) => json!({ "before": "/models/base", "cell": { "head": ["layer 2", "head 3"] } }),
        ("", Some(Task::Classify)) => json!({ "all_classes": true }),
        // Nothing can be chosen there.
        ("", Some(Task::Nsp)) | ("replaced", _) => json!({}),
        other => panic!("{other:?}: say what of it can be another"),
    }
}

#[test]
fn what_every_view_writes_down_leads_back_to_it() {
    for kind in views::ALL {
        let words = Words { text: "The tea was fine".into(), pair: None };
        let serde_json::Value::Object(wished) = changed(kind) else { panic!() };
        let subject = OpenModel::open_whole(&golden(model_of(kind))).unwrap().subject();
        let fresh = || {
            let mut view = (kind.make)();
            view.meet(&subject);
            view.set(words.clone());
            view
        };
        let mut view = fresh();
        view.restore(wished.clone(), &words).unwrap();
        let kept = view.kept(&words);
        assert_eq!(kept.len(), wished.len(), "{}: {kept:?} says all of {wished:?}", kind.name);
        for (key, value) in &wished {
            assert!(!crate::ui::link::KEYS.contains(&key.as_str()), "{}: {key} is a key of every link", kind.name);
            assert_eq!(kept.get(key), Some(value), "{}: {key}", kind.name);
        }
        let link = Link {
            view: kind.heads.first().map_or(kind.name, |head| head.name()).to_owned(),
            model: golden(model_of(kind)),
            precision: Precision::default(),
            text: Some(words.text.clone()),
            second: None,
            data: None,
            tabs: Vec::new(),
            state: kept.clone(),
        };
        let read: Link = link.written().unwrap().parse().unwrap();
        assert_eq!(read, link, "{}", kind.name);
        let mut again = fresh();
        again.restore(read.state, &words).unwrap();
        assert_eq!(again.kept(&words), kept, "{}", kind.name);
        let mut unknown = serde_json::Map::new();
        unknown.insert("no_such_thing".into(), true.into());
        let why = fresh().restore(unknown, &words).unwrap_err().to_string();
        assert!(why.contains("unknown field `no_such_thing`"), "{}: {why}", kind.name);
    }
}

#[test]
fn views_are_called_by_names_of_their_own() {
    let mut names: Vec<String> = Task::ALL.iter().map(ToString::to_string).collect();
    names.extend(views::ALL.iter().filter(|kind| kind.heads.is_empty()).map(|kind| kind.name.to_owned()));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn a_link_leads_to_the_view_with_its_text_and_says_what_is_no_longer_there() {
    let mut screen = scene(views::ALL, "bert-mlm");
    while screen.state().workspace.explore.pending.is_some() {
        answer(&mut screen);
    }
    let open = |screen: &mut Harness<'_, Scene>, view: &str, text: &str, state: serde_json::Value| {
        let serde_json::Value::Object(state) = state else { panic!() };
        let link = Link {
            view: view.into(),
            model: golden("bert-mlm"),
            precision: Precision::default(),
            text: Some(text.into()),
            second: None,
            data: None,
            tabs: Vec::new(),
            state,
        };
        screen.state_mut().workspace.explore.linked = Some(Arc::new(link));
        screen.run_steps(6);
        std::mem::take(&mut screen.state_mut().told)
    };
    let told = open(&mut screen, "mlm", "she poured the tea", serde_json::json!({ "hidden": [[4, 10]] }));
    assert_eq!(told, [""; 0]);
    let asked = screen.state().asked.last().unwrap().get::<crate::inspect::Question>().unwrap().clone();
    assert_eq!(asked.text, "she poured the tea");
    let crate::inspect::Ask::Fill(fill) = asked.ask else { panic!() };
    assert_eq!(fill.hidden, [(4, 10)]);
    answer(&mut screen);
    let told =
        open(&mut screen, "attention", "she saw the tea", serde_json::json!({ "layer": 1, "head": 3, "token": 2 }));
    assert_eq!(told, [""; 0]);
    let seen = answer(&mut screen).to::<attention::Attend>().unwrap().clone();
    let (link, title) = screen.state().panel.link(&screen.state().workspace).unwrap();
    assert_eq!((link.view.as_str(), link.text.as_deref()), ("attention", Some("she saw the tea")));
    assert_eq!(link.state.get("head"), Some(&"head 4".into()), "what earlier links say from 0 is written by its name");
    assert_eq!(link.state.get("token"), Some(&2.into()), "of {} tokens", seen.tokens.count());
    assert_eq!(title, "Attention · bert-mlm: she saw the tea");
    for (view, state, expected) in [
        ("ner", serde_json::json!({}), "This model has no head for named entities"),
        ("nothing", serde_json::json!({}), "No view is called \u{201c}nothing\u{201d}"),
        ("mlm", serde_json::json!({ "hidden": [[4, 99]] }), "characters 4 to 99 are not in a text of 3 characters"),
        ("why", serde_json::json!({ "task": "ner" }), "this model has no head for ner"),
        ("layers", serde_json::json!({ "folds": "many" }), "invalid type"),
    ] {
        let told = open(&mut screen, view, "tea", state);
        assert!(told.len() == 1 && told[0].contains(expected), "{view}: {told:?}");
    }
}

#[test]
fn a_text_that_is_not_answered_yet_is_not_denied() {
    let kind = views::ALL.iter().find(|kind| kind.name == "entities").unwrap();
    let mut screen = scene(&[*kind], "bert-ner");
    answer(&mut screen);
    write(&mut screen, "Text to try", "Quite another text");
    screen.state_mut().workspace.now = 1.0;
    screen.run_steps(2);
    assert!(screen.state().workspace.explore.pending.is_some());
    assert!(screen.query_by_label("Working on 3 words…").is_some());
    assert!(screen.query_by_label("No entities in this text").is_none(), "nobody knows that yet");
    answer(&mut screen);
    assert!(screen.query_by_label("Working on 3 words…").is_none());
    write(&mut screen, "Text to try", "");
    assert!(screen.query_by_label("No entities in this text").is_none(), "there is no text");
    screen.get_by_label("The entities appear here while you type");
}

#[test]
fn what_is_asked_of_a_view_is_ended_when_another_is_turned_to() {
    let mut screen = scene(views::ALL, "bert-classify");
    let first = screen.state().workspace.explore.pending.unwrap();
    turn(&mut screen, "Attention");
    let workspace = &screen.state().workspace;
    assert!(workspace.job(first).is_none() && workspace.wants.stop.contains(&first), "nobody waits for it");
    assert!(screen.state().asked.last().unwrap().get::<attention::Attend>().is_some());
    assert!(screen.query_all_by_label_contains("Working on ").next().is_some());
}
