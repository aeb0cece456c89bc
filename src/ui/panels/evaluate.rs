//! Evaluate: how good a model is against saying nothing at all, which classes it takes for which, and where it is most
//! wrong. The matrix, the table of classes and the list look at the same examples through one filter.

mod classes;
mod examples;
mod filter;
mod header;
mod source;

use std::sync::{Arc, Weak};

use egui::{Frame, Margin, Panel, RichText, Ui};
use egui_material_icons::icons::ICON_FACT_CHECK;

use crate::metrics::Outcome;
use crate::ui::tiles::{Layout, PaneInfo, Tiled};
use crate::ui::widgets::confusion::{Matrix, MatrixView};
use crate::ui::widgets::histogram::{self, Histogram, histogram};
use crate::ui::widgets::scatter::{Scatter, scatter};
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, state};
use crate::ui::workspace::{JobKind, Screen};
use crate::ui::{Action, Cx, Palette, theme};
use crate::worker::protocol::EvaluatedData;
use filter::{Filter, Shown};

#[derive(Debug, Default)]
pub struct EvaluatePanel {
    filter: Filter,
    shown: Shown,
    matrix: MatrixView,
    percent: bool,
    classes: classes::ClassTable,
    examples: examples::Examples,
    source: source::Source,
    /// Which evaluation the view state belongs to.
    of: Option<Weak<EvaluatedData>>,
    /// Gold and predicted, for a task whose answers are numbers.
    points: Vec<[f64; 2]>,
    distances: (Vec<u64>, f64),
}

const PANES: &[PaneInfo] = &[
    PaneInfo { key: "matrix", title: "Confusion" },
    PaneInfo { key: "classes", title: "Classes" },
    PaneInfo { key: "examples", title: "Examples" },
    PaneInfo { key: "example", title: "Example" },
];

/// What the same parts are called for a task whose answers are numbers.
const PANES_OF_VALUES: &[PaneInfo] = &[
    PaneInfo { key: "matrix", title: "Gold and predicted" },
    PaneInfo { key: "classes", title: "Distance" },
    PaneInfo { key: "examples", title: "Examples" },
    PaneInfo { key: "example", title: "Example" },
];

impl Tiled for EvaluatePanel {
    fn panes(&self) -> &'static [PaneInfo] {
        if self.points.is_empty() { PANES } else { PANES_OF_VALUES }
    }

    fn layout(&self) -> Layout {
        let left = Layout::Rows(vec![(1.6, Layout::Pane("matrix")), (1.0, Layout::Pane("classes"))]);
        let right = Layout::Rows(vec![(1.5, Layout::Pane("examples")), (1.0, Layout::Pane("example"))]);
        Layout::Columns(vec![(1.0, left), (1.15, right)])
    }

    fn has_content(&self, cx: &Cx<'_>) -> bool {
        cx.workspace.evaluation.is_some()
    }

    fn empty_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.nothing_ui(ui, cx);
    }

    fn around_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(evaluated) = cx.workspace.evaluation.clone() else { return };
        self.follow(&evaluated);
        self.shown.update(&evaluated, &self.filter);
        if self.examples.selected.is_none() {
            self.examples.selected = self.shown.rows.first().copied();
        }
        let fill = Frame::new().inner_margin(Margin { left: 12, right: 12, top: 12, bottom: 0 });
        Panel::top("evaluate head").show_separator_line(false).frame(fill).show(ui, |ui| {
            self.source.head_ui(ui, &evaluated, cx);
            header::cards_ui(ui, &evaluated.evaluation, cx.palette);
        });
    }

    fn pane_ui(&mut self, key: &str, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(evaluated) = cx.workspace.evaluation.clone() else { return };
        match key {
            "matrix" => self.matrix_ui(ui, &evaluated, cx),
            "classes" if !self.points.is_empty() => distances_ui(ui, &self.distances, cx.palette),
            "classes" => {
                if let Some(class) = self.classes.ui(ui, &evaluated.evaluation, self.filter.class, cx.palette) {
                    self.filter.class = if self.filter.class == Some(class) { None } else { Some(class) };
                    self.filter.cell = None;
                }
            }
            "examples" => self.examples.list_ui(ui, &evaluated, &mut self.filter, &self.shown, cx),
            _ => self.examples.detail_ui(ui, &evaluated, cx),
        }
    }
}

impl EvaluatePanel {
    /// Another evaluation begins with a clean filter.
    fn follow(&mut self, evaluated: &Arc<EvaluatedData>) {
        let same = self.of.as_ref().is_some_and(|of| Weak::as_ptr(of) == Arc::as_ptr(evaluated));
        if same {
            return;
        }
        self.of = Some(Arc::downgrade(evaluated));
        self.filter = Filter::default();
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

    fn matrix_ui(&mut self, ui: &mut Ui, evaluated: &EvaluatedData, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let evaluation = &evaluated.evaluation;
        if !self.points.is_empty() {
            let selected = self.examples.selected;
            let spec = Scatter { x_title: "Gold", y_title: "Predicted", points: &self.points, selected };
            let rect = ui.available_rect_before_wrap();
            if let Some(point) = scatter(ui, rect, &spec, palette) {
                self.examples.selected = Some(point);
            }
            return;
        }
        if evaluation.confusion.is_empty() {
            let words = "A confusion matrix needs one class for each text";
            ui.label(RichText::new(words).color(palette.text_dim));
            return;
        }
        ui.horizontal(|ui| {
            let choices = [(false, "Counts"), (true, "Row %")];
            if let Some(percent) = segmented(ui, palette, self.percent, &choices, false) {
                self.percent = percent;
            }
            let hint = "A row is a true class, a column what was predicted; click a cell to see its examples";
            ui.add(
                egui::Label::new(
                    RichText::new(hint).font(theme::regular(theme::size::SMALL)).color(palette.text_faint),
                )
                .truncate(),
            );
        });
        ui.add_space(4.0);
        let matrix = Matrix {
            counts: &evaluation.confusion,
            labels: &evaluation.labels,
            percent: self.percent,
            selected: self.filter.cell,
        };
        if let Some(cell) = self.matrix.ui(ui, &matrix, palette) {
            self.filter.class = None;
            self.filter.cell = if self.filter.cell == Some(cell) { None } else { Some(cell) };
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
