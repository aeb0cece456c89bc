//! Data: a file becomes examples. To the left what its columns mean and how it is divided, in the middle its rows, to
//! the right what is in it and what is wrong with it.

mod cells;
mod columns;
mod encoding;
mod filter;
mod health;
mod rows;
mod said;
mod side;
mod split;
mod xray;

use std::sync::Arc;

use egui::{Align, Frame, Layout, Margin, Panel, ScrollArea, Ui, vec2};
use egui_material_icons::icons::{
    ICON_ARROW_BACK, ICON_ARROW_FORWARD, ICON_BATCH_PREDICTION, ICON_CLOSE, ICON_FOLDER_OPEN, ICON_TRAVEL_EXPLORE,
};

use super::hub::HubView;
use crate::hub::RepoKind;
use crate::table::Table;
use crate::ui::action::HubAction;
use crate::ui::theme::{self, space};
use crate::ui::widgets::path_field::data_field;
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, Chip, drop_card, state, text};
use crate::ui::workspace::JobKind;
use crate::ui::{Action, Cx, Screen, format};

/// What the middle shows where there is no room for three columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Middle {
    #[default]
    Rows,
    Overview,
    /// What the columns mean, where there is not even room for two.
    Columns,
}

#[derive(Debug)]
pub struct DataPanel {
    typed: String,
    middle: Middle,
    rows: rows::Rows,
    split: split::SplitForm,
    side: side::Side,
    hub: HubView,
}

impl Default for DataPanel {
    fn default() -> Self {
        Self {
            typed: String::new(),
            middle: Middle::default(),
            rows: rows::Rows::default(),
            split: split::SplitForm::default(),
            side: side::Side::default(),
            hub: HubView::new(RepoKind::DataSet),
        }
    }
}

/// Width of the list of what is on the hub.
const LIST: f32 = 384.0;
const LEFT: f32 = 296.0;
const RIGHT: f32 = 320.0;
/// Below this width one part is seen at a time.
const NARROW: f32 = 620.0;

