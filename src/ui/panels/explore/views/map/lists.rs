//! Rows beside the map: the one that is open, those next to the typed text, those that were selected, and the clusters.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Label, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};
use egui_material_icons::icons::ICON_CLOSE;
use serde::{Deserialize, Serialize};

use super::MapView;
use super::kinds::ColourBy;
use super::plot;
use super::shown::{Selection, Shown};
use crate::analysis::training_set::MARK;
use crate::ui::panels::explore::view::Changed;
use crate::ui::panels::explore::words::Words;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::bars::{Bar, bars};
use crate::ui::widgets::rows::rows;
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, Card, Chip, line, text};
use crate::ui::{Action, Cx, format};

/// Which rows are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum List {
    #[default]
    Nearest,
    Selected,
    Clusters,
}

const ROW: f32 = 26.0;
/// Letters of a row that are shown.
const LETTERS: usize = 1200;
/// Labels that are counted.
const COUNTED: usize = 5;

impl MapView {
    pub(super) fn lists_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        let palette = cx.palette;
        ui.spacing_mut().item_spacing.y = 6.0;
        if self.shown.is_none() {
            ui.label(text::dim("Rows appear here once there is a map", palette));
            return Changed::No;
        }
        let changed = self.opened_ui(ui, cx);
        if let Some(shown) = &self.shown
            && let Some(training) = &shown.known.facts.training
        {
            ui.add(Label::new(text::faint(training.among(0..shown.rows()).said(), palette)).wrap());
        }
        let choices = [(List::Nearest, "Nearest"), (List::Selected, "Selected"), (List::Clusters, "Clusters")];
        if let Some(list) = segmented(ui, palette, self.list, &choices, true) {
            self.list = list;
        }
        match self.list {
            List::Nearest => self.nearest_ui(ui, palette),
            List::Selected => self.selected_ui(ui, cx),
            List::Clusters => self.clusters_ui(ui, palette),
        }
        changed
    }

    /// The row that is open, whole.
    fn opened_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        let (Some(shown), Some(row)) = (&self.shown, self.opened) else { return Changed::No };
        let palette = cx.palette;
        let (mut closes, mut changed) = (false, Changed::No);
        Card::new().show(ui, palette, |ui| {
            line::line(ui, 22.0, |ui| {
                closes = Button::icon_only(ICON_CLOSE, "Close the row").small().show(ui, palette).clicked();
                line::left(ui, |ui| {
                    let line = shown.dataset().line(row);
                    ui.label(text::strong(format!("Line {}", format::count(line as u64)), palette));
                    said_ui(ui, shown, row, palette);
                });
            });
            ScrollArea::vertical().id_salt("open row").max_height(96.0).show(ui, |ui| {
                let words: String = shown.line(row).chars().take(LETTERS).collect();
                ui.add(Label::new(text::body(words, palette)).selectable(true).wrap());
            });
            ui.horizontal_wrapped(|ui| {
                if Button::new("Show in Data").small().show(ui, palette).clicked() {
                    let rows = vec![shown.dataset().examples[row].row];
                    cx.act(Action::ShowRows(Arc::new(rows), "the row on the map".into()));
                }
                if Button::new("Try it").small().show(ui, palette).on_hover_text("Puts it into the text box").clicked()
                {
                    let pair = shown.dataset().pair(row).map(str::to_owned);
                    changed = Changed::Try(Words { text: shown.text(row).into_owned(), pair });
                }
            });
        });
        if closes {
            self.opened = None;
        }
        changed
    }

    fn nearest_ui(&mut self, ui: &mut Ui, palette: &Palette) {
        let (Some(shown), Some(placed)) = (&self.shown, self.placed()) else {
            ui.label(text::dim("The rows that are nearest to a typed text in the model appear here", palette));
            return;
        };
        let words = "Nearest to your text in the model, with the distance";
        ui.add(Label::new(text::faint(words, palette)).wrap());
        if placed.cut > 0 {
            let cut = format::plural(placed.cut as u64, "token", "tokens");
            ui.add(Label::new(text::small(format!("{cut} of the text did not fit the model"), palette)).wrap());
        }
        let rows: Vec<(usize, String)> =
            placed.nearest.iter().map(|(row, distance)| (*row as usize, format!("{distance:.2}"))).collect();
        if let Some(row) = rows_ui(ui, shown, &rows, self.opened, palette) {
            self.open(row);
        }
    }

    fn selected_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let (Some(shown), Some(selected)) = (&self.shown, &self.selected) else {
            let words = "Draw around rows on the map, press a cluster, or search: the rows are listed here";
            ui.add(Label::new(text::dim(words, palette)).wrap());
            return;
        };
        let mut clears = false;
        line::line(ui, 24.0, |ui| {
            clears = Button::new("Clear").small().quiet().name("Clear the selection").show(ui, palette).clicked();
            if Button::new("Show in Data").small().name("Show the selection in Data").show(ui, palette).clicked() {
                let examples = &shown.dataset().examples;
                let rows = selected.rows.iter().map(|row| examples[*row as usize].row).collect();
                cx.act(Action::ShowRows(Arc::new(rows), selected.why.clone()));
            }
            line::left(ui, |ui| {
                let words = format!("{} {}", count_words(selected.rows.len()), selected.why);
                ui.add(Label::new(text::strong(words, palette)).truncate());
            });
        });
        counts_ui(ui, shown, selected, palette);
        let rows: Vec<(usize, String)> = selected.rows.iter().map(|row| (*row as usize, String::new())).collect();
        let pressed = rows_ui(ui, shown, &rows, self.opened, palette);
        if let Some(row) = pressed {
            self.open(row);
        }
        if clears {
            self.select(None);
        }
    }

    fn clusters_ui(&mut self, ui: &mut Ui, palette: &Palette) {
        let Some((shown, map)) = self.shown.as_ref().and_then(|shown| Some((shown, shown.map.clone()?))) else {
            ui.label(text::dim("Clusters appear once the rows are where they belong", palette));
            return;
        };
        if map.clusters.len() < 2 {
            let words = "There are no separate clusters: the rows lie together, without a gap between groups of them";
            ui.add(Label::new(text::dim(words, palette)).wrap());
            return;
        }
        let words = "Rows that lie close together, and the words that they have and others lack";
        ui.add(Label::new(text::faint(words, palette)).wrap());
        let name = |place: usize| cluster_name(&map.clusters[place].words);
        let pressed = rows(ui, "clusters", ROW, map.clusters.len(), |ui, place| {
            let count = format::count(map.clusters[place].rows as u64);
            item_ui(ui, None, &name(place), &count, false, palette)
        });
        if let Some(place) = pressed {
            let name = name(place);
            let rows = map.cluster_of.iter().enumerate().filter(|(_, of)| **of as usize == place).map(|(row, _)| row);
            let selected = Selection::new(shown.rows(), rows, format!("in the cluster \u{201c}{name}\u{201d}"));
            self.select(selected);
        }
    }
}

