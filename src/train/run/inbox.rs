//! Orders that are left in a run's folder, a file each, for whoever trains the run. So it can be spoken to from a command
//! line, over ssh, or where a scheduler started it.
//!
//! A file is removed before its order is written down with the run: one that is killed in between has lost an order that
//! had no effect, and never follows one twice.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::lock::is_held;
use super::log;
use super::names::{CONFIG, EVENTS, ORDERS};
use crate::files;
use crate::train::TrainError;
use crate::train::config::What;
use crate::train::error::one_line;
use crate::train::event::TrainEvent;

/// How often the folder is looked into.
const EVERY: Duration = Duration::from_millis(200);
/// No order is longer.
const MAX_BYTES: u64 = 1 << 12;
const ENDING: &str = "toml";

/// The folder of what is left for a run.
pub(super) struct Inbox {
    dir: PathBuf,
    looked: Option<Instant>,
}

impl Inbox {
    pub fn of(run: &Path) -> Self {
        Self { dir: run.join(ORDERS), looked: None }
    }

    /// What was left since, in the order in which it was, and what a person should know of the rest.
    pub fn take(&mut self) -> (Vec<What>, Vec<String>) {
        let (mut orders, mut notes) = (Vec::new(), Vec::new());
        if self.looked.is_some_and(|looked| looked.elapsed() < EVERY) {
            return (orders, notes);
        }
        self.looked = Some(Instant::now());
        for path in left(&self.dir) {
            let read = read(&path);
            // What stays would be followed again and again.
            if let Err(error) = files::remove_file(&path) {
                notes.push(format!("{} is not followed, as it cannot be removed: {error}", path.display()));
                continue;
            }
            match read {
                Ok(what) => orders.push(what),
                Err(why) => notes.push(format!("{} is no order: {why}", path.display())),
            }
        }
        (orders, notes)
    }
}

fn left(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    // What is still being written has another ending.
    let is_one = |path: &PathBuf| path.extension().is_some_and(|ending| ending == ENDING);
    let mut left: Vec<PathBuf> = entries.filter(is_one).collect();
    left.sort();
    left
}

fn read(path: &Path) -> Result<What, String> {
    let bytes = files::read_whole(path, MAX_BYTES).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
    toml::from_str(&text).map_err(|error| one_line(&error.to_string()))
}

/// An order that was left, and what is told of it.
pub struct Told {
    run: PathBuf,
    what: What,
    path: PathBuf,
    /// Events that the run had told before.
    before: usize,
}

/// Leaves an order for the run in a folder, which somebody must be training.
pub fn leave(run: &Path, what: What) -> Result<Told, TrainError> {
    if !run.join(CONFIG).is_file() || !is_held(run) {
        return Err(TrainError::NotTraining { path: run.to_owned() });
    }
    let text = toml::to_string(&what)
        .map_err(|error| TrainError::ConfigSyntax { path: run.to_owned(), reason: error.to_string() })?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let path = run.join(ORDERS).join(format!("{:020}-{}.{ENDING}", now.as_micros(), std::process::id()));
    let before = told(run, what).len();
    files::write_atomically(&path, |file| file.write_all(text.as_bytes()))
        .map_err(|source| TrainError::Unwritable { path: path.clone(), source })?;
    Ok(Told { run: run.to_owned(), what, path, before })
}

impl Told {
    /// The step at which it was followed, or why it was not; nothing as long as the run has not said.
    pub fn answer(&self) -> Option<(u64, Option<String>)> {
        if self.path.exists() {
            return None;
        }
        told(&self.run, self.what).into_iter().nth(self.before)
    }

    /// Takes it out of the folder again, so that whoever goes on with the run does not follow it.
    pub fn take_back(&self) {
        files::remove_file(&self.path).ok();
    }

    /// Whether somebody still trains the run.
    pub fn is_heard(&self) -> bool {
        is_held(&self.run)
    }
}

/// What a run has told of orders of a kind.
fn told(run: &Path, what: What) -> Vec<(u64, Option<String>)> {
    let mut told = Vec::new();
    if !run.join(EVENTS).is_file() {
        return told;
    }
    // A log that cannot be read tells nothing, and then nobody is told anything wrong.
    log::each(run, |line| {
        if let log::Line::Event(TrainEvent::Order { step, order, refused }) = line
            && std::mem::discriminant(&order) == std::mem::discriminant(&what)
        {
            told.push((step, refused));
        }
    })
    .ok();
    told
}

#[cfg(test)]
mod tests {
    use super::super::lock::lock;
    use super::*;

    #[test]
    fn what_is_left_is_taken_once_in_its_order_and_what_is_no_order_is_told() {
        let run = tempfile::tempdir().unwrap();
        std::fs::write(run.path().join(CONFIG), "").unwrap();
        let refused = leave(run.path(), What::Thaw).err().unwrap().to_string();
        assert!(refused.contains("run.orders"), "{refused}");
        let held = lock(run.path()).unwrap();
        for what in [What::Factor { factor: 0.5, group: None }, What::Checkpoint] {
            leave(run.path(), what).unwrap();
            // Two within a microsecond would have one name.
            std::thread::sleep(Duration::from_millis(1));
        }
        std::fs::write(run.path().join(ORDERS).join("9.toml"), "faster = true").unwrap();
        std::fs::write(run.path().join(ORDERS).join("note.txt"), "not for the run").unwrap();
        let mut inbox = Inbox::of(run.path());
        let (orders, notes) = inbox.take();
        assert_eq!(orders, [What::Factor { factor: 0.5, group: None }, What::Checkpoint]);
        assert!(
            notes.len() == 1 && notes[0].contains("9.toml is no order") && notes[0].contains("faster"),
            "{notes:?}"
        );
        inbox.looked = None;
        assert_eq!(inbox.take(), (Vec::new(), Vec::new()));
        assert!(run.path().join(ORDERS).join("note.txt").exists());
        drop(held);
    }
}
