//! Explore.

use crate::ui::Cx;
use crate::ui::tiles::{Layout, PaneInfo, Tiled};

#[derive(Debug, Default)]
pub struct ExplorePanel {}

impl Tiled for ExplorePanel {
    fn panes(&self) -> &'static [PaneInfo] {
        &[PaneInfo { key: "explore", title: "Explore" }]
    }

    fn layout(&self) -> Layout {
        Layout::Pane("explore")
    }

    fn pane_ui(&mut self, _key: &str, ui: &mut egui::Ui, _cx: &mut Cx<'_>) {
        ui.label("Explore");
    }
}
