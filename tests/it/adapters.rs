//! Low-rank adapters: what PEFT computes with its own, what it makes of them in training, and what is kept of a run.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use attune::inspect::OpenModel;
use attune::model::adapter::Beside;
use attune::model::ops::Backend;
use attune::model::{self, Input, LoraSpec, Model, Pass, PassDropout, Slot, Want};
use attune::task::Task;
use attune::train::audit::audit;
use attune::train::config::{Every, RunConfig, StrategyKind};
use attune::train::loss::CrossEntropy;
use attune::train::optimizer::{AdamW, Optimizer, clip_scale};
use attune::train::prepare::open_model;
use attune::train::strategy::Trained;
use attune::train::{TrainError, groups, plan, prepare};
use candle_core::{DType, Device, Tensor};
use serde_json::Value;

use crate::models_match_the_reference::golden;
use crate::runs_resume_exactly::{check, config, copy, whole};

const CLOSE: f32 = 1e-5;

fn lora() -> PathBuf {
    golden().join("lora")
}

fn cases(begin: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(lora()).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        all.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(begin)).collect();
    found.sort();
    found
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn tensors(path: &Path) -> HashMap<String, Tensor> {
    candle_core::safetensors::load(path, &Device::Cpu).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// The batch of a case without its padding, and the rows of its logits that are of tokens.
fn batch(expected: &HashMap<String, Tensor>) -> (Input, Vec<usize>) {
    let ids = |key: &str| -> Option<Vec<Vec<i64>>> {
        Some(expected.get(key)?.to_dtype(DType::I64).unwrap().to_vec2().unwrap())
    };
    let (tokens, mask) = (ids("input_ids").unwrap(), ids("attention_mask").unwrap());
    let types = ids("token_type_ids");
    let mut input = Input { starts: vec![0], ..Input::default() };
    let mut rows = Vec::new();
    for (row, mask) in mask.iter().enumerate() {
        for place in (0..mask.len()).filter(|place| mask[*place] == 1) {
            input.ids.push(tokens[row][place] as u32);
            input.types.push(types.as_ref().map_or(0, |types| types[row][place] as u32));
            rows.push(row * mask.len() + place);
        }
        input.starts.push(input.ids.len());
        input.slots.push(row as u32);
    }
    (input, rows)
}

/// The fixture's logits, in the order of those that are computed.
fn logits(expected: &HashMap<String, Tensor>, task: Task, rows: &[usize]) -> Vec<f32> {
    if task == Task::Qa {
        let [start, end] = ["start_logits", "end_logits"].map(|key| values(&expected[key]));
        return rows.iter().flat_map(|row| [start[*row], end[*row]]).collect();
    }
    let all = &expected["logits"];
    if all.rank() == 2 {
        return values(all);
    }
    let (width, all) = (all.dims()[2], values(all));
    rows.iter().flat_map(|row| all[row * width..][..width].to_vec()).collect()
}

fn assert_close(found: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst <= tolerance, "{what}: {worst}");
}

fn said(model: &Model, task: Task, input: &Input) -> Vec<f32> {
    values(&model.run(task, input, &Pass::default()).unwrap())
}

#[test]
fn adapters_of_peft_say_what_peft_says_with_them() {
    let all = cases("");
    assert_eq!(all.len(), 16);
    for dir in all {
        let name = dir.file_name().unwrap().to_string_lossy().into_owned();
        let expected = tensors(&dir.join("expected.safetensors"));
        let (input, rows) = batch(&expected);
        let (model, report) = model::open(&dir, Want::AsSaved, &Device::Cpu, 0).unwrap();
        assert!(report.new.is_empty(), "{name} lacks {:?}", report.new);
        let task = model.config.task().unwrap();
        assert_close(&said(&model, task, &input), &logits(&expected, task, &rows), CLOSE, &name);
        let opened = OpenModel::open(&dir, None).unwrap();
        assert_eq!((opened.task, opened.untrained.len()), (task, 0), "{name}");
        let card = model::open_card(&dir).unwrap();
        assert!(card.heads.contains(&task) && card.parameters == model.params.count(), "{name}");
    }
}

