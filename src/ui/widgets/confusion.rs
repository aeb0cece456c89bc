//! Which classes are taken for which: a row for each true class, a column for each that was said. Up to a few dozen
//! classes everything is readable at once; above that it scrolls under headings that stay, and can be zoomed.

use egui::epaint::TextShape;
use egui::{
    Align2, Color32, Key, Pos2, Rect, Response, Role, ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::text::elided;
use crate::ui::format;
use crate::ui::theme::{self, Palette, size};

/// A true class and one that was said.
pub type Cell = (usize, usize);

pub struct Matrix<'a> {
    /// `counts[gold][predicted]`.
    pub counts: &'a [Vec<u64>],
    pub labels: &'a [String],
    /// Shares of the row instead of counts.
    pub percent: bool,
    pub selected: Option<Cell>,
}

/// What the matrix remembers between frames.
#[derive(Clone, Debug)]
pub struct MatrixView {
    zoom: f32,
    cursor: Cell,
}

impl Default for MatrixView {
    fn default() -> Self {
        Self { zoom: 1.0, cursor: (0, 0) }
    }
}

/// Above this many classes a cell is no node of its own for screen readers and tests; the matrix is one, with a cursor.
const CELLS_OF_THEIR_OWN: usize = 20;

struct Geometry<'a> {
    cell: Vec2,
    /// Width of the row headings and height of the column headings.
    head: Vec2,
    upright: bool,
    body: Rect,
    palette: &'a Palette,
}

impl MatrixView {
    /// Returns the cell that was chosen; the selected one again means none.
    pub fn ui(&mut self, ui: &mut Ui, matrix: &Matrix<'_>, palette: &Palette) -> Option<Cell> {
        let classes = matrix.labels.len().min(matrix.counts.len());
        let area = ui.available_rect_before_wrap();
        if classes == 0 || area.width() < 60.0 || area.height() < 60.0 {
            return None;
        }
        self.cursor = (self.cursor.0.min(classes - 1), self.cursor.1.min(classes - 1));
        let geometry = self.geometry(ui, area, matrix, palette);
        if ui.rect_contains_pointer(area) {
            let zoom = ui.input(egui::InputState::zoom_delta);
            self.zoom = (self.zoom * zoom).clamp(0.5, 6.0);
        }
        let mut chosen = None;
        let mut hovered = None;
        let mut body = ui.new_child(egui::UiBuilder::new().max_rect(geometry.body).id_salt("cells"));
        let size = geometry.cell * classes as f32;
        let output =
            ScrollArea::both().id_salt("confusion").auto_shrink([false, false]).show_viewport(&mut body, |ui, view| {
                let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
                (chosen, hovered) = self.body_ui(ui, rect, view, matrix, &geometry);
            });
        headings(ui, output.state.clamped_offset(), matrix, &geometry, hovered);
        ui.advance_cursor_after_rect(area);
        chosen
    }

    fn geometry<'a>(&self, ui: &Ui, area: Rect, matrix: &Matrix<'_>, palette: &'a Palette) -> Geometry<'a> {
        let classes = matrix.labels.len().min(matrix.counts.len());
        let longest = matrix
            .labels
            .iter()
            .map(|label| {
                ui.painter().layout_no_wrap(label.clone(), theme::regular(size::BODY - 1.0), Color32::PLACEHOLDER)
            })
            .fold(0.0_f32, |longest, galley| longest.max(galley.size().x));
        let row_head = (longest + 14.0).clamp(36.0, (area.width() * 0.3).min(150.0)) + 18.0;
        let room = area.width() - row_head - 8.0;
        let width = (room / classes as f32).clamp(21.0, 150.0) * self.zoom;
        let upright = longest + 10.0 > width;
        let column_head =
            if upright { (longest + 14.0).clamp(30.0, (area.height() * 0.27).clamp(48.0, 110.0)) } else { 24.0 } + 18.0;
        let height = ((area.height() - column_head - 8.0) / classes as f32).clamp(16.0, 72.0) * self.zoom;
        let head = vec2(row_head, column_head);
        let end = area.min + head + vec2(width, height) * classes as f32 + vec2(8.0, 8.0);
        let body = Rect::from_min_max(area.min + head, area.max.min(end));
        Geometry { cell: vec2(width, height), head, upright, body, palette }
    }

