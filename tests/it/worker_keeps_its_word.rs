//! Every job is started, tells what it does, and ends in exactly one way; a run leaves a folder that opens again.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use attune::inspect::{AnyInquiry, Question};
use attune::model::Precision;
use attune::task::Task;
use attune::train::config::{Every, ModelChoice, RunConfig};
use attune::train::event::TrainEvent;
use attune::worker::protocol::{Command, Control, EventKind, JobId, Payload};
use attune::worker::{Client, spawn};

use crate::models_match_the_reference::golden;

/// Two classes that differ in one word, so that a tiny model learns them.
pub fn reviews(folder: &Path, rows: usize) -> PathBuf {
    let path = folder.join("reviews.csv");
    let mut file = std::fs::File::create(&path).unwrap();
    writeln!(file, "text,label").unwrap();
    for row in 0..rows {
        let (word, label) = if row % 2 == 0 { ("wonderful", "good") } else { ("endless", "bad") };
        let filler = ["the soup was", "a ferry and", "the map is", "tom found it"][row / 2 % 4];
        writeln!(file, "{filler} {word} {},{label}", "and so on ".repeat(row % 3)).unwrap();
    }
    path
}

pub fn config(folder: &Path, rows: usize) -> RunConfig {
    let text = format!("task = \"classify\"\n[model]\n[data]\ntrain = {:?}\n", reviews(folder, rows));
    let mut config: RunConfig = toml::from_str(&text).unwrap();
    config.model = ModelChoice { path: Some(golden().join("bert-classify")), ..ModelChoice::default() };
    config.optim.lr = 5e-3;
    config.run.epochs = 8.0;
    config.run.batch = 8;
    config.run.out = folder.join("run");
    config.data.eval_fraction = Some(0.25);
    config
}

fn client() -> Client {
    spawn(Arc::new(|_| {})).unwrap()
}

/// All events of a job up to its end, which is the last.
fn events(client: &Client, job: JobId, mut on_event: impl FnMut(&EventKind)) -> Vec<EventKind> {
    let mut kinds = Vec::new();
    loop {
        let event = client.events.recv_timeout(Duration::from_mins(2)).expect("the job ends");
        if event.job != job {
            continue;
        }
        on_event(&event.kind);
        let ended = matches!(event.kind, EventKind::Done | EventKind::Stopped | EventKind::Failed { .. });
        kinds.push(event.kind);
        if ended {
            return kinds;
        }
    }
}

fn run(client: &Client, job: u64, command: impl FnOnce(JobId) -> Command) -> Vec<EventKind> {
    let job = JobId(job);
    client.commands.send(command(job)).unwrap();
    let kinds = events(client, job, |_| {});
    assert!(matches!(kinds[0], EventKind::Started), "{kinds:?}");
    kinds
}

/// Copies a tiny model without its `model.safetensors`: in one more shard, or as torch wrote it once.
fn copy_of(model: &str, to: &Path, weights: &str) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(golden().join(model)).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let name = if name == "model.safetensors" { weights } else { &name };
        if entry.path().is_file() {
            std::fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
    if weights != "model.safetensors" {
        let bytes = std::fs::read(to.join(weights)).unwrap();
        let header: usize = u64::from_le_bytes(bytes[..8].try_into().unwrap()).try_into().unwrap();
        let header: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
        let names = header.keys().filter(|name| *name != "__metadata__");
        let map: serde_json::Map<String, serde_json::Value> =
            names.map(|name| (name.clone(), weights.into())).collect();
        let index = serde_json::json!({ "metadata": {}, "weight_map": map });
        std::fs::write(to.join("model.safetensors.index.json"), index.to_string()).unwrap();
    }
}

