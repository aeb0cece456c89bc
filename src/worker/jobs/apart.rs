//! A run in a process of its own: it is started, listened to, told what it is to do, and if it dies, that is told with what
//! is known of why.
//!
//! Where no process can be started, the run is trained on this thread, and that is told too. What a process has begun is
//! never begun a second time.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command as Program, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::died::{Death, Left, Said};
use super::job::{Ended, Job};
use crate::train::event::TrainEvent;
use crate::worker::apart::{ARGUMENT, Asked, Told, line};
use crate::worker::protocol::{Command, Control, EventKind, Payload};
use crate::worker::work::{AnyWork, Failure};
use crate::worker::works::rate::FindRate;
use crate::{memory, signals};

/// How long a process that has told its end may take to be gone.
const LEAVE: Duration = Duration::from_secs(5);

/// A failure with what a person may want to see of it beside its line.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Detailed {
    message: String,
    pub detail: Option<String>,
}

/// Does a job in a process of its own; nothing where it is to be done here.
pub fn perform(job: &Job<'_>, command: &Command) -> Result<Option<Ended>, Failure> {
    let Some(program) = job.context.apart.program() else { return Ok(None) };
    let Some(asked) = Asked::of(command) else { return Ok(None) };
    let begun = program.and_then(|program| Process::start(job, &program, &asked?));
    match begun {
        Ok(process) => follow(job, process, command).map(Some),
        Err(why) => {
            if matches!(command, Command::Train { .. } | Command::Resume { .. }) {
                job.send(EventKind::Train(Box::new(here(&why))));
            }
            Ok(None)
        }
    }
}

/// Tells why a run is trained in the window's own process.
fn here(why: &str) -> TrainEvent {
    let message = format!(
        "no separate process could be started for this run ({why}), so it trains inside the window: if it runs out of \
         memory or crashes, the window closes with it"
    );
    TrainEvent::Warning { step: 0, message }
}

fn follow(job: &Job<'_>, mut process: Process, command: &Command) -> Result<Ended, Failure> {
    let (mut left, mut ended) = (Left::Nothing, None);
    while let Some(told) = process.next() {
        match told {
            Told::Started => {}
            Told::Progress { what, done, total } => job.send(EventKind::Progress { what, done, total }),
            Told::Train(event) => {
                left = left.after(&event);
                job.send(EventKind::Train(event));
            }
            Told::Rate(found) => {
                if let Command::Do { work, .. } = command {
                    answer(job, work, *found);
                }
            }
            Told::Done => ended = Some(Ok(Ended::Done)),
            Told::Stopped => ended = Some(Ok(Ended::Stopped)),
            Told::Failed { message, detail } => ended = Some(Err(Detailed { message, detail })),
        }
        if ended.is_some() {
            break;
        }
    }
    job.control.end_relay();
    let death = process.wait(ended.is_some());
    Ok(ended.unwrap_or_else(|| {
        let (message, detail) = (death.words(left), death.detail());
        Err(Detailed { message, detail })
    })?)
}

fn answer(job: &Job<'_>, work: &AnyWork, found: crate::train::find_rate::FoundRate) {
    job.payload(Payload::Worked(work.answered::<FindRate>(found)));
}

/// A process that does a job.
struct Process {
    child: Child,
    told: BufReader<ChildStdout>,
    said: Said,
    /// Processes that the system had killed for want of memory before this one was started.
    out_of_memory: Option<u64>,
}

impl Process {
    /// Starts it and waits until it has begun; says why where it has not.
    fn start(job: &Job<'_>, program: &Path, asked: &Asked) -> Result<Self, String> {
        let out_of_memory = memory::ran_out();
        let request = line(asked).map_err(|error| error.to_string())?;
        let mut command = Program::new(program);
        command.arg(ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        signals::set_apart(&mut command);
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        let (Some(mut orders), Some(told), Some(said)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            child.kill().ok();
            child.wait().ok();
            return Err("it has no pipes".to_owned());
        };
        let said = Said::gather(said).map_err(|error| error.to_string())?;
        let mut process = Self { child, told: BufReader::new(told), said, out_of_memory };
        // What cannot be written is found out by what it does not tell.
        orders.write_all(&request).ok();
        job.control.relay(move |control: Control| {
            if let Ok(line) = line(&control) {
                orders.write_all(&line).ok();
            }
        });
        match process.next() {
            Some(Told::Started) => Ok(process),
            Some(Told::Failed { message, .. }) => {
                job.control.end_relay();
                process.wait(true);
                Err(message)
            }
            _ => {
                job.control.end_relay();
                Err(process.wait(false).in_brief())
            }
        }
    }

    /// The next thing that it tells; nothing when it has ended. What a library prints in between is kept with what it says.
    fn next(&mut self) -> Option<Told> {
        loop {
            let mut line = Vec::new();
            if self.told.read_until(b'\n', &mut line).ok()? == 0 {
                return None;
            }
            match serde_json::from_slice(&line) {
                Ok(told) => return Some(told),
                Err(_) => self.said.add(&String::from_utf8_lossy(&line)),
            }
        }
    }

    /// Waits until it is gone. One that has told its end has nothing more to do.
    fn wait(mut self, has_ended: bool) -> Death {
        let since = Instant::now();
        while has_ended && matches!(self.child.try_wait(), Ok(None)) {
            if since.elapsed() > LEAVE {
                self.child.kill().ok();
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let status: Option<ExitStatus> = self.child.wait().ok();
        let ran_out = match (self.out_of_memory, memory::ran_out()) {
            (Some(before), Some(after)) => Some(after > before),
            _ => None,
        };
        Death { status, said: self.said.all(), ran_out }
    }
}
