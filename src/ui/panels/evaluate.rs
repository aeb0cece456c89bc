//! Evaluate.

use crate::ui::Cx;
use crate::ui::tiles::{Layout, PaneInfo, Tiled};

#[derive(Debug, Default)]
pub struct EvaluatePanel {}

impl Tiled for EvaluatePanel {
    fn panes(&self) -> &'static [PaneInfo] {
        &[PaneInfo { key: "evaluate", title: "Evaluate" }]
    }

    fn layout(&self) -> Layout {
        Layout::Pane("evaluate")
    }

    fn pane_ui(&mut self, _key: &str, ui: &mut egui::Ui, _cx: &mut Cx<'_>) {
        ui.label("Evaluate");
    }
}
