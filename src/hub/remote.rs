//! The conversation with the hub's server, by way of `hf-hub`.
//!
//! `hf-hub` knows the endpoint's addresses, speaks TLS and signs requests. Its own download is not used: it appends to
//! a part without looking whether the server continued it, checks nothing it receives, and waits without end. What
//! comes back is looked at here, and redirects are followed here, so that a token goes to the endpoint and nowhere else.

use std::io::Read;
use std::time::Duration;

use hf_hub::api::sync::{Api, ApiBuilder, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};
use serde_json::Value;

use super::name::{is_checksum, is_commit};
use super::{Hub, HubError};

const MAX_REDIRECTS: usize = 5;
/// The largest list of files that is read.
const MAX_LIST_BYTES: u64 = 16 << 20;
const CONNECT: Duration = Duration::from_secs(10);

/// What the server lists of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listing {
    pub commit: String,
    pub files: Vec<RemoteFile>,
}

/// A file at the top of a repository; size and checksum where the list has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RemoteFile {
    pub name: String,
    pub size: Option<u64>,
    pub checksum: Option<String>,
}

/// The beginning of a file's content, or of its rest.
pub(super) struct Content {
    /// Where the body begins in the file.
    pub start: u64,
    /// The size of the whole file, where the server tells it.
    pub size: Option<u64>,
    /// The checksum that the endpoint itself gives, not another server it points to.
    pub checksum: Option<String>,
    pub body: Box<dyn Read>,
}

/// One model on the server.
pub(super) struct Remote {
    name: String,
    revision: String,
    signed: ApiRepo,
    /// For other servers the endpoint points to.
    unsigned: ApiRepo,
    has_token: bool,
    stall: Duration,
}

/// An answer: what of its head is used, and its body.
struct Answer {
    status: u16,
    location: Option<String>,
    range: Option<String>,
    length: Option<u64>,
    linked_size: Option<u64>,
    checksum: Option<String>,
    error_code: Option<String>,
    body: Box<dyn Read>,
}

impl Remote {
    pub fn new(hub: &Hub, name: &str, revision: &str) -> Result<Self, HubError> {
        let repo = || Repo::with_revision(name.to_owned(), RepoType::Model, revision.to_owned());
        let build = |token: Option<String>| -> Result<Api, HubError> {
            let mut builder = ApiBuilder::from_cache(Cache::new(hub.cache.clone()))
                .with_progress(false)
                .with_user_agent("attune", env!("CARGO_PKG_VERSION"))
                .with_token(token);
            if let Some(endpoint) = &hub.endpoint {
                builder = builder.with_endpoint(endpoint.trim_end_matches('/').to_owned());
            }
            builder.build().map_err(|error| connection(name, error))
        };
        let token = hub.token.as_ref().map(|token| token.reveal().to_owned());
        Ok(Self {
            name: name.to_owned(),
            revision: revision.to_owned(),
            has_token: token.is_some(),
            signed: build(token)?.repo(repo()),
            unsigned: build(None)?.repo(repo()),
            stall: hub.stall,
        })
    }

    /// The commit a revision stands for, and the files it has.
    pub fn list(&self) -> Result<Listing, HubError> {
        let answer = self.ask(&self.signed, None, &self.name, 0)?;
        if answer.status != 200 {
            return Err(self.refusal(&answer, &self.name));
        }
        let senseless = |reason: String| HubError::Answer { what: self.name.clone(), reason };
        let mut text = Vec::new();
        let mut body = answer.body.take(MAX_LIST_BYTES);
        body.read_to_end(&mut text).map_err(|error| connection(&self.name, error))?;
        let list: Value = serde_json::from_slice(&text).map_err(|error| senseless(error.to_string()))?;
        let commit = list.get("sha").and_then(Value::as_str).filter(|commit| is_commit(commit));
        let commit = commit.ok_or_else(|| senseless("it names no commit".to_owned()))?.to_owned();
        let files = list.get("siblings").and_then(Value::as_array);
        let files = files.ok_or_else(|| senseless("it lists no files".to_owned()))?;
        Ok(Listing { commit, files: files.iter().filter_map(remote_file).collect() })
    }

