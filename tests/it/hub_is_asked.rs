//! The hub by the binary itself, against a hub on this machine: what is found, fetched and refused, and that nothing else
//! is asked.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

#[path = "fake_hub.rs"]
#[expect(dead_code, reason = "the tests inside the crate use the rest of it")]
pub mod fake_hub;

use fake_hub::{FakeHub, Trick};

const CONFIG: &[u8] = br#"{"model_type":"bert","vocab_size":100,"hidden_size":32,"num_hidden_layers":4,
    "num_attention_heads":4,"intermediate_size":64,"max_position_embeddings":64}"#;

fn server() -> FakeHub {
    let server = FakeHub::start();
    let bert = json!({ "config": { "model_type": "bert" }, "pipeline_tag": "fill-mask", "downloads": 2 });
    let files: [(&str, &[u8]); 3] =
        [("config.json", CONFIG), ("tokenizer.json", b"{}"), ("model.safetensors", b"weights")];
    server.add("models/owner/tiny", "main", bert, &files);
    let llm: [(&str, &[u8]); 2] = [("config.json", b"{\"model_type\": \"llama\"}"), ("model.safetensors", b"weights")];
    let llama = json!({ "config": { "model_type": "llama" }, "downloads": 3, "gated": "manual" });
    server.add("models/owner/tiny-llm", "main", llama, &llm);
    server.add("datasets/owner/data", "main", json!({}), &[("data/train-00000-of-00001.parquet", b"rows")]);
    server
}

fn attune(server: &FakeHub, home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    for name in ["HF_HUB_OFFLINE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN_PATH", "http_proxy", "HTTP_PROXY"]
    {
        command.env_remove(name);
    }
    command.env("HF_HOME", home).env("HF_ENDPOINT", &server.url).env("NO_PROXY", "127.0.0.1");
    command.env("HF_TOKEN", "hf_planted").args(arguments).output().unwrap()
}

#[test]
fn models_are_searched_looked_at_and_fetched() {
    let (server, home) = (server(), tempfile::tempdir().unwrap());
    let found = attune(&server, home.path(), &["models", "TINY", "--json"]);
    let found: Vec<Value> = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!((&found[0]["usable"], &found[0]["access"]), (&json!(false), &json!("gated")));
    assert!(found[0]["why"][0].as_str().unwrap().contains("llama"));
    assert_eq!((&found[1]["name"], &found[1]["family"]), (&json!("owner/tiny"), &json!("bert")));
    let of_task = attune(&server, home.path(), &["models", "--task", "mlm"]);
    assert!(String::from_utf8_lossy(&of_task.stdout).contains("owner/tiny  on the hub · bert"));

    server.trick("model.safetensors", &[Trick::Break(3)]);
    let fetched = attune(&server, home.path(), &["download", "owner/tiny"]);
    let folder = String::from_utf8(fetched.stdout).unwrap();
    assert!(fetched.status.success(), "{}", String::from_utf8_lossy(&fetched.stderr));
    assert_eq!(std::fs::read(Path::new(folder.trim()).join("model.safetensors")).unwrap(), b"weights");
    assert!(Path::new(folder.trim()).starts_with(home.path().join("hub")));

    // Without words nothing is asked of anyone.
    let asked = server.seen("").len();
    let here = attune(&server, home.path(), &["models"]);
    let here = String::from_utf8(here.stdout).unwrap();
    for words in
        ["attune-mini  in Attune", "owner/tiny  in the cache", "distilbert/distilbert-base-uncased  on the hub"]
    {
        assert!(here.contains(words), "{here}");
    }
    assert_eq!(server.seen("").len(), asked);

    let refused = attune(&server, home.path(), &["download", "owner/tiny-llm"]);
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && words.contains("owner/tiny-llm cannot be used"), "{words}");
    assert!(server.seen("tiny-llm/resolve").is_empty() && !words.contains("hf_planted"));
}

#[test]
fn a_data_set_is_fetched_as_its_files() {
    let (server, home) = (server(), tempfile::tempdir().unwrap());
    let fetched = attune(&server, home.path(), &["download", "--data-set", "owner/data", "--split", "train"]);
    let files = String::from_utf8(fetched.stdout).unwrap();
    assert_eq!(files.lines().count(), 1, "{}", String::from_utf8_lossy(&fetched.stderr));
    assert_eq!(std::fs::read(files.trim()).unwrap(), b"rows");
    let missing = attune(&server, home.path(), &["download", "--data-set", "owner/data", "--split", "test"]);
    assert!(String::from_utf8_lossy(&missing.stderr).contains("expected one of default/train"));
}

/// A model with what was learned beside it, in repositories of their own.
pub fn add_adapter(server: &FakeHub) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let read = |name: &str| std::fs::read(golden.join(name)).unwrap();
    let names = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
    let base: Vec<(&str, Vec<u8>)> = names.iter().map(|name| (*name, read(&format!("bert-classify/{name}")))).collect();
    let base: Vec<(&str, &[u8])> = base.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    server.add("models/owner/base", "main", json!({ "config": { "model_type": "bert" } }), &base);
    let settings = String::from_utf8(read("lora/bert-classify/adapter_config.json")).unwrap();
    let settings = settings.replace("\"bert-classify\"", "\"owner/base\"");
    let weights = read("lora/bert-classify/adapter_model.safetensors");
    let files: [(&str, &[u8]); 2] =
        [("adapter_config.json", settings.as_bytes()), ("adapter_model.safetensors", weights.as_slice())];
    let told = json!({ "config": { "peft": { "base_model_name_or_path": "owner/base" } }, "downloads": 4 });
    server.add("models/someone/lora", "main", told, &files);
}

#[test]
fn an_adapter_is_found_fetched_with_its_base_and_opened() {
    let (server, home) = (server(), tempfile::tempdir().unwrap());
    add_adapter(&server);
    let found = attune(&server, home.path(), &["models", "lora"]);
    let found = String::from_utf8(found.stdout).unwrap();
    assert!(found.starts_with("someone/lora  on the hub · adapter for owner/base"), "{found}");

    let fetched = attune(&server, home.path(), &["download", "someone/lora"]);
    let told = String::from_utf8_lossy(&fetched.stderr).into_owned();
    assert!(fetched.status.success() && told.contains("model.safetensors:"), "{told}");
    let folder = String::from_utf8(fetched.stdout).unwrap();
    let golden = format!("{}/tests/golden/lora/bert-classify", env!("CARGO_MANIFEST_DIR"));
    let said = |model: &str| {
        let said =
            attune(&server, home.path(), &["predict", "--model", model, "--text", "it is so", "--logits", "--json"]);
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        said.stdout
    };
    assert_eq!(said(folder.trim()), said(&golden), "it says what the same adapter beside its base says");
    let here = attune(&server, home.path(), &["models"]);
    assert!(String::from_utf8_lossy(&here.stdout).contains("someone/lora  in the cache"));
}
