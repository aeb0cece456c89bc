//! A threshold for each label of several: what it finds and what it gets wrong, at once while it is moved.

mod counts;

use egui::{Align2, Key, Modifiers, Rect, ScrollArea, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::metrics::{Evaluation, Tally};
use crate::model::Decisions;
use crate::task::{THRESHOLD, Task};
use crate::ui::panels::evaluate::class_table::ClassTable;
use crate::ui::panels::evaluate::examples::Examples;
use crate::ui::panels::evaluate::keep::{has_model, keep_button};
use crate::ui::panels::evaluate::view::{Kind, View};
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::tiles::Pane;
use crate::ui::widgets::slice::Slice;
use crate::ui::widgets::text::elided;
use crate::ui::widgets::{Button, text};
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::EvaluatedData;
use counts::{LabelCounts, STEPS, step_of, threshold_of};

pub const KIND: Kind =
    Kind { tasks: &[Task::MultiLabel], rows: ("example", "examples"), make: || Box::new(Labels::default()) };

const THRESHOLDS: Pane = Pane::new("matrix", "Thresholds");
const TABLE: Pane = Pane::new("classes", "Labels");
const LIST: Pane = Pane::new("examples", "Examples");
const WHOLE: Pane = Pane::new("example", "Example");

const ROW: f32 = 34.0;

#[derive(Debug, Default)]
struct Labels {
    thresholds: LabelThresholds,
    table: ClassTable,
    examples: Examples,
}

impl View for Labels {
    fn panes(&self) -> Option<[Pane; 4]> {
        Some([THRESHOLDS, TABLE, LIST, WHOLE])
    }

    fn follow(&mut self, evaluated: &EvaluatedData) {
        self.thresholds.follow(evaluated);
        self.examples = Examples::default();
    }

    fn go_on(&mut self, evaluated: &EvaluatedData, slice: &mut Slice) -> bool {
        let is_listed = self.examples.go_on(evaluated, slice);
        self.thresholds.go_on(&evaluated.evaluation, slice) && is_listed
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, evaluated: &EvaluatedData, cx: &mut Cx<'_>) {
        match pane {
            THRESHOLDS => self.thresholds.ui(ui, evaluated, cx),
            TABLE => self.examples.table_ui(ui, evaluated, &mut self.table, cx.palette),
            LIST => self.examples.list_ui(ui, evaluated, cx.palette),
            _ => self.examples.detail_ui(ui, evaluated, cx),
        }
    }
}

#[derive(Debug, Default)]
struct LabelThresholds {
    labels: Vec<Label>,
    counts: LabelCounts,
    /// The evaluation does not say which thresholds are best: it was kept by an earlier version.
    seeks_best: bool,
}

/// Its threshold is a hundredth, the best, or the one that it began with; these are what is counted.
#[derive(Debug)]
struct Label {
    threshold: f32,
    best: f32,
}

impl LabelThresholds {
    /// Begins with another evaluation.
    fn follow(&mut self, evaluated: &EvaluatedData) {
        let evaluation = &evaluated.evaluation;
        *self = Self::default();
        let best = &evaluation.best_thresholds;
        self.seeks_best = best.len() != evaluation.labels.len();
        let label = |(place, name): (usize, &String)| Label {
            threshold: evaluated.decisions.threshold(name),
            best: best.get(place).copied().unwrap_or(THRESHOLD),
        };
        self.labels = evaluation.labels.iter().enumerate().map(label).collect();
        self.counts = LabelCounts::new(self.labels.iter().map(|label| [label.best, label.threshold]));
        self.go_on(evaluation, &mut Slice::begin());
    }

    /// Goes on with the counting; returns whether it is complete.
    fn go_on(&mut self, evaluation: &Evaluation, slice: &mut Slice) -> bool {
        if self.labels.is_empty() {
            return true;
        }
        let complete = self.counts.go_on(&evaluation.predictions, slice);
        if complete && std::mem::take(&mut self.seeks_best) {
            for (place, label) in self.labels.iter_mut().enumerate() {
                label.best = threshold_of(self.counts.best_step(place));
            }
        }
        complete
    }

    /// Over all labels together, and the mean of the labels, at the thresholds as they stand.
    fn f1(&self) -> (f64, f64) {
        let tallies = || self.labels.iter().enumerate().map(|(place, label)| self.counts.at(place, label.threshold));
        let all: Tally = tallies().sum();
        (all.f1(), tallies().map(Tally::f1).sum::<f64>() / self.labels.len().max(1) as f64)
    }

    /// The thresholds as they stand, to be kept.
    fn decisions(&self, names: &[String], kept: &Decisions) -> Decisions {
        let mut decisions = kept.clone();
        decisions.set_thresholds(names.iter().zip(self.labels.iter().map(|label| label.threshold)));
        decisions
    }

    fn ui(&mut self, ui: &mut Ui, evaluated: &EvaluatedData, cx: &mut Cx<'_>) {
        let (evaluation, palette) = (&evaluated.evaluation, cx.palette);
        ui.horizontal(|ui| {
            for (name, hint) in [("Best", "The threshold of each label with its highest F1 here"), ("All 0.5", "")] {
                let best = name == "Best";
                let chosen = |label: &Label| if best { label.best } else { THRESHOLD };
                let is_known = !(best && self.seeks_best);
                let is_so = is_known && self.labels.iter().all(|label| (label.threshold - chosen(label)).abs() < 1e-6);
                let button = Button::new(name).small().quiet().selected(is_so).enabled(is_known).show(ui, palette);
                if button.clicked() {
                    for label in &mut self.labels {
                        label.threshold = chosen(label);
                    }
                }
                if !hint.is_empty() {
                    button.on_hover_text(hint);
                }
            }
            let kept = cx.workspace.decisions(evaluated);
            let decisions = self.decisions(&evaluation.labels, kept);
            if has_model(evaluated) && keep_button(ui, &decisions, kept, palette) {
                cx.act(Action::KeepDecisions { model: evaluated.model.clone(), decisions });
            }
            let totals = if self.counts.is_complete() {
                let (micro, mean) = self.f1();
                let words = format!("Micro F1 {}, macro F1 {}", format::percent(micro), format::percent(mean));
                text::number(words, palette)
            } else {
                text::faint("Counting…", palette)
            };
            ui.add(egui::Label::new(totals).truncate());
        });
        ui.add_space(space::XS);
        head_ui(ui, palette);
        ui.spacing_mut().item_spacing.y = 0.0;
        let area = ScrollArea::vertical().id_salt("thresholds").auto_shrink([false, false]);
        area.show_rows(ui, ROW, self.labels.len(), |ui, rows| {
            for row in rows {
                let name = evaluation.labels.get(row).map_or("", String::as_str);
                self.labels[row].ui(ui, name, row, &self.counts, palette);
            }
        });
    }
}

/// The name, the slider and three numbers.
fn cells(rect: Rect) -> (Rect, Rect, [Rect; 3]) {
    let number = (rect.width() * 0.1).clamp(40.0, 60.0);
    let name = (rect.width() * 0.24).clamp(50.0, 160.0);
    let part = |left: f32, right: f32| Rect::from_min_max(pos2(left, rect.top()), pos2(right, rect.bottom()));
    let numbers =
        [3.0, 2.0, 1.0].map(|place: f32| part(rect.right() - number * place, rect.right() - number * (place - 1.0)));
    let slider = part(rect.left() + name + 8.0, rect.right() - number * 3.0 - 34.0);
    (part(rect.left(), rect.left() + name), slider, numbers)
}

fn head_ui(ui: &mut Ui, palette: &Palette) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 20.0), Sense::hover());
    let (name, slider, numbers) = cells(rect);
    let font = theme::medium(size::SMALL);
    let painter = ui.painter();
    painter.text(name.left_center() + vec2(2.0, 0.0), Align2::LEFT_CENTER, "Label", font.clone(), palette.text_dim);
    painter.text(slider.left_center(), Align2::LEFT_CENTER, "Applies from", font.clone(), palette.text_dim);
    for (place, words) in numbers.iter().zip(["P", "R", "F1"]) {
        painter.text(place.right_center(), Align2::RIGHT_CENTER, words, font.clone(), palette.text_dim);
    }
    painter.hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, palette.line));
}

