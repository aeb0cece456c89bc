//! Which model is asked, and which of its heads.

use std::path::Path;

use egui::text::{LayoutJob, TextFormat};
use egui::{Align, Layout as Flow, Ui, vec2};
use egui_material_icons::icons::{ICON_BOOKMARK_ADD, ICON_EXPLORE};

use super::view::Mode;
use crate::hub::embedded::Shipped;
use crate::inspect::Subject;
use crate::ui::action::LinkAction;
use crate::ui::panels::precision;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::choice::choice;
use crate::ui::widgets::line;
use crate::ui::widgets::segmented::{self, segmented};
use crate::ui::widgets::{Button, state, text};
use crate::ui::workspace::{Screen, Workspace};
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::{ModelEntry, Origin};

/// Room for what is said of the model at the right end.
const FACTS: f32 = 220.0;
const HEIGHT: f32 = 28.0;
/// Room for the press that keeps the view.
const KEEP: f32 = 36.0;
/// The narrowest and the widest field of the model's name.
const NAME: (f32, f32) = (130.0, 260.0);

/// Draws the model's name, a switch between what it can be asked, and the course of its run. Returns what was pressed.
pub fn ui(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    mode: Option<Mode>,
    choices: &[(Mode, &str)],
    course: impl FnOnce(&mut Ui, &mut Cx<'_>, &Subject),
) -> Option<Mode> {
    let palette = cx.palette;
    let model = cx.workspace.explore.model.clone()?;
    let subject = cx.workspace.explore.subject.clone();
    let mode = mode.filter(|_| subject.is_some());
    let gap = ui.spacing().item_spacing.x;
    let room = ui.available_width();
    let switch = if mode.is_some() { segmented::width(ui, choices) + gap } else { 0.0 };
    let label = text::width(ui, text::dim("Model", palette)) + gap;
    let name = (room * 0.22).clamp(NAME.0, NAME.1);
    // The switch is on the model's line as long as it finds room there, then without the field's label.
    let eight = precision::width(ui, cx) + gap + KEEP;
    let beside = switch + NAME.0 + eight <= room;
    let rest = if beside { room - switch - eight } else { room - eight };
    let is_named = label + name <= rest;
    let name = if is_named { name } else { name.min(rest) };
    let mut chosen = None;
    row(ui, |ui| {
        if is_named {
            ui.label(text::dim("Model", palette));
        }
        model_ui(ui, cx, &model, name);
        let Some(subject) = &subject else { return };
        if let Some(mode) = mode.filter(|_| beside) {
            chosen = segmented(ui, palette, mode, choices, false);
        }
        line::right(ui, |ui| {
            keep_ui(ui, cx);
            precision::ui(ui, cx);
            if ui.available_width() > FACTS {
                let words = format!("{} · up to {} tokens", subject.family, format::count(subject.max_tokens as u64));
                ui.label(text::number_dim(words, palette));
            }
        });
    });
    if let Some(mode) = mode.filter(|_| !beside) {
        for choices in rows(ui, choices, room) {
            ui.add_space(2.0);
            row(ui, |ui| chosen = segmented(ui, palette, mode, choices, false).or(chosen));
        }
    }
    if let Some(promise) = cx.workspace.shipped_in(&model).and_then(Shipped::promise) {
        ui.add_space(2.0);
        ui.add(egui::Label::new(text::small(promise.words(), palette)).wrap());
    }
    if let Some(subject) = &subject {
        course(ui, cx, subject);
    }
    if let Some(words) = subject.and_then(|subject| subject.refused.clone()) {
        ui.add_space(8.0);
        state::warning(ui, palette, "A head of this model is not asked", &words, |ui| {
            if Button::new("Train it").small().show(ui, palette).clicked() {
                cx.actions.push(Action::Go(Screen::Train));
            }
        });
    }
    chosen
}

/// Keeps the view, with its keys for whoever does it often.
fn keep_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let action = Action::Link(LinkAction::Keep);
    let keys = action.shortcut().map(|keys| format::keys(ui.ctx(), &keys)).unwrap_or_default();
    let button = Button::icon_only(ICON_BOOKMARK_ADD, "Keep this view").small();
    let hint = format!("{} ({keys})", action.tooltip());
    if button.show(ui, cx.palette).on_hover_text(hint).clicked() {
        cx.act(action);
    }
}

fn row(ui: &mut Ui, draw: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(ui.available_width(), HEIGHT), Flow::left_to_right(Align::Center), |ui| {
        ui.set_min_height(HEIGHT);
        draw(ui);
    });
}

