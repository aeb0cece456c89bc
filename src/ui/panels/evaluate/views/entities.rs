//! Named entities: which fates entities met, and the sentences where that happened, with what is true above the words and
//! what was said below.

use std::borrow::Cow;
use std::ops::Range;

use egui::{Rect, ScrollArea, Ui, pos2, vec2};

use crate::metrics::{Entity, EntityError, EntityErrorKind, EntityReport, Evaluation, Outcome};
use crate::task::Task;
use crate::ui::panels::evaluate::class_table::ClassTable;
use crate::ui::panels::evaluate::found::{Candidate, Found, Source};
use crate::ui::panels::evaluate::list;
use crate::ui::panels::evaluate::view::{Kind, View};
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::tiles::Pane;
use crate::ui::widgets::bars::{Bar, bars};
use crate::ui::widgets::confusion::{Matrix, MatrixView};
use crate::ui::widgets::count_grid::{Grid, count_grid};
use crate::ui::widgets::entity_lanes::{LINE, Lanes, Span, lane_row, lanes};
use crate::ui::widgets::pages::Pages;
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::slice::Slice;
use crate::ui::widgets::text::elided;
use crate::ui::widgets::{Chip, text};
use crate::ui::workspace::Offered;
use crate::ui::{Cx, format};
use crate::worker::protocol::EvaluatedData;

pub const KIND: Kind =
    Kind { tasks: &[Task::Ner], rows: ("sentence", "sentences"), make: || Box::new(Entities::default()) };

const ANATOMY: Pane = Pane::new("matrix", "Anatomy of the mistakes");
const TYPES: Pane = Pane::new("classes", "Types");
const LIST: Pane = Pane::new("examples", "Sentences");
const WHOLE: Pane = Pane::new("example", "Sentence");

/// What the list is narrowed down to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Filter {
    kind: Option<EntityErrorKind>,
    class: Option<usize>,
    /// A true type and what it was taken for; the last index is no entity.
    cell: Option<(usize, usize)>,
    words: String,
    every_sentence: bool,
}

/// A line of the list: a sentence, and the mistake that it is listed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    prediction: usize,
    error: Option<usize>,
}

#[derive(Debug, Default)]
struct Entities {
    table: ClassTable,
    filter: Filter,
    found: Found<Filter, Row>,
    selected: Option<Row>,
    reading: Reading,
    matrix: MatrixView,
    as_matrix: bool,
    /// The names of the types with "none".
    names: Vec<String>,
}

/// The sentence that is read.
#[derive(Debug, Default)]
struct Reading {
    row: Option<Row>,
    /// The mistakes that were made in it.
    errors: Vec<usize>,
    pages: Pages,
}

/// Mistakes of one sentence that are listed.
const MISTAKES: usize = 40;

/// Words before and after a mistake that a line of the list may have room for.
const AROUND: usize = 400;

const FATES: [&str; 6] = ["Correct", "Missed", "Spurious", "Type", "Boundary", "Both"];

/// Height of a line of the list.
const ROW: f32 = LINE + 22.0;

impl View for Entities {
    fn panes(&self) -> Option<[Pane; 4]> {
        Some([ANATOMY, TYPES, LIST, WHOLE])
    }

    fn follow(&mut self, evaluated: &EvaluatedData) {
        *self = Self { table: std::mem::take(&mut self.table), ..Self::default() };
        if let Some(report) = &evaluated.evaluation.entities {
            self.names = report.types.iter().cloned().chain(["none".to_owned()]).collect();
        }
    }

    fn go_on(&mut self, evaluated: &EvaluatedData, slice: &mut Slice) -> bool {
        let Some(report) = &evaluated.evaluation.entities else { return true };
        let filter = &self.filter;
        if self.found.go_on(filter, &filter.words, &Sentences { report, filter }, slice) {
            self.found.keep_inside(&mut self.selected);
        }
        self.found.is_complete()
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, evaluated: &EvaluatedData, cx: &mut Cx<'_>) {
        let evaluation = &evaluated.evaluation;
        let Some(report) = &evaluation.entities else { return };
        match pane {
            ANATOMY => self.anatomy_ui(ui, report, cx.palette),
            TYPES => {
                if let Some(class) = self.table.ui(ui, evaluation, "Entities", self.filter.class, cx.palette) {
                    self.choose_class(class);
                }
            }
            LIST => self.list_ui(ui, evaluation, report, cx.palette),
            _ => self.detail_ui(ui, evaluated, report, cx),
        }
    }
}

