//! A model that is trained on goes on with the outputs it has: for its own classes in its own order, and for no others.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use attune::inspect::{OpenModel, Options, Output, Request};
use attune::stop::Stop;
use attune::train::config::{ModelChoice, RunConfig};
use attune::train::event::TrainEvent;
use attune::train::opened;
use attune::train::prepare::open_model;
use attune::train::run::{Recorder, RunFolder};
use attune::train::{prepare, train};
use candle_core::Device;
use serde_json::{Value, json};

use crate::models_match_the_reference::golden;

/// A copy of a golden model whose outputs have other names.
fn named(folder: &Path, model: &str, names: &[&str]) -> PathBuf {
    let dir = folder.join("model");
    fs::create_dir_all(&dir).unwrap();
    for name in ["model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
        fs::copy(golden().join(model).join(name), dir.join(name)).unwrap();
    }
    let mut config: Value =
        serde_json::from_slice(&fs::read(golden().join(model).join("config.json")).unwrap()).unwrap();
    config["id2label"] = names.iter().enumerate().map(|(place, name)| (place.to_string(), json!(name))).collect();
    config["label2id"] = names.iter().enumerate().map(|(place, name)| ((*name).to_owned(), json!(place))).collect();
    fs::write(dir.join("config.json"), config.to_string()).unwrap();
    dir
}

fn config(task: &str, model: &Path, data: &Path) -> RunConfig {
    let text = format!("task = {task:?}\n[model]\n[data]\ntrain = {data:?}\n");
    let mut config: RunConfig = toml::from_str(&text).unwrap();
    config.model = ModelChoice { path: Some(model.to_owned()), ..ModelChoice::default() };
    config.run.out = data.with_extension("run");
    config.optim.lr = 0.0;
    config.run.max_steps = Some(1);
    config
}

