//! The head of a run: how far it is, what can be done with it, and how it ended.

use egui::{Align, Color32, Frame, Layout, Margin, Rect, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons::{ICON_PAUSE, ICON_PLAY_ARROW, ICON_STOP};

use super::orders::OrdersView;
use crate::metrics::{Measure, Standing};
use crate::train::run::RunStatus;
use crate::ui::theme::{self, size};
use crate::ui::widgets::stat::{Stat, stat};
use crate::ui::widgets::{Button, Card, Chip, text};
use crate::ui::workspace::run::Status;
use crate::ui::workspace::verdict::Verdict;
use crate::ui::workspace::{RunView, Screen, model_of};
use crate::ui::{Action, Cx, Palette, format};

pub fn ui(ui: &mut Ui, orders: &mut OrdersView, cx: &mut Cx<'_>) {
    let Some(run) = cx.workspace.run.as_ref() else { return };
    // Time goes on between two steps, too; once a second is enough for a clock.
    if run.status == Status::Running || run.status == Status::Starting {
        ui.ctx().request_repaint_after(std::time::Duration::from_secs(1));
    }
    let stopping = cx.workspace.training_job().is_some_and(|job| job.stopping);
    Card::frame(cx.palette).inner_margin(Margin { left: 12, right: 12, top: 10, bottom: 8 }).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 6.0;
        title_ui(ui, run, cx);
        stats_ui(ui, run, stopping, cx);
        progress_ui(ui, run, cx.palette);
        if stopping {
            ui.label(text::small("Finishing the step and saving…", cx.palette));
        } else if run.status.is_live() {
            orders.ui(ui, run, cx);
        }
    });
    if !run.status.is_live() {
        ui.add_space(8.0);
        ending_ui(ui, run, cx);
    }
}

fn title_ui(ui: &mut Ui, run: &RunView, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let stopping = cx.workspace.training_job().is_some_and(|job| job.stopping);
    ui.allocate_ui_with_layout(vec2(ui.available_width(), 26.0), Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_height(26.0);
        ui.spacing_mut().item_spacing.x = 6.0;
        if run.status.is_live() {
            let stop = Button::new("Stop and keep").icon(ICON_STOP).small().enabled(!stopping);
            if stop.show(ui, palette).on_hover_text(Action::StopRun.tooltip()).clicked() {
                cx.act(Action::StopRun);
            }
            let paused = run.status == Status::Paused;
            let (icon, words, action) = if paused {
                (ICON_PLAY_ARROW, "Resume", Action::ResumeRun)
            } else {
                (ICON_PAUSE, "Pause", Action::PauseRun)
            };
            let button = Button::new(words).icon(icon).small().shortcut(Some("Space".into()));
            let enabled = !stopping && run.status != Status::Starting;
            if button.enabled(enabled).show(ui, palette).on_hover_text(action.tooltip()).clicked() {
                cx.act(action);
            }
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            status_chip(run.status, stopping, palette).show(ui);
            let name = format::file_name(&run.dir);
            let in_folds = run.config.run.folds > 0 && run.status == Status::Finished;
            if in_folds {
                ui.label(text::dim(format!("{} folds", run.config.run.folds), palette));
            }
            // Also of one that was cut off.
            if let Some(fold) = run.config.data.fold {
                ui.label(text::dim(format!("fold {fold}"), palette));
            }
            let label = egui::Label::new(text::strong(name, palette)).truncate();
            ui.add(label).on_hover_text(format::path(&run.dir));
        });
    });
}

fn status_chip(status: Status, stopping: bool, palette: &Palette) -> Chip {
    let chip = match status {
        _ if stopping => Chip::warn("Stopping", palette),
        Status::Starting => Chip::accent("Starting", palette),
        Status::Running => Chip::accent("Running", palette),
        Status::Paused => Chip::warn("Paused", palette),
        Status::Finished => Chip::good("Finished", palette),
        Status::Stopped => Chip::neutral("Stopped", palette),
        Status::Failed => Chip::bad("Failed", palette),
        Status::Interrupted => Chip::warn("Interrupted", palette),
    };
    chip.dot()
}

/// What a run is told by: a title, a value, and what stands small beside it.
type Told = (&'static str, String, String);

fn stats_ui(ui: &mut Ui, run: &RunView, stopping: bool, cx: &Cx<'_>) {
    let palette = cx.palette;
    let stats = if run.is_all_folds() { stats_of_folds(run, cx) } else { stats(run, stopping, cx.workspace.now) };
    // As many as have room; the first ones matter most.
    let shown = ((ui.available_width() / 96.0) as usize).clamp(3, stats.len().max(3));
    // The step has the longest words: `87 000 / 100 000`.
    let unit = ui.available_width() / (shown as f32 + 0.5);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        for (title, value, note) in stats.iter().take(shown) {
            let width = if *title == "Step" { unit * 1.5 } else { unit };
            let color = (*title == "Skipped steps").then_some(palette.bad);
            stat(ui, &Stat { title, value, note, color }, width, palette);
        }
    });
}

