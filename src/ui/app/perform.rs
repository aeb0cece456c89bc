//! What each action does.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::App;
use crate::data::Roles;
use crate::hub::embedded::Shipped;
use crate::inspect::AnyInquiry;
use crate::model::Decisions;
use crate::table::Inputs;
use crate::task::Targets;
use crate::ui::action::{Action, SweepAction, ThemeChoice};
use crate::ui::dialog::{Answer, Dialog, NO_DIALOG, Purpose};
use crate::ui::format;
use crate::ui::frame::ask::Question;
use crate::ui::saving::Saving;
use crate::ui::workspace::{DataState, JobKind, Level, Offered, OpenPurpose, RunView, Screen, Shown, model_of};
use crate::worker::protocol::{Command, EvaluatedData, JobId};
use crate::worker::work::AnyWork;
use crate::worker::works::runs::DeleteRun;

/// What was typed after the keys that open the palette, in the same frame.
fn typed_after(ctx: &egui::Context) -> String {
    ctx.input(|input| {
        let is_key = |event: &egui::Event| matches!(event, egui::Event::Key { key: egui::Key::K, pressed: true, .. });
        let from = input.raw.events.iter().position(is_key).map_or(input.raw.events.len(), |at| at + 1);
        let typed = input.raw.events[from..].iter().filter_map(|event| match event {
            egui::Event::Text(text) => Some(text.as_str()),
            _ => None,
        });
        typed.collect()
    })
}

impl App {
    pub(super) fn perform_all(&mut self, ctx: &egui::Context) {
        for action in std::mem::take(&mut self.actions) {
            self.perform(action, ctx);
        }
    }

    fn keep_decisions(&mut self, model: PathBuf, decisions: Decisions) {
        let title = format!("Thresholds of {}", self.workspace.model_name(&model));
        let kind = JobKind::KeepDecisions { model: model.clone(), decisions: decisions.clone() };
        let job = self.workspace.follow(kind, title);
        // Questions are judged by their panel at any threshold, and keep their place in the list that way.
        let is_judged_anew =
            |shown: &Arc<EvaluatedData>| shown.model == model && shown.evaluation.task.targets() == Targets::Classes;
        let shown = self.workspace.evaluation.clone().filter(is_judged_anew);
        self.send(Command::KeepDecisions { job, model, decisions, shown });
    }