    fn body_ui(
        &mut self,
        ui: &mut Ui,
        rect: Rect,
        view: Rect,
        matrix: &Matrix<'_>,
        geometry: &Geometry<'_>,
    ) -> (Option<Cell>, Option<Cell>) {
        let classes = matrix.labels.len().min(matrix.counts.len());
        let grid = ui.interact(rect, ui.scope_id().with("grid"), Sense::click());
        let few = classes <= CELLS_OF_THEIR_OWN;
        let name = format!("Confusion matrix of {}", format::plural(classes as u64, "class", "classes"));
        grid.widget_info(|| WidgetInfo::labeled(Role::Grid, true, &name));
        let visible = |from: f32, to: f32, cell: f32| {
            ((from / cell).floor().max(0.0) as usize)..=((to / cell).ceil().max(0.0) as usize).min(classes - 1)
        };
        let (mut chosen, mut hovered) = (None, None);
        for gold in visible(view.top(), view.bottom(), geometry.cell.y) {
            let total: u64 = matrix.counts[gold].iter().sum();
            for predicted in visible(view.left(), view.right(), geometry.cell.x) {
                let at = rect.min + vec2(predicted as f32 * geometry.cell.x, gold as f32 * geometry.cell.y);
                let cell = Rect::from_min_size(at, geometry.cell);
                let count = matrix.counts[gold].get(predicted).copied().unwrap_or(0);
                paint_cell(ui, cell, count, total, gold == predicted, matrix, geometry.palette);
                if few {
                    let response = ui.interact(cell, grid.id.with((gold, predicted)), Sense::click());
                    let label = describe(matrix, gold, predicted, count);
                    let selected = matrix.selected == Some((gold, predicted));
                    response.widget_info(|| WidgetInfo::selected(Role::GridCell, true, selected, &label));
                    if response.has_focus() {
                        self.cursor = (gold, predicted);
                    }
                    if response.hovered() {
                        hovered = Some((gold, predicted));
                    }
                    if response.clicked() {
                        chosen = Some((gold, predicted));
                    }
                }
            }
        }
        if !few && let Some(pointer) = grid.hover_pos() {
            let place = (pointer - rect.min) / geometry.cell;
            let cell = ((place.y as usize).min(classes - 1), (place.x as usize).min(classes - 1));
            hovered = Some(cell);
            if grid.clicked() {
                chosen = Some(cell);
            }
        }
        if let Some(moved) = self.keys(ui, &grid, classes, rect.min, geometry.cell, few) {
            chosen = Some(moved);
        }
        self.marks(ui, &grid, matrix, geometry, hovered);
        (chosen, hovered)
    }

    /// Arrows move the cursor, Enter chooses.
    fn keys(&mut self, ui: &Ui, grid: &Response, classes: usize, origin: Pos2, cell: Vec2, few: bool) -> Option<Cell> {
        let focused = ui.memory(egui::Memory::focused);
        let inside = grid.has_focus() || (few && focused == Some(grid.id.with(self.cursor)));
        if !inside {
            return None;
        }
        if let Some(id) = focused {
            let arrows =
                egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..egui::EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
        }
        let pressed = |key| ui.input(|input| input.key_pressed(key));
        let (row, column) = self.cursor;
        let moved = if pressed(Key::ArrowDown) {
            (row + 1, column)
        } else if pressed(Key::ArrowUp) {
            (row.saturating_sub(1), column)
        } else if pressed(Key::ArrowRight) {
            (row, column + 1)
        } else if pressed(Key::ArrowLeft) {
            (row, column.saturating_sub(1))
        } else {
            return (grid.has_focus() && pressed(Key::Enter)).then_some(self.cursor);
        };
        self.cursor = (moved.0.min(classes - 1), moved.1.min(classes - 1));
        if few {
            ui.memory_mut(|memory| memory.request_focus(grid.id.with(self.cursor)));
        }
        let at = origin + vec2(self.cursor.1 as f32, self.cursor.0 as f32) * cell;
        ui.scroll_to_rect(Rect::from_min_size(at, cell), None);
        None
    }

    fn marks(&self, ui: &Ui, grid: &Response, matrix: &Matrix<'_>, geometry: &Geometry<'_>, hovered: Option<Cell>) {
        let palette = geometry.palette;
        let outline = |cell: Cell, stroke: Stroke| {
            let at = grid.rect.min + vec2(cell.1 as f32, cell.0 as f32) * geometry.cell;
            let place = Rect::from_min_size(at, geometry.cell);
            ui.painter().rect_stroke(place, 3.0, stroke, StrokeKind::Inside);
        };
        let focused = ui.memory(egui::Memory::focused);
        if grid.has_focus() || focused == Some(grid.id.with(self.cursor)) {
            outline(self.cursor, Stroke::new(2.0, palette.accent));
        }
        if let Some((gold, predicted)) = hovered {
            outline((gold, predicted), Stroke::new(1.5, palette.text_dim));
            let count = matrix.counts[gold].get(predicted).copied().unwrap_or(0);
            let text = describe(matrix, gold, predicted, count);
            let total: u64 = matrix.counts[gold].iter().sum();
            let share = if total > 0 { count as f64 / total as f64 } else { 0.0 };
            let text = format!("{text}\n{} of {}", format::percent(share), matrix.labels[gold]);
            grid.clone().on_hover_text_at_pointer(text);
        }
        if let Some(selected) = matrix.selected {
            outline(selected, Stroke::new(2.0, palette.text));
        }
    }
}

