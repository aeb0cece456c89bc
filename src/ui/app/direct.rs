//! What is said to the run that trains.

use super::App;
use crate::train::config::What;
use crate::ui::action::Action;
use crate::worker::protocol::{Command, Control, JobId};

impl App {
    /// Says something to the run that trains.
    pub(super) fn direct_run(&mut self, action: &Action) {
        match action {
            Action::Order(what) => self.order(*what),
            Action::StopRun => {
                if let Some(job) = self.workspace.training {
                    self.stop(job);
                }
            }
            _ => self.pause(*action == Action::PauseRun),
        }
    }

    fn pause(&mut self, paused: bool) {
        let Some(id) = self.workspace.training else { return };
        let now = self.workspace.now;
        if let Some(job) = self.workspace.job_mut(id) {
            job.paused = paused;
        }
        if let Some(run) = &mut self.workspace.run {
            run.set_paused(paused, now);
        }
        let control = if paused { Control::Pause } else { Control::Resume };
        self.send(Command::Control { job: id, control });
    }

    fn order(&mut self, what: What) {
        let Some(job) = self.workspace.training.filter(|_| self.workspace.why_not_order(what).is_none()) else {
            return;
        };
        if let Some(run) = &mut self.workspace.run {
            run.orders.waiting.push(what);
        }
        self.send(Command::Control { job, control: Control::Order(what) });
    }

    pub(super) fn stop(&mut self, id: JobId) {
        if let Some(job) = self.workspace.job_mut(id) {
            job.stopping = true;
            self.send(Command::Control { job: id, control: Control::Stop });
        }
    }
}
