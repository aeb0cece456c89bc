//! A data set on the hub: its parts, each of which is fetched and opened by itself, and its card.

use egui::Ui;
use egui_material_icons::icons::ICON_OPEN_IN_NEW;

use super::access::{access_chip, access_ui, trouble_ui};
use super::card;
use super::get::{Offer, button_ui, progress_ui};
use super::model::title_ui;
use super::words::{downloads, joined, language, languages, rows};
use crate::hub::catalog;
use crate::hub::{DataSetDetails, FoundDataSet, PartDetails, Repo};
use crate::ui::action::HubAction;
use crate::ui::theme::space;
use crate::ui::widgets::line::{left, line};
use crate::ui::widgets::{Button, Card, Chip, divider, state, text};
use crate::ui::workspace::JobKind;
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::Wanted;

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let workspace = cx.workspace;
    let Some(looked) = &workspace.hub.data_set else { return };
    let repo = &looked.repo;
    let details = looked.details.as_deref();
    let is_it = |found: &&FoundDataSet| found.about.name == repo.name;
    let found = details.map(|details| &details.found).or_else(|| workspace.hub.data_sets.found.iter().find(is_it));
    head_ui(ui, cx, repo);
    chips_ui(ui, cx, repo, found);
    if let Some(trouble) = &looked.trouble {
        trouble_ui(ui, cx, "It could not be looked at", trouble, HubAction::Look(repo.clone()));
    } else {
        access_ui(ui, cx, repo, found.map(|found| found.about.access).unwrap_or_default());
    }
    let is_looking = workspace.job_where(|kind| *kind == JobKind::HubLook { repo: repo.clone() }).is_some();
    match details {
        Some(details) => parts_ui(ui, cx, repo, details),
        None => cached_ui(ui, cx, repo, is_looking),
    }
    card::ui(ui, cx, repo, &looked.card, is_looking && details.is_some());
}

fn head_ui(ui: &mut Ui, cx: &mut Cx<'_>, repo: &Repo) {
    let palette = cx.palette;
    line(ui, 36.0, |ui| {
        if Button::icon_only(ICON_OPEN_IN_NEW, "Open its page").show(ui, palette).clicked() {
            let page = cx.workspace.hub.hub.page_of(repo);
            cx.act(Action::Hub(HubAction::OpenPage(page)));
        }
        left(ui, |ui| {
            title_ui(ui, palette, &repo.name);
        });
    });
}

fn chips_ui(ui: &mut Ui, cx: &Cx<'_>, repo: &Repo, found: Option<&FoundDataSet>) {
    let palette = cx.palette;
    let suggestion = catalog::data_sets().find(|known| known.name == repo.name);
    ui.horizontal_wrapped(|ui| {
        (ui.spacing_mut().interact_size.y, ui.spacing_mut().item_spacing.y) = (20.0, 6.0);
        if let Some(suggestion) = suggestion.filter(|_| found.is_none()) {
            Chip::accent(suggestion.task.title(), palette).show(ui);
        }
        let about = found.map(|found| &found.about);
        access_chip(ui, palette, about.map(|about| about.access).unwrap_or_default());
        let licence = about.and_then(|about| about.licence.clone());
        let licence = licence.or_else(|| suggestion.and_then(|known| known.licence.clone()));
        Chip::neutral(licence.unwrap_or_else(|| "No licence named".into()), palette).show(ui);
        if let Some(about) = about {
            if !about.languages.is_empty() {
                let all = about.languages.iter().map(|code| language(code)).collect::<Vec<_>>().join(", ");
                Chip::neutral(languages(&about.languages), palette).show(ui).on_hover_text(all);
            }
            for task in about.tasks.iter().take(4) {
                Chip::neutral(task.replace('-', " "), palette).show(ui);
            }
            Chip::neutral(downloads(about), palette).show(ui).on_hover_text("In the last thirty days");
        }
        if let Some(counted) = found.and_then(|found| found.rows.as_deref()) {
            Chip::neutral(rows(counted), palette).show(ui);
        }
    });
    if let Some(suggestion) = suggestion {
        ui.add(egui::Label::new(text::dim(state::sentence(&suggestion.good_for), palette)).wrap());
    }
}

