//! Home.

use crate::ui::Cx;

#[derive(Debug, Default)]
pub struct HomePanel {}

impl HomePanel {
    pub fn ui(&mut self, ui: &mut egui::Ui, _cx: &mut Cx<'_>) {
        ui.label("Home");
    }
}
