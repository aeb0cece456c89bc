//! The hub, asked and downloaded from where a server on this machine behaves and misbehaves on request.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::checksum::checksum_of;
use super::fake_hub::{FakeHub, Seen, Trick, sha256};
use super::keyring::Vault;
use super::settings::Patience;
use super::*;
use crate::task::Task;

mod adapters;

const CONFIG: &[u8] = br#"{"model_type":"bert","vocab_size":100,"hidden_size":32,"num_hidden_layers":4,
    "num_attention_heads":4,"intermediate_size":64,"max_position_embeddings":64}"#;
const FOLDER: &str = "models--owner--tiny";

fn git_sum(content: &[u8]) -> String {
    checksum_of(content, content.len() as u64, &"0".repeat(40), || Ok(())).unwrap()
}

fn weights() -> Vec<u8> {
    (0..300_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn told() -> Value {
    json!({
        "downloads": 10, "likes": 2, "gated": false, "private": false, "pipeline_tag": "fill-mask", "tags": ["bert", "en"],
        "config": { "model_type": "bert" }, "cardData": { "license": "mit", "language": "en" },
        "safetensors": { "parameters": { "F32": 300_000 }, "total": 300_000 },
    })
}

fn server_with(files: &[(&str, &[u8])]) -> FakeHub {
    let server = FakeHub::start();
    server.add("models/owner/tiny", "main", told(), files);
    server
}

fn server() -> FakeHub {
    let server = server_with(&[
        ("config.json", CONFIG),
        ("tokenizer.json", b"{}"),
        ("model.safetensors", &weights()),
        ("pytorch_model.bin", b"not wanted"),
        ("README.md", b"---\nlicense: mit\n---\n# Tiny"),
    ]);
    server.keep_by_git("models/owner/tiny", "config.json", &git_sum(CONFIG));
    server.keep_by_git("models/owner/tiny", "tokenizer.json", &git_sum(b"{}"));
    server
}

fn hub(server: &FakeHub, cache: &Path) -> Hub {
    let patience = Patience { stall: Duration::from_secs(20), retry_after: Duration::ZERO, ..Patience::default() };
    let nothing = Hub::from_variables_of_nobody();
    Hub { cache: cache.to_owned(), endpoint: server.url.clone(), patience, ..nothing }
}

impl Hub {
    fn from_variables_of_nobody() -> Self {
        let hub = Self::from_variables(&|_| None);
        Self { token: None, ..hub }
    }
}

fn fetch(hub: &Hub) -> Result<PathBuf, HubError> {
    hub.download("owner/tiny", MAIN, &mut |_| {})
}

/// What the blobs of a model are called.
fn blobs(cache: &Path) -> Vec<String> {
    let blobs = fs::read_dir(cache.join(FOLDER).join("blobs")).unwrap();
    let mut names: Vec<String> = blobs.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn commit() -> String {
    sha256(b"main")[..40].to_owned()
}

fn ranges(server: &FakeHub, file: &str) -> Vec<Option<String>> {
    server.seen(file).into_iter().map(|seen| seen.range).collect()
}

#[test]
fn a_model_is_fetched_verified_and_found_again() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    let hub = hub(&server, cache.path());
    let mut heard: Vec<Progress> = Vec::new();
    let dir = hub.download("owner/tiny", MAIN, &mut |progress| heard.push(progress.clone())).unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
    assert_eq!(fs::read(dir.join("config.json")).unwrap(), CONFIG);
    assert!(!dir.join("pytorch_model.bin").exists() && !dir.join("README.md").exists());
    let last = heard.last().unwrap();
    assert_eq!(last.files, 3);
    assert_eq!((last.bytes, last.bytes), (last.bytes_done, (CONFIG.len() + 2 + weights().len()) as u64));
    assert!(heard.windows(2).all(|two| two[0].bytes_done <= two[1].bytes_done));
    assert!(heard.iter().any(|heard| heard.bytes_per_sec.is_some() && heard.secs_left.is_some()));

    // As Python's tools lay it out.
    let folder = cache.path().join(FOLDER);
    assert_eq!(dir, folder.join("snapshots").join(commit()));
    assert_eq!(fs::read_to_string(folder.join("refs/main")).unwrap(), commit());
    let mut expected = [git_sum(CONFIG), git_sum(b"{}"), sha256(&weights())];
    expected.sort();
    assert_eq!(blobs(cache.path()), expected);
    #[cfg(unix)]
    assert_eq!(fs::read_link(dir.join("config.json")).unwrap(), Path::new("../../blobs").join(git_sum(CONFIG)));

    assert_eq!(hub.find_cached("owner/tiny", MAIN), Some(dir.clone()));
    assert_eq!(hub.cached_models().len(), 1);
    assert!(hub.unfinished().is_empty());
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
    let expected = [None, Some("bytes=500000-".to_owned()), Some("bytes=600000-".to_owned())];
    assert_eq!(ranges(&server, "model.safetensors"), expected);
    let conditions: Vec<_> = server.seen("model.safetensors").into_iter().map(|seen| seen.if_range).collect();
    assert_eq!(conditions, [None, Some("\"v0\"".to_owned()), Some("\"v0\"".to_owned())]);
}

#[test]
fn a_download_cut_at_a_hundred_places_is_the_right_bytes() {
    let weights: Vec<u8> = (0..5000_u32).flat_map(u32::to_le_bytes).collect();
    let (server, cache) = (
        server_with(&[("config.json", CONFIG), ("tokenizer.json", b"{}"), ("model.safetensors", &weights)]),
        tempfile::tempdir().unwrap(),
    );
    let hub = hub(&server, cache.path());
    let blob = cache.path().join(FOLDER).join("blobs").join(sha256(&weights));
    for cut in (0..100).map(|cut| cut * 199) {
        server.trick("model.safetensors", &[Trick::Break(cut)]);
        let before = server.seen("model.safetensors").len();
        let dir = fetch(&hub).unwrap();
        assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights, "cut at {cut}");
        let ranges = ranges(&server, "model.safetensors").split_off(before);
        let rest = (cut > 0).then(|| format!("bytes={cut}-"));
        assert_eq!(ranges, [None, rest], "nothing is fetched twice");
        fs::remove_file(&blob).unwrap();
    }
    // And all hundred cuts in one download, which brings something each time.
    server.trick("model.safetensors", &vec![Trick::Break(199); 100]);
    let patient = Hub { patience: Patience { worth: 100, ..hub.patience }, ..hub.clone() };
    let dir = fetch(&patient).unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights);
}

