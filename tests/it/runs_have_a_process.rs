//! A run of the window has a process of its own. It is the run that it would be on a thread; if the process dies, the window
//! says why and goes on, and so can the run.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command as Program, Stdio};
use std::sync::Arc;
use std::time::Duration;

use attune::hub::Hub;
use attune::train::config::{Every, RunConfig};
use attune::train::event::TrainEvent;
use attune::train::run::{self, RunStatus};
use attune::ui::Screen;
use attune::ui::workspace::run::Status;
use attune::worker::apart::{ARGUMENT, Apart, Asked, Told, line};
use attune::worker::protocol::{Command, Control, EventKind, JobId, Payload};
use attune::worker::work::AnyWork;
use attune::worker::works::rate::FindRate;
use attune::worker::{Client, spawn, start_with};
use egui_kittest::kittest::Queryable;

use crate::journey::{Window, planned};
use crate::runs_resume_exactly::{assert_same, config, whole};

/// This program behind a script that writes down the number of its process, and does something before. It is written by
/// another process, because a file that this one has open for writing cannot be started by any of its threads.
fn program(folder: &Path, before: &str) -> PathBuf {
    let (path, pid) = (folder.join("attune-apart"), folder.join("pid"));
    let script =
        format!("#!/bin/sh\necho $$ > '{}'\n{before}\nexec '{}' \"$@\"\n", pid.display(), env!("CARGO_BIN_EXE_attune"));
    let write = ["-c", "printf '%s' \"$1\" > \"$0\" && chmod +x \"$0\""];
    let written = Program::new("sh").args(write).arg(&path).arg(script).status().unwrap();
    assert!(written.success());
    path
}

fn client(folder: &Path, before: &str) -> Client {
    client_of(program(folder, before))
}

fn client_of(program: PathBuf) -> Client {
    start_with(Arc::new(|_| {}), Apart::at(program)).unwrap().0
}

/// All that a job tells up to its end; `on_event` may ask something of it.
fn told(client: &Client, command: Command, mut on_event: impl FnMut(&EventKind)) -> Vec<EventKind> {
    let job = command.job();
    client.commands.send(command).unwrap();
    let mut kinds = Vec::new();
    loop {
        let event = client.events.recv_timeout(Duration::from_mins(2)).expect("the job ends");
        assert_eq!(event.job, job);
        on_event(&event.kind);
        let ended = matches!(event.kind, EventKind::Done | EventKind::Stopped | EventKind::Failed { .. });
        kinds.push(event.kind);
        if ended {
            return kinds;
        }
    }
}

fn train(config: &RunConfig) -> Command {
    Command::Train { job: JobId(1), config: Box::new(config.clone()) }
}

fn resume(config: &RunConfig) -> Command {
    Command::Resume { job: JobId(2), dir: config.run.out.clone() }
}

fn step(kind: &EventKind) -> Option<u64> {
    match kind {
        EventKind::Train(event) => match &**event {
            TrainEvent::Step(step) => Some(step.step),
            _ => None,
        },
        _ => None,
    }
}

/// Sends a signal to what the script has become, more than once where it is made light of.
fn signal(folder: &Path, name: &str) {
    let pid = fs::read_to_string(folder.join("pid")).unwrap();
    for _ in 0..if name == "SEGV" { 5 } else { 1 } {
        Program::new("kill").args([&format!("-{name}"), pid.trim()]).stderr(Stdio::null()).status().unwrap();
    }
}

fn failure(kinds: &[EventKind]) -> (&str, Option<&str>) {
    match kinds.last() {
        Some(EventKind::Failed { message, detail }) => (message, detail.as_deref()),
        other => panic!("{other:?}"),
    }
}

/// A longer run that is saved after every step.
fn saved(folder: &Path) -> RunConfig {
    let mut config = config(folder);
    config.run.epochs = 12.0;
    config.run.checkpoint_minutes = 1e-9;
    config
}

/// What was told without what was measured, and without what a window that is behind may miss.
fn essence(kinds: &[EventKind]) -> Vec<String> {
    let kinds = kinds.iter().filter(|kind| !matches!(kind, EventKind::Progress { .. }));
    let essence = kinds.map(|kind| match kind {
        EventKind::Train(event) => match (**event).clone() {
            TrainEvent::Step(mut step) => {
                step.tokens_per_sec = 0.0;
                format!("{step:?}")
            }
            TrainEvent::Finished(mut ending) => {
                (ending.seconds, ending.peak_memory_bytes) = (0.0, 0);
                format!("{ending:?}")
            }
            TrainEvent::Started { config, parameters, trainable, steps, .. } => {
                format!("{:?} {parameters} {trainable} {steps}", config.optim)
            }
            event @ (TrainEvent::Eval { .. } | TrainEvent::Warning { .. }) => format!("{event:?}"),
            TrainEvent::Checkpoint { step, .. } => format!("kept {step}"),
            event => panic!("{event:?}"),
        },
        kind => format!("{kind:?}"),
    });
    essence.collect()
}

