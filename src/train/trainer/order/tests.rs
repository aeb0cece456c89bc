//! Real runs that are ordered about: by hand, by their configuration, and killed in between.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use candle_core::Device;
use serde_json::Value;

use crate::model::{Block, Model, Param, kept};
use crate::stop::Stop;
use crate::train::checkpoint::{Best, Checkpoint, Snapshot};
use crate::train::config::{Dropout, Every, Group, LastEpoch, Order, RunConfig, ScheduleKind, StrategyKind, What};
use crate::train::event::{Step, TrainEvent};
use crate::train::prepare::open_model;
use crate::train::run::{self, Opened, Recorder, check_folder, open};
use crate::train::trainer::{Listener, Models};
use crate::train::{Outcome, TrainError, prepare, schedule, train_from};

/// Sixteen texts, twelve of them learned from in three updates an epoch.
fn config(folder: &Path) -> RunConfig {
    let data = folder.join("reviews.csv");
    let row = |row: usize| format!("the soup {row} was {}\n", ["wonderful,good", "endless,bad"][row % 2]);
    fs::write(&data, format!("text,label\n{}", (0..16).map(row).collect::<String>())).unwrap();
    let text = format!("task = \"classify\"\n[model]\n[data]\ntrain = {data:?}\neval_fraction = 0.25\n");
    let mut config: RunConfig = toml::from_str(&text).unwrap();
    config.model.path = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-classify"));
    config.strategy.kind = StrategyKind::Head;
    (config.optim.lr, config.optim.warmup) = (5e-3, 0.2);
    (config.run.batch, config.run.micro_batch) = (4, Some(3));
    config.run.dropout = Dropout::Rate(0.1);
    config.run.epochs = 4.0;
    config.run.eval_every = Every::Steps(2);
    config.run.checkpoint_minutes = 0.0;
    config.run.out = folder.join("run");
    config
}

type ByHand = Vec<(u64, What)>;

/// A recorder for which somebody gives orders, and who looks at the folder as a kill would leave it.
struct Hand<'a> {
    recorder: Recorder<'a>,
    step: u64,
    /// What is still to be ordered, and after which update.
    left: ByHand,
    /// Orders are given while the run is held.
    holds: bool,
    is_held: bool,
    can_write: bool,
    told: Vec<TrainEvent>,
    look: &'a mut dyn FnMut(&str),
}

impl Listener for Hand<'_> {
    fn hear(&mut self, event: TrainEvent) {
        if let TrainEvent::Step(step) = &event {
            self.step = step.step;
        }
        let words = serde_json::to_value(&event).unwrap()["event"].as_str().unwrap().to_owned();
        self.told.push(event.clone());
        self.recorder.hear(event);
        (self.look)(&words);
    }

    fn go_on(&mut self) -> ControlFlow<()> {
        self.is_held = self.holds;
        self.recorder.go_on()
    }

    fn orders(&mut self) -> Vec<What> {
        let mut orders = self.recorder.orders();
        if self.holds == self.is_held {
            let (step, mut due) = (self.step, Vec::new());
            self.left.retain(|(at, what)| {
                due.extend((*at == step).then_some(*what));
                *at != step
            });
            orders.extend(due);
        }
        self.is_held = false;
        if !orders.is_empty() {
            (self.look)("given");
        }
        orders
    }

    fn record(&mut self, orders: &[Order]) -> Result<(), TrainError> {
        if !self.can_write {
            let path = PathBuf::from("run.toml");
            return Err(TrainError::Unwritable { path, source: std::io::Error::other("the disk is full") });
        }
        self.recorder.record(orders)?;
        (self.look)("recorded");
        Ok(())
    }

    fn interrupt(&self) -> Stop {
        self.recorder.interrupt()
    }

    fn keep(&mut self, models: Models<'_>, step: u64, best: Option<&Best>) -> Result<(), TrainError> {
        self.recorder.keep(models, step, best)
    }

    fn keep_state(&mut self, model: &Model, step: u64, is_trained: &dyn Fn(&Param) -> bool) {
        self.recorder.keep_state(model, step, is_trained);
    }

    fn complete_states(&mut self, model: &Model, step: u64, has_joined: &dyn Fn(&Param) -> bool) {
        (self.look)("thawed");
        self.recorder.complete_states(model, step, has_joined);
    }

    fn has_kept(&mut self, step: u64) -> bool {
        self.recorder.has_kept(step)
    }

    fn read_back(&mut self, step: u64) -> Result<(), TrainError> {
        self.recorder.read_back(step)
    }

    fn checkpoint(&mut self, snapshot: &Snapshot<'_>) -> bool {
        self.recorder.checkpoint(snapshot)
    }

    fn finish(&mut self, event: TrainEvent) -> Result<(), TrainError> {
        self.told.push(event.clone());
        self.recorder.finish(event)
    }
}