fn cluster_name(words: &[String]) -> String {
    if words.is_empty() { "no telling words".to_owned() } else { words.join(", ") }
}

pub fn count_words(rows: usize) -> String {
    format::plural(rows as u64, "row", "rows")
}

/// What the data and the model say of a row.
fn said_ui(ui: &mut Ui, shown: &Shown, row: usize, palette: &Palette) {
    let facts = &shown.known.facts;
    if let Some(label) = facts.labels.name(row) {
        Chip::neutral(format!("Data: {label}"), palette).show(ui);
    }
    if facts.training.as_ref().and_then(|training| training.has(row)) == Some(true) {
        Chip::neutral(MARK, palette).show(ui);
    }
    let Some(said) = shown.known.read.said.get(row) else { return };
    let sure = said.confidence.map_or_else(String::new, |share| format!(" {}", format::percent(f64::from(share))));
    let words = format!("Model: {}{sure}", said.answer);
    let chip = match facts.agrees.get(row) {
        Some(Some(true)) => Chip::good(words, palette),
        Some(Some(false)) => Chip::bad(words, palette),
        _ => Chip::neutral(words, palette),
    };
    chip.dot().show(ui);
}

/// What is seen of a row under the pointer.
pub fn tip(ui: &Ui, shown: &Shown, row: usize, palette: &Palette) {
    let id = ui.scope_id().with("map tip");
    let layer = egui::LayerId::new(egui::Order::Tooltip, id);
    egui::Tooltip::always_open(ui.ctx().clone(), layer, id, egui::PopupAnchor::Pointer).gap(14.0).show(|ui| {
        ui.set_max_width(320.0);
        ui.horizontal_wrapped(|ui| said_ui(ui, shown, row, palette));
        let all = shown.line(row);
        let words: String = all.chars().take(240).collect();
        let more = if words.len() < all.len() { "…" } else { "" };
        ui.add(Label::new(text::body(format!("{words}{more}"), palette)).wrap());
        ui.label(text::number_dim(format!("line {}", shown.dataset().line(row)), palette));
    });
}

