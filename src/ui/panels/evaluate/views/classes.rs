//! Classes: which is taken for which, whether the confidences can be believed, and the texts where that happened.

mod calibration;

use egui::{RichText, Ui};

use crate::task::Task;
use crate::ui::Cx;
use crate::ui::panels::evaluate::class_table::ClassTable;
use crate::ui::panels::evaluate::examples::Examples;
use crate::ui::panels::evaluate::view::{Kind, View};
use crate::ui::theme::{Palette, space};
use crate::ui::tiles::Pane;
use crate::ui::widgets::confusion::{Matrix, MatrixView};
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::slice::Slice;
use crate::ui::widgets::text;
use crate::worker::protocol::EvaluatedData;

pub const KIND: Kind = Kind {
    tasks: &[Task::Classify, Task::Nsp, Task::Sop],
    rows: ("example", "examples"),
    make: || Box::new(Classes::default()),
};

const MATRIX: Pane = Pane::new("matrix", "Confusion");
const TABLE: Pane = Pane::new("classes", "Classes");
const LIST: Pane = Pane::new("examples", "Examples");
const WHOLE: Pane = Pane::new("example", "Example");

#[derive(Debug, Default)]
struct Classes {
    matrix: MatrixView,
    shown: Shown,
    tempered: bool,
    table: ClassTable,
    examples: Examples,
}

/// What the first part shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shown {
    #[default]
    Counts,
    Percent,
    Calibration,
}

impl View for Classes {
    fn panes(&self) -> Option<[Pane; 4]> {
        Some([MATRIX, TABLE, LIST, WHOLE])
    }

    fn follow(&mut self, _: &EvaluatedData) {
        self.matrix = MatrixView::default();
        self.examples = Examples::default();
    }

    fn go_on(&mut self, evaluated: &EvaluatedData, slice: &mut Slice) -> bool {
        self.examples.go_on(evaluated, slice)
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, evaluated: &EvaluatedData, cx: &mut Cx<'_>) {
        match pane {
            MATRIX => self.matrix_ui(ui, evaluated, cx.palette),
            TABLE => self.examples.table_ui(ui, evaluated, &mut self.table, cx.palette),
            LIST => self.examples.list_ui(ui, evaluated, cx.palette),
            _ => self.examples.detail_ui(ui, evaluated, cx),
        }
    }
}

impl Classes {
    fn matrix_ui(&mut self, ui: &mut Ui, evaluated: &EvaluatedData, palette: &Palette) {
        let evaluation = &evaluated.evaluation;
        if evaluation.confusion.is_empty() {
            let words = "A confusion matrix needs one class for each text";
            ui.label(RichText::new(words).color(palette.text_dim));
            return;
        }
        ui.horizontal(|ui| {
            let choices = [(Shown::Counts, "Counts"), (Shown::Percent, "Row %"), (Shown::Calibration, "Calibration")];
            let choices = if evaluation.calibration.is_some() { &choices[..] } else { &choices[..2] };
            if let Some(shown) = segmented(ui, palette, self.shown, choices, false) {
                self.shown = shown;
            }
            let hint = "Rows are correct, columns predicted; click a cell for its examples";
            if self.shown != Shown::Calibration {
                ui.add(egui::Label::new(text::faint(hint, palette)).truncate());
            }
        });
        if let (Shown::Calibration, Some(calibration)) = (self.shown, &evaluation.calibration) {
            ui.add_space(space::XS);
            self.tempered = calibration::ui(ui, calibration, self.tempered, palette);
            return;
        }
        ui.add_space(4.0);
        let matrix = Matrix {
            counts: &evaluation.confusion,
            labels: &evaluation.labels,
            percent: self.shown == Shown::Percent,
            selected: self.examples.filter.cell,
        };
        if let Some(cell) = self.matrix.ui(ui, &matrix, palette) {
            self.examples.choose_cell(cell);
        }
    }
}
