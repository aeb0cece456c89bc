//! The rows as a person reads them, and the one that is chosen, whole or as the model reads it. Only the rows in sight are
//! drawn.

use std::sync::{Arc, Weak};

use egui::{Align, Label, Layout, Panel, Sense, TextEdit, Ui};
use egui_extras::{Column, TableBuilder};
use egui_material_icons::icons::{ICON_CLOSE, ICON_SEARCH};

use super::cells::{self, Order, Row, Show};
use super::filter::{self, Filter, Search};
use super::xray::XrayPane;
use crate::data::entities::Kinds;
use crate::data::{Dataset, Roles};
use crate::table::Table;
use crate::task::{Reads, Task};
use crate::ui::theme::{self, space};
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, Card, Chip, highlight, state, table_lines, text};
use crate::ui::{Cx, Palette, format};

/// Widths that columns begin with.
const LABEL: f32 = 120.0;
const TEXT: f32 = 260.0;
const OTHER: f32 = 110.0;
/// Height of the chosen row: first, and at least.
const DETAIL: f32 = 244.0;
const DETAIL_LEAST: f32 = 120.0;
/// What keeps a handle off a scroll bar.
const GUTTER: f32 = 6.0;
/// Letters of a row that are shown whole.
const WHOLE: usize = 20_000;

#[derive(Debug, Default)]
pub struct Rows {
    filter: Filter,
    search: Search,
    /// The row that is shown below the table.
    chosen: Option<usize>,
    view: View,
    xray: XrayPane,
    /// Another table begins without a filter.
    of: Weak<Table>,
    /// What the tags of the dataset mean.
    kinds: (Weak<Dataset>, Kinds),
    /// What the filter by class or finding was chosen in.
    meaning: Option<Meaning>,
    /// Rows that another screen wants to be shown.
    wanted: Option<(Arc<Vec<usize>>, String)>,
}

/// What the rows mean: the third class of other labels is another, and so is what is found in other columns.
#[derive(Debug, PartialEq)]
struct Meaning {
    task: Task,
    roles: Roles,
    labels: Vec<String>,
}

/// How the chosen row is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum View {
    #[default]
    Row,
    Xray,
}

impl Rows {
    pub fn filter_mut(&mut self) -> &mut Filter {
        &mut self.filter
    }