#[test]
fn classes_of_which_only_the_number_is_known_are_named_as_transformers_does() {
    let config = model::read_config(&lora().join("roberta-five")).unwrap();
    assert_eq!(config.labels, ["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3", "LABEL_4"]);
    assert_eq!(config.architectures, ["RobertaForSequenceClassification"]);
}

fn spec(slots: &[Slot], dropout: f64) -> LoraSpec {
    LoraSpec { rank: 4, alpha: 8.0, dropout, rank_stabilized: false, slots: slots.to_vec() }
}

/// The layers that a case of steps has adapters on.
fn slots_of(dir: &Path) -> Vec<Slot> {
    let config = json(&dir.join("adapter_config.json"));
    let targets: Vec<&str> = config["target_modules"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let is_target = |slot: &Slot| {
        let names: &[&str] = match slot {
            Slot::Query => &["query", "q_lin"],
            Slot::Key => &["key"],
            Slot::Value => &["value", "v_lin"],
            Slot::Output => &["attention.output.dense"],
            Slot::Inner => &["intermediate.dense", "lin1"],
            Slot::Outer => &["output.dense", "ffn_output", "lin2"],
        };
        targets.iter().any(|target| names.contains(target))
    };
    Slot::ALL.into_iter().filter(is_target).collect()
}

/// The base of a case with fresh adapters, trained as a run trains it.
fn adapted(dir: &Path, dropout: f64, backend: Backend) -> Model {
    let base = model::adapter::base_of(dir).unwrap();
    let (mut model, _) = model::open(&base, Want::AsSaved, &Device::Cpu, 0).unwrap();
    model.adapt(&spec(&slots_of(dir), dropout), 3).unwrap();
    model.backend = backend;
    let strategy =
        attune::train::config::Strategy { kind: StrategyKind::Lora, ..attune::train::config::Strategy::default() };
    let names: Vec<String> = model.params.iter().map(|param| param.name.clone()).collect();
    let rule = Trained::of(&strategy, model.config.stored_layers(), names.iter().map(String::as_str)).unwrap();
    model.train_only(|name| rule.contains(name));
    model
}

fn stored_in_adapter(param: &model::Param) -> String {
    match param.stored_name.strip_prefix("base_model.model.") {
        Some(_) => param.stored_name.clone(),
        None => format!("base_model.model.{}", param.stored_name),
    }
}

#[test]
fn steps_of_training_are_those_of_peft_and_adamw() {
    for (dir, backend) in
        cases("steps-").into_iter().flat_map(|dir| [(dir.clone(), Backend::Fused), (dir, Backend::Plain)])
    {
        let name = format!("{} {backend:?}", dir.file_name().unwrap().to_string_lossy());
        let (steps, told) = (tensors(&dir.join("steps.safetensors")), json(&dir.join("steps.json")));
        let expected = tensors(&dir.join("expected.safetensors"));
        let (input, rows) = batch(&expected);
        let labels: Vec<Option<u32>> =
            values(&expected["labels"]).into_iter().map(|label| Some(label as u32)).collect();
        let model = adapted(&dir, 0.0, backend);
        assert_eq!(Some(model.params.trainable_count()), told["trained"].as_u64(), "{name}: trained weights");
        let trained: Vec<_> = model.params.iter().filter(|param| param.trainable()).collect();
        assert_eq!(2 * trained.len(), steps.len(), "{name}");
        for param in &trained {
            let before = &steps[&format!("before.{}", stored_in_adapter(param))];
            param.var().set(before).unwrap();
        }
        let optim = attune::train::config::Optim { lr: told["lr"].as_f64().unwrap(), ..Default::default() };
        let adam = AdamW { betas: optim.betas, eps: optim.eps };
        let mut optimizer = Optimizer::new(adam, &model.params, |param| groups::rule(param, &optim, 1));
        let losses = told["losses"].as_array().unwrap();
        for (step, loss_told) in losses.iter().enumerate() {
            let loss = backward(&model, &input, &labels, None);
            let (loss_told, norm_told) = (loss_told.as_f64().unwrap(), told["norms"][step].as_f64().unwrap());
            assert!(
                (loss - loss_told).abs() < 1e-5 * loss_told.max(1.0),
                "{name}, step {step}: {loss}, not {loss_told}"
            );
            assert_eq!(audit(&model.params, &|_| false).unwrap(), step > 0, "{name}: A learns nothing while B is zero");
            let norm = optimizer.gradient_norm().unwrap();
            assert!((norm - norm_told).abs() < 1e-4 * norm_told.max(1.0), "{name}: {norm}, not {norm_told}");
            optimizer.step(1.0, clip_scale(norm, 1.0)).unwrap();
        }
        model.params.clear_gradients();
        for param in &trained {
            let after = &steps[&format!("after.{}", stored_in_adapter(param))];
            assert_close(&values(param.var()), &values(after), 1e-4, &format!("{name}: {}", param.name));
        }
        let task = model.config.task().unwrap();
        assert_close(&said(&model, task, &input), &logits(&expected, task, &rows), 1e-4, &name);
    }
}

/// Leaves the gradients of a batch with the weights; says its loss.
fn backward(model: &Model, input: &Input, labels: &[Option<u32>], dropout: Option<PassDropout>) -> f64 {
    model.params.clear_gradients();
    let pass = Pass { graph: true, dropout, ..Pass::default() };
    let logits = model.run(Task::Classify, input, &pass).unwrap();
    let loss = CrossEntropy::default().loss(&logits, labels, labels.len() as f64).unwrap();
    let store = loss.backward().unwrap();
    for param in model.params.iter() {
        param.collect(&store).unwrap();
    }
    f64::from(loss.to_scalar::<f32>().unwrap())
}

/// Numbers that are not zero, so that every matrix learns.
fn stir(model: &Model) {
    for param in model.params.iter().filter(|param| param.name.contains(".lora_B.")) {
        let numbers: Vec<f32> = (0..param.count()).map(|place| (place as f32 * 0.7).sin() * 0.2).collect();
        param.var().set(&Tensor::from_vec(numbers, param.shape(), &Device::Cpu).unwrap()).unwrap();
    }
}

#[test]
fn fused_gradients_are_those_of_the_plain_twin_and_of_small_steps() {
    for case in ["steps-bert-all", "steps-albert", "steps-distilbert"] {
        let dir = lora().join(case);
        let expected = tensors(&dir.join("expected.safetensors"));
        let (input, _) = batch(&expected);
        let labels: Vec<Option<u32>> = values(&expected["labels"]).iter().map(|label| Some(*label as u32)).collect();
        let dropout = Some(PassDropout { key: 11, rate: Some(0.1) });
        let of = |backend| {
            let model = adapted(&dir, 0.3, backend);
            stir(&model);
            let loss = backward(&model, &input, &labels, dropout);
            let gradients: BTreeMap<String, Option<Vec<f32>>> =
                model.params.iter().map(|param| (param.name.clone(), param.gradient().unwrap())).collect();
            (model, loss, gradients)
        };
        let ((model, loss, fused), (_, loss_plain, plain)) = (of(Backend::Fused), of(Backend::Plain));
        assert!((loss - loss_plain).abs() < 1e-5, "{case}: {loss} and {loss_plain}");
        let mut compared = 0;
        for (name, gradient) in &fused {
            match (gradient, &plain[name]) {
                (Some(one), Some(other)) => assert_close(one, other, CLOSE, &format!("{case}: {name}")),
                (one, other) => assert!(one.is_none() && other.is_none(), "{case}: {name} of one backend alone"),
            }
            compared += usize::from(gradient.is_some());
        }
        assert!(compared >= 10 && fused["layers.0.attention.query.weight"].is_none(), "{case}");
        for param in model.params.iter().filter(|param| param.name.contains(".lora_")) {
            let before = values(param.var());
            let place = before.len() / 3;
            let moved = |by: f32| {
                let mut numbers = before.clone();
                numbers[place] += by;
                param.var().set(&Tensor::from_vec(numbers, param.shape(), &Device::Cpu).unwrap()).unwrap();
                backward(&model, &input, &labels, dropout)
            };
            let slope = (moved(2e-2) - moved(-2e-2)) / 4e-2;
            moved(0.0);
            let found = f64::from(fused[&param.name].as_ref().unwrap()[place]);
            assert!((slope - found).abs() < 2e-3 + 0.02 * found.abs(), "{case}: {} {found}, not {slope}", param.name);
        }
    }
}

#[test]
fn a_text_with_adapters_is_the_same_alone_and_in_a_batch_to_the_last_bit() {
    let model = adapted(&lora().join("steps-bert-all"), 0.0, Backend::Fused);
    stir(&model);
    let (input, _) = batch(&tensors(&lora().join("steps-bert-all/expected.safetensors")));
    let together = said(&model, Task::Classify, &input);
    let width = together.len() / input.sequences();
    for (row, bounds) in input.starts.windows(2).enumerate() {
        let part = bounds[0]..bounds[1];
        let alone = Input::single(input.ids[part.clone()].to_vec(), input.types[part].to_vec());
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&said(&model, Task::Classify, &alone)), bits(&together[row * width..][..width]), "text {row}");
    }
}

