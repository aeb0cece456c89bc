//! A trial as a job of a cluster: it is submitted and followed by `ray job submit`, and where that ends without a result,
//! because the job failed or because the connection did, the cluster is asked how it stands.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::super::Trial;
use super::super::errand::{Ended, Errand, Given};
use super::super::go::is_finished;
use super::super::process::{last_words, lines_since};
use super::super::scheduler::quoted;
use super::Ray;
use crate::{files, signals};

/// The program that submits, asks and stops.
const PROGRAM: &str = "ray";
/// How long is waited before the cluster is asked again where it did not answer; after the last it is given up.
const WAITS: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(30)];
/// First in the log of a trial that runs: where it does not stand there, the node did not see the folder.
const BEGINS: &str = "begins on ";

pub(super) struct Job {
    /// Its place in the sweep.
    pub place: usize,
    id: String,
    state: Doing,
    stopping: Option<Errand>,
    /// What the trial says, and what Ray says of it.
    log: PathBuf,
    told: PathBuf,
    read: u64,
    /// How often the cluster did not answer.
    unanswered: usize,
}

enum Doing {
    Follows(Child),
    Asks(Errand),
    Waits(Instant),
}

/// What became of it.
pub(super) enum Came {
    /// It ended, with why; empty where it was done.
    Home(String),
    /// By a fault that another node may not have.
    Broke(String),
    /// The cluster does not answer.
    Lost(String),
}

/// What every job is: a trial by its name, which goes on where it was.
pub(super) fn script(folder: &Path, program: &Path, cpus: u16) -> String {
    let out = folder.parent().unwrap_or(folder);
    format!(
        "set -u\n\
         trial=$1\n\
         out={}\n\
         exec > \"$out/trials/$trial.log\" 2>&1\n\
         echo \"{BEGINS}$(uname -n)\"\n\
         if grep -qs '\"event\": *\"finished\"' \"$out/$trial/events.jsonl\"; then exit 0; fi\n\
         export RAYON_NUM_THREADS={cpus}\n\
         exec {} train \"$out/trials/$trial.toml\" --resume\n",
        quoted(out),
        quoted(program)
    )
}

impl Job {
    pub fn submit(trial: &Trial, place: usize, ray: &Ray, script: &Path) -> io::Result<Self> {
        let log = script.with_file_name(format!("{}.log", trial.name));
        let told = script.with_file_name(format!("{}.ray", trial.name));
        // What an earlier attempt said is not of this one.
        files::create(&log)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let id = format!("attune-{}-{now}", trial.name);
        let mut command = ray_job("submit", ray);
        command.args(["--submission-id", &id, "--entrypoint-num-cpus", &ray.cpus.to_string(), "--log-color", "false"]);
        // What is asked to end may take a minute to write down what it learned.
        command.args(["--runtime-env-json", "{\"env_vars\": {\"RAY_JOB_STOP_WAIT_TIME_S\": \"60\"}}"]);
        command.arg("--").arg("sh").arg(script).arg(&trial.name);
        let state = Doing::Follows(followed(command, &told)?);
        Ok(Self { place, id, state, stopping: None, log, told, read: 0, unanswered: 0 })
    }

    /// Looks at what is under way.
    pub fn step(&mut self, trial: &Trial, ray: &Ray) -> Option<Came> {
        match &mut self.state {
            Doing::Follows(child) => {
                let status = match child.try_wait() {
                    Ok(status) => status?,
                    Err(error) => return Some(Came::Lost(error.to_string())),
                };
                if status.success() && is_finished(trial) {
                    return Some(Came::Home(String::new()));
                }
                self.ask(ray)
            }
            Doing::Waits(until) if Instant::now() >= *until => self.ask(ray),
            Doing::Waits(_) => None,
            Doing::Asks(errand) => match errand.ended()? {
                Ended::Well(said) => {
                    self.unanswered = 0;
                    self.stands(&said, trial, ray)
                }
                Ended::Cut(reason) | Ended::Failed { reason, .. } => self.is_unanswered(reason),
            },
        }
    }

