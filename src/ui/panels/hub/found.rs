//! What a search has found: each with what it is, and whether Attune can use it.

use egui::{Color32, Ui};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{ICON_DOWNLOAD_DONE, ICON_LOCK};

use super::words::{downloads, joined, languages, owner, rows};
use crate::hub::{Access, FoundDataSet, FoundModel, Repo, RepoKind, Usable};
use crate::train::fits::{Fit, Room};
use crate::ui::action::HubAction;
use crate::ui::theme::Palette;
use crate::ui::widgets::{ListEntry, state};
use crate::ui::{Action, Cx, format};

pub fn models_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    for found in &cx.workspace.hub.models.found {
        model_ui(ui, cx, found);
    }
}

pub fn data_sets_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    for found in &cx.workspace.hub.data_sets.found {
        data_set_ui(ui, cx, found);
    }
}

fn model_ui(ui: &mut Ui, cx: &mut Cx<'_>, found: &FoundModel) {
    let palette = cx.palette;
    let about = &found.about;
    let Ok(repo) = Repo::new(RepoKind::Model, &about.name) else { return };
    let (owner, title) = owner(&about.name);
    let is_here = cx.workspace.cached_model(&about.name).is_some();
    let problem = why_not(&found.usable);
    let size = found.weight_bytes.map(format::bytes);
    let base = found.base.as_deref().map(|base| format!("for {base}"));
    let words = joined([Some(owner.to_owned()), base.clone(), size.clone(), about.licence.clone()]);
    let entry = ListEntry {
        title,
        name: joined([
            Some(about.name.clone()),
            base.map(|base| format!("adapter {base}")),
            problem.clone().or(size),
            about.licence.clone(),
        ]),
        badge: if found.base.is_some() { Some("Adapter".into()) } else { found.family.as_deref().map(format::family) },
        words,
        icon: if is_here { Some(downloaded(palette)) } else { locked(about.access, palette) },
        note: format!("↓ {}", format::short_count(about.downloads)),
        is_viewed: cx.workspace.hub.looked_repo(RepoKind::Model) == Some(&repo),
        problem,
        ..ListEntry::default()
    };
    show(ui, cx, &entry, repo, &joined([Some(downloads(about)), Some(languages(&about.languages))]));
}

fn data_set_ui(ui: &mut Ui, cx: &mut Cx<'_>, found: &FoundDataSet) {
    let palette = cx.palette;
    let about = &found.about;
    let Ok(repo) = Repo::new(RepoKind::DataSet, &about.name) else { return };
    let (owner, title) = owner(&about.name);
    let counted = found.rows.as_deref().map(rows);
    let is_here = cx.workspace.hub.has_data_set(&about.name);
    let entry = ListEntry {
        title,
        name: joined([Some(about.name.clone()), counted.clone(), about.licence.clone()]),
        badge: (!about.languages.is_empty()).then(|| languages(&about.languages)),
        words: joined([Some(owner.to_owned()), counted, about.licence.clone()]),
        icon: if is_here { Some(downloaded(palette)) } else { locked(about.access, palette) },
        note: format!("↓ {}", format::short_count(about.downloads)),
        is_viewed: cx.workspace.hub.looked_repo(RepoKind::DataSet) == Some(&repo),
        ..ListEntry::default()
    };
    show(ui, cx, &entry, repo, &downloads(about));
}

/// Draws an entry that is looked at when it is pressed.
pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, entry: &ListEntry<'_>, repo: Repo, more: &str) {
    let response = entry.show(ui, cx.palette);
    let clicked = response.clicked();
    let words = entry.problem.as_deref().unwrap_or(more);
    response.on_hover_text(format!("{}\n{words}", repo.name));
    if clicked && !entry.is_viewed {
        cx.act(Action::Hub(HubAction::Look(repo)));
    }
}

/// Why a model cannot be used, in a sentence.
pub fn why_not(usable: &Usable) -> Option<String> {
    match usable {
        Usable::No(obstacles) => obstacles.first().map(|obstacle| state::sentence(&obstacle.to_string())),
        Usable::Yes | Usable::Perhaps => None,
    }
}

/// What stands beside what is on this machine.
pub fn downloaded(palette: &Palette) -> (MaterialIcon, Color32) {
    (ICON_DOWNLOAD_DONE, palette.good)
}

fn locked(access: Access, palette: &Palette) -> Option<(MaterialIcon, Color32)> {
    (access != Access::Open).then_some((ICON_LOCK, palette.warn))
}

pub fn fit_mark(room: &Room, palette: &Palette) -> (String, Color32) {
    match room.fit {
        Fit::Good => ("Fits".into(), palette.good),
        Fit::Tight => ("Tight".into(), palette.warn),
        Fit::TooLarge => ("Too large".into(), palette.bad),
    }
}
