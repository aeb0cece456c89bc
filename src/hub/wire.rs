//! The conversation with the hub's server: requests, redirects, refusals.
//!
//! Redirects are followed here and not by the library, so that the token goes to the endpoint and nowhere else. Nothing
//! waits without an end, and whoever holds the [`Switch`] ends what waits.

use std::io::{self, Read};
use std::time::Duration;

use serde_json::Value;
use ureq::http::HeaderMap;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};

use super::name::{Repo, is_checksum};
use super::settings::{Patience, Route};
use super::{Hub, HubError, Switch, Token};

const MAX_REDIRECTS: usize = 5;
const CONNECT: Duration = Duration::from_secs(10);
/// The largest answer that is read as a whole: the list of a repository with very many files.
const MAX_ANSWER_BYTES: u64 = 32 << 20;
/// How often something is asked for until it is there.
const ATTEMPTS: u32 = 5;
/// A longer wait that the server asks for is left to the person.
const LONGEST_WAIT_SECS: u64 = 300;
/// How soon a wait hears the switch.
const HEED: Duration = Duration::from_millis(50);

/// What is asked for, for the words of errors.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub repo: Option<&'a Repo>,
    pub revision: &'a str,
    pub what: &'a str,
}

impl<'a> Subject<'a> {
    pub fn of(repo: &'a Repo, revision: &'a str, what: &'a str) -> Self {
        Self { repo: Some(repo), revision, what }
    }

    /// What has no repository.
    pub fn plain(what: &'a str) -> Self {
        Self { repo: None, revision: "", what }
    }
}

/// The rest of a file that is wanted.
#[derive(Clone, Copy, Default)]
pub(super) struct Rest<'a> {
    /// Bytes that are there already.
    pub start: u64,
    /// What the server called the version they are of.
    pub tag: Option<&'a str>,
}

/// An answer that was not a refusal: 200 or 206.
pub(super) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// The checksum and size that the endpoint itself gives, not another server it points to.
    pub checksum: Option<String>,
    pub size: Option<u64>,
    pub body: Box<dyn Read>,
}

/// The connections to one hub.
pub(super) struct Wire {
    agent: Agent,
    endpoint: String,
    token: Option<Token>,
    switch: Switch,
    patience: Patience,
}

