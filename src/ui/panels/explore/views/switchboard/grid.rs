//! The grid: a row for each layer with its number, its heads and its feed-forward. Each is a switch.

use std::sync::Arc;

use egui::{Align2, Color32, Rect, Response, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::Shows;
use crate::analysis::switchboard::{Board, Scored};
use crate::inspect::attention::Seen;
use crate::inspect::switches::Switches;
use crate::ui::panels::explore::views::attention::Chosen;
use crate::ui::panels::explore::views::attention::pictures::Pictures;
use crate::ui::theme::{self, Palette, size};
use crate::words::layer as layer_words;

/// Room for the number of a layer, and for those of heads.
const SIDE: f32 = 30.0;
const TOP: f32 = 22.0;
/// Width of a cell.
const LEAST: f32 = 22.0;
const MOST: f32 = 76.0;
const GAP: f32 = 3.0;
/// Between the heads and the feed-forward.
const APART: f32 = 10.0;

/// The importance of a part, and the score without it where that was measured.
type Value = Option<(f64, Option<Scored>)>;

/// What was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    Head(usize, usize),
    /// All heads of a layer.
    Attention(usize),
    FeedForward(usize),
}

#[derive(Default)]
pub struct Grid {
    pictures: Pictures,
}

impl std::fmt::Debug for Grid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grid").finish_non_exhaustive()
    }
}

/// What is drawn.
struct Drawn<'a> {
    seen: &'a Seen,
    shows: Shows,
    board: Option<&'a Board>,
    off: &'a Switches,
    /// The least and the most of what the cells show.
    range: (f64, f64),
    palette: &'a Palette,
}

impl Grid {
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        seen: &Arc<Seen>,
        shows: Shows,
        board: Option<&Board>,
        off: &Switches,
        palette: &Palette,
    ) -> Option<Pressed> {
        self.pictures.paint(ui, seen, palette);
        let range = board.map_or((0.0, 0.0), |board| range(board, shows));
        let drawn = Drawn { seen, shows, board, off, range, palette };
        let room = ui.available_size() - vec2(SIDE + APART + 16.0, TOP + 8.0);
        let fit = (room.x / (seen.heads + 1) as f32).min(room.y / seen.layers as f32).floor();
        let cell = fit.clamp(LEAST, MOST);
        let whole = vec2(SIDE + APART + cell * (seen.heads + 1) as f32, TOP + cell * seen.layers as f32);
        let mut pressed = None;
        ScrollArea::both().id_salt("switchboard").auto_shrink([false, false]).show(ui, |ui| {
            let (rect, _) = ui.allocate_exact_size(whole, Sense::hover());
            drawn.numbers(ui, rect, cell);
            for layer in 0..seen.layers {
                let top = rect.top() + TOP + cell * layer as f32;
                let number = Rect::from_min_size(pos2(rect.left(), top), vec2(SIDE - 4.0, cell));
                pressed = pressed.or(drawn.number_ui(ui, number, layer));
                for head in 0..seen.heads {
                    let at = pos2(rect.left() + SIDE + cell * head as f32, top);
                    let place = Rect::from_min_size(at, vec2(cell, cell)).shrink(GAP / 2.0);
                    pressed = pressed.or(drawn.head_ui(ui, place, layer, head, &self.pictures));
                }
                let at = pos2(rect.left() + SIDE + APART + cell * seen.heads as f32, top);
                let place = Rect::from_min_size(at, vec2(cell, cell)).shrink(GAP / 2.0);
                pressed = pressed.or(drawn.feed_forward_ui(ui, place, layer));
            }
        });
        pressed
    }
}

/// The least and the most of what the cells of a board show.
fn range(board: &Board, shows: Shows) -> (f64, f64) {
    let all: Vec<f64> = match (shows, &board.without) {
        (Shows::Exact, Some(without)) => {
            without.heads.iter().chain(&without.feed_forward).map(|scored| scored.loss).collect()
        }
        (Shows::Exact | Shows::Importance | Shows::Attention, _) => {
            board.of_heads.iter().chain(&board.of_feed_forward).copied().collect()
        }
    };
    let least = if shows == Shows::Exact { all.iter().copied().fold(board.whole.loss, f64::min) } else { 0.0 };
    (least, all.iter().copied().fold(least, f64::max))
}

