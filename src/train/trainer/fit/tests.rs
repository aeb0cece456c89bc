//! Outputs that are fitted, and what is learned from pairs.

use std::ops::ControlFlow;
use std::path::Path;

use candle_core::Device;

use crate::model::{self, Input, Model, Pass, Want};
use crate::stop::Stop;
use crate::train::config::{Dropout, Every, Fit, RunConfig, StrategyKind};
use crate::train::event::TrainEvent;
use crate::train::prepare::open_model;
use crate::train::run::{self, Opened, Recorder};
use crate::train::{Outcome, TrainError, prepare, train_from};

/// Three classes that differ in one word.
fn rows(folder: &Path, count: usize) -> std::path::PathBuf {
    let path = folder.join("rows.csv");
    let row = |row: usize| {
        let (word, class) = [("wonderful", "good"), ("endless", "bad"), ("late", "when")][row % 3];
        format!("the soup {row} was {word} {}{class}\n", ["", "and so on "][row / 3 % 2].to_owned() + ",")
    };
    std::fs::write(&path, format!("text,label\n{}", (0..count).map(row).collect::<String>())).unwrap();
    path
}

fn config(folder: &Path, kind: StrategyKind, fit: Fit) -> RunConfig {
    let data = rows(folder, 36);
    let text = format!("task = \"classify\"\n[model]\n[data]\ntrain = {data:?}\neval_fraction = 0.34\n");
    let mut config: RunConfig = toml::from_str(&text).unwrap();
    config.model.path = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-classify"));
    (config.strategy.kind, config.strategy.fit) = (kind, fit);
    (config.optim.lr, config.run.batch, config.run.micro_batch) = (2e-3, 6, Some(2));
    (config.run.epochs, config.run.dropout) = (2.5, Dropout::Rate(0.1));
    config.run.eval_every = Every::Steps(3);
    config.run.out = folder.join("run");
    config
}

struct Ran {
    outcome: Outcome,
    events: Vec<TrainEvent>,
    model: Model,
}

/// Trains in a folder, or goes on; is asked to stop when it is asked for the `times`th time whether to go on.
fn go(config: &RunConfig, resume: bool, times: u64) -> Result<Ran, TrainError> {
    let goes_on = run::check_folder(config, resume)?;
    let data = prepare(config, &mut |_, _, _| ControlFlow::Continue(()))?.unwrap();
    let (model, _) = open_model(config, &data.labels, &Device::Cpu)?;
    let Opened { folder, checkpoint, .. } = run::open(config, goes_on, &data, &model)?;
    let (mut left, mut events) = (times, Vec::new());
    let mut recorder = Recorder {
        folder,
        data: &data,
        on_event: &mut |event| events.push(event),
        on_pause: &mut || {
            left = left.saturating_sub(1);
            if left > 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        },
        is_paused: &|| false,
        orders: &mut Vec::new,
        interrupt: &Stop::default,
    };
    let outcome = train_from(checkpoint.as_ref(), &model, &data, config, &mut recorder)?;
    drop(recorder);
    Ok(Ran { outcome, events, model })
}

fn weights(model: &Model) -> Vec<(String, Vec<f32>)> {
    let values = |param: &model::Param| param.var().flatten_all().unwrap().to_vec1().unwrap();
    model.params.iter().map(|param| (param.name.clone(), values(param))).collect()
}