impl DataPanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if cx.workspace.hub.finds_data {
            self.hub_ui(ui, cx);
            return;
        }
        let Some(table) = cx.workspace.data.table.clone() else {
            self.first_ui(ui, cx);
            return;
        };
        let wide = ui.available_width() > 1130.0;
        let narrow = ui.available_width() < NARROW;
        header_ui(ui, cx, &table);
        let bare = Frame::new().inner_margin(Margin { left: 16, right: 4, top: 0, bottom: 0 });
        if !narrow {
            let panel = Panel::left("data left").exact_size(LEFT).resizable(false).show_separator_line(false);
            panel.frame(bare).show(ui, |ui| self.columns_ui(ui, cx, &table));
        }
        if wide {
            let bare = Frame::new().inner_margin(Margin { left: 4, right: 8, top: 0, bottom: 0 });
            let panel = Panel::right("data right").exact_size(RIGHT).resizable(false).show_separator_line(false);
            panel.frame(bare).show(ui, |ui| self.overview_ui(ui, cx));
        }
        if !narrow && self.middle == Middle::Columns {
            self.middle = Middle::Rows;
        }
        let (left, right) = (if narrow { 16 } else { 4 }, if wide { 4 } else { 16 });
        let bare = Frame::new().inner_margin(Margin { left, right, top: 0, bottom: 16 });
        egui::CentralPanel::default().frame(bare).show(ui, |ui| {
            if !wide {
                let all = [(Middle::Columns, "Columns"), (Middle::Rows, "Rows"), (Middle::Overview, "Overview")];
                let choices = if narrow { &all[..] } else { &all[1..] };
                if let Some(middle) = segmented(ui, cx.palette, self.middle, choices, false) {
                    self.middle = middle;
                }
            }
            match if wide { Middle::Rows } else { self.middle } {
                Middle::Rows => self.rows.ui(ui, cx, &table),
                Middle::Overview => self.overview_ui(ui, cx),
                Middle::Columns => self.columns_ui(ui, cx, &table),
            }
        });
    }

    /// What the columns mean, and how the rows are divided.
    fn columns_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, table: &Arc<Table>) {
        ScrollArea::vertical().id_salt("columns").auto_shrink(false).show(ui, |ui| {
            ui.set_width((ui.available_width() - 8.0).min(LEFT - 28.0));
            ui.spacing_mut().item_spacing.y = space::S;
            problem_ui(ui, cx);
            columns::ui(ui, cx, table);
            self.split.ui(ui, cx, table);
            ui.add_space(space::S);
        });
    }

    /// Turns to what is wrong with the data.
    pub fn show_health(&mut self) {
        self.side.show_health();
        self.middle = Middle::Overview;
    }

    /// Turns to some rows of the table, ascending, with the words that say why these.
    pub fn show_rows(&mut self, rows: Arc<Vec<usize>>, why: String) {
        self.rows.show(rows, why);
        self.middle = Middle::Rows;
    }

    fn overview_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ScrollArea::vertical().id_salt("overview").auto_shrink(false).show(ui, |ui| {
            ui.set_width(ui.available_width() - 8.0);
            ui.spacing_mut().item_spacing.y = space::S;
            if let Some(chosen) = self.side.ui(ui, cx, self.rows.filter_mut()) {
                *self.rows.filter_mut() = chosen;
                self.middle = Middle::Rows;
            }
            ui.add_space(space::S);
        });
    }

    /// What is on the hub, in place of what is open.
    fn hub_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let width = LIST.min(ui.available_width() * 0.42);
        let bare = Frame::new().inner_margin(Margin { left: 16, right: 4, top: 14, bottom: 16 });
        let panel = Panel::left("data set list").exact_size(width).resizable(false).show_separator_line(false);
        panel.frame(bare).show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.set_height(space::ROW);
                if Button::icon_only(ICON_ARROW_BACK, "Back to the data").show(ui, cx.palette).clicked() {
                    cx.act(Action::Hub(HubAction::Find(RepoKind::DataSet, false)));
                }
                ui.label(text::title("Data sets", cx.palette));
            });
            self.hub.list_ui(ui, cx);
        });
        let bare = Frame::new().inner_margin(Margin { left: 8, right: 8, top: 14, bottom: 0 });
        egui::CentralPanel::default().frame(bare).show(ui, |ui| self.hub.detail_ui(ui, cx));
    }

    /// Nothing is opened: where to drop a file, and the sample.
    fn first_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let reading = cx.workspace.job_where(|kind| matches!(kind, JobKind::OpenTable { .. })).cloned();
        ui.vertical_centered(|ui| {
            ui.add_space(((ui.available_height() - 600.0) * 0.4).max(space::L));
            ui.set_max_width(640.0);
            if let Some(error) = &cx.workspace.data.error {
                state::error(ui, palette, "The file could not be read", error, |_| ());
                ui.add_space(space::M);
            }
            drop_card::drop_card(ui, palette, 170.0, |ui| {
                if let Some(job) = &reading {
                    let share = job.progress.as_ref().and_then(crate::ui::workspace::Progress::share);
                    state::loading(ui, palette, &job.title, share);
                    return;
                }
                let wide = Button::new("Open a file…").icon(ICON_FOLDER_OPEN).primary().min_width(150.0);
                let chosen =
                    ui.allocate_ui_with_layout(vec2(320.0, 32.0), Layout::left_to_right(Align::Center), |ui| {
                        ui.spacing_mut().item_spacing.x = space::S;
                        let file = wide.show(ui, palette).clicked().then_some(Action::ChooseData);
                        let folder = Button::new("Open a folder…").min_width(150.0);
                        file.or_else(|| folder.show(ui, palette).clicked().then_some(Action::ChooseDataFolder))
                    });
                cx.actions.extend(chosen.inner);
            });
            ui.add_space(space::S);
            if let Some(path) = data_field(ui, palette, &mut self.typed) {
                cx.act(Action::OpenData(path.into()));
            }
            super::recent::ui(ui, cx);
            ui.add_space(space::XS);
            let find = Button::new("Find a data set on the hub").icon(ICON_TRAVEL_EXPLORE).quiet();
            if find.show(ui, palette).clicked() {
                cx.act(Action::Hub(HubAction::Find(RepoKind::DataSet, true)));
            }
            ui.add_space(space::M);
            ui.label(text::dim("No data at hand? Attune comes with a sample for each task.", palette));
            ui.add_space(space::XS);
            super::samples::grid(ui, cx);
        });
    }
}