#[test]
fn whatever_a_server_does_the_bytes_are_right_or_the_error_is_clear() {
    let never = "never";
    let cases: [(&str, Vec<Trick>, &str); 17] = [
        ("ranges are ignored", vec![Trick::Break(500_000), Trick::IgnoreRange], ""),
        ("a rest begins elsewhere", vec![Trick::Break(500_000), Trick::OtherRange], "not the part that was asked for"),
        ("the length is another", vec![Trick::OtherLength(7)], "1200007 bytes, and 1200000 were listed"),
        ("the rest's length is another", vec![Trick::Break(500_000), Trick::OtherLength(7)], "1200007 bytes"),
        ("the file changes between two requests", vec![Trick::Break(500_000), Trick::OtherTag], ""),
        ("it is packed though it should not be", vec![Trick::Packed], ""),
        ("the rest is packed", vec![Trick::Break(500_000), Trick::Packed], ""),
        ("more comes than was promised", vec![Trick::TooMuch], ""),
        ("other bytes come once", vec![Trick::Garble], ""),
        ("other bytes come twice", vec![Trick::Garble; 2], "does not match"),
        ("a login page comes", vec![Trick::Page], "does this network ask for a login"),
        ("it hangs up", vec![Trick::HangUp; 3], ""),
        ("it always hangs up", vec![Trick::HangUp; 5], "cannot connect for model.safetensors"),
        ("it is overloaded", vec![Trick::Status(500, ""), Trick::Status(503, ""), Trick::Status(408, "")], ""),
        (
            "it is out of order",
            vec![Trick::Status(500, "X-Error-Message: down\r\n"); 5],
            "500 for model.safetensors: down",
        ),
        ("it sends on in a circle", vec![Trick::Away("/owner/tiny/resolve/main/".to_owned()); 9], "too many in a row"),
        ("its headers are huge", vec![Trick::LongHeader(1 << 20); 9], "cannot connect for model.safetensors"),
    ];
    for (name, tricks, said) in cases {
        let (server, cache) = (server(), tempfile::tempdir().unwrap());
        server.trick("model.safetensors", &tricks);
        let hub = hub(&server, cache.path());
        match fetch(&hub) {
            Ok(dir) => {
                assert!(said.is_empty(), "{name}: {said} was expected");
                assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights(), "{name}");
            }
            Err(error) => {
                let message = error.to_string();
                assert!(message.contains(if said.is_empty() { never } else { said }), "{name}: {message}");
                assert_eq!(hub.find_cached("owner/tiny", MAIN), None, "{name}");
                assert!(!blobs(cache.path()).contains(&sha256(&weights())), "{name}");
                // Once the server is well again, all is well.
                server.trick("model.safetensors", &[]);
                let dir = fetch(&hub).unwrap();
                assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights(), "{name}");
            }
        }
    }
}

#[test]
fn a_connection_that_always_breaks_is_given_up_and_its_part_kept() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    server.trick("model.safetensors", &vec![Trick::Break(1000); 5]);
    let hub = hub(&server, cache.path());
    let error = fetch(&hub).unwrap_err();
    assert!(matches!(error, HubError::Interrupted { received: 5000, size: 1_200_000, .. }), "{error}");
    assert_eq!(hub.find_cached("owner/tiny", MAIN), None);

    // Another run of the program knows of it.
    let unfinished = hub.unfinished();
    let small = (CONFIG.len() + 2) as u64;
    assert_eq!(unfinished.len(), 1);
    assert_eq!((unfinished[0].repo.name.as_str(), unfinished[0].revision.as_str()), ("owner/tiny", MAIN));
    assert_eq!((unfinished[0].bytes_done, unfinished[0].bytes), (5000 + small, 1_200_000 + small));
    let dir = fetch(&hub).unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
    assert_eq!(server.seen("model.safetensors").last().unwrap().range.as_deref(), Some("bytes=5000-"));
    assert!(hub.unfinished().is_empty());
}

