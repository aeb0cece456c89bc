//! The hub: models and data sets found, looked at and fetched into the shared Hugging Face cache, what lies there, and
//! the model inside the program.
//!
//! `hf-hub` knows how repositories are called, where they stand and how the cache is laid out. Its own download is not
//! used: it appends to a part without looking whether the server continued it, checks nothing it receives, and waits
//! without end.
//!
//! Nothing is used that was not verified: a file gets its name in the cache only when its size and checksum are those
//! its repository lists. No request is made but those a person asked for, and none at all offline. Everything here waits
//! for a server where it must; whoever calls it from a thread of its own keeps a [`Switch`] to end it by.

mod about;
mod account;
mod adapter;
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
mod keyring;
mod listing;
pub mod markdown;
mod name;
mod progress;
mod record;
mod search;
mod settings;
mod shelf;
mod switch;
mod token;
mod wire;

use std::path::PathBuf;

pub use crate::files::shared_cache::cache_dir;
pub use about::{About, Access};
pub use adapter::AdapterDetails;
pub use cache::CachedModel;
pub use card::Card;
pub use data_set::{CachedDataSet, DataSetDetails, PartDetails};
pub use details::ModelDetails;
pub use error::{HubError, Remedy};
pub use fit::{Obstacle, Usable};
pub use keyring::Keyring;
pub use name::{Repo, RepoKind};
pub use progress::{Doing, Progress};
pub use record::{DataSetPart, Unfinished};
pub use search::{FoundDataSet, FoundModel, NextPage, Page, Query, Sort};
pub use settings::{Hub, Keep, Origins, Route, TokenOrigin};
pub use shelf::{CachedRepo, Shelf, title_of};
pub use switch::{Halt, Switch};
pub use token::Token;

/// The branch that is meant where none is named.
pub const MAIN: &str = "main";

/// [`Hub::find_cached`] as the environment says, of the main branch where no revision is given.
pub fn find_cached(name: &str, revision: Option<&str>) -> Option<PathBuf> {
    Hub::from_env().find_cached(name, revision.unwrap_or(MAIN))
}

#[cfg(test)]
#[path = "../../tests/it/fake_hub.rs"]
mod fake_hub;
#[cfg(test)]
mod tests;
