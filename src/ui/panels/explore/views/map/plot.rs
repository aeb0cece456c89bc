//! The plane: it can be moved, made larger and smaller, rows on it pointed at, pressed and drawn around.

use egui::{
    Color32, CornerRadius, Key, Painter, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2,
    vec2,
};
use serde::{Deserialize, Serialize};

use super::kinds::Shape;
use super::raster::{Camera, Look, Raster, Scene, radius};
use super::search::Search;
use super::shown::{Selection, Shown, stands_out};
use crate::analysis::map::{Map, Placed};
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::slice::Slice;
use crate::ui::widgets::text;

/// Room around all points.
const MARGIN: f32 = 34.0;
/// How near the pointer has to be to a point.
const REACH: f32 = 9.0;
/// Clusters that are named, and the rows that such a cluster has.
const NAMED: usize = 16;
const NAMED_ROWS: usize = 8;
/// Rows next to the typed text that have a ring.
const RINGED: usize = 15;
/// How far the name of a cluster stands above its top.
const ABOVE: f32 = 22.0;

/// The middle of what is seen, and its scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    middle: [f32; 2],
    scale: f32,
}

/// What a drag does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Drag {
    #[default]
    Move,
    /// Draws around rows.
    Select,
}

#[derive(Debug, Default)]
pub struct Plot {
    /// The middle and the scale; none while all is fitted into its place.
    moved: Option<([f32; 2], f32)>,
    pub drag: Drag,
    pub no_names: bool,
    lasso: Vec<Pos2>,
    raster: Raster,
    order: Vec<u32>,
    /// What the order was made for.
    ordered: Option<u64>,
    /// Counts changes of what is drawn.
    version: u64,
}

/// What a person did on the plane.
#[derive(Debug, PartialEq)]
pub enum Done {
    Pointed(usize),
    Pressed(usize),
    /// Pressed where there is nothing.
    Away,
    Around(Vec<usize>),
}

/// All that is drawn.
pub struct Drawn<'a> {
    pub shown: &'a Shown,
    pub selected: Option<&'a Selection>,
    pub search: &'a Search,
    pub opened: Option<usize>,
    pub typed: Option<&'a Placed>,
}

impl Plot {
    pub fn change(&mut self) {
        self.version += 1;
    }

    pub fn fit(&mut self) {
        self.moved = None;
    }

    /// Where it was moved to, where it was.
    pub fn moved(&self) -> Option<Moved> {
        self.moved.map(|(middle, scale)| Moved { middle, scale })
    }

    pub fn move_to(&mut self, moved: Option<Moved>) {
        let can_be =
            |moved: &Moved| moved.scale > 0.0 && moved.middle.iter().chain([&moved.scale]).all(|one| one.is_finite());
        self.moved = moved.filter(can_be).map(|Moved { middle, scale }| (middle, scale));
    }

    pub fn is_moved(&self) -> bool {
        self.moved.is_some()
    }

