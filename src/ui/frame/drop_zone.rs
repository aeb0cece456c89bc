//! While a file is held over the window: what letting it go would do.

use egui::{Align2, CornerRadius, Id, LayerId, Order, Stroke, Ui};
use egui_material_icons::icons::ICON_UPLOAD_FILE;

use crate::ui::theme::{self, Palette, size};

pub fn ui(ui: &Ui, palette: &Palette) {
    if ui.input(|input| input.raw.hovered_files.is_empty()) {
        return;
    }
    let painter = ui.ctx().layer_painter(LayerId::new(Order::Tooltip, Id::unique("drop zone")));
    let screen = ui.ctx().content_rect();
    painter.rect_filled(screen, 0.0, palette.background.gamma_multiply(0.88));
    let zone = screen.shrink(24.0);
    let line = Stroke::new(2.0, palette.accent);
    painter.rect(zone, CornerRadius::same(14), palette.accent_soft.gamma_multiply(0.6), line, egui::StrokeKind::Inside);
    let icon = egui::FontId::new(44.0, ICON_UPLOAD_FILE.font_family());
    let middle = zone.center();
    painter.text(
        middle - egui::vec2(0.0, 34.0),
        Align2::CENTER_CENTER,
        ICON_UPLOAD_FILE.codepoint,
        icon,
        palette.accent,
    );
    painter.text(
        middle + egui::vec2(0.0, 12.0),
        Align2::CENTER_CENTER,
        "Drop to open",
        theme::semibold(size::TITLE),
        palette.text,
    );
    let note = "Files, one or several, as data · a folder as models, and on the Data screen as data";
    painter.text(
        middle + egui::vec2(0.0, 38.0),
        Align2::CENTER_CENTER,
        note,
        theme::regular(size::BODY),
        palette.text_dim,
    );
}
