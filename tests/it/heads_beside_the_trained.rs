//! A class of transformers may have two heads of which a run trains one, and a folder may hold more or less than its
//! configuration says: what is trained can be asked everywhere, and what cannot is told.

use std::fs;
use std::path::{Path, PathBuf};

use attune::inspect::OpenModel;
use attune::model::{HeadKind, Want, open};
use attune::task::Task;
use candle_core::Device;
use serde_json::{Value, json};

use crate::command_line::{done, failed, model, run, write};
use crate::models_match_the_reference::golden;

/// Trains the order of sentences, or which follows, for two steps; returns the run and what was told.
fn trained(dir: &Path, task: &str, from: &str) -> (String, String) {
    let name = from.rsplit('/').next().unwrap();
    let out = dir.join(name);
    let text = format!(
        "task = {task:?}\n[model]\npath = {:?}\n[data]\ntrain = {:?}\neval_fraction = 0.25\nmax_tokens = 32\n\
         [run]\nmax_steps = 2\nbatch = 4\nout = {out:?}\n",
        model(from),
        golden().join("corpus.txt"),
    );
    let file = write(&dir.join(format!("{name}.toml")), &text);
    let output = run(&["train", &file]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    (out.display().to_string(), told)
}

#[test]
fn a_run_on_the_order_of_sentences_has_all_that_its_class_has_and_is_judged_by_its_own_head() {
    let dir = tempfile::tempdir().unwrap();
    let corpus = golden().join("corpus.txt").display().to_string();
    for (from, keeps) in [("albert-sop", true), ("albert-mlm", true), ("albert-classify", false)] {
        let (trained, told) = trained(dir.path(), "sop", from);
        let expected = if keeps { "head for masked words is kept as it is" } else { "written with random ones" };
        assert!(told.contains(expected), "{from}: {told}");
        done(&["evaluate", "--model", &trained, "--data", &corpus]);
        done(&["predict", "--model", &trained, "--text", "Rain fell.", "--pair", "It stopped."]);
        // transformers' class finds all that it looks for.
        let folder = Path::new(&trained).join("model");
        let (whole, report) = open(&folder, Want::AsSaved, &Device::Cpu, 0).unwrap();
        assert_eq!(whole.heads.kinds(), [HeadKind::SentenceOrder, HeadKind::Mask]);
        let of_masks = report.new.iter().filter(|name| name.starts_with("predictions.")).count();
        assert_eq!((report.new.len(), of_masks), (of_masks, if keeps { 0 } else { 5 }), "{from}: {report:?}");
        let stored = fs::read(folder.join("model.safetensors")).unwrap();
        let stored = safetensors::SafeTensors::deserialize(&stored).unwrap();
        for part in ["dense.weight", "dense.bias", "LayerNorm.weight", "LayerNorm.bias", "bias"] {
            assert!(stored.names().contains(&format!("predictions.{part}").as_str()), "{from}: {part}");
        }
        // A head that nobody trained is not asked, and is not taken for one that was.
        let asked = ["predict", "--model", &trained, "--task", "mlm", "--text", "the [MASK]"];
        if keeps {
            done(&asked);
        } else {
            assert!(failed(&asked, 1).contains("the head for mlm was never trained"));
        }
        let heads = OpenModel::open_whole(&folder).unwrap().heads;
        assert_eq!(heads, if keeps { vec![Task::Mlm, Task::Sop] } else { vec![Task::Sop] }, "{from}");
        let to = dir.path().join(format!("{from}-out"));
        done(&["export", &trained, "--to", &to.display().to_string(), "--format", "hf,onnx", "--receipt"]);
        let receipt: Value = serde_json::from_slice(&fs::read(to.join("hf/receipt.json")).unwrap()).unwrap();
        assert_eq!(receipt["class"], "AlbertForPreTraining");
        assert_eq!(receipt["inputs"][0]["checks"][0]["output"], "sop_logits", "{from}");
    }
}

#[test]
fn weights_beside_the_trained_head_stay_to_the_bit() {
    let dir = tempfile::tempdir().unwrap();
    let (trained, _) = trained(dir.path(), "sop", "albert-sop");
    let bytes = |folder: PathBuf| {
        let file = fs::read(folder.join("model.safetensors")).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&file).unwrap();
        tensors.tensor("predictions.dense.weight").unwrap().data().to_vec()
    };
    assert_eq!(bytes(Path::new(&trained).join("model")), bytes(golden().join("albert-sop")));
}

#[test]
fn a_head_of_a_pair_that_the_runs_class_does_not_have_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (trained, told) = trained(dir.path(), "nsp", "variants/bert-pretraining");
    assert!(told.contains("head for masked words is left out: BertForNextSentencePrediction has none"), "{told}");
    let (_, report) = open(&Path::new(&trained).join("model"), Want::AsSaved, &Device::Cpu, 0).unwrap();
    assert!(report.new.is_empty() && report.left_over.is_empty(), "{report:?}");
}