#[test]
fn what_is_written_is_what_peft_writes_and_says_the_same_again() {
    for dir in cases("steps-") {
        let name = dir.file_name().unwrap().to_string_lossy().into_owned();
        let model = adapted(&dir, 0.0, Backend::Fused);
        stir(&model);
        let folder = tempfile::tempdir().unwrap();
        let base = model::adapter::base_of(&dir).unwrap();
        let spec = spec(&slots_of(&dir), 0.0);
        let beside = Beside { base: &base.display().to_string(), spec: &spec };
        model.save_adapter(folder.path(), beside, &|_| None).unwrap();
        let shapes = |dir: &Path| -> BTreeMap<String, Vec<usize>> {
            let all = tensors(&dir.join("adapter_model.safetensors"));
            all.into_iter().map(|(name, tensor)| (name, tensor.dims().to_vec())).collect()
        };
        assert_eq!(shapes(folder.path()), shapes(&dir), "{name}");
        let (ours, theirs) = (json(&folder.path().join("adapter_config.json")), json(&dir.join("adapter_config.json")));
        for (key, value) in ours.as_object().unwrap() {
            let known = theirs.get(key);
            match key.as_str() {
                "base_model_name_or_path" | "modules_to_save" | "target_modules" | "layers_pattern" => {
                    assert!(known.is_some(), "{name}: {key}");
                }
                "lora_alpha" => assert_eq!(value.as_f64(), known.unwrap().as_f64(), "{name}"),
                _ => assert_eq!(Some(value), known, "{name}: {key}"),
            }
        }
        let (input, _) = batch(&tensors(&dir.join("expected.safetensors")));
        let again = model::open(folder.path(), Want::AsSaved, &Device::Cpu, 0).unwrap().0;
        assert_close(&said(&again, Task::Classify, &input), &said(&model, Task::Classify, &input), CLOSE, &name);
        let whole = tempfile::tempdir().unwrap();
        model.save(whole.path()).unwrap();
        let merged = model::open(whole.path(), Want::AsSaved, &Device::Cpu, 0).unwrap();
        assert!(merged.1.new.is_empty() && merged.1.left_over.is_empty(), "{name}: {:?}", merged.1);
        assert_close(&said(&merged.0, Task::Classify, &input), &said(&model, Task::Classify, &input), CLOSE, &name);
    }
}