impl Entities {
    /// Narrows down to a type; the same again means all.
    fn choose_class(&mut self, class: usize) {
        let alone = Filter { class: Some(class), words: self.filter.words.clone(), ..Filter::default() };
        let class = (self.filter != alone).then_some(class);
        self.filter = Filter { class, words: std::mem::take(&mut self.filter.words), ..Filter::default() };
    }

    /// How many entities met each fate, in all and by type.
    fn anatomy_ui(&mut self, ui: &mut Ui, report: &EntityReport, palette: &Palette) {
        ui.horizontal(|ui| {
            let choices = [(false, "Kinds"), (true, "Confusion")];
            if let Some(as_matrix) = segmented(ui, palette, self.as_matrix, &choices, false) {
                self.as_matrix = as_matrix;
            }
            let hint = if self.as_matrix {
                "Rows are correct types, columns predicted types".to_owned()
            } else {
                let stray = report.stray_tags;
                let words = format::plural(stray, "I- tag", "I- tags");
                if stray == 0 { "Every entity counts once".into() } else { format!("{words} without a B-") }
            };
            ui.add(egui::Label::new(text::faint(hint, palette)).truncate());
        });
        ui.add_space(space::XS);
        if self.as_matrix {
            let selected = self.filter.cell;
            let matrix = Matrix { counts: &report.confusion, labels: &self.names, percent: false, selected };
            if let Some(cell) = self.matrix.ui(ui, &matrix, palette) {
                let cell = (self.filter.cell != Some(cell)).then_some(cell);
                self.filter = Filter { cell, words: std::mem::take(&mut self.filter.words), ..Filter::default() };
            }
            return;
        }
        self.fates_ui(ui, report, palette);
        ui.add_space(space::S);
        let counts = |row: usize, fate: usize| match fate.checked_sub(1) {
            None => report.per_type[row].correct,
            Some(kind) => report.per_type[row].of(EntityErrorKind::ALL[kind]),
        };
        let place = |kind: EntityErrorKind| EntityErrorKind::ALL.iter().position(|known| *known == kind);
        let selected = self.filter.class.zip(self.filter.kind.and_then(place)).map(|(row, kind)| (row, kind + 1));
        let grid = Grid { rows: &report.types, columns: &FATES, counts: &counts, selected };
        if let Some((row, fate)) = count_grid(ui, &grid, palette) {
            let kind = fate.checked_sub(1).map(|kind| EntityErrorKind::ALL[kind]);
            let same = (self.filter.class, self.filter.kind) == (Some(row), kind);
            let (class, kind) = if same { (None, None) } else { (Some(row), kind) };
            self.filter = Filter { class, kind, words: std::mem::take(&mut self.filter.words), ..Filter::default() };
        }
    }

