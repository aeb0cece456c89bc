//! What is asked of the worker, and when. Nothing waits for a queue: what does not fit is tried again.

use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::TrySendError;

use super::App;
use crate::hub::embedded::Shipped;
use crate::table::Inputs;
use crate::train::config::RunConfig;
use crate::ui::workspace::{JobKind, Level, OpenPurpose};
use crate::ui::{Action, Screen, format};
use crate::worker::protocol::{Command, Control, DatasetRequest, ModelEntry, Origin};

/// Seconds a draft must rest before it is planned, so that dragging a slider does not send a plan for every pixel.
const PLAN_RESTS: f64 = 0.15;

impl App {
    pub(super) fn send(&mut self, command: Command) {
        self.outbox.push_back(command);
    }

    pub(super) fn flush(&mut self) {
        while let Some(command) = self.outbox.pop_front() {
            match self.client.commands.try_send(command) {
                Ok(()) => {}
                Err(TrySendError::Full(command)) => {
                    self.outbox.push_front(command);
                    return;
                }
                Err(TrySendError::Disconnected(_)) => {
                    self.outbox.clear();
                    self.lose_worker();
                    return;
                }
            }
        }
    }

    /// Sends what events and actions have raised.
    pub(super) fn follow_up(&mut self, ctx: &egui::Context) {
        let wants = std::mem::take(&mut self.workspace.wants);
        for job in wants.stop {
            self.send(Command::Control { job, control: Control::Stop });
        }
        if wants.models {
            let job = self.workspace.follow(JobKind::FindModels, "Looking for models");
            let mut folders = self.workspace.model_folders.clone();
            folders.push(self.workspace.runs_folder.clone());
            let embedded = self.places.model.clone();
            let hub = Box::new(self.workspace.hub.hub.clone());
            self.send(Command::FindModels { job, folders, embedded, hub });
        }
        if wants.shelf {
            self.look_at_shelf();
        }
        if wants.runs {
            let job = self.workspace.follow(JobKind::FindRuns, "Looking for runs");
            let folder = self.workspace.runs_folder.clone();
            let sweeps = self.workspace.sweep_folders.clone();
            self.send(Command::FindRuns { job, folder, sweeps });
        }
        if wants.subject
            && let Some(model) = self.workspace.explore.model.clone()
        {
            let title = format!("Opening {}", self.workspace.model_name(&model));
            let job = self.workspace.follow(JobKind::Meet { dir: model.clone() }, title);
            self.send(Command::Meet { job, model, precision: self.workspace.precision });
        }
        if wants.dataset {
            self.read_dataset();
        }
        if wants.lengths {
            self.measure_lengths();
        }
        if let Some(dir) = wants.view_model {
            self.read_card(dir, false);
        }
        if let Some(dir) = wants.open_run {
            self.open_run(dir, OpenPurpose::AfterTraining);
        }
        if let Some(data) = wants.remember {
            self.remember(&data);
        }
        if let Some(config) = wants.clone_of {
            self.actions.push(Action::OpenData(config.data.train.clone()));
            // What was asked for is the form; data that cannot be opened are told there too.
            self.actions.push(Action::Go(Screen::Train));
            self.open_model_of(&config);
            ctx.request_repaint();
        }
        if wants.plan {
            self.plan_due = Some(self.workspace.now + PLAN_RESTS);
        }
        self.plan_when_rested(ctx);
        self.go_on_with_sample(ctx);
        self.begin_with_model();
        self.go_on_with_queue();
    }

    /// Keeps data for the next start. Samples are a press away anyhow.
    fn remember(&mut self, data: &Inputs) {
        let whole = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let data: Inputs = data.paths().iter().map(whole).collect();
        if !data.paths().iter().all(|path| path.starts_with(&self.places.samples)) {
            self.settings.add_data(&data);
        }
        self.workspace.recent = self.settings.recent_data();
        self.workspace.last_model.clone_from(&self.settings.last_model);
    }

    /// Opens the model that a configuration names, or says why that cannot be done.
    fn open_model_of(&mut self, config: &RunConfig) {
        if let Some(dir) = self.workspace.model_dir(&config.model) {
            self.actions.push(Action::OpenModel(dir));
            return;
        }
        let words = match config.model.title() {
            title if title.is_empty() => "Its configuration names none".to_owned(),
            title => format!("The Hugging Face cache of this machine does not have {title}"),
        };
        self.workspace.toast(Level::Warning, "Choose a model for this run", words);
    }

