//! One function for each kind of job: a few lines over `data`, `model`, `train` and `inspect`.

mod evaluate;
mod files;
mod kept;
mod predict;
mod train;

use std::ops::ControlFlow;
use std::time::Duration;

use crossbeam_channel::Sender;

use super::Repaint;
use super::control::JobControl;
use super::protocol::{Command, Event, EventKind, JobId, Payload};
use crate::guard::guarded;
use crate::train::event::TrainEvent;

pub use kept::Kept;

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
}

/// One job while it runs.
pub struct Job<'a> {
    id: JobId,
    context: &'a Context,
    control: &'a JobControl,
}

/// How a job ended that did not fail.
pub enum Ended {
    Done,
    Stopped,
}

/// What went wrong, in one line.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

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

/// Runs a job. A panic in it is an event like any failure, and the lane lives on.
pub fn run(command: Command, context: &Context, control: &JobControl, kept: &mut Kept) {
    let job = Job { id: command.job(), context, control };
    job.send(EventKind::Started);
    // What was stopped while it waited is not begun.
    let begun = || if job.go_on().is_break() { Ok(Ended::Stopped) } else { perform(&job, command, kept) };
    let outcome = guarded(begun);
    job.send(match outcome {
        Ok(Ok(Ended::Done)) => EventKind::Done,
        Ok(Ok(Ended::Stopped)) => EventKind::Stopped,
        Ok(Err(failure)) => EventKind::Failed { message: failure.to_string(), detail: None },
        Err(panic) => {
            // Whatever the job was in the middle of must not be used again.
            *kept = Kept::default();
            let message = "this job met a defect of Attune and was given up; everything else goes on".to_owned();
            EventKind::Failed { message, detail: Some(panic) }
        }
    });
}

/// Tells the end of a job that will not be begun.
pub fn end_unbegun(command: &Command, context: &Context) {
    let job = Job { id: command.job(), context, control: &JobControl::default() };
    job.send(EventKind::Started);
    job.send(EventKind::Stopped);
}

fn perform(job: &Job<'_>, command: Command, kept: &mut Kept) -> Result<Ended, Failure> {
    match command {
        Command::FindModels { folders, embedded, .. } => Ok(files::find_models(job, &folders, &embedded)),
        Command::OpenModel { dir, .. } => files::open_model(job, &mut kept.cards, &dir),
        Command::OpenTable { path, sample, .. } => files::open_table(job, &path, sample),
        Command::ReadDataset { request, .. } => files::read_dataset(job, request),
        Command::MeasureLengths { dataset, model, .. } => {
            files::measure_lengths(job, &mut kept.tokenizers, &dataset, &model)
        }
        Command::Xray { dataset, example, model, length, .. } => {
            files::look_at(job, &mut kept.tokenizers, &dataset, example, &model, length)
        }
        Command::Plan { config, lengths, loaded, .. } => {
            train::plan(job, &mut kept.cards, &config, lengths.as_deref(), loaded.as_deref())
        }
        Command::Train { config, .. } => train::train(job, &config, false),
        Command::Resume { dir, .. } => train::resume(job, &dir),
        Command::Evaluate { model, data, roles, .. } => evaluate::evaluate(job, &model, &data, &roles),
        Command::KeepDecisions { model, decisions, shown, .. } => {
            evaluate::keep_decisions(job, &model, decisions, shown.as_deref())
        }
        Command::Meet { model, .. } => predict::meet(job, &mut kept.shelf, &model),
        Command::Ask { model, inquiry, .. } => predict::ask(job, &mut kept.shelf, &model, &inquiry),
        Command::FindRuns { folder, .. } => {
            job.payload(Payload::Runs(crate::train::run::find(&folder).into()));
            Ok(Ended::Done)
        }
        Command::OpenRun { dir, .. } => evaluate::open_run(job, &dir),
        Command::DeleteRun { dir, .. } => {
            crate::train::run::delete(&dir)?;
            Ok(Ended::Done)
        }
        Command::Control { .. } => Ok(Ended::Done),
    }
}

impl Command {
    /// The job a command starts or speaks of.
    pub fn job(&self) -> JobId {
        match self {
            Self::FindModels { job, .. }
            | Self::OpenModel { job, .. }
            | Self::OpenTable { job, .. }
            | Self::ReadDataset { job, .. }
            | Self::MeasureLengths { job, .. }
            | Self::Xray { job, .. }
            | Self::Plan { job, .. }
            | Self::Train { job, .. }
            | Self::Resume { job, .. }
            | Self::Evaluate { job, .. }
            | Self::KeepDecisions { job, .. }
            | Self::Meet { job, .. }
            | Self::Ask { job, .. }
            | Self::FindRuns { job, .. }
            | Self::OpenRun { job, .. }
            | Self::DeleteRun { job, .. }
            | Self::Control { job, .. } => *job,
        }
    }
}