    fn fates_ui(&mut self, ui: &mut Ui, report: &EntityReport, palette: &Palette) {
        let all = (report.totals.correct + report.totals.errors()).max(1);
        let bar = |name, count: u64, color, strong| Bar {
            name,
            share: count as f64 / all as f64,
            value: format::count(count),
            color,
            strong,
            mark: None,
        };
        let correct = bar("Correct", report.totals.correct, palette.good, false);
        let chosen = self.filter.kind;
        let mistakes = EntityErrorKind::ALL
            .map(|kind| bar(kind.title(), report.totals.of(kind), palette.bad, chosen.is_none_or(|one| one == kind)));
        let shown: Vec<Bar<'_>> = std::iter::once(correct).chain(mistakes).collect();
        let pressed = ui
            .scope(|ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                bars(ui, &shown, ui.available_width() * 0.4, true, palette)
            })
            .inner;
        if let Some(pressed) = pressed {
            let kind =
                pressed.checked_sub(1).map(|kind| EntityErrorKind::ALL[kind]).filter(|kind| Some(*kind) != chosen);
            self.filter = Filter { kind, words: std::mem::take(&mut self.filter.words), ..Filter::default() };
        }
    }

    fn list_ui(&mut self, ui: &mut Ui, evaluation: &Evaluation, report: &EntityReport, palette: &Palette) {
        // What the bar changes is looked for in the next frame.
        self.bar_ui(ui, report, palette);
        let rows = &self.found.rows;
        if rows.is_empty() {
            let nothing = Filter { words: String::new(), ..self.filter.clone() } == Filter::default();
            let words = if nothing { "No mistakes in this evaluation" } else { "No matching sentences" };
            list::nothing(ui, self.found.nothing(words), palette);
        } else {
            list::rows(ui, "sentences", rows, ROW, &mut self.selected, |ui, row, selected| {
                row_ui(ui, evaluation, report, row, selected, palette)
            });
        }
    }

    fn bar_ui(&mut self, ui: &mut Ui, report: &EntityReport, palette: &Palette) {
        let narrowed = self.narrowed(report);
        let every_sentence = self.filter.every_sentence;
        let count = self.found.count(if every_sentence { report.words.len() } else { report.errors.len() });
        let mut next = None;
        list::bar(ui, "Sentences that contain", &mut self.filter.words, palette, |ui| {
            let choices = [(false, "Mistakes"), (true, "All sentences")];
            if let Some(every_sentence) = segmented(ui, palette, every_sentence, &choices, false) {
                next = Some(Filter { every_sentence, ..Filter::default() });
            }
            if list::narrowed_ui(ui, narrowed, count, palette) {
                next = Some(Filter::default());
            }
        });
        if let Some(next) = next {
            self.filter = Filter { words: std::mem::take(&mut self.filter.words), ..next };
        }
    }

    /// The filter in words.
    fn narrowed(&self, report: &EntityReport) -> Option<String> {
        if let Some((gold, predicted)) = self.filter.cell {
            let name = |class: usize| self.names.get(class).map_or("none", String::as_str);
            return Some(format!("{} → {}", name(gold), name(predicted)));
        }
        let class = self.filter.class.and_then(|class| report.types.get(class)).cloned();
        let kind = self.filter.kind.map(|kind| kind.title().to_lowercase());
        match (class, kind) {
            (None, None) => None,
            (class, kind) => Some(class.into_iter().chain(kind).collect::<Vec<_>>().join(" ")),
        }
    }

    fn detail_ui(&mut self, ui: &mut Ui, evaluated: &EvaluatedData, report: &EntityReport, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let evaluation = &evaluated.evaluation;
        let Some(row) = self.selected else { return list::unread(ui, "a sentence", palette) };
        let Some(words) = report.words.get(row.prediction) else { return };
        self.reading.follow(report, row, words.len());
        let offered = || Offered { task: evaluation.task, text: words.join(" "), pair: None, no_answer: None };
        list::head(ui, evaluated, cx, offered, |ui| {
            let hint = "Correct labels above the words, predictions below";
            ui.add(egui::Label::new(text::small(hint, palette)).truncate());
        });
        ScrollArea::vertical().id_salt("sentence").auto_shrink([false, false]).show(ui, |ui| {
            let page = self.reading.pages.words_ui(ui, "sentence", words.len(), palette);
            let drawn = cut(&lanes_of(evaluation, report, row.prediction, &page), &page);
            lanes(ui, &drawn.words.join(" "), &drawn, palette);
            ui.add_space(space::S);
            let own = &self.reading.errors;
            for error in own.iter().take(MISTAKES).filter_map(|error| report.errors.get(*error)) {
                ui.horizontal(|ui| {
                    Chip::bad(error.kind.title(), palette).max_width(190.0).show(ui);
                    ui.add(egui::Label::new(text::small(sentence(report, words, error), palette)).truncate());
                });
            }
            if let Some(more @ 1..) = own.len().checked_sub(MISTAKES) {
                let words = format!("and {}", format::plural(more as u64, "more mistake", "more mistakes"));
                ui.label(text::faint(words, palette));
            }
        });
    }
}

