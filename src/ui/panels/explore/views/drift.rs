//! Drift: what fine-tuning changed. The model that is chosen above stands after; before it stands what it was made of, or
//! any other. One grid shows states, heads and weights of all layers, and a cell opens what it is about.

mod about;
mod detail;
mod grid;
mod keep;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use egui::{Label, Ui};
use egui_material_icons::icons::{ICON_CLOSE, ICON_COMPARE_ARROWS, ICON_DIFFERENCE};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::analysis::drift::Called;
use crate::analysis::sample::texts;
use crate::inspect::Request;
use crate::train::run::RunSummary;
use crate::ui::panels::explore::keeping::{self, Unread};
use crate::ui::panels::explore::over_rows::no_rows_ui;
use crate::ui::panels::explore::view::{Changed, Kind, View};
use crate::ui::panels::explore::words::Words;
use crate::ui::panels::is_same;
use crate::ui::theme::{Palette, space};
use crate::ui::tiles::{Layout, Pane};
use crate::ui::widgets::choice::{choice, named};
use crate::ui::widgets::help::help;
use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::{Button, state, text};
use crate::ui::workspace::{Job, Shown, Workspace, model_of};
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::LoadedDataset;
use crate::worker::work::AnyWork;
use crate::worker::works::drift::{Before, LookAtBoth, MeasureDrift, Measured, SAMPLE, Texts};
use detail::Detail;
use grid::{Cell, GridView};

pub const KIND: Kind = Kind { name: "drift", title: "Drift", heads: &[], make: || Box::new(DriftView::default()) };

const CHANGED: Pane = Pane::new("drift", "What changed");
/// Room for the name of the model after.
const AFTER: f32 = 120.0;
const BESIDE: Pane = Pane::new("drift beside", "Before and after");

#[derive(Debug, Default)]
struct DriftView {
    /// What a person chose to stand before; otherwise what a run began from.
    before: Option<PathBuf>,
    asked: Option<MeasureDrift>,
    chosen: Option<Cell>,
    /// The cell that is to be chosen once there is a grid.
    to_choose: Option<Cell>,
    /// What was asked of the chosen head.
    looked: Option<LookAtBoth>,
    /// Texts of the loaded data.
    sample: Option<(Weak<LoadedDataset>, Arc<[Request]>)>,
    taken: Option<Weak<Shown>>,
    grid: GridView,
    detail: Detail,
}

/// What is kept of it.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Kept {
    before: Option<PathBuf>,
    cell: Option<Cell>,
}

impl View for DriftView {
    fn layout(&self) -> Layout {
        Layout::Columns(vec![(1.5, CHANGED.into()), (1.0, BESIDE.into())])
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        let Some(after) = cx.workspace.explore.model.clone() else { return Changed::No };
        self.take_before(cx.workspace);
        self.take_up(cx.workspace, &after);
        self.draw_sample(cx.workspace);
        match pane {
            CHANGED => self.changed_ui(ui, &after, cx),
            _ => self.beside_ui(ui, cx),
        }
        Changed::No
    }

    fn forget(&mut self) {
        *self = Self::default();
    }

    fn kept(&self, _: &Words) -> Map<String, Value> {
        keeping::written(&Kept { before: self.before.clone(), cell: self.to_choose.or(self.chosen) })
    }

    fn restore(&mut self, kept: Map<String, Value>, _: &Words) -> Result<(), Unread> {
        let Kept { before, cell } = keeping::read(kept)?;
        (self.before, self.to_choose, self.chosen) = (before, cell, None);
        Ok(())
    }

    fn is_of_data(&self) -> bool {
        true
    }
}

/// The run that a model is of.
fn run_of<'a>(workspace: &'a Workspace, model: &Path) -> Option<&'a RunSummary> {
    workspace.runs.iter().find(|run| model_of(&run.dir) == model)
}

