//! The rows as they stand in the file, with the class of each. Only the rows in sight are drawn.

use std::sync::{Arc, Weak};

use egui::{Align, Label, Layout, Sense, TextEdit, Ui};
use egui_extras::{Column, TableBuilder};
use egui_material_icons::icons::ICON_SEARCH;

use super::filter::{self, Filter, Search};
use crate::data::{Dataset, Table, Target};
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::widgets::{Card, Chip, state, table_lines, text};
use crate::ui::{Cx, format};

/// Letters of a cell that are laid out; a line shows fewer.
const SHOWN: usize = 320;
/// Widths that columns begin with.
const LABEL: f32 = 120.0;
const TEXT: f32 = 260.0;
const OTHER: f32 = 110.0;
/// Columns beside text, pair and label.
const OTHERS: usize = 12;

#[derive(Debug, Default)]
pub struct Rows {
    filter: Filter,
    search: Search,
    /// The row whose whole text is shown below the table.
    chosen: Option<usize>,
    /// Another table begins without a filter.
    of: Weak<Table>,
}

/// The columns in the order they are drawn.
struct Order {
    label: Option<usize>,
    texts: Vec<usize>,
    others: Vec<usize>,
}

impl Rows {
    pub fn filter_mut(&mut self) -> &mut Filter {
        &mut self.filter
    }

    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, table: &Arc<Table>) {
        if Weak::as_ptr(&self.of) != Arc::as_ptr(table) {
            *self = Self { of: Arc::downgrade(table), ..Self::default() };
        }
        let dataset = cx.workspace.data.loaded.as_ref().map(|loaded| loaded.dataset.clone());
        let complete = self.filter.is_empty() || self.search.go_on(&self.filter, table, dataset.as_ref());
        if !complete {
            ui.ctx().request_repaint();
        }
        self.search_ui(ui, cx, table, dataset.as_deref(), complete);
        let chosen = self.chosen.filter(|row| *row < table.rows());
        let detail = if chosen.is_some() { 132.0 } else { 0.0 };
        let height = ui.available_height() - detail;
        Card::new().margin(0.0).show(ui, cx.palette, |ui| {
            ui.set_height(height - 2.0);
            let order = order(table, cx);
            // With many columns the table is wider than its place and moves sideways.
            let natural =
                70.0 + LABEL + TEXT * order.texts.len() as f32 + (OTHER + space::M) * order.others.len() as f32;
            if natural > ui.available_width() {
                egui::ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
                    ui.set_min_width(natural);
                    self.table_ui(ui, cx, table, dataset.as_deref(), &order);
                });
            } else {
                self.table_ui(ui, cx, table, dataset.as_deref(), &order);
            }
        });
        if let Some(row) = chosen {
            self.detail_ui(ui, cx, table, dataset.as_deref(), row);
        }
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
                let name = dataset.labels.names.get(class as usize).map_or("", String::as_str);
                let chip = Chip::class(format!("{name}  ×"), class as usize, palette).clickable();
                if chip.name(format!("Show all classes, not only {name}")).show(ui).clicked() {
                    filter.class = None;
                }
            }
            if let Some((_, why)) = filter.lines.clone() {
                let chip = Chip::accent(format!("{why}  ×"), palette).clickable();
                if chip.name("Show all rows").show(ui).clicked() {
                    filter.lines = None;
                }
            }
            self.filter = filter;
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let all = format::count(table.rows() as u64);
                let words = if self.filter.is_empty() {
                    format!("{all} rows")
                } else {
                    let found = format::count(self.search.found().len() as u64);
                    format!("{found} of {all} rows{}", if complete { "" } else { "…" })
                };
                ui.label(text::number_dim(words, palette));
            });
        });
    }

    fn table_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, table: &Arc<Table>, dataset: Option<&Dataset>, order: &Order) {
        let palette = cx.palette;
        let shown = if self.filter.is_empty() { table.rows() } else { self.search.found().len() };
        if shown == 0 {
            let (title, words) = if table.rows() == 0 {
                ("The file has no rows", "It may have only a heading, or every row has a problem")
            } else {
                ("No row is like this", "Search for other words, or remove a filter")
            };
            state::empty(ui, palette, ICON_SEARCH, title, words, |_| ());
            return;
        }
        ui.spacing_mut().item_spacing = egui::vec2(space::M, 0.0);
        ui.visuals_mut().selection.bg_fill = palette.accent_soft;
        let bounds = ui.max_rect().x_range().shrink(1.0);
        ui.shrink_clip_rect(ui.max_rect().shrink(1.0));
        let line_width = 28.0 + 8.0 * (table.line(table.rows() - 1).max(10) as f32).log10().floor();
        let mut builder = TableBuilder::new(ui)
            .id_salt(("rows", &table.columns))
            .striped(false)
            .sense(Sense::click())
            .auto_shrink(false)
            .cell_layout(Layout::left_to_right(Align::Center))
            .column(Column::exact(line_width + space::M));
        if order.label.is_some() {
            builder = builder.column(Column::initial(LABEL).range(60.0..=260.0).resizable(true).clip(true));
        }
        for _ in &order.texts {
            builder = builder.column(Column::remainder().at_least(TEXT).clip(true).resizable(true));
        }
        for _ in &order.others {
            builder = builder.column(Column::initial(OTHER).at_least(50.0).resizable(true).clip(true));
        }
        let Self { search, filter, chosen, .. } = self;
        let heads = builder.header(32.0, |mut header| {
            let mut head = |words: &str| {
                header.col(|ui| {
                    table_lines::head_line(ui, bounds, palette);
                    ui.add(Label::new(text::label(words, palette)).truncate());
                });
            };
            head("   Line");
            for column in order.all() {
                head(&table.columns[column]);
            }
        });
        heads.body(|body| {
            body.rows(32.0, shown, |mut line| {
                let place = line.index();
                let row = if filter.is_empty() { place } else { search.found()[place] as usize };
                line.set_selected(*chosen == Some(row));
                line.col(|ui| {
                    table_lines::row_line(ui, bounds, palette);
                    ui.add_space(space::M);
                    ui.label(text::number_dim(table.line(row).to_string(), palette));
                });
                if let Some(column) = order.label {
                    line.col(|ui| {
                        table_lines::row_line(ui, bounds, palette);
                        label_ui(ui, palette, table.cell(row, column), dataset, row);
                    });
                }
                for column in order.texts.iter().chain(&order.others) {
                    line.col(|ui| {
                        table_lines::row_line(ui, bounds, palette);
                        cell_ui(ui, palette, table.cell(row, *column));
                    });
                }
                if line.response().clicked() {
                    *chosen = if *chosen == Some(row) { None } else { Some(row) };
                }
            });
        });
    }

    /// The chosen row with its whole text.
    fn detail_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, table: &Table, dataset: Option<&Dataset>, row: usize) {
        let palette = cx.palette;
        ui.add_space(4.0);
        Card::new().show(ui, palette, |ui| {
            ui.set_height(96.0);
            ui.horizontal(|ui| {
                ui.label(text::strong(format!("Line {}", table.line(row)), palette));
                let order = order(table, cx);
                if let Some(column) = order.label {
                    label_ui(ui, palette, table.cell(row, column), dataset, row);
                }
                if let Some(part) = part_of(cx, row) {
                    ui.label(text::small(part, palette));
                }
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let close = egui_material_icons::icons::ICON_CLOSE;
                    if crate::ui::widgets::Button::icon_only(close, "Close the row").small().show(ui, palette).clicked()
                    {
                        self.chosen = None;
                    }
                });
            });
            egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                for column in order(table, cx).texts {
                    let whole: String = table.cell(row, column).chars().take(20_000).collect();
                    ui.add(Label::new(text::body(whole, palette)).selectable(true).wrap());
                }
            });
        });
    }
}

