//! What is suggested without asking anybody: models by language and size, and data sets by task.

use egui::Ui;

use super::filters::Filters;
use super::found::{downloaded, fit_mark, show};
use super::words::{joined, language, languages, owner};
use crate::hub::catalog::{self, DataSuggestion, Suggestion};
use crate::hub::{Repo, RepoKind};
use crate::task::Task;
use crate::ui::theme::space;
use crate::ui::widgets::{Card, ListEntry, text};
use crate::ui::{Cx, format};

pub fn models_ui(ui: &mut Ui, cx: &mut Cx<'_>, filters: &Filters, needle: &str) {
    let fits = |known: &&Suggestion| {
        filters.speaks(&known.languages)
            && filters.family.is_none_or(|family| known.family() == Some(family))
            && (known.name.to_lowercase().contains(needle) || known.good_for.to_lowercase().contains(needle))
    };
    let mut shown: Vec<&Suggestion> = catalog::models().filter(fits).collect();
    // English first, then what speaks many languages, then the others by name.
    let group = |known: &Suggestion| match known.languages.as_slice() {
        [code] => language(code),
        _ => "Many languages".into(),
    };
    let rank = |group: &str| if group == "English" { 0 } else { 1 + u8::from(group != "Many languages") };
    shown.sort_by(|a, b| a.millions.total_cmp(&b.millions));
    shown.sort_by_cached_key(|known| {
        let group = group(known);
        (rank(&group), group)
    });
    let mut last = String::new();
    for known in &shown {
        let own = group(known);
        if own != last {
            ui.add_space(space::XS);
            ui.label(text::label(&own, cx.palette));
            last = own;
        }
        model_ui(ui, cx, known);
    }
    none_ui(ui, cx, shown.is_empty());
}

fn model_ui(ui: &mut Ui, cx: &mut Cx<'_>, known: &Suggestion) {
    let palette = cx.palette;
    let Ok(repo) = Repo::new(RepoKind::Model, &known.name) else { return };
    let (owner, title) = owner(&known.name);
    let size = format::bytes(known.bytes());
    let room = cx.workspace.hub.rooms.get(&known.name);
    let is_here = cx.workspace.cached_model(&known.name).is_some();
    let licence = known.licence.clone();
    let words = joined([Some(owner.to_owned()), licence.clone()]);
    let entry = ListEntry {
        title,
        name: joined([Some(known.name.clone()), Some(size.clone()), licence]),
        badge: Some(format::family(&known.family)),
        words,
        mark: if is_here { None } else { room.map(|room| fit_mark(room, palette)) },
        icon: is_here.then(|| downloaded(palette)),
        note: size,
        is_viewed: cx.workspace.hub.looked_repo(RepoKind::Model) == Some(&repo),
        ..ListEntry::default()
    };
    show(ui, cx, &entry, repo, &known.good_for);
}

pub fn data_sets_ui(ui: &mut Ui, cx: &mut Cx<'_>, filters: &Filters, needle: &str) {
    let fits = |known: &&DataSuggestion| {
        filters.speaks(&known.languages)
            && filters.task.is_none_or(|task| known.task == task)
            && (known.name.to_lowercase().contains(needle) || known.good_for.to_lowercase().contains(needle))
    };
    let shown: Vec<&DataSuggestion> = catalog::data_sets().filter(fits).collect();
    for task in Task::ALL {
        let of_task: Vec<&&DataSuggestion> = shown.iter().filter(|known| known.task == task).collect();
        if of_task.is_empty() {
            continue;
        }
        ui.add_space(space::XS);
        ui.label(text::label(task.title(), cx.palette));
        for known in of_task {
            data_set_ui(ui, cx, known);
        }
    }
    none_ui(ui, cx, shown.is_empty());
}

fn data_set_ui(ui: &mut Ui, cx: &mut Cx<'_>, known: &DataSuggestion) {
    let palette = cx.palette;
    let Ok(repo) = Repo::new(RepoKind::DataSet, &known.name) else { return };
    let (owner, title) = owner(&known.name);
    let rows = known.rows.map(|rows| format!("{} rows", format::short_count(rows)));
    let entry = ListEntry {
        title,
        name: joined([Some(known.name.clone()), rows.clone(), Some(languages(&known.languages))]),
        badge: Some(languages(&known.languages)),
        words: joined([Some(owner.to_owned()), known.licence.clone()]),
        icon: cx.workspace.hub.has_data_set(&known.name).then(|| downloaded(palette)),
        note: rows.unwrap_or_default(),
        is_viewed: cx.workspace.hub.looked_repo(RepoKind::DataSet) == Some(&repo),
        ..ListEntry::default()
    };
    show(ui, cx, &entry, repo, &known.good_for);
}

fn none_ui(ui: &mut Ui, cx: &Cx<'_>, is_empty: bool) {
    if is_empty {
        let words = "Nothing that Attune knows by itself fits this";
        Card::new().show(ui, cx.palette, |ui| ui.label(text::dim(words, cx.palette)));
    }
}
