//! Values over steps: a band of what was measured, the smoothed line through it, and flags for what happened. Charts
//! that share a [`Link`] show the same steps and the same crosshair.
//!
//! It paints itself instead of using a plot library, because of the columns kept between frames (`series`): a run of a
//! million steps costs no more to draw than one of a thousand.

mod axis;
mod paint;
mod series;

pub use axis::{Axis, Scale};
pub use series::{Column, Columns, Series, Window};

use egui::{Color32, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::ui::format;
use crate::ui::theme::{self, Palette, size};

/// What charts of one run have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The step under the pointer, in whichever chart it is.
    pub hover: Option<f64>,
    /// The steps a person zoomed to; all of them otherwise.
    pub zoom: Option<(f64, f64)>,
    /// Weight of the past in the moving average, from 0 to below 1.
    pub smoothing: f64,
    /// The last step on screen while nothing is zoomed.
    end: f64,
    drag_from: Option<f64>,
    next_hover: Option<f64>,
}

impl Default for Link {
    fn default() -> Self {
        Self { hover: None, zoom: None, smoothing: 0.9, end: 20.0, drag_from: None, next_hover: None }
    }
}

impl Link {
    /// To be called once a frame before the first chart. The crosshair is where the last frame left it, and there is
    /// room for the steps that are done; the room grows in strides, so that columns are seldom made anew, until the
    /// whole run is on screen.
    pub fn begin(&mut self, done: u64, steps: u64) {
        self.hover = self.next_hover.take();
        let (done, steps) = (done as f64, steps as f64);
        self.end = if done == 0.0 { steps.max(1.0) } else { room_for(done, steps) };
    }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A faint band of all values with the moving average on top.
    Smoothed,
    /// The values themselves.
    Plain,
    /// Few values, far apart: a line with a dot at each.
    Dots,
    /// What is to come.
    Planned,
}

#[derive(Clone, Copy)]
pub struct Line<'a> {
    pub name: &'a str,
    pub series: &'a Series,
    pub color: Color32,
    pub style: Style,
}

/// Two series with values at the same steps, and all that lies between them.
#[derive(Clone, Copy)]
pub struct Band<'a> {
    pub low: &'a Series,
    pub high: &'a Series,
    pub color: Color32,
}

/// Something that happened at a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    pub step: f64,
    pub kind: FlagKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagKind {
    Best,
    Skipped,
    Unfroze,
    /// What a person ordered.
    Order,
    Resumed,
    Warning,
}

/// What a chart shows in this frame.
pub struct Spec<'a> {
    pub title: &'a str,
    pub lines: &'a [Line<'a>],
    /// Behind the lines.
    pub bands: &'a [Band<'a>],
    pub flags: &'a [Flag],
    /// A value to be above or below of, and what it is.
    pub baseline: Option<(f64, &'a str)>,
    pub scale: Scale,
    /// The axis starts at 0 whatever the values are.
    pub from_zero: bool,
    pub format: fn(f64) -> String,
    /// The axis is written in percent.
    pub percent: bool,
    /// What the values stand over, in one word: steps, or seconds.
    pub over: &'static str,
    /// What stands in the middle while there is nothing to draw.
    pub empty: &'a str,
}

impl<'a> Spec<'a> {
    /// Lines over steps, with the scale that they fill.
    pub fn of(title: &'a str, lines: &'a [Line<'a>]) -> Self {
        Self {
            title,
            lines,
            bands: &[],
            flags: &[],
            baseline: None,
            scale: Scale::Linear,
            from_zero: false,
            format: format::value,
            percent: false,
            over: "step",
            empty: "",
        }
    }
}

/// Height below which a chart has no room for the numbers of its steps.
const LOW: f32 = 64.0;

/// A chart's memory between frames.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    columns: Vec<Columns>,
}

