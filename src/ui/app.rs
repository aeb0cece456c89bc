//! The window's program: `logic` drains the worker's events into the workspace and performs actions, `ui` draws from the
//! workspace, collects actions and performs them when all is drawn. Nothing here waits.

mod direct;
mod guide;
mod hub;
mod links;
mod perform;
mod recipe;
mod seeds;
mod send;
mod sweep;
mod waiting;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::{Receiver, TryRecvError};

use super::action::{LinkAction, ThemeChoice};
use super::dialog::Dialog;
use super::display::{self, NoWindow};
use super::fonts::Found;
use super::frame::ask::{self, Question, Reply};
use super::frame::{activity, downloads, queue, rail, toasts, top_bar};
use super::palette::CommandPalette;
use super::panels::data::DataPanel;
use super::panels::evaluate::EvaluatePanel;
use super::panels::explore::ExplorePanel;
use super::panels::home::HomePanel;
use super::panels::log::LogPanel;
use super::panels::model::ModelPanel;
use super::panels::runs::RunsPanel;
use super::panels::settings::SettingsPanel;
use super::panels::train::TrainPanel;
use super::places::Places;
use super::settings::{self, Settings};
use super::tiles::{self, Tiled};
use super::workspace::{Level, Queue, Workspace};
use super::{Action, Cx, Palette, Screen, fonts, theme};
use crate::hub::Hub;
use crate::samples::Sample;
use crate::signals::AskedToEnd;
use crate::table::Inputs;
use crate::worker::Client;
use crate::worker::protocol::Command;

/// Events that are folded in one frame at most, so that a flood of them cannot keep the window from drawing.
const EVENTS_PER_FRAME: usize = 2000;

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and none excludes another")]
pub struct App {
    workspace: Workspace,
    settings: Settings,
    places: Places,
    client: Client,
    /// Commands that did not fit into the worker's queue; tried again with every frame.
    outbox: VecDeque<Command>,
    worker_is_gone: bool,
    panels: Panels,
    palette: CommandPalette,
    dialog: Option<Dialog>,
    log_is_open: bool,
    downloads_are_open: bool,
    queue_is_open: bool,
    question: Option<Question>,
    /// The window closes as soon as the run has ended.
    close_when_done: bool,
    /// The system, or whoever started the program, wants it to end.
    asked_to_end: AskedToEnd,
    /// A sample was opened: a model that suits it follows by itself, so that only Start is left to press.
    sample_goes_on: Option<Sample>,
    /// A model was opened for the first data, or was there.
    began_with_model: bool,
    /// The model that follows a sample, where it is not the one that was used last.
    model_of_sample: Option<PathBuf>,
    /// When the draft was changed last; a plan is asked for when it has rested.
    plan_due: Option<f64>,
    /// A link that waits until models were found.
    link_due: Option<String>,
    /// The view whose picture or table is being saved.
    saved_view: Option<String>,
    /// The parts that a link puts before others, once they are there.
    tabs_due: Vec<String>,
    found_fonts: Receiver<Found>,
    device: String,
    /// The factor on all sizes as it was in the last frame.
    zoom: f32,
    actions: Vec<Action>,
}

#[derive(Default)]
struct Panels {
    home: HomePanel,
    data: DataPanel,
    model: ModelPanel,
    train: TrainPanel,
    evaluate: EvaluatePanel,
    explore: ExplorePanel,
    runs: RunsPanel,
    settings: SettingsPanel,
    log: LogPanel,
}