impl Wire {
    /// Nothing is connected before something is asked. Offline there is none; `wanted` is what it was for.
    pub fn new(hub: &Hub, wanted: &str) -> Result<Self, HubError> {
        if hub.offline {
            return Err(HubError::Offline { name: wanted.to_owned() });
        }
        if origin(&hub.endpoint).is_none() {
            let reason = "it does not begin with http:// or https://".to_owned();
            return Err(HubError::Setting { what: "hub (HF_ENDPOINT)", value: hub.endpoint.clone(), reason });
        }
        let agent = Agent::config_builder()
            .user_agent(concat!("attune/", env!("CARGO_PKG_VERSION")))
            .proxy(proxy(&hub.route, &hub.endpoint)?)
            .tls_config(trust(&hub.route)?)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(hub.patience.stall))
            .timeout_per_read(Some(hub.patience.stall))
            .build()
            .new_agent();
        hub.switch.govern(&agent)?;
        Ok(Self {
            agent,
            endpoint: hub.endpoint.clone(),
            token: hub.token_to_send()?,
            switch: hub.switch.clone(),
            patience: hub.patience,
        })
    }

    /// The answer to a request for a path of the endpoint, followed to wherever it is sent on.
    pub fn get(&self, path: &str, rest: Rest<'_>, subject: Subject<'_>) -> Result<Answer, HubError> {
        let home = origin(&self.endpoint);
        let mut url = format!("{}{path}", self.endpoint);
        let (mut checksum, mut size) = (None, None);
        for _ in 0..=MAX_REDIRECTS {
            let is_home = origin(&url) == home;
            let response = self.ask(&url, is_home, rest).map_err(|error| self.broken(subject, error))?;
            let status = response.status().as_u16();
            let (parts, body) = response.into_parts();
            let headers = parts.headers;
            if is_home {
                checksum = checksum.or_else(|| tag_of(&headers, "x-linked-etag").or_else(|| tag_of(&headers, "etag")));
                size = size.or_else(|| number(&headers, "x-linked-size"));
            }
            match status {
                200 | 206 => {
                    let checksum = checksum.filter(|sum| is_checksum(sum));
                    return Ok(Answer { status, headers, checksum, size, body: Box::new(body.into_reader()) });
                }
                301 | 302 | 303 | 307 | 308 => {
                    let to = text(&headers, "location").unwrap_or_default();
                    let what = || subject.what.to_owned();
                    url = follow(&url, to).map_err(|reason| HubError::Redirect { what: what(), reason })?;
                }
                _ if is_home => return Err(self.refusal(status, &headers, subject)),
                // A link to another server is good for a while; the endpoint gives a new one.
                401 | 403 | 404 | 410 => {
                    let said = format!("the server that the hub redirects to answered {status}");
                    return Err(self.broken(subject, io::Error::other(said)));
                }
                _ => return Err(status_error(status, &headers, subject)),
            }
        }
        Err(HubError::Redirect { what: subject.what.to_owned(), reason: "there are too many in a row" })
    }

    fn ask(&self, url: &str, is_home: bool, rest: Rest<'_>) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        // A body that is packed on the way has another length and another checksum.
        let mut request = self.agent.get(url).header("Accept-Encoding", "identity");
        if let Some(token) = self.token.as_ref().filter(|_| is_home) {
            request = request.header("Authorization", format!("Bearer {}", token.reveal()));
        }
        if rest.start > 0 {
            request = request.header("Range", format!("bytes={}-", rest.start));
            if let Some(tag) = rest.tag {
                request = request.header("If-Range", tag);
            }
        }
        request.call()
    }

    /// Tries again what may work a little later.
    pub fn patiently<T>(&self, mut attempt: impl FnMut() -> Result<T, HubError>) -> Result<T, HubError> {
        let mut tries = Tries::default();
        loop {
            let error = match attempt() {
                Err(error) => error,
                outcome => return outcome,
            };
            self.sleep(tries.after(error, 0, &self.patience)?.0)?;
        }
    }

    /// A whole answer in JSON, and the path of the next page where there is one.
    pub fn json(&self, path: &str, subject: Subject<'_>) -> Result<(Value, Option<String>), HubError> {
        let answer = self.get(path, Rest::default(), subject)?;
        let next = text(&answer.headers, "link").and_then(next_page);
        // A mirror may stand in a folder of its server.
        let folder = origin(&self.endpoint).map_or("", |origin| &self.endpoint[origin.len()..]);
        let next = next.map(|path| path.strip_prefix(folder).unwrap_or(path).to_owned());
        let page = is_web_page(&answer.headers);
        let text = self.read(answer, MAX_ANSWER_BYTES, subject)?;
        let value = serde_json::from_slice(&text).map_err(|error| {
            let is_page = page || text.trim_ascii().starts_with(b"<");
            if is_page {
                HubError::WebPage { what: subject.what.to_owned() }
            } else {
                HubError::answer(subject.what, error.to_string())
            }
        })?;
        Ok((value, next))
    }

    /// All of a body, which may not be larger than this.
    pub fn read(&self, answer: Answer, most: u64, subject: Subject<'_>) -> Result<Vec<u8>, HubError> {
        let mut content = Vec::new();
        let mut body = answer.body.take(most + 1);
        body.read_to_end(&mut content).map_err(|error| self.broken(subject, error))?;
        if content.len() as u64 > most {
            return Err(HubError::answer(subject.what, format!("it is larger than {most} bytes")));
        }
        Ok(content)
    }

    /// Waits, unless the switch is turned.
    fn sleep(&self, duration: Duration) -> Result<(), HubError> {
        let mut left = duration;
        while !left.is_zero() {
            self.switch.check()?;
            let now = left.min(HEED);
            std::thread::sleep(now);
            left -= now;
        }
        Ok(self.switch.check()?)
    }

    fn broken(&self, subject: Subject<'_>, source: impl std::error::Error + Send + Sync + 'static) -> HubError {
        let connection = HubError::Connection { what: subject.what.to_owned(), source: Box::new(source) };
        self.switch.check().err().map_or(connection, HubError::from)
    }

    fn refusal(&self, status: u16, headers: &HeaderMap, subject: Subject<'_>) -> HubError {
        let name = subject.repo.map_or(subject.what, |repo| &repo.name).to_owned();
        match (status, text(headers, "x-error-code")) {
            (401 | 403, Some("GatedRepo")) => {
                let page = subject.repo.map_or(String::new(), Repo::page);
                HubError::Gated { name, page: format!("{}{page}", self.endpoint) }
            }
            (404, Some("RevisionNotFound")) => HubError::NoRevision { name, revision: subject.revision.to_owned() },
            (404, Some("EntryNotFound")) => HubError::NoFile { name, file: subject.what.to_owned() },
            (403, _) => HubError::Forbidden { name, said: text(headers, "x-error-message").map(str::to_owned) },
            (401, _) if self.token.is_some() => HubError::Token { name },
            (401 | 404, _) => HubError::NotFound { name },
            (429, _) => HubError::TooManyRequests { wait_secs: wait_secs(headers) },
            (status, _) => status_error(status, headers, subject),
        }
    }
}

