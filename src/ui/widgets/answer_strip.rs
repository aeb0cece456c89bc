//! The answers of several states side by side, so that one sees where they turned. A press leads to one.

use egui::{Align2, CornerRadius, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::text::elided;
use crate::ui::theme::{self, Palette, size};

const HEIGHT: f32 = 38.0;
/// The narrowest cell in which words stand; narrower ones have their colour and level alone.
const WORDS: f32 = 44.0;
const BAR: f32 = 4.0;

/// What one state said.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Which state it is, for people.
    pub of: String,
    /// The answer, and how sure it was.
    pub word: String,
    pub sure: String,
    /// Answers of one place are the same.
    pub place: usize,
    /// From 0 to 1, where that is known.
    pub level: Option<f32>,
    /// Why it said nothing.
    pub failed: bool,
}

/// Draws the cells, and returns the one that was pressed.
pub fn answer_strip(ui: &mut Ui, cells: &[Cell], at: Option<usize>, palette: &Palette) -> Option<usize> {
    let count = cells.len().max(1) as f32;
    let (strip, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    let width = strip.width() / count;
    let mut pressed = None;
    for (place, cell) in cells.iter().enumerate() {
        let left = strip.left() + width * place as f32;
        let rect = Rect::from_min_size(pos2(left, strip.top()), vec2(width, HEIGHT)).shrink2(vec2(1.0, 0.0));
        let response = ui.interact(rect, ui.scope_id().with(("answer", place)), Sense::click());
        let turned =
            place.checked_sub(1).and_then(|before| cells.get(before)).is_some_and(|before| before.place != cell.place);
        let name = format!(
            "{}: {} {}{}",
            cell.of,
            cell.word,
            cell.sure,
            if turned { ", another answer than before" } else { "" }
        );
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, at == Some(place), &name));
        let lively = response.hovered() || response.has_focus();
        cell_ui(ui, rect, cell, (at == Some(place), lively, turned), palette);
        if response.on_hover_text(name).clicked() {
            pressed = Some(place);
        }
    }
    pressed
}

fn cell_ui(ui: &Ui, rect: Rect, cell: &Cell, (is_at, lively, turned): (bool, bool, bool), palette: &Palette) {
    let painter = ui.painter();
    let (color, fill) = if cell.failed {
        (palette.text_faint, palette.raised)
    } else {
        (palette.label(cell.place), palette.label_soft(cell.place))
    };
    let line = match (is_at, lively) {
        (true, _) => Stroke::new(2.0, palette.accent),
        (_, true) => Stroke::new(1.0, palette.text),
        _ => Stroke::new(1.0, palette.line),
    };
    painter.rect(rect, CornerRadius::same(4), fill, line, StrokeKind::Inside);
    let inner = rect.shrink2(vec2(5.0, 3.0));
    if rect.width() >= WORDS {
        let word = elided(painter, &cell.word, theme::medium(size::SMALL), color, inner.width());
        painter.galley(inner.min, word, color);
        let sure = elided(painter, &cell.sure, theme::number(size::SMALL - 1.0), palette.text_dim, inner.width());
        painter.galley(pos2(inner.left(), inner.top() + 13.0), sure, palette.text_dim);
    }
    if let Some(level) = cell.level {
        let track =
            Rect::from_min_max(pos2(inner.left(), rect.bottom() - BAR - 3.0), pos2(inner.right(), rect.bottom() - 3.0));
        let filled = Rect::from_min_size(track.min, vec2(track.width() * level.clamp(0.0, 1.0), BAR));
        painter.rect_filled(track, 2.0, palette.panel);
        painter.rect_filled(filled, 2.0, color);
    }
    if turned {
        // A mark at the edge, since colour is not all that tells.
        painter.text(
            rect.left_top() - vec2(1.0, 1.0),
            Align2::CENTER_CENTER,
            "\u{25be}",
            theme::regular(size::SMALL),
            palette.text,
        );
    }
}
