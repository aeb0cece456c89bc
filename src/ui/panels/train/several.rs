//! Several settings tried one after the other: which of them vary and over what, how they are searched, and what all of it
//! comes to before it is started.

mod setting;
mod written;

pub use setting::KNOWN;

use std::path::PathBuf;

use egui::{Label, ScrollArea, Ui};
use egui_material_icons::icons::{ICON_ADD, ICON_CLOSE, ICON_PLAY_ARROW};

use crate::train::config::RunConfig;
use crate::train::limits;
use crate::train::plan::HOUR;
use crate::ui::action::SweepAction;
use crate::ui::theme::{Palette, space};
use crate::ui::widgets::choice::{choice, named};
use crate::ui::widgets::form::{heading, row};
use crate::ui::widgets::line::{left, line};
use crate::ui::widgets::modal::modal;
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, Number, divider, state, text};
use crate::ui::{Action, Cx, format};
use crate::worker::work::AnyWork;
use crate::worker::works::sweep::{PlanSweep, PlannedSweep};

use setting::{Among, Setting};
pub use written::Method;

#[derive(Debug)]
pub struct Several {
    settings: Vec<Setting>,
    method: Method,
    trials: usize,
    /// One of so many goes on in a search by halving.
    keep: usize,
    seeds: usize,
    /// Its folder.
    out: PathBuf,
    /// What was planned last.
    asked: Option<String>,
}

const WIDTH: f32 = 680.0;
/// More runs are allowed, and said to be many.
const MANY: usize = 200;

/// How many seeds: those that are usual, and a field for any other number.
pub fn seeds_field(ui: &mut Ui, name: &str, count: &mut usize, palette: &Palette) {
    let choices = [(1, "1"), (3, "3"), (5, "5")];
    if let Some(chosen) = segmented(ui, palette, *count, &choices, false) {
        *count = chosen;
    }
    Number::new(name, limits::SEEDS).width(52.0).show(ui, count);
}

impl Several {
    pub fn new(draft: &RunConfig, out: PathBuf) -> Self {
        let settings = vec![Setting::of("optim.lr", draft), Setting::of("run.batch", draft)];
        Self { settings, method: Method::Random, trials: 12, keep: 3, seeds: 1, out, asked: None }
    }

