//! What a recipe would run, before anything is: its data, its encoders, and each run with what is different about it, its
//! steps and its time.

use egui::{Frame, Label, Margin, RichText, ScrollArea, Sense, Ui, vec2};
use egui_material_icons::icons::{ICON_CLOSE, ICON_INFO, ICON_PLAY_ARROW, ICON_PLAYLIST_ADD};

use super::encoders;
use crate::recipes::{Planned, Recipe, Run};
use crate::train::fits::fits;
use crate::ui::action::{Picked, RecipeAction, Wish};
use crate::ui::panels::train::KNOWN;
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::widgets::form::{heading, row};
use crate::ui::widgets::line::{left, line};
use crate::ui::widgets::modal::modal;
use crate::ui::widgets::segmented::{limited, segmented};
use crate::ui::widgets::{Button, divider, state, text};
use crate::ui::workspace::Workspace;
use crate::ui::{Action, Cx, format};
use crate::worker::works::recipe::PlanRecipe;

#[derive(Debug)]
pub struct Dialog {
    recipe: &'static Recipe,
    on_open_data: bool,
    /// What a person chose for each slot; without it the usual is taken.
    chosen: Vec<Option<Picked>>,
    share: f64,
    seeds: usize,
    /// What the runs were planned for last.
    asked: Option<Wish>,
}

const WIDTH: f32 = 640.0;
/// What can be trained of the recommended epochs.
const SHARES: [(f64, &str); 4] = [(1.0, "As recommended"), (0.5, "Half"), (0.2, "A fifth"), (0.05, "A twentieth")];
/// Runs that a comparison takes.
const MOST: usize = 6;

impl Dialog {
    pub fn new(recipe: &'static Recipe) -> Self {
        let chosen = vec![None; recipe.encoders().len()];
        Self { recipe, on_open_data: false, chosen, share: 1.0, seeds: 1, asked: None }
    }

