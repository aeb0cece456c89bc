//! A token that was added to a tokenizer and not to its model is found before the first step, with its row.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use attune::inspect::{OpenModel, Options, Request};
use attune::text::Labels;
use attune::train::assess::{Assessed, assess};
use attune::train::config::{ModelChoice, RunConfig};
use attune::train::objective::Objective;
use attune::train::{Prepared, TrainError, prepare};
use serde_json::{Value, json};

use crate::models_match_the_reference::golden;

/// A golden model, of 700 embeddings, whose tokenizer was given two tokens more.
fn with_more_tokens(folder: &Path, model: &str) -> PathBuf {
    let dir = folder.join(model);
    fs::create_dir_all(&dir).unwrap();
    for name in ["model.safetensors", "config.json", "tokenizer_config.json"] {
        fs::copy(golden().join(model).join(name), dir.join(name)).unwrap();
    }
    let file = fs::read(golden().join(model).join("tokenizer.json")).unwrap();
    let mut tokenizer: Value = serde_json::from_slice(&file).unwrap();
    for (id, token) in [(700, "[URL]"), (701, "[USER]")] {
        tokenizer["added_tokens"].as_array_mut().unwrap().push(json!({
            "id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
            "special": false,
        }));
    }
    fs::write(dir.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    dir
}

fn config(task: &str, model: &Path, data: &Path) -> RunConfig {
    let text = format!("task = {task:?}\n[model]\n[data]\ntrain = {data:?}\nmax_tokens = 32\nstride = 8\n");
    let mut config: RunConfig = toml::from_str(&text).unwrap();
    config.model = ModelChoice { path: Some(model.to_owned()), ..ModelChoice::default() };
    config
}

fn prepared(config: &RunConfig) -> Result<Prepared, TrainError> {
    prepare(config, &mut |_, _, _| ControlFlow::Continue(())).map(Option::unwrap)
}

const TOLD: &str = "the tokenizer has [URL] as 700, and the model has 700 embeddings, 0 to 699";

#[test]
fn a_text_with_a_token_beyond_the_embeddings_is_named_before_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let csv = "text,label\nthe soup was warm,positive\nthe [URL] broke,negative\nthe map,neutral\n";
    let context = "the soup by the [URL] was warm";
    let squad = json!({"data": [{"title": "t", "paragraphs": [{"context": context, "qas": [
        {"id": "1", "question": "what was warm ?", "answers": [{"text": "soup", "answer_start": 4}]}]}]}]});
    for (task, model, data, place) in [
        ("classify", "bert-classify", write("rows.csv", csv), "the row at line 3 of"),
        ("ner", "bert-ner", write("tags.conll", "the O\nmap O\n\nthe O\n[URL] B-ORG\n"), "the row at line 4 of"),
        ("qa", "bert-qa", write("squad.json", &squad.to_string()), "the row at line 1 of"),
        ("mlm", "bert-mlm", write("prose.txt", "the soup was warm\nthe [URL] broke\n"), "line 2: "),
        ("mlm", "roberta-mlm", write("more.txt", "the soup was warm\n\nthe [URL] broke\n"), "line 3: "),
        ("nsp", "bert-nsp", write("story.txt", "the soup was warm\nthe [URL] broke\n"), "line 2: "),
    ] {
        let model = with_more_tokens(folder.path(), model);
        let Err(error) = prepared(&config(task, &model, &data)) else { panic!("{task} was prepared") };
        let error = error.to_string();
        assert!(error.contains(place) && error.ends_with(TOLD), "{task}: {error}");
    }
    let model = with_more_tokens(folder.path(), "bert-classify");
    let what = Assessed { model: model.clone(), data: folder.path().join("rows.csv").into(), ..Assessed::default() };
    let error = assess(&what, &mut |_, _, _| ControlFlow::Continue(())).unwrap_err().to_string();
    assert!(error.contains("the row at line 3 of") && error.ends_with(TOLD), "{error}");
    let predictor = OpenModel::open(&model, None).unwrap();
    let asked = predictor.prepare(Request { text: "the [URL] broke".into(), pair: None }, &Options::default());
    assert!(asked.is_err_and(|error| error.to_string().ends_with(TOLD)));
}

#[test]
fn tokens_beyond_the_embeddings_that_no_text_has_are_told_and_never_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("prose.txt");
    fs::write(&data, "the soup was warm and the dog ran to the river .\n".repeat(60)).unwrap();
    let mut config = config("mlm", &with_more_tokens(folder.path(), "bert-mlm"), &data);
    config.language.share = 0.9;
    let data = prepared(&config).unwrap();
    assert_eq!(data.warnings.len(), 1, "{:?}", data.warnings);
    assert!(data.warnings[0].contains("[URL] as 700, [USER] as 701, and the model has 700"), "{:?}", data.warnings);
    let objective = Objective::new(&config, 0, &[], &data.tokenizer).unwrap();
    let mut random = 0;
    for chance in 0..400 {
        for index in 0..data.train.len() {
            let original = data.train.get(index, chance).unwrap();
            let before = original.tokens.ids().into_owned();
            let drawn = objective.draw(original, chance * 1000 + index as u64);
            let Labels::Tokens(targets) = &drawn.labels else { panic!("{drawn:?}") };
            let changed = drawn.tokens.ids().iter().zip(&before).filter(|(now, before)| now != before).count();
            random += changed.min(targets.len());
            assert!(drawn.tokens.ids().iter().all(|id| *id < 700));
        }
    }
    // One in ten of what is drawn is any token; two of 702 would have been seen.
    assert!(random > 20_000, "{random}");
}
