//! Why something could not be fetched or found, in words a person can act on.

use std::path::PathBuf;

use super::{Halt, Obstacle};
use crate::model::ModelError;

#[derive(Debug, thiserror::Error)]
pub enum HubError {
    #[error("{name:?} is not the name of a model or data set: {reason}, expected OWNER/NAME or NAME")]
    Name { name: String, reason: &'static str },
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("{named:?} is none of the models inside the program, expected {expected}")]
    NotInside { named: PathBuf, expected: String },
    #[error("{revision:?} is not a revision, expected a branch, a tag or a commit")]
    Revision { revision: String },
    #[error("{name} is not in the cache, and Attune is offline (by its own switch or HF_HUB_OFFLINE)")]
    Offline { name: String },
    #[error("{value:?} is not the address of a {what}: {reason}")]
    Setting { what: &'static str, value: String, reason: String },
    /// An anonymous caller is told the same of a missing, a private and a gated repository.
    #[error("{name} was not found, or is private or gated: check the name, or set HF_TOKEN and accept its licence")]
    NotFound { name: String },
    #[error("{name} has no revision {revision:?}")]
    NoRevision { name: String, revision: String },
    #[error("{name} has no file {file:?} at this revision")]
    NoFile { name: String, file: String },
    #[error("{name} is gated: accept its licence at {page}, with the account that the token (HF_TOKEN) belongs to")]
    Gated { name: String, page: String },
    #[error("the server denies access to {name}{}", said.as_deref().map_or(String::new(), |said| format!(": {said}")))]
    Forbidden { name: String, said: Option<String> },
    #[error("the token was not accepted for {name}: is it still valid, and does it have read access?")]
    Token { name: String },
    #[error(
        "the server allows no more requests for now; try again {}, or set HF_TOKEN",
        wait_secs.map_or("later".to_owned(), |secs| format!("in {secs} s"))
    )]
    TooManyRequests { wait_secs: Option<u64> },
    #[error("the server answered {status} for {what}{}", said.as_deref().map_or(String::new(), |said| format!(": {said}")))]
    Status { status: u16, what: String, said: Option<String>, wait_secs: Option<u64> },
    #[error("cannot connect for {what}: {source}; is there a network, and does it need a proxy (HTTPS_PROXY)?")]
    Connection { what: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("{why} after {received} of {size} bytes of {file}; the part is kept and will be continued")]
    Interrupted { file: String, received: u64, size: u64, why: &'static str },
    #[error("the checksum of {file} does not match ({found} instead of {expected}), so the download was discarded")]
    Damaged { file: String, expected: String, found: String },
    #[error("the server gives no checksum for {file}, so it cannot be verified and is not used")]
    Unverifiable { file: String },
    #[error("the server's answer about {what} makes no sense: {reason}")]
    Answer { what: String, reason: String },
    #[error(
        "a web page came in place of {what}; does this network ask for a login, or does HF_ENDPOINT name a server that is not a hub?"
    )]
    WebPage { what: String },
    #[error("the server redirects {what} to an address that is not followed: {reason}")]
    Redirect { what: String, reason: &'static str },
    #[error("{name} cannot be used: {}", obstacles.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Unusable { name: String, obstacles: Vec<Obstacle> },
    #[error("of the model that it is an adapter for, {name}: {source}")]
    OfBase { name: String, source: Box<Self> },
    #[error("{name} has no Parquet files, and the hub has not converted it")]
    NoParquet { name: String },
    #[error("{name} has no part {wanted:?}, expected one of {}", parts.join(", "))]
    NoPart { name: String, wanted: String, parts: Vec<String> },
    #[error(
        "{} has {:.1} GB free, and the download needs {:.1} GB; make room, or choose another place with HF_HUB_CACHE",
        path.display(), *free as f64 / 1e9, *needed as f64 / 1e9
    )]
    NoRoom { path: PathBuf, needed: u64, free: u64 },
    #[error("cannot use \"{}\": {source}", path.display())]
    Disk { path: PathBuf, source: std::io::Error },
    #[error("the token cannot {doing} the system's keyring: {reason}")]
    Keyring { doing: &'static str, reason: String },
    #[error("stopped on request{}", if *halt == Halt::Pause { "; what arrived is kept" } else { "" })]
    Halted { halt: Halt },
}

/// What a person can do about an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing here: it is another thing that is wanted.
    None,
    TryAgain,
    GoOnline,
    /// A token that may read it, of an account that was let in.
    Token,
    /// Its owner lets in whoever accepts its licence on its page, with the account of the token.
    AcceptLicence {
        page: String,
    },
    MakeRoom,
}

impl From<Halt> for HubError {
    fn from(halt: Halt) -> Self {
        Self::Halted { halt }
    }
}

impl HubError {
    /// What becomes of an error of the disk at a path.
    pub(super) fn disk(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Disk { path, source }
    }

    pub(super) fn answer(what: &str, reason: impl Into<String>) -> Self {
        Self::Answer { what: what.to_owned(), reason: reason.into() }
    }

    /// Whether it is worth trying again: the connection, an overloaded server, or a part that did not fit its rest.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Status { status, .. } => *status == 408 || *status >= 500,
            Self::Connection { .. } | Self::Interrupted { .. } | Self::TooManyRequests { .. } => true,
            Self::OfBase { source, .. } => source.is_passing(),
            _ => false,
        }
    }

    /// The same, of the base of what was asked for. What a person did is said as it is.
    pub(super) fn of_base(self, name: &str) -> Self {
        match self {
            Self::Halted { .. } | Self::NoRoom { .. } | Self::Offline { .. } => self,
            source => Self::OfBase { name: name.to_owned(), source: Box::new(source) },
        }
    }

    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Offline { .. } => Remedy::GoOnline,
            Self::Gated { page, .. } => Remedy::AcceptLicence { page: page.clone() },
            Self::Token { .. } | Self::NotFound { .. } | Self::Forbidden { .. } => Remedy::Token,
            Self::NoRoom { .. } => Remedy::MakeRoom,
            Self::OfBase { source, .. } => source.remedy(),
            Self::Name { .. }
            | Self::NotInside { .. }
            | Self::Revision { .. }
            | Self::Model(_)
            | Self::Setting { .. }
            | Self::NoRevision { .. }
            | Self::NoFile { .. }
            | Self::Keyring { .. }
            | Self::Unverifiable { .. }
            | Self::Unusable { .. }
            | Self::NoParquet { .. }
            | Self::NoPart { .. } => Remedy::None,
            Self::TooManyRequests { .. }
            | Self::Status { .. }
            | Self::Connection { .. }
            | Self::Interrupted { .. }
            | Self::Damaged { .. }
            | Self::Answer { .. }
            | Self::WebPage { .. }
            | Self::Redirect { .. }
            | Self::Disk { .. }
            | Self::Halted { .. } => Remedy::TryAgain,
        }
    }

    /// The wait that the server asks for.
    pub(super) fn asked_wait_secs(&self) -> Option<u64> {
        match self {
            Self::TooManyRequests { wait_secs } | Self::Status { wait_secs, .. } => *wait_secs,
            _ => None,
        }
    }
}