    fn perform(&mut self, action: Action, ctx: &egui::Context) {
        match action {
            Action::Go(screen) => self.workspace.screen = screen,
            Action::OpenPalette => self.palette.open(typed_after(ctx)),
            Action::SetTheme(_) | Action::ToggleTheme | Action::SetTextSize(_) => self.set_look(&action, ctx),
            Action::SetMemoryLimit(limit) => self.set_memory_limit(limit),
            Action::TrainApart(is_on) => self.train_apart(is_on),
            Action::ToggleLog => self.log_is_open = !self.log_is_open,
            Action::ResetLayout => self.settings.layouts.clear(),
            Action::ChooseData => self.ask_dialog(Purpose::Data, ctx),
            Action::ChooseDataFolder => self.ask_dialog(Purpose::DataFolder, ctx),
            Action::ChooseEvalData => self.ask_dialog(Purpose::EvalData, ctx),
            Action::ChooseModelFolder => self.ask_dialog(Purpose::ModelFolder, ctx),
            Action::ChooseRunsFolder => self.ask_dialog(Purpose::RunsFolder, ctx),
            Action::CancelDialog => self.dialog = None,
            Action::Save(saving) => self.save(saving, ctx),
            Action::OpenData(_)
            | Action::OpenSample(_)
            | Action::CloseData
            | Action::SetRoles(_)
            | Action::SetTask(_)
            | Action::SetSplit(_)
            | Action::SetMends(_)
            | Action::SetEvalData(_) => self.change_data(action),
            Action::AddModelFolder(_)
            | Action::RemoveModelFolder(_)
            | Action::FindModels
            | Action::ViewModel(_)
            | Action::OpenModel(_) => self.change_model(action),
            Action::Look(example) => self.look(example),
            Action::Edit(config) => self.workspace.edit(*config),
            Action::Unread(fields) => self.workspace.unread = fields,
            Action::UnreadInData(fields) => self.workspace.data.unread = fields,
            Action::ShowHealth | Action::ShowRows(..) => self.show_in_data(action),
            Action::StartRun => self.start_run(),
            Action::ContinueRun(dir) => self.continue_run(dir),
            Action::ContinueNewest => self.continue_newest(),
            Action::PauseRun | Action::ResumeRun | Action::StopRun | Action::Order(_) => self.direct_run(&action),
            Action::StopJob(job) => self.stop(job),
            Action::Evaluate { model, data, roles } => self.evaluate(model, data, roles),
            Action::EvaluateHeldOut(model) => self.evaluate_held_out(model),
            Action::KeepDecisions { model, decisions } => self.keep_decisions(model, decisions),
            Action::ExploreWith(model) => self.explore(model),
            Action::LookAtState(dir) => self.workspace.look_at_state(dir),
            Action::AskIn(precision) => self.workspace.precision = precision,
            Action::ExplainBy(ways) => (self.workspace.ways, self.settings.ways) = (ways, ways),
            Action::TryShipped(shipped) => self.try_shipped(shipped),
            Action::ShowDrift { .. } | Action::ChoosePredict | Action::PredictFile(_) => {
                self.show_in_explore(action, ctx);
            }
            Action::Predict { model, task, text, pair, no_answer } => {
                self.workspace.explore_with(model);
                self.workspace.explore.offered = Some(Arc::new(Offered { task, text, pair, no_answer }));
            }
            Action::Ask { model, inquiry } => self.ask(model, inquiry),
            Action::FindRuns
            | Action::SetRunsFolder(_)
            | Action::OpenRun(_)
            | Action::CloneRun(_)
            | Action::AskDeleteRun(_)
            | Action::DeleteRun(_) => self.change_runs(action),
            Action::Hub(action) => self.perform_hub(action, ctx),
            Action::Guide(action) => self.guide(action),
            Action::Queue(action) => self.change_queue(&action),
            Action::Recipe(action) => self.cook(action),
            Action::Sweep(action) => self.sweep(action, ctx),
            Action::Link(action) => self.perform_link(action, ctx),
            Action::Tell { title, why } => self.tell(title, why),
            Action::Work(work) => self.work(work),
            Action::OpenFolder(dir) => self.open_folder(&dir, ctx),
            Action::CopyText(text) => self.copy(text, ctx),
            Action::DismissToast(id) => self.workspace.toasts.retain(|toast| toast.id != id),
            Action::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
        }
    }

    fn copy(&mut self, text: String, ctx: &egui::Context) {
        ctx.copy_text(text);
        self.workspace.say(Level::Info, "Copied", None);
    }

    /// Whether something opened is not told by the system, so that where the folder is has to be said.
    fn open_folder(&mut self, dir: &Path, ctx: &egui::Context) {
        ctx.open_url(egui::OpenUrl::new_tab(format::address(dir)));
        let words =
            format!("{}. If no window appears, no file manager is set up: copy the path instead.", dir.display());
        self.workspace.toast(Level::Info, "The system was asked to open the folder", words);
        let title = format!("The system was asked to open {}", dir.display());
        self.workspace.say(Level::Info, title, None);
    }

    fn continue_newest(&mut self) {
        let interrupted = self.workspace.interrupted().next().map(|run| run.dir.clone());
        if let Some(dir) = interrupted {
            self.continue_run(dir);
        }
    }

    /// Turns to a view of Explore.
    fn show_in_explore(&mut self, action: Action, ctx: &egui::Context) {
        let shown = match action {
            Action::ShowDrift { before, after } => {
                self.workspace.explore_with(after);
                Shown { view: "drift", before, file: None }
            }
            Action::PredictFile(file) => Shown { view: "file", before: None, file },
            _ => return self.ask_dialog(Purpose::Predict, ctx),
        };
        self.workspace.explore.shown = Some(Arc::new(shown));
        self.workspace.screen = Screen::Explore;
    }

