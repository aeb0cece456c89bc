//! What stands around the plane: how it is made, what the colours say, and what is told in its place where there is none.

use std::sync::Arc;

use egui::{Role, Sense, Stroke, TextEdit, Ui, WidgetInfo, vec2};
use egui_material_icons::icons::{
    ICON_BUBBLE_CHART, ICON_FIT_SCREEN, ICON_GESTURE, ICON_LABEL, ICON_SEARCH, ICON_TABLE,
};

use super::kinds::Kind;
use super::plot::{self, Drag};
use super::shown::Selection;
use super::{MapView, about, job, lists};
use crate::analysis::map::Method;
use crate::inspect::Pooling;
use crate::ui::panels::explore::over_rows::no_rows_ui;
use crate::ui::panels::explore::view::Changed;
use crate::ui::panels::progress_line;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::choice::choose;
use crate::ui::widgets::help::help;
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, Chip, line, state, text};
use crate::ui::{Cx, format};
use crate::words;
use crate::worker::protocol::LoadedDataset;

/// Width of the choice of a text's state.
const POOLING: f32 = 150.0;
/// Height of the legend at most.
const LEGEND: f32 = 52.0;

impl MapView {
    pub(super) fn map_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        ui.spacing_mut().item_spacing.y = 6.0;
        self.method_ui(ui, cx);
        if self.running.is_some() && self.shown.is_some() {
            self.progress_ui(ui, cx);
        } else if let Some(error) = self.failed.clone() {
            state::error(ui, cx.palette, "The rows could not be mapped", &error, |_| {});
        }
        if self.shown.is_none() {
            self.first_ui(ui, cx);
            return Changed::No;
        }
        self.stale_ui(ui, cx);
        self.look_ui(ui, cx.palette);
        self.legend_ui(ui, cx.palette);
        self.plot_ui(ui, cx);
        Changed::No
    }

    /// How the map is made. What can be done without reading the rows again is done at once.
    fn method_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let before = self.wish;
        line::line(ui, 28.0, |ui| {
            help(ui, &about::help(self.wish.method), palette);
            self.save_ui(ui, cx);
            line::left(ui, |ui| {
                let methods = Method::ALL.map(|method| (method, method.title()));
                if let Some(method) = segmented(ui, palette, self.wish.method, &methods, false) {
                    (self.wish.method, self.wish.neighbors) = (method, method.usual_neighbors());
                }
                self.layer_ui(ui);
                self.pooling_ui(ui);
            });
        });
        if before != self.wish && (self.shown.is_some() || self.running.is_some()) {
            self.ask(cx);
        }
    }

    fn layer_ui(&mut self, ui: &mut Ui) {
        let last = self.shown.as_ref().filter(|shown| self.model.as_ref() == Some(&shown.model));
        let last = last.map(|shown| shown.known.read.layers - 1);
        let words = |layer: &Option<usize>| match layer {
            None => "Last layer".to_owned(),
            Some(layer) => state::sentence(&words::states(*layer)),
        };
        // As much as is left beside the next one.
        let width = (ui.available_width() - POOLING - 8.0).clamp(96.0, 128.0);
        // How many there are is known once the rows were read.
        let layers = std::iter::once(None).chain((0..last.unwrap_or(0)).rev().map(Some));
        choose(ui, "Layer", width, &mut self.wish.layer, layers, words);
    }

    fn pooling_ui(&mut self, ui: &mut Ui) {
        let words = |pooling: &Pooling| match pooling {
            Pooling::Mean => "Mean of tokens",
            Pooling::First => "First token",
        };
        choose(ui, "State of a text", POOLING, &mut self.wish.pooling, [Pooling::Mean, Pooling::First], words);
    }

    /// How far to believe it, and what was cut.
    fn trust_ui(&self, ui: &mut Ui, palette: &Palette) {
        let Some(map) = self.shown.as_ref().and_then(|shown| shown.map.clone()) else { return };
        if map.read.cut > 0 {
            let words = format!("{} cut", format::count(map.read.cut as u64));
            let why = "Texts that are longer than the model reads; what was cut off plays no part";
            Chip::warn(words, palette).show(ui).on_hover_text(why);
        }
        if map.trust.neighbors == 0 {
            return;
        }
        let words = format!("trust {:.3}", map.trust.value);
        let of = map.trust.measured_on as u64;
        let why = format!(
            "Trustworthiness by {} neighbours, measured on {}: 1 if rows next to each other here are next to each other \
             in the model, about 0.5 by chance",
            map.trust.neighbors,
            format::plural(of, "row", "rows")
        );
        Chip::neutral(words, palette).show(ui).on_hover_text(why);
    }

    /// How far it is, from the right end of a line on.
    fn progress_ui(&self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(running) = &self.running else { return };
        if let Some(job) = job(running, cx.workspace) {
            progress_line::ui(ui, cx, job, "Cancel the map");
        }
    }

    /// What stands where there is no map yet.
    fn first_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        if self.running.is_some() {
            let words = "The model reads each row once; another method needs no new reading.";
            state::empty(ui, palette, ICON_BUBBLE_CHART, "Mapping the rows", words, |ui| {
                let size = vec2(ui.available_width().min(380.0), 28.0);
                ui.allocate_ui(size, |ui| self.progress_ui(ui, cx));
            });
            return;
        }
        let Some(loaded) = cx.workspace.data.loaded.clone() else {
            let words =
                "Open a data set, and see its rows as points: those that the model holds for alike lie together.";
            no_rows_ui(ui, cx, ICON_TABLE, "No data to map", words);
            return;
        };
        let rows = loaded.dataset.examples.len() as u64;
        let words = "Each row becomes a point. Rows that the model finds similar lie close together, with the text that you \
                     type among them; a row among those of another label is worth a look.";
        state::empty(ui, palette, ICON_BUBBLE_CHART, "The rows as points", words, |ui| {
            let name = format!("Map {}", format::plural(rows, "row", "rows"));
            if Button::new(name).primary().show(ui, palette).clicked() {
                self.ask(cx);
            }
        });
    }

    /// Says that what is shown is of other data or of another model.
    fn stale_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let (Some(shown), true) = (&self.shown, self.running.is_none()) else { return };
        let is_same = |loaded: &Arc<LoadedDataset>| Arc::ptr_eq(&shown.data.dataset, &loaded.dataset);
        let is_divided_so = |loaded: &Arc<LoadedDataset>| shown.data.split == loaded.split;
        let data = &cx.workspace.data.loaded;
        let words = match data {
            None => "The data were closed since this map was made",
            Some(loaded) if !is_same(loaded) => "The data have changed since this map was made",
            Some(loaded) if !is_divided_so(loaded) => "The split has changed since this map was made",
            _ if cx.workspace.explore.model.as_ref() != Some(&shown.model) => "This is the map of another model",
            _ if shown.is_outdated => "The model has changed since this map was made",
            _ => return,
        };
        let can_map = data.is_some();
        line::line(ui, 26.0, |ui| {
            if can_map && Button::new("Map again").small().show(ui, cx.palette).clicked() {
                self.ask(cx);
            }
            line::left(ui, |ui| {
                Chip::warn("Out of date", cx.palette).dot().show(ui);
                ui.add(egui::Label::new(text::dim(words, cx.palette)).truncate());
            });
        });
    }

    /// What is seen of it, and what the pointer does.
    fn look_ui(&mut self, ui: &mut Ui, palette: &Palette) {
        line::line(ui, 28.0, |ui| {
            if self.plot.is_moved() && Button::icon_only(ICON_FIT_SCREEN, "Fit the map").show(ui, palette).clicked() {
                self.plot.fit();
            }
            let names = Button::icon_only(ICON_LABEL, "Names of clusters").selected(!self.plot.no_names);
            let note = "Words that rows lying together have and others lack";
            if names.show(ui, palette).on_hover_text(note).clicked() {
                self.plot.no_names = !self.plot.no_names;
            }
            let is_drawing = self.plot.drag == Drag::Select;
            let select = Button::icon_only(ICON_GESTURE, "Draw around rows").selected(is_drawing);
            let note = "Drag to draw around rows; Shift and a drag do so at any time";
            if select.show(ui, palette).on_hover_text(note).clicked() {
                self.plot.drag = if is_drawing { Drag::Move } else { Drag::Select };
            }
            self.trust_ui(ui, palette);
            line::left(ui, |ui| {
                self.colour_ui(ui, palette);
                self.search_ui(ui, palette);
            });
        });
    }

    fn colour_ui(&mut self, ui: &mut Ui, palette: &Palette) {
        let Some(shown) = &mut self.shown else { return };
        ui.label(text::dim("Colour", palette));
        let mut by = shown.by;
        if choose(ui, "Colour by", 124.0, &mut by, shown.ways.iter().copied(), |by| by.title()) {
            self.by = Some(by);
            shown.look_again(self.by);
            self.plot.change();
        }
    }

    fn search_ui(&mut self, ui: &mut Ui, palette: &Palette) {
        let room = (ui.available_width() - 96.0).clamp(80.0, 220.0);
        let field = TextEdit::singleline(&mut self.search.words)
            .hint_text(egui::RichText::new("Search the rows").color(palette.text_faint))
            .prefix(theme::icon(ICON_SEARCH, 16.0).color(palette.text_faint))
            .margin(egui::Margin::symmetric(8, 5))
            .desired_width(room);
        ui.add(field).accessible_name("Search the map");
        if !self.search.is_on() {
            return;
        }
        let words = format!("{} found", format::count(self.search.count as u64));
        let name = format!("{words}, select them");
        let chip = Chip::accent(words, palette).clickable().name(name);
        if chip.show(ui).clicked() {
            let why = format!("with \u{201c}{}\u{201d}", self.search.words.trim());
            let total = self.shown.as_ref().map_or(0, super::Shown::rows);
            let selected = Selection::new(total, self.search.rows(), why);
            self.select(selected);
        }
    }

    /// What the colours and shapes say; a kind that is pressed is hidden, or seen again.
    fn legend_ui(&mut self, ui: &mut Ui, palette: &Palette) {
        let Some(shown) = &mut self.shown else { return };
        let mut pressed = None;
        egui::ScrollArea::vertical().id_salt("map legend").max_height(LEGEND).show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
                for (place, kind) in shown.kinds.all.iter().enumerate().filter(|(_, kind)| kind.rows > 0) {
                    if kind_ui(ui, kind, palette) {
                        pressed = Some(place);
                    }
                }
            });
        });
        if let Some(place) = pressed {
            let only = ui.input(|input| input.modifiers.command);
            let kinds = &mut shown.kinds.all;
            if only {
                kinds.iter_mut().enumerate().for_each(|(other, kind)| kind.hidden = other != place);
            } else {
                kinds[place].hidden = !kinds[place].hidden;
            }
            self.plot.change();
        }
    }
}