fn stats(run: &RunView, stopping: bool, now: f64) -> Vec<Told> {
    let number = |value: Option<f64>, show: fn(f64) -> String| value.map_or_else(|| "–".into(), show);
    let of = |all: String| format!("/ {all}");
    let alone = String::new;
    let steps = if run.steps > 0 { of(format::count(run.last_step())) } else { alone() };
    let loss = run.loss.last().map(|point| point[1]);
    // While it runs the speed is that of the last steps, and then that of the whole run.
    let is_live = run.status.is_live();
    let speed = if is_live { run.tokens_per_sec.last().map(|point| point[1]) } else { run.mean_tokens_per_sec(now) };
    let steps_per_sec = if is_live { run.steps_per_sec() } else { run.mean_steps_per_sec(now) };
    let mean = || if is_live { String::new() } else { "mean".to_owned() };
    let epochs = match (run.orders.last_epoch, run.config.run.max_steps) {
        (Some(last), _) => of(last.to_string()),
        (None, Some(_)) => alone(),
        (None, None) => of(format::trimmed(run.config.run.epochs, 2)),
    };
    let (pace_title, pace) = match steps_per_sec {
        Some(pace) if pace < 1.0 => ("Seconds a step", format!("{:.1}", 1.0 / pace)),
        Some(pace) => ("Steps/s", format!("{pace:.1}")),
        None => ("Steps/s", "–".into()),
    };
    let left =
        run.remaining().map_or_else(|| if run.status.is_live() { "–".into() } else { "0:00".into() }, format::clock);
    let kept = run.best.as_ref().map_or_else(|| "–".into(), |best| format::count(best.step));
    let fold = run.fold();
    // Both are of all folds, and the steps are of one.
    let (elapsed_title, left_title) =
        if fold.is_some() { ("Elapsed in all", "Left in all") } else { ("Elapsed", "Left") };
    let mut stats = vec![
        ("Step", format::count(run.step), steps),
        ("Loss", number(loss, format::value), alone()),
        (elapsed_title, format::clock(run.elapsed(now)), alone()),
    ];
    // Whoever stops a run does not wait for its last step.
    if run.status.is_live() && !stopping {
        stats.push((left_title, left, alone()));
    }
    if run.skipped > 0 {
        stats.push(("Skipped steps", format::count(run.skipped), alone()));
    }
    stats.extend([
        ("Epoch", format!("{:.2}", run.epoch), epochs),
        ("Tokens/s", number(speed, |speed| format::count(speed.round() as u64)), mean()),
        (pace_title, pace, mean()),
        ("Best at step", kept, alone()),
    ]);
    if let Some(fold) = fold {
        stats.insert(0, ("Fold", fold.number.to_string(), of(fold.of.to_string())));
    }
    stats
}

/// All folds together have no step, no epoch and no pace.
fn stats_of_folds(run: &RunView, cx: &Cx<'_>) -> Vec<Told> {
    let folds = cx.workspace.folds_of(&run.dir);
    let done = folds.iter().filter(|(_, fold)| fold.status == RunStatus::Finished).count();
    let mut stats = vec![
        ("Folds", done.to_string(), format!("/ {}", run.config.run.folds)),
        ("Elapsed in all", format::clock(run.elapsed(cx.workspace.now)), String::new()),
    ];
    if let Some([(key, low), (_, high)]) = super::folds::ends(&folds) {
        stats.push(("Lowest fold", format::metric(&key, low), String::new()));
        stats.push(("Highest fold", format::metric(&key, high), String::new()));
    }
    stats.push(("Steps in all", format::count(run.step), String::new()));
    stats
}

fn progress_ui(ui: &mut Ui, run: &RunView, palette: &Palette) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 4.0), Sense::hover());
    let share = run.progress();
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ProgressIndicator, true, "Progress of the run");
        info.value = Some(f64::from(share));
        info
    });
    let color = match run.status {
        Status::Failed => palette.bad,
        Status::Finished => palette.good,
        Status::Paused | Status::Interrupted => palette.warn,
        _ => palette.accent,
    };
    let painter = ui.painter();
    painter.rect_filled(rect, 2.0, palette.hover);
    let done = Rect::from_min_max(rect.min, pos2(rect.left() + rect.width() * share, rect.bottom()));
    painter.rect_filled(done, 2.0, color);
    // Where the folds end, or the epochs of one run.
    let part = match run.fold() {
        Some(fold) => 1.0 / fold.of.max(1) as f32,
        None if run.is_all_folds() => 1.0,
        None => run.steps_per_epoch as f32 / run.last_step().max(1) as f32,
    };
    if (0.025..=0.5).contains(&part) {
        for share in (1..=40).map(|number| number as f32 * part) {
            if share < 0.995 {
                painter.vline(rect.left() + share * rect.width(), rect.y_range(), Stroke::new(1.5, palette.panel));
            }
        }
    }
}