impl App {
    pub fn new(cc: &eframe::CreationContext<'_>, client: Client, places: Places) -> Self {
        let settings: Settings =
            cc.storage.and_then(|storage| eframe::get_value(storage, settings::KEY)).unwrap_or_default();
        theme::install(&cc.egui_ctx);
        let found_fonts = fonts::install(&cc.egui_ctx);
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let runs_folder = settings.runs_folder.clone().unwrap_or_else(|| places.runs.clone());
        let mut workspace = Workspace::new(settings.model_folders.clone(), runs_folder);
        workspace.sweep_folders.clone_from(&settings.sweep_folders);
        workspace.wants.models = true;
        workspace.wants.runs = true;
        workspace.wants.shelf = true;
        workspace.hub.hub.offline = settings.offline;
        workspace.memory_limit = settings.memory_limit;
        workspace.guide = settings.guide.clone();
        workspace.queue = Queue::read(&settings.queue);
        workspace.recent = settings.recent_data();
        workspace.kept_views.clone_from(&settings.kept_views);
        workspace.ways = settings.ways;
        workspace.last_model.clone_from(&settings.last_model);
        let mut app = Self {
            workspace,
            settings,
            places,
            client,
            outbox: VecDeque::new(),
            worker_is_gone: false,
            panels: Panels::default(),
            palette: CommandPalette::default(),
            dialog: None,
            log_is_open: false,
            downloads_are_open: false,
            queue_is_open: false,
            question: None,
            close_when_done: false,
            asked_to_end: AskedToEnd::default(),
            sample_goes_on: None,
            began_with_model: false,
            model_of_sample: None,
            plan_due: None,
            link_due: None,
            saved_view: None,
            tabs_due: Vec::new(),
            found_fonts,
            device: format!("CPU · {}", super::format::plural(threads as u64, "thread", "threads")),
            zoom: cc.egui_ctx.zoom_factor(),
            actions: Vec::new(),
        };
        app.apply_settings(&cc.egui_ctx);
        if !app.settings.trains_apart {
            app.train_apart(false);
        }
        app
    }

    /// Ends when it is asked to, as if the window was closed and the run stopped.
    #[must_use]
    pub fn heeding(self, asked_to_end: AskedToEnd) -> Self {
        Self { asked_to_end, ..self }
    }

    /// What the window knows; tests look here for what was not drawn.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// Does what a press would do; performed with the next frame.
    pub fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    fn apply_settings(&self, ctx: &egui::Context) {
        ctx.set_theme(match self.settings.theme {
            ThemeChoice::System => egui::ThemePreference::System,
            ThemeChoice::Light => egui::ThemePreference::Light,
            ThemeChoice::Dark => egui::ThemePreference::Dark,
        });
        ctx.set_zoom_factor(self.settings.text_size());
    }

    /// The keyboard changes the size of everything too; it is one size, and it is kept.
    fn follow_zoom(&mut self, ctx: &egui::Context) {
        let zoom = ctx.zoom_factor();
        if std::mem::replace(&mut self.zoom, zoom) != zoom && (zoom - self.settings.text_size()).abs() > 1e-3 {
            self.settings.text_size = zoom;
            ctx.set_zoom_factor(self.settings.text_size());
        }
    }

