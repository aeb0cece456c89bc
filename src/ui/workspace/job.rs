//! A job as the window knows it, and what is told of it in the log and in toasts.

use std::path::PathBuf;

use crate::hub::{Remedy, Repo, RepoKind};
use crate::model::Decisions;
use crate::table::Inputs;
use crate::ui::format;
use crate::ui::widgets::state;
use crate::worker::protocol::{JobId, Wanted};
use crate::worker::work::AnyWork;

/// What a job was sent for. A newer job of the same kind replaces the older one, whose answers are then dropped.
#[derive(Clone, Debug, PartialEq)]
pub enum JobKind {
    FindModels,
    /// `choose`: not only to look at, but as the model of the draft.
    OpenModel {
        dir: PathBuf,
        choose: bool,
    },
    OpenTable {
        inputs: Inputs,
    },
    ReadDataset,
    MeasureLengths,
    Look,
    Plan,
    Train {
        out: PathBuf,
    },
    Evaluate {
        model: PathBuf,
    },
    /// Writing where the line is drawn between yes and no.
    KeepDecisions {
        model: PathBuf,
        decisions: Decisions,
    },
    /// Opening a model for Explore.
    Meet {
        dir: PathBuf,
    },
    /// A question in Explore.
    Ask,
    FindRuns,
    OpenRun {
        dir: PathBuf,
        purpose: OpenPurpose,
    },
    HubSearch {
        kind: RepoKind,
    },
    /// Looking at something on the hub.
    HubLook {
        repo: Repo,
    },
    Download {
        wanted: Wanted,
    },
    HubShelf,
    /// What the suggested models would take.
    HubRooms,
    HubAccount,
    /// Keeping order in the cache: what was done, for whom it is said.
    HubDeed {
        done: String,
    },
    /// Any other work.
    Work(AnyWork),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenPurpose {
    /// History in Train, evaluation in Evaluate.
    Show,
    /// Its configuration into the draft.
    Clone,
    /// The evaluation of the run that has just ended.
    AfterTraining,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    pub what: String,
    pub done: u64,
    /// 0 when it is not known.
    pub total: u64,
}

impl Progress {
    pub fn share(&self) -> Option<f32> {
        (self.total > 0).then(|| self.done as f32 / self.total as f32)
    }

    /// What is done, and how much of it: `Reading the texts: 3 of 10`.
    pub fn said(&self) -> String {
        let what = state::sentence(&self.what);
        match self.total {
            0 => format!("{what}…"),
            total => format!("{what}: {} of {}", format::count(self.done), format::count(total)),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Job {
    pub id: JobId,
    pub kind: JobKind,
    pub title: String,
    pub begun: bool,
    pub paused: bool,
    /// The person asked it to stop.
    pub stopping: bool,
    pub progress: Option<Progress>,
    /// What can be done about its failure, told before that.
    pub remedy: Option<Remedy>,
    /// Seconds since the window opened.
    pub since: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Info,
    Good,
    Warning,
    Error,
}

#[derive(Clone, Debug)]
pub struct LogLine {
    /// In a few words, where the whole is told somewhere else on the screen.
    pub brief: Option<String>,
    pub level: Level,
    pub text: String,
    pub detail: Option<String>,
    /// What leads back to the view that it is about.
    pub link: Option<String>,
    /// Seconds since the window opened.
    pub at: f64,
}

/// A message that goes away by itself.
#[derive(Clone, Debug)]
pub struct Toast {
    pub id: u64,
    pub level: Level,
    pub title: String,
    pub text: String,
    /// A model that a press puts into Explore.
    pub offers: Option<PathBuf>,
    /// Seconds since the window opened.
    pub since: f64,
}

/// Seconds a toast stays; errors stay longer, because they have to be read.
fn toast_seconds(level: Level) -> f64 {
    if level == Level::Error { 12.0 } else { 5.0 }
}

impl Toast {
    /// When it goes away by itself; one that has to be read and answered stays longer.
    pub fn ends(&self) -> f64 {
        let level = if self.offers.is_some() { Level::Error } else { self.level };
        self.since + toast_seconds(level)
    }
}

impl JobKind {
    /// What asks the hub for something to look at. Where it fails, that is said where it was asked.
    pub fn asks_hub(&self) -> bool {
        matches!(self, Self::HubSearch { .. } | Self::HubLook { .. } | Self::HubAccount)
    }

    /// Jobs that answer within a moment and would only flicker in the activity bar, and those that are shown elsewhere.
    pub fn is_quiet(&self) -> bool {
        matches!(
            self,
            Self::Look
                | Self::Plan
                | Self::Ask
                | Self::FindRuns
                | Self::HubSearch { .. }
                | Self::HubLook { .. }
                | Self::Download { .. }
                | Self::HubShelf
                | Self::HubRooms
                | Self::HubAccount
        )
    }

    /// Whether it does something that must be seen to its end, and does not only find something out.
    pub(super) fn is_deed(&self) -> bool {
        match self {
            Self::Work(work) => !work.only_reads(),
            kind => matches!(
                kind,
                Self::Train { .. } | Self::KeepDecisions { .. } | Self::Download { .. } | Self::HubDeed { .. }
            ),
        }
    }

    /// Whether nobody waits for the answer of this job any more, because another one was sent.
    pub(super) fn is_replaced_by(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::OpenModel { choose, .. }, Self::OpenModel { choose: other, .. }) => choose == other,
            (Self::OpenRun { purpose, .. }, Self::OpenRun { purpose: other, .. }) => purpose == other,
            (Self::HubSearch { kind }, Self::HubSearch { kind: other }) => kind == other,
            (Self::HubLook { repo }, Self::HubLook { repo: other }) => repo.kind == other.kind,
            (Self::Work(work), Self::Work(other)) => !self.is_deed() && work.is_like(other),
            _ => !self.is_deed() && std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}
