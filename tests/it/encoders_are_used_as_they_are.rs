//! Encoders of the families that are used as they are: their heads learn and go on exactly, a text has the same states in
//! any batch, what looks inside looks inside them too, and what is not there is refused by name.

use std::collections::HashMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use attune::inspect::predictor::{Sequence, packed};
use attune::inspect::{OpenModel, Pooling};
use attune::model::{self, EncoderConfig, Input, Model, Pass, Want};
use attune::task::Task;
use attune::train::config::StrategyKind;
use attune::ui::Screen;
use candle_core::{DType, Device, Tensor, Var};
use egui::Role;
use serde_json::{Value, json};

use crate::command_line::{done, failed, model as folder_of, objects, reviews, write};
use crate::journey::Window;
use crate::models_match_the_reference::golden;
use crate::{runs_resume_exactly, worker_keeps_its_word};

const CLASSIFIERS: [&str; 2] = ["frozen/modernbert-classify", "frozen/deberta-v2-third-pair-classify"];

fn open(name: &str) -> Model {
    model::open(&golden().join(name), Want::AsSaved, &Device::Cpu, 0).unwrap().0
}

fn sequences() -> Vec<Sequence> {
    let ids = |text: u32| (0..3 + text * 5 % 40).map(|place| 5 + (text * 37 + place * 11) % 350).collect();
    (0..9_u32).map(ids).map(|ids: Vec<u32>| Sequence { types: vec![0; ids.len()], ids, asked: None }).collect()
}

fn bits(tensor: &Tensor) -> Vec<u32> {
    tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap().into_iter().map(f32::to_bits).collect()
}

#[test]
fn a_text_alone_has_the_states_that_it_has_in_any_batch() {
    for name in ["frozen/modernbert-classify", "frozen/deberta-v2-classify", "frozen/deberta-v2-third-ner"] {
        let model = open(name);
        let all = sequences();
        let together = model.encode(&packed(&all), &Pass::default()).unwrap().last;
        let mut first = 0;
        for (place, one) in all.iter().enumerate() {
            let alone = model.encode(&packed(std::slice::from_ref(one)), &Pass::default()).unwrap().last;
            let tokens = one.ids.len();
            assert_eq!(bits(&alone), bits(&together.narrow(0, first, tokens).unwrap()), "{name}: text {place}");
            first += tokens;
        }
    }
}

#[test]
fn gradients_by_the_words_are_those_of_pytorch() {
    for name in ["modernbert-classify", "modernbert-ner", "deberta-v2-classify", "deberta-v2-third-pair-classify"] {
        let dir = golden().join("frozen").join(name);
        let expected: HashMap<String, Tensor> =
            candle_core::safetensors::load(dir.join("expected.safetensors"), &Device::Cpu).unwrap();
        let rows = |key: &str| -> Vec<Vec<u32>> {
            let empty = || Tensor::zeros(expected["input_ids"].dims(), DType::U32, &Device::Cpu).unwrap();
            let found = expected.get(key).map_or_else(empty, |ids| ids.to_dtype(DType::U32).unwrap());
            found.to_vec2().unwrap()
        };
        let model = open(&format!("frozen/{name}"));
        model.train_only(|_| false);
        let task = model.config.task().unwrap();
        let (ids, types, mask) = (rows("input_ids"), rows("token_type_ids"), rows("attention_mask"));
        for (row, ids) in ids.iter().enumerate() {
            let tokens = mask[row].iter().sum::<u32>() as usize;
            let input = Input::single(ids[..tokens].to_vec(), types[row][..tokens].to_vec());
            let vectors = model.word_vectors(&input.ids).unwrap();
            let words = Var::from_vec(vectors, (tokens, model.embedding_size()), &Device::Cpu).unwrap();
            let pass = Pass { graph: true, rows: Some(vec![0].into()), ..Pass::default() };
            let logits = model.run_on(task, words.as_tensor(), &input, &pass).unwrap();
            let store = logits.sum_all().unwrap().backward().unwrap();
            let found: Vec<f32> = store.get(words.as_tensor()).unwrap().flatten_all().unwrap().to_vec1().unwrap();
            let expected = expected["words.gradient"].get(row).unwrap().narrow(0, 0, tokens).unwrap();
            let expected: Vec<f32> = expected.flatten_all().unwrap().to_vec1().unwrap();
            for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert!((found - expected).abs() < 1e-5, "{name}, text {row} [{place}]: {found}, {expected}");
            }
        }
    }
}