    pub fn ui(&mut self, ui: &mut Ui, drawn: &Drawn<'_>, palette: &Palette) -> Option<Done> {
        let area = ui.available_rect_before_wrap();
        ui.advance_cursor_after_rect(area);
        if area.width() < 40.0 || area.height() < 40.0 {
            return None;
        }
        let response = ui.interact(area, ui.scope_id().with("map"), Sense::click_and_drag());
        let rows = drawn.shown.rows();
        let words = format!("Map of {}", crate::ui::format::plural(rows as u64, "row", "rows"));
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &words));
        let camera = self.camera(ui, &response, drawn, area);
        let painter = ui.painter().with_clip_rect(area);
        painter.rect(
            area,
            CornerRadius::same(8),
            palette.background,
            Stroke::new(1.0, palette.line),
            StrokeKind::Inside,
        );
        self.points(ui, &painter, camera, drawn, palette);
        if let Some(map) = drawn.shown.map.as_ref().filter(|_| !self.no_names) {
            names(&painter, camera, map, palette);
        }
        marks(&painter, camera, drawn, palette);
        if let Some(placed) = drawn.typed {
            let at = moving(ui, camera.place(placed.at), camera);
            typed_mark(&painter, at, palette);
        }
        self.done(ui, &response, camera, drawn, palette)
    }

    fn camera(&mut self, ui: &Ui, response: &Response, drawn: &Drawn<'_>, area: Rect) -> Camera {
        let fitted = Camera::around(&drawn.shown.points, area, MARGIN);
        if response.double_clicked() || drawn.shown.map.is_none() {
            self.moved = None;
        }
        let mut camera = self.moved.map_or(fitted, |(centre, scale)| Camera { centre, scale, area });
        let before = camera;
        if response.dragged() && !self.is_drawing(ui) {
            let by = response.drag_delta() / camera.scale;
            camera.centre = [camera.centre[0] - by.x, camera.centre[1] + by.y];
        }
        if let Some(pointer) = response.hover_pos() {
            let (pinch, wheel) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta().y));
            zoom(&mut camera, fitted.scale, pinch * (wheel / 240.0).exp(), pointer);
        }
        self.keys(ui, response, &mut camera, fitted.scale);
        if camera != before {
            self.moved = Some((camera.centre, camera.scale));
        }
        camera
    }

    /// Arrows move, plus and minus make larger and smaller, 0 fits.
    fn keys(&mut self, ui: &Ui, response: &Response, camera: &mut Camera, fitted: f32) {
        if response.clicked() {
            response.request_focus();
        }
        if !response.has_focus() {
            return;
        }
        let arrows = egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..<_>::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
        let pressed = |key| ui.input(|input| input.num_presses(key)) as f32;
        let step = 48.0 / camera.scale;
        camera.centre[0] += step * (pressed(Key::ArrowRight) - pressed(Key::ArrowLeft));
        camera.centre[1] += step * (pressed(Key::ArrowUp) - pressed(Key::ArrowDown));
        let larger = pressed(Key::Plus) + pressed(Key::Equals) - pressed(Key::Minus);
        zoom(camera, fitted, 1.25_f32.powf(larger), camera.area.center());
        if pressed(Key::Num0) > 0.0 {
            self.moved = None;
        }
    }

    fn is_drawing(&self, ui: &Ui) -> bool {
        self.drag == Drag::Select || !self.lasso.is_empty() || ui.input(|input| input.modifiers.shift)
    }

    fn points(&mut self, ui: &Ui, painter: &Painter, camera: Camera, drawn: &Drawn<'_>, palette: &Palette) {
        let version = 2 * self.version + u64::from(palette.dark);
        if self.ordered != Some(self.version) {
            self.ordered = Some(self.version);
            self.order = drawn.shown.order(drawn.selected, drawn.search);
        }
        let look = |row: usize| look(drawn, row, palette);
        let scene =
            Scene { points: &drawn.shown.points, order: &self.order, look: &look, radius: radius(drawn.shown.rows()) };
        let image = self.raster.image(ui.ctx(), camera, version, &scene, &mut Slice::begin());
        if let Some((image, seen)) = image {
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            // An image from elsewhere is moved to where its points are now.
            let place = |corner: Pos2| camera.place(seen.at(corner));
            let moved = Rect::from_two_pos(place(seen.area.min), place(seen.area.max));
            painter.image(image, if seen == camera { camera.area } else { moved }, whole, Color32::WHITE);
        }
    }

    fn done(
        &mut self,
        ui: &Ui,
        response: &Response,
        camera: Camera,
        drawn: &Drawn<'_>,
        palette: &Palette,
    ) -> Option<Done> {
        let pointer = response.interact_pointer_pos().or(response.hover_pos());
        if response.dragged() && self.is_drawing(ui) {
            if let Some(at) = pointer.filter(|at| self.lasso.last().is_none_or(|last| last.distance(*at) > 4.0)) {
                self.lasso.push(at);
            }
            let stroke = Stroke::new(1.5, palette.accent);
            let painter = ui.painter().with_clip_rect(camera.area);
            painter.add(egui::Shape::closed_line(self.lasso.clone(), stroke));
            return None;
        }
        if !self.lasso.is_empty() {
            let lasso: Vec<[f32; 2]> = std::mem::take(&mut self.lasso).into_iter().map(|at| camera.at(at)).collect();
            let rows = 0..drawn.shown.rows();
            let inside = rows.filter(|row| drawn.shown.is_seen(*row) && is_inside(&lasso, drawn.shown.points[*row]));
            return (lasso.len() > 2).then(|| Done::Around(inside.collect()));
        }
        let near = drawn.shown.nearest(camera.at(response.hover_pos()?));
        let near = near.filter(|(_, distance)| distance * camera.scale <= REACH).map(|(row, _)| row);
        match near {
            Some(row) if response.clicked() => Some(Done::Pressed(row)),
            Some(row) => Some(Done::Pointed(row)),
            None => response.clicked().then_some(Done::Away),
        }
    }
}

