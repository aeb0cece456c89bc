//! Weights are trained by their names: those that are named learn exactly what they would in a model that is trained as a
//! whole, and all others stay as they are to the last bit.

use std::collections::BTreeMap;
use std::path::Path;

use attune::model::ops::Backend;
use attune::model::{self, Input, Model, Pass, PassDropout, Want};
use attune::task::Task;
use attune::text::Tokenizer;
use attune::train::TrainError;
use attune::train::config::{RunConfig, StrategyKind, WeightRate};
use attune::train::loss::CrossEntropy;
use attune::train::prepare::open_model;
use attune::train::strategy::Trained;
use candle_core::Device;

use crate::models_match_the_reference::golden;
use crate::runs_resume_exactly::{check, config, whole};

type Gradients = BTreeMap<String, Option<Vec<f32>>>;

/// Says of a weight by its name whether it is trained.
type Choice<'a> = &'a dyn Fn(&str) -> bool;

fn is_bias(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, part)| part == "bias")
}

fn opened(name: &str, backend: Backend) -> Model {
    let mut model = model::open(&golden().join(name), Want::AsSaved, &Device::Cpu, 0).unwrap().0;
    model.backend = backend;
    model
}

fn input(name: &str) -> Input {
    let tokenizer = Tokenizer::open(&golden().join(name)).unwrap();
    let mut input = Input { starts: vec![0], ..Input::default() };
    for (slot, text) in ["Heavy rain closed the mountain road.", "The old harbour", "Rain."].into_iter().enumerate() {
        let ids = tokenizer.encode_ids(text, None, 32).unwrap().ids;
        input.types.extend(vec![0; ids.len()]);
        input.ids.extend(ids);
        input.starts.push(input.ids.len());
        input.slots.push(slot as u32);
    }
    input
}

/// What one backward pass leaves with the weights of which only some are trained.
fn gradients(model: &Model, input: &Input, dropout: Option<PassDropout>, trained: Choice<'_>) -> Gradients {
    model.train_only(trained);
    model.params.clear_gradients();
    let pass = Pass { graph: true, dropout, ..Pass::default() };
    let logits = model.run(Task::Classify, input, &pass).unwrap();
    let loss = CrossEntropy::default().loss(&logits, &[Some(1), Some(0), Some(1)], 3.0).unwrap();
    let store = loss.backward().unwrap();
    for param in model.params.iter() {
        param.collect(&store).unwrap();
    }
    model.params.iter().map(|param| (param.name.clone(), param.gradient().unwrap())).collect()
}

#[test]
fn a_weight_that_is_trained_alone_has_the_gradient_that_it_has_among_all() {
    let choices: [(&str, Choice<'_>); 6] = [
        ("every bias", &is_bias),
        ("one matrix", &|name| name == "layers.1.attention.output.weight"),
        ("the upper half of a layer", &|name| name.starts_with("layers.0.feed_forward")),
        ("norms", &|name| name.contains("norm.")),
        ("one table", &|name| name == "embeddings.position"),
        ("keys of the lowest layer and the head", &|name| {
            name.starts_with("layers.0.attention.key") || name.starts_with("head")
        }),
    ];
    for name in ["bert-classify", "albert-classify"] {
        for backend in [Backend::Fused, Backend::Plain] {
            let (model, input) = (opened(name, backend), input(name));
            let all = gradients(&model, &input, None, &|_| true);
            for (what, trained) in choices {
                let some = gradients(&model, &input, None, trained);
                for (weight, gradient) in &some {
                    let expected = all[weight].as_ref().filter(|_| trained(weight));
                    assert!(gradient.as_ref() == expected, "{name} {backend:?}, {what}: {weight}");
                }
            }
        }
    }
}

#[test]
fn a_layer_of_which_one_weight_is_trained_drops_and_one_that_is_frozen_does_not() {
    let (model, input) = (opened("bert-classify", Backend::Fused), input("bert-classify"));
    let dropout = Some(PassDropout { key: 7, rate: Some(0.3) });
    let last = |trained: Choice<'_>| {
        model.train_only(trained);
        let pass = Pass { graph: true, dropout, ..Pass::default() };
        model.encode(&input, &pass).unwrap().last.to_vec2::<f32>().unwrap()
    };
    let plain = model.encode(&input, &Pass::default()).unwrap().last.to_vec2::<f32>().unwrap();
    assert_eq!(last(&|name| name.starts_with("head")), plain);
    assert_ne!(last(&|name| name == "layers.0.attention.query.bias"), plain);
    assert_eq!(model.frozen_prefix(), Some(0));
    last(&|name| name == "layers.1.feed_forward.norm.bias");
    assert_eq!(model.frozen_prefix(), Some(1));
    last(&|name| name == "embeddings.norm.bias");
    assert_eq!(model.frozen_prefix(), None);
}

/// Which weights a run changed, by their canonical names.
fn changed(config: &RunConfig) -> Vec<String> {
    let names = ["0".to_owned(), "1".to_owned()];
    let want = Want::Head { task: config.task, labels: &names };
    let open = |dir: &Path| model::open(dir, want, &Device::Cpu, config.run.seed).unwrap().0;
    let (before, after) = (open(config.model.path.as_ref().unwrap()), open(&config.run.out.join("model")));
    let values = |param: &model::Param| param.var().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let pairs = before.params.iter().zip(after.params.iter());
    let bits = |param: &model::Param| values(param).into_iter().map(f32::to_bits).collect::<Vec<_>>();
    pairs.filter(|(one, two)| bits(one) != bits(two)).map(|(one, _)| one.name.clone()).collect()
}

