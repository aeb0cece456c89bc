//! What is said between the window and a run in a process of its own: one line of JSON each way for each thing.
//!
//! The process is this very program, at whose pipe a worker of its own listens (`cli/apart.rs`). So a run is the same work
//! wherever it is done, and what may end a process, a driver, a library or the lack of memory, ends the run alone. The
//! configuration travels as the text of a run's file, which keeps every digit and what is left open.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::protocol::{Command, EventKind, JobId, Payload};
use super::work::AnyWork;
use super::works::rate::FindRate;
use crate::train::TrainError;
use crate::train::config::RunConfig;
use crate::train::event::TrainEvent;
use crate::train::find_rate::FoundRate;

/// The command of this program that answers.
pub const ARGUMENT: &str = "train-for-window";

/// Where runs are trained.
#[derive(Clone, Debug)]
pub struct Apart {
    program: Option<Program>,
    is_on: Arc<AtomicBool>,
}

#[derive(Clone, Debug)]
enum Program {
    Own,
    At(PathBuf),
}

impl Apart {
    /// On a thread of this process.
    pub fn never() -> Self {
        Self { program: None, is_on: Arc::default() }
    }

    /// In processes of this program.
    pub fn own() -> Self {
        Self { program: Some(Program::Own), is_on: Arc::new(true.into()) }
    }

    /// In processes of a program that is this one.
    pub fn at(program: PathBuf) -> Self {
        Self { program: Some(Program::At(program)), is_on: Arc::new(true.into()) }
    }

    /// Counts for what begins from now on.
    pub fn turn(&self, is_on: bool) {
        self.is_on.store(is_on, Ordering::Relaxed);
    }

    /// The program to start, or why there is none; nothing where runs are trained on a thread.
    pub(super) fn program(&self) -> Option<Result<PathBuf, String>> {
        let program = self.program.as_ref().filter(|_| self.is_on.load(Ordering::Relaxed))?;
        Some(match program {
            Program::Own => own_program().map_err(|error| format!("where it lies is not known: {error}")),
            Program::At(path) => Ok(path.clone()),
        })
    }
}

/// This very program, also where its file was replaced or removed since it was started.
fn own_program() -> io::Result<PathBuf> {
    let named = std::env::current_exe();
    let running = Path::new("/proc/self/exe");
    match &named {
        Ok(path) if !running.exists() || is_same(path, running) => named,
        _ if running.exists() => Ok(running.to_owned()),
        _ => named,
    }
}

#[cfg(unix)]
fn is_same(one: &Path, two: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let of = |path| std::fs::metadata(path).map(|file| (file.dev(), file.ino()));
    matches!((of(one), of(two)), (Ok(one), Ok(two)) if one == two)
}

#[cfg(not(unix))]
fn is_same(one: &Path, two: &Path) -> bool {
    one == two
}

/// The first line to the process; after it come [`super::protocol::Control`]s.
#[derive(Debug, Serialize, Deserialize)]
pub struct Asked {
    /// Of the window. A program that was replaced by another meanwhile may speak otherwise.
    version: String,
    what: What,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Train { config: String },
    Resume { dir: PathBuf },
    FindRate { config: String },
}

impl Asked {
    /// A command in words that travel, or why it has none; nothing where it is not for another process.
    pub fn of(command: &Command) -> Option<Result<Self, String>> {
        let what = match command {
            Command::Train { config, .. } => text_of(config).map(|config| What::Train { config }),
            Command::Resume { dir, .. } => Ok(What::Resume { dir: dir.clone() }),
            Command::Do { work, .. } => {
                text_of(&work.get::<FindRate>()?.config).map(|config| What::FindRate { config })
            }
            _ => return None,
        };
        Some(what.map(|what| Self { version: env!("CARGO_PKG_VERSION").to_owned(), what }))
    }

    /// The command again, on the other side.
    pub fn command(self, job: JobId) -> Result<Command, TrainError> {
        let read = |text: &str| RunConfig::of_text(text, Path::new(""));
        Ok(match self.what {
            What::Train { config } => Command::Train { job, config: Box::new(read(&config)?) },
            What::Resume { dir } => Command::Resume { job, dir },
            What::FindRate { config } => Command::Do { job, work: AnyWork::new(FindRate { config: read(&config)? }) },
        })
    }