/// Makes it larger around a place, which stays where it is.
fn zoom(camera: &mut Camera, fitted: f32, by: f32, around: Pos2) {
    if by == 1.0 {
        return;
    }
    let before = camera.at(around);
    camera.scale = (camera.scale * by).clamp(fitted * 0.5, fitted * 400.0);
    let after = camera.at(around);
    camera.centre = [camera.centre[0] + before[0] - after[0], camera.centre[1] + before[1] - after[1]];
}

fn look(drawn: &Drawn<'_>, row: usize, palette: &Palette) -> Look {
    let kind = &drawn.shown.kinds.all[usize::from(drawn.shown.kinds.of[row])];
    if !stands_out(row, drawn.selected, drawn.search) {
        return Look { color: palette.text_faint.gamma_multiply(0.28), shape: Shape::Disk, size: 0.8 };
    }
    let is_marked = drawn.search.is_on() || drawn.selected.is_some();
    let strength = if is_marked || drawn.shown.rows() < 3000 { 0.92 } else { 0.7 };
    let size = if is_marked { 1.2 } else { 1.0 };
    Look { color: kind.color(palette).gamma_multiply(strength), shape: kind.shape(), size }
}

/// Whether a place lies inside a line that is closed: a ray from it crosses it an odd number of times.
fn is_inside(line: &[[f32; 2]], at: [f32; 2]) -> bool {
    let ends = line.iter().zip(line.iter().cycle().skip(1));
    let crosses = |(from, to): &(&[f32; 2], &[f32; 2])| {
        (from[1] > at[1]) != (to[1] > at[1])
            && at[0] < (to[0] - from[0]) * (at[1] - from[1]) / (to[1] - from[1]) + from[0]
    };
    ends.filter(crosses).count() % 2 == 1
}

/// The telling words of the larger clusters, where there is room for them.
pub fn names(painter: &Painter, camera: Camera, map: &Map, palette: &Palette) {
    let mut taken: Vec<Rect> = Vec::new();
    let named = map.clusters.iter().filter(|cluster| cluster.rows >= NAMED_ROWS && !cluster.words.is_empty());
    for cluster in named.take(NAMED) {
        let words = cluster.words.join(", ");
        let galley = text::elided(painter, &words, theme::semibold(size::SMALL), palette.text, 170.0);
        // Above the rows that it names.
        let at = camera.place(cluster.top) - vec2(0.0, ABOVE);
        let frame = Rect::from_center_size(at, galley.size() + vec2(12.0, 6.0));
        if taken.iter().any(|other| other.intersects(frame)) {
            continue;
        }
        painter.rect_filled(frame, 6.0, palette.panel.gamma_multiply(0.86));
        painter.galley(frame.min + vec2(6.0, 3.0), galley, palette.text);
        taken.push(frame);
    }
}

