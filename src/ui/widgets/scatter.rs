//! Two values for each of many things, such as what was said and what is true.

use egui::{Align2, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::curve::{Axis, Scale};
use crate::ui::theme::{self, Palette, size};

pub struct Scatter<'a> {
    pub x_title: &'a str,
    pub y_title: &'a str,
    pub points: &'a [[f64; 2]],
    pub selected: Option<usize>,
}

/// A square of points with the line on which both values agree. Returns the point that was clicked.
pub fn scatter(ui: &mut Ui, rect: Rect, spec: &Scatter<'_>, palette: &Palette) -> Option<usize> {
    let response = ui.interact(rect, ui.scope_id().with("scatter"), Sense::click());
    let label = format!("{} against {}, {} points", spec.y_title, spec.x_title, spec.points.len());
    response.widget_info(|| WidgetInfo::labeled(Role::GraphicsDocument, true, &label));
    let all = || spec.points.iter().flatten().copied().filter(|value| value.is_finite());
    let (low, high) = all().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return None;
    }
    let axis = Axis::around(low, high, Scale::Linear, 5);
    let side = (rect.width() - 60.0).min(rect.height() - 46.0).max(40.0);
    let plot = Rect::from_min_size(rect.min + vec2(48.0, 8.0), vec2((rect.width() - 60.0).max(side), side));
    let place = |point: &[f64; 2]| {
        pos2(
            plot.left() + axis.share(point[0]) as f32 * plot.width(),
            plot.bottom() - axis.share(point[1]) as f32 * plot.height(),
        )
    };
    grid(ui, plot, &axis, spec, palette);
    let painter = ui.painter();
    let agreement = [place(&[axis.from, axis.from]), place(&[axis.to, axis.to])];
    painter.extend(Shape::dashed_line(&agreement, Stroke::new(1.0, palette.text_faint), 4.0, 4.0));
    let nearest = response.hover_pos().and_then(|pointer| nearest(spec.points, pointer, &place));
    let faint = if spec.points.len() > 1500 { 0.35 } else { 0.65 };
    for (at, point) in spec.points.iter().enumerate() {
        let lively = Some(at) == spec.selected || Some(at) == nearest;
        if lively {
            painter.circle(place(point), 5.0, palette.accent, Stroke::new(1.5, palette.panel));
        } else {
            painter.circle_filled(place(point), 2.5, palette.series[0].gamma_multiply(faint));
        }
    }
    answer(&response, nearest)
}

fn answer(response: &Response, nearest: Option<usize>) -> Option<usize> {
    response.clicked().then_some(nearest).flatten()
}

fn grid(ui: &Ui, plot: Rect, axis: &Axis, spec: &Scatter<'_>, palette: &Palette) {
    let painter = ui.painter();
    let line = Stroke::new(1.0, palette.line.gamma_multiply(0.7));
    for tick in &axis.ticks {
        let share = axis.share(*tick) as f32;
        let (x, y) = (plot.left() + share * plot.width(), plot.bottom() - share * plot.height());
        painter.hline(plot.x_range(), y, line);
        painter.vline(x, plot.y_range(), line);
        let font = theme::number(10.5);
        let words = axis.label(*tick);
        painter.text(pos2(plot.left() - 6.0, y), Align2::RIGHT_CENTER, &words, font.clone(), palette.text_faint);
        painter.text(pos2(x, plot.bottom() + 4.0), Align2::CENTER_TOP, &words, font, palette.text_faint);
    }
    let font = theme::regular(size::SMALL);
    painter.text(
        plot.center_bottom() + vec2(0.0, 20.0),
        Align2::CENTER_TOP,
        spec.x_title,
        font.clone(),
        palette.text_dim,
    );
    painter.text(plot.left_top() + vec2(6.0, 4.0), Align2::LEFT_TOP, spec.y_title, font, palette.text_dim);
}

fn nearest(points: &[[f64; 2]], pointer: Pos2, place: &impl Fn(&[f64; 2]) -> Pos2) -> Option<usize> {
    let distance = |at: &usize| place(&points[*at]).distance_sq(pointer);
    (0..points.len()).min_by(|one, two| distance(one).total_cmp(&distance(two))).filter(|at| distance(at) < 144.0)
}
