//! Explore: type a text and see what the model says of it while typing.
//!
//! A request goes out a moment after a key, and the next one when the last is answered: the model sets the pace, what is
//! asked is always the newest text, and an older answer can never take the place of a newer. An answer to anything but
//! the text in the box is drawn faintly until its own comes.

mod answer;
mod history;
mod tokens;

use std::path::PathBuf;
use std::sync::{Arc, Weak};

use egui::{Align, Frame, Layout as Flow, Margin, Panel, TextEdit, Ui, vec2};
use egui_material_icons::icons::{ICON_ADD, ICON_CLOSE, ICON_EXPLORE};

use crate::inspect::Answer;
use crate::task::Task;
use crate::ui::theme::{self, size};
use crate::ui::tiles::{Layout, PaneInfo, Tiled};
use crate::ui::widgets::choice::choice;
use crate::ui::widgets::{Button, state, text};
use crate::ui::workspace::{Screen, Workspace};
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::{ModelEntry, Origin};
use history::History;

/// Seconds after a key until the model is asked, so that one stroke of a fast typist is not a request.
const PAUSE: f64 = 0.04;

#[derive(Clone, Debug, PartialEq)]
struct Request {
    model: PathBuf,
    text: String,
    pair: Option<String>,
}

#[derive(Debug, Default)]
pub struct ExplorePanel {
    text: String,
    /// The second text of a pair, while there is one.
    pair: Option<String>,
    /// When the first key was pressed that nothing was asked about yet.
    edited: Option<f64>,
    asked: Option<Request>,
    seen: Option<Weak<Answer>>,
    history: History,
    all_classes: bool,
}

const PANES: &[PaneInfo] = &[
    PaneInfo { key: "text", title: "Text" },
    PaneInfo { key: "answer", title: "Prediction" },
    PaneInfo { key: "history", title: "Tried so far" },
    PaneInfo { key: "examples", title: "Examples" },
];

impl Tiled for ExplorePanel {
    fn panes(&self) -> &'static [PaneInfo] {
        PANES
    }

    fn layout(&self) -> Layout {
        let left = Layout::Rows(vec![(1.1, Layout::Pane("text")), (1.0, Layout::Pane("answer"))]);
        let right = Layout::Rows(vec![(1.0, Layout::Pane("history")), (1.0, Layout::Pane("examples"))]);
        Layout::Columns(vec![(1.9, left), (1.0, right)])
    }

    fn has_content(&self, cx: &Cx<'_>) -> bool {
        cx.workspace.explore.model.is_some()
    }

    fn empty_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        no_model_ui(ui, cx);
    }

    fn around_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.take_answer(ui, cx.workspace);
        self.ask(ui, cx);
        let fill = Frame::new().inner_margin(Margin { left: 12, right: 12, top: 12, bottom: 0 });
        Panel::top("explore head").show_separator_line(false).frame(fill).show(ui, |ui| head_ui(ui, cx));
    }

    fn pane_ui(&mut self, key: &str, ui: &mut Ui, cx: &mut Cx<'_>) {
        match key {
            "text" => self.text_ui(ui, cx),
            "answer" => {
                let fresh = self.is_fresh(cx.workspace.explore.answer.as_deref());
                answer::ui(ui, fresh, !self.text.trim().is_empty(), &mut self.all_classes, cx);
            }
            "history" => {
                if let Some((text, pair)) = self.history.list_ui(ui, cx.palette) {
                    self.set(ui, text, pair);
                }
            }
            _ => {
                if let Some((text, pair)) = self.history.examples_ui(ui, cx) {
                    self.set(ui, text, pair);
                }
            }
        }
    }
}

impl ExplorePanel {
    fn set(&mut self, ui: &Ui, text: String, pair: Option<String>) {
        self.text = text;
        self.pair = pair;
        self.edited = Some(ui.input(|input| input.time) - PAUSE);
        ui.ctx().request_repaint();
    }

    fn request(&self, workspace: &Workspace) -> Option<Request> {
        let model = workspace.explore.model.clone()?;
        (!self.text.trim().is_empty()).then(|| Request { model, text: self.text.clone(), pair: self.pair.clone() })
    }