    /// The content of a file of a commit, from a byte on where the server can.
    pub fn open(&self, commit: &str, file: &str, start: u64) -> Result<Content, HubError> {
        // The revision in the address is the commit that was listed, whatever the branch has become since.
        let listed = format!("/resolve/{}/", self.revision.replace('/', "%2F"));
        let mut url = self.signed.url(file).replacen(&listed, &format!("/resolve/{commit}/"), 1);
        let home = origin(&url).map(str::to_owned);
        let (mut checksum, mut size) = (None, None);
        for _ in 0..=MAX_REDIRECTS {
            let at_home = origin(&url) == home.as_deref();
            let repo = if at_home { &self.signed } else { &self.unsigned };
            let answer = self.ask(repo, Some(&url), file, start)?;
            if at_home {
                checksum = checksum.or(answer.checksum.clone());
                size = size.or(answer.linked_size);
            }
            match answer.status {
                200 => {
                    let size = size.or(answer.length);
                    return Ok(Content { start: 0, size, checksum, body: answer.body });
                }
                206 => {
                    let (from, total) =
                        answer.range.as_deref().and_then(content_range).ok_or_else(|| HubError::Answer {
                            what: file.to_owned(),
                            reason: "it does not say which part it is".to_owned(),
                        })?;
                    return Ok(Content { start: from, size: size.or(total), checksum, body: answer.body });
                }
                301 | 302 | 303 | 307 | 308 => {
                    let to = answer.location.as_deref().unwrap_or_default();
                    url = follow(&url, to).map_err(|reason| HubError::Redirect { what: file.to_owned(), reason })?;
                }
                _ => return Err(self.refusal(&answer, file)),
            }
        }
        Err(HubError::Redirect { what: file.to_owned(), reason: "there are too many" })
    }

    /// Sends a request, to the list of files where no address is given.
    fn ask(&self, repo: &ApiRepo, url: Option<&str>, what: &str, start: u64) -> Result<Answer, HubError> {
        let mut request = repo.info_request();
        request = match url {
            Some(url) => request.uri(url),
            None => request.query("blobs", "true"),
        };
        if start > 0 {
            request = request.header("Range", format!("bytes={start}-"));
        }
        let response = request
            // A body that is packed on the way has another length and another checksum.
            .header("Accept-Encoding", "identity")
            .config()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(self.stall))
            .timeout_per_read(Some(self.stall))
            .build()
            .call()
            .map_err(|error| connection(what, error))?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let number = |name: &str| header(name).and_then(|value| value.parse().ok());
        let tag = header("x-linked-etag").or_else(|| header("etag"));
        let tag = tag.map(|tag| tag.trim_start_matches("W/").trim_matches('"').to_owned());
        Ok(Answer {
            status: response.status().as_u16(),
            location: header("location"),
            range: header("content-range"),
            length: number("content-length"),
            linked_size: number("x-linked-size"),
            checksum: tag.filter(|tag| is_checksum(tag)),
            error_code: header("x-error-code"),
            body: Box::new(response.into_body().into_reader()),
        })
    }

    fn refusal(&self, answer: &Answer, what: &str) -> HubError {
        let name = self.name.clone();
        match (answer.status, answer.error_code.as_deref()) {
            (403, _) | (_, Some("GatedRepo")) => HubError::Gated { name },
            (404, Some("RevisionNotFound")) => HubError::NoRevision { name, revision: self.revision.clone() },
            (401, _) if self.has_token => HubError::Token { name },
            (401 | 404, _) => HubError::NotFound { name },
            (429, _) => HubError::TooManyRequests,
            (status, _) => HubError::Status { status, what: what.to_owned() },
        }
    }
}

fn connection(what: &str, source: impl std::error::Error + Send + Sync + 'static) -> HubError {
    HubError::Connection { what: what.to_owned(), source: Box::new(source) }
}

/// An entry of the list: large files have their checksum under `lfs`, small ones are known by git's.
fn remote_file(entry: &Value) -> Option<RemoteFile> {
    let name = entry.get("rfilename")?.as_str()?.to_owned();
    let lfs = entry.get("lfs").filter(|lfs| lfs.is_object());
    let checksum = match lfs {
        Some(lfs) => lfs.get("sha256"),
        None => entry.get("blobId"),
    };
    let size = lfs.and_then(|lfs| lfs.get("size")).or_else(|| entry.get("size"));
    Some(RemoteFile {
        name,
        size: size.and_then(Value::as_u64),
        checksum: checksum.and_then(Value::as_str).filter(|sum| is_checksum(sum)).map(str::to_owned),
    })
}

/// Where a part begins, and how large the whole is: `bytes 100-199/200`.
fn content_range(range: &str) -> Option<(u64, Option<u64>)> {
    let (part, total) = range.strip_prefix("bytes ")?.split_once('/')?;
    let (from, _) = part.split_once('-')?;
    Some((from.trim().parse().ok()?, total.trim().parse().ok()))
}

/// Scheme, host and port of an address.
fn origin(url: &str) -> Option<&str> {
    let start = url.find("://")? + 3;
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |end| start + end);
    Some(&url[..end])
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
    }

    #[test]
    fn a_part_says_where_it_begins() {
        assert_eq!(content_range("bytes 100-199/200"), Some((100, Some(200))));
        assert_eq!(content_range("bytes 0-0/*"), Some((0, None)));
        for range in ["", "bytes", "bytes x-1/2", "items 0-1/2"] {
            assert_eq!(content_range(range), None);
        }
    }
}
