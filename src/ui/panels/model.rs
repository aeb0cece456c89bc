//! Model: the encoders on this machine, and what is in the one that is looked at; or those on the hub.

mod card;

use egui::{Align, Frame, Layout, Margin, Panel, ScrollArea, Ui};
use egui_material_icons::icons::{ICON_ADD, ICON_CHECK_CIRCLE, ICON_CLOSE, ICON_NEUROLOGY, ICON_REFRESH};

use super::hub::HubView;
use crate::hub::RepoKind;
use crate::ui::action::HubAction;
use crate::ui::theme::space;
use crate::ui::widgets::path_field::path_field;
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, Card, ListEntry, state, text};
use crate::ui::workspace::JobKind;
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::{ModelEntry, Origin};

#[derive(Debug)]
pub struct ModelPanel {
    typed: String,
    search: String,
    hub: HubView,
}

impl Default for ModelPanel {
    fn default() -> Self {
        Self { typed: String::new(), search: String::new(), hub: HubView::new(RepoKind::Model) }
    }
}

const LIST: f32 = 384.0;

/// The titles under which models are listed.
const GROUPS: [(&str, fn(Origin) -> bool); 4] = [
    ("Ships with Attune", Origin::ships),
    ("In your folders", |origin| origin == Origin::Folder),
    ("In the Hugging Face cache", |origin| origin == Origin::Cache),
    ("From your runs", |origin| origin == Origin::Run),
];

impl ModelPanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let width = LIST.min(ui.available_width() * 0.42);
        let bare = Frame::new().inner_margin(Margin { left: 16, right: 4, top: 14, bottom: 16 });
        let panel = Panel::left("model list").exact_size(width).resizable(false).show_separator_line(false);
        let finds = cx.workspace.hub.finds_models;
        panel.frame(bare).show(ui, |ui| {
            Self::head_ui(ui, cx, finds);
            if finds { self.hub.list_ui(ui, cx) } else { self.list_ui(ui, cx) }
        });
        let bare = Frame::new().inner_margin(Margin { left: 8, right: 8, top: 14, bottom: 0 });
        egui::CentralPanel::default()
            .frame(bare)
            .show(ui, |ui| if finds { self.hub.detail_ui(ui, cx) } else { detail_ui(ui, cx) });
    }

    fn head_ui(ui: &mut Ui, cx: &mut Cx<'_>, finds: bool) {
        let palette = cx.palette;
        ui.horizontal(|ui| {
            ui.set_height(space::ROW);
            ui.label(text::title("Models", palette));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if finds {
                    return;
                }
                if Button::icon_only(ICON_REFRESH, "Look for models again").show(ui, palette).clicked() {
                    cx.act(Action::FindModels);
                }
                let add = if ui.available_width() < 190.0 {
                    Button::icon_only(ICON_ADD, "Add a model folder")
                } else {
                    Button::new("Add folder…").name("Add a model folder").icon(ICON_ADD)
                };
                let add = add.show(ui, palette);
                if add.on_hover_text(Action::ChooseModelFolder.tooltip()).clicked() {
                    cx.act(Action::ChooseModelFolder);
                }
            });
        });
        let choices = [(false, "On this machine"), (true, "Find a model")];
        if let Some(finds) = segmented(ui, palette, finds, &choices, true) {
            cx.act(Action::Hub(HubAction::Find(RepoKind::Model, finds)));
        }
    }

    fn list_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        if let Some(path) = path_field(ui, palette, &mut self.typed, "or paste the path of a folder", "model folder") {
            cx.act(Action::AddModelFolder(path));
        }
        if cx.workspace.models.len() > 8 {
            let field = egui::TextEdit::singleline(&mut self.search)
                .hint_text(egui::RichText::new("Search models").color(palette.text_faint))
                .margin(Margin::symmetric(8, 6))
                .desired_width(f32::INFINITY);
            ui.add(field).accessible_name("Search models");
        }
        ui.add_space(2.0);
        ScrollArea::vertical().id_salt("models").auto_shrink(false).show(ui, |ui| {
            ui.set_width(ui.available_width() - 10.0);
            ui.spacing_mut().item_spacing.y = 6.0;
            self.groups_ui(ui, cx);
        });
    }

    fn groups_ui(&self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let needle = self.search.to_lowercase();
        let workspace = cx.workspace;
        let mut any = false;
        for (title, is_its) in GROUPS {
            let shown = |entry: &&ModelEntry| is_its(entry.origin) && entry.name.to_lowercase().contains(&needle);
            let entries: Vec<&ModelEntry> = workspace.models.iter().filter(shown).collect();
            if entries.is_empty() {
                continue;
            }
            any = true;
            ui.add_space(4.0);
            ui.label(text::label(title, palette));
            for entry in entries {
                entry_ui(ui, cx, entry);
            }
        }
        if !any {
            none_ui(ui, cx, needle.is_empty());
        }
        folders_ui(ui, cx);
    }
}