/// How a run is ordered about.
#[derive(Default)]
struct How {
    by_hand: ByHand,
    resume: bool,
    holds: bool,
    disk_is_full: bool,
}

fn go(config: &RunConfig, how: How, look: &mut dyn FnMut(&str)) -> (Outcome, Vec<TrainEvent>) {
    let goes_on = check_folder(config, how.resume).unwrap();
    let config = &if goes_on { run::as_it_began(config).unwrap() } else { config.clone() };
    let data = prepare(config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
    let (model, _) = open_model(config, &data.labels, &Device::Cpu).unwrap();
    let Opened { folder, checkpoint, .. } = open(config, goes_on, &data, &model).unwrap();
    let recorder = Recorder {
        folder,
        data: &data,
        on_event: &mut |_| {},
        on_pause: &mut || ControlFlow::Continue(()),
        is_paused: &|| false,
        orders: &mut Vec::new,
        interrupt: &Stop::default,
    };
    let step = checkpoint.as_ref().map_or(0, Checkpoint::step);
    let How { by_hand: left, holds, disk_is_full, .. } = how;
    let mut hand =
        Hand { recorder, step, left, holds, is_held: false, can_write: !disk_is_full, told: Vec::new(), look };
    let outcome = train_from(checkpoint.as_ref(), &model, &data, config, &mut hand).unwrap();
    (outcome, hand.told)
}

fn quiet(config: &RunConfig, by_hand: &[(u64, What)]) -> (Outcome, Vec<TrainEvent>) {
    go(config, How { by_hand: by_hand.to_vec(), ..How::default() }, &mut |_| {})
}

fn at(config: &RunConfig, name: &str) -> RunConfig {
    let mut config = config.clone();
    config.run.out = config.run.out.with_file_name(name);
    config
}

fn with(config: &RunConfig, name: &str, orders: &[(u64, What)]) -> RunConfig {
    let mut config = at(config, name);
    config.run.orders = orders.iter().map(|(step, what)| Order { step: *step, what: *what }).collect();
    config
}

/// What must be the same: all that is told, without what was measured, and the files of the model.
fn result(dir: &Path, told: &[&str]) -> (Vec<Value>, BTreeMap<PathBuf, Vec<u8>>) {
    let log = fs::read_to_string(dir.join("events.jsonl")).unwrap();
    let mut events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    events.retain(|event| told.contains(&event["event"].as_str().unwrap()));
    for event in &mut events {
        for measured in ["tokens_per_sec", "seconds", "peak_memory_bytes"] {
            event.as_object_mut().unwrap().remove(measured);
        }
    }
    assert!(events.last().is_some_and(|event| event["event"] == "finished"), "{log}");
    let mut files = BTreeMap::new();
    for name in ["model/model.safetensors", "evaluation.json"] {
        files.extend(fs::read(dir.join(name)).ok().map(|bytes| (name.into(), bytes)));
    }
    for state in kept::states(dir) {
        let path = state.dir.join("trained.safetensors");
        files.insert(path.strip_prefix(dir).unwrap().to_owned(), fs::read(&path).unwrap());
    }
    (events, files)
}

const ALL: [&str; 5] = ["step", "eval", "unfroze", "order", "finished"];

fn assert_same(one: &Path, two: &Path, what: &str) {
    let (one, two) = (result(one, &ALL), result(two, &ALL));
    for (one, two) in one.0.iter().zip(&two.0) {
        assert_eq!(one, two, "{what}");
    }
    assert_eq!(one.0.len(), two.0.len(), "{what}");
    assert_eq!(one.1.keys().collect::<Vec<_>>(), two.1.keys().collect::<Vec<_>>(), "{what}");
    for (name, bytes) in &one.1 {
        assert!(*bytes == two.1[name], "{what}: {} differs", name.display());
    }
}

fn steps(told: &[TrainEvent]) -> Vec<Step> {
    let steps = told.iter().filter_map(|event| if let TrainEvent::Step(step) = event { Some(step) } else { None });
    steps.cloned().collect()
}

/// The refusals that were told.
fn refusals(told: &[TrainEvent]) -> Vec<(u64, What, String)> {
    let refusals = told.iter().filter_map(|event| match event {
        TrainEvent::Order { step, order, refused: Some(why) } => Some((*step, *order, why.clone())),
        _ => None,
    });
    refusals.collect()
}

/// The weights of a model folder by their canonical names.
fn weights(config: &RunConfig, dir: &Path) -> BTreeMap<String, Vec<f32>> {
    let mut config = config.clone();
    config.model.path = Some(dir.to_owned());
    let data = prepare(&config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
    let (model, _) = open_model(&config, &data.labels, &Device::Cpu).unwrap();
    let values = |param: &Param| param.var().flatten_all().unwrap().to_vec1().unwrap();
    model.params.iter().map(|param| (param.name.clone(), values(param))).collect()
}

/// The blocks of which something differs between two models.
fn changed(one: &BTreeMap<String, Vec<f32>>, two: &BTreeMap<String, Vec<f32>>) -> Vec<String> {
    let mut blocks: Vec<Block> =
        one.iter().filter(|(name, values)| two[*name] != **values).map(|(name, _)| Block::of(name)).collect();
    blocks.sort_unstable();
    blocks.dedup();
    blocks.iter().map(ToString::to_string).collect()
}

/// All that can be ordered, with a best state before the second layer is thawed and another after it.
fn all_orders() -> ByHand {
    let factor = |factor, group| What::Factor { factor, group };
    vec![
        (0, factor(1.5, None)),
        (2, factor(0.5, Some(Group::Head))),
        (3, What::Evaluate),
        (3, What::Thaw),
        (5, What::Checkpoint),
        (5, What::Rate { lr: 0.0123, group: Some(Group::Encoder) }),
        (6, What::StopAfter(LastEpoch::Number(9))),
        (7, What::Thaw),
        (7, What::StopAfter(LastEpoch::Number(3))),
    ]
}

#[test]
fn rates_are_those_that_were_ordered_to_the_last_digit() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.strategy.kind = StrategyKind::Full;
    let plain = steps(&quiet(&at(&config, "plain"), &[]).1);
    let by_hand = [
        (3, What::Factor { factor: 0.5, group: Some(Group::Head) }),
        (5, What::Rate { lr: 1e-3, group: Some(Group::Encoder) }),
        (8, What::Factor { factor: 0.25, group: None }),
    ];
    let ordered = steps(&quiet(&at(&config, "ordered"), &by_hand).1);
    assert_eq!((plain.len(), ordered.len()), (12, 12));
    for (plain, ordered) in plain.iter().zip(&ordered) {
        let (step, factor) = (plain.step, schedule::factor(ScheduleKind::Linear, 3, plain.step - 1, 12));
        let last = if step > 8 { 0.25 } else { 1.0 };
        let head = if step > 3 { 0.5 * last } else { 1.0 };
        assert_eq!(ordered.lrs["head"].to_bits(), (plain.lrs["head"] * head).to_bits(), "step {step}");
        let encoder = if step > 5 { 1e-3 } else { 5e-3 };
        assert_eq!(ordered.lrs["encoder"].to_bits(), (encoder * last * factor).to_bits(), "step {step}");
        assert_eq!(plain.loss == ordered.loss, step <= 4, "the update of step 4 is the first at another rate");
    }
    // What is told was used: the same rates without an order come to the same weights.
    let mut own = at(&config, "own");
    own.optim.lr_groups.insert("head".to_owned(), 2e-3);
    quiet(&own, &[]);
    let ordered = at(&config, "at once");
    quiet(&ordered, &[(0, What::Rate { lr: 2e-3, group: Some(Group::Head) })]);
    let told = ["step", "eval", "finished"];
    assert!(result(&own.run.out, &told) == result(&ordered.run.out, &told));
}

#[test]
fn a_layer_that_is_thawed_by_order_learns_as_one_that_joins_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    (config.run.max_steps, config.run.keep_checkpoints) = (Some(6), 7);
    config.data.eval_fraction = Some(0.0);
    let mut gradual = at(&config, "gradual");
    (gradual.strategy.kind, gradual.strategy.unfreeze_every) = (StrategyKind::Gradual, Every::Steps(4));
    quiet(&gradual, &[]);
    let (_, told) = quiet(&config, &[(4, What::Thaw)]);
    let unfroze =
        |event: &&TrainEvent| matches!(event, TrainEvent::Unfroze { step: 4, blocks, .. } if blocks == &["layers.2"]);
    assert_eq!(told.iter().filter(unfroze).count(), 1, "{told:?}");
    let told = ["step", "unfroze", "finished"];
    let (gradual, ordered) = (result(&gradual.run.out, &told), result(&config.run.out, &told));
    assert_eq!(gradual.0, ordered.0);
    let model = Path::new("model/model.safetensors");
    assert!(gradual.1[model] == ordered.1[model], "the same weights");
    // The states before it show the layer as it was then, though the run's model has another.
    let base = weights(&config, config.model.path.as_deref().unwrap());
    for step in 0..=6 {
        let state = weights(&config, &kept::state_folder(&config.run.out, step));
        let expected: &[&str] = if step > 4 { &["layers.2", "head"] } else { &["head"] };
        // The first update of a warm-up has no rate.
        let expected = if step <= 1 { &[] } else { expected };
        assert_eq!(changed(&base, &state), expected, "after step {step}");
    }
    let last = weights(&config, &config.run.out.join("model"));
    assert_eq!(changed(&base, &last), ["layers.2", "head"]);
}

