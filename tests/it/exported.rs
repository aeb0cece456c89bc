//! What is exported is what it was made from: folders that open again, graphs that compute what transformers computed, cards
//! that nobody's words are lost from, receipts whose numbers are those of the model.

mod onnx_file;
mod runtime;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use attune::export::{self, Format, Plan, Written};
use candle_core::{DType, Device};
use onnx_file::Tensor;
use serde_json::Value;

use crate::compare_runs::record;
use crate::models_match_the_reference::golden;

/// Largest difference of logits: what they were recorded with is f32.
const CLOSE: f64 = 1e-5;

fn write(from: &Path, to: &Path, formats: &[Format], receipt: bool) -> Result<Written, String> {
    let plan = Plan { from: from.to_owned(), to: to.to_owned(), formats: formats.to_vec(), receipt, script: false };
    let go_on = &mut |_: &'static str, _: usize, _: usize| ControlFlow::Continue(());
    export::export(&plan, go_on).map(Option::unwrap).map_err(|error| error.to_string())
}

fn checkpoints() -> Vec<PathBuf> {
    let folders = [golden(), golden().join("variants")];
    let mut found: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("expected.safetensors").is_file())
        .collect();
    found.sort();
    assert!(found.len() > 60, "{}", found.len());
    found
}

type Recorded = HashMap<String, candle_core::Tensor>;

fn recorded(dir: &Path) -> Recorded {
    candle_core::safetensors::load(dir.join("expected.safetensors"), &Device::Cpu).unwrap()
}

fn tensor(of: &candle_core::Tensor) -> Tensor {
    let values = of.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap();
    Tensor { dims: of.dims().to_vec(), values }
}

/// What transformers said that an output is; of a model without a head the states after its last layer.
fn expected(recorded: &Recorded, output: &str) -> Tensor {
    let last = || (0..99).rev().find_map(|layer| recorded.get(&format!("hidden_states.{layer}")));
    tensor(recorded.get(output).or_else(last).unwrap())
}

#[test]
fn the_graph_of_every_checkpoint_computes_what_transformers_computed() {
    for checkpoint in checkpoints() {
        let name = checkpoint.file_name().unwrap().to_string_lossy().into_owned();
        let dir = tempfile::tempdir().unwrap();
        write(&checkpoint, dir.path(), &[Format::Onnx], false).unwrap_or_else(|error| panic!("{name}: {error}"));
        let graph = onnx_file::read(dir.path());
        check_structure(&graph, &name);
        let recorded = recorded(&checkpoint);
        let mut inputs = BTreeMap::new();
        for port in &graph.inputs {
            // RoBERTa's folders have no segments recorded, and a table of one row has only the first.
            inputs.insert(port.name.clone(), tensor(&recorded[&port.name]));
        }
        let found = runtime::run(&graph, &inputs);
        for port in &graph.outputs {
            let (found, expected) = (&found[&port.name], expected(&recorded, &port.name));
            assert_eq!(found.dims, expected.dims, "{name}: {}", port.name);
            for (found, expected) in seen(found, &expected, &inputs["attention_mask"]) {
                assert!((found - expected).abs() < CLOSE, "{name}: {}: {found} {expected}", port.name);
            }
        }
    }
}

/// The values of two outputs side by side; what stands at padded places is nobody's.
fn seen(found: &Tensor, expected: &Tensor, mask: &Tensor) -> Vec<(f64, f64)> {
    let by_token = found.dims.len() > 1 && found.dims[..2] == mask.dims[..];
    let each = found.values.len() / if by_token { mask.values.len() } else { 1 };
    let pairs = found.values.iter().copied().zip(expected.values.iter().copied()).enumerate();
    pairs.filter(|(place, _)| !by_token || mask.values[place / each] == 1.0).map(|(_, pair)| pair).collect()
}

/// How far outputs may be from those of f32, as a share of their root mean square. `check_int8.py` beside the checkpoints
/// has onnxruntime's own quantisation of the same graphs, which is as far away: 0.054 at most, and 0.01 mostly.
const ROUNDED: f64 = 0.05;

