//! The examples that pass the filter, and one of them whole.

use egui::{Rect, ScrollArea, Ui, pos2, vec2};

use super::class_table::ClassTable;
use super::filter::{self, Filter, Filtered, Shown};
use super::list;
use crate::metrics::{Outcome, Prediction};
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::widgets::bars::{Bar, bars};
use crate::ui::widgets::confusion::Cell;
use crate::ui::widgets::pages::Pages;
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::slice::Slice;
use crate::ui::widgets::text::elided;
use crate::ui::widgets::{Chip, text};
use crate::ui::workspace::Offered;
use crate::ui::{Cx, format};
use crate::worker::protocol::EvaluatedData;

#[derive(Debug, Default)]
pub struct Examples {
    pub filter: Filter,
    /// None is right, so that there is nothing to choose between.
    all_are_wrong: bool,
    /// Index into the predictions; one that the list shows.
    pub selected: Option<usize>,
    shown: Shown,
    /// The example that is read, and the pages of its texts.
    read: Option<usize>,
    pages: [Pages; 2],
}

const ROW: f32 = 44.0;

impl Examples {
    /// Of which all are mistakes.
    pub fn of_mistakes() -> Self {
        Self { all_are_wrong: true, ..Self::default() }
    }

    /// Goes on with what the list shows; returns whether it is complete.
    pub fn go_on(&mut self, evaluated: &EvaluatedData, slice: &mut Slice) -> bool {
        let filter = &self.filter;
        if self.shown.go_on(filter, &filter.words, &Filtered { evaluated, filter }, slice) {
            self.shown.keep_inside(&mut self.selected);
        }
        self.shown.is_complete()
    }

    /// Narrows down to a cell of the matrix; the same again means all.
    pub fn choose_cell(&mut self, cell: Cell) {
        self.filter.class = None;
        self.filter.cell = (self.filter.cell != Some(cell)).then_some(cell);
    }

    /// Whoever points at an example wants to see it, and the list shows it too.
    pub fn point_at(&mut self, example: usize) {
        self.selected = Some(example);
        if !self.shown.rows.contains(&example) {
            self.filter.words.clear();
        }
    }

    /// The classes, of which one narrows down the list; the same again means all.
    pub fn table_ui(&mut self, ui: &mut Ui, evaluated: &EvaluatedData, table: &mut ClassTable, palette: &Palette) {
        let filter = &mut self.filter;
        if let Some(class) = table.ui(ui, &evaluated.evaluation, "Texts", filter.class, palette) {
            filter.class = (filter.class != Some(class)).then_some(class);
            filter.cell = None;
        }
    }

    pub fn list_ui(&mut self, ui: &mut Ui, evaluated: &EvaluatedData, palette: &Palette) {
        self.bar_ui(ui, evaluated, palette);
        let Self { filter, shown, selected, .. } = self;
        if shown.rows.is_empty() {
            let words = if filter.words.is_empty() && filter.cell.is_none() && filter.class.is_none() {
                "No mistakes in this evaluation"
            } else {
                "No matching examples"
            };
            list::nothing(ui, shown.nothing(words), palette);
            return;
        }
        list::rows(ui, "examples", &shown.rows, ROW, selected, |ui, row, selected| {
            row_ui(ui, evaluated, row, selected, palette)
        });
    }

    /// Filter to the left, search to the right; chips for what the matrix and the table have narrowed down to.
    fn bar_ui(&mut self, ui: &mut Ui, evaluated: &EvaluatedData, palette: &Palette) {
        let labels = &evaluated.evaluation.labels;
        let count = self.shown.count(evaluated.evaluation.predictions.len());
        let Filter { cell, class, only_mistakes, words, .. } = &mut self.filter;
        list::bar(ui, "Examples that contain", words, palette, |ui| {
            let narrowed = match (*cell, *class) {
                (Some((gold, predicted)), _) => Some(format!("{} → {}", name(labels, gold), name(labels, predicted))),
                (None, Some(class)) => Some(name(labels, class)),
                (None, None) => None,
            };
            if cell.is_none() && !self.all_are_wrong {
                let choices = [(true, "Mistakes"), (false, "All")];
                if let Some(only) = segmented(ui, palette, *only_mistakes, &choices, false) {
                    *only_mistakes = only;
                }
            }
            if list::narrowed_ui(ui, narrowed, count, palette) {
                (*cell, *class) = (None, None);
            }
        });
    }