impl DriftView {
    /// What stands before, where that is known.
    fn before(&self, workspace: &Workspace, after: &Path) -> Option<Before> {
        let of_run = || run_of(workspace, after).map(|run| Before::BaseOf(run.dir.clone()));
        self.before.clone().map(Before::Folder).or_else(of_run)
    }

    fn found<'a>(&self, workspace: &'a Workspace) -> Option<&'a Result<Arc<Measured>, String>> {
        let (work, found) = workspace.worked::<MeasureDrift>()?;
        (Some(work) == self.asked.as_ref()).then_some(found)
    }

    fn changed_ui(&mut self, ui: &mut Ui, after: &Path, cx: &mut Cx<'_>) {
        self.controls_ui(ui, after, cx);
        ui.add_space(space::S);
        let palette = cx.palette;
        if let Some(job) = cx.workspace.job_of::<MeasureDrift>() {
            progress_ui(ui, job, palette);
            return;
        }
        match self.found(cx.workspace) {
            Some(Ok(found)) => {
                let found = found.clone();
                self.grid_ui(ui, &found, after, cx);
            }
            Some(Err(error)) => state::error(ui, palette, "The two models cannot be compared", error, |_| {}),
            None => self.nothing_ui(ui, after, cx),
        }
    }

    /// What stands before and after, and the press that begins.
    fn controls_ui(&mut self, ui: &mut Ui, after: &Path, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let name = cx.workspace.model_name(after);
        let is_told = line(ui, space::ROW, |ui| {
            help(ui, &about::HELP, palette);
            let found = self.found(cx.workspace).and_then(|found| found.as_ref().ok()).cloned();
            if let Some(found) = found {
                let title = format!("{} → {name}", cx.workspace.model_name(&found.before));
                keep::save_ui(ui, &found, &title, cx);
            }
            let job = cx.workspace.job_of::<MeasureDrift>().map(|job| job.id);
            let work = self.work(cx.workspace, after);
            if let Some(job) = job {
                if Button::new("Cancel").icon(ICON_CLOSE).small().show(ui, palette).clicked() {
                    self.asked = None;
                    cx.act(Action::StopJob(job));
                }
            } else {
                let button = Button::new("Compare").icon(ICON_COMPARE_ARROWS).enabled(work.is_some());
                let is_new = work.is_some() && work != self.asked;
                let button = if is_new { button.primary() } else { button };
                let pressed = button.name("Compare the two models").show(ui, palette).clicked();
                if let Some(work) = work.filter(|_| pressed) {
                    self.begin(work, cx);
                }
            }
            line::left(ui, |ui| {
                ui.label(text::dim("Before", palette));
                let room = ui.available_width();
                let beside = if room > AFTER + 110.0 { AFTER } else { 0.0 };
                self.before_ui(ui, (room - beside).clamp(110.0, 230.0), after, cx);
                let has_room = room > AFTER + 110.0;
                if has_room {
                    after_ui(ui, &name, palette);
                }
                has_room
            })
        });
        if !is_told {
            ui.horizontal(|ui| after_ui(ui, &name, palette));
        }
    }

    fn before_ui(&mut self, ui: &mut Ui, width: f32, after: &Path, cx: &Cx<'_>) {
        let workspace = cx.workspace;
        let base = run_of(workspace, after).map(|run| format!("its base, {}", run.model));
        let chosen = self.before.as_ref().map(|dir| workspace.model_name(dir));
        let shown = chosen.or_else(|| base.clone()).unwrap_or_else(|| "choose a model".to_owned());
        choice(ui, "Model before", width, &shown, |ui| {
            if let Some(base) = &base
                && named(ui, self.before.is_none(), base)
            {
                self.before = None;
            }
            for entry in workspace.models.iter().filter(|entry| entry.problem.is_none() && entry.dir != after) {
                let is_it = self.before.as_ref() == Some(&entry.dir);
                if named(ui, is_it, &workspace.model_name(&entry.dir)) {
                    self.before = Some(entry.dir.clone());
                }
            }
        });
    }

    /// What another screen asked to be set before this one.
    fn take_before(&mut self, workspace: &Workspace) {
        let shown = workspace.explore.shown.as_ref().filter(|shown| shown.view == KIND.name);
        let Some(shown) = shown.filter(|shown| !is_same(self.taken.as_ref(), shown)) else { return };
        self.taken = Some(Arc::downgrade(shown));
        self.before.clone_from(&shown.before);
    }

    /// Shows again what was found out about this model last, as long as nothing else is asked for.
    fn take_up(&mut self, workspace: &Workspace, after: &Path) {
        let known = workspace.worked::<MeasureDrift>().map(|(work, _)| work).filter(|work| work.after == after);
        let Some(work) = known.filter(|_| self.asked.is_none()) else { return };
        let before = match &work.before {
            Before::Folder(dir) => Some(dir.clone()),
            Before::BaseOf(_) => None,
        };
        let is_free = self.before.is_none() && self.taken.is_none();
        if is_free || self.before == before {
            (self.before, self.asked) = (before, Some(work.clone()));
        }
    }

    /// Takes texts from the loaded data, held out where some are, once for each set of data.
    fn draw_sample(&mut self, workspace: &Workspace) {
        let Some(loaded) = &workspace.data.loaded else {
            self.sample = None;
            return;
        };
        if self.sample.as_ref().is_some_and(|(of, _)| std::ptr::eq(of.as_ptr(), Arc::as_ptr(loaded))) {
            return;
        }
        let data = loaded.eval.as_ref().unwrap_or(&loaded.dataset);
        let all: Vec<usize> = (0..data.examples.len()).collect();
        let places = if loaded.split.eval.is_empty() { &all } else { &loaded.split.eval };
        self.sample = Some((Arc::downgrade(loaded), texts(data, places, SAMPLE, workspace.data.rule.seed)));
    }

    /// The texts that both models would read: of the loaded data, or of the run's own.
    fn texts(&self, workspace: &Workspace, after: &Path) -> Option<Texts> {
        match &self.sample {
            Some((_, texts)) => (!texts.is_empty()).then(|| Texts::Given(texts.clone())),
            None => run_of(workspace, after).map(|run| Texts::OfRun(run.dir.clone())),
        }
    }

    /// What a press would ask.
    fn work(&self, workspace: &Workspace, after: &Path) -> Option<MeasureDrift> {
        let before = self.before(workspace, after)?;
        let texts = self.texts(workspace, after)?;
        Some(MeasureDrift { before, after: after.to_owned(), texts })
    }

    fn begin(&mut self, work: MeasureDrift, cx: &mut Cx<'_>) {
        (self.chosen, self.looked) = (None, None);
        self.asked = Some(work.clone());
        cx.act(Action::Work(AnyWork::new(work)));
    }

    fn nothing_ui(&self, ui: &mut Ui, after: &Path, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        if self.texts(cx.workspace, after).is_none() {
            let words = "Open data first: both models read its texts, and what they make of them is compared.";
            no_rows_ui(ui, cx, ICON_DIFFERENCE, "No texts to compare over", words);
            return;
        }
        let words = match self.before(cx.workspace, after) {
            Some(_) => format!("Press Compare: both models read {}, and you see what moved.", over(cx.workspace)),
            None => "Choose the model that stands before: what this one was made of, or another of the same shape."
                .to_owned(),
        };
        let title = match &self.before {
            Some(_) => "What differs between the two models?",
            None => "What did fine-tuning change?",
        };
        state::empty(ui, palette, ICON_DIFFERENCE, title, &words, |_| {});
    }

    fn grid_ui(&mut self, ui: &mut Ui, found: &Arc<Measured>, after: &Path, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        for words in found.drift.said(Called::ForPeople) {
            ui.add(Label::new(text::body(words, palette)).wrap());
        }
        let tokens = format::count(found.drift.tokens);
        let words = format!(
            "Over {}, {tokens} tokens. The stronger the colour, the more it changed; states, heads, weights of the layers \
             and those of the task head each have a scale of their own.",
            format::plural(found.drift.texts as u64, "text", "texts")
        );
        ui.add(Label::new(text::faint(words, palette)).wrap());
        for note in &found.drift.notes {
            ui.add(Label::new(text::faint(state::sentence(note), palette)).wrap());
        }
        ui.add_space(space::S);
        if self.chosen.is_none() {
            let wished = self.to_choose.take().filter(|cell| cell.is_of(&found.drift));
            self.choose(wished.unwrap_or_else(|| most_changed(found)), found, after, cx);
        }
        if let Some(cell) =
            self.grid.ui(ui, &found.drift, self.chosen, palette).filter(|cell| self.chosen != Some(*cell))
        {
            self.choose(cell, found, after, cx);
        }
    }

    fn choose(&mut self, cell: Cell, found: &Measured, after: &Path, cx: &mut Cx<'_>) {
        self.chosen = Some(cell);
        let look = detail::look(found, after, cell);
        if let Some(look) = look.clone().filter(|look| Some(look) != self.looked.as_ref()) {
            cx.act(Action::Work(AnyWork::new(look)));
        }
        // Another cell of the same layer and text needs no second look.
        self.looked = look.or_else(|| self.looked.take());
    }

    fn beside_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let found = self.found(cx.workspace).and_then(|found| found.as_ref().ok()).cloned();
        let Some((found, cell)) = found.zip(self.chosen) else {
            ui.label(text::dim(
                "Click a cell to see a head before and after, or the numbers of a layer or a weight",
                cx.palette,
            ));
            return;
        };
        let looked = cx.workspace.worked::<LookAtBoth>().filter(|(work, _)| self.looked.as_ref() == Some(work));
        let both = looked.map(|(_, both)| both);
        let is_read = cx.workspace.job_of::<LookAtBoth>();
        if let (Cell::Head(..), None, None, Some(look)) = (cell, both, is_read, &self.looked)
            && Button::new("Read it with both models").small().show(ui, cx.palette).clicked()
        {
            cx.act(Action::Work(AnyWork::new(look.clone())));
        }
        self.detail.ui(ui, &found, cell, both, cx.palette);
    }
}

