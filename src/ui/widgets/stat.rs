//! A number with its name: the words of a header.

use egui::{Color32, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::text::elided;
use crate::ui::theme::{self, Palette, size};

pub struct Stat<'a> {
    pub title: &'a str,
    pub value: &'a str,
    /// What the value is held against, or its unit.
    pub note: &'a str,
    pub color: Option<Color32>,
}

/// Name above, number below, both to the left.
pub fn stat(ui: &mut Ui, stat: &Stat<'_>, width: f32, palette: &Palette) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(width, 36.0), Sense::hover());
    let label = format!("{} {} {}", stat.title, stat.value, stat.note);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, label.trim_end()));
    let painter = ui.painter();
    let title = elided(painter, stat.title, theme::regular(size::SMALL), palette.text_dim, width);
    painter.galley(rect.min, title, palette.text_dim);
    let color = stat.color.unwrap_or(palette.text);
    let value = painter.layout_no_wrap(stat.value.to_owned(), theme::number_medium(size::BODY + 1.0), color);
    let after = rect.left() + value.size().x + 6.0;
    let baseline = rect.top() + 17.0;
    painter.galley(pos2(rect.left(), baseline), value, color);
    let note =
        elided(painter, stat.note, theme::number(size::SMALL), palette.text_faint, (rect.right() - after).max(0.0));
    painter.galley(pos2(after, baseline + 3.0), note, palette.text_faint);
    response
}

/// A larger one on a card of its own, for the head of a screen of results.
pub fn card(ui: &mut Ui, stat: &Stat<'_>, bar: Option<(f32, Option<f32>)>, width: f32, palette: &Palette) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(width, 78.0), Sense::hover());
    let label = format!("{} {}, {}", stat.title, stat.value, stat.note);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &label));
    let painter = ui.painter();
    let edge = egui::Stroke::new(1.0, palette.line);
    painter.rect(rect, 8.0, palette.panel, edge, egui::StrokeKind::Inside);
    let inner = rect.shrink2(vec2(12.0, 9.0));
    let title = elided(painter, stat.title, theme::regular(size::SMALL), palette.text_dim, inner.width());
    painter.galley(inner.min, title, palette.text_dim);
    let color = stat.color.unwrap_or(palette.text);
    let value = painter.layout_no_wrap(stat.value.to_owned(), theme::number_medium(size::TITLE - 1.0), color);
    painter.galley(pos2(inner.left(), inner.top() + 14.0), value, color);
    let note = elided(painter, stat.note, theme::number(size::SMALL - 0.5), palette.text_faint, inner.width());
    painter.galley(pos2(inner.left(), inner.bottom() - note.size().y - 4.0), note, palette.text_faint);
    if let Some((share, mark)) = bar {
        let track =
            Rect::from_min_max(pos2(inner.left(), rect.bottom() - 9.0), pos2(inner.right(), rect.bottom() - 6.0));
        let at = |share: f32| track.left() + track.width() * share.clamp(0.0, 1.0);
        painter.rect_filled(track, 1.5, palette.line);
        let fill = stat.color.unwrap_or(palette.text_faint);
        painter.rect_filled(Rect::from_min_max(track.min, pos2(at(share), track.bottom())), 1.5, fill);
        if let Some(mark) = mark {
            let tick = Rect::from_center_size(pos2(at(mark), track.center().y), vec2(2.0, 8.0));
            painter.rect_filled(tick, 1.0, palette.text);
        }
    }
    response
}
