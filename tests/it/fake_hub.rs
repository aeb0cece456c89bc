//! A hub on the loopback device: it speaks the protocol of the real one as far as it is used, and misbehaves on request.
//!
//! It is a proxy too: what is sent through it is answered by itself.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// What is done with the next requests for a file, or for the list of a repository.
#[derive(Clone, Debug)]
pub enum Trick {
    /// Answers with a status and more headers, each a whole line.
    Status(u16, &'static str),
    /// Promises all and sends this many bytes.
    Break(usize),
    /// Sends other bytes of the same length.
    Garble,
    /// Ignores that only the rest is wanted.
    IgnoreRange,
    /// Says it sends the rest, and sends one that begins elsewhere.
    OtherRange,
    /// Says that the whole is this much longer than it is listed.
    OtherLength(usize),
    /// Calls the version by another name from now on, and sends it as asked.
    OtherTag,
    /// Packs what it sends, though it was asked not to.
    Packed,
    /// Sends the asker to another address for it.
    Away(String),
    /// Accepts the request and says nothing.
    Silence,
    /// Sends the beginning and then a byte now and then.
    Trickle,
    /// Sends more than was promised.
    TooMuch,
    /// Sends a page that asks for a login, as a success.
    Page,
    /// Closes the connection before a word.
    HangUp,
    /// Sends so many bytes of headers.
    LongHeader(usize),
}

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub path: String,
    pub range: Option<String>,
    pub if_range: Option<String>,
    pub authorization: Option<String>,
}

struct File {
    content: Vec<u8>,
    /// What git calls a small file; large ones are known by their own sum.
    git_sum: Option<String>,
}

/// A repository at one revision.
struct Revision {
    name: String,
    commit: String,
    files: BTreeMap<String, File>,
}

#[derive(Default)]
struct State {
    /// By `models/NAME` or `datasets/NAME`.
    repos: BTreeMap<String, (Value, Vec<Revision>)>,
    /// The new name of what was renamed, each with its kind before it.
    renamed: HashMap<String, String>,
    tricks: HashMap<String, Vec<Trick>>,
    other_tags: usize,
    seen: Vec<Seen>,
    withholds_sums: bool,
    withholds_tags: bool,
}

pub struct FakeHub {
    pub url: String,
    state: Arc<Mutex<State>>,
}

pub fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl FakeHub {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let (shared, address) = (Arc::clone(&state), url.clone());
        let serve = move || {
            for stream in listener.incoming().flatten() {
                let (shared, address) = (Arc::clone(&shared), address.clone());
                // Whoever asked may be gone before the answer.
                let one = move || drop(connection(&stream, &shared, &address));
                std::thread::Builder::new().name("answer".to_owned()).spawn(one).unwrap();
            }
        };
        std::thread::Builder::new().name("hub".to_owned()).spawn(serve).unwrap();
        Self { url, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Adds a repository, `models/NAME` or `datasets/NAME`, or another revision of it. The commit is made of the revision.
    pub fn add(&self, repo: &str, revision: &str, told: Value, files: &[(&str, &[u8])]) {
        let file =
            |(name, content): &(&str, &[u8])| ((*name).to_owned(), File { content: content.to_vec(), git_sum: None });
        let commit = sha256(revision.as_bytes())[..40].to_owned();
        let revision = Revision { name: revision.to_owned(), commit, files: files.iter().map(file).collect() };
        let mut state = self.state();
        let (known, revisions) = state.repos.entry(repo.to_owned()).or_insert_with(|| (Value::Null, Vec::new()));
        *known = told;
        revisions.push(revision);
    }

    /// From now on a file is a small one that git itself keeps.
    pub fn keep_by_git(&self, repo: &str, file: &str, sum: &str) {
        for revision in &mut self.state().repos.get_mut(repo).unwrap().1 {
            revision.files.get_mut(file).unwrap().git_sum = Some(sum.to_owned());
        }
    }

    pub fn rename(&self, old: &str, new: &str) {
        self.state().renamed.insert(old.to_owned(), new.to_owned());
    }

    /// What happens to the next requests for a file, or for `list` or `search`, one after another.
    pub fn trick(&self, what: &str, tricks: &[Trick]) {
        self.state().tricks.insert(what.to_owned(), tricks.to_vec());
    }

    pub fn withhold_sums(&self) {
        self.state().withholds_sums = true;
    }

    pub fn withhold_tags(&self) {
        self.state().withholds_tags = true;
    }

    /// The requests whose path has these words in it.
    pub fn seen(&self, words: &str) -> Vec<Seen> {
        self.state().seen.iter().filter(|seen| seen.path.contains(words)).cloned().collect()
    }
}

/// One request on a connection; through a proxy, the one behind it.
fn connection(stream: &TcpStream, shared: &Mutex<State>, address: &str) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut method, mut seen) = request(&mut reader)?;
    let mut stream = stream.try_clone()?;
    if method == "CONNECT" {
        shared.lock().unwrap().seen.push(seen);
        write!(stream, "HTTP/1.1 200 Connection established\r\n\r\n")?;
        (method, seen) = request(&mut reader)?;
    }
    assert_eq!(method, "GET", "nothing else is ever sent");
    shared.lock().unwrap().seen.push(seen.clone());
    let mut out = Out { stream, headers: String::new() };
    answer(&mut out, &mut reader, &seen, shared, address)
}

