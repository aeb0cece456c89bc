//! All heads of all layers as small pictures: a row for each layer, a column for each head.

use std::sync::Arc;

use egui::{Align2, Color32, Rect, Role as Part, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::Chosen;
use super::pictures::Pictures;
use crate::inspect::attention::{Figures, Seen};
use crate::ui::theme::{self, Palette, size};

/// Room for the numbers of layers and heads.
const HEAD: f32 = 22.0;
/// Width of a small picture.
const LEAST: f32 = 15.0;
const MOST: f32 = 84.0;
const GAP: f32 = 2.0;

#[derive(Default)]
pub struct Overview {
    pictures: Pictures,
    /// The head that has the focus, which arrow keys move.
    focused: Option<Chosen>,
}

impl std::fmt::Debug for Overview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overview").finish_non_exhaustive()
    }
}

/// What is drawn of each head: its figures over the text or over many, and whether it is among those that are looked for.
pub struct Told<'a> {
    pub figures: &'a [Figures],
    pub is_found: &'a dyn Fn(&Figures) -> bool,
}

impl Overview {
    /// Returns the head that was chosen.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        seen: &Arc<Seen>,
        chosen: Chosen,
        told: &Told<'_>,
        palette: &Palette,
    ) -> Option<Chosen> {
        self.pictures.paint(ui, seen, palette);
        let room = ui.available_size() - vec2(HEAD + 8.0, HEAD + 8.0);
        let fit = (room.x / seen.heads as f32).min(room.y / seen.layers as f32).floor();
        let cell = fit.clamp(LEAST, MOST);
        let whole = vec2(HEAD + cell * seen.heads as f32, HEAD + cell * seen.layers as f32);
        let mut pressed = None;
        ScrollArea::both().id_salt("all heads").auto_shrink([false, false]).show(ui, |ui| {
            let (rect, _) = ui.allocate_exact_size(whole, Sense::hover());
            numbers(ui, rect, cell, seen, chosen, palette);
            for layer in 0..seen.layers {
                for head in 0..seen.heads {
                    let one = Chosen { layer, head };
                    let at = rect.min + vec2(HEAD + cell * head as f32, HEAD + cell * layer as f32);
                    let place = Rect::from_min_size(at, vec2(cell, cell)).shrink(GAP / 2.0);
                    if self.head_ui(ui, place, one, (seen, told), chosen == one, palette) {
                        pressed = Some(one);
                    }
                }
            }
        });
        pressed.filter(|one| *one != chosen)
    }

    fn head_ui(
        &mut self,
        ui: &Ui,
        place: Rect,
        one: Chosen,
        (seen, told): (&Seen, &Told<'_>),
        is_chosen: bool,
        palette: &Palette,
    ) -> bool {
        let response = ui.interact(place, ui.scope_id().with((one.layer, one.head)), Sense::click());
        let figures = &told.figures[one.layer * seen.heads + one.head];
        let words = || format!("{}: {}", one.title(), figures.said());
        response.widget_info(|| WidgetInfo::selected(Part::GridCell, true, is_chosen, words()));
        let mut pressed = response.clicked();
        if response.has_focus() && self.focused != Some(one) {
            self.focused = Some(one);
            pressed = true;
        }
        if !ui.is_rect_visible(place) {
            return pressed;
        }
        let painter = ui.painter();
        let tint = if (told.is_found)(figures) { Color32::WHITE } else { Color32::WHITE.gamma_multiply(0.22) };
        self.pictures.draw(painter, place, (one.layer, one.head), seen, tint, palette);
        let line = if is_chosen {
            Stroke::new(2.0, palette.series[1])
        } else if response.hovered() {
            Stroke::new(1.0, palette.text_dim)
        } else {
            Stroke::new(1.0, palette.line)
        };
        painter.rect_stroke(place.expand(if is_chosen { 1.0 } else { 0.0 }), 2.0, line, StrokeKind::Outside);
        response.on_hover_ui(|ui| _ = ui.label(words()));
        pressed
    }
}

fn numbers(ui: &Ui, rect: Rect, cell: f32, seen: &Seen, chosen: Chosen, palette: &Palette) {
    let painter = ui.painter();
    let font = |is_chosen: bool| if is_chosen { theme::number_medium(size::SMALL) } else { theme::number(size::SMALL) };
    let color = |is_chosen: bool| if is_chosen { palette.text } else { palette.text_faint };
    for layer in 0..seen.layers {
        let at = pos2(rect.left() + HEAD - 6.0, rect.top() + HEAD + cell * (layer as f32 + 0.5));
        let own = layer == chosen.layer;
        painter.text(at, Align2::RIGHT_CENTER, (layer + 1).to_string(), font(own), color(own));
    }
    for head in 0..seen.heads {
        let at = pos2(rect.left() + HEAD + cell * (head as f32 + 0.5), rect.top() + HEAD - 5.0);
        let own = head == chosen.head;
        painter.text(at, Align2::CENTER_BOTTOM, (head + 1).to_string(), font(own), color(own));
    }
}
