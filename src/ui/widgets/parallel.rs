//! Parallel coordinates (Inselberg, 1985): an axis for each thing that varies, side by side, and a line through all of them
//! for each that was tried. A drag along an axis selects the lines that cross it there; a line under the pointer is told.

use egui::{
    Align2, Color32, CornerRadius, Key, Painter, Pos2, Rangef, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};

use super::text::{elided, middle};
use crate::ui::theme::{self, Palette, size};

/// Room above the axes for their names, below them, and at both ends for what is written beside the first and the last.
const ABOVE: f32 = 30.0;
const BELOW: f32 = 12.0;
const SIDES: f32 = 56.0;
/// How near to a line the pointer has to be.
const NEAR: f32 = 7.0;
/// What a key press moves the ends of a selection by.
const STEP: f32 = 0.1;
/// So near to an end of an axis it is that end.
const EDGE: f32 = 5.0;
/// A shorter drag is a click.
const SHORTEST: f32 = 0.01;

#[derive(Clone, Debug)]
pub struct Axis {
    pub name: String,
    /// Where each stands, from 0 at the bottom to 1, and what is written beside it.
    pub ticks: Vec<(f32, String)>,
    /// The axis that the lines are coloured by.
    pub is_result: bool,
}

#[derive(Clone, Debug)]
pub struct Line {
    /// Of each axis; none where it has no value there, as what failed has no result.
    pub places: Vec<Option<f32>>,
    /// From 0 to 1, by which it is coloured; none is faint.
    pub worth: Option<f32>,
}

/// What is drawn.
#[derive(Clone, Debug, Default)]
pub struct Parallel {
    pub axes: Vec<Axis>,
    /// Best first: they are drawn last.
    pub lines: Vec<Line>,
}

/// What a person chose, between frames.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Of each axis, the part that lines have to cross.
    parts: Vec<Option<Rangef>>,
    from: Option<f32>,
    /// The line under the pointer, here or elsewhere.
    pub hovered: Option<usize>,
}

impl Selection {
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(Option::is_none)
    }

    pub fn clear(&mut self) {
        self.parts.clear();
    }

    /// Whether a line crosses every part that was selected.
    pub fn has(&self, line: &Line) -> bool {
        let crosses = |(part, place): (&Option<Rangef>, &Option<f32>)| {
            part.is_none_or(|part| place.is_some_and(|place| part.contains(place)))
        };
        self.parts.iter().zip(&line.places).all(crosses)
    }
}

impl Parallel {
    /// Draws it where it stands, and answers drags and the pointer.
    pub fn ui(&self, ui: &mut Ui, rect: Rect, selection: &mut Selection, palette: &Palette) {
        selection.parts.resize(self.axes.len(), None);
        let plot = plot(rect);
        let over = ui.interact(rect, ui.scope_id().with("lines"), Sense::hover());
        if let Some(pointer) = over.hover_pos() {
            selection.hovered = self.nearest(plot, pointer, selection);
        }
        self.paint(ui.painter(), rect, selection, palette);
        for place in 0..self.axes.len() {
            self.axis_ui(ui, plot, place, selection, palette);
        }
    }

    pub fn paint(&self, painter: &Painter, rect: Rect, selection: &Selection, palette: &Palette) {
        let plot = plot(rect);
        let all = selection.is_empty();
        let shown = |place: &usize| all || selection.has(&self.lines[*place]);
        for place in (0..self.lines.len()).rev().filter(|place| !shown(place)) {
            self.line(painter, plot, place, Stroke::new(1.0, palette.line.gamma_multiply(0.7)));
        }
        for place in (0..self.lines.len()).rev().filter(shown) {
            let is_faint = selection.hovered.is_some();
            let color = color(self.lines[place].worth, palette);
            let color = if is_faint { color.gamma_multiply(0.35) } else { color };
            self.line(painter, plot, place, Stroke::new(if place == 0 { 2.25 } else { 1.5 }, color));
        }
        if let Some(place) = selection.hovered.filter(|place| *place < self.lines.len()) {
            self.line(painter, plot, place, Stroke::new(3.0, palette.accent));
        }
        for place in 0..self.axes.len() {
            self.axis(painter, plot, place, palette);
        }
    }

    fn x(&self, plot: Rect, place: usize) -> f32 {
        let gaps = self.axes.len().saturating_sub(1).max(1) as f32;
        if self.axes.len() == 1 { plot.center().x } else { plot.left() + plot.width() * place as f32 / gaps }
    }

    fn points(&self, plot: Rect, line: &Line) -> Vec<Pos2> {
        let y = |place: f32| plot.bottom() - plot.height() * place;
        let at = |(place, share): (usize, &Option<f32>)| Some(pos2(self.x(plot, place), y((*share)?)));
        line.places.iter().enumerate().filter_map(at).collect()
    }