#[test]
fn what_is_not_what_was_promised_is_thrown_away() {
    for file in ["model.safetensors", "config.json"] {
        let (server, cache) = (server(), tempfile::tempdir().unwrap());
        server.trick(file, &[Trick::Garble, Trick::Garble]);
        let error = fetch(&hub(&server, cache.path())).unwrap_err();
        assert!(matches!(&error, HubError::Damaged { file: named, .. } if named == file), "{error}");
        assert_eq!(ranges(&server, file), [None, None], "it was fetched once more from its beginning, and no further");
        assert!(hub(&server, cache.path()).cached_models().is_empty());
        // Nothing of it is left to be continued.
        let dir = fetch(&hub(&server, cache.path())).unwrap();
        assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
        assert_eq!(server.seen(file).last().unwrap().range, None);
    }
}

#[test]
fn a_spoilt_file_in_the_cache_is_fetched_anew() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    let dir = fetch(&hub(&server, cache.path())).unwrap();
    let mut spoilt = weights();
    spoilt[77] ^= 1;
    fs::write(cache.path().join(FOLDER).join("blobs").join(sha256(&weights())), spoilt).unwrap();
    fetch(&hub(&server, cache.path())).unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
}

#[test]
fn refusals_say_what_to_do() {
    let repo = "X-Error-Code: RepoNotFound\r\n";
    let gated = "X-Error-Code: GatedRepo\r\n";
    let cases = [
        (Trick::Status(404, repo), None, "check the name"),
        (Trick::Status(401, repo), None, "private or gated"),
        (Trick::Status(401, ""), Some("hf_x"), "token was not accepted"),
        (Trick::Status(403, gated), Some("hf_x"), "accept its licence at http://127.0.0.1"),
        (Trick::Status(401, gated), None, "/owner/tiny, with the account"),
        (Trick::Status(403, ""), Some("hf_x"), "the server denies access to owner/tiny"),
        (Trick::Status(403, "X-Error-Message: too many cooks\r\n"), None, "access to owner/tiny: too many cooks"),
        (Trick::Status(404, "X-Error-Code: RevisionNotFound\r\n"), None, "no revision \"main\""),
        (Trick::Status(418, ""), None, "418"),
        (Trick::Status(429, "Retry-After: 900\r\n"), None, "try again in 900 s"),
        (Trick::Page, None, "a web page came in place of owner/tiny"),
    ];
    for (trick, token, said) in cases {
        let (server, cache) = (server(), tempfile::tempdir().unwrap());
        server.trick("list", std::slice::from_ref(&trick));
        let hub = Hub { token: token.and_then(Token::new), ..hub(&server, cache.path()) };
        let message = fetch(&hub).unwrap_err().to_string();
        assert!(message.contains(said) && !message.contains("hf_x"), "{trick:?}: {message}");
        assert_eq!(server.seen("").len(), 1, "{trick:?} is not asked for again");
        assert!(!cache.path().join(FOLDER).exists());
    }
}

#[test]
fn a_wait_that_the_server_asks_for_is_kept_and_told() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    server.trick("list", &[Trick::Status(429, "Retry-After: 1\r\n")]);
    let (mut heard, start) = (Vec::new(), Instant::now());
    hub(&server, cache.path()).download("owner/tiny", MAIN, &mut |told| heard.push(told.doing.clone())).unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    let is_wait =
        |doing: &Doing| matches!(doing, Doing::WaitingToRetry { reason, .. } if reason.contains("no more requests"));
    assert!(heard.iter().any(is_wait) && heard.contains(&Doing::Checking));
}

#[test]
fn a_token_goes_to_the_endpoint_and_nowhere_else() {
    let (home, away, cache) = (server(), server(), tempfile::tempdir().unwrap());
    home.trick("model.safetensors", &[Trick::Away(format!("{}/elsewhere/", away.url))]);
    home.trick("config.json", &[Trick::Away("/elsewhere/".to_owned())]);
    let hub = Hub { token: Token::new(" hf_secret\n"), ..hub(&home, cache.path()) };
    let dir = fetch(&hub).unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
    let bearer = Some("Bearer hf_secret".to_owned());
    assert!(home.seen("").iter().all(|seen| seen.authorization == bearer));
    assert_eq!(home.seen("/elsewhere/config.json").len(), 1);
    let path = "/elsewhere/model.safetensors".to_owned();
    assert_eq!(away.seen(""), [Seen { path, range: None, if_range: None, authorization: None }]);
    // And it is written nowhere.
    let mut folders = vec![cache.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                let content = fs::read(entry.path()).unwrap();
                assert!(!content.windows(9).any(|window| window == b"hf_secret"), "{}", entry.path().display());
            }
        }
    }
}

