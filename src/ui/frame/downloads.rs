//! The downloads: a list above the activity bar that stays open wherever a person goes, and the button that opens it.

use egui::{Align2, Area, CornerRadius, Frame, Margin, Order, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, vec2};
use egui_material_icons::icons::{
    ICON_CLOSE, ICON_CLOUD_OFF, ICON_DOWNLOAD, ICON_DOWNLOAD_DONE, ICON_PAUSE, ICON_PLAY_ARROW, ICON_REPLAY,
};

use super::rail;
use crate::hub::{Doing, RepoKind};
use crate::ui::action::HubAction;
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::widgets::line::{left, line};
use crate::ui::widgets::{Button, divider, state, text};
use crate::ui::workspace::{Download, DownloadState};
use crate::ui::{Action, Cx, format};

const WIDTH: f32 = 440.0;

/// The button in the activity bar: how many there are and how far they are together. Without any there is none.
pub fn button_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let all = &cx.workspace.downloads;
    if all.is_empty() {
        return;
    }
    let running: Vec<&Download> = all.iter().filter(|download| download.is_running()).collect();
    let (words, color) = summary(all, &running, palette);
    let galley = ui.painter().layout_no_wrap(words.clone(), theme::medium(size::BODY - 1.0), color);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 34.0, 24.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Downloads: {words}")));
    let over = response.hovered() || response.has_focus();
    ui.painter().rect_filled(
        rect,
        CornerRadius::same(space::RADIUS),
        if over { palette.hover } else { palette.raised },
    );
    let icon = if running.is_empty() { ICON_DOWNLOAD_DONE } else { ICON_DOWNLOAD };
    let font = egui::FontId::new(15.0, icon.font_family());
    let at = rect.left_center() + vec2(14.0, 0.0);
    ui.painter().text(at, Align2::CENTER_CENTER, icon.codepoint, font, color);
    ui.painter().galley(rect.left_center() + vec2(25.0, -galley.size().y / 2.0), galley, color);
    if response.on_hover_text("Show the downloads").clicked() {
        cx.act(Action::Hub(HubAction::ToggleDownloads));
    }
}

fn summary(all: &[Download], running: &[&Download], palette: &Palette) -> (String, egui::Color32) {
    if let [first, more @ ..] = running {
        let (done, bytes) = running.iter().fold((0, 0), |(done, bytes), download| {
            (done + download.progress.bytes_done, bytes + download.progress.bytes)
        });
        let share = (bytes > 0).then(|| format!(" · {:.0} %", done as f64 / bytes as f64 * 100.0));
        let name = first.wanted.repo.name.rsplit('/').next().unwrap_or_default();
        let what = if more.is_empty() { text::short_name(name, 22) } else { format!("{} downloads", running.len()) };
        return (format!("{what}{}", share.unwrap_or_default()), palette.text);
    }
    let count = |is_it: fn(&DownloadState) -> bool| all.iter().filter(|download| is_it(&download.state)).count() as u64;
    let failed = count(|state| matches!(state, DownloadState::Failed(_)));
    let paused = count(|state| matches!(state, DownloadState::Paused));
    if failed > 0 {
        (format!("{failed} failed"), palette.bad)
    } else if paused > 0 {
        (format!("{paused} unfinished"), palette.text_dim)
    } else {
        (format!("{} done", all.len()), palette.text_dim)
    }
}

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let frame = Frame::new()
        .fill(palette.panel)
        .stroke(Stroke::new(1.0, palette.line.lerp_to_gamma(palette.text_faint, 0.3)))
        .corner_radius(CornerRadius::same(10))
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(Margin::symmetric(14, 10));
    let place = Area::new(egui::Id::unique("downloads")).order(Order::Foreground);
    place.anchor(Align2::LEFT_BOTTOM, vec2(rail::WIDTH + 10.0, -40.0)).show(ui.ctx(), |ui| {
        frame.show(ui, |ui| {
            ui.set_width(WIDTH);
            ui.spacing_mut().item_spacing.y = space::S;
            head_ui(ui, cx);
            if cx.workspace.downloads.is_empty() {
                ui.label(text::dim("Nothing was downloaded yet", palette));
                return;
            }
            let room = ui.ctx().content_rect().height() * 0.55;
            ScrollArea::vertical().max_height(room).auto_shrink([false, true]).show(ui, |ui| {
                ui.set_width(WIDTH - 6.0);
                for (place, download) in cx.workspace.downloads.iter().enumerate() {
                    if place > 0 {
                        divider(ui, palette);
                    }
                    row_ui(ui, cx.palette, download, cx.workspace.hub.hub.offline, cx.actions);
                }
            });
        });
    });
}

