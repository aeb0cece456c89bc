//! What came of a sweep: the best settings, all of them as lines through what varies, how much each setting matters, and
//! every row. A sweep that another process runs is read again while it goes on.

mod best;
mod lines;
mod matters;
mod rows;
mod words;

use std::path::{Path, PathBuf};
use std::time::Duration;

use egui::{Frame, Label, Margin, Panel, ScrollArea, Ui};
use egui_material_icons::icons::{ICON_ARROW_BACK, ICON_FOLDER_OPEN, ICON_PLAY_ARROW, ICON_STOP};

use crate::sweep::{Status, Study};
use crate::ui::action::SweepAction;
use crate::ui::theme::space;
use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::parallel::Selection;
use crate::ui::widgets::{Button, Card, state, text};
use crate::ui::{Action, Cx, Palette, format};
use crate::worker::work::AnyWork;
use crate::worker::works::sweep::ReadSweep;

/// Seconds after which a sweep that goes on is read again.
const AGAIN: f64 = 4.0;

#[derive(Debug)]
pub struct SweepView {
    dir: PathBuf,
    /// What the list knew of its runs when the folder was read.
    asked: Option<Vec<(PathBuf, u8, bool)>>,
    asked_at: f64,
    selection: Selection,
    lines: lines::Lines,
}

/// What a person does with it next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    Stay,
    Back,
    Compare(Vec<PathBuf>),
}

impl SweepView {
    pub fn new(dir: PathBuf) -> Self {
        Self { dir, asked: None, asked_at: 0.0, selection: Selection::default(), lines: lines::Lines::default() }
    }

    /// Nobody waits for it any more.
    pub fn leave(cx: &mut Cx<'_>) {
        if let Some(job) = cx.workspace.job_of::<ReadSweep>().map(|job| job.id) {
            cx.act(Action::StopJob(job));
        }
    }

    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Next {
        let found = found(cx, &self.dir);
        self.ask(ui, cx, found);
        let mut next = if self.header_ui(ui, cx, found) { Next::Stay } else { Next::Back };
        let frame = Frame::new().inner_margin(Margin { left: 16, right: 4, top: 0, bottom: 0 });
        egui::CentralPanel::default().frame(frame).show(ui, |ui| match found {
            Some(Ok(study)) => {
                self.keep(cx, study);
                if let Some(dirs) = self.study_ui(ui, cx, study) {
                    next = Next::Compare(dirs);
                }
            }
            Some(Err(_)) if cx.workspace.sweeping(&self.dir).is_some() => waits_ui(ui, cx, "The sweep begins"),
            Some(Err(error)) => {
                ui.add_space(space::M);
                state::error(ui, cx.palette, "This sweep cannot be shown", error, |_| {});
            }
            None => waits_ui(ui, cx, "Reading the sweep"),
        });
        next
    }

    /// Reads the folder, and again when the list knows more of its runs, or after a while as long as it goes on.
    fn ask(&mut self, ui: &Ui, cx: &mut Cx<'_>, found: Option<&Result<Study, String>>) {
        let workspace = cx.workspace;
        let of_sweep = workspace.runs.iter().filter(|run| run.sweep.as_ref() == Some(&self.dir));
        let known = of_sweep.map(|run| (&run.dir, run.status as u8, run.held));
        let told = self.asked.as_ref().map(|asked| asked.iter().map(|(dir, status, held)| (dir, *status, *held)));
        let is_known = told.is_some_and(|told| told.eq(known.clone()));
        let is_ours = workspace.sweeping(&self.dir).is_some();
        let goes_on =
            is_ours || matches!(found, Some(Ok(study)) if study.open.iter().any(|(_, is_running)| *is_running));
        let is_due = goes_on && workspace.now - self.asked_at >= AGAIN;
        if goes_on {
            ui.ctx().request_repaint_after(Duration::from_secs_f64(AGAIN));
        }
        // A newer reading would end the one under way, and one of many trials takes longer than this.
        let is_reading = self.asked.is_some() && workspace.job_of::<ReadSweep>().is_some();
        if is_reading || (is_known && !is_due) {
            return;
        }
        if is_due {
            cx.act(Action::FindRuns);
        }
        self.asked = Some(known.map(|(dir, status, held)| (dir.clone(), status, held)).collect());
        self.asked_at = workspace.now;
        cx.act(Action::Work(AnyWork::new(ReadSweep { dir: self.dir.clone() })));
    }