#[test]
fn a_model_in_shards_that_was_changed_on_disk_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("model");
    let shard = "model-00001-of-00001.safetensors";
    copy_of("bert-classify", &dir, shard);
    let client = client();
    let ask = |job: u64| {
        let inquiry = AnyInquiry::new(Question::of("the soup was wonderful", None));
        let kinds =
            run(&client, job, |job| Command::Ask { job, model: dir.clone(), precision: Precision::F32, inquiry });
        let mut answers = kinds.iter().filter_map(|kind| match kind {
            EventKind::Payload(Payload::Answer(answer)) => {
                Some(format!("{:?}", answer.to::<Question>().unwrap().result))
            }
            _ => None,
        });
        let subjects = kinds.iter().filter(|kind| matches!(kind, EventKind::Payload(Payload::Subject(_)))).count();
        (answers.next().unwrap_or_else(|| panic!("{kinds:?}")), subjects)
    };
    let (before, _) = ask(1);
    assert_eq!(ask(2), (before.clone(), 0), "nothing was changed");
    // Other weights of the same size, under the same name, with a later time.
    let mut bytes = std::fs::read(dir.join(shard)).unwrap();
    let end = bytes.len();
    for float in bytes[end / 2..end / 2 * 2].chunks_exact_mut(4).skip(1).step_by(3) {
        float[3] ^= 0x80;
    }
    std::fs::write(dir.join(shard), bytes).unwrap();
    let later = SystemTime::now() + Duration::from_secs(5);
    std::fs::File::options().write(true).open(dir.join(shard)).unwrap().set_modified(later).unwrap();
    let (after, subjects) = ask(3);
    assert_ne!(after, before, "the weights on disk are asked");
    assert_eq!(subjects, 1, "and what can be asked of them is told anew");
    assert_eq!(ask(4), (after, 0));
}

#[test]
fn a_request_that_was_replaced_has_an_ending_too() {
    let client = client();
    let model = golden().join("bert-classify");
    let question = |word: usize| AnyInquiry::new(Question::of(format!("word {word}"), None));
    let jobs: Vec<JobId> = (1..=40).map(JobId).collect();
    for (place, job) in jobs.iter().enumerate() {
        let command = if place % 3 == 0 {
            Command::Meet { job: *job, model: model.clone(), precision: Precision::F32 }
        } else {
            Command::Ask { job: *job, model: model.clone(), precision: Precision::F32, inquiry: question(place) }
        };
        client.commands.send(command).unwrap();
    }
    let mut ended = std::collections::BTreeMap::new();
    while ended.len() < jobs.len() {
        let event = client.events.recv_timeout(Duration::from_mins(2)).expect("every job ends");
        if let EventKind::Done | EventKind::Stopped | EventKind::Failed { .. } = event.kind {
            let is_done = matches!(event.kind, EventKind::Done);
            assert!(ended.insert(event.job, is_done).is_none(), "{event:?} ends once");
        }
    }
    let (meet, ask) = (JobId(40), JobId(39));
    assert!(ended[&meet] && ended[&ask], "the newest of each kind is done, and none takes the place of the other");
}

#[test]
fn a_model_is_opened_although_it_is_asked_something_meanwhile() {
    let client = client();
    let model = golden().join("bert-classify");
    for round in 0..10 {
        let (meet, ask) = (JobId(2 * round + 1), JobId(2 * round + 2));
        client.commands.send(Command::Meet { job: meet, model: model.clone(), precision: Precision::F32 }).unwrap();
        let inquiry = AnyInquiry::new(Question::of("the soup was wonderful", None));
        client
            .commands
            .send(Command::Ask { job: ask, model: model.clone(), precision: Precision::F32, inquiry })
            .unwrap();
        let kinds = events(&client, meet, |_| {});
        let told = kinds.iter().any(|kind| matches!(kind, EventKind::Payload(Payload::Subject(_))));
        assert!(told && matches!(kinds.last(), Some(EventKind::Done)), "{kinds:?}");
        assert!(matches!(events(&client, ask, |_| {}).last(), Some(EventKind::Done)));
    }
}