#[test]
fn orders_by_hand_are_orders_of_the_configuration_and_a_repeated_run_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.run.keep_checkpoints = 4;
    let written = with(&config, "written", &all_orders());
    let (outcome, told) = quiet(&written, &[]);
    assert_eq!(outcome.ending.reason, "stopped after epoch 3, as ordered");
    assert_eq!((outcome.ending.step, refusals(&told).len()), (9, 0));
    for holds in [false, true] {
        let ordered = at(&config, if holds { "held" } else { "ordered" });
        // Before the first update nothing is held yet.
        let how = How { by_hand: all_orders(), holds, ..How::default() };
        let modified = || fs::metadata(ordered.run.out.join("run.toml")).unwrap().modified().unwrap();
        let mut begun = None;
        go(&ordered, how, &mut |_| {
            begun.get_or_insert_with(modified);
        });
        assert_eq!(begun, Some(modified()), "when it began is told by this file");
        assert_same(&written.run.out, &ordered.run.out, &format!("held: {holds}"));
        let mut again = run::kept_config(&ordered.run.out).unwrap();
        assert_eq!(again.run.orders, written.run.orders);
        again.run.out = folder.path().join(format!("again {holds}"));
        quiet(&again, &[]);
        assert_same(&written.run.out, &again.run.out, "repeated");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

#[test]
fn orders_survive_a_kill_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    for (name, minutes) in [("saved with every step", 1e-9), ("saved on order alone", 0.0)] {
        let mut config = at(&config(folder.path()), name);
        config.run.checkpoint_minutes = minutes;
        config.run.keep_checkpoints = 5;
        let whole = config.run.out.clone();
        let killed = RefCell::new(Vec::new());
        let moments = Cell::new(0);
        go(&config, How { by_hand: all_orders(), ..How::default() }, &mut |moment| {
            moments.set(moments.get() + 1);
            let is_about_orders = ["given", "recorded", "order", "thawed", "unfroze"].contains(&moment);
            let is_saved = minutes > 0.0;
            if moment == "recorded" || is_saved && (is_about_orders || moments.get() % 9 == 0) {
                let to = folder.path().join(format!("{name} {} {moment}", moments.get()));
                copy(&whole, &to);
                killed.borrow_mut().push(to);
            }
        });
        let killed = killed.into_inner();
        assert!(killed.len() > if minutes > 0.0 { 25 } else { 8 }, "{}", killed.len());
        for dir in killed {
            let mut again = config.clone();
            again.run.out.clone_from(&dir);
            // What was not written down when it was killed is ordered again; what was is not.
            let known = run::kept_config(&dir).unwrap().run.orders;
            let mut by_hand = all_orders();
            by_hand.retain(|(step, what)| !known.contains(&Order { step: *step, what: *what }));
            go(&again, How { by_hand, resume: true, ..How::default() }, &mut |_| {});
            assert_same(&whole, &dir, &dir.display().to_string());
        }
    }
}