#[test]
fn a_feed_forward_output_alone_is_named_in_full_where_its_end_is_that_of_another() {
    let base = golden().join("bert-classify");
    let (mut model, _) = model::open(&base, Want::AsSaved, &Device::Cpu, 0).unwrap();
    let spec = spec(&[Slot::Outer, Slot::Query], 0.0);
    model.adapt(&spec, 0).unwrap();
    let folder = tempfile::tempdir().unwrap();
    model.save_adapter(folder.path(), Beside { base: "b", spec: &spec }, &|_| None).unwrap();
    let targets = json(&folder.path().join("adapter_config.json"))["target_modules"].clone();
    let expected = [
        "bert.encoder.layer.0.output.dense",
        "bert.encoder.layer.1.output.dense",
        "bert.encoder.layer.2.output.dense",
        "query",
    ];
    assert_eq!(targets, serde_json::json!(expected));
}

#[test]
fn what_cannot_be_opened_is_refused_with_the_reason_and_what_would_be_right() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("adapter");
    copy(&lora().join("bert-classify"), &dir);
    let config = dir.join("adapter_config.json");
    let told = || model::open(&dir, Want::AsSaved, &Device::Cpu, 0).unwrap_err().to_string();
    let missing = told();
    for word in ["adapter for \"bert-classify\"", "beside the adapter", "attune download bert-classify"] {
        assert!(missing.contains(word), "{missing}");
    }
    // Beside it is where it is looked for.
    copy(&golden().join("bert-classify"), &folder.path().join("bert-classify"));
    assert!(model::open(&dir, Want::AsSaved, &Device::Cpu, 0).is_ok());
    assert_eq!(model::tokenizer_folder(&dir).file_name().unwrap(), "bert-classify");
    let with = |key: &str, value: Value| {
        let mut settings = json(&lora().join("bert-classify/adapter_config.json"));
        settings[key] = value;
        fs::write(&config, settings.to_string()).unwrap();
    };
    with("base_model_name_or_path", Value::Null);
    assert!(told().contains("does not name"), "{}", told());
    with("use_dora", Value::Bool(true));
    assert!(told().contains("use_dora = true"), "{}", told());
    with("base_model_name_or_path", golden().join("distilbert-classify").display().to_string().into());
    assert!(told().contains("which its base does not have"), "{}", told());
    with("r", 4.into());
    let mut matrices = tensors(&dir.join("adapter_model.safetensors"));
    let first = "base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight";
    matrices.insert(first.to_owned(), Tensor::zeros((4, 31), DType::F32, &Device::Cpu).unwrap());
    candle_core::safetensors::save(&matrices, dir.join("adapter_model.safetensors")).unwrap();
    assert!(told().contains("have the shapes [4, 31] and [32, 4]"), "{}", told());
    fs::remove_file(dir.join("adapter_model.safetensors")).unwrap();
    assert!(told().contains("no adapter_model.safetensors"), "{}", told());
}

