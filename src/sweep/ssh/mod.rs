//! The trials of a sweep on other machines, reached by the system's `ssh`, which train with this same program.
//!
//! What the trials read is found and summed here once (`parcel.rs`). Each host is asked what is there and sent what is
//! missing (`site.rs`, `script.rs`), trains some trials at once by commands of one script (`there.sh`), and what came of
//! each is fetched (`away.rs`). A trial there trains as long as our end of its connection is open: whatever ends this
//! program, or the connection, has it write down what it learned and end.
//!
//! As here there is no thread: all that is under way is a process, and is looked at every few hundredths of a second.

mod away;
mod host;
mod parcel;
mod script;
mod site;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use super::errand::is_full;
use super::file::Sweep;
use super::go::{Begins, Outcome, PAUSE, Watch, check_folder, is_finished, lock, unwritable, write_configs};
use super::process::FOLDER;
use super::record::{Record, Records};
use super::{SweepError, Trial};
use crate::files::{self, sum_of};
use crate::train::run::TRIALS;
use away::{Away, Came};
pub use host::Host;
use parcel::{Parcel, id_of};
use site::{Sending, Site, is_plain};

/// Where trials are sent.
pub struct Hosts {
    pub hosts: Vec<Host>,
    /// Of sweeps on a host, from the home folder there or from the root.
    pub folder: String,
    /// Whether this program may be sent where there is none of its version.
    pub send_program: bool,
}

/// Where sweeps lie on a host unless a person says otherwise.
pub const SSH_FOLDER: &str = ".cache/attune";
/// What the folder of the sweep is called on every host.
const ID: &str = ".ssh";
/// So often a trial is begun again that ended by a fault which may be its machine's.
const MOST_BREAKS: usize = 2;

/// Runs what is to be run on other machines. A folder that holds a sweep is taken only to go on with it.
pub fn go_over_ssh(sweep: &Sweep, to: &Hosts, resume: bool, watch: &mut dyn Watch) -> Result<Outcome, SweepError> {
    let out = &sweep.out;
    check_folder(sweep, resume)?;
    if to.folder.is_empty() || to.folder.starts_with('-') || !to.folder.chars().all(is_plain) {
        let expected = "a path of letters, digits and ./_-+@, from the home folder there or from the root";
        return Err(SweepError::setting("--ssh-folder", format!("{:?}", to.folder), expected));
    }
    let parcel = Parcel::of(sweep, &mut || !watch.is_asked_to_end())?;
    files::create_folders(&out.join(FOLDER)).map_err(unwritable(out))?;
    let _lock = lock(out)?;
    let mut records = Records::open(out)?;
    write_configs(sweep)?;
    let known = |records: &Records| {
        let known = |trial: &Trial| records.last.get(&trial.name).cloned();
        sweep.trials.iter().filter_map(known).collect::<Vec<_>>()
    };
    let Some(parcel) = parcel else { return Ok(Outcome { records: known(&records), stopped: true }) };
    let program = to.send_program.then(own_program).transpose()?;
    let program = program.as_ref().map(|(path, sum)| (path.as_path(), sum.as_str()));
    let id = id(out)?;
    let sending = Sending { sweep, parcel: &parcel, root: &to.folder, id: &id, program };
    let sites = to.hosts.iter().map(|host| Site::new(host.clone(), &sending)).collect::<Result<_, _>>();
    let sites = sites.map_err(|source| SweepError::NoProgram { program: "ssh", source })?;
    let waiting = (0..sweep.trials.len()).filter(|place| !records.is_finished(&sweep.trials[*place])).collect();
    let (running, breaks) = (Vec::new(), BTreeMap::new());
    let mut work =
        Work { sending, sites, running, waiting, breaks, records: &mut records, failed: None, is_ending: false };
    work.go(watch);
    let (stopped, failed, open) = (work.is_ending, work.failed.take(), work.waiting.len());
    let lost = |site: &Site| site.lost().map(|reason| format!("{}: {reason}", site.host.name));
    let reasons: Vec<String> = work.sites.iter().filter_map(lost).collect();
    if let Some(source) = records.flush().err().or(failed) {
        return Err(SweepError::Unwritable { path: out.join(TRIALS), source });
    }
    if open > 0 && !stopped {
        return Err(SweepError::NoHosts { open, all: sweep.trials.len(), reasons: reasons.join("; ") });
    }
    Ok(Outcome { records: known(&records), stopped })
}

/// This program and its sum.
fn own_program() -> Result<(PathBuf, String), SweepError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| SweepError::Unreadable { path, source }
    };
    let path = std::env::current_exe().map_err(unreadable(Path::new("attune")))?;
    let sum = sum_of(&path).map_err(unreadable(&path))?;
    Ok((path, sum.sha256))
}

/// The name of the sweep's folder on every host, which a sweep that goes on finds again.
fn id(out: &Path) -> Result<String, SweepError> {
    let path = out.join(FOLDER).join(ID);
    let kept = files::read_note_text(&path).unwrap_or_default();
    if kept.len() == 16 && kept.chars().all(|sign| sign.is_ascii_hexdigit()) {
        return Ok(kept);
    }
    let id = id_of(out);
    files::write_atomically(&path, |file| file.write_all(id.as_bytes())).map_err(unwritable(&path))?;
    Ok(id)
}

