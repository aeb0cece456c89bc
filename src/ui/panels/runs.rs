//! Runs: every training that has left a folder, and what can be done with it.

use egui::{Align, Frame, Label, Layout, Margin, Panel, Sense, Ui, vec2};
use egui_extras::{Column, TableBuilder};
use egui_material_icons::icons::{
    ICON_CONTENT_COPY, ICON_DELETE, ICON_EXPLORE, ICON_FILE_COPY, ICON_FOLDER_OPEN, ICON_HISTORY, ICON_PLAY_ARROW,
    ICON_REFRESH, ICON_SHOW_CHART,
};

use crate::train::run::{RunStatus, RunSummary};
use crate::ui::theme::{Palette, space};
use crate::ui::widgets::sparkline::sparkline;
use crate::ui::widgets::{Button, Card, Chip, state, table_lines, text};
use crate::ui::workspace::{JobKind, Workspace, model_of};
use crate::ui::{Action, Cx, Screen, format};

#[derive(Debug, Default)]
pub struct RunsPanel {
    chosen: Option<std::path::PathBuf>,
}

impl RunSummary {
    /// Whether this run is the one in progress; a run without an ending that is not was cut off.
    pub fn is_live(&self, workspace: &Workspace) -> bool {
        workspace.training.is_some() && workspace.run.as_ref().is_some_and(|run| run.dir == self.dir)
    }

    /// Whether there is something left to do and something to go on from.
    pub fn can_resume(&self, workspace: &Workspace) -> bool {
        let unfinished = match self.status {
            RunStatus::Open => true,
            RunStatus::Stopped | RunStatus::Failed => self.checkpoint.is_some(),
            RunStatus::Finished => false,
        };
        unfinished && !self.is_live(workspace)
    }

    /// From where it goes on, in words.
    pub fn resume_words(&self) -> String {
        self.checkpoint.map_or_else(
            || "Starts from the beginning, as it was interrupted before its first checkpoint".into(),
            |step| format!("Resumes from step {}, as if it had never stopped", format::count(step)),
        )
    }
}

pub fn status_chip(status: RunStatus, live: bool, palette: &Palette) -> Chip {
    match (status, live) {
        (RunStatus::Open, true) => Chip::accent("Running", palette).dot(),
        (RunStatus::Open, false) => Chip::warn("Interrupted", palette).dot(),
        (RunStatus::Finished, _) => Chip::good("Finished", palette).dot(),
        (RunStatus::Stopped, _) => Chip::neutral("Stopped", palette).dot(),
        (RunStatus::Failed, _) => Chip::bad("Failed", palette).dot(),
    }
}

