//! Where in a model the task of the loaded data is solved: a linear probe for each layer, what it says about how far the
//! encoder can be frozen, and the way from there into Train.

mod about;
mod chart;
mod keep;

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Label, Ui, pos2};
use egui_material_icons::icons::ICON_LAYERS;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::analysis::probe::{FOLDS, FineTuned, Probed, Question, ROWS, Train, labelled};
use crate::analysis::sample::Sampling;
use crate::inspect::Pooling;
use crate::task::Targets;
use crate::train::config::StrategyKind;
use crate::ui::panels::explore::keeping::{self, Unread};
use crate::ui::panels::explore::over_rows::{self, Found, no_rows_ui, rows_ui};
use crate::ui::panels::explore::view::{Changed, Kind, View};
use crate::ui::panels::explore::words::Words;
use crate::ui::panels::explore::working;
use crate::ui::theme::{Palette, space};
use crate::ui::tiles::{Layout, Pane};
use crate::ui::widgets::choice::choose;
use crate::ui::widgets::help::help;
use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, state, text};
use crate::ui::workspace::{Screen, Workspace};
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::LoadedDataset;
use crate::worker::work::AnyWork;
use crate::worker::works::probe::ProbeLayers;
use chart::Chart;

pub const KIND: Kind = Kind { name: "layers", title: "Layers", heads: &[], make: || Box::new(LayerProbe::default()) };

const BARS: Pane = Pane::new("layer probe", "What each layer knows");
const ADVICE: Pane = Pane::new("how far to freeze", "How far to freeze");

/// What can be chosen of the rows; the last are all that the memory holds.
const ROW_CHOICES: [usize; 4] = [1000, ROWS, 10_000, usize::MAX];
const FOLD_CHOICES: [usize; 4] = [2, 3, FOLDS, 10];

#[derive(Debug)]
struct LayerProbe {
    rows: usize,
    folds: usize,
    /// The pooling that a person chose; otherwise the better one.
    pooling: Option<Pooling>,
    zoomed: bool,
}

impl Default for LayerProbe {
    fn default() -> Self {
        Self { rows: ROWS, folds: FOLDS, pooling: None, zoomed: false }
    }
}

/// What is kept of it.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Kept {
    /// None are all.
    rows: Option<usize>,
    folds: usize,
    pooling: Option<Pooling>,
    zoomed: bool,
}

impl Default for Kept {
    fn default() -> Self {
        Self { rows: Some(ROWS), folds: FOLDS, pooling: None, zoomed: false }
    }
}

impl View for LayerProbe {
    fn layout(&self) -> Layout {
        Layout::Columns(vec![(2.3, BARS.into()), (1.0, ADVICE.into())])
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        if pane == BARS {
            self.bars_pane_ui(ui, cx);
        } else {
            self.advice_pane_ui(ui, cx);
        }
        Changed::No
    }

    fn kept(&self, _: &Words) -> Map<String, Value> {
        let rows = Some(self.rows).filter(|rows| *rows != usize::MAX);
        keeping::written(&Kept { rows, folds: self.folds, pooling: self.pooling, zoomed: self.zoomed })
    }

    fn restore(&mut self, kept: Map<String, Value>, _: &Words) -> Result<(), Unread> {
        let Kept { rows, folds, pooling, zoomed } = keeping::read(kept)?;
        *self = Self { rows: rows.unwrap_or(usize::MAX).max(1), folds: folds.max(2), pooling, zoomed };
        Ok(())
    }

    fn is_of_data(&self) -> bool {
        true
    }
}

