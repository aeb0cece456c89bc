//! The model from the embeddings to the head, a cell for each block: locked when frozen, filled by its rate when not.
//! A click turns a cell over, a drag paints, and the keyboard does both.

use egui::{Align2, FontId, Key, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons::ICON_LOCK;

use crate::ui::format;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::state;
use crate::words;

#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// As a configuration calls it: `embeddings`, `layers.2` or `head`.
    pub name: String,
    pub parameters: u64,
    /// Those of them that are trained.
    pub trained: u64,
    pub trainable: bool,
    /// Highest rate the block reaches while it is trained.
    pub lr: f64,
}

impl Block {
    /// `Embeddings`, `Layer 3`, `Head`.
    pub fn title(&self) -> String {
        state::sentence(&words::block(&self.name))
    }

    /// Whether most of it stays as it is and something is trained beside it or of it.
    fn is_mostly_frozen(&self) -> bool {
        self.trainable && self.trained * 2 < self.parameters
    }

    fn is_layer(&self) -> bool {
        self.name.starts_with("layers.")
    }
}

const HEIGHT: f32 = 44.0;
const GAP: f32 = 2.0;

/// Returns which blocks are to be trained when a cell was turned over, in the order of `blocks`.
pub fn freeze_map(ui: &mut Ui, blocks: &[Block], palette: &Palette) -> Option<Vec<bool>> {
    let width = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(vec2(width, HEIGHT + 16.0), Sense::hover());
    let id = ui.scope_id().with("freeze map");
    let cells = cells(rect, blocks);
    let highest = blocks.iter().filter(|block| block.trainable).map(|block| block.lr).fold(0.0, f64::max);
    let mut now: Vec<bool> = blocks.iter().map(|block| block.trainable).collect();
    // What a drag paints is decided by the cell it began on.
    let mut brush: Option<bool> = ui.data(|data| data.get_temp(id)).flatten();
    let pointer = ui.input(|input| input.pointer.interact_pos());
    let mut next_focus = None;
    for (place, (block, cell)) in blocks.iter().zip(&cells).enumerate() {
        let response = ui.interact(*cell, id.with(place), Sense::click_and_drag());
        let label = format!("Freeze {}", words::block(&block.name));
        response.widget_info(|| WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), !block.trainable, &label));
        if response.drag_started() {
            brush = Some(!block.trainable);
        }
        if response.dragged()
            && let (Some(paint), Some(pointer)) = (brush, pointer)
            && let Some(under) = cells.iter().position(|cell| cell.x_range().contains(pointer.x))
        {
            // A quick drag passes over cells between two frames; all from the first to this one are painted.
            for between in &mut now[place.min(under)..=place.max(under)] {
                *between = paint;
            }
        }
        if response.clicked() {
            now[place] = !block.trainable;
        }
        if response.drag_stopped() {
            brush = None;
        }
        // Only after the last cell: the next one would otherwise see the same key with the focus it has just got.
        next_focus = next_focus.or(neighbour(ui, &response, place, blocks.len()));
        paint_cell(ui, *cell, block, highest, &response, palette);
        response.on_hover_ui(|ui| tooltip(ui, block, palette));
    }
    if let Some(next) = next_focus {
        ui.memory_mut(|memory| memory.request_focus(id.with(next)));
    }
    ui.data_mut(|data| data.insert_temp(id, brush));
    numbers_ui(ui, rect, blocks, &cells, palette);
    let before = blocks.iter().map(|block| block.trainable);
    (!before.eq(now.iter().copied())).then_some(now)
}

/// Embeddings and head are wider than a layer, because their names stand in them.
fn cells(rect: Rect, blocks: &[Block]) -> Vec<Rect> {
    let layers = blocks.iter().filter(|block| block.is_layer()).count() as f32;
    let others = blocks.len() as f32 - layers;
    let room = rect.width() - GAP * (blocks.len().max(1) - 1) as f32;
    let wide = (room * 0.16).clamp(20.0, 46.0);
    let layer = if layers > 0.0 { ((room - others * wide) / layers).clamp(3.0, 46.0) } else { 0.0 };
    // With few layers nothing is stretched beyond a comfortable cell; the ends take the rest.
    let wide = if others > 0.0 { ((room - layers * layer) / others).min(120.0) } else { wide };
    let mut left = rect.left();
    blocks
        .iter()
        .map(|block| {
            let width = if block.is_layer() { layer } else { wide };
            let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(width, HEIGHT));
            left += width + GAP;
            cell
        })
        .collect()
}

