//! What became of the trials: a line for each in `trials.jsonl`, written when it ends. Of a trial with several lines, as one
//! that was stopped and went on, the last counts.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::SweepError;
use super::trial::Trial;
use crate::files::{LineLog, read_note_text};
use crate::train::event::{Ending, TrainEvent};
use crate::train::run::{self, TRIALS};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its folder, below that of the sweep.
    pub trial: String,
    pub settings: Map<String, Value>,
    pub seed: u64,
    pub status: Status,
    pub step: u64,
    pub best_step: Option<u64>,
    /// Of the best weights. JSON has no word for a number that is none.
    pub metrics: BTreeMap<String, Option<f64>>,
    pub seconds: f64,
    /// Why it has no result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The machine that trained it, where it was another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Finished,
    /// It can go on.
    Stopped,
    Failed,
}

impl Record {
    /// Of a trial by what its folder tells; without an ending there, by why its process ended.
    pub(super) fn of(trial: &Trial, is_stopped: bool, reason: String) -> Self {
        let ending = run::read(&trial.config.run.out).ok().and_then(|run| ending(run.events));
        let (mut status, told) = ending.unwrap_or((Status::Failed, Ending::default()));
        if status != Status::Finished && is_stopped {
            status = Status::Stopped;
        }
        let number = |value: f64| value.is_finite().then_some(value);
        Self {
            trial: trial.name.clone(),
            settings: trial.settings.iter().map(|(key, value)| (key.clone(), json(value))).collect(),
            seed: trial.seed,
            status,
            step: told.step,
            best_step: told.best_step,
            metrics: told.metrics.into_iter().map(|(key, value)| (key, number(value))).collect(),
            seconds: told.seconds,
            reason: (status != Status::Finished).then_some(reason),
            host: None,
        }
    }

    #[cfg(test)]
    pub fn finished(trial: &str, accuracy: f64) -> Self {
        Self {
            trial: trial.to_owned(),
            settings: Map::new(),
            seed: 42,
            status: Status::Finished,
            step: 1,
            best_step: None,
            metrics: [("accuracy".to_owned(), Some(accuracy))].into(),
            seconds: 1.0,
            reason: None,
            host: None,
        }
    }

    pub fn metric(&self, key: &str) -> Option<f64> {
        self.metrics.get(key).copied().flatten()
    }
}

/// How a run ended last; `None` where it is cut off.
fn ending(events: Vec<TrainEvent>) -> Option<(Status, Ending)> {
    events.into_iter().rev().find_map(|event| match event {
        TrainEvent::Finished(ending) => Some((Status::Finished, ending)),
        TrainEvent::Stopped(ending) => Some((Status::Stopped, ending)),
        TrainEvent::Failed(ending) => Some((Status::Failed, ending)),
        _ => None,
    })
}

fn json(value: &toml::Value) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// What became of the trials that are noted in a folder, and how many lines of it cannot be read.
pub(super) fn read(out: &Path) -> Result<(Vec<Record>, usize), SweepError> {
    let path = out.join(TRIALS);
    let text = read_note_text(&path).map_err(|source| SweepError::Unreadable { path, source })?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let read: Vec<Option<Record>> = lines.map(|line| serde_json::from_str(line).ok()).collect();
    let unread = read.iter().filter(|record| record.is_none()).count();
    Ok((last(read.into_iter().flatten()).into_values().collect(), unread))
}

/// The last record of each trial.
fn last(records: impl Iterator<Item = Record>) -> BTreeMap<String, Record> {
    records.map(|record| (record.trial.clone(), record)).collect()
}

/// The file of all records.
pub(super) struct Records {
    log: LineLog,
    /// By trial.
    pub last: BTreeMap<String, Record>,
}

impl Records {
    pub fn open(out: &Path) -> Result<Self, SweepError> {
        let path = out.join(TRIALS);
        let log = LineLog::open(&path).map_err(|source| SweepError::Unwritable { path: path.clone(), source })?;
        let text = read_note_text(&path).map_err(|source| SweepError::Unreadable { path, source })?;
        let read = text.lines().filter_map(|line| serde_json::from_str::<Record>(line).ok());
        Ok(Self { log, last: last(read) })
    }

    /// Keeps what became of a trial. What cannot be written waits in memory and goes before the next.
    pub fn add(&mut self, record: Record) -> std::io::Result<()> {
        let line = serde_json::to_string(&record)?;
        self.last.insert(record.trial.clone(), record);
        self.log.append(&line)?;
        self.log.sync()
    }

    pub fn is_finished(&self, trial: &Trial) -> bool {
        self.last.get(&trial.name).is_some_and(|record| record.status == Status::Finished)
    }

    /// Writes what still waits.
    pub fn flush(&mut self) -> std::io::Result<()> {
        self.log.flush()
    }
}
