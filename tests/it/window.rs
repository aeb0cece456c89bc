//! What a person can do in the window, found by the words on screen, with a worker that follows a script.
#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of a test may fail")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use attune::signals::AskedToEnd;
use attune::train::event::TrainEvent;
use attune::ui::app::App;
use attune::ui::places::Places;
use attune::ui::{Action, Screen};
use attune::worker::Client;
use attune::worker::protocol::{Command, Control, Event, EventKind, JobId, Payload};
use attune::worker::works::runs::DeleteRun;
use crossbeam_channel::{Receiver, Sender, bounded};
use egui::{Key, Modifiers, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::script;

struct Window {
    harness: Harness<'static, App>,
    commands: Receiver<Command>,
    events: Sender<Event>,
    /// Everything that was asked of the worker so far.
    asked: Vec<Command>,
    /// Jobs that are answered by the test itself.
    held: fn(&Command) -> bool,
    asked_to_end: AskedToEnd,
}

impl Window {
    fn open(size: [f32; 2]) -> Self {
        let (to_worker, commands) = bounded(64);
        let (events, from_worker) = bounded(4096);
        let client = Client { commands: to_worker, events: from_worker };
        let asked_to_end = AskedToEnd::default();
        let heeded = asked_to_end.clone();
        let harness = Harness::builder()
            .with_size(size)
            .with_theme(egui::Theme::Dark)
            .with_max_steps(40)
            .with_accessibility_check(true)
            .build_eframe(move |cc| App::new(cc, client, places()).heeding(heeded));
        let mut window = Self { harness, commands, events, asked: Vec::new(), held: |_| false, asked_to_end };
        window.settle();
        window
    }

    fn first() -> Self {
        Self::open([1440.0, 900.0])
    }

    /// With the reviews and a model, ready to train.
    fn ready() -> (Self, tempfile::TempDir) {
        let mut window = Self::first();
        let folder = window.open_reviews();
        window.press("Model");
        window.press("nreimers/MiniLM-L6-H384-uncased, 6 layers × 384");
        window.press("Use this model");
        assert_eq!(window.app().workspace().screen, Screen::Train);
        (window, folder)
    }

    fn app(&self) -> &App {
        self.harness.state()
    }

    /// Answers all that is asked, until nothing more is asked and drawn.
    fn settle(&mut self) {
        for _ in 0..12 {
            self.harness.run();
            // Time passes for what waits for a moment of rest, such as a plan.
            self.harness.run_steps(2);
            let mut any = false;
            while let Ok(command) = self.commands.try_recv() {
                any = true;
                if !(self.held)(&command) {
                    self.answer(&command);
                }
                self.asked.push(command);
            }
            if !any {
                return;
            }
        }
        panic!("the window asks without end: {:?}", self.asked.last());
    }

    fn answer(&self, command: &Command) {
        let job = job_of(command);
        let say = |kind| self.events.try_send(Event { job, kind }).unwrap();
        if matches!(command, Command::Control { .. }) {
            return;
        }
        say(EventKind::Started);
        match script::answer(command) {
            Ok(kinds) => {
                kinds.into_iter().for_each(say);
                say(EventKind::Done);
            }
            Err(message) => say(EventKind::Failed { message, detail: None }),
        }
    }

    fn press(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.settle();
    }

    fn press_role(&mut self, role: Role, label: &str) {
        self.harness.get_by_role_and_label(role, label).click();
        self.settle();
    }

    fn shows(&self, words: &str) -> bool {
        self.harness.query_all_by_label_contains(words).next().is_some()
    }

    fn keys(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    fn write(&mut self, field: &str, words: &str) {
        self.harness.get_by_label(field).focus();
        self.harness.run();
        self.harness.get_by_label(field).type_text(words);
        self.settle();
    }

    fn open_path(&mut self, path: &Path) {
        self.write("data file", &path.display().to_string());
        self.press("Open data file");
    }

    fn open_reviews(&mut self) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reviews.csv");
        std::fs::write(&path, reviews()).unwrap();
        self.press("Data");
        self.open_path(&path);
        folder
    }

    fn count(&self, is_it: impl Fn(&Command) -> bool) -> usize {
        self.asked.iter().filter(|command| is_it(command)).count()
    }
}

/// Places that nothing is written to: the worker only says that it was.
fn places() -> Places {
    Places { runs: "/runs".into(), samples: "/samples".into(), model: "/models/attune-mini".into() }
}

fn job_of(command: &Command) -> JobId {
    match command {
        Command::FindModels { job, .. }
        | Command::OpenModel { job, .. }
        | Command::OpenTable { job, .. }
        | Command::ReadDataset { job, .. }
        | Command::MeasureLengths { job, .. }
        | Command::Xray { job, .. }
        | Command::Plan { job, .. }
        | Command::Train { job, .. }
        | Command::Resume { job, .. }
        | Command::Evaluate { job, .. }
        | Command::EvaluateHeldOut { job, .. }
        | Command::KeepDecisions { job, .. }
        | Command::Meet { job, .. }
        | Command::Ask { job, .. }
        | Command::FindRuns { job, .. }
        | Command::OpenRun { job, .. }
        | Command::Hub { job, .. }
        | Command::Do { job, .. }
        | Command::Control { job, .. }
        | Command::TrainApart { job, .. } => *job,
    }
}

/// 60 reviews in three classes, one row without a label and one with a column too many.
fn reviews() -> String {
    let mut rows = String::from("review,verdict\n");
    for place in 0..20 {
        rows += &format!("The battery of number {place} lasts for days,positive\n");
        rows += &format!("Number {place} stopped working after a week,negative\n");
        rows += &format!("Number {place} is fine for its price,mixed\n");
    }
    rows + "Nobody said what this one is,\nOne,column,too,many\n"
}

#[test]
fn the_first_start_offers_the_sample_and_leaves_only_start_to_press() {
    let mut window = Window::first();
    assert!(window.shows("Fine-tune an encoder and look inside it"));
    window.held = |command| matches!(command, Command::OpenTable { .. });
    window.press("Start with Product reviews");
    let job = job_of(window.asked.last().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reviews.csv");
    std::fs::write(&path, reviews().replace("review,verdict", "text,label")).unwrap();
    let table = attune::table::Table::open(&path).unwrap();
    window.events.send(Event { job, kind: EventKind::Payload(Payload::Table(table.into())) }).unwrap();
    window.events.send(Event { job, kind: EventKind::Done }).unwrap();
    window.settle();
    // The smallest usable encoder was taken, and the form is ready.
    assert_eq!(window.app().workspace().screen, Screen::Train);
    assert_eq!(window.app().workspace().model.as_ref().unwrap().dir, PathBuf::from("/models/roberta-tiny"));
    assert!(window.app().workspace().plan.is_some());
    assert!(window.shows("Start training"));
}

#[test]
fn a_file_becomes_examples_with_guessed_roles_and_every_bad_row_is_named() {
    let mut window = Window::first();
    let _folder = window.open_reviews();
    let data = &window.app().workspace().data;
    assert_eq!(data.roles.text.as_deref(), Some("review"));
    assert_eq!(data.roles.label.as_deref(), Some("verdict"));
    assert_eq!(data.loaded.as_ref().unwrap().dataset.examples.len(), 60);
    let counts = &data.loaded.as_ref().unwrap().summary.counts;
    assert_eq!(counts.iter().map(|count| count.eval).collect::<Vec<_>>(), [4, 4, 4]);
    assert!(window.shows("CSV, comma") && window.shows("UTF-8"));
    window.press("Health · 2");
    window.press("2 rows left out");
    assert!(window.shows("line 62") && window.shows("line 63"));
    assert!(window.shows("Continue to training"), "the usual model was opened with the first data");
}

#[test]
fn a_class_a_word_and_a_finding_each_narrow_the_rows() {
    let mut window = Window::first();
    let _folder = window.open_reviews();
    window.press_role(Role::ListItem, "negative 20");
    assert!(window.shows("20 of 61 rows"));
    window.write("Search the rows", "NUMBER 7");
    assert!(window.shows("1 of 61 rows"));
    window.press("Show all classes, not only negative");
    assert!(window.shows("3 of 61 rows"));
}

#[test]
fn another_role_reads_the_examples_anew() {
    let mut window = Window::first();
    let _folder = window.open_reviews();
    let before = window.count(|command| matches!(command, Command::ReadDataset { .. }));
    window.press("Second text column");
    window.press_role(Role::Button, "verdict");
    assert_eq!(window.count(|command| matches!(command, Command::ReadDataset { .. })), before + 1);
    assert_eq!(window.app().workspace().data.roles.pair.as_deref(), Some("verdict"));
}

#[test]
fn a_file_that_cannot_be_read_is_explained_where_it_was_asked_for() {
    let mut window = Window::first();
    window.press("Data");
    window.open_path(Path::new("/nowhere/missing.csv"));
    assert!(window.shows("The file could not be read"));
    assert!(window.shows("missing.csv"));
    assert!(window.app().workspace().data.table.is_none());
}

/// Ten sentences with names, of which two begin one with an `I-`, and one comes again.
fn sentences() -> String {
    let mut lines = String::new();
    for place in 0..8 {
        lines += &format!("Ada B-PER\nLovelace I-PER\nlives O\nin O\nHarbour{place} B-LOC\n\n");
    }
    lines += "They O\nmet O\nGrace I-PER\n\nRome I-LOC\nis O\nold O\n\n";
    lines + "Ada B-PER\nLovelace I-PER\nlives O\nin O\nHarbour0 B-LOC\n"
}

fn open_file(window: &mut Window, name: &str, words: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, words).unwrap();
    window.press("Data");
    window.open_path(&path);
    folder
}

#[test]
fn tagged_words_are_read_with_their_entities_and_mistakes_are_put_right_by_one_press() {
    let mut window = Window::first();
    let _folder = open_file(&mut window, "names.conll", &sentences());
    let data = |window: &Window| window.app().workspace().data.clone();
    assert_eq!(data(&window).task, attune::task::Task::Ner);
    assert!(window.shows("Ada Lovelace\u{2009}PER lives in Harbour3\u{2009}LOC"));
    assert!(window.shows("read as IOB2"));
    window.press_role(Role::ListItem, "LOC 10");
    assert!(window.shows("10 of 11 rows"));
    window.press("Show all classes, not only LOC");

    window.press("Health · 2");
    window.press("2 sentences have an I- tag without a B-");
    assert!(window.shows("2 of 11 rows"));
    window.press("Show all rows");
    window.press("Fix: 2 sentences have an I- tag without a B-");
    assert_eq!(data(&window).loaded.as_ref().unwrap().mended[0].rows, [8, 9]);
    assert!(window.shows("2 sentences repaired to IOB2"));
    window.press("Exclude: 1 sentence with the same words and tags as an earlier one");
    assert_eq!(data(&window).loaded.as_ref().unwrap().dataset.examples.len(), 10);
    let draft = &window.app().workspace().draft.data;
    assert_eq!(draft.fix, [attune::data::choices::Fix::Tags]);
    assert_eq!(draft.exclude, [attune::data::choices::Exclude::Duplicates]);
    window.press("Undo: 1 duplicate left out");
    assert_eq!(data(&window).loaded.as_ref().unwrap().dataset.examples.len(), 11);
    assert!(window.app().workspace().draft.data.exclude.is_empty());
}

#[test]
fn questions_show_their_answers_and_misplaced_ones_move() {
    let context = "The Rhine is long. Cologne lies on the Rhine.";
    let row = |question: &str, answer: &str, start: usize| {
        format!(
            "{{\"question\": \"{question}\", \"context\": \"{context}\", \"answers\": {{\"text\": [\"{answer}\"], \
             \"answer_start\": [{start}]}}}}\n"
        )
    };
    let rows = row("What is long?", "The Rhine", 0)
        + &row("Where is Cologne?", "on the Rhine", 32)
        + &row("Which river?", "Rhine", 30)
        + &row("Who asks?", "nobody", 3)
        + &format!(
            "{{\"question\": \"Why?\", \"context\": \"{context}\", \"answers\": {{\"text\": [], \"answer_start\": []}}}}\n"
        );
    let mut window = Window::first();
    let _folder = open_file(&mut window, "questions.jsonl", &rows);
    let loaded = |window: &Window| window.app().workspace().data.loaded.clone().unwrap();
    assert_eq!(window.app().workspace().data.task, attune::task::Task::Qa);
    assert_eq!(loaded(&window).dataset.examples.len(), 3);
    assert!(window.shows("no answer"));
    window.press_role(Role::Button, "Health · 3");
    window.press("Fix: 1 question with an answer that is not at its stated position but elsewhere in the context");
    assert_eq!(loaded(&window).dataset.examples.len(), 4);
    assert!(window.shows("1 question without a usable answer"));
    window.press("Keep together: 1 evaluation question is about a context that is also in the training set");
    assert_eq!(window.app().workspace().data.roles.group.as_deref(), Some("context"));
    assert!(!window.shows("also in the training set"));
}

#[test]
fn a_row_is_shown_as_the_model_reads_it() {
    let (mut window, _folder) = Window::ready();
    window.press("Data");
    window.harness.get_by_label("The battery of number 3 lasts for days").click();
    window.settle();
    assert!(window.shows("in the training set") || window.shows("in the evaluation set"));
    window.press("Token X-ray");
    let xray = window.app().workspace().data.looked_at.clone().expect("the row was looked at");
    assert_eq!(xray.xray.windows.len(), 1);
    assert!(window.shows("8 words"));
    let id = xray.xray.pieces[1].id;
    assert!(window.shows(&format!("id {id}, position 1, segment 1")));
    let before = window.count(|command| matches!(command, Command::Xray { .. }));
    let mut draft = window.app().workspace().draft.clone();
    draft.data.max_tokens = 8;
    window.harness.state_mut().act(Action::Edit(Box::new(draft)));
    window.settle();
    assert_eq!(window.count(|command| matches!(command, Command::Xray { .. })), before + 1);
    assert!(window.shows("cut off"));
}

#[test]
fn a_model_shows_its_card_and_what_was_loaded_and_one_of_another_kind_says_why_not() {
    let mut window = Window::first();
    window.press("Model");
    assert!(window.shows("a gpt2 model, expected bert"));
    window.press("nreimers/MiniLM-L6-H384-uncased, 6 layers × 384");
    assert!(window.app().workspace().model.is_none(), "looking is not choosing");
    window.press("New and untrained  2");
    assert!(window.shows("classifier.weight"));
    window.press("Use this model");
    assert!(window.app().workspace().model.is_some());
    assert!(window.shows("Continue to data"));
}

#[test]
fn a_folder_with_one_model_is_added_and_its_card_opened() {
    let mut window = Window::first();
    window.press("Model");
    window.write("model folder", "/models/roberta-tiny");
    window.press("Open model folder");
    assert_eq!(window.app().workspace().model_folders, [PathBuf::from("/models/roberta-tiny")]);
    let opened = |dir: &str| {
        let is_it =
            |command: &&Command| matches!(command, Command::OpenModel { dir: asked, .. } if asked == Path::new(dir));
        window.asked.iter().filter(is_it).count()
    };
    assert_eq!(opened("/models/roberta-tiny"), 1);
    assert_eq!(window.app().workspace().card.as_ref().unwrap().dir, Path::new("/models/roberta-tiny"));
    assert!(window.app().workspace().model.is_none(), "looking is not choosing");
}

#[test]
fn a_folder_of_several_models_opens_none_and_one_without_any_says_so() {
    let mut window = Window::first();
    window.press("Model");
    window.write("model folder", "/cache");
    window.press("Open model folder");
    assert!(window.app().workspace().card.is_none());
    assert!(window.app().workspace().toasts.is_empty());
    window.write("model folder", "/nothing/here");
    window.press("Open model folder");
    assert!(window.app().workspace().card.is_none());
    assert!(window.shows("No model was found there") && window.shows("config.json"));
}

#[test]
fn a_change_of_the_form_is_planned_once_it_rests() {
    let (window, _folder) = Window::ready();
    let plan = window.app().workspace().plan.clone().unwrap();
    assert_eq!(plan.train_examples, 48);
    assert_eq!(plan.truncated, 0);
    let out = &window.app().workspace().draft.run.out;
    assert!(out.ends_with("reviews-minilm-4"), "three are known already: {}", out.display());
}

#[test]
fn a_run_is_started_watched_and_its_evaluation_opened_when_it_ends() {
    let (mut window, _folder) = Window::ready();
    window.keys(Modifiers::COMMAND, Key::Enter);
    assert_eq!(window.count(|command| matches!(command, Command::Train { .. })), 1);
    let workspace = window.app().workspace();
    assert!(workspace.training.is_none());
    assert_eq!(workspace.run.as_ref().unwrap().step, 60);
    assert!(workspace.evaluation.is_some());
    assert!(workspace.explore.model.as_ref().unwrap().ends_with("reviews-minilm-4/model"));
    window.press("Evaluate");
    assert!(window.shows("Accuracy"));
}

#[test]
fn closing_with_a_run_in_progress_asks_and_stopping_keeps_the_best() {
    let (mut window, _folder) = Window::ready();
    window.held = |command| matches!(command, Command::Train { .. });
    window.keys(Modifiers::COMMAND, Key::Enter);
    assert!(window.app().workspace().training.is_some());
    let input = window.harness.input_mut();
    input.viewports.entry(egui::ViewportId::ROOT).or_default().events.push(egui::ViewportEvent::Close);
    window.settle();
    assert!(window.shows("A run is in progress"));
    window.press("Cancel");
    assert!(!window.shows("A run is in progress"));
    let input = window.harness.input_mut();
    input.viewports.entry(egui::ViewportId::ROOT).or_default().events.push(egui::ViewportEvent::Close);
    window.settle();
    window.press("Stop and keep best");
    assert_eq!(window.count(|command| matches!(command, Command::Control { control: Control::Stop, .. })), 1);
}

#[test]
fn a_request_to_end_stops_the_run_and_closes_the_window_without_a_question() {
    let (mut window, _folder) = Window::ready();
    window.held = |command| matches!(command, Command::Train { .. });
    let closes = |window: &Window| {
        let outputs = window.harness.output().viewport_output.values();
        outputs.flat_map(|output| &output.commands).any(|command| *command == egui::ViewportCommand::Close)
    };
    window.keys(Modifiers::COMMAND, Key::Enter);
    let job = window.app().workspace().training.unwrap();
    window.asked_to_end.ask();
    window.settle();
    assert_eq!(window.count(|command| matches!(command, Command::Control { control: Control::Stop, .. })), 1);
    assert!(!window.shows("A run is in progress") && !closes(&window));
    window.events.send(Event { job, kind: EventKind::Stopped }).unwrap();
    window.harness.step();
    assert!(closes(&window));
}

#[test]
fn an_interrupted_run_is_resumed_from_home_from_runs_and_by_name() {
    let mut window = Window::first();
    window.held = |command| matches!(command, Command::Resume { .. });
    let resumed = |window: &Window| window.count(|command| matches!(command, Command::Resume { .. }));
    let of_job = |window: &Window| {
        job_of(window.asked.iter().rfind(|command| matches!(command, Command::Resume { .. })).unwrap())
    };
    assert!(window.shows("Interrupted"));
    assert!(!window.shows("Resume reviews-minilm-3"), "it is finished");
    window.press("Resume reviews-albert-1");
    let asked =
        window.asked.iter().any(|it| matches!(it, Command::Resume { dir, .. } if dir.ends_with("reviews-albert-1")));
    assert!(asked);
    assert_eq!(window.app().workspace().screen, Screen::Train);
    assert!(window.app().workspace().training.is_some());
    // What it had told before comes first, then it goes on where it was.
    let job = of_job(&window);
    let dir = window.app().workspace().run.as_ref().unwrap().dir.clone();
    let mut events = script::training(&script::config(&dir), 93);
    events.truncate(21);
    events.push(TrainEvent::Resumed { step: 20, seconds: 65.0 });
    for event in events {
        window.events.send(Event { job, kind: EventKind::Train(Box::new(event)) }).unwrap();
    }
    window.settle();
    let run = window.app().workspace().run.clone().unwrap();
    assert_eq!((run.step, run.steps, run.config.run.out), (20, 93, dir));
    window.press_role(Role::Tab, "Runs");
    window.press("Resume reviews-minilm-2");
    assert_eq!(resumed(&window), 1, "one run at a time");
    window.events.send(Event { job, kind: EventKind::Done }).unwrap();
    window.settle();
    window.press_role(Role::Tab, "Runs");
    window.press("Resume reviews-minilm-2");
    assert_eq!(resumed(&window), 2);
    window.events.send(Event { job: of_job(&window), kind: EventKind::Done }).unwrap();
    window.settle();
    window.keys(Modifiers::COMMAND, Key::K);
    window.write("Command", "resume the int");
    window.keys(Modifiers::NONE, Key::Enter);
    assert_eq!(resumed(&window), 3);
}

#[test]
fn a_run_is_deleted_only_after_it_was_asked() {
    let mut window = Window::first();
    window.press("Runs");
    window.press("Delete reviews-minilm-2");
    window.press("Cancel");
    assert_eq!(window.count(|command| matches!(command, Command::Do { .. })), 0);
    window.press("Delete reviews-minilm-2");
    window.press_role(Role::Button, "Delete run");
    let deleted = window
        .asked
        .iter()
        .find_map(|command| if let Command::Do { work, .. } = command { work.get::<DeleteRun>() } else { None });
    assert!(deleted.unwrap().dir.ends_with("reviews-minilm-2"));
}

#[test]
fn a_run_is_opened_and_its_configuration_used_again() {
    let mut window = Window::first();
    window.press("Runs");
    window.press("Open reviews-minilm-3");
    assert_eq!(window.app().workspace().screen, Screen::Train);
    assert_eq!(window.app().workspace().run.as_ref().unwrap().step, 93);
    assert!(window.app().workspace().evaluation.is_some());
    window.press("Runs");
    window.press("Clone reviews-minilm-3");
    assert_eq!(
        window.count(|command| matches!(command, Command::OpenModel { dir, .. } if dir == Path::new("/cache/minilm"))),
        1
    );
    assert_eq!(
        window.count(|command| matches!(command, Command::OpenTable { inputs, .. } if *inputs == "reviews.csv".into())),
        1
    );
    assert_eq!(window.app().workspace().screen, Screen::Train, "the form is what was asked for");
}

#[test]
fn a_run_with_a_model_that_is_not_here_is_cloned_with_a_word_about_it() {
    let mut window = Window::first();
    window.held = |command| matches!(command, Command::OpenRun { .. });
    window.press("Runs");
    window.press("Clone reviews-minilm-3");
    let (job, Ok(mut kinds)) = (job_of(window.asked.last().unwrap()), script::answer(window.asked.last().unwrap()))
    else {
        panic!("the script opens runs");
    };
    let EventKind::Payload(Payload::Run(run)) = &mut kinds[0] else { panic!("{kinds:?}") };
    let model = &mut std::sync::Arc::make_mut(run).config.model;
    (model.path, model.name) = (None, Some("owner/elsewhere".into()));
    for kind in kinds.into_iter().chain([EventKind::Done]) {
        window.events.send(Event { job, kind }).unwrap();
    }
    window.settle();
    assert!(window.shows("cache of this machine does not have owner/elsewhere"));
    window.press("Model");
    window.press("nreimers/MiniLM-L6-H384-uncased, 6 layers × 384");
    window.press("Use this model");
    assert_eq!(window.app().workspace().draft.model.name, None, "the model that was chosen is the one that is meant");
}

#[test]
fn the_command_palette_does_what_is_typed_and_lists_only_what_is_possible() {
    let mut window = Window::first();
    window.keys(Modifiers::COMMAND, Key::K);
    assert!(window.shows("Open a data file…"));
    assert!(!window.shows("Start training"), "there is nothing to train yet");
    window.harness.event(egui::Event::Text("go to runs".into()));
    window.settle();
    window.keys(Modifiers::NONE, Key::Enter);
    assert_eq!(window.app().workspace().screen, Screen::Runs);
    window.keys(Modifiers::COMMAND, Key::K);
    window.keys(Modifiers::NONE, Key::Escape);
    assert!(!window.shows("Open a data file…"));
}

/// Keys that are pressed within one frame.
fn at_once(window: &mut Window, opens: bool, words: &str) {
    let key = |key, modifiers| egui::Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers };
    let opening = opens.then(|| key(Key::K, Modifiers::COMMAND));
    let events = opening.into_iter().chain([egui::Event::Text(words.into()), key(Key::Enter, Modifiers::NONE)]);
    window.harness.input_mut().events.extend(events);
    window.settle();
}

