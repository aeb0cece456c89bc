//! Every setting that was tried as a row, best first. A row under the pointer is the line above.

use egui::{Align, Label, Layout, Sense, Ui, vec2};
use egui_extras::{Column, TableBuilder};
use egui_material_icons::icons::ICON_SHOW_CHART;

use super::lines::Lines;
use super::words::{key_words, listed, metric_title, spread_words, value_words};
use crate::sweep::{Status, Study, Tried};
use crate::ui::theme::{Palette, space};
use crate::ui::widgets::parallel::Selection;
use crate::ui::widgets::{Button, Card, table_lines, text};
use crate::ui::{Action, Cx, format};

const ROW: f32 = 30.0;
const HEAD: f32 = 30.0;
/// Rows in sight before the table scrolls by itself.
const IN_SIGHT: f32 = 12.0;

/// Returns the row under the pointer.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, study: &Study, lines: &Lines, selection: &Selection) -> Option<usize> {
    let palette = cx.palette;
    let mut pointed = None;
    let shown: Vec<usize> = (0..study.tried.len()).filter(|place| lines.has(*place, selection)).collect();
    Card::new().margin(0.0).show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing = vec2(space::M, 0.0);
        let bounds = ui.max_rect().x_range().shrink(1.0);
        let height = HEAD + ROW * (shown.len() as f32).clamp(1.0, IN_SIGHT) + 2.0;
        ui.set_height(height);
        let with_seeds = study.tried.iter().any(|tried| tried.runs.len() > 1);
        let builder = TableBuilder::new(ui)
            .id_salt(("sweep rows", study.axes.len()))
            .striped(false)
            .sense(Sense::hover())
            .auto_shrink(false)
            .max_scroll_height(height)
            .cell_layout(Layout::left_to_right(Align::Center));
        let widths = [Column::exact(40.0), Column::exact(if with_seeds { 158.0 } else { 78.0 })].into_iter();
        let keys = study.axes.iter().map(|_| Column::remainder().at_least(54.0).clip(true));
        let rest = [Column::exact(70.0), Column::exact(34.0)];
        let table = widths.chain(keys).chain(rest).fold(builder, TableBuilder::column);
        let heads = table.header(HEAD, |mut header| {
            let keys = study.axes.iter().map(|axis| key_words(&axis.key).to_owned());
            let titles = [String::new(), metric_title(study)].into_iter().chain(keys);
            for title in titles.chain(["Time".to_owned(), String::new()]) {
                header.col(|ui| {
                    table_lines::head_line(ui, bounds, palette);
                    ui.add(Label::new(text::label(title, palette)).truncate());
                });
            }
        });
        heads.body(|body| {
            body.rows(ROW, shown.len(), |mut line| {
                let place = shown[line.index()];
                let tried = &study.tried[place];
                line.set_hovered(selection.hovered == Some(place));
                let cell = |ui: &mut Ui, content: &mut dyn FnMut(&mut Ui)| {
                    table_lines::row_line(ui, bounds, palette);
                    content(ui);
                };
                line.col(|ui| cell(ui, &mut |ui| number_ui(ui, palette, study, place)));
                line.col(|ui| cell(ui, &mut |ui| result_ui(ui, palette, study, tried)));
                for axis in &study.axes {
                    let words =
                        tried.settings.get(&axis.key).map_or_else(|| "–".to_owned(), |value| value_words(axis, value));
                    line.col(|ui| {
                        cell(ui, &mut |ui| drop(ui.add(Label::new(text::number(&words, palette)).truncate())));
                    });
                }
                let seconds: f64 = tried.runs.iter().map(|run| run.seconds).sum();
                line.col(|ui| {
                    cell(ui, &mut |ui| drop(ui.label(text::number_dim(format::duration(seconds), palette))));
                });
                line.col(|ui| cell(ui, &mut |ui| open_ui(ui, cx, study, tried)));
                if line.response().contains_pointer() {
                    pointed = Some(place);
                }
            });
        });
    });
    if pointed.is_some() && pointed != selection.hovered {
        ui.ctx().request_repaint();
    }
    pointed
}

/// The place among all, with room to the edge, and a mark where none is better.
fn number_ui(ui: &mut Ui, palette: &Palette, study: &Study, place: usize) {
    ui.add_space(space::S);
    let is_best = study
        .best()
        .is_some_and(|(_, best)| study.tried[place].spread.is_some_and(|spread| spread.mean - best.mean == 0.0));
    let words = text::number((place + 1).to_string(), palette);
    let color = if is_best { palette.good } else { palette.text_dim };
    let label = ui.label(words.color(color));
    if is_best {
        label.on_hover_text("The best value");
    }
}

fn result_ui(ui: &mut Ui, palette: &Palette, study: &Study, tried: &Tried) {
    let Some(spread) = tried.spread else {
        let failed = tried.runs.iter().find(|run| run.status != Status::Finished);
        let words = match failed.map(|run| run.status) {
            Some(Status::Stopped) => "Stopped",
            Some(_) => "Failed",
            None => "No value",
        };
        let label = ui.label(text::small(words, palette).color(palette.bad));
        if let Some(reason) = failed.and_then(|run| run.reason.clone()) {
            label.on_hover_text(reason);
        }
        return;
    };
    ui.spacing_mut().item_spacing.x = 6.0;
    ui.label(text::number(format::metric(&study.asked.metric, spread.mean), palette));
    if spread.runs > 1 {
        let words = spread_words(study, spread);
        ui.add(Label::new(text::number_dim(words, palette)).truncate())
            .on_hover_text(format!("Over {} seeds", spread.runs));
    }
}

fn open_ui(ui: &mut Ui, cx: &mut Cx<'_>, study: &Study, tried: &Tried) {
    let Some(dir) = tried.folders(&study.dir).find(|dir| listed(cx, dir).is_some()) else { return };
    let button = Button::icon_only(ICON_SHOW_CHART, format!("Open {}", tried.name())).small();
    if button.show(ui, cx.palette).clicked() {
        cx.act(Action::OpenRun(dir));
    }
}
