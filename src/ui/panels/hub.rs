//! What is on the hub: a list to the left, suggested or searched, and to the right what is looked at. Model and Data show it
//! in place of what is here. Nothing is asked of anybody until a person types, presses or looks.

mod access;
mod card;
mod data_set;
mod filters;
mod found;
mod get;
mod model;
mod suggested;
mod words;

use std::time::Duration;

use egui::{Key, Margin, ScrollArea, Ui};
use egui_material_icons::icons::{ICON_CLOSE, ICON_TRAVEL_EXPLORE};

use crate::hub::{Query, RepoKind};
use crate::ui::action::HubAction;
use crate::ui::theme::space;
use crate::ui::widgets::line::{left, line};
use crate::ui::widgets::{Button, state, text};
use crate::ui::workspace::JobKind;
use crate::ui::{Action, Cx};
use filters::Filters;

/// Seconds the words must rest before they are searched for.
const RESTS: f64 = 0.35;

#[derive(Debug)]
pub struct HubView {
    kind: RepoKind,
    text: String,
    filters: Filters,
    /// When what is typed is searched for.
    due: Option<f64>,
    /// All of the hub is searched, though nothing is typed.
    is_whole: bool,
    /// What was typed was not asked of the hub.
    was_offline: bool,
}

impl HubView {
    pub fn new(kind: RepoKind) -> Self {
        Self { kind, text: String::new(), filters: Filters::default(), due: None, is_whole: false, was_offline: false }
    }