#[test]
fn a_run_in_a_process_tells_and_leaves_what_it_does_on_a_thread() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let here = told(&spawn(Arc::new(|_| {})).unwrap(), train(&config), |_| {});
    let on_thread = config.run.out.clone();
    config.run.out = folder.path().join("apart");
    let apart = told(&client(folder.path(), ""), train(&config), |_| {});
    assert!(folder.path().join("pid").exists(), "it had a process");
    assert_same(&on_thread, &config.run.out, "on a thread and in a process");
    let (here, apart) = (essence(&here), essence(&apart));
    assert!(here.len() > 15, "{here:?}");
    // The last digit of a number may be another after its way as text.
    let short = |words: &String| -> String {
        let number = |word: &str| word.parse().map_or_else(|_| word.to_owned(), |number: f64| format!("{number:.9}"));
        words.split([' ', ',', '}']).map(number).collect::<Vec<_>>().join(" ")
    };
    for (one, two) in here.iter().zip(&apart) {
        assert_eq!(short(one), short(two));
    }
    assert_eq!(here.len(), apart.len());
}

#[test]
fn a_process_that_dies_ends_the_run_alone_and_the_run_goes_on_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = saved(folder.path());
    let expected = config.run.out.clone();
    whole(&config);
    let client = client(folder.path(), "");
    for name in ["KILL", "SEGV", "ABRT"] {
        config.run.out = folder.path().join(name);
        let kinds = told(&client, train(&config), |kind| {
            if step(kind) == Some(12) {
                signal(folder.path(), name);
            }
        });
        let (message, _) = failure(&kinds);
        assert!(message.contains(&format!("SIG{name}")) && message.contains("can be resumed from step 1"), "{message}");
        assert_eq!(run::read(&config.run.out).unwrap().summary.status, RunStatus::Open);
        let kinds = told(&client, resume(&config), |_| {});
        assert!(matches!(kinds.last(), Some(EventKind::Done)), "{:?}", kinds.last());
        assert_same(&expected, &config.run.out, name);
    }
}

#[test]
fn a_process_that_cannot_be_started_leaves_the_run_to_the_window_and_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let fails = |kinds: &[EventKind]| {
        kinds.iter().find_map(|kind| match kind {
            EventKind::Train(event) => match &**event {
                TrainEvent::Warning { step: 0, message } if message.contains("no separate process") => {
                    Some(message.clone())
                }
                _ => None,
            },
            _ => None,
        })
    };
    let missing = folder.path().join("not-here");
    let ends_at_once = program(folder.path(), "echo 'no such library' >&2; exit 127");
    for (name, program, why) in [("a", missing, "not-here"), ("b", ends_at_once, "no such library")] {
        config.run.out = folder.path().join(name);
        let kinds = told(&client_of(program), train(&config), |_| {});
        assert!(matches!(kinds.last(), Some(EventKind::Done)), "{:?}", kinds.last());
        let told = fails(&kinds).unwrap_or_else(|| panic!("{kinds:?}"));
        assert!(told.contains(why) && told.contains("trains inside the window"), "{told}");
        assert_eq!(run::read(&config.run.out).unwrap().summary.status, RunStatus::Finished);
    }
    // Where nobody wants one, nothing is told.
    fs::remove_file(folder.path().join("pid")).unwrap();
    let client = client(folder.path(), "");
    client.commands.send(Command::TrainApart { job: JobId(0), is_on: false }).unwrap();
    config.run.out = folder.path().join("c");
    let kinds = told(&client, train(&config), |_| {});
    assert!(matches!(kinds.last(), Some(EventKind::Done)) && fails(&kinds).is_none(), "{kinds:?}");
    assert!(!folder.path().join("pid").exists());
}

#[test]
fn a_process_waits_goes_on_and_stops_when_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.run.epochs = 100_000.0;
    config.run.eval_every = Every::Steps(5);
    let client = client(folder.path(), "");
    let control = |control| client.commands.send(Command::Control { job: JobId(1), control }).unwrap();
    let kinds = told(&client, train(&config), |kind| match step(kind) {
        Some(20) => {
            control(Control::Pause);
            // What was on its way when it was told so comes first, and then nothing more.
            let mut on_its_way = 0;
            while client.events.recv_timeout(Duration::from_secs(3)).is_ok() {
                on_its_way += 1;
                assert!(on_its_way < 2000, "what waits is silent");
            }
            control(Control::Resume);
        }
        Some(step) if step > 2000 => panic!("it never stops"),
        Some(step) if step > 40 && step % 20 == 0 => control(Control::Stop),
        _ => {}
    });
    assert!(matches!(kinds.last(), Some(EventKind::Stopped)), "{:?}", kinds.last());
    let summary = run::read(&config.run.out).unwrap().summary;
    assert_eq!((summary.status, summary.checkpoint), (RunStatus::Stopped, Some(summary.step)));
}

