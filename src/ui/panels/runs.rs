//! Runs: every training that has left a folder, what can be done with it, and several of them side by side.

mod compare;
mod detail;
mod export;
mod order;
mod sweep;
mod table;

use std::path::PathBuf;

use egui::{Frame, Label, Margin, Panel, RichText, TextEdit, Ui};
use egui_material_icons::icons::{
    ICON_CLOSE, ICON_COMPARE_ARROWS, ICON_FOLDER_OPEN, ICON_HISTORY, ICON_REFRESH, ICON_STACKED_LINE_CHART,
};

use crate::train::run::{RunStatus, RunSummary};
use crate::ui::action::{QueueAction, SweepAction};
use crate::ui::theme::{Palette, space};
use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::{Button, Card, Chip, state, text};
use crate::ui::workspace::queue::Course;
use crate::ui::workspace::{JobKind, Workspace};
use crate::ui::{Action, Cx, Screen, format};
use crate::worker::work::AnyWork;
use crate::worker::works::again::Again;

use compare::CompareView;
use export::ExportView;
use order::Listed;
use sweep::{Next, SweepView};

/// As many as there are colours that can be told apart.
const MOST: usize = 6;

#[derive(Debug, Default)]
pub struct RunsPanel {
    chosen: Option<PathBuf>,
    /// Ticked for a comparison, in the order in which they were.
    ticked: Vec<PathBuf>,
    listed: Listed,
    comparing: Option<CompareView>,
    sweep: Option<SweepView>,
    /// A run that is to be repeated, and with how many seeds it is to be there.
    again: Option<(PathBuf, usize)>,
    exporting: Option<ExportView>,
}

impl RunSummary {
    /// Whether this run is the one in progress; a run without an ending that is not was cut off.
    pub fn is_live(&self, workspace: &Workspace) -> bool {
        workspace.training.is_some() && workspace.run.as_ref().is_some_and(|run| run.dir == self.dir)
    }

    /// Whether it is in progress, in this window or in another process.
    pub fn is_running(&self, workspace: &Workspace) -> bool {
        self.is_live(workspace) || (self.held && self.status == RunStatus::Open)
    }

    /// Whether there is something left to do and something to go on from.
    pub fn can_resume(&self, workspace: &Workspace) -> bool {
        let unfinished = match self.status {
            RunStatus::Open => true,
            RunStatus::Stopped | RunStatus::Failed => self.checkpoint.is_some(),
            RunStatus::Finished => false,
        };
        unfinished && !self.is_running(workspace)
    }

    /// From where it goes on, in words.
    pub fn resume_words(&self) -> String {
        if self.folds > 0 {
            return "Goes on with the folds that are not finished".into();
        }
        self.checkpoint.map_or_else(
            || "Starts from the beginning, as it was interrupted before its first checkpoint".into(),
            |step| format!("Resumes from step {}, as if it had never stopped", format::count(step)),
        )
    }
}

pub fn status_chip(status: RunStatus, running: bool, palette: &Palette) -> Chip {
    match (status, running) {
        (RunStatus::Open, true) => Chip::accent("Running", palette).dot(),
        (RunStatus::Open, false) => Chip::warn("Interrupted", palette).dot(),
        (RunStatus::Finished, _) => Chip::good("Finished", palette).dot(),
        (RunStatus::Stopped, _) => Chip::neutral("Stopped", palette).dot(),
        (RunStatus::Failed, _) => Chip::bad("Failed", palette).dot(),
    }
}

/// How it ended, as a word to look for.
fn status_words(run: &RunSummary) -> &'static str {
    match run.status {
        RunStatus::Open if run.held => "Running",
        RunStatus::Open => "Interrupted",
        RunStatus::Finished => "Finished",
        RunStatus::Stopped => "Stopped",
        RunStatus::Failed => "Failed",
    }
}

impl RunsPanel {
    /// Sets the runs of a recipe side by side.
    pub fn compare_course(&mut self, course: &Course) {
        (self.exporting, self.sweep) = (None, None);
        self.comparing = Some(CompareView::of_course(course));
    }

