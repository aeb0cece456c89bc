//! What is in the data: how many of each class, how long the texts are, and what is wrong with them.

use std::sync::{Arc, Weak};

use egui::{Align, Layout, Sense, Ui};
use egui_material_icons::icons::{ICON_CHECK_CIRCLE, ICON_WARNING};

use super::filter::Filter;
use crate::data::health::{Finding, FindingKind};
use crate::data::{Dataset, RowProblem};
use crate::task::Task;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::bars::{Bar, bars, name_width};
use crate::ui::widgets::histogram::{Histogram, bin, histogram};
use crate::ui::widgets::{Card, Chip, state, text};
use crate::ui::workspace::JobKind;
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::{Lengths, LoadedDataset};

/// Examples whose words are counted while there is no tokenizer to count tokens.
const SAMPLE: usize = 20_000;

#[derive(Debug, Default)]
pub struct Side {
    /// The bins, and of what they are.
    bins: Option<(Source, Vec<u64>, f64)>,
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
    /// Returns the filter that was chosen by a press.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, filter: &Filter) -> Option<Filter> {
        let Some(loaded) = cx.workspace.data.loaded.clone() else {
            let reading = cx.workspace.job_where(|kind| *kind == JobKind::ReadDataset).is_some();
            Card::titled("Overview").show(ui, cx.palette, |ui| {
                let words = "What is in the data is shown as soon as text and label are chosen";
                if reading {
                    state::loading(ui, cx.palette, "Reading the examples", None);
                } else {
                    ui.label(text::dim(words, cx.palette));
                }
            });
            return None;
        };
        let by_class = labels_ui(ui, cx, &loaded, filter);
        self.lengths_ui(ui, cx, &loaded.dataset);
        let by_finding = health_ui(ui, cx, &loaded, filter);
        by_class.or(by_finding)
    }

    fn lengths_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, dataset: &Arc<Dataset>) {
        let palette = cx.palette;
        let lengths = cx.workspace.data.lengths.clone();
        let note = if lengths.is_some() { "tokens of a text" } else { "words of a text" };
        Card::titled("Lengths").note(note).show(ui, palette, |ui| {
            if self.bins.as_ref().is_none_or(|(known, ..)| !known.is(dataset, lengths.as_ref())) {
                self.bins = Some(match &lengths {
                    Some(lengths) => {
                        let (bins, width) = bin(lengths.tokens.iter().map(|tokens| f64::from(*tokens)), 40);
                        (Source::Tokens(Arc::downgrade(lengths)), bins, width)
                    }
                    None => {
                        let (bins, width) = words_of(dataset);
                        (Source::Words(Arc::downgrade(dataset)), bins, width)
                    }
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
                Some(lengths) => limit_ui(ui, cx, &lengths.tokens, lengths.unknown_share),
                None => drop(ui.label(text::small("Tokens are counted when a model is chosen", palette))),
            }
        });
    }
}

fn words_of(dataset: &Dataset) -> (Vec<u64>, f64) {
    let counts: Vec<f64> = (0..dataset.examples.len().min(SAMPLE))
        .map(|example| dataset.text(example).split_whitespace().take(2000).count() as f64)
        .collect();
    bin(counts.iter().copied(), 40)
}

fn limit_ui(ui: &mut Ui, cx: &Cx<'_>, tokens: &[u32], unknown: f64) {
    let palette = cx.palette;
    let limit = cx.workspace.draft.data.max_tokens;
    let cut = cx.workspace.plan.as_ref().map_or(0, |plan| plan.truncated);
    ui.horizontal(|ui| {
        ui.label(text::dim("Limit", palette));
        ui.label(text::number(format!("{limit} tokens"), palette));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let share = cut as f64 / tokens.len().max(1) as f64;
            if cut > 0 {
                Chip::warn(format!("{} cut", format::percent(share)), palette).dot().show(ui);
            } else {
                Chip::good("none cut", palette).dot().show(ui);
            }
        });
    });
    if unknown > 0.005 {
        let words = format!("{} of the tokens are unknown to this tokenizer", format::percent(unknown));
        ui.label(text::small(words, palette));
    }
}

fn labels_ui(ui: &mut Ui, cx: &mut Cx<'_>, loaded: &LoadedDataset, filter: &Filter) -> Option<Filter> {
    let palette = cx.palette;
    if cx.workspace.data.task == Task::Regress {
        return None;
    }
    let names = &loaded.dataset.labels.names;
    let counts: Vec<u64> = cx.workspace.data.classes.iter().map(|parts| parts.train + parts.eval).collect();
    let all: u64 = counts.iter().sum();
    let note = format::plural(names.len() as u64, "class", "classes");
    let mut chosen = None;
    Card::titled("Labels").note(note).show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let most = counts.iter().copied().max().unwrap_or(1).max(1) as f64;
        let shown: Vec<Bar<'_>> = names
            .iter()
            .zip(&counts)
            .enumerate()
            .map(|(index, (name, count))| Bar {
                name,
                share: *count as f64 / most,
                value: format::count(*count),
                color: palette.label(index),
                strong: filter.class.is_none_or(|class| class as usize == index),
            })
            .collect();
        let width = name_width(ui, names.iter().map(String::as_str), 110.0);
        let mut draw = |ui: &mut Ui| {
            if let Some(place) = bars(ui, &shown, width, true, palette) {
                let class = (filter.class != Some(place as u32)).then_some(place as u32);
                chosen = Some(Filter { class, ..filter.clone() });
            }
        };
        if shown.len() > 12 {
            egui::ScrollArea::vertical().id_salt("labels").max_height(312.0).show(ui, draw);
        } else {
            draw(ui);
        }
        ui.add_space(4.0);
        let largest = counts.iter().copied().max().unwrap_or(0) as f64 / all.max(1) as f64;
        let words = format!("Always saying the most frequent class is right for {}", format::percent(largest));
        ui.label(text::small(words, palette));
    });
    chosen
}