#[test]
fn runs_of_a_head_go_on_exactly_with_and_without_the_cache() {
    for name in CLASSIFIERS {
        let head = |config: &mut attune::train::config::RunConfig| {
            config.model.path = Some(golden().join(name));
            config.strategy.kind = StrategyKind::Head;
        };
        runs_resume_exactly::check(name, head);
        runs_resume_exactly::check(name, |config| {
            head(config);
            config.strategy.cache = false;
        });
    }
}

/// A run of the head alone on a checkpoint, from a file as people have it.
fn run_file(dir: &Path, task: &str, model: &str, data: &str, more: &str) -> (String, String) {
    let out = dir.join("run");
    let text = format!(
        "task = {task:?}\n[model]\npath = {:?}\n[data]\ntrain = {data:?}\neval_fraction = 0.25\n[strategy]\nkind = \"head\"\n\
         [optim]\nlr = 2e-2\n[run]\nepochs = 6\nbatch = 6\nout = {out:?}\n{more}",
        folder_of(model),
    );
    (write(&dir.join("run.toml"), &text), out.to_string_lossy().into_owned())
}

#[test]
fn a_head_is_trained_evaluated_and_asked_from_the_command_line_and_the_encoder_stays_as_it_was() {
    for name in CLASSIFIERS {
        let dir = tempfile::tempdir().unwrap();
        let data = reviews(&dir.path().join("train.csv"));
        let (file, out) = run_file(dir.path(), "classify", name, &data, "");
        done(&["train", &file]);
        let told = fs::read_to_string(Path::new(&out).join("events.jsonl")).unwrap();
        assert_eq!(told.contains("ModernBERT is known to be weak"), name.contains("modernbert"), "{told}");
        let model = format!("{out}/model");
        let judged: Value =
            serde_json::from_str(&done(&["evaluate", "--model", &model, "--data", &data, "--json"])).unwrap();
        assert_eq!(judged["metrics"]["accuracy"], 1.0, "{name}: {judged}");
        let said = objects(&done(&["predict", "--model", &model, "--text", "the staff were rude", "--json"]));
        assert_eq!(said[0]["result"].as_array().unwrap().len(), 2, "{said:?}");

        let weights = |dir: &Path| candle_core::safetensors::load(dir.join("model.safetensors"), &Device::Cpu).unwrap();
        let (before, after) = (weights(&golden().join(name)), weights(Path::new(&model)));
        let mut names: Vec<(&String, &String)> = before.keys().zip(before.keys()).collect();
        names.sort();
        assert_eq!(before.len(), after.len(), "no weight is added or lost");
        for (own, _) in names {
            let is_encoder = own.starts_with("model.") || own.starts_with("deberta.");
            assert_eq!(bits(&before[own]) == bits(&after[own]), is_encoder, "{name}: {own}");
        }
        let config =
            |dir: &Path| -> Value { serde_json::from_slice(&fs::read(dir.join("config.json")).unwrap()).unwrap() };
        let (mut own, mut kept) = (config(&golden().join(name)), config(Path::new(&model)));
        assert_eq!(kept["id2label"], json!({ "0": "bad", "1": "good" }));
        for changed in ["id2label", "label2id", "problem_type"] {
            own.as_object_mut().unwrap().remove(changed);
            kept.as_object_mut().unwrap().remove(changed);
        }
        assert_eq!(own, kept, "{name}: everything else in the configuration is as it was");

        let to = |folder: &str| dir.path().join(folder).to_string_lossy().into_owned();
        let refused = failed(&["export", &out, "--to", &to("graph"), "--format", "onnx"], 1);
        assert!(refused.contains("encoder is not written as ONNX; expected hf"), "{refused}");
        assert!(!Path::new(&to("graph")).exists(), "nothing is begun");
        done(&["export", &out, "--to", &to("whole"), "--format", "hf"]);
        assert_eq!(weights(Path::new(&to("whole"))).len(), after.len());
    }
}