impl LayerProbe {
    fn bars_pane_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if let Some(job) = cx.workspace.job_of::<ProbeLayers>().cloned() {
            return working::ui(ui, cx, &job);
        }
        let workspace = cx.workspace;
        let (found, loaded) = (found(workspace), workspace.data.loaded.as_ref());
        match (found, loaded) {
            (Some(Found { work, answer: Ok(probed), is_stale }), _) => {
                self.done_ui(ui, cx, &work.question, probed, is_stale);
            }
            (_, None) => {
                let words =
                    "Open texts with labels, and each layer of the model tells how much of them it already knows.";
                no_rows_ui(ui, cx, ICON_LAYERS, "No data to probe with", words);
            }
            (_, Some(loaded)) if !is_of_texts(loaded) => {
                let words = "A probe learns a label or a number for each text, or a tag for each word. This data has none \
                             of them, or its columns are not chosen: choose them in Data.";
                no_rows_ui(ui, cx, ICON_LAYERS, "Nothing to probe for", words);
            }
            (Some(Found { answer: Err(why), is_stale: false, .. }), Some(loaded)) => {
                state::error(ui, cx.palette, "The layers cannot be probed", why, |_| {});
                ui.add_space(space::M);
                self.choices_ui(ui, cx, loaded, Button::new("Probe again"));
            }
            (_, Some(loaded)) => self.ready_ui(ui, cx, loaded),
        }
    }

    fn ready_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, loaded: &Arc<LoadedDataset>) {
        let words = format!(
            "The encoder reads each text of {} once, and a linear probe on the states of each layer tells how much of the \
             task it already knows, and how far it can stay frozen.",
            format::file_name(&loaded.dataset.table.path)
        );
        let about = (ICON_LAYERS, "Which layer knows the task?", words.as_str());
        over_rows::ready_ui(ui, cx, about, 408.0, |ui, cx| {
            self.choices_ui(ui, cx, loaded, Button::new("Probe the layers").primary());
        });
    }

    /// How many rows and folds, and the press that begins.
    fn choices_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, loaded: &Arc<LoadedDataset>, begin: Button) {
        ui.horizontal_wrapped(|ui| {
            rows_ui(ui, cx, ("Rows to probe", 120.0), &mut self.rows, ROW_CHOICES, "All that fit");
            ui.label(text::dim("Folds", cx.palette));
            choose(ui, "Folds", 64.0, &mut self.folds, FOLD_CHOICES, usize::to_string);
            if begin.show(ui, cx.palette).clicked() {
                self.begin(cx, loaded);
            }
        });
    }

    /// What a run has taught the encoder, and the way to what the run began from.
    fn fine_tuned_ui(&self, ui: &mut Ui, cx: &mut Cx<'_>, told: &FineTuned) {
        let words = state::sentence(&told.said());
        state::warning(ui, cx.palette, "This encoder was fine-tuned", &words, |ui| {
            let (Some(base), Some(loaded)) = (told.base.clone(), cx.workspace.data.loaded.clone()) else { return };
            let name = format!("Probe {} instead", text::short_name(&told.base_title, 32));
            if Button::new(name).small().show(ui, cx.palette).clicked() {
                cx.act(Action::ExploreWith(base.clone()));
                self.begin_with(cx, &loaded, base);
            }
        });
        ui.add_space(space::S);
    }

    fn begin(&self, cx: &mut Cx<'_>, loaded: &Arc<LoadedDataset>) {
        if let Some(model) = cx.workspace.explore.model.clone() {
            self.begin_with(cx, loaded, model);
        }
    }

    fn begin_with(&self, cx: &mut Cx<'_>, loaded: &Arc<LoadedDataset>, model: PathBuf) {
        let data = loaded.dataset.clone();
        let wanted = Sampling {
            model,
            // What is held out for evaluation has no say in how far to freeze.
            among: labelled(&data, loaded.split.train.iter().copied()).into(),
            data,
            rows: self.rows,
            seed: cx.workspace.data.rule.seed,
            max_tokens: cx.workspace.length().max_tokens,
        };
        let question = Question { wanted, folds: self.folds };
        let (kept, learned) = (cx.workspace.data.states.clone(), cx.workspace.data.learned.clone());
        cx.act(Action::Work(AnyWork::new(ProbeLayers { question, kept, learned })));
    }

    fn done_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, question: &Question, probed: &Probed, is_stale: bool) {
        if is_stale {
            stale_ui(ui, cx, |ui, cx, loaded| self.choices_ui(ui, cx, loaded, Button::new("Probe again")));
            ui.add_space(space::S);
            ui.multiply_opacity(0.6);
        }
        if let Some(told) = &probed.fine_tuned {
            self.fine_tuned_ui(ui, cx, told);
        }
        let chart = Chart { probed, pooling: self.pooling.unwrap_or(probed.pooling), zoomed: self.zoomed };
        let palette = cx.palette;
        line(ui, space::ROW, |ui| {
            help(ui, &about::PROBE, palette);
            keep::save_ui(ui, cx, chart, &question.wanted.model, &question.wanted.data.table.path);
            let scales = [(false, "From 0"), (true, "Zoom")];
            if let Some(zoomed) = segmented(ui, palette, self.zoomed, &scales, false) {
                self.zoomed = zoomed;
            }
            line::left(ui, |ui| {
                let first = if probed.pooling == Pooling::First { "First token, better" } else { "First token" };
                let mean = if probed.pooling == Pooling::Mean { "Mean, better" } else { "Mean" };
                let poolings = [(Pooling::First, first), (Pooling::Mean, mean)];
                if let Some(pooling) = segmented(ui, palette, chart.pooling, &poolings, false) {
                    self.pooling = Some(pooling);
                }
            });
        });
        ui.add_space(space::XS);
        let words =
            format!("{} on rows that the probe did not see, by layer, with 95 % intervals", probed.judged.title());
        ui.add(Label::new(text::dim(words, palette)).wrap());
        let room = ui.available_size();
        let (rect, _) = ui.allocate_exact_size(egui::vec2(room.x, (room.y - 28.0).max(160.0)), egui::Sense::hover());
        chart.ui(ui, rect, palette);
        let (below, _) = ui.allocate_exact_size(egui::vec2(room.x, 22.0), egui::Sense::hover());
        chart::legend(&ui.painter_at(below), pos2(below.left() + 48.0, below.center().y), chart, palette);
    }

    fn advice_pane_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let running = cx.workspace.job_of::<ProbeLayers>().is_some();
        let Some(Found { work, answer: Ok(probed), is_stale }) = found(cx.workspace).filter(|_| !running) else {
            ui.label(text::dim("What each layer knows appears here once the layers have been probed", palette));
            return;
        };
        let advice = probed.advice(self.pooling.unwrap_or(probed.pooling));
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::S;
            ui.add(Label::new(text::body(advice.found(), palette)).wrap());
            if probed.proposes() {
                ui.add(Label::new(text::strong(advice.proposal(), palette)).wrap());
                let press = Button::new(press_words(advice.train)).primary();
                if press.show(ui, palette).on_hover_text("Sets the form in Train").clicked() {
                    take_over(cx, &work.question.wanted.model, advice.train);
                }
            } else {
                let words =
                    "How far to freeze is to be asked of what the run began from, and not of what it has taught.";
                ui.add(Label::new(text::strong(words, palette)).wrap());
            }
            ui.add_space(space::S);
            facts_ui(ui, probed, palette);
            if let Some(loaded) = cx.workspace.data.loaded.as_ref().filter(|_| !is_stale) {
                ui.add_space(space::S);
                self.choices_ui(ui, cx, loaded, Button::new("Probe again"));
            }
        });
    }
}