    /// Whether both sides are of one version.
    pub fn is_ours(&self) -> bool {
        self.version == env!("CARGO_PKG_VERSION")
    }
}

fn text_of(config: &RunConfig) -> Result<String, String> {
    let mut table = toml::Table::try_from(config).map_err(|error| error.to_string())?;
    config.open.leave_out(&mut table);
    Ok(table.to_string())
}

/// What the process tells: what a worker tells of a run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    Started,
    Progress { what: String, done: u64, total: u64 },
    Train(Box<TrainEvent>),
    Rate(Box<FoundRate>),
    Done,
    Stopped,
    Failed { message: String, detail: Option<String> },
}

impl Told {
    /// An event in words that travel; nothing of what no run tells.
    pub fn of(kind: EventKind) -> Option<Self> {
        Some(match kind {
            EventKind::Started => Self::Started,
            EventKind::Progress { what, done, total } => Self::Progress { what, done, total },
            EventKind::Train(event) => Self::Train(event),
            EventKind::Payload(Payload::Worked(worked)) => {
                let (_, found) = worked.of::<FindRate>()?;
                Self::Rate(Box::new(found.clone()))
            }
            EventKind::Payload(_) => return None,
            EventKind::Done => Self::Done,
            EventKind::Stopped => Self::Stopped,
            EventKind::Failed { message, detail } => Self::Failed { message, detail },
        })
    }

    pub fn is_end(&self) -> bool {
        match self {
            Self::Done | Self::Stopped | Self::Failed { .. } => true,
            Self::Started | Self::Progress { .. } | Self::Train(_) | Self::Rate(_) => false,
        }
    }
}

/// A line of what is said.
pub fn line(of: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(of)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::open::Open;

    #[test]
    fn a_configuration_arrives_to_the_last_digit_and_as_open_as_it_was() {
        let mut config: RunConfig =
            serde_json::from_str(r#"{"task": "classify", "model": {"path": "m"}, "data": {"train": "a.csv"}}"#)
                .unwrap();
        config.optim.lr = 0.1 + 0.2;
        config.optim.lr_groups.insert("head".to_owned(), f64::MIN_POSITIVE / 3.0);
        for open in [Open::default(), Open { lr: false, ..Open::ALL }, Open::ALL] {
            config.open = open;
            let command = Command::Train { job: JobId(7), config: Box::new(config.clone()) };
            let line = line(&Asked::of(&command).unwrap().unwrap()).unwrap();
            let asked: Asked = serde_json::from_slice(&line).unwrap();
            assert!(asked.is_ours());
            let Command::Train { job, config: read } = asked.command(JobId(1)).unwrap() else { panic!("{line:?}") };
            let mut expected = config.clone();
            if open.lr {
                expected.optim.lr = read.optim.lr;
            }
            expected.open = read.open;
            assert_eq!((job, read.open, &*read), (JobId(1), open, &expected));
            let rate = AnyWork::new(FindRate { config: config.clone() });
            let asked = Asked::of(&Command::Do { job, work: rate }).unwrap().unwrap();
            let Command::Do { work, .. } = asked.command(job).unwrap() else { panic!("another command") };
            assert_eq!(work.get::<FindRate>().unwrap().config.open, open);
        }
    }

    #[test]
    fn only_what_trains_is_done_elsewhere() {
        let look = Command::FindRuns { job: JobId(1), folder: "runs".into(), sweeps: Vec::new() };
        assert!(Asked::of(&look).is_none());
        let config = serde_json::from_str(r#"{"task": "classify", "model": {}, "data": {}}"#).unwrap();
        let other = AnyWork::new(crate::worker::works::runs::DeleteRun { dir: "a".into() });
        assert!(Asked::of(&Command::Do { job: JobId(1), work: other }).is_none());
        let train = Command::Train { job: JobId(1), config: Box::new(config) };
        assert!(Asked::of(&train).is_some());
    }
}
