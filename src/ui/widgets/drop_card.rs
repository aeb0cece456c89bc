//! A place to drop a file on: a dashed frame with an icon, words and the ways to do it without dragging.

use egui::{Align, Layout, Sense, Shape, Stroke, Ui, vec2};
use egui_material_icons::icons::ICON_UPLOAD_FILE;

use super::text;
use crate::ui::theme::{Palette, space};

pub fn drop_card(ui: &mut Ui, palette: &Palette, height: f32, ways: impl FnOnce(&mut Ui)) {
    let width = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    ui.painter().rect_filled(rect, 10.0, palette.panel);
    dashed(ui, rect, palette);
    let mut inner =
        ui.new_child(egui::UiBuilder::new().max_rect(rect.shrink(space::L)).layout(Layout::top_down(Align::Center)));
    inner.add_space((height - 2.0 * space::L - 132.0).max(0.0) / 2.0);
    let (circle, _) = inner.allocate_exact_size(vec2(48.0, 48.0), Sense::hover());
    inner.painter().circle_filled(circle.center(), 24.0, palette.accent_soft);
    let font = egui::FontId::new(24.0, ICON_UPLOAD_FILE.font_family());
    let sign = ICON_UPLOAD_FILE.codepoint;
    inner.painter().text(circle.center(), egui::Align2::CENTER_CENTER, sign, font, palette.accent);
    inner.label(text::strong("Drop a file here, or several that belong together", palette));
    inner.add_space(-2.0);
    inner.label(text::small(
        "CSV, Excel, JSON, Parquet, CoNLL, SQuAD, annotated spans or plain text; the format is recognised",
        palette,
    ));
    inner.add_space(2.0);
    ways(&mut inner);
}

fn dashed(ui: &Ui, rect: egui::Rect, palette: &Palette) {
    let edge = rect.shrink(0.5);
    let radius = 10.0;
    let stroke = Stroke::new(1.2, palette.line.lerp_to_gamma(palette.text_faint, 0.5));
    let mut outline = Vec::new();
    let corners = [
        (edge.right_top() + vec2(-radius, radius), -90.0f32),
        (edge.right_bottom() + vec2(-radius, -radius), 0.0),
        (edge.left_bottom() + vec2(radius, -radius), 90.0),
        (edge.left_top() + vec2(radius, radius), 180.0),
    ];
    for (center, from) in corners {
        outline.extend((0..=6).map(|step| {
            let angle = (from + step as f32 * 15.0).to_radians();
            center + radius * vec2(angle.cos(), angle.sin())
        }));
    }
    outline.extend(outline.first().copied());
    ui.painter().extend(Shape::dashed_line(&outline, stroke, 6.0, 5.0));
}
