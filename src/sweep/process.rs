//! A trial that runs: `attune train` in a process of its own, what it says in a file.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use sysinfo::{Pid, ProcessesToUpdate, Signal, System};

use super::trial::Trial;
use crate::train::run;
use crate::{files, signals};

/// What a trial is started from, and what it says.
pub(super) const FOLDER: &str = "trials";

pub(super) struct Running {
    /// Its place in the sweep.
    pub place: usize,
    process: Process,
    log: PathBuf,
    read: u64,
}

enum Process {
    Ours(Child),
    /// One that an earlier sweep started and did not live to see the end of; it holds this folder.
    Left(PathBuf),
}

impl Running {
    /// Starts a trial by a program, which is this one where none is named, or takes up one that still runs. One that is
    /// interrupted goes on where it was.
    pub fn start(
        trial: &Trial,
        place: usize,
        (out, program): (&Path, Option<&Path>),
        threads: Option<usize>,
        resume: bool,
    ) -> io::Result<Self> {
        let log = log_path(out, trial);
        if run::is_held(&trial.config.run.out) {
            let process = Process::Left(trial.config.run.out.clone());
            return Ok(Self { place, process, read: files::length(&log).unwrap_or_default(), log });
        }
        let said = files::create(&log)?;
        let mut command = Command::new(program.map_or_else(std::env::current_exe, |program| Ok(program.to_owned()))?);
        command.arg("train").arg(config_path(out, trial));
        if resume {
            command.arg("--resume");
        }
        if let Some(threads) = threads {
            command.env("RAYON_NUM_THREADS", threads.to_string());
        }
        signals::set_apart(&mut command);
        command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        Ok(Self { place, process: Process::Ours(command.spawn()?), log, read: 0 })
    }

    /// Why it ended, in words, if it has.
    pub fn ended(&mut self) -> Option<String> {
        match &mut self.process {
            Process::Left(dir) => (!run::is_held(dir)).then(|| "it ended on its own".to_owned()),
            Process::Ours(child) => match child.try_wait() {
                Ok(None) => None,
                Ok(Some(status)) if status.code() == Some(1) => {
                    Some(last_words(&self.log).unwrap_or(status.to_string()))
                }
                Ok(Some(status)) => Some(format!("its process ended with {status}")),
                Err(error) => Some(format!("its process was lost: {error}")),
            },
        }
    }

    /// Whether it is there from an earlier sweep, which is waited for.
    pub fn is_left(&self) -> bool {
        matches!(self.process, Process::Left(_))
    }

    /// Asks it to write down what it learned and end.
    pub fn ask_to_end(&mut self) {
        let Process::Ours(child) = &mut self.process else { return };
        let pid = Pid::from_u32(child.id());
        let mut system = System::new();
        system.refresh_processes(ProcessesToUpdate::Some(&[pid]), true);
        // Where processes cannot be asked, it goes on from its last checkpoint.
        if system.process(pid).and_then(|process| process.kill_with(Signal::Term)).is_none() {
            child.kill().ok();
        }
    }

    /// Whole lines that it said since this was asked last.
    pub fn news(&mut self) -> Vec<String> {
        lines_since(&self.log, &mut self.read)
    }
}

/// The whole lines that a file has grown by.
pub(super) fn lines_since(path: &Path, read: &mut u64) -> Vec<String> {
    let mut text = Vec::new();
    let outcome = files::open(path).and_then(|mut file| {
        file.seek(SeekFrom::Start(*read))?;
        file.read_to_end(&mut text)
    });
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    if outcome.is_err() || whole == 0 {
        return Vec::new();
    }
    *read += whole as u64;
    String::from_utf8_lossy(&text[..whole]).lines().map(str::to_owned).collect()
}

/// The last that a trial said: why it failed, where it did.
pub(super) fn last_words(log: &Path) -> Option<String> {
    let text = files::read_note(log).ok()?;
    let text = String::from_utf8_lossy(&text);
    let last = text.lines().rfind(|line| !line.trim().is_empty())?;
    Some(last.strip_prefix("attune: ").unwrap_or(last).to_owned())
}

/// The configuration that a trial is started with.
pub(super) fn config_path(out: &Path, trial: &Trial) -> PathBuf {
    out.join(FOLDER).join(format!("{}.toml", trial.name))
}

pub(super) fn log_path(out: &Path, trial: &Trial) -> PathBuf {
    out.join(FOLDER).join(format!("{}.log", trial.name))
}
