//! Downloads from a server on this machine that behaves and misbehaves on request.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::checksum::checksum_of;
use super::*;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What the server does with the next requests for a path.
#[derive(Clone, Debug)]
enum Trick {
    /// Answers with a status and this error code.
    Status(u16, &'static str),
    /// Promises all and sends this many bytes.
    Break(usize),
    /// Sends other bytes of the same length.
    Garble,
    /// Ignores that only the rest is wanted.
    IgnoreRange,
    /// Sends the asker to another server for it.
    Away(String),
    /// Accepts the request and says nothing.
    Silence,
    /// Sends more than was promised.
    TooMuch,
}

#[derive(Default)]
struct State {
    files: HashMap<String, Vec<u8>>,
    large: Vec<String>,
    tricks: HashMap<String, Vec<Trick>>,
    /// Path, range and authorization of each request.
    seen: Vec<(String, Option<String>, Option<String>)>,
    listing_without_checksums: bool,
    tags_withheld: bool,
}

/// A hub for one model, on the loopback device.
struct Server {
    url: String,
    state: Arc<Mutex<State>>,
}

impl Server {
    fn start(files: &[(&str, &[u8])]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let files = files.iter().map(|(name, content)| ((*name).to_owned(), content.to_vec())).collect();
        let state =
            Arc::new(Mutex::new(State { files, large: vec!["model.safetensors".to_owned()], ..State::default() }));
        let shared = Arc::clone(&state);
        let serve = move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                let one = move || drop(answer(stream, &shared));
                std::thread::Builder::new().name("answer".to_owned()).spawn(one).unwrap();
            }
        };
        std::thread::Builder::new().name("hub".to_owned()).spawn(serve).unwrap();
        Self { url, state }
    }

    /// What happens to the next requests for a path, one after another.
    fn trick(&self, path: &str, tricks: &[Trick]) {
        self.state.lock().unwrap().tricks.insert(path.to_owned(), tricks.to_vec());
    }

    fn seen(&self, path: &str) -> Vec<(Option<String>, Option<String>)> {
        let state = self.state.lock().unwrap();
        state.seen.iter().filter(|seen| seen.0.contains(path)).map(|seen| (seen.1.clone(), seen.2.clone())).collect()
    }
}

fn sum(content: &[u8], is_large: bool) -> String {
    let like = "0".repeat(if is_large { 64 } else { 40 });
    checksum_of(content, content.len() as u64, &like, || Ok(())).unwrap()
}

