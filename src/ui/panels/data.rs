//! Data.

use crate::ui::Cx;

#[derive(Debug, Default)]
pub struct DataPanel {}

impl DataPanel {
    pub fn ui(&mut self, ui: &mut egui::Ui, _cx: &mut Cx<'_>) {
        ui.label("Data");
    }
}
