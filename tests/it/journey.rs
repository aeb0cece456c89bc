//! The whole way through the real window with the real worker: from a file over training to answers, and again after a
//! restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use attune::hub::Hub;
use attune::hub::embedded::Shipped;
use attune::inspect::Question;
use attune::train::config::{Init, StrategyKind};
use attune::ui::app::App;
use attune::ui::guide::Part;
use attune::ui::places::Places;
use attune::ui::workspace::Workspace;
use attune::ui::{Action, Screen};
use attune::worker::works::rate::FindRate;
use attune::worker::works::times::TimeRuns;
use attune::worker::{Client, spawn};
use egui::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::models_match_the_reference::golden;
use crate::worker_keeps_its_word::reviews;

/// Frames after which something that does not happen is given up: minutes, whatever the machine.
const FRAMES: usize = 60_000;

pub struct Window {
    pub harness: Harness<'static, App>,
}

impl Window {
    /// A window whose runs and samples lie in a folder of the test, and that nobody on the network is asked by.
    pub fn open(folder: &Path) -> Self {
        let mut hub = Hub::at("http://127.0.0.1:9", &folder.join("hub"));
        hub.offline = true;
        Self::open_with(folder, hub)
    }

    pub fn open_with(folder: &Path, hub: Hub) -> Self {
        Self::open_with_worker(folder, hub, spawn(Arc::new(|_| {})).unwrap())
    }

    pub fn open_with_worker(folder: &Path, hub: Hub, client: Client) -> Self {
        Self::remembering(folder, hub, client, None)
    }

    /// A window that finds what one before it remembered.
    pub fn with_settings(folder: &Path, hub: Hub, storage: &'static dyn eframe::Storage) -> Self {
        Self::remembering(folder, hub, spawn(Arc::new(|_| {})).unwrap(), Some(storage))
    }

    fn remembering(folder: &Path, hub: Hub, client: Client, storage: Option<&'static dyn eframe::Storage>) -> Self {
        let places =
            Places { runs: folder.join("runs"), samples: folder.join("samples"), model: folder.join("attune-mini") };
        let harness = Harness::builder()
            .with_size([1440.0, 900.0])
            .with_max_steps(40)
            // The sample has letters that only fonts of the system have, which this machine may lack.
            .allow_missing_glyphs()
            .build_eframe(move |cc| {
                cc.storage = storage;
                App::new(cc, client, places).with_hub(hub)
            });
        let mut window = Self { harness };
        window.until("the start looks for runs and models", |workspace| workspace.jobs.is_empty());
        window
    }

    pub fn workspace(&self) -> &Workspace {
        self.harness.state().workspace()
    }

