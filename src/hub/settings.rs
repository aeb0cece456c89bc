//! Where things come from and go to, as the environment says, by the variables that Python's tools have.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{HubError, Keyring, Switch, Token};
use crate::files::shared_cache::{CACHES, Get, cache_in, home, path};
use crate::files::{free_disk, read_note_text};

/// The hub, where no other server is named.
const ENDPOINT: &str = "https://huggingface.co";

/// Where things come from and where they are kept.
#[derive(Clone, Debug)]
pub struct Hub {
    pub cache: PathBuf,
    /// The server's address, without a slash at its end.
    pub endpoint: String,
    pub token: Option<Token>,
    /// Where a token lies that is read when one is needed and none is known.
    pub keyring: Option<Keyring>,
    /// Where the hub's own tools keep a token.
    pub token_file: PathBuf,
    /// Whether no connection may be opened.
    pub offline: bool,
    pub origins: Origins,
    pub route: Route,
    pub(super) patience: Patience,
    pub(super) switch: Switch,
}

/// What said so, where it was not left as it is at first; for whoever shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// The variable of the environment that keeps everything offline.
    pub offline: Option<&'static str>,
    pub endpoint: Option<&'static str>,
    pub cache: Option<&'static str>,
    pub token: Option<TokenOrigin>,
}

/// Where a token was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenOrigin {
    /// A variable of the environment.
    Variable(&'static str),
    /// The file where the hub's own tools keep it.
    File,
    /// The system's keyring.
    Keyring,
    /// It was typed, and is known until the program ends.
    Typed,
}

/// Where a token that was typed is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Nowhere: it is known until the program ends.
    #[default]
    Session,
    Keyring,
    /// The file where the hub's own tools look for it.
    File,
}

impl Keep {
    pub fn origin(self) -> TokenOrigin {
        match self {
            Self::Session => TokenOrigin::Typed,
            Self::Keyring => TokenOrigin::Keyring,
            Self::File => TokenOrigin::File,
        }
    }
}

/// How a server is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// Servers that requests go through, by the scheme of the hub's address; `None` stands for either.
    pub proxies: Vec<(Option<&'static str>, String)>,
    /// Hosts that are reached without one.
    pub no_proxy: Vec<String>,
    /// A file with the certificates of who is trusted, in place of those inside the program.
    pub certificates: Option<PathBuf>,
}

impl Route {
    /// The server that requests to an address go through.
    pub(super) fn proxy_for(&self, address: &str) -> Option<&str> {
        let fits = |scheme: Option<&str>| scheme.is_none_or(|scheme| address.starts_with(&format!("{scheme}://")));
        self.proxies.iter().find(|(scheme, _)| fits(*scheme)).map(|(_, proxy)| proxy.as_str())
    }
}

/// How long is waited, and how much is asked of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// How long nothing may arrive before a connection is given up.
    pub stall: Duration,
    /// Bytes a second that must arrive over that time.
    pub least_speed: u64,
    /// The wait before the second attempt; it doubles with each.
    pub retry_after: Duration,
    /// An attempt that brought so much does not count as a failure.
    pub worth: u64,
    /// The bytes that are free where a folder is.
    pub free: fn(&Path) -> Option<u64>,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            stall: Duration::from_secs(30),
            least_speed: 1 << 10,
            retry_after: Duration::from_millis(500),
            worth: 1 << 20,
            free: free_disk,
        }
    }
}

impl Hub {
    /// As the environment says.
    pub fn from_env() -> Self {
        Self::from_variables(&|name| std::env::var_os(name))
    }

    /// A server with a cache of its own, whatever the environment says.
    pub fn at(endpoint: &str, cache: &Path) -> Self {
        let (endpoint, token_file) = (endpoint.trim_end_matches('/').to_owned(), cache.join("token"));
        Self { endpoint, cache: cache.to_owned(), token_file, ..Self::default() }
    }

    /// The same, under a switch that ends what it does.
    #[must_use]
    pub fn under(&self, switch: &Switch) -> Self {
        Self { switch: switch.clone(), ..self.clone() }
    }

    /// Whether there is a token to send.
    pub fn has_token(&self) -> bool {
        self.token.is_some() || self.keyring.is_some()
    }

    /// The token that is sent with requests.
    pub(super) fn token_to_send(&self) -> Result<Option<Token>, HubError> {
        let known = self.token.clone().map(Ok);
        known.or_else(|| self.keyring.as_ref().map(Keyring::token)).transpose()
    }

    /// With the token that was kept in the keyring, unless the environment names another.
    #[must_use]
    pub fn with_keyring(mut self, keyring: Keyring) -> Self {
        if !matches!(self.origins.token, Some(TokenOrigin::Variable(_))) {
            self.token = None;
            self.keyring = Some(keyring);
            self.origins.token = Some(TokenOrigin::Keyring);
        }
        self
    }

    pub(super) fn from_variables(get: Get<'_>) -> Self {
        let home = home(get);
        let token_file = path(get, "HF_TOKEN_PATH").unwrap_or_else(|| home.join("token"));
        let found = if is_true(get, "HF_HUB_DISABLE_IMPLICIT_TOKEN") { None } else { token(get, &token_file) };
        let (token, token_origin) = found.unzip();
        let endpoint = text(get, "HF_ENDPOINT");
        let offline = ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"].into_iter().find(|name| is_true(get, name));
        let is_set = |name: &&str| path(get, name).is_some();
        Self {
            cache: cache_in(get, &home),
            origins: Origins {
                offline,
                endpoint: endpoint.as_ref().map(|_| "HF_ENDPOINT"),
                cache: CACHES.into_iter().chain(["HF_HOME"]).find(is_set),
                token: token_origin,
            },
            endpoint: endpoint.as_deref().unwrap_or(ENDPOINT).trim_end_matches('/').to_owned(),
            token,
            keyring: None,
            token_file,
            offline: offline.is_some(),
            route: route(get),
            patience: Patience::default(),
            switch: Switch::default(),
        }
    }
}