fn none_ui(ui: &mut Ui, cx: &Cx<'_>, all: bool) {
    let palette = cx.palette;
    ui.add_space(space::S);
    if cx.workspace.job_where(|kind| *kind == JobKind::FindModels).is_some() {
        state::loading(ui, palette, "Looking for models", None);
        return;
    }
    let words = if all {
        "No models were found on this machine. Find one on the hub, or add a folder that has a config.json and weights \
         in it, such as one saved by transformers."
    } else {
        "No model has this name"
    };
    Card::new().show(ui, palette, |ui| ui.label(text::dim(words, palette)));
}

/// The folders that are looked through, each with a way to leave it out.
fn folders_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    if cx.workspace.model_folders.is_empty() {
        return;
    }
    ui.add_space(space::S);
    ui.label(text::label("Model folders", palette));
    for folder in cx.workspace.model_folders.clone() {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let name = format!("Leave out {}", format::file_name(&folder));
                if Button::icon_only(ICON_CLOSE, name).small().show(ui, palette).clicked() {
                    cx.act(Action::RemoveModelFolder(folder.clone()));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(egui::Label::new(text::number_dim(format::path(&folder), palette)).truncate());
                });
            });
        });
    }
}

fn entry_ui(ui: &mut Ui, cx: &mut Cx<'_>, entry: &ModelEntry) {
    let palette = cx.palette;
    let is_chosen = cx.workspace.model.as_ref().is_some_and(|card| card.dir == entry.dir);
    let is_opening = |kind: &JobKind| matches!(kind, JobKind::OpenModel { dir, .. } if *dir == entry.dir);
    let opening = cx.workspace.job_where(is_opening).is_some();
    let words = entry.problem.clone().unwrap_or_else(|| shape(entry));
    let title = cx.workspace.model_name(&entry.dir);
    let shown = ListEntry {
        title: &title,
        name: format!("{title}, {words}"),
        badge: Some(format::family(&entry.family)),
        words: shape(entry),
        problem: entry.problem.as_deref().map(state::sentence),
        icon: is_chosen.then_some((ICON_CHECK_CIRCLE, palette.good)),
        note: if opening { "opening…".into() } else { format::bytes(entry.bytes_on_disk) },
        is_viewed: cx.workspace.card.as_ref().is_some_and(|card| card.dir == entry.dir),
        ..ListEntry::default()
    };
    let response = shown.show(ui, palette);
    let (clicked, twice) = (response.clicked(), response.double_clicked());
    response.on_hover_text(format!("{}\n{}", format::path(&entry.dir), state::sentence(&words)));
    let usable = entry.problem.is_none();
    if usable && twice {
        cx.act(Action::OpenModel(entry.dir.clone()));
    } else if usable && clicked {
        cx.act(Action::ViewModel(entry.dir.clone()));
    }
}

fn shape(entry: &ModelEntry) -> String {
    format!("{} × {}", format::plural(entry.layers as u64, "layer", "layers"), entry.hidden_size)
}

fn detail_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    if let Some(error) = cx.workspace.model_error.clone() {
        state::error(ui, palette, "The model could not be opened", &error, |_| ());
        ui.add_space(space::S);
    }
    let Some(shown) = cx.workspace.card.clone() else {
        let opening = cx.workspace.job_where(|kind| matches!(kind, JobKind::OpenModel { .. }));
        if let Some(job) = opening {
            state::loading(ui, palette, &job.title, None);
            return;
        }
        let words = "Choose an encoder to the left to see its layers, its size and what was loaded from its files";
        state::empty(ui, palette, ICON_NEUROLOGY, "No model is opened", words, |_| ());
        return;
    };
    ScrollArea::vertical().id_salt("model").auto_shrink(false).show(ui, |ui| {
        ui.set_width(ui.available_width() - 8.0);
        ui.spacing_mut().item_spacing.y = space::S;
        card::ui(ui, cx, &shown);
        ui.add_space(space::S);
    });
}
