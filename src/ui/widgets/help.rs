//! A question mark that explains what stands beside it, once it is pressed.

use egui::{Align2, Popup, PopupCloseBehavior, Role, Sense, Stroke, Ui, WidgetInfo, vec2};

use super::text;
use crate::ui::theme::{self, Palette, size};

/// Widest line of an explanation.
const WIDTH: f32 = 320.0;

/// `name` is what is explained, `words` are its paragraphs.
pub fn help(ui: &mut Ui, name: &str, words: &[&str], palette: &Palette) {
    let (rect, response) = ui.allocate_exact_size(vec2(18.0, 18.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), format!("What is this: {name}")));
    let lively = response.hovered() || response.has_focus();
    let color = if lively { palette.accent } else { palette.text_faint };
    let painter = ui.painter();
    painter.circle_stroke(rect.center(), 7.5, Stroke::new(1.0, color));
    painter.text(rect.center(), Align2::CENTER_CENTER, "?", theme::semibold(size::SMALL), color);
    Popup::from_toggle_button_response(&response).close_behavior(PopupCloseBehavior::CloseOnClick).show(|ui| {
        ui.set_max_width(WIDTH);
        ui.spacing_mut().item_spacing.y = 6.0;
        for words in words {
            ui.add(egui::Label::new(text::body(*words, palette)).wrap());
        }
    });
}