impl RunsPanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        header_ui(ui, cx);
        if cx.workspace.runs.is_empty() {
            none_ui(ui, cx);
            return;
        }
        let runs = cx.workspace.runs.clone();
        let chosen = self.chosen.as_ref().and_then(|dir| runs.iter().find(|run| &run.dir == dir)).cloned();
        if let Some(run) = &chosen {
            let frame = Frame::new().inner_margin(Margin { left: 16, right: 16, top: 0, bottom: 16 });
            let panel = Panel::bottom("run detail").exact_size(136.0).resizable(false).show_separator_line(false);
            panel.frame(frame).show(ui, |ui| detail_ui(ui, cx, run));
        }
        let frame = Frame::new().inner_margin(Margin { left: 16, right: 16, top: 0, bottom: 12 });
        egui::CentralPanel::default().frame(frame).show(ui, |ui| {
            let height = ui.available_height();
            Card::new().margin(0.0).show(ui, cx.palette, |ui| {
                ui.set_height(height - 2.0);
                self.table_ui(ui, cx, &runs);
            });
        });
    }

    #[expect(clippy::too_many_lines, reason = "one line or two for each column of the table")]
    fn table_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, runs: &[RunSummary]) {
        let palette = cx.palette;
        let width = ui.available_width();
        let (wide, widest) = (width > 980.0, width > 1180.0);
        ui.spacing_mut().item_spacing = vec2(space::M, 0.0);
        ui.visuals_mut().selection.bg_fill = palette.accent_soft;
        let bounds = ui.max_rect().x_range().shrink(1.0);
        ui.shrink_clip_rect(ui.max_rect().shrink(1.0));
        let number = |width: f32| Column::exact(width).clip(true);
        let mut builder = TableBuilder::new(ui)
            .id_salt(("runs", wide, widest))
            .striped(false)
            .sense(Sense::click())
            .auto_shrink(false)
            .cell_layout(Layout::left_to_right(Align::Center))
            .column(Column::remainder().at_least(190.0).clip(true))
            .column(number(88.0))
            .column(number(80.0))
            .column(number(100.0))
            .column(number(96.0));
        if wide {
            builder = builder.column(number(116.0)).column(number(92.0));
        }
        if widest {
            builder = builder.column(number(76.0)).column(number(92.0));
        }
        builder = builder.column(number(182.0));
        let heads = builder.header(32.0, |mut header| {
            let mut head = |words: &str| {
                header.col(|ui| {
                    table_lines::head_line(ui, bounds, palette);
                    ui.label(text::label(words, palette));
                });
            };
            head("   Run");
            head("Status");
            head("Metric");
            head("Loss");
            head("Steps");
            if wide {
                head("Trainable weights");
                head("Time");
            }
            if widest {
                head("Size");
                head("Started");
            }
            head("");
        });
        let mut actions = Vec::new();
        heads.body(|body| {
            body.rows(44.0, runs.len(), |mut line| {
                let run = &runs[line.index()];
                line.set_selected(self.chosen.as_ref() == Some(&run.dir));
                let mut cell = |content: &mut dyn FnMut(&mut Ui)| {
                    line.col(|ui| {
                        table_lines::row_line(ui, bounds, palette);
                        content(ui);
                    });
                };
                let number = |ui: &mut Ui, words: String| drop(ui.label(text::number(words, palette)));
                cell(&mut |ui| name_ui(ui, palette, run));
                cell(&mut |ui| drop(status_chip(run.status, run.is_live(cx.workspace), palette).show(ui)));
                cell(&mut |ui| metric_ui(ui, palette, run));
                cell(&mut |ui| {
                    let name = format!("Loss of {}", run.name);
                    sparkline(ui, &run.losses, vec2(96.0, 28.0), palette.series[0], &name);
                });
                cell(&mut |ui| number(ui, format!("{} / {}", format::count(run.step), format::count(run.steps))));
                if wide {
                    let share = run.trainable as f64 / run.parameters.max(1) as f64;
                    cell(&mut |ui| number(ui, format::percent(share)));
                    cell(&mut |ui| number(ui, format::duration(run.seconds)));
                }
                if widest {
                    cell(&mut |ui| number(ui, format::bytes(run.bytes_on_disk)));
                    let ago = format::ago(cx.workspace.unix_now().saturating_sub(run.started));
                    cell(&mut |ui| drop(ui.label(text::small(&ago, palette))));
                }
                let resume = run.can_resume(cx.workspace).then(|| cx.workspace.training.is_none());
                cell(&mut |ui| row_actions_ui(ui, palette, run, resume, &mut actions));
                let response = line.response();
                if response.double_clicked() {
                    actions.push(Action::OpenRun(run.dir.clone()));
                } else if response.clicked() {
                    self.chosen = if self.chosen.as_ref() == Some(&run.dir) { None } else { Some(run.dir.clone()) };
                }
            });
        });
        cx.actions.extend(actions);
    }
}

fn header_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let frame = Frame::new().inner_margin(Margin { left: 16, right: 16, top: 12, bottom: 8 });
    Panel::top("runs header").exact_size(56.0).resizable(false).show_separator_line(false).frame(frame).show(
        ui,
        |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if Button::icon_only(ICON_REFRESH, "Look for runs again").show(ui, palette).clicked() {
                    cx.act(Action::FindRuns);
                }
                if Button::new("Choose folder…")
                    .name("Choose the runs folder")
                    .icon(ICON_FOLDER_OPEN)
                    .show(ui, palette)
                    .clicked()
                {
                    cx.act(Action::ChooseRunsFolder);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.label(text::title("Runs", palette));
                    let folder =
                        Label::new(text::number_dim(format::path(&cx.workspace.runs_folder), palette)).truncate();
                    ui.add(folder);
                });
            });
        },
    );
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