/// How many of the selected rows have each label, or are of each kind where the colours say something else.
fn counts_ui(ui: &mut Ui, shown: &Shown, selected: &Selection, palette: &Palette) {
    let labels = &shown.known.facts.labels;
    let by_label = shown.by == ColourBy::Label && shown.known.facts.values.is_none();
    let mut counts: BTreeMap<&str, (usize, u16)> = BTreeMap::new();
    for row in selected.rows.iter().map(|row| *row as usize) {
        let kind = shown.kinds.of[row];
        let own = labels.name(row).filter(|name| by_label && !name.is_empty());
        let name = own.unwrap_or(&shown.kinds.all[usize::from(kind)].name);
        counts.entry(name).or_insert((0, kind)).0 += 1;
    }
    let mut order: Vec<(&str, (usize, u16))> = counts.into_iter().collect();
    order.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    order.truncate(COUNTED);
    let total = selected.rows.len().max(1) as f64;
    let all = order.iter().map(|(name, (count, kind))| Bar {
        name,
        share: *count as f64 / total,
        value: format::count(*count as u64),
        color: shown.kinds.all[usize::from(*kind)].color(palette),
        strong: false,
        mark: None,
    });
    let all: Vec<Bar<'_>> = all.collect();
    bars(ui, &all, 130.0, true, palette);
}

/// Rows with what stands at their right edge. Returns the one that was pressed.
fn rows_ui(
    ui: &mut Ui,
    shown: &Shown,
    listed: &[(usize, String)],
    opened: Option<usize>,
    palette: &Palette,
) -> Option<usize> {
    ui.spacing_mut().item_spacing.y = 2.0;
    let pressed = rows(ui, "rows of the map", ROW, listed.len(), |ui, place| {
        let (row, note) = &listed[place];
        item_ui(ui, Some((shown, *row)), &shown.line(*row), note, opened == Some(*row), palette)
    });
    pressed.map(|place| listed[place].0)
}

/// One line of a list. Returns whether it was pressed.
fn item_ui(
    ui: &mut Ui,
    of: Option<(&Shown, usize)>,
    words: &str,
    note: &str,
    is_opened: bool,
    palette: &Palette,
) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let name: String = words.chars().take(120).collect();
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, true, is_opened, format!("{name} {note}").trim_end()));
    if !ui.is_rect_visible(rect) {
        return response.clicked();
    }
    let painter = ui.painter();
    if is_opened || response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 6.0, if is_opened { palette.accent_soft } else { palette.hover });
    }
    let mut left = rect.left() + 8.0;
    if let Some((shown, row)) = of {
        let kind = &shown.kinds.all[usize::from(shown.kinds.of[row])];
        plot::point(painter, egui::pos2(left + 4.0, rect.center().y), kind.shape(), 4.0, kind.color(palette));
        left += 16.0;
    }
    let note = painter.layout_no_wrap(note.to_owned(), theme::number(size::SMALL), palette.text_dim);
    let right = rect.right() - 8.0 - note.size().x;
    let words = text::elided(painter, words, theme::regular(size::BODY), palette.text, right - left - 8.0);
    let middle = |height: f32| rect.center().y - height / 2.0;
    painter.galley(egui::pos2(left, middle(words.size().y)), words, palette.text);
    painter.galley(egui::pos2(right, middle(note.size().y)), note, palette.text_dim);
    response.clicked()
}
