//! The scores of all layers as bars with their intervals, both poolings side by side, over what costs nothing; below them
//! what would be frozen.

use egui::{
    Align2, Color32, CornerRadius, FontId, Painter, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use crate::analysis::probe::{Judged, Probed, Score, Train};
use crate::inspect::Pooling;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::state;
use crate::words;

/// Room for the numbers of the scale, for the names of the layers, and above the bars.
const LEFT: f32 = 48.0;
const BELOW: f32 = 46.0;
const ABOVE: f32 = 20.0;
const WIDEST: f32 = 30.0;
/// Below this width of a layer its number is not written over its bar.
const WRITTEN: f32 = 40.0;

/// What is drawn.
#[derive(Clone, Copy)]
pub struct Chart<'a> {
    pub probed: &'a Probed,
    /// The pooling that is spoken of; the other stands beside it, fainter.
    pub pooling: Pooling,
    /// From just below the lowest, instead of from nothing.
    pub zoomed: bool,
}

/// Where values lie.
struct Scale {
    plot: Rect,
    from: f64,
    to: f64,
}

impl Scale {
    fn y(&self, value: f64) -> f32 {
        let share = ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0);
        self.plot.bottom() - self.plot.height() * share as f32
    }

    fn column(&self, layer: usize, layers: usize) -> Rect {
        let width = self.plot.width() / layers as f32;
        let left = self.plot.left() + width * layer as f32;
        Rect::from_min_max(pos2(left, self.plot.top()), pos2(left + width, self.plot.bottom()))
    }
}

impl Chart<'_> {
    /// Draws it where it stands, with the numbers of a layer under the pointer.
    pub fn ui(&self, ui: &Ui, rect: Rect, palette: &Palette) {
        self.paint(ui.painter(), rect, palette);
        let scale = self.scale(rect);
        let layers = self.probed.mean.len();
        for layer in 0..layers {
            let place = scale.column(layer, layers);
            let response = ui.interact(place, ui.scope_id().with(("layer", layer)), Sense::hover());
            let words = self.words(layer);
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
            if response.hovered() {
                ui.painter().rect_filled(place, CornerRadius::same(4), palette.accent.gamma_multiply(0.07));
            }
            response.on_hover_text(words);
        }
    }

    pub fn paint(&self, painter: &Painter, rect: Rect, palette: &Palette) {
        let scale = self.scale(rect);
        self.grid(painter, &scale, palette);
        let layers = self.probed.mean.len();
        for layer in 0..layers {
            self.bars(painter, &scale, layer, palette);
        }
        self.majority(painter, &scale, palette);
        self.axis(painter, &scale, palette);
    }

    fn scale(&self, rect: Rect) -> Scale {
        let plot = Rect::from_min_max(rect.min + vec2(LEFT, ABOVE), rect.max - vec2(4.0, BELOW));
        let all = || self.probed.first.iter().chain(&self.probed.mean);
        let low = all().map(|score| score.low).fold(self.probed.majority, f64::min);
        let high = all().map(|score| score.high).fold(self.probed.majority, f64::max);
        // In steps of a twentieth, one of them at least.
        let from = if self.zoomed { ((low * 20.0).floor() / 20.0).clamp(0.0, 0.95) } else { 0.0 };
        let to = if self.zoomed { ((high * 20.0).ceil() / 20.0).clamp(from + 0.05, 1.0) } else { 1.0 };
        Scale { plot, from, to }
    }

    fn words(&self, layer: usize) -> String {
        let written = |value: f64| self.probed.judged.written(value);
        let of = |pooling: Pooling| {
            let score = self.probed.by(pooling)[layer];
            let range = format!("{} to {}", written(score.low), written(score.high));
            format!("{} {} ({range})", pooling.title(), written(score.value))
        };
        format!("{}: {}\n{}", state::sentence(&words::states(layer)), of(self.pooling), of(other(self.pooling)))
    }

    fn grid(&self, painter: &Painter, scale: &Scale, palette: &Palette) {
        let step =
            if scale.to - scale.from > 0.5 { 0.2 } else { 0.05 * ((scale.to - scale.from) / 0.25).ceil().max(1.0) };
        let mut value = scale.from;
        while value <= scale.to + 1e-9 {
            let y = scale.y(value);
            painter.hline(scale.plot.x_range(), y, Stroke::new(1.0, palette.line));
            let words = match self.probed.judged {
                Judged::R2 => format!("{value:.2}"),
                Judged::Accuracy | Judged::F1 | Judged::Entities => format!("{:.0} %", value * 100.0),
            };
            let at = pos2(scale.plot.left() - 8.0, y);
            painter.text(at, Align2::RIGHT_CENTER, words, theme::number(size::SMALL), palette.text_faint);
            value += step;
        }
    }

    fn bars(&self, painter: &Painter, scale: &Scale, layer: usize, palette: &Palette) {
        let column = scale.column(layer, self.probed.mean.len());
        let width = (column.width() * 0.34).min(WIDEST);
        let middle = column.center().x;
        for (pooling, left) in [(Pooling::First, middle - width - 1.5), (Pooling::Mean, middle + 1.5)] {
            let score = self.probed.by(pooling)[layer];
            let is_shown = pooling == self.pooling;
            let color = color(pooling, is_shown, palette);
            let bar = Rect::from_min_max(pos2(left, scale.y(score.value)), pos2(left + width, scale.plot.bottom()));
            painter.rect_filled(bar, CornerRadius { nw: 3, ne: 3, sw: 0, se: 0 }, color);
            let line = if is_shown { palette.text } else { palette.text_faint };
            whisker(painter, scale, bar.center().x, score, line);
            if is_shown && column.width() >= WRITTEN {
                let at = pos2(bar.center().x, scale.y(score.high) - 4.0);
                let words = self.probed.judged.written(score.value).replace(" %", "");
                painter.text(at, Align2::CENTER_BOTTOM, words, theme::number(size::SMALL), palette.text_dim);
            }
        }
    }

    /// A dashed line where what costs nothing comes to.
    fn majority(&self, painter: &Painter, scale: &Scale, palette: &Palette) {
        let y = scale.y(self.probed.majority);
        let ends = [pos2(scale.plot.left(), y), pos2(scale.plot.right(), y)];
        painter.extend(Shape::dashed_line(&ends, Stroke::new(1.5, palette.text_dim), 5.0, 4.0));
    }

    /// The layers by number, and below them which of them would be frozen.
    fn axis(&self, painter: &Painter, scale: &Scale, palette: &Palette) {
        let layers = self.probed.mean.len();
        let bottom = scale.plot.bottom();
        for layer in 0..layers {
            let at = pos2(scale.column(layer, layers).center().x, bottom + 6.0);
            let words = if layer == 0 { "Emb.".to_owned() } else { layer.to_string() };
            painter.text(at, Align2::CENTER_TOP, words, theme::number(size::SMALL), palette.text_dim);
        }
        let frozen = match self.probed.advice(self.pooling).train {
            Train::Whole => 0,
            Train::Top(top) => layers.saturating_sub(top),
            Train::Head | Train::OnlyHead => layers,
        };
        let parts = [
            (0, frozen, "frozen", palette.raised, palette.text_dim),
            (frozen, layers, "trained", palette.accent_soft, palette.accent),
        ];
        for (from, to, words, fill, ink) in parts.into_iter().filter(|(from, to, ..)| from < to) {
            let (first, last) = (scale.column(from, layers), scale.column(to - 1, layers));
            let strip =
                Rect::from_min_max(pos2(first.left() + 2.0, bottom + 26.0), pos2(last.right() - 2.0, bottom + 44.0));
            painter.rect_filled(strip, CornerRadius::same(4), fill);
            if strip.width() > 46.0 {
                painter.text(strip.center(), Align2::CENTER_CENTER, words, theme::medium(size::SMALL), ink);
            }
        }
    }
}

