//! Counts by two things, such as the kind of a mistake and the type it befell: a cell is the darker the larger its share
//! of the row, and can be pressed.

use egui::{Align2, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::rows::rows;
use super::text::elided;
use crate::ui::format;
use crate::ui::theme::{self, Palette, size};

pub struct Grid<'a> {
    pub rows: &'a [String],
    pub columns: &'a [&'a str],
    /// By row and column.
    pub counts: &'a dyn Fn(usize, usize) -> u64,
    pub selected: Option<(usize, usize)>,
}

const ROW: f32 = 26.0;

/// Returns the row and column of the cell that was pressed.
pub fn count_grid(ui: &mut Ui, grid: &Grid<'_>, palette: &Palette) -> Option<(usize, usize)> {
    let (head, _) = ui.allocate_exact_size(vec2(ui.available_width(), 20.0), Sense::hover());
    let name = (head.width() * 0.24).clamp(56.0, 150.0);
    let cell = (head.width() - name) / grid.columns.len().max(1) as f32;
    for (column, title) in grid.columns.iter().enumerate() {
        let right = head.left() + name + cell * (column + 1) as f32 - 6.0;
        let font = theme::medium(size::SMALL);
        let title = elided(ui.painter(), title, font, palette.text_dim, cell - 6.0);
        ui.painter().galley(pos2(right - title.size().x, head.top() + 2.0), title, palette.text_dim);
    }
    ui.painter().hline(head.x_range(), head.bottom(), Stroke::new(1.0, palette.line));
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut pressed = None;
    rows(ui, "grid", ROW, grid.rows.len(), |ui, row| {
        let (rect, _) = ui.allocate_exact_size(vec2(head.width(), ROW), Sense::hover());
        let dot = pos2(rect.left() + 5.0, rect.center().y);
        ui.painter().circle_filled(dot, 3.0, palette.label(row));
        let words = elided(ui.painter(), &grid.rows[row], theme::regular(size::BODY), palette.text, name - 20.0);
        let top = rect.center().y - words.size().y / 2.0;
        ui.painter().galley(pos2(rect.left() + 14.0, top), words, palette.text);
        let total: u64 = (0..grid.columns.len()).map(|column| (grid.counts)(row, column)).sum();
        for column in 0..grid.columns.len() {
            let left = rect.left() + name + cell * column as f32;
            let place = Rect::from_min_size(pos2(left, rect.top()), vec2(cell, ROW)).shrink(1.5);
            if cell_ui(ui, grid, (row, column), place, total, palette) {
                pressed = Some((row, column));
            }
        }
        false
    });
    pressed
}

fn cell_ui(ui: &Ui, grid: &Grid<'_>, at: (usize, usize), rect: Rect, total: u64, palette: &Palette) -> bool {
    let count = (grid.counts)(at.0, at.1);
    let response = ui.interact(rect, ui.scope_id().with(at), Sense::click());
    let chosen = grid.selected == Some(at);
    let label = format!("{} {}: {}", grid.rows[at.0], grid.columns[at.1].to_lowercase(), format::count(count));
    response.widget_info(|| WidgetInfo::selected(Role::Cell, true, chosen, &label));
    let share = if total == 0 { 0.0 } else { count as f32 / total as f32 };
    let painter = ui.painter();
    painter.rect_filled(rect, 4.0, palette.heat(share * 0.8));
    if chosen || response.hovered() || response.has_focus() {
        let line = Stroke::new(if chosen { 1.5 } else { 1.0 }, palette.accent);
        painter.rect_stroke(rect, 4.0, line, StrokeKind::Inside);
    }
    let color = if count == 0 { palette.text_faint } else { palette.on_heat(share * 0.8) };
    let words = if count == 0 { "–".to_owned() } else { format::count(count) };
    painter.text(rect.right_center() - vec2(6.0, 0.0), Align2::RIGHT_CENTER, words, theme::number(11.5), color);
    response.clicked()
}