fn name_ui(ui: &mut Ui, palette: &Palette, run: &RunSummary) {
    ui.add_space(space::M);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.add_space(4.0);
        ui.add(Label::new(text::strong(&run.name, palette)).truncate().selectable(false));
        let note = format!("{} · {}", run.model, run.data);
        ui.add(Label::new(text::faint(note, palette)).truncate().selectable(false));
    });
}

fn metric_ui(ui: &mut Ui, palette: &Palette, run: &RunSummary) {
    match &run.metric {
        Some((key, value)) => {
            let title = format::metric_title(key);
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 1.0;
                ui.add_space(4.0);
                ui.label(text::number(format::metric(key, *value), palette));
                ui.add(Label::new(text::faint(title, palette)).truncate().selectable(false));
            });
        }
        None => drop(ui.label(text::faint("–", palette))),
    }
}

/// `resume`: whether it can be done now, for a run that has something to go on with.
fn row_actions_ui(ui: &mut Ui, palette: &Palette, run: &RunSummary, resume: Option<bool>, actions: &mut Vec<Action>) {
    ui.spacing_mut().item_spacing.x = 2.0;
    let dir = &run.dir;
    if let Some(now) = resume {
        let button = Button::icon_only(ICON_PLAY_ARROW, format!("Resume {}", run.name)).small().enabled(now);
        if button.show(ui, palette).on_hover_text(run.resume_words()).clicked() {
            actions.push(Action::ContinueRun(dir.clone()));
        }
    }
    for (icon, words, action) in [
        (ICON_SHOW_CHART, "Open", Action::OpenRun(dir.clone())),
        (ICON_EXPLORE, "Explore", Action::ExploreWith(model_of(dir))),
        (ICON_FILE_COPY, "Clone", Action::CloneRun(dir.clone())),
        (ICON_DELETE, "Delete", Action::AskDeleteRun(dir.clone())),
    ] {
        let button = Button::icon_only(icon, format!("{words} {}", run.name)).small();
        if button.show(ui, palette).clicked() {
            actions.push(action);
        }
    }
}

/// The chosen run with all that can be done with it, in words.
fn detail_ui(ui: &mut Ui, cx: &mut Cx<'_>, run: &RunSummary) {
    let palette = cx.palette;
    Card::new().show(ui, palette, |ui| {
        ui.set_height(ui.available_height() - 2.0);
        ui.horizontal(|ui| {
            ui.label(text::head(&run.name, palette));
            status_chip(run.status, run.is_live(cx.workspace), palette).show(ui);
        });
        let trained = format!(
            "{} of {} parameters trained",
            format::short_count(run.trainable),
            format::short_count(run.parameters)
        );
        let facts = format!(
            "{} · {} · {trained} · {} · {}",
            run.task.title(),
            run.model,
            format::duration(run.seconds),
            format::bytes(run.bytes_on_disk)
        );
        ui.add(Label::new(text::dim(facts, palette)).truncate());
        ui.horizontal(|ui| {
            let dir = &run.dir;
            if run.can_resume(cx.workspace) {
                let button =
                    Button::new("Resume").icon(ICON_PLAY_ARROW).primary().enabled(cx.workspace.training.is_none());
                if button.show(ui, palette).on_hover_text(run.resume_words()).clicked() {
                    cx.act(Action::ContinueRun(dir.clone()));
                }
            }
            for (words, icon, action) in [
                ("Open", ICON_SHOW_CHART, Action::OpenRun(dir.clone())),
                ("Use in Explore", ICON_EXPLORE, Action::ExploreWith(model_of(dir))),
                ("Clone to form", ICON_FILE_COPY, Action::CloneRun(dir.clone())),
                ("Copy path", ICON_CONTENT_COPY, Action::CopyText(dir.display().to_string())),
                ("Delete…", ICON_DELETE, Action::AskDeleteRun(dir.clone())),
            ] {
                let button = Button::new(words).icon(icon);
                let tooltip = action.tooltip();
                let response = button.show(ui, palette);
                if response.clicked() {
                    cx.act(action);
                }
                if !tooltip.is_empty() {
                    response.on_hover_text(tooltip);
                }
            }
            ui.add(Label::new(text::number_dim(format::path(dir), palette)).truncate());
        });
    });
}