#[test]
fn the_reading_of_one_large_file_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = reviews(folder.path(), 400_000);
    let client = client();
    let job = JobId(1);
    client.commands.send(Command::OpenTable { job, inputs: path.into(), sample: None }).unwrap();
    let stop = || client.commands.send(Command::Control { job, control: Control::Stop }).unwrap();
    let kinds = events(&client, job, |kind| {
        if matches!(kind, EventKind::Started) {
            stop();
        }
    });
    assert!(matches!(kinds.as_slice(), [EventKind::Started, EventKind::Stopped]), "{kinds:?}");
}

#[test]
fn a_run_learns_and_its_folder_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let client = client();
    let config = config(folder.path(), 64);
    let kinds = run(&client, 1, |job| Command::Train { job, config: Box::new(config.clone()) });
    assert!(matches!(kinds.last(), Some(EventKind::Done)), "{:?}", kinds.last());
    let losses: Vec<f64> = kinds
        .iter()
        .filter_map(|kind| match kind {
            EventKind::Train(event) => match &**event {
                TrainEvent::Step(step) => Some(step.loss),
                _ => None,
            },
            _ => None,
        })
        .collect();
    assert_eq!(losses.len(), 48);
    assert!(losses[47] < losses[0] * 0.3, "{losses:?}");

    let kinds = run(&client, 2, |job| Command::OpenRun { job, dir: config.run.out.clone() });
    let opened = kinds.iter().find_map(|kind| match kind {
        EventKind::Payload(Payload::Run(run)) => Some(run.clone()),
        _ => None,
    });
    let opened = opened.expect("the run opens");
    assert_eq!(opened.summary.steps, 48);
    assert_eq!(opened.config.task, Task::Classify);
    let kept = opened.evaluation.as_ref().expect("its evaluation was kept");
    assert_eq!(kept.texts.len(), 16);
    assert!(kept.evaluation.metrics["accuracy"] > 0.9, "{:?}", kept.evaluation.metrics);

    let model = config.run.out.join("model");
    let ask = |text: &str, job| {
        let inquiry = AnyInquiry::new(Question::of(text, None));
        let kinds =
            run(&client, job, |job| Command::Ask { job, model: model.clone(), precision: Precision::F32, inquiry });
        kinds.iter().find_map(|kind| match kind {
            EventKind::Payload(Payload::Answer(reply)) => reply.to::<Question>().cloned(),
            _ => None,
        })
    };
    let answer = ask("the soup was wonderful", 3).expect("the playground answers");
    match &answer.result {
        attune::inspect::Prediction::Classes(classes) => assert_eq!(classes[0].0, "good", "{classes:?}"),
        other => panic!("{other:?}"),
    }
    let again = run(&client, 4, |job| Command::Train { job, config: Box::new(config.clone()) });
    let refused = again
        .iter()
        .any(|kind| matches!(kind, EventKind::Failed { message, .. } if message.contains("already holds a run")));
    assert!(refused, "a run never overwrites another: {again:?}");
}

#[test]
fn a_run_pauses_and_stops_and_keeps_its_best_weights() {
    let folder = tempfile::tempdir().unwrap();
    let client = client();
    let mut config = config(folder.path(), 64);
    config.run.epochs = 100_000.0;
    config.run.eval_every = Every::Steps(5);
    let job = JobId(1);
    let out = config.run.out.clone();
    client.commands.send(Command::Train { job, config: Box::new(config) }).unwrap();
    let mut steps = 0;
    let control = |control| client.commands.send(Command::Control { job, control }).unwrap();
    let kinds = events(&client, job, |kind| {
        if let EventKind::Train(event) = kind
            && matches!(**event, TrainEvent::Step(_))
        {
            steps += 1;
            match steps {
                20 => {
                    control(Control::Pause);
                    std::thread::sleep(Duration::from_millis(300));
                    // What was on its way when the pause came, and then nothing more.
                    while client.events.try_recv().is_ok() {}
                    assert!(client.events.recv_timeout(Duration::from_millis(300)).is_err(), "a paused run is silent");
                    control(Control::Resume);
                }
                40 => control(Control::Stop),
                _ => {}
            }
        }
    });
    assert!(matches!(kinds.last(), Some(EventKind::Stopped)), "{:?}", kinds.last());
    let ending = kinds.iter().rev().find_map(|kind| match kind {
        EventKind::Train(event) => match &**event {
            TrainEvent::Stopped(ending) => Some(ending.clone()),
            _ => None,
        },
        _ => None,
    });
    assert!(ending.expect("the run says how it ended").best_step.is_some());
    assert!(out.join("model/model.safetensors").is_file());
}

