//! The states of a run's course as points on a line, of which one is looked at; moved with the pointer or the arrow keys.

use egui::{CursorIcon, Key, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::ui::theme::Palette;

const HEIGHT: f32 = 24.0;
const POINT: f32 = 3.0;
pub const HANDLE: f32 = 7.0;

/// Draws the points of steps, and returns the place of the one that is moved to.
pub fn course_slider(ui: &mut Ui, name: &str, steps: &[u64], at: Option<usize>, palette: &Palette) -> Option<usize> {
    course_slider_to(ui, name, steps, steps.last().copied()?, at, palette)
}

/// The same where the course goes on to `end`, and these are the steps so far.
pub fn course_slider_to(
    ui: &mut Ui,
    name: &str,
    steps: &[u64],
    end: u64,
    at: Option<usize>,
    palette: &Palette,
) -> Option<usize> {
    let last = steps.len().checked_sub(1)?;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click_and_drag());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Slider, ui.is_enabled(), name);
        info.value = at.and_then(|at| steps.get(at)).map(|step| *step as f64);
        info
    });
    let line = Rect::from_center_size(rect.center(), vec2(rect.width() - 2.0 * HANDLE, 3.0));
    let end = end.max(steps[last]).max(1) as f32;
    let x = |place: usize| line.left() + line.width() * steps[place] as f32 / end;
    let painter = ui.painter();
    painter.rect_filled(line, 1.5, palette.hover);
    if let Some(at) = at.filter(|at| *at <= last) {
        painter.rect_filled(Rect::from_min_max(line.min, pos2(x(at), line.bottom())), 1.5, palette.accent);
    }
    for place in 0..=last {
        let is_past = at.is_some_and(|at| place <= at);
        let color = if is_past { palette.accent } else { palette.text_faint };
        painter.circle_filled(pos2(x(place), line.center().y), POINT, color);
    }
    if let Some(at) = at.filter(|at| *at <= last) {
        let lively = response.hovered() || response.dragged() || response.has_focus();
        let edge = Stroke::new(2.0, if lively { palette.text } else { palette.panel });
        painter.circle(pos2(x(at), line.center().y), HANDLE, palette.accent, edge);
    } else if response.has_focus() {
        painter.rect_stroke(rect.shrink(1.0), 6.0, Stroke::new(1.5, palette.accent), egui::StrokeKind::Inside);
    }
    let keyed = response.has_focus().then(|| keyed(ui, at, last)).flatten();
    let is_moved = response.dragged() || response.clicked();
    let pointer = response.interact_pointer_pos().filter(|_| is_moved);
    response.on_hover_and_drag_cursor(CursorIcon::PointingHand);
    let nearest = pointer.and_then(|pointer| {
        (0..=last).min_by(|one, two| (x(*one) - pointer.x).abs().total_cmp(&(x(*two) - pointer.x).abs()))
    });
    keyed.or(nearest).filter(|place| Some(*place) != at)
}

fn keyed(ui: &Ui, at: Option<usize>, last: usize) -> Option<usize> {
    let pressed = |key| ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key));
    if pressed(Key::ArrowLeft) {
        Some(at.map_or(last, |at| at.saturating_sub(1)))
    } else if pressed(Key::ArrowRight) {
        Some(at.map_or(0, |at| (at + 1).min(last)))
    } else if pressed(Key::Home) {
        Some(0)
    } else if pressed(Key::End) {
        Some(last)
    } else {
        None
    }
}