    /// Asks how the job stands.
    fn ask(&mut self, ray: &Ray) -> Option<Came> {
        let mut command = ray_job("status", ray);
        command.arg(&self.id);
        match Errand::start(command, Given::Nothing) {
            Ok(errand) => self.state = Doing::Asks(errand),
            Err(error) => return Some(Came::Lost(error.to_string())),
        }
        None
    }

    fn is_unanswered(&mut self, reason: String) -> Option<Came> {
        let Some(wait) = WAITS.get(self.unanswered) else {
            return Some(Came::Lost(last_words(&self.told).unwrap_or(reason)));
        };
        self.unanswered += 1;
        self.state = Doing::Waits(Instant::now() + *wait);
        None
    }

    /// What the cluster says of it.
    fn stands(&mut self, said: &str, trial: &Trial, ray: &Ray) -> Option<Came> {
        if is_finished(trial) {
            return Some(Came::Home(String::new()));
        }
        if ["': RUNNING", "': PENDING"].iter().any(|state| said.contains(state)) {
            let mut command = ray_job("logs", ray);
            command.arg("--follow").arg(&self.id);
            match followed(command, &self.told) {
                Ok(child) => self.state = Doing::Follows(child),
                Err(error) => return Some(Came::Lost(error.to_string())),
            }
            return None;
        }
        let first = files::read_note_text(&self.log).unwrap_or_default();
        let node = first.lines().next().and_then(|line| line.strip_prefix(BEGINS)).map(str::to_owned);
        Some(match node {
            // Of what the trial itself says it can be taken at its word.
            Some(_) if said.contains("exit code 1,") || said.contains("exit code 1.") || self.stopping.is_some() => {
                Came::Home(last_words(&self.log).unwrap_or_default())
            }
            Some(node) => Came::Broke(format!("its job on {node} was lost ({})", message(said))),
            None if self.stopping.is_some() => Came::Home("it was stopped before it began".to_owned()),
            None if said.contains("exit code") => Came::Home(format!(
                "the node that was to train it does not see {}; the folder of the sweep, data, models and Attune must be \
                 seen under the same paths from every node ({})",
                self.log.parent().unwrap_or(&self.log).display(),
                message(said)
            )),
            None => Came::Broke(format!("its job was lost before it began ({})", message(said))),
        })
    }

    /// Has it asked to end.
    pub fn ask_to_end(&mut self, ray: &Ray) {
        let mut command = ray_job("stop", ray);
        command.arg(&self.id);
        // Where that cannot be started, the job goes on, and its record says how it stood.
        self.stopping = Errand::start(command, Given::Nothing).ok();
    }

    /// Whole lines that the trial said since this was asked last.
    pub fn news(&mut self) -> Vec<String> {
        lines_since(&self.log, &mut self.read)
    }
}

/// What Ray says of why a job ended, without what stands below: the log, and what the job was.
fn message(said: &str) -> &str {
    let text = said.split_once("Status message:").map_or(said, |(_, message)| message).trim();
    let first = text.lines().next().unwrap_or_default();
    first.split(", last available logs").next().unwrap_or(first).trim_end_matches('.')
}

fn ray_job(verb: &str, ray: &Ray) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["job", verb, "--address", &ray.address]);
    signals::set_apart(&mut command);
    command
}

fn followed(mut command: Command, told: &Path) -> io::Result<Child> {
    let file = files::create(told)?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).spawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_ray_says_the_reason_is_told() {
        let check = |said: &str, expected: &str| assert_eq!(message(said), expected);
        let log = "Job 'a' failed\n----\nStatus message: Job entrypoint command failed with exit code 2, last available logs \
                   (truncated to 20,000 chars):\nRunning entrypoint for job a\nsh: cannot open\n";
        check(log, "Job entrypoint command failed with exit code 2");
        let died = "Status message: Job supervisor actor died: The actor died unexpectedly before finishing this task.\n\
                    \tclass_name: JobSupervisor\n";
        check(died, "Job supervisor actor died: The actor died unexpectedly before finishing this task");
        check("", "");
    }
}