    /// Draws frames until the window knows something.
    pub fn until(&mut self, what: &str, known: impl Fn(&Workspace) -> bool) {
        for _ in 0..FRAMES {
            self.harness.step();
            if known(self.workspace()) {
                self.harness.run_steps(2);
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let (jobs, log) = (&self.workspace().jobs, &self.workspace().log);
        panic!("{what}: never; jobs {jobs:?}, log {log:?}");
    }

    pub fn press(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.harness.run_steps(3);
    }

    pub fn go(&mut self, screen: Screen) {
        self.harness.get_by_role_and_label(Role::Tab, screen.title()).click();
        self.harness.run_steps(3);
        assert_eq!(self.workspace().screen, screen);
    }

    pub fn write(&mut self, role: Role, field: &str, words: &str) {
        self.harness.get_by_role_and_label(role, field).click();
        self.harness.run_steps(2);
        self.harness.event(egui::Event::Text(words.into()));
        self.harness.run_steps(2);
    }

    pub fn shows(&self, words: &str) -> bool {
        self.harness.query_all_by_label_contains(words).next().is_some()
    }
}

#[test]
fn the_main_job_is_done_from_a_file_to_answers_and_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data = reviews(folder.path(), 400);
    let mut window = Window::open(folder.path());

    window.go(Screen::Data);
    window.write(Role::TextInput, "data file", &data.display().to_string());
    window.press("Open data file");
    window.until("the examples are read", |workspace| workspace.data.loaded.is_some());
    assert!(window.shows("400 rows"));

    window.press("Continue to model");
    let model = golden().join("bert-classify");
    window.write(Role::TextInput, "model folder", &model.display().to_string());
    window.press("Open model folder");
    window.until("the card of the pasted folder opens", |workspace| {
        workspace.card.as_ref().is_some_and(|card| card.dir == model)
    });
    window.press("Use this model");
    window.until("the run is planned", |workspace| workspace.plan.is_some() && workspace.jobs.is_empty());
    assert_eq!(window.workspace().screen, Screen::Train);
    // A few hundred texts are seen many times, unless somebody knows better.
    let draft = &window.workspace().draft;
    assert_eq!((draft.optim.lr, draft.run.epochs, draft.run.batch), (1e-2, 15.0, 16));
    assert!(window.shows("Recommended for"));
    window.write(Role::SpinButton, "Learning rate", "0.005");
    window.harness.key_press(egui::Key::Enter);
    window.harness.run_steps(3);
    assert!(window.shows("Your own learning rate"));
    assert_eq!(window.workspace().draft.optim.lr, 0.005);

    window.press("Start training");
    window.until("the run has ended and its evaluation was opened", |workspace| {
        workspace.training.is_none() && workspace.evaluation.is_some() && workspace.jobs.is_empty()
    });
    assert!(window.shows("Finished"));
    let name = "reviews-bert-classify-1";
    let run: PathBuf = folder.path().join("runs").join(name);
    assert!(run.join("model/model.safetensors").is_file());

    window.go(Screen::Evaluate);
    let metrics = &window.workspace().evaluation.as_ref().unwrap().evaluation.metrics;
    assert!(metrics["accuracy"] > 0.9, "{metrics:?}");
    assert!(window.shows("Accuracy") && window.shows("80 examples"));

    window.go(Screen::Explore);
    ask(&mut window, "the soup was wonderful", "good");
    ask(&mut window, "a ferry and endless", "bad");

    window.go(Screen::Runs);
    assert!(window.shows(&format!("Open {name}")));
    drop(window);

    let mut again = Window::open(folder.path());
    again.go(Screen::Runs);
    again.press(&format!("Open {name}"));
    again.until("the run opens again", |workspace| workspace.run.is_some() && workspace.evaluation.is_some());
    assert_eq!(again.workspace().run.as_ref().unwrap().dir, run);
    assert!(again.shows("Finished") && again.shows("See mistakes"));
    again.go(Screen::Explore);
    ask(&mut again, "tom found it wonderful", "good");
}

/// Types into the box and waits for the answer to what then stands there.
fn ask(window: &mut Window, words: &str, label: &str) {
    window.until("the model can be asked", |workspace| workspace.explore.subject.is_some());
    window.harness.run_steps(2);
    // Something to try stands there before.
    window.press("Clear the text");
    window.harness.get_by_label("Text to try").focus();
    window.harness.run_steps(2);
    window.harness.event(egui::Event::Text(words.into()));
    let said = |workspace: &Workspace| workspace.explore.answer.as_ref()?.to::<Question>().cloned();
    window.until("the model answers", |workspace| said(workspace).is_some_and(|answer| answer.question.text == words));
    let answer = said(window.workspace()).unwrap();
    let attune::inspect::Prediction::Classes(classes) = &answer.result else { panic!("{:?}", answer.result) };
    assert_eq!(classes[0].0, label, "{classes:?}");
}

#[test]
fn the_sample_is_written_where_the_window_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(folder.path());
    window.press("Start with Product reviews");
    window.until("the sample is read", |workspace| workspace.data.loaded.is_some());
    assert!(folder.path().join("samples/reviews.csv").is_file());
    assert!(window.workspace().data.loaded.as_ref().unwrap().dataset.examples.len() > 100);
}

#[test]
fn a_rate_is_found_by_trying_and_taken_into_the_form_by_one_press() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(folder.path());
    planned(&mut window, folder.path());
    window.press("Find a rate");
    window.until("rates were tried", |workspace| workspace.worked::<FindRate>().is_some() && workspace.jobs.is_empty());
    let found = window.workspace().worked::<FindRate>().unwrap().1.clone();
    let rate = attune::ui::format::rate(found.suggested.unwrap());
    assert!(window.shows("Loss over the learning rate, suggested"));
    let button = format!("Use the suggested rate {rate}");
    window.harness.get_by_label(&button).scroll_to_me();
    window.harness.run_steps(3);
    window.press(&button);
    assert_eq!(window.workspace().draft.optim.lr, found.suggested.unwrap());
    assert!(window.shows("Your own learning rate") && !folder.path().join("runs").exists());
}