/// A copy of a model with another configuration and without some of its files.
fn changed(dir: &Path, from: &str, without: &[&str], change: impl FnOnce(&mut Value)) -> String {
    let to = dir.join("model");
    fs::create_dir_all(&to).unwrap();
    for entry in fs::read_dir(golden().join(from)).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        if !without.contains(&entry.file_name().to_str().unwrap()) {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    let path = to.join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut config);
    fs::write(&path, config.to_string()).unwrap();
    to.display().to_string()
}

/// What `inspect` says of a model: its problems in one text, and the heads that it calls trained.
fn inspected(model: &str) -> (String, Value) {
    let facts: Value = serde_json::from_str(&done(&["inspect", model, "--json"])).unwrap();
    let problems = facts["problems"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect::<Vec<_>>();
    (problems.join("\n"), facts["heads"].clone())
}

/// Takes weights out of a model's file.
fn without_weights(model: &str, names: &[&str]) {
    let path = Path::new(model).join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let kept = file.tensors().into_iter().filter(|(name, _)| !names.contains(&name.as_str()));
    fs::write(&path, safetensors::serialize(kept.collect::<Vec<_>>(), None).unwrap()).unwrap();
}

#[test]
fn what_predict_refuses_is_among_the_problems() {
    for names in [&["classifier.bias"][..], &["bert.pooler.dense.weight", "bert.pooler.dense.bias"]] {
        let dir = tempfile::tempdir().unwrap();
        let model = changed(dir.path(), "bert-classify", &[], |_| {});
        without_weights(&model, names);
        let refused = failed(&["predict", "--model", &model, "--text", "x"], 1);
        let (problems, heads) = inspected(&model);
        assert!(refused.contains("the head for classify lacks") && problems.contains(names[0]), "{refused} {problems}");
        assert_eq!(heads, json!([]));
    }
    let dir = tempfile::tempdir().unwrap();
    let number = |config: &mut Value| config["problem_type"] = json!("regression");
    let (problems, heads) = inspected(&changed(dir.path(), "bert-classify", &[], number));
    assert!(problems.contains("3 outputs") && heads == json!([]), "{problems} {heads}");
    let dir = tempfile::tempdir().unwrap();
    let files = ["tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json"];
    let (problems, _) = inspected(&changed(dir.path(), "bert-classify", &files, |_| {}));
    assert!(problems.contains("tokenizer"), "{problems}");
    assert_eq!(inspected(&model("bert-classify")), (String::new(), json!(["classify"])));
}

#[test]
fn layers_that_the_configuration_leaves_out_are_told() {
    for (from, key, less) in [
        ("bert-classify", "num_hidden_layers", 1),
        ("distilbert-classify", "n_layers", 1),
        ("variants/albert-groups", "num_hidden_groups", 1),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let model = changed(dir.path(), from, &[], |config| config[key] = json!(less));
        let (problems, _) = inspected(&model);
        assert!(problems.contains("beyond the") && problems.contains(key), "{from}: {problems}");
        assert_eq!(inspected(&golden().join(from).display().to_string()).0, "", "{from}");
    }
    let dir = tempfile::tempdir().unwrap();
    let model = changed(dir.path(), "bert-classify", &[], |config| config["num_hidden_layers"] = json!(1));
    let output = run(&["predict", "--model", &model, "--text", "the soup"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && told.contains("warning: the files have") && told.contains("1 layer of"),
        "{told}"
    );
}

#[test]
fn a_tokenizer_and_names_that_contradict_the_configuration_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let model = changed(dir.path(), "roberta-mlm", &[], |config| {
        config["pad_token_id"] = json!(7);
        config["bos_token_id"] = json!(9);
    });
    let (problems, _) = inspected(&model);
    assert!(
        problems.contains("pad_token_id 7, and the tokenizer has <pad> as 1") && !problems.contains("bos"),
        "{problems}"
    );
    let output = run(&["predict", "--model", &model, "--text", "the <mask>"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && told.contains("warning: config.json has pad_token_id 7"), "{told}");
    let dir = tempfile::tempdir().unwrap();
    let model = changed(dir.path(), "bert-classify", &[], |config| {
        config["id2label"] = json!({ "0": "a", "1": "b", "2": "c" });
        config["label2id"] = json!({ "a": 0, "b": 2, "c": 1 });
    });
    let (problems, _) = inspected(&model);
    assert!(problems.contains("calls the output 1 \"b\", and label2id puts it at 2"), "{problems}");
    // Nothing is found where nothing is wrong.
    for folder in ["", "variants", "frozen"] {
        for entry in fs::read_dir(golden().join(folder)).unwrap().flatten() {
            if entry.path().join("tokenizer.json").is_file() && entry.path().join("config.json").is_file() {
                let (problems, _) = inspected(&entry.path().display().to_string());
                assert!(!problems.contains("config.json has") && !problems.contains("label2id"), "{problems}");
            }
        }
    }
}