    /// Shows some rows alone, ascending, with the words that say why.
    pub fn show(&mut self, rows: Arc<Vec<usize>>, why: String) {
        self.wanted = Some((rows, why));
    }

    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, table: &Arc<Table>) {
        if Weak::as_ptr(&self.of) != Arc::as_ptr(table) {
            let wanted = self.wanted.take();
            *self = Self { of: Arc::downgrade(table), view: self.view, wanted, ..Self::default() };
        }
        let dataset = cx.workspace.data.loaded.as_ref().map(|loaded| loaded.dataset.clone());
        if let Some(dataset) = dataset.as_ref().filter(|dataset| Weak::as_ptr(&self.kinds.0) != Arc::as_ptr(dataset)) {
            self.kinds = (Arc::downgrade(dataset), Kinds::of(&dataset.labels));
            let meaning = Some(Meaning {
                task: dataset.task,
                roles: dataset.roles.clone(),
                labels: dataset.labels.names.clone(),
            });
            if self.meaning != meaning {
                self.meaning = meaning;
                (self.filter.class, self.filter.rows) = (None, None);
            }
        }
        if let Some(rows) = self.wanted.take() {
            self.filter = Filter { rows: Some(rows), ..Filter::default() };
        }
        let complete = self.filter.is_empty() || self.search.go_on(&self.filter, table, dataset.as_ref());
        if !complete {
            ui.ctx().request_repaint();
        }
        self.search_ui(ui, cx, table, dataset.as_deref(), complete);
        if let Some(row) = self.chosen.filter(|row| *row < table.rows()) {
            let bare = egui::Frame::new().inner_margin(egui::Margin { left: 0, right: 0, top: 8, bottom: 0 });
            let most = (ui.available_height() - 140.0).max(DETAIL_LEAST);
            Panel::bottom("chosen row")
                .frame(bare)
                .show_separator_line(false)
                .resizable(true)
                .default_size(DETAIL.min(most))
                .size_range(DETAIL_LEAST..=most)
                .show(ui, |ui| self.detail_ui(ui, cx, table, dataset.as_deref(), row));
        }
        let height = ui.available_height();
        Card::new().margin(0.0).show(ui, cx.palette, |ui| {
            // Nor is the handle of the row below.
            ui.set_height(height - if self.chosen.is_some() { GUTTER } else { 2.0 });
            let order = cells::order(table, &cx.workspace.data.roles, cx.workspace.data.task);
            // With many columns the table is wider than its place and moves sideways.
            let natural = 70.0
                + order.main.iter().map(|show| first_width(*show)).sum::<f32>()
                + (OTHER + space::M) * order.others.len() as f32;
            if natural > ui.available_width() {
                egui::ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
                    ui.set_min_width(natural);
                    self.table_ui(ui, cx, table, dataset.as_deref(), &order, complete);
                });
            } else {
                self.table_ui(ui, cx, table, dataset.as_deref(), &order, complete);
            }
        });
    }

    fn search_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, table: &Table, dataset: Option<&Dataset>, complete: bool) {
        let palette = cx.palette;
        ui.horizontal(|ui| {
            let field = TextEdit::singleline(&mut self.filter.words)
                .hint_text(egui::RichText::new("Search the rows").color(palette.text_faint))
                .prefix(theme::icon(ICON_SEARCH, 16.0).color(palette.text_faint))
                .margin(egui::Margin::symmetric(8, 6))
                .desired_width(220.0);
            ui.add(field).accessible_name("Search the rows");
            let mut filter = self.filter.clone();
            if let (Some(class), Some(dataset)) = (filter.class, dataset) {
                let name = class_name(dataset, &self.kinds.1, class);
                let chip = Chip::class(format!("{name}  ×"), class, palette).clickable();
                if chip.name(format!("Show all classes, not only {name}")).show(ui).clicked() {
                    filter.class = None;
                }
            }
            if let Some((_, why)) = filter.rows.clone() {
                let chip = Chip::accent(format!("{why}  ×"), palette).clickable();
                if chip.name("Show all rows").show(ui).clicked() {
                    filter.rows = None;
                }
            }
            self.filter = filter;
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let all = format::plural(table.rows() as u64, "row", "rows");
                let words = if self.filter.is_empty() {
                    all
                } else {
                    let found = format::count(self.search.found().len() as u64);
                    format!("{found} of {all}{}", if complete { "" } else { "…" })
                };
                ui.label(text::number_dim(words, palette));
            });
        });
    }

    fn table_ui(
        &mut self,
        ui: &mut Ui,
        cx: &Cx<'_>,
        table: &Arc<Table>,
        dataset: Option<&Dataset>,
        order: &Order,
        is_complete: bool,
    ) {
        let palette = cx.palette;
        let shown = if self.filter.is_empty() { table.rows() } else { self.search.found().len() };
        if shown == 0 {
            let (title, words) = nothing(table, is_complete);
            state::empty(ui, palette, ICON_SEARCH, title, words, |_| ());
            return;
        }
        ui.spacing_mut().item_spacing = egui::vec2(space::M, 0.0);
        ui.visuals_mut().selection.bg_fill = palette.accent_soft;
        // Where the table moves sideways it is wider than what is seen of it.
        let bounds = ui.max_rect().intersect(ui.clip_rect()).x_range().shrink(1.0);
        ui.shrink_clip_rect(ui.max_rect().shrink(1.0));
        let line_width = 28.0 + 8.0 * (number(table, table.rows() - 1).max(10) as f32).log10().floor();
        let mut builder = TableBuilder::new(ui)
            .id_salt(("rows", order))
            .striped(false)
            .sense(Sense::click())
            .auto_shrink(false)
            .min_scrolled_height(0.0)
            .cell_layout(Layout::left_to_right(Align::Center))
            .column(Column::exact(line_width + space::M));
        for column in widths(order) {
            builder = builder.column(column);
        }
        let Self { search, filter, chosen, kinds, .. } = self;
        let heads = builder.header(32.0, |mut header| {
            let mut head = |words: &str| {
                header.col(|ui| {
                    table_lines::head_line(ui, bounds, palette);
                    ui.add(Label::new(text::label(words, palette)).truncate());
                });
            };
            head(if table.origins.files.len() < 2 { "   Line" } else { "   Row" });
            for show in &order.main {
                head(show.title(table));
            }
            for column in &order.others {
                head(&table.columns[*column]);
            }
        });
        heads.body(|body| {
            body.rows(32.0, shown, |mut line| {
                let place = line.index();
                let row = if filter.is_empty() { place } else { search.found()[place] as usize };
                let of_row = Row { table, dataset, kinds: &kinds.1, row };
                line.set_selected(*chosen == Some(row));
                line.col(|ui| {
                    table_lines::row_line(ui, bounds, palette);
                    ui.add_space(space::M);
                    number_ui(ui, table, row, palette);
                });
                for show in &order.main {
                    line.col(|ui| {
                        table_lines::row_line(ui, bounds, palette);
                        cells::cell_ui(ui, palette, of_row, *show);
                    });
                }
                for column in &order.others {
                    line.col(|ui| {
                        table_lines::row_line(ui, bounds, palette);
                        cells::plain_ui(ui, palette, table.cell(row, *column));
                    });
                }
                if line.response().clicked() {
                    *chosen = if *chosen == Some(row) { None } else { Some(row) };
                }
            });
        });
    }

    /// The chosen row, whole or as the model reads it.
    fn detail_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, table: &Table, dataset: Option<&Dataset>, row: usize) {
        let palette = cx.palette;
        let height = ui.available_height();
        Card::new().show(ui, palette, |ui| {
            ui.set_height(height - 26.0);
            ui.horizontal(|ui| {
                let choices = [(View::Row, "Row"), (View::Xray, "Token X-ray")];
                if let Some(view) = segmented(ui, palette, self.view, &choices, false) {
                    self.view = view;
                }
                ui.add_space(space::XS);
                ui.label(text::strong(state::sentence(&table.place(row)), palette));
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    if Button::icon_only(ICON_CLOSE, "Close the row").small().show(ui, palette).clicked() {
                        self.chosen = None;
                    }
                    if let Some(part) = cells::part_of(cx, row) {
                        ui.add(Label::new(text::small(part, palette)).truncate());
                    }
                });
            });
            match self.view {
                View::Row => self.whole_ui(ui, cx, table, dataset, row),
                View::Xray => {
                    let example = dataset.and_then(|dataset| filter::example_of(dataset, row));
                    self.xray.ui(ui, cx, example);
                }
            }
        });
    }

    /// Every column with a role, with its name before it.
    fn whole_ui(&self, ui: &mut Ui, cx: &Cx<'_>, table: &Table, dataset: Option<&Dataset>, row: usize) {
        let palette = cx.palette;
        let of_row = Row { table, dataset, kinds: &self.kinds.1, row };
        let order = cells::order(table, &cx.workspace.data.roles, cx.workspace.data.task);
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 6.0;
            let several = order.main.len() > 1;
            for show in &order.main {
                ui.horizontal_top(|ui| {
                    if several {
                        let name = text::label(show.title(table), palette);
                        ui.add_sized([76.0, 18.0], Label::new(name).truncate().halign(Align::LEFT));
                    }
                    match show {
                        Show::Label(column) => cells::label_ui(ui, palette, of_row, *column),
                        Show::Answers(column) => cells::answers_ui(ui, palette, of_row, *column),
                        _ => {
                            let (words, marks) = of_row.marked(*show);
                            let end = words.char_indices().nth(WHOLE).map_or(words.len(), |(place, _)| place);
                            let job = highlight::paragraph(&words[..end], &marks, ui.available_width(), palette);
                            ui.vertical(|ui| {
                                ui.add(Label::new(job).selectable(true).wrap());
                                if end < words.len() {
                                    let words = format!("The first {WHOLE} characters are shown; all are read");
                                    ui.label(text::faint(words, palette));
                                }
                            });
                        }
                    }
                });
            }
        });
    }
}

