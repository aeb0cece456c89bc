//! The activity bar: what is being done now with its progress, what was said last, and what a person should not miss.

use egui::{Align, Frame, Layout, Margin, Panel, Stroke, Ui, vec2};
use egui_material_icons::icons::{ICON_CLOSE, ICON_STOP, ICON_TERMINAL};

use super::{downloads, queue};
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::{Button, Chip, state, text};
use crate::ui::workspace::{Job, JobKind, Level};
use crate::ui::{Action, Cx, format};

const HEIGHT: f32 = 32.0;

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, dialog_open: bool) {
    let palette = cx.palette;
    let frame = Frame::new().fill(palette.panel).inner_margin(Margin::symmetric(12, 0));
    let panel = Panel::bottom("activity bar").exact_size(HEIGHT).resizable(false).show_separator_line(false);
    panel.frame(frame).show(ui, |ui| {
        let line = ui.max_rect().expand2(vec2(12.0, 0.0));
        ui.painter().hline(line.x_range(), line.top() + 0.5, Stroke::new(1.0, palette.line));
        ui.horizontal_centered(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                log_button_ui(ui, cx);
                read_ui(ui, cx);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    downloads::button_ui(ui, cx);
                    queue::button_ui(ui, cx);
                    if dialog_open {
                        dialog_ui(ui, cx);
                    } else if !jobs_ui(ui, cx) {
                        last_message_ui(ui, cx);
                    }
                });
            });
        });
    });
}

fn log_button_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let errors = cx.workspace.log.iter().filter(|line| line.level == Level::Error).count();
    let label =
        if errors == 0 { "Log".into() } else { format!("Log · {}", format::plural(errors as u64, "error", "errors")) };
    let button = Button::new(label).name("Log").icon(ICON_TERMINAL).quiet().small();
    if button.show(ui, cx.palette).on_hover_text(Action::ToggleLog.tooltip()).clicked() {
        cx.act(Action::ToggleLog);
    }
}

/// Cut texts lose what stands at their end, and unknown words all they say, in silence, unless it is said here: always,
/// for the chosen model and limit.
fn read_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let (Some(plan), Some(lengths)) = (&cx.workspace.plan, &cx.workspace.data.lengths) else { return };
    let examples = plan.train_examples + plan.eval_examples;
    if examples == 0 || ui.available_width() < 260.0 {
        return;
    }
    let unknown = lengths.unknown_share;
    let words = format!("{} unknown", format::percent(unknown));
    let chip = if unknown > 0.01 { Chip::warn(words, palette).dot() } else { Chip::neutral(words, palette) };
    let note = format!("{} of the tokens are not in this model's vocabulary", format::percent(unknown));
    let mut pressed = chip.name(&note).clickable().show(ui).on_hover_text(&note).clicked();
    let (share, limit) =
        (|count: usize| format::percent(count as f64 / examples as f64), cx.workspace.draft.data.max_tokens);
    let of = |count: usize| format!("{} of {} texts", format::count(count as u64), format::count(examples as u64));
    let (chip, note) = if plan.windowed > 0 {
        let note =
            format!("{} are longer than {limit} tokens and are read in windows; nothing is cut", of(plan.windowed));
        (Chip::neutral(format!("{} in windows", share(plan.windowed)), palette), note)
    } else if plan.truncated > 0 {
        let note = format!("{} are longer than {limit} tokens and lose their end", of(plan.truncated));
        (Chip::warn(format!("{} of texts cut", share(plan.truncated)), palette).dot(), note)
    } else {
        (Chip::neutral("0 % of texts cut", palette), format!("No text is longer than {limit} tokens"))
    };
    pressed |= chip.name(&note).clickable().show(ui).on_hover_text(note).clicked();
    if pressed {
        cx.act(Action::Go(crate::ui::Screen::Data));
    }
}

fn dialog_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    state::loading(ui, cx.palette, "Waiting for the file dialog", None);
    if Button::new("Cancel waiting").quiet().small().show(ui, cx.palette).clicked() {
        cx.act(Action::CancelDialog);
    }
}

