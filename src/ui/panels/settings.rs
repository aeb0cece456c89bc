//! Settings.

use crate::ui::Cx;

#[derive(Debug, Default)]
pub struct SettingsPanel {}

impl SettingsPanel {
    pub fn ui(&mut self, ui: &mut egui::Ui, _cx: &mut Cx<'_>, _settings: &crate::ui::settings::Settings) {
        ui.label("Settings");
    }
}