/// What was looked at, and what a person should know of it.
fn facts_ui(ui: &mut Ui, probed: &Probed, palette: &Palette) {
    let words = probed.words.map(|words| format!(" · {}", format::plural(words as u64, "word", "words")));
    let rows = format::plural(probed.rows as u64, "row", "rows") + &words.unwrap_or_default();
    let classes = match probed.classes {
        0 => String::new(),
        classes => format!(" · {}", format::plural(classes as u64, "class", "classes")),
    };
    ui.add(Label::new(text::number_dim(format!("{rows} · {} folds{classes}", probed.folds), palette)).wrap());
    // What was taught is said above the bars.
    for note in probed.notes().into_iter().skip(usize::from(!probed.proposes())) {
        ui.add(Label::new(text::dim(note, palette)).wrap());
    }
    if probed.proposes() {
        let words = "Rows that are held out for evaluation took no part.";
        ui.add(Label::new(text::faint(words, palette)).wrap());
    }
}

fn press_words(train: Train) -> String {
    match train {
        Train::Whole => "Train the whole encoder".to_owned(),
        Train::Top(1) => "Train the top layer".to_owned(),
        Train::Top(layers) => format!("Train the top {layers} layers"),
        Train::Head | Train::OnlyHead => "Train a head alone".to_owned(),
    }
}

/// Sets the form of the next run, with the model that was probed.
fn take_over(cx: &mut Cx<'_>, model: &PathBuf, train: Train) {
    let mut config = cx.workspace.draft.clone();
    config.strategy.kind = match train {
        Train::Whole => StrategyKind::Full,
        Train::Top(_) => StrategyKind::Top,
        Train::Head | Train::OnlyHead => StrategyKind::Head,
    };
    if let Train::Top(layers) = train {
        config.strategy.top_layers = layers;
    }
    cx.act(Action::Edit(Box::new(config)));
    if cx.workspace.model.as_ref().is_none_or(|card| card.dir != *model) {
        cx.act(Action::OpenModel(model.clone()));
    }
    cx.act(Action::Go(Screen::Train));
}

/// What was found out about the model that is asked; what was about another says nothing.
fn found(workspace: &Workspace) -> Option<Found<'_, ProbeLayers>> {
    over_rows::found(workspace, |work: &ProbeLayers| &work.question.wanted)
}

/// Whether each text has a label or a number of its own, or each word a tag.
fn is_of_texts(loaded: &LoadedDataset) -> bool {
    let data = &loaded.dataset;
    let can_be = match data.task.targets() {
        Targets::Class | Targets::Classes | Targets::Number => data.task.is_sequence(),
        Targets::Tags => true,
        Targets::Span | Targets::Hidden | Targets::Replaced => false,
    };
    can_be && data.is_labelled()
}

/// What is shown is of other data; where there are some, they can be probed.
fn stale_ui(ui: &mut Ui, cx: &mut Cx<'_>, again: impl FnOnce(&mut Ui, &mut Cx<'_>, &Arc<LoadedDataset>)) {
    over_rows::stale_ui(ui, cx, "These bars were made", |ui, cx| {
        if let Some(loaded) = cx.workspace.data.loaded.as_ref().filter(|loaded| is_of_texts(loaded)) {
            again(ui, cx, loaded);
        }
    });
}
