//! A learning rate is found by trying, and nothing of the model or on the disk is changed by it.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Output};

use attune::model::Model;
use attune::task::Task;
use attune::train::Prepared;
use attune::train::config::{RunConfig, StrategyKind};
use attune::train::find_rate::{FROM, FoundRate, TO, TRIALS, find_rate, find_rate_of, take_over};
use attune::train::prepare::{device, open_model};
use attune::train::prepared::Progress;
use attune::train::{Listener, event::TrainEvent, prepare, train};
use serde_json::Value;

use crate::worker_keeps_its_word::config;

fn opened(config: &RunConfig) -> (Prepared, Model) {
    let data = prepare(config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
    let (model, _) = open_model(config, &data.labels, &device(config.run.device).unwrap()).unwrap();
    (data, model)
}

fn found(config: &RunConfig) -> FoundRate {
    let (data, model) = opened(config);
    let mut go_on = |_: &str, _, _| ControlFlow::Continue(());
    find_rate(&model, &data, config, &mut Progress(&mut go_on)).unwrap().unwrap()
}

fn weights(model: &Model) -> Vec<(String, Vec<u32>)> {
    let bits = |param: &attune::model::Param| {
        let values = param.var().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        (param.name.clone(), values.into_iter().map(f32::to_bits).collect())
    };
    model.params.iter().map(|param| bits(param)).collect()
}

#[test]
fn the_rate_that_is_found_trains_the_model_and_those_far_from_it_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), 120);
    config.run.epochs = 4.0;
    let found = found(&config);
    let suggested = found.suggested.unwrap();
    assert!((1e-4..3e-2).contains(&suggested), "{suggested:e} of {found:#?}");
    assert!(found.diverged.is_none_or(|rate| rate > suggested * 3.0));
    let accuracy = |rate: f64| {
        let mut config = config.clone();
        take_over(&mut config, rate);
        let (data, model) = opened(&config);
        train(&model, &data, &config, &mut Deaf).unwrap().evaluation.unwrap().metrics["accuracy"]
    };
    assert!(accuracy(suggested) > 0.9);
    assert!(accuracy(suggested / 1000.0) < 0.8);
}

struct Deaf;

impl Listener for Deaf {
    fn hear(&mut self, _: TrainEvent) {}
}

#[test]
fn a_sweep_leaves_every_weight_as_it_was_and_is_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), 40);
    config.optim.lr_groups.insert("head".to_owned(), 1e-3);
    for kind in [StrategyKind::Full, StrategyKind::Head, StrategyKind::Lora, StrategyKind::Gradual] {
        config.strategy.kind = kind;
        let (data, model) = opened(&config);
        let (before, trained) = (weights(&model), model.params.iter().filter(|param| param.trainable()).count());
        let mut told = Vec::new();
        let mut go_on = |what: &str, done, total| {
            told.push((what.to_owned(), done, total));
            ControlFlow::Continue(())
        };
        let first = find_rate(&model, &data, &config, &mut Progress(&mut go_on)).unwrap().unwrap();
        assert!(weights(&model) == before, "{kind:?} changed a weight");
        assert_eq!(model.params.iter().filter(|param| param.trainable()).count(), trained);
        assert_eq!(told.last().unwrap(), &("trying rates".to_owned(), first.trials.len() as u64, TRIALS as u64));
        assert_eq!(found(&config), first, "{kind:?}: the seed decides");
        assert!((first.trials[0].lr - FROM).abs() < 1e-12 && first.trials.last().unwrap().lr <= TO);
    }
    assert!(!config.run.out.exists(), "nothing is written");
}

#[test]
fn a_sweep_is_ended_between_two_micro_batches() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), 40);
    config.run.micro_batch = Some(2);
    let (data, model) = opened(&config);
    let before = weights(&model);
    let mut asked = 0;
    let mut go_on = |_: &str, _, _| {
        asked += 1;
        if asked > 60 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    assert!(find_rate(&model, &data, &config, &mut Progress(&mut go_on)).unwrap().is_none());
    assert!(weights(&model) == before);
    let mut never = |_: &str, _, _| ControlFlow::Break(());
    assert!(find_rate_of(&config, &mut Progress(&mut never)).unwrap().is_none());
}

#[test]
fn texts_that_teach_themselves_have_rates_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), 120);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    config.task = Task::Mlm;
    config.model.path = Some(golden.join("bert-mlm"));
    config.data.train = golden.join("corpus.txt").into();
    let found = found(&config);
    assert!(found.suggested.is_some_and(|rate| (1e-4..0.3).contains(&rate)), "{found:#?}");
}

fn attune(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    command.args(arguments).env("HF_HUB_OFFLINE", "1").env("HF_HOME", "/nonexistent").output().unwrap()
}

#[test]
fn the_command_line_finds_a_rate_and_trains_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), 60);
    let path = folder.path().join("run.toml");
    std::fs::write(&path, toml::to_string(&config).unwrap()).unwrap();
    let path = path.to_str().unwrap();
    let json = attune(&["train", path, "--find-lr", "--json"]);
    assert!(json.status.success(), "{}", String::from_utf8_lossy(&json.stderr));
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    let keys = ["suggested", "steepest", "tenth_of_lowest", "recommended", "diverged", "trials"];
    assert!(keys.iter().all(|key| json.get(key).is_some()), "{json}");
    assert!(json["trials"][3].get("smoothed").is_some());
    let words = attune(&["train", path, "--find-lr"]);
    let words = String::from_utf8(words.stdout).unwrap();
    assert!(words.starts_with("rate ") && words.contains("\nsuggested ") && words.contains("\nrecommended by rule "));
    assert!(!config.run.out.exists());
    assert_eq!(attune(&["train", path, "--json"]).status.code(), Some(2));
}
