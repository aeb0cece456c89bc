//! A run outlives whoever listened to it, and ends in order when it is asked to: pipes that are closed, disks that are full,
//! terminals that hang up, systems that shut down.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use attune::train::event::TrainEvent;
use attune::train::run::{self, RunStatus};
use attune::worker::protocol::{Command as Asked, EventKind, JobId};

use crate::runs_resume_exactly::{assert_same, config, part, signal, whole};

/// A run's file, and a folder in which the same run is whole.
fn prepared(folder: &Path) -> (attune::train::config::RunConfig, std::path::PathBuf) {
    let mut config = config(folder);
    let whole_run = config.run.out.clone();
    whole(&config);
    config.run.out = folder.join("again");
    fs::write(folder.join("run.toml"), toml::to_string(&config).unwrap()).unwrap();
    (config, whole_run)
}

fn train(folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    with_run(&mut command, folder, more);
    command
}

/// The same where a hang-up is heard, also where these tests were started by a program that lets none be heard.
fn train_in_a_terminal(folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new("env");
    if cfg!(target_os = "linux") {
        command.arg("--default-signal=HUP");
    }
    command.arg(env!("CARGO_BIN_EXE_attune"));
    with_run(&mut command, folder, more);
    command
}

fn with_run(command: &mut Command, folder: &Path, more: &[&str]) {
    command.arg("train").arg(folder.join("run.toml")).args(more).stdin(Stdio::null());
}

#[test]
fn a_run_goes_on_where_nobody_listens_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let (config, whole_run) = prepared(folder.path());
    for more in [&[][..], &["--events", "-"]] {
        let mut child = train(folder.path(), more).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Both ends are closed at once, as by `| head`.
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(0), "{more:?}");
        assert_same(&whole_run, &config.run.out, "nobody listened");
        fs::remove_dir_all(&config.run.out).unwrap();
    }
    // One that goes on tells again what was told, and nobody hears that either.
    assert!(!part(&config, 25));
    let mut child = train(folder.path(), &["--resume", "--events", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_same(&whole_run, &config.run.out, "nobody listened to it going on");
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_goes_on_where_what_it_says_finds_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let (config, whole_run) = prepared(folder.path());
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for (more, expected) in [(&[][..], 1), (&["--events", "-"], 1), (&["--events", "/dev/full"], 1)] {
        let output = train(folder.path(), more).stdout(full()).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(expected), "{said}");
        assert!(said.contains("the run is finished, but"), "{said}");
        assert_same(&whole_run, &config.run.out, "no room");
        fs::remove_dir_all(&config.run.out).unwrap();
    }
    let status = train(folder.path(), &[]).stdout(Stdio::null()).stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert_same(&whole_run, &config.run.out, "no room for what is said beside it");
}

#[test]
fn a_terminal_that_hangs_up_ends_a_run_as_an_interrupt_does() {
    use std::io::{BufRead, BufReader};

    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.run.epochs = 400.0;
    fs::write(folder.path().join("run.toml"), toml::to_string(&config).unwrap()).unwrap();
    for (resume, name) in [(false, "-HUP"), (true, "-TERM")] {
        let more = if resume { &["--events", "-", "--resume"][..] } else { &["--events", "-"] };
        let mut command = train_in_a_terminal(folder.path(), more);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut steps = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let is_step = line.unwrap().contains("\"event\":\"step\"");
            steps += usize::from(is_step);
            if is_step && steps == if resume { 20 } else { 5 } {
                signal(&child, name);
                if name == "-HUP" {
                    // The shell passes on what the terminal said already.
                    signal(&child, name);
                }
            }
        }
        assert_eq!(child.wait().unwrap().code(), Some(1));
        let summary = run::read(&config.run.out).unwrap().summary;
        assert_eq!(summary.status, RunStatus::Stopped);
        assert_eq!(summary.checkpoint, Some(summary.step), "nothing is lost");
    }
}

#[test]
fn a_program_that_was_told_to_outlive_its_terminal_does() {
    let folder = tempfile::tempdir().unwrap();
    let (config, whole_run) = prepared(folder.path());
    if fs::read_to_string("/proc/self/status").is_err() {
        return;
    }
    let mut command = Command::new("nohup");
    command.arg(env!("CARGO_BIN_EXE_attune")).arg("train").arg(folder.path().join("run.toml"));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let log = config.run.out.join("events.jsonl");
    while !fs::read_to_string(&log).unwrap_or_default().contains("\"step\"") && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    if child.try_wait().unwrap().is_none() {
        signal(&child, "-HUP");
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_same(&whole_run, &config.run.out, "hung up on");
}

#[test]
fn a_window_that_is_gone_leaves_a_run_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.run.epochs = 4000.0;
    let (client, training) = attune::worker::start(Arc::new(|_| {})).unwrap();
    client.commands.send(Asked::Train { job: JobId(1), config: Box::new(config.clone()) }).unwrap();
    // Another waits for its turn, and must not begin when the first has ended.
    let mut next = config.clone();
    next.run.out = folder.path().join("next");
    client.commands.send(Asked::Train { job: JobId(2), config: Box::new(next.clone()) }).unwrap();
    for event in &client.events {
        if matches!(&event.kind, EventKind::Train(event) if matches!(&**event, TrainEvent::Step(step) if step.step > 2))
        {
            break;
        }
    }
    drop(client);
    training.wait();
    let summary = run::read(&config.run.out).unwrap().summary;
    assert_eq!(summary.status, RunStatus::Stopped);
    assert_eq!(summary.checkpoint, Some(summary.step));
    assert!(!next.run.out.exists());
}
