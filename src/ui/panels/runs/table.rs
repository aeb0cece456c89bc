//! The table of runs. Only the lines in sight are drawn, so that a thousand of them cost what a screen of them does.

use std::path::PathBuf;

use egui::{Align, Checkbox, Label, Layout, Rangef, Role, Sense, Ui, WidgetInfo, vec2};
use egui_extras::{Column as Width, TableBuilder, TableRow};
use egui_material_icons::icons::{
    ICON_ARROW_DOWNWARD, ICON_ARROW_UPWARD, ICON_CHEVRON_RIGHT, ICON_CLOSE, ICON_DELETE, ICON_EXPAND_MORE,
    ICON_EXPLORE, ICON_FILE_COPY, ICON_PLAY_ARROW, ICON_QUERY_STATS, ICON_SHOW_CHART,
};

use super::order::{Column, Line, Listed, Sweep};
use super::{MOST, RunsPanel, status_chip};
use crate::train::run::{RunSummary, fold_in};
use crate::ui::action::SweepAction;
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::widgets::sparkline::sparkline;
use crate::ui::widgets::{Button, Chip, table_lines, text};
use crate::ui::workspace::model_of;
use crate::ui::{Action, Cx, format};

/// How much further right the name of what belongs to a line stands: beyond the press that hides it.
const BELOW: f32 = 42.0;

/// A part of a line, with its width; none takes what the others leave.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Tick,
    Of(Column),
    Loss,
    Actions,
}

impl Part {
    fn width(self) -> Option<f32> {
        Some(match self {
            Self::Tick => 30.0,
            Self::Of(Column::Name) => return None,
            Self::Of(Column::Status | Column::Strategy) => 92.0,
            Self::Of(Column::Task) => 124.0,
            Self::Of(Column::Trained | Column::Time) => 78.0,
            Self::Of(Column::Metric) => 104.0,
            Self::Of(Column::Started) => 84.0,
            Self::Loss => 88.0,
            Self::Actions => 130.0,
        })
    }
}

/// What there is room for.
fn parts(width: f32) -> Vec<Part> {
    use Column::{Metric, Name, Started, Status, Strategy, Task, Time, Trained};
    let all = [
        (0.0, Part::Tick),
        (0.0, Part::Of(Name)),
        (0.0, Part::Of(Status)),
        (1020.0, Part::Of(Task)),
        (940.0, Part::Of(Strategy)),
        (0.0, Part::Of(Trained)),
        (0.0, Part::Of(Metric)),
        (1160.0, Part::Loss),
        (860.0, Part::Of(Time)),
        (1100.0, Part::Of(Started)),
        (0.0, Part::Actions),
    ];
    all.into_iter().filter(|(least, _)| width >= *least).map(|(_, part)| part).collect()
}