    /// Returns whether it stays open.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, count: &mut u64) -> bool {
        let shown = modal(ui, "recipe", cx.palette).show(ui.ctx(), |ui| {
            let room = ui.ctx().content_rect();
            ui.set_width(WIDTH.min(room.width() - 80.0));
            ui.spacing_mut().item_spacing.y = space::S;
            let closes = self.head_ui(ui, cx);
            ScrollArea::vertical().max_height(room.height() - 220.0).auto_shrink([false, true]).show(ui, |ui| {
                ui.set_width(ui.available_width() - 8.0);
                self.content_ui(ui, cx);
            });
            divider(ui, cx.palette);
            let stays = self.foot_ui(ui, cx);
            stays && !closes
        });
        self.ask(cx, count);
        shown.inner && !shown.should_close()
    }

    fn head_ui(&self, ui: &mut Ui, cx: &Cx<'_>) -> bool {
        line(ui, 28.0, |ui| {
            let closes = Button::icon_only(ICON_CLOSE, "Close the recipe").small().show(ui, cx.palette).clicked();
            left(ui, |ui| ui.add(Label::new(text::head(&self.recipe.title, cx.palette)).truncate()));
            closes
        })
    }

    fn content_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        ui.spacing_mut().item_spacing.y = space::XS;
        ui.add(Label::new(text::dim(&self.recipe.about, palette)).wrap());
        self.data_ui(ui, cx);
        for (slot, chosen) in self.recipe.encoders().iter().zip(&mut self.chosen) {
            let usual = encoders::usual(cx.workspace, slot);
            let before = chosen.clone().or(usual);
            let mut now = before.clone();
            encoders::slot_ui(ui, cx, slot, &mut now);
            if now != before {
                *chosen = now;
            }
        }
        heading(ui, "Runs", palette, |_| {});
        self.runs_ui(ui, cx);
        ui.add_space(space::S);
        row(ui, "Length", "Fewer epochs are quicker, and may change which run is ahead", palette, |_| {});
        if let Some(share) = segmented(ui, palette, self.share, &SHARES, true) {
            self.share = share;
        }
        self.seeds_ui(ui, palette);
        ui.add_space(space::XS);
        note_ui(ui, &self.recipe.needs, palette);
    }

    fn data_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let palette = cx.palette;
        let data = &cx.workspace.data;
        let sample = self.recipe.sample().title();
        let open = data.loaded.as_ref().map(|loaded| format::inputs(&loaded.dataset.table.origins.inputs));
        let fits = open.is_some() && self.recipe.fits(data.task);
        self.on_open_data &= fits;
        let Some(open) = open else {
            row(ui, "Data", "", palette, |ui| ui.label(text::body(format!("{sample}, a sample"), palette)));
            let words = format!("To use your own texts, open {} first", self.recipe.wants());
            ui.add(Label::new(text::small(words, palette)).wrap());
            return;
        };
        row(ui, "Data", "", palette, |_| {});
        let own = text::short_name(&open, 36);
        let choices = [(false, sample), (true, own.as_str())];
        let why = format!("This comparison is for {}", self.recipe.wants());
        let is_off = |own: bool| own && !fits;
        if let Some(own) = limited(ui, palette, self.on_open_data, &choices, true, (&is_off, &why)) {
            self.on_open_data = own;
        }
    }

    fn seeds_ui(&mut self, ui: &mut Ui, palette: &Palette) {
        let most = MOST / self.recipe.runs().len();
        let choices: Vec<(usize, String)> =
            [1, most].map(|seeds| (seeds, format::plural(seeds as u64, "seed", "seeds"))).into();
        let choices: Vec<(usize, &str)> = choices.iter().map(|(seeds, words)| (*seeds, words.as_str())).collect();
        let hint = "Each run is repeated with other seeds: what is ahead with one may be behind with another";
        row(ui, "Each run with", hint, palette, |ui| {
            if let Some(seeds) = segmented(ui, palette, self.seeds, &choices, false) {
                self.seeds = seeds;
            }
        });
    }

    fn runs_ui(&self, ui: &mut Ui, cx: &Cx<'_>) {
        let planned = self.planned(cx.workspace);
        for (place, run) in self.recipe.runs().iter().enumerate() {
            let known = planned.and_then(|planned| planned.get(place));
            run_ui(ui, cx, self.recipe, run, known);
        }
    }

    fn foot_ui(&self, ui: &mut Ui, cx: &mut Cx<'_>) -> bool {
        let palette = cx.palette;
        let planned = self.planned(cx.workspace);
        let all: Option<Vec<&Planned>> = planned.and_then(|all| all.iter().map(|one| one.as_ref().ok()).collect());
        let count = self.recipe.runs().len() * self.seeds;
        let waits = cx.workspace.training.is_some() || !cx.workspace.queue.is_empty();
        let mut stays = true;
        line(ui, 32.0, |ui| {
            let words = if waits { format!("Add {count} runs to the queue") } else { format!("Start {count} runs") };
            let icon = if waits { ICON_PLAYLIST_ADD } else { ICON_PLAY_ARROW };
            let start = Button::new(words).icon(icon).primary().enabled(all.is_some());
            if start.show(ui, palette).clicked()
                && let Some(asked) = &self.asked
            {
                let (number, seeds) = (asked.number, self.seeds);
                cx.act(Action::Recipe(RecipeAction::Start { number, seeds }));
                stays = false;
            }
            left(ui, |ui| {
                // In the place of what is known afterwards, so that nothing moves when it is.
                if planned.is_none() && self.encoders(cx.workspace).is_some() {
                    let job = cx.workspace.job_of::<PlanRecipe>().and_then(|job| job.progress.as_ref());
                    let words = job.map_or("planning the runs", |progress| progress.what.as_str());
                    state::loading(ui, palette, &state::sentence(words), None);
                }
                if let Some(all) = all {
                    let seconds = all.iter().map(|one| one.plan.seconds).sum::<f64>() * self.seeds as f64;
                    let rows = all.first().map_or((0, 0), |one| (one.plan.train_examples, one.plan.eval_examples));
                    let words = format!(
                        "{} in all, learning from {} and judged on {}",
                        state::sentence(&format::about(seconds)),
                        format::count(rows.0 as u64),
                        format::count(rows.1 as u64)
                    );
                    ui.add(Label::new(text::dim(words, palette)).truncate());
                }
            });
        });
        stays
    }

    /// What is taken for each slot, where nothing is missing.
    fn encoders(&self, workspace: &Workspace) -> Option<Vec<Picked>> {
        let slots = self.recipe.encoders().iter().zip(&self.chosen);
        slots.map(|(slot, chosen)| chosen.clone().or_else(|| encoders::usual(workspace, slot))).collect()
    }

    /// Asks anew when something else is wanted.
    fn ask(&mut self, cx: &mut Cx<'_>, count: &mut u64) {
        let Some(encoders) = self.encoders(cx.workspace) else { return self.asked = None };
        let number = self.asked.as_ref().map_or(0, |asked| asked.number);
        let (recipe, on_open_data, share) = (self.recipe, self.on_open_data, self.share);
        let wish = Wish { number, recipe, on_open_data, encoders, share };
        if self.asked.as_ref() != Some(&wish) {
            *count += 1;
            let wish = Wish { number: *count, ..wish };
            self.asked = Some(wish.clone());
            cx.act(Action::Recipe(RecipeAction::Plan(Box::new(wish))));
        }
    }

    fn planned<'a>(&self, workspace: &'a Workspace) -> Option<&'a Vec<Result<Planned, String>>> {
        let number = self.asked.as_ref()?.number;
        let (work, planned) = workspace.worked::<PlanRecipe>()?;
        (work.number == number).then_some(planned)
    }
}