#[test]
fn the_graph_of_every_checkpoint_in_eight_bits_stays_near_what_transformers_computed() {
    for checkpoint in checkpoints() {
        let name = checkpoint.file_name().unwrap().to_string_lossy().into_owned();
        let dir = tempfile::tempdir().unwrap();
        write(&checkpoint, dir.path(), &[Format::Onnx, Format::OnnxInt8], false).unwrap();
        let [plain, graph] = ["onnx", "onnx-int8"].map(|folder| onnx_file::read(&dir.path().join(folder)));
        check_structure(&graph, &name);
        assert_eq!((&graph.inputs, &graph.outputs), (&plain.inputs, &plain.outputs), "{name}");
        let card = std::fs::read_to_string(dir.path().join("onnx-int8/README.md")).unwrap();
        assert!(card.contains("weights of 8 bits"), "a card must not tell numbers of f32 as those of another: {card}");
        check_weights(&plain, &graph, &name);
        let recorded = recorded(&checkpoint);
        let inputs: BTreeMap<String, Tensor> =
            graph.inputs.iter().map(|port| (port.name.clone(), tensor(&recorded[&port.name]))).collect();
        let found = runtime::run(&graph, &inputs);
        let (mut error, mut square) = (0.0, 0.0);
        for port in &graph.outputs {
            for (found, expected) in
                seen(&found[&port.name], &expected(&recorded, &port.name), &inputs["attention_mask"])
            {
                error += (found - expected).powi(2);
                square += expected.powi(2);
            }
        }
        assert!((error / square).sqrt() < ROUNDED, "{name}: {}", (error / square).sqrt());
    }
}

/// Each weight that was rounded lies within half of its scale of what it was, and every dense layer of the encoder was.
fn check_weights(plain: &onnx_file::Model, graph: &onnx_file::Model, name: &str) {
    let mut layers = 0;
    for (weight, whole) in &graph.weights {
        let Some(own) = weight.strip_suffix("_quantized") else { continue };
        let is_turned = own.strip_suffix(".T").is_some();
        let (plain, scales) = (&plain.weights[own], &graph.weights[&format!("{own}_scale")]);
        assert_eq!(plain.dims, whole.dims, "{name}: {own}");
        let columns = plain.dims[1];
        layers += usize::from(is_turned);
        for (place, (plain, whole)) in plain.values.iter().zip(&whole.values).enumerate() {
            let scale = scales.values[if is_turned { place % columns } else { place / columns }];
            assert!((plain - whole * scale).abs() <= scale * 0.5001, "{name}: {own} {place}: {plain} {whole} {scale}");
        }
    }
    let in_layers = |own: &&String| own.strip_suffix(".T").is_some() && !graph.weights.contains_key(*own);
    assert_eq!(layers, plain.weights.keys().filter(in_layers).count(), "{name}");
    assert!(layers >= 6, "{name}: {layers}");
}

/// Every value is made before it is read and made once, every weight is read, and ports are as optimum has them.
fn check_structure(graph: &onnx_file::Model, name: &str) {
    assert_eq!((graph.opset, graph.ir_version), (18, 8));
    let mut known: BTreeSet<&str> = graph.inputs.iter().map(|port| port.name.as_str()).collect();
    known.extend(graph.weights.keys().map(String::as_str));
    let mut read = BTreeSet::new();
    for node in &graph.nodes {
        for input in &node.inputs {
            assert!(known.contains(input.as_str()), "{name}: {input} is read by {} before it is made", node.op);
            read.insert(input.as_str());
        }
        for output in &node.outputs {
            assert!(known.insert(output), "{name}: {output} is made twice");
        }
    }
    for weight in graph.weights.keys() {
        assert!(read.contains(weight.as_str()), "{name}: nothing reads {weight}");
    }
    let names: Vec<&str> = graph.inputs.iter().map(|port| port.name.as_str()).collect();
    let takes_segments = ["bert-", "albert-", "electra-"].iter().any(|family| name.starts_with(family));
    let segments: &[&str] = if takes_segments { &["token_type_ids"] } else { &[] };
    assert_eq!(names, [&["input_ids", "attention_mask"], segments].concat(), "{name}");
    for port in &graph.inputs {
        assert_eq!((port.element, port.dims.join(" ").as_str()), (7, "batch_size sequence_length"), "{name}");
    }
    for port in &graph.outputs {
        assert!(known.contains(port.name.as_str()), "{name}: {} is not made", port.name);
        assert_eq!((port.element, port.dims[0].as_str()), (1, "batch_size"), "{name}");
    }
}

