//! A head that opens and closes what stands below it.

use egui::{Role, Sense, Ui, WidgetInfo, vec2};
use egui_material_icons::icons::{ICON_CHEVRON_RIGHT, ICON_EXPAND_MORE};

use crate::ui::theme::{self, Palette, size};

/// Draws the head, and the content when it is open. Whether it is open is kept by the head's words before the first
/// number, so that a count may change.
pub fn fold(ui: &mut Ui, palette: &Palette, head: &str, first_open: bool, content: impl FnOnce(&mut Ui)) {
    let stable: String = head.chars().filter(|letter| letter.is_alphabetic()).collect();
    let id = ui.make_persistent_id(("fold", stable));
    let mut open = ui.data(|data| data.get_temp::<bool>(id)).unwrap_or(first_open);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 26.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::DisclosureTriangle, true, open, head));
    if response.clicked() {
        open = !open;
        ui.data_mut(|data| data.insert_temp(id, open));
    }
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect.expand2(vec2(6.0, 0.0)), 6.0, palette.hover);
    }
    let icon = if open { ICON_EXPAND_MORE } else { ICON_CHEVRON_RIGHT };
    let font = egui::FontId::new(18.0, icon.font_family());
    let at = rect.left_center() + vec2(9.0, 0.0);
    ui.painter().text(at, egui::Align2::CENTER_CENTER, icon.codepoint, font, palette.text_dim);
    let at = rect.left_center() + vec2(26.0, 0.0);
    ui.painter().text(at, egui::Align2::LEFT_CENTER, head, theme::medium(size::BODY - 0.5), palette.text);
    if open {
        content(ui);
    }
}