#[test]
fn a_run_whose_window_is_gone_writes_down_what_it_learned() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.run.epochs = 100_000.0;
    let mut child = Program::new(env!("CARGO_BIN_EXE_attune"))
        .arg(ARGUMENT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut orders = child.stdin.take().unwrap();
    orders.write_all(&line(&Asked::of(&train(&config)).unwrap().unwrap()).unwrap()).unwrap();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let told: Told = serde_json::from_str(&line.unwrap()).unwrap();
        assert!(!told.is_end(), "{told:?}");
        if matches!(told, Told::Train(event) if matches!(*event, TrainEvent::Step(_))) {
            break;
        }
    }
    // All ends are closed at once, as when the window is killed.
    drop(orders);
    assert!(child.wait().unwrap().success());
    let summary = run::read(&config.run.out).unwrap().summary;
    assert_eq!((summary.status, summary.checkpoint), (RunStatus::Stopped, Some(summary.step)));
}

#[test]
fn what_is_no_request_is_refused() {
    let refused = Program::new(env!("CARGO_BIN_EXE_attune")).arg(ARGUMENT).stdin(Stdio::null()).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("for the window of Attune alone"), "{said}");
}

#[test]
fn a_rate_is_found_in_a_process_too_and_folds_are_trained_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let work = AnyWork::new(FindRate { config: config.clone() });
    let find = || Command::Do { job: JobId(1), work: work.clone() };
    let found = |kinds: &[EventKind]| {
        kinds.iter().find_map(|kind| match kind {
            EventKind::Payload(Payload::Worked(worked)) => {
                assert!(worked.work == work, "it is the answer to what was asked");
                worked.of::<FindRate>().map(|(_, found)| found.clone())
            }
            _ => None,
        })
    };
    let here = found(&told(&spawn(Arc::new(|_| {})).unwrap(), find(), |_| {})).unwrap();
    let client = client(folder.path(), "");
    let apart = found(&told(&client, find(), |_| {})).unwrap();
    assert_eq!((here.suggested, here.trials.len()), (apart.suggested, apart.trials.len()));
    for (one, two) in here.trials.iter().zip(&apart.trials) {
        assert!((one.loss - two.loss).abs() < 1e-12 && (one.lr / two.lr - 1.0).abs() < 1e-12);
    }
    config.run.folds = 2;
    let kinds = told(&client, train(&config), |_| {});
    assert!(matches!(kinds.last(), Some(EventKind::Done)), "{:?}", kinds.last());
    assert!(run::read(&config.run.out).unwrap().evaluation.is_some());
}

#[test]
fn the_window_says_that_its_run_was_killed_and_resumes_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = Hub::at("http://127.0.0.1:9", &folder.path().join("hub"));
    hub.offline = true;
    let mut window = Window::open_with_worker(folder.path(), hub, client(folder.path(), ""));
    planned(&mut window, folder.path());
    window.press("Start training");
    window.until("it trains", |workspace| workspace.run.as_ref().is_some_and(|run| run.step > 0));
    signal(folder.path(), "KILL");
    window.until("its end is told", |workspace| workspace.training.is_none());
    window.until("the runs are listed", |workspace| workspace.jobs.is_empty());
    assert_eq!(window.workspace().run.as_ref().map(|run| run.status), Some(Status::Failed));
    assert!(window.shows("SIGKILL"));
    window.press("Resume");
    window.until("it is finished", |workspace| {
        workspace.run.as_ref().is_some_and(|run| run.status == Status::Finished) && workspace.jobs.is_empty()
    });
    window.go(Screen::Settings);
    window.harness.get_by_label("Train in a separate process").click_accesskit();
    window.harness.run_steps(3);
    fs::remove_file(folder.path().join("pid")).unwrap();
    window.go(Screen::Train);
    window.until("the next is planned", |workspace| workspace.plan.is_some() && workspace.jobs.is_empty());
    window.press("Start training");
    window.until("it trains here", |workspace| {
        workspace.run.as_ref().is_some_and(|run| run.step > 0 && run.status == Status::Running)
    });
    assert!(!folder.path().join("pid").exists(), "as Settings say");
}