impl RunsPanel {
    pub(super) fn table_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let parts = parts(ui.available_width());
        ui.spacing_mut().item_spacing = vec2(space::M, 0.0);
        ui.visuals_mut().selection.bg_fill = palette.accent_soft;
        let bounds = ui.max_rect().x_range().shrink(1.0);
        ui.shrink_clip_rect(ui.max_rect().shrink(1.0));
        if self.listed.lines().is_empty() {
            ui.add_space(32.0);
            ui.vertical_centered(|ui| ui.label(text::dim("No run has these words", palette)));
            return;
        }
        let mut builder = TableBuilder::new(ui)
            .id_salt(("runs", parts.len()))
            .striped(false)
            .sense(Sense::click())
            .auto_shrink(false)
            .cell_layout(Layout::left_to_right(Align::Center));
        for part in &parts {
            let width = part.width().map_or_else(|| Width::remainder().at_least(150.0), Width::exact);
            builder = builder.column(width.clip(true));
        }
        let heads = builder.header(32.0, |mut header| {
            for part in &parts {
                header.col(|ui| {
                    table_lines::head_line(ui, bounds, palette);
                    head_ui(ui, *part, &mut self.listed, palette);
                });
            }
        });
        let runs = &cx.workspace.runs;
        heads.body(|body| {
            body.rows(44.0, self.listed.lines().len(), |mut line| {
                // The list may have become shorter since it was put in order.
                match self.listed.lines()[line.index()] {
                    Line::Run(place) => {
                        if let Some(run) = runs.get(place) {
                            self.row_ui(&mut line, cx, run, &parts, bounds);
                        }
                    }
                    Line::Sweep(place) => self.sweep_row_ui(&mut line, cx, place, &parts, bounds),
                }
            });
        });
    }

    /// All runs of a sweep, which a press opens.
    fn sweep_row_ui(
        &mut self,
        line: &mut TableRow<'_, '_>,
        cx: &mut Cx<'_>,
        place: usize,
        parts: &[Part],
        bounds: Rangef,
    ) {
        let palette = cx.palette;
        let Some(sweep) = self.listed.sweep(place).cloned() else { return };
        for part in parts {
            line.col(|ui| {
                table_lines::row_line(ui, bounds, palette);
                match part {
                    Part::Tick | Part::Loss => {}
                    Part::Of(column) => sweep_cell_ui(ui, cx, &sweep, *column, &mut self.listed),
                    Part::Actions => sweep_actions_ui(ui, cx, &sweep),
                }
            });
        }
        if line.response().clicked() {
            cx.act(Action::Sweep(SweepAction::Show(sweep.dir)));
        }
    }

    fn row_ui(
        &mut self,
        line: &mut TableRow<'_, '_>,
        cx: &mut Cx<'_>,
        run: &RunSummary,
        parts: &[Part],
        bounds: Rangef,
    ) {
        let palette = cx.palette;
        line.set_selected(self.chosen.as_ref() == Some(&run.dir));
        for part in parts {
            line.col(|ui| {
                table_lines::row_line(ui, bounds, palette);
                match part {
                    Part::Tick => tick_ui(ui, run, &mut self.ticked),
                    Part::Of(Column::Name) if run.folds > 0 => {
                        parent_ui(ui, palette, run, "folds", &format!("{} folds", run.folds), &mut self.listed);
                    }
                    Part::Of(column) if run.folds > 0 => whole_cell_ui(ui, cx, run, *column),
                    Part::Of(column) => cell_ui(ui, cx, run, *column),
                    Part::Loss => {
                        let name = format!("Loss of {}", run.name);
                        sparkline(ui, &run.losses, vec2(84.0, 28.0), palette.series[0], &name);
                    }
                    Part::Actions => row_actions_ui(ui, cx, run),
                }
            });
        }
        let response = line.response();
        if response.double_clicked() {
            cx.act(Action::OpenRun(run.dir.clone()));
        } else if response.clicked() {
            self.chosen = if self.chosen.as_ref() == Some(&run.dir) { None } else { Some(run.dir.clone()) };
        }
    }
}

fn head_ui(ui: &mut Ui, part: Part, listed: &mut Listed, palette: &Palette) {
    let column = match part {
        Part::Of(column) => column,
        Part::Loss => {
            ui.label(text::label("Loss", palette));
            return;
        }
        Part::Tick | Part::Actions => return,
    };
    let (title, sorted) = (column.title(), listed.column == column);
    let galley = ui.painter().layout_no_wrap(title.to_owned(), theme::medium(size::SMALL), egui::Color32::PLACEHOLDER);
    let (rect, response) = ui.allocate_exact_size(galley.size() + vec2(16.0, 8.0), Sense::click());
    let label = format!("Sort by {}", title.to_lowercase());
    response.widget_info(|| WidgetInfo::selected(Role::ColumnHeader, true, sorted, &label));
    let color = if sorted || response.hovered() || response.has_focus() { palette.text } else { palette.text_dim };
    let at = egui::pos2(rect.left(), rect.center().y - galley.size().y / 2.0);
    let right = at.x + galley.size().x + 3.0;
    ui.painter().galley(at, galley, color);
    if sorted {
        let icon = if listed.falling { ICON_ARROW_DOWNWARD } else { ICON_ARROW_UPWARD };
        let font = egui::FontId::new(11.0, icon.font_family());
        let at = egui::pos2(right, rect.center().y);
        ui.painter().text(at, egui::Align2::LEFT_CENTER, icon.codepoint, font, color);
    }
    if response.clicked() {
        listed.press(column);
    }
}

