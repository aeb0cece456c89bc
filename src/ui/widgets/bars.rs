//! Names with a share each: class probabilities, label counts.

use egui::{Color32, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::text::elided;
use crate::ui::format;
use crate::ui::theme::{self, Palette, size};

#[derive(Clone, Debug, PartialEq)]
pub struct Bar<'a> {
    pub name: &'a str,
    /// From 0 to 1.
    pub share: f64,
    /// What stands at the right edge.
    pub value: String,
    pub color: Color32,
    pub strong: bool,
    /// A share that is marked on the track: where the name begins to apply.
    pub mark: Option<f64>,
}

impl<'a> Bar<'a> {
    /// A share in percent.
    pub fn of(name: &'a str, share: f64, color: Color32, strong: bool) -> Self {
        Self { name, share, value: format::percent(share), color, strong, mark: None }
    }
}

pub const HEIGHT: f32 = 26.0;

/// One line for each. Names have what the longest needs, at most `names`. Bars move to their new length within a moment,
/// unless `still`. Returns the one that was clicked.
pub fn bars(ui: &mut Ui, bars: &[Bar<'_>], names: f32, still: bool, palette: &Palette) -> Option<usize> {
    let name_width = name_width(ui, bars.iter().map(|bar| bar.name), names);
    let mut clicked = None;
    for (place, bar) in bars.iter().enumerate() {
        if bar_ui(ui, bar, name_width, still, palette).clicked() {
            clicked = Some(place);
        }
    }
    clicked
}

fn bar_ui(ui: &mut Ui, bar: &Bar<'_>, name_width: f32, still: bool, palette: &Palette) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click());
    let label = format!("{} {}", bar.name, bar.value);
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, ui.is_enabled(), &label));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let share = bar.share.clamp(0.0, 1.0) as f32;
    let share = if still {
        share
    } else {
        ui.ctx().animate_value_with_time(ui.scope_id().with(("bar", bar.name)), share, 0.12)
    };
    let painter = ui.painter();
    let value_width = 58.0;
    let color = if bar.strong { palette.text } else { palette.text_dim };
    let font = if bar.strong { theme::medium(size::BODY) } else { theme::regular(size::BODY) };
    let name = elided(painter, bar.name, font, color, name_width);
    let cut = name.elided;
    painter.galley(pos2(rect.left(), rect.center().y - name.size().y / 2.0), name, color);
    let track = Rect::from_min_max(
        pos2(rect.left() + name_width + 12.0, rect.center().y - 5.0),
        pos2(rect.right() - value_width - 8.0, rect.center().y + 5.0),
    );
    if track.width() > 8.0 {
        painter.rect_filled(track, 3.0, palette.raised);
        let filled = Rect::from_min_size(track.min, vec2((track.width() * share).max(2.0), track.height()));
        let fill = if bar.strong { bar.color } else { bar.color.gamma_multiply(0.55) };
        painter.rect_filled(filled, 3.0, fill);
        if let Some(mark) = bar.mark {
            let x = track.left() + track.width() * mark.clamp(0.0, 1.0) as f32;
            painter.vline(x, track.y_range().expand(3.0), Stroke::new(1.5, palette.text_dim));
        }
    }
    let font = if bar.strong { theme::number_medium(size::BODY - 0.5) } else { theme::number(size::BODY - 0.5) };
    painter.text(rect.right_center(), egui::Align2::RIGHT_CENTER, &bar.value, font, color);
    if cut { response.on_hover_text(bar.name) } else { response }
}

/// The width the longest name needs, within bounds.
fn name_width<'a>(ui: &Ui, names: impl Iterator<Item = &'a str>, most: f32) -> f32 {
    let font = theme::medium(size::BODY);
    // Only the first few hundred are measured; the rest is cut with a tooltip if it is longer.
    names
        .take(200)
        .map(|name| ui.painter().layout_no_wrap(name.to_owned(), font.clone(), Color32::PLACEHOLDER).size().x)
        .fold(24.0, f32::max)
        .min(most)
        .ceil()
}