    /// A sweep from elsewhere is listed from now on.
    fn keep(&self, cx: &mut Cx<'_>, study: &Study) {
        let workspace = cx.workspace;
        let is_listed = workspace.runs.iter().any(|run| run.sweep.as_ref() == Some(&study.dir));
        let is_here = self.dir.parent().is_some_and(|folder| folder == workspace.runs_folder);
        if !is_listed && !is_here && !workspace.sweep_folders.contains(&self.dir) {
            cx.act(Action::Sweep(SweepAction::Keep(self.dir.clone())));
        }
    }

    fn header_ui(&self, ui: &mut Ui, cx: &mut Cx<'_>, found: Option<&Result<Study, String>>) -> bool {
        let palette = cx.palette;
        let mut stays = true;
        let frame = Frame::new().inner_margin(Margin { left: 16, right: 16, top: 12, bottom: 8 });
        let panel = Panel::top("sweep header").exact_size(56.0).resizable(false).show_separator_line(false);
        panel.frame(frame).show(ui, |ui| {
            line(ui, space::ROW, |ui| {
                self.deeds_ui(ui, cx, found);
                if Button::icon_only(ICON_FOLDER_OPEN, "Open the folder of the sweep").show(ui, palette).clicked() {
                    cx.act(Action::OpenFolder(self.dir.clone()));
                }
                line::left(ui, |ui| {
                    if Button::icon_only(ICON_ARROW_BACK, "Back to the runs").show(ui, palette).clicked() {
                        stays = false;
                    }
                    ui.label(text::title(format::file_name(&self.dir), palette));
                    if let Some(Ok(study)) = found {
                        let runs_here = cx.workspace.sweeping(&self.dir).is_some();
                        ui.add(Label::new(text::dim(how_far(study, runs_here), palette)).truncate());
                    }
                });
            });
        });
        stays
    }

    /// Stops what runs here, or goes on with what does not.
    fn deeds_ui(&self, ui: &mut Ui, cx: &mut Cx<'_>, found: Option<&Result<Study, String>>) {
        let palette = cx.palette;
        if let Some(job) = cx.workspace.sweeping(&self.dir) {
            let (id, stopping) = (job.id, job.stopping);
            let words = if stopping { "Stopping" } else { "Stop the sweep" };
            let stop = Button::new(words).icon(ICON_STOP).small().enabled(!stopping).show(ui, palette);
            if stop
                .on_hover_text("The run in progress writes down what it learned, and the sweep can go on later")
                .clicked()
            {
                cx.act(Action::StopJob(id));
            }
            return;
        }
        let Some(Ok(study)) = found else { return };
        let is_running = study.open.iter().any(|(_, is_running)| *is_running);
        let is_done = study.open.is_empty() && study.count(Status::Finished) == study.trials();
        if study.has_description && !is_running && !is_done {
            let action = SweepAction::GoOn(self.dir.clone());
            let go = Button::new(action.title()).icon(ICON_PLAY_ARROW).small().show(ui, palette);
            if go.on_hover_text(action.tooltip()).clicked() {
                cx.act(Action::Sweep(action));
            }
        }
    }

