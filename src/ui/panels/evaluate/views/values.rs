//! Numbers: what is true against what was said, and how far apart they lie.

use egui::Ui;

use crate::metrics::Outcome;
use crate::task::Task;
use crate::ui::Cx;
use crate::ui::panels::evaluate::examples::Examples;
use crate::ui::panels::evaluate::view::{Kind, View};
use crate::ui::theme::Palette;
use crate::ui::tiles::Pane;
use crate::ui::widgets::histogram::{self, Histogram, histogram};
use crate::ui::widgets::scatter::{Scatter, scatter};
use crate::ui::widgets::slice::Slice;
use crate::worker::protocol::EvaluatedData;

pub const KIND: Kind =
    Kind { tasks: &[Task::Regress], rows: ("example", "examples"), make: || Box::new(Values::default()) };

const POINTS: Pane = Pane::new("matrix", "Correct and predicted");
const DISTANCE: Pane = Pane::new("classes", "Distance");
const LIST: Pane = Pane::new("examples", "Examples");
const WHOLE: Pane = Pane::new("example", "Example");

#[derive(Debug, Default)]
struct Values {
    examples: Examples,
    /// Gold and predicted.
    points: Vec<[f64; 2]>,
    distances: (Vec<u64>, f64),
}

impl View for Values {
    fn panes(&self) -> Option<[Pane; 4]> {
        Some([POINTS, DISTANCE, LIST, WHOLE])
    }

    fn follow(&mut self, evaluated: &EvaluatedData) {
        let predictions = evaluated.evaluation.predictions.iter();
        let points = predictions.filter_map(|said| match (&said.gold, &said.predicted) {
            (Outcome::Value(gold), Outcome::Value(predicted)) => Some([*gold, *predicted]),
            _ => None,
        });
        self.points = points.collect();
        self.distances = histogram::bin(self.points.iter().map(|point| (point[0] - point[1]).abs()), 40);
        // A number is never quite right.
        self.examples = Examples::of_mistakes();
    }

    fn go_on(&mut self, evaluated: &EvaluatedData, slice: &mut Slice) -> bool {
        self.examples.go_on(evaluated, slice)
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, evaluated: &EvaluatedData, cx: &mut Cx<'_>) {
        match pane {
            POINTS => self.points_ui(ui, cx.palette),
            DISTANCE => self.distances_ui(ui, cx.palette),
            LIST => self.examples.list_ui(ui, evaluated, cx.palette),
            _ => self.examples.detail_ui(ui, evaluated, cx),
        }
    }
}

impl Values {
    fn points_ui(&mut self, ui: &mut Ui, palette: &Palette) {
        let selected = self.examples.selected;
        let spec = Scatter { x_title: "Correct value", y_title: "Predicted", points: &self.points, selected };
        let rect = ui.available_rect_before_wrap();
        if let Some(point) = scatter(ui, rect, &spec, palette) {
            self.examples.point_at(point);
        }
    }

    /// How far predictions lie from what is true.
    fn distances_ui(&self, ui: &mut Ui, palette: &Palette) {
        let (bins, width) = &self.distances;
        let spec =
            Histogram { name: "Distance", unit: "texts", bins, from: 0.0, width: *width, limit: None, can_move: false };
        histogram(ui, ui.available_size(), &spec, palette);
    }
}
