//! One word of the list: what it adds, what its labels say, and texts it stands in, from which one goes to Data and to Why.

use std::sync::Arc;

use egui::{Label, ScrollArea, Ui};

use super::table::signed;
use crate::analysis::map::rows::label;
use crate::analysis::words::{Question, Told, Words as Weighed};
use crate::inspect::gold;
use crate::task::Targets;
use crate::ui::panels::explore::view::Changed;
use crate::ui::panels::explore::words::Words;
use crate::ui::theme::space;
use crate::ui::widgets::{Button, Card, Chip, line, text};
use crate::ui::{Action, Cx, format};

/// Letters of a text that are shown.
const LETTERS: usize = 400;

pub fn ui(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    question: &Question,
    found: &Weighed,
    output: usize,
    told: Option<&Told>,
) -> Changed {
    let palette = cx.palette;
    let Some(told) = told else {
        ui.label(text::dim("Press a word to see where it stands and how it is labelled", palette));
        return Changed::No;
    };
    let mut changed = Changed::No;
    ScrollArea::vertical().id_salt("one word").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::S;
        ui.label(text::title(found.shown(told.word), palette));
        ui.add(Label::new(text::body(adds(found, output, told), palette)).wrap());
        for words in [labels(found, output, told), surprise(told)].into_iter().flatten() {
            ui.add(Label::new(text::dim(words, palette)).wrap());
        }
        let examples = found.words[told.word].examples.len();
        let press = format!("Show {} in Data", format::plural(examples as u64, "row", "rows"));
        if Button::new(press).show(ui, palette).clicked() {
            let rows = found.rows_with(told.word, &question.wanted.data);
            cx.act(Action::ShowRows(Arc::new(rows), format!("with \u{201c}{}\u{201d}", found.words[told.word].text)));
        }
        let Some(pulled) = found.words[told.word].pull(output) else { return };
        let mut texts = vec![("Adds most in", pulled.most)];
        if pulled.least.1 != pulled.most.1 {
            texts.push(("Adds least in", pulled.least));
        }
        for (title, (pull, example)) in texts {
            if let Some(words) = text_ui(ui, cx, question, title, pull, example as usize) {
                changed = Changed::Show("why", words);
            }
        }
    });
    changed
}

/// A text with the word. Returns it where it is to be explained.
fn text_ui(ui: &mut Ui, cx: &Cx<'_>, question: &Question, title: &str, pull: f64, example: usize) -> Option<Words> {
    let palette = cx.palette;
    let row = gold::row(&question.wanted.data, example);
    let mut pressed = false;
    Card::new().show(ui, palette, |ui| {
        line::line(ui, 24.0, |ui| {
            let why = Button::new("Why").small().name(format!("Why, where it {}", title.to_lowercase()));
            pressed = why.show(ui, palette).on_hover_text("Explains what the model says of this text").clicked();
            ui.label(text::number(signed(pull, 3), palette));
            line::left(ui, |ui| ui.label(text::strong(title, palette)));
        });
        ui.horizontal_wrapped(|ui| {
            ui.label(text::number_dim(format!("line {}", question.wanted.data.line(example)), palette));
            if let Some(label) = label(&question.wanted.data, example).filter(|label| !label.is_empty()) {
                Chip::neutral(label, palette).max_width(180.0).show(ui);
            }
        });
        let whole = Words { text: row.text.clone(), pair: row.pair.clone() }.line();
        let mut shown: String = whole.chars().take(LETTERS).collect();
        if shown.len() < whole.len() {
            shown.push('…');
        }
        ui.add(Label::new(text::body(shown, palette)).wrap());
    });
    pressed.then_some(Words { text: row.text, pair: row.pair })
}

fn adds(found: &Weighed, output: usize, told: &Told) -> String {
    let what = match found.task.targets() {
        Targets::Number => "the number that the model says".to_owned(),
        Targets::Class | Targets::Classes | Targets::Tags | Targets::Span | Targets::Hidden | Targets::Replaced => {
            format!("the logit of {}", found.outputs[output].name)
        }
    };
    let interval = told
        .interval
        .map_or_else(String::new, |(low, high)| format!(" (95 % interval {} to {})", signed(low, 3), signed(high, 3)));
    format!(
        "It adds {} to {what} on average over {}{interval}, and {} in all of them together.",
        signed(told.mean, 3),
        format::plural(u64::from(told.rows), "text", "texts"),
        signed(told.total, 1)
    )
}

/// What the labels say of it.
fn labels(found: &Weighed, output: usize, told: &Told) -> Option<String> {
    let (own, all) = (&found.words[told.word].labels, &found.labels);
    let name = &found.outputs[output].name;
    let share = |hits: u32, count: u32| format::percent(f64::from(hits) / f64::from(count.max(1)));
    told.labels?;
    match found.task.targets() {
        Targets::Class | Targets::Classes => Some(format!(
            "{} of the {} with it are labelled {name} ({}), and {} of all.",
            format::count(u64::from(own.of(output))),
            format::plural(u64::from(own.count), "text", "texts"),
            share(own.of(output), own.count),
            share(all.of(output), all.count)
        )),
        Targets::Tags => Some(format!(
            "At {} of its {} it is tagged {name} ({}), and so are {} of all words.",
            format::count(u64::from(own.of(output))),
            format::plural(u64::from(own.count), "place", "places"),
            share(own.of(output), own.count),
            share(all.of(output), all.count)
        )),
        Targets::Number => Some(format!(
            "The numbers of the texts with it are {} on average, and those of all {}.",
            format::value(own.values / f64::from(own.count.max(1))),
            format::value(all.values / f64::from(all.count.max(1)))
        )),
        Targets::Span | Targets::Hidden | Targets::Replaced => None,
    }
}

fn surprise(told: &Told) -> Option<String> {
    let far = told.surprise?;
    let way = if far < 0.0 { "less" } else { "more" };
    Some(format!(
        "It pulls {way} than its labels suggest, {:.1} times as far as such words usually scatter.",
        far.abs()
    ))
}
