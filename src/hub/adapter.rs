//! What was learned beside a model and is published without it: which model it belongs to, whether both can be used
//! together, and what has to be fetched of either.
//!
//! An adapter is judged by its settings and its base by its configuration, so that nobody waits for weights that cannot
//! be put together. A base that is here is not asked for again, wherever it came from.

use std::path::{Path, PathBuf};

use super::details::text_of;
use super::fit::{Known, Obstacle, Usable};
use super::listing::list;
use super::name::{Repo, RepoKind, check_revision};
use super::wire::Wire;
use super::{Hub, HubError, MAIN};
use crate::files::read_note;
use crate::model::adapter::{self, Told};
use crate::model::{EncoderConfig, read_config};

/// An adapter on the hub, and the model that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterDetails {
    /// What the adapter calls it.
    pub base: String,
    /// How narrow its matrices are.
    pub rank: Option<usize>,
    /// The base's folder, where it is here.
    pub base_dir: Option<PathBuf>,
    /// What a download fetches of the base.
    pub base_bytes: u64,
}

/// Where the base of an adapter is.
#[derive(Clone, Debug)]
pub(super) enum Base {
    /// On this machine.
    Here(PathBuf),
    /// On the hub, at a revision.
    Hub(Repo, String),
}

/// What was found out of an adapter and its base together.
pub(super) struct LookedAdapter {
    pub details: Option<AdapterDetails>,
    /// The configuration of the base.
    pub config: Option<EncoderConfig>,
    pub usable: Usable,
}

/// Reads an adapter's settings; what cannot be merged is an obstacle.
pub(super) fn told(text: &str) -> Result<Told, Obstacle> {
    adapter::told(text.as_bytes()).map_err(|error| Obstacle::Adapter { reason: error.to_string() })
}

impl Obstacle {
    /// Why a base cannot be used, said of its adapter.
    pub(super) fn of_base(name: &str, obstacles: &[Self]) -> Self {
        let reason = obstacles.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Self::Base { name: name.to_owned(), reason }
    }
}

impl Hub {
    /// Where the base of an adapter is.
    pub(super) fn base_of(&self, told: &Told) -> Result<Base, Obstacle> {
        let (name, revision) = (&told.base, told.revision.as_deref().unwrap_or(MAIN));
        let repo = Repo::new(RepoKind::Model, name).and_then(|repo| check_revision(revision).map(|()| repo)).ok();
        // Somebody else's model of the same name is not the one that Attune brings along.
        let has_owner = repo.is_some() && name.contains('/');
        let brought = || adapter::brought_along(name).filter(|_| !has_owner);
        match (self.find_cached(name, revision).or_else(brought), repo) {
            (Some(dir), _) => Ok(Base::Here(dir)),
            (None, Some(repo)) => Ok(Base::Hub(repo, revision.to_owned())),
            (None, None) => Err(Obstacle::BaseElsewhere { name: name.clone() }),
        }
    }

    /// What is missing of the base of an adapter that is here.
    pub(super) fn missing_base(&self, dir: &Path) -> Option<String> {
        let told = adapter::told(&read_note(&dir.join(adapter::CONFIG)).ok()?).ok()?;
        match self.base_of(&told) {
            Ok(Base::Hub(repo, _)) if adapter::is_one(dir) && adapter::base_of(dir).is_err() => Some(repo.name),
            _ => None,
        }
    }

    /// Whether an adapter with these settings and its base can be used together. `has_tokenizer`: the adapter brings one.
    pub(super) fn look_at_adapter(&self, settings: &str, has_tokenizer: bool) -> Result<LookedAdapter, HubError> {
        let refused = |obstacle, details| LookedAdapter { details, config: None, usable: Usable::No(vec![obstacle]) };
        let told = match told(settings) {
            Ok(told) => told,
            Err(obstacle) => return Ok(refused(obstacle, None)),
        };
        let mut details = AdapterDetails { base: told.base.clone(), rank: told.rank, base_dir: None, base_bytes: 0 };
        let base = match self.base_of(&told) {
            Ok(base) => base,
            Err(obstacle) => return Ok(refused(obstacle, Some(details))),
        };
        match base {
            Base::Here(dir) => {
                let config = read_config(&dir).ok();
                details.base_dir = Some(dir);
                Ok(LookedAdapter { details: Some(details), config, usable: Usable::Yes })
            }
            Base::Hub(repo, revision) => {
                let wrapped = |error: HubError| error.of_base(&repo.name);
                let looked = self.look_at_base(&repo, &revision, has_tokenizer).map_err(wrapped)?;
                let (config, bytes, usable) = looked;
                details.base_bytes = bytes;
                let usable = match usable {
                    Usable::No(obstacles) => Usable::No(vec![Obstacle::of_base(&repo.name, &obstacles)]),
                    other => other,
                };
                Ok(LookedAdapter { details: Some(details), config, usable })
            }
        }
    }

    fn look_at_base(
        &self,
        repo: &Repo,
        revision: &str,
        has_tokenizer: bool,
    ) -> Result<(Option<EncoderConfig>, u64, Usable), HubError> {
        let wire = Wire::new(self, &repo.name)?;
        let listing = wire.patiently(|| list(&wire, repo, revision))?;
        let text = listing.has("config.json").then(|| text_of(&wire, repo, &listing, "config.json")).transpose()?;
        let names: Vec<&str> = listing.files.iter().map(|file| file.name.as_str()).collect();
        let known =
            Known { files: &names, config: text.as_deref(), is_base: true, has_tokenizer, ..Known::of(&listing.told) };
        let config = text.as_deref().and_then(|text| EncoderConfig::parse(text).ok());
        Ok((config, super::download::Wanted::of(&listing).bytes(), known.usable()))
    }
}
