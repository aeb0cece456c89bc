//! The activity bar: what is being done now with its progress, what was said last, and what a person should not miss.

use egui::{Align, Frame, Layout, Margin, Panel, Stroke, Ui, vec2};
use egui_material_icons::icons::{ICON_CLOSE, ICON_STOP, ICON_TERMINAL};

use super::{downloads, queue};
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::{Button, Chip, state, text};
use crate::ui::workspace::{Job, JobKind, Level};
use crate::ui::{Action, Cx, format};

const HEIGHT: f32 = 32.0;
/// Width of the progress of a job.
const BAR: f32 = 96.0;
/// The least width of a title or a detail that still tells something.
const LEAST: f32 = 60.0;

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
    if examples == 0 {
        return;
    }
    // What is being done and its end have the room first.
    let room = ui.available_width() - least_of_jobs(ui, cx);
    let chip_width = |ui: &Ui, words: &str| width_of(ui, words, size::SMALL) + 34.0;
    let unknown = lengths.unknown_share;
    let words = format!("{} unknown", format::percent(unknown));
    let unknown_width = chip_width(ui, &words);
    let chip = if unknown > 0.01 { Chip::warn(words, palette).dot() } else { Chip::neutral(words, palette) };
    let note = format!("{} of the tokens are not in this model's vocabulary", format::percent(unknown));
    let mut pressed = false;
    let mut rest = room;
    if unknown_width <= room {
        pressed = chip.name(&note).clickable().show(ui).on_hover_text(&note).clicked();
        rest -= unknown_width;
    }
    let (share, limit) =
        (|count: usize| format::percent(count as f64 / examples as f64), cx.workspace.draft.data.max_tokens);
    let of = |count: usize| format!("{} of {} texts", format::count(count as u64), format::count(examples as u64));
    let (words, is_cut, note) = if plan.windowed > 0 {
        let note =
            format!("{} are longer than {limit} tokens and are read in windows; nothing is cut", of(plan.windowed));
        (format!("{} in windows", share(plan.windowed)), false, note)
    } else if plan.truncated > 0 {
        let note = format!("{} are longer than {limit} tokens and lose their end", of(plan.truncated));
        (format!("{} of texts cut", share(plan.truncated)), true, note)
    } else {
        ("0 % of texts cut".to_owned(), false, format!("No text is longer than {limit} tokens"))
    };
    if chip_width(ui, &words) <= rest {
        let chip = if is_cut { Chip::warn(words, palette).dot() } else { Chip::neutral(words, palette) };
        pressed |= chip.name(&note).clickable().show(ui).on_hover_text(note).clicked();
    }
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

/// The jobs that are shown; the training is what a person waits for, so it stands first.
fn shown<'a>(cx: &Cx<'a>) -> Vec<&'a Job> {
    let mut shown: Vec<&Job> = cx.workspace.jobs.iter().filter(|job| !job.kind.is_quiet()).collect();
    shown.sort_by_key(|job| !matches!(job.kind, JobKind::Train { .. }));
    shown
}

fn width_of(ui: &Ui, words: &str, size: f32) -> f32 {
    text::width(ui, egui::RichText::new(words).font(theme::medium(size)))
}

/// What ends a job, in a word.
fn end_word(job: &Job) -> &'static str {
    match job.kind {
        _ if job.stopping => "Stopping",
        JobKind::Train { .. } => "Stop",
        _ => "Cancel",
    }
}

/// Room for the press that ends a job, with what stands around it.
fn end_width(ui: &Ui, job: &Job) -> f32 {
    width_of(ui, end_word(job), size::SMALL + 1.0) + 64.0
}

/// The least room for a job: its progress, its title and what ends it.
fn least(ui: &Ui, job: &Job) -> f32 {
    let title = width_of(ui, &job.title, size::BODY - 1.0).min(220.0);
    BAR + title + end_width(ui, job) + 24.0
}

/// The least room for all that stands at the left: the buttons of downloads and of the queue, and the first job or what
/// was said last.
fn least_of_jobs(ui: &Ui, cx: &Cx<'_>) -> f32 {
    let buttons = [!cx.workspace.downloads.is_empty(), !cx.workspace.queue.is_empty()];
    let buttons = buttons.into_iter().filter(|is_there| *is_there).count() as f32 * 140.0;
    buttons + shown(cx).first().map_or(160.0, |job| least(ui, job) + LEAST)
}