impl Chart {
    /// Paints into `rect` and answers drags (zoom), double clicks (all again) and the pointer (crosshair).
    pub fn ui(&mut self, ui: &mut Ui, rect: Rect, spec: &Spec<'_>, link: &mut Link, palette: &Palette) -> Response {
        let response = ui.interact(rect, ui.scope_id().with(("chart", spec.title)), Sense::CLICK | Sense::DRAG);
        response.widget_info(|| WidgetInfo::labeled(Role::GraphicsDocument, ui.is_enabled(), describe(spec)));
        if !ui.is_rect_visible(rect) {
            return response;
        }
        let has_points = spec.lines.iter().any(|line| line.style != Style::Planned && !line.series.is_empty());
        if !has_points && spec.lines.iter().all(|line| line.series.is_empty()) {
            paint::empty(ui, rect, spec.empty, palette);
            return response;
        }

        // In a low tile the steps below give way to the lines.
        let is_low = rect.height() < LOW;
        let (above, below) = if is_low { (2.0, 3.0) } else { (8.0, 22.0) };
        let plot = Rect::from_min_max(rect.min + vec2(46.0, above), rect.max - vec2(10.0, below));
        if plot.width() < 24.0 || plot.height() < 12.0 {
            return response;
        }
        let (from, to) = link.zoom.unwrap_or((0.0, link.end));
        let window = Window { from, to, columns: plot.width() as usize, smoothing: link.smoothing };
        self.columns.resize_with(spec.lines.len(), Columns::default);
        for (columns, line) in self.columns.iter_mut().zip(spec.lines) {
            let smoothing = if line.style == Style::Smoothed { link.smoothing } else { 0.0 };
            columns.update(line.series, Window { smoothing, ..window });
        }

        let x_axis = Axis::exact(from, to, (plot.width() / 90.0).max(2.0) as usize);
        let y_axis = self.y_axis(spec, plot.height(), window);
        let frame = paint::Frame { plot, x: x_axis, y: y_axis, percent: spec.percent, palette };
        navigate(ui, &response, &frame, link);
        frame.grid(ui);
        if !is_low {
            frame.steps(ui);
        }
        let inside = ui.painter().with_clip_rect(plot.expand2(vec2(5.0, 3.0)).intersect(ui.clip_rect()));
        for band in spec.bands {
            frame.between(&inside, band);
        }
        for (columns, line) in self.columns.iter().zip(spec.lines) {
            frame.line(&inside, columns, line);
        }
        frame.flags(ui, spec.flags, &response);
        if let Some((value, name)) = spec.baseline {
            frame.baseline(&inside, value, name);
        }
        if let Some(step) = link.hover {
            frame.crosshair(ui, &inside, step, &self.columns, spec.lines);
        }
        if let (Some(start), Some(now)) = (link.drag_from, link.next_hover) {
            frame.selection(&inside, start, now);
        }
        response
    }

    fn y_axis(&self, spec: &Spec<'_>, height: f32, window: Window) -> Axis {
        let mut range: Option<(f64, f64)> = None;
        let bands = spec.bands.iter().filter_map(|band| band.range(window));
        for (low, high) in self.columns.iter().filter_map(Columns::range).chain(bands) {
            range =
                Some(range.map_or((low, high), |(lowest, highest): (f64, f64)| (lowest.min(low), highest.max(high))));
        }
        let (mut low, mut high) = range.unwrap_or((0.0, 1.0));
        if let Some((value, _)) = spec.baseline {
            (low, high) = (low.min(value), high.max(value));
        }
        if spec.from_zero && spec.scale == Scale::Linear {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        let axis = Axis::around(low, high, spec.scale, (height / 38.0).clamp(2.0, 6.0) as usize);
        // There is no share beyond all, and nothing below 0 of what never was.
        let most = if spec.percent && high <= 1.0 { 1.0 } else { f64::INFINITY };
        axis.within(if low >= 0.0 { 0.0 } else { f64::NEG_INFINITY }, most)
    }
}

impl Band<'_> {
    /// Lowest and highest value in the window.
    fn range(&self, window: Window) -> Option<(f64, f64)> {
        let within = |series: &Series, which: fn(f64, f64) -> f64| {
            let points = series.points().iter().filter(|point| (window.from..=window.to).contains(&point[0]));
            points.map(|point| point[1]).filter(|value| value.is_finite()).reduce(which)
        };
        Some((within(self.low, f64::min)?, within(self.high, f64::max)?))
    }
}

fn room_for(done: f64, steps: f64) -> f64 {
    let mut end: f64 = 20.0;
    while end < done {
        end *= 1.3;
    }
    if steps >= done && (end >= steps || done >= steps * 0.75) { steps } else { end }
}

fn navigate(ui: &Ui, response: &Response, frame: &paint::Frame<'_>, link: &mut Link) {
    if response.double_clicked() {
        link.zoom = None;
        link.drag_from = None;
        return;
    }
    let pointer = response.hover_pos().or_else(|| response.interact_pointer_pos());
    let near = frame.plot.x_range().expand(8.0);
    let Some(pointer) = pointer.filter(|pointer| near.contains(pointer.x) || response.dragged()) else { return };
    let step = frame.step_at(pointer.x);
    link.next_hover = Some(step);
    if link.hover != Some(step) {
        ui.ctx().request_repaint();
    }
    if response.drag_started() {
        let press = ui.input(|input| input.pointer.press_origin()).unwrap_or(pointer);
        link.drag_from = Some(frame.step_at(press.x));
    }
    if response.drag_stopped()
        && let Some(start) = link.drag_from.take()
    {
        let (from, to) = (start.min(step), start.max(step));
        if frame.x_of(to) - frame.x_of(from) > 6.0 && to - from >= 2.0 {
            link.zoom = Some((from.floor(), to.ceil()));
        }
    }
}

/// What a screen reader says of a chart.
fn describe(spec: &Spec<'_>) -> String {
    let values = spec.lines.iter().filter(|line| line.style != Style::Planned).filter_map(|line| {
        let [step, value] = line.series.last()?;
        Some(format!("{} {} at {} {}", line.name, (spec.format)(value), spec.over, format::count(step as u64)))
    });
    let values = values.collect::<Vec<_>>().join(", ");
    format!("{} chart, {}", spec.title, if values.is_empty() { "empty" } else { &values })
}

