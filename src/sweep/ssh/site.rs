//! A host as a sweep knows it: asked what is there, given what is missing, then ready to train; and set aside for a while,
//! or for good, where it cannot be reached.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::errand::{Ended, Errand, Given, is_full};
use super::super::file::Sweep;
use super::super::go::Watch;
use super::host::{Fault, Host, fault};
use super::parcel::Parcel;
use super::script::{Told, asks, own_system, wrong};
use crate::files;

/// What is the same for all hosts.
pub(super) struct Sending<'a> {
    pub sweep: &'a Sweep,
    pub parcel: &'a Parcel,
    /// Where sweeps lie on a host, from the home folder there or from the root.
    pub root: &'a str,
    pub id: &'a str,
    /// This program and its sum, where it may be sent.
    pub program: Option<(&'a Path, &'a str)>,
}

pub(super) struct Site {
    pub host: Host,
    state: State,
    pub told: Told,
    /// The program that trains there.
    pub program: String,
    /// Runs that lie there and not here: trials that were cut off.
    pub runs: BTreeSet<String>,
    /// Connections that were lost since a trial was fetched.
    cuts: usize,
    /// What need not be waited for until the end.
    loose: Vec<Errand>,
}

enum State {
    Asked(Errand),
    SendsProgram(Errand),
    Receives {
        errand: Errand,
        /// What is packed, which goes with it.
        _packed: tempfile::TempDir,
    },
    Ready,
    Waits(Instant),
    Lost(String),
}

/// How long is waited after each connection that is lost; after the last the host is given up.
const WAITS: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(10), Duration::from_secs(30)];

impl Site {
    pub fn new(host: Host, sending: &Sending<'_>) -> io::Result<Self> {
        let state = State::Asked(ask(&host, sending)?);
        let (told, program, runs) = (Told::default(), String::new(), BTreeSet::new());
        Ok(Self { host, state, told, program, runs, cuts: 0, loose: Vec::new() })
    }

