//! Question answering: what the threshold for "no answer" would give and take, and the questions with what is true and
//! what was answered, the worst first.

mod parts;
mod reading;
mod scores;

use std::borrow::Cow;

use egui::{Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::metrics::{AnswerReport, ThresholdPoint, threshold_curve};
use crate::model::Decisions;
use crate::task::Task;
use crate::ui::panels::evaluate::found::{Candidate, Found, Source, text_of};
use crate::ui::panels::evaluate::keep::{has_model, keep_button};
use crate::ui::panels::evaluate::list;
use crate::ui::panels::evaluate::view::{Kind, View};
use crate::ui::theme::{self, Palette, size};
use crate::ui::tiles::Pane;
use crate::ui::widgets::histogram::{Histogram, histogram};
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::slice::Slice;
use crate::ui::widgets::text::elided;
use crate::ui::widgets::threshold_curve::{Curve, Thresholds, threshold_curve as curve_ui};
use crate::ui::widgets::{Button, text};
use crate::ui::{Action, Cx};
use crate::worker::protocol::EvaluatedData;
use parts::Parts;
use reading::Reading;
use scores::{scores, verdict};

pub const KIND: Kind =
    Kind { tasks: &[Task::Qa], rows: ("question", "questions"), make: || Box::new(Questions::default()) };

const ANSWERS: Pane = Pane::new("matrix", "Answers");
const SPLIT: Pane = Pane::new("classes", "With and without an answer");
const LIST: Pane = Pane::new("examples", "Questions");
const WHOLE: Pane = Pane::new("example", "Question");

/// Which questions are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Which {
    #[default]
    Wrong,
    /// Without an answer in their context.
    Unanswerable,
    All,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Filter {
    which: Which,
    words: String,
    threshold: f64,
}

#[derive(Debug, Default)]
struct Questions {
    filter: Filter,
    found: Found<Filter, usize>,
    selected: Option<usize>,
    reading: Reading,
    parts: Parts,
    /// Whether some have no answer in their context.
    with_none: bool,
    curve: Vec<ThresholdPoint>,
    /// The same by column, as the curve is drawn.
    columns: [Vec<f64>; 4],
    best: Option<ThresholdPoint>,
    /// How many questions have which F1, in tenths.
    spread: Vec<u64>,
}

const ROW: f32 = 46.0;

impl View for Questions {
    fn panes(&self) -> Option<[Pane; 4]> {
        Some([ANSWERS, SPLIT, LIST, WHOLE])
    }

    fn follow(&mut self, evaluated: &EvaluatedData) {
        *self = Self::default();
        let Some(report) = &evaluated.evaluation.answers else { return };
        self.filter.threshold = evaluated.decisions.no_answer.unwrap_or(report.threshold);
        self.with_none = report.questions.iter().any(|question| !question.has_answer);
        self.spread = vec![0; 10];
        for question in &report.questions {
            self.spread[((question.f1 * 10.0) as usize).min(9)] += 1;
        }
        if report.allow_no_answer {
            self.curve = threshold_curve(&report.questions);
            let column = |value: fn(&ThresholdPoint) -> f64| self.curve.iter().map(value).collect::<Vec<f64>>();
            self.columns =
                [column(|at| at.threshold), column(|at| at.f1), column(|at| at.exact_match), column(|at| at.answered)];
            self.best = self.curve.iter().copied().reduce(|best, at| if at.f1 > best.f1 { at } else { best });
        }
    }

    fn go_on(&mut self, evaluated: &EvaluatedData, slice: &mut Slice) -> bool {
        let Some(report) = &evaluated.evaluation.answers else { return true };
        let filter = &self.filter;
        if self.found.go_on(filter, &filter.words, &Asked { evaluated, report, filter }, slice) {
            self.found.keep_inside(&mut self.selected);
        }
        self.parts.go_on(report, filter.threshold, slice) && self.found.is_complete()
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, evaluated: &EvaluatedData, cx: &mut Cx<'_>) {
        let Some(report) = &evaluated.evaluation.answers else { return };
        match pane {
            ANSWERS => self.threshold_ui(ui, evaluated, report, cx),
            SPLIT => self.split_ui(ui, cx.palette),
            LIST => self.list_ui(ui, evaluated, report, cx.palette),
            _ => self.reading.ui(ui, evaluated, self.selected, self.filter.threshold, cx),
        }
    }
}

impl Questions {
    /// What each threshold gives; without "no answer" how many questions are answered how well.
    fn threshold_ui(&mut self, ui: &mut Ui, evaluated: &EvaluatedData, report: &AnswerReport, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        if self.curve.is_empty() {
            ui.label(text::faint("Questions by the F1 of their answer", palette));
            let bins = &self.spread;
            let spec =
                Histogram { name: "F1", unit: "questions", bins, from: 0.0, width: 0.1, limit: None, can_move: false };
            histogram(ui, ui.available_size(), &spec, palette);
            return;
        }
        ui.horizontal(|ui| {
            let at = self.filter.threshold;
            ui.label(text::label("Threshold", palette));
            ui.label(text::number(format!("{at:.2}"), palette));
            for (name, value) in
                [("Best", self.best.map(|best| best.threshold)), ("As evaluated", Some(report.threshold))]
            {
                let Some(value) = value else { continue };
                let button = Button::new(name).quiet().small().selected((at - value).abs() < 1e-9);
                if button.show(ui, palette).clicked() {
                    self.filter.threshold = value;
                }
            }
            let kept = cx.workspace.decisions(evaluated);
            let decisions = Decisions { no_answer: Some(at), ..kept.clone() };
            if has_model(evaluated) && keep_button(ui, &decisions, kept, palette) {
                cx.act(Action::KeepDecisions { model: evaluated.model.clone(), decisions });
            }
            let hint = "A question stays unanswered when \"no answer\" leads the best span by more";
            ui.add(egui::Label::new(text::faint(hint, palette)).truncate());
        });
        let [places, f1, exact, answered] = &self.columns;
        let line = |name, color, strong, values| Curve { name, color, strong, values };
        let curves = [
            line("Answered", palette.text_faint, false, answered),
            line("Exact match", palette.series[1], false, exact),
            line("F1", palette.series[0], true, f1),
        ];
        let spec = Thresholds {
            name: "Threshold for no answer",
            places,
            curves: &curves,
            chosen: self.filter.threshold,
            best: self.best.map(|best| best.threshold),
        };
        if let Some(threshold) = curve_ui(ui, ui.available_size(), &spec, palette) {
            self.filter.threshold = threshold;
        }
    }

    /// All questions, those with an answer and those without, at the chosen threshold.
    fn split_ui(&self, ui: &mut Ui, palette: &Palette) {
        table_line(ui, ["", "Questions", "Exact", "F1", "Answered"], palette.text_dim, palette);
        for (name, part) in parts::NAMES.iter().zip(&self.parts.shown) {
            let [questions, exact, f1, answered] = &part.cells();
            table_line(ui, [name, questions, exact, f1, answered], palette.text, palette);
        }
    }

    fn list_ui(&mut self, ui: &mut Ui, evaluated: &EvaluatedData, report: &AnswerReport, palette: &Palette) {
        self.bar_ui(ui, report, palette);
        let Self { filter, found, selected, .. } = self;
        if found.rows.is_empty() {
            let words = if filter.words.is_empty() { "No question of this kind" } else { "No question contains this" };
            list::nothing(ui, found.nothing(words), palette);
        } else {
            list::rows(ui, "questions", &found.rows, ROW, selected, |ui, row, is_selected| {
                row_ui(ui, evaluated, report, row, filter.threshold, is_selected, palette)
            });
        }
    }

    fn bar_ui(&mut self, ui: &mut Ui, report: &AnswerReport, palette: &Palette) {
        let with_none = self.with_none;
        let count = self.found.count(report.questions.len());
        let Filter { which, words, .. } = &mut self.filter;
        list::bar(ui, "Questions that contain", words, palette, |ui| {
            let all = [(Which::Wrong, "Not exact"), (Which::Unanswerable, "Unanswerable"), (Which::All, "All")];
            let choices: Vec<(Which, &str)> =
                all.into_iter().filter(|(which, _)| with_none || *which != Which::Unanswerable).collect();
            if let Some(chosen) = segmented(ui, palette, *which, &choices, false) {
                *which = chosen;
            }
            ui.add(egui::Label::new(text::number_dim(count, palette)).truncate());
        });
    }
}

/// The questions with what they are filtered by.
#[derive(Clone, Copy, Debug)]
struct Asked<'a> {
    evaluated: &'a EvaluatedData,
    report: &'a AnswerReport,
    filter: &'a Filter,
}

