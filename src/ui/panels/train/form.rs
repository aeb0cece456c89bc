//! The form: what a run is started with. `Simple` shows what decides most, `Expert` everything there is.

mod adapters;
mod fields;
mod find_rate;
mod fit;
mod foot;
mod held_out;
mod orders;
mod probes;
mod rates;
mod sources;
mod strategies;
mod teacher;

use egui::{Align, Frame, Layout, Margin, Panel, ScrollArea, Ui, vec2};
use egui_material_icons::icons::{ICON_AUTO_AWESOME, ICON_EDIT};

use super::several::Several;
use super::strategy;
use crate::data::choices::Exclude;
use crate::model::card::ModelCard;
use crate::task::{Reads, Task};
use crate::train::config::{Init, RunConfig, StrategyKind};
use crate::train::open::Open;
use crate::train::plan::{PlanSummary, Shape};
use crate::train::{groups, limits, schedule};
use crate::ui::theme::space;
use crate::ui::widgets::form::{heading, row};
use crate::ui::widgets::freeze_map::{Block, freeze_map};
use crate::ui::widgets::help::help;
use crate::ui::widgets::histogram::{self, Histogram, histogram};
use crate::ui::widgets::number::Wrong;
use crate::ui::widgets::schedule_curve::{Schedule, schedule_curve};
use crate::ui::widgets::segmented::{limited, segmented};
use crate::ui::widgets::{Button, number, text};
use crate::ui::workspace::{RunView, Workspace};
use crate::ui::{Action, Cx, Palette, format, theme};
use crate::worker::protocol::{Lengths, LoadedDataset};

#[derive(Debug, Default)]
pub struct Form {
    expert: bool,
    /// Whether the next run's configuration is shown instead of the shown run's own, where the person has chosen.
    next: Option<bool>,
    /// The run that was chosen for, and whether it was in progress: another one begins anew.
    chosen_for: Option<(std::path::PathBuf, bool)>,
    lengths: LengthBins,
    probes: probes::ProbesForm,
    teacher: teacher::TeacherForm,
    /// What is set up to be tried.
    several: Option<Several>,
    /// What was typed into fields that are no longer shown and could not be read: it is said once that it is gone.
    discarded: Vec<Wrong>,
}

/// The histogram of text lengths, counted once.
#[derive(Debug, Default)]
struct LengthBins {
    of: Option<std::sync::Weak<Lengths>>,
    bins: Vec<u64>,
    width: f64,
    sorted: Vec<u32>,
}

impl LengthBins {
    /// Of the texts that a run reads; those of data that are open are all there.
    fn update(&mut self, lengths: &std::sync::Arc<Lengths>, loaded: Option<&LoadedDataset>) {
        let same = self.of.as_ref().is_some_and(|of| std::sync::Weak::as_ptr(of) == std::sync::Arc::as_ptr(lengths));
        if same {
            return;
        }
        self.of = Some(std::sync::Arc::downgrade(lengths));
        self.sorted = loaded.map_or_else(|| lengths.tokens.clone(), |loaded| lengths.of_run(loaded).tokens);
        self.sorted.sort_unstable();
        // One essay among tweets must not press all bars into the first pixel.
        let most = self.sorted.get(self.sorted.len().saturating_sub(1) * 995 / 1000).copied().unwrap_or(1);
        let values = self.sorted.iter().map(|tokens| f64::from((*tokens).min(most)));
        (self.bins, self.width) = histogram::bin(values, 40);
    }

    fn longer_than(&self, limit: usize) -> usize {
        self.sorted.len() - self.sorted.partition_point(|tokens| *tokens as usize <= limit)
    }
}