#[test]
fn a_link_to_another_server_that_ran_out_is_asked_for_anew() {
    let (home, away, cache) = (server(), server(), tempfile::tempdir().unwrap());
    home.trick("model.safetensors", &vec![Trick::Away(format!("{}/elsewhere/", away.url)); 2]);
    away.trick("model.safetensors", &[Trick::Status(403, "")]);
    let dir = fetch(&hub(&home, cache.path())).unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
}

#[test]
fn a_renamed_model_is_followed_and_kept_under_the_name_that_was_asked_for() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    server.rename("old/name", "owner/tiny");
    let hub = Hub { token: Token::new("hf_x"), ..hub(&server, cache.path()) };
    let dir = hub.download("old/name", MAIN, &mut |_| {}).unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
    assert_eq!(hub.find_cached("old/name", MAIN), Some(dir));
    assert_eq!(hub.model("old/name", MAIN).unwrap().found.about.name, "old/name");
    assert!(server.seen("owner/tiny").iter().all(|seen| seen.authorization.is_some()));
}

#[test]
fn a_list_without_checksums_is_made_good_by_the_files_own() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    server.withhold_sums();
    let dir = fetch(&hub(&server, cache.path())).unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());

    let (server, cache) = (self::server(), tempfile::tempdir().unwrap());
    server.withhold_sums();
    server.withhold_tags();
    assert!(matches!(fetch(&hub(&server, cache.path())), Err(HubError::Unverifiable { .. })));
}

#[test]
fn shards_are_fetched_as_their_index_names_them() {
    let index = br#"{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}"#;
    let files: [(&str, &[u8]); 6] = [
        ("config.json", CONFIG),
        ("tokenizer.json", b"{}"),
        ("model.safetensors.index.json", index),
        ("model-1.safetensors", b"one"),
        ("model-2.safetensors", b"two"),
        ("model-3.safetensors", b"not wanted"),
    ];
    let (server, cache) = (server_with(&files), tempfile::tempdir().unwrap());
    let dir = fetch(&hub(&server, cache.path())).unwrap();
    assert_eq!(fs::read(dir.join("model-2.safetensors")).unwrap(), b"two");
    assert!(!dir.join("model-3.safetensors").exists());
    assert_eq!(hub(&server, cache.path()).find_cached("owner/tiny", MAIN), Some(dir));
}

#[test]
fn a_model_that_cannot_be_used_is_refused_before_its_weights_are_fetched() {
    let gpt = String::from_utf8_lossy(CONFIG).replace("\"bert\"", "\"gpt2\"");
    let all: [(&str, &[u8]); 3] = [("config.json", CONFIG), ("tokenizer.json", b"{}"), ("model.safetensors", b"w")];
    let with = |at: usize, file: (&'static str, Vec<u8>)| {
        let mut files: Vec<(&str, Vec<u8>)> = all.iter().map(|(name, content)| (*name, content.to_vec())).collect();
        files[at] = file;
        files
    };
    let cases = [
        (with(0, ("config.json", gpt.into_bytes())), "gpt2"),
        (with(0, ("params.json", Vec::new())), "no config.json"),
        (with(1, ("sentencepiece.model", Vec::new())), "no tokenizer"),
        (with(2, ("tf_model.h5", Vec::new())), "no model.safetensors or pytorch_model.bin, only TensorFlow"),
    ];
    for (files, said) in cases {
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, content)| (*name, content.as_slice())).collect();
        let (server, cache) = (server_with(&files), tempfile::tempdir().unwrap());
        let hub = hub(&server, cache.path());
        let message = fetch(&hub).unwrap_err().to_string();
        assert!(message.contains("owner/tiny cannot be used") && message.contains(said), "{message}");
        let details = hub.model("owner/tiny", MAIN).unwrap();
        let Usable::No(obstacles) = details.found.usable else { panic!("{said}: {:?}", details.found) };
        assert!(obstacles.iter().any(|obstacle| obstacle.to_string().contains(said)), "{obstacles:?}");
        assert!(server.seen("model.safetensors").is_empty(), "{said}: weights were asked for");
    }
}

#[test]
fn a_download_can_be_paused_and_continued() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    let hub = hub(&server, cache.path());
    let switch = Switch::default();
    let outcome = hub.under(&switch).download("owner/tiny", MAIN, &mut |progress| {
        if progress.file == "model.safetensors" {
            switch.turn(Halt::Pause);
        }
    });
    assert!(matches!(outcome, Err(HubError::Halted { halt: Halt::Pause })));
    assert_eq!(hub.find_cached("owner/tiny", MAIN), None);
    assert_eq!(hub.unfinished().len(), 1);
    fetch(&hub).unwrap();
    // What is under a switch that was turned does nothing more.
    assert!(matches!(fetch(&hub.under(&switch)), Err(HubError::Halted { .. })));
    assert!(hub.under(&switch).search_models(&Query::default(), None).is_err());
}