impl Source for Asked<'_> {
    type Row = usize;
    /// The question and its context.
    const TEXTS: usize = 2;

    fn predictions(&self) -> usize {
        self.report.questions.len()
    }

    fn text(&self, prediction: usize, place: usize) -> Cow<'_, str> {
        text_of(self.evaluated, prediction, place)
    }

    /// The worst answers first, of equally bad ones the most confident.
    fn candidate(&self, place: usize) -> Option<Candidate<usize>> {
        let question = &self.report.questions[place];
        let (exact, f1, answered) = scores(self.report, question, self.filter.threshold);
        let passes = match self.filter.which {
            Which::Wrong => exact < 1.0,
            Which::Unanswerable => !question.has_answer,
            Which::All => true,
        };
        let best = question.candidates.first().filter(|_| answered);
        let key = [f1, -f64::from(best.map_or(0.0, |best| best.score))];
        passes.then_some(Candidate { row: place, prediction: place, key })
    }
}

fn table_line(ui: &mut Ui, cells: [&str; 5], color: egui::Color32, palette: &Palette) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 26.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, cells.join(" ").trim()));
    let number = (rect.width() * 0.62 / 4.0).clamp(46.0, 96.0);
    let painter = ui.painter();
    let head = color == palette.text_dim;
    for (column, words) in cells.into_iter().enumerate() {
        let font = match (column, head) {
            (0, _) => theme::regular(size::BODY),
            (_, true) => theme::medium(size::SMALL),
            (_, false) => theme::number(size::BODY - 1.0),
        };
        let room = if column == 0 { rect.width() - 4.0 * number - 8.0 } else { number - 4.0 };
        let words = elided(painter, words, font, color, room);
        let right = rect.right() - number * (4 - column) as f32;
        let left = if column == 0 { rect.left() + 2.0 } else { right - words.size().x };
        painter.galley(pos2(left, rect.center().y - words.size().y / 2.0), words, color);
    }
    painter.hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, palette.line.gamma_multiply(0.6)));
}