    fn ask(&mut self, model: PathBuf, inquiry: AnyInquiry) {
        let job = self.workspace.follow(JobKind::Ask, "Predicting");
        self.workspace.explore.asked = Some(inquiry.clone());
        self.send(Command::Ask { job, model, precision: self.workspace.precision, inquiry });
    }

    fn evaluate(&mut self, model: PathBuf, data: Inputs, roles: Roles) {
        let title = format!("Evaluating {}", self.workspace.model_name(&model));
        let job = self.workspace.follow(JobKind::Evaluate { model: model.clone() }, title);
        let precision = self.workspace.precision;
        self.send(Command::Evaluate { job, model, data, roles, precision });
    }

    fn evaluate_held_out(&mut self, model: PathBuf) {
        let title = format!("Evaluating {}", self.workspace.model_name(&model));
        let job = self.workspace.follow(JobKind::Evaluate { model: model.clone() }, title);
        let precision = self.workspace.precision;
        self.send(Command::EvaluateHeldOut { job, model, precision });
    }

    fn set_memory_limit(&mut self, limit: Option<u64>) {
        self.settings.memory_limit = limit;
        self.workspace.memory_limit = limit;
        self.workspace.wants.plan = self.workspace.is_ready();
        if self.workspace.hub.finds_models {
            self.ask_rooms();
        }
    }

    /// Tells the worker, which otherwise does as it was started.
    pub(super) fn train_apart(&mut self, is_on: bool) {
        self.settings.trains_apart = is_on;
        self.send(Command::TrainApart { job: JobId(0), is_on });
    }

    fn set_look(&mut self, action: &Action, ctx: &egui::Context) {
        match action {
            Action::SetTheme(choice) => self.settings.theme = *choice,
            Action::SetTextSize(size) => self.settings.text_size = *size,
            _ => {
                let dark = ctx.theme() == egui::Theme::Dark;
                self.settings.theme = if dark { ThemeChoice::Light } else { ThemeChoice::Dark };
            }
        }
        self.apply_settings(ctx);
    }

    pub(super) fn change_data(&mut self, action: Action) {
        let data = &mut self.workspace.data;
        match action {
            Action::OpenData(inputs) => {
                self.workspace.screen = Screen::Data;
                self.workspace.hub.finds_data = false;
                self.workspace.sample = None;
                self.sample_goes_on = None;
                self.model_of_sample = None;
                self.open_table(inputs, None);
                return;
            }
            Action::OpenSample(sample) => {
                self.sample_goes_on = Some(sample);
                self.model_of_sample = None;
                self.workspace.hub.finds_data = false;
                self.workspace.screen = Screen::Data;
                self.workspace.sample = Some(sample);
                self.open_table(self.places.samples.join(sample.file()).into(), Some(sample.file()));
                return;
            }
            Action::CloseData => self.workspace.begin_data(DataState::default()),
            Action::SetRoles(roles) => data.roles = roles,
            Action::SetTask(task) => data.set_task(task),
            Action::SetSplit(rule) => data.rule = rule,
            Action::SetMends(mends) => data.mends = mends,
            Action::SetEvalData(inputs) => data.eval = inputs,
            _ => return,
        }
        self.workspace.wants.dataset = self.workspace.data.table.is_some();
        self.workspace.refresh_draft();
    }

    fn explore(&mut self, model: PathBuf) {
        self.workspace.explore_with(model);
        self.workspace.screen = Screen::Explore;
    }

    /// Puts a model inside the program into Explore, whose screens begin with texts of their own.
    fn try_shipped(&mut self, shipped: Shipped) {
        let Some(model) = self.workspace.shipped(shipped).map(Path::to_owned) else {
            let words = "Its folder could not be written; Model says why";
            self.workspace.toast(Level::Warning, format!("{} is not there", shipped.name()), words);
            return;
        };
        self.explore(model);
        // Whatever was looked at before, it is asked what it was trained for.
        if let Some(promise) = shipped.promise() {
            let offered = Offered { task: promise.task, text: String::new(), pair: None, no_answer: None };
            self.workspace.explore.offered = Some(Arc::new(offered));
        }
    }

