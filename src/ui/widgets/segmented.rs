//! A choice of a few, all of them visible.

use std::sync::Arc;

use egui::{Color32, CornerRadius, Galley, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use crate::ui::theme::{self, Palette, size, space};

/// Draws the choices side by side and returns the one that was pressed. `equal` fills the room and gives each the same
/// width, or where the names are too long for that, each as much around its name.
pub fn segmented<T: Copy + PartialEq>(
    ui: &mut Ui,
    palette: &Palette,
    chosen: T,
    choices: &[(T, &str)],
    equal: bool,
) -> Option<T> {
    draw(ui, palette, chosen, choices, equal, None, None)
}

/// The same where some choices cannot be made, and why.
pub fn limited<T: Copy + PartialEq>(
    ui: &mut Ui,
    palette: &Palette,
    chosen: T,
    choices: &[(T, &str)],
    equal: bool,
    off: Off<'_, T>,
) -> Option<T> {
    draw(ui, palette, chosen, choices, equal, None, Some(off))
}

/// Which choices cannot be made, and why.
pub type Off<'a, T> = (&'a dyn Fn(T) -> bool, &'a str);

/// How wide the choices are side by side, each around its name.
pub fn width<T>(ui: &Ui, choices: &[(T, &str)]) -> f32 {
    choices.iter().map(|(_, words)| own_width(&galley(ui, words))).sum::<f32>() + EDGE
}

/// The same, as wide as there is room, with one of them in the colour of a warning.
pub fn warned<T: Copy + PartialEq>(
    ui: &mut Ui,
    palette: &Palette,
    chosen: T,
    choices: &[(T, &str)],
    warned: Option<T>,
) -> Option<T> {
    draw(ui, palette, chosen, choices, true, warned, None)
}

/// Around all of the choices.
const EDGE: f32 = 4.0;

fn galley(ui: &Ui, words: &str) -> Arc<Galley> {
    ui.painter().layout_no_wrap(words.to_owned(), theme::medium(size::BODY - 1.0), Color32::PLACEHOLDER)
}

fn own_width(galley: &Galley) -> f32 {
    galley.size().x + 2.0 * space::M
}

fn draw<T: Copy + PartialEq>(
    ui: &mut Ui,
    palette: &Palette,
    chosen: T,
    choices: &[(T, &str)],
    equal: bool,
    warned: Option<T>,
    off: Option<Off<'_, T>>,
) -> Option<T> {
    let galleys: Vec<_> = choices.iter().map(|(_, words)| galley(ui, words)).collect();
    let own: Vec<f32> = galleys.iter().map(|galley| own_width(galley)).collect();
    let full = ui.available_width() - EDGE;
    let each = full / choices.len() as f32;
    let widths = if !equal {
        own
    } else if own.iter().all(|width| *width <= each) {
        vec![each; choices.len()]
    } else {
        let more = (full - own.iter().sum::<f32>()) / choices.len() as f32;
        own.into_iter().map(|width| width + more).collect()
    };
    let total: f32 = widths.iter().sum();
    let (rect, _) = ui.allocate_exact_size(vec2(total + EDGE, space::ROW), Sense::hover());
    let radius = CornerRadius::same(space::RADIUS);
    ui.painter().rect(rect, radius, palette.background, Stroke::new(1.0, palette.line), StrokeKind::Inside);
    let mut pressed = None;
    let mut x = rect.left() + 2.0;
    for (((value, words), galley), width) in choices.iter().zip(galleys).zip(widths) {
        let part = egui::Rect::from_min_size(egui::pos2(x, rect.top() + 2.0), vec2(width, rect.height() - 4.0));
        x += width;
        let active = *value == chosen;
        let why_off = off.filter(|(is_off, _)| is_off(*value)).map(|(_, why)| why);
        let sense = if why_off.is_some() { Sense::hover() } else { Sense::click() };
        let mut response = ui.interact(part, ui.scope_id().with(("segment", *words)), sense);
        let can_press = ui.is_enabled() && why_off.is_none();
        response.widget_info(|| WidgetInfo::selected(Role::Button, can_press, active, words));
        if let Some(why) = why_off {
            response = response.on_hover_text(why);
        }
        let radius = CornerRadius::same(space::RADIUS - 2);
        if active {
            let fill = if palette.dark { palette.hover } else { palette.panel };
            let line = palette.line.lerp_to_gamma(palette.text_faint, 0.3);
            ui.painter().rect(part, radius, fill, Stroke::new(1.0, line), StrokeKind::Inside);
        } else if response.hovered() && why_off.is_none() {
            ui.painter().rect_filled(part, radius, palette.raised);
        }
        if response.has_focus() {
            ui.painter().rect_stroke(part, radius, Stroke::new(1.5, palette.accent), StrokeKind::Inside);
        }
        let color = match active {
            _ if warned == Some(*value) => palette.warn,
            true => palette.text,
            false if why_off.is_some() => palette.text_faint.gamma_multiply(0.6),
            false => palette.text_dim,
        };
        let at = part.center() - galley.size() / 2.0;
        ui.painter().with_clip_rect(part.intersect(ui.clip_rect())).galley_with_override_text_color(at, galley, color);
        if response.clicked() && !active {
            pressed = Some(*value);
        }
    }
    pressed
}