fn answer(stream: TcpStream, shared: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut range, mut authorization) = (None, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        match header.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("range") => range = Some(value.to_owned()),
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => authorization = Some(value.to_owned()),
            Some(_) => {}
            None => break,
        }
    }
    let mut state = shared.lock().unwrap();
    state.seen.push((path.clone(), range.clone(), authorization));
    let file = path.rsplit('/').next().unwrap().to_owned();
    let key = if path.starts_with("/api/") { "list".to_owned() } else { file.clone() };
    let trick = state.tricks.get_mut(&key).filter(|tricks| !tricks.is_empty()).map(|tricks| tricks.remove(0));
    let mut stream = stream;
    let mut send = |status: u16, headers: &str, length: usize, body: &[u8]| {
        write!(stream, "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n")?;
        stream.write_all(body)?;
        stream.flush()
    };
    match &trick {
        Some(Trick::Status(status, code)) => return send(*status, &format!("X-Error-Code: {code}\r\n"), 4, b"oops"),
        Some(Trick::Silence) => {
            drop(state);
            let mut rest = Vec::new();
            return reader.read_to_end(&mut rest).map(drop);
        }
        _ => {}
    }
    if key == "list" {
        let body = listing(&state).to_string();
        return send(200, "", body.len(), body.as_bytes());
    }
    let Some(content) = state.files.get(&file) else { return send(404, "X-Error-Code: EntryNotFound\r\n", 0, b"") };
    let is_large = state.large.contains(&file);
    let tag = sum(content, is_large);
    let mut headers = match (state.tags_withheld, is_large) {
        (true, _) => "ETag: \"1-2-3\"\r\n".to_owned(),
        (_, true) => format!("ETag: \"other\"\r\nX-Linked-Etag: \"{tag}\"\r\nX-Linked-Size: {}\r\n", content.len()),
        (_, false) => format!("ETag: W/\"{tag}\"\r\n"),
    };
    if let Some(Trick::Away(url)) = &trick {
        return send(302, &format!("{headers}Location: {url}/elsewhere/{file}\r\n"), 0, b"");
    }
    let start = range.as_deref().and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let start: usize = start.filter(|_| !matches!(trick, Some(Trick::IgnoreRange))).unwrap_or(0);
    if start >= content.len() && start > 0 {
        return send(416, "", 0, b"");
    }
    let mut body = content[start..].to_vec();
    let status = if start > 0 { 206 } else { 200 };
    if start > 0 {
        let range = format!("Content-Range: bytes {start}-{}/{}\r\n", content.len() - 1, content.len());
        headers.push_str(&range);
    }
    match trick {
        Some(Trick::Break(sent)) => send(status, &headers, body.len(), &body[..sent]),
        Some(Trick::Garble) => {
            for byte in &mut body {
                *byte ^= 1;
            }
            send(status, &headers, body.len(), &body)
        }
        Some(Trick::TooMuch) => {
            body.extend(b"and more");
            send(status, &headers, body.len(), &body)
        }
        _ => send(status, &headers, body.len(), &body),
    }
}

fn listing(state: &State) -> serde_json::Value {
    let siblings = state.files.iter().map(|(name, content)| {
        let is_large = state.large.contains(name);
        match (state.listing_without_checksums, is_large) {
            (true, _) => json!({ "rfilename": name }),
            (_, true) => json!({ "rfilename": name, "size": content.len(), "blobId": "0".repeat(40),
                "lfs": { "sha256": sum(content, true), "size": content.len(), "pointerSize": 130 } }),
            (_, false) => json!({ "rfilename": name, "size": content.len(), "blobId": sum(content, false) }),
        }
    });
    json!({ "sha": COMMIT, "siblings": siblings.collect::<Vec<_>>() })
}

const CONFIG: &[u8] = b"{\"model_type\": \"bert\"}";

