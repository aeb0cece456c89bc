//! What speaks with the hub, each on a thread of its own: whoever waits for a server lets nobody else wait, and several
//! things are fetched at once. Each is under a switch that shuts its connections down, so it ends at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::jobs::{self, Context};
use super::protocol::{Command, Control, JobId};
use crate::hub::{Halt, Switch};

/// Jobs that may be under way at once.
const MOST: usize = 32;

/// The jobs that are under way, with what ends each.
pub struct Network {
    context: Context,
    under_way: Arc<Mutex<HashMap<JobId, Switch>>>,
}

impl Network {
    pub fn new(context: Context) -> Self {
        Self { context, under_way: Arc::default() }
    }

    pub fn put(&self, command: &Command) {
        let (job, switch) = (command.job(), Switch::default());
        let refuse = |why: &str| jobs::refuse(command, &self.context, why);
        if self.lock().len() >= MOST {
            refuse("too much is asked of the hub at once; try again when some of it has ended");
            return;
        }
        self.lock().insert(job, switch.clone());
        let (context, under_way, own) = (self.context.clone(), self.under_way.clone(), command.clone());
        let work = move || {
            jobs::ask_hub(own, &context, &switch);
            lock(&under_way).remove(&job);
        };
        if thread::Builder::new().name("hub".into()).spawn(work).is_err() {
            self.lock().remove(&job);
            refuse("the system starts no more threads");
        }
    }

    /// Ends a job; others are not its own.
    pub fn control(&self, job: JobId, control: Control) {
        let switch = self.lock().get(&job).cloned();
        match (switch, control) {
            (Some(switch), Control::Stop) => switch.turn(Halt::Cancel),
            (Some(switch), Control::Pause) => switch.turn(Halt::Pause),
            (None, _) | (_, Control::Resume | Control::Order(_)) => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Switch>> {
        lock(&self.under_way)
    }
}

fn lock(jobs: &Mutex<HashMap<JobId, Switch>>) -> MutexGuard<'_, HashMap<JobId, Switch>> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner)
}

/// When the window closes, what is being fetched goes on the next time.
impl Drop for Network {
    fn drop(&mut self) {
        let left: Vec<Switch> = self.lock().values().cloned().collect();
        for switch in left {
            switch.turn(Halt::Pause);
        }
    }
}
