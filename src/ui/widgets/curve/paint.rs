//! The strokes of a chart.

use egui::epaint::{Mesh, TextShape};
use egui::{
    Align2, Color32, Painter, Pos2, Rangef, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo,
    pos2, vec2,
};

use super::{Axis, Band, Column, Columns, Flag, FlagKind, Line, Style};
use crate::ui::format;
use crate::ui::theme::{self, Palette, size};

/// Where the plot lies and what its axes are.
pub struct Frame<'a> {
    pub plot: Rect,
    pub x: Axis,
    pub y: Axis,
    pub percent: bool,
    pub palette: &'a Palette,
}

impl Frame<'_> {
    pub fn x_of(&self, step: f64) -> f32 {
        self.plot.left() + self.x.share(step) as f32 * self.plot.width()
    }

    pub fn step_at(&self, x: f32) -> f64 {
        let share = f64::from((x - self.plot.left()) / self.plot.width()).clamp(0.0, 1.0);
        self.x.value(share).round()
    }

    fn y_of(&self, value: f64) -> f32 {
        // Far beyond the edge is as good as outside, and keeps the rasteriser's numbers small.
        let share = self.y.share(value).clamp(-10.0, 10.0) as f32;
        self.plot.bottom() - share * self.plot.height()
    }

    pub fn grid(&self, ui: &Ui) {
        let painter = ui.painter();
        let stroke = Stroke::new(1.0, self.palette.line.gamma_multiply(0.8));
        let font = theme::number(10.5);
        for (place, &tick) in self.y.ticks.iter().enumerate() {
            let y = painter.round_to_pixel_center(self.y_of(tick));
            let axis = place == 0;
            painter.hline(self.plot.x_range(), y, if axis { Stroke::new(1.0, self.palette.line) } else { stroke });
            let at = pos2(self.plot.left() - 8.0, y);
            let words = if self.percent { self.y.percent_label(tick) } else { self.y.label(tick) };
            painter.text(at, Align2::RIGHT_CENTER, words, font.clone(), self.palette.text_faint);
        }
    }

    /// The numbers of the steps, below the plot.
    pub fn steps(&self, ui: &Ui) {
        let painter = ui.painter();
        let stroke = Stroke::new(1.0, self.palette.line.gamma_multiply(0.8));
        let font = theme::number(10.5);
        for &tick in &self.x.ticks {
            let x = painter.round_to_pixel_center(self.x_of(tick));
            painter.vline(x, Rangef::new(self.plot.bottom(), self.plot.bottom() + 4.0), stroke);
            let anchor = if x > self.plot.right() - 14.0 { Align2::RIGHT_TOP } else { Align2::CENTER_TOP };
            let at = pos2(x.min(self.plot.right() + 8.0), self.plot.bottom() + 6.0);
            painter.text(at, anchor, self.x.label(tick), font.clone(), self.palette.text_faint);
        }
    }

    pub fn baseline(&self, painter: &Painter, value: f64, name: &str) {
        let y = self.y_of(value);
        let color = self.palette.text_faint;
        let points = [pos2(self.plot.left(), y), pos2(self.plot.right(), y)];
        painter.extend(Shape::dashed_line(&points, Stroke::new(1.0, color), 4.0, 4.0));
        let galley = painter.layout_no_wrap(name.to_owned(), theme::regular(10.5), color);
        let above = y - self.plot.top() > 18.0;
        let top = if above { y - galley.size().y - 3.0 } else { y + 3.0 };
        let place = Rect::from_min_size(pos2(self.plot.right() - galley.size().x - 4.0, top), galley.size());
        painter.rect_filled(place.expand2(vec2(4.0, 0.0)), 3.0, self.palette.panel);
        painter.galley(place.min, galley, color);
    }

    pub fn line(&self, painter: &Painter, columns: &Columns, line: &Line<'_>) {
        match line.style {
            Style::Planned => self.dashes(painter, columns, line.color),
            Style::Plain => {
                if columns.is_dense() {
                    self.band(painter, columns, line.color.gamma_multiply(0.55));
                }
                self.stroke(painter, columns, |column| column.last, Stroke::new(1.5, line.color));
            }
            Style::Smoothed => {
                let faint = line.color.gamma_multiply(if self.palette.dark { 0.28 } else { 0.26 });
                if columns.is_dense() {
                    self.band(painter, columns, faint);
                } else {
                    self.stroke(painter, columns, |column| column.last, Stroke::new(1.0, faint));
                }
                self.stroke(painter, columns, |column| column.smooth, Stroke::new(1.75, line.color));
            }
            Style::Dots => {
                self.stroke(painter, columns, |column| column.last, Stroke::new(1.5, line.color));
                let radius = if columns.filled().count() > 60 { 1.5 } else { 3.0 };
                for column in columns.filled() {
                    painter.circle_filled(self.place(column.x, column.last), radius, line.color);
                }
            }
        }
        if let (Some(only), None) = (columns.filled().next(), columns.filled().nth(1)) {
            painter.circle_filled(self.place(only.x, only.last), 2.5, line.color);
        }
    }

    /// A dot on each line at a step, and a hair through all of them.
    pub fn crosshair(&self, ui: &Ui, painter: &Painter, step: f64, columns: &[Columns], lines: &[Line<'_>]) {
        let x = painter.round_to_pixel_center(self.x_of(step));
        if x < self.plot.left() - 1.0 || x > self.plot.right() + 1.0 {
            return;
        }
        painter.vline(x, self.plot.y_range(), Stroke::new(1.0, self.palette.text_faint.gamma_multiply(0.7)));
        for (columns, line) in columns.iter().zip(lines) {
            // A column is of the last step that falls into its pixel.
            if let Some(column) = columns.until(self.step_at(x + 1.0))
                && line.style != Style::Planned
                && (self.x_of(column.x) - x).abs() < 40.0
            {
                let value = if line.style == Style::Smoothed { column.smooth } else { column.last };
                let at = self.place(column.x, value);
                painter.circle(at, 3.5, line.color, Stroke::new(1.5, self.palette.panel));
            }
        }
        let text = format::count(step.max(0.0) as u64);
        let galley = painter.layout_no_wrap(text, theme::number(10.5), self.palette.text);
        let half = galley.size().x / 2.0 + 5.0;
        let middle = x.clamp(self.plot.left() + half, (self.plot.right() - half).max(self.plot.left() + half));
        // A low tile has no room below.
        let lowest = ui.clip_rect().bottom() - galley.size().y / 2.0 - 2.0;
        let center = pos2(middle, (self.plot.bottom() + 11.5).min(lowest));
        let tag = Rect::from_center_size(center, galley.size() + vec2(10.0, 4.0));
        let painter = ui.painter();
        painter.rect_filled(tag, 3.0, self.palette.hover);
        painter.galley(tag.center() - galley.size() / 2.0, galley, self.palette.text);
    }

    /// The steps a drag is about to zoom to.
    pub fn selection(&self, painter: &Painter, from: f64, to: f64) {
        let (left, right) = (self.x_of(from.min(to)), self.x_of(from.max(to)));
        let rect = Rect::from_x_y_ranges(left..=right, self.plot.y_range());
        painter.rect_filled(rect, 0.0, self.palette.accent.gamma_multiply(0.14));
        for x in [left, right] {
            painter.vline(x, self.plot.y_range(), Stroke::new(1.0, self.palette.accent.gamma_multiply(0.7)));
        }
    }

    pub fn flags(&self, ui: &Ui, flags: &[Flag], chart: &Response) {
        let visible = |flag: &&Flag| (self.x.from..=self.x.to).contains(&flag.step);
        let is_best = |flag: &&Flag| flag.kind == FlagKind::Best;
        let bests: Vec<f32> = flags.iter().filter(is_best).map(|flag| self.x_of(flag.step)).collect();
        // The best comes last, so that it lies on top of what happened at the same step.
        let ordered = flags.iter().filter(|flag| !is_best(flag)).chain(flags.iter().filter(is_best));
        let mut last: Option<(FlagKind, f32)> = None;
        for (place, flag) in ordered.filter(visible).enumerate() {
            let x = self.x_of(flag.step);
            // A thousand skipped steps in a row are one mark as wide as they are.
            if last.is_some_and(|(kind, before)| kind == flag.kind && (x - before).abs() < 3.0) {
                continue;
            }
            last = Some((flag.kind, x));
            let color = flag_color(flag.kind, self.palette);
            let crowded = flag.kind != FlagKind::Best && bests.iter().any(|best| (best - x).abs() < 10.0);
            let center = pos2(x, self.plot.top() + if crowded { 15.0 } else { 2.0 });
            let points = [center + vec2(0.0, 6.0), pos2(x, self.plot.bottom())];
            ui.painter().extend(Shape::dashed_line(&points, Stroke::new(1.0, color.gamma_multiply(0.45)), 2.0, 3.0));
            flag_mark(ui.painter(), center, flag.kind, color, self.palette);
            let hit = Rect::from_center_size(center, vec2(16.0, 18.0));
            let response = ui.interact(hit, chart.id.with(("flag", place)), Sense::hover());
            let text = format!("{} at step {}", flag.text, format::count(flag.step as u64));
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
            response.on_hover_text(text);
        }
    }

    fn place(&self, step: f64, value: f64) -> Pos2 {
        pos2(self.x_of(step), self.y_of(value))
    }

    fn stroke(&self, painter: &Painter, columns: &Columns, value: impl Fn(&Column) -> f64, stroke: Stroke) {
        let points: Vec<Pos2> = columns.filled().map(|column| self.place(column.x, value(column))).collect();
        if points.len() > 1 {
            painter.line(points, stroke);
        }
    }

    fn dashes(&self, painter: &Painter, columns: &Columns, color: Color32) {
        let points: Vec<Pos2> = columns.filled().map(|column| self.place(column.x, column.last)).collect();
        painter.extend(Shape::dashed_line(&points, Stroke::new(1.25, color.gamma_multiply(0.6)), 3.0, 4.0));
    }

    /// All that lies between two series.
    pub fn between(&self, painter: &Painter, band: &Band<'_>) {
        let ends = band.low.points().iter().zip(band.high.points());
        let color = band.color.gamma_multiply(if self.palette.dark { 0.26 } else { 0.22 });
        self.strip(painter, ends.map(|(low, high)| (low[0], low[1], high[1])), color);
    }

    /// From the lowest to the highest of each column, as one strip.
    fn band(&self, painter: &Painter, columns: &Columns, color: Color32) {
        self.strip(painter, columns.filled().map(|column| (column.x, column.low, column.high)), color);
    }

    /// Steps with their lowest and highest value.
    fn strip(&self, painter: &Painter, ends: impl Iterator<Item = (f64, f64, f64)>, color: Color32) {
        let mut mesh = Mesh::default();
        for (step, low, high) in ends {
            let x = self.x_of(step);
            let (mut top, mut bottom) = (self.y_of(high), self.y_of(low));
            if bottom - top < 1.0 {
                let middle = f32::midpoint(top, bottom);
                (top, bottom) = (middle - 0.5, middle + 0.5);
            }
            let place = mesh.vertices.len() as u32;
            mesh.colored_vertex(pos2(x, top), color);
            mesh.colored_vertex(pos2(x, bottom), color);
            if place >= 2 {
                mesh.add_triangle(place - 2, place - 1, place);
                mesh.add_triangle(place - 1, place, place + 1);
            }
        }
        painter.add(Shape::mesh(mesh));
    }
}

