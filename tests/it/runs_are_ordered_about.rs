//! What is ordered of a run in mid-run, over the pipe of the window, by the command line and in the window itself; and the
//! run that is repeated with the same orders, which comes to the same bits.

use std::path::{Path, PathBuf};
use std::process::{Child, Command as Program, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use attune::train::config::{Group, LastEpoch, RunConfig, StrategyKind, What};
use attune::train::event::TrainEvent;
use attune::train::run::{self, RunStatus};
use attune::ui::widgets::curve::FlagKind;
use attune::ui::workspace::run::Status;
use attune::ui::{Action, Screen};
use attune::worker::apart::Apart;
use attune::worker::protocol::{Command, Control, EventKind, JobId};
use attune::worker::start_with;
use egui_kittest::kittest::Queryable;

use crate::journey::{Window, planned};
use crate::runs_resume_exactly::{assert_same, config, whole};

/// A run that does not end before it is told to.
fn long(folder: &Path) -> RunConfig {
    let mut config = config(folder);
    config.strategy.kind = StrategyKind::Head;
    config.run.epochs = 20_000.0;
    config
}

/// Runs again what a folder says it was, and compares.
fn repeated(folder: &Path, dir: &Path) {
    let mut again = run::kept_config(dir).unwrap();
    again.run.out = folder.join("again");
    whole(&again);
    assert_same(dir, &again.run.out, "repeated");
}

#[test]
fn orders_go_over_the_pipe_to_a_run_in_a_process_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let config = long(folder.path());
    let program = PathBuf::from(env!("CARGO_BIN_EXE_attune"));
    let client = start_with(Arc::new(|_| {}), Apart::at(program)).unwrap().0;
    let order = |what| client.commands.send(Command::Control { job: JobId(1), control: Control::Order(what) }).unwrap();
    // One is given before the process has begun.
    client.commands.send(Command::Train { job: JobId(1), config: Box::new(config.clone()) }).unwrap();
    order(What::Factor { factor: 0.1, group: Some(Group::Head) });
    let (mut told, mut steps) = (Vec::new(), 0);
    loop {
        let event = client.events.recv_timeout(Duration::from_mins(2)).expect("the run ends");
        match event.kind {
            EventKind::Train(event) => match *event {
                TrainEvent::Step(step) => {
                    steps = step.step;
                    match steps {
                        10 => order(What::Thaw),
                        20 => order(What::Evaluate),
                        30 => order(What::StopAfter(LastEpoch::This)),
                        _ => assert!(steps < 5000, "it never stops"),
                    }
                }
                TrainEvent::Order { step, order, refused } => {
                    assert_eq!(refused, None, "{order:?} at {step}");
                    told.push(order);
                }
                _ => {}
            },
            EventKind::Done => break,
            EventKind::Failed { message, .. } => panic!("{message}"),
            _ => {}
        }
    }
    let [What::Factor { .. }, What::Thaw, What::Evaluate, What::StopAfter(LastEpoch::Number(last))] = told[..] else {
        panic!("{told:?}")
    };
    let read = run::read(&config.run.out).unwrap();
    assert_eq!((read.summary.status, read.summary.step), (RunStatus::Finished, steps));
    assert_eq!(read.config.run.orders.iter().map(|order| order.what).collect::<Vec<_>>(), told);
    let Some(TrainEvent::Finished(ending)) = read.events.last() else { panic!("{:?}", read.events.last()) };
    assert_eq!(ending.reason, format!("stopped after epoch {last}, as ordered"));
    repeated(folder.path(), &config.run.out);
}

fn attune(args: &[&str]) -> Output {
    Program::new(env!("CARGO_BIN_EXE_attune")).args(args).output().unwrap()
}