impl Reading {
    /// Another row begins with the page of its mistake.
    fn follow(&mut self, report: &EntityReport, row: Row, words: usize) {
        if self.row == Some(row) {
            return;
        }
        if self.row.is_none_or(|before| before.prediction != row.prediction) {
            let own = report.errors.iter().enumerate().filter(|(_, error)| error.prediction == row.prediction);
            self.errors = own.map(|(place, _)| place).collect();
        }
        self.row = Some(row);
        let error = row.error.and_then(|error| report.errors.get(error));
        self.pages.turn_to_word(words, error.map_or(0, |error| place_of(error).start));
    }
}

/// The words that a mistake is about.
fn place_of(error: &EntityError) -> Range<usize> {
    error.predicted.or(error.gold).map_or(0..0, |entity| entity.start..entity.end)
}

/// The sentences with what they are filtered by.
#[derive(Clone, Copy, Debug)]
struct Sentences<'a> {
    report: &'a EntityReport,
    filter: &'a Filter,
}

impl Source for Sentences<'_> {
    type Row = Row;
    const TEXTS: usize = 1;

    fn predictions(&self) -> usize {
        self.report.words.len()
    }

    fn text(&self, prediction: usize, _: usize) -> Cow<'_, str> {
        Cow::Owned(self.report.words[prediction].join(" "))
    }

    fn candidates(&self) -> usize {
        if self.filter.every_sentence { self.report.words.len() } else { self.report.errors.len() }
    }

    /// In the order of the sentences or of the mistakes.
    fn candidate(&self, place: usize) -> Option<Candidate<Row>> {
        let row = if self.filter.every_sentence {
            Row { prediction: place, error: None }
        } else {
            let error = &self.report.errors[place];
            self.passes(error).then_some(Row { prediction: error.prediction, error: Some(place) })?
        };
        Some(Candidate { row, prediction: row.prediction, key: [0.0; 2] })
    }
}

impl Sentences<'_> {
    fn passes(&self, error: &EntityError) -> bool {
        let filter = self.filter;
        let class = |entity: Option<Entity>| entity.map_or(self.report.types.len(), |entity| entity.class);
        let own = class(error.gold.or(error.predicted));
        filter.kind.is_none_or(|kind| kind == error.kind)
            && filter.class.is_none_or(|class| class == own)
            && filter.cell.is_none_or(|cell| cell == (class(error.gold), class(error.predicted)))
    }
}

fn same(one: &Entity, two: &Entity) -> bool {
    (one.class, one.start, one.end) == (two.class, two.start, two.end)
}

fn entities_in(outcome: &Outcome) -> &[Entity] {
    if let Outcome::Entities { entities } = outcome { entities } else { &[] }
}

/// What is true of a sentence and what was said of it.
fn entities_of(evaluation: &Evaluation, prediction: usize) -> [&[Entity]; 2] {
    let Some(said) = evaluation.predictions.get(prediction) else { return [&[], &[]] };
    [entities_in(&said.gold), entities_in(&said.predicted)]
}

/// A sentence with the entities that stand in some of its words. Those of a lane are in the order of the words.
fn lanes_of<'a>(
    evaluation: &'a Evaluation,
    report: &'a EntityReport,
    prediction: usize,
    around: &Range<usize>,
) -> Lanes<'a> {
    let [gold, predicted] = entities_of(evaluation, prediction);
    let spans = |own: &[Entity], others: &[Entity]| {
        let first = own.partition_point(|entity| entity.end <= around.start);
        let near = own[first..].iter().take_while(|entity| entity.start < around.end);
        let span = |entity: &Entity| {
            let other = others.binary_search_by_key(&entity.start, |other| other.start);
            Span {
                words: entity.start..entity.end,
                label: report.types.get(entity.class).map_or("", String::as_str),
                class: entity.class,
                wrong: !other.is_ok_and(|other| same(entity, &others[other])),
            }
        };
        near.map(span).collect::<Vec<_>>()
    };
    Lanes {
        words: report.words.get(prediction).map_or(&[], Vec::as_slice),
        gold: spans(gold, predicted),
        predicted: spans(predicted, gold),
    }
}