pub fn flag_color(kind: FlagKind, palette: &Palette) -> Color32 {
    match kind {
        FlagKind::Best => palette.good,
        FlagKind::Skipped => palette.bad,
        FlagKind::Unfroze | FlagKind::Order => palette.accent,
        FlagKind::Resumed => palette.text_dim,
        FlagKind::Warning => palette.warn,
    }
}

/// Each kind has a shape of its own, so that nothing is told by colour alone.
fn flag_mark(painter: &Painter, center: Pos2, kind: FlagKind, color: Color32, palette: &Palette) {
    let edge = Stroke::new(1.5, palette.panel);
    match kind {
        FlagKind::Best => {
            painter.add(star(center, 6.5, palette.panel));
            painter.add(star(center, 5.0, color));
        }
        FlagKind::Skipped => {
            for sign in [-1.0, 1.0] {
                let arm = vec2(3.5, 3.5 * sign);
                painter.line_segment([center - arm, center + arm], Stroke::new(1.75, color));
            }
        }
        FlagKind::Unfroze => {
            let points = vec![
                center + vec2(0.0, -4.5),
                center + vec2(4.5, 0.0),
                center + vec2(0.0, 4.5),
                center + vec2(-4.5, 0.0),
            ];
            painter.add(Shape::convex_polygon(points, color, edge));
        }
        FlagKind::Order => {
            painter.rect(Rect::from_center_size(center, vec2(8.0, 8.0)), 1.0, color, edge, StrokeKind::Outside);
        }
        FlagKind::Resumed => {
            let points = vec![center + vec2(-3.5, -4.5), center + vec2(4.5, 0.0), center + vec2(-3.5, 4.5)];
            painter.add(Shape::convex_polygon(points, color, edge));
        }
        FlagKind::Warning => {
            let points = vec![center + vec2(0.0, -4.5), center + vec2(4.5, 4.0), center + vec2(-4.5, 4.0)];
            painter.add(Shape::convex_polygon(points, color, edge));
        }
    }
}