#[test]
fn what_cannot_be_done_fails_with_what_and_where_and_the_lane_lives_on() {
    let folder = tempfile::tempdir().unwrap();
    let client = client();
    let missing = folder.path().join("nothing.csv");
    let kinds = run(&client, 1, |job| Command::OpenTable { job, inputs: (&missing).into(), sample: None });
    assert!(
        matches!(kinds.last(), Some(EventKind::Failed { message, .. }) if message.contains("nothing.csv")),
        "{kinds:?}"
    );
    let kinds = run(&client, 2, |job| Command::OpenModel { job, dir: folder.path().to_owned() });
    assert!(
        matches!(kinds.last(), Some(EventKind::Failed { message, .. }) if message.contains("config.json")),
        "{kinds:?}"
    );
    let kinds = run(&client, 3, |job| Command::OpenModel { job, dir: golden().join("albert-mlm") });
    assert!(matches!(kinds.last(), Some(EventKind::Done)), "{kinds:?}");
}

#[test]
fn a_plan_reads_the_weights_once_and_again_when_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let client = client();
    for entry in std::fs::read_dir(golden().join("bert-classify")).unwrap() {
        let file = entry.unwrap();
        std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    let mut config = config(folder.path(), 8);
    config.model.path = Some(folder.path().to_owned());
    let plan = |job, config: &RunConfig| {
        let kinds = run(&client, job, |job| Command::Plan {
            job,
            config: Box::new(config.clone()),
            lengths: None,
            loaded: None,
            limit: None,
        });
        matches!(kinds.last(), Some(EventKind::Done))
    };
    assert!(plan(1, &config));
    // Weights that cannot be read, behind the same size and time: whoever opened them again would fail.
    let weights = folder.path().join("model.safetensors");
    let before = std::fs::metadata(&weights).unwrap();
    std::fs::write(&weights, vec![0xff; before.len() as usize]).unwrap();
    let set_time = |time| std::fs::File::options().write(true).open(&weights).unwrap().set_modified(time).unwrap();
    set_time(before.modified().unwrap());
    config.optim.lr = 1e-4;
    assert!(plan(2, &config), "the weights are not opened for a change of the form");
    set_time(SystemTime::UNIX_EPOCH);
    assert!(!plan(3, &config), "changed weights are opened");
}

#[test]
fn steps_ask_for_fewer_frames_than_answers() {
    let folder = tempfile::tempdir().unwrap();
    let asked: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let noted = asked.clone();
    let client = spawn(Arc::new(move |within| noted.lock().unwrap().push(within))).unwrap();
    let config = config(folder.path(), 16);
    let kinds = run(&client, 1, |job| Command::Train { job, config: Box::new(config.clone()) });
    drop(client);
    let asked = asked.lock().unwrap();
    let slow = kinds
        .iter()
        .filter(|kind| match kind {
            EventKind::Progress { .. } => true,
            EventKind::Train(event) => matches!(**event, TrainEvent::Step(_)),
            _ => false,
        })
        .count();
    assert!(slow > 10, "{kinds:?}");
    assert_eq!(asked.iter().filter(|within| **within >= Duration::from_millis(100)).count(), slow);
    assert!(asked.len() > slow && asked.iter().all(|within| *within <= Duration::from_millis(100)));
}
