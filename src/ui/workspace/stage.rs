//! How far the work is: the points on the rail, and the stage that is useful next.

use super::run::Status;
use super::{JobKind, Screen, Workspace};
use crate::train::config::{LastEpoch, What};
use crate::train::orders::{JUDGED_ONCE, why_no_thaw};
use crate::train::run::{RunStatus, RunSummary};
use crate::ui::action::{LinkAction, QueueAction};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing is there yet.
    Open,
    Busy,
    Done,
    Problem,
}

impl Stage {
    pub fn words(self) -> &'static str {
        match self {
            Self::Open => "not done yet",
            Self::Busy => "in progress",
            Self::Done => "done",
            Self::Problem => "has a problem",
        }
    }
}

impl Workspace {
    /// How far a stage is; screens that are no stage have none.
    pub fn stage(&self, screen: Screen) -> Option<Stage> {
        let job = |kind: fn(&JobKind) -> bool| self.job_where(kind).is_some();
        let pick = |busy: bool, problem: bool, done: bool| {
            Some(match (busy, problem, done) {
                (true, ..) => Stage::Busy,
                (_, true, _) => Stage::Problem,
                (_, _, true) => Stage::Done,
                _ => Stage::Open,
            })
        };
        match screen {
            Screen::Data => pick(
                job(|kind| matches!(kind, JobKind::OpenTable { .. } | JobKind::ReadDataset)),
                self.data.error.is_some(),
                self.data.loaded.is_some(),
            ),
            Screen::Model => pick(
                job(|kind| matches!(kind, JobKind::OpenModel { .. })),
                self.model_error.is_some(),
                self.model.is_some(),
            ),
            Screen::Train => pick(self.training.is_some(), false, self.run.is_some()),
            Screen::Evaluate => pick(
                job(|kind| matches!(kind, JobKind::Evaluate { .. })),
                self.evaluation_error.is_some(),
                self.evaluation.is_some(),
            ),
            Screen::Explore => pick(false, self.explore.error.is_some(), self.explore.answer.is_some()),
            Screen::Home | Screen::Runs | Screen::Settings => None,
        }
    }

    /// The one obvious next step.
    pub fn next_screen(&self) -> Option<Screen> {
        if self.training.is_some() {
            return None;
        }
        Some(match (&self.data.loaded, &self.model, &self.run, &self.evaluation) {
            (_, _, Some(_), Some(_)) if self.explore.answer.is_none() => Screen::Explore,
            (_, _, Some(_), Some(_)) => return None,
            (None, ..) => Screen::Data,
            (_, None, ..) => Screen::Model,
            _ => Screen::Train,
        })
    }

    /// The runs whose log has no ending although nothing writes it, newest first.
    pub fn interrupted(&self) -> impl Iterator<Item = &RunSummary> {
        self.runs.iter().filter(|run| run.status == RunStatus::Open && !run.is_running(self))
    }

    /// Why an action cannot be done now, where it cannot.
    pub fn why_not_start(&self) -> Option<&'static str> {
        match (self.training, &self.data.loaded, &self.model) {
            (Some(_), ..) => Some("A run is in progress"),
            (_, None, _) => Some("Choose the data first"),
            (_, _, None) => Some("Choose a model first"),
            _ if self.needs_teacher() => Some("Choose a teacher first"),
            _ => None,
        }
    }
}

impl Workspace {
    /// Why the run that the form describes cannot be put into the queue, where it cannot.
    pub fn why_not_add(&self) -> Option<&'static str> {
        match (&self.data.loaded, &self.model) {
            (None, _) => Some("Choose the data first"),
            (_, None) => Some("Choose a model first"),
            _ if self.needs_teacher() => Some("Choose a teacher first"),
            _ if self.plan_error.is_some() => Some("This cannot be trained yet"),
            _ if self.out_is_own && self.is_spoken_for(&self.draft.run.out) => {
                Some("Another run has this output folder; name another")
            }
            _ => None,
        }
    }
}

impl Workspace {
    /// Why something cannot be ordered of the run that trains, where it cannot.
    pub fn why_not_order(&self, what: What) -> Option<&'static str> {
        let run = match (self.training_job(), &self.run) {
            (Some(job), Some(run)) if !job.stopping && run.status != Status::Starting => run,
            (Some(_), Some(_)) => return Some("The run has not begun, or is about to end"),
            _ => return Some("No run is in progress"),
        };
        let last = run.orders.last_epoch;
        match what {
            What::Thaw if run.orders.frozen.is_empty() => {
                Some(why_no_thaw(&run.config.strategy).unwrap_or("Nothing is frozen any more"))
            }
            What::Evaluate if run.config.data.fold.is_some() => Some(JUDGED_ONCE),
            What::Evaluate if run.eval_examples == 0 => Some("Nothing is held out to evaluate on"),
            What::StopAfter(LastEpoch::AsConfigured) if last.is_none() => Some("The run does not stop early"),
            What::StopAfter(LastEpoch::This) if last.is_some() => Some("The run stops early already"),
            _ => None,
        }
    }
}

impl crate::ui::Action {
    /// Whether the action can be done now; what cannot is not listed, and its shortcut does nothing.
    pub fn is_possible(&self, workspace: &Workspace) -> bool {
        let paused = workspace.training_job().is_some_and(|job| job.paused);
        match self {
            Self::StartRun => workspace.why_not_start().is_none(),
            Self::PauseRun => workspace.training.is_some() && !paused,
            Self::ResumeRun => workspace.training.is_some() && paused,
            Self::ContinueRun(_) => workspace.training.is_none(),
            Self::ContinueNewest => workspace.training.is_none() && workspace.interrupted().next().is_some(),
            Self::StopRun => workspace.training_job().is_some_and(|job| !job.stopping),
            Self::Order(what) => workspace.why_not_order(*what).is_none(),
            Self::Link(LinkAction::Keep | LinkAction::Copy) => {
                workspace.screen == Screen::Explore && workspace.explore.subject.is_some()
            }
            Self::CloseData | Self::ChooseEvalData => workspace.data.table.is_some(),
            Self::Queue(QueueAction::Add) => workspace.training.is_some() && workspace.why_not_add().is_none(),
            Self::Queue(QueueAction::GoOn) => workspace.queue.held.is_some(),
            Self::Queue(QueueAction::Toggle | QueueAction::Clear) => !workspace.queue.is_empty(),
            _ => true,
        }
    }
}