/// As many of the choices on each line as find room there.
fn rows<'a, 'b>(ui: &Ui, choices: &'a [(Mode, &'b str)], room: f32) -> Vec<&'a [(Mode, &'b str)]> {
    let (mut rows, mut start) = (Vec::new(), 0);
    for end in 1..=choices.len() {
        let is_full = choices.get(start..=end).is_none_or(|more| segmented::width(ui, more) > room);
        if is_full {
            rows.push(&choices[start..end]);
            start = end;
        }
    }
    rows
}

/// The field with the model's name, and what else could be asked.
fn model_ui(ui: &mut Ui, cx: &mut Cx<'_>, model: &Path, width: f32) {
    let palette = cx.palette;
    let known = candidates(cx.workspace);
    let name = cx.workspace.model_name(model);
    // What tells a trial or a fold from the others stands at the end.
    let shown = if name.contains(" · ") { text::short_name(&name, ((width - 36.0) / 8.0) as usize) } else { name };
    choice(ui, "Model to ask", width, &shown, |ui| {
        for entry in &known {
            let is_it = entry.dir == model;
            let heads: Vec<&str> = entry.heads.iter().map(|task| task.title()).collect();
            let words = if heads.is_empty() { "no head".to_owned() } else { heads.join(", ").to_lowercase() };
            let name = cx.workspace.model_name(&entry.dir);
            let line = egui::WidgetText::from(named(&text::short_name(&name, 44), &words, palette));
            if ui.selectable_label(is_it, line).on_hover_text(format::path(&entry.dir)).clicked() && !is_it {
                cx.actions.push(Action::ExploreWith(entry.dir.clone()));
            }
        }
        if known.is_empty() {
            ui.label(text::dim("No other model was found", palette));
        }
    });
}

/// What stands where there is no model, none that can be opened, or none with a head. Returns whether the lab was asked
/// for.
pub fn nothing_ui(ui: &mut Ui, cx: &mut Cx<'_>) -> bool {
    let palette = cx.palette;
    let explore = &cx.workspace.explore;
    if let (Some(_), Some(error)) = (&explore.model, &explore.error) {
        ui.add_space(12.0);
        egui::Frame::new().inner_margin(12).show(ui, |ui| {
            state::error(ui, palette, "The model cannot be opened", error, |_| {});
        });
        return false;
    }
    if explore.model.is_some() && explore.subject.is_none() {
        ui.add_space(ui.available_height() * 0.35);
        ui.vertical_centered(|ui| ui.label(text::dim("Opening the model…", palette)));
        return false;
    }
    let offered: Vec<ModelEntry> = candidates(cx.workspace)
        .into_iter()
        .filter(|entry| entry.origin == Origin::Run || !entry.heads.is_empty())
        .take(6)
        .collect();
    let (title, words) = if explore.model.is_some() {
        ("This model has no head", "It is an encoder by itself: fine-tune it for a task, or choose a model that was.")
    } else if offered.is_empty() {
        (
            "No trained model yet",
            "Train a model, then type a text here and watch its prediction change with every word.",
        )
    } else {
        ("Choose a model", "Type a text and watch the prediction change with every word.")
    };
    let headless = explore.model.is_some();
    state::empty(ui, palette, ICON_EXPLORE, title, words, |ui| {
        for entry in &offered {
            if Button::new(entry.name.clone()).min_width(260.0).show(ui, palette).clicked() {
                cx.act(Action::ExploreWith(entry.dir.clone()));
            }
        }
        if offered.is_empty() && Button::new("Train a model").primary().show(ui, palette).clicked() {
            cx.act(Action::Go(Screen::Train));
        }
        headless && Button::new("See what it could be trained on").quiet().show(ui, palette).clicked()
    })
}

/// A name with what can be asked of it, quieter.
fn named(name: &str, heads: &str, palette: &Palette) -> LayoutJob {
    let mut job = LayoutJob::default();
    let format = |font_id, color| TextFormat { font_id, color, ..TextFormat::default() };
    job.append(name, 0.0, format(theme::regular(size::BODY), palette.text));
    job.append(heads, 8.0, format(theme::regular(size::SMALL), palette.text_faint));
    job
}

/// Trained runs first, then folders with a head, then encoders alone.
fn candidates(workspace: &Workspace) -> Vec<ModelEntry> {
    let mut known: Vec<ModelEntry> = workspace.models.iter().filter(|entry| entry.problem.is_none()).cloned().collect();
    known.sort_by_key(|entry| (entry.origin != Origin::Run, entry.heads.is_empty()));
    known
}
