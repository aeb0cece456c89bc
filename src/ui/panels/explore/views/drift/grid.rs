//! All that changed as one grid: a row for the embeddings and for each layer; the likeness of its states, how far each of
//! its heads looks elsewhere, and how far each of its matrices moved; below them a row for the head of the task. Each of
//! the four has a scale of its own, from nothing to the most there is.

use egui::{
    Align2, Color32, FontId, Painter, Pos2, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
    pos2, vec2,
};
use serde::{Deserialize, Serialize};

use crate::analysis::drift::{Drift, SLOTS, Weight, percent};
use crate::ui::panels::explore::keeping::{Head, Layer, States};
use crate::ui::panels::explore::views::attention::Chosen;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::state;
use crate::ui::widgets::text::elided;
use crate::words;

/// A number of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub enum Cell {
    /// 0 are the embeddings, and 1 what comes out of the first layer.
    States(usize),
    Head(usize, usize),
    /// Of a layer, by its place in [`SLOTS`].
    Weight(usize, usize),
    /// A matrix of the task head.
    TaskHead(usize),
}

/// A cell as a link calls it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kept {
    States(States),
    Head(Layer, Head),
    Weight(Layer, usize),
    TaskHead(usize),
}

impl From<Cell> for Kept {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::States(place) => Self::States(States(place)),
            Cell::Head(layer, head) => Self::Head(Layer(layer), Head(head)),
            Cell::Weight(layer, slot) => Self::Weight(Layer(layer), slot),
            Cell::TaskHead(place) => Self::TaskHead(place),
        }
    }
}

impl From<Kept> for Cell {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::States(States(place)) => Self::States(place),
            Kept::Head(Layer(layer), Head(head)) => Self::Head(layer, head),
            Kept::Weight(Layer(layer), slot) => Self::Weight(layer, slot),
            Kept::TaskHead(place) => Self::TaskHead(place),
        }
    }
}

impl Cell {
    /// Whether a grid has it.
    pub fn is_of(self, drift: &Drift) -> bool {
        match self {
            Self::States(place) => place < drift.layers.len(),
            Self::Head(layer, head) => drift.heads.as_ref().is_some_and(|heads| heads.of(layer, head).is_some()),
            Self::Weight(layer, slot) => slot < SLOTS.len() && layer + 1 < drift.layers.len(),
            Self::TaskHead(place) => drift.of_task_head().nth(place).is_some(),
        }
    }

    pub fn title(self, drift: &Drift) -> String {
        match self {
            Self::States(0) => "States of the embeddings".to_owned(),
            Self::States(place) => format!("States of {}", words::states(place)),
            Self::Head(layer, head) => Chosen { layer, head }.title(),
            Self::Weight(layer, slot) => format!("{}, {}", state::sentence(&words::layer(layer)), SLOTS[slot].1),
            Self::TaskHead(place) => {
                let name = drift.of_task_head().nth(place).and_then(Weight::task_head_name);
                format!("Task head {}", name.unwrap_or_default())
            }
        }
    }
}

const TOP: f32 = 42.0;
const ROW: f32 = 26.0;
const NAME: f32 = 80.0;
const STATES: f32 = 46.0;
const HEADS: (f32, f32) = (27.0, 44.0);
const WEIGHTS: (f32, f32) = (46.0, 72.0);
const GAP: f32 = 10.0;
/// What the strongest colour stands for at least: what is next to nothing does not shine for being the most there is.
const LEAST: [f64; 4] = [0.02, 0.02, 0.002, 0.002];
const HEADINGS: [&str; 6] = ["query", "key", "value", "output", "inner", "outer"];

/// Where everything stands.
pub struct Grid<'a> {
    drift: &'a Drift,
    heads: usize,
    head: f32,
    weight: f32,
    /// Matrices of the task head, which share the width of the columns of weights.
    of_task_head: usize,
    tops: [f64; 4],
}

impl<'a> Grid<'a> {
    /// As wide as there is room for, and no narrower than can be read.
    pub fn of(drift: &'a Drift, width: f32) -> Self {
        let heads = drift.heads.as_ref().map_or(0, |heads| heads.heads);
        let fixed = NAME + STATES + GAP * 2.0;
        let least = HEADS.0 * heads as f32 + WEIGHTS.0 * SLOTS.len() as f32;
        let scale = ((width - fixed) / least).max(1.0);
        let (head, weight) = ((HEADS.0 * scale).min(HEADS.1), (WEIGHTS.0 * scale).min(WEIGHTS.1));
        let of_task_head = drift.of_task_head().count();
        let mut grid = Self { drift, heads, head, weight, of_task_head, tops: LEAST };
        for cell in grid.cells() {
            let (group, change) = (group(cell), grid.change(cell).unwrap_or(0.0));
            grid.tops[group] = grid.tops[group].max(change);
        }
        grid
    }