/// The file, how it was recognised, and the way on.
fn header_ui(ui: &mut Ui, cx: &mut Cx<'_>, table: &Table) {
    let palette = cx.palette;
    let frame = Frame::new().inner_margin(Margin { left: 16, right: 16, top: 12, bottom: 8 });
    Panel::top("data header").exact_size(56.0).resizable(false).show_separator_line(false).frame(frame).show(
        ui,
        |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let ready = cx.workspace.data.loaded.is_some();
                let label = if cx.workspace.model.is_some() { "Continue to training" } else { "Continue to model" };
                let on = Button::new(label).icon(ICON_ARROW_FORWARD).primary().enabled(ready);
                if on.show(ui, palette).clicked() {
                    let next = if cx.workspace.model.is_some() { Screen::Train } else { Screen::Model };
                    cx.act(Action::Go(next));
                }
                if Button::icon_only(ICON_CLOSE, "Close the data").show(ui, palette).clicked() {
                    cx.act(Action::CloseData);
                }
                let predict = Button::icon_only(ICON_BATCH_PREDICTION, "Predict these rows");
                if predict.show(ui, palette).on_hover_text("What a model says to each row, in a file").clicked() {
                    cx.act(Action::PredictFile(Some(table.origins.inputs.clone())));
                }
                let find = Button::icon_only(ICON_TRAVEL_EXPLORE, "Find a data set on the hub");
                if find.show(ui, palette).clicked() {
                    cx.act(Action::Hub(HubAction::Find(RepoKind::DataSet, true)));
                }
                if Button::new("Open…").name("Open a data file").icon(ICON_FOLDER_OPEN).show(ui, palette).clicked() {
                    cx.act(Action::ChooseData);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    // The end of a name tells versions apart, and the facts beside it need room too.
                    let room = (ui.available_width() - 96.0).max(80.0);
                    let name = format::inputs(&table.origins.inputs);
                    let name = text::middle(ui.painter(), &name, theme::semibold(theme::size::TITLE), room);
                    ui.label(text::title(name, palette)).on_hover_text(format::input_paths(&table.origins.inputs));
                    ui.add_space(4.0);
                    for fact in facts(table) {
                        if ui.available_width() > 90.0 {
                            Chip::neutral(fact, palette).show(ui);
                        }
                    }
                    if encoding::is_open(table) && ui.available_width() > 180.0 {
                        encoding::choice_ui(ui, cx, table);
                    }
                    if table.replaced_characters > 0 && ui.available_width() > 140.0 {
                        let words =
                            format!("{} unreadable characters", format::count(table.replaced_characters as u64));
                        let note = "Bytes that are not valid in this encoding, shown as \u{fffd}";
                        Chip::warn(words, palette).dot().show(ui).on_hover_text(note);
                    }
                });
            });
        },
    );
}

fn facts(table: &Table) -> Vec<String> {
    let files = table.origins.files.len() as u64;
    let files = (files > 1).then(|| format::plural(files, "file", "files"));
    let facts = [format::plural(table.rows() as u64, "row", "rows")];
    let facts = facts.into_iter().chain(files).chain([table.format.title()]);
    let is_plain = table.format.has_encoding() && !encoding::is_open(table);
    let encoding = is_plain.then(|| table.encoding.to_owned());
    facts.chain(encoding).collect()
}

fn problem_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let data = &cx.workspace.data;
    let Some(error) = &data.error else { return };
    let title = if data.loaded.is_some() { "The other file could not be read" } else { "No examples yet" };
    state::error(ui, cx.palette, title, error, |_| ());
}
