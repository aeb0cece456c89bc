//! A model is found below the folder that was named, and under names that a wrapper put something before.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use safetensors::SafeTensors;
use serde_json::Value;

use crate::command_line::{done, failed, model, objects};

fn copied(from: &str, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

fn said(folder: &Path) -> Vec<Value> {
    objects(&done(&["predict", "--model", &folder.display().to_string(), "--text", "the jury", "--json"]))
}

#[test]
fn a_folder_above_one_model_means_it_and_above_several_none() {
    let dir = tempfile::tempdir().unwrap();
    let classify = model("bert-classify");
    copied(&classify, &dir.path().join("out/checkpoint-500"));
    assert_eq!(said(dir.path()), said(Path::new(&classify)));
    copied(&classify, &dir.path().join("out/checkpoint-1000"));
    let error = failed(&["predict", "--model", &dir.path().display().to_string(), "--text", "x"], 1);
    assert!(error.contains("holds 2: out/checkpoint-1000, out/checkpoint-500; name one of them"), "{error}");
    let config = dir.path().join("run.toml");
    fs::write(&config, format!("task = \"classify\"\n[model]\npath = {:?}\n[data]\ntrain = \"x.csv\"\n", dir.path()))
        .unwrap();
    let error = failed(&["train", &config.display().to_string()], 1);
    assert!(error.contains("out/checkpoint-1000, out/checkpoint-500"), "{error}");
}

#[test]
fn names_in_a_wrapper_are_read_without_it() {
    let dir = tempfile::tempdir().unwrap();
    let classify = model("bert-classify");
    copied(&classify, dir.path());
    let weights = dir.path().join("model.safetensors");
    let bytes = fs::read(&weights).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let wrapped: HashMap<String, _> =
        tensors.tensors().into_iter().map(|(name, tensor)| (format!("module.model.{name}"), tensor)).collect();
    fs::write(&weights, safetensors::serialize(&wrapped, None).unwrap()).unwrap();
    assert_eq!(said(dir.path()), said(Path::new(&classify)));
    let facts: Value = serde_json::from_str(&done(&["inspect", &dir.path().display().to_string(), "--json"])).unwrap();
    assert!(facts["problems"][0].as_str().unwrap().contains("begin with \"module.model.\""), "{}", facts["problems"]);
    assert_eq!(facts["report"]["new"], serde_json::json!([]));
}