    /// Asks what the model reads of an example: its windows for the limit of the draft.
    fn look(&mut self, example: usize) {
        let (Some(loaded), Some(card)) = (&self.workspace.data.loaded, &self.workspace.model) else { return };
        let (dataset, model) = (loaded.dataset.clone(), card.dir.clone());
        let length = self.workspace.length();
        let job = self.workspace.follow(JobKind::Look, "Tokenizing a row");
        self.send(Command::Xray { job, dataset, example, model, length });
    }

    fn open_table(&mut self, inputs: Inputs, sample: Option<&'static str>) {
        let title = format!("Reading {}", format::inputs(&inputs));
        self.workspace.data.error = None;
        self.workspace.expect_table(&inputs);
        let job = self.workspace.follow(JobKind::OpenTable { inputs: inputs.clone() }, title);
        self.send(Command::OpenTable { job, inputs, sample });
    }

    fn change_model(&mut self, action: Action) {
        match action {
            Action::AddModelFolder(folder) => {
                self.settings.add_model_folder(&folder);
                self.workspace.added_folder = Some(folder);
                self.workspace.model_folders.clone_from(&self.settings.model_folders);
                self.workspace.screen = Screen::Model;
                self.workspace.wants.models = true;
            }
            Action::RemoveModelFolder(folder) => {
                self.settings.model_folders.retain(|known| known != &folder);
                self.workspace.model_folders.clone_from(&self.settings.model_folders);
                self.workspace.wants.models = true;
            }
            Action::ViewModel(dir) => self.read_card(dir, false),
            Action::OpenModel(dir) => {
                self.settings.last_model = Some(dir.clone());
                self.workspace.hub.finds_models = false;
                // A card that is on screen need not be read again.
                match self.workspace.card.clone().filter(|card| card.dir == dir) {
                    Some(card) => self.workspace.choose_model(card),
                    None => self.read_card(dir, true),
                }
            }
            _ => self.workspace.wants.models = true,
        }
    }

    pub(super) fn read_card(&mut self, dir: PathBuf, choose: bool) {
        let title = format!("Opening {}", self.workspace.model_name(&dir));
        self.workspace.model_error = None;
        let job = self.workspace.follow(JobKind::OpenModel { dir: dir.clone(), choose }, title);
        self.send(Command::OpenModel { job, dir });
    }

    fn start_run(&mut self) {
        if self.workspace.why_not_start().is_some() || !self.is_readable("Not started") {
            return;
        }
        self.workspace.screen = Screen::Train;
        let config = self.shown_config();
        if config.run.seeds.len() > 1 {
            self.add_seeds(&config);
        } else {
            self.expect_student(&config);
            self.train(config);
        }
    }

    fn continue_run(&mut self, dir: PathBuf) {
        if self.workspace.training.is_some() {
            self.workspace.toast(Level::Info, "A run is in progress", "Another one can be resumed when it has ended");
            return;
        }
        // The worker tells the run's own configuration first of all.
        let mut config = self.workspace.draft.clone();
        config.run.out.clone_from(&dir);
        self.workspace.begin_run(RunView::new(dir.clone(), config));
        let job =
            self.workspace.follow(JobKind::Train { out: dir.clone() }, format!("Training {}", format::file_name(&dir)));
        self.send(Command::Resume { job, dir });
    }