impl Order {
    fn all(&self) -> impl Iterator<Item = usize> {
        self.label.iter().chain(&self.texts).chain(&self.others).copied()
    }
}

fn order(table: &Table, cx: &Cx<'_>) -> Order {
    let roles = &cx.workspace.data.roles;
    let place = |name: &Option<String>| name.as_deref().and_then(|name| table.column(name));
    let label = place(&roles.label);
    let texts: Vec<usize> = [place(&roles.text), place(&roles.pair)].into_iter().flatten().collect();
    let is_other = |column: &usize| Some(*column) != label && !texts.contains(column);
    let others = (0..table.columns.len()).filter(is_other).take(OTHERS).collect();
    Order { label, texts, others }
}

fn cell_ui(ui: &mut Ui, palette: &Palette, cell: &str) {
    let end = cell.char_indices().nth(SHOWN).map_or(cell.len(), |(place, _)| place);
    let line: String = cell[..end].chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let words = egui::RichText::new(line).font(theme::regular(size::BODY)).color(palette.text);
    ui.add(Label::new(words).truncate().selectable(false).show_tooltip_when_elided(false));
}

/// The label as a chip in the colour of its class; as plain words where the row is no example.
fn label_ui(ui: &mut Ui, palette: &Palette, cell: &str, dataset: Option<&Dataset>, row: usize) {
    let example = dataset.and_then(|dataset| Some((dataset, filter::example_of(dataset, row)?)));
    let Some((dataset, place)) = example else {
        let words = if cell.trim().is_empty() { "none" } else { cell };
        ui.add(Label::new(text::faint(words, palette)).truncate());
        return;
    };
    let name = |class: u32| dataset.labels.names.get(class as usize).map_or("", String::as_str);
    match &dataset.examples[place].target {
        Target::Class(class) => drop(Chip::class(name(*class), *class as usize, palette).show(ui)),
        Target::Classes(classes) => {
            ui.spacing_mut().item_spacing.x = 4.0;
            for class in classes.iter().take(4) {
                Chip::class(name(*class), *class as usize, palette).show(ui);
            }
        }
        Target::Value(value) => drop(ui.label(text::number(format::trimmed(f64::from(*value), 4), palette))),
        _ => cell_ui(ui, palette, cell),
    }
}

/// Whether the row is learned from or held out.
fn part_of(cx: &Cx<'_>, row: usize) -> Option<&'static str> {
    let loaded = cx.workspace.data.loaded.as_ref()?;
    let Some(example) = filter::example_of(&loaded.dataset, row) else { return Some("left out") };
    Some(if loaded.split.eval.binary_search(&example).is_ok() { "held out for evaluation" } else { "trained on" })
}
