//! Several runs side by side: their curves over each other, what they came to, and what was set differently. The run that
//! trains now can be among them, and is drawn from what the window knows of it.

mod course;
mod curves;
mod seeds;
mod shown;
mod student;
mod tables;
mod words;

use std::path::{Path, PathBuf};

use egui::{Frame, Label, Margin, Panel, ScrollArea, Ui};
use egui_material_icons::icons::{ICON_ARROW_BACK, ICON_DIFFERENCE};

use crate::train::run::Comparison;
use crate::ui::theme::space;
use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, Card, Chip, curve, state, text};
use crate::ui::workspace::folds::NO_MODEL;
use crate::ui::workspace::queue::{Course, Of};
use crate::ui::workspace::{RunView, Workspace, model_of};
use crate::ui::{Action, Cx, format};
use crate::worker::work::AnyWork;
use crate::worker::works::compare::CompareRuns;

use curves::Curves;
use shown::{Over, Shown};
pub use words::title;

#[derive(Debug)]
pub struct CompareView {
    dirs: Vec<PathBuf>,
    /// What the worker was asked for; anything else that is known is of another choice.
    asked: Option<Vec<PathBuf>>,
    /// One of the runs was training in the last frame: when it has ended, its folder tells more.
    was_live: bool,
    curves: Curves,
    /// The recipe whose runs they are.
    course: Option<Course>,
    /// The runs whose speed was asked for.
    measured: Option<Vec<PathBuf>>,
}

impl CompareView {
    pub fn new(dirs: Vec<PathBuf>) -> Self {
        Self { dirs, asked: None, was_live: false, curves: Curves::default(), course: None, measured: None }
    }

    /// The runs of a recipe that have something to compare.
    pub fn of_course(course: &Course) -> Self {
        let dirs = course.results().map(|run| run.dir.clone()).collect();
        Self { course: Some(course.clone()), ..Self::new(dirs) }
    }

    pub fn dirs(&self) -> &Vec<PathBuf> {
        &self.dirs
    }

    /// Nobody waits for it any more.
    pub fn leave(cx: &mut Cx<'_>) {
        if let Some(job) = cx.workspace.job_of::<CompareRuns>().map(|job| job.id) {
            cx.act(Action::StopJob(job));
        }
    }

    /// Returns whether it stays open.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> bool {
        let found = self.found(cx.workspace);
        let stays = self.header_ui(ui, cx, found);
        self.ask(cx);
        let frame = Frame::new().inner_margin(Margin { left: 16, right: 4, top: 0, bottom: 0 });
        egui::CentralPanel::default().frame(frame).show(ui, |ui| match found {
            Some(found) => self.found_ui(ui, cx, found),
            None => wait_ui(ui, cx),
        });
        stays
    }

    /// Asks anew when other runs were chosen, and when the one that trained has ended.
    fn ask(&mut self, cx: &mut Cx<'_>) {
        let live = self.dirs.iter().any(|dir| live(cx.workspace, dir).is_some());
        let has_ended = self.was_live && !live;
        self.was_live = live;
        if has_ended || self.asked.as_ref() != Some(&self.dirs) {
            self.asked = Some(self.dirs.clone());
            cx.act(Action::Work(AnyWork::new(CompareRuns { dirs: self.dirs.clone() })));
        }
    }

    fn found<'a>(&self, workspace: &'a Workspace) -> Option<&'a Comparison> {
        let (work, found) = workspace.worked::<CompareRuns>()?;
        (work.dirs == self.dirs).then_some(found)
    }

    fn header_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, found: Option<&Comparison>) -> bool {
        let palette = cx.palette;
        let mut stays = true;
        let frame = Frame::new().inner_margin(Margin { left: 16, right: 16, top: 12, bottom: 8 });
        let panel = Panel::top("compare header").exact_size(56.0).resizable(false).show_separator_line(false);
        panel.frame(frame).show(ui, |ui| {
            line(ui, space::ROW, |ui| {
                let choices = [(Over::Steps, "Steps"), (Over::Seconds, "Seconds")];
                if let Some(over) = segmented(ui, palette, self.curves.over, &choices, false) {
                    self.curves.set_over(over);
                }
                if found.is_some_and(|found| seeds::are_several(&seeds::ways(found))) {
                    ui.add_space(space::S);
                    let choices = [(false, "Seeds as bands"), (true, "Each run")];
                    if let Some(is_each) = segmented(ui, palette, self.curves.is_each, &choices, false) {
                        self.curves.is_each = is_each;
                    }
                }
                ui.add_space(space::S);
                curve::smoothing_ui(ui, &mut self.curves.link, palette);
                ui.label(text::faint("Smooth", palette));
                if let [one, other] = &self.dirs[..] {
                    let [before, after] = older_first([one, other], |dir| started(cx.workspace, dir));
                    let action = Action::ShowDrift { before: Some(model_of(before)), after: model_of(after) };
                    let has_models = ![before, after].into_iter().any(|dir| cx.workspace.is_in_folds(dir));
                    let button = Button::new("Drift").icon(ICON_DIFFERENCE).small().enabled(has_models);
                    let words = action.tooltip();
                    let response = button.show(ui, palette).on_hover_text(words).on_disabled_hover_text(NO_MODEL);
                    if response.clicked() {
                        cx.act(action);
                    }
                }
                line::left(ui, |ui| {
                    if Button::icon_only(ICON_ARROW_BACK, "Back to the runs").show(ui, palette).clicked() {
                        stays = false;
                    }
                    let words = format!("{} runs compared", self.dirs.len());
                    ui.add(Label::new(text::title(words, palette)).truncate());
                });
            });
        });
        stays
    }

    fn found_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, found: &Comparison) {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.set_width(ui.available_width() - 12.0);
            ui.spacing_mut().item_spacing.y = space::S;
            let shown = self.shown(cx.workspace, found);
            if let Some(taken) = legend_ui(ui, cx, &shown) {
                self.dirs.retain(|dir| dir != &taken);
            }
            for (dir, reason) in &found.unread {
                let words = format!("{} cannot be read: {reason}", format::file_name(dir));
                ui.label(text::dim(words, cx.palette));
            }
            if shown.is_empty() {
                return;
            }
            if found.other_rows {
                let words = "Each value is of the rows of its own run, so the values alone do not tell which run is better. The \
                             verdict below compares two runs on the rows that both were evaluated on.";
                let title = "These runs were not all evaluated on the same rows";
                state::warning(ui, cx.palette, title, words, |_| {});
            }
            if let Some(course) = &self.course {
                course::ui(ui, cx, found, course);
            }
            let ways = seeds::ways(found);
            // A recipe says by itself what its ways are.
            if seeds::are_several(&ways) && self.course.as_ref().is_none_or(|course| course.of != Of::Recipe) {
                seeds::ui(ui, cx, found, &ways);
            }
            let taught = student::pair(found);
            if let Some(places) = taught {
                student::ui(ui, cx, found, places, &self.dirs);
            }
            self.curves.ui(ui, cx, found, &shown, &ways);
            let note = if found.differences.is_empty() { "" } else { "by their keys in run.toml" };
            Card::titled("What differs").note(note).show(ui, cx.palette, |ui| {
                tables::differences_ui(ui, cx.palette, found, &shown);
            });
            // What teacher and student are compared for is known without asking.
            let can_be = shown.iter().all(|run| !run.running && !run.is_in_folds());
            let is_due = taught.is_some() && self.measured.as_ref() != Some(&self.dirs);
            let mut is_asked = false;
            Card::titled("Results").show(ui, cx.palette, |ui| {
                is_asked = tables::results_ui(ui, cx, found, &shown, &self.dirs, can_be);
            });
            if can_be && (is_due || is_asked) {
                self.measured = Some(self.dirs.clone());
                student::ask(cx, &self.dirs);
            }
            ui.add_space(space::M);
        });
    }

    fn shown<'a>(&self, workspace: &'a Workspace, found: &'a Comparison) -> Vec<Shown<'a>> {
        let places = found.runs.iter().map(|run| {
            let dir = &run.summary.dir;
            let live = live(workspace, dir);
            let held = workspace.runs.iter().any(|known| &known.dir == dir && known.is_running(workspace));
            Shown {
                place: self.dirs.iter().position(|known| known == dir).unwrap_or(0),
                run,
                history: live.map_or(&run.history, |live| &live.history),
                live,
                running: live.is_some() || held,
            }
        });
        places.collect()
    }
}