#[test]
fn a_cancelled_download_leaves_no_part_behind() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    let hub = hub(&server, cache.path());
    let part = format!("{}.attune-part", sha256(&weights()));
    server.trick("model.safetensors", &vec![Trick::Break(1000); 5]);
    fetch(&hub).unwrap_err();
    assert!(blobs(cache.path()).contains(&part));
    let switch = Switch::default();
    let outcome = hub.under(&switch).download("owner/tiny", MAIN, &mut |progress| {
        if progress.file == "model.safetensors" {
            switch.turn(Halt::Cancel);
        }
    });
    assert!(matches!(outcome, Err(HubError::Halted { halt: Halt::Cancel })));
    assert!(!blobs(cache.path()).contains(&part) && hub.unfinished().is_empty());

    // The same of a download that an earlier run of the program left.
    server.trick("model.safetensors", &vec![Trick::Break(1000); 5]);
    fetch(&hub).unwrap_err();
    hub.discard(&hub.unfinished()[0]).unwrap();
    assert!(!blobs(cache.path()).contains(&part) && hub.unfinished().is_empty());
    assert!(blobs(cache.path()).contains(&git_sum(CONFIG)), "what is whole stays");
}

#[test]
fn whoever_waits_for_a_silent_server_can_end_it_at_once() {
    for what in ["list", "model.safetensors"] {
        let (server, cache) = (server(), tempfile::tempdir().unwrap());
        server.trick(what, &[Trick::Silence]);
        let (hub, switch) = (hub(&server, cache.path()), Switch::default());
        let (turned, url) = (switch.clone(), what.to_owned());
        let asked = std::thread::scope(|scope| {
            let work = scope.spawn(|| (fetch(&hub.under(&switch)), Instant::now()));
            let is_asked = || !server.seen(if url == "list" { "/api/" } else { &url }).is_empty();
            while !is_asked() {
                std::thread::sleep(Duration::from_millis(5));
            }
            std::thread::sleep(Duration::from_millis(30));
            let start = Instant::now();
            turned.turn(Halt::Pause);
            let (outcome, end) = work.join().unwrap();
            assert!(matches!(outcome, Err(HubError::Halted { .. })), "{outcome:?}");
            end.duration_since(start)
        });
        assert!(asked < Duration::from_millis(500), "{what}: it took {asked:?}");
    }
}

#[test]
fn a_silent_server_is_given_up() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    server.trick("list", &vec![Trick::Silence; 9]);
    let hub = hub(&server, cache.path());
    let hasty = Hub { patience: Patience { stall: Duration::from_millis(50), ..hub.patience }, ..hub };
    assert!(matches!(fetch(&hasty), Err(HubError::Connection { .. })));
}

#[test]
fn a_trickle_is_given_up_and_continued() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    server.trick("model.safetensors", &[Trick::Trickle]);
    let hub = hub(&server, cache.path());
    let patience = Patience { stall: Duration::from_millis(200), least_speed: 10_000_000, ..hub.patience };
    let dir = fetch(&Hub { patience, ..hub }).unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
    assert!(server.seen("model.safetensors").len() > 1);
}

#[test]
fn a_disk_without_room_is_told_before_the_weights_are_fetched() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    let hub = hub(&server, cache.path());
    let full = Hub { patience: Patience { free: |_| Some(1 << 20), ..hub.patience }, ..hub.clone() };
    let message = fetch(&full).unwrap_err().to_string();
    assert!(message.contains("make room") && message.contains("HF_HUB_CACHE"), "{message}");
    assert!(server.seen("model.safetensors").is_empty());
    // What is there needs no room.
    fetch(&hub).unwrap();
    fetch(&full).unwrap();
}

#[test]
fn what_pythons_tools_left_half_done_is_gone_on_with() {
    for (left, sound) in [(weights()[..700_000].to_vec(), true), (vec![0; 700_000], false)] {
        let (server, cache) = (server(), tempfile::tempdir().unwrap());
        let blobs_folder = cache.path().join(FOLDER).join("blobs");
        fs::create_dir_all(&blobs_folder).unwrap();
        let theirs = blobs_folder.join(format!("{}.incomplete", sha256(&weights())));
        fs::write(&theirs, left).unwrap();
        let dir = fetch(&hub(&server, cache.path())).unwrap();
        assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
        let rest = Some("bytes=700000-".to_owned());
        assert_eq!(ranges(&server, "model.safetensors"), if sound { vec![rest] } else { vec![rest, None] });
        assert!(!theirs.exists());
    }
}

#[test]
fn what_pythons_tools_are_fetching_is_waited_for() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    let hub = hub(&server, cache.path());
    let locks = cache.path().join(".locks").join(FOLDER);
    fs::create_dir_all(&locks).unwrap();
    let mut theirs = Some(File::create(locks.join(format!("{}.lock", sha256(&weights())))).unwrap());
    theirs.as_ref().unwrap().lock().unwrap();
    let blob = cache.path().join(FOLDER).join("blobs").join(sha256(&weights()));
    let mut waited = 0;
    hub.download("owner/tiny", MAIN, &mut |progress| {
        if progress.doing == Doing::WaitingForOther {
            waited += 1;
            if waited == 3 {
                fs::write(&blob, weights()).unwrap();
                theirs.take();
            }
        }
    })
    .unwrap();
    assert!(waited >= 3 && server.seen("model.safetensors").is_empty());
}

