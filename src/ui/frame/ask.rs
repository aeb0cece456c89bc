//! Questions that must be answered before something cannot be undone.

use std::path::PathBuf;

use egui::{Align, Layout, Ui};

use crate::hub::Repo;
use crate::ui::action::{HubAction, LinkAction};
use crate::ui::theme::space;
use crate::ui::widgets::modal::modal;
use crate::ui::widgets::{Button, text};
use crate::ui::{Action, Cx, format};

#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// The window is being closed while a run is in progress.
    Close,
    DeleteRun {
        dir: PathBuf,
        bytes: u64,
    },
    /// A view is of other data than those that are open.
    OpenData {
        wanted: String,
        open: String,
        link: String,
    },
    /// What the cache has of a repository is to be removed.
    RemoveRepo {
        repo: Repo,
        bytes: u64,
    },
}

/// What was answered.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one answer at a time is ever held")]
pub enum Reply {
    Cancel,
    /// Stop the run, keep its best weights, then close.
    StopAndClose,
    /// Close as soon as the run has ended by itself.
    CloseWhenDone,
    Do(Action),
}

pub fn ui(ui: &mut Ui, cx: &Cx<'_>, question: &Question) -> Option<Reply> {
    let palette = cx.palette;
    let shown = modal(ui, "question", palette).show(ui.ctx(), |ui| {
        ui.set_width(440.0);
        match question {
            Question::Close => close_ui(ui, cx),
            Question::DeleteRun { dir, bytes } => delete_ui(ui, cx, dir, *bytes),
            Question::OpenData { wanted, open, link } => open_data_ui(ui, cx, [wanted, open], link),
            Question::RemoveRepo { repo, bytes } => remove_ui(ui, cx, repo, *bytes),
        }
    });
    if shown.inner.is_some() {
        return shown.inner;
    }
    shown.should_close().then_some(Reply::Cancel)
}

fn close_ui(ui: &mut Ui, cx: &Cx<'_>) -> Option<Reply> {
    let palette = cx.palette;
    let is_sweep = cx.workspace.training.is_none() && cx.workspace.sweeps().next().is_some();
    ui.label(text::head(if is_sweep { "A sweep is in progress" } else { "A run is in progress" }, palette));
    let left = cx.workspace.run.as_ref().and_then(super::super::workspace::run::RunView::remaining);
    let left = left.map_or_else(String::new, |left| format!(" It needs about {} more.", format::duration(left)));
    let words = format!(
        "Stop it now, keep its best weights and resume it later; or let it train on, and Attune \
         closes by itself when it has ended.{left}"
    );
    ui.add(egui::Label::new(text::dim(words, palette)).wrap());
    ui.add_space(space::S);
    answers(ui, |ui| {
        let mut reply = None;
        if Button::new("Stop and keep best").primary().show(ui, palette).clicked() {
            reply = Some(Reply::StopAndClose);
        }
        if Button::new("Train on, then close").show(ui, palette).clicked() {
            reply = Some(Reply::CloseWhenDone);
        }
        if Button::new("Cancel").quiet().show(ui, palette).clicked() {
            reply = Some(Reply::Cancel);
        }
        reply
    })
}

fn delete_ui(ui: &mut Ui, cx: &Cx<'_>, dir: &std::path::Path, bytes: u64) -> Option<Reply> {
    let palette = cx.palette;
    ui.label(text::head(format!("Delete {}?", format::file_name(dir)), palette));
    let note = format!(
        "Its weights, history and evaluation are deleted from disk ({}). This cannot be undone.",
        format::bytes(bytes)
    );
    ui.label(text::dim(note, palette));
    ui.label(text::number_dim(format::path(dir), palette));
    ui.add_space(space::S);
    answers(ui, |ui| {
        let mut reply = None;
        if Button::new("Delete run").danger().show(ui, palette).clicked() {
            reply = Some(Reply::Do(Action::DeleteRun(dir.to_path_buf())));
        }
        if Button::new("Cancel").quiet().show(ui, palette).clicked() {
            reply = Some(Reply::Cancel);
        }
        reply
    })
}

fn open_data_ui(ui: &mut Ui, cx: &Cx<'_>, [wanted, open]: [&str; 2], link: &str) -> Option<Reply> {
    let palette = cx.palette;
    ui.label(text::head("This view is of other data", palette));
    let note = format!(
        "It was kept with {wanted}, and {open} is open now. What was set for {open} and is in no run, such as its columns \
         and corrections, is lost when it is closed."
    );
    ui.add(egui::Label::new(text::dim(note, palette)).wrap());
    ui.add_space(space::S);
    answers(ui, |ui| {
        let mut reply = None;
        if Button::new("Open its data").primary().show(ui, palette).clicked() {
            reply = Some(Reply::Do(Action::Link(LinkAction::OpenData(link.to_owned()))));
        }
        if Button::new("Keep what is open").quiet().show(ui, palette).clicked() {
            reply = Some(Reply::Cancel);
        }
        reply
    })
}

fn remove_ui(ui: &mut Ui, cx: &Cx<'_>, repo: &Repo, bytes: u64) -> Option<Reply> {
    let palette = cx.palette;
    ui.label(text::head(format!("Remove {}?", repo.name), palette));
    let note = format!(
        "It frees {}. Every program that uses this cache loses it; it can be downloaded again.",
        format::bytes(bytes)
    );
    ui.label(text::dim(note, palette));
    ui.label(text::number_dim(format::path(&cx.workspace.hub.hub.cache_folder(repo)), palette));
    ui.add_space(space::S);
    answers(ui, |ui| {
        let mut reply = None;
        if Button::new(format!("Remove {}", format::bytes(bytes))).danger().show(ui, palette).clicked() {
            reply = Some(Reply::Do(Action::Hub(HubAction::Remove(repo.clone()))));
        }
        if Button::new("Cancel").quiet().show(ui, palette).clicked() {
            reply = Some(Reply::Cancel);
        }
        reply
    })
}

fn answers(ui: &mut Ui, buttons: impl FnOnce(&mut Ui) -> Option<Reply>) -> Option<Reply> {
    ui.with_layout(Layout::right_to_left(Align::Center), buttons).inner
}
