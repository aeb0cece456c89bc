//! One function for each kind of job: a few lines over `data`, `model`, `train` and `inspect`.

mod evaluate;
mod files;
mod predict;
mod train;

use std::ops::ControlFlow;

use crossbeam_channel::Sender;

use super::Repaint;
use super::control::JobControl;
use super::protocol::{Command, Event, EventKind, JobId, Payload};
use crate::guard::guarded;

pub use predict::Shelf;

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
        // A window that is gone needs no events; the dispatcher then stops the job.
        drop(self.context.events.send(Event { job: self.id, kind }));
        (self.context.repaint)();
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
pub fn run(command: Command, context: &Context, control: &JobControl, shelf: &mut Shelf) {
    let job = Job { id: command.job(), context, control };
    job.send(EventKind::Started);
    let outcome = guarded(|| perform(&job, command, shelf));
    job.send(match outcome {
        Ok(Ok(Ended::Done)) => EventKind::Done,
        Ok(Ok(Ended::Stopped)) => EventKind::Stopped,
        Ok(Err(failure)) => EventKind::Failed { message: failure.to_string(), detail: None },
        Err(panic) => {
            // Whatever the job was in the middle of must not be used again.
            *shelf = Shelf::default();
            let message = "this job met a defect of Attune and was given up; everything else goes on".to_owned();
            EventKind::Failed { message, detail: Some(panic) }
        }
    });
}

fn perform(job: &Job<'_>, command: Command, shelf: &mut Shelf) -> Result<Ended, Failure> {
    match command {
        Command::FindModels { folders, .. } => Ok(files::find_models(job, &folders)),
        Command::OpenModel { dir, .. } => files::open_model(job, &dir),
        Command::OpenTable { path, .. } => files::open_table(job, &path),
        Command::ReadDataset { request, .. } => files::read_dataset(job, request),
        Command::MeasureLengths { dataset, model, .. } => files::measure_lengths(job, &dataset, &model),
        Command::Plan { config, lengths, dataset, .. } => {
            train::plan(job, &config, lengths.as_deref(), dataset.as_deref())
        }
        Command::Train { config, .. } => train::train(job, &config, false),
        Command::Resume { dir, .. } => train::resume(job, &dir),
        Command::Evaluate { model, data, roles, .. } => evaluate::evaluate(job, &model, &data, &roles),
        Command::Meet { model, .. } => predict::meet(job, shelf, &model),
        Command::Ask { model, question, .. } => predict::ask(job, shelf, &model, &question),
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
            | Self::Plan { job, .. }
            | Self::Train { job, .. }
            | Self::Resume { job, .. }
            | Self::Evaluate { job, .. }
            | Self::Meet { job, .. }
            | Self::Ask { job, .. }
            | Self::FindRuns { job, .. }
            | Self::OpenRun { job, .. }
            | Self::DeleteRun { job, .. }
            | Self::Control { job, .. } => *job,
        }
    }
}