    fn layers(&self) -> usize {
        self.drift.layers.len().saturating_sub(1)
    }

    pub fn cells(&self) -> Vec<Cell> {
        let of_layer = |layer: usize| {
            let heads = (0..self.heads).map(move |head| Cell::Head(layer, head));
            let weights = (0..SLOTS.len()).map(move |slot| Cell::Weight(layer, slot));
            std::iter::once(Cell::States(layer + 1)).chain(heads).chain(weights)
        };
        let layers = (0..self.layers()).flat_map(of_layer);
        let of_task_head = (0..self.of_task_head).map(Cell::TaskHead);
        std::iter::once(Cell::States(0)).chain(layers).chain(of_task_head).collect()
    }

    /// How large a change it is, from nothing on.
    fn change(&self, cell: Cell) -> Option<f64> {
        match cell {
            Cell::States(place) => self.drift.layers.get(place).copied().flatten().map(|cka| 1.0 - cka),
            Cell::Head(layer, head) => Some(self.drift.heads.as_ref()?.of(layer, head)?.mean()),
            Cell::Weight(layer, slot) => self.drift.moved(layer, SLOTS[slot].0)?.change,
            Cell::TaskHead(place) => self.drift.of_task_head().nth(place)?.change,
        }
    }

    fn strength(&self, cell: Cell) -> f32 {
        let share = self.change(cell).unwrap_or(0.0) / self.tops[group(cell)];
        (share.clamp(0.0, 1.0) as f32).sqrt()
    }

    /// What stands in the cell.
    fn words(&self, cell: Cell) -> String {
        let Some(change) = self.change(cell) else { return "–".to_owned() };
        match cell {
            Cell::States(_) => format!("{:.3}", 1.0 - change),
            Cell::Head(..) => {
                let words = format!("{change:.2}");
                words.strip_prefix('0').map_or(words.clone(), str::to_owned)
            }
            Cell::Weight(..) if change == 0.0 => "0".to_owned(),
            Cell::Weight(..) => percent(change),
            Cell::TaskHead(place) => {
                let name = self.drift.of_task_head().nth(place).and_then(Weight::task_head_name);
                format!("{} {}", name.unwrap_or_default(), if change == 0.0 { "0".to_owned() } else { percent(change) })
            }
        }
    }

    /// The whole of it, as it is read aloud.
    pub fn told(&self, cell: Cell) -> String {
        let title = cell.title(self.drift);
        let Some(change) = self.change(cell) else {
            return match cell {
                Cell::States(_) => format!("{title} do not vary, so there is no CKA"),
                _ => format!("{title} cannot be compared"),
            };
        };
        match cell {
            Cell::States(_) => format!("{title}: CKA {:.4}", 1.0 - change),
            Cell::Head(..) => format!("{title}: {change:.4} bits apart"),
            Cell::Weight(..) | Cell::TaskHead(_) => format!("{title}: moved by {} of its norm", percent(change)),
        }
    }

    fn rows(&self) -> usize {
        self.layers() + 1 + usize::from(self.of_task_head > 0)
    }

    pub fn size(&self) -> Vec2 {
        let heads = if self.heads > 0 { GAP + self.head * self.heads as f32 } else { 0.0 };
        let width = NAME + STATES + heads + GAP + self.weight * SLOTS.len() as f32;
        vec2(width, TOP + ROW * self.rows() as f32)
    }

    /// Where the columns of heads and of weights begin.
    fn lefts(&self) -> [f32; 3] {
        let states = NAME;
        let heads = states + STATES + GAP;
        let weights = if self.heads > 0 { heads + self.head * self.heads as f32 + GAP } else { heads };
        [states, heads, weights]
    }