/// The question, and what was answered against what is right.
fn row_ui(
    ui: &mut Ui,
    evaluated: &EvaluatedData,
    report: &AnswerReport,
    row: usize,
    threshold: f64,
    selected: bool,
    palette: &Palette,
) -> bool {
    let question = evaluated.texts.get(row).map(|(question, _)| text::beginning(question.chars())).unwrap_or_default();
    let (said, gold) = verdict(&evaluated.evaluation, report, row, threshold);
    let (exact, f1, _) = scores(report, &report.questions[row], threshold);
    let label = format!("{question}, correct {gold}, answered {said}");
    let (rect, is_pressed) = list::row(ui, ROW, &label, selected, palette);
    let painter = ui.painter();
    let inner = rect.shrink2(vec2(8.0, 5.0));
    let line = elided(painter, &question, theme::regular(size::BODY), palette.text, inner.width() - 66.0);
    painter.galley(inner.min, line, palette.text);
    let below = inner.bottom() - 15.0;
    let mut left = inner.left();
    let room = inner.width() - 84.0;
    let mut word = |words: &str, color, width: f32| {
        let galley = elided(painter, words, theme::medium(size::SMALL), color, width);
        let wide = galley.size().x;
        painter.galley(pos2(left, below), galley, color);
        left += wide + 6.0;
    };
    word(&gold, palette.good, room * 0.5);
    if exact < 1.0 {
        word("→", palette.text_faint, 20.0);
        word(&said, palette.bad, room * 0.5);
    }
    let at = pos2(inner.right(), inner.top() + 8.0);
    let words = format!("F1 {:.0} %", f1 * 100.0);
    painter.text(at, egui::Align2::RIGHT_CENTER, words, theme::number(size::BODY - 1.5), palette.text_dim);
    let track =
        Rect::from_min_max(pos2(inner.right() - 52.0, inner.bottom() - 9.0), pos2(inner.right(), inner.bottom() - 6.0));
    painter.rect_filled(track, 1.5, palette.line);
    let filled = Rect::from_min_size(track.min, vec2(track.width() * f1.clamp(0.0, 1.0) as f32, track.height()));
    painter.rect_filled(filled, 1.5, if f1 < 0.5 { palette.bad } else { palette.accent });
    is_pressed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{AnsweredQuestion, CandidateAnswer, evaluate_answers};
    use crate::model::Precision;
    use crate::ui::panels::evaluate::found::at_once;

    fn evaluated(allow_no_answer: bool) -> EvaluatedData {
        let question = |gold: &[&str], said: &str, score: f32, null_score: f64| AnsweredQuestion {
            example: 0,
            id: said.into(),
            gold: gold.iter().map(|&gold| gold.to_owned()).collect(),
            gold_starts: Vec::new(),
            candidates: vec![CandidateAnswer { text: said.into(), score, start: 0, end: said.len(), window: 0 }],
            null_score,
        };
        let questions = vec![
            question(&["Rome"], "Rome", 0.9, -4.0),
            question(&["blue whale"], "whale", 0.8, -2.0),
            question(&[], "Paris", 0.7, -1.0),
            question(&["green"], "red", 0.4, 1.0),
        ];
        let evaluation = evaluate_answers(questions, 0.0, allow_no_answer, 0.5);
        let texts = (0..4).map(|row| (format!("Question {row}"), Some(format!("Context {row}")))).collect();
        EvaluatedData {
            model: "model".into(),
            on: None,
            evaluation,
            decisions: Decisions::default(),
            precision: Precision::F32,
            texts,
            told: Vec::new(),
        }
    }

    #[test]
    fn the_worst_answers_come_first_and_follow_the_threshold() {
        let data = evaluated(true);
        let report = data.evaluation.answers.as_ref().unwrap();
        let rows = |filter: &Filter| at_once(&filter.words, &Asked { evaluated: &data, report, filter });
        let found = |threshold: f64, which: Which| rows(&Filter { which, threshold, ..Filter::default() });
        assert_eq!(found(0.0, Which::Wrong), [2, 3, 1], "a confident wrong answer is worse than none");
        assert_eq!(found(-1.5, Which::Wrong), [3, 1]);
        assert_eq!(found(0.0, Which::Unanswerable), [2]);
        let contains = Filter { which: Which::All, words: "context 1".into(), threshold: 0.0 };
        assert_eq!(rows(&contains), [1]);
        assert_eq!(verdict(&data.evaluation, report, 2, 0.0), ("Paris".into(), "no answer".into()));
        assert_eq!(verdict(&data.evaluation, report, 2, -1.5), ("no answer".into(), "no answer".into()));
    }

    #[test]
    fn the_best_threshold_is_offered_only_where_there_is_one() {
        let mut view = Questions::default();
        view.follow(&evaluated(true));
        assert!((view.best.unwrap().threshold + 2.0).abs() < 1e-12);
        view.follow(&evaluated(false));
        assert!(view.curve.is_empty() && view.best.is_none());
        assert_eq!(view.spread.iter().sum::<u64>(), 4);
    }
}