#[test]
fn what_is_typed_counts_before_the_key_that_does_it_however_quickly_both_come() {
    let mut window = Window::first();
    window.keys(Modifiers::COMMAND, Key::K);
    at_once(&mut window, false, "go to runs");
    assert_eq!(window.app().workspace().screen, Screen::Runs);
    at_once(&mut window, true, "home");
    assert_eq!(window.app().workspace().screen, Screen::Home);
    assert!(!window.shows("Open a folder of data…"), "it is closed again");
}

#[test]
fn the_size_that_the_keyboard_gives_stays_when_the_theme_is_changed() {
    let mut window = Window::first();
    window.harness.state_mut().act(Action::SetTextSize(1.5));
    window.settle();
    assert_eq!(window.harness.ctx.zoom_factor(), 1.5);
    // What Ctrl and 0 do.
    window.harness.ctx.set_zoom_factor(1.0);
    window.settle();
    window.harness.state_mut().act(Action::ToggleTheme);
    window.settle();
    assert_eq!(window.harness.ctx.zoom_factor(), 1.0);
    window.harness.ctx.set_zoom_factor(3.0);
    window.settle();
    assert_eq!(window.harness.ctx.zoom_factor(), 1.5, "no more than can be chosen");
}

#[test]
fn the_list_of_commands_grows_again_when_what_was_typed_is_taken_back() {
    let mut window = Window::first();
    window.keys(Modifiers::COMMAND, Key::K);
    let height = |window: &Window| {
        let palette = egui::Id::unique("palette");
        window.harness.ctx.memory(|memory| memory.area_rect(palette)).unwrap().height()
    };
    let whole = height(&window);
    window.harness.event(egui::Event::Text("zebra".into()));
    window.settle();
    assert!(height(&window) < whole / 2.0, "nothing has this name");
    for _ in "zebra".chars() {
        window.keys(Modifiers::NONE, Key::Backspace);
    }
    assert!((height(&window) - whole).abs() < 1.0, "{} of {whole}", height(&window));
}

