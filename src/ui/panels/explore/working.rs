//! What stands in a part of a view while the worker finds out what it shows: how far that is, and a press that ends it.

use egui::Ui;

use crate::ui::theme::space;
use crate::ui::widgets::{Button, state, text};
use crate::ui::workspace::Job;
use crate::ui::{Action, Cx};

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, job: &Job) {
    let palette = cx.palette;
    let waits = !job.begun && cx.workspace.training.is_some();
    let (words, share) = match &job.progress {
        _ if waits => ("Waits until the training has ended".to_owned(), None),
        Some(progress) => (progress.said(), progress.share()),
        None => ("Beginning".to_owned(), None),
    };
    ui.add_space((ui.available_height() - 120.0).max(0.0) * 0.4);
    ui.vertical_centered(|ui| {
        ui.label(text::head(&job.title, palette));
        ui.add_space(space::XS);
        state::progress(ui, palette, share, 280.0);
        ui.label(text::number_dim(words, palette));
        ui.add_space(space::S);
        if Button::new("Cancel").enabled(!job.stopping).show(ui, palette).clicked() {
            cx.act(Action::StopJob(job.id));
        }
    });
}