fn star(center: Pos2, radius: f32, color: Color32) -> Shape {
    let mut mesh = Mesh::default();
    mesh.colored_vertex(center, color);
    for corner in 0..10u8 {
        let reach = if corner.is_multiple_of(2) { radius } else { radius * 0.45 };
        let angle = f32::from(corner) * std::f32::consts::PI / 5.0 - std::f32::consts::FRAC_PI_2;
        mesh.colored_vertex(center + reach * vec2(angle.cos(), angle.sin()), color);
    }
    for corner in 0..10u32 {
        mesh.add_triangle(0, corner + 1, (corner + 1) % 10 + 1);
    }
    Shape::mesh(mesh)
}

/// What a chart shows before its first value: the ghost of a grid and one sentence.
pub fn empty(ui: &Ui, rect: Rect, text: &str, palette: &Palette) {
    let painter = ui.painter();
    let plot = Rect::from_min_max(rect.min + vec2(16.0, 10.0), rect.max - vec2(12.0, 18.0));
    for line in 0..4u8 {
        let y = plot.top() + plot.height() * f32::from(line) / 3.0;
        painter.hline(
            plot.x_range(),
            painter.round_to_pixel_center(y),
            Stroke::new(1.0, palette.line.gamma_multiply(0.5)),
        );
    }
    let galley = painter.layout(text.to_owned(), theme::regular(size::BODY), palette.text_faint, plot.width() - 32.0);
    let tag = Rect::from_center_size(plot.center(), galley.size() + vec2(20.0, 10.0));
    painter.rect_filled(tag, 4.0, palette.panel);
    painter.add(TextShape::new(tag.center() - galley.size() / 2.0, galley, palette.text_faint));
}
