//! The trials of a sweep as jobs of a Ray cluster, which decides what runs where and when.
//!
//! They are submitted, followed and stopped by Ray's own program, which must be of the cluster's version anyway. A job is
//! `attune train`, as a job of Slurm is: the folder of the sweep, the data, the models and the program are seen from every
//! node under the paths that they have here. So what a trial writes is here at once, and one whose node dies goes on from
//! its checkpoint on another.

mod job;

use std::collections::{BTreeMap, VecDeque};
use std::io;

use super::file::Sweep;
use super::go::{Begins, Outcome, PAUSE, Watch, check_folder, is_finished, lock, unwritable, write_configs};
use super::process::FOLDER;
use super::record::{Record, Records};
use super::{SweepError, Trial};
use crate::files;
use crate::train::run::TRIALS;
use job::{Came, Job, script};

/// A cluster, and what a trial takes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ray {
    /// As Ray's own programs take it: `http://HOST:8265`, or `auto` on one of its nodes.
    pub address: String,
    /// Processors that each trial reserves.
    pub cpus: u16,
}

/// The script of all trials, in the folder of what they are started from.
const SCRIPT: &str = "ray.sh";
/// So often a trial is submitted again whose node went away.
const MOST_BREAKS: usize = 3;

/// Runs what is to be run on a cluster, with so many jobs submitted at once.
pub fn go_on_ray(
    sweep: &Sweep,
    ray: &Ray,
    jobs: usize,
    resume: bool,
    watch: &mut dyn Watch,
) -> Result<Outcome, SweepError> {
    let out = &sweep.out;
    check_folder(sweep, resume)?;
    if ray.address.is_empty() || ray.address.starts_with('-') {
        let expected = "the address of a cluster, as in http://HOST:8265, or auto";
        return Err(SweepError::setting("--ray", format!("{:?}", ray.address), expected));
    }
    let folder = std::path::absolute(out.join(FOLDER)).map_err(unwritable(out))?;
    // Ray joins the words of a command for a shell, and leaves these signs as they are.
    if folder.to_string_lossy().contains(['"', '$', '`', '\\', '\n']) {
        let expected = "a path without quotes, backslashes, $ and `, which Ray hands to a shell";
        return Err(SweepError::setting("out", format!("{:?}", out.display()), expected));
    }
    files::create_folders(&folder).map_err(unwritable(out))?;
    let _lock = lock(out)?;
    let mut records = Records::open(out)?;
    write_configs(sweep)?;
    let program = std::env::current_exe().map_err(unwritable(out))?;
    let path = folder.join(SCRIPT);
    files::write_where_other(&path, script(&folder, &program, ray.cpus).as_bytes()).map_err(unwritable(&path))?;
    let waiting = (0..sweep.trials.len()).filter(|place| !records.is_finished(&sweep.trials[*place])).collect();
    let mut work = Work { sweep, ray, script: path, jobs, running: Vec::new(), waiting, breaks: BTreeMap::new() };
    let ended = work.go(&mut records, watch);
    let known = |trial: &Trial| records.last.get(&trial.name).cloned();
    let known = sweep.trials.iter().filter_map(known).collect();
    if let Some(source) = records.flush().err().or(ended.unwritten) {
        return Err(SweepError::Unwritable { path: out.join(TRIALS), source });
    }
    match ended.lost {
        Some(reason) => {
            let (address, open) = (ray.address.clone(), work.waiting.len());
            Err(SweepError::NoCluster { address, reason, open, all: sweep.trials.len() })
        }
        None => Ok(Outcome { records: known, stopped: ended.stopped }),
    }
}

/// What is under way.
struct Work<'a> {
    sweep: &'a Sweep,
    ray: &'a Ray,
    script: std::path::PathBuf,
    jobs: usize,
    running: Vec<Job>,
    /// Places of trials.
    waiting: VecDeque<usize>,
    breaks: BTreeMap<usize, usize>,
}

#[derive(Default)]
struct Ended {
    stopped: bool,
    /// Why the cluster cannot be asked any more.
    lost: Option<String>,
    unwritten: Option<io::Error>,
}

impl Work<'_> {
    fn go(&mut self, records: &mut Records, watch: &mut dyn Watch) -> Ended {
        let mut ended = Ended::default();
        loop {
            if !ended.stopped && watch.is_asked_to_end() {
                ended.stopped = true;
                self.running.iter_mut().for_each(|job| job.ask_to_end(self.ray));
            }
            if !ended.stopped && ended.lost.is_none() {
                self.submit(records, &mut ended, watch);
            }
            self.look(records, &mut ended, watch);
            let is_over = ended.stopped || ended.lost.is_some() || self.waiting.is_empty();
            if self.running.is_empty() && is_over {
                return ended;
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn submit(&mut self, records: &mut Records, ended: &mut Ended, watch: &mut dyn Watch) {
        while self.running.len() < self.jobs
            && let Some(place) = self.waiting.pop_front()
        {
            let trial = &self.sweep.trials[place];
            if is_finished(trial) {
                add(Record::of(trial, false, String::new()), records, ended, watch);
                continue;
            }
            match Job::submit(trial, place, self.ray, &self.script) {
                Ok(job) => {
                    watch.begins(trial, Begins::On("the cluster"));
                    self.running.push(job);
                }
                Err(error) => {
                    self.waiting.push_front(place);
                    ended.lost =
                        Some(format!("ray cannot be started: {error}; pip install \"ray[default]\" brings it"));
                    return;
                }
            }
        }
    }

    fn look(&mut self, records: &mut Records, ended: &mut Ended, watch: &mut dyn Watch) {
        let mut at = 0;
        while at < self.running.len() {
            let place = self.running[at].place;
            let trial = &self.sweep.trials[place];
            let came = self.running[at].step(trial, self.ray);
            for line in self.running[at].news() {
                watch.says(trial, &line);
            }
            let Some(came) = came else {
                at += 1;
                continue;
            };
            self.running.remove(at);
            let reason = match came {
                Came::Home(reason) => reason,
                Came::Lost(reason) => {
                    if !ended.stopped {
                        ended.lost.get_or_insert(reason);
                        self.waiting.push_front(place);
                        continue;
                    }
                    reason
                }
                Came::Broke(reason) => {
                    let breaks = self.breaks.entry(place).or_default();
                    *breaks += 1;
                    if *breaks <= MOST_BREAKS && !ended.stopped {
                        watch.tells(&format!("{}: {reason}; it is submitted again", trial.name));
                        self.waiting.push_front(place);
                        continue;
                    }
                    reason
                }
            };
            add(Record::of(trial, ended.stopped, reason), records, ended, watch);
        }
    }
}

fn add(record: Record, records: &mut Records, ended: &mut Ended, watch: &mut dyn Watch) {
    watch.ended(&record);
    ended.unwritten = records.add(record).err();
}
