//! The hub: models and data sets found, looked at and fetched into the shared Hugging Face cache, what lies there, and
//! the model inside the program.
//!
//! Nothing is used that was not verified: a file gets its name in the cache only when its size and checksum are those
//! its repository lists. No request is made but those a person asked for, and none at all offline. Everything here waits
//! for a server where it must; whoever calls it from a thread of its own keeps a [`Switch`] to end it by.

mod about;
mod cache;
mod card;
pub mod catalog;
mod checksum;
mod data_set;
mod details;
mod download;
pub mod embedded;
mod error;
mod fetch;
mod fit;
mod listing;
mod name;
mod progress;
mod record;
mod search;
mod settings;
mod switch;
mod token;
mod wire;

use std::path::PathBuf;

pub use about::{About, Access};
pub use cache::CachedModel;
pub use card::Card;
pub use data_set::{CachedDataSet, DataSetDetails, PartDetails};
pub use details::ModelDetails;
pub use error::HubError;
pub use fit::{Obstacle, Usable};
pub use name::{Repo, RepoKind};
pub use progress::{Doing, Progress};
pub use record::{DataSetPart, Unfinished};
pub use search::{FoundDataSet, FoundModel, NextPage, Page, Query, Sort, word_of};
pub use settings::{Route, cache_dir};
pub use switch::{Halt, Switch};
pub use token::Token;

use settings::Patience;

/// The branch that is meant where none is named.
pub const MAIN: &str = "main";

/// Where things come from and where they are kept.
#[derive(Clone)]
pub struct Hub {
    pub cache: PathBuf,
    /// The server's address, without a slash at its end.
    pub endpoint: String,
    pub token: Option<Token>,
    /// Where the hub's own tools keep a token.
    pub token_file: PathBuf,
    /// Whether no connection may be opened.
    pub offline: bool,
    pub route: Route,
    patience: Patience,
    switch: Switch,
}

impl Hub {
    /// The same, under a switch that ends what it does.
    #[must_use]
    pub fn under(&self, switch: &Switch) -> Self {
        Self { switch: switch.clone(), ..self.clone() }
    }

    /// Models that can be opened without a download, by name.
    pub fn cached_models(&self) -> Vec<CachedModel> {
        cache::models(&self.cache)
    }

    /// The folder of a model that can be opened without a download.
    pub fn find_cached(&self, name: &str, revision: &str) -> Option<PathBuf> {
        cache::find(&self.cache, name, revision)
    }

    /// Downloads that were paused or cut off, in this run of the program or an earlier one. Asked for again, they go on
    /// where they were.
    pub fn unfinished(&self) -> Vec<Unfinished> {
        record::unfinished(&self.cache)
    }

    /// Throws away what arrived of a download that is not to be gone on with. Files that are whole stay: others use them.
    pub fn discard(&self, unfinished: &Unfinished) -> Result<(), HubError> {
        record::discard(&self.cache, unfinished).map_err(HubError::disk(&self.cache))
    }

    /// The account that the token belongs to, as the server knows it.
    pub fn who_am_i(&self) -> Result<String, HubError> {
        let subject = wire::Subject::plain("the account");
        let wire = wire::Wire::new(self, "the hub")?;
        let (told, _) = wire.patiently(|| wire.json("/api/whoami-v2", subject))?;
        about::string(&told, "name").ok_or_else(|| HubError::answer(subject.what, "it has no name"))
    }

    /// Keeps the token beyond this session, where the hub's own tools keep it and nobody else may read it.
    pub fn keep_token(&self) -> Result<(), HubError> {
        let kept = self.token.as_ref().map_or(Ok(()), |token| token.write(&self.token_file));
        kept.map_err(HubError::disk(&self.token_file))
    }
}

/// [`Hub::cached_models`] as the environment says.
pub fn cached_models() -> Vec<CachedModel> {
    Hub::from_env().cached_models()
}

/// [`Hub::find_cached`] as the environment says, of the main branch where no revision is given.
pub fn find_cached(name: &str, revision: Option<&str>) -> Option<PathBuf> {
    Hub::from_env().find_cached(name, revision.unwrap_or(MAIN))
}

#[cfg(test)]
#[path = "../../tests/it/fake_hub.rs"]
mod fake_hub;
#[cfg(test)]
mod tests;