    pub fn detail_ui(&mut self, ui: &mut Ui, evaluated: &EvaluatedData, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let found = self.selected.and_then(|row| Some((row, evaluated.evaluation.predictions.get(row)?)));
        let Some((row, said)) = found else { return list::unread(ui, "an example", palette) };
        if self.read != Some(row) {
            (self.read, self.pages) = (Some(row), [Pages::default(); 2]);
        }
        let empty = (String::new(), None);
        let (first, pair) = evaluated.texts.get(row).unwrap_or(&empty);
        let offered = || {
            let (task, no_answer) = (evaluated.evaluation.task, None);
            Offered { task, text: first.clone(), pair: pair.clone(), no_answer }
        };
        list::head(ui, evaluated, cx, offered, |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            verdict_ui(ui, evaluated, said, palette);
        });
        ui.add_space(2.0);
        let [first_pages, pair_pages] = &mut self.pages;
        ScrollArea::vertical().id_salt("example").auto_shrink([false, false]).show(ui, |ui| {
            text_ui(ui, "first text", first, first_pages, palette);
            if let Some(pair) = pair {
                ui.label(text::label("Second text", palette));
                text_ui(ui, "second text", pair, pair_pages, palette);
            }
            ui.add_space(space::S);
            scores_ui(ui, evaluated, said, palette);
        });
    }
}

/// A text, of which one page is laid out.
fn text_ui(ui: &mut Ui, name: &str, words: &str, pages: &mut Pages, palette: &Palette) {
    let page = pages.ui(ui, name, words, palette);
    ui.add(egui::Label::new(text::body(&words[page], palette)).wrap().selectable(true));
}

fn name(labels: &[String], class: usize) -> String {
    labels.get(class).cloned().unwrap_or_else(|| class.to_string())
}

/// The texts of an example in a line, no more than a line can show.
fn line_of((first, pair): &(String, Option<String>)) -> String {
    let first = text::beginning(first.chars());
    match pair {
        Some(pair) => format!("{first}  ·  {}", text::beginning(pair.chars())),
        None => first,
    }
}

/// Two lines: the text, and what is true against what was said.
fn row_ui(ui: &mut Ui, evaluated: &EvaluatedData, row: usize, selected: bool, palette: &Palette) -> bool {
    let Some(said) = evaluated.evaluation.predictions.get(row) else { return false };
    let words = evaluated.texts.get(row).map(line_of).unwrap_or_default();
    let gold = filter::outcome(&evaluated.evaluation, &said.gold);
    let predicted = filter::outcome(&evaluated.evaluation, &said.predicted);
    let label = format!("{words}, correct {gold}, predicted {predicted}");
    let (rect, is_pressed) = list::row(ui, ROW, &label, selected, palette);
    let painter = ui.painter();
    let inner = rect.shrink2(vec2(8.0, 5.0));
    let wrong = filter::is_mistake(said);
    let line = elided(painter, &words, theme::regular(size::BODY), palette.text, inner.width() - 66.0);
    painter.galley(inner.min, line, palette.text);
    let small = theme::medium(size::SMALL);
    let below = inner.bottom() - 14.0;
    let mut left = inner.left();
    let room = inner.width() - 80.0;
    let mut word = |words: &str, color, width: f32| {
        let galley = elided(painter, words, small.clone(), color, width);
        let wide = galley.size().x;
        painter.galley(pos2(left, below), galley, color);
        left += wide + 6.0;
    };
    word(&gold, palette.label(filter::color_index(&said.gold)), room * 0.45);
    if wrong {
        word("→", palette.text_faint, 20.0);
        word(&predicted, palette.label(filter::color_index(&said.predicted)), room * 0.45);
    }
    confidence_ui(ui, inner, said, wrong, palette);
    is_pressed
}