fn ending_ui(ui: &mut Ui, run: &RunView, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let verdict = cx.workspace.verdict(run).filter(|_| run.status != Status::Failed);
    let color = color(run.status, verdict.as_ref(), palette);
    let fill = [(palette.bad, palette.bad_soft), (palette.warn, palette.warn_soft), (palette.good, palette.good_soft)];
    let fill = fill.into_iter().find(|(line, _)| *line == color).map_or(palette.hover, |(_, fill)| fill);
    let frame = Frame::new()
        .fill(fill.lerp_to_gamma(palette.panel, 0.4))
        .stroke(Stroke::new(1.0, color.lerp_to_gamma(palette.panel, 0.65)))
        .corner_radius(8)
        .inner_margin(Margin::symmetric(12, 10));
    let model = model_of(&run.dir);
    let is_evaluated = run.result(run.main_metric()).is_some() || run.best.is_some();
    let is_listed = cx.workspace.models.iter().any(|entry| entry.dir == model && entry.problem.is_none());
    // The runs of folds have a model each, and none is of all rows.
    let is_one_of_them = run.config.data.fold.is_some() && run.config.run.out != run.dir;
    let is_in_folds = run.config.run.folds > 0 || is_one_of_them;
    let has_result = is_listed || run.best.is_some() || (run.status != Status::Failed && is_evaluated);
    let has_model = has_result && !is_in_folds;
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.allocate_ui_with_layout(vec2(ui.available_width(), 34.0), Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let summary = cx.workspace.runs.iter().find(|known| known.dir == run.dir);
            if summary.is_some_and(|summary| summary.can_resume(cx.workspace)) {
                let tooltip = summary.map(crate::train::run::RunSummary::resume_words).unwrap_or_default();
                let button = Button::new("Resume").icon(ICON_PLAY_ARROW).enabled(cx.workspace.training.is_none());
                if button.show(ui, palette).on_hover_text(tooltip).clicked() {
                    cx.act(Action::ContinueRun(run.dir.clone()));
                }
            }
            if has_model && Button::new("Try it").primary().show(ui, palette).clicked() {
                cx.act(Action::ExploreWith(model));
            }
            if has_model || (has_result && is_evaluated) {
                let words = if is_evaluated { "See mistakes" } else { "Evaluate" };
                if Button::new(words).show(ui, palette).clicked() {
                    cx.act(Action::Go(Screen::Evaluate));
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                result_ui(ui, run, verdict.as_ref(), color, palette);
            });
        });
    });
}

/// The result against what costs nothing, or what went wrong.
fn result_ui(ui: &mut Ui, run: &RunView, verdict: Option<&Verdict>, color: Color32, palette: &Palette) {
    let key = run.main_metric();
    let reason = run.ending.as_ref().map(|ending| ending.reason.clone()).unwrap_or_default();
    let result = run.result(key).filter(|_| run.status != Status::Failed);
    let Some(result) = result else {
        let words = match run.status {
            Status::Failed => crate::ui::widgets::state::sentence(&reason),
            Status::Interrupted => "The log of this run has no ending, and nothing was evaluated".into(),
            _ if run.step == 0 => "Stopped before the first step; there are no weights yet".into(),
            _ => format!("Stopped before the first evaluation; {}", kept_words(run)),
        };
        ui.add(egui::Label::new(text::body(words, palette)).wrap());
        return;
    };
    let title = Measure::find(key).map_or(key, |measure| measure.title);
    ui.label(RichText::new(format::metric(key, result)).font(theme::number_medium(size::TITLE)).color(color));
    ui.add_space(6.0);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        let best = run.best.as_ref().map(|best| format!(" at step {}", format::count(best.step))).unwrap_or_default();
        let best = if run.is_all_folds() { " over all rows, each held out once".to_owned() } else { best };
        let ending = match run.status {
            Status::Stopped => ", stopped early",
            Status::Interrupted => ", interrupted",
            _ => "",
        };
        ui.add(egui::Label::new(text::strong(format!("{title}{best}{ending}"), palette)).truncate());
        let Some(verdict) = verdict else { return };
        let advice = verdict.advice.map_or_else(String::new, |advice| format!(". {advice}"));
        let kept = if run.status == Status::Stopped { format!("; {}", kept_words(run)) } else { String::new() };
        let words = format!("{}{kept}{advice}", verdict.words);
        ui.add(egui::Label::new(text::small(&words, palette)).truncate()).on_hover_text(words);
    });
}

/// Green is only what was clearly gained; what was stopped by hand is neither good nor bad.
fn color(status: Status, verdict: Option<&Verdict>, palette: &Palette) -> Color32 {
    match (status, verdict.map(|verdict| verdict.standing)) {
        (Status::Failed, _) => palette.bad,
        (Status::Interrupted, _) | (Status::Finished, Some(Standing::Equal | Standing::Worse)) => palette.warn,
        (Status::Finished, Some(Standing::Better)) => palette.good,
        _ => palette.text_dim,
    }
}

fn kept_words(run: &RunView) -> String {
    format!("the weights are kept in {}", format::path(&model_of(&run.dir)))
}