#[test]
fn the_theme_is_switched_by_its_button() {
    let mut window = Window::first();
    window.press("Light theme");
    assert_eq!(window.harness.ctx.theme(), egui::Theme::Light);
    window.press("Dark theme");
    assert_eq!(window.harness.ctx.theme(), egui::Theme::Dark);
}

#[test]
fn an_answer_to_an_older_question_is_dropped() {
    let mut window = Window::first();
    let stale = Event { job: JobId(9_999), kind: EventKind::Payload(Payload::Models(Vec::new().into())) };
    window.events.send(stale).unwrap();
    window.settle();
    assert_eq!(window.app().workspace().models.len(), 6);
}

#[test]
fn a_job_that_fails_is_shown_and_logged_and_the_window_lives_on() {
    let (mut window, _folder) = Window::ready();
    window.held = |command| matches!(command, Command::Train { .. });
    window.keys(Modifiers::COMMAND, Key::Enter);
    let job = window.app().workspace().training.unwrap();
    let message = "the job panicked: index out of bounds".to_owned();
    window.events.send(Event { job, kind: EventKind::Failed { message, detail: Some("stack".into()) } }).unwrap();
    window.settle();
    assert!(window.shows("Training reviews-minilm-4 failed"));
    window.press("Log");
    assert!(window.shows("press for details"));
    window.press("Data");
    assert!(window.shows("Continue to training"));
}