    fn rect(&self, at: Pos2, cell: Cell) -> Rect {
        let [states, heads, weights] = self.lefts();
        let (row, left, width) = match cell {
            Cell::States(place) => (place, states, STATES),
            Cell::Head(layer, head) => (layer + 1, heads + self.head * head as f32, self.head),
            Cell::Weight(layer, slot) => (layer + 1, weights + self.weight * slot as f32, self.weight),
            Cell::TaskHead(place) => {
                let width = self.weight * SLOTS.len() as f32 / self.of_task_head.max(1) as f32;
                (self.layers() + 1, weights + width * place as f32, width)
            }
        };
        Rect::from_min_size(at + vec2(left, TOP + ROW * row as f32), vec2(width, ROW)).shrink(1.0)
    }

    /// Draws everything, as it also stands in a figure.
    pub fn paint(&self, painter: &Painter, at: Pos2, palette: &Palette) {
        self.headings(painter, at, palette);
        for row in 0..self.rows() {
            let name = match row {
                _ if row > self.layers() => "Task head".to_owned(),
                _ => state::sentence(&words::states(row)),
            };
            let middle = at + vec2(0.0, TOP + ROW * (row as f32 + 0.5));
            painter.text(middle, Align2::LEFT_CENTER, name, theme::regular(size::BODY - 1.0), palette.text_dim);
        }
        for cell in self.cells() {
            let rect = self.rect(at, cell);
            if !painter.clip_rect().intersects(rect) {
                continue;
            }
            let (strength, words) = (self.strength(cell), self.words(cell));
            let is_known = self.change(cell).is_some();
            painter.rect_filled(rect, 3.0, if is_known { palette.heat(strength) } else { palette.raised });
            let color = if is_known { palette.on_heat(strength) } else { palette.text_faint };
            let words = elided(painter, &words, theme::number(size::SMALL), color, rect.width() - 2.0);
            painter.galley(rect.center() - words.size() / 2.0, words, color);
        }
    }

    fn headings(&self, painter: &Painter, at: Pos2, palette: &Palette) {
        let [states, heads, weights] = self.lefts();
        let group = |left: f32, words: &str| {
            let font = theme::medium(size::SMALL);
            painter.text(at + vec2(left + 2.0, 2.0), Align2::LEFT_TOP, words, font, palette.text);
        };
        let column = |left: f32, width: f32, words: &str, font: FontId| {
            let galley = elided(painter, words, font, palette.text_faint, width - 2.0);
            let place = at + vec2(left + (width - galley.size().x) / 2.0, TOP - 5.0 - galley.size().y);
            painter.galley(place, galley, palette.text_faint);
        };
        group(states, "States");
        column(states, STATES, "CKA", theme::regular(size::SMALL));
        group(weights, "Weights moved by");
        for (slot, words) in HEADINGS.into_iter().enumerate() {
            let left = weights + self.weight * slot as f32;
            column(left, self.weight, words, theme::regular(size::SMALL));
        }
        if self.heads > 0 {
            group(heads, "Heads, bits apart");
        }
        for head in 0..self.heads {
            let left = heads + self.head * head as f32;
            column(left, self.head, &(head + 1).to_string(), theme::number(size::SMALL));
        }
    }
}

/// States, heads, weights of the layers, or those of the task head.
fn group(cell: Cell) -> usize {
    match cell {
        Cell::States(_) => 0,
        Cell::Head(..) => 1,
        Cell::Weight(..) => 2,
        Cell::TaskHead(_) => 3,
    }
}

/// The cell that has the focus, which arrow keys move.
#[derive(Clone, Copy, Debug, Default)]
pub struct GridView {
    focused: Option<Cell>,
}

impl GridView {
    /// Returns the cell that was chosen.
    pub fn ui(&mut self, ui: &mut Ui, drift: &Drift, chosen: Option<Cell>, palette: &Palette) -> Option<Cell> {
        let grid = Grid::of(drift, ui.available_width() - 10.0);
        let mut pressed = None;
        ScrollArea::both().id_salt("drift grid").auto_shrink([false, false]).show(ui, |ui| {
            let (rect, _) = ui.allocate_exact_size(grid.size(), Sense::hover());
            grid.paint(ui.painter(), rect.min, palette);
            for cell in grid.cells() {
                if self.cell_ui(ui, &grid, rect.min, cell, chosen == Some(cell), palette) {
                    pressed = Some(cell);
                }
            }
        });
        pressed
    }

