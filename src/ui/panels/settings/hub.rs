//! The hub in Settings: whether it is asked at all, whose token is sent, and what its cache holds.

use egui::{Margin, TextEdit, Ui};
use egui_material_icons::icons::{ICON_DATABASE, ICON_DELETE, ICON_KEY, ICON_NEUROLOGY, ICON_REFRESH};

use crate::hub::{CachedRepo, Keep, RepoKind, Shelf, Token, TokenOrigin};
use crate::ui::action::HubAction;
use crate::ui::theme::{self, Palette, space};
use crate::ui::widgets::line::{left, line};
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, Card, Chip, form, text};
use crate::ui::workspace::JobKind;
use crate::ui::workspace::hub::TOKEN_KEPT;
use crate::ui::{Action, Cx, format};

/// Width of the button that uses a token.
const USE: f32 = 118.0;

/// Where a token can be kept.
const KEPT: [(Keep, &str); 3] =
    [(Keep::Session, "For this session"), (Keep::Keyring, "In the keyring"), (Keep::File, "In a file")];

const KEYRING: &str = "this system's keyring, which asks you to unlock it where it is locked; Attune reads it there \
     when the hub is first asked, and the command line does not";

/// Repositories that are shown before somebody asks for the rest.
const FIRST: usize = 8;

#[derive(Debug, Default)]
pub struct HubSettings {
    typed: String,
    keep: Keep,
    /// Where a token is just being kept.
    keeping: Option<Keep>,
    shows_all: bool,
}

impl HubSettings {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        Card::titled("Hugging Face hub").margin(16.0).show(ui, palette, |ui| {
            network_ui(ui, cx);
            self.token_ui(ui, cx);
        });
        self.cache_ui(ui, cx);
    }

    fn token_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let hub = &cx.workspace.hub.hub;
        let from = hub.origins.token.filter(|_| hub.has_token());
        let file = format::path(&hub.token_file);
        let (words, note) = match from {
            None => ("None".to_owned(), "Needed for gated and private repositories alone".to_owned()),
            Some(TokenOrigin::Variable(name)) => (format!("From {name}"), "Set in the environment".to_owned()),
            Some(TokenOrigin::File) => ("Kept in a file".to_owned(), file.clone()),
            Some(TokenOrigin::Keyring) => ("Kept in the keyring".to_owned(), format!("In {KEYRING}")),
            Some(TokenOrigin::Typed) => {
                ("Typed, forgotten when Attune ends".to_owned(), "It is kept nowhere".to_owned())
            }
        };
        form::row(ui, "Access token", &note, palette, |ui| {
            if matches!(from, Some(TokenOrigin::File | TokenOrigin::Keyring | TokenOrigin::Typed))
                && Button::new("Forget").name("Forget the token").small().show(ui, palette).clicked()
            {
                cx.act(Action::Hub(HubAction::ForgetToken));
            }
            if from.is_some() {
                let is_asking = cx.workspace.job_where(|kind| *kind == JobKind::HubAccount).is_some();
                let words = if is_asking { "Checking…" } else { "Check" };
                let check = Button::new(words).name("Check the token").small();
                if check.enabled(!is_asking && !cx.workspace.hub.hub.offline).show(ui, palette).clicked() {
                    cx.act(Action::Hub(HubAction::AskAccount));
                }
            }
            ui.label(text::body(words, palette)).on_hover_text(&note);
        });
        match &cx.workspace.hub.account {
            Some(Ok(name)) => {
                ui.horizontal(|ui| Chip::good(format!("Belongs to {name}"), palette).dot().max_width(360.0).show(ui));
            }
            Some(Err(message)) => {
                let words = crate::ui::widgets::state::sentence(message);
                ui.add(egui::Label::new(text::small(words, palette).color(palette.bad)).wrap());
            }
            None => {}
        }
        if !matches!(from, Some(TokenOrigin::Variable(_))) {
            self.field_ui(ui, cx, &file);
        }
    }

    /// Where a token could not be kept, the next one is not tried there unless it is chosen again.
    fn set_back(&mut self, cx: &Cx<'_>) {
        let is_kept = |kind: &JobKind| matches!(kind, JobKind::HubDeed { done } if done == TOKEN_KEPT);
        if cx.workspace.job_where(is_kept).is_some() {
            return;
        }
        let origin = cx.workspace.hub.hub.origins.token;
        if self.keeping.take().is_some_and(|keep| origin != Some(keep.origin())) {
            self.keep = Keep::Session;
        }
    }

    fn field_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, file: &str) {
        let palette = cx.palette;
        self.set_back(cx);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            let field = TextEdit::singleline(&mut self.typed)
                .password(true)
                .hint_text(egui::RichText::new("Paste a token, such as hf_…").color(palette.text_faint))
                .margin(Margin::symmetric(8, 6))
                .desired_width((ui.available_width() - USE - space::XS).max(80.0));
            ui.add(field).accessible_name("Access token");
            let token = Token::new(&self.typed);
            let button = Button::new("Use token").icon(ICON_KEY).min_width(USE).enabled(token.is_some());
            let button = button.show(ui, palette);
            if let Some(token) = token.filter(|_| button.clicked()) {
                self.typed.clear();
                cx.act(Action::Hub(HubAction::SetToken { token, keep: self.keep }));
                self.keeping = Some(self.keep);
            }
        });
        if !self.typed.is_empty() && Token::new(&self.typed).is_none() {
            ui.label(text::small("A token has letters, digits and signs, and no blanks", palette).color(palette.bad));
        }
        let hint = match self.keep {
            Keep::Session => "The next token is forgotten when Attune ends".to_owned(),
            Keep::Keyring => format!("The next token is written to {KEYRING}"),
            Keep::File => format!(
                "The next token is written to {file}, where the hub's own tools look for it too; only you can read that file"
            ),
        };
        form::row(ui, "Keep the token", &hint, palette, |ui| {
            if let Some(keep) = segmented(ui, palette, self.keep, &KEPT, false) {
                self.keep = keep;
            }
        });
        ui.add(egui::Label::new(text::small(hint, palette)).wrap());
    }

    fn cache_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let shelf = cx.workspace.hub.shelf.clone();
        let all: u64 = shelf.iter().flat_map(|shelf| &shelf.repos).map(|known| known.bytes).sum();
        Card::titled("Downloaded").note(format::bytes(all)).margin(16.0).show(ui, palette, |ui| {
            let hub = &cx.workspace.hub.hub;
            let by = hub.origins.cache.map_or(String::new(), |name| format!(", as {name} says"));
            let words = format!("Shared with Python's tools{by}; what is removed here is gone for them too");
            ui.add(egui::Label::new(text::dim(words, palette)).wrap());
            line(ui, 24.0, |ui| {
                if Button::icon_only(ICON_REFRESH, "Look through the cache again").small().show(ui, palette).clicked() {
                    cx.act(Action::Hub(HubAction::LookAtCache));
                }
                if let Some(free) = shelf.as_ref().and_then(|shelf| shelf.free_bytes) {
                    ui.label(text::small(format!("{} free", format::bytes(free)), palette));
                }
                left(ui, |ui| {
                    let path = format::path(&cx.workspace.hub.hub.cache);
                    ui.add(egui::Label::new(text::number(path, palette)).truncate());
                });
            });
            let Some(shelf) = shelf else { return };
            self.repos_ui(ui, cx, &shelf);
        });
    }

    fn repos_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, shelf: &Shelf) {
        let palette = cx.palette;
        if shelf.repos.is_empty() {
            ui.label(text::dim("Nothing was downloaded yet", palette));
        }
        let most = if self.shows_all { shelf.repos.len() } else { FIRST };
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for known in shelf.repos.iter().take(most) {
                repo_ui(ui, cx, known);
            }
        });
        if shelf.repos.len() > most {
            let words = format!("Show all {}", shelf.repos.len());
            self.shows_all = Button::new(words).quiet().small().show(ui, palette).clicked();
        }
    }
}

