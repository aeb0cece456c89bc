//! A trial on another machine: what was begun of it is sent, it is trained there, its log is followed, and its folder is
//! fetched.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};

use super::super::errand::{Ended, Errand, Given, is_full};
use super::super::process::{last_words, lines_since, log_path};
use super::super::{SweepError, Trial};
use super::parcel::{back, told_here};
use super::site::Site;
use crate::files;
use crate::train::event::TrainEvent;
use crate::train::run::{self, Followed};

pub(super) struct Away {
    /// Its place in the sweep, and that of its host among the hosts.
    pub place: usize,
    pub site: usize,
    state: Doing,
    follower: Follower,
    log: PathBuf,
    /// Bytes of the log that were told.
    told: u64,
}

enum Doing {
    Sends(Errand),
    Trains {
        child: Child,
        /// While this is open it trains.
        stdin: Option<ChildStdin>,
    },
    Fetches {
        errand: Errand,
        /// Why training ended; empty where it was done.
        reason: String,
    },
}

/// What became of it.
pub(super) enum Came {
    /// It ended and is here, with why; empty where it was done.
    Home(String),
    /// It ended by a fault that another machine may not have.
    Broke(String),
    /// Its run lies there and could not be fetched.
    Stuck(String),
    /// The connection was lost, with what `ssh` said.
    Cut(String),
}

impl Away {
    /// Begins on a host, with what there is of it: there, or else here.
    pub fn start(trial: &Trial, place: usize, site: (usize, &Site), out: &Path) -> io::Result<Self> {
        let (number, site) = site;
        let own = &trial.config.run.out;
        let log = log_path(out, trial);
        let follower = Follower::new(log.with_extension("events"), site.told.folder.clone());
        // What an earlier attempt said is not of this one.
        [&follower.path, &log].into_iter().try_for_each(|path| files::create(path).map(drop))?;
        let is_begun = own.join("checkpoint").is_dir() && !site.runs.contains(&trial.name);
        let state = if is_begun {
            Doing::Sends(Errand::start(site.command(&["put", &trial.name]), Given::Folder(own))?)
        } else {
            trains(trial, site, &log, &follower.path)?
        };
        Ok(Self { place, site: number, state, follower, log, told: 0 })
    }

    /// Looks at what is under way.
    pub fn step(&mut self, trial: &Trial, site: &Site) -> Option<Came> {
        self.follower.follow(trial);
        match &mut self.state {
            Doing::Sends(errand) => match errand.ended()? {
                Ended::Well(_) => match trains(trial, site, &self.log, &self.follower.path) {
                    Ok(state) => self.state = state,
                    Err(error) => return Some(Came::Broke(error.to_string())),
                },
                Ended::Cut(said) => return Some(Came::Cut(said)),
                Ended::Failed { reason, .. } => return Some(Came::Broke(reason)),
            },
            Doing::Trains { child, .. } => {
                let status = match child.try_wait() {
                    Ok(status) => status?,
                    Err(error) => return Some(Came::Broke(format!("its process was lost: {error}"))),
                };
                self.follower.follow(trial);
                let said = || {
                    let said = last_words(&self.log).unwrap_or_else(|| status.to_string());
                    told_here(&said, &site.told.folder, trial)
                };
                let reason = match status.code() {
                    Some(0) => String::new(),
                    Some(1) => said(),
                    Some(255) | None => return Some(Came::Cut(said())),
                    Some(code @ 129..) => {
                        return Some(Came::Broke(format!("its process was ended by signal {}", code - 128)));
                    }
                    Some(code) => return Some(Came::Broke(format!("its process ended with {code}: {}", said()))),
                };
                if is_full(&reason) {
                    return Some(Came::Broke(reason));
                }
                if !self.follower.is_begun() {
                    return Some(Came::Home(reason));
                }
                match fetches(trial, site) {
                    Ok(errand) => self.state = Doing::Fetches { errand, reason },
                    Err(error) => return Some(Came::Stuck(format!("its run could not be fetched: {error}"))),
                }
            }
            Doing::Fetches { errand, reason } => {
                let came = match errand.ended()? {
                    Ended::Well(_) => {
                        self.follower.let_go();
                        match take(trial, &site.told.folder) {
                            Ok(()) => Came::Home(std::mem::take(reason)),
                            Err(error) => Came::Stuck(format!("its run could not be taken over: {error}")),
                        }
                    }
                    Ended::Cut(said) => Came::Cut(said),
                    Ended::Failed { reason, .. } => Came::Stuck(format!("its run could not be fetched: {reason}")),
                };
                files::remove_folder(&beside(&trial.config.run.out)).ok();
                return Some(came);
            }
        }
        None
    }