fn weights() -> Vec<u8> {
    (0..300_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn server() -> Server {
    Server::start(&[
        ("config.json", CONFIG),
        ("tokenizer.json", b"{}"),
        ("model.safetensors", &weights()),
        ("pytorch_model.bin", b"not wanted"),
        ("README.md", b"not wanted"),
    ])
}

fn hub(server: &Server, cache: &Path) -> Hub {
    Hub {
        cache: cache.to_owned(),
        endpoint: Some(server.url.clone()),
        token: None,
        offline: false,
        stall: Duration::from_secs(20),
        retry_after: Duration::ZERO,
    }
}

fn fetch(hub: &Hub) -> Result<PathBuf, HubError> {
    hub.download("owner/tiny", "main", &mut |_| ControlFlow::Continue(()))
}

/// Everything under a folder that is not a link or a folder, by name.
fn blobs(cache: &Path) -> Vec<String> {
    let blobs = fs::read_dir(cache.join("models--owner--tiny/blobs")).unwrap();
    let mut names: Vec<String> = blobs.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_model_is_fetched_verified_and_found_again() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    let hub = hub(&server, cache.path());
    let mut heard: Vec<Progress> = Vec::new();
    let dir = hub
        .download("owner/tiny", "main", &mut |progress| {
            heard.push(progress);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
    assert_eq!(fs::read(dir.join("config.json")).unwrap(), CONFIG);
    assert!(!dir.join("pytorch_model.bin").exists() && !dir.join("README.md").exists());
    let last = heard.last().unwrap();
    assert_eq!(
        (last.files, last.bytes, last.bytes_done),
        (3, last.bytes_done, (CONFIG.len() + 2 + weights().len()) as u64)
    );
    assert!(heard.windows(2).all(|two| two[0].bytes_done <= two[1].bytes_done));

    // As Python's tools lay it out.
    let folder = cache.path().join("models--owner--tiny");
    assert_eq!(dir, folder.join("snapshots").join(COMMIT));
    assert_eq!(fs::read_to_string(folder.join("refs/main")).unwrap(), COMMIT);
    let expected = [sum(CONFIG, false), sum(b"{}", false), sum(&weights(), true)];
    assert!(expected.iter().all(|name| blobs(cache.path()).contains(name)) && blobs(cache.path()).len() == 3);
    #[cfg(unix)]
    assert_eq!(fs::read_link(dir.join("config.json")).unwrap(), Path::new("../../blobs").join(sum(CONFIG, false)));

    assert_eq!(hub.find_cached("owner/tiny", "main"), Some(dir.clone()));
    assert_eq!(hub.cached_models().len(), 1);
    // A second time only the list is asked for.
    let before = server.seen("resolve").len();
    assert_eq!(fetch(&hub).unwrap(), dir);
    assert_eq!(server.seen("resolve").len(), before);
}

#[test]
fn a_broken_connection_is_continued_where_it_broke() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    server.trick("model.safetensors", &[Trick::Break(500_000), Trick::Break(100_000)]);
    let dir = fetch(&hub(&server, cache.path())).unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
    let ranges: Vec<_> = server.seen("model.safetensors").into_iter().map(|seen| seen.0).collect();
    assert_eq!(ranges, [None, Some("bytes=500000-".to_owned()), Some("bytes=600000-".to_owned())]);
}

#[test]
fn a_server_that_cannot_continue_begins_again() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    server.trick("model.safetensors", &[Trick::Break(500_000), Trick::IgnoreRange]);
    let dir = fetch(&hub(&server, cache.path())).unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
}

#[test]
fn a_connection_that_always_breaks_is_given_up_and_its_part_kept() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    server.trick("model.safetensors", &vec![Trick::Break(1000); 5]);
    let error = fetch(&hub(&server, cache.path())).unwrap_err();
    assert!(matches!(error, HubError::Interrupted { received: 5000, size: 1_200_000, .. }), "{error}");
    assert_eq!(hub(&server, cache.path()).find_cached("owner/tiny", "main"), None);
    let dir = fetch(&hub(&server, cache.path())).unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
    assert_eq!(server.seen("model.safetensors").last().unwrap().0.as_deref(), Some("bytes=5000-"));
}

#[test]
fn what_is_not_what_was_promised_is_thrown_away() {
    for (file, trick) in [("model.safetensors", Trick::Garble), ("config.json", Trick::Garble)] {
        let (server, cache) = (server(), tempfile::tempdir().unwrap());
        server.trick(file, &[trick]);
        let error = fetch(&hub(&server, cache.path())).unwrap_err();
        assert!(matches!(&error, HubError::Damaged { file: named, .. } if named == file), "{error}");
        assert_eq!(hub(&server, cache.path()).find_cached("owner/tiny", "main"), None);
        assert!(hub(&server, cache.path()).cached_models().is_empty());
        // Nothing of it is left to be continued.
        let dir = fetch(&hub(&server, cache.path())).unwrap();
        assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
        assert_eq!(server.seen(file).last().unwrap().0, None);
    }
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    server.trick("config.json", &[Trick::TooMuch]);
    assert!(fetch(&hub(&server, cache.path())).is_err());
}

#[test]
fn a_spoilt_file_in_the_cache_is_fetched_anew() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    let dir = fetch(&hub(&server, cache.path())).unwrap();
    let mut spoilt = weights();
    spoilt[77] ^= 1;
    fs::write(cache.path().join("models--owner--tiny/blobs").join(sum(&weights(), true)), spoilt).unwrap();
    fetch(&hub(&server, cache.path())).unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
}

