//! Why a model could not be fetched or found, in words a person can act on.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum HubError {
    #[error("{name:?} is not the name of a model: {reason}, expected OWNER/NAME or NAME")]
    Name { name: String, reason: &'static str },
    #[error("{revision:?} is not a revision, expected a branch, a tag or a commit")]
    Revision { revision: String },
    #[error("{name} is not in the download cache, and downloads are switched off by HF_HUB_OFFLINE")]
    Offline { name: String },
    /// An anonymous caller is told the same of a missing, a private and a gated model.
    #[error("{name} was not found, or is private or gated: check the name, or set HF_TOKEN and accept its licence")]
    NotFound { name: String },
    #[error("{name} has no revision {revision:?}")]
    NoRevision { name: String, revision: String },
    #[error("{name} is gated: accept its licence on its page, with the account that the token belongs to")]
    Gated { name: String },
    #[error("the token was not accepted for {name}: is it still valid, and may it read this model?")]
    Token { name: String },
    #[error("the server allows no more requests for now; try again later, or set HF_TOKEN")]
    TooManyRequests,
    #[error("the server answered {status} for {what}")]
    Status { status: u16, what: String },
    #[error("cannot connect for {what}: {source}")]
    Connection { what: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("the connection broke after {received} of {size} bytes of {file}; the part is kept and will be continued")]
    Interrupted { file: String, received: u64, size: u64 },
    #[error("what arrived of {file} is not what was promised ({found} instead of {expected}), so it was thrown away")]
    Damaged { file: String, expected: String, found: String },
    #[error("the server gives no checksum for {file}, so it cannot be verified and is not used")]
    Unverifiable { file: String },
    #[error("the server's answer about {what} makes no sense: {reason}")]
    Answer { what: String, reason: String },
    #[error("the server sends {what} on to an address that is not followed: {reason}")]
    Redirect { what: String, reason: &'static str },
    #[error("{name} has no {missing}{}", other.as_deref().map_or(String::new(), |other| format!(", only {other} of another framework")))]
    Incomplete { name: String, missing: &'static str, other: Option<String> },
    #[error("cannot use \"{}\": {source}", path.display())]
    Disk { path: PathBuf, source: std::io::Error },
    #[error("the download was stopped; what arrived is kept")]
    Stopped,
}
