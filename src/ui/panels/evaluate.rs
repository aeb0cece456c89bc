//! Evaluate: how good a model is against saying nothing at all, which classes it takes for which, and where it is most
//! wrong. The matrix, the table of classes and the list look at the same examples through one filter.

mod answer_text;
mod answers;
mod calibration;
mod classes;
mod counted;
mod entities;
mod examples;
mod filter;
mod found;
mod header;
mod label_counts;
mod list;
mod parts;
mod sorting;
mod source;
mod thresholds;

use std::sync::{Arc, Weak};

use egui::{Frame, Margin, Panel, RichText, Ui};
use egui_material_icons::icons::ICON_FACT_CHECK;

use crate::metrics::{Evaluation, Outcome};
use crate::task::Task;
use crate::ui::theme::space;
use crate::ui::tiles::{Layout, Pane, Tiled};
use crate::ui::widgets::confusion::{Matrix, MatrixView};
use crate::ui::widgets::histogram::{self, Histogram, histogram};
use crate::ui::widgets::scatter::{Scatter, scatter};
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::slice::Slice;
use crate::ui::widgets::{Button, state, text};
use crate::ui::workspace::{JobKind, Screen};
use crate::ui::{Action, Cx, Palette};
use crate::worker::protocol::EvaluatedData;
use filter::{Filter, Filtered, Shown};

#[derive(Debug, Default)]
pub struct EvaluatePanel {
    filter: Filter,
    shown: Shown,
    matrix: MatrixView,
    view: View,
    tempered: bool,
    kind: Kind,
    entities: entities::Entities,
    questions: answers::Questions,
    thresholds: thresholds::LabelThresholds,
    classes: classes::ClassTable,
    examples: examples::Examples,
    source: source::Source,
    /// Which evaluation the view state belongs to.
    of: Option<Weak<EvaluatedData>>,
    /// Gold and predicted, for a task whose answers are numbers.
    points: Vec<[f64; 2]>,
    distances: (Vec<u64>, f64),
}

/// What an evaluation is made of, which decides what the parts show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Classes,
    Labels,
    Values,
    Entities,
    Questions,
    /// Nothing to list: masked words, replaced tokens.
    Counted,
}

impl Kind {
    fn of(evaluation: &Evaluation) -> Self {
        match evaluation.task {
            Task::Mlm | Task::Rtd => Self::Counted,
            Task::Ner => Self::Entities,
            Task::Qa => Self::Questions,
            Task::Regress => Self::Values,
            Task::MultiLabel => Self::Labels,
            Task::Classify | Task::Nsp | Task::Sop => Self::Classes,
        }
    }
}

/// What the first part shows of classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum View {
    #[default]
    Counts,
    Percent,
    Calibration,
}

const PANES: [Pane; 4] = [
    Pane::new("matrix", "Confusion"),
    Pane::new("classes", "Classes"),
    Pane::new("examples", "Examples"),
    Pane::new("example", "Example"),
];

/// What the same parts are called for a task whose answers are numbers.
const PANES_OF_VALUES: [Pane; 4] = [
    Pane::new("matrix", "Correct and predicted"),
    Pane::new("classes", "Distance"),
    Pane::new("examples", "Examples"),
    Pane::new("example", "Example"),
];

const PANES_OF_LABELS: [Pane; 4] = [
    Pane::new("matrix", "Thresholds"),
    Pane::new("classes", "Labels"),
    Pane::new("examples", "Examples"),
    Pane::new("example", "Example"),
];

const PANES_OF_ENTITIES: [Pane; 4] = [
    Pane::new("matrix", "Anatomy of the mistakes"),
    Pane::new("classes", "Types"),
    Pane::new("examples", "Sentences"),
    Pane::new("example", "Sentence"),
];

const PANES_OF_QUESTIONS: [Pane; 4] = [
    Pane::new("matrix", "Answers"),
    Pane::new("classes", "With and without an answer"),
    Pane::new("examples", "Questions"),
    Pane::new("example", "Question"),
];

impl Tiled for EvaluatePanel {
    fn layout(&self) -> Layout {
        let [matrix, classes, examples, example] = self.panes().map(Layout::Pane);
        let left = Layout::Rows(vec![(1.6, matrix), (1.0, classes)]);
        let right = Layout::Rows(vec![(1.5, examples), (1.0, example)]);
        Layout::Columns(vec![(1.0, left), (1.15, right)])
    }

    fn has_content(&self, cx: &Cx<'_>) -> bool {
        cx.workspace.evaluation.as_ref().is_some_and(|evaluated| Kind::of(&evaluated.evaluation) != Kind::Counted)
    }

