//! A line that says how far something is, with a press that ends it: where its answer will stand.

use egui::Ui;

use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::{Button, state};
use crate::ui::workspace::{Job, Progress};
use crate::ui::{Action, Cx};

const HEIGHT: f32 = 26.0;

/// In the job's own words. `cancel` is the name of the press.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, job: &Job, cancel: &str) {
    let words = job.progress.as_ref().map_or_else(|| "Waiting for its turn".to_owned(), Progress::said);
    of_words(ui, cx, job, &words, cancel);
}

/// In other words. Returns whether the job was ended.
pub fn of_words(ui: &mut Ui, cx: &mut Cx<'_>, job: &Job, words: &str, cancel: &str) -> bool {
    let mut ends = false;
    line(ui, HEIGHT, |ui| {
        let press = Button::new("Cancel").small().name(cancel).enabled(!job.stopping);
        ends = press.show(ui, cx.palette).clicked();
        let share = job.progress.as_ref().and_then(Progress::share);
        line::left(ui, |ui| state::loading(ui, cx.palette, words, share));
    });
    if ends {
        cx.act(Action::StopJob(job.id));
    }
    ends
}
