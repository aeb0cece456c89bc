//! All the window knows, folded from the worker's events. Plain data: it sends nothing, reads no file and knows no
//! widget. An event of a job that is no longer followed changes nothing.

pub mod data;
pub mod downloads;
pub mod draft;
mod explore;
mod fetching;
pub mod folds;
mod guide;
pub mod hub;
mod hub_told;
pub mod job;
mod jobs;
mod models;
pub mod orders;
mod pace;
pub mod queue;
pub mod run;
pub mod stage;
pub mod strip;
mod sweeps;
pub mod verdict;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::data::Roles;
use crate::inspect::why::Ways;
use crate::model::card::ModelCard;
use crate::model::{Decisions, Precision, kept};
use crate::samples::Sample;
use crate::table::Inputs;
use crate::train::config::{RunConfig, StrategyKind};
use crate::train::make_fit::Offer;
use crate::train::plan::PlanSummary;
use crate::train::recommend::Settings;
use crate::train::run::RunSummary;
use crate::ui::guide::Guide;
use crate::ui::link::KeptView;
use crate::ui::widgets::number::Wrong;
use crate::worker::protocol::{EvaluatedData, Event, EventKind, HubTold, JobId, ModelEntry, OpenedRun, Payload};
use crate::worker::work::{Work, Worked};

pub use data::DataState;
pub use downloads::{Download, DownloadState};
pub use explore::{ExploreState, Offered, Shown};
pub use hub::{CardState, HubState, Trouble};
pub use job::{Job, JobKind, Level, LogLine, OpenPurpose, Progress, Toast};
pub use queue::Queue;
pub use run::RunView;

/// A stage of the work, in the order of the rail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Screen {
    #[default]
    Home,
    Data,
    Model,
    Train,
    Evaluate,
    Explore,
    Runs,
    Settings,
}

impl Screen {
    pub const ALL: [Self; 8] =
        [Self::Home, Self::Data, Self::Model, Self::Train, Self::Evaluate, Self::Explore, Self::Runs, Self::Settings];