/// The name of each line with its value under the crosshair, or its newest one. Where there is no room for both the names
/// stand alone until a step is pointed at, and where there is none for them the colours have to do.
pub fn legend(ui: &Ui, room: Rect, spec: &Spec<'_>, link: &Link, palette: &Palette) {
    let painter = ui.painter().with_clip_rect(room.intersect(ui.clip_rect()));
    let shown = spec.lines.iter().filter(|line| !line.series.is_empty());
    let shown = shown.filter(|line| line.style != Style::Planned || spec.lines.len() == 1);
    let words: Vec<_> = shown
        .map(|line| {
            let found = link.hover.map_or_else(|| line.series.last(), |step| line.series.at(step));
            let known = found.filter(|_| line.style != Style::Planned || link.hover.is_some());
            let value = known.map_or_else(String::new, |point| (spec.format)(point[1]));
            let name = painter.layout_no_wrap(line.name.to_owned(), theme::regular(size::SMALL), palette.text_dim);
            (line, name, painter.layout_no_wrap(value, theme::number_medium(size::BODY - 1.0), palette.text))
        })
        .collect();
    let wanted: f32 = words.iter().map(|(_, name, value)| 32.0 + name.size().x + value.size().x).sum();
    let names: f32 = words.iter().map(|(_, name, _)| 27.0 + name.size().x).sum();
    let has_both = wanted - 14.0 <= room.width();
    let has_names = !has_both && link.hover.is_none() && names - 14.0 <= room.width();
    let named = has_both || has_names;
    let middle = room.center().y;
    let mut left = room.left();
    for (line, name, value) in words {
        if line.style == Style::Planned {
            let dashes = [pos2(left, middle), pos2(left + 9.0, middle)];
            painter.extend(Shape::dashed_line(&dashes, Stroke::new(1.5, line.color), 2.5, 2.0));
        } else {
            painter.circle_filled(pos2(left + 4.0, middle), 3.5, line.color);
        }
        left += 13.0;
        if named || line.style == Style::Planned {
            let width = name.size().x;
            painter.galley(pos2(left, middle - name.size().y / 2.0), name, palette.text_dim);
            left += width + if has_names { 14.0 } else { 5.0 };
        }
        if has_names {
            continue;
        }
        let width = value.size().x;
        painter.galley(pos2(left, middle - value.size().y / 2.0), value, palette.text);
        left += width + 14.0;
    }
}

/// A slider for [`Link::smoothing`] from nothing to all but one in a hundred.
pub fn smoothing_ui(ui: &mut Ui, link: &mut Link, palette: &Palette) -> Response {
    let size = vec2(84.0, 20.0);
    let (rect, mut response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let track = Rect::from_center_size(rect.center(), vec2(rect.width() - 12.0, 3.0));
    // The eye sees the number of steps averaged over, 1 / (1 - s), not s: so the slider moves its logarithm.
    let to_share = |smoothing: f64| (-(1.0 - smoothing).log10() / 2.5).clamp(0.0, 1.0) as f32;
    let to_smoothing = |share: f32| if share < 0.02 { 0.0 } else { 1.0 - 10f64.powf(-f64::from(share) * 2.5) };
    let before = link.smoothing;
    if let Some(pointer) = response.interact_pointer_pos() {
        link.smoothing = to_smoothing(((pointer.x - track.left()) / track.width()).clamp(0.0, 1.0));
    }
    if response.has_focus() {
        let step = ui.input(|input| {
            f32::from(input.key_pressed(egui::Key::ArrowRight)) - f32::from(input.key_pressed(egui::Key::ArrowLeft))
        });
        if step != 0.0 {
            link.smoothing = to_smoothing((to_share(link.smoothing) + step * 0.05).clamp(0.0, 1.0));
        }
    }
    if (link.smoothing - before).abs() > f64::EPSILON {
        response.mark_changed();
    }
    let label = || WidgetInfo::slider(ui.is_enabled(), link.smoothing, "Smoothing");
    response.widget_info(label);
    let handle = pos2(track.left() + track.width() * to_share(link.smoothing), track.center().y);
    let painter = ui.painter();
    painter.rect_filled(track, 2.0, palette.line);
    painter.rect_filled(Rect::from_min_max(track.min, pos2(handle.x, track.max.y)), 2.0, palette.text_faint);
    let lively = response.hovered() || response.dragged() || response.has_focus();
    painter.circle_filled(handle, 5.5, if lively { palette.accent } else { palette.text_dim });
    response.on_hover_text(format!("Smoothing {:.2}: how much of the past is in the line", link.smoothing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_every_step_and_never_more_than_the_run_has() {
        for done in [1.0, 20.0, 21.0, 300.0, 700.0, 749.0, 1000.0] {
            let end = room_for(done, 1000.0);
            assert!(end >= done && end <= 1000.0, "{done} steps on {end}");
        }
        assert!(room_for(900.0, 1000.0) >= 1000.0);
        assert!(room_for(1200.0, 1000.0) >= 1200.0, "a run that went on is shown whole");
    }
}
