//! How often a model is right when it says how sure it is: a column for each range of confidences, as high as the share
//! that is right, with what is missing or too much up to the diagonal. Below, how many texts each range holds.

use egui::{Align2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};

use crate::ui::format;
use crate::ui::theme::{self, Palette};

/// A range of confidences. All ranges are of equal width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub count: u64,
    /// Share that is right, and mean confidence, from 0 to 1.
    pub accuracy: f64,
    pub confidence: f64,
}

pub fn reliability(ui: &mut Ui, size: Vec2, ranges: &[Range], name: &str, palette: &Palette) {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    if ranges.is_empty() || !ui.is_rect_visible(rect) || rect.height() < 90.0 {
        return;
    }
    let counts_height = (rect.height() * 0.16).clamp(24.0, 56.0);
    let plot = Rect::from_min_max(rect.min + vec2(36.0, 6.0), rect.max - vec2(6.0, counts_height + 28.0));
    let painter = ui.painter();
    let at = |x: f64, y: f64| pos2(plot.left() + plot.width() * x as f32, plot.bottom() - plot.height() * y as f32);
    for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
        painter.hline(plot.x_range(), at(0.0, tick).y, Stroke::new(1.0, palette.line.gamma_multiply(0.6)));
        let label = format!("{:.0} %", tick * 100.0);
        let place = pos2(plot.left() - 6.0, at(0.0, tick).y);
        painter.text(place, Align2::RIGHT_CENTER, label, theme::number(10.5), palette.text_faint);
    }
    let most = ranges.iter().map(|range| range.count).max().unwrap_or(1).max(1);
    let width = 1.0 / ranges.len() as f64;
    let counts = Rect::from_min_max(pos2(plot.left(), plot.bottom() + 6.0), pos2(plot.right(), rect.bottom() - 18.0));
    let pointer = response.hover_pos();
    for (place, range) in ranges.iter().enumerate().filter(|(_, range)| range.count > 0) {
        let left = place as f64 * width;
        let column = Rect::from_two_pos(at(left, 0.0), at(left + width, range.accuracy)).shrink2(vec2(1.0, 0.0));
        painter.rect_filled(column, 1.5, palette.series[0].gamma_multiply(0.85));
        let gap = Rect::from_two_pos(at(left, range.accuracy), at(left + width, range.confidence));
        let gap = gap.shrink2(vec2(1.0, 0.0));
        painter.rect_filled(gap, 1.0, palette.bad.gamma_multiply(0.28));
        painter.rect_stroke(gap, 1.0, Stroke::new(1.0, palette.bad.gamma_multiply(0.7)), StrokeKind::Inside);
        let height = counts.height() * range.count as f32 / most as f32;
        let bar = Rect::from_min_max(
            pos2(column.left(), counts.bottom() - height.max(1.5)),
            pos2(column.right(), counts.bottom()),
        );
        painter.rect_filled(bar, 1.0, palette.text_faint.gamma_multiply(0.7));
        if pointer.is_some_and(|pointer| (column.left()..column.right()).contains(&pointer.x)) {
            let within = format!("{:.0} to {:.0} %", left * 100.0, (left + width) * 100.0);
            let words = format!(
                "{} of {within}: {} sure, {} right",
                format::plural(range.count, "text", "texts"),
                format::percent(range.confidence),
                format::percent(range.accuracy)
            );
            response.clone().on_hover_text_at_pointer(words);
        }
    }
    painter.line_segment([at(0.0, 0.0), at(1.0, 1.0)], Stroke::new(1.0, palette.text_dim));
    painter.hline(counts.x_range(), counts.bottom(), Stroke::new(1.0, palette.line));
    for (x, words, align) in
        [(0.0, "0 %", Align2::LEFT_TOP), (0.5, "Confidence", Align2::CENTER_TOP), (1.0, "100 %", Align2::RIGHT_TOP)]
    {
        let place = pos2(at(x, 0.0).x, counts.bottom() + 4.0);
        painter.text(place, align, words, theme::number(10.5), palette.text_faint);
    }
}
