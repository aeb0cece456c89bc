//! The thin lines of a table, from edge to edge of its frame.

use egui::{Rangef, Stroke, Ui};

use crate::ui::theme::Palette;

/// Below the heads. Call it in every cell; `bounds` are the edges of the table.
pub fn head_line(ui: &Ui, bounds: Rangef, palette: &Palette) {
    line(ui, bounds, palette.line);
}

/// Below a row, fainter. Call it in every cell.
pub fn row_line(ui: &Ui, bounds: Rangef, palette: &Palette) {
    line(ui, bounds, palette.line.gamma_multiply(0.55));
}

fn line(ui: &Ui, bounds: Rangef, color: egui::Color32) {
    let cell = ui.max_rect();
    // A cell clips to itself; the line goes on through the gap to the next one.
    let gap = ui.spacing().item_spacing.x + 1.0;
    let span = cell.x_range().expand(gap).intersection(bounds);
    let clip = egui::Rect::from_x_y_ranges(span, ui.clip_rect().y_range().expand(1.0));
    let painter = ui.ctx().layer_painter(ui.layer_id()).with_clip_rect(clip);
    painter.hline(span, cell.bottom() - 0.5, Stroke::new(1.0, color));
}
