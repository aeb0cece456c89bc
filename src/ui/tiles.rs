//! Screens made of parts that a person can drag, resize and stack: Train, Evaluate and Explore.

use super::Cx;

/// A part of a screen. `key` is kept in the settings, so it must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaneInfo {
    pub key: &'static str,
    pub title: &'static str,
}

/// Where the parts stand at first.
#[derive(Clone, Debug)]
pub enum Layout {
    Pane(&'static str),
    /// Side by side, each with its share of the width.
    Columns(Vec<(f32, Layout)>),
    /// One above the other, each with its share of the height.
    Rows(Vec<(f32, Layout)>),
    /// One at a time, chosen by a tab.
    Tabs(Vec<Layout>),
}

/// A screen made of parts. The frame around a part (its tab, its margin) is drawn by the tiles.
pub trait Tiled {
    fn panes(&self) -> &'static [PaneInfo];

    fn layout(&self) -> Layout;

    /// Draws one part. Only visible parts are drawn.
    fn pane_ui(&mut self, key: &str, ui: &mut egui::Ui, cx: &mut Cx<'_>);

    /// What stands around the parts and is none of them, such as a form or a header: drawn first, as `egui::Panel`s
    /// inside the screen, of which the parts get what is left.
    fn around_ui(&mut self, ui: &mut egui::Ui, cx: &mut Cx<'_>) {
        _ = (ui, cx);
    }

    /// Whether there is anything to tile; otherwise `empty_ui` has the whole screen.
    fn has_content(&self, cx: &Cx<'_>) -> bool {
        _ = cx;
        true
    }

    /// What the screen shows when it has nothing to show: what is missing and the next step.
    fn empty_ui(&mut self, ui: &mut egui::Ui, cx: &mut Cx<'_>) {
        _ = (ui, cx);
    }
}