#[test]
fn several_at_once_share_the_transfers_of_the_same_model() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    server.add(
        "models/owner/other",
        "main",
        told(),
        &[("config.json", CONFIG), ("tokenizer.json", b"{}"), ("model.safetensors", b"other")],
    );
    let hub = hub(&server, cache.path());
    std::thread::scope(|scope| {
        let names = ["owner/tiny", "owner/other", "owner/tiny", "owner/tiny", "owner/other"];
        let hub = &hub;
        let all: Vec<_> = names.map(|name| scope.spawn(move || hub.download(name, MAIN, &mut |_| {}))).into();
        for one in all {
            one.join().unwrap().unwrap();
        }
    });
    assert_eq!(server.seen("tiny/resolve").len(), 3);
    assert_eq!(server.seen("other/resolve").len(), 3);
    assert_eq!(hub.cached_models().len(), 2);
}

#[test]
fn offline_no_connection_is_opened() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    let online = hub(&server, cache.path());
    let offline = Hub { offline: true, ..online.clone() };
    let message = fetch(&offline).unwrap_err().to_string();
    assert!(message.contains("HF_HUB_OFFLINE"), "{message}");
    let repo = Repo::new(RepoKind::Model, "owner/tiny").unwrap();
    let outcomes = [
        offline.search_models(&Query::default(), None).err(),
        offline.search_data_sets(&Query::default(), None).err(),
        offline.model("owner/tiny", MAIN).err(),
        offline.data_set("owner/tiny").err(),
        offline.card(&repo, MAIN).err(),
        offline.who_am_i().err(),
        offline.download_data_set("owner/tiny", None, None, &mut |_| {}).err(),
    ];
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Some(HubError::Offline { .. }))), "{outcomes:?}");
    assert!(server.seen("").is_empty());
    let dir = fetch(&online).unwrap();
    let asked = server.seen("").len();
    assert_eq!(fetch(&offline).unwrap(), dir);
    assert_eq!(server.seen("").len(), asked);
    for name in ["../tiny", "owner/tiny/x", ""] {
        assert!(matches!(online.download(name, MAIN, &mut |_| {}), Err(HubError::Name { .. })));
    }
    assert_eq!(server.seen("").len(), asked);
}

#[test]
fn a_server_that_cannot_be_reached_is_told() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let cache = tempfile::tempdir().unwrap();
    let hub = hub(&server(), cache.path());
    let message = fetch(&Hub { endpoint: format!("http://{closed}"), ..hub }).unwrap_err().to_string();
    assert!(message.contains("cannot connect for owner/tiny"), "{message}");
}

#[test]
fn what_is_asked_goes_through_a_proxy_where_there_is_one() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    let hub = hub(&server, cache.path());
    let proxies = vec![(Some("http"), server.url.clone())];
    let route = Route { proxies, ..Route::default() };
    let through = Hub { endpoint: "http://hub.invalid".to_owned(), route, ..hub.clone() };
    let dir = fetch(&through).unwrap();
    assert_eq!(fs::read(dir.join("model.safetensors")).unwrap(), weights());
    assert_eq!(server.seen("hub.invalid:80").len(), 4);
    // Hosts that are named are reached without it.
    let route = Route { no_proxy: vec!["127.0.0.1".to_owned()], ..through.route };
    let direct = Hub { endpoint: hub.endpoint.clone(), route, ..hub };
    fetch(&direct).unwrap();
    assert_eq!(server.seen("127.0.0.1:").len(), 0);
}

#[test]
fn models_are_found_a_page_at_a_time_with_what_can_be_told_of_them() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    let gguf = json!({ "downloads": 99, "pipeline_tag": "text-generation", "gated": "manual" });
    server.add("models/big/llm-tiny", "main", gguf, &[("tiny.Q4.gguf", b"")]);
    server.add("models/a/adapter-tiny", "main", json!({ "downloads": 5 }), &[("adapter_config.json", b"{}")]);
    let hub = hub(&server, cache.path());
    let query = Query { text: "TINY".to_owned(), limit: 2, ..Query::default() };
    let first = hub.search_models(&query, None).unwrap();
    let names: Vec<&str> = first.items.iter().map(|found| found.about.name.as_str()).collect();
    assert_eq!(names, ["big/llm-tiny", "owner/tiny"]);
    assert_eq!(first.items[0].about.access, Access::GatedByHand);
    let Usable::No(obstacles) = &first.items[0].usable else { panic!("{:?}", first.items[0]) };
    assert!(obstacles.contains(&Obstacle::NoConfig) && obstacles.contains(&Obstacle::Weights { others: vec!["GGUF"] }));
    let tiny = &first.items[1];
    assert_eq!((tiny.usable.clone(), tiny.family.as_deref()), (Usable::Perhaps, Some("bert")));
    assert_eq!((tiny.parameters, tiny.weight_bytes), (Some(300_000), Some(1_200_000)));
    assert_eq!(
        (tiny.about.licence.as_deref(), tiny.about.tasks.as_slice()),
        (Some("mit"), &["fill-mask".to_owned()][..])
    );
    let second = hub.search_models(&query, first.next.as_ref()).unwrap();
    assert_eq!((second.items.len(), second.next), (1, None));
    let Usable::No(obstacles) = &second.items[0].usable else { panic!("{:?}", second.items[0]) };
    assert!(obstacles[0].to_string().contains("no adapter_model.safetensors"), "{obstacles:?}");

    let query = Query { task: Some(Task::Mlm), family: Some("bert".to_owned()), ..Query::default() };
    let found = hub.search_models(&query, None).unwrap();
    assert_eq!(found.items.len(), 1);
    for trick in [Trick::Status(503, ""), Trick::HangUp] {
        server.trick("search", &[trick]);
        assert_eq!(hub.search_models(&query, None).unwrap().items.len(), 1, "it is asked once more");
    }
    server.trick("search", &[Trick::Page]);
    assert!(matches!(hub.search_models(&query, None), Err(HubError::WebPage { .. })));
}

