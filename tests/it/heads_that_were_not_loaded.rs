//! A head that is not in the files as the configuration describes it is refused by whoever would ask it: its answers would be
//! chance and look like any others.

use std::fs;
use std::path::{Path, PathBuf};

use attune::inspect::OpenModel;
use serde_json::{Value, json};

use crate::command_line::{done, failed, reviews, run};
use crate::models_match_the_reference::golden;

/// A model with another configuration.
fn changed(dir: &Path, from: &str, change: impl FnOnce(&mut Value)) -> PathBuf {
    let to = dir.join("model");
    fs::create_dir_all(&to).unwrap();
    for entry in fs::read_dir(golden().join(from)).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    let path = to.join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut config);
    fs::write(&path, config.to_string()).unwrap();
    to
}

#[test]
fn a_head_of_another_width_than_its_configuration_is_refused_with_both_shapes() {
    // Without names transformers makes two outputs.
    for (names, implied) in
        [(Value::Null, 2), (json!({ "0": "a", "1": "b" }), 2), (json!({ "0": "a", "1": "b", "2": "c", "3": "d" }), 4)]
    {
        let change = |config: &mut Value| {
            config["id2label"] = names;
            config["label2id"] = Value::Null;
        };
        let dir = tempfile::tempdir().unwrap();
        let model = changed(dir.path(), "bert-classify", change).display().to_string();
        let data = reviews(&dir.path().join("data.csv"));
        let to = dir.path().join("out").display().to_string();
        for arguments in [
            &["predict", "--model", &model, "--text", "x"][..],
            &["predict", "--model", &model, "--input", &data],
            &["evaluate", "--model", &model, "--data", &data],
            &["explain", "--model", &model, "--text", "the soup"],
            &["words", "--model", &model, "--data", &data, "--task", "classify"],
            &["export", &model, "--to", &to, "--format", "onnx"],
        ] {
            let error = failed(arguments, 1);
            let shapes = format!("\"classifier.weight\" has shape [3, 32], but config.json implies [{implied}, 32]");
            assert!(error.contains(&shapes), "{arguments:?}: {error}");
        }
        assert!(done(&["inspect", &model]).contains("it is not loaded and cannot be asked"));
        let whole = OpenModel::open_whole(Path::new(&model)).unwrap();
        assert!(whole.heads.is_empty() && whole.refused.is_some_and(|reason| reason.contains("[3, 32]")));
    }
}

#[test]
fn a_head_that_is_not_in_the_files_is_refused_and_another_of_the_model_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let named = |config: &mut Value| config["architectures"] = json!(["BertForSequenceClassification"]);
    let model = changed(dir.path(), "bert-mlm", named).display().to_string();
    let error = failed(&["predict", "--model", &model, "--text", "x"], 1);
    assert!(error.contains("the head for classify lacks") && error.contains("classifier.weight"), "{error}");
    // It may be taken to be trained elsewhere, which its card does not make a model of.
    let to = dir.path().join("out").display().to_string();
    let told = String::from_utf8(run(&["export", &model, "--to", &to]).stderr).unwrap();
    let nothing = "the answers of this model mean nothing: the head for classify lacks";
    assert!(told.contains(nothing), "{told}");
    let card = fs::read_to_string(dir.path().join("out/README.md")).unwrap();
    assert!(card.contains("## Not trained") && card.contains("mean nothing: the head for classify lacks"), "{card}");
    let dir = tempfile::tempdir().unwrap();
    let both = |config: &mut Value| config["architectures"] = json!(["BertForPreTraining"]);
    let model = changed(dir.path(), "bert-mlm", both).display().to_string();
    done(&["predict", "--model", &model, "--task", "mlm", "--text", "the [MASK]", "--json"]);
    let error = failed(&["predict", "--model", &model, "--task", "nsp", "--text", "x", "--pair", "y"], 1);
    assert!(error.contains("the head for nsp lacks"), "{error}");
}