/// The attempts at one thing.
#[derive(Default)]
pub(super) struct Tries {
    failures: u32,
}

impl Tries {
    /// How long to wait before the next attempt, after one that failed though it brought so many bytes; the error where
    /// there should be none.
    pub fn after(
        &mut self,
        error: HubError,
        brought: u64,
        patience: &Patience,
    ) -> Result<(Duration, HubError), HubError> {
        if brought >= patience.worth {
            self.failures = 0;
        }
        self.failures += 1;
        let asked = error.asked_wait_secs();
        if !error.is_passing() || self.failures >= ATTEMPTS || asked.is_some_and(|secs| secs > LONGEST_WAIT_SECS) {
            return Err(error);
        }
        let usual = patience.retry_after * 2_u32.pow(self.failures - 1);
        Ok((asked.map_or(usual, Duration::from_secs), error))
    }
}

/// The server that requests go through, if there is one.
fn proxy(route: &Route, endpoint: &str) -> Result<Option<Proxy>, HubError> {
    let Some(named) = route.proxy_for(endpoint) else { return Ok(None) };
    let senseless = |error: ureq::Error| HubError::Setting {
        what: "proxy",
        // A password may stand before the @.
        value: named.rsplit('@').next().unwrap_or_default().to_owned(),
        reason: error.to_string(),
    };
    let read = Proxy::new(named).map_err(senseless)?;
    let mut proxy = Proxy::builder(read.protocol()).host(read.host()).port(read.port());
    if let Some(name) = read.username() {
        proxy = proxy.username(name);
    }
    if let Some(password) = read.password() {
        proxy = proxy.password(password);
    }
    for host in &route.no_proxy {
        let host = host.trim_start_matches('*').trim_start_matches('.');
        proxy = if host.is_empty() { proxy.no_proxy("*") } else { proxy.no_proxy(host).no_proxy(&format!(".{host}")) };
    }
    proxy.build().map(Some).map_err(senseless)
}

/// Whose certificates are trusted: those inside the program, or those of a file that the environment names.
fn trust(route: &Route) -> Result<TlsConfig, HubError> {
    let Some(path) = &route.certificates else { return Ok(TlsConfig::default()) };
    let pem = crate::files::read_note(path).map_err(HubError::disk(path))?;
    let found = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    Ok(TlsConfig::builder().root_certs(RootCerts::from(found.collect::<Vec<_>>())).build())
}

fn status_error(status: u16, headers: &HeaderMap, subject: Subject<'_>) -> HubError {
    let said = text(headers, "x-error-message").map(str::to_owned);
    HubError::Status { status, what: subject.what.to_owned(), said, wait_secs: wait_secs(headers) }
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

pub(super) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name)?.trim().parse().ok()
}

/// A version's name without its quotes.
fn tag_of(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(text(headers, name)?.trim_start_matches("W/").trim_matches('"').to_owned())
}

pub(super) fn is_web_page(headers: &HeaderMap) -> bool {
    text(headers, "content-type").is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"))
}

/// The wait a server asks for: `Retry-After: 7`, or the rest of its window in `RateLimit: "api";r=0;t=55`.
fn wait_secs(headers: &HeaderMap) -> Option<u64> {
    let window =
        || text(headers, "ratelimit")?.split(';').find_map(|part| part.trim().strip_prefix("t=")?.parse().ok());
    number(headers, "retry-after").or_else(window)
}