fn tick_ui(ui: &mut Ui, run: &RunSummary, ticked: &mut Vec<PathBuf>) {
    ui.add_space(space::S);
    let before = ticked.contains(&run.dir);
    let mut now = before;
    let is_free = before || ticked.len() < MOST;
    let tick = ui.add_enabled(is_free, Checkbox::without_text(&mut now));
    let tick = tick.accessible_name(format!("Compare {}", run.name));
    tick.on_disabled_hover_text("Six runs are ticked, which is as many as can be told apart");
    if now && !before {
        ticked.push(run.dir.clone());
    } else if before && !now {
        ticked.retain(|dir| dir != &run.dir);
    }
}

fn cell_ui(ui: &mut Ui, cx: &Cx<'_>, run: &RunSummary, column: Column) {
    let palette = cx.palette;
    let number = |ui: &mut Ui, words: String| drop(ui.label(text::number(words, palette)));
    let small = |ui: &mut Ui, words: &str| drop(ui.add(Label::new(text::small(words, palette)).truncate()));
    match column {
        Column::Name => {
            // What belongs to a line stands further right than its name.
            if fold_in(&run.dir).is_some_and(|(whole, _)| cx.workspace.is_in_folds(whole)) {
                ui.add_space(BELOW);
            }
            name_ui(ui, palette, run);
        }
        Column::Status => drop(status_chip(run.status, run.is_running(cx.workspace), palette).show(ui)),
        Column::Task => small(ui, run.task.title()),
        Column::Strategy => small(ui, run.strategy.title()),
        Column::Trained => number(ui, format::trained(run.trained_share())),
        Column::Metric => metric_ui(ui, palette, run),
        Column::Time => number(ui, format::duration(run.seconds)),
        Column::Started => small(ui, &format::ago(cx.workspace.unix_now().saturating_sub(run.started))),
    }
}

/// A run in folds trains nothing itself: its folds do, and how they ended is how it ended.
fn whole_cell_ui(ui: &mut Ui, cx: &Cx<'_>, run: &RunSummary, column: Column) {
    let palette = cx.palette;
    match column {
        Column::Trained => match cx.workspace.folds_of(&run.dir).first() {
            Some((_, fold)) => cell_ui(ui, cx, fold, column),
            None => drop(ui.label(text::faint("–", palette))),
        },
        Column::Time => {
            let folds = cx.workspace.folds_of(&run.dir);
            let seconds = folds.iter().map(|(_, fold)| fold.seconds).sum::<f64>().max(run.seconds);
            ui.label(text::number(format::duration(seconds), palette));
        }
        Column::Status => {
            let is_running = run.is_running(cx.workspace);
            let status = if is_running { run.status } else { cx.workspace.status_in_folds(run) };
            status_chip(status, is_running, palette).show(ui);
        }
        column => cell_ui(ui, cx, run, column),
    }
}

