//! A view of Explore is kept as a link that leads back to it, in the real window with the real worker: also after a restart,
//! and where something is no longer there.

use std::collections::BTreeMap;
use std::path::Path;

use attune::hub::Hub;
use attune::inspect::attention::Attend;
use attune::inspect::why;
use attune::ui::action::LinkAction;
use attune::ui::{Action, Screen};
use eframe::App as _;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use crate::journey::Window;
use crate::models_match_the_reference::golden;
use crate::worker_keeps_its_word::reviews;

/// What is remembered between two windows.
#[derive(Default)]
struct Memory(BTreeMap<String, String>);

impl eframe::Storage for Memory {
    fn get_string(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }

    fn set_string(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value);
    }

    fn remove_string(&mut self, key: &str) {
        self.0.remove(key);
    }

    fn flush(&mut self) {}
}

fn hub(folder: &Path) -> Hub {
    let mut hub = Hub::at("http://127.0.0.1:9", &folder.join("hub"));
    hub.offline = true;
    hub
}

fn rests(window: &mut Window) {
    window.until("nothing is under way", |workspace| {
        workspace.jobs.is_empty() && (workspace.explore.answer.is_some() || workspace.explore.error.is_some())
    });
    for _ in 0..20 {
        window.harness.run_steps(4);
        window.until("nothing more is asked", |workspace| workspace.jobs.is_empty());
    }
}

fn explore(window: &mut Window, model: &Path) {
    window.harness.state_mut().act(Action::ExploreWith(model.to_owned()));
    rests(window);
}

fn open(window: &mut Window, link: &str) {
    window.harness.state_mut().act(Action::Link(LinkAction::Open(link.to_owned())));
    window.harness.run_steps(4);
}

#[test]
fn a_view_is_kept_with_its_text_and_comes_back_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(folder.path());
    let model = golden().join("bert-classify");
    explore(&mut window, &model);
    window.press("Attention");
    rests(&mut window);
    window.press("Whole words");
    window.press("Lines");
    window.press("What heads do");
    let line =
        window.harness.query_all_by(|node| node.label().is_some_and(|label| label.starts_with("Layer 3, head 2")));
    line.last().unwrap().click();
    rests(&mut window);
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::D);
    window.harness.run_steps(4);
    let kept = window.workspace().kept_views.clone();
    assert_eq!(kept.len(), 1);
    let link = kept[0].link.clone();
    for part in [
        "attune://explore/attention?model=",
        "layer=layer+3",
        "head=head+2",
        "drawn=lines",
        "whole_words=true",
        "tabs=",
    ] {
        assert!(link.contains(part), "{part} in {link}");
    }
    assert!(kept[0].title.starts_with("Attention \u{b7} bert-classify: "), "{}", kept[0].title);
    assert_eq!(window.workspace().log.last().unwrap().link.as_ref(), Some(&link));
    window.press("Keep this view");
    let kept = window.workspace().kept_views.clone();
    assert_eq!(kept.len(), 1, "the same view is kept once");

    let mut memory = Memory::default();
    window.harness.state_mut().save(&mut memory);
    drop(window);
    let storage: &'static Memory = Box::leak(Box::new(memory));
    let mut window = Window::with_settings(folder.path(), hub(folder.path()), storage);
    assert_eq!(window.workspace().kept_views, kept);
    window.press("Log");
    window.press("Kept views \u{b7} 1");
    window.press(&format!("Open the view: {}", kept[0].title));
    rests(&mut window);
    let workspace = window.workspace();
    assert_eq!((workspace.screen, workspace.explore.model.as_ref()), (Screen::Explore, Some(&model)));
    assert!(window.shows("Layer 3, head 2"));
    assert!(window.shows("where most of its attention goes"), "the list of what heads do is in front");
    // Kept again it is the very same, so that nothing of it was lost.
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::D);
    window.harness.run_steps(4);
    assert_eq!(
        window.workspace().kept_views.iter().map(|kept| kept.link.as_str()).collect::<Vec<_>>(),
        [link.as_str()]
    );
    window.press(&format!("Forget {}", kept[0].title));
    assert!(window.workspace().kept_views.is_empty() && window.shows("No view is kept yet"));
}

#[test]
fn a_pasted_link_asks_the_model_it_names_about_its_text() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(folder.path());
    let model = golden().join("bert-classify");
    let text = "the+jury+believed+the+witness";
    let link = format!("attune://explore/why?model={}&text={text}&output=negative&method=occlusion", model.display());
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.harness.run_steps(2);
    window.harness.event(egui::Event::Text(link));
    window.harness.run_steps(2);
    window.harness.key_press(Key::Enter);
    rests(&mut window);
    let answer = window.workspace().explore.answer.clone().unwrap();
    let asked = answer.inquiry.get::<why::TrialOf>().map(|trial| trial.asked.clone());
    let asked = asked.or_else(|| answer.inquiry.get::<why::Explain>().map(|explain| explain.asked.clone())).unwrap();
    assert_eq!(asked.text, "the jury believed the witness");
    assert_eq!(asked.target.label.as_deref(), Some("negative"));
    open(&mut window, &format!("attune://explore/attention?model={}&text=Rain+fell", model.display()));
    rests(&mut window);
    let answer = window.workspace().explore.answer.clone().unwrap();
    let seen = answer.inquiry.get::<Attend>().map(|asked| asked.0.text.clone());
    assert!(seen.is_none_or(|text| text == "Rain fell") && window.shows("Attention from "));
}

#[test]
fn what_a_link_leads_to_and_is_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(folder.path());
    let said = |window: &Window, words: &str| {
        let workspace = window.workspace();
        workspace.log.iter().any(|line| line.text.contains(words))
    };
    open(&mut window, "attune://explore/attention");
    assert!(said(&window, "the link names no model"));
    let gone = folder.path().join("gone");
    open(&mut window, &format!("attune://explore/attention?model={}", gone.display()));
    window.until("the model cannot be opened", |workspace| workspace.explore.error.is_some());
    window.harness.run_steps(2);
    assert!(window.shows("The model cannot be opened"));

    let model = golden().join("bert-classify");
    open(&mut window, &format!("attune://explore/ner?model={}", model.display()));
    window.until("the model is open", |workspace| workspace.explore.subject.is_some());
    window.harness.run_steps(4);
    assert!(said(&window, "This model has no head for"));

    // Data that are not open are opened, and not in the place of others before a person says so.
    let data = reviews(folder.path(), 40);
    let read = format!(
        r#"{{"task":"classify","read":{{"train":"{}","columns":{{"text":"text","label":"label"}}}}}}"#,
        data.display()
    );
    let link = format!("attune://explore/layers?model={}&folds=3&data={read}", model.display()).replace('"', "%22");
    open(&mut window, &link);
    window.until("its data are read", |workspace| workspace.data.loaded.is_some() && workspace.jobs.is_empty());
    assert_eq!(window.workspace().screen, Screen::Explore);
    assert!(!window.shows("This view is of other data"));
    let other = folder.path().join("other.csv");
    std::fs::write(&other, "text,label\nfine,good\npoor,bad\n").unwrap();
    window.harness.state_mut().act(Action::OpenData(other.clone().into()));
    window.until("others are open", |workspace| {
        workspace.jobs.is_empty() && workspace.data.table.as_ref().is_some_and(|table| table.path == other)
    });
    open(&mut window, &link);
    assert!(window.shows("This view is of other data"));
    window.press("Open its data");
    window.until("its data are open again", |workspace| {
        workspace.jobs.is_empty() && workspace.data.table.as_ref().is_some_and(|table| table.path == data)
    });
}
