//! A named thread that runs one job at a time, with a stack deep enough for candle's recursive graphs.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use crossbeam_channel::{Sender, bounded};

use super::Controls;
use super::control::JobControl;
use super::jobs::{self, Context, Kept};
use super::protocol::{Command, Control};

/// Candle walks and drops graphs recursively.
const STACK: usize = 64 << 20;
/// Jobs that may wait for their turn.
const QUEUE: usize = 256;

/// A queue of jobs.
pub struct Lane {
    queue: Sender<Command>,
}

impl Lane {
    pub fn start(name: &str, context: Context, controls: Controls) -> std::io::Result<(Self, thread::JoinHandle<()>)> {
        let (queue, commands) = bounded::<Command>(QUEUE);
        let thread = thread::Builder::new().name(name.into()).stack_size(STACK).spawn(move || {
            let mut kept = Kept::default();
            for command in commands {
                let job = command.job();
                let lock = || controls.lock().unwrap_or_else(PoisonError::into_inner);
                let control = lock().get(&job).cloned().unwrap_or_default();
                jobs::run(command, &context, &control, &mut kept);
                lock().remove(&job);
            }
        })?;
        Ok((Self { queue }, thread))
    }

    pub fn put(&self, command: Command) {
        // The lane lives as long as the dispatcher; a lane that is gone has nobody to answer.
        drop(self.queue.send(command));
    }
}

#[derive(Default)]
struct Slot {
    command: Option<Command>,
    /// What stops the job that is being done.
    running: Arc<JobControl>,
    closed: bool,
}

/// A queue of one: the newest job replaces one that has not begun, so that typing never waits for old answers. One that
/// has begun is told to stop; only those that take long ask.
pub struct Latest {
    slot: Arc<(Mutex<Slot>, Condvar)>,
}

impl Latest {
    pub fn start(name: &str, context: Context) -> std::io::Result<Self> {
        let slot: Arc<(Mutex<Slot>, Condvar)> = Arc::default();
        let shared = slot.clone();
        thread::Builder::new().name(name.into()).stack_size(STACK).spawn(move || {
            let mut kept = Kept::default();
            while let Some((command, control)) = next(&shared) {
                jobs::run(command, &context, &control, &mut kept);
            }
        })?;
        Ok(Self { slot })
    }

    pub fn put(&self, command: Command) {
        let (slot, changed) = &*self.slot;
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.running.set(Control::Stop);
        slot.command = Some(command);
        changed.notify_one();
    }
}

impl Drop for Latest {
    fn drop(&mut self) {
        let (slot, changed) = &*self.slot;
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.running.set(Control::Stop);
        slot.closed = true;
        changed.notify_one();
    }
}

fn next(shared: &(Mutex<Slot>, Condvar)) -> Option<(Command, Arc<JobControl>)> {
    let (slot, changed) = shared;
    let slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    let slot = changed.wait_while(slot, |slot| slot.command.is_none() && !slot.closed);
    let mut slot = slot.unwrap_or_else(PoisonError::into_inner);
    slot.running = Arc::default();
    let running = slot.running.clone();
    slot.command.take().map(|command| (command, running))
}
