//! The thin lines of a table, from edge to edge of its frame.

use egui::{Stroke, Ui};

use crate::ui::theme::Palette;

/// Below the heads. Call it in the first cell.
pub fn head_line(ui: &Ui, palette: &Palette) {
    line(ui, palette.line, 0.0);
}

/// Below a row, fainter. Call it in the first cell.
pub fn row_line(ui: &Ui, palette: &Palette) {
    line(ui, palette.line.gamma_multiply(0.55), 0.0);
}

fn line(ui: &Ui, color: egui::Color32, down: f32) {
    let cell = ui.max_rect();
    // A cell clips to itself; the line goes on through the whole row.
    let wide = egui::Rangef::new(cell.left() - 40.0, cell.left() + 6000.0);
    let clip = egui::Rect::from_x_y_ranges(wide, ui.clip_rect().y_range().expand(1.0));
    let painter = ui.painter().with_clip_rect(clip);
    painter.hline(wide, cell.bottom() + down - 0.5, Stroke::new(1.0, color));
}