fn headings(ui: &Ui, offset: Vec2, matrix: &Matrix<'_>, geometry: &Geometry<'_>, hovered: Option<Cell>) {
    let palette = geometry.palette;
    let body = geometry.body;
    let font = theme::regular((size::BODY - 1.0).min(geometry.cell.y.max(10.0)));
    let rows = Rect::from_min_max(pos2(body.left() - geometry.head.x, body.top()), body.left_bottom());
    let columns = Rect::from_min_max(pos2(body.left(), body.top() - geometry.head.y), body.right_top());
    let left = ui.painter().with_clip_rect(rows.intersect(ui.clip_rect()));
    let above = ui.painter().with_clip_rect(columns.intersect(ui.clip_rect()));
    for (class, label) in matrix.labels.iter().enumerate() {
        let color = |mine: bool| if mine { palette.text } else { palette.text_dim };
        let y = body.top() + (class as f32 + 0.5) * geometry.cell.y - offset.y;
        if rows.y_range().expand(geometry.cell.y).contains(y) {
            let color = color(hovered.is_some_and(|cell| cell.0 == class));
            let galley = elided(&left, label, font.clone(), color, geometry.head.x - 30.0);
            left.galley(pos2(rows.right() - 8.0 - galley.size().x, y - galley.size().y / 2.0), galley, color);
        }
        let x = body.left() + (class as f32 + 0.5) * geometry.cell.x - offset.x;
        if columns.x_range().expand(geometry.cell.x).contains(x) {
            let color = color(hovered.is_some_and(|cell| cell.1 == class));
            let width = if geometry.upright { geometry.head.y - 28.0 } else { geometry.cell.x - 4.0 };
            let galley = elided(&above, label, font.clone(), color, width);
            if geometry.upright {
                let at = pos2(x - galley.size().y / 2.0, columns.bottom() - 8.0);
                above.add(TextShape::new(at, galley, color).with_angle(-std::f32::consts::FRAC_PI_2));
            } else {
                above.galley(pos2(x - galley.size().x / 2.0, columns.bottom() - 6.0 - galley.size().y), galley, color);
            }
        }
    }
    let font = theme::regular(size::SMALL);
    let painter = ui.painter();
    painter.text(columns.left_top(), Align2::LEFT_TOP, "Predicted", font.clone(), palette.text_faint);
    let gold = painter.layout_no_wrap("Correct label".into(), font, palette.text_faint);
    let at = pos2(rows.left(), rows.top() + gold.size().x);
    painter.add(Shape::Text(TextShape::new(at, gold, palette.text_faint).with_angle(-std::f32::consts::FRAC_PI_2)));
}

fn paint_cell(ui: &Ui, cell: Rect, count: u64, total: u64, right: bool, matrix: &Matrix<'_>, palette: &Palette) {
    let share = if total > 0 { count as f32 / total as f32 } else { 0.0 };
    let gap = if cell.width() > 24.0 { 1.0 } else { 0.5 };
    let place = cell.shrink(gap);
    let radius = if cell.width() > 24.0 { 3.0 } else { 1.5 };
    let (fill, ink) = fill(share, right, palette);
    let painter = ui.painter();
    painter.rect_filled(place, radius, fill);
    if count == 0 && cell.width() < 44.0 {
        return;
    }
    let text = if matrix.percent { format!("{:.0}", share * 100.0) } else { format::compact(count as f64) };
    let text = if matrix.percent && cell.width() > 44.0 { format!("{text} %") } else { text };
    let points = (cell.height() * 0.55).clamp(8.5, 12.5);
    let ink = if count == 0 { palette.text_faint.gamma_multiply(0.6) } else { ink };
    let galley = painter.layout_no_wrap(text, theme::number(points), ink);
    if galley.size().x + 2.0 <= cell.width() && cell.height() >= 13.0 {
        painter.galley(place.center() - galley.size() / 2.0, galley, ink);
    }
}

/// What is right is in the heat ramp's colour, what is wrong in the colour of what is bad; both by the row's share.
fn fill(share: f32, right: bool, palette: &Palette) -> (Color32, Color32) {
    if right {
        return (palette.heat(share), palette.on_heat(share));
    }
    let strength = share.powf(0.65);
    let fill = palette.heat(0.0).lerp_to_gamma(palette.bad, strength * 0.9);
    let strong = strength > 0.62;
    (
        fill,
        if strong && palette.dark {
            palette.background
        } else if strong {
            palette.panel
        } else {
            palette.text
        },
    )
}

fn describe(matrix: &Matrix<'_>, gold: usize, predicted: usize, count: u64) -> String {
    let texts = format::plural(count, "example", "examples");
    format!("{texts} of {} predicted as {}", matrix.labels[gold], matrix.labels[predicted])
}
