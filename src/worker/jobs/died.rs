//! A process that ended before its job had: what it was, as far as it can be told, in words.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader};
use std::process::{ChildStderr, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::data::Fold;
use crate::train::event::TrainEvent;
use crate::train::run;

/// Lines that are kept of what a process says, and bytes of each.
const LINES: usize = 20;
const BYTES: usize = 500;
/// What Rust says before it aborts for want of memory.
const NO_MEMORY: &str = "memory allocation of";

/// The last lines that a process says beside what it tells.
pub struct Said {
    lines: Arc<Mutex<VecDeque<String>>>,
    gathers: thread::JoinHandle<()>,
}

impl Said {
    pub fn gather(from: ChildStderr) -> io::Result<Self> {
        let lines = Arc::default();
        let into = Arc::clone(&lines);
        let gathers = thread::Builder::new().name("said".into()).spawn(move || {
            let (mut from, mut line) = (BufReader::new(from), Vec::new());
            while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                add(&into, &String::from_utf8_lossy(&line));
                line.clear();
            }
        })?;
        Ok(Self { lines, gathers })
    }

    pub fn add(&self, line: &str) {
        add(&self.lines, line);
    }

    /// All of them, once the process has ended.
    pub fn all(self) -> Vec<String> {
        self.gathers.join().ok();
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }
}

fn add(lines: &Mutex<VecDeque<String>>, line: &str) {
    let line = line.trim_end();
    if line.is_empty() {
        return;
    }
    let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
    if lines.len() == LINES {
        lines.pop_front();
    }
    lines.push_back(line[..line.floor_char_boundary(BYTES)].to_owned());
}

/// What a process leaves of its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    Nothing,
    /// A run's folder without a checkpoint.
    Beginning,
    /// The same of one of several folds.
    BeginningOf(Fold),
    /// A checkpoint.
    Step(u64),
}

impl Left {
    /// What is left once a run has told this.
    pub fn after(self, event: &TrainEvent) -> Self {
        match event {
            // Of several folds the next begins.
            TrainEvent::Started { config, .. } => config.data.fold.map_or(Self::Beginning, Self::BeginningOf),
            event => run::goes_on_from(event).map_or(self, Self::Step),
        }
    }
}

/// What is known of the end of a process.
#[derive(Debug, Default)]
pub struct Death {
    pub status: Option<ExitStatus>,
    /// What it said last.
    pub said: Vec<String>,
    /// Whether the system killed something for want of memory meanwhile, where it tells.
    pub ran_out: Option<bool>,
}

impl Death {
    /// What happened, and what there is to go on from.
    pub fn words(&self, left: Left) -> String {
        let rest = match left {
            Left::Nothing => "nothing had been written yet".to_owned(),
            Left::Beginning => "there was no checkpoint yet, so resuming starts the run from the beginning".to_owned(),
            Left::BeginningOf(fold) => format!(
                "there was no checkpoint of fold {fold} yet, so resuming starts this fold from the beginning and keeps those \
                 before it"
            ),
            Left::Step(step) => format!("the run can be resumed from step {step}"),
        };
        format!("{}; {rest}", self.in_brief())
    }

    /// What it said, for whoever wants to see it.
    pub fn detail(&self) -> Option<String> {
        (!self.said.is_empty()).then(|| self.said.join("\n"))
    }

    /// What happened.
    pub fn in_brief(&self) -> String {
        if let Some(line) = self.said.iter().find(|line| line.contains(NO_MEMORY)) {
            return format!("memory ran out and the training process ended: {line}");
        }
        let Some(status) = self.status else { return "the training process was lost".to_owned() };
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return self.by_signal(signal);
        }
        let how = match status.code() {
            Some(0) => "without saying how".to_owned(),
            _ => format!("unexpectedly ({status})"),
        };
        format!("the training process ended {how}{}", self.last_words())
    }

    #[cfg(unix)]
    fn by_signal(&self, signal: i32) -> String {
        use signal_hook::consts::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGKILL, SIGSEGV, SIGTRAP};

        let name = crate::signals::name(signal);
        match (signal, self.ran_out) {
            (SIGKILL, Some(true)) => format!("memory ran out, and the system killed the training process ({name})"),
            (SIGKILL, Some(false)) => format!("the training process was killed by something else ({name})"),
            (SIGKILL, None) => {
                format!("the training process was killed ({name}), as systems do where memory runs out")
            }
            (SIGABRT | SIGTRAP, _) => format!("the training process gave up ({name}){}", self.last_words()),
            (SIGSEGV | SIGBUS | SIGILL | SIGFPE, _) => {
                format!("the training process crashed in a library or a driver ({name}){}", self.last_words())
            }
            _ => format!("the training process was ended by {name}"),
        }
    }

    fn last_words(&self) -> String {
        self.said.last().map_or_else(String::new, |line| format!(": {line}"))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn an_end_is_told_with_its_cause_and_with_what_is_left() {
        let check = |raw: i32, said: &[&str], ran_out: Option<bool>, expected: &str| {
            let said = said.iter().map(|line| (*line).to_owned()).collect();
            let death = Death { status: Some(ExitStatus::from_raw(raw)), said, ran_out };
            assert_eq!(death.words(Left::Step(120)), format!("{expected}; the run can be resumed from step 120"));
        };
        check(9, &["noise"], Some(false), "the training process was killed by something else (SIGKILL)");
        check(9, &[], Some(true), "memory ran out, and the system killed the training process (SIGKILL)");
        let line = "memory allocation of 4096 bytes failed";
        check(6, &[line, "more"], None, &format!("memory ran out and the training process ended: {line}"));
        let crash = "the training process crashed in a library or a driver (SIGSEGV): libcuda.so: no";
        check(11, &["first", "libcuda.so: no"], None, crash);
        check(15, &[], None, "the training process was ended by SIGTERM");
        check(3 << 8, &[], None, "the training process ended unexpectedly (exit status: 3)");
        check(0, &[], None, "the training process ended without saying how");
        let lost = Death::default().words(Left::Nothing);
        assert_eq!(lost, "the training process was lost; nothing had been written yet");
    }

    #[test]
    fn what_is_left_is_of_the_newest_checkpoint_of_this_run() {
        let at = |step: u64, path: &str| TrainEvent::Checkpoint { step, path: path.into() };
        let started = r#"{"event": "started", "config": {"task": "classify", "model": {}, "data": {}}, "parameters": 1,
            "trainable": 1, "steps": 9, "steps_per_epoch": 3, "train_examples": 8, "eval_examples": 2, "truncated": 0}"#;
        let started: TrainEvent = serde_json::from_str(started).unwrap();
        let mut left = Left::Nothing;
        for (event, expected) in [
            (at(1, "run/model"), Left::Nothing),
            (started.clone(), Left::Beginning),
            (at(2, "run/model"), Left::Beginning),
            (at(3, "run/checkpoint/step-000000003"), Left::Step(3)),
            (TrainEvent::Resumed { step: 5, seconds: 1.0 }, Left::Step(5)),
            (started, Left::Beginning),
        ] {
            left = left.after(&event);
            assert_eq!(left, expected, "{event:?}");
        }
    }
}
