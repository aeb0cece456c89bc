//! Adapters on the hub: judged with their base before any weights are fetched, and downloaded with it.

use super::*;

const SETTINGS: &str = r#"{"peft_type": "LORA", "base_model_name_or_path": "owner/tiny", "r": 4, "lora_alpha": 8}"#;
const ADAPTER: &str = "someone/tiny-lora";

fn matrices() -> Vec<u8> {
    (0..50_000_u32).flat_map(u32::to_le_bytes).collect()
}

/// The server with a whole model, and an adapter that says this of itself.
fn with_adapter(settings: &str) -> FakeHub {
    let server = server();
    add(&server, settings);
    server
}

fn add(server: &FakeHub, settings: &str) {
    let told = json!({ "config": { "peft": { "base_model_name_or_path": "owner/tiny", "task_type": "SEQ_CLS" } } });
    let files: [(&str, &[u8]); 3] = [
        ("adapter_config.json", settings.as_bytes()),
        ("adapter_model.safetensors", &matrices()),
        ("training_args.bin", b"not wanted"),
    ];
    server.add(&format!("models/{ADAPTER}"), "main", told, &files);
}

fn fetch_adapter(hub: &Hub) -> Result<PathBuf, HubError> {
    hub.download(ADAPTER, MAIN, &mut |_| {})
}

fn bytes_of_base() -> u64 {
    (CONFIG.len() + 2 + weights().len()) as u64
}

fn bytes_of_both() -> u64 {
    bytes_of_base() + (SETTINGS.len() + matrices().len()) as u64
}

#[test]
fn an_adapter_is_found_and_looked_at_with_its_base() {
    let (server, cache) = (with_adapter(SETTINGS), tempfile::tempdir().unwrap());
    let hub = hub(&server, cache.path());
    let query = Query { text: "lora".to_owned(), ..Query::default() };
    let found = hub.search_models(&query, None).unwrap().items.remove(0);
    assert_eq!((found.usable, found.base.as_deref()), (Usable::Perhaps, Some("owner/tiny")));

    let writes = json!({ "config": { "peft": { "base_model_name_or_path": "x/llm", "task_type": "CAUSAL_LM" } } });
    let files: [(&str, &[u8]); 2] = [("adapter_config.json", b"{}"), ("adapter_model.safetensors", b"w")];
    server.add("models/someone/writing", "main", writes, &files);
    let query = Query { text: "writing".to_owned(), ..Query::default() };
    let Usable::No(why) = hub.search_models(&query, None).unwrap().items.remove(0).usable else {
        panic!("it is usable")
    };
    assert!(why[0].to_string().contains("writes text (CAUSAL_LM)"), "{why:?}");

    let details = hub.model(ADAPTER, MAIN).unwrap();
    assert_eq!((details.found.usable, details.found.family.as_deref()), (Usable::Yes, Some("bert")));
    assert_eq!((details.download_bytes, details.cached), (bytes_of_both(), None));
    assert_eq!(details.config.unwrap().hidden_size, 32);
    let of_base = (bytes_of_base(), None);
    let adapter = details.adapter.unwrap();
    assert_eq!((adapter.base.as_str(), adapter.rank), ("owner/tiny", Some(4)));
    assert_eq!((adapter.base_bytes, adapter.base_dir), of_base);
    assert!(server.seen("model.safetensors").is_empty(), "weights were asked for");

    // Once the base is here, only the adapter is to come.
    let base = fetch(&hub).unwrap();
    let details = hub.model(ADAPTER, MAIN).unwrap();
    assert_eq!((details.download_bytes, details.cached), (bytes_of_both() - bytes_of_base(), None));
    assert_eq!(details.adapter.unwrap().base_dir, Some(base));
    let dir = fetch_adapter(&hub).unwrap();
    assert_eq!(hub.model(ADAPTER, MAIN).unwrap().cached, Some(dir));
}

