//! The encoders that a recipe compares: which of those that are here is taken for each, what stands in for one that is not,
//! and the way to get it.

use egui::{Label, Ui};
use egui_material_icons::icons::ICON_DOWNLOAD;

use crate::hub::catalog::Suggestion;
use crate::hub::embedded::Shipped;
use crate::hub::{Repo, RepoKind};
use crate::recipes::{Instead, Slot};
use crate::train::config::ModelChoice;
use crate::ui::action::{HubAction, Picked};
use crate::ui::frame::downloads;
use crate::ui::widgets::choice::{choice, named};
use crate::ui::widgets::form::row;
use crate::ui::widgets::{Button, text};
use crate::ui::workspace::{Download, Workspace};
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::{ModelEntry, Origin, Wanted};

/// Those that can be chosen: encoders that are here, and are no run's.
fn offered(workspace: &Workspace) -> impl Iterator<Item = &ModelEntry> {
    let is_encoder = |entry: &&ModelEntry| match entry.origin {
        Origin::Embedded(shipped) => shipped == Shipped::Mini,
        Origin::Folder | Origin::Cache => true,
        Origin::Run => false,
    };
    workspace.models.iter().filter(|entry| entry.problem.is_none()).filter(is_encoder)
}

fn picked(entry: &ModelEntry) -> Picked {
    Picked::Of(match entry.origin {
        Origin::Embedded(shipped) => ModelChoice { embedded: Some(shipped), ..ModelChoice::default() },
        Origin::Folder | Origin::Cache | Origin::Run => {
            ModelChoice { path: Some(entry.dir.clone()), ..ModelChoice::default() }
        }
    })
}

/// The model that is chosen for the next run, where it is none of those.
fn opened(workspace: &Workspace) -> Option<(Picked, String)> {
    let dir = &workspace.model.as_ref()?.dir;
    let choice = ModelChoice { path: Some(dir.clone()), ..ModelChoice::default() };
    let is_other = offered(workspace).all(|entry| entry.dir != *dir);
    is_other.then(|| (Picked::Of(choice), workspace.model_name(dir)))
}

/// What is taken for a slot unless a person says otherwise: the smallest that is of its kind, or else what stands in for it.
pub fn usual(workspace: &Workspace, slot: &Slot) -> Option<Picked> {
    let mini = || offered(workspace).find(|entry| entry.origin.ships()).map(picked);
    let of_kind = offered(workspace).filter(|entry| !slot.families.is_empty() && slot.is_of(&entry.family));
    let smallest = of_kind.min_by_key(|entry| entry.bytes_on_disk).map(picked);
    smallest.or_else(|| match slot.instead? {
        Instead::Mini => mini(),
        Instead::Half => mini().map(|_| Picked::Half),
    })
}

fn name(workspace: &Workspace, picked: &Picked) -> String {
    match picked {
        Picked::Half => format!("{} with half of its layers", Shipped::Mini.name()),
        Picked::Of(chosen) => {
            let dir = workspace.model_dir(chosen);
            dir.map_or_else(|| chosen.title(), |dir| workspace.model_name(&dir))
        }
    }
}

/// The family of what is taken, where it is known.
fn family<'a>(workspace: &'a Workspace, picked: &Picked) -> Option<&'a str> {
    let Picked::Of(chosen) = picked else { return None };
    let dir = workspace.model_dir(chosen)?;
    workspace.models.iter().find(|entry| entry.dir == dir).map(|entry| entry.family.as_str())
}

/// A line for a slot, with what is to be known of it below.
pub fn slot_ui(ui: &mut Ui, cx: &mut Cx<'_>, slot: &Slot, chosen: &mut Option<Picked>) {
    let palette = cx.palette;
    let shown = chosen.as_ref().map_or_else(|| "None is on this machine".to_owned(), |one| name(cx.workspace, one));
    let workspace = cx.workspace;
    row(ui, &slot.role, "", palette, |ui| {
        choice(ui, &slot.role, 300.0, &shown, |ui| {
            let (fit, others): (Vec<_>, Vec<_>) = offered(workspace).partition(|entry| slot.is_of(&entry.family));
            for entry in fit.into_iter().chain(others) {
                let one = picked(entry);
                if named(ui, chosen.as_ref() == Some(&one), &entry.name) {
                    *chosen = Some(one);
                }
            }
            if let Some((one, name)) = opened(workspace)
                && named(ui, chosen.as_ref() == Some(&one), &name)
            {
                *chosen = Some(one);
            }
            let half = name(workspace, &Picked::Half);
            if workspace.embedded_model().is_some() && named(ui, *chosen == Some(Picked::Half), &half) {
                *chosen = Some(Picked::Half);
            }
        });
    });
    let is_of_kind = |picked: &Picked| family(cx.workspace, picked).is_some_and(|family| slot.is_of(family));
    if slot.families.is_empty() || chosen.as_ref().is_some_and(is_of_kind) {
        return;
    }
    let words = match chosen {
        Some(one) => format!("{} stands in for it", name(cx.workspace, one)),
        None => {
            "None of this kind is here, and nothing can stand in for it: choose another encoder, or fetch one".into()
        }
    };
    let color = if chosen.is_some() { palette.text_dim } else { palette.warn };
    ui.add(Label::new(text::small(words, palette).color(color)).wrap());
    if let Some(suggestion) = slot.suggestion() {
        fetch_ui(ui, cx, suggestion);
    }
}

/// The press that fetches what is suggested, or how far that is.
fn fetch_ui(ui: &mut Ui, cx: &mut Cx<'_>, suggestion: &Suggestion) {
    let palette = cx.palette;
    let Ok(repo) = Repo::new(RepoKind::Model, &suggestion.name) else { return };
    let wanted = Wanted::model(repo);
    if let Some(download) = cx.workspace.download(&wanted)
        && !matches!(download.state, crate::ui::workspace::DownloadState::Done(_))
    {
        downloads::progress_ui(ui, palette, download);
        if Download::is_running(download) {
            return;
        }
    }
    let offline = cx.workspace.hub.hub.offline;
    let words = format!("Fetch {} ({})", suggestion.name, format::bytes(suggestion.bytes()));
    ui.horizontal(|ui| {
        if Button::new(words).icon(ICON_DOWNLOAD).small().enabled(!offline).show(ui, palette).clicked() {
            cx.act(Action::Hub(HubAction::Download(wanted)));
        }
        if offline {
            ui.label(text::small("Attune is offline; Settings changes that", palette));
        }
    });
}