#[test]
fn a_model_is_looked_at_before_it_is_fetched() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    let hub = hub(&server, cache.path());
    let details = hub.model("owner/tiny", MAIN).unwrap();
    assert_eq!((details.found.usable.clone(), details.found.about.likes), (Usable::Yes, 2));
    assert_eq!(details.download_bytes, (CONFIG.len() + 2 + weights().len()) as u64);
    assert_eq!(details.config.unwrap().hidden_size, 32);
    assert_eq!((details.commit, details.cached, details.files.len()), (commit(), None, 5));
    assert!(server.seen("safetensors").is_empty());
    let dir = fetch(&hub).unwrap();
    assert_eq!(hub.model("owner/tiny", MAIN).unwrap().cached, Some(dir));
    assert!(matches!(hub.model("owner/missing", MAIN), Err(HubError::NotFound { .. })));
    assert!(matches!(hub.model("owner/tiny", "v2"), Err(HubError::NoRevision { .. })));

    let repo = Repo::new(RepoKind::Model, "owner/tiny").unwrap();
    let card = hub.card(&repo, MAIN).unwrap().unwrap();
    assert_eq!((card.text.as_str(), card.values("license")), ("# Tiny", &["mit".to_owned()][..]));
    server.add("models/owner/bare", "main", told(), &[("config.json", CONFIG)]);
    assert_eq!(hub.card(&Repo { name: "owner/bare".to_owned(), ..repo }, MAIN).unwrap(), None);
}

#[test]
fn the_account_of_a_token_is_told() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    let hub = hub(&server, cache.path());
    assert!(hub.who_am_i().is_err());
    let token_file = cache.path().join("token");
    let known = Hub { token: Token::new("hf_x"), token_file: token_file.clone(), ..hub };
    assert_eq!(known.who_am_i().unwrap(), "somebody");
    known.keep_token(Keep::File).unwrap();
    assert_eq!(fs::read_to_string(token_file).unwrap(), "hf_x");
}

/// Stands for the system's keyring, which tests do not touch.
static VAULT: Mutex<Option<String>> = Mutex::new(None);

#[test]
fn a_token_in_the_keyring_is_read_when_it_is_needed_and_sent() {
    let (server, cache) = (server(), tempfile::tempdir().unwrap());
    let vault = Vault {
        read: || VAULT.lock().unwrap().clone().ok_or_else(|| "it is locked".to_owned()),
        write: |secret| {
            *VAULT.lock().unwrap() = Some(secret.to_owned());
            Ok(())
        },
        remove: || {
            *VAULT.lock().unwrap() = None;
            Ok(())
        },
    };
    let hub = hub(&server, cache.path());
    let typed = Hub { token: Token::new("hf_x"), keyring: Some(Keyring::over(vault)), ..hub.clone() };
    typed.keep_token(Keep::Keyring).unwrap();
    assert!(!typed.token_file.exists());

    let next = hub.clone().with_keyring(Keyring::over(vault));
    assert!(next.has_token() && next.token.is_none() && next.origins.token == Some(TokenOrigin::Keyring));
    assert_eq!(next.who_am_i().unwrap(), "somebody");
    // It was read once: whoever locks the keyring now is not asked again.
    next.forget_kept_token(Keep::Keyring).unwrap();
    assert_eq!(next.clone().who_am_i().unwrap(), "somebody");

    let asked = server.seen("whoami").len();
    let locked = hub.clone().with_keyring(Keyring::over(vault)).who_am_i().unwrap_err();
    assert_eq!(locked.to_string(), "the token cannot be read from the system's keyring: it is locked");
    assert_eq!(server.seen("whoami").len(), asked, "nothing is asked without the token that was meant");

    let named = Origins { token: Some(TokenOrigin::Variable("HF_TOKEN")), ..hub.origins };
    let named = Hub { token: Token::new("hf_env"), origins: named, ..hub }.with_keyring(Keyring::over(vault));
    assert!(named.keyring.is_none() && named.token == Token::new("hf_env"));
}