    fn drain_events(&mut self, ctx: &egui::Context) {
        for _ in 0..EVENTS_PER_FRAME {
            match self.client.events.try_recv() {
                Ok(event) => self.workspace.apply(event),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.lose_worker();
                    return;
                }
            }
        }
        ctx.request_repaint();
    }

    fn lose_worker(&mut self) {
        if !self.worker_is_gone {
            self.worker_is_gone = true;
            self.workspace.jobs.clear();
            self.workspace.training = None;
            self.workspace.toast(Level::Error, "The worker has stopped", "Save what you need and start Attune again");
        }
    }

    fn take_found_fonts(&mut self, ctx: &egui::Context) {
        while let Ok(found) = self.found_fonts.try_recv() {
            match found {
                Found::Font(font) => ctx.add_font(font),
                Found::Nothing(letter) => {
                    let words = format!(
                        "No font on this machine has the sign U+{:04X}: it and others of its script are drawn as boxes. Install a \
                         font for it, such as Noto, and start Attune again",
                        u32::from(letter)
                    );
                    self.workspace.say(Level::Warning, words, None);
                    if let Some(line) = self.workspace.log.last_mut() {
                        line.brief = Some("Some signs have no font on this machine".to_owned());
                    }
                }
            }
        }
    }

    fn drop_old_toasts(&mut self) {
        let now = self.workspace.now;
        self.workspace.toasts.retain(|toast| now < toast.ends());
    }

    /// Shortcuts of everything that has one. While a question is asked only the question counts.
    fn take_shortcuts(&mut self, ctx: &egui::Context) {
        if self.question.is_some() {
            return;
        }
        let mut known = Action::commands();
        known.push(Action::OpenPalette);
        for action in known {
            if let Some(keys) = action.shortcut()
                && ctx.input_mut(|input| input.consume_shortcut(&keys))
                && action.is_possible(&self.workspace)
            {
                self.actions.push(action);
            }
        }
    }

    fn take_dropped_files(&mut self, ctx: &egui::Context) {
        let dropped: Vec<PathBuf> =
            ctx.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_path_buf()).collect());
        let on_data = self.workspace.screen == Screen::Data;
        if dropped.len() > 1 {
            self.open_dropped(dropped.into_iter().collect());
        } else if let Some(path) = dropped.into_iter().next() {
            // Looking at the disk would be waiting; a name with an ending is a file, and all files but a model's are data.
            let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
            self.actions.push(match ending.as_deref() {
                None if on_data => Action::OpenData(path.into()),
                None => Action::AddModelFolder(path),
                Some("safetensors" | "bin") => {
                    path.parent().map_or(Action::FindModels, |dir| Action::OpenModel(dir.into()))
                }
                Some(_)
                    if path.file_name().is_some_and(|name| name == "config.json" || name == "adapter_config.json") =>
                {
                    path.parent().map_or(Action::FindModels, |dir| Action::OpenModel(dir.into()))
                }
                Some(_) => return self.open_dropped(path.into()),
            });
        }
    }

    /// Data that were dropped are evaluated on where an evaluation is shown, and opened anywhere else.
    fn open_dropped(&mut self, data: Inputs) {
        let shown = self.workspace.evaluation.as_ref().filter(|_| self.workspace.screen == Screen::Evaluate);
        self.actions.push(match shown {
            Some(shown) => {
                let model = shown.model.clone();
                let roles = self.workspace.roles_of(&data);
                Action::Evaluate { model, data, roles }
            }
            None => Action::OpenData(data),
        });
    }

    fn mind_closing(&mut self, ctx: &egui::Context) {
        let running = self.workspace.training.is_some() || self.workspace.sweeps().next().is_some();
        if self.asked_to_end.take() {
            // Nobody may be there to answer a question.
            self.question = None;
            self.close_when_done = true;
            self.stop_what_trains();
        }
        if ctx.input(|input| input.viewport().close_requested()) && running {
            ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            self.question = Some(Question::Close);
        }
        if self.close_when_done && !running {
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }

    /// A run and every sweep.
    fn stop_what_trains(&mut self) {
        if self.workspace.training.is_some() {
            self.actions.push(Action::StopRun);
        }
        self.actions.extend(self.workspace.sweeps().map(|job| Action::StopJob(job.id)));
    }

    fn screen_ui(&mut self, ui: &mut egui::Ui, palette: &'static Palette) {
        let screen = self.workspace.screen;
        let mut cx = Cx { workspace: &self.workspace, actions: &mut self.actions, palette };
        let panels = &mut self.panels;
        if screen != Screen::Explore {
            panels.explore.rest(&mut cx);
        }
        match screen {
            Screen::Home => panels.home.ui(ui, &mut cx),
            Screen::Data => panels.data.ui(ui, &mut cx),
            Screen::Model => panels.model.ui(ui, &mut cx),
            Screen::Train => tiled_ui(&mut self.settings, screen, &mut panels.train, ui, &mut cx),
            Screen::Evaluate => tiled_ui(&mut self.settings, screen, &mut panels.evaluate, ui, &mut cx),
            Screen::Explore => {
                tiled_ui(&mut self.settings, screen, &mut panels.explore, ui, &mut cx);
                self.turn_to_tabs();
                self.workspace.explore.is_used = self.workspace.explore.model.is_some();
            }
            Screen::Runs => panels.runs.ui(ui, &mut cx),
            Screen::Settings => panels.settings.ui(ui, &mut cx, &self.settings),
        }
    }

    /// Puts the parts of Explore where a link has them, once the view is there.
    fn turn_to_tabs(&mut self) {
        let is_there = self.panels.explore.is_at(self.workspace.explore.linked.as_ref());
        if is_there && !self.tabs_due.is_empty() {
            let name = tiled_name(Screen::Explore, &self.panels.explore);
            if let Some(tree) = self.settings.layouts.get_mut(&name) {
                tiles::turn_to(tree, &std::mem::take(&mut self.tabs_due));
            }
        }
    }

    fn question_ui(&mut self, ui: &mut egui::Ui, palette: &'static Palette) {
        let Some(question) = &self.question else { return };
        let cx = Cx { workspace: &self.workspace, actions: &mut self.actions, palette };
        let Some(reply) = ask::ui(ui, &cx, question) else { return };
        self.question = None;
        match reply {
            // The window stays, whatever was answered before.
            Reply::Cancel => self.close_when_done = false,
            Reply::StopAndClose => {
                self.close_when_done = true;
                self.stop_what_trains();
            }
            Reply::CloseWhenDone => {
                self.close_when_done = true;
                let words = "Close it again to change that";
                self.workspace.toast(Level::Info, "Attune closes when the run has ended", words);
            }
            Reply::Do(action) => self.actions.push(action),
        }
    }
}

