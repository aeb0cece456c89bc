//! A named thread that runs one job at a time, with a stack deep enough for candle's recursive graphs.

use std::collections::VecDeque;
use std::mem::discriminant;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crossbeam_channel::{Sender, bounded};

use super::control::{Controls, JobControl};
use super::jobs::{self, Context, Kept};
use super::protocol::{Command, Control, JobId};

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
    /// In the order in which they came, one of a kind at most.
    waiting: VecDeque<Command>,
    running: Option<Running>,
    closed: bool,
}

/// The job that is being done.
struct Running {
    job: JobId,
    control: Arc<JobControl>,
    /// The model that it opens: who asks something of it waits for just that.
    opens: Option<PathBuf>,
}

/// A queue of one job of each kind: the newest replaces one that has not begun, so that typing never waits for old
/// answers. One that has begun is told to stop, unless it opens the very model that is asked something now; only those
/// that take long ask. A job that is replaced ends as stopped, so that nobody waits for it.
pub struct Latest {
    slot: Arc<(Mutex<Slot>, Condvar)>,
    context: Context,
}

impl Latest {
    pub fn start(name: &str, context: Context) -> std::io::Result<Self> {
        let slot: Arc<(Mutex<Slot>, Condvar)> = Arc::default();
        let (shared, own) = (slot.clone(), context.clone());
        thread::Builder::new().name(name.into()).stack_size(STACK).spawn(move || {
            let mut kept = Kept::default();
            while let Some((command, control)) = next(&shared) {
                jobs::run(command, &own, &control, &mut kept);
                lock(&shared).running = None;
            }
        })?;
        Ok(Self { slot, context })
    }

    pub fn put(&self, command: Command) {
        let mut slot = lock(&self.slot);
        let is_superseded = |running: &&Running| running.opens.is_none() || running.opens.as_deref() != command.asks();
        if let Some(running) = slot.running.as_ref().filter(is_superseded) {
            running.control.set(Control::Stop);
        }
        let kind = discriminant(&command);
        let (replaced, waiting) = slot.waiting.drain(..).partition(|waiting| discriminant(waiting) == kind);
        slot.waiting = waiting;
        slot.waiting.push_back(command);
        drop(slot);
        self.slot.1.notify_one();
        self.end(replaced);
    }

    /// Stops a job, whether it has begun or waits; others are not its own.
    pub fn control(&self, job: JobId, control: Control) {
        let mut slot = lock(&self.slot);
        if let Some(running) = slot.running.as_ref().filter(|running| running.job == job) {
            running.control.set(control);
        }
        if control == Control::Stop {
            let (stopped, waiting) = slot.waiting.drain(..).partition(|waiting| waiting.job() == job);
            slot.waiting = waiting;
            drop(slot);
            self.end(stopped);
        }
    }

    fn end(&self, commands: VecDeque<Command>) {
        for command in commands {
            jobs::end_unbegun(&command, &self.context);
        }
    }
}

impl Drop for Latest {
    fn drop(&mut self) {
        let mut slot = lock(&self.slot);
        if let Some(running) = &slot.running {
            running.control.set(Control::Stop);
        }
        slot.closed = true;
        self.slot.1.notify_one();
    }
}

fn lock(shared: &(Mutex<Slot>, Condvar)) -> MutexGuard<'_, Slot> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

fn next(shared: &(Mutex<Slot>, Condvar)) -> Option<(Command, Arc<JobControl>)> {
    let slot = shared.1.wait_while(lock(shared), |slot| slot.waiting.is_empty() && !slot.closed);
    let mut slot = slot.unwrap_or_else(PoisonError::into_inner);
    if slot.closed {
        return None;
    }
    let command = slot.waiting.pop_front()?;
    let control = Arc::<JobControl>::default();
    let opens = command.meets().map(Path::to_owned);
    slot.running = Some(Running { job: command.job(), control: control.clone(), opens });
    Some((command, control))
}