fn health_ui(ui: &mut Ui, cx: &Cx<'_>, loaded: &LoadedDataset, filter: &Filter) -> Option<Filter> {
    let palette = cx.palette;
    let mut chosen = None;
    let count = loaded.findings.len() + usize::from(loaded.leaks > 0);
    let note = if count == 0 { String::new() } else { format::plural(count as u64, "finding", "findings") };
    Card::titled("Health").note(note).show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        if count == 0 {
            ui.horizontal(|ui| {
                ui.label(theme::icon(ICON_CHECK_CIRCLE, 18.0).color(palette.good));
                ui.label(text::dim("Nothing odd was found", palette));
            });
        }
        for finding in &loaded.findings {
            if finding_ui(ui, cx, &finding.message(), true) {
                let shown = filter.lines.as_ref().is_some_and(|(lines, _)| **lines == finding.lines);
                let lines = (!shown).then(|| (Arc::new(finding.lines.clone()), short(finding)));
                chosen = Some(Filter { lines, ..filter.clone() });
            }
        }
        if loaded.leaks > 0 {
            let words = format!(
                "{} also stand in the training part",
                format::plural(loaded.leaks as u64, "evaluated text", "evaluated texts")
            );
            finding_ui(ui, cx, &words, false);
        }
        problems_ui(ui, cx, &loaded.dataset);
    });
    chosen
}

fn short(finding: &Finding) -> String {
    match &finding.kind {
        FindingKind::Unreadable => "unreadable",
        FindingKind::EmptyText => "without a text",
        FindingKind::NoUsableLabel => "without a label",
        FindingKind::Duplicates => "duplicates",
        FindingKind::Contradictions => "contradictions",
        FindingKind::OneClass { .. } => "one class",
        FindingKind::Imbalance { .. } => "largest class",
        FindingKind::RareClasses { .. } => "rare classes",
        FindingKind::WithoutLabels => "no label applies",
    }
    .into()
}

/// One finding as a line that can be pressed to see its rows.
fn finding_ui(ui: &mut Ui, cx: &Cx<'_>, words: &str, can_show: bool) -> bool {
    let palette = cx.palette;
    let words = state::sentence(words);
    let width = ui.available_width();
    let galley = ui.painter().layout(words.clone(), theme::regular(size::BODY), palette.text, width - 42.0);
    let sense = if can_show { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(egui::vec2(width, galley.size().y + 12.0), sense);
    let role = if can_show { egui::Role::Button } else { egui::Role::Label };
    response.widget_info(|| egui::WidgetInfo::labeled(role, true, &words));
    if can_show && (response.hovered() || response.has_focus()) {
        ui.painter().rect_filled(rect.expand2(egui::vec2(6.0, 0.0)), 6.0, palette.hover);
    }
    let font = egui::FontId::new(17.0, ICON_WARNING.font_family());
    let at = egui::pos2(rect.left() + 9.0, rect.top() + 6.0 + 8.0);
    ui.painter().text(at, egui::Align2::CENTER_CENTER, ICON_WARNING.codepoint, font, palette.warn);
    ui.painter().galley(egui::pos2(rect.left() + 26.0, rect.top() + 6.0), galley, palette.text);
    let clicked = response.clicked();
    if can_show {
        response.on_hover_text("Show these rows");
    }
    clicked
}

/// Rows that were left out, with the line and the reason.
fn problems_ui(ui: &mut Ui, cx: &Cx<'_>, dataset: &Dataset) {
    let palette = cx.palette;
    let problems: usize = dataset.table.problems.len() + dataset.excluded.len();
    if problems == 0 {
        return;
    }
    ui.add_space(space::XS);
    let head = format!("{} left out", format::plural(problems as u64, "row", "rows"));
    crate::ui::widgets::fold::fold(ui, palette, &head, false, |ui| {
        let height = (problems.min(8) as f32) * 20.0;
        egui::ScrollArea::vertical().id_salt("problems").max_height(height).auto_shrink([false, true]).show_rows(
            ui,
            20.0,
            problems,
            |ui, range| {
                for place in range {
                    let unread = &dataset.table.problems;
                    let problem: &RowProblem =
                        if place < unread.len() { &unread[place] } else { &dataset.excluded[place - unread.len()] };
                    ui.horizontal(|ui| {
                        ui.set_height(18.0);
                        ui.label(text::number_dim(format!("line {}", problem.line), palette));
                        let reason = egui::Label::new(text::small(&problem.reason, palette)).truncate();
                        ui.add(reason);
                    });
                }
            },
        );
    });
}