#[test]
fn an_adapter_comes_with_its_base_as_one_download() {
    let (server, cache) = (with_adapter(SETTINGS), tempfile::tempdir().unwrap());
    let hub = hub(&server, cache.path());
    let mut heard: Vec<Progress> = Vec::new();
    let dir = hub.download(ADAPTER, MAIN, &mut |progress| heard.push(progress.clone())).unwrap();
    assert_eq!(fs::read(dir.join("adapter_model.safetensors")).unwrap(), matrices());
    assert!(!dir.join("training_args.bin").exists());
    let base = hub.find_cached("owner/tiny", MAIN).unwrap();
    assert_eq!(fs::read(base.join("model.safetensors")).unwrap(), weights());
    assert_eq!(crate::model::adapter::base_of(&dir).unwrap(), base, "it is opened with what was fetched");
    let last = heard.last().unwrap();
    assert_eq!((last.files, last.bytes, last.bytes_done), (5, bytes_of_both(), bytes_of_both()));
    assert!(heard.windows(2).all(|two| two[0].bytes_done <= two[1].bytes_done));
    let order = |file: &str| server.seen("").iter().position(|seen| seen.path.ends_with(file)).unwrap();
    assert!(order("/model.safetensors") < order("adapter_model.safetensors"), "what is here can be opened");
    let names: Vec<String> = hub.cached_models().into_iter().map(|cached| cached.name).collect();
    assert_eq!((names, hub.unfinished()), (vec!["owner/tiny".to_owned(), ADAPTER.to_owned()], Vec::new()));
    assert_eq!(hub.find_cached(ADAPTER, MAIN), Some(dir.clone()));

    // Offline it is there as long as both are.
    let offline = Hub { offline: true, ..hub };
    assert_eq!(fetch_adapter(&offline).unwrap(), dir);
    offline.remove(&Repo::new(RepoKind::Model, "owner/tiny").unwrap()).unwrap();
    assert!(matches!(fetch_adapter(&offline), Err(HubError::Offline { name }) if name == "owner/tiny"));
}

#[test]
fn what_does_not_fit_together_is_refused_before_weights_are_fetched() {
    let gpt = String::from_utf8_lossy(CONFIG).replace("\"bert\"", "\"gpt2\"");
    let renamed = |name: &str| SETTINGS.replace("owner/tiny", name);
    for (settings, said) in [
        (SETTINGS.replace("LORA", "IA3"), "of the kind IA3"),
        (SETTINGS.replace("\"r\": 4", "\"use_dora\": true"), "use_dora"),
        (SETTINGS.replace("\"r\": 4", "\"task_type\": \"CAUSAL_LM\""), "writes text (CAUSAL_LM)"),
        (SETTINGS.replace("\"base_model_name_or_path\": \"owner/tiny\", ", ""), "does not name"),
        (renamed("/home/she/models/of mine"), "\"/home/she/models/of mine\""),
        (renamed("owner/gpt"), "its base owner/gpt cannot be used: it is of the family \"gpt2\""),
        (renamed("owner/other-lora"), "its base owner/other-lora cannot be used: it is an adapter itself"),
    ] {
        let (server, cache) = (with_adapter(&settings), tempfile::tempdir().unwrap());
        let files: [(&str, &[u8]); 3] =
            [("config.json", gpt.as_bytes()), ("tokenizer.json", b"{}"), ("model.safetensors", b"w")];
        server.add("models/owner/gpt", "main", json!({}), &files);
        let files: [(&str, &[u8]); 2] =
            [("adapter_config.json", SETTINGS.as_bytes()), ("adapter_model.safetensors", b"w")];
        server.add("models/owner/other-lora", "main", json!({}), &files);
        let hub = hub(&server, cache.path());
        let message = fetch_adapter(&hub).unwrap_err().to_string();
        assert!(message.starts_with("someone/tiny-lora cannot be used") && message.contains(said), "{message}");
        let Usable::No(obstacles) = hub.model(ADAPTER, MAIN).unwrap().found.usable else { panic!("{said}") };
        assert!(obstacles[0].to_string().contains(said), "{obstacles:?}");
        assert!(server.seen("safetensors").is_empty(), "{said}: weights were asked for");
    }
    let (server, cache) = (with_adapter(&renamed("owner/missing")), tempfile::tempdir().unwrap());
    let error = fetch_adapter(&hub(&server, cache.path())).unwrap_err();
    assert!(error.to_string().contains("adapter for, owner/missing: owner/missing was not found"), "{error}");
    assert_eq!(error.remedy(), Remedy::Token);
}