    fn line(&self, painter: &Painter, plot: Rect, place: usize, stroke: Stroke) {
        let points = self.points(plot, &self.lines[place]);
        match points.as_slice() {
            [] => {}
            [only] => {
                painter.circle_filled(*only, stroke.width + 1.5, stroke.color);
            }
            _ => {
                painter.line(points, stroke);
            }
        }
    }

    /// The line nearest to a point, of those that are selected.
    fn nearest(&self, plot: Rect, pointer: Pos2, selection: &Selection) -> Option<usize> {
        let distance = |line: &Line| {
            let points = self.points(plot, line);
            let parts = points.windows(2).map(|ends| to_segment(pointer, ends[0], ends[1]));
            parts.fold(points.first().map_or(f32::INFINITY, |only| only.distance(pointer)), f32::min)
        };
        let lines = self.lines.iter().enumerate().filter(|(_, line)| selection.has(line));
        let near = lines.map(|(place, line)| (place, distance(line))).filter(|(_, distance)| *distance <= NEAR);
        near.min_by(|one, two| one.1.total_cmp(&two.1)).map(|(place, _)| place)
    }

    fn axis(&self, painter: &Painter, plot: Rect, place: usize, palette: &Palette) {
        let (axis, x) = (&self.axes[place], self.x(plot, place));
        let gap = plot.width() / self.axes.len().saturating_sub(1).max(1) as f32;
        let line = if axis.is_result { palette.text_dim } else { palette.text_faint };
        painter.vline(x, plot.y_range(), Stroke::new(if axis.is_result { 1.5 } else { 1.0 }, line));
        let font = theme::medium(size::SMALL);
        let name = middle(painter, &axis.name, font.clone(), (gap - 12.0).max(60.0));
        let color = if axis.is_result { palette.text } else { palette.text_dim };
        painter.text(pos2(x, plot.top() - 14.0), Align2::CENTER_BOTTOM, name, font, color);
        let is_last = place + 1 == self.axes.len() && place > 0;
        let mut above = f32::INFINITY;
        for (share, words) in &axis.ticks {
            let y = plot.bottom() - plot.height() * share;
            painter.hline(x - 3.0..=x + 3.0, y, Stroke::new(1.0, line));
            // Where two would lie over each other the upper one is left out.
            if above - y < size::SMALL + 1.0 {
                continue;
            }
            above = y;
            let words =
                elided(painter, words, theme::number(size::SMALL), palette.text_dim, (gap * 0.45).max(SIDES - 10.0));
            let left = if is_last { x + 8.0 } else { x - 8.0 - words.size().x };
            let at = pos2(left, y - words.size().y / 2.0);
            // Lines go through between two axes.
            let behind = Rect::from_min_size(at, words.size()).expand2(vec2(2.0, 0.0));
            painter.rect_filled(behind, CornerRadius::same(2), palette.panel.gamma_multiply(0.75));
            painter.galley(at, words, palette.text_dim);
        }
    }

    /// The part of an axis that is selected, by drag or by key.
    fn axis_ui(&self, ui: &Ui, plot: Rect, place: usize, selection: &mut Selection, palette: &Palette) {
        let x = self.x(plot, place);
        let area = Rect::from_x_y_ranges(x - 12.0..=x + 12.0, plot.top() - 2.0..=plot.bottom() + 2.0);
        let id = ui.scope_id().with(("axis", place));
        let response = ui.interact(area, id, Sense::CLICK | Sense::DRAG);
        let share = |pointer: Pos2| match (plot.bottom() - pointer.y, plot.height()) {
            // Who begins at an end of the axis means what lies there too.
            (up, height) if up > height - EDGE => 1.0,
            (up, _) if up < EDGE => 0.0,
            (up, height) => up / height,
        };
        if response.drag_started() {
            let press = ui.input(|input| input.pointer.press_origin());
            selection.from = press.map(share);
        }
        if let (true, Some(from), Some(now)) = (response.dragged(), selection.from, response.interact_pointer_pos()) {
            let now = share(now);
            if (now - from).abs() >= SHORTEST {
                selection.parts[place] = Some(Rangef::new(from.min(now), from.max(now)));
            }
        }
        if response.drag_stopped() {
            selection.from = None;
        }
        if response.clicked() || response.double_clicked() {
            selection.parts[place] = None;
        }
        if response.has_focus() {
            keys(ui, &mut selection.parts[place]);
        }
        let words = self.axis_words(place, selection);
        response.widget_info(|| WidgetInfo::labeled(Role::Slider, ui.is_enabled(), &words));
        part_ui(ui, &response, plot, x, selection.parts[place], palette);
        response.on_hover_text("Drag along the axis to select lines; click to select all again");
    }

    fn axis_words(&self, place: usize, selection: &Selection) -> String {
        let axis = &self.axes[place];
        let near = |share: f32| {
            let distance = |tick: &&(f32, String)| (tick.0 - share).abs();
            let nearest = axis.ticks.iter().min_by(|one, two| distance(one).total_cmp(&distance(two)));
            nearest.map_or("", |(_, words)| words.as_str())
        };
        match selection.parts.get(place).copied().flatten() {
            Some(part) => format!("Axis {}, selected from {} to {}", axis.name, near(part.min), near(part.max)),
            None => format!("Axis {}, from {} to {}", axis.name, near(0.0), near(1.0)),
        }
    }
}