fn network_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let hub = &cx.workspace.hub.hub;
    let by = hub.origins.offline;
    let hint = "Nothing is asked of anybody: no search and no download";
    let (mut offline, server, by_server) = (hub.offline, hub.endpoint.clone(), hub.origins.endpoint);
    let note = by.map_or(String::new(), |name| format!("{name} is set in the environment"));
    form::row(ui, "Offline", hint, palette, |ui| {
        let toggled = ui.add_enabled_ui(by.is_none(), |ui| form::toggle(ui, "Offline", &mut offline, palette)).inner;
        if toggled.changed() {
            cx.act(Action::Hub(HubAction::SetOffline(offline)));
        }
        note_ui(ui, &note, palette);
    });
    form::row(ui, "Server", "", palette, |ui| {
        ui.add(egui::Label::new(text::number(server, palette)).truncate());
        if let Some(name) = by_server {
            note_ui(ui, &format!("by {name}"), palette);
        }
    });
}

fn note_ui(ui: &mut Ui, words: &str, palette: &Palette) {
    if !words.is_empty() {
        ui.label(text::faint(words, palette));
    }
}

fn repo_ui(ui: &mut Ui, cx: &mut Cx<'_>, known: &CachedRepo) {
    let palette = cx.palette;
    let repo = &known.repo;
    let is_coming =
        cx.workspace.downloads.iter().any(|download| download.wanted.repo == *repo && download.is_running());
    let is_used = cx.workspace.is_in_use(repo);
    line(ui, 26.0, |ui| {
        let remove = Button::icon_only(ICON_DELETE, format!("Remove {}", repo.name)).small();
        if remove.enabled(!is_coming && !is_used).show(ui, palette).clicked() {
            cx.act(Action::Hub(HubAction::AskRemove(repo.clone())));
        }
        ui.label(text::number_dim(format::bytes(known.bytes), palette));
        if is_used {
            Chip::good("In use", palette).show(ui);
        }
        if is_coming {
            Chip::neutral("Downloading", palette).show(ui);
        }
        left(ui, |ui| {
            let icon = if repo.kind == RepoKind::Model { ICON_NEUROLOGY } else { ICON_DATABASE };
            ui.label(theme::icon(icon, 15.0).color(palette.text_faint));
            ui.add(egui::Label::new(text::body(&repo.name, palette)).truncate());
        });
    });
}