fn head_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    line(ui, 24.0, |ui| {
        if Button::icon_only(ICON_CLOSE, "Close the downloads").small().show(ui, palette).clicked() {
            cx.act(Action::Hub(HubAction::ToggleDownloads));
        }
        if cx.workspace.downloads.iter().any(|download| matches!(download.state, DownloadState::Done(_))) {
            let clear = Button::new("Clear the finished").quiet().small().show(ui, palette);
            if clear.clicked() {
                cx.act(Action::Hub(HubAction::ClearEnded));
            }
        }
        left(ui, |ui| {
            ui.label(text::strong("Downloads", palette));
            if cx.workspace.hub.hub.offline {
                ui.label(theme::icon(ICON_CLOUD_OFF, 15.0).color(palette.warn));
                ui.label(text::small("Offline", palette));
            }
        });
    });
}

fn row_ui(ui: &mut Ui, palette: &Palette, download: &Download, offline: bool, actions: &mut Vec<Action>) {
    let title = download.wanted.title();
    ui.spacing_mut().item_spacing.y = space::XS;
    line(ui, 24.0, |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        actions.extend(buttons_ui(ui, palette, download, &title, offline));
        left(ui, |ui| {
            let font = theme::semibold(size::BODY - 0.5);
            let shown = text::middle(ui.painter(), &title, font.clone(), ui.available_width() - 8.0);
            ui.label(egui::RichText::new(shown).font(font).color(palette.text)).on_hover_text(&title);
        });
    });
    progress_ui(ui, palette, download);
}

/// How far it is: a bar until it is done, and words.
pub fn progress_ui(ui: &mut Ui, palette: &Palette, download: &Download) {
    if !matches!(download.state, DownloadState::Done(_)) {
        let width = ui.available_width();
        bar_ui(ui, palette, download, width);
    }
    let (words, color) = told(download, palette);
    let words = egui::RichText::new(words).font(theme::number(size::SMALL)).color(color);
    ui.add(egui::Label::new(words).wrap());
}

/// How far it is, in a colour that says how it goes.
fn bar_ui(ui: &mut Ui, palette: &Palette, download: &Download, width: f32) {
    if download.is_running() {
        state::progress(ui, palette, download.share(), width);
        return;
    }
    let (rect, _) = ui.allocate_exact_size(vec2(width, 14.0), Sense::hover());
    let bar = egui::Rect::from_center_size(rect.center(), vec2(width, 4.0));
    ui.painter().rect_filled(bar, 2.0, palette.hover);
    let color = if matches!(download.state, DownloadState::Failed(_)) { palette.bad } else { palette.text_faint };
    let filled = vec2(width * download.share().unwrap_or(0.0).clamp(0.0, 1.0), 4.0);
    ui.painter().rect_filled(egui::Rect::from_min_size(bar.min, filled), 2.0, color);
}

/// What can be done with it now.
fn buttons_ui(ui: &mut Ui, palette: &Palette, download: &Download, title: &str, offline: bool) -> Option<Action> {
    let wanted = &download.wanted;
    let small = |icon, words: &str| Button::icon_only(icon, format!("{words} {title}")).small();
    let mut action = None;
    match &download.state {
        DownloadState::Running(_) => {
            if small(ICON_CLOSE, "Cancel").show(ui, palette).clicked() {
                action = Some(HubAction::Cancel(wanted.clone()));
            }
            if small(ICON_PAUSE, "Pause").show(ui, palette).clicked() {
                action = Some(HubAction::Pause(wanted.clone()));
            }
        }
        DownloadState::Pausing | DownloadState::Cancelling => {}
        DownloadState::Paused | DownloadState::Failed(_) => {
            if small(ICON_CLOSE, "Cancel").show(ui, palette).clicked() {
                action = Some(HubAction::Cancel(wanted.clone()));
            }
            let has_failed = matches!(download.state, DownloadState::Failed(_));
            let (icon, words) = if has_failed { (ICON_REPLAY, "Try again") } else { (ICON_PLAY_ARROW, "Resume") };
            if small(icon, words).enabled(!offline).show(ui, palette).clicked() {
                action = Some(HubAction::Download(wanted.clone()));
            }
        }
        DownloadState::Done(path) => {
            let (words, open) = match wanted.repo.kind {
                RepoKind::Model => ("Use", Action::OpenModel(path.clone())),
                RepoKind::DataSet => ("Open", Action::OpenData(path.into())),
            };
            if Button::new(words).name(format!("{words} {title}")).small().show(ui, palette).clicked() {
                return Some(open);
            }
        }
    }
    action.map(Action::Hub)
}

