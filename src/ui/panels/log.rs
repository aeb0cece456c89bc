//! Log.

use crate::ui::Cx;

#[derive(Debug, Default)]
pub struct LogPanel {}

impl LogPanel {
    pub fn ui(&mut self, ui: &mut egui::Ui, _cx: &mut Cx<'_>) {
        ui.label("Log");
    }
}