    fn change_runs(&mut self, action: Action) {
        match action {
            Action::SetRunsFolder(folder) => {
                self.settings.runs_folder = Some(folder.clone());
                self.workspace.runs_folder = folder;
                self.workspace.wants.runs = true;
                self.workspace.refresh_draft();
            }
            Action::OpenRun(dir) => {
                // The run in progress is already shown; reading its folder would only lose its newest steps.
                let live = self.workspace.run.as_ref().is_some_and(|run| run.dir == dir);
                if self.workspace.training.is_none() {
                    self.open_run(dir, OpenPurpose::Show);
                } else if !live {
                    self.workspace.toast(
                        Level::Info,
                        "A run is in progress",
                        "Another one can be opened when it has ended",
                    );
                }
                self.workspace.screen = Screen::Train;
            }
            Action::CloneRun(dir) => {
                self.open_run(dir, OpenPurpose::Clone);
                self.workspace.screen = Screen::Train;
            }
            Action::AskDeleteRun(dir) => {
                let bytes = self.workspace.runs.iter().find(|run| run.dir == dir).map_or(0, |run| run.bytes_on_disk);
                self.question = Some(Question::DeleteRun { dir, bytes });
            }
            Action::DeleteRun(dir) => {
                if self.workspace.explore.model.as_ref() == Some(&model_of(&dir)) {
                    self.workspace.explore.model = None;
                }
                self.workspace.runs.retain(|run| run.dir != dir);
                self.work(AnyWork::new(DeleteRun { dir }));
            }
            _ => self.workspace.wants.runs = true,
        }
    }

    /// Turns to something in Data.
    fn show_in_data(&mut self, action: Action) {
        match action {
            Action::ShowRows(rows, why) => self.panels.data.show_rows(rows, why),
            _ => self.panels.data.show_health(),
        }
        self.workspace.screen = Screen::Data;
    }

    pub(super) fn work(&mut self, work: AnyWork) {
        let job = self.workspace.follow(JobKind::Work(work.clone()), work.title());
        self.send(Command::Do { job, work });
    }

    pub(super) fn ask_dialog(&mut self, purpose: Purpose, ctx: &egui::Context) {
        if self.dialog.is_none() {
            self.dialog = Dialog::open(purpose, self.workspace.now, ctx);
        }
    }

    /// Where there is no dialog, beside the runs.
    fn save(&mut self, saving: Saving, ctx: &egui::Context) {
        if self.dialog.is_some() {
            self.workspace.toast(Level::Info, "One file at a time", "Another is being saved or asked for");
        } else {
            let beside = self.workspace.runs_folder.parent().unwrap_or(&self.workspace.runs_folder).to_owned();
            self.saved_view = None;
            if self.workspace.screen == Screen::Explore {
                self.saved_view = self.link().and_then(Result::ok).map(|(link, _)| link);
            }
            self.dialog = Dialog::save(saving, beside, self.workspace.now, ctx);
        }
    }

    pub(super) fn poll_dialog(&mut self) {
        let Some(dialog) = &self.dialog else { return };
        let chosen = match dialog.poll() {
            Answer::Waiting => return,
            Answer::Nothing => {
                if self.workspace.now - dialog.since < NO_DIALOG {
                    self.workspace.toast(
                        Level::Info,
                        "No file dialog on this system",
                        "Drop the file into the window, or write its path into the field",
                    );
                }
                self.dialog = None;
                return;
            }
            Answer::Chosen(paths) => paths,
            Answer::Saved(path) => {
                self.workspace.toast(Level::Good, "Saved", format::path(&path));
                let link = self.saved_view.take();
                self.say_linked(format!("Saved {}", format::path(&path)), link);
                self.dialog = None;
                return;
            }
            Answer::NotSaved(path, why) => {
                self.workspace.toast(Level::Error, format!("{} was not saved", format::file_name(&path)), why);
                self.dialog = None;
                return;
            }
        };
        self.actions.push(match dialog.purpose {
            Purpose::Data | Purpose::DataFolder => Action::OpenData(chosen),
            Purpose::EvalData => Action::SetEvalData(Some(chosen)),
            Purpose::Predict => Action::PredictFile(Some(chosen)),
            Purpose::ModelFolder => Action::AddModelFolder(chosen.place().into_owned()),
            Purpose::RunsFolder => Action::SetRunsFolder(chosen.place().into_owned()),
            Purpose::SweepFolder => Action::Sweep(SweepAction::Show(chosen.place().into_owned())),
            // It is saved where it was asked.
            Purpose::Save => return self.dialog = None,
        });
        self.dialog = None;
    }
}