#[test]
fn every_task_that_these_encoders_have_a_head_for_learns() {
    let dir = tempfile::tempdir().unwrap();
    let rows: String = (0..16).map(|row| format!("{} of day {row},{}\n", ["rain", "snow"][row % 2], row % 2)).collect();
    let numbers = write(&dir.path().join("numbers.csv"), &format!("text,label\n{rows}"));
    let topics: String = (0..16)
        .map(|row| format!("{} of day {row},\"{}\"\n", ["rain", "snow"][row % 2], ["wet;cold", "cold"][row % 2]))
        .collect();
    let topics = write(&dir.path().join("topics.csv"), &format!("text,labels\n{topics}"));
    let tags: String = (0..12).map(|row| format!("mister O\n{} B-PER\nwent O\n\n", ["tom", "anna"][row % 2])).collect();
    let tags = write(&dir.path().join("tags.conll"), &tags);
    let question = |row: usize| {
        let context = format!("The ferry leaves at {}.", ["seven", "noon"][row % 2]);
        let (answer, start) = (["seven", "noon"][row % 2], 20);
        json!({ "id": row.to_string(), "question": "When does it leave?", "context": context,
                "answers": { "text": [answer], "answer_start": [start] } })
        .to_string()
            + "\n"
    };
    let questions = write(&dir.path().join("questions.jsonl"), &(0..12).map(question).collect::<String>());
    let lines = golden().join("corpus.txt").to_string_lossy().into_owned();
    let lines = fs::read_to_string(lines).unwrap().lines().take(24).collect::<Vec<_>>().join("\n");
    let lines = write(&dir.path().join("lines.txt"), &lines);
    for (place, (task, data)) in
        [("regress", &numbers), ("multilabel", &topics), ("ner", &tags), ("qa", &questions), ("mlm", &lines)]
            .iter()
            .enumerate()
    {
        for model in ["frozen/modernbert-ner", "frozen/deberta-v2-third-mlm"] {
            let own = dir.path().join(format!("{place}-{}", model.contains("modern")));
            fs::create_dir(&own).unwrap();
            let (file, out) = run_file(&own, task, model, data, "");
            done(&["train", &file]);
            let log = fs::read_to_string(Path::new(&out).join("events.jsonl")).unwrap();
            let losses: Vec<f64> = objects(&log).iter().filter_map(|event| event["loss"].as_f64()).collect();
            let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
            let part = losses.len() / 4;
            let (first, last) = (mean(&losses[..part]), mean(&losses[losses.len() - part..]));
            // In the slowest of these runs, over words, it falls by a twenty-fifth.
            assert!(last < first * 0.98, "{task} of {model}: from {first} to {last}");
            let kept = format!("{out}/model");
            let (opened, report) = model::open(Path::new(&kept), Want::AsSaved, &Device::Cpu, 0).unwrap();
            assert!(report.new.is_empty() && report.left_over.is_empty(), "{task} of {model}: {report:?}");
            assert_eq!(opened.config.task().unwrap().name(), *task);
        }
    }
}