fn begin(config: &RunConfig, folder: &Path) -> Child {
    let file = folder.join("own.toml");
    std::fs::write(&file, toml::to_string_pretty(config).unwrap()).unwrap();
    let mut train = Program::new(env!("CARGO_BIN_EXE_attune"))
        .arg("train")
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let log = config.run.out.join("events.jsonl");
    for _ in 0..6000 {
        if std::fs::read_to_string(&log).is_ok_and(|log| log.contains("\"step\"")) {
            return train;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    train.kill().unwrap();
    panic!("it does not train: {}", train.wait().unwrap());
}

#[test]
fn orders_of_the_command_line_are_left_in_the_folder_and_answered() {
    let folder = tempfile::tempdir().unwrap();
    let config = long(folder.path());
    let dir = config.run.out.display().to_string();
    let mut train = begin(&config, folder.path());
    let order = |args: &[&str]| {
        let output = attune(&[&["order", &dir], args].concat());
        let told = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.success(), String::from_utf8(told).unwrap())
    };
    let check = |args: &[&str], succeeds: bool, words: &str| {
        let (succeeded, told) = order(args);
        assert!(succeeded == succeeds && told.contains(words), "{args:?}: {told}");
    };
    check(&["rate", "0.5", "--group", "head"], true, ": learning rate of the head × 0.5");
    check(&["rate", "--to", "0.002"], true, ": learning rate 2e-3");
    check(&["thaw"], true, ": thaw the next layer");
    check(&["evaluate"], true, ": evaluate");
    check(&["checkpoint"], true, ": save a checkpoint");
    check(&["rate", "1000"], false, "not followed, as a factor is expected from 0 to 100");
    check(&["stop-after-epoch", "100000"], true, ": stop after epoch 100000");
    check(&["stop-after-epoch", "--undo"], true, ": do not stop early");
    check(&["stop-after-epoch"], true, ": stop after");
    assert!(train.wait().unwrap().success());
    check(&["thaw"], false, "no process is training the run in");
    let kept = run::kept_config(&config.run.out).unwrap();
    assert_eq!(kept.run.orders.len(), 8, "{:?}", kept.run.orders);
    assert!(std::fs::read_dir(config.run.out.join("orders")).unwrap().next().is_none());
    repeated(folder.path(), &config.run.out);
    run::delete(&config.run.out).unwrap();
    assert!(!config.run.out.exists(), "nothing is left of it");
}

#[test]
fn the_window_orders_while_it_trains_and_shows_it_on_the_curves() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(folder.path());
    planned(&mut window, folder.path());
    let mut draft = window.workspace().draft.clone();
    (draft.strategy.kind, draft.run.epochs) = (StrategyKind::Head, 5000.0);
    window.harness.state_mut().act(Action::Edit(Box::new(draft)));
    window.until("it is planned", |workspace| workspace.draft.run.epochs > 4000.0 && workspace.jobs.is_empty());
    window.press("Start training");
    window.until("it trains", |workspace| workspace.run.as_ref().is_some_and(|run| run.step > 0));
    let flagged = |window: &mut Window, words: &str| {
        window.until(words, |workspace| {
            let flags = workspace.run.iter().flat_map(|run| &run.flags);
            flags.filter(|flag| flag.kind == FlagKind::Order).any(|flag| flag.text.contains(words))
        });
    };
    window.press("Rate ×½");
    flagged(&mut window, "learning rate × 0.5");
    let rate = window.workspace().run.as_ref().unwrap().config.run.orders[0].what;
    assert_eq!(rate, What::Factor { factor: 0.5, group: None });
    window.press("Thaw layer 3");
    flagged(&mut window, "thaw the next layer");
    window.until("the next one is offered", |workspace| {
        workspace.run.as_ref().is_some_and(|run| run.orders.frozen.first().is_some_and(|block| block == "layers.1"))
    });
    assert!(window.shows("Thaw layer 2"));
    window.press("Evaluate now");
    flagged(&mut window, "evaluate");
    window.press("Save a checkpoint");
    flagged(&mut window, "save a checkpoint");
    assert!(window.shows("Ordered: learning rate × 0.5"), "a flag is read aloud");
    window.press("Stop after this epoch");
    window.until("it is finished", |workspace| {
        workspace.run.as_ref().is_some_and(|run| run.status == Status::Finished) && workspace.jobs.is_empty()
    });
    let run = window.workspace().run.as_ref().unwrap();
    assert!(run.ending.as_ref().unwrap().reason.ends_with("as ordered"), "{:?}", run.ending);
    assert!(window.workspace().log.iter().any(|line| line.text.contains("thaw the next layer, as ordered")));
    let (dir, orders) = (run.dir.clone(), run.config.run.orders.clone());
    assert_eq!(orders.len(), 5);
    assert_eq!(run::kept_config(&dir).unwrap().run.orders, orders);

    // A run that has ended shows them as well, and whoever repeats it has them in the form.
    window.go(Screen::Runs);
    window.press(&format!("Open {}", dir.file_name().unwrap().to_string_lossy()));
    window.until("it is opened", |workspace| workspace.jobs.is_empty() && workspace.screen == Screen::Train);
    flagged(&mut window, "learning rate × 0.5");
    window.press("This run");
    window.press("Use for the next run");
    window.until("it is in the form", |workspace| workspace.draft.run.orders == orders && workspace.jobs.is_empty());
    let first = format!("Leave out Step {}: learning rate × 0.5", attune::ui::format::count(orders[0].step));
    window.harness.get_by_label(&first).click_accesskit();
    window.harness.run_steps(3);
    assert_eq!(window.workspace().draft.run.orders, orders[1..]);
}
