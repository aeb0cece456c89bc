//! A run that was stopped, killed or cut off goes on as if it had never been: the same losses, the same evaluations, the
//! same weights to the last bit.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use attune::model::Decisions;
use attune::random::{Purpose, Stream, key};
use attune::stop::Stop;
use attune::task::Task;
use attune::train::config::{Dropout, Every, RunConfig, ScheduleKind, StrategyKind};
use attune::train::event::TrainEvent;
use attune::train::prepare::{device, open_model};
use attune::train::run::{self, Opened, Recorder, RunFolder, RunStatus};
use attune::train::{Outcome, TrainError, prepare, train_from};
use attune::worker::protocol::{Command as Asked, Control, EventKind, JobId};
use serde_json::Value;

use crate::models_match_the_reference::golden;
use crate::worker_keeps_its_word;

/// A short run with everything in it that could go wrong when it is cut: dropout, a warm-up, updates in parts,
/// evaluations within and between epochs.
pub fn config(folder: &Path) -> RunConfig {
    let mut config = worker_keeps_its_word::config(folder, 40);
    config.optim.warmup = 0.2;
    config.run.epochs = 2.5;
    config.run.micro_batch = Some(3);
    config.run.dropout = Dropout::Rate(0.2);
    config.run.eval_every = Every::Steps(3);
    config
}

/// Whether to go on, asked between two micro-batches and within evaluations.
pub type GoOn<'a> = &'a mut dyn FnMut() -> bool;

pub fn go(
    config: &RunConfig,
    resume: bool,
    go_on: GoOn<'_>,
    on_event: &mut dyn FnMut(&TrainEvent),
) -> Result<Outcome, TrainError> {
    let goes_on = run::check_folder(config, resume)?;
    let data = prepare(config, &mut |_, _, _| ControlFlow::Continue(()))?.unwrap();
    let (model, _) = open_model(config, &data.labels, &device(config.run.device)?)?;
    let Opened { folder, checkpoint, .. } = run::open(config, goes_on, &data, &model)?;
    let mut recorder = Recorder {
        folder,
        data: &data,
        on_event: &mut |event| on_event(&event),
        on_pause: &mut || if go_on() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) },
        is_paused: &|| false,
        orders: &mut Vec::new,
        interrupt: &Stop::default,
    };
    train_from(checkpoint.as_ref(), &model, &data, config, &mut recorder)
}

pub fn whole(config: &RunConfig) -> u64 {
    let mut asked = 0;
    let mut go_on = || {
        asked += 1;
        true
    };
    go(config, false, &mut go_on, &mut |_| {}).unwrap();
    asked
}

/// Stops when it is asked for the `times`th time whether to go on; says whether the run was done before.
pub fn part(config: &RunConfig, times: u64) -> bool {
    let mut left = times;
    let mut go_on = || {
        left = left.saturating_sub(1);
        left > 0
    };
    !go(config, true, &mut go_on, &mut |_| {}).unwrap().stopped
}

/// All that must be the same of two runs: the steps and evaluations as they were logged, how it ended, and the files.
fn result(dir: &Path) -> (Vec<Value>, Vec<u8>, Option<Vec<u8>>) {
    let log = fs::read_to_string(dir.join("events.jsonl")).unwrap();
    let mut events = Vec::new();
    for line in log.lines() {
        let mut event: Value = serde_json::from_str(line).unwrap();
        if !["step", "eval", "finished", "unfroze"].contains(&event["event"].as_str().unwrap()) {
            continue;
        }
        for measured in ["tokens_per_sec", "seconds", "peak_memory_bytes"] {
            event.as_object_mut().unwrap().remove(measured);
        }
        events.push(event);
    }
    assert!(events.last().is_some_and(|event| event["event"] == "finished"), "{log}");
    assert!(!dir.join("checkpoint").exists(), "a finished run needs no checkpoint");
    (events, fs::read(dir.join("model/model.safetensors")).unwrap(), fs::read(dir.join("evaluation.json")).ok())
}