/// The path of the next page, from `<https://hub.example/api/models?cursor=x>; rel="next"`. It is asked at the endpoint,
/// whatever server the link names.
fn next_page(link: &str) -> Option<&str> {
    link.split(',').find_map(|link| {
        let (address, about) = link.trim().strip_prefix('<')?.split_once('>')?;
        let path = origin(address).map_or(address, |origin| &address[origin.len()..]);
        let is_next = about.split(';').any(|about| matches!(about.trim(), "rel=\"next\"" | "rel=next"));
        (is_next && path.starts_with('/')).then_some(path)
    })
}

/// Scheme, host and port of an address of the web.
fn origin(url: &str) -> Option<&str> {
    let start = ["https://", "http://"].into_iter().find(|scheme| url.starts_with(scheme))?.len();
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |end| start + end);
    (end > start).then(|| &url[..end])
}

/// The address a redirect leads to. Never from an encrypted connection to an open one.
fn follow(from: &str, to: &str) -> Result<String, &'static str> {
    if to.starts_with("//") || to.is_empty() {
        return Err("it is not a whole address");
    }
    if to.starts_with('/') {
        let home = origin(from).ok_or("it is not a whole address")?;
        return Ok(format!("{home}{to}"));
    }
    match (from.starts_with("https://"), to.starts_with("https://"), to.starts_with("http://")) {
        (_, true, _) | (false, _, true) => Ok(to.to_owned()),
        (true, false, true) => Err("it leaves the encrypted connection"),
        _ => Err("it is not a web address"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_encrypted_and_tokens_at_home() {
        let from = "https://hub.example/a/resolve/main/b?x";
        assert_eq!(follow(from, "/c/d"), Ok("https://hub.example/c/d".to_owned()));
        assert_eq!(follow(from, "https://cdn.example/x"), Ok("https://cdn.example/x".to_owned()));
        for to in ["http://cdn.example/x", "//cdn.example/x", "file:///etc/passwd", "", "ftp://x"] {
            assert!(follow(from, to).is_err(), "{to}");
        }
        assert!(follow("http://127.0.0.1:1/a", "http://127.0.0.1:2/b").is_ok());
        assert_eq!(origin(from), Some("https://hub.example"));
        assert_ne!(origin("http://127.0.0.1:1/a"), origin("http://127.0.0.1:2/a"));
        assert_ne!(origin("https://hub.example.evil.example/"), origin(from));
        for address in ["hub.example", "ftp://hub.example", "https://", ""] {
            assert_eq!(origin(address), None);
        }
    }

    #[test]
    fn the_next_page_is_asked_at_the_endpoint() {
        let link = "<https://hub.example/api/models?limit=2&cursor=x%3D>; rel=\"next\"";
        assert_eq!(next_page(link), Some("/api/models?limit=2&cursor=x%3D"));
        assert_eq!(next_page("</a>; rel=\"prev\", </b>; rel=\"next\""), Some("/b"));
        for link in ["", "<x>; rel=\"next\"", "</a>", "/a; rel=\"next\""] {
            assert_eq!(next_page(link), None, "{link}");
        }
    }

    #[test]
    fn a_server_says_how_long_to_wait() {
        let wait = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            wait_secs(&headers)
        };
        assert_eq!(wait("retry-after", "7"), Some(7));
        assert_eq!(wait("ratelimit", "\"api\";r=0;t=55"), Some(55));
        assert_eq!(wait("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }

    #[test]
    fn a_proxy_that_is_none_is_told_without_its_password() {
        let hub = Hub {
            route: Route { proxies: vec![(None, "gopher://me:secret@host".to_owned())], ..Route::default() },
            ..Hub::from_variables(&|_| None)
        };
        let error = Wire::new(&hub, "x").err().unwrap().to_string();
        assert!(error.contains("proxy") && error.contains("host") && !error.contains("secret"), "{error}");
        let hub = Hub { endpoint: "hub.example".to_owned(), ..Hub::from_variables(&|_| None) };
        assert!(Wire::new(&hub, "x").err().unwrap().to_string().contains("HF_ENDPOINT"));
    }
}
