//! What the model says of whole texts: a bar for each class, a number, or both orders of a pair.

use egui::{Align, Layout, RichText, ScrollArea, Ui, vec2};

use super::millis_ui;
use crate::inspect::explore::Orders;
use crate::inspect::{Answer, Prediction};
use crate::task::Task;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::bars::{self, Bar, bars};
use crate::ui::widgets::{Button, state, text};
use crate::ui::{Cx, format};

/// Classes that are shown before the rest is asked for.
const FIRST: usize = 12;

/// What the model says of a text or a pair, or why it cannot.
pub fn ui(ui: &mut Ui, answer: Option<&Answer>, fresh: bool, all: &mut bool, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let explore = &cx.workspace.explore;
    if let Some(error) = &explore.error {
        state::error(ui, palette, "The model cannot answer", error, |_| {});
        return;
    }
    let Some(answer) = answer else {
        ui.add_space((ui.available_height() - 40.0).max(0.0) * 0.4);
        let words = if explore.pending.is_some() { "Asking…" } else { "The prediction appears here while you type" };
        ui.vertical_centered(|ui| ui.label(text::dim(words, palette)));
        return;
    };
    // The old answer stays in sight while the next one is on its way: emptiness would flicker at every key.
    if !fresh {
        ui.multiply_opacity(0.75);
    }
    match &answer.result {
        Prediction::Classes(classes) => {
            let lines = classes.iter().enumerate().map(|(rank, (name, share))| Line {
                name,
                share: *share,
                strong: rank == 0,
                mark: None,
            });
            list_ui(ui, answer, &lines.collect::<Vec<_>>(), all, palette);
        }
        Prediction::Labels(labels) => {
            let lines = labels.iter().map(|one| Line {
                name: &one.label,
                share: one.share,
                strong: one.applies(),
                mark: Some(f64::from(one.threshold)),
            });
            list_ui(ui, answer, &lines.collect::<Vec<_>>(), all, palette);
        }
        Prediction::Value(value) => {
            head_ui(ui, answer, palette, |ui| {
                ui.label(RichText::new(format!("{value:.3}")).font(theme::number_medium(28.0)).color(palette.text));
            });
        }
        Prediction::Orders(orders) => orders_ui(ui, answer, orders, palette),
        _ => {}
    }
}

/// Both orders side by side, so that one sees whether the order is what the model goes by.
fn orders_ui(ui: &mut Ui, answer: &Answer, orders: &Orders, palette: &Palette) {
    let hoped = orders.given.first().map_or(0.0, |(_, share)| *share);
    head_ui(ui, answer, palette, |ui| {
        let (yes, no) = match answer.task {
            Task::Nsp => ("The second follows the first", "The second does not follow"),
            _ => ("In their order", "Swapped"),
        };
        let (words, color) = if hoped >= 0.5 { (yes, palette.good) } else { (no, palette.warn) };
        ui.label(RichText::new(words).font(theme::semibold(size::TITLE)).color(color));
        let sure = format::percent(hoped.max(1.0 - hoped));
        ui.label(RichText::new(sure).font(theme::number(size::HEAD)).color(palette.text_dim));
    });
    ui.add_space(4.0);
    let both = [("As they stand", &orders.given), ("The other way round", &orders.swapped)];
    ui.spacing_mut().item_spacing = vec2(24.0, 2.0);
    ui.columns(2, |columns| {
        for (ui, (name, shares)) in columns.iter_mut().zip(both) {
            order_ui(ui, name, shares, palette);
        }
    });
}

fn order_ui(ui: &mut Ui, name: &str, shares: &[(String, f64)], palette: &Palette) {
    ui.label(text::label(name, palette));
    let titles: Vec<String> = shares.iter().map(|(name, _)| title(name)).collect();
    let list: Vec<Bar<'_>> = shares
        .iter()
        .zip(&titles)
        .enumerate()
        .map(|(place, ((_, share), title))| Bar {
            name: title,
            share: *share,
            value: format::percent(*share),
            color: palette.label(2 - 2 * place.min(1)),
            strong: *share >= 0.5,
            mark: None,
        })
        .collect();
    let width = bars::name_width(ui, list.iter().map(|bar| bar.name), ui.available_width() * 0.35);
    ui.push_id(name, |ui| bars(ui, &list, width, false, palette));
}

/// The name of an output of the two heads on the order of texts.
fn title(label: &str) -> String {
    match label {
        "is_next" => "follows".into(),
        "not_next" => "does not follow".into(),
        "in_order" => "in order".into(),
        other => other.into(),
    }
}

/// The verdict to the left, how long it took to the right.
fn head_ui(ui: &mut Ui, answer: &Answer, palette: &Palette, verdict: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(ui.available_width(), 34.0), Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_height(34.0);
        millis_ui(ui, Some(answer), palette);
        ui.with_layout(Layout::left_to_right(Align::Center), verdict);
    });
}

/// A class or a label in the list.
struct Line<'a> {
    name: &'a str,
    share: f64,
    /// Said of the text.
    strong: bool,
    /// The share from which on a label applies.
    mark: Option<f64>,
}

fn list_ui(ui: &mut Ui, answer: &Answer, lines: &[Line<'_>], all: &mut bool, palette: &Palette) {
    // Colours belong to names, not to ranks, so that a bar keeps its colour when the order changes.
    let mut names: Vec<&str> = lines.iter().map(|line| line.name).collect();
    names.sort_unstable();
    let color = |name: &str| palette.label(names.binary_search(&name).unwrap_or(0));
    head_ui(ui, answer, palette, |ui| {
        if matches!(answer.result, Prediction::Labels(_)) {
            let given = lines.iter().filter(|line| line.strong).count();
            let words = format::plural(given as u64, "label", "labels");
            ui.label(text::head(words, palette));
        } else if let Some(Line { name, share, .. }) = lines.first() {
            let label = RichText::new(*name).font(theme::semibold(size::TITLE)).color(color(name));
            ui.add(egui::Label::new(label).truncate());
            ui.label(RichText::new(format::percent(*share)).font(theme::number(size::HEAD)).color(palette.text_dim));
        }
    });
    ui.add_space(4.0);
    let shown = if *all { lines.len() } else { lines.len().min(FIRST) };
    let list: Vec<Bar<'_>> = lines[..shown]
        .iter()
        .map(|line| Bar {
            name: line.name,
            share: line.share,
            value: format::percent(line.share),
            color: color(line.name),
            strong: line.strong,
            mark: line.mark,
        })
        .collect();
    ScrollArea::vertical().id_salt("classes said").auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let width = bars::name_width(ui, list.iter().map(|bar| bar.name), ui.available_width() * 0.35);
        bars(ui, &list, width, false, palette);
        if lines.len() > FIRST {
            let words = if *all {
                "Show fewer classes".into()
            } else {
                format!("Show {} more classes", format::count((lines.len() - FIRST) as u64))
            };
            if Button::new(words).quiet().small().show(ui, palette).clicked() {
                *all = !*all;
            }
        }
    });
}