/// What is under way.
struct Work<'a> {
    sending: Sending<'a>,
    sites: Vec<Site>,
    running: Vec<Away>,
    /// Places of trials.
    waiting: VecDeque<usize>,
    /// How often each ended by a fault that may be its machine's.
    breaks: BTreeMap<usize, usize>,
    records: &'a mut Records,
    failed: Option<io::Error>,
    is_ending: bool,
}

impl Work<'_> {
    fn go(&mut self, watch: &mut dyn Watch) {
        loop {
            if !self.is_ending && watch.is_asked_to_end() {
                self.end();
            }
            if !self.is_ending {
                self.sites.iter_mut().for_each(|site| site.step(&self.sending, watch));
                self.begin_more(watch);
            }
            self.look(watch);
            let is_left = |site: &Site| site.lost().is_none();
            if self.running.is_empty() && (self.is_ending || self.waiting.is_empty() || !self.sites.iter().any(is_left))
            {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        self.clear();
    }

    fn end(&mut self) {
        self.is_ending = true;
        self.sites.iter_mut().for_each(Site::stop);
        self.running.retain_mut(|away| !away.ask_to_end());
    }

    /// Has hosts that have room begin with what waits.
    fn begin_more(&mut self, watch: &mut dyn Watch) {
        for number in 0..self.sites.len() {
            while self.sites[number].is_ready()
                && self.running.iter().filter(|away| away.site == number).count() < self.sites[number].host.jobs
                && let Some(place) = self.next_for(number)
            {
                let trial = &self.sending.sweep.trials[place];
                if is_finished(trial) {
                    self.add(Record::of(trial, false, String::new()), watch);
                    continue;
                }
                let site = &self.sites[number];
                match Away::start(trial, place, (number, site), &self.sending.sweep.out) {
                    Ok(away) => {
                        watch.begins(trial, Begins::On(&site.host.name));
                        self.running.push(away);
                    }
                    Err(error) => {
                        self.add(Record::of(trial, false, format!("it could not be begun: {error}")), watch);
                    }
                }
            }
        }
    }

    /// What a host does next: first what it has begun, and nothing that another has begun which may still come back.
    fn next_for(&mut self, number: usize) -> Option<usize> {
        let trials = &self.sending.sweep.trials;
        let has = |site: &Site, place: usize| site.runs.contains(&trials[place].name);
        let own = self.waiting.iter().position(|place| has(&self.sites[number], *place));
        let is_free = |place: &usize| !self.sites.iter().any(|site| site.lost().is_none() && has(site, *place));
        let at = own.or_else(|| self.waiting.iter().position(is_free))?;
        self.waiting.remove(at)
    }

    fn look(&mut self, watch: &mut dyn Watch) {
        let mut at = 0;
        while at < self.running.len() {
            let (place, number) = (self.running[at].place, self.running[at].site);
            let trial = &self.sending.sweep.trials[place];
            let came = self.running[at].step(trial, &self.sites[number]);
            for line in self.running[at].news() {
                watch.says(trial, &line);
            }
            match came {
                None => at += 1,
                Some(came) => {
                    let away = self.running.remove(at);
                    self.came(&away, came, watch);
                }
            }
        }
    }

    /// Notes down what became of a trial, or has it begun again.
    fn came(&mut self, away: &Away, came: Came, watch: &mut dyn Watch) {
        let trial = &self.sending.sweep.trials[away.place];
        let site = &mut self.sites[away.site];
        let host = site.host.name.clone();
        let (reason, again) = match came {
            Came::Home(reason) => {
                if away.is_there() {
                    site.fetched(&trial.name);
                }
                (reason, false)
            }
            Came::Stuck(reason) => {
                site.runs.insert(trial.name.clone());
                (format!("{reason}; it lies on {host}, from where --resume fetches it"), false)
            }
            Came::Cut(said) => {
                if away.is_there() {
                    site.runs.insert(trial.name.clone());
                }
                if !self.is_ending {
                    let step = away.reached();
                    watch.tells(&format!(
                        "{}: the connection to {host} was lost after step {step}; it is tried again",
                        trial.name
                    ));
                    site.cut(&said, watch);
                }
                (format!("the connection to {host} was lost"), true)
            }
            Came::Broke(reason) if is_full(&reason) => {
                site.give_up(format!("its disk is full ({reason})"), watch);
                (format!("the disk of {host} is full"), true)
            }
            Came::Broke(reason) => {
                if away.is_there() {
                    site.runs.insert(trial.name.clone());
                }
                let breaks = self.breaks.entry(away.place).or_default();
                *breaks += 1;
                let again = *breaks <= MOST_BREAKS;
                if again && !self.is_ending {
                    watch.tells(&format!("{}: {reason} on {host}; it is tried again", trial.name));
                }
                (reason, again)
            }
        };
        if again && !self.is_ending {
            self.waiting.push_front(away.place);
            return;
        }
        let record = Record::of(trial, self.is_ending, reason);
        self.add(Record { host: Some(host), ..record }, watch);
    }

    fn add(&mut self, record: Record, watch: &mut dyn Watch) {
        watch.ended(&record);
        self.failed = self.records.add(record).err();
    }

    /// Removes from the hosts what no sweep needs any more, where all is done.
    fn clear(&mut self) {
        let is_done = self.sending.sweep.trials.iter().all(|trial| self.records.is_finished(trial));
        for site in self.sites.iter_mut().filter(|site| is_done && site.is_ready()) {
            while site.is_busy() {
                std::thread::sleep(PAUSE);
            }
            site.later(&["clear"]);
        }
        while self.sites.iter_mut().any(Site::is_busy) {
            std::thread::sleep(PAUSE);
        }
    }
}