impl Form {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let run = cx.workspace.run.as_ref();
        let now = run.map(|run| (run.dir.clone(), run.status.is_live()));
        if now != self.chosen_for {
            self.chosen_for = now;
            self.next = None;
        }
        // What a run was made of and what the next will be made of are not to be taken for each other.
        let is_same_data = |run: &RunView| run.config.data.train == cx.workspace.draft.data.train;
        let next = self.next.unwrap_or_else(|| run.is_none_or(|run| !run.status.is_live() && is_same_data(run)));
        let frozen = run.filter(|_| !next);
        let pad = Frame::new().inner_margin(Margin::symmetric(16, 12)).fill(cx.palette.panel);
        Panel::bottom("train form foot").frame(pad).show(ui, |ui| match frozen {
            Some(run) => self.run_foot_ui(ui, run, cx),
            None => {
                if foot::ui(ui, cx) {
                    self.several = Some(Several::new(&cx.workspace.draft, cx.workspace.next_sweep()));
                }
            }
        });
        self.several.take_if(|several| {
            let settled = RunConfig { open: Open::default(), ..cx.workspace.draft.clone().with_student() };
            !several.ui(ui, cx, &settled)
        });
        Panel::top("train form head").frame(pad).show(ui, |ui| self.head_ui(ui, run.map(|_| next), cx.palette));
        let mut draft = frozen.map_or_else(|| cx.workspace.draft.clone(), RunView::whole_config);
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            Frame::new().inner_margin(Margin { left: 16, right: 16, top: 4, bottom: 16 }).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                sources::ui(ui, cx, frozen);
                // What is recommended follows the model, and other numbers would be read as if they were meant.
                if frozen.is_none() && cx.workspace.opening().is_some() {
                    return;
                }
                // What a run was started with is to be read, not to be overlooked.
                if frozen.is_some() {
                    ui.visuals_mut().disabled_alpha = 0.8;
                }
                let steps =
                    frozen.map_or_else(|| cx.workspace.plan.as_ref().map_or(0, |plan| plan.steps), |run| run.steps);
                let name = if frozen.is_some() { "this run" } else { "next run" };
                for wrong in self.discarded.iter().filter(|_| frozen.is_none()) {
                    let words = format!("{}, discarded: {}", wrong.field, wrong.why);
                    ui.add(egui::Label::new(text::small(words, cx.palette).color(cx.palette.warn)).wrap());
                }
                let ((), unread) = number::form(ui, name, |ui| {
                    ui.add_enabled_ui(frozen.is_none(), |ui| self.fields_ui(ui, &mut draft, steps, frozen, cx));
                });
                if frozen.is_none() && unread.here != cx.workspace.unread {
                    cx.act(Action::Unread(unread.here));
                }
                if frozen.is_none() && !unread.gone.is_empty() {
                    self.discarded = unread.gone;
                    ui.ctx().request_repaint();
                }
            });
        });
        if frozen.is_none() && draft != cx.workspace.draft {
            cx.act(Action::Edit(Box::new(draft)));
        }
    }

    fn run_foot_ui(&mut self, ui: &mut Ui, run: &RunView, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        ui.spacing_mut().item_spacing.y = space::S;
        ui.add(egui::Label::new(text::small("What this run was started with", palette)).wrap());
        let again = Button::new("Use for the next run").min_width(ui.available_width());
        if !run.status.is_live() && again.show(ui, palette).clicked() {
            cx.act(Action::CloneRun(run.dir.clone()));
            self.next = Some(true);
        }
    }

    /// `next` says which of the two is shown, where there is a run to choose.
    fn head_ui(&mut self, ui: &mut Ui, next: Option<bool>, palette: &Palette) {
        ui.allocate_ui_with_layout(
            vec2(ui.available_width(), space::ROW),
            Layout::right_to_left(Align::Center),
            |ui| {
                let choices = [(false, "Simple"), (true, "Expert")];
                if let Some(expert) = segmented(ui, palette, self.expert, &choices, false) {
                    self.expert = expert;
                    self.discarded.clear();
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.label(text::head("Configuration", palette));
                });
            },
        );
        if let Some(next) = next {
            ui.add_space(4.0);
            let choices = [(false, "This run"), (true, "Next run")];
            if let Some(next) = segmented(ui, palette, next, &choices, true) {
                self.next = Some(next);
            }
        }
    }

    fn fields_ui(&mut self, ui: &mut Ui, draft: &mut RunConfig, steps: u64, frozen: Option<&RunView>, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        if draft.task.reads() == Reads::Running {
            heading(ui, "Objective", palette, |_| {});
            fields::language_ui(ui, draft, self.expert, palette);
        }
        if self.expert || draft.model.init == Init::Random {
            fields::init_ui(ui, &mut draft.model.init, palette);
        }
        self.teacher.ui(ui, draft, frozen.is_none(), cx);
        strategy_ui(ui, draft, self.expert, frozen, cx);
        if frozen.is_none() {
            recommended_ui(ui, draft, cx.workspace.plan.as_deref(), palette);
        }
        if draft.strategy.fit.has_rate() {
            self.rate_ui(ui, draft, steps, frozen, cx);
        }
        heading(ui, "Training", palette, |_| {});
        if draft.strategy.fit.has_rate() {
            fields::training_ui(ui, draft, self.expert, palette);
        }
        if frozen.is_none() {
            held_out::seeds_ui(ui, draft, palette);
        }
        self.lengths_ui(ui, draft, frozen, cx);
        fields::hidden_words_ui(ui, draft, palette);
        heading(ui, "Evaluation", palette, |_| {});
        held_out::folds_ui(ui, draft, frozen.is_none(), cx);
        if self.expert && draft.run.folds == 0 {
            fields::evaluation_ui(ui, draft, palette);
        }
        let plan = cx.workspace.plan.as_deref().filter(|_| frozen.is_none());
        held_out::states_ui(ui, draft, plan, palette);
        heading(ui, "Pinned texts", palette, |_| {});
        self.probes.ui(ui, draft, frozen.is_none(), palette);
        orders::ui(ui, draft, frozen.is_none(), palette);
        if self.expert {
            heading(ui, "Regularisation", palette, |_| {});
            fields::regularisation_ui(ui, draft, palette);
            heading(ui, "Output", palette, |_| {});
            fields::output_ui(ui, draft, palette);
        }
    }

    /// How fast it learns, and how that changes.
    fn rate_ui(&self, ui: &mut Ui, draft: &mut RunConfig, steps: u64, frozen: Option<&RunView>, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        heading(ui, "Learning rate", palette, |_| {});
        fields::rates_ui(ui, draft, self.expert, palette);
        if frozen.is_none() {
            find_rate::ui(ui, draft, cx);
        }
        if self.expert {
            rates::by_pattern_ui(ui, &mut draft.optim, palette);
        }
        self.schedule_ui(ui, draft, steps, card_of(cx.workspace, frozen), palette);
    }

    fn schedule_ui(&self, ui: &mut Ui, draft: &mut RunConfig, steps: u64, card: Option<&ModelCard>, palette: &Palette) {
        fields::schedule_fields_ui(ui, &mut draft.optim, self.expert, palette);
        let optim = &draft.optim;
        // Without a plan the shape is right, and only the number of steps is not known yet.
        let total = if steps > 0 { steps } else { 1000 };
        let warmup = schedule::warmup_steps(optim.warmup, total);
        let factor = |step| schedule::factor(optim.schedule, warmup, step, total);
        let peaks = groups::peaks(optim, &draft.strategy, card.map(|card| card.stored_layers));
        let peaks: Vec<_> = peaks.into_iter().zip(palette.series).collect();
        ui.add_space(2.0);
        schedule_curve(ui, &Schedule { factor: &factor, steps: total, known: steps > 0, peaks: &peaks }, palette);
    }

    fn lengths_ui(&mut self, ui: &mut Ui, draft: &mut RunConfig, frozen: Option<&RunView>, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let most = card_of(cx.workspace, frozen).map_or(512, |card| card.max_tokens.max(8));
        fields::max_tokens_ui(ui, &mut draft.data.max_tokens, most, palette);
        let shape = Shape::of(draft);
        if shape == Shape::Windows {
            fields::stride_ui(ui, &mut draft.data.stride, draft.data.max_tokens, palette);
        }
        // A run knows the lengths of its own texts, and not of those that were opened since.
        let lengths = frozen.map_or(cx.workspace.data.lengths.as_ref(), |run| run.lengths.as_ref());
        let Some(lengths) = lengths else {
            if let Some(cut) = frozen.map(|run| run.truncated).filter(|cut| *cut > 0 && shape == Shape::Cut) {
                let words = format!("{} cut", format::plural(cut as u64, "text was", "texts were"));
                ui.label(text::small(words, palette));
            }
            return;
        };
        let loaded = cx.workspace.data.loaded.as_deref().filter(|_| frozen.is_none());
        self.lengths.update(lengths, loaded);
        let all = self.lengths.sorted.len().max(1);
        let spec = Histogram {
            name: "Text length",
            unit: "texts",
            bins: &self.lengths.bins,
            from: 0.0,
            width: self.lengths.width,
            limit: Some(draft.data.max_tokens as f64),
            can_move: ui.is_enabled(),
        };
        let size = vec2(ui.available_width(), 66.0);
        if let Some(limit) = histogram(ui, size, &spec, palette) {
            draft.data.max_tokens = (limit as usize).clamp(8, most);
        }
        let cut = self.lengths.longer_than(draft.data.max_tokens.min(most));
        let are_left_out = draft.data.exclude.contains(&Exclude::OverLong);
        let share = format::percent(cut as f64 / all as f64);
        let part = format!("{} of {} texts", format::count(cut as u64), format::count(all as u64));
        let words = match shape {
            Shape::Blocks if draft.language.join_lines => {
                "Lines are joined and divided at this length; nothing is cut".to_owned()
            }
            Shape::Blocks => "A longer line becomes several sequences; nothing is cut".to_owned(),
            Shape::Chunks => "Sentences are put together up to this length; nothing is cut".to_owned(),
            Shape::Cut | Shape::Windows if cut == 0 => {
                format!("No text is cut; the longest has {} tokens", self.lengths.sorted.last().copied().unwrap_or(0))
            }
            Shape::Windows => format!("{part} are read in windows ({share}); nothing is cut"),
            Shape::Cut if are_left_out => format!("{part} are left out ({share})"),
            Shape::Cut => format!("{part} are cut ({share})"),
        };
        let length = draft.data.max_tokens.min(most);
        if let Some(allowed) = lengths.allowed.filter(|allowed| *allowed < length) {
            let words = format!("The tokenizer's own files allow {allowed} tokens, and the model may know no more");
            ui.add(egui::Label::new(text::small(words, palette).color(palette.warn)).wrap());
        }
        let is_much = shape == Shape::Cut && cut * 20 > all;
        let color = if is_much { palette.warn } else { palette.text_dim };
        ui.add(egui::Label::new(text::small(words, palette).color(color)).wrap());
    }
}

