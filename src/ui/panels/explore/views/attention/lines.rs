//! One square of attention as lines between two columns of tokens: from who looks, on the left, to what is looked at.

use egui::epaint::CubicBezierShape;
use egui::{Painter, Rect, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use serde::{Deserialize, Serialize};

use super::matrix::{Cell, Zoom};
use super::shown::{Line, Shown};
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::text::elided;

const LEAST: f32 = 12.0;
const MOST: f32 = 26.0;
/// A line that is weaker cannot be seen.
const FAINT: f32 = 0.12;

/// A token on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    From(usize),
    To(usize),
}

/// Places in the text, which is gone through first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pointed {
    pub score: Cell,
    pub line: Option<End>,
    pub token: usize,
    pub cell: Cell,
    pub zoom: Option<Zoom>,
}

/// Where the columns stand.
struct Place {
    rect: Rect,
    row: f32,
    left: f32,
    right: f32,
}

impl Place {
    fn y(&self, token: usize) -> f32 {
        self.rect.top() + self.row * (token as f32 + 0.5)
    }
}

/// Draws the lines; of the token that is pointed at, all of its own and their shares. Returns the strongest of these.
pub fn ui(ui: &mut Ui, shown: &Shown, kept: &mut Option<End>, palette: &Palette) -> Option<Cell> {
    let count = shown.count();
    let row = (ui.available_height() / count.max(1) as f32).clamp(LEAST, MOST);
    let mut pointed = None;
    ScrollArea::vertical().id_salt("lines").auto_shrink([false, false]).show_viewport(ui, |ui, view| {
        let width = ui.available_width().min(760.0);
        let (rect, _) = ui.allocate_exact_size(vec2(width, row * count as f32), Sense::hover());
        let place = Place { rect, row, left: rect.left() + width * 0.32, right: rect.left() + width * 0.68 };
        let first = (view.top() / row).max(0.0) as usize;
        let seen = first..(((view.bottom() / row).ceil()) as usize).min(count);
        let over = ends_ui(ui, shown, seen.clone(), &place, kept);
        let end = over.or(*kept);
        let own: Vec<Line> = end.map_or_else(Vec::new, |end| lines_of(shown, end));
        pointed = own.first().map(|line| (line.from, line.to));
        let painter = ui.painter();
        let lines = if end.is_some() { &own } else { &shown.lines };
        let is_near = |token: usize| token + 40 >= seen.start && token < seen.end + 40;
        for line in lines.iter().rev().filter(|line| is_near(line.from) && is_near(line.to)) {
            line_ui(painter, &place, line, shown, end.is_some(), palette);
        }
        for token in seen {
            tokens_ui(painter, shown, token, &place, end, palette);
        }
    });
    pointed
}

/// Height of a row in a figure, and the figure's width.
const ROW: f32 = 18.0;
const WIDTH: f32 = 560.0;

/// How large the whole is.
pub fn size_of(shown: &Shown) -> egui::Vec2 {
    vec2(WIDTH, ROW * shown.count() as f32)
}

/// Paints the whole, as it stands in a figure.
pub fn paint_whole(painter: &Painter, shown: &Shown, at: egui::Pos2, end: Option<End>, palette: &Palette) {
    let rect = Rect::from_min_size(at, size_of(shown));
    let place = Place { rect, row: ROW, left: rect.left() + WIDTH * 0.32, right: rect.left() + WIDTH * 0.68 };
    let own = end.map(|end| lines_of(shown, end));
    for line in own.as_ref().unwrap_or(&shown.lines).iter().rev() {
        line_ui(painter, &place, line, shown, end.is_some(), palette);
    }
    (0..shown.count()).for_each(|token| tokens_ui(painter, shown, token, &place, end, palette));
}

/// The lines of one token, strongest first.
fn lines_of(shown: &Shown, end: End) -> Vec<Line> {
    let line = |other: usize| {
        let (from, to) = match end {
            End::From(token) => (token, other),
            End::To(token) => (other, token),
        };
        let share = shown.value(from, to).filter(|share| shown.draws(*share))?;
        Some(Line { from, to, share })
    };
    let mut lines: Vec<Line> = (0..shown.count()).filter_map(line).collect();
    lines.sort_by(|a, b| b.share.total_cmp(&a.share));
    lines
}

