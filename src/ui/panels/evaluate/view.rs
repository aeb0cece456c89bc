//! What a view of Evaluate is to the rest: the tasks whose evaluations it shows, and its parts of the screen. What it shows
//! of an evaluation goes when another takes its place.

use std::fmt::Debug;

use egui::Ui;

use crate::task::Task;
use crate::ui::Cx;
use crate::ui::tiles::Pane;
use crate::ui::widgets::slice::Slice;
use crate::worker::protocol::EvaluatedData;

/// A view as it is registered.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub tasks: &'static [Task],
    /// What one row of an evaluation is called, and several.
    pub rows: (&'static str, &'static str),
    pub make: fn() -> Box<dyn View>,
}

/// A view, while the window is open.
pub trait View: Debug {
    /// Its parts: what went wrong in short, the same by class, the list of the rows, and one of them whole. None where the
    /// rows are counted and not listed; then it has the screen for itself.
    fn panes(&self) -> Option<[Pane; 4]>;

    /// Begins with another evaluation.
    fn follow(&mut self, evaluated: &EvaluatedData);

    /// Goes on with what its parts show, for a slice of a frame; returns whether it is complete.
    fn go_on(&mut self, evaluated: &EvaluatedData, slice: &mut Slice) -> bool {
        _ = (evaluated, slice);
        true
    }

    /// Draws one of its parts.
    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, evaluated: &EvaluatedData, cx: &mut Cx<'_>) {
        _ = (pane, ui, evaluated, cx);
    }

    /// Draws all below the head, where it has no parts.
    fn whole_ui(&mut self, ui: &mut Ui, evaluated: &EvaluatedData, cx: &mut Cx<'_>) {
        _ = (ui, evaluated, cx);
    }
}