#[test]
fn outputs_are_called_as_other_programs_call_them() {
    let check = |folder: &str, outputs: &[&str]| {
        let dir = tempfile::tempdir().unwrap();
        write(&golden().join(folder), dir.path(), &[Format::Onnx], false).unwrap();
        let graph = onnx_file::read(dir.path());
        let told: Vec<String> =
            graph.outputs.iter().map(|one| format!("{}: {}", one.name, one.dims.join(" "))).collect();
        assert_eq!(told, outputs, "{folder}");
    };
    check("bert-classify", &["logits: batch_size 3"]);
    check("distilbert-qa", &["start_logits: batch_size sequence_length", "end_logits: batch_size sequence_length"]);
    check("electra-rtd", &["logits: batch_size sequence_length"]);
    check("bert-nsp", &["logits: batch_size 2"]);
    check("variants/bert-encoder", &["last_hidden_state: batch_size sequence_length 16"]);
    let dir = tempfile::tempdir().unwrap();
    write(&golden().join("albert-sop"), dir.path(), &[Format::Onnx], false).unwrap();
    let names: Vec<String> = onnx_file::read(dir.path()).outputs.into_iter().map(|port| port.name).collect();
    assert_eq!(names, ["sop_logits", "prediction_logits"]);
}

#[test]
fn an_exported_folder_holds_the_same_model_with_its_card() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (golden().join("bert-ner"), dir.path().join("out"));
    let written = write(&from, &to, &[Format::Hf], false).unwrap();
    let names: Vec<&str> = written.files.iter().map(|(name, _)| name.as_str()).collect();
    for name in ["README.md", "config.json", "model.safetensors", "tokenizer.json"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let weights = |dir: &Path| std::fs::read(dir.join("model.safetensors")).unwrap();
    assert_eq!(weights(&from), weights(&to));
    let card = std::fs::read_to_string(to.join("README.md")).unwrap();
    assert!(card.starts_with("---\n") && card.contains("pipeline_tag: token-classification"), "{card}");
}

#[test]
fn a_tokenizer_that_transformers_would_make_anew_is_written_as_one_that_it_reads() {
    let dir = tempfile::tempdir().unwrap();
    write(&golden().join("albert-qa"), dir.path(), &[Format::Hf], false).unwrap();
    let text = std::fs::read_to_string(dir.path().join("tokenizer_config.json")).unwrap();
    let config: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(config["tokenizer_class"], "PreTrainedTokenizerFast");
    assert!(config["model_input_names"].as_array().unwrap().contains(&"token_type_ids".into()));
    let dir = tempfile::tempdir().unwrap();
    write(&golden().join("variants/xlm-roberta-pair-classify"), dir.path(), &[Format::Hf], true).unwrap();
    assert!(dir.path().join("tokenizer.json").is_file(), "its folder has the pieces alone");
}

#[test]
fn a_card_that_was_changed_is_kept_and_what_is_not_an_export_is_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (golden().join("bert-classify"), dir.path().join("out"));
    write(&from, &to, &[Format::Hf], true).unwrap();
    let card = to.join("README.md");
    let own = std::fs::read_to_string(&card).unwrap().replace("# bert-classify", "# A model of mine");
    std::fs::write(&card, &own).unwrap();
    let written = write(&from, &to, &[Format::Hf], false).unwrap();
    assert!(written.notes.iter().any(|note| note.contains("stays as it is")), "{:?}", written.notes);
    assert_eq!(std::fs::read_to_string(&card).unwrap(), own);
    assert!(!to.join("receipt.json").exists(), "a receipt of the earlier export is no receipt of this one");
    let error = write(&from, &to, &[Format::Onnx], false).unwrap_err();
    assert!(error.contains("is not empty"), "{error}");
    let other = dir.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("README.md"), "notes\n").unwrap();
    let error = write(&from, &other, &[Format::Hf], false).unwrap_err();
    assert!(error.contains("is not empty, expected a new folder"), "{error}");
    assert_eq!(std::fs::read_dir(&other).unwrap().count(), 1);
}