fn confidence_ui(ui: &Ui, inner: Rect, said: &Prediction, wrong: bool, palette: &Palette) {
    let painter = ui.painter();
    let color = if wrong { palette.bad } else { palette.good };
    let words = match (&said.gold, &said.predicted) {
        (Outcome::Value(gold), Outcome::Value(predicted)) => format!("{:+.2}", predicted - gold),
        _ => filter::confidence(said).map_or_else(String::new, format::percent),
    };
    let at = pos2(inner.right(), inner.top() + 8.0);
    painter.text(at, egui::Align2::RIGHT_CENTER, words, theme::number(size::BODY - 1.0), palette.text_dim);
    if let Some(share) = filter::confidence(said) {
        let track = Rect::from_min_max(
            pos2(inner.right() - 52.0, inner.bottom() - 9.0),
            pos2(inner.right(), inner.bottom() - 6.0),
        );
        painter.rect_filled(track, 1.5, palette.line);
        let filled = Rect::from_min_size(track.min, vec2(track.width() * share.clamp(0.0, 1.0) as f32, track.height()));
        painter.rect_filled(filled, 1.5, color);
    }
}

fn verdict_ui(ui: &mut Ui, evaluated: &EvaluatedData, said: &Prediction, palette: &Palette) {
    let gold = filter::outcome(&evaluated.evaluation, &said.gold);
    let predicted = filter::outcome(&evaluated.evaluation, &said.predicted);
    let half = ((ui.available_width() - 130.0) / 2.0).max(40.0);
    let chip =
        |words: String, outcome: &Outcome| Chip::class(words, filter::color_index(outcome), palette).max_width(half);
    ui.label(text::small("Correct label", palette));
    chip(gold, &said.gold).show(ui);
    ui.label(text::small("Predicted", palette));
    chip(predicted, &said.predicted).show(ui);
}

/// Every class with its probability, highest first.
fn scores_ui(ui: &mut Ui, evaluated: &EvaluatedData, said: &Prediction, palette: &Palette) {
    let labels = &evaluated.evaluation.labels;
    if labels.is_empty() || labels.len() != said.scores.len() {
        return;
    }
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|one, two| said.scores[*two].total_cmp(&said.scores[*one]));
    let gold = if let Outcome::Class(gold) = said.gold { Some(gold) } else { None };
    let most = 12;
    let shown: Vec<Bar<'_>> = order
        .iter()
        .enumerate()
        .filter(|(rank, class)| *rank < most || Some(**class) == gold)
        .map(|(rank, class)| {
            let is_strong = rank == 0 || Some(*class) == gold;
            Bar::of(&labels[*class], f64::from(said.scores[*class]), palette.label(*class), is_strong)
        })
        .collect();
    ui.spacing_mut().item_spacing.y = 0.0;
    bars(ui, &shown, ui.available_width() * 0.35, true, palette);
    if order.len() > shown.len() {
        let words = format!("{} more classes", format::count((order.len() - shown.len()) as u64));
        ui.label(text::faint(words, palette));
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;

    #[test]
    fn a_row_of_long_texts_is_short() {
        let long = "Ärger ".repeat(200_000);
        let line = line_of(&(long.clone(), Some(long.clone())));
        assert!(line.chars().count() < 700 && line.starts_with("Ärger Ärger"), "{} bytes", line.len());
        assert_eq!(line_of(&("one".into(), Some("two".into()))), "one  ·  two");
        assert_eq!(line_of(&("one".into(), None)), "one");
    }

    #[test]
    fn a_page_of_a_long_text_is_laid_out_and_not_the_text() {
        let mut harness = Harness::builder()
            .with_size(vec2(500.0, 400.0))
            .with_context_setup(crate::ui::fonts::dress)
            .build_ui_state(
                |ui, (pages, words): &mut (Pages, String)| text_ui(ui, "text", words, pages, Palette::of(true)),
                (Pages::default(), (0..60_000).map(|line| format!("Line {line} of it. ")).collect()),
            );
        harness.run_steps(2);
        let shown = |harness: &Harness<'_, (Pages, String)>, words: &str| {
            harness.query_all_by_label_contains(words).next().is_some()
        };
        assert!(shown(&harness, "Line 0 of it.") && !shown(&harness, "Line 1000 of it."));
        harness.get_by_label("Next page, text").click();
        harness.run_steps(4);
        assert!(shown(&harness, "Page 2 of") && !shown(&harness, "Line 0 of it."));
    }
}
