//! The writing while it goes on, and what came of it.

use egui::{Label, Ui};
use egui_material_icons::icons::{ICON_CLOSE, ICON_CONTENT_COPY, ICON_FOLDER_OPEN, ICON_TABLE_ROWS};

use crate::batch::{Counts, Kind, Written};
use crate::ui::theme::space;
use crate::ui::widgets::{Button, Card, state, text};
use crate::ui::workspace::{Job, Progress};
use crate::ui::{Action, Cx, format};

pub fn running_ui(ui: &mut Ui, cx: &mut Cx<'_>, job: &Job) {
    let palette = cx.palette;
    ui.label(text::head(&job.title, palette));
    let share = job.progress.as_ref().and_then(Progress::share);
    let width = ui.available_width();
    state::progress(ui, palette, share, width);
    let words = match &job.progress {
        _ if job.stopping => "Stopping, and keeping what is written".to_owned(),
        _ if !job.begun => "Waiting for what is trained or evaluated now".to_owned(),
        None => "Starting".to_owned(),
        Some(progress) if progress.total == 0 => state::sentence(&progress.what),
        Some(Progress { what, done, total }) => {
            let pace = what.strip_suffix("row").unwrap_or(what).trim_end_matches(", ");
            let rows = format!("{} of {} rows", format::count(*done), format::count(*total));
            if pace.is_empty() { rows } else { format!("{rows} · {pace}") }
        }
    };
    ui.add(Label::new(text::number_dim(words, palette)).wrap());
    ui.add_space(space::XS);
    let button = Button::new("Cancel").icon(ICON_CLOSE).name("Cancel the prediction").enabled(!job.stopping);
    if button.show(ui, palette).on_hover_text("Keeps what is written, so that it can be resumed").clicked() {
        cx.act(Action::StopJob(job.id));
    }
}

pub fn written_ui(ui: &mut Ui, cx: &mut Cx<'_>, written: &Written) {
    let palette = cx.palette;
    Card::new().show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        let rows = format::plural(written.counts.rows as u64, "row", "rows");
        ui.label(text::head(format!("{rows} written"), palette));
        let path = format::path(&written.out);
        ui.add(Label::new(text::number_dim(&path, palette)).truncate()).on_hover_text(&path);
        for line in counted(written) {
            ui.add(Label::new(text::dim(line, palette)).wrap());
        }
        ui.add_space(space::XS);
        ui.horizontal_wrapped(|ui| {
            let can_be_read = Kind::of(&written.out).is_ok_and(|kind| matches!(kind, Kind::Csv | Kind::Conll));
            if can_be_read && Button::new("Open in Data").icon(ICON_TABLE_ROWS).primary().show(ui, palette).clicked() {
                cx.act(Action::OpenData((&written.out).into()));
            }
            if Button::new("Open folder").icon(ICON_FOLDER_OPEN).show(ui, palette).clicked() {
                let folder = written.out.parent().unwrap_or(&written.out).to_owned();
                cx.act(Action::OpenFolder(folder));
            }
            if Button::icon_only(ICON_CONTENT_COPY, "Copy path").show(ui, palette).clicked() {
                cx.act(Action::CopyText(written.out.display().to_string()));
            }
        });
    });
}

/// What a person has to know of what was written.
fn counted(written: &Written) -> Vec<String> {
    let Counts { unanswered, made_safe, cut, cut_tokens, misfits, .. } = written.counts;
    let rows = |count: usize, one: &str, many: &str| format::plural(count as u64, one, many);
    let mut lines = Vec::new();
    if written.resumed > 0 {
        lines.push(format!("{} of them were there from before", format::count(written.resumed as u64)));
    }
    if unanswered > 0 {
        let words = rows(unanswered, "row", "rows");
        lines.push(format!("{words} could not be answered, with the reason in place of an answer"));
    }
    if cut > 0 {
        let (texts, tokens) = (rows(cut, "row was", "rows were"), rows(cut_tokens, "token", "tokens"));
        lines.push(format!("{texts} too long for the model and lost {tokens}"));
    }
    if misfits > 0 {
        let words = rows(misfits, "row asks", "rows ask");
        lines.push(format!("{words} a model of pairs about a single text, or a model of single texts about a pair"));
    }
    if made_safe > 0 {
        let cells = rows(made_safe, "cell begins", "cells begin");
        let shifted = written.shifted();
        let words = "like a formula, with an apostrophe before it so that no spreadsheet runs it";
        lines.push(format!("{cells} {words}{shifted}"));
    }
    for (usual, given) in &written.renamed {
        lines.push(format!("The file has a column {usual} of its own, so that of the prediction is {given}"));
    }
    lines
}