    fn empty_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(evaluated) = cx.workspace.evaluation.clone() else { return self.nothing_ui(ui, cx) };
        self.follow(&evaluated);
        Frame::new().inner_margin(Margin { left: 12, right: 12, top: 12, bottom: 0 }).show(ui, |ui| {
            self.source.head_ui(ui, &evaluated, cx);
        });
        counted::ui(ui, &evaluated.evaluation, &mut self.matrix, cx);
    }

    fn around_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(evaluated) = cx.workspace.evaluation.clone() else { return };
        self.follow(&evaluated);
        if !self.go_on(&evaluated) {
            ui.ctx().request_repaint();
        }
        let fill = Frame::new().inner_margin(Margin { left: 12, right: 12, top: 12, bottom: 0 });
        Panel::top("evaluate head").show_separator_line(false).frame(fill).show(ui, |ui| {
            self.source.head_ui(ui, &evaluated, cx);
            header::cards_ui(ui, &evaluated.evaluation, cx.palette);
            for note in &evaluated.evaluation.notes {
                ui.colored_label(cx.palette.text_dim, note);
            }
        });
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(place) = self.panes().iter().position(|known| *known == pane) else { return };
        let key = ["matrix", "classes", "examples", "example"][place];
        let Some(evaluated) = cx.workspace.evaluation.clone() else { return };
        let evaluation = &evaluated.evaluation;
        match (self.kind, key) {
            (Kind::Entities, _) => self.entity_pane_ui(key, ui, &evaluated, cx),
            (Kind::Questions, _) => self.question_pane_ui(key, ui, &evaluated, cx),
            (Kind::Labels, "matrix") => self.thresholds.ui(ui, &evaluated, cx),
            (_, "matrix") => self.matrix_ui(ui, &evaluated, cx),
            (Kind::Values, "classes") => distances_ui(ui, &self.distances, cx.palette),
            (_, "classes") => {
                if let Some(class) = self.classes.ui(ui, evaluation, "Texts", self.filter.class, cx.palette) {
                    self.filter.class = if self.filter.class == Some(class) { None } else { Some(class) };
                    self.filter.cell = None;
                }
            }
            (_, "examples") => self.examples.list_ui(ui, &evaluated, &mut self.filter, &self.shown, cx),
            _ => self.examples.detail_ui(ui, &evaluated, cx),
        }
    }
}

impl EvaluatePanel {
    fn panes(&self) -> [Pane; 4] {
        match self.kind {
            Kind::Classes | Kind::Counted => PANES,
            Kind::Labels => PANES_OF_LABELS,
            Kind::Values => PANES_OF_VALUES,
            Kind::Entities => PANES_OF_ENTITIES,
            Kind::Questions => PANES_OF_QUESTIONS,
        }
    }

    /// Another evaluation begins with a clean filter.
    fn follow(&mut self, evaluated: &Arc<EvaluatedData>) {
        let same = self.of.as_ref().is_some_and(|of| Weak::as_ptr(of) == Arc::as_ptr(evaluated));
        if same {
            return;
        }
        self.of = Some(Arc::downgrade(evaluated));
        self.kind = Kind::of(&evaluated.evaluation);
        self.entities.follow(&evaluated.evaluation);
        self.questions.follow(evaluated);
        self.thresholds.follow(evaluated);
        self.filter = Filter::default();
        self.shown = Shown::default();
        self.matrix = MatrixView::default();
        self.examples = examples::Examples::default();
        self.points = evaluated
            .evaluation
            .predictions
            .iter()
            .filter_map(|said| match (&said.gold, &said.predicted) {
                (Outcome::Value(gold), Outcome::Value(predicted)) => Some([*gold, *predicted]),
                _ => None,
            })
            .collect();
        let distances = self.points.iter().map(|point| (point[0] - point[1]).abs());
        self.distances = histogram::bin(distances, 40);
    }

    /// Goes on with what the parts show, for a slice of a frame; returns whether it is complete.
    fn go_on(&mut self, evaluated: &EvaluatedData) -> bool {
        let slice = &mut Slice::begin();
        match self.kind {
            Kind::Counted => true,
            Kind::Entities => self.entities.go_on(&evaluated.evaluation, slice),
            Kind::Questions => self.questions.go_on(evaluated, slice),
            Kind::Classes | Kind::Labels | Kind::Values => {
                let filter = &self.filter;
                if self.shown.go_on(filter, &filter.words, &Filtered { evaluated, filter }, slice) {
                    self.shown.keep_inside(&mut self.examples.selected);
                }
                self.thresholds.go_on(&evaluated.evaluation, slice) && self.shown.is_complete()
            }
        }
    }

