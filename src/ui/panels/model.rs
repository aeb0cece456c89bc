//! Model.

use crate::ui::Cx;

#[derive(Debug, Default)]
pub struct ModelPanel {}

impl ModelPanel {
    pub fn ui(&mut self, ui: &mut egui::Ui, _cx: &mut Cx<'_>) {
        ui.label("Model");
    }
}