/// As where the environment says nothing and nobody has a token.
impl Default for Hub {
    fn default() -> Self {
        let nothing = Self::from_variables(&|name| (name == "HF_HUB_DISABLE_IMPLICIT_TOKEN").then(|| "1".into()));
        Self { route: Route::default(), ..nothing }
    }
}

fn text(get: Get<'_>, name: &str) -> Option<String> {
    get(name).and_then(|value| value.into_string().ok()).filter(|value| !value.trim().is_empty())
}

fn is_true(get: Get<'_>, name: &str) -> bool {
    text(get, name).is_some_and(|value| ["1", "ON", "YES", "TRUE"].contains(&value.to_uppercase().as_str()))
}

fn token(get: Get<'_>, file: &Path) -> Option<(Token, TokenOrigin)> {
    let given = |name: &'static str| Some((Token::new(&text(get, name)?)?, TokenOrigin::Variable(name)));
    let written = || Some((Token::new(&read_note_text(file).ok()?)?, TokenOrigin::File));
    ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"].into_iter().find_map(given).or_else(written)
}

fn route(get: Get<'_>) -> Route {
    let either = |name: &str| text(get, &name.to_lowercase()).or_else(|| text(get, name));
    let proxies = [(Some("https"), "HTTPS_PROXY"), (Some("http"), "HTTP_PROXY"), (None, "ALL_PROXY")];
    let proxies = proxies.into_iter().filter_map(|(scheme, name)| Some((scheme, either(name)?))).collect();
    let hosts = either("NO_PROXY").unwrap_or_default();
    let no_proxy = hosts.split(',').map(str::trim).filter(|host| !host.is_empty()).map(str::to_owned).collect();
    let bundles = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"];
    Route { proxies, no_proxy, certificates: bundles.into_iter().find_map(|name| path(get, name)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::shared_cache::user_home;

    fn with(variables: &[(&str, &str)]) -> Hub {
        Hub::from_variables(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into())
        })
    }

    #[test]
    fn the_environment_is_read_as_pythons_tools_read_it() {
        assert_eq!(
            with(&[("HF_HUB_CACHE", "/a"), ("HUGGINGFACE_HUB_CACHE", "/b"), ("HF_HOME", "/c")]).cache,
            Path::new("/a")
        );
        assert_eq!(with(&[("HUGGINGFACE_HUB_CACHE", "/b"), ("HF_HOME", "/c")]).cache, Path::new("/b"));
        assert_eq!(with(&[("HF_HOME", "/c"), ("XDG_CACHE_HOME", "/d")]).cache, Path::new("/c/hub"));
        assert_eq!(with(&[("XDG_CACHE_HOME", "/d")]).cache, Path::new("/d/huggingface/hub"));
        assert!(with(&[]).cache.ends_with(".cache/huggingface/hub"));
        assert_eq!(with(&[("HF_HUB_CACHE", "~/x")]).cache, user_home().join("x"));
        for (value, offline) in [("1", true), ("true", true), ("YES", true), ("0", false), ("", false)] {
            assert_eq!(with(&[("HF_HUB_OFFLINE", value)]).offline, offline, "{value}");
        }
        assert_eq!(with(&[("HF_ENDPOINT", "http://mirror:80/hf/")]).endpoint, "http://mirror:80/hf");
        assert_eq!(with(&[("HF_ENDPOINT", " ")]).endpoint, ENDPOINT);
    }

    #[test]
    fn what_the_environment_said_is_known_as_that() {
        let set =
            with(&[("HF_ENDPOINT", "http://x"), ("TRANSFORMERS_OFFLINE", "1"), ("HF_HOME", "/c"), ("HF_TOKEN", "t")]);
        let expected = Origins {
            offline: Some("TRANSFORMERS_OFFLINE"),
            endpoint: Some("HF_ENDPOINT"),
            cache: Some("HF_HOME"),
            token: Some(TokenOrigin::Variable("HF_TOKEN")),
        };
        assert_eq!(set.origins, expected);
        assert_eq!(Hub::default().origins, Origins::default());
        assert!(!format!("{set:?}").contains("\"t\""), "a token has no text form");
    }

    #[test]
    fn a_token_is_taken_from_the_environment_before_the_hubs_own_file() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("token"), "from_file\n").unwrap();
        let home = home.path().to_str().unwrap();
        let token = |variables: &[(&str, &str)]| with(variables).token.map(|token| token.reveal().to_owned());
        assert_eq!(token(&[("HF_HOME", home)]).as_deref(), Some("from_file"));
        assert_eq!(token(&[("HF_HOME", home), ("HF_TOKEN", "given")]).as_deref(), Some("given"));
        assert_eq!(token(&[("HF_HOME", home), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")]), None);
    }

    #[test]
    fn a_proxy_is_chosen_by_the_scheme_of_the_address() {
        let route = with(&[("https_proxy", "http://a:1"), ("ALL_PROXY", "socks5://b:2"), ("NO_PROXY", "x, .y")]).route;
        assert_eq!(route.proxy_for("https://hub"), Some("http://a:1"));
        assert_eq!(route.proxy_for("http://hub"), Some("socks5://b:2"));
        assert_eq!(route.no_proxy, ["x", ".y"]);
        assert_eq!(with(&[("HTTPS_PROXY", "http://a:1")]).route.proxy_for("http://hub"), None);
        assert_eq!(with(&[("SSL_CERT_FILE", "/c.pem")]).route.certificates.as_deref(), Some(Path::new("/c.pem")));
    }
}