    /// Returns runs that are to be compared.
    fn study_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, study: &Study) -> Option<Vec<PathBuf>> {
        let mut compared = None;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.set_width(ui.available_width() - 12.0);
            ui.spacing_mut().item_spacing.y = space::S;
            if study.tried.is_empty() {
                open_ui(ui, cx.palette, study, cx.workspace.sweeping(&self.dir).is_some());
                return;
            }
            compared = best::ui(ui, cx, study);
            notes_ui(ui, cx, study);
            self.lines.update(study);
            self.lines.ui(ui, cx, study, &mut self.selection);
            if ui.available_width() > 900.0 && study.axes.len() > 1 {
                ui.spacing_mut().item_spacing.x = space::S;
                let left = 400.0;
                ui.horizontal_top(|ui| {
                    ui.allocate_ui(egui::vec2(left, 0.0), |ui| matters::ui(ui, cx, study));
                    ui.vertical(|ui| self.lines.pointed = rows::ui(ui, cx, study, &self.lines, &self.selection));
                });
            } else {
                if study.axes.len() > 1 {
                    matters::ui(ui, cx, study);
                }
                self.lines.pointed = rows::ui(ui, cx, study, &self.lines, &self.selection);
            }
            ui.add_space(space::M);
        });
        compared
    }
}

fn waits_ui(ui: &mut Ui, cx: &Cx<'_>, words: &str) {
    ui.add_space(120.0);
    ui.vertical_centered(|ui| ui.label(text::dim(words, cx.palette)));
}

fn found<'a>(cx: &Cx<'a>, dir: &Path) -> Option<&'a Result<Study, String>> {
    let (work, found) = cx.workspace.worked::<ReadSweep>()?;
    (work.dir == dir).then_some(found)
}

/// What trials are that have not ended and are not being trained.
fn open_words(goes_on: bool) -> &'static str {
    if goes_on { "waiting" } else { "not begun or interrupted" }
}

/// The trials before one of them has ended, each with where it stands.
fn open_ui(ui: &mut Ui, palette: &Palette, study: &Study, runs_here: bool) {
    let goes_on = runs_here || study.open.iter().any(|(_, is_running)| *is_running);
    Card::new().show(ui, palette, |ui| {
        ui.label(text::dim("No trial has ended yet; what came of each appears here", palette));
        for (name, is_running) in &study.open {
            ui.horizontal(|ui| {
                ui.label(text::number(name, palette));
                ui.label(text::dim(if *is_running { "running" } else { open_words(goes_on) }, palette));
            });
        }
    });
}

/// How many of the trials have ended, and how.
fn how_far(study: &Study, runs_here: bool) -> String {
    let (all, finished) = (study.trials(), study.count(Status::Finished));
    let mut words = if finished == all {
        format!("all {all} trials finished")
    } else {
        format!("{finished} of {all} trials finished")
    };
    let running = study.open.iter().filter(|(_, is_running)| *is_running).count();
    let others = [
        (running, "running"),
        (study.count(Status::Failed), "failed"),
        (study.count(Status::Stopped), "stopped"),
        (study.open.len() - running, open_words(runs_here || running > 0)),
    ];
    for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
        words += &format!(" · {count} {what}");
    }
    words
}

/// What must be known to read it.
fn notes_ui(ui: &mut Ui, cx: &Cx<'_>, study: &Study) {
    let mut notes = Vec::new();
    if study.asked.is_guessed {
        notes.push(
            "The folder does not tell what was asked, so keys, scales and metric are read off the trials".to_owned(),
        );
    }
    if study.unread > 0 {
        let lines = format::plural(study.unread as u64, "line", "lines");
        notes.push(format!("{lines} of trials.jsonl cannot be read and were left out"));
    }
    if let Some(key) = &study.asked.budget {
        notes.push(format!(
            "In each round the best were trained longer ({key}), so values of different rounds are not of the same training"
        ));
    }
    for note in notes {
        ui.add(Label::new(text::small(note, cx.palette)).wrap());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::testing;

    #[test]
    fn trials_of_a_sweep_that_goes_on_wait() {
        let mut study = testing::study(1);
        study.open = vec![("trial-014".to_owned(), true), ("trial-015".to_owned(), false)];
        assert!(how_far(&study, true).ends_with("1 running · 1 failed · 1 waiting"));
        study.open[0].1 = false;
        assert!(how_far(&study, true).ends_with("2 waiting"));
        assert!(how_far(&study, false).ends_with("2 not begun or interrupted"));
    }
}