#[test]
fn a_run_that_does_not_fit_is_made_to_fit_by_one_press() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(folder.path());
    planned(&mut window, folder.path());
    assert!(!window.shows("Make it fit"));
    let whole = window.workspace().plan.as_ref().unwrap().memory.total();
    let act = |window: &mut Window, limit| window.harness.state_mut().act(Action::SetMemoryLimit(Some(limit)));
    act(&mut window, whole - whole / 200);
    window.until("offers are there", |workspace| !workspace.offers.is_empty() && workspace.jobs.is_empty());
    assert!(window.shows("more than it may take"));
    window.press("Make it fit…");
    let offers = window.workspace().offers.clone();
    let fits: Vec<_> = offers.iter().filter(|offer| offer.fits).collect();
    assert!(!fits.is_empty(), "{offers:#?}");
    let button = window.harness.query_all_by_label_contains("Use Micro-batches of").next().unwrap();
    button.click();
    window.until("it fits", |workspace| {
        workspace.offers.is_empty() && workspace.jobs.is_empty() && workspace.draft.run.micro_batch.is_some()
    });
    assert!(!window.shows("Make it fit"));
}

/// A file and a model are chosen, and the run is planned.
pub fn planned(window: &mut Window, folder: &Path) {
    let data = reviews(folder, 400);
    window.harness.state_mut().act(Action::OpenData(data.into()));
    window.harness.state_mut().act(Action::OpenModel(golden().join("bert-classify")));
    window.until("the run is planned", |workspace| workspace.plan.is_some() && workspace.jobs.is_empty());
    window.go(Screen::Train);
}

#[test]
fn the_guided_path_sets_up_the_real_screens_and_ticks_off_what_was_done() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(folder.path());
    window.press("1  What pretraining taught");
    window.until("the runs are timed", |workspace| workspace.worked::<TimeRuns>().is_some());
    assert!(window.shows("it read a lot of text in which words were hidden"));
    assert!(window.shows("Not done yet: Ask attune-mini for a hidden word"));
    press_below(&mut window, "Open Explore: Ask attune-mini for a hidden word");
    let is_done = |part| move |workspace: &Workspace| workspace.guide.done.contains(&part) && workspace.jobs.is_empty();
    window.until("a word is guessed", is_done(Part::FillIn));
    assert_eq!(window.workspace().screen, Screen::Explore);
    let told = window.workspace().explore.answer.clone().unwrap();
    let asked = told.inquiry.get::<Question>().unwrap();
    assert!(asked.text.starts_with("She poured the coffee into a [MASK]"), "{}", asked.text);

    window.go(Screen::Home);
    assert!(window.shows("Done: Ask attune-mini for a hidden word"));
    let part = "Train on reviews, from random weights";
    press_below(&mut window, &format!("Set up: {part}"));
    run_shortly(&mut window, Part::FromRandom);
    let run = window.workspace().run.as_ref().unwrap();
    assert!(run.config.model.embedded == Some(Shipped::Mini) && run.config.model.init == Init::Random);
    assert!(run.config.data.eval.as_ref().is_some_and(|path| path.place().ends_with("reviews-dev.csv")));

    window.go(Screen::Home);
    assert!(window.shows(&format!("Done: {part}")));
    press_below(&mut window, "3  Freezing");
    press_below(&mut window, "Set up: Train on reviews, the head alone");
    run_shortly(&mut window, Part::HeadOnly);
    let run = window.workspace().run.as_ref().unwrap();
    assert_eq!((run.config.strategy.kind, run.config.model.init), (StrategyKind::Head, Init::Pretrained));

    window.go(Screen::Home);
    press_below(&mut window, "Hide the guided path");
    assert!(!window.shows("How transfer learning works"));
    press_below(&mut window, "Show the guided path");
    assert!(window.shows("How transfer learning works"));
}

/// Presses what may stand below what can be seen.
fn press_below(window: &mut Window, label: &str) {
    window.harness.get_by_label(label).click_accesskit();
    window.harness.run_steps(3);
}

/// Starts the run that was set up, for two updates.
fn run_shortly(window: &mut Window, part: Part) {
    window.until("the run is set up", |workspace| {
        workspace.screen == Screen::Train && workspace.plan.is_some() && workspace.jobs.is_empty()
    });
    let mut draft = window.workspace().draft.clone();
    assert!(draft.data.train.place().ends_with("samples/reviews.csv"), "{}", draft.data.train.place().display());
    (draft.run.max_steps, draft.data.max_tokens) = (Some(2), 16);
    window.harness.state_mut().act(Action::Edit(Box::new(draft)));
    window
        .until("the form is changed", |workspace| workspace.draft.run.max_steps.is_some() && workspace.jobs.is_empty());
    window.press("Start training");
    window.until("the run has ended", |workspace| {
        workspace.guide.done.contains(&part) && workspace.training.is_none() && workspace.jobs.is_empty()
    });
}