/// The jobs in progress; `false` when there are none. What ends a job is never pushed out: what it is at, its title and
/// further jobs give way first.
fn jobs_ui(ui: &mut Ui, cx: &mut Cx<'_>) -> bool {
    let shown = shown(cx);
    let rest_words = |rest: usize| format!("and {rest} more");
    let rest_width = |ui: &Ui, rest: usize| {
        if rest == 0 { 0.0 } else { width_of(ui, &rest_words(rest), size::SMALL) + 12.0 }
    };
    let needed = |ui: &Ui, most: usize| {
        let jobs: f32 = shown.iter().take(most).map(|job| least(ui, job)).sum();
        jobs + rest_width(ui, shown.len() - most)
    };
    let most = if shown.len() > 1 && needed(ui, 2) <= ui.available_width() { 2 } else { shown.len().min(1) };
    let mut actions = Vec::new();
    for (place, job) in shown.iter().take(most).enumerate() {
        let later: f32 = shown[..most].iter().skip(place + 1).map(|job| least(ui, job)).sum();
        let room = ui.available_width() - later - rest_width(ui, shown.len() - most);
        job_ui(ui, cx, job, room, &mut actions);
    }
    let rest = shown.len() - most;
    if rest > 0 && rest_width(ui, rest) <= ui.available_width() {
        ui.label(text::small(rest_words(rest), cx.palette));
    }
    cx.actions.extend(actions);
    !shown.is_empty()
}

fn job_ui(ui: &mut Ui, cx: &Cx<'_>, job: &Job, room: f32, actions: &mut Vec<Action>) {
    let palette = cx.palette;
    let run = cx.workspace.run.as_ref().filter(|_| matches!(job.kind, JobKind::Train { .. }));
    let share = run.filter(|run| run.steps > 0).map(crate::ui::workspace::RunView::progress);
    let share = share.or_else(|| job.progress.as_ref().and_then(crate::ui::workspace::Progress::share));
    let detail = match run {
        Some(_) if job.stopping => "finishing the step and saving".into(),
        Some(run) if run.steps > 0 => {
            let left = run.remaining().map_or_else(String::new, |left| format!(" · {} left", format::duration(left)));
            let paused = if job.paused { " · paused" } else { "" };
            let fold = run.fold().map_or_else(String::new, |fold| format!("fold {fold} · "));
            format!("{fold}step {} of {}{left}{paused}", format::count(run.step), format::count(run.last_step()))
        }
        _ => job.progress.as_ref().map_or_else(|| if job.begun { String::new() } else { "waiting".into() }, detail_of),
    };
    let detail = text::number_dim(detail, palette);
    let gap = ui.spacing().item_spacing.x;
    let mut rest = room - end_width(ui, job);
    if rest >= BAR + LEAST {
        state::progress(ui, palette, share, BAR);
        rest -= BAR + gap;
    }
    let title = text::elided(ui.painter(), &job.title, theme::medium(size::BODY - 1.0), palette.text, rest.max(0.0));
    rest -= title.size().x + gap;
    ui.label(title).on_hover_text(&job.title);
    let wide = text::width(ui, detail.clone());
    if wide > 0.0 && rest >= wide.min(LEAST) {
        let size = vec2(rest.min(wide + 2.0), HEIGHT);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.add(egui::Label::new(detail).truncate());
        });
    }
    let action = match job.kind {
        _ if job.stopping => None,
        JobKind::Train { .. } => Some(Action::StopRun),
        _ => Some(Action::StopJob(job.id)),
    };
    let (words, is_training) = (end_word(job), matches!(job.kind, JobKind::Train { .. }));
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

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::ui::workspace::{Progress, Workspace};

    #[test]
    fn what_ends_a_job_is_never_pushed_out() {
        let title = "Reading the rows of a file whose name alone is long enough to fill the whole of the bar";
        for width in [440.0, 620.0, 900.0] {
            let mut workspace = Workspace::new(Vec::new(), "/runs".into());
            for kind in [JobKind::ReadDataset, JobKind::OpenModel { dir: "/models/mine".into(), choose: true }] {
                let job = workspace.follow(kind, title);
                let progress = Progress { what: "reading it line by line".into(), done: 10, total: 100 };
                workspace.job_mut(job).unwrap().progress = Some(progress);
            }
            let mut harness = Harness::builder()
                .with_size(vec2(width, 80.0))
                .allow_missing_glyphs()
                .with_context_setup(crate::ui::fonts::dress)
                .build_ui(move |bar| {
                    let mut actions = Vec::new();
                    let palette = Palette::of(true);
                    ui(bar, &mut Cx { workspace: &workspace, actions: &mut actions, palette }, false);
                });
            harness.run_steps(4);
            let log = harness.get_by_label("Log").rect();
            let name = format!("Cancel {title}");
            let mut ends = 0;
            for press in harness.query_all_by_label(&name) {
                let end = press.rect();
                assert!(end.left() >= 0.0 && end.right() <= log.left(), "{width}: {end:?} beside {log:?}");
                ends += 1;
            }
            assert!(ends > 0, "{width}");
        }
    }
}
