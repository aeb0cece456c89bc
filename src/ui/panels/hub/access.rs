//! What stands between a person and something on the hub: no network, no permission, or an error; each with what to do.

use egui::{CornerRadius, Frame, Margin, Stroke, Ui};
use egui_material_icons::icons::{ICON_CLOUD_OFF, ICON_KEY, ICON_OPEN_IN_NEW, ICON_REPLAY};

use crate::hub::{Access, Remedy, Repo};
use crate::ui::action::HubAction;
use crate::ui::theme::{self, Palette, space};
use crate::ui::widgets::{Button, Chip, state, text};
use crate::ui::workspace::Trouble;
use crate::ui::{Action, Cx, Screen};

/// That nothing is asked of anybody, and the switch where it is Attune's own.
pub fn offline_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let by = cx.workspace.hub.hub.origins.offline;
    let frame = Frame::new()
        .fill(palette.raised)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(8))
        .inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(theme::icon(ICON_CLOUD_OFF, 18.0).color(palette.text_dim));
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                ui.label(text::strong("Offline", palette));
                let words = by.map_or_else(
                    || "What Attune knows by itself is shown; nothing is asked of the hub".to_owned(),
                    |name| format!("{name} is set in the environment, so nothing is asked of the hub"),
                );
                ui.add(egui::Label::new(text::small(words, palette)).wrap());
                remedy_ui(ui, cx, &Remedy::GoOnline);
            });
        });
    });
}

/// Who may fetch it, where not everybody may.
pub fn access_chip(ui: &mut Ui, palette: &Palette, access: Access) {
    let words = match access {
        Access::Open => return,
        Access::Private => "Private",
        Access::Gated | Access::GatedByHand => "Gated",
    };
    Chip::warn(words, palette).dot().show(ui);
}

/// An error with what can be done about it; `again` is what was tried.
pub fn trouble_ui(ui: &mut Ui, cx: &mut Cx<'_>, title: &str, trouble: &Trouble, again: HubAction) {
    let palette = cx.palette;
    let mut action = None;
    let next = |ui: &mut Ui| {
        ui.add_space(space::XS);
        ui.horizontal(|ui| {
            if trouble.remedy != Remedy::None && trouble.remedy != Remedy::GoOnline {
                let button = Button::new("Try again").icon(ICON_REPLAY).small();
                if button.show(ui, palette).clicked() {
                    action = Some(Action::Hub(again));
                }
            }
            remedy_ui(ui, cx, &trouble.remedy);
        });
    };
    // Consent that is asked for is no failure.
    if let Remedy::AcceptLicence { .. } = trouble.remedy {
        state::warning(ui, palette, "Its owner asks for consent", &trouble.message, next);
    } else {
        state::error(ui, palette, title, &trouble.message, next);
    }
    cx.actions.extend(action);
}

fn remedy_ui(ui: &mut Ui, cx: &mut Cx<'_>, remedy: &Remedy) {
    let palette = cx.palette;
    match remedy {
        Remedy::None | Remedy::TryAgain => {}
        Remedy::GoOnline => {
            let is_own = cx.workspace.hub.hub.origins.offline.is_none();
            if is_own && Button::new("Go online").small().show(ui, palette).clicked() {
                cx.act(Action::Hub(HubAction::SetOffline(false)));
            }
        }
        Remedy::Token => token_ui(ui, cx),
        Remedy::AcceptLicence { page } => {
            if Button::new("Open its page").icon(ICON_OPEN_IN_NEW).small().show(ui, palette).clicked() {
                cx.act(Action::Hub(HubAction::OpenPage(page.clone())));
            }
            token_ui(ui, cx);
        }
        Remedy::MakeRoom => {
            if Button::new("See what the cache holds").small().show(ui, palette).clicked() {
                cx.act(Action::Go(Screen::Settings));
            }
        }
    }
}

fn token_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let words = if cx.workspace.hub.hub.has_token() { "See the token" } else { "Set a token" };
    if Button::new(words).icon(ICON_KEY).small().show(ui, cx.palette).clicked() {
        cx.act(Action::Go(Screen::Settings));
    }
}

/// Who may read it, where that is not everybody, and the way there.
pub fn access_ui(ui: &mut Ui, cx: &mut Cx<'_>, repo: &Repo, access: Access) {
    let has_token = cx.workspace.hub.hub.has_token();
    let (title, words) = match access {
        Access::Open => return,
        Access::Gated => ("Its owner asks for consent", "Accept its licence on its page; then it can be downloaded"),
        Access::GatedByHand => {
            ("Its owner lets people in by hand", "Ask on its page; when you are let in, it can be downloaded")
        }
        Access::Private => ("It is private", "It can be downloaded with a token of an account that may read it"),
    };
    let token =
        if has_token { "with the account that your token belongs to" } else { "and set a token of that account" };
    let words = if access == Access::Private { words.to_owned() } else { format!("{words}, {token}") };
    let page = cx.workspace.hub.hub.page_of(repo);
    state::warning(ui, cx.palette, title, &words, |ui| {
        ui.add_space(space::XS);
        ui.horizontal(|ui| remedy_ui(ui, cx, &Remedy::AcceptLicence { page }));
    });
}