/// A run: its name, in what it differs, its steps and its time; or why it cannot be run.
fn run_ui(ui: &mut Ui, cx: &Cx<'_>, recipe: &Recipe, run: &Run, known: Option<&Result<Planned, String>>) {
    let palette = cx.palette;
    let frame = Frame::new().fill(palette.raised).corner_radius(6).inner_margin(Margin::symmetric(10, 5));
    frame.show(ui, |ui| {
        line(ui, 22.0, |ui| {
            if let Some(Ok(planned)) = known {
                let plan = &planned.plan;
                let time = format::about(plan.seconds);
                ui.label(text::number(time, palette));
                ui.label(text::number_dim(format::plural(plan.steps, "step", "steps"), palette));
            }
            left(ui, |ui| {
                ui.label(RichText::new(&run.name).font(theme::semibold(size::BODY)).color(palette.text));
                let differs = differs(recipe, run, known);
                ui.add(Label::new(text::number_dim(&differs, palette)).truncate()).on_hover_text(&differs);
            });
        });
        match known {
            Some(Err(reason)) => {
                ui.add(Label::new(text::small(state::sentence(reason), palette).color(palette.bad)).wrap());
            }
            Some(Ok(planned)) if !fits(&planned.plan, cx.workspace.memory_limit) => {
                let needed = format::bytes(planned.plan.memory.total());
                let words = format!("It needs about {needed} of memory, which is more than there is");
                ui.add(Label::new(text::small(words, palette).color(palette.warn)).wrap());
            }
            _ => {}
        }
        ui.allocate_exact_size(vec2(ui.available_width(), 0.0), Sense::hover());
    });
}

/// The keys in which it differs, or its encoder, with the rate that is recommended for it.
fn differs(recipe: &Recipe, run: &Run, known: Option<&Result<Planned, String>>) -> String {
    let in_words = |setting: String| match setting.split_once(" = ") {
        Some((key, value)) => {
            let title = KNOWN.iter().find(|(known, _)| *known == key).map_or(key, |(_, title)| title);
            format!("{title} = {value}")
        }
        None => setting,
    };
    let mut words: Vec<String> = run.differs().into_iter().map(in_words).collect();
    let Some(Ok(planned)) = known else { return words.join("  ") };
    let config = &planned.config;
    if recipe.encoders().len() > 1 {
        words.insert(0, config.model_title());
    }
    if let Some(layers) = config.distill.as_ref().and_then(|distill| distill.layers) {
        words.insert(0, format::plural(layers as u64, "layer", "layers"));
    }
    words.push(format!("Learning rate = {}", format::rate(config.optim.lr)));
    words.join("  ")
}

fn note_ui(ui: &mut Ui, words: &str, palette: &Palette) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.label(theme::icon(ICON_INFO, 15.0).color(palette.accent));
        ui.add(Label::new(text::small(words, palette)).wrap());
    });
}
