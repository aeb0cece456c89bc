//! One square of attention in the running text: every token coloured by what the one that is pointed at gives it, or gets
//! from it.

use egui::{
    CornerRadius, Painter, Pos2, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};
use serde::{Deserialize, Serialize};

use super::matrix::Cell;
use super::shown::Shown;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::text;

const HEIGHT: f32 = 26.0;

/// Which way is looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    #[default]
    From,
    To,
}

/// Draws the text. `kept` is the token that was pressed last, which counts while none is pointed at. Returns that token
/// and the one that it looks at most, or that looks at it most.
pub fn ui(ui: &mut Ui, shown: &Shown, way: Way, kept: &mut usize) -> Option<Cell> {
    let count = shown.count();
    *kept = (*kept).min(count.checked_sub(1)?);
    let mut most = None;
    ScrollArea::vertical().id_salt("running text").auto_shrink([false, false]).show(ui, |ui| {
        let places = laid_out(ui.painter(), ui.available_width(), shown);
        let height = places.last().map_or(0.0, |(rect, _)| rect.bottom()) + 8.0;
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        let mut one = *kept;
        for (token, (place, _)) in places.iter().enumerate() {
            let at = place.translate(rect.min.to_vec2());
            let response = ui.interact(at, ui.scope_id().with(token), Sense::click());
            if response.hovered() || response.has_focus() {
                one = token;
            }
            if response.clicked() {
                *kept = token;
            }
            response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, words(shown, way, *kept, token)));
        }
        paint(ui.painter(), ui.clip_rect(), shown, (way, one), places, rect.min);
        let cell = |token: usize| cell_of(way, one, token);
        let share = |token: usize| {
            let (from, to) = cell(token);
            shown.value(from, to).filter(|share| shown.draws(*share))
        };
        let best = (0..count)
            .filter(|token| share(*token).is_some())
            .max_by(|a, b| share(*a).unwrap_or(0.0).total_cmp(&share(*b).unwrap_or(0.0)));
        most = best.map(cell);
    });
    most
}

/// Who looks and at whom, of the token that is pointed at and another.
fn cell_of(way: Way, one: usize, token: usize) -> Cell {
    if way == Way::From { (one, token) } else { (token, one) }
}

fn paint(painter: &Painter, clip: Rect, shown: &Shown, (way, one): (Way, usize), places: Vec<Placed>, origin: Pos2) {
    let palette = Palette::of(shown.of.dark);
    for (token, (place, galley)) in places.into_iter().enumerate() {
        let at = place.translate(origin.to_vec2());
        if !clip.intersects(at) {
            continue;
        }
        let (from, to) = cell_of(way, one, token);
        let share = shown.value(from, to).filter(|share| shown.draws(*share));
        let strength = share.map_or(0.0, |share| shown.strength(share));
        let ink = if strength > 0.04 { palette.on_heat(strength) } else { palette.text };
        let line = if token == one { palette.series[1] } else { egui::Color32::TRANSPARENT };
        let fill = if strength > 0.04 { palette.heat(strength) } else { egui::Color32::TRANSPARENT };
        painter.rect(at, CornerRadius::same(3), fill, Stroke::new(2.0, line), StrokeKind::Inside);
        painter.galley_with_override_text_color(at.center() - galley.size() / 2.0, galley, ink);
    }
}

/// Width of a figure.
const WIDTH: f32 = 760.0;

/// How large the whole is, generously: letters are not of one width.
pub fn size_of(shown: &Shown) -> egui::Vec2 {
    let wide: f32 = shown.units.all.iter().map(|unit| unit.label.chars().count() as f32 * 8.6 + 8.0).sum();
    vec2(WIDTH, ((wide / (WIDTH - 60.0)).ceil() + 1.0) * (HEIGHT + 4.0))
}

/// Paints the whole, as it stands in a figure.
pub fn paint_whole(painter: &Painter, shown: &Shown, at: Pos2, way: Way, one: usize) {
    let places = laid_out(painter, WIDTH, shown);
    paint(painter, Rect::EVERYTHING, shown, (way, one), places, at);
}

fn words(shown: &Shown, way: Way, one: usize, token: usize) -> String {
    let name = |token: usize| &shown.units.all[token].label;
    let (from, to) = if way == Way::From { (one, token) } else { (token, one) };
    match shown.value(from, to) {
        Some(share) => format!("{}, {share} from {} to {}", name(token), name(from), name(to)),
        None => name(token).clone(),
    }
}

type Placed = (Rect, std::sync::Arc<egui::Galley>);

/// Where each token stands: what touches in the text touches here.
fn laid_out(painter: &Painter, width: f32, shown: &Shown) -> Vec<Placed> {
    let width = width - 8.0;
    let (mut x, mut y) = (0.0, 0.0);
    let place = |unit: &crate::inspect::attention::Unit| {
        let font = if unit.is_special { theme::number(size::SMALL) } else { theme::regular(size::HEAD - 1.0) };
        let galley = text::elided(painter, &unit.label, font, egui::Color32::PLACEHOLDER, width - 8.0);
        let wide = galley.size().x + if unit.touches { 3.0 } else { 6.0 };
        let gap = if unit.touches { 0.0 } else { 2.0 };
        if x > 0.0 && x + gap + wide > width {
            (x, y) = (0.0, y + HEIGHT + 4.0);
        } else if x > 0.0 {
            x += gap;
        }
        let rect = Rect::from_min_size(pos2(x, y), vec2(wide, HEIGHT));
        x += wide;
        (rect, galley)
    };
    shown.units.all.iter().map(place).collect()
}