#[test]
fn refusals_say_what_to_do() {
    let cases = [
        (Trick::Status(404, "RepoNotFound"), None, "check the name"),
        (Trick::Status(401, "RepoNotFound"), None, "private or gated"),
        (Trick::Status(401, ""), Some("hf_x"), "token was not accepted"),
        (Trick::Status(403, "GatedRepo"), Some("hf_x"), "accept its licence"),
        (Trick::Status(401, "GatedRepo"), None, "accept its licence"),
        (Trick::Status(404, "RevisionNotFound"), None, "no revision \"main\""),
        (Trick::Status(418, ""), None, "418"),
    ];
    for (trick, token, said) in cases {
        let (server, cache) = (server(), tempfile::tempdir().unwrap());
        server.trick("list", std::slice::from_ref(&trick));
        let hub = Hub { token: token.and_then(Token::new), ..hub(&server, cache.path()) };
        let message = fetch(&hub).unwrap_err().to_string();
        assert!(message.contains(said) && !message.contains("hf_x"), "{trick:?}: {message}");
        assert_eq!(server.seen("").len(), 1, "{trick:?} is not asked for again");
        assert!(!cache.path().join("models--owner--tiny").exists());
    }
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    server.trick("model.safetensors", &vec![Trick::Status(500, ""); 9]);
    let message = fetch(&hub(&server, cache.path())).unwrap_err().to_string();
    assert!(message.contains("500") && message.contains("model.safetensors"), "{message}");
    assert_eq!(server.seen("model.safetensors").len(), 5);
    server.trick("model.safetensors", &[Trick::Status(503, ""), Trick::Status(429, "")]);
    fetch(&hub(&server, cache.path())).unwrap();
}

#[test]
fn a_token_goes_to_the_endpoint_and_nowhere_else() {
    let (home, away, cache) = (server(), server(), tempfile::tempdir().unwrap());
    home.trick("model.safetensors", &[Trick::Away(away.url.clone())]);
    home.trick("config.json", &[Trick::Away(String::new())]);
    let hub = Hub { token: Token::new(" hf_secret\n"), ..hub(&home, cache.path()) };
    let dir = fetch(&hub).unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
    let bearer = Some("Bearer hf_secret".to_owned());
    assert!(home.seen("").iter().all(|seen| seen.1 == bearer));
    assert_eq!(home.seen("/elsewhere/config.json").len(), 1);
    assert_eq!(away.seen(""), [(None, None)]);
    // And it is written nowhere.
    for blob in blobs(cache.path()) {
        let content = fs::read(cache.path().join("models--owner--tiny/blobs").join(blob)).unwrap();
        assert!(!content.windows(9).any(|window| window == b"hf_secret"));
    }
}

#[test]
fn a_list_without_checksums_is_made_good_by_the_files_own() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    server.state.lock().unwrap().listing_without_checksums = true;
    let dir = fetch(&hub(&server, cache.path())).unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());

    let (server, cache) = (self::server(), tempfile::tempdir().unwrap());
    server.state.lock().unwrap().listing_without_checksums = true;
    server.state.lock().unwrap().tags_withheld = true;
    assert!(matches!(fetch(&hub(&server, cache.path())), Err(HubError::Unverifiable { .. })));
}

