//! What the actions on the hub do.

use super::App;
use crate::hub::{Hub, Keep, Keyring, Query, Repo, RepoKind, Token, TokenOrigin};
use crate::ui::Screen;
use crate::ui::action::HubAction;
use crate::ui::frame::ask::Question;
use crate::ui::workspace::hub::{Search, TOKEN_KEPT};
use crate::ui::workspace::{DownloadState, JobKind};
use crate::worker::protocol::{Command, Control, HubAsk, JobId, Setting, Wanted};

impl App {
    /// Where things come from and go to, where it is not as at first; what is remembered of it counts too.
    #[must_use]
    pub fn with_hub(mut self, hub: Hub) -> Self {
        let is_in_keyring = self.settings.token_in_keyring;
        self.workspace.hub.hub = if is_in_keyring { hub.with_keyring(Keyring::default()) } else { hub };
        self.workspace.hub.hub.offline |= self.settings.offline;
        self
    }

    pub(super) fn perform_hub(&mut self, action: HubAction, ctx: &egui::Context) {
        match action {
            HubAction::Find(kind, finds) => self.find(kind, finds),
            HubAction::Search(kind, query) => self.search(kind, query),
            HubAction::More(kind) => self.search_on(kind),
            HubAction::Look(repo) => self.look_at_repo(repo),
            HubAction::Download(wanted) => self.download(wanted),
            HubAction::Pause(wanted) => self.end_download(&wanted, DownloadState::Pausing, Control::Pause),
            HubAction::Cancel(wanted) => self.cancel_download(wanted),
            HubAction::ClearEnded => {
                let has_ended = |state: &DownloadState| matches!(state, DownloadState::Done(_));
                self.workspace.downloads.retain(|download| !has_ended(&download.state));
            }
            HubAction::ToggleDownloads => {
                self.downloads_are_open = !self.downloads_are_open;
                self.queue_is_open = false;
            }
            HubAction::SetOffline(offline) => self.set_offline(offline),
            HubAction::SetToken { token, keep } => self.set_token(token, keep),
            HubAction::ForgetToken => self.forget_token(),
            HubAction::AskAccount => {
                self.workspace.hub.account = None;
                self.ask_hub(JobKind::HubAccount, "Asking whose the token is", HubAsk::Account);
            }
            HubAction::LookAtCache => self.look_at_shelf(),
            HubAction::AskRemove(repo) => {
                let shelf = self.workspace.hub.shelf.as_ref();
                let known = shelf.and_then(|shelf| shelf.repos.iter().find(|known| known.repo == repo));
                let bytes = known.map_or(0, |known| known.bytes);
                self.question = Some(Question::RemoveRepo { repo, bytes });
            }
            HubAction::Remove(repo) => {
                let done = format!("{} removed", repo.name);
                let title = format!("Removing {}", repo.name);
                self.ask_hub(JobKind::HubDeed { done }, title, HubAsk::Remove(repo));
            }
            HubAction::OpenPage(page) => ctx.open_url(egui::OpenUrl::new_tab(page)),
        }
    }

    fn ask_hub(&mut self, kind: JobKind, title: impl Into<String>, ask: HubAsk) {
        let job = self.workspace.follow(kind, title);
        self.send_hub(job, ask);
    }

    fn send_hub(&mut self, job: JobId, ask: HubAsk) {
        let hub = Box::new(self.workspace.hub.hub.clone());
        self.send(Command::Hub { job, hub, ask });
    }

    pub(super) fn look_at_shelf(&mut self) {
        self.ask_hub(JobKind::HubShelf, "Looking through the cache", HubAsk::Shelf);
    }

    /// The run that a model would be for.
    fn setting(&self) -> Setting {
        Setting {
            config: Box::new(self.workspace.draft.clone()),
            lengths: self.workspace.data.lengths.clone(),
            limit: self.workspace.memory_limit,
        }
    }

    pub(super) fn ask_rooms(&mut self) {
        let setting = self.setting();
        self.ask_hub(JobKind::HubRooms, "Asking what fits", HubAsk::Rooms(setting));
    }

    fn find(&mut self, kind: RepoKind, finds: bool) {
        match kind {
            RepoKind::Model => {
                self.workspace.hub.finds_models = finds;
                self.workspace.screen = Screen::Model;
                if finds {
                    self.ask_rooms();
                }
            }
            RepoKind::DataSet => {
                self.workspace.hub.finds_data = finds;
                self.workspace.screen = Screen::Data;
            }
        }
    }

    fn search(&mut self, kind: RepoKind, query: Option<Query>) {
        let Some(query) = query else {
            self.workspace.drop_jobs(|known| *known == JobKind::HubSearch { kind });
            match kind {
                RepoKind::Model => self.workspace.hub.models = Search::default(),
                RepoKind::DataSet => self.workspace.hub.data_sets = Search::default(),
            }
            return;
        };
        match kind {
            RepoKind::Model => self.workspace.hub.models.begin(query.clone()),
            RepoKind::DataSet => self.workspace.hub.data_sets.begin(query.clone()),
        }
        self.ask_hub(JobKind::HubSearch { kind }, "Searching the hub", HubAsk::Search { kind, query, page: None });
    }