    pub fn title(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Data => "Data",
            Self::Model => "Model",
            Self::Train => "Train",
            Self::Evaluate => "Evaluate",
            Self::Explore => "Explore",
            Self::Runs => "Runs",
            Self::Settings => "Settings",
        }
    }

    /// The key that goes there, with the command key held.
    pub fn key(self) -> egui::Key {
        match self {
            Self::Home => egui::Key::Num1,
            Self::Data => egui::Key::Num2,
            Self::Model => egui::Key::Num3,
            Self::Train => egui::Key::Num4,
            Self::Evaluate => egui::Key::Num5,
            Self::Explore => egui::Key::Num6,
            Self::Runs => egui::Key::Num7,
            Self::Settings => egui::Key::Comma,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Workspace {
    pub screen: Screen,
    pub models: Vec<ModelEntry>,
    /// The model of the draft.
    pub model: Option<Arc<ModelCard>>,
    /// The card that is looked at, which need not be the draft's.
    pub card: Option<Arc<ModelCard>>,
    pub model_error: Option<String>,
    pub data: DataState,
    /// The form of the next run.
    pub draft: RunConfig,
    /// What is typed into the form and cannot be read; nothing is started with it.
    pub unread: Vec<Wrong>,
    pub plan: Option<Arc<PlanSummary>>,
    /// What would make the planned run fit, where it does not.
    pub offers: Arc<Vec<Offer>>,
    /// Bytes that a run may take at most, where a person has said so.
    pub memory_limit: Option<u64>,
    /// Why the draft cannot be planned, where it cannot.
    pub plan_error: Option<String>,
    /// The run in progress, or the one that was opened last.
    pub run: Option<RunView>,
    /// The job of the run in progress.
    pub training: Option<JobId>,
    pub evaluation: Option<Arc<EvaluatedData>>,
    pub evaluation_error: Option<String>,
    /// What was kept with the model of `evaluation` since it came.
    pub kept: Option<Decisions>,
    pub explore: ExploreState,
    /// In which numbers Explore and Evaluate ask models.
    pub precision: Precision,
    pub hub: HubState,
    pub downloads: Vec<Download>,
    /// Runs that wait.
    pub queue: Queue,
    pub runs: Vec<RunSummary>,
    /// What of the guided path was done.
    pub guide: Guide,
    /// What came last of each kind of work that has no place of its own here.
    worked: Vec<Worked>,
    pub jobs: Vec<Job>,
    pub toasts: Vec<Toast>,
    pub log: Vec<LogLine>,
    /// Views that a person kept, the oldest first.
    pub kept_views: Vec<KeptView>,
    /// How the maps of Why are made.
    pub ways: Ways,
    /// Seconds since the window opened, for whoever shows how long something takes.
    pub now: f64,
    /// When the window was opened, in seconds since 1970.
    opened_at: u64,
    /// Data that were opened before, the newest first, and the model that was used last.
    pub recent: Vec<Inputs>,
    pub last_model: Option<PathBuf>,
    pub model_folders: Vec<PathBuf>,
    /// A folder that was just added, until it is known which models are in it.
    pub added_folder: Option<PathBuf>,
    pub runs_folder: PathBuf,
    /// Of sweeps that lie elsewhere and are listed as well.
    pub sweep_folders: Vec<PathBuf>,
    /// What has to be asked of the worker next, because something else changed.
    pub wants: Wants,
    /// A sample that is being opened, until it is read.
    pub sample: Option<Sample>,
    /// Whether the person named the output folder of the draft; otherwise it follows data and model.
    pub out_is_own: bool,
    /// The strategy that was chosen before a model came whose head alone can be trained.
    set_aside: Option<StrategyKind>,
    /// A run's configuration that is being used again, until its data are read.
    restoring: Option<Box<RunConfig>>,
    next_job: u64,
    next_toast: u64,
}

/// Questions that an answer or a change has raised. The application takes and sends them.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "any of these questions can be open at once")]
pub struct Wants {
    /// Jobs whose answers nobody waits for any more.
    pub stop: Vec<JobId>,
    pub dataset: bool,
    pub lengths: bool,
    pub plan: bool,
    pub runs: bool,
    pub models: bool,
    /// What the hub's cache has.
    pub shelf: bool,
    /// The card of a model that is to be looked at.
    pub view_model: Option<PathBuf>,
    /// What the model in Explore can be asked.
    pub subject: bool,
    /// A run whose evaluation has just been written.
    pub open_run: Option<PathBuf>,
    /// Data that could be read, to be found again after the next start.
    pub remember: Option<Inputs>,
    /// A configuration whose data and model are to be opened.
    pub clone_of: Option<Box<RunConfig>>,
}

/// The folder of a run's weights and tokenizer.
pub fn model_of(run: &Path) -> PathBuf {
    run.join("model")
}

impl Workspace {
    pub fn new(model_folders: Vec<PathBuf>, runs_folder: PathBuf) -> Self {
        Self {
            screen: Screen::default(),
            models: Vec::new(),
            model: None,
            card: None,
            model_error: None,
            data: DataState::default(),
            draft: draft::empty(),
            unread: Vec::new(),
            plan: None,
            offers: Arc::default(),
            memory_limit: None,
            plan_error: None,
            run: None,
            training: None,
            evaluation: None,
            evaluation_error: None,
            kept: None,
            explore: ExploreState::default(),
            precision: Precision::default(),
            hub: HubState::default(),
            downloads: Vec::new(),
            queue: Queue::default(),
            runs: Vec::new(),
            guide: Guide::default(),
            worked: Vec::new(),
            jobs: Vec::new(),
            toasts: Vec::new(),
            log: Vec::new(),
            kept_views: Vec::new(),
            ways: Ways::default(),
            wants: Wants::default(),
            now: 0.0,
            opened_at: SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            recent: Vec::new(),
            last_model: None,
            model_folders,
            added_folder: None,
            runs_folder,
            sweep_folders: Vec::new(),
            sample: None,
            out_is_own: false,
            set_aside: None,
            restoring: None,
            next_job: 1,
            next_toast: 1,
        }
    }

    /// What is decided for the model of an evaluation.
    pub fn decisions<'a>(&'a self, evaluated: &'a EvaluatedData) -> &'a Decisions {
        self.kept.as_ref().unwrap_or(&evaluated.decisions)
    }

    /// What came last of work of a kind.
    pub fn worked<W: Work>(&self) -> Option<(&W, &W::Answer)> {
        self.worked.iter().find_map(Worked::of)
    }

    /// Folds in what the worker said. Events of a job that is not followed are dropped.
    pub fn apply(&mut self, event: Event) {
        let Some(place) = self.jobs.iter().position(|job| job.id == event.job) else { return };
        match event.kind {
            EventKind::Started => self.jobs[place].begun = true,
            EventKind::Progress { what, done, total } => {
                let job = &self.jobs[place];
                // A trial of a sweep has ended, and is listed with what came of it.
                let before = job.progress.as_ref().map_or(0, |progress| progress.done);
                self.wants.runs |= job.sweep().is_some() && before != done;
                self.jobs[place].progress = Some(Progress { what, done, total });
            }
            EventKind::Train(event) => self.take_train(&event),
            EventKind::Payload(Payload::Hub(HubTold::Remedy(remedy))) => self.jobs[place].remedy = Some(remedy),
            EventKind::Payload(payload) => {
                let kind = self.jobs[place].kind.clone();
                self.take(&kind, payload);
            }
            EventKind::Done => {
                let job = self.jobs.remove(place);
                self.finished(&job);
            }
            EventKind::Stopped => {
                let job = self.jobs.remove(place);
                self.stopped(&job);
            }
            EventKind::Failed { message, detail } => {
                let job = self.jobs.remove(place);
                self.failed(&job, message, detail);
            }
        }
    }

    fn take(&mut self, kind: &JobKind, payload: Payload) {
        match payload {
            Payload::Models(models) => self.take_models(&models),
            Payload::Model(card) => {
                self.card = Some(card.clone());
                self.model_error = None;
                if matches!(kind, JobKind::OpenModel { choose: true, .. }) {
                    self.choose_model(card);
                }
            }
            Payload::Table(table) => {
                self.wants.remember = Some(table.origins.inputs.clone());
                self.take_table(&table);
            }
            Payload::Dataset(loaded) => self.take_dataset(loaded),
            Payload::Lengths(lengths) => {
                self.data.lengths = Some(lengths);
                self.wants.plan = true;
            }
            Payload::Xray(looked_at) => {
                self.data.looked_at = Some(looked_at);
                self.data.look_error = None;
            }
            Payload::Plan(plan) => {
                plan.settings.fill(&mut self.draft);
                self.plan = Some(plan);
                self.plan_error = None;
            }
            Payload::Offers(offers) => self.offers = offers,
            Payload::Evaluation(evaluation) => {
                self.evaluation = Some(evaluation);
                self.kept = None;
                self.evaluation_error = None;
            }
            Payload::Subject(subject) => {
                if self.explore.model.as_ref() == Some(&subject.dir) {
                    self.explore.subject = Some(subject);
                    self.explore.error = None;
                }
            }
            Payload::Answer(answer) => {
                // The model may have been changed since it was asked.
                if self.explore.model.as_ref() == Some(&answer.model) {
                    self.explore.answer = Some(answer);
                    self.explore.error = None;
                }
            }
            Payload::Runs(runs) => {
                self.runs = runs.to_vec();
                self.refresh_draft();
            }
            Payload::Run(run) => self.take_run(kind, &run),
            Payload::Hub(told) => self.take_hub(kind, told),
            Payload::Worked(worked) => self.take_worked(worked),
        }
    }

    pub(in crate::ui) fn take_worked(&mut self, worked: Worked) {
        self.worked.retain(|known| !known.work.is_like(&worked.work));
        self.worked.push(worked);
    }

    /// What cannot be read wherever the next run is described.
    pub fn all_unread(&self) -> impl Iterator<Item = &Wrong> {
        self.unread.iter().chain(&self.data.unread)
    }

    /// Makes a model the draft's.
    pub fn choose_model(&mut self, card: Arc<ModelCard>) {
        self.model = Some(card);
        self.model_error = None;
        self.drop_jobs(|kind| matches!(kind, JobKind::MeasureLengths | JobKind::Look | JobKind::Plan));
        self.data.forget_tokens();
        self.forget_plan();
        self.wants.lengths = true;
        self.refresh_draft();
    }

    fn take_run(&mut self, kind: &JobKind, opened: &OpenedRun) {
        let JobKind::OpenRun { purpose, .. } = kind else { return };
        match purpose {
            OpenPurpose::Clone => {
                let out = self.draft.run.out.clone();
                self.draft = opened.config.clone();
                self.draft.run.out = out;
                self.out_is_own = false;
                // Its data and model are opened first; until they are there the form is fitted to those that are.
                let config = Box::new(opened.config.clone());
                self.restoring = Some(config.clone());
                self.wants.clone_of = Some(config);
                self.refresh_draft();
            }
            OpenPurpose::Show => {
                self.run = Some(RunView::opened(opened));
                self.take_evaluation(opened);
                if opened.config.run.folds == 0 {
                    self.explore_with(model_of(&opened.summary.dir));
                }
            }
            OpenPurpose::AfterTraining => {
                self.take_evaluation(opened);
                if opened.config.run.folds == 0 {
                    self.offer_trained(model_of(&opened.summary.dir));
                }
            }
        }
    }

    fn take_evaluation(&mut self, opened: &OpenedRun) {
        self.evaluation.clone_from(&opened.evaluation);
        self.kept = None;
        self.evaluation_error = None;
    }

    /// What a person said of the columns of a file, where it is open. What was guessed is nobody's word: a model is asked
    /// about the columns that it learned from, and what is still open then is guessed where the file is read.
    pub fn roles_of(&self, data: &Inputs) -> Roles {
        let is_open = self.data.table.as_ref().is_some_and(|table| table.origins.inputs == *data)
            || self.data.eval.as_ref() == Some(data);
        if is_open { self.data.roles_said() } else { Roles::default() }
    }

    /// The data that are being opened mean what they mean to a configuration.
    pub fn restore(&mut self, config: RunConfig) {
        self.restoring = Some(Box::new(config));
    }

    /// A file is opened: the run that is used again was waiting for another one.
    pub fn expect_table(&mut self, inputs: &Inputs) {
        self.restoring.take_if(|config| config.data.train != *inputs);
    }

    /// Begins to show a run that is being made. What was evaluated before can be read until this one has its own.
    pub fn begin_run(&mut self, run: RunView) {
        self.follow_run(run);
        self.screen = Screen::Train;
    }

    /// The same for whoever looks at something else.
    pub fn follow_run(&mut self, run: RunView) {
        self.evaluation_error = None;
        self.run = Some(run);
    }

    /// Seconds since 1970, to say how long ago something was.
    pub fn unix_now(&self) -> u64 {
        self.opened_at + self.now as u64
    }

    /// Takes the form as the person changed it.
    pub fn edit(&mut self, mut config: RunConfig) {
        config.open = config.open.after_edit(self.draft.open, &Settings::of(&self.draft), &Settings::of(&config));
        self.out_is_own |= config.run.out != self.draft.run.out;
        self.draft = config;
        self.wants.plan = self.is_ready();
    }

    /// A model's name as the list has it, or its folder's.
    pub fn model_name(&self, dir: &Path) -> String {
        if let Some((run, step)) = kept::state_of(dir) {
            return format!("{} at step {}", self.run_name(run), crate::ui::format::count(step));
        }
        // The weights of a run lie in a folder below its own, whose name says nothing.
        let run = dir.parent().filter(|run| dir == model_of(run));
        let listed = self.models.iter().find(|entry| entry.dir == dir && run.is_none());
        listed.map_or_else(|| self.run_name(run.unwrap_or(dir)), |entry| entry.name.clone())
    }
}
