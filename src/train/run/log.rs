//! The log of a run, read back.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use super::names::EVENTS;
use crate::stop::heed;
use crate::train::TrainError;
use crate::train::event::TrainEvent;

/// A run's log, as far as it can be read.
#[derive(Default)]
pub(super) struct Log {
    path: PathBuf,
    pub events: Vec<TrainEvent>,
    /// Lines, from 1, that are damaged.
    damaged: Vec<usize>,
}

impl Log {
    pub fn read(dir: &Path) -> Result<Self, TrainError> {
        let (mut events, mut damaged) = (Vec::new(), Vec::new());
        each(dir, |line| match line {
            Line::Event(event) => events.push(event),
            Line::Damaged(number) => damaged.push(number),
        })?;
        Ok(Self { path: dir.join(EVENTS), events, damaged })
    }

    /// What a person should know of it.
    pub fn problem(&self) -> Option<String> {
        let first = self.damaged.first()?;
        let (path, count) = (self.path.display(), self.damaged.len());
        Some(match count {
            1 => format!("line {first} of {path} is damaged and was skipped"),
            _ => format!("{count} lines of {path} are damaged and were skipped, the first is line {first}"),
        })
    }

    /// The last step that it tells of.
    pub fn step(&self) -> u64 {
        self.events.iter().map(TrainEvent::step).max().unwrap_or(0)
    }
}

/// What a line of a log is.
pub(super) enum Line {
    Event(TrainEvent),
    /// Its number, from 1. An event at its end follows.
    Damaged(usize),
}

/// Reads a log line by line, so that only what is made of it is in memory.
pub(super) fn each(dir: &Path, mut on_line: impl FnMut(Line)) -> Result<(), TrainError> {
    let path = dir.join(EVENTS);
    let unreadable = |source| TrainError::Unreadable { path: path.clone(), source };
    let mut log = BufReader::new(crate::files::open(&path).map_err(unreadable)?);
    let mut line = Vec::new();
    for number in 1.. {
        heed();
        line.clear();
        log.read_until(b'\n', &mut line).map_err(unreadable)?;
        // A last line without an end was cut off by what ended the run.
        if line.last() != Some(&b'\n') {
            break;
        }
        if let Ok(event) = serde_json::from_slice(&line) {
            on_line(Line::Event(event));
            continue;
        }
        on_line(Line::Damaged(number));
        // Half a line must not swallow the one that was written after it.
        ends_with_event(&line).map(Line::Event).into_iter().for_each(&mut on_line);
    }
    Ok(())
}

/// The event at the end of a line that begins with something else.
fn ends_with_event(line: &[u8]) -> Option<TrainEvent> {
    const BEGIN: &[u8] = b"{\"event\":";
    let begins = line.windows(BEGIN.len()).enumerate().filter(|(_, window)| *window == BEGIN);
    begins.skip_while(|(at, _)| *at == 0).find_map(|(at, _)| serde_json::from_slice(&line[at..]).ok())
}