    /// Shows what came of a sweep.
    pub fn show_sweep(&mut self, dir: PathBuf) {
        (self.exporting, self.comparing) = (None, None);
        self.sweep = Some(SweepView::new(dir));
    }

    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if let Some(view) = &mut self.comparing {
            if !view.ui(ui, cx) {
                self.ticked.clone_from(view.dirs());
                CompareView::leave(cx);
                self.comparing = None;
            }
            return;
        }
        if let Some(view) = &mut self.sweep {
            match view.ui(ui, cx) {
                Next::Stay => {}
                Next::Back => {
                    SweepView::leave(cx);
                    self.sweep = None;
                }
                // The way back from there leads to the sweep.
                Next::Compare(dirs) => self.comparing = Some(CompareView::new(dirs)),
            }
            return;
        }
        let workspace = cx.workspace;
        self.ticked.retain(|dir| workspace.runs.iter().any(|run| &run.dir == dir));
        self.header_ui(ui, cx);
        if workspace.runs.is_empty() {
            none_ui(ui, cx);
            return;
        }
        self.repeat(cx);
        self.listed.update(&workspace.runs);
        if let Some(run) = self.chosen.as_ref().and_then(|dir| workspace.runs.iter().find(|run| &run.dir == dir)) {
            let frame = Frame::new().inner_margin(Margin { left: 16, right: 16, top: 0, bottom: 16 });
            let panel = Panel::bottom("run detail")
                .exact_size(detail::height(ui.available_width()))
                .resizable(false)
                .show_separator_line(false);
            match panel.frame(frame).show(ui, |ui| detail::ui(ui, cx, run)).inner {
                detail::Next::Stay => {}
                detail::Next::Export => self.exporting = Some(ExportView::new(&run.dir, &workspace.runs_folder)),
                detail::Next::Again(seeds) => {
                    self.again = Some((run.dir.clone(), seeds));
                    cx.act(Action::Work(AnyWork::new(Again { dir: run.dir.clone() })));
                }
            }
        }
        self.exporting.take_if(|view| !view.ui(ui, cx));
        let frame = Frame::new().inner_margin(Margin { left: 16, right: 16, top: 0, bottom: 12 });
        egui::CentralPanel::default().frame(frame).show(ui, |ui| {
            let height = ui.available_height();
            Card::new().margin(0.0).show(ui, cx.palette, |ui| {
                ui.set_height(height - 2.0);
                self.table_ui(ui, cx);
            });
        });
    }

    /// Repeats a run once its configuration was read.
    fn repeat(&mut self, cx: &mut Cx<'_>) {
        let is_read = |dir: &PathBuf| {
            let is_under_way = cx.workspace.job_of::<Again>().is_some();
            !is_under_way && cx.workspace.worked::<Again>().is_some_and(|(work, _)| work.dir == *dir)
        };
        if let Some((dir, seeds)) = self.again.take_if(|(dir, _)| is_read(dir)) {
            cx.act(Action::Queue(QueueAction::Again { dir, seeds }));
        }
    }

    fn header_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let frame = Frame::new().inner_margin(Margin { left: 16, right: 16, top: 12, bottom: 8 });
        let panel = Panel::top("runs header").exact_size(56.0).resizable(false).show_separator_line(false);
        panel.frame(frame).show(ui, |ui| {
            line(ui, space::ROW, |ui| {
                self.tools_ui(ui, cx);
                line::left(ui, |ui| {
                    ui.label(text::title("Runs", cx.palette));
                    let count = cx.workspace.whole_runs().count() as u64;
                    if count > 0 {
                        ui.label(text::dim(format::plural(count, "run", "runs"), cx.palette));
                    }
                    let folder = text::number_dim(format::path(&cx.workspace.runs_folder), cx.palette);
                    ui.add(Label::new(folder).truncate());
                });
            });
        });
    }

    /// From the right end.
    fn tools_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        ui.spacing_mut().item_spacing.x = 8.0;
        if Button::icon_only(ICON_REFRESH, "Look for runs again").show(ui, palette).clicked() {
            cx.act(Action::FindRuns);
        }
        let choose = Button::icon_only(ICON_FOLDER_OPEN, "Choose the runs folder");
        if choose.show(ui, palette).clicked() {
            cx.act(Action::ChooseRunsFolder);
        }
        let sweep = Button::icon_only(ICON_STACKED_LINE_CHART, SweepAction::Choose.title());
        if sweep.show(ui, palette).on_hover_text(SweepAction::Choose.tooltip()).clicked() {
            cx.act(Action::Sweep(SweepAction::Choose));
        }
        if cx.workspace.runs.is_empty() {
            return;
        }
        self.compare_button_ui(ui, cx);
        let field = TextEdit::singleline(&mut self.listed.filter)
            .hint_text(RichText::new("Search runs").color(palette.text_faint))
            .margin(Margin::symmetric(8, 6))
            .desired_width(180.0);
        ui.add(field).accessible_name("Search runs");
    }

    fn compare_button_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let count = self.ticked.len();
        if count > 0 && Button::icon_only(ICON_CLOSE, "Tick no run").small().show(ui, palette).clicked() {
            self.ticked.clear();
        }
        let words = if count > 1 { format!("Compare {count} runs") } else { "Compare".to_owned() };
        let button = Button::new(words).icon(ICON_COMPARE_ARROWS).enabled(count > 1);
        let button = if count > 1 { button.primary() } else { button };
        let response = button.show(ui, palette);
        if response.clicked() {
            self.comparing = Some(CompareView::new(self.ticked.clone()));
        }
        response
            .on_hover_text("Curves and results side by side, and what was set differently")
            .on_disabled_hover_text("Tick two to six runs to compare them");
    }
}

fn none_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    if cx.workspace.job_where(|kind| *kind == JobKind::FindRuns).is_some() {
        ui.vertical_centered(|ui| {
            ui.add_space(120.0);
            ui.label(text::dim("Looking for runs", palette));
        });
        return;
    }
    let words = "Every run leaves a folder here with its configuration, its history and its weights";
    state::empty(ui, palette, ICON_HISTORY, "No runs yet", words, |ui| {
        let next = cx.workspace.next_screen().unwrap_or(Screen::Train);
        if Button::new(format!("Go to {}", next.title())).primary().show(ui, palette).clicked() {
            cx.act(Action::Go(next));
        }
    });
}