/// A page of a sentence.
fn cut<'a>(lanes: &Lanes<'a>, page: &Range<usize>) -> Lanes<'a> {
    let moved = |span: &Span<'a>| {
        let words = span.words.start.saturating_sub(page.start)..span.words.end.saturating_sub(page.start);
        Span { words, ..span.clone() }
    };
    Lanes {
        words: lanes.words.get(page.clone()).unwrap_or_default(),
        gold: lanes.gold.iter().map(moved).collect(),
        predicted: lanes.predicted.iter().map(moved).collect(),
    }
}

/// Words in a line, no more than a line can show.
fn line_of(words: &[String]) -> String {
    let words = words.iter().enumerate();
    text::beginning(words.flat_map(|(place, word)| (place > 0).then_some(' ').into_iter().chain(word.chars())))
}

/// A mistake in words: `PER Ada → ORG Ada Lovelace, 83.0 %`.
fn sentence(report: &EntityReport, words: &[String], error: &EntityError) -> String {
    let entity = |entity: &Entity| {
        let name = report.types.get(entity.class).map_or("", String::as_str);
        let span = words.get(entity.start..entity.end.min(words.len())).unwrap_or_default();
        format!("{name} {}", line_of(span))
    };
    let sure = format::percent(f64::from(error.score));
    match (&error.gold, &error.predicted) {
        (Some(gold), Some(predicted)) => format!("{} → {}, {sure}", entity(gold), entity(predicted)),
        (Some(one), None) | (None, Some(one)) => format!("{}, {sure}", entity(one)),
        (None, None) => sure,
    }
}