/// How a download goes, in one line.
fn told(download: &Download, palette: &Palette) -> (String, egui::Color32) {
    let progress = &download.progress;
    let (done, all) = (format::bytes(progress.bytes_done), format::bytes(progress.bytes));
    let so_far = if progress.bytes > 0 { format!("{done} of {all}") } else { String::new() };
    let dim = palette.text_dim;
    match &download.state {
        DownloadState::Pausing => ("Pausing".into(), dim),
        DownloadState::Cancelling => ("Cancelling".into(), dim),
        DownloadState::Paused if download.is_earlier => (joined(&["From an earlier session", &so_far]), dim),
        DownloadState::Paused => (joined(&["Paused", &so_far]), dim),
        DownloadState::Failed(trouble) => (state::sentence(&trouble.message), palette.bad),
        DownloadState::Done(_) => {
            (joined(&["On this machine", if progress.bytes > 0 { &all } else { "" }]), palette.good)
        }
        DownloadState::Running(_) => match &progress.doing {
            Doing::Listing => ("Asking which files there are".into(), dim),
            Doing::Checking => (joined(&[&so_far, &format!("checking {}", progress.file)]), dim),
            Doing::WaitingForOther => ("Another program fetches it too; waiting for that".into(), dim),
            Doing::WaitingToRetry { secs, reason } => (format!("Trying again in {secs} s: {reason}"), palette.warn),
            Doing::Fetching => {
                let speed = progress.bytes_per_sec.map_or(String::new(), format::speed);
                let left = progress.secs_left.map_or(String::new(), |secs| format!("{} left", format::duration(secs)));
                (joined(&[&so_far, &speed, &left]), dim)
            }
        },
    }
}

fn joined(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::hub::{Progress, Remedy, Repo};
    use crate::ui::workspace::Trouble;
    use crate::worker::protocol::{JobId, Wanted};

    fn download(state: DownloadState, doing: Doing) -> Download {
        let progress = Progress {
            doing,
            file: "model.safetensors".into(),
            bytes_done: 132_000_000,
            bytes: 440_000_000,
            bytes_per_sec: Some(12.4e6),
            secs_left: Some(24.8),
            ..Progress::default()
        };
        let wanted = Wanted::model(Repo::new(RepoKind::Model, "owner/tiny").unwrap());
        Download { wanted, state, progress, is_earlier: false }
    }

    #[test]
    fn how_a_download_goes_is_said_in_a_line() {
        let palette = &theme::DARK;
        let running = || DownloadState::Running(JobId(1));
        let trouble = Trouble { message: "cannot connect".into(), remedy: Remedy::TryAgain };
        for (state, doing, words) in [
            (running(), Doing::Fetching, "132 MB of 440 MB · 12.4 MB/s · 25 s left"),
            (running(), Doing::Listing, "Asking which files there are"),
            (running(), Doing::Checking, "132 MB of 440 MB · checking model.safetensors"),
            (running(), Doing::WaitingToRetry { secs: 3, reason: "it broke".into() }, "Trying again in 3 s: it broke"),
            (DownloadState::Paused, Doing::Fetching, "Paused · 132 MB of 440 MB"),
            (DownloadState::Failed(trouble), Doing::Fetching, "Cannot connect"),
            (DownloadState::Done(PathBuf::new()), Doing::Checking, "On this machine · 440 MB"),
        ] {
            assert_eq!(told(&download(state, doing), palette).0, words);
        }
    }

    #[test]
    fn several_downloads_are_one_summary() {
        let palette = &theme::DARK;
        let of = |states: Vec<DownloadState>| {
            let all: Vec<Download> = states.into_iter().map(|state| download(state, Doing::Fetching)).collect();
            let running: Vec<&Download> = all.iter().filter(|download| download.is_running()).collect();
            summary(&all, &running, palette).0
        };
        let running = || DownloadState::Running(JobId(1));
        assert_eq!(of(vec![running(), DownloadState::Paused]), "tiny · 30 %");
        assert_eq!(of(vec![running(), running()]), "2 downloads · 30 %");
        assert_eq!(of(vec![DownloadState::Paused, DownloadState::Done(PathBuf::new())]), "1 unfinished");
        let trouble = Trouble { message: "x".into(), remedy: Remedy::None };
        assert_eq!(of(vec![DownloadState::Failed(trouble), DownloadState::Paused]), "1 failed");
        assert_eq!(of(vec![DownloadState::Done(PathBuf::new())]), "1 done");
    }
}
