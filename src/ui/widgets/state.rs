//! What stands where there is nothing yet: an empty place that says what to do, an error that says what, where and what
//! would be right, and something on its way.

use egui::{Align, CornerRadius, Frame, Layout, Margin, RichText, Role, Sense, Stroke, Ui, WidgetInfo, vec2};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{ICON_ERROR, ICON_WARNING};

use super::text;
use crate::ui::theme::{self, Palette, space};

/// An empty place: an icon, what is missing, why one would want it; `next` draws the way on.
pub fn empty<R>(
    ui: &mut Ui,
    palette: &Palette,
    icon: MaterialIcon,
    title: &str,
    words: &str,
    next: impl FnOnce(&mut Ui) -> R,
) -> R {
    let room = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space(((room - 190.0) * 0.4).max(space::L));
        let (rect, _) = ui.allocate_exact_size(vec2(56.0, 56.0), Sense::hover());
        ui.painter().circle_filled(rect.center(), 28.0, palette.raised);
        ui.painter().circle_stroke(rect.center(), 27.5, Stroke::new(1.0, palette.line));
        let font = egui::FontId::new(26.0, icon.font_family());
        ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, icon.codepoint, font, palette.text_dim);
        ui.add_space(space::XS);
        ui.label(text::head(title, palette));
        ui.scope(|ui| {
            ui.set_max_width(ui.available_width().min(420.0));
            ui.label(text::dim(words, palette));
        });
        ui.add_space(space::S);
        next(ui)
    })
    .inner
}

/// What went wrong: `title` says what, `message` where and what would be right; `next` draws what can be done.
pub fn error<R>(ui: &mut Ui, palette: &Palette, title: &str, message: &str, next: impl FnOnce(&mut Ui) -> R) -> R {
    notice(ui, palette, Notice::Error, title, message, next)
}

pub fn warning<R>(ui: &mut Ui, palette: &Palette, title: &str, message: &str, next: impl FnOnce(&mut Ui) -> R) -> R {
    notice(ui, palette, Notice::Warning, title, message, next)
}

#[derive(Clone, Copy)]
enum Notice {
    Error,
    Warning,
}

fn notice<R>(
    ui: &mut Ui,
    palette: &Palette,
    kind: Notice,
    title: &str,
    message: &str,
    next: impl FnOnce(&mut Ui) -> R,
) -> R {
    let (color, fill, icon) = match kind {
        Notice::Error => (palette.bad, palette.bad_soft, ICON_ERROR),
        Notice::Warning => (palette.warn, palette.warn_soft, ICON_WARNING),
    };
    let frame = Frame::new()
        .fill(fill.lerp_to_gamma(palette.panel, 0.45))
        .stroke(Stroke::new(1.0, color.lerp_to_gamma(palette.panel, 0.6)))
        .corner_radius(CornerRadius::same(8))
        .inner_margin(Margin::same(space::M as i8));
    frame
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
                ui.label(theme::icon(icon, 18.0).color(color));
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = space::XS;
                    ui.label(text::strong(title, palette));
                    ui.label(text::dim(sentence(message), palette));
                    next(ui)
                })
                .inner
            })
            .inner
        })
        .inner
}

/// Something on its way: a bar when the share is known, otherwise three still points. Nothing moves by itself, because
/// every frame drawn is taken from the work.
pub fn loading(ui: &mut Ui, palette: &Palette, words: &str, share: Option<f32>) {
    ui.horizontal(|ui| {
        progress(ui, palette, share, 72.0);
        ui.label(text::dim(words, palette));
    });
}

/// A bar that fills; without a share it is half filled in a fainter colour.
pub fn progress(ui: &mut Ui, palette: &Palette, share: Option<f32>, width: f32) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(width, 14.0), Sense::hover());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ProgressIndicator, true, "Progress");
        info.value = share.map(f64::from);
        info
    });
    let bar = egui::Rect::from_center_size(rect.center(), vec2(width, 4.0));
    ui.painter().rect_filled(bar, 2.0, palette.hover);
    let (shown, color) = share.map_or((0.5, palette.accent.gamma_multiply(0.4)), |share| (share, palette.accent));
    let filled = egui::Rect::from_min_size(bar.min, vec2(width * shown.clamp(0.0, 1.0), 4.0));
    ui.painter().rect_filled(filled, 2.0, color);
    response
}

/// A message of the worker as a sentence on screen: messages are written in lower case. A name at its beginning, such as
/// that of a file or of something on the hub, stays as it is.
pub fn sentence(message: &str) -> String {
    let first = message.split(' ').next().unwrap_or_default();
    if first.contains(['/', '.', '_']) {
        return message.to_owned();
    }
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A word in the style of a key.
pub fn keys(words: impl Into<String>, palette: &Palette) -> RichText {
    text::number_dim(words, palette)
}
