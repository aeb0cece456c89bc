//! The only threads. Commands go in, events come out; the grammar of a job is in [`protocol`].
//!
//! A dispatcher hands commands to four lanes, each one thread that runs one job at a time: compute (training,
//! evaluation), input and output (files), inspect (the playground, which must answer while a run trains), and look (one
//! row of the data, which must be seen while a million rows are counted). What is asked of the hub waits for a server, so
//! each of it has a thread of its own.

pub mod apart;
pub mod protocol;
pub mod work;
pub mod works;

mod control;
mod jobs;
mod lane;
mod network;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use apart::Apart;
pub use control::Repaint;
use control::{Controls, JobControl};
use jobs::Context;
use lane::{Lane, Latest};
use network::Network;
use protocol::{Command, Control, Event, JobId};
use work::Queue;

/// The window's end of the conversation. A test puts a scripted worker at the other end.
#[derive(Clone, Debug)]
pub struct Client {
    pub commands: Sender<Command>,
    pub events: Receiver<Event>,
}

/// Commands the window may have under way before it has to wait a frame.
const COMMANDS: usize = 256;
/// Events the window may be behind; a run that is faster than the window waits.
const EVENTS: usize = 4096;

/// The thread that trains.
#[derive(Debug)]
pub struct Training(thread::JoinHandle<()>);

impl Training {
    /// Waits until what it runs has ended, which is soon after the client was dropped.
    pub fn wait(self) {
        // A lane catches the panics of its jobs.
        self.0.join().ok();
    }
}

/// Starts the threads. They end when the client is dropped and the job they run is done or stopped.
pub fn spawn(repaint: Repaint) -> std::io::Result<Client> {
    start(repaint).map(|(client, _)| client)
}

/// The same, with the thread whose work must not be cut off.
pub fn start(repaint: Repaint) -> std::io::Result<(Client, Training)> {
    start_with(repaint, Apart::never())
}

/// The same where runs may be trained in processes of their own.
pub fn start_with(repaint: Repaint, apart: Apart) -> std::io::Result<(Client, Training)> {
    let (command_sender, commands) = bounded(COMMANDS);
    let (event_sender, events) = bounded(EVENTS);
    let controls = Controls::default();
    let context = Context { events: event_sender, repaint, apart: apart.clone() };
    let (compute, training) = Lane::start("compute", context.clone(), controls.clone())?;
    let dispatcher = Dispatcher {
        compute,
        files: Lane::start("files", context.clone(), controls.clone())?.0,
        inspect: Latest::start("inspect", context.clone())?,
        look: Latest::start("look", context.clone())?,
        network: Network::new(context),
        controls,
        apart,
    };
    thread::Builder::new().name("dispatch".into()).spawn(move || dispatcher.run(&commands))?;
    Ok((Client { commands: command_sender, events }, Training(training)))
}

struct Dispatcher {
    compute: Lane,
    files: Lane,
    inspect: Latest,
    look: Latest,
    network: Network,
    controls: Controls,
    apart: Apart,
}

impl Dispatcher {
    fn run(self, commands: &Receiver<Command>) {
        for command in commands {
            match command {
                Command::Control { job, control } => self.control(job, control),
                Command::TrainApart { is_on, .. } => self.apart.turn(is_on),
                Command::Meet { .. } | Command::Ask { .. } => self.inspect.put(command),
                Command::Xray { .. } => self.look.put(command),
                Command::Hub { .. } => self.network.put(&command),
                Command::Train { .. }
                | Command::Resume { .. }
                | Command::Evaluate { .. }
                | Command::EvaluateHeldOut { .. } => {
                    self.queue(&self.compute, command);
                }
                Command::Do { ref work, .. } if work.queue() == Queue::Compute => self.queue(&self.compute, command),
                _ => self.queue(&self.files, command),
            }
        }
        // The window is gone: whatever runs or waits is stopped, and keeps what is best.
        let left: Vec<Arc<JobControl>> = self.lock().values().cloned().collect();
        for control in left {
            control.set(Control::Stop);
        }
    }

    fn queue(&self, lane: &Lane, command: Command) {
        self.lock().insert(command.job(), Arc::default());
        lane.put(command);
    }

    fn control(&self, job: JobId, control: Control) {
        if let Some(of_job) = self.lock().get(&job) {
            of_job.set(control);
        }
        self.inspect.control(job, control);
        self.look.control(job, control);
        self.network.control(job, control);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, Arc<JobControl>>> {
        self.controls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
