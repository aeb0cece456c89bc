//! The samples that ship with Attune, one card a task: the shortest way to a first success.

use egui::{Align2, CornerRadius, Painter, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::samples::Sample;
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::widgets::text::elided;
use crate::ui::{Action, Cx};

const HEIGHT: f32 = 74.0;
const PICTURE: f32 = 58.0;

/// All samples in as many columns as have room.
pub fn grid(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let width = ui.available_width();
    let columns = ((width / 300.0) as usize).clamp(1, 3);
    let gap = space::S;
    let wide = (width - gap * (columns - 1) as f32) / columns as f32;
    let lines = Sample::ALL.len().div_ceil(columns);
    let height = lines as f32 * (HEIGHT + gap) - gap;
    let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    for (place, sample) in Sample::ALL.into_iter().enumerate() {
        let at = vec2((place % columns) as f32 * (wide + gap), (place / columns) as f32 * (HEIGHT + gap));
        let card = Rect::from_min_size(rect.min + at, vec2(wide, HEIGHT));
        if card_ui(ui, card, sample, palette) {
            cx.act(Action::OpenSample(sample));
        }
    }
}

fn card_ui(ui: &Ui, rect: Rect, sample: Sample, palette: &Palette) -> bool {
    let response = ui.interact(rect, ui.scope_id().with(("sample", sample.name())), Sense::click());
    let name = format!("Start with {}", sample.title());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let lively = response.hovered() || response.has_focus();
    let (fill, line) = if lively { (palette.raised, palette.accent) } else { (palette.panel, palette.line) };
    let painter = ui.painter();
    painter.rect(rect, CornerRadius::same(8), fill, Stroke::new(1.0, line), StrokeKind::Inside);
    let frame = Rect::from_center_size(pos2(rect.left() + 12.0 + PICTURE / 2.0, rect.center().y), vec2(PICTURE, 46.0));
    painter.rect_filled(frame, CornerRadius::same(6), if lively { palette.hover } else { palette.raised });
    picture(painter, frame, sample, palette);
    let left = frame.right() + 12.0;
    let room = rect.right() - left - 12.0;
    let title = elided(painter, sample.title(), theme::semibold(size::BODY), palette.text, room);
    painter.galley(pos2(left, rect.top() + 10.0), title, palette.text);
    let mut job = egui::text::LayoutJob::simple(
        sample.description().to_owned(),
        theme::regular(size::SMALL),
        palette.text_dim,
        room,
    );
    job.wrap.max_rows = 2;
    let words = painter.layout_job(job);
    let cut = words.elided;
    painter.galley(pos2(left, rect.top() + 30.0), words, palette.text_dim);
    let clicked = response.clicked();
    if cut {
        response.on_hover_text(sample.description());
    }
    clicked
}

/// What its task looks like, in a few strokes.
fn picture(painter: &Painter, frame: Rect, sample: Sample, palette: &Palette) {
    let grey = palette.text_faint.gamma_multiply(0.6);
    let bar = |x: f32, y: f32, long: f32, color| {
        let at = Rect::from_min_size(frame.min + vec2(x, y), vec2(long, 4.0));
        painter.rect_filled(at, CornerRadius::same(2), color);
    };
    let block = |x: f32, y: f32, long: f32, color| {
        let at = Rect::from_min_size(frame.min + vec2(x, y - 2.0), vec2(long, 8.0));
        painter.rect_filled(at, CornerRadius::same(3), color);
    };
    let rows = [11.0, 21.0, 31.0];
    match sample {
        Sample::Reviews => {
            for (y, (long, class)) in rows.into_iter().zip([(26.0, 2), (18.0, 1), (23.0, 4)]) {
                bar(8.0, y, long, grey);
                block(40.0, y, 11.0, palette.series[class]);
            }
        }
        Sample::Entities => {
            let lines = [(8.0, 13.0, 0), (22.0, 17.0, 1), (13.0, 11.0, 2)];
            for (y, (x, long, class)) in rows.into_iter().zip(lines) {
                bar(8.0, y, x - 10.0, grey);
                block(x, y, long, palette.series[class]);
                bar(x + long + 3.0, y, 47.0 - x - long, grey);
            }
        }
        Sample::Questions => {
            let at = frame.min + vec2(12.0, 13.0);
            painter.text(at, Align2::CENTER_CENTER, "?", theme::semibold(15.0), palette.accent);
            bar(20.0, 11.0, 26.0, grey);
            bar(8.0, 23.0, 14.0, grey);
            block(24.0, 23.0, 18.0, palette.series[2]);
            bar(8.0, 33.0, 36.0, grey);
        }
        Sample::Pairs => {
            for y in [10.0, 28.0] {
                let at = Rect::from_min_size(frame.min + vec2(8.0, y - 3.0), vec2(30.0, 12.0));
                painter.rect_stroke(at, CornerRadius::same(3), Stroke::new(1.0, grey), StrokeKind::Inside);
                bar(12.0, y + 1.0, 20.0, grey);
            }
            block(43.0, 19.0, 9.0, palette.series[0]);
            for y in [13.0, 31.0] {
                let from = frame.min + vec2(39.0, y);
                painter.line_segment([from, frame.min + vec2(43.0, 21.0)], Stroke::new(1.0, grey));
            }
        }
        Sample::Topics => {
            bar(8.0, 11.0, 40.0, grey);
            bar(8.0, 19.0, 30.0, grey);
            for (x, class) in [(8.0, 0), (23.0, 3), (38.0, 1)] {
                block(x, 32.0, 12.0, palette.series[class]);
            }
        }
        Sample::Prose => {
            bar(8.0, 11.0, 40.0, grey);
            bar(8.0, 21.0, 12.0, grey);
            let gap = Rect::from_min_size(frame.min + vec2(23.0, 17.0), vec2(14.0, 12.0));
            painter.rect(
                gap,
                CornerRadius::same(3),
                palette.accent_soft,
                Stroke::new(1.0, palette.accent),
                StrokeKind::Inside,
            );
            bar(40.0, 21.0, 9.0, grey);
            bar(8.0, 33.0, 32.0, grey);
        }
    }
}
