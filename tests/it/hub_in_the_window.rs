//! The hub in the window: the real window and the real worker, and a hub on this machine.

use std::path::{Path, PathBuf};

use attune::hub::{Hub, Repo, RepoKind, TokenOrigin};
use attune::ui::Screen;
use attune::ui::workspace::{CardState, DownloadState, Workspace};
use egui::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use serde_json::json;

use crate::hub_is_asked::fake_hub::{FakeHub, Trick};
use crate::journey::Window;
use crate::models_match_the_reference::golden;

const CARD: &[u8] =
    b"---\nlicense: mit\n---\n# A tiny model\n\nIt **learns**, see [the paper](https://x.y/z).\n\n- one\n- two\n";
const ITEM: &str = "owner/tiny · 218 kB · mit";

fn file(name: &str) -> Vec<u8> {
    std::fs::read(golden().join(name)).unwrap()
}

/// A hub with a model that can be trained, one that cannot be used, one that is gated, and a data set in two files.
fn server() -> FakeHub {
    let server = FakeHub::start();
    let names =
        ["config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "model.safetensors"];
    let read: Vec<(&str, Vec<u8>)> = names.iter().map(|name| (*name, file(&format!("bert-classify/{name}")))).collect();
    let mut files: Vec<(&str, &[u8])> = read.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    files.push(("README.md", CARD));
    let told = json!({
        "config": { "model_type": "bert" }, "downloads": 1200, "likes": 3, "tags": ["bert", "en"],
        "pipeline_tag": "text-classification", "cardData": { "license": "mit", "language": "en" },
        "safetensors": { "parameters": { "F32": 54_459 }, "total": 54_459 },
    });
    server.add("models/owner/tiny", "main", told, &files);
    let llm: [(&str, &[u8]); 2] = [("config.json", b"{\"model_type\": \"llama\"}"), ("model.safetensors", b"weights")];
    server.add("models/owner/tiny-llm", "main", json!({ "config": { "model_type": "llama" }, "downloads": 9 }), &llm);
    for number in 0..35 {
        let told = json!({ "config": { "model_type": "bert" }, "downloads": number });
        server.add(&format!("models/many/bert-{number}"), "main", told, &files);
    }
    let parts = [file("parquet/classes-snappy.parquet"), file("parquet/classes-zstd.parquet")];
    let rows = json!({ "downloads": 5, "cardData": { "dataset_info": { "features": [{ "name": "text" }, { "name": "label" }],
        "splits": [{ "name": "train", "num_examples": 10 }] } } });
    let names = ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"];
    server.add("datasets/owner/films", "main", rows, &[(names[0], &parts[0]), (names[1], &parts[1])]);
    server
}

struct Bench {
    server: FakeHub,
    folder: tempfile::TempDir,
    window: Window,
}

impl Bench {
    fn open() -> Self {
        let (server, folder) = (server(), tempfile::tempdir().unwrap());
        let window = Window::open_with(folder.path(), hub(&server, folder.path()));
        Self { server, folder, window }
    }

    fn find_models(&mut self, words: &str) {
        self.window.go(Screen::Model);
        self.window.press("Find a model");
        self.window.write(Role::TextInput, "Search the hub", words);
        self.window.until("the search is answered", |workspace| {
            let models = &workspace.hub.models;
            models.query.as_ref().is_some_and(|query| query.text == words) && !models.is_old
        });
    }

    fn look_at_tiny(&mut self) {
        self.find_models("tiny");
        self.window.press(ITEM);
        self.window.until("the card has come", |workspace| {
            workspace
                .hub
                .model
                .as_ref()
                .is_some_and(|looked| looked.details.is_some() && matches!(looked.card, CardState::There(_)))
        });
    }

    /// Begins the download, which then comes byte after byte.
    fn download_slowly(&mut self) {
        self.server.trick("model.safetensors", &[Trick::Trickle]);
        self.look_at_tiny();
        self.window.press("Download owner/tiny");
        self.window.until("half of it is here", |workspace| {
            workspace.downloads.iter().any(|download| download.progress.bytes_done > 110_000)
        });
    }
}

fn hub(server: &FakeHub, folder: &Path) -> Hub {
    Hub::at(&server.url, &folder.join("hub"))
}

fn state(workspace: &Workspace) -> Option<&DownloadState> {
    workspace.downloads.first().map(|download| &download.state)
}

fn is_done(workspace: &Workspace) -> bool {
    matches!(state(workspace), Some(DownloadState::Done(_)))
}

fn parts(folder: &Path) -> Vec<PathBuf> {
    let blobs = std::fs::read_dir(folder.join("hub/models--owner--tiny/blobs")).unwrap();
    blobs.map(|entry| entry.unwrap().path()).filter(|path| path.to_string_lossy().ends_with("attune-part")).collect()
}

#[test]
fn a_model_is_searched_looked_at_fetched_and_used() {
    let mut bench = Bench::open();
    bench.look_at_tiny();
    let window = &mut bench.window;
    for words in
        ["A tiny model", "It learns, see the paper.", "text classification", "1.20 k downloads", "Memory to train it"]
    {
        assert!(window.shows(words), "{words}");
    }
    assert!(bench.server.seen("model.safetensors").is_empty(), "no weight was fetched to look at it");
    window.press("Download owner/tiny");
    window.until("it is here and in the list", |workspace| {
        is_done(workspace) && workspace.cached_model("owner/tiny").is_some() && workspace.jobs.is_empty()
    });
    window.press("Use this model");
    window.until("it is the model of the next run", |workspace| workspace.model.is_some());
    let workspace = window.workspace();
    let dir = &workspace.model.as_ref().unwrap().dir;
    assert!(dir.starts_with(bench.folder.path().join("hub")), "{dir:?}");
    assert_eq!(workspace.model_name(dir), "owner/tiny");
    let out = &workspace.draft.run.out;
    assert!(out.ends_with("data-tiny-1"), "a run is called by the name of its model: {out:?}");
    assert!(window.shows("Model: owner/tiny"));
}

#[test]
fn what_attune_cannot_use_says_so_and_cannot_be_fetched() {
    let mut bench = Bench::open();
    bench.find_models("tiny-llm");
    let window = &mut bench.window;
    let words = "It is of the family \"llama\"";
    assert!(window.shows(words));
    let entry = window.harness.query_all_by_label_contains("owner/tiny-llm · It is").next().unwrap();
    entry.click();
    window.until("it was looked at", |workspace| {
        workspace.hub.model.as_ref().is_some_and(|looked| looked.details.is_some())
    });
    assert!(window.shows("Attune cannot use this model"));
    assert!(window.harness.get_by_label("Download owner/tiny-llm").accesskit_node().is_disabled());
}

#[test]
fn a_search_comes_in_pages_and_the_newest_words_win() {
    let mut bench = Bench::open();
    bench.find_models("bert");
    let window = &mut bench.window;
    assert_eq!(window.workspace().hub.models.found.len(), 30);
    // It stands below what can be seen.
    window.harness.get_by_label("Show more").click_accesskit();
    window.until("the rest is here", |workspace| workspace.hub.models.found.len() == 35);
    assert!(!window.shows("Show more") && window.shows("35 found"));
    window.press("Clear the search");
    window.until("what is suggested is shown again", |workspace| workspace.hub.models.query.is_none());
    assert!(window.shows("google-bert/bert-base-uncased"));
    let asked = bench.server.seen("/api/models?").len();
    assert_eq!(asked, 2, "what was typed was searched for once, when it had rested");
}

#[test]
fn a_download_pauses_goes_on_and_is_known_after_a_restart() {
    let mut bench = Bench::open();
    bench.download_slowly();
    bench.window.press("Pause owner/tiny");
    bench.window.until("it pauses", |workspace| state(workspace) == Some(&DownloadState::Paused));
    assert_eq!(parts(bench.folder.path()).len(), 1, "what arrived is kept");
    // It stays in sight wherever one goes.
    bench.window.go(Screen::Home);
    bench.window.press("Downloads: 1 unfinished");
    assert!(bench.window.shows("Paused · "));

    let Bench { server, folder, window } = bench;
    drop(window);
    let mut again = Window::open_with(folder.path(), hub(&server, folder.path()));
    again.press("Downloads: 1 unfinished");
    assert!(again.shows("From an earlier session · "));
    again.press("Resume owner/tiny");
    again.until("the rest is here", is_done);
    let ranges: Vec<_> = server.seen("model.safetensors").into_iter().map(|seen| seen.range).collect();
    assert!(ranges.len() == 2 && ranges[0].is_none() && ranges[1].is_some(), "{ranges:?}");
    again.press("Use owner/tiny");
    again.until("it opens", |workspace| workspace.model.is_some());
}

#[test]
fn what_is_under_way_when_the_window_closes_goes_on_the_next_time() {
    let mut bench = Bench::open();
    bench.download_slowly();
    let Bench { server, folder, window } = bench;
    drop(window);
    let mut again = Window::open_with(folder.path(), hub(&server, folder.path()));
    again.press("Downloads: 1 unfinished");
    again.press("Resume owner/tiny");
    again.until("the rest is here", is_done);
    let ranges: Vec<_> = server.seen("model.safetensors").into_iter().map(|seen| seen.range).collect();
    assert!(ranges.len() == 2 && ranges[1].is_some(), "{ranges:?}");
}

#[test]
fn a_download_that_is_cancelled_leaves_nothing() {
    let mut bench = Bench::open();
    bench.download_slowly();
    bench.window.harness.query_all_by_label_contains("Downloads: tiny · ").next().unwrap().click();
    bench.window.harness.run_steps(3);
    bench.window.press("Cancel owner/tiny");
    bench.window.until("it is gone", |workspace| workspace.downloads.is_empty());
    assert!(parts(bench.folder.path()).is_empty());
    assert!(bench.window.shows("Download owner/tiny"));
}

#[test]
fn a_download_that_fails_says_why_and_is_tried_again() {
    let mut bench = Bench::open();
    bench.look_at_tiny();
    bench.server.trick("model.safetensors", &[Trick::Page]);
    let window = &mut bench.window;
    window.press("Download owner/tiny");
    window.until("it fails", |workspace| matches!(state(workspace), Some(DownloadState::Failed(_))));
    assert!(window.shows("A web page came in place of model.safetensors"));
    window.press("Try again owner/tiny");
    window.until("the second try brings it", is_done);
}

#[test]
fn what_is_gated_says_where_to_go() {
    let mut bench = Bench::open();
    bench.server.trick("config.json", &[Trick::Status(403, "X-Error-Code: GatedRepo\r\n")]);
    bench.find_models("tiny");
    let window = &mut bench.window;
    window.press(ITEM);
    window.until("it is refused", |workspace| {
        workspace.hub.model.as_ref().is_some_and(|looked| looked.trouble.is_some())
    });
    assert!(window.shows("owner/tiny is gated") || window.shows("Owner/tiny is gated"));
    assert!(window.shows("Open its page") && window.shows("Set a token"));
    window.press("Try again");
    window.until("it was only once", |workspace| {
        workspace.hub.model.as_ref().is_some_and(|looked| looked.details.is_some())
    });
}

#[test]
fn a_search_that_fails_says_why_and_is_tried_again() {
    let mut bench = Bench::open();
    bench.server.trick("search", &[Trick::Page]);
    let window = &mut bench.window;
    window.go(Screen::Model);
    window.press("Find a model");
    window.press("Search the whole hub");
    window.until("it fails", |workspace| workspace.hub.models.trouble.is_some());
    assert!(window.shows("The search failed"));
    window.press("Try again");
    window.until("it is answered", |workspace| workspace.hub.models.found.len() == 30);
}

#[test]
fn a_data_set_is_fetched_as_several_files_and_opened_as_one() {
    let mut bench = Bench::open();
    let window = &mut bench.window;
    window.go(Screen::Data);
    window.press("Find a data set on the hub");
    window.write(Role::TextInput, "Search the hub", "films");
    window.until("it is found", |workspace| workspace.hub.data_sets.found.len() == 1);
    window.harness.query_all_by_label_contains("owner/films").next().unwrap().click();
    window.until("its parts are known", |workspace| {
        workspace.hub.data_set.as_ref().is_some_and(|looked| looked.details.is_some())
    });
    assert!(window.shows("10 rows · 3.80 kB · 2 files · text, label"));
    window.press("Download owner/films default/train");
    window.until("it is here", |workspace| is_done(workspace) && workspace.jobs.is_empty());
    window.press("Open owner/films default/train");
    window.until("it is read", |workspace| workspace.data.loaded.is_some());
    let table = window.workspace().data.table.as_ref().unwrap();
    assert_eq!(table.rows(), 10);
    assert!(window.shows("owner/films train") && window.shows("Health"));
    window.press("Find a data set on the hub");
    assert!(window.shows("Open owner/films default/train"), "what is here opens at once");
}

#[test]
fn offline_nothing_is_asked_and_the_list_is_there_all_the_same() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    let mut hub = hub(&server, folder.path());
    hub.offline = true;
    let mut window = Window::open_with(folder.path(), hub);
    window.go(Screen::Model);
    window.press("Find a model");
    assert!(window.shows("nothing is asked of the hub"));
    window.write(Role::TextInput, "Search the hub", "multilingual-e5");
    window.harness.run_steps(12);
    assert!(window.shows("intfloat/multilingual-e5-small") && !window.shows("google-bert/bert-base-uncased"));
    window.harness.query_all_by_label_contains("intfloat/multilingual-e5-small").next().unwrap().click();
    window.harness.run_steps(4);
    assert!(window.harness.get_by_label("Download intfloat/multilingual-e5-small").accesskit_node().is_disabled());
    assert!(server.seen("").is_empty(), "{:?}", server.seen(""));
    window.press("Go online");
    window.until("what was typed is searched for", |workspace| {
        let models = &workspace.hub.models;
        models.query.as_ref().is_some_and(|query| query.text == "multilingual-e5") && !models.is_old
    });
    assert!(window.shows("Nothing on the hub has this name"));
}

