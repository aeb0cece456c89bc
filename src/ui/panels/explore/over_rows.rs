//! What the views share that look at many rows of the open data, each in a job of its own: what came of it, how many rows
//! are looked at, and where one goes who has none.

use std::sync::Arc;

use egui::Ui;
use egui_material_icons::MaterialIcon;

use crate::analysis::sample::Sampling;
use crate::ui::widgets::choice::choose;
use crate::ui::widgets::{Button, state, text};
use crate::ui::workspace::{Screen, Workspace};
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::LoadedDataset;
use crate::worker::work::Work;

/// What was found out about the model that is asked.
pub struct Found<'a, W: Work> {
    pub work: &'a W,
    pub answer: &'a W::Answer,
    /// Whether it is of other data than those that are open now.
    pub is_stale: bool,
}

/// What came of work over the rows that are `wanted`; what was about another model says nothing.
pub fn found<W: Work>(workspace: &Workspace, wanted: impl Fn(&W) -> &Sampling) -> Option<Found<'_, W>> {
    let (work, answer) = workspace.worked::<W>()?;
    let Sampling { model, data, .. } = wanted(work);
    let is_same = |loaded: &Arc<LoadedDataset>| Arc::ptr_eq(&loaded.dataset, data);
    let is_stale = !workspace.data.loaded.as_ref().is_some_and(is_same);
    (workspace.explore.model.as_ref() == Some(model)).then_some(Found { work, answer, is_stale })
}

/// How many rows are looked at; `all` says what the largest number stands for.
pub fn rows_ui(ui: &mut Ui, cx: &Cx<'_>, (name, width): (&str, f32), rows: &mut usize, choices: [usize; 4], all: &str) {
    ui.label(text::dim("Rows", cx.palette));
    choose(ui, name, width, rows, choices, |rows| match *rows {
        usize::MAX => all.to_owned(),
        rows => format!("up to {}", format::count(rows as u64)),
    });
}

/// What a view will do, with what is chosen for it in a line of the given width.
pub fn ready_ui(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    (icon, title, words): (MaterialIcon, &str, &str),
    width: f32,
    choices: impl FnOnce(&mut Ui, &mut Cx<'_>),
) {
    state::empty(ui, cx.palette, icon, title, words, |ui| {
        ui.horizontal(|ui| {
            // In the middle, whatever else is.
            ui.add_space(((ui.available_width() - width) / 2.0).max(0.0));
            choices(ui, cx);
        });
    });
}

/// That there is nothing to look at, and where there would be.
pub fn no_rows_ui(ui: &mut Ui, cx: &mut Cx<'_>, icon: MaterialIcon, title: &str, words: &str) {
    state::empty(ui, cx.palette, icon, title, words, |ui| {
        if Button::new("Go to Data").primary().show(ui, cx.palette).clicked() {
            cx.act(Action::Go(Screen::Data));
        }
    });
}

/// That what is shown is of other data, and what can be done about it. `made` says what was done with them.
pub fn stale_ui(ui: &mut Ui, cx: &mut Cx<'_>, made: &str, next: impl FnOnce(&mut Ui, &mut Cx<'_>)) {
    let (title, words) = if cx.workspace.data.loaded.is_some() {
        ("The data have changed", format!("{made} before that, or with data that were open before."))
    } else {
        ("The data are closed", format!("{made} with data that are no longer open."))
    };
    state::warning(ui, cx.palette, title, &words, |ui| next(ui, cx));
}
