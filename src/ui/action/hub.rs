//! What a person can do about the hub: looking for models and data sets, fetching them, and keeping order in its cache.

use crate::hub::{Keep, Query, Repo, RepoKind, Token};
use crate::worker::protocol::Wanted;

#[derive(Clone, Debug, PartialEq)]
pub enum HubAction {
    /// Shows what is on the hub in place of what is here, or what is here again.
    Find(RepoKind, bool),
    /// Searches, or shows what is suggested again.
    Search(RepoKind, Option<Query>),
    /// The next page of what was searched.
    More(RepoKind),
    Look(Repo),
    /// Begins a download, or goes on with one.
    Download(Wanted),
    Pause(Wanted),
    /// Ends a download and throws away what arrived.
    Cancel(Wanted),
    /// Shows those that have ended no longer.
    ClearEnded,
    ToggleDownloads,
    SetOffline(bool),
    SetToken {
        token: Token,
        keep: Keep,
    },
    ForgetToken,
    /// Whose the token is.
    AskAccount,
    /// Looks through the cache again.
    LookAtCache,
    /// Asks first, with what is freed.
    AskRemove(Repo),
    Remove(Repo),
    /// Opens a page in the browser.
    OpenPage(String),
}

impl HubAction {
    /// Those that need nothing else said.
    pub fn commands() -> [Self; 3] {
        [Self::Find(RepoKind::Model, true), Self::Find(RepoKind::DataSet, true), Self::ToggleDownloads]
    }

    pub fn title(&self) -> &'static str {
        match self {
            Self::Find(RepoKind::Model, true) => "Find a model on the hub",
            Self::Find(RepoKind::DataSet, true) => "Find a data set on the hub",
            Self::Find(_, false) => "Show what is on this machine",
            Self::Search(..) => "Search the hub",
            Self::More(_) => "Show more",
            Self::Look(_) => "Look at it",
            Self::Download(_) => "Download",
            Self::Pause(_) => "Pause the download",
            Self::Cancel(_) => "Cancel the download",
            Self::ClearEnded => "Clear the list",
            Self::ToggleDownloads => "Show the downloads",
            Self::SetOffline(_) => "Set the network",
            Self::SetToken { .. } => "Use this token",
            Self::ForgetToken => "Forget the token",
            Self::AskAccount => "Check the token",
            Self::LookAtCache => "Look through the cache again",
            Self::AskRemove(_) => "Remove from the cache…",
            Self::Remove(_) => "Remove from the cache",
            Self::OpenPage(_) => "Open its page",
        }
    }
}