#[test]
fn going_offline_pauses_what_is_under_way() {
    let mut bench = Bench::open();
    bench.download_slowly();
    let window = &mut bench.window;
    window.go(Screen::Settings);
    window.harness.get_by_role_and_label(Role::CheckBox, "Offline").click();
    window.until("it pauses", |workspace| state(workspace) == Some(&DownloadState::Paused));
    assert!(window.workspace().hub.hub.offline);
}

#[test]
fn the_cache_is_cleaned_with_what_is_freed_in_sight() {
    let mut bench = Bench::open();
    bench.look_at_tiny();
    let window = &mut bench.window;
    window.press("Download owner/tiny");
    window.until("it is here", |workspace| is_done(workspace) && workspace.jobs.is_empty());
    window.go(Screen::Settings);
    let repo = Repo::new(RepoKind::Model, "owner/tiny").unwrap();
    let bytes = window.workspace().hub.shelf.as_ref().unwrap().repos[0].bytes;
    assert!(bytes > 230_000, "{bytes}");
    // It stands below what can be seen.
    window.harness.get_by_label("Remove owner/tiny").click_accesskit();
    window.harness.run_steps(3);
    assert!(window.shows("Remove owner/tiny?") && window.shows("It frees"));
    window.press(&format!("Remove {}", attune::ui::format::bytes(bytes)));
    window.until("it is gone", |workspace| {
        workspace.hub.shelf.as_ref().is_some_and(|shelf| shelf.repos.is_empty()) && workspace.jobs.is_empty()
    });
    assert!(!window.workspace().hub.hub.cache_folder(&repo).exists());
    assert!(window.workspace().cached_model("owner/tiny").is_none());
}