#[test]
fn shards_are_fetched_as_their_index_names_them() {
    let index = br#"{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}"#;
    let files: [(&str, &[u8]); 5] = [
        ("config.json", CONFIG),
        ("model.safetensors.index.json", index),
        ("model-1.safetensors", b"one"),
        ("model-2.safetensors", b"two"),
        ("model-3.safetensors", b"not wanted"),
    ];
    let (server, cache) = (Server::start(&files), tempfile::tempdir().unwrap());
    let dir = fetch(&hub(&server, cache.path())).unwrap();
    assert_eq!(fs::read(dir.join("model-2.safetensors")).unwrap(), b"two");
    assert!(!dir.join("model-3.safetensors").exists());
    assert_eq!(hub(&server, cache.path()).find_cached("owner/tiny", "main"), Some(dir));

    let other = Server::start(&[("config.json", CONFIG), ("tf_model.h5", b"")]);
    let message = fetch(&hub(&other, cache.path())).unwrap_err().to_string();
    assert!(message.contains("model.safetensors") && message.contains("tf_model.h5"), "{message}");
}

#[test]
fn a_download_can_be_stopped_and_continued() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    let hub = hub(&server, cache.path());
    let stopped = hub.download("owner/tiny", "main", &mut |progress| {
        if progress.file == "model.safetensors" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(stopped, Err(HubError::Stopped)));
    assert_eq!(hub.find_cached("owner/tiny", "main"), None);
    fetch(&hub).unwrap();
}

#[test]
fn a_silent_server_is_given_up() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    server.trick("list", &vec![Trick::Silence; 9]);
    let hub = Hub { stall: Duration::from_millis(50), ..hub(&server, cache.path()) };
    assert!(matches!(fetch(&hub), Err(HubError::Connection { .. })));
}

#[test]
fn offline_no_connection_is_opened() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    let online = hub(&server, cache.path());
    let offline = Hub { offline: true, ..online.clone() };
    let message = fetch(&offline).unwrap_err().to_string();
    assert!(message.contains("HF_HUB_OFFLINE"), "{message}");
    assert!(server.seen("").is_empty());
    let dir = fetch(&online).unwrap();
    let asked = server.seen("").len();
    assert_eq!(fetch(&offline).unwrap(), dir);
    assert_eq!(server.seen("").len(), asked);
    for name in ["../tiny", "owner/tiny/x", ""] {
        assert!(matches!(
            online.download(name, "main", &mut |_| ControlFlow::Continue(())),
            Err(HubError::Name { .. })
        ));
    }
    assert_eq!(server.seen("").len(), asked);
}

#[test]
fn the_environment_is_read_as_pythons_tools_read_it() {
    let cache = |variables: &[(&str, &str)]| {
        let get =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
        Hub::from_variables(&get)
    };
    assert_eq!(
        cache(&[("HF_HUB_CACHE", "/a"), ("HUGGINGFACE_HUB_CACHE", "/b"), ("HF_HOME", "/c")]).cache,
        Path::new("/a")
    );
    assert_eq!(cache(&[("HUGGINGFACE_HUB_CACHE", "/b"), ("HF_HOME", "/c")]).cache, Path::new("/b"));
    assert_eq!(cache(&[("HF_HOME", "/c"), ("XDG_CACHE_HOME", "/d")]).cache, Path::new("/c/hub"));
    assert_eq!(cache(&[("XDG_CACHE_HOME", "/d")]).cache, Path::new("/d/huggingface/hub"));
    assert!(cache(&[]).cache.ends_with(".cache/huggingface/hub"));
    assert_eq!(cache(&[("HF_HUB_CACHE", "~/x")]).cache, user_home().join("x"));
    for (value, offline) in [("1", true), ("true", true), ("YES", true), ("0", false), ("", false)] {
        assert_eq!(cache(&[("HF_HUB_OFFLINE", value)]).offline, offline, "{value}");
    }
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("token"), "from_file\n").unwrap();
    let home = home.path().to_str().unwrap();
    let token = |variables: &[(&str, &str)]| cache(variables).token.map(|token| token.reveal().to_owned());
    assert_eq!(token(&[("HF_HOME", home)]).as_deref(), Some("from_file"));
    assert_eq!(token(&[("HF_HOME", home), ("HF_TOKEN", "given")]).as_deref(), Some("given"));
    assert_eq!(token(&[("HF_HOME", home), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")]), None);
    assert!(Token::new("two words").is_none());
}
