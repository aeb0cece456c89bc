//! A thousand runs are listed without their logs, and a summary that is not of its log is made anew.

use std::collections::BTreeMap;
use std::fs;

use super::super::find;
use super::*;
use crate::train::event::{Ending, Step};

const TEXT: &str = "task = \"classify\"\n[model]\nname = \"tiny\"\n[data]\ntrain = \"reviews.csv\"\n";

fn step(step: u64) -> TrainEvent {
    TrainEvent::Step(Step {
        step,
        epoch: 0.0,
        loss: if step == 3 { f64::NAN } else { 1.0 / step as f64 },
        parts: BTreeMap::new(),
        lr: 1e-5,
        lrs: BTreeMap::new(),
        grad_norm: 1.0,
        tokens: 20,
        tokens_per_sec: 10.0,
        skipped: step == 3,
    })
}

fn run(folder: &Path, name: &str, events: &[TrainEvent]) -> PathBuf {
    let dir = folder.join(name);
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join(CONFIG), TEXT).unwrap();
    let lines = events.iter().map(|event| serde_json::to_string(event).unwrap() + "\n");
    fs::write(dir.join(EVENTS), lines.collect::<String>()).unwrap();
    dir
}

#[test]
fn a_list_of_a_thousand_runs_reads_their_logs_once() {
    let folder = tempfile::tempdir().unwrap();
    let steps: Vec<TrainEvent> = (1..=5).map(step).collect();
    for place in 0..1000 {
        let ending = TrainEvent::Finished(Ending { step: 5, seconds: f64::from(place), ..Ending::default() });
        let events: Vec<TrainEvent> = steps.iter().cloned().chain([ending]).collect();
        run(folder.path(), &format!("run-{place:04}"), &events[..5 + place as usize % 2]);
    }
    let shown = |runs: &[RunSummary]| -> Vec<String> {
        let rest = |run: &RunSummary| RunSummary { bytes_on_disk: 0, ..run.clone() };
        runs.iter().map(|run| format!("{:?}", rest(run))).collect()
    };
    let first = find(folder.path());
    assert_eq!(first.len(), 1000);
    assert_eq!(first.iter().filter(|run| run.status == RunStatus::Open && run.seconds == 10.0).count(), 500);
    for run in &first {
        fs::remove_file(run.dir.join(EVENTS)).unwrap();
    }
    assert_eq!(shown(&find(folder.path())), shown(&first), "nothing but the summaries is left to read");
}

#[test]
fn a_summary_of_another_log_or_version_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let dir = run(folder.path(), "run", &[step(1), step(2)]);
    let found = || find(folder.path()).remove(0);
    assert_eq!((found().step, found().status), (2, RunStatus::Open));
    let ending = TrainEvent::Stopped(Ending { step: 3, seconds: 7.0, ..Ending::default() });
    let log = fs::read_to_string(dir.join(EVENTS)).unwrap();
    fs::write(dir.join(EVENTS), log + &serde_json::to_string(&ending).unwrap() + "\n").unwrap();
    assert_eq!((found().step, found().status, found().seconds), (3, RunStatus::Stopped, 7.0));
    let kept = fs::read_to_string(dir.join(SUMMARY)).unwrap();
    for other in [kept.replace("\"format\":2", "\"format\":1").replace("\"step\":3", "\"step\":9"), "{".into()] {
        assert_ne!(other, kept);
        fs::write(dir.join(SUMMARY), other).unwrap();
        assert_eq!(found().step, 3);
        assert_eq!(fs::read_to_string(dir.join(SUMMARY)).unwrap(), kept, "and it is kept");
    }
}