    fn cell_ui(&mut self, ui: &Ui, grid: &Grid<'_>, at: Pos2, cell: Cell, is_chosen: bool, palette: &Palette) -> bool {
        let rect = grid.rect(at, cell);
        let response = ui.interact(rect, ui.scope_id().with(cell.title(grid.drift)), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::GridCell, true, is_chosen, grid.told(cell)));
        let mut pressed = response.clicked();
        if response.has_focus() && self.focused != Some(cell) {
            self.focused = Some(cell);
            pressed = true;
        }
        let line = if is_chosen {
            Stroke::new(2.0, palette.series[1])
        } else if response.hovered() || response.has_focus() {
            Stroke::new(1.0, palette.text_dim)
        } else {
            Stroke::new(0.0, Color32::TRANSPARENT)
        };
        ui.painter().rect_stroke(rect, 3.0, line, StrokeKind::Inside);
        if response.hovered() {
            response.on_hover_ui(|ui| _ = ui.label(grid.told(cell)));
        }
        pressed
    }
}

/// The size of a figure of everything.
pub fn size_of(drift: &Drift) -> Vec2 {
    Grid::of(drift, f32::INFINITY).size()
}

pub fn paint_whole(painter: &Painter, drift: &Drift, at: Pos2, palette: &Palette) {
    Grid::of(drift, f32::INFINITY).paint(painter, at, palette);
}

/// Bars for the same of every layer, the chosen one marked; each is told with its number.
pub fn bars_ui(ui: &mut Ui, bars: &[(String, Option<f64>, String)], chosen: usize, palette: &Palette) {
    let most = bars.iter().filter_map(|(_, value, _)| *value).fold(0.0, f64::max);
    for (place, (name, value, words)) in bars.iter().enumerate() {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name}: {words}")));
        let is_chosen = place == chosen;
        let (font, color) = if is_chosen {
            (theme::medium(size::BODY - 1.0), palette.text)
        } else {
            (theme::regular(size::BODY - 1.0), palette.text_dim)
        };
        let painter = ui.painter();
        painter.text(rect.left_center(), Align2::LEFT_CENTER, name, font, color);
        let track = Rect::from_min_max(
            pos2(rect.left() + NAME, rect.center().y - 4.0),
            pos2(rect.right() - 74.0, rect.center().y + 4.0),
        );
        painter.rect_filled(track, 3.0, palette.raised);
        let share = value.filter(|_| most > 0.0).map_or(0.0, |value| (value / most).clamp(0.0, 1.0));
        let filled = Rect::from_min_size(track.min, vec2(track.width() * share as f32, track.height()));
        painter.rect_filled(
            filled,
            3.0,
            if is_chosen { palette.accent } else { palette.series[0].gamma_multiply(0.6) },
        );
        let number = theme::number(size::BODY - 1.0);
        painter.text(rect.right_center(), Align2::RIGHT_CENTER, words, number, color);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::drift::{Called, Weights};

    fn weight(name: &str, shape: &[usize], change: f64) -> Weight {
        Weight { name: name.into(), stored_name: name.into(), shape: shape.into(), change: Some(change) }
    }

    #[test]
    fn the_matrices_of_the_task_head_have_a_row_of_their_own() {
        let both = vec![
            weight("layers.0.attention.query.weight", &[4, 4], 0.01),
            weight("head.pooler.weight", &[4, 4], 2.46),
            weight("head.pooler.bias", &[4], 3.0),
            weight("head.sequence.weight", &[2, 4], 0.5),
        ];
        let weights = Weights { both, ..Weights::default() };
        let mut drift = Drift { layers: vec![Some(1.0); 2], stored: vec![0], weights, ..Drift::default() };
        assert!(
            drift
                .said(Called::ForPeople)
                .last()
                .unwrap()
                .starts_with("Of the weights the pooler matrix of the task head moved most")
        );
        let grid = Grid::of(&drift, 800.0);
        let told: Vec<String> = grid.cells().iter().rev().take(2).map(|cell| grid.told(*cell)).collect();
        assert_eq!(told[1], format!("Task head pooler: moved by {} of its norm", percent(2.46)));
        assert_eq!(told[0], format!("Task head sequence: moved by {} of its norm", percent(0.5)));
        // What is new moves far, and takes nothing from the colours of the layers.
        let query = Cell::Weight(0, 0);
        assert!(grid.strength(query) > 0.99, "{}", grid.strength(query));
        let tall = grid.size().y;
        drift.weights.both.truncate(1);
        assert_eq!(Grid::of(&drift, 800.0).size().y, tall - ROW, "without a head there is no row for it");
    }
}