#[test]
fn a_word_table_that_is_the_outputs_too_is_not_changed_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("adapter");
    copy(&lora().join("electra-classify"), &dir);
    let mut settings = json(&dir.join("adapter_config.json"));
    settings["task_type"] = Value::Null;
    settings["base_model_name_or_path"] = golden().join("electra-mlm").display().to_string().into();
    fs::write(dir.join("adapter_config.json"), settings.to_string()).unwrap();
    let told = model::open(&dir, Want::AsSaved, &Device::Cpu, 0).unwrap_err().to_string();
    assert!(told.contains("changes the word table"), "{told}");
}

fn with_adapters(config: &mut RunConfig) {
    config.strategy.kind = StrategyKind::Lora;
    config.strategy.lora.targets = vec!["all".into()];
    config.strategy.lora.rank = 3;
    config.strategy.lora.dropout = 0.1;
    config.optim.lr = 5e-3;
}

#[test]
fn a_run_with_adapters_that_was_stopped_anywhere_ends_as_one_that_was_not() {
    check("adapters", with_adapters);
    check("adapters by the root of the rank, shared weights", |config| {
        with_adapters(config);
        config.model.path = Some(golden().join("albert-classify"));
        config.strategy.lora.rank_stabilized = true;
        config.run.eval_every = Every::Epoch;
    });
}