pub fn assert_same(expected: &Path, found: &Path, what: &str) {
    let (events, weights, evaluation) = result(expected);
    let (events_found, weights_found, evaluation_found) = result(found);
    assert_eq!(events.len(), events_found.len(), "{what}");
    for (one, two) in events.iter().zip(&events_found) {
        assert_eq!(one, two, "{what}");
    }
    assert!(weights == weights_found, "{what}: the weights differ");
    assert!(evaluation == evaluation_found, "{what}: the evaluations differ");
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// Every file below a folder with its content, but the lock.
pub fn content(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(content(&path));
        } else if !path.ends_with(".lock") {
            found.push((path.clone(), fs::read(path).unwrap()));
        }
    }
    found.sort();
    found
}

pub fn newest(dir: &Path) -> PathBuf {
    let folders = fs::read_dir(dir.join("checkpoint")).unwrap().map(|entry| entry.unwrap().path());
    folders.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("step-")).max().unwrap()
}

/// Runs once without a stop and then in pieces, which are cut at places drawn from chance.
pub fn check(name: &str, change: impl Fn(&mut RunConfig)) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    change(&mut config);
    let expected = config.run.out.clone();
    let asked = whole(&config);
    let mut chance = Stream::new(key(7, Purpose::Shuffle, &[name.len() as u64]));
    for round in 0..3 {
        config.run.out = folder.path().join(format!("again-{round}"));
        let mut parts = vec![];
        loop {
            parts.push(1 + chance.next_u64() % (asked / 2));
            if part(&config, parts[parts.len() - 1]) {
                break;
            }
            assert!(parts.len() < 200, "{name}: the run gets nowhere");
        }
        assert_same(&expected, &config.run.out, &format!("{name}, cut after {parts:?} of {asked}"));
    }
}

#[test]
fn a_run_that_was_stopped_anywhere_ends_as_one_that_was_not() {
    check("everything trained", |_| {});
    check("texts of similar length together, by tokens", |config| {
        config.run.bucket = true;
        config.run.batch_tokens = Some(60);
        config.optim.schedule = ScheduleKind::Cosine;
        config.optim.layer_decay = 0.8;
        config.run.eval_every = Every::Epoch;
    });
    check("patience, judged by accuracy", |config| {
        config.run.epochs = 30.0;
        config.run.patience = 2;
        config.run.keep_best = "accuracy".into();
    });
    check("nothing held out", |config| config.data.eval_fraction = Some(0.0));
}

#[test]
fn frozen_weights_need_no_checkpoint_and_their_cache_none_either() {
    check("the head alone", |config| config.strategy.kind = StrategyKind::Head);
    check("the top layer", |config| {
        config.strategy.kind = StrategyKind::Top;
        config.strategy.top_layers = 1;
    });
    check("words hidden above a frozen encoder", |config| {
        config.strategy.kind = StrategyKind::Head;
        config.data.hide_words = 0.25;
    });
    check("a layer in the middle, shared weights", |config| {
        config.strategy.kind = StrategyKind::Custom;
        config.strategy.frozen = vec!["embeddings".into()];
        config.model.path = Some(golden().join("albert-classify"));
    });
}

#[test]
fn texts_with_hidden_words_are_drawn_anew_and_never_taken_for_the_whole_ones() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, hide_words: f64, cache: bool| {
        let mut config = config(folder.path());
        config.run.out = folder.path().join(name);
        (config.strategy.kind, config.strategy.cache) = (StrategyKind::Head, cache);
        config.data.hide_words = hide_words;
        whole(&config);
        config.run.out
    };
    let (cached, anew, none) = (run("cached", 0.4, true), run("anew", 0.4, false), run("none", 0.0, true));
    assert_same(&cached, &anew, "what a frozen encoder computes of a text is not kept where words are hidden");
    assert!(result(&anew).1 != result(&none).1, "it learns something else");
    let kept = run::kept_config(&anew).unwrap();
    assert_eq!(kept.data.hide_words, 0.4, "it is kept with the run");
}

#[test]
fn every_task_goes_on_exactly() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples");
    for (task, model, data) in [
        (Task::Ner, "bert-ner", "entities-dev.conll"),
        (Task::Qa, "bert-qa", "questions-dev.json"),
        (Task::Mlm, "roberta-mlm", "prose.txt"),
        (Task::Nsp, "bert-nsp", "prose.txt"),
        (Task::Rtd, "electra-rtd", "prose.txt"),
    ] {
        check(task.name(), |config| {
            config.task = task;
            config.model.path = Some(golden().join(model));
            config.data.train = samples.join(data).into();
            config.data.eval_fraction = Some(0.1);
            (config.data.max_tokens, config.data.stride) = (48, 16);
            config.run.max_steps = Some(7);
        });
    }
}