/// What was told of steps and evaluations, without what the clock says.
fn told(events: &[TrainEvent]) -> Vec<String> {
    let of = |event: &TrainEvent| match event {
        TrainEvent::Step(step) => {
            Some(format!("{} {:?} {:?}", step.step, step.loss.to_bits(), step.grad_norm.to_bits()))
        }
        TrainEvent::Eval { step, metrics, best, .. } => Some(format!("{step} {metrics:?} {best}")),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

#[test]
fn a_run_from_pairs_goes_on_to_the_same_bits_wherever_it_was_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let whole = config(folder.path(), StrategyKind::Full, Fit::Contrastive);
    let expected = go(&whole, false, u64::MAX).unwrap();
    assert!(!expected.outcome.stopped);
    let mut parts = whole.clone();
    parts.run.out = folder.path().join("parts");
    let (mut events, mut done, mut begun) = (Vec::new(), false, 0);
    while !done {
        let part = go(&parts, begun > 0, 7 + begun).unwrap();
        done = !part.outcome.stopped;
        events.extend(part.events);
        begun += 1;
        if done {
            assert!(weights(&part.model) == weights(&expected.model), "the weights differ");
            assert_eq!(part.outcome.evaluation, expected.outcome.evaluation);
        }
    }
    assert!(begun > 3, "it was stopped {begun} times");
    let found = told(&events);
    for line in told(&expected.events) {
        assert!(found.contains(&line), "{line}");
    }
}

#[test]
fn micro_batches_and_watching_change_no_bit_of_what_is_learned_from_pairs() {
    let folder = tempfile::tempdir().unwrap();
    let mut plain = config(folder.path(), StrategyKind::Full, Fit::Contrastive);
    plain.run.micro_batch = None;
    let expected = go(&plain, false, u64::MAX).unwrap();
    let mut watched = plain.clone();
    watched.run.out = folder.path().join("watched");
    watched.run.keep_checkpoints = 4;
    watched.run.probes = toml::from_str::<toml::Table>("probes = [\"the soup was late\"]").unwrap()["probes"]
        .clone()
        .try_into()
        .unwrap();
    let found = go(&watched, false, u64::MAX).unwrap();
    assert!(weights(&found.model) == weights(&expected.model));
    assert_eq!(told(&found.events), told(&expected.events));
    assert!(found.events.iter().any(|event| matches!(event, TrainEvent::Probe { step: 0, .. })));
    let losses = |events: &[TrainEvent]| -> Vec<f64> {
        let loss = |event: &TrainEvent| if let TrainEvent::Step(step) = event { Some(step.loss) } else { None };
        events.iter().filter_map(loss).collect()
    };
    let mut cut = plain.clone();
    (cut.run.out, cut.run.micro_batch) = (folder.path().join("cut"), Some(2));
    let cut = go(&cut, false, u64::MAX).unwrap();
    for (one, other) in losses(&cut.events).iter().zip(losses(&expected.events)) {
        assert!((one - other).abs() < 1e-5, "{one} {other}");
    }
}

#[test]
fn pairs_draw_classes_apart_and_each_strategy_trains_its_own() {
    let folder = tempfile::tempdir().unwrap();
    for kind in [StrategyKind::Full, StrategyKind::Top, StrategyKind::Head, StrategyKind::Lora, StrategyKind::BitFit] {
        let mut config = config(folder.path(), kind, Fit::Contrastive);
        (config.strategy.top_layers, config.run.epochs) = (1, 6.0);
        config.run.out = folder.path().join(format!("{kind:?}"));
        let before = {
            let data = prepare(&config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
            weights(&open_model(&config, &data.labels, &Device::Cpu).unwrap().0)
        };
        let ran = go(&config, false, u64::MAX).unwrap();
        let after = weights(&ran.model);
        let changed = |name: &str| before.iter().zip(&after).any(|(a, b)| a.0.contains(name) && a.1 != b.1);
        assert!(changed("head.sequence.weight") && changed("head.pooler.weight"), "{kind:?}");
        assert_eq!(changed("layers.0.attention.query.weight"), kind == StrategyKind::Full, "{kind:?}");
        let steps: Vec<f64> = ran
            .events
            .iter()
            .filter_map(|event| if let TrainEvent::Step(step) = event { Some(step.loss) } else { None })
            .collect();
        assert!(steps.iter().rev().take(4).sum::<f64>() < steps.iter().take(4).sum::<f64>(), "{kind:?}: {steps:?}");
        assert!(ran.outcome.ending.metrics["accuracy"] > 0.5, "{kind:?}: {:?}", ran.outcome.ending.metrics);
    }
}

#[test]
fn the_head_is_fitted_in_one_step_and_nothing_else_changes() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), StrategyKind::Head, Fit::Logistic);
    config.run.micro_batch = None;
    let before = {
        let data = prepare(&config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
        weights(&open_model(&config, &data.labels, &Device::Cpu).unwrap().0)
    };
    let ran = go(&config, false, u64::MAX).unwrap();
    let after = weights(&ran.model);
    let pairs = before.iter().zip(&after);
    let changed: Vec<&str> = pairs.filter(|(one, other)| one.1 != other.1).map(|(one, _)| one.0.as_str()).collect();
    assert_eq!(changed, ["head.sequence.weight", "head.sequence.bias"]);
    let steps = ran.events.iter().filter(|event| matches!(event, TrainEvent::Step(_))).count();
    assert_eq!((steps, ran.outcome.ending.step), (1, 1));
    assert!(ran.events.iter().any(|event| matches!(event, TrainEvent::Eval { step: 1, .. })));
    let warning =
        |event: &&TrainEvent| matches!(event, TrainEvent::Warning { message, .. } if message.contains("warm-up"));
    assert!(!ran.events.iter().any(|event| warning(&event)));
    assert!(ran.outcome.ending.metrics["accuracy"] > 0.8, "{:?}", ran.outcome.ending.metrics);
    // Without rows that are held out the fit is kept as well.
    config.data.eval_fraction = Some(0.0);
    config.run.out = folder.path().join("all");
    let all = go(&config, false, u64::MAX).unwrap();
    assert!(weights(&all.model) != before && all.outcome.evaluation.is_none());
}

