//! The card of a repository, as its owner wrote it.

use egui::Ui;

use crate::hub::{self, Repo, RepoKind};
use crate::ui::action::HubAction;
use crate::ui::widgets::markdown::markdown;
use crate::ui::widgets::{Button, Card, state, text};
use crate::ui::workspace::CardState;
use crate::ui::{Action, Cx};

/// Blocks that are drawn before somebody asks for the rest: a card may be a book.
const FIRST: usize = 120;

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, repo: &Repo, card: &CardState, is_looking: bool) {
    let palette = cx.palette;
    let title = if repo.kind == RepoKind::Model { "Model card" } else { "Data set card" };
    match card {
        CardState::Unknown if is_looking => state::loading(ui, palette, "Fetching its card", None),
        CardState::Unknown => {}
        CardState::Absent => {
            Card::titled(title).show(ui, palette, |ui| ui.label(text::dim("It has none", palette)));
        }
        CardState::There(card) => {
            let pressed = Card::titled(title).margin(16.0).show(ui, palette, |ui| text_ui(ui, cx, repo, card)).inner;
            if let Some(link) = pressed.and_then(|link| address(cx, repo, &link)) {
                cx.act(Action::Hub(HubAction::OpenPage(link)));
            }
        }
    }
}

fn text_ui(ui: &mut Ui, cx: &Cx<'_>, repo: &Repo, card: &hub::Card) -> Option<String> {
    let palette = cx.palette;
    if card.blocks.is_empty() {
        ui.label(text::dim("It says nothing", palette));
        return None;
    }
    // Lines much longer than this are hard to read.
    ui.set_max_width(ui.available_width().min(760.0));
    let id = ui.make_persistent_id(("whole card", &repo.name));
    let is_whole = card.blocks.len() <= FIRST || ui.data(|data| data.get_temp::<bool>(id)).unwrap_or(false);
    let shown = if is_whole { card.blocks.len() } else { FIRST };
    let pressed = markdown(ui, palette, &card.blocks[..shown]);
    if !is_whole && Button::new("Show the rest of the card").show(ui, palette).clicked() {
        ui.data_mut(|data| data.insert_temp(id, true));
    }
    pressed
}

/// Where a link of a card leads: to the web, or to a file beside the card. A mark within the card leads nowhere.
fn address(cx: &Cx<'_>, repo: &Repo, link: &str) -> Option<String> {
    let hub = &cx.workspace.hub.hub;
    if link.starts_with("https://") || link.starts_with("http://") {
        return Some(link.to_owned());
    }
    if link.starts_with('#') || link.contains(':') {
        return None;
    }
    match link.strip_prefix('/') {
        Some(path) => Some(format!("{}/{path}", hub.endpoint)),
        None => Some(format!("{}/blob/main/{}", hub.page_of(repo), link.trim_start_matches("./"))),
    }
}
