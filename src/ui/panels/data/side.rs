//! What is in the data: how many of each class, how long the texts are, and what is wrong with them.

use std::sync::{Arc, Weak};

use egui::{Align, Layout, Ui};

use super::filter::Filter;
use super::health;
use crate::data::Dataset;
use crate::data::health::{Finding, FindingKind};
use crate::table::Table;
use crate::task::{Reads, Targets};
use crate::ui::theme::space;
use crate::ui::widgets::bars::{Bar, bars};
use crate::ui::widgets::histogram::{Histogram, bin, histogram};
use crate::ui::widgets::segmented::warned;
use crate::ui::widgets::{Card, Chip, state, text};
use crate::ui::workspace::JobKind;
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::{Lengths, LoadedDataset};

/// Examples whose words are counted while there is no tokenizer to count tokens.
const SAMPLE: usize = 20_000;

#[derive(Debug, Default)]
pub struct Side {
    tab: Tab,
    /// The bins, and of what they are.
    bins: Option<(Source, Vec<u64>, f64)>,
    numbers: Option<(Weak<LoadedDataset>, Vec<u64>, f64)>,
    /// The table that was looked at when it was new.
    seen: Weak<Table>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    Distribution,
    Health,
}

/// What the bins were made of. A weak pointer keeps its place in memory from being given to something else.
#[derive(Debug)]
enum Source {
    Words(Weak<Dataset>),
    Tokens(Weak<Lengths>),
}

impl Source {
    fn is(&self, dataset: &Arc<Dataset>, lengths: Option<&Arc<Lengths>>) -> bool {
        match (self, lengths) {
            (Self::Tokens(of), Some(lengths)) => Weak::as_ptr(of) == Arc::as_ptr(lengths),
            (Self::Words(of), None) => Weak::as_ptr(of) == Arc::as_ptr(dataset),
            _ => false,
        }
    }
}

impl Side {
    pub fn show_health(&mut self) {
        self.tab = Tab::Health;
    }

    /// Returns the filter that was chosen by a press.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, filter: &Filter) -> Option<Filter> {
        let Some(loaded) = cx.workspace.data.loaded.clone() else {
            let reading = cx.workspace.job_where(|kind| *kind == JobKind::ReadDataset).is_some();
            Card::titled("Overview").show(ui, cx.palette, |ui| {
                let words = "What is in the data is shown as soon as its columns are chosen";
                if reading {
                    state::loading(ui, cx.palette, "Reading the examples", None);
                } else {
                    ui.label(text::dim(words, cx.palette));
                }
            });
            return None;
        };
        // What makes a result worthless is not left to be found.
        if Weak::as_ptr(&self.seen) != Arc::as_ptr(&loaded.dataset.table) {
            self.seen = Arc::downgrade(&loaded.dataset.table);
            let is_grave = |finding: &Finding| {
                let misleads = matches!(
                    finding.kind,
                    FindingKind::Spellings { .. } | FindingKind::NoText { .. } | FindingKind::Leaks
                );
                misleads || finding.kind.decides_the_result()
            };
            self.tab = if loaded.findings.iter().any(is_grave) { Tab::Health } else { self.tab };
        }
        let found = health::count(cx.workspace, &loaded);
        let health_title = if found == 0 { "Health".to_owned() } else { format!("Health · {found}") };
        let choices = [(Tab::Distribution, "Distribution"), (Tab::Health, health_title.as_str())];
        if let Some(tab) = warned(ui, cx.palette, self.tab, &choices, (found > 0).then_some(Tab::Health)) {
            self.tab = tab;
        }
        match self.tab {
            Tab::Distribution => {
                let by_class = counts_ui(ui, cx, &loaded, filter);
                self.numbers_ui(ui, cx, &loaded);
                self.lengths_ui(ui, cx, &loaded.dataset);
                by_class
            }
            Tab::Health => health::ui(ui, cx, &loaded, filter),
        }
    }

    fn lengths_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, dataset: &Arc<Dataset>) {
        let palette = cx.palette;
        let lengths = cx.workspace.data.lengths.clone();
        let whole = match dataset.task.reads() {
            Reads::Words => "a sentence",
            Reads::Question => "a question and its context",
            Reads::Texts | Reads::Running | Reads::Neighbours(_) => "a text",
        };
        let note = format!("{} of {whole}", if lengths.is_some() { "tokens" } else { "words" });
        Card::titled("Lengths").note(note).show(ui, palette, |ui| {
            if self.bins.as_ref().is_none_or(|(known, ..)| !known.is(dataset, lengths.as_ref())) {
                self.bins = Some(if let Some(lengths) = &lengths {
                    let (bins, width) = bin(lengths.tokens.iter().map(|tokens| f64::from(*tokens)), 40);
                    (Source::Tokens(Arc::downgrade(lengths)), bins, width)
                } else {
                    let (bins, width) = words_of(dataset);
                    (Source::Words(Arc::downgrade(dataset)), bins, width)
                });
            }
            let Some((_, bins, width)) = &self.bins else { return };
            let limit = lengths.is_some().then_some(cx.workspace.draft.data.max_tokens as f64);
            let spec = Histogram {
                name: "Length",
                unit: "texts",
                bins,
                from: 0.0,
                width: *width,
                limit,
                can_move: limit.is_some(),
            };
            let most = cx.workspace.model.as_ref().map_or(512, |card| card.max_tokens);
            if let Some(limit) = histogram(ui, egui::vec2(ui.available_width(), 118.0), &spec, palette) {
                let mut draft = cx.workspace.draft.clone();
                draft.data.max_tokens = (limit as usize).clamp(8, most);
                cx.act(Action::Edit(Box::new(draft)));
            }
            match &lengths {
                Some(lengths) => limit_ui(ui, cx, lengths),
                None => drop(ui.label(text::small("Tokens are counted when a model is chosen", palette))),
            }
        });
    }

    /// How long the answers are, or which numbers are learned.
    fn numbers_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, loaded: &Arc<LoadedDataset>) {
        let numbers = &loaded.summary.numbers;
        if numbers.is_empty() {
            return;
        }
        if self.numbers.as_ref().is_none_or(|(of, ..)| Weak::as_ptr(of) != Arc::as_ptr(loaded)) {
            let (bins, width) = bin(numbers.iter().map(|number| f64::from(*number)), 30);
            self.numbers = Some((Arc::downgrade(loaded), bins, width));
        }
        let (title, note, name, unit) = match loaded.dataset.task.reads() {
            Reads::Question => ("Answers", "words of an answer", "Answer length", "answers"),
            Reads::Texts | Reads::Words | Reads::Running | Reads::Neighbours(_) => {
                ("Values", "of the label", "Value", "texts")
            }
        };
        Card::titled(title).note(note).show(ui, cx.palette, |ui| {
            let Some((_, bins, width)) = &self.numbers else { return };
            let spec = Histogram { name, unit, bins, from: 0.0, width: *width, limit: None, can_move: false };
            histogram(ui, egui::vec2(ui.available_width(), 86.0), &spec, cx.palette);
        });
    }
}

