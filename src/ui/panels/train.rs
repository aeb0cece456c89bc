//! Train.

use crate::ui::Cx;
use crate::ui::tiles::{Layout, PaneInfo, Tiled};

#[derive(Debug, Default)]
pub struct TrainPanel {}

impl Tiled for TrainPanel {
    fn panes(&self) -> &'static [PaneInfo] {
        &[PaneInfo { key: "train", title: "Train" }]
    }

    fn layout(&self) -> Layout {
        Layout::Pane("train")
    }

    fn pane_ui(&mut self, _key: &str, ui: &mut egui::Ui, _cx: &mut Cx<'_>) {
        ui.label("Train");
    }
}
