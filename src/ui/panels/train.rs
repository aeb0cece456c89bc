//! Train: the form of the next run to the left, the run in progress in linked charts beside it.
//!
//! While a run is in progress the form shows what it was started with and cannot be changed; what a person edits then is
//! the next run.

mod charts;
mod estimate;
mod folds;
mod form;
mod head;
mod orders;
mod several;
mod strategy;
mod strip;

use egui::{Frame, Margin, Panel, Ui};

use crate::ui::tiles::{Layout, Pane, Tiled};
use crate::ui::widgets::segmented::segmented;
use crate::ui::{Action, Cx};
pub use several::KNOWN;

use charts::Charts;
use form::Form;
use orders::OrdersView;
use strip::StripView;

#[derive(Debug, Default)]
pub struct TrainPanel {
    form: Form,
    charts: Charts,
    strip: StripView,
    orders: OrdersView,
    /// Whether the run that is shown has pinned texts.
    has_probes: bool,
    /// What is seen where there is no room for both.
    sees_charts: bool,
}

/// The least width in which form and charts stand side by side.
const BOTH: f32 = 640.0;

impl Tiled for TrainPanel {
    fn prepare(&mut self, cx: &Cx<'_>) {
        self.has_probes = cx.workspace.run.as_ref().is_some_and(|run| !run.config.run.probes.is_empty());
    }

    fn variant(&self) -> &'static str {
        if self.has_probes { "with pinned texts" } else { "" }
    }

    fn layout(&self) -> Layout {
        let above = Layout::Columns(vec![(1.0, charts::LOSS.into()), (1.0, charts::METRIC.into())]);
        let speed = Layout::Tabs(vec![charts::SPEED.into(), charts::GRADIENT.into()]);
        let below = Layout::Columns(vec![(1.0, charts::RATE.into()), (1.0, speed)]);
        if self.has_probes {
            let below = Layout::Tabs(vec![charts::RATE.into(), charts::SPEED.into(), charts::GRADIENT.into()]);
            let below = Layout::Columns(vec![(1.6, strip::PROBES.into()), (1.0, below)]);
            return Layout::Rows(vec![(1.0, above), (1.15, below)]);
        }
        Layout::Rows(vec![(1.35, above), (1.0, below)])
    }

    fn around_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        keys(ui, cx);
        self.charts.begin(cx.workspace);
        let fill = Frame::new().fill(cx.palette.panel).inner_margin(Margin::ZERO);
        let room = ui.available_width();
        let is_narrow = room < BOTH;
        if is_narrow {
            self.view_ui(ui, cx);
        }
        let width = match room {
            room if room < BOTH => room - 2.0,
            room if room < 1000.0 => 322.0,
            _ => 348.0,
        };
        let sees_form = !is_narrow || !self.sees_charts;
        if sees_form {
            Panel::left("train form")
                .exact_size(width)
                .resizable(false)
                .frame(fill)
                .show(ui, |ui| self.form.ui(ui, cx));
        }
        if cx.workspace.run.is_some() && (!is_narrow || self.sees_charts) {
            let fill = Frame::new().inner_margin(Margin { left: 12, right: 12, top: 12, bottom: 0 });
            Panel::top("train head")
                .show_separator_line(false)
                .frame(fill)
                .show(ui, |ui| head::ui(ui, &mut self.orders, cx));
        }
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) {
        match (pane, cx.workspace.run.as_ref().filter(|run| run.is_all_folds())) {
            (strip::PROBES, _) => self.strip.ui(ui, cx),
            (pane, Some(run)) => folds::pane_ui(pane, ui, run, cx),
            (pane, None) => self.charts.pane_ui(pane, ui, cx),
        }
    }
}

impl TrainPanel {
    /// The form or the charts.
    fn view_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let fill = Frame::new().fill(cx.palette.panel).inner_margin(Margin { left: 12, right: 12, top: 8, bottom: 6 });
        Panel::top("train view").resizable(false).show_separator_line(false).frame(fill).show(ui, |ui| {
            let choices = [(false, "Set up"), (true, "Charts")];
            if let Some(chosen) = segmented(ui, cx.palette, self.sees_charts, &choices, true) {
                self.sees_charts = chosen;
            }
        });
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