#[test]
fn a_typed_token_is_sent_checked_kept_and_forgotten() {
    let mut bench = Bench::open();
    let window = &mut bench.window;
    window.go(Screen::Settings);
    window.press("In a file");
    window.harness.get_by_label("Access token").focus();
    window.harness.run_steps(2);
    window.harness.event(egui::Event::Text("hf_planted".into()));
    window.harness.run_steps(3);
    window.press("Use token");
    window.until("it is kept", |workspace| workspace.jobs.is_empty());
    let kept = bench.folder.path().join("hub/token");
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "hf_planted");
    assert_eq!(window.workspace().hub.hub.origins.token, Some(TokenOrigin::File));
    window.press("Check the token");
    window.until("its owner is known", |workspace| workspace.hub.account == Some(Ok("somebody".into())));
    assert!(window.shows("Belongs to somebody"));
    assert_eq!(bench.server.seen("whoami")[0].authorization.as_deref(), Some("Bearer hf_planted"));
    window.press("Forget the token");
    window.until("it is forgotten", |workspace| workspace.jobs.is_empty());
    assert!(!kept.exists() && window.workspace().hub.hub.token.is_none());
}

#[test]
fn an_adapter_is_judged_with_its_base_fetched_with_it_and_used() {
    let mut bench = Bench::open();
    crate::hub_is_asked::add_adapter(&bench.server);
    bench.find_models("lora");
    let window = &mut bench.window;
    window.press("someone/lora · adapter for owner/base");
    window.until("both are looked at", |workspace| {
        workspace.hub.model.as_ref().is_some_and(|looked| looked.details.is_some()) && workspace.jobs.is_empty()
    });
    for words in ["A LoRA adapter of rank 4 for owner/base", "owner/base is fetched with it"] {
        assert!(window.shows(words), "{words}");
    }
    assert!(bench.server.seen("model.safetensors").is_empty(), "nothing is fetched before it is asked for");
    window.press("Download someone/lora");
    window.until("both are here", is_done);
    assert_eq!(window.workspace().downloads.len(), 1, "one download of both");
    window.until("the models are looked for again", |workspace| workspace.jobs.is_empty());
    window.press("Use this model");
    window.until("it is open", |workspace| workspace.model.is_some());
    let card = window.workspace().model.clone().unwrap();
    assert!(card.dir.to_string_lossy().contains("someone--lora"), "{}", card.dir.display());
    assert_eq!((card.family, card.problems.len()), ("bert", 0));
}
