//! Runs.

use crate::ui::Cx;

#[derive(Debug, Default)]
pub struct RunsPanel {}

impl RunsPanel {
    pub fn ui(&mut self, ui: &mut egui::Ui, _cx: &mut Cx<'_>) {
        ui.label("Runs");
    }
}
