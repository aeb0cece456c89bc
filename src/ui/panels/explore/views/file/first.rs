//! What is said of the first rows, in the very columns that are written.

use egui::{Align, Label, Layout, ScrollArea, Ui};
use egui_extras::{Column, TableBuilder};

use super::FileView;
use crate::batch::{Answered, FirstAnswers};
use crate::ui::theme::{Palette, space};
use crate::ui::widgets::{state, table_lines, text};
use crate::ui::{Cx, format};

const ROW: f32 = 30.0;
/// Widths that columns begin with.
const TEXT: f32 = 240.0;
const OTHER: f32 = 120.0;

impl FileView {
    pub(super) fn first_ui(&self, ui: &mut Ui, cx: &Cx<'_>) {
        let palette = cx.palette;
        if let Some(error) = &self.error {
            return state::error(ui, palette, "The model cannot answer", error, |_| ());
        }
        if self.rows.is_empty() {
            ui.label(text::dim("What the model says of the first rows appears here", palette));
            return;
        }
        let said = self.said.as_ref().and_then(|(_, reply)| reply.to::<FirstAnswers>());
        let asked = self.said.as_ref().and_then(|(inquiry, _)| inquiry.get::<FirstAnswers>());
        let (Some(answered), Some(asked)) = (said, asked) else {
            return state::loading(ui, palette, "Asking the model", None);
        };
        // What was said of other rows, or otherwise, gives way to what is asked now.
        if asked.rows != self.rows {
            return state::loading(ui, palette, "Asking the model", None);
        }
        let rows = format::plural(asked.rows.len() as u64, "row", "rows");
        let words = format!("The first {rows}, as they will stand in the file");
        ui.add(Label::new(text::dim(words, palette)).wrap());
        if answered.cut > 0 {
            let cut = format::plural(answered.cut as u64, "row of these is", "rows of these are");
            ui.add(Label::new(text::dim(format!("{cut} too long for the model and cut"), palette)).wrap());
        }
        if let Some(misfit) = answered.misfit {
            ui.add(Label::new(text::small(state::sentence(misfit), palette).color(palette.warn)).wrap());
        }
        ui.add_space(space::XS);
        ScrollArea::horizontal().id_salt("first answers").auto_shrink(false).show(ui, |ui| {
            table_ui(ui, asked, answered, self.writes_sheet(), palette);
        });
    }
}

/// `tells_errors`: a sheet has a column for why a row has no answer.
fn table_ui(ui: &mut Ui, asked: &FirstAnswers, answered: &Answered, tells_errors: bool, palette: &Palette) {
    ui.spacing_mut().item_spacing = egui::vec2(space::M, 0.0);
    let has_pair = asked.rows.iter().any(|row| row.request.as_ref().is_ok_and(|request| request.pair.is_some()));
    let bounds = ui.max_rect().intersect(ui.clip_rect()).x_range().shrink(1.0);
    let mut heads = vec!["Row".to_owned(), "text".to_owned()];
    heads.extend(has_pair.then(|| "second text".to_owned()));
    heads.extend(answered.columns.iter().cloned());
    heads.extend(tells_errors.then(|| "error".to_owned()));
    let mut builder = TableBuilder::new(ui)
        .id_salt(("first answers", heads.len()))
        .striped(false)
        .auto_shrink(false)
        .min_scrolled_height(0.0)
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::initial(64.0).clip(true))
        .column(Column::initial(TEXT).at_least(80.0).resizable(true).clip(true));
    if has_pair {
        builder = builder.column(Column::initial(TEXT).at_least(80.0).resizable(true).clip(true));
    }
    for _ in 0..answered.columns.len() + usize::from(tells_errors) {
        builder = builder.column(Column::initial(OTHER).at_least(50.0).resizable(true).clip(true));
    }
    let table = builder.header(ROW, |mut header| {
        for head in &heads {
            header.col(|ui| {
                table_lines::head_line(ui, bounds, palette);
                ui.add(Label::new(text::label(head, palette)).truncate());
            });
        }
    });
    table.body(|body| {
        body.rows(ROW, asked.rows.len(), |mut line| {
            let (row, said) = (&asked.rows[line.index()], answered.rows.get(line.index()));
            let mut cell = |words: &str, is_said: bool| {
                line.col(|ui| {
                    table_lines::row_line(ui, bounds, palette);
                    cell_ui(ui, words, is_said, palette);
                });
            };
            cell(&row.place, false);
            let request = row.request.as_ref().ok();
            cell(request.map_or("", |request| &request.text), false);
            if has_pair {
                cell(request.and_then(|request| request.pair.as_deref()).unwrap_or_default(), false);
            }
            match said {
                Some(Ok(cells)) => {
                    for words in cells {
                        cell(words, true);
                    }
                    if tells_errors {
                        cell("", true);
                    }
                }
                Some(Err(reason)) if tells_errors => {
                    for _ in &answered.columns {
                        cell("", true);
                    }
                    cell(reason, true);
                }
                Some(Err(reason)) => cell(&state::sentence(reason), true),
                None => {}
            }
        });
    });
}

/// A cell in one line, whole under the pointer.
fn cell_ui(ui: &mut Ui, words: &str, is_said: bool, palette: &Palette) {
    let shown = text::beginning(words.chars());
    let shown = if is_said { text::number(shown, palette) } else { text::body(shown, palette) };
    let response = ui.add(Label::new(shown).truncate());
    if words.chars().count() > 24 {
        response.on_hover_ui(|ui| {
            ui.set_max_width(480.0);
            ui.add(Label::new(words.chars().take(2000).collect::<String>()).wrap());
        });
    }
}
