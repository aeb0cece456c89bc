//! The chosen run with all that can be done with it, in words.

use egui::{Label, Popup, Ui};
use egui_material_icons::icons::{
    ICON_CASINO, ICON_CONTENT_COPY, ICON_DELETE, ICON_DIFFERENCE, ICON_EXPLORE, ICON_FILE_COPY, ICON_IOS_SHARE,
    ICON_PLAY_ARROW, ICON_SHOW_CHART,
};

use super::status_chip;
use crate::train::run::{RunStatus, RunSummary};
use crate::ui::theme::Palette;
use crate::ui::widgets::{Button, Card, text};
use crate::ui::workspace::folds::NO_MODEL;
use crate::ui::workspace::model_of;
use crate::ui::{Action, Cx, format};

/// Where less room than this is to be had, the buttons take two lines.
const WIDE: f32 = 1260.0;

/// The height of it in a window of some width.
pub fn height(width: f32) -> f32 {
    if width < WIDE { 172.0 } else { 136.0 }
}

/// The states that it keeps of its course, and what they take.
fn states_words(run: &RunSummary) -> String {
    if run.states.is_empty() {
        return String::new();
    }
    let states = format::plural(run.states.len() as u64, "state kept", "states kept");
    format!(" · {states} ({})", format::bytes(run.states.iter().map(|state| state.bytes).sum()))
}

/// What is done with a run where it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Stay,
    Export,
    /// So that it is there with so many seeds.
    Again(usize),
}

/// Seeds in all, of the run that is repeated and those that are new.
const SEEDS: [usize; 3] = [3, 5, 10];

/// The choice of how many seeds there shall be, with what they take.
fn again_ui(ui: &mut Ui, run: &RunSummary, palette: &Palette, can_be: bool) -> Option<usize> {
    let button = Button::new("Again with 3 seeds…").icon(ICON_CASINO).enabled(can_be).show(ui, palette);
    let button = button.on_hover_text("The same run with other seeds, compared with this one when all have ended");
    let button =
        button.on_disabled_hover_text("A run that trains, and one in folds, cannot be repeated with other seeds");
    let is_finished = run.status == RunStatus::Finished;
    let mut chosen = None;
    Popup::menu(&button).show(|ui| {
        for count in SEEDS {
            let new = (count - usize::from(is_finished)) as u64;
            let time =
                if is_finished { format!(", {}", format::about(run.seconds * new as f64)) } else { String::new() };
            let words = format!("{count} seeds: {}{time}", format::plural(new, "run more", "runs more"));
            if ui.button(words).clicked() {
                chosen = Some(count);
            }
        }
    });
    chosen
}

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, run: &RunSummary) -> Next {
    let palette = cx.palette;
    let (mut is_to_go, mut again) = (false, None);
    Card::new().show(ui, palette, |ui| {
        ui.set_height(ui.available_height() - 2.0);
        ui.horizontal(|ui| {
            ui.label(text::head(&run.name, palette));
            status_chip(run.status, run.is_running(cx.workspace), palette).show(ui);
            ui.add(Label::new(text::number_dim(format::path(&run.dir), palette)).truncate());
        });
        let trained = format!(
            "{} of {} parameters trained",
            format::short_count(run.trainable),
            format::short_count(run.parameters)
        );
        let facts = format!(
            "{} · {} · {} · {trained} · {} of {} steps · {} · {}",
            run.task.title(),
            run.model,
            run.strategy.title(),
            format::count(run.step),
            format::count(run.steps),
            format::duration(run.seconds),
            format::bytes(run.bytes_on_disk)
        ) + &states_words(run);
        ui.add(Label::new(text::dim(facts, palette)).truncate());
        ui.horizontal_wrapped(|ui| {
            let dir = &run.dir;
            if run.can_resume(cx.workspace) {
                let button =
                    Button::new("Resume").icon(ICON_PLAY_ARROW).primary().enabled(cx.workspace.training.is_none());
                if button.show(ui, palette).on_hover_text(run.resume_words()).clicked() {
                    cx.act(Action::ContinueRun(dir.clone()));
                }
            }
            // Of a run in folds each has a model, and none is that of all rows.
            let has_model = run.folds == 0;
            let can_go = has_model && !run.is_running(cx.workspace);
            let export = Button::new("Export…").icon(ICON_IOS_SHARE).enabled(can_go);
            let words = "A folder for transformers, ONNX, a receipt, a script";
            let export = export.show(ui, palette).on_hover_text(words);
            is_to_go = if has_model { export } else { export.on_disabled_hover_text(NO_MODEL) }.clicked();
            again = again_ui(ui, run, palette, can_go);
            for (words, icon, action) in [
                ("Open", ICON_SHOW_CHART, Action::OpenRun(dir.clone())),
                ("Use in Explore", ICON_EXPLORE, Action::ExploreWith(model_of(dir))),
                ("What changed", ICON_DIFFERENCE, Action::ShowDrift { before: None, after: model_of(dir) }),
                ("Clone to form", ICON_FILE_COPY, Action::CloneRun(dir.clone())),
                ("Copy path", ICON_CONTENT_COPY, Action::CopyText(dir.display().to_string())),
                ("Delete…", ICON_DELETE, Action::AskDeleteRun(dir.clone())),
            ] {
                let deletes = matches!(action, Action::AskDeleteRun(_));
                let asks_model = matches!(action, Action::ExploreWith(_) | Action::ShowDrift { .. });
                let can_be = (!deletes || !run.is_running(cx.workspace)) && (!asks_model || has_model);
                let button = Button::new(words).icon(icon).enabled(can_be);
                let tooltip = action.tooltip();
                let response = button.show(ui, palette);
                if response.clicked() {
                    cx.act(action);
                }
                if asks_model && !has_model {
                    response.on_disabled_hover_text(NO_MODEL);
                } else if !tooltip.is_empty() {
                    response.on_hover_text(tooltip);
                }
            }
        });
    });
    again.map_or(if is_to_go { Next::Export } else { Next::Stay }, Next::Again)
}
