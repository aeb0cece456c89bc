//! What the worker tells of the hub, and what is known of it together with everything else.

use std::path::Path;

use super::hub::Trouble;
use super::{Job, JobKind, Workspace};
use crate::hub::{Remedy, Repo, RepoKind};
use crate::worker::protocol::{HubTold, ModelEntry, Origin};

impl Workspace {
    /// A model of the hub that is here already.
    pub fn cached_model(&self, name: &str) -> Option<&ModelEntry> {
        self.models.iter().find(|entry| entry.origin == Origin::Cache && entry.name == name && entry.problem.is_none())
    }

    /// Whether something in use lies in the cache of a repository.
    pub fn is_in_use(&self, repo: &Repo) -> bool {
        let folder = self.hub.hub.cache_folder(repo);
        let is_inside = |path: &Path| path.starts_with(&folder);
        let of_run = self.training.and(self.run.as_ref()).is_some_and(|run| {
            let config = &run.config;
            config.model.path.as_deref().is_some_and(is_inside)
                || config.data.train.paths().iter().any(|path| is_inside(path))
        });
        of_run
            || self.model.as_ref().is_some_and(|card| is_inside(&card.dir))
            || self
                .data
                .table
                .as_ref()
                .is_some_and(|table| table.origins.inputs.paths().iter().any(|path| is_inside(path)))
            || self.explore.model.as_deref().is_some_and(is_inside)
    }

    pub(super) fn take_hub(&mut self, kind: &JobKind, told: HubTold) {
        match told {
            HubTold::Models(page) => self.hub.models.take(page),
            HubTold::DataSets(page) => self.hub.data_sets.take(page),
            HubTold::Model(model) => {
                if let (JobKind::HubLook { repo }, Some(looked)) = (kind, &mut self.hub.model)
                    && looked.repo == *repo
                {
                    looked.details = Some(model);
                }
            }
            HubTold::DataSet(data_set) => {
                if let (JobKind::HubLook { repo }, Some(looked)) = (kind, &mut self.hub.data_set)
                    && looked.repo == *repo
                {
                    looked.details = Some(data_set);
                }
            }
            HubTold::Card(card) => {
                if let JobKind::HubLook { repo } = kind {
                    self.hub.set_card(repo, card);
                }
            }
            HubTold::Progress(progress) => self.take_progress(kind, progress),
            HubTold::Downloaded(path) => self.take_downloaded(kind, path),
            HubTold::Shelf(shelf) => self.take_shelf(shelf),
            HubTold::Rooms(rooms) => self.hub.rooms = rooms,
            HubTold::Account(name) => self.hub.account = Some(Ok(name)),
            HubTold::TokenKept(kept) => self.hub.hub.origins.token = Some(kept.origin()),
            // It is kept with its job.
            HubTold::Remedy(_) => {}
        }
    }

    /// What becomes of what the hub was asked; `true` where that is all there is to say.
    pub(super) fn hub_failed(&mut self, job: &Job, message: &str) -> bool {
        let remedy = job.remedy.clone().unwrap_or(Remedy::TryAgain);
        let trouble = Trouble { message: message.to_owned(), remedy };
        match &job.kind {
            JobKind::HubSearch { kind: RepoKind::Model } => self.hub.models.fail(trouble),
            JobKind::HubSearch { kind: RepoKind::DataSet } => self.hub.data_sets.fail(trouble),
            JobKind::HubLook { repo } => self.hub.set_trouble(repo, trouble),
            JobKind::Download { wanted } => {
                self.download_failed(wanted, trouble);
                return false;
            }
            JobKind::HubAccount => self.hub.account = Some(Err(message.to_owned())),
            JobKind::HubShelf | JobKind::HubRooms => {}
            _ => return false,
        }
        true
    }
}
