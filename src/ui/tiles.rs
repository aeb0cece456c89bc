//! Screens made of parts that a person can drag, resize and stack: Train, Evaluate and Explore.

use egui::Stroke;
use egui_tiles::{
    Behavior, Container, Linear, LinearDir, ResizeState, SimplificationOptions, TabState, Tile, TileId, UiResponse,
};

use super::Cx;
use super::theme::{self, Palette, size, space};

/// A part of a screen, which is a constant of whoever draws it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pane {
    /// Kept in the settings, so it must not change.
    key: &'static str,
    title: &'static str,
}

impl Pane {
    pub const fn new(key: &'static str, title: &'static str) -> Self {
        Self { key, title }
    }
}

/// Where the parts stand at first.
#[derive(Clone, Debug)]
pub enum Layout {
    Pane(Pane),
    /// Side by side, each with its share of the width.
    Columns(Vec<(f32, Self)>),
    /// One above the other, each with its share of the height.
    Rows(Vec<(f32, Self)>),
    /// One at a time, chosen by a tab.
    Tabs(Vec<Self>),
}

impl From<Pane> for Layout {
    fn from(pane: Pane) -> Self {
        Self::Pane(pane)
    }
}

impl Layout {
    /// All parts in it.
    pub fn panes(&self) -> Vec<Pane> {
        match self {
            Self::Pane(pane) => vec![*pane],
            Self::Columns(parts) | Self::Rows(parts) => parts.iter().flat_map(|(_, part)| part.panes()).collect(),
            Self::Tabs(parts) => parts.iter().flat_map(Self::panes).collect(),
        }
    }
}

/// A screen made of parts. The frame around a part (its tab, its margin) is drawn by the tiles.
pub trait Tiled {
    /// Called before everything else in a frame, for a screen whose parts depend on what it shows.
    fn prepare(&mut self, cx: &Cx<'_>) {
        _ = cx;
    }

    /// Which of its several sets of parts a screen has now; each keeps a layout of its own.
    fn variant(&self) -> &'static str {
        ""
    }

    /// The parts, and where they stand at first.
    fn layout(&self) -> Layout;

    /// Draws one part. Only visible parts are drawn.
    fn pane_ui(&mut self, pane: Pane, ui: &mut egui::Ui, cx: &mut Cx<'_>);

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

/// The parts of one screen as they stand now. A part is kept by its key.
pub type Tree = egui_tiles::Tree<String>;

/// A new tree in the screen's first layout.
pub fn first_tree(id: &str, layout: &Layout) -> Tree {
    let mut tiles = egui_tiles::Tiles::default();
    let root = insert(&mut tiles, layout);
    Tree::new(egui::Id::unique(id), root, tiles)
}

fn insert(tiles: &mut egui_tiles::Tiles<String>, layout: &Layout) -> TileId {
    match layout {
        Layout::Pane(pane) => tiles.insert_pane(pane.key.to_owned()),
        Layout::Columns(parts) => insert_linear(tiles, LinearDir::Horizontal, parts),
        Layout::Rows(parts) => insert_linear(tiles, LinearDir::Vertical, parts),
        Layout::Tabs(parts) => {
            let children = parts.iter().map(|part| insert(tiles, part)).collect();
            tiles.insert_tab_tile(children)
        }
    }
}

fn insert_linear(tiles: &mut egui_tiles::Tiles<String>, dir: LinearDir, parts: &[(f32, Layout)]) -> TileId {
    let children: Vec<TileId> = parts.iter().map(|(_, part)| insert(tiles, part)).collect();
    let mut linear = Linear::new(dir, children.clone());
    for (child, (share, _)) in children.into_iter().zip(parts) {
        linear.shares.set_share(child, *share);
    }
    tiles.insert_container(linear)
}

/// Whether a remembered tree has the parts that the screen has today, each once.
pub fn fits(tree: &Tree, layout: &Layout) -> bool {
    let mut kept: Vec<&str> = tree
        .tiles
        .tiles()
        .filter_map(|tile| match tile {
            Tile::Pane(key) => Some(key.as_str()),
            Tile::Container(_) => None,
        })
        .collect();
    let mut wanted: Vec<&str> = layout.panes().iter().map(|pane| pane.key).collect();
    kept.sort_unstable();
    wanted.sort_unstable();
    kept == wanted
}

/// The parts that stand before others in their place.
pub fn tabs(tree: &Tree) -> Vec<String> {
    let stacks = tree.tiles.tiles().filter_map(|tile| match tile {
        Tile::Container(Container::Tabs(tabs)) if tabs.children.len() > 1 => tabs.active,
        Tile::Container(_) | Tile::Pane(_) => None,
    });
    let mut keys: Vec<String> = stacks.filter_map(|tile| tree.tiles.get_pane(&tile).cloned()).collect();
    keys.sort_unstable();
    keys
}

/// Puts parts before others in their place.
pub fn turn_to(tree: &mut Tree, keys: &[String]) {
    for key in keys {
        if let Some(tile) = tree.tiles.find_pane(key) {
            tree.make_active(|id, _| id == tile);
        }
    }
}

/// Draws a screen: what stands around the parts, then the parts.
pub fn show(tree: &mut Tree, screen: &mut dyn Tiled, ui: &mut egui::Ui, cx: &mut Cx<'_>) {
    if !screen.has_content(cx) {
        screen.empty_ui(ui, cx);
        return;
    }
    screen.around_ui(ui, cx);
    // A group of tabs and the part below it look like one card. Its place is only known after the parts are laid out,
    // so the card's shape is filled in afterwards.
    let below = ui.painter().add(egui::Shape::Noop);
    let palette = cx.palette;
    let margin = space::M;
    let area = ui.available_rect_before_wrap().shrink(margin);
    let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(area));
    let panes = screen.layout().panes();
    tree.ui(&mut Parts { screen, panes, cx }, &mut inner);
    ui.advance_cursor_after_rect(area.expand(margin));
    let cards = tree.tiles.iter().filter(|(_, tile)| matches!(tile, Tile::Container(Container::Tabs(_))));
    let shapes = cards.filter_map(|(id, _)| tree.tiles.rect(*id)).flat_map(|rect| card_shapes(rect, palette));
    ui.painter().set(below, egui::Shape::Vec(shapes.collect()));
}

