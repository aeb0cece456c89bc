//! One square of attention as a matrix: who looks in rows, at whom in columns. It can be moved, made larger and smaller,
//! and gone through with the arrow keys; labels stand where there is room for them, and always for the cell that is
//! pointed at.

use egui::epaint::TextShape;
use egui::{
    Color32, Key, Painter, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use serde::{Deserialize, Serialize};

use super::shown::Shown;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::text::elided;

/// The row and the column of a cell.
pub type Cell = (usize, usize);

/// Width of a cell.
const LEAST: f32 = 1.0;
const FITS: f32 = 52.0;
const MOST: f32 = 72.0;
/// From which width on labels stand at every cell, and numbers in it.
const LABELLED: f32 = 11.0;
const NUMBERED: f32 = 34.0;

#[derive(Clone, Copy, Debug, Default)]
pub struct MatrixView {
    /// Width of a cell; none while the whole is fitted into its place.
    cell: Option<f32>,
    /// How far the upper left corner is moved out of sight.
    offset: Vec2,
    pub cursor: Cell,
}

/// How large a cell is, and how far the picture is moved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Zoom {
    cell: f32,
    x: f32,
    y: f32,
}

struct Place {
    body: Rect,
    head: Vec2,
    cell: f32,
    count: usize,
    offset: Vec2,
}

impl Place {
    fn rect(&self, (from, to): Cell) -> Rect {
        let at = self.body.min - self.offset + vec2(to as f32, from as f32) * self.cell;
        Rect::from_min_size(at, Vec2::splat(self.cell))
    }

    fn cell_at(&self, pointer: Pos2) -> Cell {
        let at = (pointer - self.body.min + self.offset) / self.cell;
        let last = self.count - 1;
        ((at.y.max(0.0) as usize).min(last), (at.x.max(0.0) as usize).min(last))
    }

    /// Rows or columns in sight.
    fn visible(&self, offset: f32, room: f32) -> std::ops::Range<usize> {
        let first = (offset / self.cell).floor().max(0.0) as usize;
        first..(((offset + room) / self.cell).ceil() as usize).min(self.count)
    }
}

impl MatrixView {
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// How it is moved and made larger, where it is.
    pub fn zoomed(&self) -> Option<Zoom> {
        self.cell.map(|cell| Zoom { cell, x: self.offset.x, y: self.offset.y })
    }

    pub fn restore(&mut self, cursor: Cell, zoom: Option<Zoom>) {
        let zoom = zoom.filter(|zoom| zoom.cell.is_finite() && zoom.x.is_finite() && zoom.y.is_finite());
        self.cursor = cursor;
        self.cell = zoom.map(|zoom| zoom.cell.clamp(LEAST, MOST));
        self.offset = zoom.map_or(Vec2::ZERO, |zoom| vec2(zoom.x, zoom.y));
    }

    /// Whether it is moved or made larger.
    pub fn is_moved(&self) -> bool {
        self.cell.is_some()
    }

    pub fn fit(&mut self) {
        (self.cell, self.offset) = (None, Vec2::ZERO);
    }

    /// Returns the cell that is pointed at, or where the keys are.
    pub fn ui(&mut self, ui: &mut Ui, shown: &Shown, name: &dyn Fn(Cell) -> String, palette: &Palette) -> Option<Cell> {
        let area = ui.available_rect_before_wrap();
        let count = shown.count();
        if count == 0 || area.width() < 60.0 || area.height() < 60.0 {
            return None;
        }
        self.cursor = (self.cursor.0.min(count - 1), self.cursor.1.min(count - 1));
        let mut place = self.place(area, shown);
        let response = ui.interact(place.body, ui.scope_id().with("matrix"), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(Role::Grid, true, name(self.cursor)));
        self.moved(ui, &response, &mut place, area, shown);
        self.keys(ui, &response, &place);
        let pointed = response.hover_pos().filter(|_| !response.dragged()).map(|pointer| place.cell_at(pointer));
        if response.clicked()
            && let Some(cell) = pointed
        {
            self.cursor = cell;
            response.request_focus();
        }
        let pointed = pointed.or_else(|| response.has_focus().then_some(self.cursor));
        paint(ui.painter(), shown, &place, palette);
        if let Some(cell) = pointed {
            point(ui.painter(), &place, cell, palette);
        }
        labels(ui.painter(), shown, &place, pointed, palette);
        ui.advance_cursor_after_rect(area);
        pointed
    }

