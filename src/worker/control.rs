//! Pausing and stopping a job from outside.

use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::protocol::{Control, JobId};
use crate::stop::{Stop, Stopped};
use crate::train::config::What;

/// Asks the window to draw again within a time.
pub type Repaint = Arc<dyn Fn(Duration) + Send + Sync>;

/// What can be paused or stopped, by job.
pub type Controls = Arc<Mutex<HashMap<JobId, Arc<JobControl>>>>;

/// What a job asks between its pieces of work.
#[derive(Debug, Default)]
pub struct JobControl {
    state: Mutex<State>,
    changed: Condvar,
    /// Heard where nothing can ask [`JobControl::go_on`].
    stop: Stop,
    /// Asked while [`JobControl::go_on`] would wait or end the job.
    interrupt: Mutex<Stop>,
    /// What a training is to do between two updates, and has not asked for yet.
    orders: Mutex<Vec<What>>,
    /// Who does the job where it is not done here.
    relay: Mutex<Option<Relay>>,
}

/// Passes on what is asked of a job.
struct Relay(Box<dyn FnMut(Control) + Send>);

impl fmt::Debug for Relay {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Relay")
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Running,
    Paused,
    Stopped,
}

impl JobControl {
    /// A stop is final. What is ordered waits until it is asked for.
    pub fn set(&self, control: Control) {
        if let Control::Order(what) = control {
            match &mut *self.relayed() {
                Some(Relay(tell)) => tell(control),
                None => self.ordered().push(what),
            }
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = match (*state, control) {
            (State::Stopped, _) | (_, Control::Stop) => State::Stopped,
            (_, Control::Pause) => State::Paused,
            (_, Control::Resume) => State::Running,
            (state, Control::Order(_)) => state,
        };
        if *state == State::Stopped {
            self.stop.ask();
        }
        let mut interrupt = self.interrupt.lock().unwrap_or_else(PoisonError::into_inner);
        match *state {
            State::Running => *interrupt = Stop::default(),
            State::Paused | State::Stopped => interrupt.ask(),
        }
        if let Some(Relay(tell)) = &mut *self.relayed() {
            tell(control);
        }
        self.changed.notify_all();
    }

    /// Passes on what is asked from now on, and what was asked already.
    pub fn relay(&self, mut tell: impl FnMut(Control) + Send + 'static) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut relay = self.relayed();
        match *state {
            State::Running => {}
            State::Paused => tell(Control::Pause),
            State::Stopped => tell(Control::Stop),
        }
        for what in self.take_orders() {
            tell(Control::Order(what));
        }
        *relay = Some(Relay(Box::new(tell)));
    }

    /// What was ordered since this was asked last.
    pub fn take_orders(&self) -> Vec<What> {
        std::mem::take(&mut *self.ordered())
    }

    fn ordered(&self) -> MutexGuard<'_, Vec<What>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn end_relay(&self) {
        *self.relayed() = None;
    }

    fn relayed(&self) -> MutexGuard<'_, Option<Relay>> {
        self.relay.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does work that completes nothing which must be completed, and leaves it in its middle when the job is stopped.
    pub fn heeding<T>(&self, work: impl FnOnce() -> T) -> Result<T, Stopped> {
        self.stop.heeding(work)
    }

    /// Does work that must be completed but for the pieces that it says may be left ([`crate::stop::piece`]).
    pub fn offering<T>(&self, work: impl FnOnce() -> T) -> T {
        self.stop.offering(work)
    }

    /// A request that is made with the next pause or stop, for work that is done anew where the job goes on.
    pub fn interrupt(&self) -> Stop {
        self.interrupt.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether [`Self::go_on`] would wait now.
    pub fn is_paused(&self) -> bool {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) == State::Paused
    }

    /// Waits while paused; says whether to go on.
    pub fn go_on(&self) -> ControlFlow<()> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.changed.wait_while(state, |state| *state == State::Paused);
        match *state.unwrap_or_else(PoisonError::into_inner) {
            State::Stopped => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}
