//! A model's name → a folder on disk: the model inside the program, what lies in the shared Hugging Face cache, and
//! downloads into it.
//!
//! Nothing is used that was not verified: a file gets its name in the cache only when its size and checksum are those
//! its repository lists. No request is made but those a download needs, and none at all with `HF_HUB_OFFLINE`.

mod cache;
mod checksum;
mod download;
pub mod embedded;
mod error;
mod name;
mod remote;

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

pub use cache::CachedModel;
pub use error::HubError;

/// The branch that is meant where none is named.
pub const MAIN: &str = "main";

/// An access token. It can be sent and nothing else: it has no text form, so it cannot end up in a message or a log.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A token as typed or read; `None` for what can be none.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty() && text.chars().all(|c| c.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }

    fn reveal(&self) -> &str {
        &self.0
    }
}

/// How far a download is. Sizes that are not known yet count nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The file being fetched; empty while files are being listed.
    pub file: String,
    pub files_done: usize,
    pub files: usize,
    pub bytes_done: u64,
    pub bytes: u64,
}

/// Where models come from and where they are kept.
#[derive(Clone)]
pub struct Hub {
    pub cache: PathBuf,
    /// Another server than the usual one.
    pub endpoint: Option<String>,
    pub token: Option<Token>,
    /// Whether no connection may be opened.
    pub offline: bool,
    /// How long nothing may arrive before a connection is given up.
    stall: Duration,
    /// The wait before the second attempt; it doubles with each.
    retry_after: Duration,
}

impl Hub {
    /// As the environment says, by the variables that Python's tools have.
    pub fn from_env() -> Self {
        Self::from_variables(&|name| std::env::var_os(name))
    }

    fn from_variables(get: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let text = |name: &str| get(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty());
        let is_true = |name: &str| {
            text(name).is_some_and(|value| ["1", "ON", "YES", "TRUE"].contains(&value.to_uppercase().as_str()))
        };
        let home = home(get);
        let token_file = text("HF_TOKEN_PATH").map_or_else(|| home.join("token"), PathBuf::from);
        let token = if is_true("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
            None
        } else {
            let written = || std::fs::read_to_string(&token_file).ok().as_deref().and_then(Token::new);
            let given = text("HF_TOKEN").or_else(|| text("HUGGING_FACE_HUB_TOKEN"));
            given.as_deref().and_then(Token::new).or_else(written)
        };
        Self {
            cache: cache_in(get, &home),
            endpoint: text("HF_ENDPOINT"),
            token,
            offline: is_true("HF_HUB_OFFLINE") || is_true("TRANSFORMERS_OFFLINE"),
            stall: Duration::from_secs(30),
            retry_after: Duration::from_millis(500),
        }
    }

    /// Models that can be opened without a download, by name.
    pub fn cached_models(&self) -> Vec<CachedModel> {
        cache::models(&self.cache)
    }

    /// The folder of a model that can be opened without a download.
    pub fn find_cached(&self, name: &str, revision: &str) -> Option<PathBuf> {
        cache::find(&self.cache, name, revision)
    }
}

/// The shared cache, as the environment says.
pub fn cache_dir() -> PathBuf {
    let get = |name: &str| std::env::var_os(name);
    cache_in(&get, &home(&get))
}

/// [`Hub::cached_models`] as the environment says.
pub fn cached_models() -> Vec<CachedModel> {
    Hub::from_env().cached_models()
}

/// [`Hub::find_cached`] as the environment says, of the main branch where no revision is given.
pub fn find_cached(name: &str, revision: Option<&str>) -> Option<PathBuf> {
    Hub::from_env().find_cached(name, revision.unwrap_or(MAIN))
}

/// [`Hub::download`] as the environment says, of the main branch where no revision is given.
pub fn download(
    name: &str,
    revision: Option<&str>,
    on_progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<PathBuf, HubError> {
    Hub::from_env().download(name, revision.unwrap_or(MAIN), on_progress)
}

/// The folder of all that Python's tools keep.
fn home(get: &dyn Fn(&str) -> Option<OsString>) -> PathBuf {
    let path = |name: &str| get(name).filter(|value| !value.is_empty()).map(|value| expanded(PathBuf::from(value)));
    path("HF_HOME").unwrap_or_else(|| {
        let cache = path("XDG_CACHE_HOME").unwrap_or_else(|| user_home().join(".cache"));
        cache.join("huggingface")
    })
}

fn cache_in(get: &dyn Fn(&str) -> Option<OsString>, home: &std::path::Path) -> PathBuf {
    let named = ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"].into_iter().filter_map(get).find(|value| !value.is_empty());
    named.map_or_else(|| home.join("hub"), |value| expanded(PathBuf::from(value)))
}

/// A path with the user's folder in place of a leading `~`.
fn expanded(path: PathBuf) -> PathBuf {
    match path.strip_prefix("~") {
        Ok(rest) => user_home().join(rest),
        Err(_) => path,
    }
}

fn user_home() -> PathBuf {
    directories::BaseDirs::new().map_or_else(|| PathBuf::from("."), |dirs| dirs.home_dir().to_owned())
}

#[cfg(test)]
mod tests;