#[test]
fn what_is_beside_the_weights_is_that_of_the_best_weights() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.task = Task::Rtd;
    config.model.path = Some(golden().join("electra-rtd"));
    config.data.train = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/prose.txt").into();
    config.data.eval_fraction = Some(0.1);
    config.data.max_tokens = 48;
    config.run.max_steps = Some(5);
    config.run.eval_every = Every::Steps(1);
    config.run.checkpoint_minutes = 1e-9;
    let (out, model) = (config.run.out.clone(), config.run.out.join("model"));
    let decided = Decisions { no_answer: Some(0.25), ..Decisions::default() };
    let mut saved = None;
    let mut killed = Vec::new();
    go(&config, false, &mut || true, &mut |event| {
        let TrainEvent::Checkpoint { path, .. } = event else { return };
        if *path != model {
            if saved.is_none() {
                // Killed with the best weights in the folder: what was decided for them stays.
                let to = folder.path().join("decided");
                copy(&out, &to);
                decided.write(&to.join("model")).unwrap();
            }
            saved = Some(content(&model));
        } else if let Some(saved) = &saved {
            // Better weights were kept, and then the run was killed before its next checkpoint.
            let to = folder.path().join(format!("killed-{}", killed.len()));
            copy(&out, &to);
            decided.write(&to.join("model")).unwrap();
            killed.push((to, saved.clone()));
        }
    })
    .unwrap();
    config.run.out = folder.path().join("decided");
    assert!(go(&config, true, &mut || false, &mut |_| {}).unwrap().stopped);
    assert_eq!(Decisions::read(&config.run.out.join("model")).unwrap(), decided);
    assert!(!killed.is_empty());
    for (killed, expected) in killed {
        config.run.out.clone_from(&killed);
        assert!(go(&config, true, &mut || false, &mut |_| {}).unwrap().stopped);
        let found = content(&killed.join("model"));
        assert_eq!(found.len(), expected.len());
        for ((path, bytes), (expected_path, expected_bytes)) in found.iter().zip(&expected) {
            assert!(path.ends_with(expected_path.strip_prefix(&model).unwrap()));
            assert!(bytes == expected_bytes, "{} is of other weights", path.display());
        }
    }
}

#[test]
fn blocks_that_join_one_after_the_other_do_so_at_the_same_steps() {
    check("a block an epoch", |config| config.strategy.kind = StrategyKind::Gradual);
    check("a block every two steps, judged by accuracy", |config| {
        config.strategy.kind = StrategyKind::Gradual;
        config.strategy.unfreeze_every = Every::Steps(2);
        config.run.keep_best = "accuracy".into();
        config.run.eval_every = Every::Steps(1);
    });
}

#[test]
fn what_joins_later_is_frozen_until_then_and_counts_among_what_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.strategy.kind = StrategyKind::Gradual;
    config.strategy.unfreeze_every = Every::Steps(3);
    // Nothing held out: the last weights are the ones that stay.
    config.data.eval_fraction = Some(0.0);
    config.run.max_steps = Some(11);
    let mut told = Vec::new();
    go(&config, false, &mut || true, &mut |event| told.push(event.clone())).unwrap();
    let joined: Vec<(u64, String)> = told
        .iter()
        .filter_map(|event| match event {
            TrainEvent::Unfroze { step, blocks, .. } => Some((*step, blocks.join(" "))),
            _ => None,
        })
        .collect();
    let expected = [(3, "layers.2"), (6, "layers.1"), (9, "layers.0")].map(|(step, block)| (step, block.to_owned()));
    assert_eq!(joined, expected);
    let TrainEvent::Started { trainable, parameters, .. } = &told[0] else { panic!("{told:?}") };
    let data = prepare(&config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
    let (before, _) = open_model(&config, &data.labels, &device(config.run.device).unwrap()).unwrap();
    let embeddings: usize = before
        .params
        .iter()
        .filter(|param| param.block == attune::model::Block::Embeddings)
        .map(|param| param.count())
        .sum();
    assert_eq!(*trainable + embeddings as u64, *parameters, "the run ends before the embeddings join");

    // The embeddings never changed; what joined did.
    let after = attune::model::files::TensorFiles::open_file(&config.run.out.join("model/model.safetensors")).unwrap();
    for param in before.params.iter().filter(|param| param.name.ends_with("weight")) {
        let same = after.read_f32(&param.stored_name).unwrap() == param.host().unwrap().to_vec();
        assert_eq!(same, param.block == attune::model::Block::Embeddings, "{}", param.name);
    }
}