    pub fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready)
    }

    /// Why it was given up, if it was.
    pub fn lost(&self) -> Option<&str> {
        match &self.state {
            State::Lost(reason) => Some(reason),
            _ => None,
        }
    }

    /// A command of the other end.
    pub fn command(&self, words: &[&str]) -> std::process::Command {
        let script = format!("{}/there.sh", self.told.folder);
        self.host.command(&[&["sh", &script], words].concat())
    }

    /// What each trial may use, where several run at once; 0 for all there is.
    pub fn threads(&self) -> usize {
        if self.host.jobs > 1 { (self.told.cores / self.host.jobs).max(1) } else { 0 }
    }

    /// Looks at what is under way.
    pub fn step(&mut self, sending: &Sending<'_>, watch: &mut dyn Watch) {
        self.loose.retain_mut(|errand| errand.ended().is_none());
        let ended = match &mut self.state {
            State::Asked(errand) | State::SendsProgram(errand) | State::Receives { errand, .. } => errand.ended(),
            State::Waits(until) if Instant::now() >= *until => {
                self.begin(sending);
                return;
            }
            State::Ready | State::Waits(_) | State::Lost(_) => return,
        };
        match ended {
            None => {}
            Some(Ended::Cut(said)) => self.cut(&said, watch),
            Some(Ended::Failed { said, reason }) => {
                let changed = sending.parcel.named(&wrong(&said));
                let reason = match changed.first() {
                    Some(path) => format!("{path} arrived as another file; it was changed while it was sent"),
                    None if is_full(&reason) => format!("its disk is full ({reason})"),
                    None => reason,
                };
                self.give_up(reason, watch);
            }
            Some(Ended::Well(said)) => self.next(&said, sending, watch),
        }
    }

    fn begin(&mut self, sending: &Sending<'_>) {
        self.state = match ask(&self.host, sending) {
            Ok(errand) => State::Asked(errand),
            Err(error) => State::Lost(error.to_string()),
        };
    }

    fn next(&mut self, said: &str, sending: &Sending<'_>, watch: &mut dyn Watch) {
        let next = match &self.state {
            State::Asked(_) => {
                self.told = Told::read(said);
                self.runs.clone_from(&self.told.runs);
                self.prepare(sending, watch)
            }
            // What it has now is asked anew.
            State::SendsProgram(_) => ask(&self.host, sending).map(State::Asked).map_err(|error| error.to_string()),
            State::Receives { .. } => Ok(State::Ready),
            State::Ready | State::Waits(_) | State::Lost(_) => return,
        };
        match next {
            Ok(state) => self.state = state,
            Err(reason) => self.give_up(reason, watch),
        }
    }

    /// Sends what is missing, or says why nothing can be trained there.
    fn prepare(&mut self, sending: &Sending<'_>, watch: &mut dyn Watch) -> Result<State, String> {
        if self.told.folder.is_empty() {
            return Err(
                "it did not say what is there; its shell may print something else or end at its start".to_owned()
            );
        }
        if !self.told.folder.chars().all(is_plain) {
            let folder = &self.told.folder;
            return Err(format!("the folder {folder:?} has signs that a shell reads; --ssh-folder names another"));
        }
        if !self.told.lacks.is_empty() {
            return Err(format!("it lacks {}", self.told.lacks.join(", ")));
        }
        let Some(program) = self.fitting(sending)? else { return self.send_program(sending, watch) };
        self.program = program;
        let unsent = |error: io::Error| error.to_string();
        let packed = sending.parcel.packed(sending.sweep, &self.told.folder, &self.told.has).map_err(unsent)?;
        if let Some(free) = self.told.free.filter(|free| *free < packed.bytes) {
            return Err(format!(
                "its disk has {} free, and {} are to be sent",
                megabytes(free),
                megabytes(packed.bytes)
            ));
        }
        if packed.files > 0 {
            let files = crate::words::noun(packed.files, "file", "files");
            watch.tells(&format!("{}: {} {files} are sent, {}", self.host.name, packed.files, megabytes(packed.bytes)));
        }
        let errand = Errand::start(self.command(&["receive"]), Given::Folder(packed.folder.path())).map_err(unsent)?;
        Ok(State::Receives { errand, _packed: packed.folder })
    }

    /// The program of this version that is there; `None` where this one is to be sent.
    fn fitting(&self, sending: &Sending<'_>) -> Result<Option<String>, String> {
        let wanted = concat!("attune ", env!("CARGO_PKG_VERSION"));
        let fits = |(path, version): &&(String, String)| {
            // Who asks for this program to be sent means this one.
            version == wanted && sending.program.is_none_or(|(_, sum)| path.contains(sum))
        };
        if let Some((path, _)) = self.told.programs.iter().find(fits) {
            return if path.chars().all(is_plain) {
                Ok(Some(path.clone()))
            } else {
                Err(format!("{path:?} cannot be called"))
            };
        }
        let found = match self.told.programs.first() {
            Some((path, version)) => format!("{path} is {version}, expected {wanted}"),
            None => format!("there is no attune, expected {wanted}"),
        };
        let (own, there) = (own_system(), &self.told.system);
        let is_same = own == *there;
        match sending.program {
            Some(_) if is_same => Ok(None),
            Some(_) => Err(format!("{found}, and this program is for {own}, not for {there}; install it there")),
            None if is_same => {
                Err(format!("{found}; install it there, or --send-program sends this one, as {own} is the same"))
            }
            None => Err(format!("{found}; install it there, as {there} is not {own}")),
        }
    }

    fn send_program(&self, sending: &Sending<'_>, watch: &mut dyn Watch) -> Result<State, String> {
        let Some((path, sum)) = sending.program else { return Err("there is no attune".to_owned()) };
        if self.told.has.contains(sum) || self.told.programs.iter().any(|(path, _)| path.contains(sum)) {
            return Err("the program that was sent does not start there".to_owned());
        }
        watch.tells(&format!("{}: this program is sent", self.host.name));
        let file = files::open(path).map_err(|error| error.to_string())?;
        let errand = Errand::start(self.command(&["program", sum]), Given::File(file));
        errand.map(State::SendsProgram).map_err(|error| error.to_string())
    }

    /// The connection was lost; it is tried again some times.
    pub fn cut(&mut self, said: &str, watch: &mut dyn Watch) {
        // Each of several trials there loses its own.
        if matches!(self.state, State::Waits(_) | State::Lost(_)) {
            return;
        }
        let Fault { reason, is_final } = fault(&self.host.name, said);
        match WAITS.get(self.cuts).filter(|_| !is_final) {
            Some(wait) => {
                self.cuts += 1;
                watch.tells(&format!("{}: {reason}; it is tried again in {} s", self.host.name, wait.as_secs()));
                self.state = State::Waits(Instant::now() + *wait);
            }
            None => self.give_up(reason, watch),
        }
    }

    pub fn give_up(&mut self, reason: String, watch: &mut dyn Watch) {
        watch.tells(&format!("{}: {reason}; it is not used any more", self.host.name));
        self.state = State::Lost(reason);
    }

    /// A run was fetched, so that what was lost before does not count, and need not lie there.
    pub fn fetched(&mut self, name: &str) {
        self.cuts = 0;
        self.runs.remove(name);
        self.later(&["drop", name]);
    }

    /// Has something done there that nothing depends on.
    pub fn later(&mut self, words: &[&str]) {
        self.loose.extend(Errand::start(self.command(words), Given::Nothing));
    }

    /// Ends what is under way, which is only the sending.
    pub fn stop(&mut self) {
        if let State::Asked(errand) | State::SendsProgram(errand) | State::Receives { errand, .. } = &mut self.state {
            errand.stop();
            self.state = State::Lost("the sweep was ended".to_owned());
        }
    }

    /// Whether something is still done there that nothing depends on.
    pub fn is_busy(&mut self) -> bool {
        self.loose.retain_mut(|errand| errand.ended().is_none());
        !self.loose.is_empty()
    }
}

fn ask(host: &Host, sending: &Sending<'_>) -> io::Result<Errand> {
    let script = asks(sending.root, sending.id, sending.program.map(|(_, sum)| sum));
    Errand::start(host.command(&["sh", "-s"]), Given::Text(&script))
}

/// Whether every shell reads a sign as it is.
pub(super) fn is_plain(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || "/._-+@".contains(sign)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
