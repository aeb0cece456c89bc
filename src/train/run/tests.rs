//! Every write, sync, rename, cut, removal and reading back of a run is made to fail, once and for ever. Whatever fails, a
//! run that says it is finished has the weights and numbers of one that nothing happened to, and one that failed goes on to
//! them.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use candle_core::Device;
use serde_json::Value;

use super::{Opened, Recorder, as_it_began, check_folder, damage, kept_config, open};
use crate::data::Roles;
use crate::files::with_failing;
use crate::model::{Products, kept};
use crate::stop::Stop;
use crate::task::Task;
use crate::train::columns::{Learned, columns};
use crate::train::config::{Every, RunConfig, RunOptions, StrategyKind};
use crate::train::event::TrainEvent;
use crate::train::folds::of_fold;
use crate::train::prepare::open_model;
use crate::train::{Outcome, Prepared, TrainError, prepare, train_from};

fn in_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A short run with an evaluation and a checkpoint at nearly every step.
fn config(folder: &Path) -> RunConfig {
    let data = folder.join("reviews.csv");
    let row = |row: usize| {
        let (word, label) = if row.is_multiple_of(2) { ("wonderful", "good") } else { ("endless", "bad") };
        format!("the soup {row} was {word},{label}\n")
    };
    fs::write(&data, format!("text,label\n{}", (0..12).map(row).collect::<String>())).unwrap();
    let text = format!("task = \"classify\"\n[model]\n[data]\ntrain = {data:?}\neval_fraction = 0.25\n");
    let mut config: RunConfig = toml::from_str(&text).unwrap();
    config.model.path = Some(in_project("tests/golden/bert-classify"));
    config.optim.lr = 5e-3;
    config.run.batch = 3;
    config.run.max_steps = Some(5);
    config.run.eval_every = Every::Steps(2);
    config.run.checkpoint_minutes = 1e-9;
    config.run.out = folder.join("run");
    config
}

