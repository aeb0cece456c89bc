//! Runs the trials of a sweep, some at once, until all have ended or somebody asks to end.
//!
//! Nothing here returns early while a process runs: what cannot be written is told at the end.

use std::collections::VecDeque;
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use toml::Table;

use super::file::Sweep;
use super::process::{FOLDER, Running, config_path};
use super::record::{Record, Records};
use super::trial::Trial;
use super::{Status, SweepError};
use crate::files;
use crate::train::folds;
use crate::train::run::{self, RunStatus, TRIALS};

/// Who looks on.
pub trait Watch {
    fn begins(&mut self, trial: &Trial, how: Begins<'_>);
    /// A line that a trial says.
    fn says(&mut self, trial: &Trial, line: &str);
    fn ended(&mut self, record: &Record);
    /// What a person should know that is of no single trial, or of one that goes on.
    fn tells(&mut self, words: &str);
    /// Whether the trials are to end.
    fn is_asked_to_end(&mut self) -> bool;
}

/// How a trial begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins<'a> {
    Here,
    /// An earlier sweep left it running, and it is waited for.
    Left,
    /// On another machine.
    On(&'a str),
}

/// What became of a sweep.
pub struct Outcome {
    /// Of the trials that were begun, in their order.
    pub records: Vec<Record>,
    /// Somebody asked to end it.
    pub stopped: bool,
}

/// Between two looks at the processes.
pub(super) const PAUSE: Duration = Duration::from_millis(40);
const LOCK: &str = ".lock";

/// Runs what is to be run. A folder that holds a sweep is taken only to go on with it.
pub fn go(sweep: &Sweep, jobs: usize, resume: bool, watch: &mut dyn Watch) -> Result<Outcome, SweepError> {
    let out = &sweep.out;
    check_folder(sweep, resume)?;
    files::create_folders(&out.join(FOLDER)).map_err(unwritable(out))?;
    let _lock = lock(out)?;
    if let Some(config) = &sweep.folds {
        folds::begin(config)?;
    }
    let mut records = Records::open(out)?;
    write_configs(sweep)?;
    let (stopped, failed) = run_all(sweep, jobs, &mut records, watch);
    if let Some(source) = records.flush().err().or(failed) {
        return Err(SweepError::Unwritable { path: out.join(TRIALS), source });
    }
    let known = |trial: &Trial| records.last.get(&trial.name).cloned();
    Ok(Outcome { records: sweep.trials.iter().filter_map(known).collect(), stopped })
}

/// Writes what each trial is started from, and what varies.
pub(super) fn write_configs(sweep: &Sweep) -> Result<(), SweepError> {
    for trial in &sweep.trials {
        let (path, text) = (config_path(&sweep.out, trial), trial.text());
        files::write_where_other(&path, text.as_bytes()).map_err(unwritable(&path))?;
    }
    if sweep.folds.is_none() { sweep.asked.write(&sweep.out) } else { Ok(()) }
}

/// Says before anything is read whether the folder can be taken: a new sweep needs one that holds none, and one that goes
/// on the same trials.
pub fn check_folder(sweep: &Sweep, resume: bool) -> Result<(), SweepError> {
    let out = &sweep.out;
    // A run in folds is a run as well, whose folder says so.
    let is_run = out.join("run.toml").exists();
    let is_taken = is_run || out.join(TRIALS).exists() || out.join(FOLDER).exists();
    if (is_run && sweep.folds.is_none()) || (is_taken && !resume) {
        return Err(SweepError::Taken { path: out.clone() });
    }
    sweep.trials.iter().try_for_each(|trial| check_same(out, trial))
}

/// Whether somebody asked to end, and what could not be written.
fn run_all(sweep: &Sweep, jobs: usize, records: &mut Records, watch: &mut dyn Watch) -> (bool, Option<io::Error>) {
    let mut waiting: VecDeque<usize> = (0..sweep.trials.len()).collect();
    waiting.retain(|place| !records.is_finished(&sweep.trials[*place]));
    let (mut running, mut is_ending, mut failed) = (Vec::<Running>::new(), false, None);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = (jobs > 1 && std::env::var_os("RAYON_NUM_THREADS").is_none()).then(|| (cores / jobs).max(1));
    let mut add = |record: Record, watch: &mut dyn Watch| {
        watch.ended(&record);
        failed = records.add(record).err();
    };
    loop {
        if !is_ending && watch.is_asked_to_end() {
            is_ending = true;
            running.iter_mut().for_each(Running::ask_to_end);
            // What an earlier sweep left is not ours to wait for.
            running.retain(|one| !one.is_left());
        }
        while !is_ending
            && running.len() < jobs
            && let Some(place) = waiting.pop_front()
        {
            let trial = &sweep.trials[place];
            if is_finished(trial) {
                add(Record::of(trial, false, String::new()), watch);
                continue;
            }
            match Running::start(trial, place, (&sweep.out, sweep.program.as_deref()), threads, run_began(trial)) {
                Ok(started) => {
                    watch.begins(trial, if started.is_left() { Begins::Left } else { Begins::Here });
                    running.push(started);
                }
                Err(error) => {
                    add(Record::of(trial, false, format!("its process could not be started: {error}")), watch);
                }
            }
        }
        running.retain_mut(|one| {
            let trial = &sweep.trials[one.place];
            let ended = one.ended();
            one.news().iter().for_each(|line| watch.says(trial, line));
            let Some(reason) = ended else { return true };
            if one.is_left() && !is_finished(trial) {
                // It did not end well, so it goes on as one of ours.
                waiting.push_front(one.place);
                return false;
            }
            let is_stopped = is_ending || status(trial) == Some(RunStatus::Stopped);
            add(Record::of(trial, is_stopped, reason), watch);
            false
        });
        if running.is_empty() && (is_ending || waiting.is_empty()) {
            return (is_ending, failed);
        }
        std::thread::sleep(PAUSE);
    }
}

/// Whether there is a run to go on with.
fn run_began(trial: &Trial) -> bool {
    status(trial).is_some() || trial.config.run.out.join("run.toml").exists()
}

/// One may have ended after the sweep did.
pub(super) fn is_finished(trial: &Trial) -> bool {
    status(trial) == Some(RunStatus::Finished)
}

fn status(trial: &Trial) -> Option<RunStatus> {
    run::status(&trial.config.run.out)
}

/// Refuses to go on with a trial that was another. Its configuration is there since before it began.
fn check_same(out: &Path, trial: &Trial) -> Result<(), SweepError> {
    let path = config_path(out, trial);
    let Ok(text) = files::read_note_text(&path) else { return Ok(()) };
    let was = toml::from_str::<Table>(&text).unwrap_or_default();
    let Some((key, was, now)) = first_change("", &was, &trial.table) else { return Ok(()) };
    Err(SweepError::Changed { path: out.to_owned(), trial: trial.name.clone(), key, was, now })
}

fn first_change(above: &str, was: &Table, now: &Table) -> Option<(String, String, String)> {
    let told = |value: Option<&toml::Value>| value.map_or("not set".to_owned(), ToString::to_string);
    was.keys().chain(now.keys()).find_map(|name| {
        let key = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        match (was.get(name), now.get(name)) {
            (was, now) if was == now => None,
            (Some(toml::Value::Table(was)), Some(toml::Value::Table(now))) => first_change(&key, was, now),
            (was, now) => Some((key, told(was), told(now))),
        }
    })
}

/// One process at a time runs a sweep. Where the file system knows no locks there is none.
pub(super) fn lock(out: &Path) -> Result<File, SweepError> {
    let path = out.join(LOCK);
    let file = files::create(&path).map_err(unwritable(&path))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(SweepError::Busy { path: out.to_owned() }),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

pub(super) fn unwritable(path: &Path) -> impl Fn(io::Error) -> SweepError + use<> {
    let path = path.to_owned();
    move |source| SweepError::Unwritable { path: path.clone(), source }
}

impl Outcome {
    pub fn count(&self, status: Status) -> usize {
        self.records.iter().filter(|record| record.status == status).count()
    }
}