/// Whether the settings below are recommended, and the way back to those that are.
fn recommended_ui(ui: &mut Ui, draft: &mut RunConfig, plan: Option<&PlanSummary>, palette: &Palette) {
    const WHY: &str = "From the number of texts and their lengths, the width of the model and what of it is trained. \
                       Type another value to use your own.";
    let own: Vec<&str> = draft.open.own().collect();
    ui.add_space(space::M);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let (sign, words) = match plan {
            _ if !own.is_empty() => (ICON_EDIT, format!("Your own {}", own.join(", "))),
            Some(plan) => {
                (ICON_AUTO_AWESOME, format!("Recommended for {}", learned_words(draft, plan.train_examples as u64)))
            }
            None => (ICON_AUTO_AWESOME, "Recommended once data and a model are chosen".to_owned()),
        };
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if !own.is_empty() && Button::new("Use recommended").small().show(ui, palette).clicked() {
                draft.open = Open::ALL;
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.label(theme::icon(sign, 14.0).color(palette.accent));
                ui.add(egui::Label::new(text::small(words, palette)).truncate()).on_hover_text(WHY);
            });
        });
    });
}

/// What is learned from in an epoch.
fn learned_words(draft: &RunConfig, count: u64) -> String {
    let words = planned_words(draft.task, count);
    // Those of rare classes are counted as often as they are read.
    if draft.data.oversample { format!("{words}, counting repeats") } else { words }
}