/// The model after, which is the one that is chosen above.
fn after_ui(ui: &mut Ui, name: &str, palette: &Palette) {
    ui.label(text::dim("after", palette));
    ui.add(Label::new(text::strong(name, palette)).truncate());
}

/// The head that looks elsewhere most, or the states that changed most.
fn most_changed(found: &Measured) -> Cell {
    let drift = &found.drift;
    let states = || {
        let known = drift.layers.iter().enumerate().filter_map(|(place, cka)| Some((place, (*cka)?)));
        let least = known.reduce(|least, next| if next.1 < least.1 { next } else { least });
        Cell::States(least.map_or(0, |(place, _)| place))
    };
    drift.heads.as_ref().map_or_else(states, |heads| {
        let each = heads.each.iter().enumerate();
        let most = each.reduce(|most, next| if next.1.mean() > most.1.mean() { next } else { most });
        let place = most.map_or(0, |(place, _)| place);
        Cell::Head(place / heads.heads.max(1), place % heads.heads.max(1))
    })
}

fn over(workspace: &Workspace) -> &'static str {
    if workspace.data.loaded.is_some() { "texts of the loaded data" } else { "texts of the run's own data" }
}

fn progress_ui(ui: &mut Ui, job: &Job, palette: &Palette) {
    let words = match &job.progress {
        _ if !job.begun => "Waiting for what is trained or evaluated now".to_owned(),
        Some(progress) if progress.total > 0 => {
            format!("Both models have read {} of {} texts", format::count(progress.done), format::count(progress.total))
        }
        _ => "Opening both models".to_owned(),
    };
    state::loading(ui, palette, &words, job.progress.as_ref().and_then(crate::ui::workspace::Progress::share));
}
