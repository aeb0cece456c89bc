//! The learning rate over a run that has not begun: warm-up, then down.

use egui::epaint::Mesh;
use egui::{Align2, Color32, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::ui::format;
use crate::ui::theme::{self, Palette};

pub struct Schedule<'a> {
    /// Factor on the rate at a step.
    pub factor: &'a dyn Fn(u64) -> f64,
    /// Steps the factor is asked for.
    pub steps: u64,
    /// Whether the run will have just so many steps, or only the shape is known yet.
    pub known: bool,
    /// Peak rates, each with its colour, highest first.
    pub peaks: &'a [(f64, Color32)],
}

const HEIGHT: f32 = 74.0;

pub fn schedule_curve(ui: &mut Ui, schedule: &Schedule<'_>, palette: &Palette) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    let peak = schedule.peaks.first().map_or(0.0, |peak| peak.0);
    let steps = schedule.steps.max(1);
    let label = format!("Schedule of the learning rate, up to {}", format::rate(peak));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
    if !ui.is_rect_visible(rect) || peak <= 0.0 {
        return response;
    }
    let painter = ui.painter();
    painter.rect_filled(rect, 6.0, palette.background.lerp_to_gamma(palette.raised, 0.5));
    let plot = Rect::from_min_max(rect.min + vec2(10.0, 20.0), rect.max - vec2(10.0, 18.0));
    painter.hline(plot.x_range(), plot.bottom(), Stroke::new(1.0, palette.line));
    let place = |step: f64, rate: f64| {
        pos2(
            plot.left() + (step / steps as f64) as f32 * plot.width(),
            plot.bottom() - (rate / peak) as f32 * plot.height(),
        )
    };
    for (at, (rate, color)) in schedule.peaks.iter().enumerate().rev() {
        let points = line(schedule, *rate, steps, plot.width(), &place);
        if at == 0 {
            painter.add(area(&points, plot.bottom(), color.gamma_multiply(0.16)));
        }
        painter.add(Shape::line(points, Stroke::new(1.5, *color)));
    }
    let font = theme::number(10.5);
    let text = |at: Pos2, anchor, words: String, color| painter.text(at, anchor, words, font.clone(), color);
    let hovered = response.hover_pos().filter(|pointer| plot.expand(8.0).contains(*pointer));
    if let Some(pointer) = hovered {
        let share = f64::from((pointer.x - plot.left()) / plot.width()).clamp(0.0, 1.0);
        let step = ((share * steps as f64) as u64).min(steps - 1);
        let rate = peak * (schedule.factor)(step);
        let at = place(step as f64, rate);
        painter.vline(at.x, plot.y_range(), Stroke::new(1.0, palette.text_faint.gamma_multiply(0.7)));
        painter.circle(at, 3.0, palette.accent, Stroke::new(1.5, palette.panel));
        let place = if schedule.known {
            format!("step {}", format::count(step + 1))
        } else {
            format!("{:.0} % of the run", share * 100.0)
        };
        let words = format!("{} at {place}", format::rate(rate));
        text(plot.left_top() - vec2(0.0, 4.0), Align2::LEFT_BOTTOM, words, palette.text);
    } else {
        let words = format!("peak {}", format::rate(peak));
        text(plot.left_top() - vec2(0.0, 4.0), Align2::LEFT_BOTTOM, words, palette.text_dim);
    }
    text(plot.left_bottom() + vec2(0.0, 4.0), Align2::LEFT_TOP, "0".into(), palette.text_faint);
    let end = if schedule.known { format::plural(steps, "step", "steps") } else { "end".into() };
    text(plot.right_bottom() + vec2(0.0, 4.0), Align2::RIGHT_TOP, end, palette.text_faint);
    response
}

fn line(schedule: &Schedule<'_>, peak: f64, steps: u64, width: f32, place: &impl Fn(f64, f64) -> Pos2) -> Vec<Pos2> {
    let stops = (width as u64 / 2).clamp(2, 400).min(steps.max(2));
    (0..=stops)
        .map(|stop| {
            let step = steps * stop / stops;
            place(step as f64, peak * (schedule.factor)(step))
        })
        .collect()
}

fn area(points: &[Pos2], bottom: f32, color: Color32) -> Shape {
    let mut mesh = Mesh::default();
    for point in points {
        let place = mesh.vertices.len() as u32;
        mesh.colored_vertex(*point, color);
        mesh.colored_vertex(pos2(point.x, bottom), color.gamma_multiply(0.2));
        if place >= 2 {
            mesh.add_triangle(place - 2, place - 1, place);
            mesh.add_triangle(place - 1, place, place + 1);
        }
    }
    Shape::mesh(mesh)
}