/// What is selected of an axis, or could be.
fn part_ui(ui: &Ui, response: &Response, plot: Rect, x: f32, part: Option<Rangef>, palette: &Palette) {
    let y = |share: f32| plot.bottom() - plot.height() * share;
    if let Some(part) = part {
        let area = Rect::from_x_y_ranges(x - 6.0..=x + 6.0, y(part.max)..=y(part.min));
        let edge = Stroke::new(1.0, palette.accent);
        let fill = palette.accent.gamma_multiply(0.25);
        ui.painter().rect(area, CornerRadius::same(3), fill, edge, StrokeKind::Inside);
    } else if response.hovered() || response.has_focus() {
        let area = Rect::from_x_y_ranges(x - 6.0..=x + 6.0, plot.y_range());
        ui.painter().rect_filled(area, CornerRadius::same(3), palette.accent.gamma_multiply(0.12));
    }
}

/// Up and down move the lower end of a selection, with Shift the upper one; Escape selects all again.
fn keys(ui: &Ui, part: &mut Option<Rangef>) {
    let (up, down, escape, shift) = ui.input(|input| {
        let pressed = |key| input.key_pressed(key);
        (pressed(Key::ArrowUp), pressed(Key::ArrowDown), pressed(Key::Escape), input.modifiers.shift)
    });
    if escape {
        *part = None;
    }
    let step = STEP * (f32::from(u8::from(up)) - f32::from(u8::from(down)));
    if step != 0.0 {
        let mut range = part.unwrap_or(Rangef::new(0.0, 1.0));
        if shift {
            range.max = (range.max + step).clamp(range.min + STEP, 1.0_f32.max(range.min + STEP));
        } else {
            range.min = (range.min + step).clamp(0.0, range.max - STEP);
        }
        *part = Some(range).filter(|range| range.min > 0.001 || range.max < 0.999);
    }
}

fn plot(rect: Rect) -> Rect {
    Rect::from_min_max(rect.min + vec2(SIDES, ABOVE), rect.max - vec2(SIDES, BELOW))
}

/// Better ones stand out more.
pub fn color(worth: Option<f32>, palette: &Palette) -> Color32 {
    worth.map_or(palette.text_faint.gamma_multiply(0.5), |worth| palette.heat(0.3 + 0.7 * worth))
}

fn to_segment(point: Pos2, from: Pos2, to: Pos2) -> f32 {
    let way = to - from;
    let share = ((point - from).dot(way) / way.length_sq().max(1e-6)).clamp(0.0, 1.0);
    point.distance(from + way * share)
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable;

    use super::*;

    fn chart() -> Parallel {
        let axis = |name: &str, is_result| {
            let ticks = vec![(0.0, "low".to_owned()), (1.0, "high".to_owned())];
            Axis { name: name.to_owned(), ticks, is_result }
        };
        let line = |places: [Option<f32>; 2]| Line { places: places.to_vec(), worth: places[1] };
        let lines = vec![line([Some(0.9), Some(0.8)]), line([Some(0.1), Some(0.2)]), line([Some(0.5), None])];
        Parallel { axes: vec![axis("optim.lr", false), axis("Accuracy", true)], lines }
    }

    #[test]
    fn a_drag_along_an_axis_selects_what_crosses_it_there() {
        let rect = Rect::from_min_size(Pos2::ZERO, vec2(400.0, 242.0));
        let draw = |ui: &mut Ui, selection: &mut Selection| chart().ui(ui, rect, selection, &theme::LIGHT);
        let mut harness = Harness::builder()
            .with_size(rect.size())
            .with_context_setup(crate::ui::fonts::dress)
            .build_ui_state(draw, Selection::default());
        harness.run();
        let selected = |harness: &Harness<'_, Selection>| {
            chart().lines.iter().map(|line| harness.state().has(line)).collect::<Vec<_>>()
        };
        assert_eq!(selected(&harness), [true; 3]);
        let axis = plot(rect);
        harness.drag_at(axis.left_top());
        harness.run();
        harness.hover_at(axis.left_center());
        harness.run();
        harness.drop_at(axis.left_center());
        harness.run();
        assert_eq!(selected(&harness), [true, false, true]);
        assert!(harness.query_by_label_contains("Axis optim.lr, selected from").is_some());
        harness.get_by_label_contains("Axis optim.lr").click();
        harness.run();
        assert_eq!(selected(&harness), [true; 3]);
        // The line under the pointer is told, and one without a result ends before the last axis.
        harness.hover_at(pos2(axis.center().x, axis.bottom() - axis.height() * 0.85));
        harness.run();
        assert_eq!(harness.state().hovered, Some(0));
        assert_eq!(chart().points(axis, &chart().lines[2]).len(), 1);
    }
}