fn request(reader: &mut BufReader<TcpStream>) -> io::Result<(String, Seen)> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ').map(str::to_owned);
    let method = words.next().unwrap_or_default();
    let path = words.next().unwrap_or_default();
    let mut seen = Seen { path, range: None, if_range: None, authorization: None };
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { return Ok((method, seen)) };
        match name.to_lowercase().as_str() {
            "range" => seen.range = Some(value.to_owned()),
            "if-range" => seen.if_range = Some(value.to_owned()),
            "authorization" => seen.authorization = Some(value.to_owned()),
            _ => {}
        }
    }
}

struct Out {
    stream: TcpStream,
    headers: String,
}

impl Out {
    fn send(&mut self, status: u16, length: usize, body: &[u8]) -> io::Result<()> {
        let headers = &self.headers;
        write!(self.stream, "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n")?;
        self.stream.write_all(body)?;
        self.stream.flush()
    }

    fn json(&mut self, value: &Value) -> io::Result<()> {
        let text = value.to_string();
        self.headers.push_str("Content-Type: application/json\r\n");
        self.send(200, text.len(), text.as_bytes())
    }

    fn refuse(&mut self, status: u16, code: &str) -> io::Result<()> {
        self.headers.push_str(&format!("X-Error-Code: {code}\r\n"));
        self.send(status, 4, b"oops")
    }
}

fn answer(
    out: &mut Out,
    reader: &mut BufReader<TcpStream>,
    seen: &Seen,
    shared: &Mutex<State>,
    address: &str,
) -> io::Result<()> {
    let (path, query) = seen.path.split_once('?').unwrap_or((&seen.path, ""));
    let mut state = shared.lock().unwrap();
    let key = match path.strip_prefix("/api/") {
        Some("models" | "datasets") => "search",
        Some(_) => "list",
        None => path.rsplit('/').next().unwrap(),
    };
    let trick = state.tricks.get_mut(key).filter(|tricks| !tricks.is_empty()).map(|tricks| tricks.remove(0));
    match &trick {
        Some(Trick::Status(status, headers)) => {
            out.headers.push_str(headers);
            return out.send(*status, 4, b"oops");
        }
        Some(Trick::Silence) => {
            drop(state);
            return reader.read_to_end(&mut Vec::new()).map(drop);
        }
        Some(Trick::HangUp) => return Ok(()),
        Some(Trick::LongHeader(length)) => {
            out.headers.push_str(&format!("X-Long: {}\r\n", "x".repeat(*length)));
        }
        Some(Trick::Page) => {
            out.headers.push_str("Content-Type: text/html; charset=utf-8\r\n");
            let page = b"<html>Welcome! Please sign in.</html>";
            return out.send(200, page.len(), page);
        }
        Some(Trick::Away(to)) => {
            out.headers.push_str(&format!("Location: {to}{}\r\n", if to.ends_with('/') { key } else { "" }));
            // The endpoint says of a file what it is, and another server has it.
            out.headers.push_str(&state.head(path, false).unwrap_or_default());
            return out.send(302, 0, b"");
        }
        _ => {}
    }
    if let Some(new) =
        state.renamed.iter().find_map(|(old, new)| path.contains(old.as_str()).then(|| path.replace(old, new)))
    {
        out.headers.push_str(&format!("Location: {new}{}{query}\r\n", if query.is_empty() { "" } else { "?" }));
        return out.send(307, 0, b"");
    }
    match path.strip_prefix("/api/") {
        Some("whoami-v2") if seen.authorization.is_some() => out.json(&json!({ "type": "user", "name": "somebody" })),
        Some("whoami-v2") => out.refuse(401, ""),
        Some(kind @ ("models" | "datasets")) => state.search(out, kind, query, address),
        Some(repo) => state.list(out, repo),
        None => state.file(out, path, seen, trick.as_ref()),
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        if let (b'%', Some(digits)) = (first, behind.get(..2)) {
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap());
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).unwrap()
}

