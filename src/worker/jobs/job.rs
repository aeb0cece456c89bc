//! A job while it runs: what it tells, and whether it is to go on.

use std::ops::ControlFlow;
use std::time::Duration;

use crossbeam_channel::Sender;

use crate::train::event::TrainEvent;
use crate::worker::apart::Apart;
use crate::worker::control::{JobControl, Repaint};
use crate::worker::protocol::{Event, EventKind, JobId, Payload};

/// How soon the window should draw that a job began or ended.
pub const SOON: Duration = Duration::from_millis(33);
/// How soon it should draw how far a job is. Events of a run may come a thousand times a second, and drawing takes time
/// that the run needs.
pub const STEADILY: Duration = Duration::from_millis(100);

/// Where events go.
#[derive(Clone)]
pub struct Context {
    pub events: Sender<Event>,
    pub repaint: Repaint,
    /// Where runs are trained.
    pub apart: Apart,
}

/// One job while it runs.
pub struct Job<'a> {
    pub id: JobId,
    pub context: &'a Context,
    pub control: &'a JobControl,
}

/// How a job ended that did not fail.
pub enum Ended {
    Done,
    Stopped,
}

impl Job<'_> {
    pub fn send(&self, kind: EventKind) {
        let within = match &kind {
            EventKind::Progress { .. } => STEADILY,
            EventKind::Train(event) if matches!(**event, TrainEvent::Step(_)) => STEADILY,
            // Somebody is waiting for it.
            EventKind::Payload(_) => Duration::ZERO,
            _ => SOON,
        };
        // A window that is gone needs no events; the dispatcher then stops the job.
        drop(self.context.events.send(Event { job: self.id, kind }));
        (self.context.repaint)(within);
    }

    /// Tells what the next of its kind will tell better: a window that is far behind misses it.
    pub fn send_if_heard(&self, kind: EventKind) {
        self.context.events.try_send(Event { job: self.id, kind }).ok();
        (self.context.repaint)(STEADILY);
    }

    pub fn payload(&self, payload: Payload) {
        self.send(EventKind::Payload(payload));
    }

    pub fn progress(&self, what: &str, done: u64, total: u64) -> ControlFlow<()> {
        self.send(EventKind::Progress { what: what.to_owned(), done, total });
        self.go_on()
    }

    pub fn go_on(&self) -> ControlFlow<()> {
        self.control.go_on()
    }

    pub fn is_paused(&self) -> bool {
        self.control.is_paused()
    }
}