fn data_server() -> FakeHub {
    let server = FakeHub::start();
    let told = json!({
        "downloads": 4, "tags": ["task_categories:text-classification", "size_categories:n<1K"],
        "cardData": { "dataset_info": [{ "config_name": "small", "features": [{ "name": "text" }, { "name": "label" }],
            "splits": [{ "name": "train", "num_examples": 12 }] }] },
    });
    let main: [(&str, &[u8]); 2] = [("README.md", b"# Data"), ("small/data.csv", b"a,b")];
    server.add("datasets/owner/data", "main", told.clone(), &main);
    let converted: [(&str, &[u8]); 4] = [
        ("small/train/0001.parquet", b"second"),
        ("small/train/0000.parquet", b"first"),
        ("small/test/0000.parquet", b"test"),
        ("large/partial-train/0000.parquet", b"cut"),
    ];
    server.add("datasets/owner/data", "refs/convert/parquet", told, &converted);
    let own: [(&str, &[u8]); 2] = [("data/train-00000-of-00001.parquet", b"own"), ("../evil.parquet", b"evil")];
    server.add("datasets/owner/own", "main", json!({}), &own);
    server.add("datasets/owner/none", "main", json!({}), &main);
    server
}

#[test]
fn data_sets_are_found_and_their_parts_told() {
    let (server, cache) = (data_server(), tempfile::tempdir().unwrap());
    let hub = hub(&server, cache.path());
    let query = Query { text: "data".to_owned(), task: Some(Task::Classify), ..Query::default() };
    let found = hub.search_data_sets(&query, None).unwrap().items;
    assert_eq!((found.len(), found[0].rows.as_deref()), (1, Some("n<1K")));
    assert_eq!(found[0].about.tasks, ["text-classification"]);
    let details = hub.data_set("owner/data").unwrap();
    let parts: Vec<String> = details.parts.iter().map(|part| part.part.to_string()).collect();
    assert_eq!(parts, ["large/train", "small/train", "small/test"]);
    let small = &details.parts[1];
    assert_eq!((small.files, small.bytes, small.rows, small.is_cut), (2, 11, Some(12), false));
    assert_eq!(small.columns, ["text", "label"]);
    assert!(details.parts[0].is_cut && details.parts[0].columns.is_empty());
    assert!(hub.data_set("owner/none").unwrap().parts.is_empty());
}

#[test]
fn a_data_set_is_several_files_in_order() {
    let (server, cache) = (data_server(), tempfile::tempdir().unwrap());
    let hub = hub(&server, cache.path());
    let fetch = |hub: &Hub, config, split| hub.download_data_set("owner/data", config, split, &mut |_| {});
    let read = |set: &CachedDataSet| -> Vec<Vec<u8>> {
        let content = |path: &PathBuf| {
            let mut content = Vec::new();
            File::open(path).unwrap().read_to_end(&mut content).unwrap();
            content
        };
        set.files.iter().map(content).collect()
    };
    server.trick("0001.parquet", &vec![Trick::HangUp; 5]);
    fetch(&hub, Some("small"), Some("train")).unwrap_err();
    let unfinished = hub.unfinished();
    assert_eq!((unfinished[0].bytes_done, unfinished[0].bytes), (5, 11));
    assert_eq!(unfinished[0].part.as_ref().unwrap().to_string(), "small/train");
    assert!(hub.cached_data_sets().is_empty());

    let set = fetch(&hub, Some("small"), Some("train")).unwrap();
    assert_eq!(read(&set), [b"first".to_vec(), b"second".to_vec()]);
    let folder = cache.path().join("datasets--owner--data");
    assert!(set.files[0].ends_with("small/train/0000.parquet") && set.files[0].starts_with(folder.join("snapshots")));
    assert_eq!(fs::read_to_string(folder.join("refs/refs/convert/parquet")).unwrap().len(), 40);
    assert_eq!((hub.cached_data_sets(), hub.unfinished()), (vec![set.clone()], Vec::new()));

    // Offline it is found again, and what is not there is told.
    let asked = server.seen("").len();
    let offline = Hub { offline: true, ..hub.clone() };
    assert_eq!(fetch(&offline, None, None).unwrap(), set);
    assert!(matches!(fetch(&offline, Some("small"), Some("test")), Err(HubError::NoPart { .. })));
    assert_eq!(server.seen("").len(), asked);

    let message = fetch(&hub, Some("small"), None).unwrap_err().to_string();
    assert!(message.contains("expected one of large/train, small/train, small/test"), "{message}");
    let own = hub.download_data_set("owner/own", None, None, &mut |_| {}).unwrap();
    assert_eq!(read(&own), [b"own".to_vec()]);
    let none = hub.download_data_set("owner/none", None, None, &mut |_| {});
    assert!(matches!(none, Err(HubError::NoParquet { .. })));
    assert!(!cache.path().join("evil.parquet").exists() && server.seen("evil").is_empty());
}