/// What stands where no row does.
fn nothing(table: &Table, is_complete: bool) -> (&'static str, &'static str) {
    if table.rows() == 0 {
        ("The file has no rows", "It may have only a header, or every row has a problem")
    } else if is_complete {
        ("No matching rows", "Search for other words, or remove a filter")
    } else {
        ("Searching the rows", "None was found yet")
    }
}

/// The columns behind that of the lines. The last has no handle, which would lie under the scroll bar.
fn widths(order: &Order) -> impl Iterator<Item = Column> {
    let main = order.main.iter().map(|show| match show {
        Show::Label(_) => Column::initial(LABEL).range(60.0..=260.0),
        Show::Answers(_) => Column::initial(first_width(*show)).at_least(80.0),
        _ => Column::remainder().at_least(first_width(*show)),
    });
    let others = order.others.iter().map(|_| Column::initial(OTHER).at_least(50.0));
    let last = order.main.len() + order.others.len();
    main.chain(others).zip(1..).map(move |(column, place)| column.clip(true).resizable(place < last))
}

fn first_width(show: Show) -> f32 {
    match show {
        Show::Label(_) => LABEL,
        Show::Answers(_) => 150.0,
        Show::Sentence { .. } | Show::Spans { .. } => TEXT + 60.0,
        Show::Plain(_) | Show::Context(_) => TEXT - 60.0,
    }
}

/// What the place of a bar in the overview is called.
pub fn class_name<'a>(dataset: &'a Dataset, kinds: &'a Kinds, class: usize) -> &'a str {
    match (dataset.task.reads(), class) {
        (Reads::Words, _) => kinds.names.get(class).map_or("", String::as_str),
        (Reads::Question, 0) => "answered",
        (Reads::Question, _) => "no answer",
        (Reads::Texts | Reads::Running | Reads::Neighbours(_), _) => {
            dataset.labels.names.get(class).map_or("", String::as_str)
        }
    }
}
/// The line of a row; of several files, where lines begin anew, how many rows there are up to it.
fn number(table: &Table, row: usize) -> usize {
    if table.origins.files.len() < 2 { table.line(row) } else { row + 1 }
}

fn number_ui(ui: &mut Ui, table: &Table, row: usize, palette: &Palette) {
    let label = ui.label(text::number_dim(number(table, row).to_string(), palette));
    if table.origin(row).is_some() {
        label.on_hover_text(table.place(row));
    }
}
