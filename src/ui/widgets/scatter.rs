//! Two values for each of many things, such as what was said and what is true.

use egui::{Pos2, Rect, Role, Ui, UiBuilder, WidgetInfo};
use egui_plot::{Line, MarkerShape, Plot, PlotPoint, Points};

use crate::ui::theme::Palette;

pub struct Scatter<'a> {
    pub x_title: &'a str,
    pub y_title: &'a str,
    pub points: &'a [[f64; 2]],
    pub selected: Option<usize>,
}

/// Pixels within which a point is meant.
const REACH: f32 = 12.0;

/// Points that can be dragged and zoomed, with the line on which both values agree. Returns the point that was clicked.
pub fn scatter(ui: &mut Ui, rect: Rect, spec: &Scatter<'_>, palette: &Palette) -> Option<usize> {
    let all = || spec.points.iter().flatten().copied().filter(|value| value.is_finite());
    let (low, high) = all().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return None;
    }
    let faint = if spec.points.len() > 1500 { 0.35 } else { 0.65 };
    let chosen: Vec<[f64; 2]> = spec.selected.and_then(|at| spec.points.get(at)).copied().into_iter().collect();
    let mut child = ui.new_child(UiBuilder::new().max_rect(rect));
    let plot = Plot::new(ui.scope_id().with("scatter"))
        .width(rect.width())
        .height(rect.height())
        .x_axis_label(spec.x_title)
        .y_axis_label(spec.y_title)
        .show_background(false)
        .allow_scroll(false)
        .data_aspect(1.0);
    let shown = plot.show(&mut child, |plot| {
        plot.line(Line::new("agreement", vec![[low, low], [high, high]]).color(palette.text_faint).width(1.0));
        let color = palette.series[0].gamma_multiply(faint);
        plot.points(Points::new(spec.y_title, spec.points.to_vec()).color(color).radius(2.5));
        plot.points(Points::new("selected", chosen).color(palette.accent).radius(5.0).shape(MarkerShape::Circle));
    });
    let label = format!("{} against {}, {} points", spec.y_title, spec.x_title, spec.points.len());
    shown.response.widget_info(|| WidgetInfo::labeled(Role::GraphicsDocument, true, &label));
    let place = |point: &[f64; 2]| shown.transform.position_from_point(&PlotPoint::new(point[0], point[1]));
    let pointer = shown.response.interact_pointer_pos().filter(|_| shown.response.clicked())?;
    nearest(spec.points, pointer, &place)
}

fn nearest(points: &[[f64; 2]], pointer: Pos2, place: &impl Fn(&[f64; 2]) -> Pos2) -> Option<usize> {
    let distance = |at: &usize| place(&points[*at]).distance_sq(pointer);
    let near = (0..points.len()).min_by(|one, two| distance(one).total_cmp(&distance(two)));
    near.filter(|at| distance(at) < REACH * REACH)
}