fn words_of(dataset: &Dataset) -> (Vec<u64>, f64) {
    let counts: Vec<f64> = (0..dataset.examples.len().min(SAMPLE))
        .map(|example| {
            let words = |text: &str| text.split_whitespace().take(2000).count();
            (words(&dataset.readable(example)) + dataset.pair(example).map_or(0, words)) as f64
        })
        .collect();
    bin(counts.iter().copied(), 40)
}

fn limit_ui(ui: &mut Ui, cx: &Cx<'_>, lengths: &Lengths) {
    let palette = cx.palette;
    let limit = cx.workspace.draft.data.max_tokens;
    let plan = cx.workspace.plan.as_ref();
    // Of the texts that the run reads, as everywhere else.
    let all = plan.map_or(0, |plan| plan.train_examples + plan.eval_examples).max(1) as f64;
    let planned = plan.map(|plan| (plan.truncated, plan.windowed));
    ui.horizontal(|ui| {
        ui.label(text::dim("Limit", palette));
        ui.label(text::number(format!("{limit} tokens"), palette));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            // Until the run is planned nothing is known of it.
            let Some((cut, windowed)) = planned else { return };
            if cut > 0 {
                Chip::warn(format!("{} cut", format::percent(cut as f64 / all)), palette).dot().show(ui);
            } else if windowed > 0 {
                let words = format!("{} in windows", format::percent(windowed as f64 / all));
                let note = "Longer than the limit, and therefore read in several windows that overlap; nothing is cut";
                Chip::accent(words, palette).dot().show(ui).on_hover_text(note);
            } else {
                Chip::good("none cut", palette).dot().show(ui);
            }
        });
    });
    if lengths.unknown_share > 0.005 {
        let words = format!("{} of the tokens are unknown to this tokenizer", format::percent(lengths.unknown_share));
        ui.label(text::small(words, palette));
    }
}

/// A bar for each class, type of entities, or kind of question.
fn counts_ui(ui: &mut Ui, cx: &Cx<'_>, loaded: &LoadedDataset, filter: &Filter) -> Option<Filter> {
    let palette = cx.palette;
    let counts = &loaded.summary.counts;
    if counts.is_empty() {
        return None;
    }
    let task = loaded.dataset.task;
    let all: u64 = counts.iter().map(|count| count.train + count.eval).sum();
    let (title, note) = match task.reads() {
        Reads::Words => ("Entities", format::plural(counts.len() as u64, "type", "types")),
        Reads::Question => ("Questions", String::new()),
        Reads::Texts | Reads::Running | Reads::Neighbours(_) => {
            ("Labels", format::plural(counts.len() as u64, "class", "classes"))
        }
    };
    let mut chosen = None;
    Card::titled(title).note(note).show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let most = counts.iter().map(|count| count.train + count.eval).max().unwrap_or(1).max(1) as f64;
        let shown: Vec<Bar<'_>> = counts
            .iter()
            .enumerate()
            .map(|(index, count)| Bar {
                name: &count.name,
                share: (count.train + count.eval) as f64 / most,
                value: format::count(count.train + count.eval),
                color: palette.label(index),
                strong: filter.class.is_none_or(|class| class == index),
                mark: None,
            })
            .collect();
        let mut draw = |ui: &mut Ui| {
            if let Some(place) = bars(ui, &shown, 110.0, true, palette) {
                let class = (filter.class != Some(place)).then_some(place);
                chosen = Some(Filter { class, ..filter.clone() });
            }
        };
        if shown.len() > 12 {
            egui::ScrollArea::vertical().id_salt("labels").max_height(312.0).show(ui, draw);
        } else {
            draw(ui);
        }
        if task.has_classes_of_data() && task.targets() == Targets::Class {
            ui.add_space(space::XS);
            let words = format!(
                "Always predicting the most frequent class is right for {}",
                format::percent(most / all.max(1) as f64)
            );
            ui.label(text::small(words, palette));
        }
    });
    chosen
}