/// Rings around the row that is open, and those next to the typed text.
fn marks(painter: &Painter, camera: Camera, drawn: &Drawn<'_>, palette: &Palette) {
    let own = radius(drawn.shown.rows());
    for (row, _) in drawn.typed.iter().flat_map(|placed| placed.nearest.iter().take(RINGED)) {
        let at = camera.place(drawn.shown.points[*row as usize]);
        painter.circle_stroke(at, own + 2.5, Stroke::new(1.2, palette.text_dim));
    }
    if let Some(row) = drawn.opened {
        let at = camera.place(drawn.shown.points[row]);
        painter.circle_stroke(at, own + 4.0, Stroke::new(2.0, palette.accent));
    }
}

/// The typed text moves to its new place within a moment, and stays with the map when that is moved.
fn moving(ui: &Ui, to: Pos2, camera: Camera) -> Pos2 {
    let id = ui.scope_id().with("typed");
    let at = camera.at(to);
    let along = |axis: usize| ui.ctx().animate_value_with_time(id.with(axis), at[axis], 0.18);
    camera.place([along(0), along(1)])
}

fn typed_mark(painter: &Painter, at: Pos2, palette: &Palette) {
    let arm = 9.0;
    for (by, width, color) in [(2.0, 4.0, palette.background), (0.0, 2.0, palette.text)] {
        painter.circle_stroke(at, 5.0, Stroke::new(width, color));
        painter.hline(at.x - arm - by..=at.x - 5.0, at.y, Stroke::new(width, color));
        painter.hline(at.x + 5.0..=at.x + arm + by, at.y, Stroke::new(width, color));
        painter.vline(at.x, at.y - arm - by..=at.y - 5.0, Stroke::new(width, color));
        painter.vline(at.x, at.y + 5.0..=at.y + arm + by, Stroke::new(width, color));
    }
    let font = theme::semibold(size::SMALL);
    let galley = painter.layout_no_wrap("your text".to_owned(), font, palette.text);
    let frame = Rect::from_min_size(at + vec2(arm + 3.0, -galley.size().y / 2.0 - 2.0), galley.size() + vec2(8.0, 4.0));
    painter.rect_filled(frame, 5.0, palette.panel.gamma_multiply(0.86));
    painter.galley(frame.min + vec2(4.0, 2.0), galley, palette.text);
}

/// A point of a kind at a place, for the legend, lists and pictures.
pub fn point(painter: &Painter, at: Pos2, shape: Shape, radius: f32, color: Color32) {
    let around = |corners: &[(f32, f32)]| -> egui::Shape {
        let points = corners.iter().map(|(x, y)| at + vec2(*x, *y) * radius).collect();
        egui::Shape::convex_polygon(points, color, Stroke::NONE)
    };
    match shape {
        Shape::Disk => _ = painter.circle_filled(at, radius, color),
        Shape::Square => _ = painter.rect_filled(Rect::from_center_size(at, vec2(1.8, 1.8) * radius), 0.0, color),
        Shape::Diamond => _ = painter.add(around(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)])),
        Shape::Triangle => _ = painter.add(around(&[(0.0, -1.2), (1.18, 0.8), (-1.18, 0.8)])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_inside_of_what_is_drawn_around_it() {
        let bent = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [2.0, 1.0], [0.0, 4.0]];
        for (at, expected) in [([1.0, 1.0], true), ([2.0, 3.0], false), ([3.5, 2.5], true), ([5.0, 1.0], false)] {
            assert_eq!(is_inside(&bent, at), expected, "{at:?}");
        }
        assert!(!is_inside(&[], [0.0, 0.0]));
    }

    #[test]
    fn what_is_under_the_pointer_stays_there_when_it_is_made_larger() {
        let area = Rect::from_min_size(pos2(0.0, 0.0), vec2(400.0, 300.0));
        let mut camera = Camera { centre: [1.0, 2.0], scale: 20.0, area };
        let pointer = pos2(320.0, 40.0);
        let before = camera.at(pointer);
        zoom(&mut camera, 20.0, 2.5, pointer);
        let after = camera.at(pointer);
        assert!(camera.scale == 50.0 && (before[0] - after[0]).abs() < 1e-4 && (before[1] - after[1]).abs() < 1e-4);
        zoom(&mut camera, 20.0, 1e9, pointer);
        assert_eq!(camera.scale, 8000.0);
    }
}