#[test]
fn what_looks_inside_a_model_looks_inside_these() {
    let dir = tempfile::tempdir().unwrap();
    let data = reviews(&dir.path().join("rows.csv"));
    for name in CLASSIFIERS {
        let model = folder_of(name);
        let layers = EncoderConfig::read(&golden().join(name).join("config.json")).unwrap().num_hidden_layers;
        let probed: Value =
            serde_json::from_str(&done(&["probe", "--model", &model, "--data", &data, "--folds", "3", "--json"]))
                .unwrap();
        assert_eq!(probed["layers"].as_array().unwrap().len(), layers + 1, "{probed}");
        let map = dir.path().join("map.csv").to_string_lossy().into_owned();
        done(&["map", "--model", &model, "--data", &data, "--out", &map]);
        assert_eq!(fs::read_to_string(&map).unwrap().lines().count(), 25);
        let drift: Value =
            serde_json::from_str(&done(&["drift", "--before", &model, "--after", &model, "--data", &data, "--json"]))
                .unwrap();
        for layer in drift["layers"].as_array().unwrap() {
            assert!((layer["cka"].as_f64().unwrap() - 1.0).abs() < 1e-9, "{drift}");
        }
        assert_eq!(drift["heads"].as_array().unwrap().len(), layers, "{drift}");
        for method in ["gradient-input", "integrated-gradients", "occlusion"] {
            let text = "the queue was endless and the staff were rude";
            let why = done(&["explain", "--model", &model, "--text", text, "--method", method, "--json"]);
            let why: Value = serde_json::from_str(&why).unwrap();
            assert_eq!(why["words"].as_array().unwrap().len(), 9, "{why}");
        }
        let seen = done(&["attention", "--model", &model, "--text", "the staff were rude", "--json"]);
        assert!(seen.contains("heads"), "{seen}");
    }
}

#[test]
fn states_are_pooled_after_every_layer_and_the_last_is_what_heads_read() {
    let model = OpenModel::open(&golden().join("frozen/modernbert-classify"), None).unwrap();
    let sequences = sequences();
    let states = model
        .predictor()
        .states(sequences.iter().cloned().map(Ok), Pooling::Mean, &mut |_| ControlFlow::Continue(()))
        .unwrap()
        .unwrap();
    assert_eq!(states.layers, model.model.config.num_hidden_layers + 1);
    let input = packed(&sequences);
    let last = model.model.encode(&input, &Pass::default()).unwrap().last;
    let means: Vec<Vec<f32>> = model.model.means(&last, &input).unwrap().to_vec2().unwrap();
    for (text, mean) in means.iter().enumerate() {
        assert_eq!(states.of(text, states.layers - 1), mean, "text {text}");
    }
    let by_head = model.model.run(Task::Classify, &input, &Pass::default()).unwrap();
    assert_eq!(by_head.dims(), [sequences.len(), 3], "a head that reads the mean says one thing of each text");
}

#[test]
fn what_would_train_such_an_encoder_is_refused_before_anything_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let data = reviews(&dir.path().join("train.csv"));
    let refused = |from: &str, to: &str| {
        let (file, out) = run_file(dir.path(), "classify", CLASSIFIERS[0], &data, "");
        let text = fs::read_to_string(&file).unwrap().replace(from, to);
        fs::write(&file, text).unwrap();
        let told = failed(&["train", &file], 1);
        assert!(!Path::new(&out).exists(), "{told}");
        told
    };
    for kind in ["full", "top", "gradual", "bitfit", "lora"] {
        let told = refused("kind = \"head\"", &format!("kind = {kind:?}"));
        assert!(
            told.contains(&format!(
                "strategy.kind is {kind}, expected head, as a modernbert encoder is used as it is here"
            )),
            "{told}"
        );
    }
    let told = refused("[data]", "init = \"random\"\n[data]");
    assert!(told.contains("model.init is random, expected pretrained"), "{told}");
    let told = refused("task = \"classify\"", "task = \"nsp\"");
    assert!(told.contains("modernbert models have no head for nsp"), "{told}");
}