    /// Returns whether it stays open.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, config: &RunConfig) -> bool {
        let description = self.description(config);
        let shown = modal(ui, "several settings", cx.palette).show(ui.ctx(), |ui| {
            let room = ui.ctx().content_rect();
            ui.set_width(WIDTH.min(room.width() - 80.0));
            ui.spacing_mut().item_spacing.y = space::S;
            let closes = line(ui, 28.0, |ui| {
                let closes = Button::icon_only(ICON_CLOSE, "Close the settings").small().show(ui, cx.palette).clicked();
                left(ui, |ui| ui.label(text::head("Try several settings", cx.palette)));
                closes
            });
            ScrollArea::vertical().max_height(room.height() - 230.0).auto_shrink([false, true]).show(ui, |ui| {
                ui.set_width(ui.available_width() - 8.0);
                self.content_ui(ui, config, cx.palette);
            });
            divider(ui, cx.palette);
            let stays = self.foot_ui(ui, cx, description.as_ref());
            stays && !closes
        });
        if let Ok(description) = description {
            self.ask(cx, description);
        }
        shown.inner && !shown.should_close()
    }

    fn content_ui(&mut self, ui: &mut Ui, config: &RunConfig, palette: &Palette) {
        let about = "Each setting that varies is tried with other values, and all else stays as the form has it. Every trial is \
                     a run of its own; which settings matter, and which came out best, is shown as they end.";
        ui.add(Label::new(text::dim(about, palette)).wrap());
        heading(ui, "What varies", palette, |_| {});
        let is_grid = self.method == Method::Grid;
        let among = Among { is_grid, can_go: self.settings.len() > 1 };
        let mut taken = None;
        for (place, setting) in self.settings.iter_mut().enumerate() {
            if setting.ui(ui, palette, among) {
                taken = Some(place);
            }
        }
        if let Some(place) = taken {
            self.settings.remove(place);
        }
        self.add_ui(ui, config, palette);
        heading(ui, "Search", palette, |_| {});
        self.method_ui(ui, palette);
        let hint = "Each setting is trained with so many seeds: what is ahead with one may be behind with another";
        row(ui, "Seeds", hint, palette, |ui| seeds_field(ui, "Seeds of each setting", &mut self.seeds, palette));
    }

    fn add_ui(&mut self, ui: &mut Ui, config: &RunConfig, palette: &Palette) {
        let mut added = None;
        let known = KNOWN.iter().filter(|(key, _)| !self.settings.iter().any(|one| one.key == *key));
        ui.horizontal(|ui| {
            ui.label(crate::ui::theme::icon(ICON_ADD, 16.0).color(palette.accent));
            choice(ui, "Add a setting", 220.0, "Add a setting", |ui| {
                for (key, title) in known {
                    if named(ui, false, title) {
                        added = Some(*key);
                    }
                }
                if named(ui, false, setting::OTHER) {
                    added = Some("");
                }
            });
        });
        if let Some(key) = added {
            self.settings.push(Setting::of(key, config));
        }
    }

    fn method_ui(&mut self, ui: &mut Ui, palette: &Palette) {
        let choices = [(Method::Grid, "Grid"), (Method::Random, "Random"), (Method::Halving, "Halving")];
        if let Some(method) = segmented(ui, palette, self.method, &choices, true) {
            self.method = method;
        }
        ui.add(Label::new(text::small(self.method.words(), palette)).wrap());
        if self.method != Method::Grid {
            row(ui, "Trials", "Settings that are drawn by chance", palette, |ui| {
                Number::new("Trials", limits::between(1.0, 10_000.0)).show(ui, &mut self.trials);
            });
        }
        if self.method == Method::Halving {
            let hint = "Of so many settings the best goes on, and is trained so many times as long";
            row(ui, "Keep one of", hint, palette, |ui| {
                Number::new("Keep one of", limits::between(2.0, 100.0)).show(ui, &mut self.keep);
            });
        }
    }

    fn description(&self, config: &RunConfig) -> Result<String, String> {
        let vary: Result<Vec<_>, String> =
            self.settings.iter().map(|one| one.written(self.method == Method::Grid)).collect();
        let search = written::Search { method: self.method, trials: self.trials, keep: self.keep, seeds: self.seeds };
        written::description(config, &self.out, vary?, search)
    }

    /// Plans anew when something else is wanted.
    fn ask(&mut self, cx: &mut Cx<'_>, description: String) {
        if self.asked.as_ref() == Some(&description) {
            return;
        }
        self.asked = Some(description.clone());
        cx.act(Action::Work(AnyWork::new(PlanSweep { description })));
    }

    fn planned<'a>(&self, cx: &Cx<'a>) -> Option<&'a Result<PlannedSweep, String>> {
        let (work, planned) = cx.workspace.worked::<PlanSweep>()?;
        (self.asked.as_ref() == Some(&work.description)).then_some(planned)
    }

    fn foot_ui(&self, ui: &mut Ui, cx: &mut Cx<'_>, description: Result<&String, &String>) -> bool {
        let palette = cx.palette;
        // What was planned is of what is asked now, unless something was changed in this frame.
        let is_current = matches!((&description, &self.asked), (Ok(now), Some(asked)) if **now == *asked);
        let planned = self.planned(cx).filter(|_| is_current);
        let ready = planned.and_then(|planned| planned.as_ref().ok());
        let wrong = description.err().or_else(|| planned.and_then(|planned| planned.as_ref().err()));
        if let Some(wrong) = wrong {
            ui.add(Label::new(text::small(state::sentence(wrong), palette).color(palette.bad)).wrap());
        }
        if let Some(planned) = ready {
            notes_ui(ui, planned, palette);
        }
        let mut stays = true;
        line(ui, 32.0, |ui| {
            let words = ready.map_or_else(
                || "Start".to_owned(),
                |planned| format!("Start {}", format::plural(planned.runs as u64, "run", "runs")),
            );
            let start = Button::new(words).icon(ICON_PLAY_ARROW).primary().enabled(ready.is_some()).show(ui, palette);
            if let (true, Ok(description)) = (start.clicked(), description) {
                let (out, description) = (self.out.clone(), description.clone());
                cx.act(Action::Sweep(SweepAction::Start { out, description }));
                stays = false;
            }
            left(ui, |ui| match ready {
                Some(planned) => {
                    let runs = format::plural(planned.runs as u64, "run", "runs");
                    let time = format::about(planned.seconds);
                    ui.add(Label::new(text::dim(format!("{runs}, {time} in all"), palette)).truncate());
                }
                None if wrong.is_none() => state::loading(ui, palette, "Planning the trials", None),
                None => {}
            });
        });
        stays
    }
}

/// What should be known before it is started.
fn notes_ui(ui: &mut Ui, planned: &PlannedSweep, palette: &Palette) {
    let mut notes = Vec::new();
    if planned.rounds > 1 {
        notes.push(format!("{} rounds; each trains fewer settings for longer", planned.rounds));
    }
    if planned.runs > MANY {
        notes.push("That many runs also take room on the disk, for the weights of each are kept".to_owned());
    }
    if planned.seconds > HOUR {
        notes.push("More than an hour on this machine. It can be stopped, and goes on where it was".to_owned());
    }
    if planned.divides_by_seed {
        notes.push("Each seed holds out rows of its own".to_owned());
    }
    for note in notes {
        ui.add(Label::new(text::small(note, palette)).wrap());
    }
}
