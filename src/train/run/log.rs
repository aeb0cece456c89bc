//! The log of a run, read back.

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
        let path = dir.join(EVENTS);
        let bytes = std::fs::read(&path).map_err(|source| TrainError::Unreadable { path: path.clone(), source })?;
        let (mut events, mut damaged) = (Vec::new(), Vec::new());
        // A last line without an end was cut off by what ended the run.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        for (number, line) in (1..).zip(bytes[..whole].split_inclusive(|byte| *byte == b'\n')) {
            heed();
            if let Ok(event) = serde_json::from_slice(line) {
                events.push(event);
                continue;
            }
            damaged.push(number);
            // Half a line must not swallow the one that was written after it.
            events.extend(ends_with_event(line));
        }
        Ok(Self { path, events, damaged })
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

/// The event at the end of a line that begins with something else.
fn ends_with_event(line: &[u8]) -> Option<TrainEvent> {
    const BEGIN: &[u8] = b"{\"event\":";
    let begins = line.windows(BEGIN.len()).enumerate().filter(|(_, window)| *window == BEGIN);
    begins.skip_while(|(at, _)| *at == 0).find_map(|(at, _)| serde_json::from_slice(&line[at..]).ok())
}