/// Runs, or goes on, after what needs no writing.
fn go(config: &RunConfig, data: &Prepared, resume: bool, stop_after: u64) -> Result<Outcome, TrainError> {
    let goes_on = check_folder(config, resume)?;
    let (model, _) = open_model(config, &data.labels, &Device::Cpu)?;
    let Opened { folder, checkpoint, .. } = open(config, goes_on, data, &model)?;
    let steps = std::cell::Cell::new(0);
    let mut recorder = Recorder {
        folder,
        data,
        on_event: &mut |event| {
            if let TrainEvent::Step(step) = event {
                steps.set(step.step);
            }
        },
        on_pause: &mut || {
            if steps.get() < stop_after { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        },
        is_paused: &|| false,
        orders: &mut Vec::new,
        interrupt: &Stop::default,
    };
    train_from(checkpoint.as_ref(), &model, data, config, &mut recorder)
}

/// All that must be the same of two finished runs: what they tell, and every file of the model with its report.
type Told = (Vec<Value>, BTreeMap<PathBuf, Vec<u8>>);

fn told(dir: &Path) -> Result<Told, String> {
    let log = fs::read_to_string(dir.join("events.jsonl")).map_err(|error| format!("no log: {error}"))?;
    let mut events = Vec::new();
    // A last line without an end was cut off.
    for line in log.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let mut event: Value = serde_json::from_str(line).map_err(|error| format!("{error} in {line}"))?;
        if !["step", "eval", "finished"].contains(&event["event"].as_str().unwrap()) {
            continue;
        }
        for measured in ["tokens_per_sec", "seconds", "peak_memory_bytes"] {
            event.as_object_mut().unwrap().remove(measured);
        }
        events.push(event);
    }
    let mut files = BTreeMap::new();
    for folder in ["model", "model/generator"].map(|name| dir.join(name)) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_file() {
                files.insert(path.strip_prefix(dir).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files.extend(fs::read(dir.join("evaluation.json")).ok().map(|report| ("evaluation.json".into(), report)));
    match damage(dir).first() {
        Some(damage) => Err(damage.clone()),
        None => Ok((events, files)),
    }
}

/// What became of the runs to which something happened.
#[derive(Debug, Default)]
struct Table {
    faults: usize,
    /// Finished all the same, as if nothing had happened.
    finished: usize,
    /// Failed, and went on to the same end.
    resumed: usize,
    /// Failed, and was refused when it was to go on.
    refused: Vec<String>,
    /// Said it was finished, or went on, and has something else.
    silent: Vec<String>,
}

impl Table {
    fn add(
        &mut self,
        what: &str,
        outcome: &Result<Outcome, TrainError>,
        again: &RunConfig,
        data: &Prepared,
        whole: &Told,
    ) {
        self.faults += 1;
        let says_finished = outcome.is_ok();
        let resumed = if says_finished { Ok(()) } else { go(again, data, true, u64::MAX).map(drop) };
        let has = match resumed {
            // The last thing that failed was to say so.
            Ok(()) | Err(TrainError::AlreadyFinished { .. }) => told(&again.run.out),
            Err(error) => return self.refused.push(format!("{what}: {error}")),
        };
        match has {
            Ok(has) if has == *whole && says_finished => self.finished += 1,
            Ok(has) if has == *whole => self.resumed += 1,
            Ok((events, _)) => self.silent.push(format!("{what}: {outcome:?}, then {events:?}")),
            Err(reason) => self.silent.push(format!("{what}: {outcome:?}, then {reason}")),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let place = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &place);
        } else {
            fs::copy(path, place).unwrap();
        }
    }
}

/// Lets operations of a run fail, `count` of them spread evenly over all; of one that goes on where `stopped_after` a
/// step.
fn check(name: &str, count: usize, stopped_after: Option<u64>, change: impl Fn(&mut RunConfig)) -> Table {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    change(&mut config);
    let data = prepare(&config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
    let (whole_run, begun) = (config.run.out.clone(), folder.path().join("begun"));
    let (outcome, mut operations) = with_failing(None, false, || go(&config, &data, false, u64::MAX));
    assert!(!outcome.unwrap().stopped);
    let whole = told(&whole_run).unwrap();
    assert!(whole.1.contains_key(Path::new("model/model.safetensors")));
    if let Some(step) = stopped_after {
        config.run.out.clone_from(&begun);
        assert!(go(&config, &data, false, step).unwrap().stopped);
        config.run.out = folder.path().join("counted");
        copy(&begun, &config.run.out);
        let (outcome, of_rest) = with_failing(None, false, || go(&config, &data, true, u64::MAX));
        assert!(!outcome.unwrap().stopped);
        operations = of_rest;
    }
    let mut table = Table::default();
    let every = operations.len().div_ceil(count).max(1);
    for (for_ever, first) in [(false, 0), (true, every / 2)] {
        for at in (first..operations.len()).step_by(every) {
            config.run.out = folder.path().join("disturbed");
            fs::remove_dir_all(&config.run.out).ok();
            if stopped_after.is_some() {
                copy(&begun, &config.run.out);
            }
            let resume = stopped_after.is_some();
            let (outcome, _) = with_failing(Some(at), for_ever, || go(&config, &data, resume, u64::MAX));
            let kind = if for_ever { "for ever" } else { "once" };
            let what = format!("{name}, {:?} {at} of {} {kind}", operations[at], operations.len());
            table.add(&what, &outcome, &config, &data, &whole);
        }
    }
    table
}

#[test]
fn a_run_that_goes_on_keeps_the_states_that_it_would_have_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.strategy.kind = StrategyKind::Gradual;
    config.strategy.unfreeze_every = Every::Steps(2);
    config.run.keep_checkpoints = 4;
    let data = prepare(&config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
    let states = |dir: &Path| {
        let read = |state: &kept::State| (state.step, fs::read(state.dir.join("trained.safetensors")).unwrap());
        kept::states(dir).iter().map(read).collect::<Vec<_>>()
    };
    go(&config, &data, false, u64::MAX).unwrap();
    let whole = states(&config.run.out);
    assert_eq!(whole.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [0, 2, 3, 5]);
    assert!(whole.iter().all(|(_, bytes)| bytes.len() == whole[0].1.len()), "what joins later is in all of them");
    config.run.out = folder.path().join("stopped");
    assert!(go(&config, &data, false, 2).unwrap().stopped);
    // What a killed run had come to after its checkpoint is forgotten, and what was half written is passed over.
    let later = kept::state_folder(&config.run.out, 3);
    copy(&kept::state_folder(&config.run.out, 2), &later);
    copy(&later, &kept::states_folder(&config.run.out).join(".unfinished"));
    assert!(!go(&config, &data, true, u64::MAX).unwrap().stopped);
    assert_eq!(states(&config.run.out), whole);
}

/// A run over rows with a column of parts that divided nothing, as an earlier version wrote it.
fn earlier_run(config: &mut RunConfig) -> Prepared {
    let path = config.data.train.place().into_owned();
    let rows = fs::read_to_string(&path).unwrap();
    let part = |place: usize| if place == 0 { "split" } else { ["train", "train", "test"][place % 3] };
    let rows: String = rows.lines().enumerate().map(|(place, row)| format!("{row},{}\n", part(place))).collect();
    fs::write(&path, rows).unwrap();
    config.data.columns = Roles { text: Some("text".into()), label: Some("label".into()), ..Roles::default() };
    let mut undivided = config.clone();
    undivided.data.columns.split = Some(String::new());
    prepare(&undivided, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap()
}

#[test]
fn a_run_that_knew_no_column_of_parts_goes_on_with_the_rows_that_it_began_with() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let data = earlier_run(&mut config);
    assert_eq!((data.train.len(), data.eval.len()), (9, 3));
    assert!(go(&config, &data, false, 2).unwrap().stopped);
    let kept = fs::read_to_string(config.run.out.join("run.toml")).unwrap();
    assert!(!kept.contains("split"), "{kept}");
    let again = as_it_began(&config).unwrap();
    let now = prepare(&again, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
    assert_eq!((now.train.len(), now.eval.len()), (9, 3));
    assert!(!go(&again, &now, true, u64::MAX).unwrap().stopped);
    // What a model learned from is read by the same columns elsewhere, of which that is none.
    let learned = Learned::of(&config.run.out.join("model")).unwrap();
    let table = crate::table::Table::from_bytes(Path::new("a.csv"), b"text,label\na b,good\n".to_vec()).unwrap();
    let read = columns(Some(&learned), &Roles::default(), &table, Task::Classify);
    assert_eq!((read.roles.split, read.missing), (None, Vec::<String>::new()));
}

#[test]
fn all_folds_of_a_run_divide_the_rows_that_the_first_one_did() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let data = earlier_run(&mut config);
    config.run.folds = 3;
    let mut first = of_fold(&config, 1);
    assert_eq!(first.data.columns, config.data.columns);
    first.data.columns = data.columns.clone();
    first.data.columns.split = None;
    assert!(go(&first, &data, false, 2).unwrap().stopped);
    assert_eq!(of_fold(&config, 2).data.columns.split.as_deref(), Some(""));
    assert_eq!(kept_config(&first.run.out).unwrap().data.columns.split.as_deref(), Some(""));
}

#[expect(clippy::print_stdout, reason = "what became of the runs is worth reading")]
#[test]
fn whatever_cannot_be_written_a_run_never_says_that_it_has_what_it_has_not() {
    // Says how many operations of each run are tried; all of them would take minutes.
    let count = std::env::var("ATTUNE_FAULTS").ok().and_then(|count| count.parse().ok()).unwrap_or(16);
    let tables = [
        ("everything trained", check("everything trained", count, None, |_| {})),
        (
            "the head alone",
            check("the head alone", count, None, |config| {
                config.strategy.kind = StrategyKind::Head;
                config.run.keep_checkpoints = 2;
            }),
        ),
        ("nothing held out", check("nothing held out", count, None, |config| config.data.eval_fraction = Some(0.0))),
        ("no checkpoints", check("no checkpoints", count, None, |config| config.run.checkpoint_minutes = 0.0)),
        (
            "with a generator",
            check("with a generator", count, None, |config| {
                config.task = Task::Rtd;
                config.model.path = Some(in_project("tests/golden/electra-rtd"));
                let text = fs::read_to_string(in_project("assets/samples/prose.txt")).unwrap();
                let lines: Vec<&str> = text.lines().take(60).collect();
                let prose = config.data.train.place().with_file_name("prose.txt");
                fs::write(&prose, lines.join("\n")).unwrap();
                config.data.train = prose.into();
                config.data.max_tokens = 16;
                config.run.max_steps = Some(3);
                config.run.eval_every = Every::Steps(1);
            }),
        ),
        (
            "gone on with",
            check("gone on with", count, Some(3), |config| {
                config.strategy.kind = StrategyKind::Top;
                config.strategy.top_layers = 1;
            }),
        ),
    ];
    for (name, table) in &tables {
        let Table { faults, finished, resumed, refused, silent } = table;
        let (refused, silent) = (refused.len(), silent.len());
        println!(
            "{name}: {faults} faults, {finished} finished whole, {resumed} resumed, {refused} refused, {silent} silent"
        );
    }
    let silent: Vec<&String> = tables.iter().flat_map(|(_, table)| &table.silent).collect();
    assert!(silent.is_empty(), "{} of the faults were silent: {silent:#?}", silent.len());
    let refused: Vec<&String> = tables.iter().flat_map(|(_, table)| &table.refused).collect();
    assert!(refused.is_empty(), "{} of the runs cannot go on: {refused:#?}", refused.len());
    assert!(tables.iter().all(|(_, table)| table.finished > 0 && table.resumed > 0), "{tables:#?}");
}

#[test]
fn a_run_in_bf16_goes_on_to_the_same_bits_on_other_threads_and_in_no_other_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let exact = config(folder.path());
    let data = prepare(&exact, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
    let [mut whole, mut parted] = [(); 2].map(|()| exact.clone());
    (whole.run.precision, whole.run.out) = (Products::Bf16, folder.path().join("whole"));
    (parted.run.precision, parted.run.out) = (Products::Bf16, folder.path().join("parted"));
    for config in [&exact, &whole] {
        go(config, &data, false, u64::MAX).unwrap();
    }
    let expected = told(&whole.run.out).unwrap();
    assert!(told(&exact.run.out).unwrap() != expected, "nothing was rounded");
    let kept = RunConfig::read(&whole.run.out.join("run.toml")).unwrap();
    assert_eq!(kept.run.precision, Products::Bf16);

    assert!(go(&parted, &data, false, 2).unwrap().stopped);
    let other = RunConfig { run: RunOptions { precision: Products::F32, ..parted.run.clone() }, ..parted.clone() };
    let refused = go(&other, &data, true, u64::MAX).unwrap_err().to_string();
    assert!(["run.precision", "bf16", "f32"].iter().all(|word| refused.contains(word)), "{refused}");
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    alone.install(|| go(&parted, &data, true, u64::MAX)).unwrap();
    assert!(told(&parted.run.out).unwrap() == expected, "it came to another end");
}
