//! A box over the window that waits to be answered.

use egui::{CornerRadius, Frame, Id, Margin, Modal, Stroke, Ui};

use crate::ui::theme::Palette;

/// A box, before it is shown; `name` tells it from others.
pub fn modal(ui: &Ui, name: &str, palette: &Palette) -> Modal {
    let frame = Frame::new()
        .fill(palette.panel)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(12))
        .shadow(ui.visuals().window_shadow)
        .inner_margin(Margin::same(20));
    Modal::new(Id::unique(name)).frame(frame)
}