impl Drawn<'_> {
    fn numbers(&self, ui: &Ui, rect: Rect, cell: f32) {
        let font = theme::number(size::SMALL);
        let write = |column: usize, left: f32, words: String| {
            let at = pos2(rect.left() + SIDE + left + cell * (column as f32 + 0.5), rect.top() + TOP - 5.0);
            ui.painter().text(at, Align2::CENTER_BOTTOM, words, font.clone(), self.palette.text_faint);
        };
        for head in 0..self.seen.heads {
            write(head, 0.0, (head + 1).to_string());
        }
        write(self.seen.heads, APART, "FF".to_owned());
    }

    /// The number of a layer, which switches all its heads.
    fn number_ui(&self, ui: &Ui, place: Rect, layer: usize) -> Option<Pressed> {
        let response = ui.interact(place, ui.scope_id().with(("layer", layer)), Sense::click());
        let is_off = self.off.has_no_attention(layer, self.seen.heads);
        let name = format!("Attention of {}, {}", layer_words(layer), state(is_off));
        response.widget_info(|| WidgetInfo::selected(Role::GridCell, true, !is_off, &name));
        let lit = response.hovered() || response.has_focus();
        if lit {
            ui.painter().rect_filled(place.shrink(2.0), 4.0, self.palette.hover);
        }
        let color = if is_off {
            self.palette.bad
        } else if lit {
            self.palette.text
        } else {
            self.palette.text_dim
        };
        let at = place.right_center() - vec2(6.0, 0.0);
        ui.painter().text(at, Align2::RIGHT_CENTER, (layer + 1).to_string(), theme::number(size::SMALL), color);
        response.on_hover_text("Switches all heads of the layer").clicked().then_some(Pressed::Attention(layer))
    }

    fn head_ui(&self, ui: &Ui, place: Rect, layer: usize, head: usize, pictures: &Pictures) -> Option<Pressed> {
        let is_off = self.off.heads.contains(&(layer, head));
        let value = self.board.map(|board| (board.of_head(layer, head), board.without_head(layer, head)));
        let name = format!("{}: {}{}", Chosen { layer, head }.title(), state(is_off), words(value));
        let id = ui.scope_id().with(("head", layer, head));
        let response = ui.interact(place, id, Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::GridCell, true, !is_off, &name));
        if ui.is_rect_visible(place) {
            if self.shows == Shows::Attention {
                let tint = if is_off { Color32::WHITE.gamma_multiply(0.2) } else { Color32::WHITE };
                pictures.draw(ui.painter(), place, (layer, head), self.seen, tint, self.palette);
            } else {
                self.fill(ui, place, value, is_off);
            }
            self.frame(ui, &response, is_off);
        }
        response.on_hover_text(name).clicked().then_some(Pressed::Head(layer, head))
    }

    fn feed_forward_ui(&self, ui: &Ui, place: Rect, layer: usize) -> Option<Pressed> {
        let is_off = self.off.feed_forward.contains(&layer);
        let value = self.board.map(|board| (board.of_feed_forward[layer], board.without_feed_forward(layer)));
        let name = format!("Feed-forward of {}, {}{}", layer_words(layer), state(is_off), words(value));
        let response = ui.interact(place, ui.scope_id().with(("feed-forward", layer)), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::GridCell, true, !is_off, &name));
        if ui.is_rect_visible(place) {
            if self.shows == Shows::Attention {
                ui.painter().rect_filled(place, 3.0, if is_off { self.palette.panel } else { self.palette.raised });
            } else {
                self.fill(ui, place, value, is_off);
            }
            self.frame(ui, &response, is_off);
        }
        response.on_hover_text(name).clicked().then_some(Pressed::FeedForward(layer))
    }

    /// A cell in the colour of its value.
    fn fill(&self, ui: &Ui, place: Rect, value: Value, is_off: bool) {
        let (least, most) = self.range;
        let shown = value.map(|(importance, without)| match (self.shows, without) {
            (Shows::Exact, Some(scored)) => scored.loss,
            (Shows::Exact | Shows::Importance | Shows::Attention, _) => importance,
        });
        let share = shown.map_or(0.0, |value| if most > least { (value - least) / (most - least) } else { 0.0 });
        // The root, because what matters little is to be told from what matters not at all.
        let color = self.palette.heat((share.clamp(0.0, 1.0) as f32).sqrt());
        ui.painter().rect_filled(place, 3.0, if is_off { color.gamma_multiply(0.2) } else { color });
    }

    /// The edge of a cell, and the stroke through one that is off.
    fn frame(&self, ui: &Ui, response: &Response, is_off: bool) {
        let (place, lit) = (response.rect, response.hovered() || response.has_focus());
        let color = if lit {
            self.palette.text
        } else if is_off {
            self.palette.bad
        } else {
            self.palette.line
        };
        let width = if lit { 1.5 } else { 1.0 };
        ui.painter().rect_stroke(place, 3.0, Stroke::new(width, color), StrokeKind::Inside);
        if is_off {
            let inner = place.shrink(place.width() * 0.24);
            let stroke = Stroke::new(1.5, self.palette.bad);
            ui.painter().line_segment([inner.left_bottom(), inner.right_top()], stroke);
        }
    }
}

/// What is known of a part, as it is read aloud and shown under the pointer.
fn words(value: Value) -> String {
    let Some((importance, without)) = value else { return String::new() };
    let without = without.map_or_else(String::new, |scored| format!(", loss without it {:.4}", scored.loss));
    format!(", importance {importance:.5}{without}")
}

fn state(is_off: bool) -> &'static str {
    if is_off { "off" } else { "on" }
}
