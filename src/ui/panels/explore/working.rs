//! What stands in a part of a view while the worker finds out what it shows: how far that is, and a press that ends it.

use egui::Ui;

use crate::ui::theme::space;
use crate::ui::widgets::{Button, state, text};
use crate::ui::workspace::{Job, Workspace};
use crate::ui::{Action, Cx};

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, job: &Job) {
    let palette = cx.palette;
    let (words, share) = match &job.progress {
        _ if !job.begun => (waiting(cx.workspace, job).to_owned(), None),
        Some(progress) => (progress.said(), progress.share()),
        None => ("Starting".to_owned(), None),
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

/// What a job that has not begun waits for, where that is known.
fn waiting(workspace: &Workspace, job: &Job) -> &'static str {
    let is_before = |other: &Job| other.begun && other.id != job.id;
    if workspace.training.is_some() {
        "Waits until the training has ended"
    } else if workspace.sweeps().any(is_before) {
        "Waits until the sweep has ended"
    } else {
        "Starting"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::workspace::JobKind;
    use crate::worker::work::AnyWork;
    use crate::worker::works::sweep::RunSweep;

    #[test]
    fn a_job_that_has_not_begun_tells_what_it_waits_for() {
        let mut workspace = Workspace::new(Vec::new(), "runs".into());
        let own = workspace.follow(JobKind::FindRuns, "own");
        let said = |workspace: &Workspace| waiting(workspace, workspace.job(own).unwrap());
        assert_eq!(said(&workspace), "Starting");
        let work = AnyWork::new(RunSweep { out: "/sweep".into(), description: None, program: None });
        let sweep = workspace.follow(JobKind::Work(work), "sweep");
        assert_eq!(said(&workspace), "Starting", "the sweep has not begun either");
        workspace.job_mut(sweep).unwrap().begun = true;
        assert_eq!(said(&workspace), "Waits until the sweep has ended");
        workspace.follow(JobKind::Train { out: "/run".into() }, "run");
        assert_eq!(said(&workspace), "Waits until the training has ended");
    }
}