    /// Asks for the newest text, unless exactly this was asked last or the model is still busy with the one before.
    fn ask(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        let now = ui.input(|input| input.time);
        let Some(request) = self.request(cx.workspace) else {
            self.asked = None;
            return;
        };
        if self.asked.as_ref() == Some(&request) {
            return;
        }
        let Some(edited) = self.edited else {
            // Nothing was typed here: the model was changed, or somebody else has just asked.
            if cx.workspace.explore.pending.is_none() {
                self.edited = Some(now - PAUSE);
                ui.ctx().request_repaint();
            }
            return;
        };
        if cx.workspace.explore.pending.is_some() {
            // Its answer draws the window again.
            return;
        }
        let rest = edited + PAUSE - now;
        if rest > 0.001 {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(rest));
            return;
        }
        self.edited = None;
        cx.act(Action::Predict {
            model: request.model.clone(),
            text: request.text.clone(),
            pair: request.pair.clone(),
        });
        self.asked = Some(request);
    }

    /// Takes note of a new answer. One to a question that was not asked here brings its text with it.
    fn take_answer(&mut self, ui: &Ui, workspace: &Workspace) {
        let now = ui.input(|input| input.time);
        if let Some(answer) = &workspace.explore.answer {
            let known = self.seen.as_ref().is_some_and(|seen| Weak::as_ptr(seen) == Arc::as_ptr(answer));
            if !known {
                self.seen = Some(Arc::downgrade(answer));
                let mine =
                    self.asked.as_ref().is_some_and(|asked| asked.text == answer.text && asked.pair == answer.pair);
                if !mine {
                    self.text.clone_from(&answer.text);
                    self.pair.clone_from(&answer.pair);
                    self.edited = None;
                    self.asked = self.request(workspace);
                }
                self.history.answered(answer.clone(), now);
            }
        }
        if let Some(rest) = self.history.settle(now, &self.text) {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(rest));
        }
    }

    fn is_fresh(&self, answer: Option<&Answer>) -> bool {
        answer.is_some_and(|answer| answer.text == self.text && answer.pair == self.pair)
    }

    fn text_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let answer = cx.workspace.explore.answer.clone().filter(|answer| self.is_fresh(Some(answer)));
        let strip = if answer.is_some() { 84.0 } else { 0.0 };
        let mut changed = false;
        let boxes = if self.pair.is_some() { 2.0 } else { 1.0 };
        let room = ui.available_height() - strip - 34.0;
        let height = (room / boxes - 4.0).max(44.0);
        changed |= field(ui, &mut self.text, "Text to try", "Type or paste a text…", height, palette);
        if let Some(pair) = &mut self.pair {
            changed |= field(ui, pair, "Second text to try", "The second text of the pair…", height, palette);
        }
        ui.horizontal(|ui| {
            let paired = self.pair.is_some();
            let (icon, words) = if paired { (ICON_CLOSE, "Without second text") } else { (ICON_ADD, "Second text") };
            if Button::new(words).icon(icon).quiet().small().show(ui, palette).clicked() {
                self.pair = if paired { None } else { Some(String::new()) };
                changed = true;
            }
            if !self.text.is_empty()
                && Button::new("Clear").quiet().small().name("Clear the text").show(ui, palette).clicked()
            {
                self.text.clear();
                changed = true;
            }
            let letters = self.text.chars().count() as u64;
            if letters > 0 {
                ui.label(text::number_dim(format::plural(letters, "character", "characters"), palette));
            }
        });
        if changed {
            self.edited.get_or_insert(ui.input(|input| input.time));
            ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(PAUSE));
        }
        if let Some(answer) = answer {
            tokens::strip(ui, &answer.tokens, answer.cut, palette);
        }
    }
}

fn field(ui: &mut Ui, words: &mut String, name: &str, hint: &str, height: f32, palette: &crate::ui::Palette) -> bool {
    let mut changed = false;
    egui::ScrollArea::vertical().id_salt(name).max_height(height).min_scrolled_height(height).show(ui, |ui| {
        let edit = TextEdit::multiline(words)
            .hint_text(egui::RichText::new(hint).color(palette.text_faint))
            .font(theme::regular(size::HEAD - 1.0))
            .desired_width(f32::INFINITY)
            .desired_rows(1)
            .margin(Margin::same(10))
            .min_size(vec2(0.0, height));
        changed = ui.add(edit).accessible_name(name).changed();
    });
    changed
}

/// Which model is asked.
fn head_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let Some(model) = cx.workspace.explore.model.clone() else { return };
    ui.allocate_ui_with_layout(vec2(ui.available_width(), 28.0), Flow::left_to_right(Align::Center), |ui| {
        ui.set_min_height(28.0);
        ui.label(text::dim("Model", palette));
        let known = candidates(cx.workspace);
        let shown = cx.workspace.model_name(&model);
        choice(ui, "Model to ask", 260.0, &shown, |ui| {
            for entry in &known {
                let chosen = entry.dir == model;
                if ui
                    .selectable_label(chosen, cx.workspace.model_name(&entry.dir))
                    .on_hover_text(format::path(&entry.dir))
                    .clicked()
                    && !chosen
                {
                    cx.actions.push(Action::ExploreWith(entry.dir.clone()));
                }
            }
            if known.is_empty() {
                ui.label(text::dim("No other model was found", palette));
            }
        });
    });
    let card = cx.workspace.model.as_ref().filter(|card| card.dir == model);
    let untrained = card.is_some_and(|card| !card.heads.iter().any(|task| task.is_sequence() || *task == Task::Nsp));
    if untrained {
        ui.add_space(8.0);
        let words = "What it says is chance until it is fine-tuned on labelled texts.";
        state::warning(ui, palette, "This model's head is untrained", words, |ui| {
            if Button::new("Train it").small().show(ui, palette).clicked() {
                cx.actions.push(Action::Go(Screen::Train));
            }
        });
    }
}

/// Trained runs first, then what lies in the model folders.
fn candidates(workspace: &Workspace) -> Vec<ModelEntry> {
    let mut known: Vec<ModelEntry> = workspace.models.iter().filter(|entry| entry.problem.is_none()).cloned().collect();
    known.sort_by_key(|entry| entry.origin != Origin::Run);
    known
}

fn no_model_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let runs: Vec<ModelEntry> =
        candidates(cx.workspace).into_iter().filter(|entry| entry.origin == Origin::Run).take(5).collect();
    let (title, words) = if runs.is_empty() {
        ("No trained model yet", "Train a model, then type a text here and watch what it says of every word you add.")
    } else {
        ("Choose a model", "Type a text and watch what the model says of every word you add.")
    };
    state::empty(ui, palette, ICON_EXPLORE, title, words, |ui| {
        for entry in &runs {
            if Button::new(entry.name.clone()).min_width(260.0).show(ui, palette).clicked() {
                cx.act(Action::ExploreWith(entry.dir.clone()));
            }
        }
        if runs.is_empty() && Button::new("Train a model").primary().show(ui, palette).clicked() {
            cx.act(Action::Go(Screen::Train));
        }
    });
}