    pub fn list_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let offline = cx.workspace.hub.hub.offline;
        self.field_ui(ui, cx);
        if self.filters.ui(ui, cx, self.kind) {
            self.due = Some(cx.workspace.now);
        }
        if std::mem::replace(&mut self.was_offline, offline) && !offline && self.asks_hub() {
            self.due = Some(cx.workspace.now);
        }
        self.ask_when_rested(ui, cx);
        if offline {
            access::offline_ui(ui, cx);
        }
        ScrollArea::vertical().id_salt(("hub list", self.kind)).auto_shrink(false).show(ui, |ui| {
            ui.set_width(ui.available_width() - 10.0);
            ui.spacing_mut().item_spacing.y = 6.0;
            let is_searched = match self.kind {
                RepoKind::Model => cx.workspace.hub.models.query.is_some(),
                RepoKind::DataSet => cx.workspace.hub.data_sets.query.is_some(),
            };
            if is_searched && !offline { self.found_ui(ui, cx) } else { self.suggested_ui(ui, cx, offline) }
        });
    }

    pub fn detail_ui(&self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if cx.workspace.hub.looked_repo(self.kind).is_none() {
            let (title, words) = match self.kind {
                RepoKind::Model => {
                    ("Find a model", "Choose one to the left to see what it is, what it needs and its card")
                }
                RepoKind::DataSet => {
                    ("Find a data set", "Choose one to the left to see its parts, their size and its card")
                }
            };
            state::empty(ui, cx.palette, ICON_TRAVEL_EXPLORE, title, words, |_| ());
            return;
        }
        ScrollArea::vertical().id_salt(("hub detail", self.kind)).auto_shrink(false).show(ui, |ui| {
            ui.set_width(ui.available_width() - 8.0);
            ui.spacing_mut().item_spacing.y = space::S;
            match self.kind {
                RepoKind::Model => model::ui(ui, cx),
                RepoKind::DataSet => data_set::ui(ui, cx),
            }
            ui.add_space(space::L);
        });
    }

    fn field_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            let room = if self.text.is_empty() { 0.0 } else { space::ROW + space::XS };
            let hint = if self.kind == RepoKind::Model { "Search models by name" } else { "Search data sets by name" };
            let field = egui::TextEdit::singleline(&mut self.text)
                .hint_text(egui::RichText::new(hint).color(palette.text_faint))
                .margin(Margin::symmetric(8, 6))
                .desired_width(ui.available_width() - room);
            let response = ui.add(field).accessible_name("Search the hub");
            let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if response.changed() {
                self.due = Some(cx.workspace.now + RESTS);
            }
            if entered {
                self.is_whole |= self.text.trim().is_empty();
                self.due = Some(cx.workspace.now);
            }
            if room > 0.0 && Button::icon_only(ICON_CLOSE, "Clear the search").show(ui, palette).clicked() {
                self.text.clear();
                self.is_whole = false;
                self.due = Some(cx.workspace.now);
            }
        });
    }

    fn ask_when_rested(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        let Some(due) = self.due else { return };
        let left = due - cx.workspace.now;
        if left > 0.0 {
            ui.ctx().request_repaint_after(Duration::from_secs_f64(left));
            return;
        }
        self.due = None;
        // Offline, what is typed narrows what is suggested.
        if !cx.workspace.hub.hub.offline {
            cx.act(Action::Hub(HubAction::Search(self.kind, self.asks_hub().then(|| self.query()))));
        }
    }

    /// Whether what is wanted is not told by what is suggested: that a model was trained for a task is not.
    fn asks_hub(&self) -> bool {
        let of_task = self.kind == RepoKind::Model && self.filters.task.is_some();
        self.is_whole || of_task || !self.text.trim().is_empty()
    }

    fn query(&self) -> Query {
        self.filters.query(self.text.trim())
    }

    fn suggested_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, offline: bool) {
        let palette = cx.palette;
        if !offline {
            line(ui, 24.0, |ui| {
                let whole = Button::new("Search the whole hub").icon(ICON_TRAVEL_EXPLORE).quiet().small();
                if whole.show(ui, palette).clicked() {
                    self.is_whole = true;
                    self.due = Some(cx.workspace.now);
                }
                left(ui, |ui| ui.label(text::label("Suggested", palette)));
            });
        }
        let needle = if offline { self.text.trim().to_lowercase() } else { String::new() };
        match self.kind {
            RepoKind::Model => suggested::models_ui(ui, cx, &self.filters, &needle),
            RepoKind::DataSet => suggested::data_sets_ui(ui, cx, &self.filters, &needle),
        }
        ui.add_space(space::S);
    }

    fn found_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let (palette, kind) = (cx.palette, self.kind);
        let hub = &cx.workspace.hub;
        let (count, is_old, has_more) = match kind {
            RepoKind::Model => (hub.models.found.len(), hub.models.is_old, hub.models.next.is_some()),
            RepoKind::DataSet => (hub.data_sets.found.len(), hub.data_sets.is_old, hub.data_sets.next.is_some()),
        };
        let is_asking = cx.workspace.job_where(|known| *known == JobKind::HubSearch { kind }).is_some();
        let trouble = hub.trouble(kind).cloned();
        if is_asking && (is_old || count == 0) {
            state::loading(ui, palette, "Searching the hub", None);
        } else if trouble.is_none() {
            let words =
                if has_more { format!("The first {count}, most downloaded first") } else { format!("{count} found") };
            let words = if count == 0 { "Nothing on the hub has this name and fits the filters".into() } else { words };
            ui.label(text::label(words, palette));
        }
        ui.scope(|ui| {
            // What was found for other words is on its way out.
            ui.set_opacity(if is_old { 0.5 } else { 1.0 });
            match kind {
                RepoKind::Model => found::models_ui(ui, cx),
                RepoKind::DataSet => found::data_sets_ui(ui, cx),
            }
        });
        if let Some(trouble) = trouble {
            let query = self.query();
            let again = HubAction::Search(kind, Some(query));
            access::trouble_ui(ui, cx, "The search failed", &trouble, again);
        } else if has_more && !is_old {
            ui.add_space(space::XS);
            ui.vertical_centered(|ui| {
                let words = if is_asking { "Searching…" } else { "Show more" };
                if Button::new(words).enabled(!is_asking).show(ui, palette).clicked() {
                    cx.act(Action::Hub(HubAction::More(kind)));
                }
            });
        }
        ui.add_space(space::S);
    }
}