#[test]
fn an_adapter_that_was_cut_off_goes_on_with_its_base() {
    let (server, cache) = (with_adapter(SETTINGS), tempfile::tempdir().unwrap());
    let hub = hub(&server, cache.path());
    server.trick("model.safetensors", &[Trick::Break(500_000), Trick::Status(403, ""), Trick::Status(403, "")]);
    let error = fetch_adapter(&hub).unwrap_err();
    assert!(matches!(error, HubError::OfBase { .. }), "{error}");
    let unfinished = hub.unfinished();
    assert_eq!(unfinished.len(), 1, "{unfinished:?}");
    let begun = &unfinished[0];
    assert_eq!((begun.repo.name.as_str(), begun.bytes), (ADAPTER, bytes_of_both()));
    assert!(begun.bytes_done > 500_000 && begun.bytes_done < begun.bytes);
    server.trick("model.safetensors", &[]);
    fetch_adapter(&hub).unwrap();
    assert_eq!(ranges(&server, "/model.safetensors").last().unwrap().as_deref(), Some("bytes=500000-"));
    assert!(hub.unfinished().is_empty());

    // What is thrown away is thrown away of both.
    let (server, cache) = (with_adapter(SETTINGS), tempfile::tempdir().unwrap());
    let hub = super::hub(&server, cache.path());
    server.trick("model.safetensors", &[Trick::Break(500_000), Trick::Status(403, "")]);
    fetch_adapter(&hub).unwrap_err();
    hub.discard(&hub.unfinished()[0]).unwrap();
    assert!(hub.unfinished().is_empty());
    assert!(blobs(cache.path()).iter().all(|blob| !blob.ends_with("part")), "{:?}", blobs(cache.path()));
}

#[test]
fn an_adapter_is_cancelled_with_its_base() {
    let (server, cache) = (with_adapter(SETTINGS), tempfile::tempdir().unwrap());
    server.trick("model.safetensors", &[Trick::Trickle]);
    let switch = Switch::default();
    let hub = hub(&server, cache.path()).under(&switch);
    let mut on_progress = |progress: &Progress| {
        if progress.file == "model.safetensors" && progress.bytes_done > 1_000 {
            switch.turn(Halt::Cancel);
        }
    };
    let error = hub.download(ADAPTER, MAIN, &mut on_progress).unwrap_err();
    assert!(matches!(error, HubError::Halted { halt: Halt::Cancel }), "{error}");
    assert!(hub.unfinished().is_empty() && blobs(cache.path()).iter().all(|blob| !blob.ends_with("part")));
}

#[test]
fn the_base_is_the_one_at_the_revision_that_is_named() {
    let settings = SETTINGS.replace("\"r\": 4", "\"r\": 4, \"revision\": \"v2\"");
    let (server, cache) = (with_adapter(&settings), tempfile::tempdir().unwrap());
    let files: [(&str, &[u8]); 3] =
        [("config.json", CONFIG), ("tokenizer.json", b"{}"), ("model.safetensors", b"other weights")];
    server.add("models/owner/tiny", "v2", told(), &files);
    let hub = hub(&server, cache.path());
    fetch(&hub).unwrap();
    let dir = fetch_adapter(&hub).unwrap();
    let base = crate::model::adapter::base_of(&dir).unwrap();
    assert_eq!(fs::read(base.join("model.safetensors")).unwrap(), b"other weights");
}

#[test]
fn there_is_room_for_both_or_nothing_is_fetched() {
    let (server, cache) = (with_adapter(SETTINGS), tempfile::tempdir().unwrap());
    let mut hub = hub(&server, cache.path());
    hub.patience.free = |_| Some((64 << 20) + 1_300_000);
    let error = fetch_adapter(&hub).unwrap_err();
    assert!(matches!(error, HubError::NoRoom { .. }), "{error}");
    assert!(server.seen("safetensors").is_empty());
    let base = hub.download("owner/tiny", MAIN, &mut |_| {});
    assert!(base.is_ok(), "there is room for the base alone");
}