#[test]
fn a_run_that_was_killed_between_any_two_events_ends_as_one_that_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.run.checkpoint_minutes = 1e-9;
    let (out, mut events) = (config.run.out.clone(), 0);
    let mut copies = Vec::new();
    go(&config, false, &mut || true, &mut |_| {
        events += 1;
        // What is on the disk now is what a kill would leave.
        if events % 5 == 1 {
            copies.push(folder.path().join(format!("killed-{events}")));
            copy(&out, copies.last().unwrap());
        }
    })
    .unwrap();
    assert!(copies.len() > 5, "{events}");
    for killed in copies {
        config.run.out.clone_from(&killed);
        if fs::read_to_string(killed.join("events.jsonl")).unwrap().contains("\"finished\"") {
            continue;
        }
        let summary = run::read(&killed).unwrap().summary;
        assert_eq!(summary.status, RunStatus::Open);
        assert_eq!(summary.seconds > 0.0, summary.step > 0, "it took time, though it could not say how much");
        go(&config, true, &mut || true, &mut |_| {}).unwrap();
        assert_same(&out, &killed, &killed.display().to_string());
    }
}

/// A run that was killed with two checkpoints on the disk, and the same run whole.
pub fn killed(folder: &Path) -> (RunConfig, PathBuf) {
    let mut config = config(folder);
    let whole_run = config.run.out.clone();
    whole(&config);
    config.run.checkpoint_minutes = 1e-9;
    config.run.out = folder.join("stopped");
    assert!(!part(&config, 25));
    (config, whole_run)
}

/// What was done to a run's folder, whether it can be gone on with, and how it is done.
type Damage<'a> = (&'a str, bool, &'a dyn Fn(&Path));

#[test]
fn a_checkpoint_that_was_cut_off_or_damaged_is_passed_over_for_the_one_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut config, whole_run) = killed(folder.path());
    let stopped = config.run.out.clone();
    let damage: [Damage<'_>; 7] = [
        ("killed while a new one was written", false, &|dir| {
            let unfinished = dir.join("checkpoint/.unfinished");
            copy(&newest(dir), &unfinished);
            cut(&unfinished.join("state.safetensors"), 2);
            fs::remove_file(unfinished.join("state.json")).unwrap();
        }),
        ("weights cut off", true, &|dir| cut(&newest(dir).join("state.safetensors"), 2)),
        ("a bit turned in the weights", true, &|dir| turn(&newest(dir).join("state.safetensors"), 3)),
        ("a bit turned in the best", true, &|dir| turn(&newest(dir).join("best.safetensors"), 2)),
        ("a letter turned in the state", true, &|dir| turn(&newest(dir).join("state.json"), 5)),
        ("the state cut off", true, &|dir| cut(&newest(dir).join("state.json"), 3)),
        ("the evaluation gone", true, &|dir| fs::remove_file(newest(dir).join("evaluation.json")).unwrap()),
    ];
    for (number, (what, is_told, damage)) in damage.into_iter().enumerate() {
        config.run.out = folder.path().join(format!("damaged-{number}"));
        copy(&stopped, &config.run.out);
        damage(&config.run.out);
        let mut warnings = Vec::new();
        go(&config, true, &mut || true, &mut |event| {
            if let TrainEvent::Warning { message, .. } = event {
                warnings.push(message.clone());
            }
        })
        .unwrap();
        assert_eq!(warnings.iter().any(|message| message.contains("damaged")), is_told, "{what}: {warnings:?}");
        assert_same(&whole_run, &config.run.out, what);
    }
}

