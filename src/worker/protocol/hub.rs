//! What is asked of the hub and of its cache, and what is told of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::Lengths;
use crate::hub::{
    Card, DataSetDetails, DataSetPart, FoundDataSet, FoundModel, Keep, MAIN, ModelDetails, NextPage, Page, Progress,
    Query, Remedy, Repo, RepoKind, Shelf, Unfinished,
};
use crate::train::config::RunConfig;
use crate::train::fits::Room;

/// Something that can be downloaded: a model, or a part of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    pub repo: Repo,
    pub revision: String,
    /// Of a data set.
    pub part: Option<DataSetPart>,
}

impl Wanted {
    pub fn model(repo: Repo) -> Self {
        Self { repo, revision: MAIN.to_owned(), part: None }
    }

    /// The revision of a data set is found by whoever downloads it.
    pub fn data_set(repo: Repo, part: DataSetPart) -> Self {
        Self { repo, revision: String::new(), part: Some(part) }
    }

    /// Whether a download that was noted is one of this.
    pub fn is_of(&self, unfinished: &Unfinished) -> bool {
        let same_revision = self.repo.kind == RepoKind::DataSet || self.revision == unfinished.revision;
        self.repo == unfinished.repo && self.part == unfinished.part && same_revision
    }

    pub fn title(&self) -> String {
        match &self.part {
            Some(part) => format!("{} {part}", self.repo.name),
            None if self.revision == MAIN => self.repo.name.clone(),
            None => format!("{} at {}", self.repo.name, self.revision),
        }
    }
}

impl From<&Unfinished> for Wanted {
    fn from(unfinished: &Unfinished) -> Self {
        let Unfinished { repo, revision, part, .. } = unfinished;
        match part {
            Some(part) => Self::data_set(repo.clone(), part.clone()),
            None => Self { repo: repo.clone(), revision: revision.clone(), part: None },
        }
    }
}

/// The run that a model would be for, which says what it takes.
#[derive(Clone, Debug)]
pub struct Setting {
    pub config: Box<RunConfig>,
    pub lengths: Option<Arc<Lengths>>,
    /// Bytes that the run may take at most, where a person has said so.
    pub limit: Option<u64>,
}

#[derive(Clone, Debug)]
pub enum HubAsk {
    /// A page of models or data sets, the first where none is named.
    Search { kind: RepoKind, query: Query, page: Option<NextPage> },
    /// All that is known of a repository without its files; then its card.
    Look { repo: Repo, setting: Setting },
    /// Has something in the cache. A pause and a stop end the job; asked for again after a pause, it goes on.
    Download(Wanted),
    /// Throws away what arrived of a download that is under way no more.
    Discard(Wanted),
    /// What is in the cache.
    Shelf,
    /// Removes what the cache has of a repository.
    Remove(Repo),
    /// Which of the suggested models this machine has room for.
    Rooms(Setting),
    /// Whose the token is.
    Account,
    /// Keeps the token beyond this session.
    KeepToken(Keep),
    /// Removes it from where it was kept.
    ForgetToken(Keep),
}

#[derive(Clone, Debug)]
pub enum HubTold {
    Models(Page<FoundModel>),
    DataSets(Page<FoundDataSet>),
    Model(Arc<LookedModel>),
    DataSet(Arc<DataSetDetails>),
    /// `None` where there is none.
    Card(Option<Arc<Card>>),
    Progress(Progress),
    /// The folder of a model, or the first file of a data set, which stands for all.
    Downloaded(PathBuf),
    Shelf(Arc<Shelf>),
    /// By the name of the model.
    Rooms(Arc<BTreeMap<String, Room>>),
    Account(String),
    /// Where the token is kept now.
    TokenKept(Keep),
    /// What can be done about the failure that follows.
    Remedy(Remedy),
}

/// A model on the hub, and what it would take here.
#[derive(Clone, Debug)]
pub struct LookedModel {
    pub details: ModelDetails,
    pub room: Option<Room>,
    /// What is free on the disk of the cache.
    pub free_bytes: Option<u64>,
}
