//! The thin lines of a table, from edge to edge of its frame.

use egui::{Stroke, Ui};

use crate::ui::theme::Palette;

/// Below the heads. Call it in every cell.
pub fn head_line(ui: &Ui, palette: &Palette) {
    line(ui, palette.line);
}

/// Below a row, fainter. Call it in every cell.
pub fn row_line(ui: &Ui, palette: &Palette) {
    line(ui, palette.line.gamma_multiply(0.55));
}

fn line(ui: &Ui, color: egui::Color32) {
    let cell = ui.max_rect();
    // A cell clips to itself; the line goes on through the gap to the next one.
    let gap = ui.spacing().item_spacing.x + 1.0;
    let clip = ui.clip_rect().expand2(egui::vec2(gap, 1.0));
    let painter = ui.ctx().layer_painter(ui.layer_id()).with_clip_rect(clip);
    painter.hline(cell.x_range().expand(gap), cell.bottom() - 0.5, Stroke::new(1.0, color));
}