#[test]
fn the_stages_are_one_stop_of_the_tabulator_and_the_arrows_go_between_them() {
    let mut window = Window::first();
    window.harness.get_by_role_and_label(Role::Tab, "Home").focus();
    window.harness.run_steps(2);
    for expected in [Screen::Data, Screen::Model] {
        window.harness.key_press(Key::ArrowDown);
        window.harness.run_steps(3);
        assert_eq!(window.app().workspace().screen, expected);
    }
    window.harness.key_press(Key::ArrowUp);
    window.harness.run_steps(3);
    assert_eq!(window.app().workspace().screen, Screen::Data);
}

#[test]
fn a_worker_that_is_gone_is_told_once() {
    let mut window = Window::first();
    let (_, gone) = bounded(0);
    drop(std::mem::replace(&mut window.events, gone_sender()));
    _ = gone as Receiver<Event>;
    window.harness.run();
    window.harness.run();
    assert_eq!(window.app().workspace().toasts.len(), 1);
    assert!(window.shows("The worker has stopped"));
}

fn gone_sender() -> Sender<Event> {
    bounded(1).0
}

#[test]
fn an_idle_window_asks_for_no_frame() {
    for screen in ["Home", "Data", "Model", "Train", "Evaluate", "Explore", "Runs", "Settings"] {
        let (mut window, _folder) = Window::ready();
        window.press(screen);
        window.harness.run();
        let delays: Vec<Duration> =
            window.harness.output().viewport_output.values().map(|output| output.repaint_delay).collect();
        assert!(delays.iter().all(|delay| *delay > Duration::from_hours(1)), "{screen}: {delays:?}");
    }
}

#[test]
fn every_screen_can_be_drawn_in_the_smallest_window() {
    let mut window = Window::open([900.0, 600.0]);
    let _folder = window.open_reviews();
    for screen in ["Home", "Data", "Model", "Train", "Evaluate", "Explore", "Runs", "Settings"] {
        window.press_role(Role::Tab, screen);
        assert_eq!(window.app().workspace().screen.title(), screen);
        let node = window.harness.get_by_role_and_label(Role::Tab, screen);
        assert!(node.rect().max.y <= 600.0, "{screen} is on the rail");
    }
}