impl State {
    /// A page of what was found: by part of a name, by tags and by task, most downloads first.
    fn search(&self, out: &mut Out, kind: &str, query: &str, address: &str) -> io::Result<()> {
        let asked: Vec<(&str, String)> = query
            .split('&')
            .filter_map(|asked| asked.split_once('='))
            .map(|(key, value)| (key, decoded(value)))
            .collect();
        let all =
            |key: &'static str| asked.iter().filter(move |(known, _)| *known == key).map(|(_, value)| value.as_str());
        let fits = |name: &str, told: &Value| {
            let tags: Vec<&str> = told["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            all("search").all(|text| name.to_lowercase().contains(&text.to_lowercase()))
                && all("filter").all(|filter| tags.contains(&filter))
                && all("pipeline_tag").all(|task| told["pipeline_tag"] == task)
        };
        let mut found: Vec<Value> = Vec::new();
        for (repo, (told, revisions)) in &self.repos {
            let Some(name) = repo.strip_prefix(&format!("{kind}/")).filter(|name| fits(name, told)) else { continue };
            let mut entry: Map<String, Value> = told.as_object().cloned().unwrap_or_default();
            entry.insert("id".to_owned(), name.into());
            let files = revisions.iter().find(|revision| revision.name == "main").map(|main| &main.files);
            let siblings = files.into_iter().flatten().map(|(name, _)| json!({ "rfilename": name }));
            entry.insert("siblings".to_owned(), siblings.collect());
            // Only what was asked for is told, as the real one does.
            entry.retain(|key, _| key == "id" || all("expand").any(|asked| asked == key));
            found.push(entry.into());
        }
        found.sort_by_key(|entry| std::cmp::Reverse(entry["downloads"].as_u64()));
        let number = |key| all(key).next().and_then(|value| value.parse::<usize>().ok());
        let (limit, start) = (number("limit").unwrap_or(100), number("cursor").unwrap_or(0));
        if start + limit < found.len() {
            let rest = query.split('&').filter(|asked| !asked.starts_with("cursor=")).collect::<Vec<_>>().join("&");
            let next = format!("{address}/api/{kind}?{rest}&cursor={}", start + limit);
            out.headers.push_str(&format!("Link: <{next}>; rel=\"next\"\r\n"));
        }
        out.json(&found.into_iter().skip(start).take(limit).collect())
    }

    /// `models/NAME/revision/REVISION`.
    fn list(&self, out: &mut Out, path: &str) -> io::Result<()> {
        let (repo, revision) = path.split_once("/revision/").unwrap_or((path, "main"));
        let revision = decoded(revision);
        let Some((told, revisions)) = self.repos.get(repo) else { return out.refuse(404, "RepoNotFound") };
        let fits = |known: &&Revision| known.name == revision || known.commit == revision;
        let Some(found) = revisions.iter().find(fits) else { return out.refuse(404, "RevisionNotFound") };
        let siblings = found.files.iter().map(|(name, file)| {
            let size = file.content.len();
            match (self.withholds_sums, &file.git_sum) {
                (true, _) => json!({ "rfilename": name }),
                (_, Some(sum)) => json!({ "rfilename": name, "size": size, "blobId": sum }),
                (_, None) => json!({ "rfilename": name, "size": size, "blobId": "0".repeat(40),
                    "lfs": { "sha256": sha256(&file.content), "size": size, "pointerSize": 130 } }),
            }
        });
        let mut answer: Map<String, Value> = told.as_object().cloned().unwrap_or_default();
        answer.insert("id".to_owned(), repo.split_once('/').unwrap().1.into());
        answer.insert("sha".to_owned(), found.commit.as_str().into());
        answer.insert("siblings".to_owned(), siblings.collect());
        out.json(&answer.into())
    }

    /// `/NAME/resolve/REVISION/FILE`, or `/datasets/NAME/…`; what stands elsewhere is found by its last part.
    fn find(&self, path: &str) -> Option<&File> {
        let Some((repo, rest)) = path.trim_start_matches('/').split_once("/resolve/") else {
            let last = path.rsplit('/').next()?;
            let files = self.repos.values().flat_map(|(_, revisions)| revisions).flat_map(|revision| &revision.files);
            return files.filter(|(name, _)| *name == last).map(|(_, file)| file).next();
        };
        let (revision, file) = rest.split_once('/')?;
        let (revision, file) = (decoded(revision), decoded(file));
        let repo = if repo.starts_with("datasets/") { repo.to_owned() } else { format!("models/{repo}") };
        let fits = |known: &&Revision| known.name == revision || known.commit == revision;
        self.repos.get(&repo)?.1.iter().find(fits)?.files.get(&file)
    }

    /// The headers that tell which version of a file this is.
    fn head(&self, path: &str, is_away: bool) -> Option<String> {
        let file = self.find(path)?;
        let version = self.other_tags;
        Some(match (&file.git_sum, self.withholds_tags, is_away) {
            (_, true, _) | (_, _, true) => format!("ETag: \"v{version}\"\r\n"),
            (Some(sum), ..) => format!("ETag: \"{sum}\"\r\n"),
            (None, ..) => {
                let (sum, size) = (sha256(&file.content), file.content.len());
                format!("ETag: \"v{version}\"\r\nX-Linked-Etag: \"{sum}\"\r\nX-Linked-Size: {size}\r\n")
            }
        })
    }

    fn file(&mut self, out: &mut Out, path: &str, seen: &Seen, trick: Option<&Trick>) -> io::Result<()> {
        if matches!(trick, Some(Trick::OtherTag)) {
            self.other_tags += 1;
        }
        let Some(headers) = self.head(path, !path.contains("/resolve/")) else {
            return out.refuse(404, "EntryNotFound");
        };
        let Some(file) = self.find(path) else { return out.refuse(404, "EntryNotFound") };
        let content = &file.content;
        out.headers.push_str(&headers);
        let start =
            seen.range.as_deref().and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        let mut start: usize = start.filter(|_| !matches!(trick, Some(Trick::IgnoreRange))).unwrap_or(0);
        if start >= content.len() && start > 0 {
            return out.send(416, 0, b"");
        }
        let is_rest = start > 0;
        if matches!(trick, Some(Trick::OtherRange)) {
            start = content.len() - 1;
        }
        let length = content.len() + if let Some(Trick::OtherLength(more)) = trick { *more } else { 0 };
        if is_rest {
            out.headers.push_str(&format!("Content-Range: bytes {start}-{}/{length}\r\n", length - 1));
        }
        let status = if is_rest { 206 } else { 200 };
        let mut body = content[start..].to_vec();
        match trick {
            Some(Trick::Break(sent)) => out.send(status, body.len(), &body[..(*sent).min(body.len())]),
            Some(Trick::OtherLength(more)) => out.send(status, body.len() + more, &body),
            Some(Trick::Garble) => {
                for byte in &mut body {
                    *byte ^= 1;
                }
                out.send(status, body.len(), &body)
            }
            Some(Trick::TooMuch) => {
                body.extend(b"and more");
                out.headers = out.headers.replace("Content-Length", "X-Length");
                write!(out.stream, "HTTP/1.1 {status} X\r\nConnection: close\r\n{}\r\n", out.headers)?;
                out.stream.write_all(&body)
            }
            Some(Trick::Packed) => {
                let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                packer.write_all(&body)?;
                let packed = packer.finish()?;
                out.headers.push_str("Content-Encoding: gzip\r\n");
                out.send(status, packed.len(), &packed)
            }
            Some(Trick::Trickle) => {
                let half = body.len() / 2;
                out.send(status, body.len(), &body[..half])?;
                for byte in body[half..].chunks(1) {
                    std::thread::sleep(Duration::from_millis(10));
                    out.stream.write_all(byte)?;
                }
                Ok(())
            }
            _ => out.send(status, body.len(), &body),
        }
    }
}