    /// Whole lines that it said since this was asked last.
    pub fn news(&mut self) -> Vec<String> {
        lines_since(&self.log, &mut self.told)
    }

    /// Whether a run lies on the host that is not here yet.
    pub fn is_there(&self) -> bool {
        self.follower.is_begun() || matches!(self.state, Doing::Fetches { .. })
    }

    /// The last step that its log told of.
    pub fn reached(&self) -> u64 {
        self.follower.reached
    }

    /// Asks it to write down what it learned and end. What was only being sent is left; that it is home is said.
    pub fn ask_to_end(&mut self) -> bool {
        match &mut self.state {
            Doing::Sends(errand) => {
                errand.stop();
                true
            }
            Doing::Trains { stdin, .. } => {
                drop(stdin.take());
                false
            }
            Doing::Fetches { .. } => false,
        }
    }
}

fn trains(trial: &Trial, site: &Site, log: &Path, events: &Path) -> io::Result<Doing> {
    let threads = site.threads().to_string();
    let mut command = site.command(&["train", &trial.name, &threads, &site.program]);
    command.stdin(Stdio::piped()).stdout(files::create(events)?).stderr(files::create(log)?);
    let mut child = command.spawn()?;
    let stdin = child.stdin.take();
    Ok(Doing::Trains { child, stdin })
}

fn fetches(trial: &Trial, site: &Site) -> io::Result<Errand> {
    let part = beside(&trial.config.run.out);
    files::remove_folder(&part)?;
    files::create_folders(&part)?;
    Errand::unpacking(site.command(&["fetch", &trial.name]), &part)
}

fn beside(own: &Path) -> PathBuf {
    own.with_file_name(format!(".{}.part", files::name(own)))
}

/// Gives what was fetched its place, with the paths of here.
fn take(trial: &Trial, there: &str) -> Result<(), SweepError> {
    let own = &trial.config.run.out;
    let part = beside(own);
    run::settle(&part, &trial.config, &|path| back(path, there, trial))?;
    let placed = files::remove_folder(own).and_then(|()| files::rename(&part, own));
    placed.map_err(|source| SweepError::Unwritable { path: own.clone(), source })
}

/// Takes up the events of a trial as they come, so that its run is seen here while it trains there.
struct Follower {
    /// What came.
    path: PathBuf,
    /// Of the sweep there.
    there: String,
    read: u64,
    reached: u64,
    run: Option<Followed>,
    began: bool,
}

impl Follower {
    fn new(path: PathBuf, there: String) -> Self {
        Self { path, there, read: 0, reached: 0, run: None, began: false }
    }

    fn is_begun(&self) -> bool {
        self.began
    }

    fn follow(&mut self, trial: &Trial) {
        for line in lines_since(&self.path, &mut self.read) {
            let event = serde_json::from_str::<TrainEvent>(&line).ok();
            self.reached = self.reached.max(event.as_ref().map_or(0, TrainEvent::step));
            match event {
                Some(TrainEvent::Started { config, .. }) if !self.began => {
                    self.began = true;
                    let mut config = *config;
                    config.each_path(&|path| *path = back(path, &self.there, trial));
                    // A run that cannot be seen here trains all the same.
                    self.run = Followed::begin(&config).ok();
                }
                // It is finished when its folder is here.
                Some(TrainEvent::Finished(_)) => continue,
                _ => {}
            }
            if let Some(run) = &mut self.run {
                run.line(&line);
            }
        }
    }

    fn let_go(&mut self) {
        self.run = None;
    }
}
