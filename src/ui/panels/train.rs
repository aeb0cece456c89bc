//! Train: the form of the next run to the left, the run in progress in linked charts beside it.
//!
//! While a run is in progress the form shows what it was started with and cannot be changed; what a person edits then is
//! the next run.

mod charts;
mod estimate;
mod form;
mod head;
mod strategy;

use egui::{Frame, Margin, Panel, Ui};

use crate::ui::tiles::{Layout, Pane, Tiled};
use crate::ui::{Action, Cx};
use charts::Charts;
use form::Form;

#[derive(Debug, Default)]
pub struct TrainPanel {
    form: Form,
    charts: Charts,
}

impl Tiled for TrainPanel {
    fn layout(&self) -> Layout {
        let above = Layout::Columns(vec![(1.0, charts::LOSS.into()), (1.0, charts::METRIC.into())]);
        let speed = Layout::Tabs(vec![charts::SPEED.into(), charts::GRADIENT.into()]);
        let below = Layout::Columns(vec![(1.0, charts::RATE.into()), (1.0, speed)]);
        Layout::Rows(vec![(1.35, above), (1.0, below)])
    }

    fn around_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        keys(ui, cx);
        self.charts.begin(cx.workspace);
        let fill = Frame::new().fill(cx.palette.panel).inner_margin(Margin::ZERO);
        let width = if ui.available_width() < 1000.0 { 322.0 } else { 348.0 };
        Panel::left("train form").exact_size(width).resizable(false).frame(fill).show(ui, |ui| self.form.ui(ui, cx));
        if cx.workspace.run.is_some() {
            let fill = Frame::new().inner_margin(Margin { left: 12, right: 12, top: 12, bottom: 0 });
            Panel::top("train head").show_separator_line(false).frame(fill).show(ui, |ui| head::ui(ui, cx));
        }
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.charts.pane_ui(pane, ui, cx);
    }
}

/// Space pauses and goes on, unless it is typed into something.
fn keys(ui: &Ui, cx: &mut Cx<'_>) {
    let Some(job) = cx.workspace.training_job() else { return };
    let typing = ui.ctx().egui_wants_keyboard_input() || ui.memory(|memory| memory.focused().is_some());
    if !typing && ui.input(|input| input.key_pressed(egui::Key::Space)) {
        let paused = job.paused;
        cx.act(if paused { Action::ResumeRun } else { Action::PauseRun });
    }
}