/// Under which the layout of a screen is kept.
fn tiled_name(screen: Screen, panel: &dyn Tiled) -> String {
    format!("{} {}", screen.title(), panel.variant()).trim_end().to_owned()
}

fn tiled_ui(settings: &mut Settings, screen: Screen, panel: &mut dyn Tiled, ui: &mut egui::Ui, cx: &mut Cx<'_>) {
    panel.prepare(cx);
    let name = &tiled_name(screen, panel);
    let layouts = &mut settings.layouts;
    let layout = panel.layout();
    if layouts.get(name).is_none_or(|tree| !tiles::fits(tree, &layout)) {
        layouts.insert(name.clone(), tiles::first_tree(name, &layout));
    }
    if let Some(tree) = layouts.get_mut(name) {
        tiles::show(tree, panel, ui, cx);
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.workspace.now = ctx.input(|input| input.time);
        self.follow_zoom(ctx);
        self.take_found_fonts(ctx);
        self.drain_events(ctx);
        self.follow_guide();
        self.follow_link();
        self.drop_old_toasts();
        self.take_shortcuts(ctx);
        self.take_dropped_files(ctx);
        self.poll_dialog();
        self.mind_closing(ctx);
        self.perform_all(ctx);
        self.follow_up(ctx);
        self.flush();
        if !self.outbox.is_empty() {
            ctx.request_repaint_after(Duration::from_millis(50));
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let palette = Palette::current(ui);
        let mut cx = Cx { workspace: &self.workspace, actions: &mut self.actions, palette };
        top_bar::ui(ui, &mut cx, &self.device);
        activity::ui(ui, &mut cx, self.dialog.is_some());
        rail::ui(ui, &mut cx);
        if self.log_is_open {
            self.panels.log.ui(ui, &mut cx);
        }
        // The window is cleared to the background; to fill it once more would cost a sixth of a frame where there is no
        // graphics card.
        egui::CentralPanel::default().frame(egui::Frame::NONE).show(ui, |ui| self.screen_ui(ui, palette));
        let mut cx = Cx { workspace: &self.workspace, actions: &mut self.actions, palette };
        if self.downloads_are_open {
            downloads::ui(ui, &mut cx);
        }
        if self.queue_is_open {
            queue::ui(ui, &mut cx);
        }
        toasts::ui(ui, &mut cx);
        self.palette.ui(ui, &mut cx);
        super::frame::drop_zone::ui(ui, palette);
        self.question_ui(ui, palette);
        if !self.actions.is_empty() {
            // At once, so that the worker has begun before this frame is painted; what changes is seen in the next.
            self.perform_all(ui.ctx());
            self.flush();
            ui.ctx().request_repaint();
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        self.remember_token();
        self.settings.queue = self.workspace.queue.kept();
        eframe::set_value(storage, settings::KEY, &self.settings);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        Palette::of(visuals.dark_mode).background.to_normalized_gamma_f32()
    }
}

/// The name by which a desktop knows the window, and under which its menu entry is kept.
pub const APP_ID: &str = "attune";

/// Opens the window and stays until it is closed.
pub fn open_window(
    start: impl FnOnce(&egui::Context) -> Client + 'static,
    asked_to_end: AskedToEnd,
    link: Option<String>,
) -> Result<(), NoWindow> {
    display::before()?;
    let icon = eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon.png")).ok();
    let mut viewport = egui::ViewportBuilder::default()
        .with_title("Attune")
        .with_app_id(APP_ID)
        .with_inner_size([1440.0, 900.0])
        .with_min_inner_size([900.0, 600.0])
        .with_drag_and_drop(true);
    if let Some(icon) = icon {
        viewport = viewport.with_icon(icon);
    }
    // Dithering keeps gradients from banding; nothing here has one that would, and without a graphics card it costs a
    // tenth of a frame.
    let options = eframe::NativeOptions {
        viewport,
        system_font_fallback: false,
        dithering: false,
        ..eframe::NativeOptions::default()
    };
    let closed = eframe::run_native(
        "Attune",
        options,
        Box::new(|cc| {
            let client = start(&cc.egui_ctx);
            let mut app = App::new(cc, client, Places::usual()).with_hub(Hub::from_env()).heeding(asked_to_end);
            app.actions.extend(link.map(|link| Action::Link(LinkAction::Open(link))));
            Ok(Box::new(app))
        }),
    );
    Ok(closed?)
}