fn paint_cell(ui: &Ui, cell: Rect, block: &Block, highest: f64, response: &Response, palette: &Palette) {
    let painter = ui.painter();
    let lively = response.hovered() || response.dragged();
    let radius = 4.0;
    // Where the name stands, and in which colour: above a fill that is too low to carry it.
    let (mut foot, mut ink) = (cell.bottom() - 5.0, palette.text_dim);
    if block.trainable && block.is_mostly_frozen() {
        paint_beside(ui, cell, lively, palette);
    } else if block.trainable {
        painter.rect_filled(cell, radius, palette.accent_soft);
        // The square root keeps the lower layers of a strong decay in sight.
        let share = if highest > 0.0 { (block.lr / highest).max(0.0).sqrt() as f32 } else { 1.0 };
        let height = (cell.height() * share).clamp(6.0, cell.height());
        let fill = Rect::from_min_max(pos2(cell.left(), cell.bottom() - height), cell.max);
        // A row of full cells in the plain accent would outshine the button that starts the run.
        let calm = palette.accent_soft.lerp_to_gamma(palette.accent, 0.78);
        painter.rect_filled(fill, radius, if lively { palette.accent } else { calm });
        (foot, ink) = if height < 20.0 { (fill.top() - 2.0, palette.text_dim) } else { (foot, palette.on_accent) };
    } else {
        let fill = if lively { palette.hover } else { palette.raised };
        painter.rect_filled(cell, radius, fill);
        painter.rect_stroke(cell, radius, Stroke::new(1.0, palette.line), StrokeKind::Inside);
    }
    if response.has_focus() {
        painter.rect_stroke(cell.expand(1.5), radius + 1.5, Stroke::new(1.5, palette.text), StrokeKind::Inside);
    }
    let named = !block.is_layer() && cell.width() >= 30.0;
    if named {
        let short = if block.name == "embeddings" { "Emb" } else { "Head" };
        let at = pos2(cell.center().x, foot);
        painter.text(at, Align2::CENTER_BOTTOM, short, theme::medium(size::SMALL), ink);
    }
    if (!block.trainable || block.is_mostly_frozen()) && cell.width() >= 11.0 {
        let font = FontId::new((cell.width() * 0.6).clamp(9.0, 15.0), ICON_LOCK.font_family());
        let at = if named { cell.center_top() + vec2(0.0, 14.0) } else { cell.center() };
        let at = if block.trainable { at - vec2(BESIDE / 2.0, 0.0) } else { at };
        painter.text(at, Align2::CENTER_CENTER, ICON_LOCK.codepoint, font, palette.text_faint);
    }
}

/// How wide the strip of what is trained is, where the rest of a cell is not.
const BESIDE: f32 = 5.0;

/// A cell that stays as it is, with a strip of what is trained along its edge.
fn paint_beside(ui: &Ui, cell: Rect, lively: bool, palette: &Palette) {
    let (painter, radius) = (ui.painter(), 4.0);
    painter.rect_filled(cell, radius, if lively { palette.hover } else { palette.raised });
    painter.rect_stroke(cell, radius, Stroke::new(1.0, palette.line), StrokeKind::Inside);
    let width = BESIDE.min(cell.width() / 2.0);
    let strip = Rect::from_min_max(pos2(cell.right() - width, cell.top()), cell.max);
    let corners = egui::CornerRadius { nw: 0, sw: 0, ne: 4, se: 4 };
    let calm = palette.accent_soft.lerp_to_gamma(palette.accent, 0.78);
    painter.rect_filled(strip, corners, if lively { palette.accent } else { calm });
}

/// The layers' numbers below their cells, as many as have room.
fn numbers_ui(ui: &Ui, rect: Rect, blocks: &[Block], cells: &[Rect], palette: &Palette) {
    let layers = blocks.iter().zip(cells).filter(|(block, _)| block.is_layer());
    let stride = [1, 2, 3, 6, 12].into_iter().find(|stride| {
        let width = cells.get(1).map_or(20.0, |cell| cell.width() + GAP);
        width * *stride as f32 >= 18.0
    });
    let stride = stride.unwrap_or(12);
    for (place, (_, cell)) in layers.enumerate() {
        if place % stride == 0 {
            let number = place + 1;
            let at = pos2(cell.center().x, rect.bottom());
            ui.painter().text(at, Align2::CENTER_BOTTOM, number, theme::number(10.0), palette.text_faint);
        }
    }
}

fn neighbour(ui: &Ui, response: &Response, place: usize, blocks: usize) -> Option<usize> {
    if !response.has_focus() {
        return None;
    }
    ui.memory_mut(|memory| {
        let arrows = egui::EventFilter { horizontal_arrows: true, ..egui::EventFilter::default() };
        memory.set_focus_lock_filter(response.id, arrows);
    });
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    if pressed(Key::ArrowRight) && place + 1 < blocks {
        Some(place + 1)
    } else if pressed(Key::ArrowLeft) && place > 0 {
        Some(place - 1)
    } else {
        None
    }
}

fn tooltip(ui: &mut Ui, block: &Block, palette: &Palette) {
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.label(egui::RichText::new(block.title()).font(theme::semibold(size::BODY)));
    let parameters = format::plural(block.parameters, "parameter", "parameters");
    ui.label(egui::RichText::new(parameters).color(palette.text_dim));
    let state = if block.trainable {
        let some = if block.trained < block.parameters {
            let share = format::percent(block.trained as f64 / block.parameters as f64);
            format!("{} of them ({share}) ", format::count(block.trained))
        } else {
            String::new()
        };
        format!("{some}trained at a rate of up to {}", format::rate(block.lr))
    } else {
        "frozen, click to train it".into()
    };
    ui.label(egui::RichText::new(state).color(palette.text_dim));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(layers: usize) -> Vec<Block> {
        let block = |name: String| Block { name, parameters: 10, trained: 10, trainable: true, lr: 1e-5 };
        let mut blocks = vec![block("embeddings".into())];
        blocks.extend((0..layers).map(|layer| block(format!("layers.{layer}"))));
        blocks.push(block("head".into()));
        blocks
    }

    #[test]
    fn the_cells_fill_their_place_and_do_not_overlap() {
        let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(320.0, 60.0));
        for layers in [2, 6, 12, 24] {
            let cells = cells(rect, &blocks(layers));
            assert_eq!(cells.len(), layers + 2);
            assert!(
                cells.iter().all(|cell| cell.width() >= 3.0 && cell.right() <= rect.right() + 0.5),
                "{layers} layers"
            );
            assert!(cells.windows(2).all(|pair| pair[0].right() < pair[1].left()), "{layers} layers");
        }
    }

    #[test]
    fn a_block_is_named_as_people_say_it() {
        let names: Vec<String> = blocks(1).iter().map(Block::title).collect();
        assert_eq!(names, ["Embeddings", "Layer 1", "Head"]);
    }
}