    fn plan_when_rested(&mut self, ctx: &egui::Context) {
        let Some(due) = self.plan_due else { return };
        let left = due - self.workspace.now;
        if left > 0.0 {
            ctx.request_repaint_after(Duration::from_secs_f64(left));
            return;
        }
        self.plan_due = None;
        // Without lengths a plan would be one of no texts.
        if !self.workspace.is_ready() || self.workspace.data.lengths.is_none() {
            return;
        }
        if self.workspace.needs_teacher() {
            (self.workspace.plan, self.workspace.plan_error) = (None, None);
            return;
        }
        let job = self.workspace.follow(JobKind::Plan, "Planning the run");
        let config = Box::new(self.workspace.draft.clone().with_student());
        let lengths = self.workspace.data.lengths.clone();
        let loaded = self.workspace.data.loaded.clone();
        let limit = self.workspace.memory_limit;
        self.send(Command::Plan { job, config, lengths, loaded, limit });
    }

    fn read_dataset(&mut self) {
        let data = &self.workspace.data;
        let Some(table) = data.table.clone() else { return };
        let request = DatasetRequest {
            table,
            eval: data.eval(),
            task: data.task,
            roles: data.roles.clone(),
            rule: data.rule(),
            mends: data.mends.clone(),
        };
        let job = self.workspace.follow(JobKind::ReadDataset, "Reading the examples");
        self.send(Command::ReadDataset { job, request });
    }

    fn measure_lengths(&mut self) {
        let (Some(loaded), Some(card)) = (&self.workspace.data.loaded, &self.workspace.model) else { return };
        let (dataset, model) = (loaded.dataset.clone(), card.dir.clone());
        let job = self.workspace.follow(JobKind::MeasureLengths, "Measuring lengths");
        self.send(Command::MeasureLengths { job, dataset, model });
    }

    pub(super) fn open_run(&mut self, dir: PathBuf, purpose: OpenPurpose) {
        let title = format!("Opening {}", format::file_name(&dir));
        let job = self.workspace.follow(JobKind::OpenRun { dir: dir.clone(), purpose }, title);
        self.send(Command::OpenRun { job, dir });
    }

    /// After the sample is read: the model that was used last, or else the one inside the program that suits it.
    fn go_on_with_sample(&mut self, ctx: &egui::Context) {
        // Until the sample is open, what is loaded is what was open before.
        let is_open = self.workspace.sample.is_none() && self.workspace.data.loaded.is_some();
        let Some(sample) = self.sample_goes_on.take_if(|_| is_open) else { return };
        let used = self.workspace.model.as_ref().map(|card| &card.dir);
        if let Some(dir) = self.model_of_sample.take() {
            if used != Some(&dir) {
                self.read_card(dir, true);
            }
            self.actions.push(Action::Go(Screen::Train));
        } else if used.is_some_and(|dir| self.workspace.shipped_in(dir).is_none_or(|known| known == sample.suits())) {
            self.actions.push(Action::Go(Screen::Train));
        } else {
            let model = self.usual_model(sample.suits());
            let go = if model.is_some() { Screen::Train } else { Screen::Model };
            self.actions.extend(model.map(Action::OpenModel));
            self.actions.push(Action::Go(go));
        }
        ctx.request_repaint();
    }

    /// The model that is used where nobody has chosen one. Of those inside the program it is the one that is named.
    fn usual_model(&self, inside: Shipped) -> Option<PathBuf> {
        let is_usable = |entry: &&ModelEntry| match entry.origin {
            Origin::Embedded(shipped) => shipped == inside,
            Origin::Folder | Origin::Cache => true,
            Origin::Run => false,
        };
        let usable = self.workspace.models.iter().filter(|entry| entry.problem.is_none()).filter(is_usable);
        let last = self.settings.last_model.as_ref();
        let rank = |entry: &&ModelEntry| {
            (Some(&entry.dir) != last, !matches!(entry.origin, Origin::Embedded(_)), entry.bytes_on_disk)
        };
        usable.min_by_key(rank).map(|entry| entry.dir.clone())
    }

    /// Whoever opens data has a model to begin with, once: what is chosen after that, or could not be opened, stays so.
    fn begin_with_model(&mut self) {
        let workspace = &self.workspace;
        let is_wanted = workspace.data.loaded.is_some() && self.sample_goes_on.is_none();
        if self.began_with_model || !is_wanted || workspace.models.is_empty() {
            return;
        }
        self.began_with_model = true;
        let is_opening = workspace.job_where(|kind| matches!(kind, JobKind::OpenModel { .. })).is_some();
        if workspace.model.is_none() && workspace.card.is_none() && !is_opening {
            let model = self.usual_model(Shipped::Mini);
            self.actions.extend(model.map(Action::OpenModel));
        }
    }
}
