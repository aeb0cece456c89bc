//! Evaluate: how good a model is against saying nothing at all, which classes it takes for which, and where it is most
//! wrong.
//!
//! What is shown of an evaluation is the view of its task, in `evaluate/views`; here is what all have around them, and
//! nothing that knows one of them.

mod class_table;
mod course;
mod examples;
mod filter;
mod found;
mod header;
mod keep;
mod list;
mod sorting;
mod source;
mod view;
mod views;

pub use filter::{color_index, is_mistake, outcome};

use std::sync::{Arc, Weak};

use egui::{Frame, Margin, Panel, Ui};
use egui_material_icons::icons::ICON_FACT_CHECK;

use super::is_same;
use crate::task::Task;
use crate::ui::tiles::{Layout, Pane, Tiled};
use crate::ui::widgets::slice::Slice;
use crate::ui::widgets::{Button, state};
use crate::ui::workspace::{JobKind, Screen};
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::EvaluatedData;
use source::Source;
use view::{Kind, View};

#[derive(Debug)]
pub struct EvaluatePanel {
    views: Vec<(Kind, Box<dyn View>)>,
    /// Which view shows the evaluation.
    shown: usize,
    /// Which evaluation the view state belongs to.
    of: Option<Weak<EvaluatedData>>,
    source: Source,
}

impl Default for EvaluatePanel {
    fn default() -> Self {
        let views = views::ALL.iter().map(|kind| (*kind, (kind.make)())).collect();
        Self { views, shown: 0, of: None, source: Source::default() }
    }
}

/// Warnings that are told one by one above the results.
const TOLD: usize = 4;
/// Around what is no part.
const MARGIN: Margin = Margin { left: 12, right: 12, top: 12, bottom: 0 };

impl Tiled for EvaluatePanel {
    /// Another evaluation begins with a clean filter.
    fn prepare(&mut self, cx: &Cx<'_>) {
        let Some(evaluated) = &cx.workspace.evaluation else { return };
        if is_same(self.of.as_ref(), evaluated) {
            return;
        }
        self.of = Some(Arc::downgrade(evaluated));
        self.shown = place_of(evaluated.evaluation.task);
        self.views[self.shown].1.follow(evaluated);
    }

    fn layout(&self) -> Layout {
        // What is not listed has no layout of its own, and leaves the one that is kept as it is.
        let shown = self.views[self.shown].1.panes();
        let panes = shown.or_else(|| self.views.iter().find_map(|(_, view)| view.panes()));
        let Some([matrix, classes, examples, example]) = panes.map(|panes| panes.map(Layout::Pane)) else {
            return Layout::Tabs(Vec::new());
        };
        let left = Layout::Rows(vec![(1.6, matrix), (1.0, classes)]);
        let right = Layout::Rows(vec![(1.5, examples), (1.0, example)]);
        Layout::Columns(vec![(1.0, left), (1.15, right)])
    }

    fn has_content(&self, cx: &Cx<'_>) -> bool {
        cx.workspace.evaluation.is_some() && self.views[self.shown].1.panes().is_some()
    }

    fn empty_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(evaluated) = cx.workspace.evaluation.clone() else { return self.nothing_ui(ui, cx) };
        let (kind, view) = &mut self.views[self.shown];
        Frame::new().inner_margin(MARGIN).show(ui, |ui| self.source.head_ui(ui, &evaluated, kind.rows, cx));
        view.whole_ui(ui, &evaluated, cx);
    }

    fn around_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(evaluated) = cx.workspace.evaluation.clone() else { return };
        let (kind, view) = &mut self.views[self.shown];
        if !view.go_on(&evaluated, &mut Slice::begin()) {
            ui.ctx().request_repaint();
        }
        let fill = Frame::new().inner_margin(MARGIN);
        Panel::top("evaluate head").show_separator_line(false).frame(fill).show(ui, |ui| {
            self.source.head_ui(ui, &evaluated, kind.rows, cx);
            header::cards_ui(ui, &evaluated.evaluation, cx.palette);
            for note in &evaluated.evaluation.notes {
                ui.colored_label(cx.palette.text_dim, state::sentence(note));
            }
            let (first, more) = evaluated.told.split_at(evaluated.told.len().min(TOLD));
            for told in first {
                ui.colored_label(cx.palette.warn, state::sentence(told));
            }
            if !more.is_empty() {
                let words = format!("and {}", format::plural(more.len() as u64, "other warning", "other warnings"));
                let all: Vec<String> = more.iter().map(|told| state::sentence(told)).collect();
                ui.colored_label(cx.palette.warn, words).on_hover_text(all.join("\n"));
            }
        });
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(evaluated) = cx.workspace.evaluation.clone() else { return };
        self.views[self.shown].1.pane_ui(pane, ui, &evaluated, cx);
    }
}

/// The view of a task, by its place in the list.
fn place_of(task: Task) -> usize {
    views::ALL.iter().position(|kind| kind.tasks.contains(&task)).unwrap_or_default()
}

impl EvaluatePanel {
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
            let words = "When a run ends, the mistakes of its best weights appear here. \
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_task_has_one_view_with_parts_that_are_told_apart() {
        for task in Task::ALL {
            let views = views::ALL.iter().filter(|kind| kind.tasks.contains(&task)).count();
            assert_eq!(views, 1, "{task} has {views} views");
        }
        let mut panel = EvaluatePanel::default();
        let kept = crate::ui::tiles::first_tree("Evaluate", &panel.layout());
        for place in 0..panel.views.len() {
            panel.shown = place;
            let keys: BTreeSet<String> = panel.layout().panes().iter().map(|pane| format!("{pane:?}")).collect();
            assert_eq!(keys.len(), 4, "{:?}", panel.views[place].0);
            assert!(crate::ui::tiles::fits(&kept, &panel.layout()), "one layout is kept for all of them");
        }
    }
}