#[test]
fn an_evaluation_and_a_checkpoint_on_order_change_no_bit() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.strategy.kind = StrategyKind::Full;
    (config.run.epochs, config.run.patience, config.run.eval_every) = (30.0, 2, Every::Steps(3));
    config.run.keep_best = "accuracy".into();
    let (plain, told) = quiet(&at(&config, "plain"), &[]);
    assert!(plain.ending.reason.contains("without improvement"), "{}", plain.ending.reason);
    let last = steps(&told).len() as u64;
    let by_hand: ByHand = (0..last).flat_map(|step| [(step, What::Evaluate), (step, What::Checkpoint)]).collect();
    let (_, told) = quiet(&config, &by_hand);
    assert!(refusals(&told).is_empty());
    let saved = told.iter().filter(|event| matches!(event, TrainEvent::Order { order: What::Checkpoint, .. })).count();
    assert_eq!(saved as u64, last);
    let (plain, ordered) = (folder.path().join("plain"), config.run.out);
    let unasked = |dir: &Path| {
        let (mut events, files) = result(dir, &["step", "eval", "finished"]);
        let is_regular = |event: &Value| event["event"] != "eval" || event["step"].as_u64().unwrap().is_multiple_of(3);
        // Before the first step nothing is evaluated without an order.
        events.retain(|event| is_regular(event) && event["step"] != 0);
        (events, files)
    };
    assert!(unasked(&plain) == unasked(&ordered));
    let evaluations = result(&ordered, &["eval", "finished"]).0.len();
    assert_eq!(evaluations as u64, last + 2, "each step once from before the first on, and the end");
}