impl Label {
    /// The numbers and the curve come when all is counted.
    fn ui(&mut self, ui: &mut Ui, name: &str, row: usize, counts: &LabelCounts, palette: &Palette) {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
        let (name_room, slider, numbers) = cells(rect);
        let painter = ui.painter();
        painter.circle_filled(pos2(rect.left() + 5.0, rect.center().y), 3.0, palette.label(row));
        let words = elided(painter, name, theme::regular(size::BODY), palette.text, name_room.width() - 16.0);
        painter.galley(pos2(rect.left() + 14.0, rect.center().y - words.size().y / 2.0), words, palette.text);
        let own = counts.at(row, self.threshold);
        let known = counts.is_complete() && own.support > 0;
        let shares = [own.precision(), own.recall(), own.f1()];
        for (place, (room, value)) in numbers.iter().zip(shares).enumerate() {
            let color = if place == 2 { palette.text } else { palette.text_dim };
            let words = if known { format!("{:.1}", value * 100.0) } else { "–".into() };
            painter.text(room.right_center(), Align2::RIGHT_CENTER, words, theme::number(size::BODY - 1.0), color);
        }
        let at = pos2(slider.right() + 30.0, rect.center().y);
        let words = format!("{:.2}", self.threshold);
        painter.text(at, Align2::RIGHT_CENTER, words, theme::number(size::SMALL), palette.text_dim);
        painter.hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, palette.line.gamma_multiply(0.5)));
        let curve: Vec<f64> = if known { counts.curve(row).collect() } else { Vec::new() };
        self.slider_ui(ui, slider.shrink2(vec2(4.0, 4.0)), name, &curve, palette);
    }

    /// The curve of F1 over all thresholds, and the threshold on it.
    fn slider_ui(&mut self, ui: &mut Ui, rect: Rect, name: &str, curve: &[f64], palette: &Palette) {
        let response = ui.interact(rect, ui.scope_id().with(("threshold", name)), Sense::click_and_drag());
        let value = f64::from(self.threshold);
        response.widget_info(|| WidgetInfo::slider(true, value, format!("Threshold of {name}")));
        let lively = response.hovered() || response.dragged() || response.has_focus();
        let x_of = |threshold: f32| rect.left() + rect.width() * threshold.clamp(0.0, 1.0);
        let painter = ui.painter();
        painter.rect_filled(rect, 4.0, palette.raised);
        let point = |(step, f1): (usize, &f64)| {
            pos2(x_of(threshold_of(step)), rect.bottom() - 2.0 - (rect.height() - 4.0) * *f1 as f32)
        };
        let points: Vec<egui::Pos2> = curve.iter().enumerate().map(point).collect();
        painter.add(Shape::line(points, Stroke::new(1.25, palette.series[0].gamma_multiply(0.8))));
        let best = x_of(self.best);
        painter.circle(pos2(best, rect.bottom()), 2.5, palette.panel, Stroke::new(1.5, palette.good));
        let color = if lively { palette.accent } else { palette.text_dim };
        let handle = Rect::from_center_size(pos2(x_of(self.threshold), rect.center().y), vec2(4.0, rect.height()));
        painter.rect_filled(handle, 2.0, color);
        let pointer = response.interact_pointer_pos().filter(|_| response.dragged() || response.clicked());
        if let Some(pointer) = pointer {
            self.threshold = threshold_of(step_of((pointer.x - rect.left()) / rect.width()));
        }
        if response.has_focus() {
            // The arrow keys move the threshold, not the focus.
            let arrows = egui::EventFilter { horizontal_arrows: true, ..egui::EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
            let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
            let (on, back) = (pressed(Key::ArrowRight), pressed(Key::ArrowLeft));
            if on != back {
                let step = step_of(self.threshold);
                self.threshold = threshold_of(if on { (step + 1).min(STEPS) } else { step.saturating_sub(1) });
            }
        }
        response.on_hover_and_drag_cursor(egui::CursorIcon::ResizeHorizontal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Answers, evaluate_multilabel};
    use crate::model::Precision;

    #[test]
    fn both_means_follow_the_thresholds() {
        let gold = [vec![0], vec![0, 1], vec![], vec![1]];
        let scores = vec![vec![0.9, 0.1], vec![0.4, 0.8], vec![0.2, 0.3], vec![0.3, 0.45]];
        let losses = [0.0; 4];
        let answers = Answers { examples: &[0, 1, 2, 3], gold: &gold, scores, losses: &losses };
        let evaluation = evaluate_multilabel(&["a".to_owned(), "b".to_owned()], answers);
        let mut view = LabelThresholds::default();
        let mut evaluated = EvaluatedData {
            on: None,
            model: "model".into(),
            evaluation: evaluation.clone(),
            decisions: Decisions::default(),
            precision: Precision::F32,
            texts: Vec::new(),
            told: Vec::new(),
        };
        view.follow(&evaluated);
        assert_eq!(
            view.decisions(&evaluation.labels, &evaluated.decisions),
            Decisions::default(),
            "nothing to keep yet"
        );
        let (micro, mean) = view.f1();
        assert!((micro - evaluation.metrics["f1_micro"]).abs() < 1e-12);
        assert!((mean - evaluation.metrics["f1_macro"]).abs() < 1e-12);
        for label in &mut view.labels {
            label.threshold = label.best;
        }
        assert_eq!(view.f1(), (1.0, 1.0));
        let best = view.decisions(&evaluation.labels, &evaluated.decisions);
        assert!((best.threshold("a") - 0.35).abs() < 1e-6, "between the scores 0.3 and 0.4");
        assert!((best.threshold("b") - 0.375).abs() < 1e-6, "between the scores 0.3 and 0.45");
        evaluated.decisions = best;
        view.follow(&evaluated);
        assert_eq!(view.f1(), (1.0, 1.0), "what is kept is what the screen begins with");
    }
}