#[test]
fn what_a_configuration_asks_for_and_is_not_computed_is_refused_by_the_name_of_its_key() {
    let check = |name: &str, key: &str, value: Value| {
        let text = fs::read_to_string(golden().join(name).join("config.json")).unwrap();
        let mut config: Value = serde_json::from_str(&text).unwrap();
        config[key] = value;
        let told = EncoderConfig::parse(&config.to_string()).unwrap_err().to_string();
        assert!(told.contains(key) && told.contains("does not compute"), "{key}: {told}");
    };
    let modern = "frozen/modernbert-classify";
    check(modern, "rope_scaling", json!({ "rope_type": "yarn", "factor": 4.0 }));
    check(modern, "classifier_pooling", json!("max"));
    check(modern, "decoder_bias", json!(false));
    check(modern, "local_attention", json!(0));
    check(modern, "layer_types", json!(["full_attention", "linear_attention", "full_attention", "full_attention"]));
    check(modern, "rope_parameters", json!({ "full_attention": { "rope_type": "yarn", "rope_theta": 1e4 } }));
    check(modern, "norm_bias", json!("yes"));
    let deberta = "frozen/deberta-v2-third-pair-classify";
    check(deberta, "conv_kernel_size", json!(3));
    check(deberta, "attention_head_size", json!(16));
    check(deberta, "pooler_hidden_size", json!(64));
    check(deberta, "pos_att_type", json!("p2c|p2p"));
    check(deberta, "norm_rel_ebd", json!("batch_norm"));
    check(deberta, "position_buckets", json!(2));
    check(deberta, "legacy", json!(false));
}

#[test]
fn a_configuration_of_transformers_5_says_the_same() {
    let name = golden().join("frozen/modernbert-ner");
    let text = fs::read_to_string(name.join("config.json")).unwrap();
    let mut config: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    let layers: Vec<&str> =
        (0..4).map(|layer| if layer % 3 == 0 { "full_attention" } else { "sliding_attention" }).collect();
    config.insert("layer_types".into(), json!(layers));
    let base = |key: &str| json!({ "rope_type": "default", "rope_theta": config[key] });
    let bases = json!({ "full_attention": base("global_rope_theta"), "sliding_attention": base("local_rope_theta") });
    for old in ["global_rope_theta", "local_rope_theta", "global_attn_every_n_layers"] {
        config.remove(old);
    }
    config.insert("rope_parameters".into(), bases);
    let read = EncoderConfig::parse(&Value::Object(config).to_string()).unwrap();
    assert_eq!(read.frozen, EncoderConfig::parse(&text).unwrap().frozen);
}

#[test]
fn the_window_trains_a_head_says_why_nothing_else_and_turns_back_for_another_model() {
    let folder = tempfile::tempdir().unwrap();
    let data = worker_keeps_its_word::reviews(folder.path(), 60);
    let mut window = Window::open(folder.path());
    window.go(Screen::Data);
    window.write(Role::TextInput, "data file", &data.display().to_string());
    window.press("Open data file");
    window.until("the examples are read", |workspace| workspace.data.loaded.is_some());
    let choose = |window: &mut Window, name: &str| {
        let dir = golden().join(name);
        window.go(Screen::Model);
        window.write(Role::TextInput, "model folder", &dir.display().to_string());
        window.press("Open model folder");
        window.until("the card opens", |workspace| workspace.card.as_ref().is_some_and(|card| card.dir == dir));
        let is_told = window.shows("This encoder is used as it is");
        window.press("Use this model");
        window.until("the run is planned", |workspace| workspace.plan.is_some() && workspace.jobs.is_empty());
        window.go(Screen::Train);
        is_told
    };
    assert!(choose(&mut window, "frozen/modernbert-classify"));
    assert_eq!(window.workspace().draft.strategy.kind, StrategyKind::Head);
    assert!(window.shows("over 146 data sets"));
    window.press("LoRA");
    assert_eq!(window.workspace().draft.strategy.kind, StrategyKind::Head, "what cannot be chosen is not chosen");
    assert_eq!(window.workspace().plan_error, None);
    window.press("Start training");
    window.until("the run has ended", |workspace| workspace.training.is_none() && workspace.jobs.is_empty());
    assert!(window.shows("Finished"));
    assert!(!choose(&mut window, "bert-classify"));
    assert_eq!(window.workspace().draft.strategy.kind, StrategyKind::Full, "what was set aside comes back");
}
