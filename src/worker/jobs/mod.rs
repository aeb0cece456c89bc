//! One function for each kind of job: a few lines over `data`, `model`, `train` and `inspect`.

mod apart;
mod died;
mod evaluate;
mod files;
mod hub;
mod job;
mod kept;
mod predict;
mod train;

use std::path::Path;

use super::control::JobControl;
use super::protocol::{Command, EventKind, JobId, Payload};
use crate::files::{data_folder, remove_begun};
use crate::guard::guarded;
use crate::hub::Switch;

use super::work::Failure;
use apart::Detailed;
pub use job::Context;
use job::{Ended, Job};
pub use kept::Kept;

/// Runs a job. A panic in it is an event like any failure, and the lane lives on.
pub fn run(command: Command, context: &Context, control: &JobControl, kept: &mut Kept) {
    let job = Job { id: command.job(), context, control };
    job.send(EventKind::Started);
    // What was stopped while it waited is not begun.
    let begun = || match (job.go_on().is_break(), command.only_reads()) {
        (true, _) => Ok(Ended::Stopped),
        (false, true) => control.heeding(|| perform(&job, command, kept)).unwrap_or(Ok(Ended::Stopped)),
        (false, false) => control.offering(|| perform(&job, command, kept)),
    };
    let outcome = guarded(begun);
    if outcome.is_err() {
        // Whatever the job was in the middle of must not be used again.
        *kept = Kept::default();
    }
    tell_end(&job, outcome);
}

/// Does what is asked of the hub, under a switch that ends it. A panic in it is an event like any failure.
pub fn ask_hub(command: Command, context: &Context, switch: &Switch) {
    let control = JobControl::default();
    let job = Job { id: command.job(), context, control: &control };
    job.send(EventKind::Started);
    let outcome = guarded(|| match command {
        Command::Hub { hub, ask, .. } => hub::ask(&job, &hub, ask, switch),
        _ => Ok(Ended::Done),
    });
    tell_end(&job, outcome);
}

fn tell_end(job: &Job<'_>, outcome: Result<Result<Ended, Failure>, String>) {
    job.send(match outcome {
        Ok(Ok(Ended::Done)) => EventKind::Done,
        Ok(Ok(Ended::Stopped)) => EventKind::Stopped,
        Ok(Err(failure)) => {
            let detail = failure.downcast_ref::<Detailed>().and_then(|failure| failure.detail.clone());
            EventKind::Failed { message: failure.to_string(), detail }
        }
        Err(panic) => {
            let message = "a bug in Attune ended this job; everything else continues".to_owned();
            EventKind::Failed { message, detail: Some(panic) }
        }
    });
}

/// Tells why a job is not begun.
pub fn refuse(command: &Command, context: &Context, why: &str) {
    let job = Job { id: command.job(), context, control: &JobControl::default() };
    job.send(EventKind::Started);
    job.send(EventKind::Failed { message: why.to_owned(), detail: None });
}

/// Tells the end of a job that will not be begun.
pub fn end_unbegun(command: &Command, context: &Context) {
    let job = Job { id: command.job(), context, control: &JobControl::default() };
    job.send(EventKind::Started);
    job.send(EventKind::Stopped);
}