    fn matrix_ui(&mut self, ui: &mut Ui, evaluated: &EvaluatedData, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let evaluation = &evaluated.evaluation;
        if self.kind == Kind::Values {
            let selected = self.examples.selected;
            let spec = Scatter { x_title: "Correct value", y_title: "Predicted", points: &self.points, selected };
            let rect = ui.available_rect_before_wrap();
            if let Some(point) = scatter(ui, rect, &spec, palette) {
                self.examples.selected = Some(point);
                // Whoever points at an example wants to see it, and the list shows it too.
                if !self.shown.rows.contains(&point) {
                    self.filter.words.clear();
                }
            }
            return;
        }
        if evaluation.confusion.is_empty() {
            let words = "A confusion matrix needs one class for each text";
            ui.label(RichText::new(words).color(palette.text_dim));
            return;
        }
        ui.horizontal(|ui| {
            let choices = [(View::Counts, "Counts"), (View::Percent, "Row %"), (View::Calibration, "Calibration")];
            let choices = if evaluation.calibration.is_some() { &choices[..] } else { &choices[..2] };
            if let Some(view) = segmented(ui, palette, self.view, choices, false) {
                self.view = view;
            }
            let hint = "A row is a true class, a column what was predicted; click a cell to see its examples";
            if self.view != View::Calibration {
                ui.add(egui::Label::new(text::faint(hint, palette)).truncate());
            }
        });
        if let (View::Calibration, Some(calibration)) = (self.view, &evaluation.calibration) {
            ui.add_space(space::XS);
            self.tempered = calibration::ui(ui, calibration, self.tempered, palette);
            return;
        }
        ui.add_space(4.0);
        let matrix = Matrix {
            counts: &evaluation.confusion,
            labels: &evaluation.labels,
            percent: self.view == View::Percent,
            selected: self.filter.cell,
        };
        if let Some(cell) = self.matrix.ui(ui, &matrix, palette) {
            self.filter.class = None;
            self.filter.cell = if self.filter.cell == Some(cell) { None } else { Some(cell) };
        }
    }

    fn entity_pane_ui(&mut self, key: &str, ui: &mut Ui, evaluated: &EvaluatedData, cx: &mut Cx<'_>) {
        let evaluation = &evaluated.evaluation;
        let Some(report) = &evaluation.entities else { return };
        match key {
            "matrix" => self.entities.anatomy_ui(ui, report, cx.palette),
            "classes" => {
                if let Some(class) = self.classes.ui(ui, evaluation, "Entities", self.entities.class(), cx.palette) {
                    self.entities.choose_class(class);
                }
            }
            "examples" => self.entities.list_ui(ui, evaluation, cx.palette),
            _ => self.entities.detail_ui(ui, evaluated, cx),
        }
    }

    fn question_pane_ui(&mut self, key: &str, ui: &mut Ui, evaluated: &EvaluatedData, cx: &mut Cx<'_>) {
        let Some(report) = &evaluated.evaluation.answers else { return };
        match key {
            "matrix" => self.questions.threshold_ui(ui, evaluated, report, cx),
            "classes" => self.questions.split_ui(ui, cx.palette),
            "examples" => self.questions.list_ui(ui, evaluated, cx.palette),
            _ => self.questions.detail_ui(ui, evaluated, cx),
        }
    }

    fn nothing_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        if let Some(job) = cx.workspace.job_where(|kind| matches!(kind, JobKind::Evaluate { .. })) {
            let share = job.progress.as_ref().and_then(crate::ui::workspace::Progress::share);
            let words = job.progress.as_ref().map_or_else(|| job.title.clone(), |progress| progress.what.clone());
            state::empty(ui, palette, ICON_FACT_CHECK, "Evaluating", &words, |ui| {
                state::progress(ui, palette, share, 240.0);
            });
            return;
        }
        Frame::new().inner_margin(Margin::same(16)).show(ui, |ui| {
            if let Some(error) = &cx.workspace.evaluation_error {
                state::error(ui, palette, "The evaluation failed", error, |_| {});
            }
            let words = "When a training ends, the mistakes of its best weights appear here. \
                         A trained model can also be evaluated on any file.";
            state::empty(ui, palette, ICON_FACT_CHECK, "Nothing evaluated yet", words, |ui| {
                ui.horizontal(|ui| {
                    ui.add_space((ui.available_width() - 230.0).max(0.0) / 2.0);
                    if Button::new("Train a model").primary().show(ui, palette).clicked() {
                        cx.act(Action::Go(Screen::Train));
                    }
                    if Button::new("Open a run").show(ui, palette).clicked() {
                        cx.act(Action::Go(Screen::Runs));
                    }
                });
                ui.add_space(12.0);
                self.source.file_ui(ui, None, cx);
            });
        });
    }
}

/// How far predictions lie from what is true.
fn distances_ui(ui: &mut Ui, (bins, width): &(Vec<u64>, f64), palette: &Palette) {
    let spec =
        Histogram { name: "Distance", unit: "texts", bins, from: 0.0, width: *width, limit: None, can_move: false };
    histogram(ui, ui.available_size(), &spec, palette);
}