/// An entry of the legend. Returns whether it was pressed.
fn kind_ui(ui: &mut Ui, kind: &Kind, palette: &Palette) -> bool {
    let font = theme::medium(size::SMALL);
    let color = if kind.hidden { palette.text_faint } else { palette.text };
    let name = text::elided(ui.painter(), &kind.name, font, color, 150.0);
    let count = format::count(kind.rows as u64);
    let count = ui.painter().layout_no_wrap(count, theme::number(size::SMALL), palette.text_dim);
    let width = 20.0 + name.size().x + 6.0 + count.size().x + 8.0;
    let (rect, response) = ui.allocate_exact_size(vec2(width, 22.0), Sense::click());
    let words =
        format!("{} {}, {}", if kind.hidden { "Show" } else { "Hide" }, kind.name, lists::count_words(kind.rows));
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, !kind.hidden, &words));
    let painter = ui.painter();
    if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 6.0, palette.hover);
    }
    let at = egui::pos2(rect.left() + 11.0, rect.center().y);
    if kind.hidden {
        painter.circle_stroke(at, 4.0, Stroke::new(1.2, palette.text_faint));
    } else {
        plot::point(painter, at, kind.shape(), 4.5, kind.color(palette));
    }
    let left = egui::pos2(rect.left() + 20.0, rect.center().y - name.size().y / 2.0);
    let right = egui::pos2(left.x + name.size().x + 6.0, rect.center().y - count.size().y / 2.0);
    painter.galley(left, name, color);
    painter.galley(right, count, palette.text_dim);
    response.on_hover_text("Press to hide or show; with Ctrl only this").clicked()
}