fn planned_words(task: Task, count: u64) -> String {
    if task.reads() == Reads::Question {
        format::plural(count, "window", "windows")
    } else {
        format::plural(count, "text", "texts")
    }
}

/// The card of the model that is configured. A run may have been made with another than the one that is chosen now.
fn card_of<'a>(workspace: &'a Workspace, frozen: Option<&RunView>) -> Option<&'a ModelCard> {
    let card = workspace.model.as_deref();
    card.filter(|card| frozen.is_none_or(|run| workspace.model_dir(&run.config.model).as_ref() == Some(&card.dir)))
}

/// Why a strategy cannot be chosen.
const AS_IT_IS: &str = "This encoder is used as it is: only a head can be trained on it";

fn strategy_ui(ui: &mut Ui, draft: &mut RunConfig, expert: bool, frozen: Option<&RunView>, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let kind = draft.strategy.kind;
    heading(ui, "Trainable layers", palette, |ui| help(ui, &strategies::explained(kind), palette));
    let card = card_of(cx.workspace, frozen);
    let plan = cx.workspace.plan.as_deref().filter(|_| frozen.is_none());
    let is_cut = draft.distill.as_ref().is_some_and(|distill| distill.layers.is_some());
    let card = card.filter(|_| !is_cut);
    let blocks = match card {
        Some(card) => Some(strategy::blocks(draft, card, plan)),
        // What a student will be made of only the plan knows.
        None => plan.filter(|_| is_cut).map(|plan| strategy::planned_blocks(draft, plan)),
    };
    let none: &[Block] = &[];
    let known = blocks.as_deref().unwrap_or(none);
    let only_head = card.is_some_and(|card| card.is_frozen);
    for kinds in strategies::OFFERED {
        let presets: Vec<_> = kinds.iter().map(|kind| (*kind, kind.title())).collect();
        let is_off = |kind| only_head && kind != StrategyKind::Head;
        if let Some(kind) = limited(ui, palette, draft.strategy.kind, &presets, true, (&is_off, AS_IT_IS)) {
            strategy::choose(&mut draft.strategy, kind, known);
        }
    }
    for note in card.iter().flat_map(|card| &card.notes) {
        ui.add_space(4.0);
        ui.add(egui::Label::new(text::small(note, palette)).wrap());
    }
    if draft.strategy.kind == StrategyKind::Lora {
        adapters::ui(ui, &mut draft.strategy.lora, expert, palette);
    }
    if draft.strategy.kind == StrategyKind::Top {
        let layers = if known.is_empty() { 64 } else { known.len().saturating_sub(2).max(1) };
        row(ui, "Layers from the top", "The head is always trained with them", palette, |ui| {
            let limit = limits::between(1.0, layers as f64);
            fields::whole(ui, "Layers from the top", &mut draft.strategy.top_layers, limit);
        });
    }
    if draft.strategy.kind == StrategyKind::Gradual {
        let tooltip = "The head learns first; then the layers are unfrozen one after the other, from the top down";
        fields::every_ui(ui, "Unfreeze the next layer every", tooltip, &mut draft.strategy.unfreeze_every, palette);
    }
    fit::ui(ui, draft, (frozen.is_none(), only_head), cx);
    let Some(blocks) = blocks else {
        ui.add_space(4.0);
        if let Some(run) = frozen {
            trained_ui(ui, run.trainable, run.parameters, palette);
            return;
        }
        let words = if is_cut {
            "The layers of the student appear here once the run is planned"
        } else {
            "The layers appear here once a model is chosen"
        };
        ui.add(egui::Label::new(text::small(words, palette)).wrap());
        return;
    };
    ui.add_space(6.0);
    let pressed = ui.add_enabled_ui(!only_head, |ui| freeze_map(ui, &blocks, palette)).inner;
    if let Some(trained) = pressed {
        strategy::set_trained(&mut draft.strategy, &blocks, &trained);
    }
    if draft.strategy.kind == StrategyKind::Gradual {
        let steps = plan.map(|plan| (plan.steps, plan.steps_per_epoch));
        let steps = frozen.map(|run| (run.steps, run.steps_per_epoch)).or(steps);
        ui.add_space(4.0);
        ui.add(egui::Label::new(text::small(strategy::timeline(draft, &blocks, steps), palette)).wrap());
    }
    let all: u64 = blocks.iter().map(|block| block.parameters).sum();
    let trained: u64 = blocks.iter().map(|block| block.trained).sum();
    // What a run has told of itself is what it did.
    let told = frozen.filter(|run| run.parameters > 0).map(|run| (run.trainable, run.parameters));
    let (trained, all) = told.unwrap_or((trained, all));
    ui.add_space(4.0);
    trained_ui(ui, trained, all, palette);
    if trained == 0 {
        ui.label(text::small("Nothing is trained; click a cell to train it", palette).color(palette.bad));
    }
}

fn trained_ui(ui: &mut Ui, trained: u64, all: u64, palette: &Palette) {
    let share = if all > 0 { trained as f64 / all as f64 } else { 0.0 };
    row(ui, "Trainable weights", "Parameters that are trained, of all that the model has", palette, |ui| {
        ui.label(text::number_dim(format::trained(share), palette));
        ui.label(text::number(format!("{} / {}", format::short_count(trained), format::short_count(all)), palette));
    });
}