/// The sentence between its lanes, around the mistake; what it is and how sure the model was.
fn row_ui(
    ui: &mut Ui,
    evaluation: &Evaluation,
    report: &EntityReport,
    row: Row,
    selected: bool,
    palette: &Palette,
) -> bool {
    let error = row.error.and_then(|error| report.errors.get(error));
    let focus = error.map_or(0..0, place_of);
    let around = focus.start.saturating_sub(AROUND)..focus.start.saturating_add(AROUND);
    let drawn = lanes_of(evaluation, report, row.prediction, &around);
    let words = error.map(|error| sentence(report, drawn.words, error));
    let said = match (&words, error) {
        (Some(words), Some(error)) => format!("{}: {words}", error.kind.title()),
        _ => line_of(drawn.words),
    };
    let (rect, is_pressed) = list::row(ui, ROW, &said, selected, palette);
    let inner = rect.shrink2(vec2(8.0, 3.0));
    let line = Rect::from_min_size(inner.min, vec2(inner.width(), LINE));
    lane_row(ui, line, &drawn, &focus, palette);
    let painter = ui.painter();
    let below = inner.bottom() - 15.0;
    if let (Some(error), Some(words)) = (error, words) {
        let small = theme::medium(size::SMALL);
        let kind = elided(painter, error.kind.title(), small, palette.bad, inner.width() * 0.5);
        let after = inner.left() + kind.size().x + 8.0;
        painter.galley(pos2(inner.left(), below), kind, palette.bad);
        let rest = theme::regular(size::SMALL);
        let words = elided(painter, &words, rest, palette.text_dim, (inner.right() - after).max(0.0));
        painter.galley(pos2(after, below), words, palette.text_dim);
    } else {
        let [gold, predicted] = entities_of(evaluation, row.prediction);
        let wrong = gold.len() != predicted.len() || gold.iter().zip(predicted).any(|(one, two)| !same(one, two));
        let (words, color) = if wrong { ("Has mistakes", palette.bad) } else { ("Right", palette.good) };
        let words = elided(painter, words, theme::medium(size::SMALL), color, inner.width());
        painter.galley(pos2(inner.left(), below), words, color);
    }
    is_pressed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{TaggedSentence, evaluate_entities};
    use crate::ui::panels::evaluate::found::at_once;

    fn evaluation() -> Evaluation {
        let labels = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"].map(str::to_owned);
        let sentence = |words: &str, gold: &[u32], predicted: &[u32], score: f32| TaggedSentence {
            example: 0,
            words: words.split(' ').map(str::to_owned).collect(),
            gold: gold.to_vec(),
            predicted: predicted.to_vec(),
            scores: vec![score; gold.len()],
        };
        let sentences = vec![
            sentence("Ada saw Paris", &[3, 0, 1], &[3, 0, 0], 0.6),
            sentence("New York slept", &[1, 2, 0], &[1, 0, 0], 0.9),
            sentence("Paris wept", &[3, 0], &[1, 0], 0.7),
        ];
        evaluate_entities(&labels, sentences, 0.1)
    }

    #[test]
    fn the_list_holds_what_the_bars_and_cells_count() {
        let evaluation = evaluation();
        let report = evaluation.entities.as_ref().unwrap();
        let found = |filter: Filter| at_once(&filter.words, &Sentences { report, filter: &filter });
        let all: Vec<usize> = found(Filter::default()).iter().map(|row| row.prediction).collect();
        assert_eq!(all, [1, 2, 0], "the most confident mistake comes first");
        for kind in EntityErrorKind::ALL {
            assert_eq!(found(Filter { kind: Some(kind), ..Filter::default() }).len() as u64, report.totals.of(kind));
            for class in 0..report.types.len() {
                let filter = Filter { kind: Some(kind), class: Some(class), ..Filter::default() };
                assert_eq!(found(filter).len() as u64, report.per_type[class].of(kind));
            }
        }
        assert_eq!(found(Filter { cell: Some((1, 0)), ..Filter::default() }).len(), 1);
        assert_eq!(found(Filter { words: "PARIS W".into(), ..Filter::default() }).len(), 1);
        assert_eq!(found(Filter { every_sentence: true, ..Filter::default() }).len(), 3);
    }

    #[test]
    fn a_mistake_reads_as_what_is_true_and_what_was_said() {
        let evaluation = evaluation();
        let report = evaluation.entities.as_ref().unwrap();
        let words: Vec<String> =
            report.errors.iter().map(|error| sentence(report, &report.words[error.prediction], error)).collect();
        assert_eq!(words, ["LOC New York → LOC New, 90.0 %", "PER Paris → LOC Paris, 70.0 %", "LOC Paris, 60.0 %"]);
    }

    #[test]
    fn of_a_long_sentence_only_what_is_near_is_drawn() {
        let labels = ["O", "B-LOC"].map(str::to_owned);
        let all = 20_000;
        // An entity every ten words, of which one is missed.
        let gold: Vec<u32> = (0..all).map(|word| u32::from(word % 10 == 0)).collect();
        let mut predicted = gold.clone();
        predicted[14_000] = 0;
        let words = (0..all).map(|word| format!("w{word}")).collect();
        let scores = vec![0.9; all];
        let sentence = TaggedSentence { example: 0, words, gold, predicted, scores };
        let evaluation = evaluate_entities(&labels, vec![sentence], 0.1);
        let report = evaluation.entities.as_ref().unwrap();
        assert!(line_of(&report.words[0]).starts_with("w0 w1 w2") && line_of(&report.words[0]).chars().count() < 400);
        let mut reading = Reading::default();
        reading.follow(report, Row { prediction: 0, error: Some(0) }, all);
        assert_eq!(reading.errors, [0]);
        let around = 13_995..14_025;
        let near = lanes_of(&evaluation, report, 0, &around);
        let starts = |spans: &[Span<'_>]| spans.iter().map(|span| (span.words.start, span.wrong)).collect::<Vec<_>>();
        assert_eq!(starts(&near.gold), [(14_000, true), (14_010, false), (14_020, false)]);
        assert_eq!(starts(&near.predicted), [(14_010, false), (14_020, false)]);
        let page = cut(&near, &around);
        assert_eq!(page.words.len(), 30);
        assert_eq!(page.gold.iter().map(|span| span.words.clone()).collect::<Vec<_>>(), [5..6, 15..16, 25..26]);
    }
}