#[test]
fn what_cannot_be_done_is_told_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let check = |name: &str, by_hand: &[(u64, What)], whys: &[&str], change: &dyn Fn(&mut RunConfig)| {
        let mut config = at(&config, name);
        change(&mut config);
        let ordered = at(&config, &format!("{name} ordered"));
        let disk_is_full = name == "disk";
        quiet(&config, &[]);
        let how = How { by_hand: by_hand.to_vec(), disk_is_full, ..How::default() };
        let (_, told) = go(&ordered, how, &mut |_| {});
        let refusals = refusals(&told);
        assert_eq!(refusals.len(), whys.len(), "{refusals:?}");
        for ((_, _, told), why) in refusals.iter().zip(whys) {
            assert!(told.contains(why), "{told}");
        }
        let told = ["step", "eval", "finished"];
        assert!(result(&config.run.out, &told) == result(&ordered.run.out, &told), "{name}");
        assert!(run::kept_config(&ordered.run.out).unwrap().run.orders.is_empty());
    };
    let rate = |lr| What::Rate { lr, group: None };
    check(
        "full",
        &[(1, What::Thaw), (2, What::Factor { factor: 1000.0, group: None }), (4, rate(2.0)), (12, What::Evaluate)],
        &["trained from the start", "0 to 100", "expected 0 to 1", "last update"],
        &|config| config.strategy.kind = StrategyKind::Full,
    );
    check("lora", &[(1, What::Thaw)], &["adapters"], &|config| config.strategy.kind = StrategyKind::Lora);
    check("bitfit", &[(1, What::Thaw)], &["biases"], &|config| config.strategy.kind = StrategyKind::BitFit);
    let nothing = |config: &mut RunConfig| config.data.eval_fraction = Some(0.0);
    check("nothing", &[(1, What::Evaluate)], &["nothing is held out"], &nothing);
    check("disk", &[(1, rate(1e-4)), (2, What::Thaw)], &["the disk is full", "the disk is full"], &|_| {});
}

#[test]
fn the_best_weights_are_those_before_a_layer_was_thawed_where_they_were_better() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    (config.strategy.kind, config.strategy.top_layers) = (StrategyKind::Top, 1);
    (config.optim.lr, config.run.epochs, config.run.keep_checkpoints) = (1e-2, 20.0, 2);
    (config.run.eval_every, config.run.keep_best) = (Every::Steps(1), "accuracy".into());
    let (plain, _) = quiet(&at(&config, "plain"), &[]);
    let best = plain.ending.best_step.unwrap();
    assert_eq!(plain.ending.metrics["accuracy"], 1.0, "nothing is better than that");
    let last = What::StopAfter(LastEpoch::Number(best / 3 + 2));
    let (outcome, told) = quiet(&config, &[(best, What::Thaw), (best, last)]);
    assert_eq!((outcome.ending.best_step, refusals(&told).len()), (Some(best), 0));
    let base = weights(&config, config.model.path.as_deref().unwrap());
    let last = kept::states(&config.run.out).pop().unwrap();
    assert!(last.step > best);
    assert_eq!(changed(&base, &weights(&config, &last.dir)), ["layers.1", "layers.2", "head"]);
    assert_eq!(changed(&base, &weights(&config, &config.run.out.join("model"))), ["layers.2", "head"]);
}