    fn place(&mut self, area: Rect, shown: &Shown) -> Place {
        let count = shown.count();
        let longest = (shown.longest as f32 * 7.0 + 14.0).max(34.0);
        let head = vec2(longest.min(area.width() * 0.24).min(128.0), longest.min(area.height() * 0.26).min(112.0));
        let room = (area.size() - head).max(Vec2::splat(20.0));
        let fit = (room.x.min(room.y) / count as f32).clamp(LEAST, FITS);
        let cell = self.cell.unwrap_or(fit);
        let whole = Vec2::splat(cell * count as f32);
        let size = whole.min(room);
        self.offset = self.offset.clamp(Vec2::ZERO, (whole - size).max(Vec2::ZERO));
        Place { body: Rect::from_min_size(area.min + head, size), head, cell, count, offset: self.offset }
    }

    /// Drags, wheels and pinches.
    fn moved(&mut self, ui: &Ui, response: &Response, place: &mut Place, area: Rect, shown: &Shown) {
        let before = (self.cell, self.offset);
        self.offset -= response.drag_delta();
        if response.double_clicked() {
            self.fit();
        } else if let Some(pointer) = response.hover_pos() {
            let (zoom, wheel) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta()));
            if zoom == 1.0 {
                self.offset -= wheel;
            } else {
                self.zoom(zoom, pointer, place);
            }
        }
        if before != (self.cell, self.offset) {
            *place = self.place(area, shown);
        }
    }

    /// What is under the pointer stays there.
    fn zoom(&mut self, by: f32, pointer: Pos2, place: &Place) {
        let cell = (place.cell * by).clamp(LEAST, MOST);
        let at = (pointer - place.body.min + self.offset) / place.cell;
        self.offset = at * cell - (pointer - place.body.min);
        self.cell = Some(cell);
    }

    /// Arrows move the cursor, plus and minus the size, 0 fits.
    fn keys(&mut self, ui: &Ui, response: &Response, place: &Place) {
        if !response.has_focus() {
            return;
        }
        let arrows = egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..<_>::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
        let pressed = |key| ui.input(|input| input.num_presses(key)) as isize;
        let last = place.count as isize - 1;
        let step = |at: usize, by: isize| (at as isize + by).clamp(0, last) as usize;
        let down = pressed(Key::ArrowDown) - pressed(Key::ArrowUp);
        let right = pressed(Key::ArrowRight) - pressed(Key::ArrowLeft);
        if (down, right) != (0, 0) {
            self.cursor = (step(self.cursor.0, down), step(self.cursor.1, right));
            let (at, body) = (place.rect(self.cursor), place.body);
            let out = |low: f32, high: f32, from: f32, to: f32| (low - from).min(0.0) + (high - to).max(0.0);
            self.offset += vec2(
                out(at.left(), at.right(), body.left(), body.right()),
                out(at.top(), at.bottom(), body.top(), body.bottom()),
            );
        }
        let zoom = pressed(Key::Plus) + pressed(Key::Equals) - pressed(Key::Minus);
        if zoom != 0 {
            self.zoom(1.25_f32.powi(zoom as i32), place.rect(self.cursor).center(), place);
        } else if pressed(Key::Num0) > 0 {
            self.fit();
        }
    }
}

/// Width of a matrix of some hundred tokens, at which each label can still be read.
const READ: f32 = 2400.0;

/// The whole matrix, as large as labels need to be read where there are not too many.
struct Whole {
    head: Vec2,
    cell: f32,
}

impl Whole {
    fn of(shown: &Shown) -> Self {
        let longest = (shown.longest as f32 * 7.2 + 16.0).clamp(34.0, 180.0);
        Self { head: Vec2::splat(longest), cell: (READ / shown.count().max(1) as f32).clamp(3.0, 28.0) }
    }
}

/// How large the whole is.
pub fn size_of(shown: &Shown) -> Vec2 {
    let whole = Whole::of(shown);
    whole.head + Vec2::splat(whole.cell * shown.count() as f32 + 2.0)
}

/// Paints the whole, as it stands in a figure.
pub fn paint_whole(painter: &Painter, shown: &Shown, at: Pos2, palette: &Palette) {
    let Whole { head, cell } = Whole::of(shown);
    let count = shown.count();
    let body = Rect::from_min_size(at + head, Vec2::splat(cell * count as f32));
    let place = Place { body, head, cell, count, offset: Vec2::ZERO };
    paint(painter, shown, &place, palette);
    labels(painter, shown, &place, None, palette);
}

