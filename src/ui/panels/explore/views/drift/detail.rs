//! What a cell of the grid opens: a head before and after on the text that shows its change most, and for a layer or a
//! weight the numbers.

use std::sync::Arc;

use egui::{Label, ScrollArea, Ui, UiBuilder, vec2};

use super::grid::{Cell, bars_ui};
use crate::analysis::drift::{Both, Drift, SLOTS, Weight, percent};
use crate::inspect::Request;
use crate::inspect::attention::Lens;
use crate::ui::format;
use crate::ui::panels::explore::views::attention::matrix::{Cell as Square, MatrixView};
use crate::ui::panels::explore::views::attention::shown::{Of, Shown};
use crate::ui::theme::Palette;
use crate::ui::widgets::line::{left, line};
use crate::ui::widgets::slice::Slice;
use crate::ui::widgets::{state, text};
use crate::words;
use crate::worker::works::drift::{LookAtBoth, Measured};

#[derive(Debug, Default)]
pub struct Detail {
    /// Moved as one, so that the same cell stands in the same place.
    matrix: MatrixView,
    shown: Option<[Shown; 2]>,
}

const FOOT: f32 = 26.0;
const HEADING: f32 = 22.0;

/// What is to be looked at for a head.
pub fn look(found: &Measured, after: &std::path::Path, cell: Cell) -> Option<LookAtBoth> {
    let Cell::Head(layer, head) = cell else { return None };
    let (text, _) = found.drift.heads.as_ref()?.of(layer, head)?.most?;
    let text = found.texts.get(text)?.clone();
    Some(LookAtBoth { before: found.before.clone(), after: after.to_owned(), text, layer })
}

impl Detail {
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        found: &Measured,
        cell: Cell,
        both: Option<&Result<Arc<Both>, String>>,
        palette: &Palette,
    ) {
        ui.label(text::head(cell.title(&found.drift), palette));
        match cell {
            Cell::Head(layer, head) => self.head_ui(ui, found, (layer, head), both, palette),
            Cell::States(place) => states_ui(ui, &found.drift, place, palette),
            Cell::Weight(layer, slot) => weight_ui(ui, &found.drift, layer, slot, palette),
            Cell::TaskHead(place) => task_head_ui(ui, &found.drift, place, palette),
        }
    }

    fn head_ui(
        &mut self,
        ui: &mut Ui,
        found: &Measured,
        (layer, head): (usize, usize),
        both: Option<&Result<Arc<Both>, String>>,
        palette: &Palette,
    ) {
        let Some(divergence) = found.drift.heads.as_ref().and_then(|heads| heads.of(layer, head)) else { return };
        let most = divergence.most.map_or(0.0, |(_, most)| most);
        let words = if most == 0.0 {
            "It looks at the same tokens before and after, in every text; this is one of them".to_owned()
        } else {
            let mean = divergence.mean();
            format!("{mean:.3} bits apart over all texts, and {most:.3} in this one, which shows it most")
        };
        ui.add(Label::new(text::dim(words, palette)).wrap());
        if let Some(text) = divergence.most.and_then(|(text, _)| found.texts.get(text)) {
            ui.add(Label::new(text::body(format!("“{}”", quoted(text)), palette)).wrap());
        }
        match both {
            None => state::loading(ui, palette, "Both models read the text", None),
            Some(Err(error)) => state::error(ui, palette, "The text cannot be looked at", error, |_| {}),
            Some(Ok(both)) => self.both_ui(ui, both, head, palette),
        }
    }

    fn both_ui(&mut self, ui: &mut Ui, both: &Both, head: usize, palette: &Palette) {
        let Some(squares) = both.squares.get(head) else { return };
        let of =
            |side: usize| Of { square: squares[side].clone(), lens: Lens::default(), least: 0.0, dark: palette.dark };
        if self.shown.as_ref().is_none_or(|shown| shown[1].of != of(1)) {
            self.shown = Some([0, 1].map(|side| Shown::new(of(side), &both.tokens)));
            self.matrix.forget();
        }
        let Some(shown) = &mut self.shown else { return };
        let slice = &mut Slice::begin();
        let is_ready = shown.iter_mut().all(|side| side.build(ui.ctx(), palette, slice));
        if !is_ready {
            ui.ctx().request_repaint();
            return;
        }
        let shown = &*shown;
        let room = ui.available_rect_before_wrap();
        // One beside the other, or above it where that leaves more.
        let beside = room.width() > room.height() * 1.15;
        let part = if beside {
            vec2((room.width() - 12.0) / 2.0, room.height() - FOOT)
        } else {
            vec2(room.width(), (room.height() - FOOT - 8.0) / 2.0)
        };
        let step = if beside { vec2(part.x + 12.0, 0.0) } else { vec2(0.0, part.y + 8.0) };
        let mut pointed = None;
        for (side, name) in ["Before", "After"].into_iter().enumerate() {
            let place = egui::Rect::from_min_size(room.min + step * side as f32, part);
            let mut inside = ui.new_child(UiBuilder::new().max_rect(place).id_salt(name));
            inside.label(text::strong(name, palette));
            let body = place.with_min_y(place.top() + HEADING);
            let mut inside = ui.new_child(UiBuilder::new().max_rect(body).id_salt((name, "matrix")));
            let told = |cell: Square| format!("{name}: {}", told(shown, cell));
            pointed = self.matrix.ui(&mut inside, &shown[side], &told, palette).or(pointed);
        }
        let foot = room.with_min_y(room.bottom() - FOOT);
        let mut foot = ui.new_child(UiBuilder::new().max_rect(foot));
        let words = pointed.map_or_else(
            || "Point at a cell for both numbers; Ctrl and the wheel make it larger".to_owned(),
            |cell| told(shown, cell),
        );
        foot.add(Label::new(text::faint(words, palette)).truncate());
        ui.advance_cursor_after_rect(room);
    }
}