/// The jobs in progress; `false` when there are none.
fn jobs_ui(ui: &mut Ui, cx: &mut Cx<'_>) -> bool {
    let shown: Vec<&Job> = cx.workspace.jobs.iter().filter(|job| !job.kind.is_quiet()).collect();
    let most = if ui.available_width() > 700.0 { 2 } else { 1 };
    // The training is what a person waits for, so it stands first.
    let mut ordered = shown.clone();
    ordered.sort_by_key(|job| !matches!(job.kind, JobKind::Train { .. }));
    let mut actions = Vec::new();
    for job in ordered.iter().take(most) {
        job_ui(ui, cx, job, &mut actions);
    }
    if shown.len() > most {
        ui.label(text::small(format!("and {} more", shown.len() - most), cx.palette));
    }
    cx.actions.extend(actions);
    !shown.is_empty()
}

fn job_ui(ui: &mut Ui, cx: &Cx<'_>, job: &Job, actions: &mut Vec<Action>) {
    let palette = cx.palette;
    let run = cx.workspace.run.as_ref().filter(|_| matches!(job.kind, JobKind::Train { .. }));
    let share = run.filter(|run| run.steps > 0).map(crate::ui::workspace::RunView::progress);
    let share = share.or_else(|| job.progress.as_ref().and_then(crate::ui::workspace::Progress::share));
    state::progress(ui, palette, share, 96.0);
    ui.label(egui::RichText::new(&job.title).font(theme::medium(size::BODY - 1.0)).color(palette.text));
    let detail = match run {
        Some(_) if job.stopping => "finishing the step and saving".into(),
        Some(run) if run.steps > 0 => {
            let left = run.remaining().map_or_else(String::new, |left| format!(" · {} left", format::duration(left)));
            let paused = if job.paused { " · paused" } else { "" };
            let fold = run.fold().map_or_else(String::new, |fold| format!("fold {fold} · "));
            format!("{fold}step {} of {}{left}{paused}", format::count(run.step), format::count(run.steps))
        }
        _ => job.progress.as_ref().map_or_else(|| if job.begun { String::new() } else { "waiting".into() }, detail_of),
    };
    ui.label(text::number_dim(detail, palette));
    let is_training = matches!(job.kind, JobKind::Train { .. });
    let (words, action) = if job.stopping {
        ("Stopping", None)
    } else if is_training {
        ("Stop", Some(Action::StopRun))
    } else {
        ("Cancel", Some(Action::StopJob(job.id)))
    };
    let icon = if is_training { ICON_STOP } else { ICON_CLOSE };
    let button = Button::new(words).name(format!("{words} {}", job.title)).icon(icon).quiet().small();
    if button.enabled(action.is_some()).show(ui, palette).clicked() {
        actions.extend(action);
    }
}

fn detail_of(progress: &crate::ui::workspace::Progress) -> String {
    match progress.total {
        0 => progress.what.clone(),
        total => format!("{} {} of {}", progress.what, format::count(progress.done), format::count(total)),
    }
}

fn last_message_ui(ui: &mut Ui, cx: &Cx<'_>) {
    let palette = cx.palette;
    let Some(last) = cx.workspace.log.last() else {
        ui.label(text::faint("Ready", palette));
        return;
    };
    let color = level_color(last.level, palette);
    let (rect, _) = ui.allocate_exact_size(vec2(8.0, 8.0), egui::Sense::hover());
    ui.painter().circle_filled(rect.center(), 3.0, color);
    let text = egui::RichText::new(last.brief.as_ref().unwrap_or(&last.text)).font(theme::regular(size::BODY - 1.0));
    ui.add(egui::Label::new(text.color(palette.text_dim)).truncate());
}

pub fn level_color(level: Level, palette: &Palette) -> egui::Color32 {
    match level {
        Level::Info => palette.text_faint,
        Level::Good => palette.good,
        Level::Warning => palette.warn,
        Level::Error => palette.bad,
    }
}