#[test]
fn a_run_changes_what_its_strategy_names_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.strategy.kind = StrategyKind::BitFit;
    whole(&config);
    let found = changed(&config);
    let may_stay = |name: &str| name.ends_with("attention.key.bias");
    let encoder = |names: &[String]| -> Vec<String> {
        names.iter().filter(|name| !name.starts_with("head") && !may_stay(name)).cloned().collect()
    };
    let model = opened("bert-classify", Backend::Fused);
    let all: Vec<String> = model.params.iter().map(|param| param.name.clone()).collect();
    let biases: Vec<String> = all.iter().filter(|name| is_bias(name)).cloned().collect();
    assert_eq!(encoder(&found), encoder(&biases));
    config.strategy.kind = StrategyKind::Custom;
    config.strategy.train = vec!["layers.1.attention.*.weight".into(), "head".into()];
    config.run.out = folder.path().join("custom");
    whole(&config);
    let of_layer = |name: &&String| name.starts_with("layers.1.attention.") && name.ends_with(".weight");
    let named: Vec<String> = all.iter().filter(of_layer).cloned().collect();
    assert_eq!(encoder(&changed(&config)), named);
    let written = std::fs::read_to_string(config.run.out.join("run.toml")).unwrap();
    assert!(written.contains("layers.1.attention.*.weight"), "{written}");
}

#[test]
fn what_no_weight_is_called_is_refused_before_anything_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.strategy.kind = StrategyKind::Custom;
    config.strategy.train = vec!["layers.9.*".into()];
    let labels = attune::data::LabelSet { names: vec!["0".into(), "1".into()] };
    let error = open_model(&config, &labels, &Device::Cpu).err().unwrap();
    assert!(matches!(&error, TrainError::UnknownWeight { name, .. } if name == "layers.9.*"), "{error}");
    assert!(Trained::of(&config.strategy, 10, ["layers.9.attention.query.bias"]).is_ok());
}

#[test]
fn runs_of_some_weights_go_on_exactly() {
    check("biases", |config| config.strategy.kind = StrategyKind::BitFit);
    check("named weights", |config| {
        config.strategy.kind = StrategyKind::Custom;
        config.strategy.train = vec!["*.norm.*".into(), "layers.1.attention.query".into(), "head.*".into()];
        config.strategy.frozen = vec!["embeddings".into()];
    });
}

fn rate(pattern: &str, lr: Option<f64>, factor: Option<f64>) -> WeightRate {
    WeightRate { pattern: pattern.to_owned(), lr, factor }
}

#[test]
fn weights_learn_at_the_rates_that_patterns_give_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let weights = |config: &RunConfig| {
        whole(config);
        std::fs::read(config.run.out.join("model/model.safetensors")).unwrap()
    };
    let plain = weights(&config);
    // The rate that they have anyway changes no bit.
    config.run.out = folder.path().join("same");
    config.optim.rates = vec![rate("*.attention.*", None, Some(1.0)), rate("head", Some(config.optim.lr), None)];
    assert!(weights(&config) == plain);
    config.run.out = folder.path().join("some");
    config.optim.weight_decay = 0.0;
    config.optim.rates = vec![rate("*", Some(0.0), None), rate("*.attention.value.*", None, Some(0.5))];
    whole(&config);
    let found = changed(&config);
    let is_value = |name: &String| name.contains(".attention.value.");
    assert!(!found.is_empty() && found.iter().all(is_value), "{found:?}");
    let written = std::fs::read_to_string(config.run.out.join("run.toml")).unwrap();
    assert!(written.contains("[[optim.rates]]\npattern = \"*.attention.value.*\"\nfactor = 0.5"), "{written}");
}

#[test]
fn a_rate_for_no_weight_or_of_no_sense_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let labels = attune::data::LabelSet { names: vec!["0".into(), "1".into()] };
    config.optim.rates = vec![rate("*.atention.*", None, Some(0.1))];
    let told = open_model(&config, &labels, &Device::Cpu).err().unwrap().to_string();
    assert!(told.contains("optim.rates names \"*.atention.*\"") && told.contains("layers.*.attention."), "{told}");
    let refused = |lr, factor| {
        let mut config = config.clone();
        config.optim.rates = vec![rate("head", lr, factor)];
        config.check().err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(refused(Some(1e-4), None), "");
    for (lr, factor) in [(None, None), (Some(1e-4), Some(0.5)), (Some(2.0), None), (None, Some(-1.0))] {
        let told = refused(lr, factor);
        assert!(told.contains("optim.rates is \"head\" with") && told.contains("expected lr"), "{told}");
    }
}

#[test]
fn runs_with_rates_by_pattern_go_on_exactly() {
    check("rates", |config| {
        config.optim.rates = vec![rate("layers.0.*", None, Some(0.25)), rate("*.bias", Some(3e-3), None)];
    });
}