/// The beginning of a text, and of its second one.
fn quoted(request: &Request) -> String {
    let texts = std::iter::once(&request.text).chain(&request.pair);
    texts.map(|text| text::beginning(text.chars())).collect::<Vec<_>>().join(" · ")
}

/// Who looks at whom, before and after.
fn told(shown: &[Shown; 2], (from, to): Square) -> String {
    let label = |unit: usize| shown[0].units.all.get(unit).map_or("", |unit| unit.label.as_str());
    let share = |side: usize| shown[side].value(from, to).map_or_else(|| "–".to_owned(), |share| format!("{share:.3}"));
    format!("{} → {}: {} before, {} after", label(from), label(to), share(0), share(1))
}

fn states_ui(ui: &mut Ui, drift: &Drift, place: usize, palette: &Palette) {
    let words = match drift.layers.get(place).copied().flatten() {
        Some(cka) => format!("CKA {cka:.4}: 1 is the same but for a rotation and a scale, 0 has nothing in common"),
        None => "These states do not vary from text to text, so there is nothing to compare".to_owned(),
    };
    ui.add(Label::new(text::dim(words, palette)).wrap());
    ui.add_space(8.0);
    ScrollArea::vertical().id_salt("states").auto_shrink([false, false]).show(ui, |ui| {
        ui.label(text::strong("How far the states of each layer are from what they were (1 − CKA)", palette));
        let bars: Vec<_> = drift
            .layers
            .iter()
            .enumerate()
            .map(|(place, cka)| {
                let name = state::sentence(&words::states(place));
                let gap = cka.map(|cka| 1.0 - cka);
                (name, gap, gap.map_or_else(|| "–".to_owned(), |gap| format!("{gap:.4}")))
            })
            .collect();
        bars_ui(ui, &bars, place, palette);
        ui.add_space(10.0);
        let prefix = match place.checked_sub(1).and_then(|layer| drift.stored.get(layer)) {
            Some(stored) => format!("layers.{stored}."),
            None if place == 0 => "embeddings.".to_owned(),
            None => return,
        };
        weights_ui(ui, drift, &prefix, palette);
    });
}

/// All weights of a part, each with its shape and how far it moved.
fn weights_ui(ui: &mut Ui, drift: &Drift, prefix: &str, palette: &Palette) {
    ui.label(text::strong("Its weights", palette));
    ui.spacing_mut().item_spacing.y = 0.0;
    for weight in drift.weights.both.iter().filter(|weight| weight.name.starts_with(prefix)) {
        line(ui, 20.0, |ui| {
            let change = weight.change.map_or_else(|| "was zero".to_owned(), percent);
            ui.label(text::number(change, palette));
            left(ui, |ui| {
                ui.label(text::dim(weight.name.trim_start_matches(prefix), palette));
                ui.label(text::faint(shape(weight), palette));
            });
        });
    }
}

fn shape(weight: &Weight) -> String {
    weight.shape.iter().map(|size| format::count(*size as u64)).collect::<Vec<_>>().join(" × ")
}

/// How far a weight moved, in a sentence.
fn moved_ui(ui: &mut Ui, weight: Option<&Weight>, palette: &Palette) {
    let told = match weight {
        Some(weight) => format!(
            "{} in its files, {}: it moved by {} of its norm",
            weight.stored_name,
            shape(weight),
            weight.change.map_or_else(|| "no share".to_owned(), percent)
        ),
        None => "The two models have no such weight of one shape".to_owned(),
    };
    ui.add(Label::new(text::dim(told, palette)).wrap());
}

fn task_head_ui(ui: &mut Ui, drift: &Drift, place: usize, palette: &Palette) {
    moved_ui(ui, drift.of_task_head().nth(place), palette);
    ui.add_space(8.0);
    ScrollArea::vertical().id_salt("task head").auto_shrink([false, false]).show(ui, |ui| {
        weights_ui(ui, drift, "head.", palette);
    });
}

fn weight_ui(ui: &mut Ui, drift: &Drift, layer: usize, slot: usize, palette: &Palette) {
    let (name, words) = SLOTS[slot];
    moved_ui(ui, drift.moved(layer, name), palette);
    ui.add_space(8.0);
    ui.label(text::strong(format!("The {words} matrix of every layer"), palette));
    ScrollArea::vertical().id_salt("weights").auto_shrink([false, false]).show(ui, |ui| {
        let layers = drift.layers.len().saturating_sub(1);
        let bar = |layer: usize| {
            let change = drift.moved(layer, name).and_then(|weight| weight.change);
            (state::sentence(&words::layer(layer)), change, change.map_or_else(|| "–".to_owned(), percent))
        };
        bars_ui(ui, &(0..layers).map(bar).collect::<Vec<_>>(), layer, palette);
        if layers > 1 && drift.stored.iter().all(|stored| *stored == 0) {
            ui.label(text::faint("All layers of this model share their weights", palette));
        }
    });
}