fn perform(job: &Job<'_>, command: Command, kept: &mut Kept) -> Result<Ended, Failure> {
    if let Some(ended) = apart::perform(job, &command)? {
        return Ok(ended);
    }
    match command {
        Command::FindModels { folders, embedded, hub, .. } => Ok(files::find_models(job, &folders, &embedded, &hub)),
        Command::OpenModel { dir, .. } => files::open_model(job, &mut kept.cards, &dir),
        Command::OpenTable { inputs, sample, .. } => files::open_table(job, &inputs, sample),
        Command::ReadDataset { request, .. } => files::read_dataset(job, request),
        Command::MeasureLengths { dataset, model, .. } => {
            files::measure_lengths(job, &mut kept.tokenizers, &dataset, &model)
        }
        Command::Xray { dataset, example, model, length, .. } => {
            files::look_at(job, &mut kept.tokenizers, &dataset, example, &model, length)
        }
        Command::Plan { config, lengths, loaded, limit, .. } => {
            train::plan(job, &mut kept.cards, &config, lengths.as_deref().zip(loaded.as_deref()), limit)
        }
        Command::Train { config, .. } => train::train(job, &config, false),
        Command::Resume { dir, .. } => train::resume(job, &dir),
        Command::Evaluate { model, data, roles, precision, .. } => {
            evaluate::evaluate(job, (&model, precision), &data, &roles)
        }
        Command::EvaluateHeldOut { model, precision, .. } => evaluate::evaluate_held_out(job, (&model, precision)),
        Command::KeepDecisions { model, decisions, shown, .. } => {
            evaluate::keep_decisions(job, &model, decisions, shown.as_deref())
        }
        Command::Meet { model, precision, .. } => predict::meet(job, &mut kept.shelf, (&model, precision)),
        Command::Ask { model, precision, inquiry, .. } => {
            predict::ask(job, &mut kept.shelf, (&model, precision), &inquiry)
        }
        Command::FindRuns { folder, sweeps, .. } => {
            let runs = crate::train::run::find_with(&folder, &sweeps);
            // What a window or a run that was killed had begun to write is in nobody's way any longer.
            runs.iter().flat_map(|run| [run.dir.clone(), run.dir.join("model")]).for_each(|dir| remove_begun(&dir));
            remove_begun(&folder);
            remove_begun(&data_folder());
            job.payload(Payload::Runs(runs.into()));
            Ok(Ended::Done)
        }
        Command::OpenRun { dir, .. } => evaluate::open_run(job, &dir),
        Command::Do { work, .. } => {
            let Some(worked) = work.perform(&mut |what, done, total| job.progress(what, done, total))? else {
                return Ok(Ended::Stopped);
            };
            job.payload(Payload::Worked(worked));
            Ok(Ended::Done)
        }
        // The dispatcher has them.
        Command::Hub { .. } | Command::Control { .. } | Command::TrainApart { .. } => Ok(Ended::Done),
    }
}

impl Command {
    /// Whether its job leaves nothing half done wherever it is stopped. A training stops by itself, and keeps what is best.
    fn only_reads(&self) -> bool {
        match self {
            Self::FindModels { .. }
            | Self::OpenModel { .. }
            | Self::OpenTable { .. }
            | Self::ReadDataset { .. }
            | Self::MeasureLengths { .. }
            | Self::Xray { .. }
            | Self::Plan { .. }
            | Self::Evaluate { .. }
            | Self::EvaluateHeldOut { .. }
            | Self::FindRuns { .. }
            | Self::OpenRun { .. } => true,
            Self::Train { .. }
            | Self::Resume { .. }
            | Self::KeepDecisions { .. }
            | Self::Meet { .. }
            | Self::Ask { .. }
            | Self::Hub { .. }
            | Self::Control { .. }
            | Self::TrainApart { .. } => false,
            Self::Do { work, .. } => work.only_reads(),
        }
    }

    /// The model that the job opens, for whatever is asked of it next.
    pub fn meets(&self) -> Option<&Path> {
        match self {
            Self::Meet { model, .. } => Some(model),
            _ => None,
        }
    }

    /// The model that is asked something.
    pub fn asks(&self) -> Option<&Path> {
        match self {
            Self::Ask { model, .. } => Some(model),
            _ => None,
        }
    }

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
            | Self::EvaluateHeldOut { job, .. }
            | Self::KeepDecisions { job, .. }
            | Self::Meet { job, .. }
            | Self::Ask { job, .. }
            | Self::FindRuns { job, .. }
            | Self::OpenRun { job, .. }
            | Self::Hub { job, .. }
            | Self::Do { job, .. }
            | Self::Control { job, .. }
            | Self::TrainApart { job, .. } => *job,
        }
    }
}