fn parts_ui(ui: &mut Ui, cx: &mut Cx<'_>, repo: &Repo, details: &DataSetDetails) {
    let palette = cx.palette;
    if details.parts.is_empty() {
        let words = "The hub has made no Parquet files of it, and its owner has written none; other files of a data set are \
                     not read from the hub";
        state::warning(ui, palette, "Attune cannot open this data set", words, |_| ());
        return;
    }
    let note = format::plural(details.parts.len() as u64, "part", "parts");
    Card::titled("Parts").note(note).show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        for (place, part) in details.parts.iter().take(100).enumerate() {
            if place > 0 {
                divider(ui, palette);
            }
            part_ui(ui, cx, repo, part);
        }
        if details.parts.len() > 100 {
            ui.label(text::faint(format!("and {} more", details.parts.len() - 100), palette));
        }
    });
}

fn part_ui(ui: &mut Ui, cx: &mut Cx<'_>, repo: &Repo, details: &PartDetails) {
    let palette = cx.palette;
    let wanted = Wanted::data_set(repo.clone(), details.part.clone());
    let cached = cx.workspace.hub.cached_part(&repo.name, &details.part);
    let here = cached.and_then(|cached| cached.files.first().cloned());
    line(ui, 46.0, |ui| {
        let offer = Offer {
            wanted: wanted.clone(),
            bytes: Some(details.bytes),
            here: here.as_deref(),
            is_refused: false,
            is_small: true,
        };
        button_ui(ui, cx, &offer);
        left(ui, |ui| {
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 1.0;
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = 6.0;
                    ui.label(text::strong(&details.part.split, palette));
                    if details.part.config != "default" {
                        ui.add(egui::Label::new(text::small(&details.part.config, palette)).truncate());
                    }
                    if details.is_cut {
                        let note = "The data set is very large, and the hub made Parquet of its beginning";
                        Chip::warn("Its beginning", palette).show(ui).on_hover_text(note);
                    }
                });
                let rows = details.rows.map(|count| format::plural(count, "row", "rows"));
                let files = (details.files > 1).then(|| format!("{} files", details.files));
                let columns = (!details.columns.is_empty()).then(|| details.columns.join(", "));
                let words = joined([rows, Some(format::bytes(details.bytes)), files, columns]);
                ui.add(egui::Label::new(text::number_dim(words, palette)).truncate());
            });
        });
    });
    progress_ui(ui, cx, &wanted);
}

/// What is here of a data set that was not looked at, or cannot be.
fn cached_ui(ui: &mut Ui, cx: &mut Cx<'_>, repo: &Repo, is_looking: bool) {
    let palette = cx.palette;
    if is_looking {
        state::loading(ui, palette, "Asking for its parts", None);
        return;
    }
    let shelf = cx.workspace.hub.shelf.clone();
    let here = shelf.iter().flat_map(|shelf| &shelf.data_sets).filter(|cached| cached.name == repo.name);
    let here: Vec<_> = here.collect();
    if here.is_empty() {
        return;
    }
    Card::titled("On this machine").show(ui, palette, |ui| {
        for cached in here {
            line(ui, 28.0, |ui| {
                let offer = Offer {
                    wanted: Wanted::data_set(repo.clone(), cached.part.clone()),
                    bytes: None,
                    here: cached.files.first().map(std::path::PathBuf::as_path),
                    is_refused: false,
                    is_small: true,
                };
                button_ui(ui, cx, &offer);
                left(ui, |ui| ui.label(text::strong(cached.part.to_string(), palette)));
            });
        }
    });
}