#[test]
fn a_run_keeps_the_whole_model_and_the_adapter_which_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    with_adapters(&mut config);
    whole(&config);
    let open = |name: &str| OpenModel::open(&config.run.out.join(name), None).unwrap();
    let (merged, adapter) = (open("model"), open("adapter"));
    assert!(merged.untrained.is_empty() && adapter.untrained.is_empty());
    assert_eq!(merged.labels, adapter.labels);
    let ids = merged.tokenizer.encode_ids("Heavy rain closed the mountain road.", None, 32).unwrap().ids;
    let input = Input::single(ids.clone(), vec![0; ids.len()]);
    let one = said(&merged.model, config.task, &input);
    assert_close(&one, &said(&adapter.model, config.task, &input), CLOSE, "merged and beside");
    let (before, _) = model::open(config.model.path.as_ref().unwrap(), Want::AsSaved, &Device::Cpu, 0).unwrap();
    let changed: Vec<&str> = before
        .params
        .iter()
        .filter(|param| !param.name.starts_with("head"))
        .filter(|param| values(param.var()) != values(merged.model.params.find(&param.name).unwrap().var()))
        .map(|param| param.name.as_str())
        .collect();
    let dense = |name: &&str| name.starts_with("layers.") && name.ends_with(".weight") && !name.contains("norm");
    assert!(changed.len() == 6 * before.config.stored_layers() && changed.iter().all(dense), "{changed:?}");
    assert!(attune::train::run::damage(&config.run.out).is_empty());

    config.run.out = folder.path().join("alone");
    config.strategy.lora.merged = false;
    whole(&config);
    assert!(!config.run.out.join("adapter").exists() && !config.run.out.join("model/model.safetensors").exists());
    let alone = OpenModel::open(&config.run.out.join("model"), None).unwrap();
    assert_close(&one, &said(&alone.model, config.task, &input), CLOSE, "the adapter alone");
    assert!(attune::train::run::damage(&config.run.out).is_empty());
    config.model.path = Some(config.run.out.join("model"));
    config.run.out = folder.path().join("again");
    let refused = prepare(&config, &mut |_, _, _| ControlFlow::Continue(())).map(|_| ()).unwrap_err();
    assert!(matches!(refused, TrainError::AdapterOnAdapter { .. }), "{refused}");
}

#[test]
fn a_plan_counts_the_adapters_as_the_run_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let planned = |config: &RunConfig| {
        let data = prepare(config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
        let (model, _) = open_model(config, &data.labels, &Device::Cpu).unwrap();
        let encoder = model::read_config(config.model.path.as_ref().unwrap()).unwrap();
        let facts = plan::Facts {
            encoder: &encoder,
            train_tokens: &data.train.lengths(),
            eval_tokens: &data.eval.lengths(),
            labels: data.labels.len(),
            flops_per_sec: 1e9,
        };
        (plan::plan(config, &facts).unwrap(), model.params.count(), model.params.trainable_count())
    };
    let (full, ..) = planned(&config);
    with_adapters(&mut config);
    let (plan, parameters, trained) = planned(&config);
    assert_eq!((plan.parameters, plan.trainable), (parameters, trained));
    let frozen: Vec<&str> =
        plan.blocks.iter().filter(|block| !block.trainable).map(|block| block.name.as_str()).collect();
    assert_eq!(frozen, ["embeddings"]);
    assert!(plan.memory.optimizer * 2 < full.memory.optimizer && plan.seconds < full.seconds);
}