#[test]
fn the_saved_folder_gives_the_answers_of_the_run_for_every_family() {
    let folder = tempfile::tempdir().unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for family in ["bert", "distilbert", "roberta", "albert", "electra"] {
        for (kind, fit) in [(StrategyKind::Full, Fit::Contrastive), (StrategyKind::Head, Fit::Logistic)] {
            let mut config = config(folder.path(), kind, fit);
            config.model.path = Some(golden.join(format!("{family}-classify")));
            (config.run.micro_batch, config.run.epochs) = (None, 2.0);
            config.run.out = folder.path().join(format!("{family} {}", fit.name()));
            let ran = go(&config, false, u64::MAX).unwrap();
            let (saved, report) = model::open(&config.run.out.join("model"), Want::AsSaved, &Device::Cpu, 0).unwrap();
            assert!(report.missing(&saved, config.task).is_empty(), "{family}");
            assert!(weights(&saved) == weights(&ran.model), "{family} {fit:?}");
            let input = Input::single(vec![2, 7, 11, 3], vec![0; 4]);
            let said =
                |model: &Model| model.run(config.task, &input, &Pass::default()).unwrap().to_vec2::<f32>().unwrap();
            assert_eq!((said(&saved), said(&saved)[0].len()), (said(&ran.model), 3), "{family} {fit:?}");
        }
    }
}

#[test]
fn what_has_nothing_to_pair_or_to_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused =
        |config: &RunConfig| go(config, false, u64::MAX).err().map(|error| error.to_string()).unwrap_or_default();
    let mut one = config(folder.path(), StrategyKind::Full, Fit::Contrastive);
    let path = folder.path().join("one.csv");
    std::fs::write(&path, format!("text,label\n{}", "a soup,good\nthe ferry,good\n".repeat(8))).unwrap();
    one.data.train = path.into();
    assert!(refused(&one).contains("of one class"), "{}", refused(&one));
    let mut frozen = config(folder.path(), StrategyKind::Custom, Fit::Contrastive);
    frozen.strategy.frozen = vec!["head".into()];
    assert!(refused(&frozen).contains("outputs of the head are frozen"), "{}", refused(&frozen));
    let mut outputs = config(folder.path(), StrategyKind::Custom, Fit::Contrastive);
    outputs.strategy.train = vec!["head.sequence".into()];
    assert!(refused(&outputs).contains("expected logistic"), "{}", refused(&outputs));
}
