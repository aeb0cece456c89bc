//! What is known of the hub: what was searched and found, what is looked at, and what lies in its cache.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::hub::{
    CachedDataSet, Card, DataSetDetails, DataSetPart, FoundDataSet, FoundModel, Hub, NextPage, Page, Query, Remedy,
    Repo, RepoKind, Shelf,
};
use crate::train::fits::Room;
use crate::worker::protocol::LookedModel;

/// What is said once a token was kept.
pub const TOKEN_KEPT: &str = "The token was kept";

/// Why something could not be done, and what can be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub message: String,
    pub remedy: Remedy,
}

/// What was searched for, and what was found so far.
#[derive(Clone, Debug)]
pub struct Search<T> {
    /// What was asked last; `None` while only what is suggested is shown.
    pub query: Option<Query>,
    pub found: Vec<T>,
    pub next: Option<NextPage>,
    pub trouble: Option<Trouble>,
    /// What is shown was found for what was asked before.
    pub is_old: bool,
}

impl<T> Default for Search<T> {
    fn default() -> Self {
        Self { query: None, found: Vec::new(), next: None, trouble: None, is_old: false }
    }
}

impl<T> Search<T> {
    pub(super) fn take(&mut self, page: Page<T>) {
        if std::mem::take(&mut self.is_old) {
            self.found.clear();
        }
        self.found.extend(page.items);
        self.next = page.next;
        self.trouble = None;
    }

    /// Begins another search; what was found before is shown until something else is.
    pub fn begin(&mut self, query: Query) {
        (self.query, self.trouble, self.next) = (Some(query), None, None);
        self.is_old = true;
    }

    pub(super) fn fail(&mut self, trouble: Trouble) {
        if std::mem::take(&mut self.is_old) {
            self.found.clear();
        }
        self.trouble = Some(trouble);
    }
}

/// What is known of a card.
#[derive(Clone, Debug, Default)]
pub enum CardState {
    #[default]
    Unknown,
    Absent,
    There(Arc<Card>),
}

impl From<Option<Arc<Card>>> for CardState {
    fn from(card: Option<Arc<Card>>) -> Self {
        card.map_or(Self::Absent, Self::There)
    }
}

/// A repository that is looked at.
#[derive(Clone, Debug)]
pub struct Looked<T> {
    pub repo: Repo,
    pub details: Option<T>,
    pub card: CardState,
    pub trouble: Option<Trouble>,
}

impl<T> Looked<T> {
    pub fn new(repo: Repo) -> Self {
        Self { repo, details: None, card: CardState::Unknown, trouble: None }
    }
}

/// All that the window knows of the hub.
#[derive(Clone, Debug, Default)]
pub struct HubState {
    /// Where things come from and go to, as it is asked now.
    pub hub: Hub,
    /// Whether Model and Data show what is on the hub in place of what is here.
    pub finds_models: bool,
    pub finds_data: bool,
    pub models: Search<FoundModel>,
    pub data_sets: Search<FoundDataSet>,
    pub model: Option<Looked<Arc<LookedModel>>>,
    pub data_set: Option<Looked<Arc<DataSetDetails>>>,
    pub shelf: Option<Arc<Shelf>>,
    /// What the suggested models would take here, by name.
    pub rooms: Arc<BTreeMap<String, Room>>,
    /// Whose the token is, once it was asked.
    pub account: Option<Result<String, String>>,
}

impl HubState {
    /// What is looked at, whatever it is.
    pub fn looked_repo(&self, kind: RepoKind) -> Option<&Repo> {
        match kind {
            RepoKind::Model => self.model.as_ref().map(|looked| &looked.repo),
            RepoKind::DataSet => self.data_set.as_ref().map(|looked| &looked.repo),
        }
    }

    pub fn trouble(&self, kind: RepoKind) -> Option<&Trouble> {
        match kind {
            RepoKind::Model => self.models.trouble.as_ref(),
            RepoKind::DataSet => self.data_sets.trouble.as_ref(),
        }
    }

    /// Looks at a repository from now on.
    pub fn look(&mut self, repo: Repo) {
        match repo.kind {
            RepoKind::Model => self.model = Some(Looked::new(repo)),
            RepoKind::DataSet => self.data_set = Some(Looked::new(repo)),
        }
    }

    pub(super) fn set_trouble(&mut self, repo: &Repo, trouble: Trouble) {
        if let Some(looked) = self.model.as_mut().filter(|looked| looked.repo == *repo) {
            looked.trouble = Some(trouble.clone());
        }
        if let Some(looked) = self.data_set.as_mut().filter(|looked| looked.repo == *repo) {
            looked.trouble = Some(trouble);
        }
    }

    pub(super) fn set_card(&mut self, repo: &Repo, card: Option<Arc<Card>>) {
        if let Some(looked) = self.model.as_mut().filter(|looked| looked.repo == *repo) {
            looked.card = card.clone().into();
        }
        if let Some(looked) = self.data_set.as_mut().filter(|looked| looked.repo == *repo) {
            looked.card = card.into();
        }
    }

    /// A part of a data set that is here as a whole.
    pub fn cached_part(&self, name: &str, part: &DataSetPart) -> Option<&CachedDataSet> {
        let is_it = |cached: &&CachedDataSet| cached.name == name && cached.part == *part;
        self.shelf.as_ref()?.data_sets.iter().find(is_it)
    }

    pub fn has_data_set(&self, name: &str) -> bool {
        self.shelf.as_ref().is_some_and(|shelf| shelf.data_sets.iter().any(|cached| cached.name == name))
    }
}