#[test]
fn a_receipt_holds_what_the_model_says_of_each_text() {
    let check = |folder: &str, inputs: usize, first: &[&str], output: &str| {
        let dir = tempfile::tempdir().unwrap();
        write(&golden().join(folder), dir.path(), &[Format::Hf], true)
            .unwrap_or_else(|error| panic!("{folder}: {error}"));
        let text = std::fs::read_to_string(dir.path().join("receipt.json")).unwrap();
        let receipt: Value = serde_json::from_str(&text).unwrap();
        let all = receipt["inputs"].as_array().unwrap();
        assert!(all.len() >= inputs, "{folder}: {}", all.len());
        let keys: Vec<&str> = all[0].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, first, "{folder}");
        for one in all {
            let ids = one["input_ids"].as_array().unwrap().len();
            for check in one["checks"].as_array().unwrap() {
                assert_eq!(check["output"], output, "{folder}");
                let rows = check["logits"].as_array().unwrap().len();
                let by_token = matches!(output, "start_logits" | "end_logits");
                assert!(!by_token || rows == ids, "{folder}: {rows} of {ids}");
            }
        }
        assert!(dir.path().join("receipt.py").is_file());
    };
    let with_types = ["text", "pair", "input_ids", "token_type_ids", "checks", "answer"];
    let without = ["text", "pair", "input_ids", "checks", "answer"];
    check("bert-classify", 10, &with_types, "logits");
    check("roberta-mlm", 5, &without, "logits");
    check("albert-sop", 4, &with_types, "sop_logits");
    check("distilbert-ner", 10, &without, "logits");
    let dir = tempfile::tempdir().unwrap();
    let error = write(&golden().join("variants/bert-encoder"), dir.path(), &[Format::Hf], true).unwrap_err();
    assert!(error.contains("has no head"), "{error}");
}

#[test]
fn an_encoder_of_sentences_says_how_their_vectors_are_made() {
    let dir = tempfile::tempdir().unwrap();
    write(&golden().join("bert-classify"), dir.path(), &[Format::SentenceTransformers], false).unwrap();
    let read =
        |name: &str| -> Value { serde_json::from_slice(&std::fs::read(dir.path().join(name)).unwrap()).unwrap() };
    assert_eq!(read("modules.json")[1]["path"], "1_Pooling");
    let width = read("config.json")["hidden_size"].clone();
    assert_eq!(read("1_Pooling/config.json")["word_embedding_dimension"], width);
    assert!(dir.path().join("model.safetensors").is_file());
}

#[test]
fn how_a_run_was_trained_is_told_as_the_trainer_of_transformers_tells_it() {
    let dir = tempfile::tempdir().unwrap();
    let run = record(dir.path(), "run", 1e-3, 0.9, true);
    std::fs::create_dir(run.join("model")).unwrap();
    for entry in std::fs::read_dir(golden().join("bert-classify")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), run.join("model").join(entry.file_name())).unwrap();
    }
    let to = dir.path().join("out");
    write(&run, &to, &[Format::Hf], false).unwrap();
    let state: Value = serde_json::from_slice(&std::fs::read(to.join("trainer_state.json")).unwrap()).unwrap();
    let log = state["log_history"].as_array().unwrap();
    assert_eq!(log.len(), 32, "30 losses, an evaluation and the end");
    let first = serde_json::json!({"epoch": 0.1, "grad_norm": 1.0, "learning_rate": 1e-3, "loss": 0.5, "step": 1});
    assert_eq!(log[0], first);
    assert_eq!((&log[30]["eval_accuracy"], &log[30]["epoch"]), (&0.9.into(), &3.0.into()));
    assert!(log[30].get("eval_eval_loss").is_none() && log[30]["eval_loss"].is_number());
    assert_eq!((&log[31]["train_runtime"], &log[31]["step"]), (&60.0.into(), &30.into()));
    let told = ["global_step", "max_steps", "epoch", "num_train_epochs", "best_global_step"].map(|key| &state[key]);
    assert_eq!(serde_json::json!(told), serde_json::json!([30, 30, 3.0, 3, 30]));
    assert_eq!(state["best_metric"], log[30]["eval_loss"], "which is what the run kept the best by");
}

#[test]
fn what_cannot_be_written_says_what_can() {
    let dir = tempfile::tempdir().unwrap();
    let check = |from: &Path, formats: &[Format], receipt: bool, part: &str| {
        let error = write(from, &dir.path().join("x"), formats, receipt).unwrap_err();
        assert!(error.contains(part), "{error}");
        assert!(!dir.path().join("x").exists());
    };
    let model = golden().join("bert-classify");
    check(&model, &[], false, "nothing is to be written");
    check(&model, &[Format::Onnx], true, "needs the format hf beside onnx");
    check(&model, &[Format::Hf, Format::Peft], false, "strategy.kind is lora");
    check(dir.path(), &[Format::Hf], false, "not a run with a model");
    let tags = golden().join("bert-ner");
    check(&tags, &[Format::SentenceTransformers], false, "this model's head is for tags of words");
}