fn paint(painter: &Painter, shown: &Shown, place: &Place, palette: &Palette) {
    let (body, whole) = (place.body, place.cell * place.count as f32);
    let Some(texture) = shown.texture() else {
        painter.rect_filled(body, 2.0, palette.raised);
        return;
    };
    let uv = Rect::from_min_size((place.offset / whole).to_pos2(), body.size() / whole);
    painter.image(texture.id(), body, uv, Color32::WHITE);
    painter.rect_stroke(body, 0.0, Stroke::new(1.0, palette.line), StrokeKind::Outside);
    if place.cell < NUMBERED {
        return;
    }
    let painter = painter.with_clip_rect(body.intersect(painter.clip_rect()));
    let font = theme::number((place.cell * 0.3).min(12.5));
    for from in place.visible(place.offset.y, body.height()) {
        for to in place.visible(place.offset.x, body.width()) {
            let Some(share) = shown.value(from, to).filter(|share| shown.draws(*share) && *share >= 0.005) else {
                continue;
            };
            let words = format!("{share:.2}");
            let words = words.strip_prefix('0').unwrap_or(&words);
            let color = palette.on_heat(shown.strength(share));
            painter.text(place.rect((from, to)).center(), egui::Align2::CENTER_CENTER, words, font.clone(), color);
        }
    }
}

/// The row, the column and the cell that are pointed at.
fn point(painter: &Painter, place: &Place, cell: Cell, palette: &Palette) {
    let at = place.rect(cell);
    let painter = painter.with_clip_rect(place.body.expand(2.0).intersect(painter.clip_rect()));
    let line = Stroke::new(1.0, palette.series[1].gamma_multiply(0.6));
    for y in [at.top(), at.bottom()] {
        painter.hline(place.body.x_range(), y, line);
    }
    for x in [at.left(), at.right()] {
        painter.vline(x, place.body.y_range(), line);
    }
    painter.rect_stroke(at, 0.0, Stroke::new(2.0, palette.series[1]), StrokeKind::Outside);
}

fn labels(painter: &Painter, shown: &Shown, place: &Place, pointed: Option<Cell>, palette: &Palette) {
    let (body, head) = (place.body, place.head);
    let rows = Rect::from_min_max(pos2(body.left() - head.x, body.top() - 4.0), body.left_bottom() + vec2(0.0, 4.0));
    let columns = Rect::from_min_max(pos2(body.left() - 4.0, body.top() - head.y), body.right_top() + vec2(4.0, 0.0));
    let left = painter.with_clip_rect(rows.intersect(painter.clip_rect()));
    let above = painter.with_clip_rect(columns.intersect(painter.clip_rect()));
    // Where cells are small every label stands for several.
    let every = (LABELLED / place.cell).ceil().max(1.0) as usize;
    let points = (place.cell * 0.8).clamp(10.0, size::BODY - 1.0);
    let near = |at: usize, pointed: usize| at.abs_diff(pointed) < every;
    let label = |unit: usize, own: Option<usize>, width: f32| {
        let is_own = own == Some(unit);
        if !is_own && (!unit.is_multiple_of(every) || own.is_some_and(|own| near(unit, own))) {
            return None;
        }
        let faint = if shown.units.all[unit].is_special { palette.text_faint } else { palette.text_dim };
        let color = if is_own { palette.text } else { faint };
        let font = if is_own { theme::medium(points) } else { theme::regular(points) };
        Some((elided(painter, &shown.units.all[unit].label, font, color, width), color))
    };
    for from in place.visible(place.offset.y, body.height()) {
        let y = place.rect((from, 0)).center().y;
        if let Some((galley, color)) = label(from, pointed.map(|cell| cell.0), head.x - 10.0) {
            left.galley(pos2(body.left() - 6.0 - galley.size().x, y - galley.size().y / 2.0), galley, color);
        }
    }
    for to in place.visible(place.offset.x, body.width()) {
        let x = place.rect((0, to)).center().x;
        if let Some((galley, color)) = label(to, pointed.map(|cell| cell.1), head.y - 10.0) {
            // What is narrow stands upright.
            if galley.size().x <= place.cell * every as f32 {
                let at = pos2(x - galley.size().x / 2.0, body.top() - 5.0 - galley.size().y);
                above.galley(at, galley, color);
                continue;
            }
            let at = pos2(x - galley.size().y / 2.0, body.top() - 6.0);
            above.add(TextShape::new(at, galley, color).with_angle(-std::f32::consts::FRAC_PI_2));
        }
    }
}