#[test]
fn a_run_without_a_whole_checkpoint_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (config, _) = killed(folder.path());
    let out = &config.run.out;
    for entry in fs::read_dir(out.join("checkpoint")).unwrap() {
        cut(&entry.unwrap().path().join("state.safetensors"), 2);
    }
    let before = content(out);
    let error = go(&config, true, &mut || true, &mut |_| {}).unwrap_err();
    assert!(matches!(error, TrainError::Damaged { .. }), "{error}");
    assert_eq!(before, content(out));
}

/// Sends a signal to a process, as a terminal does.
#[cfg(unix)]
pub fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_run_after_its_step_and_loses_nothing() {
    use std::io::{BufRead, BufReader};

    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.run.epochs = 400.0;
    let file = folder.path().join("run.toml");
    fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
    let train = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
        command.arg("train").arg(&file).args(["--events", "-"]).args(more);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut steps = Vec::new();
    for more in [&[][..], &["--resume"]] {
        let mut child = train(more);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut events: Vec<Value> = Vec::new();
        let goal = steps.last().map_or(5, |last: &u64| last + 5);
        for line in lines {
            events.push(serde_json::from_str(&line.unwrap()).unwrap());
            if events.last().unwrap()["step"] == goal && events.last().unwrap()["event"] == "step" {
                signal(&child, "-INT");
            }
        }
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        let last = events.last().unwrap();
        assert_eq!(last["event"], "stopped", "{last}");
        let step = last["step"].as_u64().unwrap();
        assert!(step >= goal && step < 400, "{step}");
        assert!(said.contains(&format!("stopped after step {step} with the best weights kept in")), "{said}");
        let losses: Vec<f64> = events
            .iter()
            .filter(|event| event["event"] == "step")
            .map(|event| event["loss"].as_f64().unwrap())
            .collect();
        assert_eq!(losses.len() as u64, step, "every step is told once, those before the resume too");
        steps.push(step);
    }
}

pub fn cut(path: &Path, part: usize) {
    let bytes = fs::read(path).unwrap();
    // Not through the name: the file may be linked.
    fs::remove_file(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / part]).unwrap();
}

pub fn turn(path: &Path, part: usize) {
    let mut bytes = fs::read(path).unwrap();
    let place = bytes.len() - bytes.len() / part;
    bytes[place] ^= 1;
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn other_data_another_model_and_other_settings_are_refused_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let model = folder.path().join("model");
    copy(&golden().join("bert-classify"), &model);
    config.model.path = Some(model.clone());
    config.strategy.kind = StrategyKind::Head;
    assert!(!part(&config, 25));
    let before = content(&config.run.out);
    let data = config.data.train.place().into_owned();
    let (text, weights) = (fs::read_to_string(&data).unwrap(), fs::read(model.join("model.safetensors")).unwrap());
    let refused = |config: &RunConfig, words: &[&str]| {
        let error = go(config, true, &mut || true, &mut |_| {}).unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{error}");
        }
        assert_eq!(before, content(&config.run.out), "{error}");
    };
    fs::write(&data, format!("{text}one more row,good\n")).unwrap();
    refused(&config, &["the data are not those", "30 training examples", "31", "is another file"]);
    fs::write(&data, text.replacen("the soup was", "the soup is", 1)).unwrap();
    refused(&config, &["the data are not those", "other texts"]);
    fs::write(&data, &text).unwrap();

    turn(&model.join("model.safetensors"), 2);
    refused(&config, &["the model is not the one"]);
    fs::write(model.join("model.safetensors"), weights).unwrap();

    let mut other = config.clone();
    other.optim.lr = 1e-3;
    refused(&other, &["optim.lr is 0.001 but was 0.005"]);

    // What changes no result may change.
    config.run.log_every = 2;
    config.run.checkpoint_minutes = 1.0;
    go(&config, true, &mut || true, &mut |_| {}).unwrap();
    let error = go(&config, true, &mut || true, &mut |_| {}).unwrap_err();
    assert!(matches!(error, TrainError::AlreadyFinished { .. }), "{error}");
}