/// Trains with a rate of 0, so that no weight changes; gives what was told and the folder of the model.
fn run(config: &RunConfig) -> (Vec<String>, PathBuf) {
    let mut data = prepare(config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
    let (model, report) = open_model(config, &data.labels, &Device::Cpu).unwrap();
    data.warnings.extend(opened::words(config, &data.labels, &model, &report).unwrap());
    let mut told = Vec::new();
    let mut on_event = |event: TrainEvent| {
        if let TrainEvent::Warning { message, .. } = event
            && !message.starts_with("optim.lr is 0")
        {
            told.push(message);
        }
    };
    let folder = RunFolder::create(config).unwrap();
    let kept = folder.model_dir();
    let mut go_on = || ControlFlow::Continue(());
    let mut recorder = Recorder {
        folder,
        data: &data,
        on_event: &mut on_event,
        on_pause: &mut go_on,
        is_paused: &|| false,
        orders: &mut Vec::new,
        interrupt: &Stop::default,
    };
    train(&model, &data, config, &mut recorder).unwrap();
    (told, kept)
}

/// What a model says of a text: the score of each class, or the tag of each word, by its name.
fn said(dir: &Path) -> BTreeMap<String, String> {
    let predictor = OpenModel::open(dir, None).unwrap();
    let options = Options::default();
    let prepared = predictor.prepare(Request { text: "the soup was warm".into(), pair: None }, &options).unwrap();
    match predictor.predict(&[&prepared], &options).unwrap().remove(0).output {
        Output::Labels(labels) => labels.into_iter().map(|one| (one.label, one.score.to_string())).collect(),
        Output::Tokens(words) => words
            .into_iter()
            .map(|one| (format!("{} {}", one.index, one.word), format!("{} {}", one.entity, one.score)))
            .collect(),
        other => panic!("{other:?}"),
    }
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_run_that_changes_no_weight_changes_no_answer_whatever_the_order_of_the_classes() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "the soup was warm,negative\nthe map is here,neutral\nthe dog ran,positive\n".repeat(8);
    let labels = write(folder.path(), "labels.csv", &format!("text,label\n{rows}"));
    let several =
        write(folder.path(), "several.csv", &format!("text,label\n{}", rows.replace("neutral", "neutral|positive")));
    let tags =
        "the O\nsoup B-MISC\nwas O\nin O\nParis B-LOC\n\nTom B-PER\nof B-ORG\nthe I-ORG\nriver I-ORG\n\n".repeat(8);
    let tags = write(folder.path(), "tags.conll", &tags);
    let classes = ["positive", "negative", "neutral"];
    let dslim = ["O", "B-MISC", "I-MISC", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"];
    for (task, model, data, names) in [
        ("classify", "bert-classify", &labels, &classes[..]),
        ("classify", "roberta-classify", &labels, &classes[..]),
        ("multilabel", "distilbert-classify", &several, &classes[..]),
        ("ner", "bert-ner", &tags, &dslim[..]),
        ("ner", "albert-ner", &tags, &dslim[..]),
    ] {
        let place = folder.path().join(format!("{task}-{model}"));
        let model = named(&place, model, names);
        let mut config = config(task, &model, data);
        config.run.out = place.join("run");
        if task == "multilabel" {
            let path = model.join("config.json");
            let mut written: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            written["problem_type"] = json!("multi_label_classification");
            fs::write(&path, written.to_string()).unwrap();
        }
        let (told, kept) = run(&config);
        assert!(!told.iter().any(|told| told.contains("head")), "{task}: {told:?}");
        assert_eq!(said(&kept), said(&model), "{task}");
        let written: Value = serde_json::from_slice(&fs::read(kept.join("config.json")).unwrap()).unwrap();
        for (place, name) in names.iter().enumerate() {
            assert_eq!(
                (&written["id2label"][place.to_string()], &written["label2id"][*name]),
                (&json!(name), &json!(place))
            );
        }
    }
}

#[test]
fn a_head_of_as_many_other_classes_is_new_and_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "the soup was warm,cat\nthe map is here,dog\nthe dog ran,bird\n".repeat(8);
    let data = write(folder.path(), "labels.csv", &format!("text,label\n{rows}"));
    let config = config("classify", &golden().join("bert-classify"), &data);
    let (told, kept) = run(&config);
    let expected = "the model's head is for the classes negative, neutral, positive, and the data have bird, cat, dog, so a \
                    new head is trained";
    assert_eq!(told, [expected]);
    assert_eq!(said(&kept).into_keys().collect::<Vec<_>>(), ["bird", "cat", "dog"]);
    let head = |dir: &Path| {
        let bytes = fs::read(dir.join("model.safetensors")).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let bytes = |name: &str| tensors.tensor(name).unwrap().data().to_vec();
        (bytes("bert.pooler.dense.weight"), bytes("classifier.weight"))
    };
    let (before, after) = (head(&golden().join("bert-classify")), head(&kept));
    assert_eq!(before.0, after.0, "what comes before the outputs knows no classes");
    assert_ne!(before.1, after.1);
}

#[test]
fn tags_of_a_head_for_words_are_no_classes_of_texts() {
    let folder = tempfile::tempdir().unwrap();
    // Both kinds of head have weights of the same names in BERT, and here of the same shape.
    let model = named(folder.path(), "bert-ner", &["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
    let rows: String = "abcdefghi".chars().map(|label| format!("the soup was warm,{label}\n")).collect();
    let data = write(folder.path(), "labels.csv", &format!("text,label\n{}", rows.repeat(3)));
    let (told, _) = run(&config("classify", &model, &data));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("no trained head for classes"), "{told:?}");
}

#[test]
fn words_are_masked_with_a_new_head_only_after_it_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = write(folder.path(), "prose.txt", &"the soup was warm and the dog ran to the river .\n".repeat(40));
    let (told, _) = run(&config("mlm", &golden().join("bert-classify"), &data));
    assert_eq!(
        told,
        ["there is no trained head for masked words to begin with, so a new one is trained from random weights"]
    );
    let mut whole = config("mlm", &golden().join("bert-mlm"), &data);
    whole.run.out = folder.path().join("whole");
    assert_eq!(run(&whole).0, [""; 0]);
}