/// The run in a folder, if it trains in this window.
fn live<'a>(workspace: &'a Workspace, dir: &Path) -> Option<&'a RunView> {
    workspace.run.as_ref().filter(|run| workspace.training.is_some() && run.dir == dir)
}

/// The runs with their colours. Returns the one that was taken out.
/// When a run was started, in seconds since 1970.
fn started(workspace: &Workspace, dir: &Path) -> Option<u64> {
    workspace.runs.iter().find(|run| run.dir == dir).map(|run| run.started)
}

/// What was made later stands after.
fn older_first(mut runs: [&PathBuf; 2], started: impl Fn(&Path) -> Option<u64>) -> [&PathBuf; 2] {
    runs.sort_by_key(|dir| started(dir));
    runs
}

fn legend_ui(ui: &mut Ui, cx: &Cx<'_>, shown: &[Shown<'_>]) -> Option<PathBuf> {
    let mut taken = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(8.0, 6.0);
        for run in shown {
            let status = if run.running { " · running" } else { "" };
            // Two make a comparison.
            let is_spare = shown.len() > 2;
            let words = format!("{}{status}{}", run.name(), if is_spare { "  ×" } else { "" });
            let chip = Chip::class(words, run.place, cx.palette).dot().max_width(320.0);
            if is_spare {
                let name = format!("Take {} out of the comparison", run.name());
                if chip.name(name).clickable().show(ui).clicked() {
                    taken = Some(run.run.summary.dir.clone());
                }
            } else {
                chip.show(ui);
            }
        }
    });
    taken
}

fn wait_ui(ui: &mut Ui, cx: &Cx<'_>) {
    let words = match cx.workspace.job_of::<CompareRuns>() {
        Some(_) => "Reading the runs",
        None => "The runs were not read; go back and compare them again",
    };
    ui.add_space(120.0);
    ui.vertical_centered(|ui| ui.label(text::dim(words, cx.palette)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_run_stands_before() {
        let [old, new] = [PathBuf::from("/runs/old"), PathBuf::from("/runs/new")];
        let started = |dir: &Path| Some(if dir.ends_with("old") { 10 } else { 20 });
        assert_eq!(older_first([&new, &old], started), [&old, &new]);
        assert_eq!(older_first([&old, &new], started), [&old, &new]);
    }
}