fn sweep_cell_ui(ui: &mut Ui, cx: &Cx<'_>, sweep: &Sweep, column: Column, listed: &mut Listed) {
    let palette = cx.palette;
    match column {
        Column::Name => {
            let words = format::plural(sweep.runs as u64, "run", "runs");
            parent_ui(ui, palette, &sweep.whole, "runs", &words, listed);
        }
        Column::Status => {
            let words = format!("{} of {}", sweep.finished, sweep.runs);
            let chip = match (sweep.whole.held, sweep.finished == sweep.runs) {
                (true, _) => Chip::accent(words, palette),
                (false, true) => Chip::good(words, palette),
                (false, false) => Chip::warn(words, palette),
            };
            chip.dot().show(ui).on_hover_text("Trials finished, of those that have begun");
        }
        Column::Strategy if sweep.is_mixed => drop(ui.label(text::small("Several", palette))),
        // Of the trials each has its own.
        Column::Trained => drop(ui.label(text::faint("–", palette))),
        column => cell_ui(ui, cx, &sweep.whole, column),
    }
}

fn sweep_actions_ui(ui: &mut Ui, cx: &mut Cx<'_>, sweep: &Sweep) {
    let (palette, dir) = (cx.palette, &sweep.dir);
    ui.spacing_mut().item_spacing.x = 2.0;
    ui.add_space(26.0);
    let results = Button::icon_only(ICON_QUERY_STATS, format!("What came of {}", sweep.whole.name)).small();
    if results.show(ui, palette).clicked() {
        cx.act(Action::Sweep(SweepAction::Show(dir.clone())));
    }
    if cx.workspace.sweep_folders.contains(dir) {
        let action = SweepAction::Forget(dir.clone());
        let button = Button::icon_only(ICON_CLOSE, format!("Take {} out of the list", sweep.whole.name)).small();
        if button.show(ui, palette).on_hover_text(action.tooltip()).clicked() {
            cx.act(Action::Sweep(action));
        }
    }
}

/// What has runs below it, with the press that shows or hides them.
fn parent_ui(ui: &mut Ui, palette: &Palette, run: &RunSummary, below: &str, count: &str, listed: &mut Listed) {
    let is_open = listed.is_open(&run.dir);
    let (icon, what) = if is_open { (ICON_EXPAND_MORE, "Hide") } else { (ICON_CHEVRON_RIGHT, "Show") };
    ui.spacing_mut().item_spacing.x = 2.0;
    let button = Button::icon_only(icon, format!("{what} the {below} of {}", run.name)).small();
    if button.show(ui, palette).clicked() {
        listed.turn(&run.dir);
        ui.ctx().request_repaint();
    }
    let data = format!("{count} · {}", run.data);
    name_ui(ui, palette, &RunSummary { data, ..run.clone() });
}

fn name_ui(ui: &mut Ui, palette: &Palette, run: &RunSummary) {
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

fn row_actions_ui(ui: &mut Ui, cx: &mut Cx<'_>, run: &RunSummary) {
    let (palette, dir) = (cx.palette, &run.dir);
    ui.spacing_mut().item_spacing.x = 2.0;
    if run.can_resume(cx.workspace) {
        let button = Button::icon_only(ICON_PLAY_ARROW, format!("Resume {}", run.name)).small();
        let response = button.enabled(cx.workspace.training.is_none()).show(ui, palette);
        if response.on_hover_text(run.resume_words()).clicked() {
            cx.act(Action::ContinueRun(dir.clone()));
        }
    } else {
        // What each line has stands below that of the one above.
        ui.add_space(26.0);
    }
    for (icon, words, action) in [
        (ICON_SHOW_CHART, "Open", Action::OpenRun(dir.clone())),
        (ICON_EXPLORE, "Explore", Action::ExploreWith(model_of(dir))),
        (ICON_FILE_COPY, "Clone", Action::CloneRun(dir.clone())),
        (ICON_DELETE, "Delete", Action::AskDeleteRun(dir.clone())),
    ] {
        // Nobody's run is deleted while it is written, and a run in folds has no one model.
        if (words == "Delete" && run.is_running(cx.workspace)) || (words == "Explore" && run.folds > 0) {
            ui.add_space(26.0);
            continue;
        }
        let button = Button::icon_only(icon, format!("{words} {}", run.name)).small();
        if button.show(ui, palette).clicked() {
            cx.act(action);
        }
    }
}