fn whisker(painter: &Painter, scale: &Scale, x: f32, score: Score, color: Color32) {
    let (low, high) = (scale.y(score.low), scale.y(score.high));
    let stroke = Stroke::new(1.25, color);
    painter.vline(x, high..=low, stroke);
    for y in [low, high] {
        painter.hline(x - 4.0..=x + 4.0, y, stroke);
    }
}

pub fn other(pooling: Pooling) -> Pooling {
    if pooling == Pooling::First { Pooling::Mean } else { Pooling::First }
}

fn color(pooling: Pooling, is_shown: bool, palette: &Palette) -> Color32 {
    let own = if pooling == Pooling::First { palette.series[2] } else { palette.series[0] };
    if is_shown { own } else { own.lerp_to_gamma(palette.panel, 0.62) }
}

/// What the bars and the line are, from `at` on to the right.
pub fn legend(painter: &Painter, at: egui::Pos2, chart: Chart<'_>, palette: &Palette) {
    let font: FontId = theme::regular(size::SMALL);
    let mut x = at.x;
    for pooling in [Pooling::First, Pooling::Mean] {
        let square = Rect::from_center_size(pos2(x + 5.0, at.y), vec2(10.0, 10.0));
        painter.rect_filled(square, CornerRadius::same(2), color(pooling, pooling == chart.pooling, palette));
        let words = if pooling == Pooling::First { "First token" } else { "Mean of the tokens" };
        let place = painter.text(pos2(x + 16.0, at.y), Align2::LEFT_CENTER, words, font.clone(), palette.text_dim);
        x = place.right() + 18.0;
    }
    let line = [pos2(x, at.y), pos2(x + 20.0, at.y)];
    painter.extend(Shape::dashed_line(&line, Stroke::new(1.5, palette.text_dim), 5.0, 4.0));
    let probed = chart.probed;
    let words = format!("{} {}", probed.judged.free(), probed.judged.written(probed.majority));
    painter.text(pos2(x + 26.0, at.y), Align2::LEFT_CENTER, words, font, palette.text_dim);
}