    fn search_on(&mut self, kind: RepoKind) {
        let hub = &self.workspace.hub;
        let (query, page) = match kind {
            RepoKind::Model => (hub.models.query.clone(), hub.models.next.clone()),
            RepoKind::DataSet => (hub.data_sets.query.clone(), hub.data_sets.next.clone()),
        };
        if let (Some(query), Some(page)) = (query, page) {
            let ask = HubAsk::Search { kind, query, page: Some(page) };
            self.ask_hub(JobKind::HubSearch { kind }, "Searching the hub", ask);
        }
    }

    fn look_at_repo(&mut self, repo: Repo) {
        self.workspace.hub.look(repo.clone());
        if self.workspace.hub.hub.offline {
            // What the list says of it is all there is to see.
            self.workspace
                .drop_jobs(|kind| matches!(kind, JobKind::HubLook { repo: other } if other.kind == repo.kind));
            return;
        }
        let setting = self.setting();
        let title = format!("Looking at {}", repo.name);
        self.ask_hub(JobKind::HubLook { repo: repo.clone() }, title, HubAsk::Look { repo, setting });
    }

    fn download(&mut self, wanted: Wanted) {
        if let Some(job) = self.workspace.begin_download(&wanted) {
            self.send_hub(job, HubAsk::Download(wanted));
        }
    }

    fn end_download(&mut self, wanted: &Wanted, until: DownloadState, control: Control) {
        if let Some(job) = self.workspace.end_download(wanted, until) {
            self.send(Command::Control { job, control });
        }
    }

    /// One that runs ends by itself; of one that does not, what arrived is thrown away.
    fn cancel_download(&mut self, wanted: Wanted) {
        match self.workspace.download(&wanted) {
            Some(download) if download.is_running() => {
                self.end_download(&wanted, DownloadState::Cancelling, Control::Stop);
            }
            Some(download) if matches!(download.state, DownloadState::Done(_)) => self.workspace.drop_download(&wanted),
            Some(_) => {
                self.workspace.drop_download(&wanted);
                let done = format!("What arrived of {} was thrown away", wanted.title());
                self.ask_hub(
                    JobKind::HubDeed { done },
                    format!("Cancelling {}", wanted.title()),
                    HubAsk::Discard(wanted),
                );
            }
            None => {}
        }
    }

    /// Whatever is under way ends, so that no connection is left.
    fn set_offline(&mut self, offline: bool) {
        self.settings.offline = offline;
        let hub = &mut self.workspace.hub.hub;
        hub.offline = offline || hub.origins.offline.is_some();
        if !hub.offline {
            return;
        }
        self.workspace.drop_jobs(JobKind::asks_hub);
        let running = self.workspace.downloads.iter().filter(|download| download.job().is_some());
        let running: Vec<Wanted> = running.map(|download| download.wanted.clone()).collect();
        for wanted in running {
            self.end_download(&wanted, DownloadState::Pausing, Control::Pause);
        }
    }

    /// It counts as typed until it was really kept.
    fn set_token(&mut self, token: Token, keep: Keep) {
        let state = &mut self.workspace.hub;
        state.hub.token = Some(token);
        state.hub.keyring = None;
        state.hub.origins.token = Some(TokenOrigin::Typed);
        state.account = None;
        if keep != Keep::Session {
            let done = TOKEN_KEPT.to_owned();
            self.ask_hub(JobKind::HubDeed { done }, "Keeping the token", HubAsk::KeepToken(keep));
        }
    }

    /// Whether the keyring is to be read another time; what holds for this session alone changes nothing of it.
    pub(super) fn remember_token(&mut self) {
        self.settings.token_in_keyring = match self.workspace.hub.hub.origins.token {
            Some(TokenOrigin::Keyring) => true,
            Some(TokenOrigin::File) | None => false,
            Some(TokenOrigin::Variable(_) | TokenOrigin::Typed) => return,
        };
    }

    fn forget_token(&mut self) {
        let kept = match self.workspace.hub.hub.origins.token {
            Some(TokenOrigin::File) => Some(Keep::File),
            Some(TokenOrigin::Keyring) => Some(Keep::Keyring),
            Some(TokenOrigin::Variable(_) | TokenOrigin::Typed) | None => None,
        };
        if let Some(kept) = kept {
            let done = "The token was forgotten".to_owned();
            self.ask_hub(JobKind::HubDeed { done }, "Forgetting the token", HubAsk::ForgetToken(kept));
        }
        let state = &mut self.workspace.hub;
        state.hub.token = None;
        state.hub.keyring = None;
        state.hub.origins.token = None;
        state.account = None;
    }
}