#[test]
fn two_processes_never_write_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let held = RunFolder::create(&config).unwrap();
    assert!(matches!(run::check_folder(&config, true), Err(TrainError::Busy { .. })));
    assert!(run::delete(&config.run.out).is_err());
    drop(held);
    assert!(run::check_folder(&config, true).unwrap());
    assert!(matches!(run::check_folder(&config, false), Err(TrainError::FolderTaken { .. })));
}

#[test]
fn a_run_may_be_told_to_write_no_checkpoints_and_begins_again_then() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let expected = config.run.out.clone();
    whole(&config);
    config.run.checkpoint_minutes = 0.0;
    config.run.out = folder.path().join("again");
    assert!(!part(&config, 25));
    let found = run::find(folder.path());
    let summary = found.iter().find(|run| run.name == "again").unwrap();
    assert_eq!((summary.status, summary.checkpoint), (RunStatus::Stopped, None));
    assert!(part(&config, u64::MAX));
    assert_same(&expected, &config.run.out, "from the beginning");
}

#[test]
fn the_worker_tells_a_run_that_goes_on_from_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let expected = folder.path().join("whole");
    whole(&RunConfig {
        run: attune::train::config::RunOptions { out: expected.clone(), ..config.run.clone() },
        ..config.clone()
    });
    let client = attune::worker::spawn(Arc::new(|_| {})).unwrap();
    let events = |job: JobId, stop_at: Option<u64>| {
        let mut told = Vec::new();
        loop {
            let event = client.events.recv_timeout(Duration::from_mins(2)).expect("the job ends");
            assert_eq!(event.job, job);
            match event.kind {
                EventKind::Train(event) => {
                    if stop_at.is_some() && matches!(&*event, TrainEvent::Step(step) if Some(step.step) == stop_at) {
                        client.commands.send(Asked::Control { job, control: Control::Stop }).unwrap();
                    }
                    told.push(*event);
                }
                EventKind::Done | EventKind::Stopped => return told,
                EventKind::Failed { message, .. } => panic!("{message}"),
                _ => {}
            }
        }
    };
    // Wherever the stop reaches the loop, if it does at all, the run is the same.
    client.commands.send(Asked::Train { job: JobId(1), config: Box::new(config.clone()) }).unwrap();
    let first = events(JobId(1), Some(2));
    if matches!(first.last(), Some(TrainEvent::Stopped(_))) {
        client.commands.send(Asked::Resume { job: JobId(2), dir: config.run.out.clone() }).unwrap();
        let told = events(JobId(2), None);
        assert!(matches!(told[0], TrainEvent::Started { .. }), "{told:?}");
        assert_eq!(told.iter().filter(|event| matches!(event, TrainEvent::Resumed { .. })).count(), 1);
        let steps: Vec<u64> = told
            .iter()
            .filter_map(|event| if let TrainEvent::Step(step) = event { Some(step.step) } else { None })
            .collect();
        assert_eq!(steps, (1..=steps.len() as u64).collect::<Vec<_>>(), "every step once");
    }
    assert_same(&expected, &config.run.out, "through the worker");
}

fn attune(config: &Path, resume: bool) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    command.arg("train").arg(config).args(resume.then_some("--resume"));
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_process_that_is_killed_again_and_again_trains_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.run.epochs = 30.0;
    config.run.checkpoint_minutes = 1e-4;
    let expected = config.run.out.clone();
    whole(&config);
    config.run.out = folder.path().join("killed");
    let (path, log) = (folder.path().join("run.toml"), config.run.out.join("events.jsonl"));
    fs::write(&path, toml::to_string(&config).unwrap()).unwrap();
    let steps = || fs::read_to_string(&log).unwrap_or_default().matches("\"event\":\"step\"").count();
    let mut resume = false;
    for at in [1, 9, 20, 33, 50, 70] {
        let mut child = attune(&path, resume);
        while steps() < at && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        // Where the run is faster than this thread there is nothing left to kill.
        child.kill().unwrap();
        child.wait().unwrap();
        resume = true;
        if fs::read_to_string(&log).unwrap_or_default().contains("\"event\":\"finished\"") {
            break;
        }
    }
    let last = attune(&path, true).wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&last.stderr);
    assert!(last.status.success() || errors.contains("is finished"), "{errors}");
    fs::remove_dir_all(config.run.out.join("checkpoint")).ok();
    assert_same(&expected, &config.run.out, "killed");
}