fn card_shapes(rect: egui::Rect, palette: &Palette) -> [egui::Shape; 2] {
    let line = Stroke::new(1.0, palette.line);
    let card = egui::epaint::RectShape::new(rect, 8, palette.panel, line, egui::StrokeKind::Inside);
    let below_tabs = rect.top() + TAB_HEIGHT;
    [card.into(), egui::Shape::hline(rect.x_range().shrink(1.0), below_tabs, line)]
}

const TAB_HEIGHT: f32 = 34.0;

struct Parts<'a, 'b> {
    screen: &'a mut dyn Tiled,
    panes: Vec<Pane>,
    cx: &'a mut Cx<'b>,
}

impl Parts<'_, '_> {
    fn pane(&self, key: &str) -> Option<Pane> {
        self.panes.iter().copied().find(|pane| pane.key == key)
    }
}

impl Behavior<String> for Parts<'_, '_> {
    fn pane_ui(&mut self, ui: &mut egui::Ui, _tile: TileId, key: &mut String) -> UiResponse {
        let pane = self.pane(key);
        egui::Frame::new().inner_margin(egui::Margin::same(space::M as i8)).show(ui, |ui| {
            ui.shrink_clip_rect(ui.max_rect().expand(space::XS));
            if let Some(pane) = pane {
                self.screen.pane_ui(pane, ui, self.cx);
            }
        });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, key: &String) -> egui::WidgetText {
        let title = self.pane(key).map_or(key.as_str(), |pane| pane.title);
        egui::RichText::new(title).font(theme::medium(size::BODY)).into()
    }

    fn tab_ui(
        &mut self,
        tiles: &mut egui_tiles::Tiles<String>,
        ui: &mut egui::Ui,
        id: egui::Id,
        tile: TileId,
        state: &TabState,
    ) -> egui::Response {
        let palette = self.cx.palette;
        let words = self.tab_title_for_tile(tiles, tile);
        let font = theme::medium(size::BODY);
        let galley = words.into_galley(ui, Some(egui::TextWrapMode::Extend), f32::INFINITY, font);
        let width = galley.size().x + 2.0 * space::M;
        let (_, rect) = ui.allocate_space(egui::vec2(width, ui.available_height()));
        let response = ui.interact(rect, id, egui::Sense::click_and_drag());
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Tab, true, state.active, galley.text()));
        if !state.is_being_dragged {
            let over = state.active || response.hovered();
            let color = if over { palette.text } else { palette.text_dim };
            let at = rect.center() - galley.size() / 2.0;
            ui.painter().galley_with_override_text_color(at, galley, color);
            let several = tiles.parent_of(tile).and_then(|parent| tiles.get_container(parent));
            if state.active && several.is_some_and(|tabs| tabs.num_children() > 1) {
                let line = rect.x_range().shrink(space::M);
                ui.painter().hline(line, rect.bottom() - 1.0, Stroke::new(2.0, palette.accent));
            }
        }
        self.on_tab_button(tiles, tile, response)
    }

    fn tab_bar_height(&self, _style: &egui::Style) -> f32 {
        TAB_HEIGHT
    }

    fn tab_bar_color(&self, _visuals: &egui::Visuals) -> egui::Color32 {
        egui::Color32::TRANSPARENT
    }

    fn tab_bar_hline_stroke(&self, _visuals: &egui::Visuals) -> Stroke {
        Stroke::NONE
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        space::S
    }

    fn min_size(&self) -> f32 {
        140.0
    }

    fn resize_stroke(&self, _style: &egui::Style, state: ResizeState) -> Stroke {
        match state {
            ResizeState::Idle => Stroke::NONE,
            ResizeState::Hovering | ResizeState::Dragging => Stroke::new(2.0, self.cx.palette.accent),
        }
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..SimplificationOptions::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remembered_layout_is_dropped_when_the_parts_are_others() {
        let of = |keys: &[&'static str]| {
            Layout::Columns(keys.iter().map(|key| (0.3, Pane::new(key, "Title").into())).collect())
        };
        let tree = first_tree("screen", &of(&["a", "b"]));
        assert!(fits(&tree, &of(&["b", "a"])));
        assert!(!fits(&tree, &of(&["a"])));
        assert!(!fits(&tree, &of(&["a", "b", "c"])));
    }
}