/// The tokens in sight as what can be pointed at. A press keeps one.
fn ends_ui(ui: &Ui, shown: &Shown, seen: std::ops::Range<usize>, place: &Place, kept: &mut Option<End>) -> Option<End> {
    let mut over = None;
    for token in seen {
        let label = &shown.units.all[token].label;
        let y = place.y(token);
        let sides =
            [(End::From(token), place.rect.left(), place.left), (End::To(token), place.right, place.rect.right())];
        for (end, left, right) in sides {
            let at = Rect::from_min_max(pos2(left, y - place.row / 2.0), pos2(right, y + place.row / 2.0));
            let is_from = matches!(end, End::From(_));
            let response = ui.interact(at, ui.scope_id().with((token, is_from)), Sense::click());
            let words = if is_from { format!("What {label} looks at") } else { format!("What looks at {label}") };
            response.widget_info(|| WidgetInfo::selected(Role::ListItem, true, *kept == Some(end), &words));
            if response.hovered() || response.has_focus() {
                over = Some(end);
            }
            if response.clicked() {
                *kept = if *kept == Some(end) { None } else { Some(end) };
            }
        }
    }
    over
}

fn line_ui(painter: &Painter, place: &Place, line: &Line, shown: &Shown, alone: bool, palette: &Palette) {
    let strength = shown.strength(line.share);
    if strength < FAINT {
        return;
    }
    let (from, to) = (pos2(place.left + 6.0, place.y(line.from)), pos2(place.right - 6.0, place.y(line.to)));
    let reach = (to.x - from.x) * 0.4;
    let color = palette.accent.gamma_multiply(if alone { 0.25 + 0.75 * strength } else { strength * strength * 0.9 });
    let stroke = Stroke::new(0.6 + 2.6 * strength, color);
    let points = [from, from + vec2(reach, 0.0), to - vec2(reach, 0.0), to];
    painter.add(CubicBezierShape::from_points_stroke(points, false, egui::Color32::TRANSPARENT, stroke));
}

fn tokens_ui(painter: &Painter, shown: &Shown, token: usize, place: &Place, end: Option<End>, palette: &Palette) {
    let unit = &shown.units.all[token];
    let y = place.y(token);
    for is_from in [true, false] {
        let own = end == Some(if is_from { End::From(token) } else { End::To(token) });
        // The share of this token with the one that is pointed at.
        let share = match end {
            Some(End::From(other)) if !is_from => shown.value(other, token),
            Some(End::To(other)) if is_from => shown.value(token, other),
            _ => None,
        };
        let share = share.filter(|share| shown.draws(*share) && *share >= 0.005);
        let color = match (own, share, end) {
            (true, ..) | (_, Some(_), _) => palette.text,
            (_, None, Some(end)) if end_is_other_side(end, is_from) => palette.text_faint,
            _ if unit.is_special => palette.text_faint,
            _ => palette.text_dim,
        };
        let points = (place.row * 0.82).clamp(9.5, size::BODY);
        let font = if own { theme::semibold(points) } else { theme::regular(points) };
        let room = (if is_from { place.left - place.rect.left() } else { place.rect.right() - place.right }) - 54.0;
        let galley = elided(painter, &unit.label, font, color, room);
        let half = galley.size() / 2.0;
        let x = if is_from { place.left - galley.size().x } else { place.right };
        painter.galley(pos2(x, y - half.y), galley, color);
        if let Some(share) = share {
            let (x, align) = if is_from {
                (place.left - half.x * 2.0 - 8.0, egui::Align2::RIGHT_CENTER)
            } else {
                (place.right + half.x * 2.0 + 8.0, egui::Align2::LEFT_CENTER)
            };
            painter.text(
                pos2(x, y),
                align,
                format!("{share:.3}"),
                theme::number(points.min(size::SMALL)),
                palette.text_dim,
            );
        }
    }
}

fn end_is_other_side(end: End, is_from: bool) -> bool {
    matches!((end, is_from), (End::From(_), false) | (End::To(_), true))
}
